"""What people do with spare parts: a line in the book, and with it an event in the ticket, in one transaction.

The one place that writes into the book; the command line and the pages both come here. What the book does not allow
raises ValueError, which says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from alerts.desk import spares as desk
from alerts.desk.assets import Asset
from alerts.desk.refused import RefusedError, refused
from alerts.desk.spares import Held, Moved, Movement, Spare, State
from monitor import ticketing, units
from monitor.config import Settings
from monitor.model import EventKind, Ticket
from monitor.store import assets, faults, spares, tickets

UNUSED, FAULTY = "unused", "faulty"
_EVENTS = {Moved.RESERVED: "spare_reserved", Moved.USED: "spare_used", Moved.RELEASED: "spare_returned"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was written: the spare, its line in the book, and the unit that was repaired with it (None: unknown)."""

    spare: Spare
    movement: Movement
    unit: Asset | None = None


def added(
    disk: Connection,
    wanted: Spare,
    store: str,
    quantity: int,
    by: str,
    now: datetime,
    *,
    what: Moved = Moved.ADDED,
    ticket: str = "",
    unit: str = "",
    why: str = "",
) -> Done:
    """Pieces come into a store, new or faulty. `wanted` has no number yet; what it says adds to what is known."""
    spares.store(disk, store)
    known = spares.with_number(disk, wanted.part_number, wanted.serial)
    if wanted.serial and quantity != 1:
        raise RefusedError(refused("spare_one_piece"))
    one = spares.saved(disk, _with_words(known, wanted) if known else wanted)
    there = _there(disk, one)
    return Done(
        spare=one,
        movement=_written(
            disk,
            desk.moved(one, there, what, now, by, store=store, quantity=quantity, ticket=ticket, unit=unit, why=why),
        ),
    )


def _with_words(known: Spare, wanted: Spare) -> Spare:
    return replace(
        known,
        description=wanted.description or known.description,
        kind=wanted.kind or known.kind,
        models=tuple(dict.fromkeys((*known.models, *wanted.models))),
    )


def reserved(
    disk: Connection, number: str, name: str, store: str, quantity: int, by: str, settings: Settings, now: datetime
) -> Done:
    """Set pieces aside for a ticket."""
    return _for_ticket(disk, Moved.RESERVED, number, name, store, quantity, by, settings, now)


def given_back(
    disk: Connection, number: str, name: str, store: str, quantity: int, by: str, settings: Settings, now: datetime
) -> Done:
    """Pieces that were reserved for a ticket were not needed."""
    return _for_ticket(disk, Moved.RELEASED, number, name, store, quantity, by, settings, now)


def used(
    disk: Connection,
    number: str,
    name: str,
    store: str,
    quantity: int,
    by: str,
    settings: Settings,
    now: datetime,
    unit: str = "",
) -> Done:
    """Pieces were put into a unit: the one with this serial number, else the one that the ticket's fault is of.

    The unit counts as repaired with this ticket, where it is in the asset file.
    """
    ticket = tickets.found(disk, number)
    repaired = assets.one(disk, unit) if unit else failed_unit(disk, ticket)
    done = _for_ticket(
        disk, Moved.USED, number, name, store, quantity, by, settings, now, repaired.serial if repaired else ""
    )
    if repaired is not None:
        assets.repaired(disk, repaired.serial, ticket.id, by, now, f"{done.spare.name} {done.spare.part_number}")
    return replace(done, unit=repaired)


def returned(
    disk: Connection,
    number: str,
    wanted: Spare,
    store: str,
    by: str,
    settings: Settings,
    now: datetime,
    why: str = "",
) -> Done:
    """A faulty part that was taken out for a ticket comes into a store."""
    ticket = tickets.found(disk, number)
    unit = failed_unit(disk, ticket)
    done = added(
        disk,
        wanted,
        store,
        1,
        by,
        now,
        what=Moved.RETURNED,
        unit=unit.serial if unit else "",
        why=" ".join(filter(None, (ticket.id, why))),
    )
    _told(disk, ticket, Moved.RELEASED, done.spare, {"state": FAULTY, "store": store}, by, settings, now)
    return replace(done, unit=unit)


