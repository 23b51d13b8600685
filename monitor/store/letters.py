"""The outbox: letters wait here until the SMTP server has accepted them, or are visibly dead.

A letter is written in the transaction of the event that it tells of. Its Message-ID never changes, so that a letter
sent twice (the server accepted it, and we died before writing that down) is recognised as one by every mail program.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.sqlite import insert

from alerts.desk import hops
from alerts.desk.hops import Mailed
from alerts.post.channels import MAIL, way
from alerts.post.digest import CALLS, Waiting
from monitor.model import EventKind, Fault, Letter, Level
from monitor.store import tables
from monitor.store.documents import fault_read, letter_document, letter_read
from monitor.store.enclosures import MOST, TooMuchEnclosedError

_letter = tables.letter
_MANY = 1000
_OLDEST = timedelta(days=7)  # no letter waits so long for its digest


class LetterState(StrEnum):
    """Where a letter stands on its way out."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    BOUNCED = "bounced"
    """It was accepted, and came back later: a delivery status notification said that it reached nobody."""
    DIGESTED = "digested"
    """It left within a digest, and its fate is that of the digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A letter with what became of it so far; `digest` is the Message-ID of the one within which it went."""

    letter: Letter
    state: LetterState
    attempts: int
    next_try: datetime | None
    ended_at: datetime | None
    response: str
    digest: str = ""


# Said in words, not as values that are bound: else SQLite does not see that the indexes of these letters will do.
_QUEUED = _letter.c.state == literal_column(f"'{LetterState.QUEUED.value}'")
_ACCEPTED = _letter.c.state == literal_column(f"'{LetterState.ACCEPTED.value}'")
_NEW = insert(_letter).on_conflict_do_nothing()
_ROOTS = (
    select(_letter.c.recipient, _letter.c.message_id)
    .where(_letter.c.ticket == bindparam("ticket"), _letter.c.event > 0)
    .order_by(_letter.c.event)
)

_WRITTEN = (
    select(_letter.c.created_at)
    .where(_letter.c.recipient == bindparam("to"), _letter.c.created_at > bindparam("since"))
    .limit(1)
    .offset(bindparam("but"))
)


def queued(disk: Connection, letters: Iterable[Letter], held: Mapping[str, datetime] | None = None) -> None:
    """Put `letters` into the outbox, due at once, or at the moment for which `held` has their address.

    One that is there already (same event and recipient) stays. Raises TooMuchEnclosedError.
    """
    letters = tuple(letters)
    for letter in letters:
        if _enclosed(letter) > MOST:
            raise TooMuchEnclosedError(f"{_enclosed(letter)} octets are to go with a letter; it takes {MOST} at most")
    rows = [
        {
            "message_id": letter.message_id,
            "ticket": letter.ticket,
            "event": letter.event,
            "recipient": letter.recipient,
            "body": letter_document(letter),
            "created_at": letter.created_at,
            "next_try": (held or {}).get(letter.recipient, letter.created_at),
            "state": LetterState.QUEUED.value,
            "level": letter.level,
            "site": letter.site,
            "what": letter.what.value if letter.what else "",
            "enclosed": _enclosed(letter),
        }
        for letter in letters
    ]
    if rows:
        disk.execute(_NEW, rows)


def due(
    disk: Connection,
    now: datetime,
    most: int,
    by: str | None = None,
    *,
    held: Collection[str] = (),
    released: Collection[str] = (),
) -> tuple[Posted, ...]:
    """Letters whose next try has come: the gravest, then the longest waiting first; with `by`, of this way.

    Mail with files is left out, it goes by itself (`parcel_due`). To the recipients in `held` only digests and what is
    `released` (Message-IDs).
    """
    may_go = (_letter.c.ticket == "") | _letter.c.recipient.not_in(tuple(held))
    order = (func.coalesce(_letter.c.level, 0), _letter.c.next_try, _letter.c.created_at)
    first = (
        select(_letter.c.message_id)
        .where(_QUEUED, _is_due(now))
        .where((_letter.c.enclosed == 0) | ~_leaves_by(MAIL))
        .where(may_go | _letter.c.message_id.in_(tuple(released)))
        .where(*([] if by is None else [_leaves_by(by)]))
        .order_by(*order)
        .limit(most)
    )
    return tuple(map(_read, _whole(disk, first, *order)))


