"""A ticket as it is known to have been: late entries in their place, and what was written wrongly put right.

The list of a ticket's events is never changed; a wrong entry is put right by a further one (`corrected`), and an entry
may be written later than what it tells of happened. State and clocks (tickets.py, clocks.py) are those of the list
that `effective` gives; pages and the service tracking card show the list as it was written.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from monitor.model import EventKind, Ticket, TicketEvent

SEQ, AT, VOID, REASON = "seq", "at", "void", "reason"
YES = "yes"
OWN = frozenset({SEQ, AT, VOID, REASON, "reason_zh_CN"})
"""Keys of a correction that speak of itself; every other key is a value of the entry that it puts right."""


def effective(ticket: Ticket) -> Ticket:
    """The ticket with corrections applied and events in the order in which they happened, numbered anew from 1.

    A ticket with nothing to put right is returned as it is.
    """
    events = ticket.events
    if not any(event.kind is EventKind.CORRECTED or event.written_at is not None for event in events):
        return ticket
    known: dict[int, TicketEvent] = {}
    for event in events:
        if event.kind is not EventKind.CORRECTED:
            known[event.seq] = event
        elif (wrong := known.get(int(event.data[SEQ]))) is not None:
            if event.data.get(VOID) == YES:
                del known[wrong.seq]
            else:
                known[wrong.seq] = _put_right(wrong, event.data)
    ordered = sorted(known.values(), key=lambda event: (event.at, event.seq))
    return replace(ticket, events=tuple(replace(event, seq=seq) for seq, event in enumerate(ordered, 1)))


def _put_right(wrong: TicketEvent, data: Mapping[str, str]) -> TicketEvent:
    said = {key: value for key, value in data.items() if key not in OWN}
    at = datetime.fromisoformat(data[AT]) if data.get(AT) else wrong.at
    return replace(wrong, at=at, data={key: value for key, value in {**wrong.data, **said}.items() if value})


def written_at(event: TicketEvent) -> datetime:
    """When the event was written down."""
    return event.written_at or event.at
