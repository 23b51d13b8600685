"""What comes of a mail: an entry of a ticket, a ticket of its own, a letter marked as bounced, or kept aside.

Each mail is filed once: its Message-ID and what came of it are written in the transaction of what came of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from alerts.desk.entries import Request
from alerts.desk.people import Contact
from alerts.post.letters import CUSTOMER
from monitor import attaching, ticketing
from monitor.config import Settings
from monitor.mailbox.parsed import Mail
from monitor.model import EventKind, Level, Recipient, Ticket, TicketKind
from monitor.store import letters, mails, tickets

CHANNEL = "mail"
_HOUR = timedelta(hours=1)


class Came(StrEnum):
    """What came of a mail."""

    COMMENT = "comment"
    ACKNOWLEDGED = "acknowledged"
    OPENED = "opened"
    BOUNCED = "bounced"
    AUTOMATIC = "automatic"
    """A machine wrote it; nothing follows, or two machines might write to each other for ever."""
    ASIDE = "aside"
    """Nobody we know wrote it, or nothing can be made of it: somebody has to look."""
    BEFORE = "before"
    """It was filed already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What came of a mail, in which ticket, and why."""

    came: Came
    ticket: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Author:
    """Who wrote: somebody of ours, or a contact of a customer; `name` is what stands in the ticket."""

    name: str
    contact: Contact | None = None
    scope: Recipient | None = None

    def may_write(self, ticket: Ticket) -> bool:
        """False for a contact, or a recipient who is listed for others, where the ticket is another customer's."""
        if self.contact is not None:
            return self.contact.customer == ticket.customer
        if self.scope is None:
            return True
        is_theirs = not self.scope.customers or ticket.customer in self.scope.customers
        return is_theirs and (not self.scope.sites or ticket.site in self.scope.sites)


def filed(disk: Connection, mail: Mail, settings: Settings, now: datetime) -> Filed:
    """File `mail`. What the rules of tickets refuse is kept aside, with their words."""
    if mails.is_read(disk, mail.message_id):
        return Filed(came=Came.BEFORE)
    try:
        with disk.begin_nested():
            done = _filed(disk, mail, settings, now)
    except (ValueError, LookupError) as error:
        done = Filed(came=Came.ASIDE, why=str(error))
    mails.kept(disk, mail.message_id, mail.sender, mail.subject, done.came.value, done.ticket, done.why, now)
    return done


def _filed(  # noqa: PLR0911 - one return for each thing that may come of it
    disk: Connection, mail: Mail, settings: Settings, now: datetime
) -> Filed:
    if mail.bounce is not None:
        if not mail.bounce.failed:
            return Filed(came=Came.AUTOMATIC, why=f"not a failure: {mail.bounce.words}")
        if letters.bounced(disk, mail.bounce.letter, mail.bounce.words, now):
            return Filed(came=Came.BOUNCED, ticket=_of_letter(disk, mail.bounce.letter), why=mail.bounce.words)
        return Filed(came=Came.ASIDE, why=f"a bounce of what is no letter of ours: {mail.bounce.words}")
    if mail.automatic or mail.sender == settings.mail.server.sender_address.casefold():
        return Filed(came=Came.AUTOMATIC, why=mail.automatic or "from our own address")
    author = _author(mail, settings)
    if author is None:
        return Filed(came=Came.ASIDE, why="nobody we know")
    ticket = _about(disk, mail)
    if ticket is not None and not author.may_write(ticket):
        return Filed(came=Came.ASIDE, why=f"{ticket.id} is a ticket of another customer or site")
    if ticket is not None:
        return _answered(disk, mail, ticket, author, settings, now)
    if author.contact is None:
        return Filed(came=Came.ASIDE, why="from one of us, about no ticket")
    return _requested(disk, mail, author, author.contact, settings, now)


