"""What comes of a link in a letter: the page shows what it is about, and on a press of the button it is acknowledged.

Mail scanners open every link of a mail, so looking (`opened`) changes nothing; only `acknowledged` does, once.
"""

from datetime import datetime

from sqlalchemy import Connection

from alerts.post.links import Link, LinkError, fingerprint, read
from monitor import link_key, ticketing
from monitor.config import Settings
from monitor.model import EventKind, Ticket
from monitor.store import links_used, tickets


def opened(disk: Connection, token: str, settings: Settings, now: datetime) -> tuple[Link, Ticket]:
    """What the link is about, for the page. Raises LinkError where it is not ours, has expired, or was used."""
    link = read(token, link_key.known(settings.daemon.state), now)
    if (used := links_used.at(disk, fingerprint(token))) is not None:
        raise LinkError(f"this link was used already, at {used.isoformat(timespec='seconds')}")
    try:
        return link, tickets.found(disk, link.ticket)
    except tickets.NoSuchTicketError:
        raise LinkError(f"there is no ticket {link.ticket} any more") from None


def acknowledged(disk: Connection, token: str, settings: Settings, now: datetime) -> Ticket:
    """Acknowledge the call of which the letter told, as the person to whom it went; the link is then used up.

    Raises LinkError as `opened` does, and ValueError where the ticket takes no acknowledgement (it has ended).
    """
    link, ticket = opened(disk, token, settings, now)
    by = who(link.recipient, settings)
    done = ticketing.acted(disk, ticket.id, EventKind.ACKNOWLEDGED, by, {"via": "link"}, settings, now)
    links_used.kept(disk, fingerprint(token), link.ticket, link.recipient, now)
    return done


def who(address: str, settings: Settings) -> str:
    """The person whose address it is, by name; the address itself of anybody else."""
    folded = address.casefold()
    for person in settings.people.persons.values():
        if folded in {each.address.casefold() for each in person.recipients}:
            return person.name
    return address