def parcel_due(disk: Connection, now: datetime) -> Posted | None:
    """The letter with files that has waited longest for its try, of those whose next try has come."""
    first = (
        select(_letter.c.message_id)
        .where(_QUEUED, _is_due(now), _letter.c.enclosed > 0, _leaves_by(MAIL))
        .order_by(_letter.c.next_try, _letter.c.created_at)
        .limit(1)
    )
    return next(map(_read, _whole(disk, first)), None)


def _whole(disk: Connection, names: Select[tuple[str]], *order: ColumnElement[Any]) -> Sequence[Row[Any]]:
    """The letters of these Message-IDs; the bodies are read of no others."""
    found = tuple(disk.execute(names).scalars())
    return disk.execute(select(_letter).where(_letter.c.message_id.in_(found)).order_by(*order)).all() if found else ()


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Its next try has come; or it was written by a clock that was set back since, and would wait for that moment."""
    return (_letter.c.next_try <= now) | (_letter.c.created_at > now)


def free_event(disk: Connection) -> int:
    """An event that no letter without a ticket (ticket "") has yet; digests have those above 0."""
    least = disk.execute(select(func.min(_letter.c.event)).where(_letter.c.ticket == "")).scalar()
    return min(least or 0, 0) - 1


def completed(disk: Connection, letter: Letter, now: datetime) -> bool:
    """Put `letter` in place of the one with its Message-ID, and let it go; False where that was tried already."""
    done = disk.execute(
        _letter.update()
        .where(_letter.c.message_id == letter.message_id, _letter.c.attempts == 0)
        .where(_letter.c.state == LetterState.QUEUED.value)
        .values(body=letter_document(letter), enclosed=_enclosed(letter), next_try=now)
    )
    return done.rowcount > 0


def crowded(disk: Connection, addresses: Iterable[str], most: int, since: datetime) -> frozenset[str]:
    """Those of `addresses` to whom `most` letters or more were written since then, whatever became of them."""
    values = {"since": since, "but": max(0, most - 1)}
    return frozenset(each for each in addresses if disk.execute(_WRITTEN, {"to": each, **values}).first())


def written_out(disk: Connection, letter: Letter) -> None:
    """Keep `letter` with its text, which it goes by from now on, in place of its subject alone."""
    disk.execute(_letter.update().where(_letter.c.message_id == letter.message_id).values(body=letter_document(letter)))


def _enclosed(letter: Letter) -> int:
    return sum(each.size for each in letter.enclosures)


def roots(disk: Connection, ticket: str) -> dict[str, str]:
    """By address in small letters, the Message-ID of the first letter of `ticket` that was written to it."""
    found: dict[str, str] = {}
    for row in disk.execute(_ROOTS, {"ticket": ticket}):
        found.setdefault(row.recipient.casefold(), row.message_id)
    return found


def _leaves_by(name: str) -> ColumnElement[bool]:
    """Letters that leave by mail or by the channel of this name: alerts/post/channels.py says how addresses look."""
    address = _letter.c.recipient
    if name == MAIL:
        return func.instr(address, "@") > 0
    return (address == name) | (func.substr(address, 1, len(name) + 1) == f"{name}/")


def astray(disk: Connection, ways: Collection[str], now: datetime) -> int:
    """Put aside, visibly, the letters that wait for a way that there is no more. How many."""
    question = select(_letter.c.message_id, _letter.c.recipient).where(_QUEUED)
    lost = [row.message_id for row in disk.execute(question) if way(row.recipient) not in ways]
    for message_id in lost:
        ended(disk, message_id, LetterState.EXPIRED, now, "there is no channel of this name any more")
    return len(lost)


def next_try(disk: Connection, now: datetime, by: str | None = None) -> datetime | None:
    """When the first of the letters that wait is to be tried (of those that leave by `by`); None where none waits."""
    mine = _QUEUED if by is None else _QUEUED & _leaves_by(by)
    if disk.execute(select(_letter.c.message_id).where(mine, _letter.c.created_at > now).limit(1)).first():
        return now  # as `_is_due` has it
    question = select(func.min(_letter.c.next_try)).where(mine)
    moment: datetime | None = disk.execute(question).scalar_one()
    return moment


def is_written(disk: Connection, ticket: str, event: int) -> bool:
    """True where there is a letter about this event (or reminder) of the ticket, whatever became of it."""
    question = select(_letter.c.message_id).where(_letter.c.ticket == ticket, _letter.c.event == event).limit(1)
    return disk.execute(question).first() is not None


def waiting(disk: Connection, now: datetime) -> dict[str, list[Waiting]]:
    """By recipient, the letters about tickets that are queued, oldest first; none that quiet hours hold back."""
    columns = _letter.c
    rows = disk.execute(
        select(
            columns.recipient, columns.message_id, columns.ticket, columns.event,
            columns.level, columns.site, columns.what, columns.created_at,
        )
        .where(_QUEUED, columns.ticket != "")
        .where((columns.attempts > 0) | _is_due(now))
    )  # fmt: skip
    found: dict[str, list[Waiting]] = {}
    # Put in order here: where SQLite is asked to, it goes by the index of their moments and reads over every body.
    for row in sorted(rows, key=lambda row: (row.created_at, row.ticket, row.event)):
        found.setdefault(row.recipient, []).append(
            Waiting(
                message_id=row.message_id,
                ticket=row.ticket,
                event=row.event,
                level=Level(row.level) if row.level else None,
                site=row.site,
                what=EventKind(row.what) if row.what else None,
                created_at=row.created_at,
            )
        )
    return found


def written(disk: Connection, recipient: str, since: datetime) -> list[datetime]:
    """When letters about tickets were written to `recipient` since then, whatever became of them; oldest first."""
    rows = disk.execute(
        select(_letter.c.created_at)
        .where(_letter.c.recipient == recipient, _letter.c.created_at > since, _letter.c.ticket != "")
        .order_by(_letter.c.created_at)
    )
    return list(rows.scalars())


def last_mail(disk: Connection, recipient: str, *, grave: bool = False) -> datetime | None:
    """When a mail server last took a letter to `recipient`; with `grave`, one that calls to a fault of level 1."""
    question = select(_letter.c.ended_at).where(_letter.c.recipient == recipient, _ACCEPTED)
    if grave:
        calls = _letter.c.what.in_([kind.value for kind in CALLS]) | (_letter.c.ticket == "")
        question = question.where(_letter.c.level == int(Level.CRITICAL), calls)
    found: datetime | None = disk.execute(question.order_by(_letter.c.ended_at.desc()).limit(1)).scalar()
    return found


def digests(disk: Connection, recipient: str) -> tuple[int, bool]:
    """How many digests were written to `recipient`, and whether one of them is still on its way."""
    rows = disk.execute(
        select(_letter.c.state, func.count())
        .where(_letter.c.recipient == recipient, _letter.c.ticket == "", _letter.c.event > 0)
        .group_by(_letter.c.state)
    )
    counts: dict[str, int] = dict(rows.all())
    return sum(counts.values()), LetterState.QUEUED.value in counts


def subjects(disk: Connection, message_ids: Iterable[str]) -> dict[str, str]:
    """The subject of each of these letters."""
    subject = func.json_extract(_letter.c.body, "$.subject")
    rows = disk.execute(select(_letter.c.message_id, subject).where(_letter.c.message_id.in_(tuple(message_ids))))
    return dict(rows.all())


def digested(disk: Connection, digest: Letter, within: Sequence[str], now: datetime) -> None:
    """Put `digest` into the outbox, and write down that the letters `within` go with it and no more by themselves."""
    queued(disk, [digest])
    # SQLite takes 32,766 values in one statement at most (SQLITE_MAX_VARIABLE_NUMBER)
    for begin in range(0, len(within), _MANY):
        disk.execute(
            _letter.update()
            .where(_letter.c.message_id.in_(tuple(within[begin : begin + _MANY])))
            .where(_letter.c.state == LetterState.QUEUED.value)
            .values(state=LetterState.DIGESTED.value, digest=digest.message_id, ended_at=now, next_try=None)
        )


def ended(disk: Connection, message_id: str, state: LetterState, now: datetime, response: str) -> None:
    """Write down how a letter's way ended: accepted, refused or expired."""
    disk.execute(
        _letter.update()
        .where(_letter.c.message_id == message_id)
        .values(state=state.value, attempts=_letter.c.attempts + 1, ended_at=now, next_try=None, response=response)
    )


