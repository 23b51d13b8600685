"""The journal of letters that a server took: a line each, written at that moment, read at the next start.

The database learns of a letter's end a little later, with all else that waits for the disk. Who is killed in between
finds here what need not be sent again. Whoever writes into it (`alerts/post/postman.py`) holds its lock with the open
file, also when the daemon is gone: once the lock can be had, nothing is added any more.
"""

import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from monitor.store import letters

FILE_NAME = "accepted.journal"
_LONG = 1024 * 1024


class Taken:
    """The journal below a state directory; `line` is the open file."""

    def __init__(self, directory: Path) -> None:
        """Open it, making it where it is not there. Raises OSError."""
        self.line = os.open(directory / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def is_ours(self) -> bool:
        """Take the lock; false while a process of a daemon before us still writes."""
        try:
            fcntl.flock(self.line, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def recalled(self, disk: Connection) -> int:
        """Write down in the database what the journal says was accepted; how many letters it did not know of."""
        return sum(letters.recalled(disk, *each) for each in self._lines())

    def is_long(self) -> bool:
        """True where it should be cleared as soon as no letter is under way."""
        return os.fstat(self.line).st_size > _LONG

    def clear(self) -> None:
        """Forget it all; for when the database knows."""
        os.ftruncate(self.line, 0)

    def close(self) -> None:
        """Give back the file."""
        os.close(self.line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lines(self) -> list[tuple[str, datetime, str]]:
        found = []
        size = os.fstat(self.line).st_size
        for text in os.pread(self.line, size, 0).decode(errors="replace").splitlines():
            try:
                message_id, seconds, words = json.loads(text)
                found.append((str(message_id), datetime.fromtimestamp(seconds, UTC), str(words)))
            except (ValueError, TypeError, OverflowError, OSError):
                continue  # half of a line, because the disk was full
        return found
