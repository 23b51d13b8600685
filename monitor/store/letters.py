"""The outbox: letters wait here until the SMTP server has accepted them, or are visibly dead.

A letter is written in the transaction of the event that it tells of. Its Message-ID never changes, so that a letter
sent twice (the server accepted it, and we died before writing that down) is recognised as one by every mail program.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.sqlite import insert

from monitor.model import Letter
from monitor.store import tables
from monitor.store.documents import letter_document, letter_read

_letter = tables.letter


class LetterState(StrEnum):
    """Where a letter stands on its way out."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A letter with what became of it so far."""

    letter: Letter
    state: LetterState
    attempts: int
    next_try: datetime | None
    ended_at: datetime | None
    response: str


def queued(disk: Connection, letters: Iterable[Letter]) -> None:
    """Put `letters` into the outbox, due at once. One that is there already (same event and recipient) stays."""
    rows = [
        {
            "message_id": letter.message_id,
            "ticket": letter.ticket,
            "event": letter.event,
            "recipient": letter.recipient,
            "body": letter_document(letter),
            "created_at": letter.created_at,
            "next_try": letter.created_at,
            "state": LetterState.QUEUED.value,
        }
        for letter in letters
    ]
    if rows:
        disk.execute(insert(_letter).on_conflict_do_nothing(), rows)


def due(disk: Connection, now: datetime, most: int) -> tuple[Posted, ...]:
    """Letters whose next try has come, the longest waiting first."""
    question = (
        select(_letter)
        .where(_letter.c.state == LetterState.QUEUED.value, _letter.c.next_try <= now)
        .order_by(_letter.c.next_try, _letter.c.created_at)
        .limit(most)
    )
    return tuple(map(_read, disk.execute(question)))


def next_try(disk: Connection) -> datetime | None:
    """When the first of the letters that wait is to be tried; None where none waits."""
    question = select(func.min(_letter.c.next_try)).where(_letter.c.state == LetterState.QUEUED.value)
    moment: datetime | None = disk.execute(question).scalar_one()
    return moment


def ended(disk: Connection, message_id: str, state: LetterState, now: datetime, response: str) -> None:
    """Write down how a letter's way ended: accepted, refused or expired."""
    disk.execute(
        _letter.update()
        .where(_letter.c.message_id == message_id)
        .values(state=state.value, attempts=_letter.c.attempts + 1, ended_at=now, next_try=None, response=response)
    )


def put_off(disk: Connection, message_id: str, next_try: datetime, response: str) -> None:
    """Write down that a try failed, why, and when the next one is due."""
    disk.execute(
        _letter.update()
        .where(_letter.c.message_id == message_id)
        .values(attempts=_letter.c.attempts + 1, next_try=next_try, response=response)
    )


def all_letters(disk: Connection, ticket: str | None = None) -> tuple[Posted, ...]:
    """Every letter, oldest first; with `ticket`, those of this ticket."""
    question = select(_letter).order_by(_letter.c.created_at, _letter.c.message_id)
    if ticket is not None:
        question = question.where(_letter.c.ticket == ticket)
    return tuple(map(_read, disk.execute(question)))


def by_id(disk: Connection, message_id: str) -> Posted | None:
    """The letter with this Message-ID."""
    row = disk.execute(select(_letter).where(_letter.c.message_id == message_id)).first()
    return None if row is None else _read(row)


def counted(disk: Connection) -> dict[str, int]:
    """How many letters stand in each state."""
    rows = disk.execute(select(_letter.c.state, func.count()).group_by(_letter.c.state))
    return dict(rows.all())


def oldest_undelivered(disk: Connection) -> dict[str, datetime]:
    """Of each state but accepted, when its oldest letter was written."""
    rows = disk.execute(
        select(_letter.c.state, func.min(_letter.c.created_at))
        .where(_letter.c.state != LetterState.ACCEPTED.value)
        .group_by(_letter.c.state)
    )
    return dict(rows.all())


def _read(row: Row[str]) -> Posted:
    return Posted(
        letter=letter_read(row.body),
        state=LetterState(row.state),
        attempts=row.attempts,
        next_try=row.next_try,
        ended_at=row.ended_at,
        response=row.response,
    )