def _author(mail: Mail, settings: Settings) -> _Author | None:
    people = settings.people
    for person in people.persons.values():
        if person.mail and person.mail.casefold() == mail.sender:
            return _Author(name=person.name)
    for partner in people.partners.values():
        if partner.mail and partner.mail.casefold() == mail.sender:
            return _Author(name=partner.company.en)
    for recipient in settings.mail.recipients:
        if recipient.address.casefold() == mail.sender:
            return _Author(name=recipient.name, scope=recipient)
    for contact in people.contacts:
        if contact.mail and contact.mail.casefold() == mail.sender:
            return _Author(name=contact.title.said(contact.language), contact=contact)
    return None


def _about(disk: Connection, mail: Mail) -> Ticket | None:
    """The ticket that the mail is about: by the letter that it answers, else by the number in its subject."""
    for number in (*(_of_letter(disk, each) for each in mail.about), mail.ticket):
        if number:
            try:
                return tickets.found(disk, number)
            except tickets.NoSuchTicketError:
                continue
    return None


def _of_letter(disk: Connection, message_id: str) -> str:
    found = letters.by_id(disk, message_id)
    return found.letter.ticket if found else ""


def _answered(
    disk: Connection, mail: Mail, ticket: Ticket, author: _Author, settings: Settings, now: datetime
) -> Filed:
    data = {"text": mail.text or mail.subject, "via": CHANNEL}
    if author.contact is not None:
        data["from"] = CUSTOMER
    if mail.acknowledges and author.contact is None:
        try:
            ticketing.acted(disk, ticket.id, EventKind.ACKNOWLEDGED, author.name, data, settings, now)
        except ValueError:
            pass  # such as after its end: what they wrote is kept all the same
        else:
            return Filed(
                came=Came.ACKNOWLEDGED, ticket=ticket.id, why=_attached(disk, mail, ticket, author, settings, now)
            )
    ticketing.acted(disk, ticket.id, EventKind.COMMENT, author.name, data, settings, now)
    return Filed(came=Came.COMMENT, ticket=ticket.id, why=_attached(disk, mail, ticket, author, settings, now))


def _attached(disk: Connection, mail: Mail, ticket: Ticket, author: _Author, settings: Settings, now: datetime) -> str:
    """Attach what the mail brought; why something of it was left out."""
    left = []
    for file in mail.files:
        try:
            with disk.begin_nested():
                attaching.attached(
                    disk, settings.daemon.state, number=ticket.id, body=file.body, name=file.name, by=author.name,
                    settings=settings, now=now,
                )  # fmt: skip
        except ValueError as error:
            left.append(f"{file.name}: {error}")
    return "; ".join(left)


def _requested(
    disk: Connection, mail: Mail, author: _Author, contact: Contact, settings: Settings, now: datetime
) -> Filed:
    most = settings.mailbox.hourly if settings.mailbox else 0
    if mails.counted(disk, mail.sender, Came.OPENED.value, now - _HOUR) >= most:
        return Filed(came=Came.ASIDE, why=f"more than {most} tickets of one sender within an hour")
    sites = [each for each in settings.inventory.sites.values() if each.customer == contact.customer]
    its = [each for each in sites if each.name in contact.sites] or sites
    if not its:
        return Filed(came=Came.ASIDE, why=f"customer {contact.customer} has no site")
    whole = f"{mail.subject}\n{mail.text}".strip()
    named = [each for each in its if each.name in whole or (each.title and each.title in whole)]
    site = (named or its)[0]
    unsure = len(its) > 1 and len(named) != 1
    request = Request(
        kind=TicketKind.REPAIR,
        text=f"{whole}\n({site.name}: taken as the site, the mail names none for sure)" if unsure else whole,
        channel=CHANNEL,
        caller=author.name,
        level=Level.MINOR,
        phone=contact.phone,
        mail=contact.mail,
    )
    ticket = ticketing.requested(disk, request, site.name, ticketing.ITSELF, settings, now)
    return Filed(came=Came.OPENED, ticket=ticket.id, why=_attached(disk, mail, ticket, author, settings, now))
