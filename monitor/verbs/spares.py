"""`netvigil spare …`: the stores of spare parts, and what becomes of the pieces in them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection

from alerts.desk.spares import Moved, Spare, State, Store, count_due
from monitor import asset_sheet, stockroom, units
from monitor.config import Settings, loaded
from monitor.moment import now as this_moment
from monitor.problem import near_word
from monitor.stockroom import Done
from monitor.store import database, spares
from monitor.verbs import doors

_BY = click.option("--by", required=True, envvar="USER", help="Who does it.")
_STORE = click.option("--store", default="", help="Which store, where the spare is in several.")
_QUANTITY = click.option("--quantity", type=click.IntRange(min=1), default=1, show_default=True, help="How many.")


@click.group()
def spare() -> None:
    """Spare parts: what the stores hold, for which ticket, and what is short."""


@spare.command("stores")
@doors.config
@doors.as_json
def spare_stores(directory: Path, *, as_json: bool) -> None:
    """The stores, when each was last counted, and whether it has to be counted again."""
    settings = loaded(directory, os.environ, with_secrets=False)
    months = settings.contract.promises.spares_audit_months
    with doors.reading(settings) as disk:
        counts, every = spares.last_counts(disk), spares.stores(disk)
    rows = []
    for name, one in every.items():
        zone = ZoneInfo(settings.inventory.zone(one.site) if one.site else settings.zone)
        last = counts[name].astimezone(zone).date() if name in counts else None
        rows.append(
            {
                "store": name,
                "title": one.title or None,
                "site": one.site or None,
                "city": one.city or None,
                "counted": last.isoformat() if last else None,
                "count_due": count_due(last, months, this_moment().astimezone(zone).date()),
            }
        )
    doors.print_rows(rows, as_json=as_json)


@spare.command("store")
@click.argument("name", metavar="STORE")
@click.option("--title", default="", help="What people call it.")
@click.option("--site", default="", help="A site of the inventory, where it is at one.")
@click.option("--city", default="", help="Where it is.")
@doors.config
def spare_store(name: str, title: str, site: str, city: str, directory: Path) -> None:
    """Write a store down, or change what is said of it."""
    settings = loaded(directory, os.environ, with_secrets=False)
    if site and site not in settings.inventory.sites:
        hint = near_word(site, settings.inventory.sites)
        raise LookupError("; ".join(filter(None, (f'no site "{site}" in the inventory', hint))))
    with database.Store(settings.daemon.state) as store, store.writing() as disk:
        was = spares.stores(disk).get(name, Store(name=name))
        spares.store_saved(
            disk, Store(name=name, title=title or was.title, site=site or was.site, city=city or was.city)
        )
    click.echo(f"store {name} is written down")


@spare.command("list")
@click.option("--store", default="", help="Only in this store.")
@click.option("--part-number", default="", help="Only of this part number.")
@click.option("--all", "everything", is_flag=True, help="Those that were used too.")
@doors.config
@doors.as_json
def spare_list(store: str, part_number: str, directory: Path, *, everything: bool, as_json: bool) -> None:
    """What the stores hold: in stock, reserved for a ticket, faulty, at the maker."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        every, stock = spares.spares(disk), spares.stock(disk)
    rows = [
        {
            "spare": one.name,
            "part_number": one.part_number,
            "description": one.description or None,
            "serial": one.serial or None,
            "kind": one.kind or None,
            "models": ", ".join(one.models) or None,
            "store": place.store or None,
            "state": place.state.value,
            "ticket": place.ticket or None,
            "quantity": count,
        }
        for one in every
        for place, count in stock.get(one.id, {}).items()
        if (everything or place.state is not State.USED)
        and (not store or place.store == store)
        and (not part_number or one.part_number.casefold() == part_number.casefold())
    ]
    doors.print_rows(rows, as_json=as_json)


@spare.command("add")
@click.argument("part_number", metavar="PART_NUMBER")
@click.option("--store", required=True, help="The store that it comes into.")
@click.option("--serial", default="", help="Its serial number; without one pieces are counted.")
@_QUANTITY
@click.option("--description", default="", help="What it is.")
@click.option("--kind", default="", help='The kind of part that it replaces, such as "psu"; none for a whole unit.')
@click.option("--model", "models", multiple=True, help="Model of the units that it fits; may hold * and ?.")
@click.option("--why", default="", help="Where it comes from.")
@_BY
@doors.config
def spare_add(
    part_number: str,
    store: str,
    serial: str,
    quantity: int,
    description: str,
    kind: str,
    models: tuple[str, ...],
    why: str,
    by: str,
    directory: Path,
) -> None:
    """Pieces come into a store."""
    settings = loaded(directory, os.environ, with_secrets=False)
    if kind and kind not in settings.policy.kinds:
        hint = near_word(kind, settings.policy.kinds)
        raise LookupError("; ".join(filter(None, (f'no kind of part "{kind}"', hint))))
    wanted = _wanted(part_number, serial, description, kind, models)
    with _book(settings) as disk:
        done = stockroom.added(disk, wanted, store, quantity, by, this_moment(), why=why)
    _print(done)


