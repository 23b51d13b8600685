"""`netvigil asset …`: the asset file (用户档案) of delivered units."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection

from alerts.desk.assets import FIELDS, Asset, changes, filled, word
from alerts.desk.contract import Contract
from alerts.desk.statement import charge
from alerts.desk.warranty import PhaseName, charged, ends, maker_of, phase, three_guarantees
from monitor import asset_history, asset_sheet, sheets, units
from monitor.asset_sheet import Known
from monitor.config import Settings, loaded
from monitor.model import Language
from monitor.moment import now as this_moment
from monitor.problem import Problem, check_lines
from monitor.store import assets, tickets
from monitor.store.assets import What
from monitor.store.database import Store
from monitor.verbs import doors

_BY = click.option("--by", required=True, envvar="USER", help="Who says so.")
_HELP = {
    "model": "Its model.",
    "maker": "Who made it, as contract.toml names makers.",
    "part_number": "The maker's part number.",
    "customer": "Customer of the inventory; without it that of the site.",
    "site": "Site of the inventory; without it that of the device.",
    "device": "Its name in the inventory, where it is watched.",
    "project": "Number of project or contract.",
    "delivered": 'Day of the delivery, such as 2026-11-22; "not yet" where it has not come.',
    "first_acceptance": "Day of the first acceptance, or the same.",
    "final_acceptance": "Day on which the acceptance report was signed, or the same.",
    "maker_warranty_ends": "Last day of the maker's warranty, where it is not as in the contract.",
    "engineering_warranty_ends": "Last day of the engineering warranty, where it is not as in the contract.",
    "price": "Contract price.",
    "currency": "Its currency, such as CNY.",
    "remarks": "Whatever else is to be known.",
}


@click.group()
def asset() -> None:
    """The asset file: every delivered unit, its warranty and its history."""


def _fields(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each field but the serial number."""
    for name in reversed(FIELDS[1:]):
        command = click.option(f"--{name.replace('_', '-')}", name, default=None, help=_HELP[name])(command)
    return command


