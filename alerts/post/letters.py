"""From a ticket event to letters: one per recipient whom it concerns, rendered once. Comes after the desk, before mail.

Every letter answers the recipient's first letter of the same ticket, so that one ticket is one thread in the inbox.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from alerts.desk.contract import Contract
from alerts.locale import Words, wall, words
from alerts.post.contents import Matter, content, names
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

_NAME = 60  # characters of a name in a subject


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
) -> tuple[Letter, ...]:
    """The letters that `event` sends: one per address, none where the kind of event sends none.

    `runbooks` is where the pages are that they link to.
    """
    if event.kind not in SENT:
        return ()
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
    )
    concerned = {
        recipient.address.casefold(): recipient
        for recipient in reversed(recipients)
        if _thread(ticket, event, recipient) is not None
    }
    return tuple(_letter(matter, recipient, sender_domain) for recipient in reversed(concerned.values()))


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


def _letter(matter: Matter, recipient: Recipient, domain: str) -> Letter:
    ticket, event, said = matter.ticket, matter.event, words(recipient.language)
    first = _thread(ticket, event, recipient) or event
    root = _message_id(ticket, first, recipient, domain)
    is_reply = first.seq != event.seq
    subject = _subject(matter, said)
    values = {**content(matter, said), "subject": subject, "footer": _footer(matter, recipient, said)}
    return Letter(
        ticket=ticket.id,
        event=event.seq,
        recipient=recipient.address,
        subject=subject,
        text=rendered("letter.txt", **values),
        html=rendered("letter.html", **values),
        message_id=_message_id(ticket, event, recipient, domain),
        in_reply_to=root if is_reply else "",
        references=(root,) if is_reply else (),
        language=recipient.language,
        created_at=matter.now,
        level=matter.level,
        site=matter.site.name,
        what=event.kind,
    )


def _message_id(ticket: Ticket, event: TicketEvent, recipient: Recipient, domain: str) -> str:
    """The same for the same letter however often it is rendered, so that a second copy is known as one."""
    who = sha256(recipient.address.casefold().encode()).hexdigest()[:10]
    return f"<{ticket.id}.{event.seq}.{who}@{domain}>"


def _subject(matter: Matter, said: Words) -> str:
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
    return harmless(f"{stem} – {end}")


def _footer(matter: Matter, recipient: Recipient, said: Words) -> tuple[str, ...]:
    scope = said.said(
        "letter",
        "scope",
        customers=", ".join(recipient.customers) or said.said("letter", "all_customers"),
        sites=", ".join(recipient.sites) or said.said("letter", "all_sites"),
        levels=", ".join(said.said("level", str(level.value)) for level in recipient.levels)
        or said.said("letter", "all_levels"),
    )
    ticket, event = matter.ticket.id, str(matter.event.seq)
    return (
        said.said("letter", "zone", zone=matter.site.zone, at=wall(matter.now, matter.site.zone)),
        said.said("letter", "why_you", scope=scope, ticket=ticket, event=event),
        said.said("letter", "automatic"),
    )


def trial(recipient: Recipient, domain: str, now: datetime) -> Letter:
    """A letter that says only that letters arrive; it goes the way of every other one."""
    said = words(recipient.language)
    who = sha256(f"{recipient.address.casefold()} {now.isoformat()}".encode()).hexdigest()[:16]
    values: dict[str, object] = {
        "lang": said.language.value.replace("_", "-"),
        "subject": said.said("trial", "subject"),
        "said": said.said("trial", "said", at=wall(now, "UTC")),
        "footer": said.said("letter", "automatic"),
    }
    return Letter(
        ticket="",
        event=0,
        recipient=recipient.address,
        subject=said.said("trial", "subject"),
        text=rendered("trial.txt", **values),
        html=rendered("trial.html", **values),
        message_id=f"<trial.{who}@{domain}>",
        language=recipient.language,
        created_at=now,
    )
