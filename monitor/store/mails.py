"""Mails that were read from the mailbox: each once, and what came of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.store import tables

_mail = tables.mail_read


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A mail that was read."""

    message_id: str
    at: datetime
    sender: str
    subject: str
    what: str
    ticket: str
    why: str


def is_read(disk: Connection, message_id: str) -> bool:
    """True where this mail was filed before."""
    return disk.execute(select(_mail.c.at).where(_mail.c.message_id == message_id)).first() is not None


def kept(
    disk: Connection, message_id: str, sender: str, subject: str, what: str, ticket: str, why: str, now: datetime
) -> None:
    """Write down that a mail was filed."""
    disk.execute(
        _mail.insert().values(
            message_id=message_id, at=now, sender=sender, subject=subject, what=what, ticket=ticket, why=why
        )
    )


def counted(disk: Connection, sender: str, what: str, since: datetime) -> int:
    """Of how many mails of `sender` the same came since then."""
    question = select(func.count()).where(_mail.c.sender == sender, _mail.c.what == what, _mail.c.at > since)
    return int(disk.execute(question).scalar_one())


def newest(disk: Connection, most: int, what: str = "") -> tuple[Read, ...]:
    """The mails that were read last, the newest first; with `what`, those of which this came."""
    question = select(_mail).order_by(_mail.c.at.desc(), _mail.c.message_id).limit(most)
    if what:
        question = question.where(_mail.c.what == what)
    return tuple(
        Read(
            message_id=row.message_id,
            at=row.at,
            sender=row.sender,
            subject=row.subject,
            what=row.what,
            ticket=row.ticket,
            why=row.why,
        )
        for row in disk.execute(question)
    )
