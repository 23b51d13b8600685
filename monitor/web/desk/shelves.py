"""The pages of units: what the asset file says of them, and a form for what people change of that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from alerts.desk import spares as desk
from alerts.desk.assets import DATES, NOT_YET_DATES, Asset
from alerts.desk.refused import reason_of
from alerts.desk.statement import statement
from alerts.desk.warranty import NotYet, ends, phase
from monitor import asset_history, unit_file, units
from monitor.config import Settings
from monitor.store import assets, spares
from monitor.store.assets import NoSuchAssetError
from monitor.web.desk.guard import Desk, form_of
from monitor.web.desk.rendering import Visitor, elsewhere, page, visitor_of
from monitor.web.desk.tapping import typed

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One thing of a list: its title, where it leads, and what is said of it."""

    title: str
    link: str
    lines: tuple[tuple[str, str], ...]
    mark: str = ""


class Shelves:
    """The list of units, and one unit."""

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
        return await self._unit(request, {}, "", 200)

    async def _unit(self, request: Request, form: Mapping[str, str], problem: str, status: int) -> Response:
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
        facts.append((visitor.say("unit_phase"), _phase(unit, settings, visitor, now)))
        return page(
            request, "unit.html", status, unit=unit, form=form, problem=problem,
            days=_days(unit, form, visitor), statement=said, facts=[each for each in facts if each[1]],
            history=[(visitor.named("history", name), lines[-MOST:]) for name, lines in history.items() if lines],
        )  # fmt: skip

    async def changed(self, request: Request) -> Response:
        """What the asset file says of a unit is changed."""
        now, visitor, serial = self._desk.clock(), visitor_of(request), request.path_params["serial"]
        form, signs = await form_of(request), visitor.account.signs if visitor.account else ""
        told = {name: typed(value, is_long=name == "remarks") for name, value in form.items()}
        try:
            await self._desk.store.do(lambda disk: unit_file.changed(disk, serial, told, signs, now))
        except NoSuchAssetError:
            return page(request, "message.html", 404, message=visitor.say("no_unit"))
        except ValueError as error:
            return await self._unit(request, form, reason_of(error, visitor.language), 409)
        return elsewhere(f"/assets/{quote(serial, safe='')}")


_FIELDS = (
    "model", "maker", "part_number", "customer", "site", "device", "project", "delivered", "first_acceptance",
    "final_acceptance", "maker_warranty_ends", "engineering_warranty_ends", "price", "currency", "remarks",
)  # fmt: skip


def _phase(unit: Asset, settings: Settings, visitor: Visitor, now: datetime) -> str:
    """In which phase of its life the unit is, as its dates say (contract 4.14)."""
    today = now.astimezone(ZoneInfo(settings.inventory.zone(unit.site))).date()
    found = phase(unit.dates, unit.maker, settings.contract, today)
    titles = (visitor.of(each.title) for each in settings.contract.phases if found and each.name == found.value)
    return next(titles, "")


def _days(unit: Asset, form: Mapping[str, str], visitor: Visitor) -> list[tuple[str, str, str, bool, bool]]:
    """The dates of the form: field, what it is called, the day, whether it may be said not to have come, and is so."""
    found = []
    for name in DATES:
        known = getattr(unit, name)
        day = form.get(name, "" if known is None or known is NotYet.NOT_YET else str(known))
        is_open = f"{unit_file.OPEN}{name}" in form if form else known is NotYet.NOT_YET
        found.append((name, visitor.named("unit", name), day, name in NOT_YET_DATES, is_open))
    return found


def _shown(value: object, visitor: Visitor) -> str:
    if value is NotYet.NOT_YET:
        return visitor.say("not_yet")
    return "" if value is None else str(value)


def matches(text: str, wanted: str) -> bool:
    """Whether every word of `wanted` stands in `text`."""
    folded = text.casefold()
    return all(word in folded for word in wanted.casefold().split())


def _is_wanted(unit: Asset, wanted: str) -> bool:
    said = (unit.serial, unit.model, unit.maker, unit.part_number, unit.customer, unit.site, unit.device, unit.project)
    return matches(" ".join(said), wanted)


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
