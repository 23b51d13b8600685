"""Attach what people have to a ticket: the one way in for the command line and the pages.

The file is kept by its SHA-256 (monitor/store/attachments.py), the entry of the ticket names it; both in the caller's
transaction.
"""

import mimetypes
from datetime import datetime
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection

from collectors.text import cleaned
from monitor import ticketing
from monitor.config import Settings
from monitor.model import EventKind
from monitor.store import attachments
from monitor.store.attachments import Attachment

_UNKNOWN = "application/octet-stream"
_NAME = 120


def attached(
    disk: Connection,
    directory: Path,
    *,
    number: str,
    body: bytes,
    name: str,
    by: str,
    settings: Settings,
    now: datetime,
) -> Attachment:
    """Keep `body` below the state `directory`, and write into the ticket that it is attached under `name`.

    The media type is told by the name alone: what it holds is never run or shown, only given back.
    Raises TooLargeError, NoSuchTicketError, and ValueError where the name says nothing or the body is empty.
    """
    called = cleaned(PurePosixPath(name.replace("\\", "/")).name)[:_NAME].strip()
    if not called:
        raise ValueError("what is attached has no name; give it one")
    if not body:
        raise ValueError(f'"{called}" is empty; nothing was attached')
    media_type = mimetypes.guess_type(called)[0] or _UNKNOWN
    kept = attachments.kept(directory, disk, body, media_type, settings.attachment, now)
    data = {"sha256": kept.sha256, "name": called, "size": str(kept.size), "media_type": media_type}
    ticketing.acted(disk, number, EventKind.ATTACHED, by, data, settings, now)
    return kept
