"""What a device answered, under the names of its platform file: columns side by side, read by visit, facts and quirks.

Values stay as they came, in columns; only the helpers here turn single ones into text or a number.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from math import isfinite
from sys import intern

from collectors.snmp.reader import Ending, Value
from collectors.text import cleaned


class Eye(StrEnum):
    """The protocols by which a device is seen."""

    SNMP = "snmp"
    REDFISH = "redfish"
    SSH = "ssh"


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: `columns[name][i]` is the value of the instance `oids[name].index[i]`.

    Over Redfish the index is the path of a resource (or an element in it) and `oids` hold JSON pointers into it; over
    SSH the index is what tells the rows of an output apart, and `oids` hold the command and the word of its template.
    Not slotted, because `rows` is computed at its first use and kept.
    """

    name: str
    index: tuple[str, ...]
    columns: Mapping[str, tuple[Value, ...]]
    oids: Mapping[str, str]
    ended: Ending | None = None
    eye: Eye = Eye.SNMP

    def source(self, name: str, row: int) -> str:
        """Where a sceptic can check the value: an OID, a Redfish pointer, or a command."""
        if self.eye is Eye.SNMP:
            return intern(f"{self.oids[name]}.{self.index[row]}")  # devices of one model share it
        if self.eye is Eye.REDFISH:
            # a row that is an element of an array has its pointer in the index already
            index = self.index[row]
            return f"{index}{self.oids[name]}" if "#" in index else f"{index}#{self.oids[name]}"
        return f"{self.oids[name]} [{self.index[row]}]"

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row number of each index."""
        return {index: row for row, index in enumerate(self.index)}

    def asked(self, quirk: "Quirk", column: str) -> tuple[float | None, ...]:
        """What `quirk` says of `column`, computed once and kept with the columns that it read for that."""
        found = self.quirks.get((quirk, column))
        if found is None:
            seen = _Seen(self.columns)
            said = quirk(replace(self, columns=seen), column)
            self.quirks[quirk, column] = found = (said, frozenset(seen.names))
        return found[0]

    @cached_property
    def quirks(self) -> dict[tuple["Quirk", str], tuple[tuple[float | None, ...], frozenset[str]]]:
        """What quirks said of which column, and what they read for that."""
        return {}

    def like(self, before: "Table") -> "Table":
        """This table, with all that is as it was in `before` as the same objects; `before` where all of it is.

        What comes after then compares by identity, and the memory of a device holds each value once.
        """
        if self is before or self.index != before.index or self.oids is not before.oids:
            return self
        return before.again(self.columns, self.ended)

    def again(self, columns: Mapping[str, tuple[Value, ...]], ended: Ending | None) -> "Table":
        """This table as it was told anew with the same rows: what it says as before stays the same object."""
        last = self.columns
        columns = {
            name: known if column is (known := last[name]) or column == known else column
            for name, column in columns.items()
        }
        if ended is self.ended and all(column is last[name] for name, column in columns.items()):
            return self
        # said in full: dataclasses.replace takes four times as long, at each visit
        told = Table(name=self.name, index=self.index, columns=columns, oids=self.oids, ended=ended, eye=self.eye)
        known_rows, quirks = self.__dict__.get("rows"), self.__dict__.get("quirks")
        if known_rows is not None:
            told.__dict__["rows"] = known_rows
        # a quirk is a plain function: where all that it read is as it was, so is what it says
        for asked, (said, names) in quirks.items() if quirks else ():
            if all(columns[name] is last[name] for name in names):
                told.quirks[asked] = (said, names)
        return told

    def rows_by(self, column: str) -> Mapping[str, int]:
        """The row number of each text in `column`; the first row where several say the same."""
        found: dict[str, int] = {}
        for row, value in enumerate(self.columns[column]):
            found.setdefault(text(value), row)
        return found


Quirk = Callable[[Table, str], tuple[float | None, ...]]
"""What the vocabulary cannot say: the numbers of a whole column in base units (collectors/quirks)."""


class _Seen(Mapping[str, tuple[Value, ...]]):
    """Columns that remember which of them were looked at."""

    def __init__(self, columns: Mapping[str, tuple[Value, ...]]) -> None:
        self._columns = columns
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> tuple[Value, ...]:
        self.names.add(name)
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        self.names.update(self._columns)
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def text(value: Value) -> str:
    """`value` as clean text; "" where there is none."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    return word(value) if isinstance(value, int) else cleaned(value)


def word(number: int) -> str:
    """`number` as text; small ones, which most devices tell, are the same object each time."""
    return _WORDS[number] if number.__class__ is int and 0 <= number < _SMALL else str(number)


_SMALL = 1024
_WORDS = tuple(str(number) for number in range(_SMALL))


def number(value: Value) -> float | None:
    """`value` as a number, also where the device writes numbers as text; None where it is none.

    "nan", "inf" and what is too large for a number are none: every comparison with a limit would be false.
    """
    try:
        told = float(value if isinstance(value, (int, float)) else text(value))
    except (ValueError, OverflowError):
        return None
    return told if isfinite(told) else None


# what a BITS value looks like where a tool wrote it down: two hex digits an octet, then the bits set ("80 0")
_BITS_AS_TEXT = re.compile(r"[0-9A-Fa-f]{2}( +[0-9A-Fa-f]{1,2})* *")


def bits(value: Value) -> list[int] | None:
    """The numbers of the bits set in a BITS value (RFC 2578, section 7.1.4: bit 0 is the highest of octet 0).

    Recordings hold it also as text, "80 0" or "40 00 00 1": the octets, then the bits set. None where it is no BITS.
    """
    if not isinstance(value, bytes):
        return None
    try:
        said = value.decode("ascii")
    except UnicodeDecodeError:
        return _bits_of(value)
    if not _BITS_AS_TEXT.fullmatch(said):
        return _bits_of(value)
    words = said.split()
    hexadecimal = next((n for n, word in enumerate(words) if len(word) != 2), len(words))  # noqa: PLR2004 - an octet
    octets = [bytes.fromhex("".join(words[:n])) for n in range(1, hexadecimal + 1)]
    exact = (o for n, o in enumerate(octets, 1) if [str(bit) for bit in _bits_of(o)] == words[n:])
    return _bits_of(next(exact, octets[-1]))


def _bits_of(octets: bytes) -> list[int]:
    return [8 * n + bit for n, octet in enumerate(octets) for bit in range(8) if octet & 0x80 >> bit]
