"""From a ticket event to letters: one per recipient whom it concerns, rendered once. Comes after the desk, before mail.

Every letter answers the recipient's first letter of the same ticket, so that one ticket is one thread in the inbox.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType

from alerts.desk.contract import Contract
from alerts.desk.reminding import CALLS
from alerts.locale import Words, wall, words
from alerts.post.audience import Reader, Why
from alerts.post.channels import MAIL, is_group, way
from alerts.post.contents import Matter, brief, content, names, short
from alerts.post.links import Link, signed
from alerts.templates import harmless, rendered
from monitor.model import (
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

SENT: Mapping[EventKind, str] = {
    EventKind.OPENED: "somebody has to act",
    EventKind.LEVEL_CHANGED: "it is graver or lighter than was said, and the clocks have moved",
    EventKind.RECOVERED: "nobody has to run any more; the ticket still wants its end",
    EventKind.RELAPSED: "what was well is not; whoever stood down has to act again",
    EventKind.RESPONDED: "somebody has it, so nobody else needs to take it",
    EventKind.HANDED_UP: "the next tier has to act, the former one may not wait for itself",
    EventKind.DISPATCHED: "the customer learns who comes",
    EventKind.ASSIGNED: "the new owner has to act, the former one no more",
    EventKind.WORKAROUND: "the service works again, for now",
    EventKind.LOANER: "the service works again on another unit, which must go back one day",
    EventKind.RESTORED: "the service is back, by a person's word",
    EventKind.ANSWERED: "whoever asked has an answer, nobody else needs to give one",
    EventKind.PAUSED: "the promise stands still, which the customer must be able to challenge",
    EventKind.RESUMED: "the promise runs again, with other times",
    EventKind.RESPONSIBILITY: "the class has changed, and with it what was promised",
    EventKind.CLOCK_WARNED: "there is still time to keep the promise",
    EventKind.CLOCK_MISSED: "a promise is broken",
    EventKind.MERGED: "the thread has an end, and goes on in that of another ticket",
    EventKind.CLOSED: "the thread has an end, with every clock kept or missed",
}
"""The events that send letters, and why. The others (arrived, reported to the vendor, comment) stand in the ticket:
those whom they concern have done them, and a letter too many teaches people not to read."""

CUSTOMER = "customer"
"""What `from` in an entry says where the customer wrote it: of that somebody of ours has to know."""

_NAME = 60  # characters of a name in a subject
_MOST_REMINDERS = 100_000
_CALLED = {Why.OWNER, Why.ON_DUTY}
_DISTANT = {Why.TOLD, Why.CONTACT}


def letters(
    ticket: Ticket,
    event: TicketEvent,
    fault: Fault,
    device: Device,
    identity: Identity,
    site: Site,
    contract: Contract,
    recipients: Sequence[Recipient],
    sender_domain: str,
    now: datetime,
    runbooks: str = "",
    statement: Sequence[Text] = (),
) -> tuple[Letter, ...]:
    """The letters that `event` sends to `recipients`: one per address, none where the kind of event sends none.

    `runbooks` is where the pages are that they link to, `statement` what is known of the unit.
    """
    matter = Matter(
        ticket=ticket,
        event=event,
        fault=fault,
        device=device,
        identity=identity,
        site=site,
        contract=contract,
        now=now,
        runbooks=runbooks,
        statement=tuple(statement),
    )
    return letters_about(matter, recipients, sender_domain)


def is_sent(event: TicketEvent) -> bool:
    """True where somebody is told of `event`: of a comment only where the customer wrote it."""
    return event.kind in SENT or (event.kind is EventKind.COMMENT and event.data.get("from") == CUSTOMER)


def letters_about(
    matter: Matter,
    recipients: Sequence[Recipient],
    sender_domain: str,
    people: Sequence[Reader] = (),
    roots: Mapping[str, str] = MappingProxyType({}),
    digested: Collection[str] = (),
) -> tuple[Letter, ...]:
    """The letters about the event of `matter`: to listed `recipients` whom it concerns, and to `people`.

    `roots` says by address (in small letters) which letter of the ticket was their first. To the addresses in
    `digested` a digest will go in their place: those letters are subjects alone (`Letter`).
    """
    ticket, event = matter.ticket, matter.event
    if not is_sent(event):
        return ()
    concerned: dict[str, Reader] = {}
    listed = [Reader(recipient=each, why=Why.LISTED) for each in recipients if _thread(ticket, event, each) is not None]
    # Whose work it is is told why; a customer's contact who is a listed recipient too reads what recipients read.
    staff = [each for each in people if each.why not in _DISTANT]
    for each in (*staff, *listed, *(each for each in people if each.why in _DISTANT)):
        concerned.setdefault(each.recipient.address.casefold(), each)
    return tuple(
        _letter(matter, each, sender_domain, roots, bare=each.recipient.address in digested)
        for each in concerned.values()
    )


def reminder(
    matter: Matter, count: int, people: Sequence[Reader], sender_domain: str, roots: Mapping[str, str]
) -> tuple[Letter, ...]:
    """The letter about a call that nobody has answered, once more: the reminder number `count`."""
    return tuple(_letter(matter, each, sender_domain, roots, count) for each in people)


def reminder_event(call: TicketEvent, count: int) -> int:
    """Under which number a reminder stands among the letters of its ticket: no event has a negative one."""
    return -(call.seq * _MOST_REMINDERS + count % _MOST_REMINDERS)


def _thread(ticket: Ticket, event: TicketEvent, recipient: Recipient) -> TicketEvent | None:
    """The event of the recipient's first letter about the ticket, up to `event`; None where it does not concern them.

    Whom a ticket concerned once it concerns to its end, so that nobody who was called misses the recovery because
    the level has fallen below those they asked for.
    """
    if recipient.customers and ticket.customer not in recipient.customers:
        return None
    if recipient.sites and ticket.site not in recipient.sites:
        return None
    level: Level | None = None
    for past in ticket.events:
        if past.seq > event.seq:
            break
        if past.kind in {EventKind.OPENED, EventKind.LEVEL_CHANGED}:
            level = Level(int(past.data["level"]))
        if past.kind in SENT and (not recipient.levels or level in recipient.levels):
            return past
    return None


def _letter(
    matter: Matter, reader: Reader, domain: str, roots: Mapping[str, str], count: int = 0, *, bare: bool = False
) -> Letter:
    ticket, event, recipient = matter.ticket, matter.event, reader.recipient
    said = words(recipient.language)
    own = _message_id(ticket, event, recipient, domain, count)
    root = roots.get(recipient.address.casefold(), "")
    if not root and reader.why is Why.LISTED and (first := _thread(ticket, event, recipient)) is not None:
        root = _message_id(ticket, first, recipient, domain)
    is_reply = root not in {"", own}
    subject = _subject(matter, said, count)
    of_mail = way(recipient.address) == MAIL
    if not of_mail and not bare:
        return _short(matter, reader, said, subject, own, count)
    text, html = ("", "") if bare else _said(matter, reader, said, subject, count)
    return Letter(
        ticket=ticket.id,
        event=reminder_event(event, count) if count else event.seq,
        recipient=recipient.address,
        subject=subject,
        text=text,
        html=html,
        message_id=own,
        in_reply_to=root if is_reply else "",
        references=(root,) if is_reply else (),
        language=recipient.language,
        created_at=matter.now,
        level=matter.level,
        site=matter.site.name,
        what=event.kind,
    )


def _said(matter: Matter, reader: Reader, said: Words, subject: str, count: int) -> tuple[str, str]:
    """The letter as text and as HTML."""
    of_customer = reader.why is Why.CONTACT
    inside = brief(matter, said) if of_customer else content(matter, said)
    if not of_customer:
        inside["acknowledge"] = _acknowledge(matter, reader, count)
    values = {**inside, "subject": subject, "footer": _footer(matter, reader, said)}
    template = "customer" if of_customer else "letter"
    return rendered(f"{template}.txt", **values), rendered(f"{template}.html", **values)


def _short(matter: Matter, reader: Reader, said: Words, subject: str, own: str, count: int) -> Letter:
    """The letter to a chat group or a telephone: a few lines, the last of them the link."""
    ticket, event, address = matter.ticket, matter.event, reader.recipient.address
    values = short(matter, said, of_group=is_group(address))
    if count:
        values["first"] = f"{said.said('letter', 'reminder', count=str(count))} – {values['first']}"
    # Whoever reads a group's link would acknowledge as the group: there it leads to the ticket, where one logs in.
    link = "" if is_group(address) else _acknowledge(matter, reader, count)
    if not link and matter.pages:
        link = f"{matter.pages}/tickets/{ticket.id}"
    return Letter(
        ticket=ticket.id,
        event=reminder_event(event, count) if count else event.seq,
        recipient=address,
        subject=subject,
        text=rendered("short.txt", **values, link=link),
        html="",
        message_id=own,
        language=reader.recipient.language,
        created_at=matter.now,
        level=matter.level,
        site=matter.site.name,
        what=event.kind,
    )


def _acknowledge(matter: Matter, reader: Reader, count: int) -> str:
    """The link by which the reader acknowledges this call; "" where it is no call, or not theirs to answer."""
    signing = matter.signing
    if signing is None or reader.why not in _CALLED or not (count or matter.event.kind in CALLS):
        return ""
    event = reminder_event(matter.event, count) if count else matter.event.seq
    link = Link(ticket=matter.ticket.id, event=event, recipient=reader.recipient.address, expires=signing.expires)
    return f"{signing.base}/a/{signed(link, signing.key)}"


def _message_id(ticket: Ticket, event: TicketEvent, recipient: Recipient, domain: str, count: int = 0) -> str:
    """The same for the same letter however often it is rendered, so that a second copy is known as one."""
    who = sha256(recipient.address.casefold().encode()).hexdigest()[:10]
    number = f"{event.seq}.r{count}" if count else event.seq
    return f"<{ticket.id}.{number}.{who}@{domain}>"


def _subject(matter: Matter, said: Words, count: int = 0) -> str:
    """The stem, the same in all letters of a ticket, and what this one says."""
    part = harmless(said.part(matter.fault.component), _NAME)
    stem = f"[{matter.ticket.id}] {harmless(matter.device.name, _NAME)} – {part}"
    end = said.said(
        "subject",
        matter.event.kind.value,
        level=said.said("level", str(matter.level.value)),
        condition=said.how(matter.fault.key.kind, matter.fault.key.aspect, matter.fault.condition),
        **names(matter, said),
    )
    again = said.said("letter", "reminder", count=str(count)) + " – " if count else ""
    return harmless(f"{stem} – {again}{end}")


def _footer(matter: Matter, reader: Reader, said: Words) -> tuple[str, ...]:
    zone = said.said("letter", "zone", zone=matter.site.zone, at=wall(matter.now, matter.site.zone))
    if reader.why is Why.CONTACT:
        return (zone, said.said("why", "contact", ticket=matter.ticket.id), said.said("customer", "answer"))
    return (zone, _why(matter, reader, said), said.said("letter", "automatic"))


def _why(matter: Matter, reader: Reader, said: Words) -> str:
    """Why the reader gets the letter: by a list and its filters, or because the work is theirs."""
    ticket, event, recipient = matter.ticket.id, str(matter.event.seq), reader.recipient
    if reader.why is not Why.LISTED:
        tier = next((each.title.said(said.language) for each in matter.contract.tiers if each.name == reader.role), "")
        place = matter.contract.prefectures.get(reader.role)
        role = place.title.said(said.language) if place else tier
        return said.said("why", reader.why.value, role=role, ticket=ticket, event=event)
    scope = said.said(
        "letter",
        "scope",
        customers=", ".join(recipient.customers) or said.said("letter", "all_customers"),
        sites=", ".join(recipient.sites) or said.said("letter", "all_sites"),
        levels=", ".join(said.said("level", str(level.value)) for level in recipient.levels)
        or said.said("letter", "all_levels"),
    )
    return said.said("letter", "why_you", scope=scope, ticket=ticket, event=event)


def number(message_id: str) -> int:
    """Where a letter about no ticket stands among its kind: by its Message-ID, below 0, for above are digests."""
    return -int(sha256(message_id.encode()).hexdigest()[:13], 16)


def notice(
    recipient: Recipient, subject: str, said: str, message_id: str, now: datetime, lines: Sequence[str] = ()
) -> Letter:
    """A letter about no ticket: of Netvigil itself, or of stores and contracts. The same `message_id` is sent once."""
    in_words = words(recipient.language)
    of_mail = way(recipient.address) == MAIL
    values: dict[str, object] = {
        "lang": in_words.language.value.replace("_", "-"),
        "subject": subject,
        "said": said,
        "lines": tuple(lines),
        "footer": in_words.said("letter", "automatic"),
    }
    few = {"first": subject, "place": "", "next": "", "why": " ".join((said, *lines)), "link": ""}
    return Letter(
        ticket="",
        event=number(message_id),
        recipient=recipient.address,
        subject=subject,
        text=rendered("notice.txt", **values) if of_mail else rendered("short.txt", **few),
        html=rendered("notice.html", **values) if of_mail else "",
        message_id=message_id,
        language=recipient.language,
        created_at=now,
    )


def trial(recipient: Recipient, domain: str, now: datetime) -> Letter:
    """A letter that says only that letters arrive; it goes the way of every other one."""
    said = words(recipient.language)
    of_mail = way(recipient.address) == MAIL
    who = sha256(f"{recipient.address.casefold()} {now.isoformat()}".encode()).hexdigest()[:16]
    values: dict[str, object] = {
        "lang": said.language.value.replace("_", "-"),
        "subject": said.said("trial", "subject"),
        "said": said.said("trial", "said", at=wall(now, "UTC")),
        "footer": said.said("letter", "automatic"),
    }
    return Letter(
        ticket="",
        event=number(f"<trial.{who}@{domain}>"),
        recipient=recipient.address,
        subject=said.said("trial", "subject"),
        text=rendered("trial.txt", **values),
        html=rendered("trial.html", **values) if of_mail else "",
        message_id=f"<trial.{who}@{domain}>",
        language=recipient.language,
        created_at=now,
    )
