"""`netvigil ticket …`: the promises made about faults, and what people do about them."""

import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click

from alerts.desk import tickets as desk
from alerts.desk.clocks import clocks, nearest
from alerts.desk.times import span, wall
from alerts.runbooks import link
from monitor import ticketing
from monitor.app import now as this_moment
from monitor.config import Settings, loaded
from monitor.model import EventKind, Language, Ticket
from monitor.store import letters, tickets
from monitor.store.database import Store
from monitor.store.letters import Posted
from monitor.verbs import doors


@click.group()
def ticket() -> None:
    """The promises made about faults."""


@ticket.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed ones of the last 31 days too.")
@doors.config
@doors.as_json
def ticket_list(directory: Path, *, everything: bool, as_json: bool) -> None:
    """Tickets that are not closed, with their nearest clock."""
    settings = loaded(directory, os.environ, with_secrets=False)
    now = this_moment()
    with doors.reading(settings) as disk:
        found = tickets.between(disk, now - timedelta(days=31), now) if everything else tickets.unclosed(disk)
    doors.print_rows([_ticket_row(each, settings) for each in found], as_json=as_json)


@ticket.command("show")
@click.argument("number", metavar="TICKET")
@doors.config
@doors.as_json
def ticket_show(number: str, directory: Path, *, as_json: bool) -> None:
    """One ticket: its clocks, its events, its letters."""
    settings = loaded(directory, os.environ, with_secrets=False)
    now = this_moment()
    with doors.reading(settings) as disk:
        found = tickets.found(disk, number)
        sent = letters.all_letters(disk, number)
        within = {each.digest: letters.by_id(disk, each.digest) for each in sent if each.digest}
    site = settings.inventory.sites.get(found.site)
    zone = site.zone if site else "UTC"
    page = link(settings.daemon.runbooks, Language.EN, found.fault.kind, found.fault.aspect)
    told = {
        **_ticket_row(found, settings),
        "runbook": page or None,
        "clocks": [
            {"name": each.name.value, "due": each.due.isoformat() if each.due else None, "state": each.state.value}
            for each in clocks(found, settings.contract, now)
        ],
        "events": [
            {
                "seq": each.seq,
                "kind": each.kind.value,
                "at": each.at.isoformat(),
                "by": each.by,
                "data": dict(each.data),
            }
            for each in found.events
        ],
        "letters": [
            {
                "to": each.letter.recipient,
                "event": each.letter.event,
                "state": each.state.value,
                "response": each.response,
                "digest": _digest(within[each.digest]) if each.digest else None,
            }
            for each in sent
        ],
    }
    if as_json:
        doors.print_json(told)
        return
    click.echo(f"{found.id}  {told['state']}  level {told['level']}  {told['device']}  {told['part']}")
    for each in clocks(found, settings.contract, now):
        due = wall(each.due, zone, Language.EN) if each.due else ""
        click.echo(f"  {each.title.en:<34} {due:<34}  {each.state.value}")
    if page:
        click.echo(f"  what to do: {page}")
    for event in found.events:
        data = ", ".join(f"{key}={value}" for key, value in event.data.items() if not key.endswith("_zh_CN"))
        click.echo(f"  {event.seq:>3} {wall(event.at, zone, Language.EN)}  {event.kind.value} by {event.by}  {data}")
    for posted in sent:
        went = within.get(posted.digest)
        words = f"within {posted.digest}, {went.state.value} {went.response}" if went else posted.response
        click.echo(f"  mail to {posted.letter.recipient}: {posted.state.value} {words}")


def _digest(went: Posted | None) -> dict[str, str] | None:
    """The digest within which a letter went, and what became of it."""
    if went is None:
        return None
    return {"message_id": went.letter.message_id, "state": went.state.value, "response": went.response}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """One thing that may be, or must be, said with an event."""

    name: str
    says: str
    required: bool = False
    words: tuple[str, ...] = ()


