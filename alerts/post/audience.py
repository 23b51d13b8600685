"""Who is written to about an event of a ticket besides the listed recipients, and why. Asked before `letters`.

The people of people.toml whose work it is: owner, watchers, who is on duty for the ticket's tier, supervision where it
is owed, the partner who goes there; those who were told before, where they may stand down; the customer's own contact.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.desk.contract import Contract
from alerts.desk.people import People, Person, Place, Quiet
from alerts.desk.rota import on_duty, rotas_of
from alerts.desk.tickets import owner, tier, watchers
from monitor.model import EventKind, Recipient, Site, Ticket, TicketEvent, TicketKind


class Why(StrEnum):
    """Why somebody gets a letter; each has words in the footer."""

    OWNER = "owner"
    WATCHER = "watcher"
    ON_DUTY = "on_duty"
    SUPERVISION = "supervision"
    PARTNER = "partner"
    LISTED = "listed"
    TOLD = "told"
    CONTACT = "contact"


CUSTOMERS = (EventKind.RESPONDED, EventKind.DISPATCHED, EventKind.RESTORED, EventKind.CLOSED)
"""What concerns the customer, where nothing else is set."""

_STAND_DOWN = {
    EventKind.RECOVERED,
    EventKind.RESPONDED,
    EventKind.HANDED_UP,
    EventKind.ASSIGNED,
    EventKind.RESTORED,
    EventKind.ANSWERED,
    EventKind.MERGED,
    EventKind.CLOSED,
}
"""After these whoever was called before may stand down, also where the duty has passed to somebody else since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who is written to, and why; `role` is the tier or the prefecture for which."""

    recipient: Recipient
    why: Why
    role: str = ""
    quiet: Quiet | None = None


def readers(
    ticket: Ticket,
    event: TicketEvent,
    people: People,
    contract: Contract,
    site: Site,
    customers: Collection[EventKind],
    told: Collection[str],
    now: datetime,
) -> tuple[Reader, ...]:
    """The people whom `event` concerns, one for each address, the nearest reason first.

    `told` are the addresses (in small letters) to which letters of this ticket went before, `customers` the events of
    which the customer's contact is told.
    """
    if not people.text:
        return ()
    found: dict[str, Reader] = {}
    for each in _staff(ticket, event, people, contract, site, told, now):
        found.setdefault(each.recipient.address.casefold(), each)
    if event.kind in customers:
        for contact in people.contacts_at(Place(customer=ticket.customer, site=ticket.site)):
            if contact.is_project and contact.mail:
                who = Recipient(
                    name=contact.title.said(contact.language), address=contact.mail, language=contact.language
                )
                found.setdefault(who.address.casefold(), Reader(recipient=who, why=Why.CONTACT))
    return tuple(found.values())


def called(ticket: Ticket, people: People, contract: Contract, now: datetime) -> tuple[Reader, ...]:
    """Whose work the ticket is now: its owner, and who is on duty for its tier. They are reminded of it."""
    found: dict[str, Reader] = {}
    for each in (*_owner(ticket, people), *_on_duty(ticket, people, contract, now)):
        found.setdefault(each.recipient.address.casefold(), each)
    return tuple(found.values())


def _staff(
    ticket: Ticket,
    event: TicketEvent,
    people: People,
    contract: Contract,
    site: Site,
    told: Collection[str],
    now: datetime,
) -> Iterator[Reader]:
    yield from _owner(ticket, people)
    for name in watchers(ticket):
        yield from _person(people, name, Why.WATCHER)
    yield from _on_duty(ticket, people, contract, now)
    if ticket.kind is TicketKind.COMPLAINT or event.kind is EventKind.CLOCK_MISSED:
        top = contract.tiers[-1].name
        for name in _tier(people, top, ticket, now):
            yield from _person(people, name, Why.SUPERVISION, top)
    partner = people.partner_in(site.prefecture, contract.prefectures)
    if partner is not None and partner.mail:
        was_called = event.kind in _STAND_DOWN and partner.mail.casefold() in told
        if event.kind is EventKind.DISPATCHED or was_called:
            title = partner.company.said(partner.language)
            who = Recipient(name=title, address=partner.mail, language=partner.language)
            yield Reader(recipient=who, why=Why.PARTNER, role=site.prefecture)
    if event.kind in _STAND_DOWN:
        for person in people.persons.values():
            for each in _person(people, person.name, Why.TOLD):
                if each.recipient.address.casefold() in told:
                    yield each


def _owner(ticket: Ticket, people: People) -> Iterator[Reader]:
    yield from _person(people, owner(ticket), Why.OWNER)


def _on_duty(ticket: Ticket, people: People, contract: Contract, now: datetime) -> Iterator[Reader]:
    at = tier(ticket, contract).name
    for name in _tier(people, at, ticket, now):
        yield from _person(people, name, Why.ON_DUTY, at)


def _tier(people: People, name: str, ticket: Ticket, now: datetime) -> list[str]:
    """Who is on duty for a tier; of one that has no rota, such as management, all its people."""
    place = Place(customer=ticket.customer, site=ticket.site)
    if rotas_of(people, name, place):
        return [each.person for each in on_duty(people, name, place, now)]
    return [member for team in people.teams.values() if name in team.tiers for member in team.members]


def _person(people: People, name: str, why: Why, role: str = "") -> Iterator[Reader]:
    """The person of this name, who may be written with their full name: once for each way to reach them."""
    person = people.persons.get(name) or _titled(people, name)
    for who in person.recipients if person is not None else ():
        yield Reader(recipient=who, why=why, role=role, quiet=None if person is None else person.quiet)


def _titled(people: People, name: str) -> Person | None:
    if not name:
        return None
    return next((each for each in people.persons.values() if name in {each.title.en, each.title.zh_CN}), None)
