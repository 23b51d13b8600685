"""A folder of command outputs in place of a device: one file a command, for replay and tests.

A file bears the name of its command: "display version.txt", or "display_version" as well.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.cli.asked import Said, answers
from collectors.looks import Door, Seen
from collectors.plan import Origin
from collectors.snmp.reader import Budget

_ENDINGS = frozenset({"", ".txt", ".raw", ".log", ".out", ".cli"})
_LARGEST = 16_000_000


class FolderReader:
    """Answers each command from the file of its name; a command without a file has no rows."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        """`files` by command, as `command_files` finds them."""
        self.files = files

    async def read(self, door: Door, origins: Sequence[Origin], budget: Budget) -> Seen:  # noqa: ARG002 - its words
        """What the files say of `origins`."""
        found = answers(origins, self._said, budget)
        return Seen(rows=tuple(found.rows), documents=found.documents, requests=found.commands, bytes=found.bytes)

    async def close(self) -> None:
        """Nothing is held."""

    def _said(self, command: str) -> Said | None:
        path = self.files.get(named(command))
        return Said(raw=path.read_bytes()[:_LARGEST]) if path else None


def command_files(folder: Path) -> dict[str, Path]:
    """The files in `folder` that bear the name of a command, by that name; empty where there is none."""
    return {
        named(path.stem if path.suffix in _ENDINGS else path.name): path
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix in _ENDINGS and named(path.stem).startswith("display ")
    }


def named(command: str) -> str:
    """A command as files are named after it: one blank, hyphen or underscore is as good as the other."""
    return re.sub(r"[\s_]+", " ", command.strip().lower().replace("-", " "))
