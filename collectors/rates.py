"""What interfaces did between two answers: bits a second, the share of their speed, errors and discards per packet.

Asked by traffic.py at every visit. Nothing is told of an interval that cannot be trusted: the device was started anew,
its interfaces were renumbered, a counter went back, more went through than fits. Unknown is None, never a spike.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from math import inf, nan

from collectors.snmp.reader import Value

Columns = Mapping[str, Sequence[Value]]

FEWEST_PACKETS = 100_000
"""Errors and discards are divided by at least so many packets: one error in ten packets is one error, not 10 %."""

_WRAP = 2**32  # Counter32, RFC 2578 section 7.1.6
_NO_SPEED = 2**32 - 1  # ifSpeed of whatever is faster than it can say (RFC 2863)
_LONGEST_FRAME = (
    1518  # octets; packets other than unicast are not asked for, so octets say how many there were at least
)
_TOO_MUCH = 1.25  # devices update their counters every few seconds, so a full port may seem to carry somewhat more
# IANAifType of what has a speed of its own: Ethernet under all its numbers, and aggregates. The speed of a VLAN
# interface, a tunnel or a loopback is a figure that nobody measured.
_WITH_SPEED = frozenset({6, 26, 62, 69, 117, 161})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The interfaces of one answer: the names of the rows (None: no interface), their ifIndex, counters, and when.

    `up_time` is sysUpTime in hundredths of a second, None where the device does not tell it.
    """

    labels: tuple[str | None, ...]
    index: tuple[str, ...]
    columns: Columns
    at: datetime
    up_time: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """How many packets were lost or broken, and of how many."""

    count: int
    packets: int

    @property
    def ratio(self) -> float:
        """The share of them, of at least FEWEST_PACKETS."""
        return self.count / max(self.packets, FEWEST_PACKETS)


def bits_per_second(mega: Value, plain: Value) -> float | None:
    """The speed out of ifHighSpeed (Mbit/s) and ifSpeed (bit/s); None where neither says."""
    if isinstance(mega, int) and mega > 0:
        return mega * 1e6
    return float(plain) if isinstance(plain, int) and 0 < plain < _NO_SPEED else None


def capacities(columns: Columns) -> tuple[float, ...]:
    """How many octets a second fit through each interface in one direction; infinite where that is not known."""
    several = (columns.get(name, ()) for name in ("type", "high_speed", "speed"))
    return tuple(
        inf if kind not in _WITH_SPEED or (bits := bits_per_second(mega, plain)) is None else bits / 8
        for kind, mega, plain in zip_longest(*several)
    )


def seconds_between(now: Counts, before: Counts) -> float | None:
    """How long the interval was, by the device's own clock where it has one; None where it cannot be trusted."""
    by_us = (now.at - before.at).total_seconds()
    if by_us <= 0:
        return None
    if now.up_time is None or before.up_time is None:
        return by_us
    ticks = (now.up_time - before.up_time) / 100
    # up for a shorter time than we have known it: it was started anew, and its counters began at 0 (so after 497 days)
    if ticks < 0 or now.up_time / 100 < by_us * 0.9:
        return None
    if ticks == 0:
        return by_us  # an agent whose clock stands still
    return ticks if 0.5 <= ticks / by_us <= 2 else None  # noqa: PLR2004 - one of both clocks was set meanwhile


def interval(now: Counts, before: Counts, fits: Sequence[float] | None = None) -> "Interval | None":
    """What lies between two answers; None where nothing can be said of it. `fits` are the `capacities` where known."""
    seconds = seconds_between(now, before)
    if seconds is None:
        return None
    rows: Sequence[int | None] | None = None
    if now.labels is not before.labels or now.index is not before.index:
        rows = _rows(now, before)
        if rows is None:
            return None
    return Interval(now=now, before=before, seconds=seconds, fits=fits or capacities(now.columns), rows=rows)


