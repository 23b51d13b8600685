"""Faults on disk, and what was once seen well."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, func, literal_column, or_, select
from sqlalchemy.dialects.sqlite import insert

from monitor.model import EventKind, Fault, FaultKey, FaultState, Level
from monitor.store import tables
from monitor.store.documents import cause_document, fault_document, fault_read

_fault = tables.fault
_seen = tables.seen_ok
_beneath = tables.beneath
_ticket, _event = tables.ticket, tables.ticket_event

# What is asked at every visit that brings news is made once: to make a question costs seven times what SQLite takes.
_KNOWN = (
    select(_fault.c.id, _fault.c.body)
    .where(
        _fault.c.device == bindparam("device"),
        or_(_fault.c.state != FaultState.CLEARED, _fault.c.cleared_at >= bindparam("since")),
    )
    .order_by(_fault.c.state != FaultState.CLEARED, _fault.c.cleared_at, _fault.c.id)
)
# Said as in the index of causes, which is used so.
_IS_BENEATH = (_fault.c.cause == bindparam("cause")) & (_fault.c.state != literal_column("'cleared'"))
_COUNTED_BENEATH = select(func.count()).select_from(_fault).where(_IS_BENEATH)
_BENEATH = (
    select(_fault.c.id, _fault.c.body)
    .where(_IS_BENEATH)
    .order_by(_fault.c.device, _fault.c.kind, _fault.c.label, _fault.c.aspect)
    .limit(bindparam("most"))
)
_NEW = _fault.insert()
_NEWLY_OK = insert(_seen).on_conflict_do_nothing()
_CHANGED = _fault.update().where(_fault.c.id == bindparam("number"))
_OF_CAUSE = (
    (_beneath.c.device == bindparam("device"))
    & (_beneath.c.kind == bindparam("kind"))
    & (_beneath.c.label == bindparam("label"))
    & (_beneath.c.aspect == bindparam("aspect"))
)
_HIDES = select(_beneath.c.fault).where(_beneath.c.fault == bindparam("number"), _OF_CAUSE)
_HIDDEN = select(func.count()).select_from(
    select(_beneath.c.fault).where(_OF_CAUSE, _beneath.c.at >= bindparam("begin")).limit(500).subquery()
)
_PUT = insert(_beneath)
_HIDE = _PUT.on_conflict_do_update(
    index_elements=["fault", "device", "kind", "label", "aspect"],
    set_={"at": _PUT.excluded.at, "body": _PUT.excluded.body},
)
_OVER = _beneath.update().where(_beneath.c.fault == bindparam("number")).values(body=bindparam("last"))
MOST = 500
"""So many symptoms of one cause are kept at most; of what hides more, it is said that there is more."""
_AROUND = timedelta(minutes=10)
"""So long before its cause was seen a symptom may have been seen last."""
_BEFORE = timedelta(days=1)
_KEPT = timedelta(days=3 * 366)
_SEEN_OK = select(_seen.c.kind, _seen.c.label, _seen.c.aspect).where(_seen.c.device == bindparam("device"))


class NoSuchFaultError(LookupError):
    """There is no fault with this id; the message says so and where to look."""


def known(disk: Connection, device: str, since: datetime) -> dict[FaultKey, Fault]:
    """The newest fault of `device` under each key: those that are not cleared, and those cleared after `since`.

    The cleared ones lend their flap penalty to what comes back soon.
    """
    rows = disk.execute(_KNOWN, {"device": device, "since": since})
    return {fault.key: fault for fault in map(_read, rows)}


def since(disk: Connection, kinds: Iterable[str], moment: datetime) -> tuple[Fault, ...]:
    """All faults of these kinds of part that are not cleared, or were cleared at `moment` or later; oldest first."""
    rows = disk.execute(
        select(_fault.c.id, _fault.c.body)
        .where(_fault.c.kind.in_(tuple(kinds)))
        .where(or_(_fault.c.state != FaultState.CLEARED, _fault.c.cleared_at >= moment))
        .order_by(_fault.c.state != FaultState.CLEARED, _fault.c.id)
    )
    return tuple(map(_read, rows))


def beneath(disk: Connection, cause: Fault) -> tuple[Fault, ...]:
    """What is or was hidden beneath `cause` as its symptom since it was first seen, by their keys.

    A symptom that is over stays as it was last; one that stands by itself by now, or beneath another, is none of it.
    """
    key = cause.key
    question = (
        select(_beneath.c.fault, func.coalesce(_fault.c.body, _beneath.c.body))
        .join(_fault, _fault.c.id == _beneath.c.fault, isouter=True)
        .where(
            _beneath.c.device == key.device,
            _beneath.c.kind == key.kind,
            _beneath.c.label == key.label,
            _beneath.c.aspect == key.aspect,
            _beneath.c.at >= cause.first_seen - _AROUND,
        )
    )
    if cause.cleared_at is not None:
        question = question.where(_beneath.c.since <= cause.cleared_at)
    found = {one.key: one for one in map(_read, disk.execute(question.order_by(_beneath.c.fault)))}
    own = (one for one in found.values() if _is_beneath(one, cause))
    return tuple(sorted(own, key=lambda one: one.key))


def all_beneath(disk: Connection, cause: Fault, most: int) -> tuple[Fault, ...]:
    """The first `most` of the symptoms of `cause` that stand, and those kept of it that are over, by their keys."""
    found = {one.key: one for one in beneath(disk, cause)}
    found |= {one.key: one for one in hidden_by(disk, cause.key, most)[0]}
    return tuple(found[key] for key in sorted(found))


def _is_beneath(symptom: Fault, cause: Fault) -> bool:
    if symptom.state is FaultState.CLEARED:
        return symptom.cleared_at is None or symptom.cleared_at >= cause.first_seen
    return symptom.hidden_by == cause.key


def hidden_by(disk: Connection, cause: FaultKey, most: int) -> tuple[tuple[Fault, ...], int]:
    """The first `most` of the faults that stand and are symptoms of `cause`, by their keys; and how many there are."""
    said = {"cause": cause_document(cause)}
    count = disk.execute(_COUNTED_BENEATH, said).scalar_one()
    rows = disk.execute(_BENEATH, {**said, "most": most}) if count else ()
    return tuple(map(_read, rows)), count


def saved(disk: Connection, fault: Fault) -> Fault:
    """Write `fault`, new (id 0) or changed, and return it with its id."""
    values = {
        "device": fault.key.device,
        "kind": fault.key.kind,
        "label": fault.key.label,
        "aspect": fault.key.aspect,
        "state": fault.state.value,
        "level": int(fault.level),
        "opened_at": fault.opened_at,
        "cleared_at": fault.cleared_at,
        "body": fault_document(fault),
        "cause": None if fault.hidden_by is None else cause_document(fault.hidden_by),
    }
    if fault.id:
        disk.execute(_CHANGED, {"number": fault.id, **values})
    else:
        written = disk.execute(_NEW, values)
        (number,) = written.inserted_primary_key or (0,)
        fault = replace(fault, id=number)
    if fault.hidden_by is not None:
        _hidden(disk, fault, fault.hidden_by, str(values["body"]))
    elif fault.state is FaultState.CLEARED:  # beneath what it was, it is over, too: a suspicion is swept soon
        disk.execute(_OVER, {"number": fault.id, "last": values["body"]})
    return fault


def _hidden(disk: Connection, fault: Fault, cause: FaultKey, body: str) -> None:
    """Keep that `fault` is a symptom of `cause`; of one cause the first so many are kept."""
    row = {"device": cause.device, "kind": cause.kind, "label": cause.label, "aspect": cause.aspect}
    known = disk.execute(_HIDES, {"number": fault.id, **row}).first()
    if known is None and disk.execute(_HIDDEN, {**row, "begin": fault.last_seen - _BEFORE}).scalar_one() >= MOST:
        return
    disk.execute(_HIDE, {"fault": fault.id, **row, "since": fault.last_seen, "at": fault.last_seen, "body": body})


def swept(disk: Connection, before: datetime) -> None:
    """Forget suspicions that were never confirmed and cleared before that moment: nobody was told of them."""
    disk.execute(
        _fault.delete().where(
            _fault.c.state == FaultState.CLEARED, _fault.c.opened_at.is_(None), _fault.c.cleared_at < before
        )
    )
    disk.execute(_beneath.delete().where(_beneath.c.at < before - _KEPT))


def found(disk: Connection, number: int) -> Fault:
    """The fault with this id. Raises NoSuchFaultError."""
    row = disk.execute(select(_fault.c.id, _fault.c.body).where(_fault.c.id == number)).first()
    if row is None:
        raise NoSuchFaultError(f'there is no fault {number}; "netvigil fault list --all" shows them')
    return _read(row)


def newest(disk: Connection, key: FaultKey) -> Fault:
    """The newest fault under `key`, cleared or not. Raises NoSuchFaultError."""
    row = disk.execute(
        select(_fault.c.id, _fault.c.body)
        .where(
            _fault.c.device == key.device,
            _fault.c.kind == key.kind,
            _fault.c.label == key.label,
            _fault.c.aspect == key.aspect,
        )
        .order_by(_fault.c.id.desc())
    ).first()
    if row is None:
        raise NoSuchFaultError(f"there is no fault of {key.device} {key.kind} {key.label} in the store")
    return _read(row)


def documents(disk: Connection, device: str | None = None) -> dict[int, str]:
    """Every fault that is not cleared, as it lies on disk, by its number: to see at little cost which have changed."""
    question = select(_fault.c.id, _fault.c.body).where(_fault.c.state != FaultState.CLEARED).order_by(_fault.c.id)
    if device is not None:
        question = question.where(_fault.c.device == device)
    return {row[0]: row[1] for row in disk.execute(question)}


def open_faults(disk: Connection) -> tuple[Fault, ...]:
    """Every open fault, gravest first."""
    rows = disk.execute(
        select(_fault.c.id, _fault.c.body)
        .where(_fault.c.state == FaultState.OPEN, _fault.c.opened_at.is_not(None))
        .order_by(_fault.c.level, _fault.c.opened_at)
    )
    return tuple(map(_read, rows))


def untold(disk: Connection) -> tuple[Fault, ...]:
    """Open faults for which nobody was called, as they opened under maintenance; gravest first.

    Those without a ticket: every ticket about the same part had ended before the fault opened, and was not opened
    again. And those whose ticket still says that all is well, since before the fault opened.
    """
    about = (
        (_ticket.c.device == _fault.c.device)
        & (_ticket.c.kind == _fault.c.kind)
        & (_ticket.c.label == _fault.c.label)
        & (_ticket.c.aspect == _fault.c.aspect)
    )

    def has(event: ColumnElement[bool], *kinds: EventKind) -> ColumnElement[bool]:
        words = [kind.value for kind in kinds]
        return exists().where(_event.c.ticket == _ticket.c.id, _event.c.kind.in_(words), event)

    since, before = _event.c.at >= _fault.c.opened_at, _event.c.at < _fault.c.opened_at
    ended_before = has(before, EventKind.CLOSED, EventKind.MERGED)
    said_well = has(before, EventKind.RECOVERED, EventKind.RESTORED)
    said_back = has(since, EventKind.RELAPSED)
    is_told = exists().where(about, (~ended_before & ~said_well) | said_back)
    rows = disk.execute(
        select(_fault.c.id, _fault.c.body)
        .where(_fault.c.state == FaultState.OPEN, _fault.c.opened_at.is_not(None), ~is_told)
        .order_by(_fault.c.level, _fault.c.opened_at)
    )
    return tuple(fault for fault in map(_read, rows) if fault.hidden_by is None)


def open_keys(disk: Connection) -> tuple[tuple[FaultKey, Level], ...]:
    """Key and level of every open fault, without reading the rest of it."""
    rows = disk.execute(
        select(_fault.c.device, _fault.c.kind, _fault.c.label, _fault.c.aspect, _fault.c.level).where(
            _fault.c.state == FaultState.OPEN, _fault.c.opened_at.is_not(None)
        )
    )
    return tuple(
        (FaultKey(device=row.device, kind=row.kind, label=row.label, aspect=row.aspect), Level(row.level))
        for row in rows
    )


def between(
    disk: Connection, start: datetime, end: datetime, devices: Iterable[str] | None = None
) -> tuple[Fault, ...]:
    """Every fault that was open at some time from `start` (inclusive) to `end` (exclusive), oldest first."""
    question = (
        select(_fault.c.id, _fault.c.body)
        .where(_fault.c.opened_at < end, or_(_fault.c.cleared_at.is_(None), _fault.c.cleared_at >= start))
        .order_by(_fault.c.opened_at, _fault.c.id)
    )
    if devices is not None:
        question = question.where(_fault.c.device.in_(tuple(devices)))
    return tuple(map(_read, disk.execute(question)))


def all_opened(disk: Connection) -> tuple[Fault, ...]:
    """Every fault that ever opened, oldest first."""
    rows = disk.execute(
        select(_fault.c.id, _fault.c.body).where(_fault.c.opened_at.is_not(None)).order_by(_fault.c.opened_at)
    )
    return tuple(map(_read, rows))


def of_device(disk: Connection, device: str) -> tuple[Fault, ...]:
    """Every fault of this device that was ever opened, oldest first."""
    question = select(_fault.c.id, _fault.c.body).where(_fault.c.device == device, _fault.c.opened_at.is_not(None))
    return tuple(map(_read, disk.execute(question.order_by(_fault.c.opened_at, _fault.c.id))))


def counted(disk: Connection) -> dict[Level, int]:
    """How many open faults there are of each level."""
    rows = disk.execute(
        select(_fault.c.level, func.count()).where(_fault.c.state == FaultState.OPEN).group_by(_fault.c.level)
    )
    return {Level(level): count for level, count in rows}


def seen_ok(disk: Connection, device: str) -> frozenset[tuple[str, str, str]]:
    """Kind, label and aspect of what was once seen well on `device`."""
    rows = disk.execute(_SEEN_OK, {"device": device})
    return frozenset((kind, label, aspect) for kind, label, aspect in rows)


def remembered_ok(disk: Connection, device: str, seen: Iterable[tuple[str, str, str]]) -> None:
    """Remember that these were seen well."""
    rows = [{"device": device, "kind": k, "label": label, "aspect": a} for k, label, a in sorted(seen)]
    if rows:
        disk.execute(_NEWLY_OK, rows)


def forgotten_ok(disk: Connection, device: str, kind: str, label: str) -> None:
    """Forget that this part was ever seen well."""
    disk.execute(_seen.delete().where(_seen.c.device == device, _seen.c.kind == kind, _seen.c.label == label))


def _read(row: Row[int, str]) -> Fault:
    return replace(fault_read(row[1]), id=row[0])