@spare.command("reserve")
@click.argument("number", metavar="TICKET")
@click.argument("name", metavar="SPARE")
@_STORE
@_QUANTITY
@_BY
@doors.config
def spare_reserve(number: str, name: str, store: str, quantity: int, by: str, directory: Path) -> None:
    """Set pieces aside for a ticket."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with _book(settings) as disk:
        done = stockroom.reserved(disk, number, name, store, quantity, by, settings, this_moment())
    _print(done)


@spare.command("use")
@click.argument("number", metavar="TICKET")
@click.argument("name", metavar="SPARE")
@click.option("--unit", default="", help="Serial number of the unit; without it that of the ticket's fault.")
@_STORE
@_QUANTITY
@_BY
@doors.config
def spare_use(number: str, name: str, unit: str, store: str, quantity: int, by: str, directory: Path) -> None:
    """Pieces were put into a unit, which counts as repaired with this ticket."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with _book(settings) as disk:
        done = stockroom.used(disk, number, name, store, quantity, by, settings, this_moment(), unit)
    _print(done)
    if done.unit is None:
        click.echo("which unit was repaired is not known; say it with netvigil asset repair SERIAL --ticket", err=True)
    else:
        click.echo(f"{done.unit.serial}: repaired with {number}")


@spare.command("return")
@click.argument("number", metavar="TICKET")
@click.argument("name", metavar="SPARE", default="")
@click.option("--faulty", default="", metavar="PART_NUMBER", help="A part that was taken out, instead of SPARE.")
@click.option("--serial", default="", help="Serial number of the faulty part.")
@click.option("--description", default="", help="What the faulty part is.")
@click.option("--why", default="", help="What is wrong with it.")
@_STORE
@_QUANTITY
@_BY
@doors.config
def spare_return(
    number: str,
    name: str,
    faulty: str,
    serial: str,
    description: str,
    why: str,
    store: str,
    quantity: int,
    by: str,
    directory: Path,
) -> None:
    """A reserved spare was not needed, or a faulty part that was taken out comes into a store."""
    settings = loaded(directory, os.environ, with_secrets=False)
    if bool(name) == bool(faulty) or (faulty and not store):
        raise click.UsageError("say which SPARE was not needed, or --faulty PART_NUMBER --store STORE, one of them")
    with _book(settings) as disk:
        if name:
            done = stockroom.given_back(disk, number, name, store, quantity, by, settings, this_moment())
        else:
            wanted = _wanted(faulty, serial, description, "", ())
            done = stockroom.returned(disk, number, wanted, store, by, settings, this_moment(), why)
    _print(done)


@spare.command("move")
@click.argument("name", metavar="SPARE")
@click.option("--to", default="", help="Another store; with --from-maker the store that it comes into.")
@click.option("--to-maker", "what", flag_value=Moved.SENT.value, help="A faulty piece goes to its maker.")
@click.option("--from-maker", "what", flag_value=Moved.CAME_BACK.value, help="It comes back, mended or exchanged.")
@_STORE
@_QUANTITY
@click.option("--why", default="", help="Why; a number of the maker's.")
@_BY
@doors.config
def spare_move(
    name: str, to: str, what: str | None, store: str, quantity: int, why: str, by: str, directory: Path
) -> None:
    """Pieces go to another store, to the maker, or come back."""
    settings = loaded(directory, os.environ, with_secrets=False)
    kind = Moved(what) if what else Moved.MOVED
    if (kind is Moved.MOVED and not to) or (kind is Moved.SENT and to):
        raise click.UsageError("say where it goes: --to STORE, --to-maker, or --from-maker [--to STORE]")
    with _book(settings) as disk:
        done = stockroom.moved(disk, kind, name, store, to, quantity, by, this_moment(), why)
    _print(done)


@spare.command("count")
@click.argument("store", metavar="STORE")
@click.option("--found", multiple=True, metavar="SPARE=N", help="How many pieces lie there.")
@click.option("--rest-as-booked", is_flag=True, help="All that is not named lies there as the book says.")
@click.option("--why", default="", help="Why it differs.")
@_BY
@doors.config
@doors.as_json
def spare_count(
    store: str, found: tuple[str, ...], why: str, by: str, directory: Path, *, rest_as_booked: bool, as_json: bool
) -> None:
    """Count a store; without --found, print what the book says should lie there. Exit code 1 where it differs."""
    settings = loaded(directory, os.environ, with_secrets=False)
    told = dict(map(_found, found))
    with _book(settings) as disk:
        spares.store(disk, store)
        booked = _booked(disk, store)
        if not told and not rest_as_booked:
            rows = [
                {"spare": name, "part_number": one.part_number, "serial": one.serial or None, "booked": count}
                for name, (one, count) in booked.items()
            ]
            doors.print_rows(rows, as_json=as_json)
            return
        missing = sorted(booked.keys() - told.keys())
        if missing and not rest_as_booked:
            raise ValueError(
                f"nothing is said of {', '.join(missing)}; count them with --found SPARE=N, or say --rest-as-booked"
            )
        every = {**{name: count for name, (_, count) in booked.items()}, **told}
        done = stockroom.counted(disk, store, every, by, this_moment(), why)
    rows = [
        {
            "spare": each.spare.name,
            "part_number": each.spare.part_number,
            "serial": each.spare.serial or None,
            "booked": booked[each.spare.name][1] if each.spare.name in booked else 0,
            "found": every[each.spare.name],
        }
        for each in done
    ]
    doors.print_rows(rows, as_json=as_json)
    sys.exit(doors.FINDINGS if any(row["booked"] != row["found"] for row in rows) else doors.FINE)


