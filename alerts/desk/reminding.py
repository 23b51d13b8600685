"""When a ticket that nobody answers is called out again: read off its events, so that a restart changes nothing.

A call is what somebody has to act upon. Until somebody has answered, it is repeated in even steps; an acknowledgement
holds reminders for as long as the level says, a new call ends that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.desk.tickets import is_ended, is_paused, is_well, level, since_relapse, since_report
from monitor.model import EventKind, Level, Ticket, TicketEvent

CALLS = {EventKind.OPENED, EventKind.RELAPSED, EventKind.LEVEL_CHANGED, EventKind.HANDED_UP}
_ANSWERS = {
    EventKind.RESPONDED,
    EventKind.ANSWERED,
    EventKind.DISPATCHED,
    EventKind.TAKEN,
    EventKind.DEPARTED,
    EventKind.ARRIVED,
    EventKind.WORKAROUND,
    EventKind.LOANER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """By level, how often it is reminded (never where it is not named), and how long an acknowledgement holds that."""

    every: Mapping[Level, timedelta] = field(default_factory=dict)
    holds: Mapping[Level, timedelta] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """The reminder number `count` of `call`, due at `at`."""

    call: TicketEvent
    count: int
    at: datetime


def latest(ticket: Ticket, rules: Reminders, now: datetime) -> Reminder | None:
    """The last reminder that was due by now; those before it, which a stop may have lost, are not made up for."""
    steps = _steps(ticket, rules)
    if steps is None:
        return None
    call, every, held = steps
    count = (now - call.at) // every
    at = call.at + every * count
    return Reminder(call=call, count=count, at=at) if count > 0 and (held is None or at >= held) else None


def next_at(ticket: Ticket, rules: Reminders, now: datetime) -> datetime | None:
    """When the next reminder is due if nothing happens; None where none will be."""
    steps = _steps(ticket, rules)
    if steps is None:
        return None
    call, every, held = steps
    after = max(now, call.at)
    following = call.at + every * ((after - call.at) // every + 1)
    if held is not None and following < held:
        following = call.at + every * -((call.at - held) // every)
    return following


def _steps(ticket: Ticket, rules: Reminders) -> tuple[TicketEvent, timedelta, datetime | None] | None:
    """The call that nobody has answered, how often it is repeated, and until when not."""
    every = rules.every.get(level(ticket), timedelta(0))
    if not every or is_ended(ticket) or is_well(ticket):
        return None
    events = since_report(ticket)
    if is_paused(events) or any(event.kind in _ANSWERS for event in since_relapse(events)):
        return None
    call = next(event for event in reversed(events) if event.kind in CALLS or event is events[0])
    acknowledged = [each.at for each in events if each.kind is EventKind.ACKNOWLEDGED and each.seq > call.seq]
    held = max(acknowledged) + rules.holds.get(level(ticket), timedelta(0)) if acknowledged else None
    return call, every, held