@asset.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--mapping", multiple=True, metavar="HEADING=FIELD", help="What a heading means that is not known.")
@click.option("--ignore", multiple=True, metavar="HEADING", help="A column that is not for us.")
@click.option("--sheet", default="", help="Name of the sheet, where several of a workbook are not empty.")
@click.option("--partial", is_flag=True, help="Import the rows that are right, though others are wrong.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@_BY
@doors.config
@doors.as_json
def asset_import(
    file: Path,
    mapping: tuple[str, ...],
    ignore: tuple[str, ...],
    sheet: str,
    by: str,
    directory: Path,
    *,
    partial: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take units from a spreadsheet (.xlsx or .csv): what differs is shown and written, an empty cell says nothing."""
    settings = loaded(directory, os.environ, with_secrets=False)
    meanings = _meanings(mapping)
    problems: list[Problem] = []
    rows: list[dict[str, object]] = []
    try:
        told = list(sheets.rows(file, sheet))
    except sheets.SheetError as error:
        click.echo(f"netvigil: {error}", err=True)
        sys.exit(doors.BAD_USAGE)
    if not told:
        click.echo(f"netvigil: {file}: there is nothing in it", err=True)
        sys.exit(doors.BAD_USAGE)
    with Store(settings.daemon.state) as store, store.writing() as disk:
        before = {each.serial: each for each in assets.all_assets(disk)}
        known = Known(inventory=settings.inventory, contract=settings.contract)
        found = asset_sheet.read(str(file), told, before, known, problems, meanings, ignore)
        is_written = not dry_run and (partial or not problems)
        for number, each in found:
            was = before.get(each.serial)
            changed = changes(was, each)
            if is_written:
                assets.saved(disk, was, each, What.IMPORTED, by, this_moment(), f"{file.name}:{number}")
            rows.append(
                {
                    "row": number,
                    "serial": each.serial,
                    "what": "same" if not changed else "changed" if was else "new",
                    "changes": {name: {"from": old or None, "to": new or None} for name, (old, new) in changed.items()},
                }
            )
    counts = {what: sum(row["what"] == what for row in rows) for what in ("new", "changed", "same")}
    if as_json:
        doors.print_json(
            {
                "file": str(file),
                "imported": is_written,
                **counts,
                "rows": rows,
                "problems": [doors.problem_told(each) for each in problems],
            }
        )
    else:
        _print_import(rows, counts, problems, is_written=is_written, dry_run=dry_run)
    sys.exit(doors.FINDINGS if problems else doors.FINE)


def _print_import(
    rows: list[dict[str, object]],
    counts: Mapping[str, int],
    problems: list[Problem],
    *,
    is_written: bool,
    dry_run: bool,
) -> None:
    for line in check_lines(problems):
        click.echo(line, err=True)
    for row in rows:
        told = row["changes"]
        if row["what"] == "changed" and isinstance(told, dict):
            said = ", ".join(f"{name} {pair['from'] or '-'} -> {pair['to'] or '-'}" for name, pair in told.items())
            click.echo(f"{row['serial']}: {said}")
    said = ", ".join(f"{count} {what}" for what, count in counts.items())
    wrong = f"; {len(problems)} problems" if problems else ""
    done = "imported" if is_written else "would be imported" if dry_run else "nothing was imported"
    click.echo(f"{said}: {done}{wrong}")


def _meanings(mapping: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for each in mapping:
        heading, _, field = each.rpartition("=")
        name = field.strip().replace(" ", "_").replace("-", "_")
        if not heading or name not in asset_sheet.HEADINGS:
            known = ", ".join(asset_sheet.HEADINGS)
            raise click.BadParameter(f'"{each}" is not HEADING=FIELD; fields are {known}', param_hint="--mapping")
        found[heading] = name
    return found


@asset.command("diff")
@click.option("--since", default="", help="Parts swapped since this day; else since the file last spoke of the device.")
@doors.language(Language.EN)
@doors.config
@doors.as_json
def asset_diff(since: str, language: str, directory: Path, *, as_json: bool) -> None:
    """In what the asset file and what collectors see differ; exit code 1 where they do."""
    settings = loaded(directory, os.environ, with_secrets=False)
    start = datetime.combine(_day(since, "--since"), datetime.min.time(), ZoneInfo("UTC")) if since else None
    with doors.reading(settings) as disk:
        found = units.differing(disk, settings, start)
    rows = [
        {
            "what": each.what.value,
            "device": each.device or None,
            "serial": each.serial or None,
            "filed": each.filed or None,
            "seen": each.seen or None,
            "text": each.text.said(Language(language)),
        }
        for each in found
    ]
    doors.print_rows(rows, as_json=as_json)
    sys.exit(doors.FINDINGS if rows else doors.FINE)


@asset.command("fill")
@click.option("--add", is_flag=True, help="Also write down units that are watched and not in the file.")
@_BY
@doors.config
@doors.as_json
def asset_fill(by: str, directory: Path, *, add: bool, as_json: bool) -> None:
    """Fill in what collectors see and the file does not know; nothing that is known is changed."""
    settings = loaded(directory, os.environ, with_secrets=False)
    rows = []
    with Store(settings.daemon.state) as store, store.writing() as disk:
        before = {each.serial: each for each in assets.all_assets(disk)}
        for one in units.seen(disk, settings):
            serial = asset_sheet.serial_of(one.serial)
            was = before.get(serial)
            if not serial or (was is None and not (add and one.is_unit)):
                continue
            device = settings.inventory.devices[one.device]
            after = filled(was or Asset(serial=serial), one)
            if after.device == device.name:
                after = replace(after, site=after.site or device.site, customer=after.customer or device.customer)
            changed = assets.saved(disk, was, after, What.FILLED, by, this_moment())
            before[serial] = after
            rows += [
                {"serial": serial, "device": one.device, "field": name, "to": to} for name, (_, to) in changed.items()
            ]
    doors.print_rows(rows, as_json=as_json)


@asset.command("list")
@click.option("--customer", default="", help="Only of this customer.")
@click.option("--site", default="", help="Only at this site.")
@click.option("--device", default="", help="Only of this device.")
@click.option("--phase", "in_phase", type=click.Choice([each.value for each in PhaseName]), help="Only in this phase.")
@doors.config
@doors.as_json
def asset_list(customer: str, site: str, device: str, in_phase: str | None, directory: Path, *, as_json: bool) -> None:
    """Every unit of the asset file, with the ends of its warranties and its phase."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        every = assets.all_assets(disk)
    wanted = {"customer": customer, "site": site, "device": device}
    rows = [
        _row(each, settings)
        for each in every
        if all(not value or getattr(each, name) == value for name, value in wanted.items())
    ]
    rows = [row for row in rows if in_phase is None or row["phase"] == in_phase]
    if not as_json:
        shown = ("serial", "model", "maker", "customer", "site", "device", "maker_ends", "engineering_ends", "phase")
        rows = [{name: row[name] for name in shown} for row in rows]
    doors.print_rows(rows, as_json=as_json)


@asset.command("show")
@click.argument("name", metavar="DEVICE_OR_SERIAL")
@doors.language(Language.EN)
@doors.config
@doors.as_json
def asset_show(name: str, language: str, directory: Path, *, as_json: bool) -> None:
    """One unit, or all units of a device: warranty, who pays, and everything that happened to it."""
    settings = loaded(directory, os.environ, with_secrets=False)
    now, said = this_moment(), Language(language)
    with doors.reading(settings) as disk:
        told = [_shown(disk, each, settings, now, said) for each in assets.of(disk, name)]
    if as_json:
        doors.print_json(told)
        return
    for unit in told:
        for key, value in unit.items():
            if isinstance(value, list):
                click.echo(f"  {key.replace('_', ' ')}: {len(value) or 'none'}")
                for line in value:
                    click.echo(f"    {line['at']}  {line['text']}" if isinstance(line, dict) else f"    {line}")
            elif value is not None and not isinstance(value, dict):
                click.echo(f"  {key.replace('_', ' '):<26}{value}")
        click.echo("")


@asset.command("add")
@click.argument("serial", metavar="SERIAL")
@_fields
@_BY
@doors.config
def asset_add(serial: str, by: str, directory: Path, **told: str | None) -> None:
    """Write a unit into the asset file, by its serial number or service tag."""
    settings = loaded(directory, os.environ, with_secrets=False)
    values = _values({"serial": serial, **told})
    number = str(values["serial"])
    with Store(settings.daemon.state) as store, store.writing() as disk:
        if number in assets.by_serials(disk, [number]):
            _refused(f'"{number}" is in the asset file already; "netvigil asset set" changes it')
        after = _merged(Asset(serial=number), values, settings)
        assets.saved(disk, None, after, What.ENTERED, by, this_moment())
    click.echo(f"{number} is in the asset file")


@asset.command("set")
@click.argument("serial", metavar="SERIAL")
@_fields
@click.option("--new-serial", default=None, help="The unit was replaced by one with this serial number.")
@click.option("--clear", multiple=True, type=click.Choice(FIELDS[1:]), help="A field that is unknown from now on.")
@_BY
@doors.config
def asset_set(
    serial: str, new_serial: str | None, clear: tuple[str, ...], by: str, directory: Path, **told: str | None
) -> None:
    """Change what the asset file says of a unit; its history keeps what it said."""
    settings = loaded(directory, os.environ, with_secrets=False)
    values = _values({"serial": new_serial, **told})
    with Store(settings.daemon.state) as store, store.writing() as disk:
        was = assets.one(disk, serial)
        if new_serial and str(values["serial"]) in assets.by_serials(disk, [str(values["serial"])]):
            _refused(f'"{values["serial"]}" is in the asset file already')
        blank = Asset(serial=was.serial)
        cleared = replace(was, **{name: getattr(blank, name) for name in clear})
        after = _merged(cleared, values, settings)
        what = What.REPLACED if new_serial else What.CHANGED
        changed = assets.saved(disk, was, after, what, by, this_moment())
    for name, (old, new) in changed.items():
        click.echo(f"{name.replace('_', ' ')}: {old or '-'} -> {new or '-'}")
    if not changed:
        click.echo("nothing changed")


@asset.command("repair")
@click.argument("serial", metavar="SERIAL")
@click.option("--ticket", "number", required=True, metavar="TICKET", help="The ticket that brought the repair.")
@click.option("--on", default="", help="The day of the repair; without it today.")
@click.option("--why", default="", help="What was done.")
@_BY
@doors.config
def asset_repair(serial: str, number: str, on: str, why: str, by: str, directory: Path) -> None:
    """A unit was repaired: two repairs within a year count for the three guarantees (2.1)."""
    settings = loaded(directory, os.environ, with_secrets=False)
    day = _day(on, "--on") if on else None
    with Store(settings.daemon.state) as store, store.writing() as disk:
        unit = assets.one(disk, serial)
        ticket = tickets.found(disk, number)
        assets.repaired(disk, unit.serial, ticket.id, by, this_moment(), why, day)
    click.echo(f"{unit.serial}: repaired with {ticket.id}")


@asset.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@doors.language(Language.ZH_CN)
@doors.config
def asset_export(file: Path, language: str, directory: Path) -> None:
    """The asset file as .xlsx or .csv, which an import takes back; no cell of it can become a formula."""
    settings = loaded(directory, os.environ, with_secrets=False)
    if file.suffix.lower() not in {".xlsx", ".csv"}:
        raise click.BadParameter("write .xlsx or .csv", param_hint="FILE")
    with doors.reading(settings) as disk:
        every = assets.all_assets(disk)
    headings, lines = asset_sheet.headings(Language(language)), asset_sheet.lines(every)
    is_plain = file.suffix.lower() == ".csv"
    raw = sheets.as_csv(headings, lines) if is_plain else sheets.as_workbook("assets", headings, lines)
    try:
        file.write_bytes(raw)
    except OSError as error:
        click.echo(f"netvigil: {file}: {error.strerror}", err=True)
        sys.exit(doors.BAD_USAGE)
    click.echo(f"{len(every)} units: {file}")


def _values(told: Mapping[str, str | None]) -> dict[str, object]:
    """What the options say, read as the cells of a sheet are. Raises BadParameter."""
    values: dict[str, object] = {}
    for name, text in told.items():
        if text is None:
            continue
        try:
            values[name] = asset_sheet.value(name, text)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint=f"--{name.replace('_', '-')}") from None
    if told.get("serial") is not None and not values.get("serial"):
        raise click.BadParameter("a unit has a serial number or service tag", param_hint="SERIAL")
    return values


def _merged(old: Asset, values: Mapping[str, object], settings: Settings) -> Asset:
    known = Known(inventory=settings.inventory, contract=settings.contract)
    after, wrong = asset_sheet.merged(old, values, known)
    if wrong:
        _refused("; ".join(f"{name.replace('_', ' ')}: {reason}" for name, reason in wrong))
    return after


def _refused(reason: str) -> None:
    click.echo(f"netvigil: {reason}", err=True)
    sys.exit(doors.FINDINGS)


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f'"{text}" is not a day, such as 2026-11-22', param_hint=option) from None


