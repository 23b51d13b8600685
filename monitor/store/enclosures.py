"""Files that go with letters: each kept once by its SHA-256, compressed, in the transaction of the letter."""

import zlib
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from monitor.model import Enclosure
from monitor.store import tables

MOST: Final = 10 * 1024 * 1024
"""Octets that may go with one letter; a mail of them has 14 MB, which most servers take."""
_enclosure = tables.enclosure


class TooMuchEnclosedError(ValueError):
    """More is to go with a letter than may."""


def kept(disk: Connection, name: str, media_type: str, body: bytes) -> Enclosure:
    """Keep `body`, and give what a letter needs to name it. Raises TooMuchEnclosedError."""
    if len(body) > MOST:
        raise TooMuchEnclosedError(f"{name} has {len(body)} octets; a letter takes {MOST} at most")
    digest = sha256(body).hexdigest()
    row = {"sha256": digest, "size": len(body), "body": zlib.compress(body, 6)}
    disk.execute(insert(_enclosure).values(row).on_conflict_do_nothing())
    return Enclosure(name=name, media_type=media_type, sha256=digest, size=len(body))


def read(disk: Connection, enclosures: Iterable[Enclosure]) -> dict[str, bytes]:
    """The octets of `enclosures` by their SHA-256; one that is gone, or is not what it was, is left out."""
    wanted = {each.sha256: each.size for each in enclosures}
    rows = disk.execute(select(_enclosure).where(_enclosure.c.sha256.in_(tuple(wanted))))
    found = {row.sha256: _unpacked(row.body, wanted[row.sha256]) for row in rows}
    return {digest: body for digest, body in found.items() if sha256(body).hexdigest() == digest}


def _unpacked(packed: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, size + 1)
    except zlib.error:
        return b""