def recalled(disk: Connection, message_id: str, now: datetime, response: str) -> int:
    """Write down that a letter was accepted which is still queued here: 1 where it was."""
    return disk.execute(
        _letter.update()
        .where(_letter.c.message_id == message_id, _QUEUED)
        .values(
            state=LetterState.ACCEPTED.value,
            attempts=_letter.c.attempts + 1,
            ended_at=now,
            next_try=None,
            response=response,
        )
    ).rowcount


def bounced(disk: Connection, message_id: str, words: str, now: datetime) -> bool:
    """Write down that a letter, which a server had accepted, reached nobody. False where there is no such letter."""
    # What the server said when it took it is half of the proof.
    before = by_id(disk, message_id)
    at = before.ended_at.isoformat(timespec="seconds") if before and before.ended_at else ""
    taken = f" (taken at {at}: {before.response})" if before else ""
    done = disk.execute(
        _letter.update()
        .where(_letter.c.message_id == message_id, _letter.c.state == LetterState.ACCEPTED.value)
        .values(state=LetterState.BOUNCED.value, ended_at=now, response=words + taken)
    )
    return done.rowcount > 0


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


def mailed(disk: Connection, ticket: str) -> tuple[Mailed, ...]:
    """The letters of `ticket`, oldest first, with what became of them; for one within a digest, of the digest."""
    digest = _letter.alias("digest")
    rows = disk.execute(
        select(
            _letter.c.event, _letter.c.recipient, _letter.c.created_at,
            func.coalesce(digest.c.state, _letter.c.state).label("state"),
            _letter.c.ended_at, digest.c.message_id.label("within"), digest.c.ended_at.label("digest_ended_at"),
        )
        .select_from(_letter.outerjoin(digest, _letter.c.digest == digest.c.message_id))
        .where(_letter.c.ticket == ticket)
        .order_by(_letter.c.created_at, _letter.c.message_id)
    )  # fmt: skip
    return tuple(
        Mailed(
            event=row.event,
            recipient=row.recipient,
            queued_at=row.created_at,
            ended_at=row.ended_at if row.within is None else row.digest_ended_at,
            is_accepted=row.state == LetterState.ACCEPTED.value,
        )
        for row in rows
    )