@spare.command("shortages")
@click.option("--all", "everything", is_flag=True, help="Part numbers of which there is enough too.")
@doors.config
@doors.as_json
def spare_shortages(directory: Path, *, everything: bool, as_json: bool) -> None:
    """What is short by what is installed; exit code 1 where anything is."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        found = units.spare_levels(disk, settings)
    rows = [
        {
            "part_number": each.part_number,
            "description": each.description or None,
            "installed": each.installed,
            "minimum": each.minimum,
            "free": each.free,
            "short": each.short,
        }
        for each in found
        if everything or each.short
    ]
    doors.print_rows(rows, as_json=as_json)
    sys.exit(doors.FINDINGS if any(each.short for each in found) else doors.FINE)


@spare.command("minimum")
@click.argument("part_number", metavar="PART_NUMBER")
@click.argument("least", metavar="[N]", type=click.IntRange(min=0), required=False)
@click.option("--clear", is_flag=True, help="As the configuration and what is installed say, from now on.")
@_BY
@doors.config
def spare_minimum(part_number: str, least: int | None, by: str, directory: Path, *, clear: bool) -> None:
    """At least N pieces of PART_NUMBER are to be in the stores, whatever the configuration says."""
    settings = loaded(directory, os.environ, with_secrets=False)
    if (least is None) != clear:
        raise click.UsageError("say how many, or --clear, one of them")
    number = _wanted(part_number, "", "", "", ()).part_number
    with _book(settings) as disk:
        stockroom.minimum_set(disk, number, least, by, this_moment())
    click.echo(f"{number}: " + ("as configured" if least is None else f"at least {least}"))


@spare.command("book")
@click.argument("name", metavar="[SPARE]", default="")
@doors.config
@doors.as_json
def spare_book(name: str, directory: Path, *, as_json: bool) -> None:
    """Every movement, oldest first; of one spare, or of all."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        every = {one.id: one for one in spares.spares(disk)}
        lines = spares.book(disk, [spares.found(disk, name).id] if name else None)
    doors.print_rows(
        [
            {
                "at": each.at.isoformat(timespec="seconds"),
                "what": each.what.value,
                "spare": every[each.spare].name,
                "part_number": every[each.spare].part_number,
                "serial": every[each.spare].serial or None,
                "quantity": each.quantity,
                "from": " ".join(filter(None, (each.source.state.value, each.source.store))) or None,
                "to": " ".join(filter(None, (each.target.state.value, each.target.store))) or None,
                "ticket": each.target.ticket or each.source.ticket or None,
                "unit": each.unit or None,
                "by": each.by,
                "why": each.why or None,
            }
            for each in lines
        ],
        as_json=as_json,
    )


@contextmanager
def _book(settings: Settings) -> Iterator[Connection]:
    """The store, to write; what the book refuses ends the command with words and code 1."""
    try:
        with database.Store(settings.daemon.state) as store, store.writing() as disk:
            yield disk
    except ValueError as error:
        click.echo(f"netvigil: {error}", err=True)
        sys.exit(doors.FINDINGS)


def _wanted(part_number: str, serial: str, description: str, kind: str, models: tuple[str, ...]) -> Spare:
    try:
        return Spare(
            id=0,
            part_number=str(asset_sheet.value("part_number", part_number)),
            serial=str(asset_sheet.value("serial", serial)),
            description=str(asset_sheet.value("remarks", description)),
            kind=kind,
            models=tuple(str(asset_sheet.value("model", each)) for each in models),
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _found(text: str) -> tuple[str, int]:
    name, _, count = text.rpartition("=")
    if not name or not count.isdecimal():
        raise click.BadParameter(f'"{text}" is not SPARE=N, such as S12=3', param_hint="--found")
    return name.upper(), int(count)


def _booked(disk: Connection, store: str) -> dict[str, tuple[Spare, int]]:
    """What lies in stock in the store by the book, by name."""
    stock = spares.stock(disk)
    return {
        one.name: (one, count)
        for one in spares.spares(disk)
        for place, count in stock.get(one.id, {}).items()
        if place.store == store and place.state is State.IN_STOCK
    }


def _print(done: Done) -> None:
    one, movement = done.spare, done.movement
    where = " ".join(filter(None, (movement.target.state.value.replace("_", " "), movement.target.store)))
    serial = f" {one.serial}" if one.serial else ""
    ticket = f" for {movement.target.ticket}" if movement.target.ticket else ""
    click.echo(f"{one.name} {one.part_number}{serial}: {movement.quantity} {where}{ticket}")
