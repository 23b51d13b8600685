"""From the paths of a platform file to rows: over collections, pages and arrays of links, each document asked once.

A path is that of a resource, with "*" for each member of a collection, and after "#" for each element of an array:
`/redfish/v1/Systems/*/Storage/*#/Drives/*`. Elements that are links are followed; others are rows themselves. What
stands behind the element's "*" is a link in it that is followed, too: `…#/Drives/*/Metrics`.
"""

import asyncio
from collections.abc import Iterable, Sequence

from collectors.looks import Blind
from collectors.plan import Origin
from collectors.redfish.documents import ID, Document, at, is_bare, path_of, value
from collectors.redfish.service import BlindError, Service, UnreadError
from collectors.snmp.reader import Budget, Ending, Rows

PAGES = 20
"""The most pages of one collection; an iDRAC sends 50 members a page, and only its logs have more."""
BEHIND = 4
"""So many pages more are read of a log that grew by more than a page since the last look: 250 entries in all."""
_NEXT = "Members@odata.nextLink"


class Walk:
    """One look at one service. What is asked twice by several tables is read once."""

    def __init__(self, service: Service, budget: Budget) -> None:
        """Nothing is asked yet."""
        self._service, self._budget = service, budget
        self._read: dict[str, Document | UnreadError] = {}
        self._listed: dict[str, tuple[tuple[str, ...], Ending | None]] = {}
        self._seen = False

    async def tables(self, origins: Sequence[Origin]) -> tuple[Rows, ...]:
        """The rows of `origins`; what the service does not answer in time has ended with WALL_TIME.

        Raises BlindError where nothing at all was seen.
        """
        rows = [_nobody(origin, Ending.WALL_TIME) for origin in origins]
        told: dict[str, Rows] = {}
        try:
            async with asyncio.timeout(self._budget.seconds):
                for n, origin in enumerate(origins):
                    if any(name in told and told[name].index for name in origin.if_empty):
                        rows[n] = _nobody(origin)
                    else:
                        rows[n] = told[origin.table] = await self._table(origin)
        except TimeoutError:
            if not self._seen:
                raise BlindError(Blind.TIMEOUT) from None
        except BlindError:
            if not self._seen:
                raise
        if not self._seen and any(one.ended for one in rows):
            silent = all(one.ended is Ending.TIMEOUT for one in rows if one.ended)
            raise BlindError(Blind.TIMEOUT if silent else Blind.BAD_ANSWER)
        return tuple(rows)

    async def _table(self, origin: Origin) -> Rows:
        path, _, array = origin.where.partition("#")
        paths, ended = await self._resources(path, origin.pages)
        found: dict[str, object] = {}
        for one in paths:
            try:
                document = await self._get(one)
                if array:
                    pointer, _, beyond = array.partition("/*")
                    elements = {} if beyond else found
                    ended = await self._elements(one, document, pointer, elements) or ended
                    for element in elements.values() if beyond else ():
                        ended = await self._linked(at(element, beyond), found) or ended
                else:
                    found[one] = document
            except UnreadError as error:
                ended = error.ending or ended
            if len(found) > self._budget.rows:
                ended = Ending.ROWS
                break
        index = tuple(found)[: self._budget.rows]
        return Rows(
            index=index,
            columns={
                pointer: tuple([value(at(found[each], pointer)) for each in index]) for pointer in origin.oids.values()
            },
            ended=ended,
        )

    async def _resources(self, path: str, pages: int) -> tuple[Sequence[str], Ending | None]:
        """The paths that `path` stands for, and why there may be more than were asked for."""
        first, *rest = path.split("/*")
        current, ended = [first], None
        for n, after in enumerate(rest, 1):
            following: list[str] = []
            for collection in current:
                members, cut = await self._members(collection, pages, last=n == len(rest) and not after)
                ended = cut or ended
                following += [f"{member}{after}" for member in members]
            if len(following) > self._budget.rows:
                following, ended = following[: self._budget.rows], Ending.ROWS
            current = following
        return current, ended

    async def _members(self, collection: str, pages: int, *, last: bool) -> tuple[Sequence[str], Ending | None]:
        """The members of a collection: as known from earlier looks, where it only leads to what is asked."""
        if collection in self._listed:
            return self._listed[collection]
        if not last and (known := self._service.members.get(collection)):
            return known, None
        found = self._listed[collection] = await self._list(collection, pages)
        if found[0] and found[1] is None:
            self._service.members[collection] = tuple(found[0])
        return found

    async def _list(self, collection: str, most: int) -> tuple[tuple[str, ...], Ending | None]:
        """The members of a collection; of a log `most` pages, and more until one has what was known before."""
        found: dict[str, None] = {}
        known = self._service.members.get(collection, ()) if most else ()
        page: str | None = collection
        pages: set[str] = set()
        try:
            while page is not None:
                caught_up = not known or any(path in found for path in known)
                if most and len(pages) >= most and (caught_up or len(pages) == most + BEHIND):
                    break
                if page in pages or len(pages) == PAGES or len(found) > self._budget.rows:
                    return tuple(found), Ending.REPEATED_OID if page in pages else Ending.ROWS
                pages.add(page)
                document = await (self._service.get(page) if page != collection else self._service.expanded(page))
                self._seen = True
                found |= dict.fromkeys(self._taken(at(document, "/Members")))
                page = path_of({ID: document.get(_NEXT)})
        except UnreadError as error:
            return tuple(found), error.ending
        return tuple(found), None

    def _taken(self, members: object) -> Iterable[str]:
        """The paths of `members`; those that came as whole documents need not be asked any more."""
        for member in members if isinstance(members, list) else ():
            path = path_of(member)
            if path is not None:
                if not is_bare(member):
                    self._read.setdefault(path, member)
                yield path

    async def _elements(self, path: str, document: Document, pointer: str, found: dict[str, object]) -> Ending | None:
        """Add the elements of an array of `document` to `found`, or what they link to; why there may be more."""
        elements = at(document, pointer)
        if not isinstance(elements, list):
            return None
        links = [path_of(one) for one in elements if isinstance(one, dict) and is_bare(one)]
        unread = [link for link in links if link is not None and link not in self._read]
        if len(unread) > 1:  # one expanded answer for all of them
            list(self._taken(at(await self._expanded(path), pointer)))
        ended: Ending | None = None
        for n, one in enumerate(elements[: self._budget.rows]):
            if not isinstance(one, dict):
                continue
            link = path_of(one)
            if link is None or "#" in link:
                found[f"{path}#{pointer}/{n}"] = one
            elif is_bare(one):
                try:
                    found[link] = await self._get(link)
                except UnreadError as error:
                    ended = error.ending or ended
            else:
                found[link] = one
        return ended

    async def _linked(self, link: object, found: dict[str, object]) -> Ending | None:
        """Add the document behind a link to `found`, where there is one; why it is missing."""
        path = path_of(link)
        if path is None or len(found) > self._budget.rows:
            return None
        try:
            found[path] = await self._get(path)
        except UnreadError as error:
            return error.ending
        return None

    async def _expanded(self, path: str) -> Document:
        try:
            return await self._service.expanded(path)
        except UnreadError:
            return {}

    async def _get(self, path: str) -> Document:
        known = self._read.get(path)
        if known is None:
            try:
                known = await self._service.get(path)
                self._seen = True
            except UnreadError as error:
                known = error
                self._seen |= error.ending is None
            self._read[path] = known
        if isinstance(known, UnreadError):
            raise known
        return known


def _nobody(origin: Origin, ended: Ending | None = None) -> Rows:
    return Rows(index=(), columns=dict.fromkeys(origin.oids.values(), ()), ended=ended)
