"""`netvigil ticket VERB …`: what people write into tickets: the verbs of `alerts.desk.actions`, and a few more.

The web pages offer the same actions; both write through `monitor.ticketing`.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.desk.actions import ACTIONS, Action
from alerts.desk.effective import OWN
from alerts.desk.entries import Request
from monitor import ticketing
from monitor.config import Settings, loaded
from monitor.model import EventKind, Level, TicketKind
from monitor.moment import now as this_moment
from monitor.store import tickets
from monitor.store.database import Store
from monitor.verbs import doors
from monitor.verbs.desk import row

P = ParamSpec("P")
R = TypeVar("R")


def _acting(action: Action) -> click.Command:
    """The verb of an action: `netvigil ticket VERB TICKET --by WHO`."""

    def act(number: str, directory: Path, by: str, at: datetime | None, **data: str | None) -> None:
        settings = loaded(directory, os.environ, with_secrets=False)
        given = {key: value for key, value in data.items() if value is not None}
        with _writing(settings) as disk:
            zone = settings.inventory.zone(tickets.found(disk, number).site)
            done = ticketing.acted(disk, number, action.kind, by, given, settings, this_moment(), at=_moment(at, zone))
        click.echo(f"{done.id}: {action.kind.value}, now {desk.state(done).value}")

    command = doors.config(act)
    for field in reversed(action.fields):
        kind_of = click.Choice(field.words) if field.words else click.STRING
        flag = f"--{field.name.replace('_', '-')}"
        command = click.option(flag, field.name, type=kind_of, required=field.required, help=field.says.en)(command)
    command = click.option("--at", type=click.DateTime(_FORMS), help="When it was done, if earlier.")(command)
    command = _by(command)
    command = click.argument("number", metavar="TICKET")(command)
    return click.command(action.name, help=action.says.en)(command)


_FORMS = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%H:%M")
"""How a moment may be written; without a zone it is the clock on the wall of the site, without a day it is of today."""
_BEFORE_DATES = 1900
_by = click.option("--by", required=True, envvar="USER", help="Who did it.")
_request = (
    click.option("--text", required=True, help="What was asked for, in the words of whoever asked."),
    click.option("--caller", required=True, help="Who rang, wrote or came."),
    click.option("--phone", default="", help="Where they can be rung back."),
    click.option("--mail", default="", help="Their address."),
    click.option("--device", default="", help="The device of which they spoke."),
    click.option(
        "--kind", type=click.Choice([each.value for each in TicketKind]), default=TicketKind.REPAIR.value,
        show_default=True, help="What is asked for; each has promises of its own.",
    ),
    click.option(
        "--level", type=click.Choice([str(int(each)) for each in Level]), default="3", show_default=True,
        help="Of a repair: 1 is the gravest.",
    ),
)  # fmt: skip


def _requesting(command: Callable[P, R]) -> Callable[P, R]:
    """The options that say what a person asked for."""
    for option in reversed(_request):
        command = option(command)
    return command


def _moment(at: datetime | None, zone: str) -> datetime | None:
    if at is None or at.tzinfo is not None:
        return at
    local = at.replace(tzinfo=ZoneInfo(zone))
    if at.year > _BEFORE_DATES:
        return local
    today = this_moment().astimezone(ZoneInfo(zone))
    return local.replace(year=today.year, month=today.month, day=today.day)


@contextmanager
def _writing(settings: Settings) -> Iterator[Connection]:
    """One transaction; what the desk refuses ends the command with its words and code 1."""
    try:
        with Store(settings.daemon.state) as store, store.writing() as disk:
            yield disk
    except ValueError as error:
        click.echo(f"netvigil: {error}", err=True)
        sys.exit(doors.FINDINGS)


def _asked(options: Mapping[str, str], channel: str) -> Request:
    return Request(
        kind=TicketKind(options["kind"]),
        text=options["text"],
        channel=channel,
        caller=options["caller"],
        device=options["device"],
        level=Level(int(options["level"])),
        phone=options["phone"],
        mail=options["mail"],
    )


@click.command("open")
@click.option("--site", required=True, help="Where it is.")
@click.option("--channel", default="phone", show_default=True, help="How it came (contract, promises.channels).")
@_requesting
@_by
@doors.config
@doors.as_json
def ticket_open(site: str, channel: str, by: str, directory: Path, *, as_json: bool, **options: str) -> None:
    """Write down what a customer asks for: a repair, a question or a complaint. Prints the number of the ticket."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with _writing(settings) as disk:
        done = ticketing.requested(disk, _asked(options, channel), site, by, settings, this_moment())
    doors.print_json(row(done, settings)) if as_json else click.echo(done.id)


@click.command("split")
@click.argument("number", metavar="TICKET")
@_requesting
@_by
@doors.config
def ticket_split(number: str, by: str, directory: Path, **options: str) -> None:
    """Open a ticket of its own for what is another matter. Prints the number of the new ticket."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with _writing(settings) as disk:
        click.echo(ticketing.split(disk, number, _asked(options, ""), by, settings, this_moment()).id)


@click.command("merge")
@click.argument("number", metavar="TICKET")
@click.argument("into", metavar="INTO")
@_by
@doors.config
def ticket_merge(number: str, into: str, by: str, directory: Path) -> None:
    """End a ticket, because another one is about the same."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with _writing(settings) as disk:
        done = ticketing.merged(disk, number, into, by, settings, this_moment())
    click.echo(f"{done.id}: merged into {into}")


@click.command("link")
@click.argument("number", metavar="TICKET")
@click.argument("other", metavar="OTHER")
@_by
@doors.config
def ticket_link(number: str, other: str, by: str, directory: Path) -> None:
    """Say in two tickets that they have to do with each other."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with _writing(settings) as disk:
        done = ticketing.linked(disk, number, other, by, settings, this_moment())
    click.echo(f"{done.id}: linked with {other}")


@click.command("correct")
@click.argument("number", metavar="TICKET")
@click.argument("entry", type=click.IntRange(min=1), metavar="ENTRY")
@click.option("--reason", required=True, help="Why it is wrong.")
@click.option("--at", type=click.DateTime(_FORMS), help="When it happened in truth.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="What is true instead; several may stand.")
@click.option("--void", is_flag=True, help="It never happened.")
@_by
@doors.config
def ticket_correct(
    number: str, entry: int, reason: str, at: datetime | None, pairs: tuple[str, ...], by: str, directory: Path, *,
    void: bool,
) -> None:  # fmt: skip
    """Put a wrong entry right, or withdraw it. The entry itself stays as it is; what is true is one entry more."""
    settings = loaded(directory, os.environ, with_secrets=False)
    said = dict(pair.partition("=")[::2] for pair in pairs)
    if taken := sorted(OWN & said.keys()):
        raise click.BadParameter(f"{', '.join(taken)} cannot be set", param_hint="--set")
    with _writing(settings) as disk:
        zone = settings.inventory.zone(tickets.found(disk, number).site)
        moment = _moment(at, zone)
        data = {
            **said, "seq": str(entry), "reason": reason,
            **({"void": "yes"} if void else {}), **({"at": moment.isoformat()} if moment else {}),
        }  # fmt: skip
        done = ticketing.acted(disk, number, EventKind.CORRECTED, by, data, settings, this_moment())
    click.echo(f"{done.id}: entry {entry} put right, now {desk.state(done).value}")


VERBS: tuple[click.Command, ...] = (
    ticket_open,
    *(_acting(action) for action in ACTIONS),
    ticket_merge,
    ticket_link,
    ticket_split,
    ticket_correct,
)
"""What `netvigil ticket` can write."""
