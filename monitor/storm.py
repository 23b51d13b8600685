"""The storm guard: who gets a digest now instead of a letter for each ticket. Asked by the duties before they post.

A storm is one recipient's: more letters than `letters` were written to them within `every`, and one of these still
waits, or the last is not older than that. Then the gravest goes at once, and the rest in one digest at a time, at most
one mail in each `every`; as long as nobody was called to a fault of level 1, in each `lighter`. Nothing of it is
remembered: it follows from when letters were written and taken by the mail server, so a restart changes nothing, and a
storm is over when there are no longer so many. What waits for a mail server that was down is a storm when it is back.

A digest and the mark of the letters that it stands for are one transaction. A letter that the mail server took just
before the daemon died, and we did not write that down, comes again within a digest: at least once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.post.digest import Waiting, gathered, letter
from monitor.config import Settings
from monitor.model import Language
from monitor.settings import Storm
from monitor.store import letters

_GRAVE = timedelta(hours=1)
"""So long after a call to a fault of level 1 a storm is one with such faults, in which people have to act, not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What the guard decided: to whom no letter goes by itself, but for those `released`, and who is due a digest."""

    held: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
    due: Mapping[str, Sequence[Waiting]]


def guarded(disk: Connection, settings: Settings, now: datetime) -> Guarded:
    """What is to be done with the letters that wait."""
    storm = settings.storm
    held: set[str] = set()
    released: set[str] = set()
    due: dict[str, Sequence[Waiting]] = {}
    for recipient, waiting in letters.waiting(disk, now).items():
        written = letters.written(disk, recipient, waiting[0].created_at - storm.every)
        if not is_storm(written, [each.created_at for each in waiting], storm, now):
            continue
        held.add(recipient)
        go, is_due = _decided(disk, recipient, waiting, storm, now)
        released.update(go)
        if is_due:
            due[recipient] = waiting
    return Guarded(held=frozenset(held), released=frozenset(released), due=due)


def is_storm(written: Sequence[datetime], waiting: Sequence[datetime], storm: Storm, now: datetime) -> bool:
    """True where too many letters were `written` within the set time, and some of them wait, or it was just now.

    Both are in order, and the first holds the second.
    """
    still = iter(waiting)
    oldest = next(still, None)
    for first, last in zip(written, written[storm.letters :], strict=False):
        while oldest is not None and oldest < first:
            oldest = next(still, None)
        if last - first < storm.every and (last > now - storm.every or (oldest is not None and oldest <= last)):
            return True
    return False


def _decided(
    disk: Connection, recipient: str, waiting: Sequence[Waiting], storm: Storm, now: datetime
) -> tuple[Sequence[str], bool]:
    """The letters that go by themselves now, and whether a digest is due."""
    _, is_under_way = letters.digests(disk, recipient)
    if is_under_way:
        return (), False
    grave = {each.ticket: each.message_id for each in reversed(waiting) if each.is_grave}  # the first of each ticket
    if grave and _is_past(letters.last_mail(disk, recipient, grave=True), storm.every, now):
        if len(grave) <= storm.alone:
            return tuple(grave.values()), False
        return (), True
    called = letters.last_mail(disk, recipient, grave=True)
    pause = storm.every if called is not None and not _is_past(called, _GRAVE, now) else storm.lighter
    return (), _is_past(letters.last_mail(disk, recipient), pause, now)


def _is_past(moment: datetime | None, span: timedelta, now: datetime) -> bool:
    # a moment to come is one of a clock that was set back since
    return moment is None or now - moment >= span or moment > now


def digested(disk: Connection, settings: Settings, now: datetime) -> int:
    """Write the digests that are due now. How many."""
    due = guarded(disk, settings, now).due
    for recipient, waiting in due.items():
        digest = gathered(waiting, settings.storm.lines)
        number, _ = letters.digests(disk, recipient)
        subjects = letters.subjects(disk, (each.message_id for each in digest.shown))
        written = letter(
            digest,
            subjects,
            recipient,
            _language(recipient, settings),
            settings.inventory.sites,
            number + 1,
            settings.mail.domain,
            now,
            settings.letters.links,
        )
        letters.digested(disk, written, [each.message_id for each in digest.letters], now)
    return len(due)


def _language(address: str, settings: Settings) -> Language:
    """The language in which letters go to this address."""
    folded = address.casefold()
    people = settings.people
    known = [(way.address, way.language) for each in people.persons.values() for way in each.recipients]
    known += [(each.address, each.language) for each in settings.mail.recipients]
    known += [(each.mail, each.language) for each in people.partners.values()]
    known += [(each.mail, each.language) for each in people.contacts]
    return next((language for mail, language in known if mail.casefold() == folded), Language.EN)
