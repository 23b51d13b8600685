"""Everything that happened to a unit, as `netvigil asset show` and the documents tell it: dated lines of text."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.desk.assets import Asset
from alerts.desk.warranty import NOT_YET
from alerts.locale import Words, wall, words
from alerts.reports.history import happened
from monitor.config import Settings
from monitor.model import Happened, Language
from monitor.store import faults, parts, tickets
from monitor.store.assets import AssetEvent

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
VERSIONS = {Happened.VERSION_CHANGED, Happened.PATCH_CHANGED}
PARTS = {
    Happened.PART_SWAPPED, Happened.PART_ADDED, Happened.PART_REMOVED, Happened.PART_MOVED, Happened.IDENTITY_CHANGED,
}  # fmt: skip
Line = dict[str, str]


def told(
    disk: Connection, unit: Asset, events: Iterable[AssetEvent], settings: Settings, language: Language
) -> dict[str, list[Line]]:
    """Tickets, faults, versions and parts of the unit's device, and what was written into the file, oldest first."""
    zone, said = settings.inventory.zone(unit.site), words(language)

    def line(at: datetime, text: str) -> Line:
        return {"at": wall(at, zone, seconds=True), "text": text}

    life = parts.history(disk, [unit.device], _EVER) if unit.device else ()
    of_unit = tickets.of_device(disk, unit.device) if unit.device else ()
    broken = faults.of_device(disk, unit.device) if unit.device else ()
    return {
        "faults": [
            line(
                each.first_seen,
                said.said(
                    "unit_written",
                    "fault",
                    what=said.what(each.component, each.key.aspect, each.condition),
                    level=said.said("level", str(int(each.level))),
                    state=said.said("unit_written", f"fault_{each.state.value}"),
                ),
            )
            for each in broken
        ],
        "tickets": [
            line(each.events[0].at, f"{each.id} {said.said('ticket_state', desk.state(each).value)}")
            for each in of_unit
        ],
        "versions": [line(each.at, happened(each, said, zone)) for each in life if each.what in VERSIONS],
        "parts": [line(each.at, happened(each, said, zone)) for each in life if each.what in PARTS],
        "history": [line(each.at, written(each, said)) for each in events],
    }


def written(event: AssetEvent, said: Words) -> str:
    """What was written into the file, by whom, from where."""
    colon, comma = said.said("letter", "colon"), said.said("list", "and")
    fields = [name.removesuffix("_to") for name in event.data if name.endswith("_to")]
    changed = comma.join(
        f"{said.named('unit_field', name)} {_value(event.data.get(f'{name}_from', ''), said)} → "
        f"{_value(event.data[f'{name}_to'], said)}"
        for name in fields
    )
    what = said.said("unit_written", event.what.value, by=event.by)
    more = filter(None, (event.ticket, event.source, event.data.get("why", ""), event.data.get("on", "")))
    return comma.join((what, *more)) + (f"{colon}{changed}" if changed else "")


def _value(told: str, said: Words) -> str:
    return said.named("unit_written", told) if told == NOT_YET.value else told or "–"
