"""`netvigil config …`: the configurations that were kept of a device."""

import os
from pathlib import Path

import click

from monitor.config import loaded
from monitor.store.configurations import Configurations, Version, difference
from monitor.verbs import doors


@click.group("config")
def configuration() -> None:
    """The configurations of devices, without their secrets."""


@configuration.command("list")
@click.argument("device")
@doors.config
@doors.as_json
def configuration_list(device: str, directory: Path, *, as_json: bool) -> None:
    """Every configuration that DEVICE had, the newest first."""
    rows = [
        {"version": each.number, "at": each.at.isoformat(), "lines": each.text.count("\n"), "commit": each.commit}
        for each in _versions(device, directory)
    ]
    doors.print_rows(rows, as_json=as_json)


@configuration.command("show")
@click.argument("device")
@click.option("--version", "number", type=click.IntRange(min=1), help="Which one; the newest if left out.")
@doors.config
def configuration_show(device: str, number: int | None, directory: Path) -> None:
    """The configuration of DEVICE, as it was kept."""
    click.echo(_one(_versions(device, directory), number).text, nl=False)


@configuration.command("diff")
@click.argument("device")
@click.option("--from", "older", type=click.IntRange(min=1), help="Which one; the one before the newest if left out.")
@click.option("--to", "newer", type=click.IntRange(min=1), help="Which one; the newest if left out.")
@doors.config
def configuration_diff(device: str, older: int | None, newer: int | None, directory: Path) -> None:
    """What changed between two configurations of DEVICE."""
    versions = _versions(device, directory)
    to = _one(versions, newer)
    if older is None and to.number == 1:
        raise LookupError(f'of "{device}" there is nothing before version 1')
    click.echo(difference(_one(versions, older or to.number - 1), to, device), nl=False)


def _versions(device: str, directory: Path) -> list[Version]:
    settings = loaded(directory, os.environ, with_secrets=False)
    found = settings.inventory.devices.get(device)
    if found is None:
        raise LookupError(f'no device "{device}" in the inventory; "netvigil device list" shows them all')
    versions = list(Configurations(settings.daemon.state).versions(found))
    if not versions:
        raise LookupError(f'no configuration of "{device}" was kept yet')
    return versions


def _one(versions: list[Version], number: int | None) -> Version:
    if number is None:
        return versions[0]
    for each in versions:
        if each.number == number:
            return each
    raise LookupError(f"there is no version {number}; the newest is {versions[0].number}")
