"""Everything that happened to a unit, as `netvigil asset show` and the documents tell it: dated lines of text."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.desk.assets import Asset
from alerts.locale import wall, words
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
                f"{said.what(each.component, each.key.aspect, each.condition)} (level {int(each.level)}, "
                f"{each.state.value})",
            )
            for each in broken
        ],
        "tickets": [
            line(each.events[0].at, f"{each.id} {said.said('ticket_state', desk.state(each).value)}")
            for each in of_unit
        ],
        "versions": [line(each.at, happened(each, said, zone)) for each in life if each.what in VERSIONS],
        "parts": [line(each.at, happened(each, said, zone)) for each in life if each.what in PARTS],
        "history": [line(each.at, written(each)) for each in events],
    }


def written(event: AssetEvent) -> str:
    """What was written into the file, by whom, from where."""
    fields = [name.removesuffix("_to") for name in event.data if name.endswith("_to")]
    changed = ", ".join(
        f"{name.replace('_', ' ')} {event.data.get(f'{name}_from') or '-'} -> {event.data[f'{name}_to'] or '-'}"
        for name in fields
    )
    why = event.data.get("why", "")
    return " ".join(
        filter(None, (event.what.value, event.ticket, f"by {event.by}", event.source and f"({event.source})", why))
    ) + (f": {changed}" if changed else "")
