"""Letters about what will be missing: spare parts that are short, warranties that end. Asked by the duties every hour.

What was told is the outbox itself: the Message-ID follows from what is told, so that nothing is told twice, not over a
restart either. They go to the listed recipients who are told of level 4.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.desk.assets import Asset
from alerts.desk.spares import Level as Stock
from alerts.desk.warranty import ends
from alerts.locale import words
from alerts.post.letters import notice
from monitor.config import Settings
from monitor.model import Letter, Level, Recipient
from monitor.store import assets, letters

BEFORE = (90, 60, 30, 7)
"""So many days before a warranty ends it is told."""
_MOST = 50  # lines of one letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Units of one customer whose warranty of one kind ends on one day, and which of `BEFORE` is reached."""

    customer: str
    kind: str
    on: date
    days: int
    units: tuple[Asset, ...]


def told(disk: Connection, *, levels: Sequence[Stock], settings: Settings, now: datetime) -> None:
    """Queue what was not told yet."""
    letters.queued(disk, _short([each for each in levels if each.short], settings, now))
    for ending in endings(assets.all_assets(disk), settings, now):
        letters.queued(disk, _expiring(ending, settings, now))


def endings(units: Sequence[Asset], settings: Settings, now: datetime) -> tuple[Ending, ...]:
    """The warranties that end soon; after a stop the newest of the moments that were missed counts."""
    found: dict[tuple[str, str, date, int], list[Asset]] = {}
    for unit in units:
        site = settings.inventory.sites.get(unit.site)
        customer = unit.customer or (site.customer if site else "")
        today = now.astimezone(ZoneInfo(settings.inventory.zone(unit.site) if site else settings.zone)).date()
        until = ends(unit.dates, unit.maker, settings.contract)
        for kind, day in (("maker", until.maker), ("engineering", until.engineering)):
            left = (day - today).days if day else -1
            reached = [each for each in BEFORE if 0 <= left <= each]
            if day and reached:
                found.setdefault((customer, kind, day, min(reached)), []).append(unit)
    return tuple(
        Ending(customer=customer, kind=kind, on=day, days=days, units=tuple(every))
        for (customer, kind, day, days), every in sorted(found.items())
    )


def _readers(settings: Settings, customer: str = "") -> Iterator[Recipient]:
    for each in settings.mail.recipients:
        of_level = not each.levels or Level.WARNING in each.levels
        of_customer = not each.customers or customer in each.customers
        if of_level and of_customer and not each.sites:
            yield each


def _short(short: Sequence[Stock], settings: Settings, now: datetime) -> Iterator[Letter]:
    if not short:
        return
    what = ";".join(f"{each.part_number} {each.minimum} {each.free}" for each in short)
    for reader in _readers(settings):
        said = words(reader.language)
        lines = [
            said.said(
                "supply", "short_line", part=f"{each.part_number} {each.description}".strip(), count=str(each.short),
                minimum=str(each.minimum), free=str(each.free), installed=str(each.installed),
            )
            for each in short[:_MOST]
        ]  # fmt: skip
        subject = said.said("supply", "short_subject", count=str(len(short)))
        yield _letter(reader, subject, said.said("supply", "short"), lines, f"stock.{what}", settings, now)


def _expiring(ending: Ending, settings: Settings, now: datetime) -> Iterator[Letter]:
    customer = settings.inventory.customers.get(ending.customer)
    for reader in _readers(settings, ending.customer):
        said = words(reader.language)
        values = {
            "kind": said.said("supply", ending.kind),
            "on": ending.on.isoformat(),
            "customer": (customer.title if customer else "") or ending.customer,
            "count": str(len(ending.units)),
        }
        lines = [" ".join(filter(None, (each.model, each.serial, each.device, each.site))) for each in ending.units]
        subject = said.said("supply", "ending_subject", **values)
        what = f"warranty.{ending.customer}.{ending.kind}.{ending.on}.{ending.days}"
        yield _letter(reader, subject, said.said("supply", "ending", **values), lines[:_MOST], what, settings, now)


def _letter(
    reader: Recipient, subject: str, text: str, lines: Sequence[str], what: str, settings: Settings, now: datetime
) -> Letter:
    name = sha256(f"{what} {reader.address.casefold()}".encode()).hexdigest()[:20]
    return notice(reader, subject, text, f"<supply.{name}@{settings.mail.domain}>", now, lines)
