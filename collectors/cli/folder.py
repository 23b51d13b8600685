"""A folder of command outputs in place of a device: one file a command, for replay and tests.

A file bears the name of its command: "display version.txt", or "display_version" as well.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from collectors.cli.asked import Said, answers
from collectors.cli.output import lines
from collectors.identify import SYS_DESCR, identified
from collectors.looks import Door, Login, Look, Seen, looked
from collectors.plan import Origin, Platform
from collectors.snmp.reader import Budget
from collectors.tables import Eye

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
        if path.is_file() and path.suffix in _ENDINGS and named(path.stem).startswith(("display ", "dir"))
    }


def named(command: str) -> str:
    """A command as files are named after it: one blank, hyphen or underscore is as good as the other."""
    return re.sub(r"[\s_]+", " ", command.strip().lower().replace("-", " "))


async def folder_look(folder: Path, platforms: Mapping[str, Platform], at: datetime) -> tuple[str, Look]:
    """One look at the outputs in `folder`, and the name of the platform that they are of."""
    files = command_files(folder)
    version = files.get("display version")
    said = lines(version.read_bytes()[:_LARGEST]) if version else ""
    platform = identified({SYS_DESCR: said.encode()}, platforms)
    reader = FolderReader(files)
    door = Door(address="recording", port=22, login=Login(user="", password=""))
    budget = Budget(seconds=600, rows=1_000_000, bytes=1_000_000_000)
    able = [each for each in platforms.values() if Eye.SSH in each.others]
    if Eye.SSH not in platform.others and able:  # nobody recorded the version: whose commands the rest answers best
        looks = [(each, await _looked(reader, door, each, at, budget)) for each in able]
        platform, look = max(looks, key=lambda one: sum(len(table.index) for table in one[1].tables.values()))
        return platform.name, look
    return platform.name, await _looked(reader, door, platform, at, budget)


async def _looked(reader: FolderReader, door: Door, platform: Platform, at: datetime, budget: Budget) -> Look:
    return await looked(reader, door, Eye.SSH, platform.others.get(Eye.SSH, ()), at, budget, None)
