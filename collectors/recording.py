"""A recorded device in place of a real one: a Reader that answers from a .snmprec file, for replay, tests and demos.

The format is snmpsim's: one `OID|type|value` a line, types by their BER tag, with an "x" where the value is hex.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.snmp.reader import Budget, Reader, Reading, Request, Rows, Target, Value

_LINE = re.compile(rb"\.?(\d+(?:\.\d+)+)\|(\d+)(x?)(?::\w+)?\|(.*)", re.DOTALL)
_NUMBERS = {b"2", b"65", b"66", b"67", b"70"}
_INTEGER, _NULL, _OID, _ADDRESS = b"2", b"5", b"6", b"64"
_OCTETS = {b"4", b"68"}  # OCTET STRING (BITS, too) and Opaque


class NotARecordingError(ValueError):
    """The file is no recording: not one of its lines is `OID|type|value`."""


def recorded(path: Path) -> "RecordingReader":
    """A reader over the .snmprec file at `path`.

    Broken lines are counted (`broken`), not fatal. Raises NotARecordingError where there is no good line at all, and
    OSError where the file cannot be read.
    """
    values: dict[str, Value] = {}
    broken = 0
    for line in path.read_bytes().split(b"\n"):
        line = line.rstrip(b"\r")  # noqa: PLW2901 - the line without the rest of its line end
        if not line.strip() or line.startswith(b"#"):
            continue
        read = _read(line)
        if read is None:
            broken += 1
        else:
            values[read[0]] = read[1]
    if not values:
        raise NotARecordingError(f'{path}: not a recording: no line is "OID|type|value" ({broken} lines are not)')
    return RecordingReader(values, broken)


class RecordingReader(Reader):
    """Answers whatever is asked from `values`; what was not recorded has no value. Never silent, never ends early."""

    def __init__(self, values: Mapping[str, Value], broken: int = 0) -> None:
        self.values = values
        self.broken = broken
        self._oids = sorted(values)

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:  # noqa: ARG002 - Reader's words
        """All that `request` asks, as far as it was recorded."""
        return Reading(
            scalars={oid: self.values.get(oid) for oid in request.scalars},
            tables=tuple(self._table(columns) for columns in request.tables),
        )

    async def close(self) -> None:
        """Nothing is held."""

    def _table(self, columns: Sequence[str]) -> Rows:
        found = {column: self._column(f"{column}.") for column in columns}
        index = sorted({i for column in found.values() for i in column}, key=lambda i: [int(n) for n in i.split(".")])
        return Rows(
            index=tuple(index),
            columns={column: tuple(values.get(i) for i in index) for column, values in found.items()},
        )

    def _column(self, prefix: str) -> dict[str, Value]:
        first = bisect_left(self._oids, prefix)
        after = bisect_left(self._oids, f"{prefix}:", first)  # ":" follows "9"
        return {oid[len(prefix) :]: self.values[oid] for oid in self._oids[first:after]}


def _read(line: bytes) -> tuple[str, Value] | None:
    """OID and value of one line, None where it is broken."""
    match = _LINE.fullmatch(line)
    try:
        return (match[1].decode(), _value(match[2], match[4], hexadecimal=bool(match[3]))) if match else None
    except ValueError:
        return None


def _value(tag: bytes, raw: bytes, *, hexadecimal: bool) -> Value:
    """The value of one line. Raises ValueError where it is none."""
    octets = bytes.fromhex(raw.decode("ascii")) if hexadecimal else raw
    if tag in _NUMBERS:
        return int.from_bytes(octets, signed=tag == _INTEGER) if hexadecimal else int(raw)
    if tag in _OCTETS:
        return octets
    if tag == _NULL:
        return None
    if tag == _OID:
        return octets.decode("ascii").strip().lstrip(".")
    if tag == _ADDRESS:
        return ".".join(str(octet) for octet in octets) if hexadecimal else raw.decode("ascii")
    raise ValueError(tag)
