"""`netvigil check`, `replay` and `visit`: look at a configuration, a recording, a device; nothing is stored."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import click

from collectors.echoes import forbidden
from collectors.recording import NotARecordingError
from collectors.snmp import engines
from monitor.config import PEOPLE, ConfigError, knowledge, loaded, summary
from monitor.moment import now
from monitor.problem import check_lines
from monitor.rota_gaps import rota_warnings
from monitor.seen import seen
from monitor.verbs import doors
from monitor.verbs.glimpse import looks_now
from monitor.verbs.replayed import recording, replayed


@click.command()
@doors.config
@doors.as_json
def check(directory: Path, *, as_json: bool) -> None:
    """Read all configuration, and say file, line and reason for what is wrong."""
    try:
        settings = loaded(directory, os.environ)
    except ConfigError as error:
        if as_json:
            doors.print_json({"problems": [doors.problem_told(each) for each in error.problems]})
            sys.exit(doors.BAD_USAGE)
        raise
    coming = rota_warnings(settings.people, settings.inventory.sites, directory / PEOPLE, now())
    for warning in (*settings.warnings, *coming):
        click.echo(f"warning: {warning}", err=True)
    if settings.reach.enabled and (reason := forbidden()):
        click.echo(f"warning: {reason}", err=True)
    if as_json:
        doors.print_json({"problems": []})
    else:
        click.echo(summary(settings))


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--config", "directory", type=click.Path(file_okay=False, path_type=Path), help="Platforms and policy.")
@doors.as_json
def replay(path: Path, directory: Path | None, *, as_json: bool) -> None:
    """Visit a recording (.snmprec, or a folder of walk, Redfish tree, command outputs) and judge it at first sight."""
    try:
        platforms, policy = knowledge(directory)
        found = recording(path)
    except ConfigError as error:
        click.echo("\n".join(check_lines(error.problems)), err=True)
        sys.exit(doors.BAD_USAGE)
    except (NotARecordingError, OSError) as error:
        click.echo(f"netvigil: {error}", err=True)
        sys.exit(doors.BAD_USAGE)
    _print_seen(replayed(found, platforms, policy), as_json=as_json)


@click.command()
@click.argument("device")
@doors.config
@doors.as_json
def visit(device: str, directory: Path, *, as_json: bool) -> None:
    """Visit one device of the inventory now; nothing is stored and nobody is called."""
    settings = loaded(directory, os.environ)
    found = settings.inventory.devices.get(device)
    if found is None:
        raise LookupError(f'no device "{device}" in the inventory; "netvigil device list" shows them all')

    async def once() -> dict[str, Any]:
        reader = engines.reader(settings.snmp.engine)
        try:
            targets = settings.targets(found)
            budget = settings.snmp.budget
            looks = await looks_now(settings, found, reader, now())
            return await seen(found, targets, reader, settings.platforms, settings.policy, budget, now(), looks)
        finally:
            await reader.close()

    told = asyncio.run(once())
    _print_seen(told, as_json=as_json)
    silent = any(
        each["component"]["kind"] == "device"
        and each["aspect"] in {"answer", "access"}
        and each["condition"] == "failed"
        for each in told["observations"]
    )
    sys.exit(doors.UNREACHABLE if silent else doors.FINE)


def _print_seen(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        doors.print_json(told)
        return
    identity = told["identity"]
    click.echo("  ".join(f"{name}: {value}" for name, value in identity.items() if value))
    bad = [each for each in told["observations"] if each["condition"] in {"degraded", "failed"}]
    click.echo(f"{len(told['observations'])} observations, {len(bad)} of them not well")
    for each in told["faults"]:
        part = f"{each['component']['kind']} {each['component']['label']}".strip()
        click.echo(f"level {each['level']}  {part}  {each['condition']}: {each['reason']}  [{each['source']}]")
    if not told["faults"]:
        click.echo("no fault")
