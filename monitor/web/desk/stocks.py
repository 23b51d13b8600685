"""The pages of the stores: what is in them, one piece with its book, and forms for all that becomes of pieces.

Everything is written by `monitor.stockroom`, as the commands do it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from alerts.desk import spares as desk
from alerts.desk.refused import RefusedError, reason_of, refused
from alerts.desk.spares import Moved, Movement, Place, Spare, State, Store
from monitor import asset_sheet, stockroom, units
from monitor.config import Settings
from monitor.store import spares
from monitor.store.assets import NoSuchAssetError
from monitor.store.spares import NoSuchSpareError
from monitor.store.tickets import NoSuchTicketError
from monitor.web.desk.guard import Desk, form_of
from monitor.web.desk.rendering import Visitor, elsewhere, page, visitor_of
from monitor.web.desk.shelves import MOST, Card, matches
from monitor.web.desk.tapping import typed

_MOST_PIECES = 100_000
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
Form = Mapping[str, str]
Write = Callable[[Connection, str, Form, str, Settings, datetime], object]


class Stocks:
    """The stores."""

    def __init__(self, desk_: Desk) -> None:
        """The pages onto `desk_`."""
        self._desk = desk_

    async def listed(self, request: Request) -> Response:
        """What is in the stores, what is short, and forms for what comes in."""
        return await self._list(request, {}, "", 200, "")

    async def _list(self, request: Request, form: Form, problem: str, status: int, verb: str) -> Response:
        settings, visitor = self._desk.settings, visitor_of(request)
        wanted = request.query_params.get("q", "")[:100]

        def looked(disk: Connection) -> tuple[tuple[desk.Level, ...], list[Card], dict[str, Store], int]:
            return (
                units.spare_levels(disk, settings), _cards(disk, visitor), spares.stores(disk), spares.last_line(disk),
            )  # fmt: skip

        levels, cards, stores, last = await self._desk.store.ask(looked)
        short = [
            visitor.say("spare_short", part=f"{each.part_number} {each.description}".strip(), count=str(each.short),
                        minimum=str(each.minimum), installed=str(each.installed))
            for each in levels if each.short
        ]  # fmt: skip
        found = [each for each in cards if matches(f"{each.title} {each.lines}", wanted)]
        return page(
            request, "spares.html", status, cards=found[:MOST], q=wanted, more=max(len(found) - MOST, 0),
            troubles=short, form=form, problem=problem, verb=verb, stores=stores, last=last,
            kinds=sorted((name, visitor.words.kind(name)) for name in settings.policy.kinds),
            sites=sorted(settings.inventory.sites.values(), key=lambda each: each.name),
        )  # fmt: skip

    async def shown(self, request: Request) -> Response:
        """One piece: where it is, how many there should be, and its book."""
        return await self._piece(request, {}, "", 200, "")

    async def _piece(self, request: Request, form: Form, problem: str, status: int, verb: str) -> Response:
        settings, visitor = self._desk.settings, visitor_of(request)
        name = request.path_params["name"]

        def looked(disk: Connection) -> dict[str, object]:
            one = spares.found(disk, name)
            stores, places = spares.stores(disk), spares.stock(disk).get(one.id, {})
            folded = one.part_number.casefold()
            levels = (each for each in units.spare_levels(disk, settings) if each.part_number.casefold() == folded)
            least = {number.casefold(): count for number, count in spares.minimums(disk).items()}
            book = spares.book(disk, [one.id])
            return {
                "one": one, "stores": stores, "level": next(levels, None), "least": least.get(folded),
                "where": [_said(place, count, stores, visitor) for place, count in sorted(places.items()) if count > 0],
                "book": [_line(each, stores, settings, visitor) for each in reversed(book[-MOST:])],
                "states": {place.state.value for place, count in places.items() if count > 0},
                "last": spares.last_line(disk),
            }  # fmt: skip

        try:
            found = await self._desk.store.ask(looked)
        except NoSuchSpareError:
            return page(request, "message.html", 404, message=visitor.say("no_page"))
        return page(request, "spare.html", status, form=form, problem=problem, verb=verb, **found)

    async def came(self, request: Request) -> Response:
        """Something comes into a store, or a store is written down."""
        verb = request.path_params["verb"]
        return await self._written(request, "", verb, _COMING.get(verb))

    async def moved(self, request: Request) -> Response:
        """Something becomes of pieces."""
        verb = request.path_params["verb"]
        return await self._written(request, request.path_params["name"], verb, _MOVING.get(verb))

    async def _written(self, request: Request, name: str, verb: str, write: Write | None) -> Response:
        settings, now, visitor = self._desk.settings, self._desk.clock(), visitor_of(request)
        form = await form_of(request)
        if write is None:
            return page(request, "message.html", 404, message=visitor.say("no_page"))
        signs = visitor.account.signs if visitor.account else ""

        def written(disk: Connection) -> None:
            if not _is_again(disk, form, signs):
                write(disk, name, {key: typed(value) for key, value in form.items()}, signs, settings, now)

        try:
            await self._desk.store.do(written)
        except (ValueError, NoSuchSpareError, NoSuchTicketError, NoSuchAssetError) as error:
            said = reason_of(_worded(error, form, name), visitor.language)
            show = self._piece if name else self._list
            return await show(request, form, said, 409, verb)
        return elsewhere(f"/spares/{quote(name, safe='')}" if name else "/spares")


def _worded(error: Exception, form: Form, name: str) -> ValueError:
    """A name that is none, in words that have two languages."""
    match error:
        case NoSuchTicketError():
            return RefusedError(refused("no_ticket", ticket=typed(form.get("ticket", ""))))
        case NoSuchAssetError():
            return RefusedError(refused("spare_no_unit", unit=typed(form.get("unit", ""))))
        case NoSuchSpareError():
            return RefusedError(refused("spare_no_spare", spare=name))
        case ValueError():
            return error
        case _:
            raise error


def _is_again(disk: Connection, form: Form, signs: str) -> bool:
    """Whether the form was sent twice: since its page was made, its author has written the last line of the book."""
    told = form.get("last", "")
    last = spares.last_line(disk)
    if not told.isdecimal() or int(told[:18]) >= last:
        return False
    newest = spares.book(disk)[-1]
    return newest.by == signs and form.get("quantity", str(newest.quantity)) == str(newest.quantity)


def _number(form: Form, field: str, least: int = 1) -> int:
    text = form.get(field, "").strip()
    if not text.isdecimal() or not least <= int(text[:18]) <= _MOST_PIECES:
        raise RefusedError(refused("spare_count", count=text))
    return int(text)


def _store(disk: Connection, name: str) -> str:
    if name not in spares.stores(disk):
        raise RefusedError(refused("spare_no_store", store=name))
    return name


def _wanted(form: Form) -> Spare:
    texts = {}
    for field in ("part_number", "serial"):
        try:
            texts[field] = str(asset_sheet.value(field, form.get(field, "")))
        except ValueError:
            raise RefusedError(refused("spare_number", number=form.get(field, ""))) from None
    if not texts["part_number"]:
        raise RefusedError(refused("spare_number", number=""))
    models = tuple(each.strip() for each in form.get("models", "").replace("，", ",").split(",") if each.strip())
    return Spare(id=0, description=form.get("description", ""), kind=form.get("kind", ""), models=models, **texts)


def _add(disk: Connection, _: str, form: Form, by: str, settings: Settings, now: datetime) -> None:
    wanted = _wanted(form)
    if wanted.kind and wanted.kind not in settings.policy.kinds:
        raise RefusedError(refused("spare_kind", kind=wanted.kind))
    store, why = _store(disk, form.get("store", "")), form.get("why", "")
    stockroom.added(disk, wanted, store, _number(form, "quantity"), by, now, why=why)


def _faulty(disk: Connection, _: str, form: Form, by: str, settings: Settings, now: datetime) -> None:
    store, ticket = _store(disk, form.get("store", "")), form.get("ticket", "").upper()
    stockroom.returned(disk, ticket, _wanted(form), store, by, settings, now, form.get("why", ""))


def _new_store(disk: Connection, _: str, form: Form, by: str, settings: Settings, now: datetime) -> None:
    del by, now
    name, site = form.get("name", "").casefold(), form.get("site", "")
    if not name or len(name) > 64 or not set(name) <= _NAME:  # noqa: PLR2004 - as long as an account's name may be
        raise RefusedError(refused("spare_store_name"))
    was = spares.stores(disk).get(name, Store(name=name))
    site = site if site in settings.inventory.sites else was.site
    city = form.get("city", "") or was.city
    spares.store_saved(disk, Store(name=name, title=form.get("title", "") or was.title, site=site, city=city))


def _reserve(disk: Connection, name: str, form: Form, by: str, settings: Settings, now: datetime) -> None:
    ticket, store = form.get("ticket", "").upper(), form.get("store", "")
    stockroom.reserved(disk, ticket, name, store, _number(form, "quantity"), by, settings, now)


def _release(disk: Connection, name: str, form: Form, by: str, settings: Settings, now: datetime) -> None:
    ticket, store = form.get("ticket", "").upper(), form.get("store", "")
    stockroom.given_back(disk, ticket, name, store, _number(form, "quantity"), by, settings, now)


def _use(disk: Connection, name: str, form: Form, by: str, settings: Settings, now: datetime) -> None:
    ticket, store, unit = form.get("ticket", "").upper(), form.get("store", ""), form.get("unit", "")
    stockroom.used(disk, ticket, name, store, _number(form, "quantity"), by, settings, now, unit)


def _count(disk: Connection, name: str, form: Form, by: str, settings: Settings, now: datetime) -> None:
    del settings
    store = _store(disk, form.get("store", ""))
    stockroom.counted(disk, store, {name: _number(form, "found", 0)}, by, now, form.get("why", ""))


def _minimum(disk: Connection, name: str, form: Form, by: str, settings: Settings, now: datetime) -> None:
    del settings
    least = _number(form, "least", 0) if form.get("least", "").strip() else None
    stockroom.minimum_set(disk, spares.found(disk, name).part_number, least, by, now)


def _goes(what: Moved) -> Write:
    def write(disk: Connection, name: str, form: Form, by: str, settings: Settings, now: datetime) -> None:
        del settings
        to = _store(disk, form["to"]) if form.get("to") else ""
        quantity, why = _number(form, "quantity"), form.get("why", "")
        stockroom.moved(disk, what, name, form.get("store", ""), to, quantity, by, now, why)

    return write


_COMING: Mapping[str, Write] = {"add": _add, "faulty": _faulty, "store": _new_store}
_MOVING: Mapping[str, Write] = {
    "reserve": _reserve,
    "release": _release,
    "use": _use,
    "count": _count,
    "minimum": _minimum,
    "move": _goes(Moved.MOVED),
    "send": _goes(Moved.SENT),
    "came-back": _goes(Moved.CAME_BACK),
}


def _cards(disk: Connection, visitor: Visitor) -> list[Card]:
    stock, stores = spares.stock(disk), spares.stores(disk)
    found = []
    for one in spares.spares(disk):
        lines = [(visitor.named("unit", "serial"), one.serial), (visitor.say("fits"), ", ".join(one.models))]
        for place, count in sorted(stock.get(one.id, {}).items()):
            if count > 0 and place.state is not State.USED:
                lines.append(_said(place, count, stores, visitor))
        title = f"{one.name} {one.part_number} {one.description}".strip()
        lines = [each for each in lines if each[1]]
        found.append(Card(title=title, link=f"/spares/{one.name}", lines=tuple(lines)))
    return found


def _said(place: Place, count: int, stores: Mapping[str, Store], visitor: Visitor) -> tuple[str, str]:
    store = stores.get(place.store)
    where = (store.title if store else "") or place.store or visitor.words.named("spare_state", State.USED.value)
    return where, f"{count} {visitor.words.named('spare_state', place.state.value)} {place.ticket}".strip()


def _line(each: Movement, stores: Mapping[str, Store], settings: Settings, visitor: Visitor) -> tuple[str, str]:
    """One line of the book: when, and what."""
    ends = []
    for place in (each.source, each.target):
        store = stores.get(place.store)
        where = (store.title if store else "") or place.store
        state = visitor.words.named("spare_state", place.state.value) if place.state is not State.OUTSIDE else ""
        ends.append(" ".join(filter(None, (where, state, place.ticket))))
    way = " → ".join(filter(None, ends))
    said = f"{visitor.words.named('spare_moved', each.what.value)} {each.quantity}"
    return visitor.wall(each.at, settings.zone), " · ".join(filter(None, (said, way, each.unit, each.by, each.why)))