def _rows(now: Counts, before: Counts) -> Sequence[int | None] | None:
    """For each row the row of the same name before; None where interfaces were renumbered.

    Where one was, another table may have been read in part from before and in part from after that: none is believed.
    """
    if now.labels == before.labels and now.index == before.index:
        return range(len(now.labels))
    named = {label: row for row, label in enumerate(before.labels) if label is not None}
    placed = dict(zip(before.index, before.labels, strict=True))
    rows: list[int | None] = []
    for index, label in zip(now.index, now.labels, strict=True):
        row = None if label is None else named.get(label)
        if placed.get(index, label) != label or (row is not None and before.index[row] != index):
            return None
        rows.append(row)
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Two answers that can be compared, and the seconds between them.

    `fits` are the capacities of the rows. `rows`: where each row stood before; None where all stand where they stood.
    """

    now: Counts
    before: Counts
    seconds: float
    fits: Sequence[float]
    rows: Sequence[int | None] | None

    def receive(self, row: int) -> float | None:
        """Bits a second received."""
        return self._bits(row, "in_octets")

    def transmit(self, row: int) -> float | None:
        """Bits a second sent."""
        return self._bits(row, "out_octets")

    def utilisation(self, row: int) -> float | None:
        """The greater of both directions as a share of the speed, at most 1; None where a direction is unknown."""
        most = 0
        for name in ("in_octets", "out_octets"):
            octets = self._octets(row, name)
            if octets is None:
                return None
            most = max(most, octets)
        if not most:
            return 0.0  # whatever the speed is, which ports that are down do not tell
        capacity = self._capacity(row)
        return min(1.0, most / self.seconds / capacity) if capacity < inf else None

    def errors(self, row: int) -> Lost | None:
        """Packets with errors in both directions."""
        return self._lost(row, ("in", "out"), "errors")

    def discards(self, row: int) -> Lost | None:
        """Packets dropped instead of sent.

        Not those received and dropped: a port that a spanning tree blocks drops all that it hears, in good health.
        """
        return self._lost(row, ("out",), "discards")

    def busy(self, least: float) -> list[int]:
        """The rows whose utilisation may be `least` or more, for all rows at once; of each, `utilisation` says it."""
        now, before = self.now.columns, self.before.columns
        share = self.seconds * least
        try:
            told = zip(
                now["in_octets"], before["in_octets"], now["out_octets"], before["out_octets"], self.fits, strict=True
            )
            if self.rows is None:
                return [
                    row
                    for row, (i, i0, o, o0, fits) in enumerate(told)
                    if i - i0 >= (most := fits * share) or o - o0 >= most  # type: ignore[operator]  # None is heard below
                ]
        except (TypeError, KeyError, ValueError):
            pass  # not all rows tell both counters
        return [row for row in range(len(self.now.labels)) if (self.utilisation(row) or 0.0) >= least]

    def moved(self, names: Iterable[str]) -> list[int]:
        """The rows in which one of these counters moved."""
        rows: set[int] = set()
        for name in names:
            now, before = self.now.columns.get(name, ()), self.before.columns.get(name, ())
            if now is before:
                continue
            if self.rows is None:
                rows.update(row for row, (one, other) in enumerate(zip(now, before, strict=False)) if one != other)
            else:
                rows.update(row for row in range(len(now)) if self._delta(row, name) != 0)
        return sorted(rows)

    def shares(self, name: str) -> list[float]:
        """What went through each row one way (`name`: "in_octets", "out_octets") as a share of its speed, at most 1.

        NaN where it is not known.
        """
        try:
            if self.rows is None:
                told = zip(self.now.columns[name], self.before.columns[name], self.fits, strict=True)
                seconds = self.seconds
                return [
                    _share(now - before, fits * seconds)  # type: ignore[operator,arg-type]  # None is heard below
                    for now, before, fits in told
                ]
        except (TypeError, KeyError, ValueError):
            pass  # not all rows tell this counter
        return [self._share(row, name) for row in range(len(self.now.labels))]

    def _share(self, row: int, name: str) -> float:
        octets = self._octets(row, name)
        return nan if octets is None else _share(octets, self._capacity(row) * self.seconds)

    def grown(self, row: int, name: str) -> int | None:
        """By how much a counter of this row grew; None where that is not known."""
        return self._delta(row, name)

    def _capacity(self, row: int) -> float:
        return self.fits[row] if row < len(self.fits) else inf

    def _values(self, row: int, name: str) -> tuple[int, int] | None:
        """The counter of this row now and before."""
        place = row if self.rows is None else self.rows[row]
        now, before = self.now.columns.get(name, ()), self.before.columns.get(name, ())
        if place is None or self.now.labels[row] is None or row >= len(now) or place >= len(before):
            return None
        one, other = now[row], before[place]
        return (one, other) if isinstance(one, int) and isinstance(other, int) else None

    def _delta(self, row: int, name: str) -> int | None:
        """By how much a counter grew; None where it went back. 64 bits hold more than ten years at any speed."""
        values = self._values(row, name)
        return None if values is None or values[0] < values[1] or values[1] < 0 else values[0] - values[1]

    def _octets(self, row: int, name: str) -> int | None:
        """Octets of one direction; None where there were more than fit through the port."""
        capacity = self._capacity(row)
        most = capacity * self.seconds * _TOO_MUCH
        if self._values(row, name) is not None:
            grown = self._delta(row, name)
        elif (short := self._values(row, f"{name}_32")) is not None and most < _WRAP:
            # it went around once at most; what then still does not fit is a counter that was reset
            grown = (short[0] - short[1]) % _WRAP
        else:
            return None
        return None if grown is None or grown > most else grown

    def _bits(self, row: int, name: str) -> float | None:
        octets = self._octets(row, name)
        return None if octets is None else octets * 8 / self.seconds

    def _lost(self, row: int, ways: Sequence[str], name: str) -> Lost | None:
        """An error counter that goes back was reset: four thousand million errors are no wrap."""
        told = [self._delta(row, f"{way}_{name}") for way in ways if self._values(row, f"{way}_{name}") is not None]
        lost = sum(one for one in told if one is not None)
        if not told or None in told:
            return None
        if not lost:
            return Lost(count=0, packets=0)
        packets = [self._packets(row, way) for way in ways]
        return None if None in packets else Lost(count=lost, packets=sum(one or 0 for one in packets) + lost)

    def _packets(self, row: int, way: str) -> int | None:
        """At least so many packets of one direction; None where its octets are not to be believed."""
        unicast, octets = self._delta(row, f"{way}_packets") or 0, self._octets(row, f"{way}_octets")
        return None if octets is None else max(unicast, octets // _LONGEST_FRAME)


def _share(octets: int, fits: float) -> float:
    """The share that `octets` are of what fits; nothing is no share of any speed, which ports that are down hide."""
    if not octets:
        return 0.0
    return min(1.0, octets / fits) if 0 < octets <= fits * _TOO_MUCH and fits < inf else nan
