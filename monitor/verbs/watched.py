"""`netvigil device list`, `netvigil fault …`, `netvigil explain …`: what is watched, what is broken, and why."""

import os
import sys
from pathlib import Path

import click

from alerts.faults.explained import explained
from monitor import maintenance
from monitor.app import now as this_moment
from monitor.config import loaded
from monitor.model import FaultState, Language
from monitor.store import devices, faults, pins
from monitor.store.database import Store
from monitor.verbs import doors


@click.group()
def device() -> None:
    """The devices of the inventory."""


@device.command("list")
@doors.config
@doors.as_json
def device_list(directory: Path, *, as_json: bool) -> None:
    """What each device is, and when it last answered."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        known = devices.all_visited(disk)
    rows = []
    for name, each in settings.inventory.devices.items():
        last = known.get(name)
        answered = last.answered_at.isoformat(timespec="seconds") if last and last.answered_at else None
        rows.append(
            {
                "name": name,
                "address": each.address,
                "site": each.site,
                "role": each.role.value,
                "model": last.identity.model if last else None,
                "version": last.identity.version if last else None,
                "answered_at": answered,
                "silence": last.silence if last else None,
            }
        )
    doors.print_rows(rows, as_json=as_json)


@device.command("trust")
@click.argument("name", metavar="DEVICE")
@doors.config
def device_trust(name: str, directory: Path) -> None:
    """Believe what a device shows from now on: its next certificate and host key are remembered anew."""
    settings = loaded(directory, os.environ, with_secrets=False)
    if name not in settings.inventory.devices:
        raise LookupError(f'no device "{name}" in the inventory; "netvigil device list" shows them all')
    with Store(settings.daemon.state) as store, store.writing() as disk:
        count = pins.forgotten(disk, name)
    click.echo(f"{count} forgotten; what {name} shows at the next look is remembered anew")


@click.group()
def fault() -> None:
    """What is broken, and why it has its level."""


@fault.command("list")
@doors.config
@doors.as_json
def fault_list(directory: Path, *, as_json: bool) -> None:
    """Every open fault, gravest first."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        known = maintenance.coverage(disk, settings, this_moment())
        rows = [
            {
                "id": each.id,
                "level": int(each.level),
                "device": each.key.device,
                "part": f"{each.key.kind} {each.key.label}".strip(),
                "condition": each.condition.value,
                "since": (each.opened_at or each.first_seen).isoformat(timespec="seconds"),
                "maintenance": covered.window.name if (covered := known.of(each.key)) else None,
                "reason": "; ".join(reason.text.en for reason in each.reasons),
            }
            for each in faults.open_faults(disk)
        ]
    doors.print_rows(rows, as_json=as_json)
    sys.exit(doors.FINDINGS if rows else doors.FINE)


@click.command()
@click.argument("number", metavar="FAULT", type=int)
@doors.language(Language.EN)
@doors.config
def explain(number: int, language: str, directory: Path) -> None:
    """Why a fault has its level: the evidence, and the rule that gave it."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        found = faults.found(disk, number)
        is_over = found.state is FaultState.CLEARED
        covered = None if is_over else maintenance.covering(disk, found.key, settings, this_moment())
    click.echo(explained(found, Language(language), covered))
