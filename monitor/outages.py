"""A way out that fails is told over the others: once when it has failed for a minute, and once when it works again.

What is told stands on disk together with its letters, so that a restart tells nothing twice. Called by the duties.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from alerts.desk.people import Place
from alerts.desk.rota import on_duty
from alerts.locale import wall, words
from alerts.post.channels import MAIL, way
from alerts.post.letters import notice
from monitor.config import Settings
from monitor.model import Letter, Recipient
from monitor.store import letters, outages
from monitor.store.outages import Outage

AFTER = timedelta(seconds=60)
"""How long a way brings nothing before people are told."""


def begun(disk: Connection, *, name: str, since: datetime, why: str, settings: Settings, now: datetime) -> None:
    """Write down that the way `name` fails, and tell it over the others, unless that was done."""
    if name in outages.open_now(disk):
        return
    outage = outages.begun(disk, name, since, why, now)
    letters.queued(disk, _told(outage, "failing", settings, now))


def over(disk: Connection, *, name: str, settings: Settings, now: datetime) -> None:
    """Write down that the way works again, and tell those who were told that it does not."""
    outage = outages.ended(disk, name, now)
    if outage is not None:
        letters.queued(disk, _told(outage, "works", settings, now))


def _told(outage: Outage, what: str, settings: Settings, now: datetime) -> Iterator[Letter]:
    seen: set[str] = set()
    for recipient in _recipients(settings, outage.begun_at):
        address = recipient.address.casefold()
        if way(address) == outage.way or address in seen:
            continue
        seen.add(address)
        said = words(recipient.language)
        called = said.said("outage", "mail") if outage.way == MAIL else outage.way
        values = {"way": called, "since": wall(outage.since, settings.zone), "why": outage.words}
        values["at"] = wall(now, settings.zone)
        who = sha256(address.encode()).hexdigest()[:10]
        yield notice(
            recipient,
            said.said("outage", f"{what}_subject", **values),
            said.said("outage", what, **values),
            f"<way.{outage.id}.{what}.{who}@{settings.mail.domain}>",
            now,
        )


def _recipients(settings: Settings, at: datetime) -> Iterator[Recipient]:
    """Who sees to it: recipients of everything, and who is on duty for the first tier."""
    for each in settings.mail.recipients:
        if not (each.customers or each.sites):
            yield each
    people, tiers = settings.people, settings.contract.tiers
    if people.text and tiers:
        for duty in on_duty(people, tiers[0].name, Place(), at):
            yield from people.persons[duty.person].recipients
