"""What happens to a ticket, written down and told: the one place that appends events and queues their letters.

Called by the pipeline (a fault opened, changed, cleared), by the duties (a clock ran out) and by people's doors (the
command line, later the console). Always inside the caller's transaction, so event and letters are kept together.

While a maintenance window covers a fault nobody is called for it: it opens no ticket and is no relapse of one, and a
change of its level is written down without a letter. What is still broken when no window covers it any more speaks up
then (`monitor.afterwards`). That a fault is over is told at once: whoever was called for it may stand down.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts.desk import entries
from alerts.desk import tickets as desk
from alerts.desk.clocks import handed_up_at_once
from alerts.desk.effective import written_at
from alerts.desk.entries import Request
from alerts.desk.refused import RefusedError, refused
from alerts.desk.reminding import Reminder, latest
from alerts.desk.requests import asked
from alerts.post.audience import Reader, called, readers
from alerts.post.contents import FULL, Matter, Signing
from alerts.post.digest import CALLS
from alerts.post.letters import is_sent, letters_about, reminder, reminder_event
from collectors.text import cleaned, paragraphs
from monitor import explaining, link_key, maintenance, units
from monitor.config import Settings
from monitor.model import (
    REQUEST,
    Device,
    EventKind,
    Fault,
    Identity,
    Letter,
    Level,
    Recipient,
    Site,
    Text,
    Ticket,
    TicketEvent,
)
from monitor.store import devices, faults, letters, tickets

ITSELF = "netvigil"
_MAY_TURN_SEVERE = {EventKind.LEVEL_CHANGED, EventKind.RELAPSED, EventKind.RESPONSIBILITY, EventKind.RESUMED}


def opened(disk: Connection, fault: Fault, settings: Settings, now: datetime) -> None:
    """Open the ticket of a fault; where one is unclosed for the same key, or ended lately, the fault is back in it.

    Under maintenance nothing is opened yet, and the fault is marked with the name of the window.
    """
    covered = maintenance.covering(disk, fault.key, settings, now)
    if covered is not None:
        faults.saved(disk, replace(fault, window=covered.window.name))
        return
    unclosed = tickets.unclosed(disk, fault.key)
    lately = now - settings.contract.desk.reopen_within
    again = unclosed[-1] if unclosed else tickets.ended_since(disk, fault.key, lately)
    if again is not None:
        followed_up(disk, again, EventKind.RELAPSED, fault, settings, now)
        return
    device = settings.place(fault.key)
    if device is None:
        raise LookupError(f"{fault.key.device} has a fault, and is not in the inventory")
    site = settings.inventory.sites[device.site]
    visited = devices.by_name(disk, device.name)
    maker = (visited.identity.vendor if visited else None) or ""
    number = tickets.next_id(disk, now, site.zone)
    ticket = entries.opened(number, fault, device, site, settings.contract, now, maker=maker)
    tickets.created(disk, ticket, fault.id)
    _told(disk, ticket, fault, settings, now, visited.identity if visited else Identity())
    _handed_up(disk, ticket, fault, settings, now)


_NAME = 120
_CAP = 20_000
"""Characters of one thing that a person says in a ticket: more than anybody reads, and nothing to fill a disk with."""


def said(data: Mapping[str, str]) -> dict[str, str]:
    """What a person typed, safe to keep: no control or bidi characters, in its lines, capped."""
    return {key: paragraphs(value, _CAP) for key, value in data.items()}


def requested(
    disk: Connection, request: Request, site: str, by: str, settings: Settings, now: datetime, *, within: str = ""
) -> Ticket:
    """Open the ticket of what a person asked for at `site`; `within` where it is split off that ticket.

    Raises ValueError that says why where it is no request.
    """
    place = settings.inventory.sites.get(site)
    if place is None:
        sites = ", ".join(sorted(settings.inventory.sites))
        raise RefusedError(refused("no_site", site=site, sites=sites))
    device = settings.inventory.devices.get(request.device)
    if request.device and (device is None or device.site != site):
        raise RefusedError(refused("no_device", device=request.device, site=site))
    visited = devices.by_name(disk, request.device) if request.device else None
    known = replace(
        request,
        text=paragraphs(request.text, _CAP),
        caller=cleaned(request.caller, _NAME),
        phone=cleaned(request.phone, _NAME),
        mail=cleaned(request.mail, _NAME),
        maker=request.maker or ((visited.identity.vendor if visited else None) or ""),
    )
    number = tickets.next_id(disk, now, place.zone)
    ticket = entries.requested(number, known, place, settings.contract, now, by, within=within)
    tickets.created(disk, ticket, None)
    _told(disk, ticket, asked(ticket), settings, now)
    return _handed_up(disk, ticket, asked(ticket), settings, now)


def merged(disk: Connection, number: str, into: str, by: str, settings: Settings, now: datetime) -> Ticket:
    """End the ticket `number`, because `into` is about the same; each says so of the other. Raises as `acted` does."""
    target = tickets.found(disk, into)
    if desk.is_ended(target):
        raise RefusedError(refused("into_ended", ticket=into))
    done = acted(disk, number, EventKind.MERGED, by, {"ticket": into}, settings, now)
    acted(disk, into, EventKind.LINKED, by, {"ticket": number, "how": "merged"}, settings, now)
    return done


def linked(disk: Connection, number: str, other: str, by: str, settings: Settings, now: datetime) -> Ticket:
    """Say in each of two tickets that it has to do with the other. Raises as `acted` does."""
    if number == other:
        raise RefusedError(refused("linked_to_itself", ticket=number))
    acted(disk, other, EventKind.LINKED, by, {"ticket": number}, settings, now)
    return acted(disk, number, EventKind.LINKED, by, {"ticket": other}, settings, now)


def split(disk: Connection, number: str, request: Request, by: str, settings: Settings, now: datetime) -> Ticket:
    """Open a ticket of its own for what is another matter in the ticket `number`. Raises as `requested` does."""
    whole = tickets.found(disk, number)
    part = requested(disk, request, whole.site, by, settings, now, within=number)
    acted(disk, number, EventKind.SPLIT, by, {"ticket": part.id}, settings, now)
    return part


def subject(disk: Connection, ticket: Ticket) -> Fault:
    """The fault that the ticket is about; of one that a person opened, what they said, in the form of a fault."""
    return asked(ticket) if ticket.fault.kind == REQUEST else faults.newest(disk, ticket.fault)


def followed_up(
    disk: Connection, ticket: Ticket, kind: EventKind, fault: Fault, settings: Settings, now: datetime
) -> None:
    """Write into `ticket` what became of its fault: recovered, relapsed, or at another level.

    What the ticket knows already is not said twice, such as that a fault is back that never went away.
    """
    is_over = desk.is_well(ticket) or desk.is_ended(ticket)
    is_covered = maintenance.covering(disk, fault.key, settings, now) is not None
    if kind is EventKind.RECOVERED and desk.is_recovered(ticket):
        return
    if kind is EventKind.RELAPSED and not is_over:
        if desk.level(ticket) is fault.level:
            return
        kind = EventKind.LEVEL_CHANGED
    data = {
        "level": str(int(fault.level)),
        "reason": "; ".join(reason.text.en for reason in fault.reasons),
        "reason_zh_CN": "；".join(reason.text.zh_CN for reason in fault.reasons),
    }
    is_quiet = is_covered and kind is not EventKind.RECOVERED
    _appended(disk, ticket, kind, ITSELF, data, fault, settings, now, is_quiet=is_quiet)


def acted(
    disk: Connection,
    number: str,
    kind: EventKind,
    by: str,
    data: Mapping[str, str],
    settings: Settings,
    now: datetime,
    *,
    at: datetime | None = None,
    is_quiet: bool = False,
) -> Ticket:
    """Write into the ticket what someone (or a clock) did; quietly where nobody is told.

    `at` is when it was done, where a person writes down later what they did, or the daemon what ended earlier.

    Raises NoSuchTicketError (monitor.store.tickets), and ValueError where the event cannot be at this point.
    """
    ticket = tickets.found(disk, number)
    fault = subject(disk, ticket)
    if by != ITSELF:
        by, data = cleaned(by, _NAME), said(data)
    return _appended(disk, ticket, kind, by, data, fault, settings, now, at=at, is_quiet=is_quiet)


def _appended(
    disk: Connection,
    ticket: Ticket,
    kind: EventKind,
    by: str,
    data: Mapping[str, str],
    fault: Fault,
    settings: Settings,
    now: datetime,
    *,
    is_quiet: bool,
    at: datetime | None = None,
) -> Ticket:
    # The wall clock may have been set back; a ticket's history never runs backwards.
    wrote = max(now, written_at(ticket.events[-1]))
    is_late = at is not None and at < wrote and by != ITSELF
    happened = at if is_late and at is not None else max(at or now, written_at(ticket.events[-1]))
    longer = entries.recorded(
        ticket, kind, happened, by, data, contract=settings.contract, written=wrote if is_late else None
    )
    tickets.appended(disk, ticket.id, longer.events[-1])
    if is_quiet:  # what is to be handed up at once is so when the window is over and the ticket goes on
        return longer
    _told(disk, longer, fault, settings, now)
    return _handed_up(disk, longer, fault, settings, now) if kind in _MAY_TURN_SEVERE else longer


def _handed_up(disk: Connection, ticket: Ticket, fault: Fault, settings: Settings, now: datetime) -> Ticket:
    """What the severe class promises to hand up at once, nobody but the daemon can hand up in time."""
    handed = handed_up_at_once(ticket, settings.contract, max(now, written_at(ticket.events[-1])))
    if handed is not ticket:
        tickets.appended(disk, handed.id, handed.events[-1])
        _told(disk, handed, fault, settings, now)
    return handed


def reminder_due(disk: Connection, ticket: Ticket, settings: Settings, now: datetime) -> Reminder | None:
    """The reminder that is due and was not written yet. Without people nobody is reminded."""
    if not settings.people.text:
        return None
    due = latest(ticket, settings.reminders, now)
    if due is None or letters.is_written(disk, ticket.id, reminder_event(due.call, due.count)):
        return None
    return due


def reminded(disk: Connection, number: str, settings: Settings, now: datetime) -> None:
    """Call once more whose work the ticket is, where that is due; each reminder is written once."""
    ticket = tickets.found(disk, number)
    due = reminder_due(disk, ticket, settings, now)
    if due is None:
        return
    fault = subject(disk, ticket)
    matter = _matter(disk, ticket, due.call, fault, settings, now)
    if matter is not None:
        people = called(ticket, settings.people, settings.contract, now)
        written = reminder(matter, due.count, people, settings.mail.domain, letters.roots(disk, ticket.id))
        letters.queued(disk, written, _held(people, ticket, settings, now))


def _told(
    disk: Connection, ticket: Ticket, fault: Fault, settings: Settings, now: datetime, identity: Identity | None = None
) -> None:
    """Queue the letters about the newest event; of which a digest will take the place, their subjects (`Letter`)."""
    event, site = ticket.events[-1], settings.inventory.sites.get(ticket.site)
    if not is_sent(event) or site is None:
        return
    roots = letters.roots(disk, ticket.id) if settings.people.text else {}
    people = _readers(ticket, event, site, roots, settings, now)
    recipients, domain = settings.mail.recipients, settings.mail.domain
    to = {each.address for each in (*recipients, *(each.recipient for each in people))}
    digested = _digested(disk, ticket, event, to, settings, now)
    matter = _matter(disk, ticket, event, fault, settings, now, identity, bare=digested == to)
    if matter is not None:
        written = letters_about(matter, recipients, domain, people, roots, digested)
        letters.queued(disk, written, _held(people, ticket, settings, now))


def _readers(
    ticket: Ticket, event: TicketEvent, site: Site, roots: Mapping[str, str], settings: Settings, now: datetime
) -> tuple[Reader, ...]:
    told = settings.letters.customer
    return readers(ticket, event, settings.people, settings.contract, site, told, roots.keys(), now)


def _digested(
    disk: Connection, ticket: Ticket, event: TicketEvent, to: Collection[str], settings: Settings, now: datetime
) -> frozenset[str]:
    """Those of `to` who are in a storm, so that this letter can only go within a digest.

    In a storm of thousands nothing costs as much as texts that nobody gets to read. `monitor.storm` decides later, by
    the same numbers; should it let one go by itself, its text is made then (`written_out`).
    """
    if desk.level(ticket) is Level.CRITICAL and event.kind in CALLS:
        return frozenset()
    return letters.crowded(disk, to, settings.storm.letters, now - settings.storm.every)


def written_out(disk: Connection, letter: Letter, settings: Settings) -> Letter:
    """`letter`, of which there was the subject alone, with its text: as of when it was queued, as far as is known."""
    whole = tickets.found(disk, letter.ticket)
    ticket = replace(whole, events=tuple(event for event in whole.events if event.seq <= letter.event))
    event, now, address = ticket.events[-1], letter.created_at, letter.recipient
    matter = _matter(disk, ticket, event, subject(disk, whole), settings, now)
    if matter is None:
        return replace(letter, text=letter.subject)
    # Who is no recipient any more gets it all the same: it was written to them.
    recipients = (*settings.mail.recipients, Recipient(name=address, address=address, language=letter.language))
    roots = letters.roots(disk, ticket.id)
    people = _readers(ticket, event, matter.site, roots, settings, now)
    others = {each.address for each in (*recipients, *(each.recipient for each in people))} - {address}
    written = letters_about(matter, recipients, settings.mail.domain, people, roots, others)
    found = next((each for each in written if each.recipient == address), None)
    longer = replace(letter, text=found.text, html=found.html) if found else replace(letter, text=letter.subject)
    letters.written_out(disk, longer)
    return longer


def _matter(
    disk: Connection,
    ticket: Ticket,
    event: TicketEvent,
    fault: Fault,
    settings: Settings,
    now: datetime,
    identity: Identity | None = None,
    *,
    bare: bool = False,
) -> Matter | None:
    """What the letters are about; None where the site has left the inventory since: nobody is left to be told.

    `bare`: for their subjects alone.
    """
    device = settings.place(ticket.fault) or _removed(ticket)
    site = settings.inventory.sites.get(ticket.site)
    if site is None:
        return None
    if identity is None:
        visited = devices.by_name(disk, device.name)
        identity = visited.identity if visited else Identity()
    is_full = event.kind in FULL and not bare
    return Matter(
        ticket=ticket,
        event=event,
        fault=fault,
        device=device,
        identity=identity,
        site=site,
        contract=settings.contract,
        now=now,
        runbooks=settings.daemon.runbooks,
        statement=_statement(disk, ticket, fault, settings, now) if is_full else (),
        explanation=explaining.judged(disk, fault, settings) if is_full and fault.key.kind != REQUEST else None,
        signing=_signing(settings, now),
        pages=settings.letters.links,
    )


def _signing(settings: Settings, now: datetime) -> Signing | None:
    key = link_key.known(settings.daemon.state) if settings.letters.links else b""
    expires = now + settings.letters.links_expire
    return Signing(key=key, base=settings.letters.links, expires=expires) if key else None


def _held(people: Sequence[Reader], ticket: Ticket, settings: Settings, now: datetime) -> dict[str, datetime]:
    """By address, until when a letter waits because of somebody's quiet hours, where the level allows it."""
    if desk.level(ticket) not in settings.letters.quiet:
        return {}
    ends = ((each.recipient.address, each.quiet.until(now)) for each in people if each.quiet is not None)
    return {address: end for address, end in ends if end is not None}


def _statement(disk: Connection, ticket: Ticket, fault: Fault, settings: Settings, now: datetime) -> tuple[Text, ...]:
    """What asset file and stores say of the unit; without what names the part, which has its own place in a letter."""
    whole = units.of_ticket(disk, ticket, fault, settings, now)[1:]
    return (*whole, *units.sending(disk, ticket, fault, settings, now))


def _removed(ticket: Ticket) -> Device:
    return Device(name=ticket.fault.device, address="", customer=ticket.customer, site=ticket.site)
