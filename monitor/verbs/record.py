"""`netvigil record`: a device as a folder that `netvigil replay` judges as the device itself was."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from collectors.record.folder import NoPlaceError, placed
from collectors.snmp.reader import Budget
from monitor.config import Settings, loaded
from monitor.model import Device
from monitor.moment import now
from monitor.verbs import doors
from monitor.verbs.recorder import Taken, taken, written

_BYTES = 256_000_000  # of all answers of one eye


@click.command()
@click.argument("device")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--mask-addresses", "addresses", is_flag=True, help="Replace IP and MAC addresses and host names, too.")
@click.option(
    "--values", type=click.IntRange(min=1), default=200_000, show_default=True, help="The most values of SNMP."
)
@click.option(
    "--seconds", type=click.IntRange(min=10), default=900, show_default=True, help="The most time for each eye."
)
@doors.config
@doors.as_json
def record(
    device: str, folder: Path, values: int, seconds: int, directory: Path, *, addresses: bool, as_json: bool
) -> None:
    """Record all that the eyes of the inventory see of DEVICE into FOLDER, without secrets, for netvigil replay."""
    settings = loaded(directory, os.environ)
    found = settings.inventory.devices.get(device)
    if found is None:
        raise LookupError(f'no device "{device}" in the inventory; "netvigil device list" shows them all')
    try:
        with placed(folder) as within:
            told = asyncio.run(_taken(settings, found, Budget(seconds=seconds, rows=values, bytes=_BYTES)))
            if not told.is_anything:
                _say_failures(told)
                if as_json:
                    doors.print_json({"folder": None, "failed": told.failed})
                click.echo(f"netvigil: nothing was seen of {device}, so nothing was written", err=True)
                sys.exit(doors.UNREACHABLE)
            source = written(within, told, settings, addresses=addresses)
    except NoPlaceError as error:
        raise LookupError(str(error)) from None
    if as_json:
        doors.print_json({"folder": str(folder), **source})
    else:
        _print(folder, source)
    _say_failures(told)
    sys.exit(doors.FINE if told.is_whole else doors.FINDINGS)


async def _taken(settings: Settings, device: Device, budget: Budget) -> Taken:
    """What is taken, with a line on a terminal that says how far it is."""
    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("asking who it is", total=None)
        return await taken(
            settings, device, budget, now(), lambda what, count: bar.update(task, description=f"{count} {what}")
        )


def _say_failures(told: Taken) -> None:
    for eye, why in told.failed.items():
        click.echo(f"netvigil: {eye}: {why}", err=True)


def _print(folder: Path, source: dict[str, Any]) -> None:
    snmp, ssh, redfish, masked = (source[name] for name in ("snmp", "ssh", "redfish", "masked"))
    click.echo(f"recorded into {folder}{'' if source['whole'] else ', in part'}")
    if snmp:
        ended = f"; ended early: {snmp['ended']}" if snmp["ended"] else ""
        skipped = f"; places passed over: {len(snmp['skipped'])}" if snmp["skipped"] else ""
        left_out = f"; left out for its secrets: {', '.join(snmp['left_out'])}" if snmp["left_out"] else ""
        click.echo(f"  SNMP: {snmp['values']} values{ended}{skipped}{left_out}")
    if ssh:
        failed = f"; failed: {', '.join(ssh['failed'])}" if ssh["failed"] else ""
        click.echo(f"  SSH: {ssh['commands']} commands{failed}")
    if redfish:
        ended = f"; ended early: {redfish['ended']}" if redfish["ended"] else ""
        click.echo(f"  Redfish: {redfish['documents']} documents{ended}")
    more = f", {masked['addresses']} addresses, {masked['names']} names" if masked["with_addresses"] else ""
    click.echo(f"  masked: {masked['secrets']} secrets{more}; look through it before you send it to anybody")
    if short := masked["secrets_too_short_to_be_found"]:
        click.echo(f"  {short} secrets have fewer than 4 characters and are not masked")
