"""One Redfish server: one session kept and given back, at most two connections, no redirect followed.

Every login of an iDRAC is written into its lifecycle log and takes one of eight sessions for half an hour, so a session
lives as long as the daemon looks at the server. `reader.py` keeps one client for each server.
"""

import asyncio
import logging
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from ssl import SSLContext, SSLError
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from collectors.looks import Blind, Door
from collectors.redfish.answers import blind_of, body, document
from collectors.redfish.documents import ID, Document, NotADocumentError, at, parsed
from collectors.redfish.service import BlindError, UnreadError
from collectors.redfish.trust import of_authority, of_pin, shown
from collectors.snmp.reader import Ending

log = logging.getLogger(__name__)

SESSIONS = ("/redfish/v1/SessionService/Sessions", "/redfish/v1/Sessions")
"""Where a session is made; iDRAC 7 and 8 know the second place."""
EXPAND = "?$expand=*($levels=1)"
"""The most that any iDRAC expands."""
DAILY = 86_400.0
"""Seconds after which the certificate is looked at anew, to know when it ends."""
_HOURLY = 3600.0
ABSENT_FOR = 900.0
"""Seconds for which a resource that is not there is not asked for again."""
_SAFE = "/:@!$&'()*+,;=-._~%?"
_REMEMBERED = 2000  # paths; a hostile service can name new ones for ever
_REQUEST = 12.0  # seconds for one answer; an iDRAC that computes an expanded collection takes up to five
_PATIENCE = {Blind.NO_SESSION_LEFT: (60.0, 900.0), Blind.WRONG_PASSWORD: (300.0, 3600.0), Blind.STARTING: (30.0, 120.0)}
_NOT_HERE = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.GONE}


