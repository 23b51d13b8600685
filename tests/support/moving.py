"""Devices whose values move between two visits, for tests that compare what is made anew with what is made of all."""

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random

from collectors.identify import identified
from collectors.plan import Platform
from collectors.platform import PlatformFile, platforms
from collectors.recording import recorded
from collectors.simulate.fleet import fleet
from collectors.snmp.reader import Value

ROOT = Path(__file__).parents[2]
RECORDINGS = Path(os.environ.get("NETVIGIL_RECORDINGS", ROOT.parent / "shared" / "recordings")) / "snmp"
PLATFORMS = platforms(
    {
        path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text("utf-8")))
        for path in (ROOT / "configs" / "platforms").glob("*.toml")
    }
)
_WORDS: tuple[Value, ...] = (0, 1, 2, 3, 5, 90, -1, 65535, 2**31 - 1, 2**32 - 1, b"", b"N/A", b"-3.2", b"1 2 3", None)


@cache
def told() -> tuple[Mapping[str, Value], ...]:
    """What the devices of the fleet tell, and the smaller ones of the recordings where there are any."""
    found: list[Mapping[str, Value]] = [
        {oid: value for oid, (_, value) in each.device.values().items()} for each in fleet().devices
    ]
    small = sorted(path for path in RECORDINGS.rglob("*.snmprec") if path.stat().st_size < 200_000)
    found += [recorded(path).values for path in small]
    return tuple(found)


class Moving:
    """One device that tells other values after each `move`. All that is random comes from `random`."""

    def __init__(self, values: Mapping[str, Value], random: Random) -> None:
        self.values = dict(values)
        self._sound = dict(values)
        self._random = random
        tables = [[column for column in table if self._rows(column)] for table in _platform(values).request.tables]
        self._tables = [columns for columns in tables if columns]

    def move(self) -> None:
        """Change something, as a device may between two visits."""
        if self._tables:
            moves = (self._count, self._count, self._say, self._say, self._hush, self._lose, self._renumber, self._heal)
            self._random.choice(moves)()

    def _rows(self, column: str) -> list[str]:
        return [oid[len(column) + 1 :] for oid in self.values if oid.startswith(f"{column}.")]

    def _column(self) -> str:
        return self._random.choice(self._random.choice(self._tables))

    def _count(self) -> None:
        """Numbers of one column move a little."""
        column = self._column()
        for row in self._rows(column):
            value = self.values[f"{column}.{row}"]
            if isinstance(value, int) and self._random.random() < 0.5:
                self.values[f"{column}.{row}"] = value + self._random.choice((-7, -1, 1, 2, 30))

    def _say(self) -> None:
        """One instance says something else, perhaps nonsense, perhaps what another instance says."""
        column = self._column()
        if rows := self._rows(column):
            other = self.values.get(f"{column}.{self._random.choice(rows)}")
            words = (*_WORDS, other, other)
            self.values[f"{column}.{self._random.choice(rows)}"] = self._random.choice(words)

    def _hush(self) -> None:
        """A column goes silent."""
        column = self._column()
        for row in self._rows(column):
            del self.values[f"{column}.{row}"]

    def _lose(self) -> None:
        """A row goes, in all columns that stand beside each other."""
        column = self._column()
        if rows := self._rows(column):
            entry, gone = column.rpartition(".")[0], self._random.choice(rows)
            for oid in [oid for oid in self.values if oid.startswith(f"{entry}.") and oid.endswith(f".{gone}")]:
                del self.values[oid]

    def _renumber(self) -> None:
        """A row gets another index, perhaps that of another row, perhaps while the old one stays."""
        column = self._column()
        if rows := self._rows(column):
            entry, old = column.rpartition(".")[0], self._random.choice(rows)
            new = self._random.choice((*rows, f"{old[:-1]}{self._random.randrange(1, 99)}"))
            stays = self._random.random() < 0.5
            for oid in [oid for oid in self.values if oid.startswith(f"{entry}.") and oid.endswith(f".{old}")]:
                value = self.values[oid] if stays else self.values.pop(oid)
                self.values[f"{oid[: -len(old)]}{new}"] = value

    def _heal(self) -> None:
        """All is as it was."""
        self.values = dict(self._sound)


def _platform(values: Mapping[str, Value]) -> Platform:
    return identified(values, PLATFORMS)
