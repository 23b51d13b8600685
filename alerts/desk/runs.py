"""When a clock of a ticket ran, and what ended it, read off the ticket's events; clocks.py makes the clocks of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.desk.terms import ClockName
from alerts.desk.tickets import ENDS, NOT_NEEDED, WELL, is_relapse, last, since_relapse
from monitor.model import EventKind, TicketEvent

_GOES = frozenset({EventKind.DISPATCHED, EventKind.TAKEN, EventKind.DEPARTED, EventKind.ARRIVED})
"""Somebody goes there."""
_KEPT_BY: Mapping[ClockName, frozenset[EventKind]] = {
    # Whoever is sent, arrives, restores or closes has taken the fault up, even if nobody wrote "responded".
    ClockName.RESPOND: _GOES
    | {EventKind.RESPONDED, EventKind.ANSWERED, EventKind.WORKAROUND, EventKind.LOANER, EventKind.RESTORED}
    | ENDS,
    ClockName.ANSWER: frozenset({EventKind.ANSWERED}) | ENDS,
    ClockName.HAND_UP: frozenset({EventKind.HANDED_UP}) | ENDS,
    ClockName.RESTORE: frozenset(ENDS),
    ClockName.ON_SITE: frozenset({EventKind.ARRIVED}) | ENDS,
    ClockName.REPAIR: frozenset({EventKind.LOANER}) | ENDS,
    ClockName.SPARE: frozenset({EventKind.LOANER, EventKind.SPARE_USED}) | ENDS,
    ClockName.VENDOR_REPORT: frozenset({EventKind.REPORTED_TO_VENDOR}),
    ClockName.VENDOR_UPDATE: frozenset(),
    ClockName.CALL_BACK: frozenset({EventKind.CALLED_BACK}) | ENDS,
}
"""What meets a clock for good."""

WHILE_BROKEN = frozenset({ClockName.HAND_UP, ClockName.RESTORE, ClockName.ON_SITE, ClockName.REPAIR, ClockName.SPARE})
"""Clocks of what is unsolved (4.9): recovery meets them, a relapse lets them run on."""
_ON_CALL = frozenset({ClockName.REPAIR, ClockName.SPARE})
"""Clocks of which nobody asks before somebody has said that a person, or a unit, is needed there."""


@dataclass(frozen=True, slots=True)
class Run:
    """When a clock ran: from each start to each stop; the last stop is the moment asked for."""

    stretches: tuple[tuple[datetime, datetime], ...]
    until: datetime

    def reached(self, length: timedelta) -> datetime:
        """When it has run for `length`; if not yet, when it will have, running on from `until`.

        Stopped at that very moment, it has not: it may still be kept then, so it may when it runs on.
        """
        rest = length
        for start, stop in self.stretches:
            if stop - start > rest:
                return start + rest
            rest -= stop - start
        return self.until + rest


def met_by(events: tuple[TicketEvent, ...], name: ClockName) -> TicketEvent | None:
    """The event that met the clock: the first for good, or a recovery that still holds."""
    within = since_relapse(events) if name is ClockName.CALL_BACK else events
    candidates = [event for event in within if event.kind in _KEPT_BY[name]][:1]
    if name in WHILE_BROKEN:
        relapse = max((event.seq for event in events if is_relapse(event)), default=0)
        candidates += [event for event in events if event.kind in WELL and event.seq > relapse][:1]
    return min(candidates, key=lambda event: event.seq, default=None)


def began(events: tuple[TicketEvent, ...], name: ClockName) -> datetime | None:
    """From when the clock counts: the report for most, None where nobody asks for it yet.

    A call-back is owed from when the customer has it back (2.11), news of the vendor from when the next was promised.
    """
    if name is ClockName.CALL_BACK:
        well = [event.at for event in since_relapse(events) if event.kind in WELL]
        return min(well, default=None)
    if name is ClockName.VENDOR_UPDATE:
        promised = next_news(events)
        return promised.at if promised else None
    if name in _ON_CALL and not any(_asks(event, name) for event in events):
        return None
    return events[0].at


def next_news(events: tuple[TicketEvent, ...]) -> TicketEvent | None:
    """The last word about the vendor's case, where it promised another one (`next_due`)."""
    word = last(events, EventKind.REPORTED_TO_VENDOR, EventKind.VENDOR_UPDATED, EventKind.VENDOR_CLOSED)
    return word if word and word.kind is not EventKind.VENDOR_CLOSED and word.data.get("next_due") else None


def dropped_by(events: tuple[TicketEvent, ...], name: ClockName) -> TicketEvent | None:
    """The event by which a promise is no longer asked for; it does not undo what was missed before."""
    if name in {ClockName.VENDOR_REPORT, ClockName.VENDOR_UPDATE}:
        return next((event for event in events if event.kind in ENDS), None)
    if name not in {ClockName.ON_SITE, *_ON_CALL}:
        return None
    dropped: TicketEvent | None = None
    for event in events:
        if _asks(event, name):
            dropped = None
        elif _need(event, name) == NOT_NEEDED:
            dropped = dropped or event
    return dropped


def _asks(event: TicketEvent, name: ClockName) -> bool:
    """True for an event that says that a person (or for the clock of spare units, a unit) is needed there."""
    goes = event.kind in _GOES and name is not ClockName.SPARE
    return goes or _need(event, name) not in {"", NOT_NEEDED}


def _need(event: TicketEvent, name: ClockName) -> str:
    key = "spare_unit" if name is ClockName.SPARE else "on_site"
    return "" if event.kind is EventKind.COMMENT else event.data.get(key, "")


def run(
    events: tuple[TicketEvent, ...], name: ClockName, started: datetime, until: datetime, *, pauses: bool
) -> tuple[Run, bool]:
    """When the clock ran until `until`, and whether it is stopped then; `pauses` says whether a pause stops it."""
    stretches: list[tuple[datetime, datetime]] = []
    stops: set[str] = set()
    since = started
    for event in events:
        if event.at > until:
            break
        if not stops:
            stretches.append((since, max(event.at, started)))
        match event.kind:
            case EventKind.PAUSED if pauses:
                stops.add("pause")
            case EventKind.RESUMED:
                stops.discard("pause")
            case EventKind.RECOVERED | EventKind.RESTORED if name in WHILE_BROKEN:
                stops.add("well")
            case _ if is_relapse(event):
                stops.discard("well")
            case _:
                pass
        since = max(event.at, started)
    if not stops:
        stretches.append((since, until))
    return Run(tuple(stretches), until), bool(stops)
