"""What the beginning and the end of maintenance windows ask for; derived from what is stored, so it is done once.

At the beginning the tickets that are covered are paused, so that the clocks that may pause stand still (contract). At
the end they go on, from the moment at which the window ended, and every fault that is still open and of which nobody
was told speaks up: its ticket opens, or says that it is back. Called by the duties when the windows that are on have
changed, after a start, and now and then.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.desk.recurring import LONGEST
from alerts.desk.tickets import TicketState
from alerts.desk.windows import Coverage, Covered
from monitor import maintenance, ticketing
from monitor.config import Settings
from monitor.model import EventKind, Ticket, TicketEvent
from monitor.store import faults, tickets

MOST = 100  # faults or tickets in one transaction: a visit that wants to be written down waits no longer than for these
_WINDOW = "window"
_AWAY = timedelta(days=31)  # a daemon that was stopped for longer lets clocks run on from now


def spoken_up(disk: Connection, settings: Settings, now: datetime) -> bool:
    """Call for faults that nobody was told of and no window covers. True where there are more of them."""
    known = maintenance.coverage(disk, settings, now)
    due = [each for each in faults.untold(disk) if known.place(each.key) is not None and known.of(each.key) is None]
    for fault in due[:MOST]:
        ticketing.opened(disk, fault, settings, now)
    return len(due) > MOST


def settled(disk: Connection, settings: Settings, now: datetime) -> bool:
    """Pause the tickets that a window covers, and let those go on that none covers any more. True where there are more.

    A ticket is paused once for each occurrence of a window: where a person lets it go on, it does.
    """
    known = maintenance.coverage(disk, settings, now, back=_AWAY + LONGEST)
    due = list(_due(tickets.unclosed(disk), known))
    for ticket, covered in due[:MOST]:
        if covered is not None:
            data = {
                _WINDOW: covered.id,
                "reason": covered.window.reason,
                "until": covered.span.ends.isoformat(),
            }
            ticketing.acted(disk, ticket.id, EventKind.PAUSED, ticketing.ITSELF, data, settings, now, is_quiet=True)
            continue
        paused = _paused(ticket)
        ended = max(known.over_since(ticket.fault) or now, paused.at if paused else now)
        data = {"reason": "the maintenance window is over", "reason_zh_CN": "维护窗口已结束"}
        ticketing.acted(
            disk,
            ticket.id,
            EventKind.RESUMED,
            ticketing.ITSELF,
            data,
            settings,
            now,
            at=ended,
            is_quiet=_is_well(ticket),
        )
    return len(due) > MOST


def _due(unclosed: Iterable[Ticket], known: Coverage) -> Iterable[tuple[Ticket, Covered | None]]:
    """The tickets that must be paused, with what covers them, and those that must go on."""
    for ticket in unclosed:
        covered, paused = known.of(ticket.fault), _paused(ticket)
        if covered is None:
            if paused is not None and _WINDOW in paused.data:
                yield ticket, None
        elif paused is None and not _is_well(ticket) and covered.id not in _windows(ticket):
            yield ticket, covered


def _paused(ticket: Ticket) -> TicketEvent | None:
    """The event by which the ticket is paused, if it is."""
    events = desk.since_report(ticket)
    if not desk.is_paused(events):
        return None
    return next(event for event in reversed(events) if event.kind is EventKind.PAUSED)


def _is_well(ticket: Ticket) -> bool:
    return desk.state(ticket) in {TicketState.RECOVERED, TicketState.RESTORED}


def _windows(ticket: Ticket) -> set[str]:
    return {event.data.get(_WINDOW, "") for event in ticket.events if event.kind is EventKind.PAUSED}
