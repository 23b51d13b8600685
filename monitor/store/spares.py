"""Spare parts on disk: the stores, the pieces, and the book of their movements, which is only ever added to."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.sqlite import insert

from alerts.desk.spares import Held, Moved, Movement, Place, Spare, State, Store, held
from monitor.store import tables

_store = tables.spare_store
_spare = tables.spare
_movement = tables.spare_movement
_minimum = tables.spare_minimum


class NoSuchSpareError(LookupError):
    """There is no such store or spare; the message says so and where to look."""


def stores(disk: Connection) -> dict[str, Store]:
    """Every store, by name."""
    rows = disk.execute(select(_store).order_by(_store.c.name))
    return {row.name: Store(name=row.name, title=row.title, site=row.site, city=row.city) for row in rows}


def store(disk: Connection, name: str) -> Store:
    """The store of this name. Raises NoSuchSpareError."""
    found = stores(disk).get(name)
    if found is None:
        raise NoSuchSpareError(f'there is no store "{name}"; "netvigil spare stores" shows them')
    return found


def store_saved(disk: Connection, one: Store) -> None:
    """Write a store down, new or changed."""
    values = {"name": one.name, "title": one.title, "site": one.site, "city": one.city}
    changed = {name: value for name, value in values.items() if name != "name"}
    disk.execute(insert(_store).values(values).on_conflict_do_update(index_elements=["name"], set_=changed))


def spares(disk: Connection) -> tuple[Spare, ...]:
    """Every spare that was ever written down, in the order of their names."""
    return tuple(map(_of_row, disk.execute(select(_spare).order_by(_spare.c.id))))


def found(disk: Connection, name: str) -> Spare:
    """The spare that is called so: S12, or a serial number that only one has. Raises NoSuchSpareError."""
    every = spares(disk)
    hits = [each for each in every if each.name == name.upper()]
    hits = hits or [each for each in every if each.serial and each.serial == name.upper()]
    if len(hits) != 1:
        raise NoSuchSpareError(f'there is no spare "{name}"; "netvigil spare list" shows them with their names')
    return hits[0]


def with_number(disk: Connection, part_number: str, serial: str) -> Spare | None:
    """The spare with this part number and serial number, None where there is none."""
    wanted = select(_spare).where(func.lower(_spare.c.part_number) == part_number.lower(), _spare.c.serial == serial)
    row = disk.execute(wanted).first()
    return None if row is None else _of_row(row)


def saved(disk: Connection, one: Spare) -> Spare:
    """Write a spare down: new where its number is 0, else with its words changed; returns it with its number."""
    values = {
        "part_number": one.part_number,
        "description": one.description,
        "serial": one.serial,
        "kind": one.kind,
        "models": "\n".join(one.models),
    }
    if one.id:
        disk.execute(_spare.update().where(_spare.c.id == one.id).values(values))
        return one
    written = disk.execute(_spare.insert().values(values))
    (number,) = written.inserted_primary_key or (0,)
    return Spare(
        id=number,
        part_number=one.part_number,
        description=one.description,
        serial=one.serial,
        kind=one.kind,
        models=one.models,
    )


def minimums(disk: Connection) -> dict[str, int]:
    """How many pieces people want to be there at least, by part number, where they said so."""
    return {row.part_number: row.at_least for row in disk.execute(select(_minimum).order_by(_minimum.c.part_number))}


def minimum_saved(disk: Connection, part_number: str, least: int | None, by: str, now: datetime) -> None:
    """Write down how many are to be there at least; None forgets it."""
    folded = part_number.casefold()
    disk.execute(_minimum.delete().where(_minimum.c.folded == folded))
    if least is not None:
        row = {"folded": folded, "part_number": part_number, "at_least": least, "by": by, "at": now}
        disk.execute(_minimum.insert().values(row))


def happened(disk: Connection, one: Movement) -> None:
    """Write one line into the book."""
    disk.execute(
        _movement.insert().values(
            spare=one.spare,
            what=one.what.value,
            at=one.at,
            by=one.by,
            quantity=one.quantity,
            from_store=one.source.store,
            from_state=one.source.state.value,
            from_ticket=one.source.ticket,
            to_store=one.target.store,
            to_state=one.target.state.value,
            to_ticket=one.target.ticket,
            unit=one.unit,
            why=one.why,
        )
    )


def book(disk: Connection, numbers: Iterable[int] | None = None) -> tuple[Movement, ...]:
    """The movements in their order; with `numbers`, those of these spares."""
    wanted = select(_movement).order_by(_movement.c.id)
    if numbers is not None:
        wanted = wanted.where(_movement.c.spare.in_(tuple(numbers)))
    return tuple(
        Movement(
            spare=row.spare,
            what=Moved(row.what),
            at=row.at,
            by=row.by,
            quantity=row.quantity,
            source=Place(store=row.from_store, state=State(row.from_state), ticket=row.from_ticket),
            target=Place(store=row.to_store, state=State(row.to_state), ticket=row.to_ticket),
            unit=row.unit,
            why=row.why,
        )
        for row in disk.execute(wanted)
    )


def stock(disk: Connection) -> dict[int, Held]:
    """How many pieces of each spare are where, as the book says."""
    return dict(held(book(disk)))


def last_line(disk: Connection) -> int:
    """The number of the last line of the book: where it is the same, nothing was moved."""
    return int(disk.execute(select(func.max(_movement.c.id))).scalar() or 0)


def last_counts(disk: Connection) -> dict[str, datetime]:
    """When pieces were last counted in each store, by its name."""
    found: dict[str, datetime] = {}
    for each in book(disk):
        if each.what is Moved.COUNTED:
            name = each.source.store or each.target.store
            found[name] = max(each.at, found.get(name, each.at))
    return found


def _of_row(row: Row[tuple[object, ...]]) -> Spare:
    told = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    return Spare(
        id=told["id"],
        part_number=told["part_number"],
        description=told["description"],
        serial=told["serial"],
        kind=told["kind"],
        models=tuple(told["models"].split("\n")) if told["models"] else (),
    )
