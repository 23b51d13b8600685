"""The eye Redfish over the network: one client for each server, kept from look to look, all given back at the end."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import aiohttp

from collectors.looks import Blind, Door, LookReader, Seen
from collectors.plan import Origin
from collectors.redfish.client import Client
from collectors.redfish.documents import Document, is_bare, path_of
from collectors.redfish.service import BlindError, Service
from collectors.redfish.walk import Walk
from collectors.snmp.reader import Budget, Ending, Rows

log = logging.getLogger(__name__)

_PER_SERVER = 2
_KEPT = 75.0  # seconds: longer than the minute between two looks, so that they share a connection
_AT_ONCE = 50
_GLANCE = 5.0  # seconds at most to look at a certificate
_DEEP = 6  # levels of a document that is looked into for others


def http() -> aiohttp.ClientSession:
    """Connections to servers that are not to be trusted further than they must: no cookies, nothing unpacked."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, limit_per_host=_PER_SERVER, keepalive_timeout=_KEPT),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        requote_redirect_url=False,
    )


@dataclass(slots=True, kw_only=True)
class Documents:
    """Documents by path, the rows that led to them, and why nothing was seen at all."""

    told: dict[str, Document] = field(default_factory=dict)
    rows: tuple[Rows, ...] = ()
    blind: Blind | None = None


class _Remembering:
    """A service that keeps each document that it gave."""

    def __init__(self, service: Service, kept: dict[str, Document]) -> None:
        self._service, self._kept = service, kept

    @property
    def members(self) -> dict[str, tuple[str, ...]]:
        return self._service.members

    async def get(self, path: str) -> Document:
        found = self._kept[path] = await self._service.get(path)
        return found

    async def expanded(self, path: str) -> Document:
        found = self._kept[path] = await self._service.expanded(path)
        return found


def _unfold(told: object, kept: dict[str, Document], deep: int) -> None:
    """Keep also what an expanded document holds within itself."""
    if isinstance(told, dict) and deep:
        if (path := path_of(told)) is not None and not is_bare(told):
            kept.setdefault(path, told)
        for value in told.values():
            _unfold(value, kept, deep - 1)
    elif isinstance(told, list):
        for value in told:
            _unfold(value, kept, deep)


class RedfishReader(LookReader):
    """Looks at servers. One look at a server at a time; another login or another pin is another client."""

    def __init__(self) -> None:
        """Nothing is held yet."""
        self._http: aiohttp.ClientSession | None = None
        self._clients: dict[tuple[str, int], Client] = {}
        self._busy: dict[tuple[str, int], asyncio.Lock] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def read(self, door: Door, origins: Sequence[Origin], budget: Budget) -> Seen:
        """The rows of `origins`, within the time of the door and the budget."""

        async def walked(client: Client, left: float) -> tuple[Rows, ...]:
            return await Walk(client, replace(budget, seconds=left)).tables(origins)

        return await self._bounded(door, budget, walked)

    async def documents(self, door: Door, origins: Sequence[Origin], budget: Budget) -> Documents:
        """The documents behind the paths of `origins` as they are, in the session that the looks have, too.

        One path after the other, so that a look that waits has its turn between them and does not run out of time.
        """
        kept = Documents()
        rows: list[Rows] = []
        for origin in origins:

            async def copied(client: Client, left: float, origin: Origin = origin) -> tuple[Rows, ...]:
                remembering = _Remembering(client, kept.told)
                return await Walk(remembering, replace(budget, seconds=left)).tables([origin])

            seen = await self._bounded(door, budget, copied)
            rows += seen.rows or [Rows(index=(), columns={}, ended=Ending.WALL_TIME)]
            if seen.blind is not None and not kept.told:
                kept.blind = seen.blind
                break
        for document in list(kept.told.values()):
            _unfold(document, kept.told, _DEEP)
        kept.rows = tuple(rows)
        return kept

    async def _bounded(
        self, door: Door, budget: Budget, work: Callable[[Client, float], Awaitable[tuple[Rows, ...]]]
    ) -> Seen:
        """What `work` brings: one at a time for a server, within the time of the door and the budget."""
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
                    rows = await work(client, left)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(max(0.0, min(_GLANCE, seconds - (time.monotonic() - began) - 0.1))):
                            await client.looked_at_certificate()
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
            ends=client.ends,
            seconds=time.monotonic() - began,
            requests=client.requests,
            bytes=client.bytes,
        )

    def only(self, places: Collection[tuple[str, int]]) -> None:
        """Look at these addresses and ports from now on; sessions with others are given back beside it."""
        for place in self._clients.keys() - set(places):
            leaving = asyncio.get_running_loop().create_task(self._leave(place))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _leave(self, place: tuple[str, int]) -> None:
        async with self._busy.setdefault(place, asyncio.Lock()):  # a look that is under way comes to its end
            client = self._clients.pop(place, None)
            if client is not None:
                await client.close()

    async def close(self) -> None:
        """Give back all sessions, then the connections."""
        await asyncio.gather(*self._leaving, return_exceptions=True)
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
            pin=(client.stranger if blind is Blind.WRONG_CERTIFICATE else client.pin) if client else "",
            seconds=time.monotonic() - began,
            requests=client.requests if client else 0,
        )
