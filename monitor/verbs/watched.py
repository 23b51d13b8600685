"""`netvigil device list`, `netvigil fault …`, `netvigil explain …`: what is watched, what is broken, and why."""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from alerts.faults.explained import Context, explained
from alerts.runbooks import link
from collectors.text import cleaned
from monitor import explaining, hops, maintenance, regrading
from monitor.config import loaded
from monitor.model import Fault, FaultKey, Language, Level, Regraded
from monitor.moment import now as this_moment
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


@fault.command("show")
@click.argument("number", metavar="FAULT", type=int)
@doors.config
@doors.as_json
def fault_show(number: int, directory: Path, *, as_json: bool) -> None:
    """All that is stored of one fault; without --json what `netvigil explain` says."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        found = faults.found(disk, number)
        context, ticket = explaining.context(disk, found, settings, this_moment()), hops.ticket_of(disk, found)
    if as_json:
        doors.print_json(_document(found, context, ticket.id if ticket else None))
    else:
        click.echo(explained(found, Language.EN, context))


@fault.command("level")
@click.argument("number", metavar="FAULT", type=int)
@click.argument("level", type=click.Choice([*(str(int(one)) for one in Level), "rule"]))
@click.option("--by", help="Who says so.")
@click.option("--reason", help="Why the rules are wrong here; it is kept with the fault and told with the ticket.")
@doors.config
def fault_level(number: int, level: str, by: str | None, reason: str | None, directory: Path) -> None:
    """Give one fault another level, with a reason, for as long as it stands; "rule" lets the rules speak again."""
    settings = loaded(directory, os.environ, with_secrets=False)
    if level != "rule" and not (by and reason and reason.strip()):
        raise click.UsageError("a level is given by somebody and for a reason: write --by and --reason")
    now = this_moment()
    try:
        with Store(settings.daemon.state) as store, store.writing() as disk:
            if level == "rule":
                found = regrading.given_back(disk, number)
                click.echo(f"fault {found.id}: the rules speak again at the next visit of {found.key.device}")
                return
            word = Regraded(
                level=Level(int(level)), by=cleaned(by or "", 80), reason=cleaned(reason or "", 400), at=now
            )
            found = regrading.regraded(disk, number, word, settings, now)
    except ValueError as error:
        click.echo(f"netvigil: {error}", err=True)
        sys.exit(doors.FINDINGS)
    click.echo(f"fault {found.id}: level {int(found.level)}, by {word.by}: {word.reason}")


@click.command()
@click.argument("number", metavar="FAULT", type=int)
@doors.language(Language.EN)
@doors.config
def explain(number: int, language: str, directory: Path) -> None:
    """Why a fault has its level: the evidence, and the rule that gave it."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        found = faults.found(disk, number)
        context = explaining.context(disk, found, settings, this_moment())
    click.echo(explained(found, Language(language), context))


def _document(found: Fault, context: Context, ticket: str | None) -> dict[str, Any]:
    """All of one fault as JSON tells it."""
    part, evidence = found.component, found.evidence
    return {
        "id": found.id,
        "device": found.key.device,
        "component": {
            "kind": part.kind,
            "label": part.label,
            "slot": part.slot or None,
            "model": part.model or None,
            "part_number": part.part_number or None,
            "serial": part.serial or None,
            "note": part.note or None,
        },
        "aspect": found.key.aspect,
        "condition": found.condition.value,
        "state": found.state.value,
        "flapping": found.flapping,
        "level": int(found.level),
        "reasons": [
            {"rule": one.rule, "en": one.text.en, "zh_CN": one.text.zh_CN, "proposes": one.proposes or None}
            for one in found.reasons
        ],
        "evidence": {
            "at": _iso(evidence.at),
            "value": evidence.value,
            "unit": evidence.unit or None,
            "raw": evidence.raw or None,
            "source": evidence.source or None,
        },
        "first_seen": _iso(found.first_seen),
        "last_seen": _iso(found.last_seen),
        "opened_at": _iso(found.opened_at),
        "cleared_at": _iso(found.cleared_at),
        "hops": [
            {
                "stop": hop.stop.value,
                "at": _iso(hop.at),
                "seconds": round((hop.at - found.first_seen).total_seconds(), 3),
                "what": hop.what or None,
            }
            for hop in (context.hops.all if context.hops else ())
        ],
        "hidden_by": _key(found.hidden_by) if found.hidden_by else None,
        "symptoms": [{"id": one.id, **_key(one.key)} for one in context.symptoms],
        "maintenance": context.covered.window.name if context.covered else None,
        "opened_under": found.window or None,
        "ticket": ticket,
        "runbook": link(context.runbooks, Language.EN, found.key.kind, found.key.aspect) or None,
        "explanation": {each.value: explained(found, each, context).splitlines() for each in Language},
    }


def _key(key: FaultKey) -> dict[str, str]:
    return {"device": key.device, "kind": key.kind, "label": key.label, "aspect": key.aspect}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
