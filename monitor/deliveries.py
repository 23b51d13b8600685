"""What became of each letter of a ticket: queued, taken by the server with its words, come back, acknowledged by whom.

The one view for the command line and the pages; everything in it was written down when it happened.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from alerts.post.channels import way
from monitor.acknowledging import who
from monitor.config import Settings
from monitor.model import EventKind, Ticket, TicketEvent
from monitor.store import letters
from monitor.store.letters import LetterState

_ANSWERS = {
    EventKind.ACKNOWLEDGED, EventKind.RESPONDED, EventKind.ANSWERED, EventKind.TAKEN, EventKind.DEPARTED,
    EventKind.ARRIVED,
}  # fmt: skip
"""What somebody writes who has read a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One letter. `server` is what the other side said, `event` 0 for a reminder, `within` the id of a digest."""

    message_id: str
    way: str
    to: str
    who: str
    event: int
    is_reminder: bool
    state: LetterState
    queued_at: datetime
    tries: int
    next_try: datetime | None
    ended_at: datetime | None
    server: str
    within: str
    acknowledged_by: str
    acknowledged_at: datetime | None
    acknowledged_via: str


def deliveries(disk: Connection, ticket: Ticket, settings: Settings) -> tuple[Delivery, ...]:
    """The letters of the ticket, oldest first. Of one that went within a digest, what became of that."""
    found = []
    for each in letters.all_letters(disk, ticket.id):
        went = (letters.by_id(disk, each.digest) if each.digest else None) or each
        reader = who(each.letter.recipient, settings)
        answer = _answer(ticket, reader, each.letter.created_at, settings)
        found.append(
            Delivery(
                message_id=each.letter.message_id,
                way=way(each.letter.recipient),
                to=each.letter.recipient,
                who=reader if reader != each.letter.recipient else "",
                event=max(each.letter.event, 0),
                is_reminder=each.letter.event < 0,
                state=went.state,
                queued_at=each.letter.created_at,
                tries=went.attempts,
                next_try=went.next_try,
                ended_at=went.ended_at,
                server=went.response,
                within=each.digest,
                acknowledged_by=answer.by if answer else "",
                acknowledged_at=answer.at if answer else None,
                acknowledged_via=(answer.data.get("via", "") or answer.kind.value) if answer else "",
            )
        )
    return tuple(found)


def _answer(ticket: Ticket, reader: str, since: datetime, settings: Settings) -> TicketEvent | None:
    """The first thing that the reader wrote into the ticket after the letter, of what says that they have read it."""
    person = settings.people.persons.get(reader)
    names = {reader, person.title.en, person.title.zh_CN} if person else {reader}
    return next(
        (each for each in ticket.events if each.kind in _ANSWERS and each.by in names and each.at >= since), None
    )
