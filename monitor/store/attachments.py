"""What is attached to tickets: files named after the SHA-256 of what they hold, and a row that says what each is.

The file is on disk before the row that names it, so that no row leads nowhere; what is attached twice is kept once.
"""

import os
import tempfile
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from monitor.store import tables

FOLDER: Final = "attachments"
"""Below the state directory."""
_attachment = tables.attachment


class TooLargeError(ValueError):
    """It is larger than attachments may be."""


class NoSuchAttachmentError(LookupError):
    """There is no such attachment, or it is not what it was; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What is known of one attachment; its name stands in the event of the ticket."""

    sha256: str
    size: int
    media_type: str
    at: datetime


def kept(directory: Path, disk: Connection, body: bytes, media_type: str, most: int, now: datetime) -> Attachment:
    """Keep `body` below the state `directory`. Raises TooLargeError where it has more than `most` octets."""
    if len(body) > most:
        raise TooLargeError(f"{len(body)} octets are more than attachments may have ({most}); see [attachments] size")
    digest = sha256(body).hexdigest()
    path = _path(directory, digest)
    if not path.exists():
        _written(path, body)
    row = {"sha256": digest, "size": len(body), "media_type": media_type, "at": now}
    disk.execute(insert(_attachment).values(row).on_conflict_do_nothing())
    return known(disk, digest)


def known(disk: Connection, digest: str) -> Attachment:
    """What is known of the attachment with this SHA-256. Raises NoSuchAttachmentError."""
    row = disk.execute(select(_attachment).where(_attachment.c.sha256 == digest)).first()
    if row is None:
        raise NoSuchAttachmentError(f"there is no attachment {digest}")
    return Attachment(**row._asdict())


def digests(disk: Connection) -> tuple[str, ...]:
    """The SHA-256 of everything that is attached."""
    return tuple(disk.execute(select(_attachment.c.sha256).order_by(_attachment.c.sha256)).scalars())


def read(directory: Path, digest: str) -> bytes:
    """What was attached, as it was. Raises NoSuchAttachmentError where it is gone, or was changed since."""
    try:
        body = _path(directory, digest).read_bytes()
    except OSError as error:
        raise NoSuchAttachmentError(f"attachment {digest} cannot be read: {error.strerror}") from None
    if sha256(body).hexdigest() != digest:
        raise NoSuchAttachmentError(f"attachment {digest} is not what was attached: its file was changed")
    return body


def _path(directory: Path, digest: str) -> Path:
    if len(digest) != sha256().digest_size * 2 or not set(digest) <= set("0123456789abcdef"):
        raise NoSuchAttachmentError(f'"{digest}" is no SHA-256')
    return directory / FOLDER / digest[:2] / digest


def _written(path: Path, body: bytes) -> None:
    """Whole or not at all, and for nobody else to read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
