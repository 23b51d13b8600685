"""`netvigil ticket …`: the promises made about faults, and what people do about them."""

import os
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import click

from alerts.desk import ladder
from alerts.desk import tickets as desk
from alerts.desk.clocks import clocks, nearest
from alerts.desk.dispatch import Proposal, lines
from alerts.desk.effective import written_at
from alerts.desk.ladder import Case
from alerts.desk.times import span, wall
from alerts.runbooks import link
from monitor import ticketing, units
from monitor.config import Settings, loaded
from monitor.deliveries import deliveries
from monitor.model import REQUEST, Language, Ticket
from monitor.moment import now as this_moment
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
        about = ticketing.subject(disk, found)
        unit = units.of_ticket(disk, found, about, settings, now)
        proposal = units.sent(disk, found, about, settings, now)
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
        "dispatch": _proposed(proposal),
        "vendor": _case(ladder.case(found, settings.contract, now)),
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
    pressed = ladder.said(ladder.case(found, settings.contract, now))
    for line in (*unit, *lines(proposal, settings.contract), *pressed):
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


@ticket.command("letters")
@click.argument("number", metavar="TICKET")
@doors.config
@doors.as_json
def ticket_letters(number: str, directory: Path, *, as_json: bool) -> None:
    """What became of each letter: queued, taken by the server with its words, come back, acknowledged by whom when."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        found = deliveries(disk, tickets.found(disk, number), settings)
    rows = [
        {
            "message_id": each.message_id,
            "way": each.way,
            "to": each.to,
            "who": each.who or None,
            "event": each.event or None,
            "is_reminder": each.is_reminder,
            "state": each.state.value,
            "queued_at": _told(each.queued_at),
            "tries": each.tries,
            "next_try": _told(each.next_try),
            "ended_at": _told(each.ended_at),
            "server": each.server or None,
            "digest": each.within or None,
            "acknowledged_by": each.acknowledged_by or None,
            "acknowledged_at": _told(each.acknowledged_at),
            "acknowledged_via": each.acknowledged_via or None,
        }
        for each in found
    ]
    doors.print_rows(rows, as_json=as_json)


def _proposed(proposal: Proposal | None) -> dict[str, object] | None:
    """Who is to be sent, and with which spare."""
    if proposal is None:
        return None
    partner, spare = proposal.partner, proposal.spare
    return {
        "partner": {"company": partner.company.en, "phone": partner.phone} if partner else None,
        "tier": proposal.tier,
        "people": [{"name": each.name, "phone": each.phone} for each in proposal.people],
        "spare": {
            "spare": spare.spare.name,
            "part_number": spare.spare.part_number,
            "store": spare.store.name,
            "is_same_part_number": spare.is_same,
            "near": proposal.near.en if proposal.near else None,
        }
        if spare
        else None,
    }


def _case(found: Case | None) -> dict[str, object] | None:
    """The vendor's case, and whom to press for it."""
    if found is None:
        return None
    rung = found.rung
    return {
        "case": found.number or None,
        "opened_at": _told(found.opened_at),
        "next_due": found.next_due or None,
        "rung": {"title": rung.title.en, "phone": rung.phone or None} if rung else None,
        "next_rung_at": _told(found.next_rung_at),
    }


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


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
