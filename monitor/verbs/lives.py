"""`netvigil device parts|history|forget`: what a device consists of, and what happened to it."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from alerts.locale import wall, words
from alerts.reports.history import happened
from monitor import history
from monitor.config import Settings, loaded
from monitor.model import Language, duration
from monitor.moment import now as this_moment
from monitor.store import parts
from monitor.store.database import Store
from monitor.store.parts import Known
from monitor.verbs import doors

_FRU = ("slot", "model", "part_number", "serial", "hardware_version", "software_version")


@click.command("parts")
@click.argument("name", metavar="DEVICE")
@doors.config
@doors.as_json
def device_parts(name: str, directory: Path, *, as_json: bool) -> None:
    """What the device consists of, as it was told last."""
    settings = loaded(directory, os.environ, with_secrets=False)
    _known(settings, name)
    with doors.reading(settings) as disk:
        rows = [_row(part) for part in parts.known(disk, name).values()]
    if not as_json:
        rows = [{key: told for key, told in row.items() if key not in {"first_seen", "changed_at"}} for row in rows]
    doors.print_rows(rows, as_json=as_json)


@click.command("history")
@click.argument("name", metavar="DEVICE")
@click.option("--since", default="31d", show_default=True, help='A day such as "2026-11-01", or how long ago.')
@doors.language(Language.EN)
@doors.config
@doors.as_json
def device_history(name: str, since: str, language: str, directory: Path, *, as_json: bool) -> None:
    """What happened to the device, oldest first."""
    settings = loaded(directory, os.environ, with_secrets=False)
    zone = _known(settings, name)
    now, said = this_moment(), words(Language(language))
    with doors.reading(settings) as disk:
        events = parts.history(disk, [name], _moment(since, zone, now))
    if as_json:
        doors.print_json(
            [
                {
                    "at": event.at.isoformat(timespec="seconds"),
                    "event": event.what.value,
                    "component": {"kind": event.kind, "label": event.label} if event.kind else None,
                    "text": happened(event, said, zone),
                    "data": dict(event.data),
                    "source": event.source or None,
                }
                for event in events
            ]
        )
        return
    rows = [{"at": wall(each.at, zone, seconds=True), "what happened": happened(each, said, zone)} for each in events]
    doors.print_rows(rows, as_json=False)


@click.command("forget")
@click.argument("name", metavar="DEVICE")
@click.argument("kind", metavar="KIND")
@click.argument("label", metavar="LABEL")
@click.option("--by", required=True, envvar="USER", help="Who took it out.")
@click.option("--why", default="", help="Why.")
@doors.config
def device_forget(name: str, kind: str, label: str, by: str, why: str, directory: Path) -> None:
    """A part was taken out on purpose: nobody misses it any more, and its faults are cleared."""
    settings = loaded(directory, os.environ, with_secrets=False)
    _known(settings, name)
    try:
        with Store(settings.daemon.state) as store, store.writing() as disk:
            count = history.forgotten(disk, name, (kind, label), by, why, settings, this_moment())
    except history.StillThereError as error:
        click.echo(f"netvigil: {error}", err=True)
        sys.exit(doors.FINDINGS)
    click.echo(f"{kind} {label} of {name} is forgotten; faults cleared: {count}")


def _known(settings: Settings, name: str) -> str:
    """The zone of the device's site. Raises LookupError where the inventory has no such device."""
    found = settings.inventory.devices.get(name)
    if found is None:
        raise LookupError(f'no device "{name}" in the inventory; "netvigil device list" shows them all')
    return settings.inventory.sites[found.site].zone


def _moment(since: str, zone: str, now: datetime) -> datetime:
    try:
        told = datetime.fromisoformat(since)
    except ValueError:
        try:
            return now - duration(since)
        except (ValueError, OverflowError) as error:
            raise click.BadParameter(f"{error}; or a day such as 2026-11-01", param_hint="--since") from error
    return told.replace(tzinfo=told.tzinfo or ZoneInfo(zone)).astimezone(UTC)


def _row(part: Known) -> dict[str, object]:
    where = "gone" if part.gone_at else "missing" if part.missing_since else "there"
    fru = {name: getattr(part.component, name) or None for name in _FRU}
    moments = {"first_seen": part.first_seen, "changed_at": part.changed_at}
    return {
        "kind": part.component.kind,
        "label": part.component.label,
        **fru,
        "state": where,
        **{name: moment.isoformat(timespec="seconds") for name, moment in moments.items()},
    }