def left_with(disk: Connection, letter: Letter) -> tuple[datetime, ...]:
    """When the letters were written that left with this one: those within the digest, or this one alone."""
    if letter.ticket:
        return (letter.created_at,)
    return tuple(disk.execute(select(_letter.c.created_at).where(_within(_letter, letter))).scalars())


def notified(disk: Connection, letter: Letter) -> tuple[Fault, ...]:
    """The faults of which people learn first by this letter, that was accepted, or by what left within it.

    A fault whose ticket was opened or relapsed later than the fault itself was held back by a maintenance window, and
    is not among them; nor is one that came back to its ticket and was over before the letter was accepted. Where
    letters were accepted in the same moment, the one of the least Message-ID was first.
    """
    mine, digest, ticket, fault, event = (
        _letter.alias("mine"), _letter.alias("digest"), tables.ticket, tables.fault, tables.ticket_event,
    )  # fmt: skip
    ended, leader = (
        func.coalesce(digest.c.ended_at, _letter.c.ended_at), func.coalesce(digest.c.message_id, _letter.c.message_id),
    )  # fmt: skip
    me = select(_letter.c.ended_at).where(_letter.c.message_id == letter.message_id).scalar_subquery()
    earlier = (
        select(_letter.c.message_id)
        .select_from(_letter.outerjoin(digest, _letter.c.digest == digest.c.message_id))
        .where(_letter.c.ticket == mine.c.ticket, _letter.c.event == mine.c.event, leader != letter.message_id)
        .where(func.coalesce(digest.c.state, _letter.c.state) == LetterState.ACCEPTED.value)
        .where((ended < me) | ((ended == me) & (leader < letter.message_id)))
        .exists()
    )
    # As plain numbers, for nothing can be taken off a moment in SQL; and with + 0, so that nobody looks by the index of
    # moments: in a storm thousands of faults opened in the same second.
    opened, called = type_coerce(fault.c.opened_at, BigInteger) + 0, type_coerce(event.c.at, BigInteger)
    its_first = fault.c.id == ticket.c.fault_id
    living = (
        (fault.c.device == ticket.c.device)
        & (fault.c.kind == ticket.c.kind)
        & (fault.c.label == ticket.c.label)
        & (fault.c.aspect == ticket.c.aspect)
        & (fault.c.state != literal_column("'cleared'"))  # said as in the index of living keys, which is used so
        & ~its_first
    )
    found: dict[int, Fault] = {}
    for about in [its_first] if letter.what is EventKind.OPENED else [its_first, living]:
        rows = disk.execute(
            select(fault.c.id, fault.c.body)
            .select_from(mine)
            .join(ticket, ticket.c.id == mine.c.ticket)
            .join(event, (event.c.ticket == mine.c.ticket) & (event.c.seq == mine.c.event))
            .join(fault, about & opened.between(called - hops.AT_ONCE // timedelta(microseconds=1), called))
            .where(mine.c.what.in_([kind.value for kind in hops.CALLS]), ~earlier)
            .where(mine.c.message_id == letter.message_id if letter.ticket else _within(mine, letter))
        )
        found |= {row.id: replace(fault_read(row.body), id=row.id) for row in rows}
    return tuple(found.values())


def _within(table: FromClause, digest: Letter) -> ColumnElement[bool]:
    """Those of `table` that went within `digest`; by the index of states, since there is none of digests."""
    columns = table.c
    return (
        (columns.state == LetterState.DIGESTED.value)
        & columns.created_at.between(digest.created_at - _OLDEST, digest.created_at)
        & (columns.digest == digest.message_id)
    )


def by_id(disk: Connection, message_id: str) -> Posted | None:
    """The letter with this Message-ID."""
    row = disk.execute(select(_letter).where(_letter.c.message_id == message_id)).first()
    return None if row is None else _read(row)


def counted(disk: Connection) -> dict[str, int]:
    """How many letters stand in each state."""
    rows = disk.execute(select(_letter.c.state, func.count()).group_by(_letter.c.state))
    return dict(rows.all())


def oldest_undelivered(disk: Connection) -> dict[str, datetime]:
    """Of each state but accepted and digested, when its oldest letter was written."""
    rows = disk.execute(
        select(_letter.c.state, func.min(_letter.c.created_at))
        .where(_letter.c.state.not_in((LetterState.ACCEPTED.value, LetterState.DIGESTED.value)))
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
        digest=row.digest,
    )
