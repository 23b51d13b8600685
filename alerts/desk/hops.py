"""The way of one fault in time: each hop from its cause to whoever answered, computed from what is stored, never kept.

The fault knows when a trap or log line told of it, when it was first seen, confirmed and over; its ticket knows when
it was opened and who responded; its letters know when they were queued and when the mail server took them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model import EventKind, Fault, Ticket, TicketEvent

CALLS = frozenset({EventKind.OPENED, EventKind.RELAPSED})
"""What a ticket says when a fault is new to it."""
AT_ONCE = timedelta(seconds=1)
"""A call later than this after the fault opened was held back on purpose: a maintenance window covered it."""


class Stop(StrEnum):
    """Where a fault has come to."""

    TOLD = "told"
    FIRST_SEEN = "first_seen"
    CONFIRMED = "confirmed"
    TICKET = "ticket"
    QUEUED = "letter_queued"
    ACCEPTED = "letter_accepted"
    UNDELIVERED = "letter_undelivered"
    RESPONDED = "responded"
    CLEARED = "cleared"


_ORDER = {stop: place for place, stop in enumerate(Stop)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One stop and its moment. `what` is the ticket, the recipient of the letter, or who responded; else ""."""

    stop: Stop
    at: datetime
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """One letter about an event of a ticket, and what became of it; for one that left in a digest, of the digest.

    `ended_at` is None while it waits; `is_accepted` says whether it ended with a mail server that took it.
    """

    event: int
    recipient: str
    queued_at: datetime
    ended_at: datetime | None
    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hops:
    """All hops of one fault so far, in the order of their moments."""

    all: tuple[Hop, ...]

    def first(self, stop: Stop) -> datetime | None:
        """When the fault first came there; None where it has not."""
        return next((hop.at for hop in self.all if hop.stop is stop), None)


def hops(fault: Fault, ticket: Ticket | None, letters: Iterable[Mailed]) -> Hops:
    """The hops of `fault`; `ticket` is the one about it, and `letters` are those of that ticket."""
    found = [*_own(fault)]
    call = None if ticket is None else called(fault, ticket)
    if ticket is not None and call is not None:
        found.append(Hop(stop=Stop.TICKET, at=call.at, what=ticket.id))
        for letter in letters:
            if letter.event == call.seq:
                found += _of_letter(letter)
        found += [
            Hop(stop=Stop.RESPONDED, at=answer.at, what=answer.by) for one, answer in answers(ticket) if one is call
        ]
    return Hops(all=tuple(sorted(found, key=lambda hop: (hop.at, _ORDER[hop.stop], hop.what))))


def called(fault: Fault, ticket: Ticket) -> TicketEvent | None:
    """The event of `ticket` that called people to this `fault`; None where nobody was called for it."""
    if fault.opened_at is None:
        return None
    for event in ticket.events:
        is_in_time = event.at >= fault.opened_at and (fault.cleared_at is None or event.at <= fault.cleared_at)
        if event.kind in CALLS and is_in_time:
            return event
    return None


def answers(ticket: Ticket) -> Iterator[tuple[TicketEvent, TicketEvent]]:
    """Each call of `ticket` with the first answer to it, where it was answered before the next call."""
    call: TicketEvent | None = None
    for event in ticket.events:
        if event.kind in CALLS:
            call = event
        elif event.kind is EventKind.RESPONDED and call is not None:
            yield call, event
            call = None


def began(fault: Fault) -> tuple[datetime, bool]:
    """Since when people could have known of `fault`, and whether a trap or log line told of it.

    Where it was a symptom until its cause was gone, or looked well in between, that is when it turned bad on its own.
    """
    turned = fault.opened_at is not None and fault.first_seen < fault.changed_at <= fault.opened_at
    if turned or fault.told_at is None:
        return fault.changed_at if turned else fault.first_seen, False
    return fault.told_at, True


def _own(fault: Fault) -> Iterator[Hop]:
    if fault.told_at is not None:
        yield Hop(stop=Stop.TOLD, at=fault.told_at)
    yield Hop(stop=Stop.FIRST_SEEN, at=fault.first_seen)
    if fault.opened_at is not None:
        yield Hop(stop=Stop.CONFIRMED, at=fault.opened_at)
    if fault.cleared_at is not None:
        yield Hop(stop=Stop.CLEARED, at=fault.cleared_at)


def _of_letter(letter: Mailed) -> Iterator[Hop]:
    yield Hop(stop=Stop.QUEUED, at=letter.queued_at, what=letter.recipient)
    if letter.ended_at is not None:
        stop = Stop.ACCEPTED if letter.is_accepted else Stop.UNDELIVERED
        yield Hop(stop=stop, at=letter.ended_at, what=letter.recipient)
