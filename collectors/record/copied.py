"""A copy of what a Redfish service tells: first what a look needs, then what else it links to, one at a time."""

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from collectors.looks import Blind, Door, LookReader, Seen
from collectors.plan import Origin
from collectors.redfish.client import Client
from collectors.redfish.documents import ID, Document, path_of
from collectors.redfish.reader import http
from collectors.redfish.service import BlindError, Service, UnreadError
from collectors.redfish.tree import ROOT
from collectors.redfish.walk import Walk
from collectors.snmp.reader import Budget, Ending

MOST: Final = 3000  # documents; a full iDRAC 9 has about 2,000
_LONGEST_NAME: Final = 200  # octets of one step of a path, which becomes the name of a folder
_NEXT: Final = "Members@odata.nextLink"
# users, sessions, keys and what only describes: not asked for at all. Of logs their first page is kept.
_PASSED_BY: Final = re.compile(
    r"/(?:Sessions|Accounts|ExternalAccountProviders|Roles|Subscriptions|Certificates|CertificateService|Keys"
    r"|JsonSchemas|Registries|Tasks|Jobs|SSE|\w*Attributes|LicenseService|Licenses|SecureBootDatabases"
    r"|OemManager|\w*JobService)(?:/|$)|/Entries/|\$metadata|/odata$",
    re.IGNORECASE,
)
_FIRST: Final = (ROOT, *(f"{ROOT}/{name}" for name in ("Systems", "Chassis", "Managers", "UpdateService")))
_LOGS: Final = re.compile(r"/(?:LogServices|Logs)/", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Copied:
    """The documents by path; how many were not to be had and why; why the copy is not whole, or there is none."""

    documents: dict[str, Document] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    blind: Blind | None = None
    ended: Ending | None = None
    seconds: float = 0.0
    requests: int = 0


class Copier(LookReader):
    """A look at a service that remembers each document. What expands is asked one by one, so that each is whole."""

    def __init__(self, service: Service, heard: Callable[[int], None] = lambda _: None) -> None:
        """Nothing is asked yet."""
        self._service, self._heard = service, heard
        self.members: dict[str, tuple[str, ...]] = {}
        self.copied = Copied()

    async def read(self, door: Door, origins: Sequence[Origin], budget: Budget) -> Seen:  # noqa: ARG002 - its words
        """The rows of `origins`."""
        return Seen(rows=await Walk(self, budget).tables(origins))

    async def close(self) -> None:
        """Nothing is held."""

    async def get(self, path: str) -> Document:
        """The document at `path`, asked once."""
        path = path.rstrip("/")
        known = self.copied.documents.get(path)
        if known is not None:
            return known
        try:
            found = self.copied.documents[path] = await self._service.get(f"{path}/" if path == ROOT else path)
        except UnreadError as error:
            self.copied.failed[str(error.ending or "missing")] += 1
            raise
        self._heard(len(self.copied.documents))
        return found

    async def expanded(self, path: str) -> Document:
        """The same."""
        return await self.get(path)

    async def rest(self, most: int) -> Ending | None:
        """Follow all links from the root on, nearest first; why that ended before all was read."""
        waiting = deque(_FIRST)
        known = set(waiting)
        while waiting:
            if len(self.copied.documents) >= most:
                return Ending.ROWS
            path = waiting.popleft()
            try:
                document = await self.get(path)
            except UnreadError as error:
                if error.ending is Ending.BYTES:
                    return Ending.BYTES
                continue
            for link in links(document, path):
                if link not in known:
                    known.add(link)
                    waiting.append(link)
        return None


async def copied(
    door: Door,
    choose: Callable[[Copier], Any],
    budget: Budget,
    heard: Callable[[int], None] = lambda _: None,
    most: int = MOST,
) -> Copied:
    """A copy of the service behind `door`: what the look needs that `choose` names (awaited), then the rest."""
    began = time.monotonic()
    session = http()
    client = Client(door, session)
    copier = Copier(client, heard)
    told = copier.copied
    try:
        async with asyncio.timeout(budget.seconds):
            client.begin(budget.bytes)
            origins = await choose(copier)
            await Walk(copier, Budget(seconds=budget.seconds, bytes=budget.bytes)).tables(origins)
            told.ended = await copier.rest(most)
    except BlindError as error:
        if told.documents:
            told.ended = Ending.TIMEOUT
        told.blind = error.blind
    except TimeoutError:
        told.ended = Ending.WALL_TIME
        told.blind = None if told.documents else Blind.TIMEOUT
    finally:
        await client.close()
        await session.close()
    told.seconds, told.requests = time.monotonic() - began, client.requests
    return told


def links(document: Document, path: str) -> Iterator[str]:
    """The paths that `document`, which stands at `path`, leads to, as far as a recording wants them."""
    for link in _links(document):
        wanted = link.startswith(ROOT) and "#" not in link and "?" not in link and not _PASSED_BY.search(link)
        if wanted and is_file_name(link):
            yield link
    following = path_of({ID: document.get(_NEXT)})
    if following is not None and not _LOGS.search(path) and not _PASSED_BY.search(path) and is_file_name(following):
        yield following


def is_file_name(path: str) -> bool:
    """True where `path` may be the path of a folder."""
    steps = path.split("/")
    return ".." not in steps and "\x00" not in path and all(len(each.encode()) <= _LONGEST_NAME for each in steps)


def _links(told: object) -> Iterable[str]:
    if isinstance(told, dict):
        path = path_of(told)
        if path is not None:
            yield path
        for value in told.values():
            yield from _links(value)
    elif isinstance(told, list):
        for value in told:
            yield from _links(value)