_OWNER = _Option(name="owner", says="Whose ticket it is from now on.")
_REASON = _Option(name="reason", says="Why.", required=True)
_ON_SITE = _Option(name="on_site", says="Whether somebody has to go there.", words=(desk.NEEDED, desk.NOT_NEEDED))
_LEVEL = _Option(name="level", says="1 is the gravest.", required=True, words=("1", "2", "3", "4"))
_OURS = _Option(name="responsibility", says="Whose it is.", required=True, words=(desk.OURS, desk.NOT_OURS))
_ACTIONS: tuple[tuple[str, EventKind, str, tuple[_Option, ...]], ...] = (
    ("respond", EventKind.RESPONDED, "Someone has answered: the response clock is met.", (_OWNER, _ON_SITE)),
    (
        "hand-up",
        EventKind.HANDED_UP,
        "Hand the ticket up, to the next tier or a named one.",
        (_OWNER, _Option(name="tier", says="A tier of contract.toml.")),
    ),
    ("dispatch", EventKind.DISPATCHED, "Someone is on the way.", (_OWNER, _ON_SITE)),
    ("arrive", EventKind.ARRIVED, "Someone is on site.", ()),
    ("restore", EventKind.RESTORED, "Service works again.", ()),
    ("report-vendor", EventKind.REPORTED_TO_VENDOR, "The vendor has been told.", ()),
    ("pause", EventKind.PAUSED, "Clocks that may pause stand still.", (_REASON,)),
    ("resume", EventKind.RESUMED, "Clocks run again.", ()),
    ("level", EventKind.LEVEL_CHANGED, "A person judges the level otherwise.", (_LEVEL, _REASON)),
    (
        "responsibility",
        EventKind.RESPONSIBILITY,
        "Say whether the cause is our responsibility.",
        (_OURS, _REASON),
    ),
    ("comment", EventKind.COMMENT, "Add a remark.", (_Option(name="text", says="The remark.", required=True),)),
    ("close", EventKind.CLOSED, "A person closes the ticket.", ()),
)
"""The verbs that write into a ticket: `netvigil ticket VERB TICKET --by WHO`."""


def _acting(name: str, kind: EventKind, says: str, options: tuple[_Option, ...]) -> None:
    def act(number: str, directory: Path, by: str, **data: str | None) -> None:
        settings = loaded(directory, os.environ, with_secrets=False)
        given = {key: value for key, value in data.items() if value is not None}
        try:
            with Store(settings.daemon.state) as store, store.writing() as disk:
                done = ticketing.acted(disk, number, kind, by, given, settings, this_moment())
        except ValueError as error:
            click.echo(f"netvigil: {error}", err=True)
            sys.exit(doors.FINDINGS)
        click.echo(f"{done.id}: {kind.value}, now {desk.state(done).value}")

    command = doors.config(act)
    for option in options:
        kind_of = click.Choice(option.words) if option.words else click.STRING
        flag = f"--{option.name.replace('_', '-')}"
        command = click.option(flag, option.name, type=kind_of, required=option.required, help=option.says)(command)
    command = click.option("--by", required=True, envvar="USER", help="Who did it.")(command)
    command = click.argument("number", metavar="TICKET")(command)
    ticket.command(name, help=says)(command)


for _action in _ACTIONS:
    _acting(*_action)


def _ticket_row(found: Ticket, settings: Settings) -> dict[str, object]:
    now = this_moment()
    next_clock = nearest(clocks(found, settings.contract, now))
    return {
        "id": found.id,
        "state": desk.state(found).value,
        "level": int(desk.level(found)),
        "class": desk.service_class(found, settings.contract).value,
        "device": found.fault.device,
        "part": f"{found.fault.kind} {found.fault.label}".strip(),
        "opened_at": found.events[0].at.isoformat(timespec="seconds"),
        "clock": next_clock.name.value if next_clock else None,
        "left": span(next_clock.remaining, Language.EN) if next_clock and next_clock.remaining else None,
    }