class Client:
    """A `Service` over HTTPS. Not for several looks at once: `reader.py` sees to that."""

    def __init__(self, door: Door, http: aiohttp.ClientSession, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is sent yet."""
        self.door, self._http, self._clock = door, http, clock
        self.members: dict[str, tuple[str, ...]] = {}
        self.pin = "" if door.login.authority else door.pin
        self.requests = self.bytes = self.left = 0
        self._token = self._location = ""
        self._basic = ""
        self.ends: float | None = None
        self.stranger = ""
        self._ends_due = 0.0
        self._trust: SSLContext | aiohttp.Fingerprint | None = None
        self._expands: bool | None = None
        self._plain: set[str] = set()
        self._absent: dict[str, float] = {}
        self._login: asyncio.Task[None] | None = None
        self._again = False
        self._shut: tuple[float, Blind, int] = (0.0, Blind.TIMEOUT, 0)
        self._lock = asyncio.Lock()

    def begin(self, most: int) -> None:
        """A new look, of at most so many bytes. Raises BlindError while the server is to be left alone."""
        until, blind, _ = self._shut
        if self._clock() < until:
            raise BlindError(blind)
        self.requests = self.bytes = 0
        self.left, self._again = most, False

    async def get(self, path: str) -> Document:
        """The document at `path`."""
        if self._absent.get(path, 0.0) > self._clock():
            raise UnreadError(None)
        try:
            return await self._read(path)
        except UnreadError as error:
            if error.ending is None:
                if len(self._absent) > _REMEMBERED:
                    self._absent.clear()
                self._absent[path] = self._clock() + ABSENT_FOR
            raise

    async def expanded(self, path: str) -> Document:
        """The document at `path` with what it links to, where the service expands and did not refuse it here."""
        if self._expands is None:
            root = await self._read("/redfish/v1/")
            levels = at(root, "/ProtocolFeaturesSupported/ExpandQuery/ExpandAll")
            self._expands = levels is True
        if not self._expands or path in self._plain:
            return await self.get(path)
        if self._absent.get(path, 0.0) > self._clock():
            raise UnreadError(None)
        try:
            return await self._read(f"{path}{EXPAND}")
        except UnreadError as error:
            if error.ending is Ending.BYTES:
                raise
            found = await self.get(path)  # it is there, and cannot be expanded
            self._plain.add(path)
            return found

    async def _read(self, path: str) -> Document:
        await self._logged_in()
        token = self._token
        try:
            async with self._asked("GET", path) as response:
                if response.status != HTTPStatus.UNAUTHORIZED:
                    found, size = await document(response, self.left)
                    self.bytes += size
                    self.left -= size
                    self._shut = (0.0, Blind.TIMEOUT, 0)
                    return found
        except BlindError as error:
            self._leave_alone(error.blind)
            raise
        return await self._read_anew(path, token)

    async def _read_anew(self, path: str, token: str) -> Document:
        """After 401: the session has ended, so once more with a new one; then the password is wrong."""
        async with self._lock:
            if self._token == token:
                await self.close()  # if it was no end of the session, it would stay for half an hour
                if self._again or self._basic:
                    self._leave_alone(Blind.WRONG_PASSWORD)
                    raise BlindError(Blind.WRONG_PASSWORD)
                self._again, self._token = True, ""
        return await self._read(path)

    @asynccontextmanager
    async def _asked(self, method: str, path: str, **more: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request; whatever goes wrong with it is UnreadError or BlindError."""
        door = self.door
        url = URL.build(scheme="https", host=door.address, port=door.port).join(
            URL(quote(path, safe=_SAFE), encoded=True)
        )
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "OData-Version": "4.0"}
        if self._token:
            headers["X-Auth-Token"] = self._token
        elif self._basic:
            headers["Authorization"] = self._basic
        self.requests += 1
        try:
            async with self._http.request(
                method,
                url,
                headers=headers,
                ssl=self._trust or True,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=min(door.timeout, _REQUEST)),
                **more,
            ) as response:
                yield response
        except (aiohttp.ServerFingerprintMismatch, aiohttp.ClientConnectorCertificateError) as error:
            self.stranger = error.got.hex() if isinstance(error, aiohttp.ServerFingerprintMismatch) else ""
            raise BlindError(Blind.WRONG_CERTIFICATE) from None
        except aiohttp.ClientConnectorDNSError:
            raise BlindError(Blind.UNRESOLVED) from None
        except aiohttp.ClientConnectorSSLError:
            raise BlindError(Blind.BAD_ANSWER) from None
        except aiohttp.ClientConnectorError as error:
            raise BlindError(_unreached(error.os_error)) from None
        except aiohttp.ConnectionTimeoutError:
            raise BlindError(Blind.TIMEOUT) from None
        except TimeoutError:
            raise UnreadError(Ending.TIMEOUT) from None
        except (aiohttp.ClientError, ValueError, OSError):  # ValueError: what is no HTTP
            raise UnreadError(Ending.ERROR_STATUS) from None

    # ------------------------------------------------------------------ the session

    async def _logged_in(self) -> None:
        """See to it that there is a session, or Basic where the server knows none.

        The login goes on where the look is cut off: a session that nobody knows of would stay for half an hour.
        """
        if self._token or self._basic:
            return
        if self._login is None or self._login.done():
            self._login = asyncio.create_task(self._log_in())
            self._login.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._login)

    async def _log_in(self) -> None:
        await self._trusted()
        login = self.door.login
        for place in SESSIONS:
            async with self._asked(
                "POST", place, json={"UserName": login.user, "Password": login.password}
            ) as response:
                raw = await body(response, 1_000_000)
                if response.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
                    self._keep(response, raw, place)
                    return
                if response.status not in _NOT_HERE:
                    blind = blind_of(response.status, raw)
                    self._leave_alone(blind)
                    raise BlindError(blind)
        self._basic = f"Basic {b64encode(f'{login.user}:{login.password}'.encode()).decode()}"

    def _keep(self, response: aiohttp.ClientResponse, raw: bytes, place: str) -> None:
        token = response.headers.get("X-Auth-Token", "")
        if not token:
            raise BlindError(Blind.BAD_ANSWER)
        location = urlsplit(response.headers.get("Location", "")).path
        if not location.startswith("/redfish/"):
            try:
                location = str(parsed(raw).get(ID, ""))
            except NotADocumentError:
                location = ""
        if not location.startswith("/redfish/") or location == place:
            log.warning("%s: a session that cannot be given back, it does not say where it is", self.door.address)
            location = ""
        self._token, self._location = token, location

    async def _trusted(self) -> None:
        if self._trust is not None:
            return
        try:
            if self.door.login.authority:
                self._trust = self._of_authority()
                return
            if not self.pin:
                async with asyncio.timeout(_REQUEST):
                    certificate = await shown(self.door)
                self.pin, self.ends = certificate.pin, certificate.ends
                self._ends_due = self._clock() + DAILY
            self._trust = of_pin(self.pin)
        except TimeoutError:
            raise BlindError(Blind.TIMEOUT) from None
        except SSLError:
            raise BlindError(Blind.BAD_ANSWER) from None
        except OSError as error:
            raise BlindError(_unreached(error)) from None
        except ValueError:
            raise BlindError(Blind.WRONG_CERTIFICATE) from None

    def _of_authority(self) -> SSLContext:
        try:
            return of_authority(self.door.login.authority)
        except OSError as error:  # SSLError is one
            log.warning("%s: authority %s: %s", self.door.address, self.door.login.authority, error)
            raise BlindError(Blind.WRONG_CERTIFICATE) from None

    async def looked_at_certificate(self) -> None:
        """Once a day: until when the certificate of the server is valid. That it cannot be seen is no trouble here.

        The connections of a look are those of a pool, which does not say what was shown on them.
        """
        if self._clock() < self._ends_due:
            return
        self._ends_due = self._clock() + _HOURLY
        try:
            certificate = await shown(self.door)
        except (OSError, TimeoutError):
            return
        if not self.pin or certificate.pin == self.pin:
            self.ends = certificate.ends
            self._ends_due = self._clock() + DAILY

    async def close(self) -> None:
        """Give the session back, also one whose login is still under way."""
        if self._login is not None and not self._login.done():
            await asyncio.wait([self._login], timeout=_REQUEST)
        location, token = self._location, self._token
        if not location or not token:
            return
        self._location = ""
        try:
            async with self._asked("DELETE", location) as response:
                if response.status == HTTPStatus.UNAUTHORIZED:
                    log.info("%s: the session had ended", self.door.address)
        except (UnreadError, BlindError) as error:
            log.warning("%s: the session was not given back: %s", self.door.address, error)
        self._token = ""

    def _leave_alone(self, blind: Blind) -> None:
        """Ask no more for a while: a full iDRAC needs time, and one that refuses us locks us out after three times."""
        first, most = _PATIENCE.get(blind, (0.0, 0.0))
        if first:
            times = self._shut[2] + 1 if self._shut[1] is blind else 1
            self._shut = (self._clock() + min(first * 2 ** (times - 1), most), blind, times)


def _unreached(error: OSError) -> Blind:
    if isinstance(error, TimeoutError):
        return Blind.TIMEOUT
    if isinstance(error, ConnectionRefusedError):
        return Blind.REFUSED
    return Blind.UNRESOLVED if type(error).__name__ == "gaierror" else Blind.TIMEOUT
