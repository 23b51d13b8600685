"""The eye Redfish over the network: one client for each server, kept from look to look, all given back at the end."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace

import aiohttp

from collectors.looks import Blind, Door, LookReader, Seen
from collectors.plan import Origin
from collectors.redfish.client import Client
from collectors.redfish.service import BlindError
from collectors.redfish.walk import Walk
from collectors.snmp.reader import Budget

log = logging.getLogger(__name__)

_PER_SERVER = 2
_KEPT = 75.0  # seconds: longer than the minute between two looks, so that they share a connection
_AT_ONCE = 50


def http() -> aiohttp.ClientSession:
    """Connections to servers that are not to be trusted further than they must: no cookies, nothing unpacked."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, limit_per_host=_PER_SERVER, keepalive_timeout=_KEPT),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        requote_redirect_url=False,
    )


class RedfishReader(LookReader):
    """Looks at servers. One look at a server at a time; another login or another pin is another client."""

    def __init__(self) -> None:
        """Nothing is held yet."""
        self._http: aiohttp.ClientSession | None = None
        self._clients: dict[tuple[str, int], Client] = {}
        self._busy: dict[tuple[str, int], asyncio.Lock] = {}

    async def read(self, door: Door, origins: Sequence[Origin], budget: Budget) -> Seen:
        """The rows of `origins`, within the time of the door and the budget."""
        began = time.monotonic()
        seconds = min(door.timeout, budget.seconds)
        lock = self._busy.setdefault((door.address, door.port), asyncio.Lock())
        client: Client | None = None
        try:
            async with asyncio.timeout(seconds):
                async with lock:
                    client = await self._client(door)
                    client.begin(budget.bytes)
                    left = max(0.0, seconds - (time.monotonic() - began) - 0.1)
                    rows = await Walk(client, replace(budget, seconds=left)).tables(origins)
        except BlindError as error:
            if error.blind is Blind.WRONG_CERTIFICATE and client is not None:
                # whoever it is, it is not the one that our session is with; a person decides whom to trust from now on
                self._clients.pop((door.address, door.port), None)
            return self._blind(error.blind, client, began)
        except TimeoutError:
            return self._blind(Blind.TIMEOUT, client, began)
        except Exception:  # a device's failure is a fact, not a crash
            log.exception("looking at %s port %s", door.address, door.port)
            return self._blind(Blind.BAD_ANSWER, client, began)
        return Seen(
            rows=rows,
            pin=client.pin,
            seconds=time.monotonic() - began,
            requests=client.requests,
            bytes=client.bytes,
        )

    async def close(self) -> None:
        """Give back all sessions, then the connections."""
        clients, self._clients = list(self._clients.values()), {}
        for first in range(0, len(clients), _AT_ONCE):
            closing = (client.close() for client in clients[first : first + _AT_ONCE])
            await asyncio.gather(*closing, return_exceptions=True)
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _client(self, door: Door) -> Client:
        key = (door.address, door.port)
        known = self._clients.get(key)
        if known is not None:
            if known.door.login == door.login and door.pin in {"", known.pin}:
                return known
            del self._clients[key]
            await known.close()
        if self._http is None:
            self._http = http()
        client = self._clients[key] = Client(door, self._http)
        return client

    def _blind(self, blind: Blind, client: Client | None, began: float) -> Seen:
        return Seen(
            rows=(),
            blind=blind,
            pin=client.pin if client else "",
            seconds=time.monotonic() - began,
            requests=client.requests if client else 0,
        )
