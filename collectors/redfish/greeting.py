"""What a Redfish service says to anybody: its root, which DSP0266 (section 10.2) has everyone read without a login.

`discover.py` asks it of addresses where SNMP says nothing. No password is ever sent, so that no certificate has to be
trusted for it; what is told is taken for no more than a hint of what is there.
"""

import asyncio
from types import TracebackType
from typing import Self

import aiohttp

from collectors.redfish.documents import Document, NotADocumentError, parsed
from collectors.text import cleaned
from monitor.model import Identity

_ROOT = "/redfish/v1/"
_MOST = 65_536
_PORT = 443


class Greeter:
    """Asks service roots. To be used in a `with`, within a running loop."""

    def __init__(self, patience: float = 3.0, port: int = _PORT) -> None:
        """Nobody is asked yet; `patience` is in seconds, for one address from its first packet to its last."""
        self._patience, self._port = patience, port
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open."""
        connector = aiohttp.TCPConnector(ssl=False, limit=64, force_close=True)  # see the first lines of this file
        self._http = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        if self._http is not None:
            await self._http.close()

    async def greeted(self, address: str) -> Identity | None:
        """What the service at `address` says it is; None where none answers. Raises nothing of what the other does."""
        if self._http is None:
            raise RuntimeError("the greeter is not open")
        host = f"[{address}]" if ":" in address else address
        try:
            async with (
                asyncio.timeout(self._patience),
                self._http.get(f"https://{host}:{self._port}{_ROOT}", allow_redirects=False) as response,
            ):
                raw = await response.content.read(_MOST + 1)
                while len(raw) <= _MOST and (more := await response.content.read(_MOST)):
                    raw += more
        except (TimeoutError, OSError, aiohttp.ClientError, ValueError):
            return None
        if len(raw) > _MOST:
            return None
        try:
            return _identity(parsed(raw))
        except NotADocumentError:
            return None


def _identity(root: Document) -> Identity | None:
    """Who a service root says it is; None where it is no service root."""
    if not isinstance(root.get("RedfishVersion"), str):
        return None
    oem = root.get("Oem")
    makers = [name for name, said in oem.items() if isinstance(said, dict)] if isinstance(oem, dict) else []
    vendor = _said(root, "Vendor") or next(iter(makers), None)
    own = oem[makers[0]] if makers and isinstance(oem, dict) else {}
    return Identity(
        vendor=cleaned(vendor, 80) if vendor else None,
        model=_said(root, "Product"),
        serial=_said(own, "ServiceTag"),
    )


def _said(document: Document, key: str) -> str | None:
    said = document.get(key)
    return cleaned(said, 200) or None if isinstance(said, str) else None
