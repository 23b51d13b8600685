"""How the past of a device lies on disk: hours and days of all its series as columns of whole numbers, packed.

Pure functions; monitor/store/rollups.py puts their octets into the database, and docs/past.md describes the format.
Every number is kept as a whole number of steps, of which its aspect says the size. A series that does not move costs
nearly nothing.
"""

import json
import struct
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Final, NamedTuple

from monitor.model import Condition

CODES: Final = (Condition.OK, Condition.DEGRADED, Condition.FAILED, Condition.ABSENT, Condition.UNKNOWN)
"""What the codes of conditions mean, in the order of `netvigil_condition`."""
CODE: Final[Mapping[Condition | None, int]] = {**{each: code for code, each in enumerate(CODES)}, None: 255}
NONE: Final = 255
HEAD: Final = struct.Struct("<BIHH")  # version, series, hours (or stretches of conditions), vectors of conditions
_END: Final = struct.Struct("<d")
VERSION: Final = 1
_UNITS: Final = {
    "celsius": 10.0,
    "volts": 1000.0,
    "amperes": 100.0,
    "watts": 2.0,
    "rpm": 0.1,
    "ratio": 1000.0,
    "dbm": 100.0,
    "seconds": 1000.0,
    "bytes": 2**-20,
    "per_second": 3600.0,
    "": 1.0,
}
# a timestamp is told to the day: 1.8e9 seconds would fill the 31 bits that a number has
_ASPECTS: Final = {"expires": 1 / 86_400, "bias_current": 100_000.0, "utilisation_in": 500.0, "utilisation_out": 500.0}


def scale(aspect: str, unit: str) -> float:
    """A number of this aspect is kept as the nearest whole number to so many times it."""
    return _ASPECTS.get(aspect) or _UNITS.get(unit, 100.0)


class Key(NamedTuple):
    """Which series it is. `scale` is how its numbers are kept, 0.0 where it has conditions and no number."""

    kind: str
    label: str
    aspect: str
    unit: str
    scale: float
    limit_low: float | None = None
    limit_high: float | None = None


Keys = tuple[Key, ...]


class Layout:
    """Which series the columns of a part hold. One object is shared by all devices that tell the same."""

    def __init__(self, keys: Keys) -> None:
        """Of these series, in this order."""
        self.keys = keys

    @cached_property
    def body(self) -> bytes:
        """The series as they lie on disk; the same octets for the same series."""
        return zlib.compress(json.dumps(self.keys, ensure_ascii=False, separators=(",", ":")).encode(), 9)

    @cached_property
    def digest(self) -> str:
        """What is the same for the same series alone."""
        return sha256(self.body).hexdigest()

    @staticmethod
    def read(body: bytes) -> "Layout":
        """The layout that was packed."""
        return Layout(tuple(Key(*each) for each in json.loads(zlib.decompress(body))))


States = tuple[tuple[bytes, float], ...]
"""Stretches of time: of each series the code of its condition (NONE: it had none), and how many seconds."""


@dataclass(slots=True)
class Part:
    """An hour (or what is known of it) of several series.

    The `columns` are seconds, samples, low, mean, high and last; where seconds and samples are 0 nothing is known.
    A sample without seconds was read, and nobody knows for how long that was so. `end` is when something was read last,
    in seconds since the hour began.
    """

    columns: Sequence["array[float]"]
    states: States = ()
    end: float = 0.0

    @property
    def seconds(self) -> "array[float]":
        """Of how many seconds something is known."""
        return self.columns[0]


@dataclass(slots=True)
class Told:
    """What a span says of one series."""

    seconds: float
    samples: int
    low: float | None = None
    mean: float | None = None
    high: float | None = None
    last: float | None = None
    median: float | None = None
    conditions: dict[Condition, float] = field(default_factory=dict)
    end: float = 0.0
    """When it was read last: seconds since the day began."""


def part_packed(part: Part) -> bytes:
    """One hour, quickly: it is packed once more, and better, when its day is over."""
    head = HEAD.pack(VERSION, len(part.seconds), len(part.states), 0)
    stretches = [vector for vector, _ in part.states]
    lengths = array("d", [seconds for _, seconds in part.states])
    columns = [each.tobytes() for each in part.columns]
    return zlib.compress(b"".join((head, _END.pack(part.end), *columns, lengths.tobytes(), *stretches)), 1)


def floats(raw: bytes) -> "array[float]":
    """Octets as the numbers of a column."""
    return array("f", raw)


def part_read(packed: bytes) -> Part:
    """The hour that was packed."""
    raw = zlib.decompress(packed)
    _, size, count, _ = HEAD.unpack_from(raw)
    (end,) = _END.unpack_from(raw, HEAD.size)
    place, columns = HEAD.size + _END.size, []
    for _ in range(6):
        columns.append(floats(raw[place : place + 4 * size]))
        place += 4 * size
    lengths = array("d", raw[place : place + 8 * count])
    place += 8 * count
    states = tuple((raw[place + n * size : place + (n + 1) * size], lengths[n]) for n in range(count))
    return Part(columns, states, end)


def joined(one: Part, later: Part) -> Part:
    """Both parts of an hour, of the same series: before and after a restart of the daemon."""
    rows = [_both(*row) for row in zip(zip(*one.columns, strict=True), zip(*later.columns, strict=True), strict=True)]
    columns = [array("f", column) for column in zip(*rows, strict=True)] or [array("f") for _ in range(6)]
    lengths: dict[bytes, float] = {}
    for vector, seconds in (*one.states, *later.states):
        lengths[vector] = lengths.get(vector, 0.0) + seconds
    return Part(columns, tuple(lengths.items()), later.end)


def _both(one: Sequence[float], later: Sequence[float]) -> Sequence[float]:
    if not one[0] and not one[1]:
        return later
    if not later[0] and not later[1]:
        return one
    seconds = one[0] + later[0]
    mean = (one[3] * one[0] + later[3] * later[0]) / seconds if seconds else later[3]
    return seconds, one[1] + later[1], min(one[2], later[2]), mean, max(one[4], later[4]), later[5]


def subset(part: Part, wanted: Sequence[int]) -> Part:
    """The part of these series alone."""
    columns = [array("f", [column[n] for n in wanted]) for column in part.columns]
    states = tuple((bytes([vector[n] for n in wanted]), length) for vector, length in part.states)
    return Part(columns, states, part.end)


def both(one: Told, later: Told) -> Told:
    """What two parts of one span say together. The median is that of the part of which more is known."""
    conditions = dict(one.conditions)
    for condition, length in later.conditions.items():
        conditions[condition] = conditions.get(condition, 0.0) + length
    seconds, samples = one.seconds + later.seconds, one.samples + later.samples
    if one.mean is None or one.low is None or one.high is None:
        return replace(later, seconds=seconds, samples=samples, conditions=conditions, end=max(one.end, later.end))
    if later.mean is None or later.low is None or later.high is None:
        return replace(one, seconds=seconds, samples=samples, conditions=conditions, end=max(one.end, later.end))
    return Told(
        seconds=seconds,
        samples=samples,
        low=min(one.low, later.low),
        mean=(one.mean * one.seconds + later.mean * later.seconds) / seconds if seconds else later.mean,
        high=max(one.high, later.high),
        last=later.last if later.end >= one.end else one.last,
        median=one.median if one.seconds >= later.seconds else later.median,
        conditions=conditions,
        end=max(one.end, later.end),
    )
