"""The pages of units and spare parts: what the asset file and the book of the stores say, to be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from alerts.desk import spares as desk
from alerts.desk.assets import Asset
from alerts.desk.spares import State
from alerts.desk.statement import statement
from alerts.desk.warranty import NotYet, ends
from monitor import asset_history, units
from monitor.config import Settings
from monitor.store import assets, spares
from monitor.store.assets import NoSuchAssetError
from monitor.web.desk.guard import Desk
from monitor.web.desk.rendering import Visitor, page, visitor_of

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One thing of a list: its title, where it leads, and what is said of it."""

    title: str
    link: str
    lines: tuple[tuple[str, str], ...]
    mark: str = ""


class Shelves:
    """Lists of units and spares, and one unit."""

    def __init__(self, desk: Desk) -> None:
        """The pages onto `desk`."""
        self._desk = desk

    async def units(self, request: Request) -> Response:
        """The asset file."""
        settings, now, visitor = self._desk.settings, self._desk.clock(), visitor_of(request)
        wanted = request.query_params.get("q", "")[:100]
        every = await self._desk.store.ask(assets.all_assets)
        found = [each for each in every if _is_wanted(each, wanted)]
        cards = [_unit(each, settings, visitor, now) for each in found[:MOST]]
        return page(
            request, "cards.html", heading=visitor.say("nav_assets"), cards=cards, q=wanted, asks=True,
            more=max(len(found) - MOST, 0), empty=visitor.say("no_units"),
        )  # fmt: skip

    async def unit(self, request: Request) -> Response:
        """One unit: its statement, and its history."""
        settings, now, visitor = self._desk.settings, self._desk.clock(), visitor_of(request)
        serial = request.path_params["serial"]

        def looked(disk: Connection) -> tuple[Asset, tuple[str, ...], dict[str, list[dict[str, str]]]]:
            unit = assets.one(disk, serial)
            zone = settings.inventory.zone(unit.site)
            history = assets.history(disk, unit.serial)
            done = units.repairs(history, unit.serial, zone)
            every = desk.offers(
                spares.spares(disk), spares.stock(disk), spares.stores(disk),
                part_number=unit.part_number, kind="", model=unit.model,
            )  # fmt: skip
            today = now.astimezone(ZoneInfo(zone)).date()
            said = statement(unit, (), every, settings.contract, today, done)
            told = asset_history.told(disk, unit, history, settings, visitor.language)
            return unit, tuple(map(visitor.of, said)), told

        try:
            unit, said, history = await self._desk.store.ask(looked)
        except NoSuchAssetError:
            return page(request, "message.html", 404, message=visitor.say("no_unit"))
        facts = [(visitor.named("unit", name), _shown(getattr(unit, name), visitor)) for name in _FIELDS]
        return page(
            request, "unit.html", unit=unit, statement=said, facts=[each for each in facts if each[1]],
            history=[(visitor.named("history", name), lines[-MOST:]) for name, lines in history.items() if lines],
        )  # fmt: skip

    async def spares(self, request: Request) -> Response:
        """What is in the stores, and what is short."""
        settings, visitor = self._desk.settings, visitor_of(request)
        wanted = request.query_params.get("q", "")[:100]

        def looked(disk: Connection) -> tuple[tuple[desk.Level, ...], list[Card]]:
            return units.spare_levels(disk, settings), list(_pieces(disk, visitor))

        levels, cards = await self._desk.store.ask(looked)
        short = [
            visitor.say("spare_short", part=f"{each.part_number} {each.description}".strip(), count=str(each.short),
                        minimum=str(each.minimum), installed=str(each.installed))
            for each in levels if each.short
        ]  # fmt: skip
        found = [each for each in cards if _matches(f"{each.title} {each.lines}", wanted)]
        return page(
            request, "cards.html", heading=visitor.say("nav_spares"), cards=found[:MOST], q=wanted, asks=True,
            more=max(len(found) - MOST, 0), empty=visitor.say("no_spares"), troubles=short,
        )  # fmt: skip


_FIELDS = (
    "model", "maker", "part_number", "customer", "site", "device", "project", "delivered", "first_acceptance",
    "final_acceptance", "maker_warranty_ends", "engineering_warranty_ends", "price", "currency", "remarks",
)  # fmt: skip


def _shown(value: object, visitor: Visitor) -> str:
    if value is NotYet.NOT_YET:
        return visitor.say("not_yet")
    return "" if value is None else str(value)


def _matches(text: str, wanted: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in wanted.casefold().split())


def _is_wanted(unit: Asset, wanted: str) -> bool:
    said = (unit.serial, unit.model, unit.maker, unit.part_number, unit.customer, unit.site, unit.device, unit.project)
    return _matches(" ".join(said), wanted)


def _unit(unit: Asset, settings: Settings, visitor: Visitor, now: datetime) -> Card:
    until = ends(unit.dates, unit.maker, settings.contract)
    site = settings.inventory.sites.get(unit.site)
    today = now.astimezone(ZoneInfo(settings.inventory.zone(unit.site))).date()
    lines = (
        (visitor.named("unit", "serial"), unit.serial),
        (visitor.named("unit", "site"), (site.title if site else "") or unit.site),
        (visitor.named("unit", "device"), unit.device),
        (visitor.named("unit", "maker_warranty_ends"), str(until.maker or "")),
        (visitor.named("unit", "engineering_warranty_ends"), str(until.engineering or "")),
    )
    is_over = until.maker is not None and until.maker < today
    return Card(
        title=unit.model or unit.serial,
        link=f"/assets/{unit.serial}",
        lines=tuple(each for each in lines if each[1]),
        mark=visitor.say("maker_over") if is_over else "",
    )


def _pieces(disk: Connection, visitor: Visitor) -> Iterator[Card]:
    stock, stores = spares.stock(disk), spares.stores(disk)
    for spare in spares.spares(disk):
        places = sorted(stock.get(spare.id, {}).items(), key=lambda each: (each[0].store, each[0].state.value))
        lines = [(visitor.named("unit", "serial"), spare.serial), (visitor.say("fits"), ", ".join(spare.models))]
        for place, count in places:
            if count > 0 and place.state not in {State.OUTSIDE, State.USED}:
                store = stores.get(place.store)
                where = (store.title if store else "") or place.store
                said = f"{count} {visitor.named('stock', place.state.value)} {place.ticket}".strip()
                lines.append((where, said))
        title = f"{spare.name} {spare.part_number} {spare.description}".strip()
        yield Card(title=title, link="", lines=tuple(each for each in lines if each[1]))