def _row(unit: Asset, settings: Settings) -> dict[str, object]:
    """A unit with what follows from its dates; what is unknown is null."""
    today = this_moment().astimezone(ZoneInfo(settings.inventory.zone(unit.site))).date()
    until = ends(unit.dates, unit.maker, settings.contract)
    now = phase(unit.dates, unit.maker, settings.contract, today)
    pays = charged(unit.dates, unit.maker, settings.contract, today)
    return {
        **{name: word(getattr(unit, name)) or None for name in FIELDS},
        "maker_title": _maker(unit.maker, settings.contract),
        "maker_ends": until.maker.isoformat() if until.maker else None,
        "engineering_ends": until.engineering.isoformat() if until.engineering else None,
        "phase": now.value if now else None,
        "parts_charged": pays.parts,
        "labour_charged": pays.labour,
    }


def _maker(maker: str, contract: Contract) -> str | None:
    found = contract.makers.get(maker_of(maker, contract))
    return found.title.en if found else maker or None


def _shown(disk: Connection, unit: Asset, settings: Settings, now: datetime, said: Language) -> dict[str, object]:
    zone = settings.inventory.zone(unit.site)
    today = now.astimezone(ZoneInfo(zone)).date()
    events = assets.history(disk, unit.serial)
    repairs = units.repairs(events, unit.serial, zone)
    granted = three_guarantees(unit.delivered, repairs, settings.contract.three_guarantees, today)
    return {
        **_row(unit, settings),
        "charges": charge(charged(unit.dates, unit.maker, settings.contract, today), settings.contract).said(said),
        "three_guarantees": [f"{each.guarantee.value}: {each.reason.said(said)}" for each in granted],
        "repairs": [day.isoformat() for day in repairs],
        **asset_history.told(disk, unit, events, settings, said),
    }
