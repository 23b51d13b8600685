"""`netvigil ticket …`: the promises made about faults, and what people do about them."""

import os
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from alerts.desk import tickets as desk
from alerts.desk.clocks import clocks, nearest
from alerts.desk.effective import written_at
from alerts.desk.times import span, wall
from alerts.runbooks import link
from monitor import ticketing, units
from monitor.app import now as this_moment
from monitor.config import Settings, loaded
from monitor.model import REQUEST, Language, Ticket
from monitor.store import chain, letters, tickets
from monitor.store.letters import Posted
from monitor.verbs import doors


@click.group()
def ticket() -> None:
    """The promises made about faults."""


@ticket.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed ones of the last 31 days too.")
@click.option("--call-back", "uncalled", is_flag=True, help="Only those that want nothing but the call-back.")
@doors.config
@doors.as_json
def ticket_list(directory: Path, *, everything: bool, uncalled: bool, as_json: bool) -> None:
    """Tickets that are not closed, with their nearest clock."""
    settings = loaded(directory, os.environ, with_secrets=False)
    now = this_moment()
    with doors.reading(settings) as disk:
        found = tickets.between(disk, now - timedelta(days=31), now) if everything else tickets.unclosed(disk)
    if uncalled:
        found = tuple(each for each in found if desk.wants_call_back(each, settings.contract))
    doors.print_rows([row(each, settings) for each in found], as_json=as_json)


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
        unit = units.of_ticket(disk, found, ticketing.subject(disk, found), settings, now)
        within = {each.digest: letters.by_id(disk, each.digest) for each in sent if each.digest}
    site = settings.inventory.sites.get(found.site)
    zone = site.zone if site else "UTC"
    page = link(settings.daemon.runbooks, Language.EN, found.fault.kind, found.fault.aspect)
    told = {
        **row(found, settings),
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
                "written_at": written_at(each).isoformat(),
                "by": each.by,
                "data": dict(each.data),
            }
            for each in found.events
        ],
        "unit": [{"en": line.en, "zh_CN": line.zh_CN} for line in unit],
        "letters": [
            {
                "to": each.letter.recipient,
                "event": each.letter.event if each.letter.event > 0 else None,
                "is_reminder": each.letter.event < 0,
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
    for line in unit:
        click.echo(f"  {line.en}")
    for event in found.events:
        data = ", ".join(f"{key}={value}" for key, value in event.data.items() if not key.endswith("_zh_CN"))
        late = f" (written {wall(event.written_at, zone, Language.EN)})" if event.written_at else ""
        moment = f"{wall(event.at, zone, Language.EN)}{late}"
        click.echo(f"  {event.seq:>3} {moment}  {event.kind.value} by {event.by}  {data}")
    for posted in sent:
        went = within.get(posted.digest)
        words = f"within {posted.digest}, {went.state.value} {went.response}" if went else posted.response
        what = "reminder" if posted.letter.event < 0 else "mail"
        click.echo(f"  {what} to {posted.letter.recipient}: {posted.state.value} {words}")


def _digest(went: Posted | None) -> dict[str, str] | None:
    """The digest within which a letter went, and what became of it."""
    if went is None:
        return None
    return {"message_id": went.letter.message_id, "state": went.state.value, "response": went.response}


@ticket.command("verify")
@doors.config
@doors.as_json
def ticket_verify(directory: Path, *, as_json: bool) -> None:
    """Look through the chain of all entries: was one changed, slipped in or taken out? Exit code 1 where one was."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        found = chain.verified(disk)
    if as_json:
        doors.print_json(asdict(found))
    else:
        for each in found.breaks:
            click.echo(f"entry {each.entry} (ticket {each.ticket}, {each.seq}): {each.says}")
        click.echo(f"{found.entries} entries, {len(found.breaks)} breaks, head {found.head}")
    sys.exit(doors.FINDINGS if found.breaks else doors.FINE)


def row(found: Ticket, settings: Settings) -> dict[str, object]:
    """One line about a ticket, as `ticket list` prints it."""
    now = this_moment()
    next_clock = nearest(clocks(found, settings.contract, now))
    return {
        "id": found.id,
        "kind": found.kind.value,
        "state": desk.state(found).value,
        "level": int(desk.level(found)),
        "class": desk.service_class(found, settings.contract).value,
        "device": found.fault.device,
        "part": _part(found),
        "tier": desk.tier(found, settings.contract).name,
        "owner": desk.owner(found) or None,
        "opened_at": found.events[0].at.isoformat(timespec="seconds"),
        "clock": next_clock.name.value if next_clock else None,
        "left": span(next_clock.remaining, Language.EN) if next_clock and next_clock.remaining else None,
    }


def _part(found: Ticket) -> str:
    """The part that is broken; of what a person asked for, their words."""
    if found.fault.kind == REQUEST:
        return found.events[0].data.get("text", "")
    return f"{found.fault.kind} {found.fault.label}".strip()