def moved(
    disk: Connection, what: Moved, name: str, store: str, to: str, quantity: int, by: str, now: datetime, why: str = ""
) -> Done:
    """Pieces go to another store, to the maker, or come back from there into the store that sent them, or another."""
    one = spares.found(disk, name)
    if to:
        spares.store(disk, to)
    there = _there(disk, one)
    before = {Moved.MOVED: State.IN_STOCK, Moved.SENT: State.FAULTY, Moved.CAME_BACK: State.AT_MAKER}[what]
    source = store or _only_store(one, there, before)
    movement = desk.moved(one, there, what, now, by, store=source, to=to, quantity=quantity, why=why)
    return Done(spare=one, movement=_written(disk, movement))


def counted(
    disk: Connection, store: str, found: Mapping[str, int], by: str, now: datetime, why: str = ""
) -> tuple[Done, ...]:
    """A store was counted: its stock is what was `found` of each spare, by name. What differs is in the book then."""
    spares.store(disk, store)
    done = []
    for name, count in found.items():
        one = spares.found(disk, name)
        movement = desk.counted(one, _there(disk, one), count, now, by, store=store, why=why)
        done.append(Done(spare=one, movement=_written(disk, movement)))
    return tuple(done)


def minimum_set(disk: Connection, part_number: str, least: int | None, by: str, now: datetime) -> None:
    """At least so many pieces of a part number are to be there, whatever the configuration says; None: as it says."""
    if least is not None and least < 0:
        raise RefusedError(refused("spare_quantity", quantity=str(least)))
    spares.minimum_saved(disk, part_number, least, by, now)


def failed_unit(disk: Connection, ticket: Ticket) -> Asset | None:
    """The unit of the asset file that the ticket's fault is of; None where nobody can say."""
    try:
        fault = faults.newest(disk, ticket.fault)
    except LookupError:
        return None
    return units.holding(disk, ticket.fault.device, fault.component)


def _for_ticket(
    disk: Connection,
    what: Moved,
    number: str,
    name: str,
    store: str,
    quantity: int,
    by: str,
    settings: Settings,
    now: datetime,
    unit: str = "",
) -> Done:
    one, ticket = spares.found(disk, name), tickets.found(disk, number)
    there = _there(disk, one)
    mine = {place: count for place, count in there.items() if place.ticket in {"", ticket.id}}
    apart = {place for place in mine if place.state is State.RESERVED}
    before = State.RESERVED if what is Moved.RELEASED or (what is Moved.USED and apart) else State.IN_STOCK
    source = store or _only_store(one, mine, before)
    movement = desk.moved(one, there, what, now, by, store=source, quantity=quantity, ticket=ticket.id, unit=unit)
    movement = _written(disk, movement)
    told = {"quantity": str(quantity), "store": source} | ({"unit": unit} if unit else {})
    told |= {"state": UNUSED} if what is Moved.RELEASED else {}
    _told(disk, ticket, what, one, told, by, settings, now)
    return Done(spare=one, movement=movement)


def _told(
    disk: Connection,
    ticket: Ticket,
    what: Moved,
    one: Spare,
    data: Mapping[str, str],
    by: str,
    settings: Settings,
    now: datetime,
) -> None:
    """Write into the ticket which spare it was."""
    words = {"spare": one.name, "part_number": one.part_number} | ({"serial": one.serial} if one.serial else {})
    kind = EventKind(_EVENTS[what])
    ticketing.acted(disk, ticket.id, kind, by, {**words, **data}, settings, now)


def _there(disk: Connection, one: Spare) -> Held:
    return desk.held(spares.book(disk, [one.id])).get(one.id, {})


def _only_store(one: Spare, there: Held, state: State) -> str:
    """The store where the pieces are that are meant. Raises ValueError where there are several, or none."""
    names = sorted({place.store for place, count in there.items() if place.state is state and count > 0})
    if len(names) == 1:
        return names[0]
    what = desk.state_word(state)
    if not names:
        raise RefusedError(
            refused("spare_none", spare=one.name, part=one.part_number, state=what, there=desk.said(there))
        )
    raise RefusedError(refused("spare_several", spare=one.name, state=what, stores=", ".join(names)))


def _written(disk: Connection, movement: Movement) -> Movement:
    spares.happened(disk, movement)
    return movement
