"""The certificates that Netvigil itself lives by: of its pages, and of the mail server. Told before they end.

Asked by the duties once a day. What was told is the outbox itself, as in supplies.py: the Message-ID follows from what
is told, so that nothing is told twice, not over a restart either.
"""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.locale import words
from alerts.post.certificate import mail_certificate_ends, pages_certificate_ends
from alerts.post.letters import notice
from monitor.model import Letter, Level
from monitor.settings import Settings
from monitor.store import letters

BEFORE: Final = (30, 14, 7, 3, 1)
"""So many days before its end a certificate is told: renewing one takes minutes, so that 90 days would be noise."""
PAGES, MAIL = "pages", "mail"


async def ends(settings: Settings) -> Mapping[str, datetime]:
    """When each of our own certificates ends, as far as it can be seen just now."""
    found = {MAIL: await mail_certificate_ends(settings.mail.server)}
    if settings.web.certificate is not None:
        try:
            chain = await asyncio.to_thread(settings.web.certificate.read_bytes)
        except OSError:
            chain = b""
        found[PAGES] = pages_certificate_ends(chain)
    return {what: at for what, at in found.items() if at is not None}


def told(disk: Connection, certificates: Mapping[str, datetime], settings: Settings, now: datetime) -> None:
    """Queue what was not told yet."""
    for what, at in certificates.items():
        left = (at - now).days
        reached = [each for each in BEFORE if left <= each]
        if reached:
            stage = min(reached) if left >= 0 else -1
            letters.queued(disk, _letters(what, at, stage, settings, now))


def _letters(what: str, at: datetime, stage: int, settings: Settings, now: datetime) -> Iterator[Letter]:
    server = settings.mail.server
    where = settings.web.url if what == PAGES else f"{server.server}:{server.port}"
    for reader in settings.mail.recipients:
        if (reader.levels and Level.WARNING not in reader.levels) or reader.customers or reader.sites:
            continue  # it is ours, and no customer's
        said = words(reader.language)
        form = "over" if stage < 0 else "soon"
        values = {
            "what": said.said("own_certificate", what),
            "on": at.astimezone(ZoneInfo(settings.zone)).date().isoformat(),
            "where": where,
        }
        name = sha256(f"{what} {at.isoformat()} {stage} {reader.address.casefold()}".encode()).hexdigest()[:20]
        yield notice(
            reader,
            said.said("own_certificate", f"{form}_subject", **values),
            said.said("own_certificate", f"{form}_{what}", **values),
            f"<certificate.{name}@{settings.mail.domain}>",
            now,
            [],
        )
