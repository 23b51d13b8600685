"""The hour under way of one device's ports: how much of their speed was used each way, and what was lost.

Asked by rollups.py after each visit, and reckoned from counters every few minutes: what lies between two answers is
told as the mean of that time, so that the least and greatest of an hour are of steps of five minutes. An interval that
cannot be trusted (a restart, a renumbering, a counter that went back) is time of which nothing is known.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from collectors.rates import Counts, Interval, interval
from collectors.snmp.reader import Value
from monitor.store.rolled import Key, Layout, Part, scale

STEP: Final = 300.0
"""Seconds between two looks at the counters; so long is an interval of which Prometheus is asked, too."""
_OCTETS: Final = {"utilisation_in": "in_octets", "utilisation_out": "out_octets"}
_LOST: Final = {
    "errors_in": "in_errors",
    "errors_out": "out_errors",
    "discards_in": "in_discards",
    "discards_out": "out_discards",
}
_KIND: Final = "interface"
_SHORT: Final = ("in_octets_32", "out_octets_32")
ASPECTS: Final = frozenset({*_OCTETS, *_LOST})
"""The aspects that are told of ports here."""


class Shape:
    """Which rows of the counters are which series: `rows` are those of ports, `lost` the counters that are told."""

    def __init__(self, labels: tuple[str | None, ...], lost: tuple[str, ...]) -> None:
        """Of ports with these labels; of two of the same name the first counts."""
        first: dict[str, int] = {}
        for row, label in enumerate(labels):
            if label is not None:
                first.setdefault(label, row)
        self.rows = tuple(first.values())
        self.lost = lost
        keys = [
            Key(_KIND, label, aspect, unit, scale(aspect, unit))
            for aspect, unit in (*((each, "ratio") for each in _OCTETS), *((each, "per_second") for each in lost))
            for label in first
        ]
        self.layout = Layout(tuple(keys))


@lru_cache(maxsize=2048)
def _shape(labels: tuple[str | None, ...], lost: tuple[str, ...]) -> Shape:
    return Shape(labels, lost)


def shape_of(counts: Counts) -> Shape:
    """Which series these counters tell of."""
    return _shape(counts.labels, tuple(aspect for aspect, name in _LOST.items() if name in counts.columns))


class Ports:
    """What is known of the hour under way. `counts` are those up to which it is reckoned."""

    __slots__ = (
        "area",
        "at",
        "counts",
        "fits",
        "high",
        "last",
        "lost",
        "low",
        "samples",
        "seconds",
        "shape",
        "steps",
        "unknown",
    )

    def __init__(self, shape: Shape, counts: Counts, fits: Sequence[float]) -> None:
        """Nothing is known before `counts`."""
        self.shape = shape
        self.fits = fits
        self.kept(counts, fits)
        self.last = array("f", bytes(8 * len(shape.rows)))
        self.begin()

    def begin(self) -> None:
        """Begin an hour."""
        size = 2 * len(self.shape.rows)
        self.low, self.high = array("f", [2.0]) * size, array("f", bytes(4 * size))
        self.area, self.seconds = array("f", bytes(4 * size)), array("f", bytes(4 * size))
        self.samples = self.steps = 0
        # by series: how many, the least, greatest and last rate, in how many steps and in which last; seconds unknown
        self.lost: dict[int, tuple[float, float, float, float, int, int]] = {}
        self.unknown: dict[int, float] = {}

    def kept(self, counts: Counts, fits: Sequence[float]) -> None:
        """Reckon from these counters on.

        Columns that move are kept small: one of octets is 2 kB as it came. Errors hardly move: theirs is the column of
        the visit itself, or one that devices share.
        """
        known = counts.columns
        columns = {name: _small(known[name]) for name in (*_OCTETS.values(), *_SHORT) if name in known}
        columns |= {name: known[name] for name in _LOST.values() if name in known}
        self.counts = replace(counts, columns=columns)
        self.at = counts.at.timestamp()
        self.fits = fits

    def since(self, counts: Counts, fits: Sequence[float]) -> Interval | None:
        """What lies between the counters that were kept and these; None where that cannot be trusted."""
        return interval(counts, self.counts, fits)

    def add(self, shares: Mapping[str, Sequence[float]], lost: Mapping[int, float | None], seconds: float) -> None:
        """So much was used for so many seconds, and so much lost each second (None: not known)."""
        self.steps += 1
        place = 0
        low, high, area, known, last = self.low, self.high, self.area, self.seconds, self.last
        for name in _OCTETS.values():
            told = shares[name]
            for row in self.shape.rows:
                share = told[row]
                if share == share:  # noqa: PLR0124 - false for NaN alone, and three times as fast as isnan
                    area[place] += share * seconds
                    known[place] += seconds
                    last[place] = share
                    low[place] = min(low[place], share)
                    high[place] = max(high[place], share)
                place += 1
        for series, rate in lost.items():
            if rate is None:
                self.unknown[series] = self.unknown.get(series, 0.0) + seconds
            else:
                count, least, most, _, steps, _ = self.lost.get(series, (0.0, rate, rate, rate, 0, 0))
                grown = count + rate * seconds
                self.lost[series] = grown, min(least, rate), max(most, rate), rate, steps + 1, self.steps

    def rates(self, since: Interval) -> dict[int, float | None]:
        """What was lost each second, by the number of the series; what is not named here lost nothing."""
        found: dict[int, float | None] = {}
        places = {row: place for place, row in enumerate(self.shape.rows)}
        for number, aspect in enumerate(self.shape.lost):
            name = _LOST[aspect]
            for row in since.moved((name,)):
                if row in places:
                    grown = since.grown(row, name)
                    found[number * len(places) + places[row]] = None if grown is None else grown / since.seconds
        return found

    def ended(self, told: float, end: float) -> Part | None:
        """What is known of the hour, of which `told` seconds were reckoned; None where that is nothing."""
        if told <= 0:
            return None
        size = len(self.shape.rows) * len(self.shape.lost)
        empty = array("f", bytes(4 * size))
        seconds, low, mean, high, last = array("f", [told]) * size, empty[:], empty[:], empty[:], empty[:]
        for series, missing in self.unknown.items():
            seconds[series] = max(0.0, told - missing)
        for series, (count, least, most, now, steps, at) in self.lost.items():
            if seconds[series] > 0:
                mean[series], high[series] = count / seconds[series], most
                low[series] = least if steps == self.steps else 0.0
                last[series] = now if at == self.steps else 0.0
        known = self.seconds
        means = array("f", [area / length if length else 0.0 for area, length in zip(self.area, known, strict=True)])
        return Part(
            [
                known + seconds,
                array("f", [self.samples]) * (len(known) + size),
                self.low + low,
                means + mean,
                self.high + high,
                self.last + last,
            ],
            end=end,
        )


def _small(column: Sequence[Value]) -> Sequence[Value]:
    try:
        return array("Q", column)  # type: ignore[type-var]  # what is no number is heard below
    except (TypeError, OverflowError):
        return column
