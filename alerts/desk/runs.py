"""When a clock of a ticket ran, and what ended it, read off the ticket's events; clocks.py makes the clocks of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.desk.terms import ClockName
from alerts.desk.tickets import NOT_NEEDED, WELL
from monitor.model import EventKind, TicketEvent

_KEPT_BY: Mapping[ClockName, frozenset[EventKind]] = {
    # Whoever is sent, arrives, restores or closes has taken the fault up, even if nobody wrote "responded".
    ClockName.RESPOND: frozenset(
        {EventKind.RESPONDED, EventKind.DISPATCHED, EventKind.ARRIVED, EventKind.RESTORED, EventKind.CLOSED}
    ),
    ClockName.HAND_UP: frozenset({EventKind.HANDED_UP, EventKind.CLOSED}),
    ClockName.RESTORE: frozenset({EventKind.CLOSED}),
    ClockName.ON_SITE: frozenset({EventKind.ARRIVED, EventKind.CLOSED}),
    ClockName.VENDOR_REPORT: frozenset({EventKind.REPORTED_TO_VENDOR}),
}
"""What meets a clock for good."""

_WHILE_BROKEN = frozenset({ClockName.HAND_UP, ClockName.RESTORE, ClockName.ON_SITE})
"""Clocks of what is unsolved (4.9): recovery meets them, a relapse lets them run on."""


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
    candidates = [event for event in events if event.kind in _KEPT_BY[name]][:1]
    if name in _WHILE_BROKEN:
        relapse = max((event.seq for event in events if event.kind is EventKind.RELAPSED), default=0)
        candidates += [event for event in events if event.kind in WELL and event.seq > relapse][:1]
    return min(candidates, key=lambda event: event.seq, default=None)


def dropped_by(events: tuple[TicketEvent, ...], name: ClockName) -> TicketEvent | None:
    """The event by which a promise is no longer asked for; it does not undo what was missed before."""
    if name is ClockName.VENDOR_REPORT:
        return next((event for event in events if event.kind is EventKind.CLOSED), None)
    if name is not ClockName.ON_SITE:
        return None
    dropped: TicketEvent | None = None
    for event in events:
        if event.kind in {EventKind.DISPATCHED, EventKind.ARRIVED} or _need(event) not in {"", NOT_NEEDED}:
            dropped = None
        elif _need(event) == NOT_NEEDED:
            dropped = dropped or event
    return dropped


def _need(event: TicketEvent) -> str:
    return "" if event.kind is EventKind.COMMENT else event.data.get("on_site", "")


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
            case EventKind.RECOVERED | EventKind.RESTORED if name in _WHILE_BROKEN:
                stops.add("well")
            case EventKind.RELAPSED:
                stops.discard("well")
            case _:
                pass
        since = max(event.at, started)
    if not stops:
        stretches.append((since, until))
    return Run(tuple(stretches), until), bool(stops)
