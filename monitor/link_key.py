"""The key with which links in letters are signed: a file of the state directory, made at the first start.

Without it (a command that may not read it) letters have no links, and no link is taken.
"""

import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

FILE = "links.key"
_LENGTH = 32


def made(state: Path) -> None:
    """Make the key unless there is one: readable by us alone, and whole or not there."""
    path = state / FILE
    if path.exists():
        return
    draft = state / f"{FILE}.{os.getpid()}"
    with suppress(FileNotFoundError):
        draft.unlink()
    line = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(line, "wb") as file:
        file.write(secrets.token_bytes(_LENGTH))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):  # somebody else was first; theirs counts
        os.link(draft, path)
    draft.unlink()


def known(state: Path) -> bytes:
    """The key; nothing where there is none, or none for us."""
    path = state / FILE
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return b""
    return _read(path, changed)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> bytes:
    """Its bytes, read once for each version of the file."""
    del changed
    try:
        found = path.read_bytes()
    except OSError:
        return b""
    return found if len(found) == _LENGTH else b""
