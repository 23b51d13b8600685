"""Links of letters that were used, each once: kept as fingerprints, since a token is as good as a signature."""

from datetime import datetime

from sqlalchemy import Connection, select

from monitor.store import tables

_used = tables.link_used


def at(disk: Connection, token: str) -> datetime | None:
    """When the link with this fingerprint was used; None where it was not."""
    moment: datetime | None = disk.execute(select(_used.c.at).where(_used.c.token == token)).scalar()
    return moment


def kept(disk: Connection, token: str, ticket: str, recipient: str, now: datetime) -> None:
    """Write down that it was used. The database refuses a second time."""
    disk.execute(_used.insert().values(token=token, ticket=ticket, recipient=recipient, at=now))
