"""`netvigil maintenance …`: when nobody is called, because somebody is at work there."""

import os
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from alerts.desk.recurring import Every, Span
from alerts.desk.windows import Scope, Window, fits
from monitor.config import Settings, loaded
from monitor.model import Device, duration
from monitor.moment import now as this_moment
from monitor.problem import near_word
from monitor.store import maintenance as stored
from monitor.store.database import Store
from monitor.verbs import doors

_LONGEST = timedelta(days=366)
_AGO = timedelta(days=31)
_EVERYTHING = "*"


@click.group()
def maintenance() -> None:
    """Windows in which faults are recorded and nobody is called."""


@maintenance.command("add")
@click.option("--customer", default="", help="Customers; this and the other patterns may hold * and ?.")
@click.option("--site", default="", help="Sites.")
@click.option("--device", default="", help="Devices.")
@click.option("--part", default="", metavar="KIND[/LABEL]", help='Parts only, such as "psu" or "interface/GE1/0/*".')
@click.option("--from", "begins", default="", help='Such as "2026-11-22T02:00", by the clock of the site; else now.')
@click.option("--until", default="", help="The same, for its end.")
@click.option("--for", "length", default="", help='How long, such as "2h", instead of --until.')
@click.option("--reason", required=True, help="Why.")
@click.option("--by", required=True, envvar="USER", help="Who says so.")
@doors.config
@doors.as_json
def maintenance_add(
    customer: str,
    site: str,
    device: str,
    part: str,
    begins: str,
    until: str,
    length: str,
    reason: str,
    by: str,
    directory: Path,
    *,
    as_json: bool,
) -> None:
    """Nobody is called for what happens there from then to then; what is still broken at the end speaks up."""
    settings = loaded(directory, os.environ, with_secrets=False)
    kind, _, label = part.partition("/")
    scope = Scope(customer=customer, site=site, device=device, kind=kind, label=label)
    now = this_moment()
    zones = _zones(settings, scope)
    begin = _moment(begins, zones, "--from") if begins else now
    if bool(until) == bool(length):
        raise click.UsageError("say when it ends: --until or --for, one of them")
    end = _moment(until, zones, "--until") if until else begin + _length(length)
    if not begin < end <= begin + _LONGEST or end <= now:
        raise click.UsageError(
            f"it would last from {begin.isoformat(timespec='seconds')} to {end.isoformat(timespec='seconds')}; "
            "it must end after its beginning and after now, and last a year at most"
        )
    span = Span(begins=begin, ends=end)
    with Store(settings.daemon.state) as store, store.writing() as disk:
        name = stored.added(disk, scope, span, reason, by, now)
    row = _row(Window(name=name, scope=scope, when=span, reason=reason, by=by), span, now, settings)
    if as_json:
        doors.print_json(row)
    else:
        click.echo(f"{name}: {row['state']}, {row['from']} to {row['until']}, devices: {row['devices']}")


@maintenance.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that were over in the last 31 days too.")
@doors.config
@doors.as_json
def maintenance_list(directory: Path, *, everything: bool, as_json: bool) -> None:
    """Windows that are on or to come; those of inventory.toml with the last beginning."""
    settings = loaded(directory, os.environ, with_secrets=False)
    now = this_moment()
    with doors.reading(settings) as disk:
        rows = [_row(each.window, each.span, now, settings) for each in stored.since(disk, now - _AGO * everything)]
    rows += [_row(window, _last(window, settings, now), now, settings) for window in settings.inventory.windows]
    doors.print_rows(rows, as_json=as_json)


@maintenance.command("end")
@click.argument("name", metavar="WINDOW")
@click.option("--by", required=True, envvar="USER", help="Who says so.")
@doors.config
def maintenance_end(name: str, by: str, directory: Path) -> None:
    """End a window now; one that has not begun never will. What is still broken speaks up at once."""
    settings = loaded(directory, os.environ, with_secrets=False)
    if any(window.name.casefold() == name.casefold() for window in settings.inventory.windows):
        raise LookupError(f'window "{name}" recurs; it is changed in inventory.toml ([[maintenance]])')
    try:
        with Store(settings.daemon.state) as store, store.writing() as disk:
            was = stored.ended(disk, name, by, this_moment())
    except ValueError as error:
        click.echo(f"netvigil: {error}", err=True)
        sys.exit(doors.FINDINGS)
    click.echo(f"{was.window.name} is over")


def _zones(settings: Settings, scope: Scope) -> set[str]:
    """The zones of the sites that are covered. Raises LookupError where the patterns fit nothing."""
    inventory = settings.inventory
    if not (scope.customer or scope.site or scope.device):
        raise click.UsageError('say where: --customer, --site or --device (--device "*" for all)')
    names: tuple[tuple[str, str, Iterable[str]], ...] = (
        ("customer", scope.customer, inventory.customers),
        ("site", scope.site, inventory.sites),
        ("device", scope.device, inventory.devices),
        ("kind of part", scope.kind, settings.policy.kinds),
    )
    for what, pattern, known in names:
        if pattern and not any(fits(pattern, name) for name in known):
            hint = near_word(pattern, known)
            raise LookupError("; ".join(filter(None, (f'no {what} "{pattern}" in the configuration', hint))))
    covered = [device for device in inventory.devices.values() if scope.covers(device)]
    if not covered:
        raise LookupError('no device is all of that; "netvigil device list" shows them with their sites')
    return {inventory.sites[device.site].zone for device in covered}


def _moment(text: str, zones: set[str], option: str) -> datetime:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f'"{text}" is no moment; write "2026-11-22T02:00"', param_hint=option) from None
    if told.tzinfo is None:
        if len(zones) > 1:
            reason = f"the sites have several zones ({', '.join(sorted(zones))}); write the offset: {text}+08:00"
            raise click.BadParameter(reason, param_hint=option)
        told = told.replace(tzinfo=ZoneInfo(next(iter(zones))))
    return told


def _length(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--for") from None


def _last(window: Window, settings: Settings, now: datetime) -> Span | None:
    """The newest occurrence anywhere; of several zones the one that ends last."""
    zones = {settings.inventory.sites[device.site].zone for device in _covered(window, settings)}
    spans = [span for zone in zones if (span := window.last_begun(now, zone))]
    return max(spans, key=lambda span: span.ends, default=None)


def _covered(window: Window, settings: Settings) -> list[Device]:
    return [device for device in settings.inventory.devices.values() if window.scope.covers(device)]


def _row(window: Window, span: Span | None, now: datetime, settings: Settings) -> dict[str, object]:
    scope, rule = window.scope, window.when if isinstance(window.when, Every) else None
    if span is not None and now in span:
        state = "on"
    elif rule is not None or (span is not None and now < span.begins):
        state = "planned"
    else:
        state = "over"
    return {
        "window": window.name,
        "state": state,
        "customer": scope.customer or None,
        "site": scope.site or None,
        "device": scope.device or None,
        "part": "/".join(filter(None, (scope.kind or _EVERYTHING, scope.label))) if not scope.is_whole else None,
        "devices": len(_covered(window, settings)),
        "from": span.begins.isoformat(timespec="seconds") if span else None,
        "until": span.ends.isoformat(timespec="seconds") if span else None,
        "every": rule.text if rule else None,
        "by": window.by or None,
        "reason": window.reason,
    }
