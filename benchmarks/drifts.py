"""Made-up courses of parts, of which it is known what happens: levels of an optical module in dBm, day by day."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from alerts.past import Series, Span
from monitor.model import Component

Numbers = NDArray[np.float64]
Random = np.random.Generator
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LOW, HIGH = -14.0, 1.0
_STEP = 0.1
_FRIDAY = 4


def lean(count: int, random: Random, size: float, near: float = 0.5) -> Numbers:
    """Noise in which each day leans on the one before (AR(1)), with the standard deviation `size`."""
    drawn = random.standard_normal(count)
    found = np.empty(count)
    found[0] = drawn[0]
    for day in range(1, count):
        found[day] = near * found[day - 1] + drawn[day] * np.sqrt(1 - near**2)
    return size * found


def told(levels: Numbers) -> Numbers:
    """As modules tell it, in steps of 0.1 dB."""
    return np.round(levels / _STEP) * _STEP


def _level(random: Random) -> float:
    return float(random.uniform(-13.5, -4))


def _flat(count: int, random: Random) -> Numbers:
    return told(_level(random) + lean(count, random, 0.05))


def _noisy(count: int, random: Random) -> Numbers:
    return told(_level(random) + lean(count, random, 0.2, 0.7))


def _wild(count: int, random: Random) -> Numbers:
    return told(_level(random) + lean(count, random, 0.3, 0.8))


def _seasonal(count: int, random: Random) -> Numbers:
    days = np.arange(count) + random.uniform(0, 365)
    year, week = 0.3 * np.sin(days / 365 * 2 * np.pi), 0.2 * (days.astype(int) % 7 > _FRIDAY)
    return told(_level(random) + year + week + lean(count, random, 0.05))


def _stepped(count: int, random: Random) -> Numbers:
    levels = random.uniform(-10, -5) + lean(count, random, 0.08)
    levels[int(random.integers(20, count - 10)) :] += random.choice([-3.0, -2.0, 2.0, 3.0])
    return told(levels)


def _gaps(count: int, random: Random) -> Numbers:
    levels = _noisy(count, random)
    for _ in range(6):
        first = int(random.integers(0, count))
        levels[first : first + int(random.integers(1, 12))] = np.nan
    return levels


def _replaced(count: int, random: Random) -> Numbers:
    levels = _flat(count, random)
    swap = int(random.integers(30, count - 30))
    levels[swap : swap + 2] = np.nan
    levels[swap + 2 :] += random.uniform(-0.9, 0.9)
    return told(levels)


def _spikes(count: int, random: Random) -> Numbers:
    levels = _flat(count, random)
    levels[random.integers(0, count, 5)] -= random.uniform(1, 6)
    return levels


HARMLESS: Mapping[str, Callable[[int, Random], Numbers]] = {
    "flat": _flat,
    "noisy": _noisy,
    "wild": _wild,
    "seasonal": _seasonal,
    "step": _stepped,
    "gaps": _gaps,
    "replaced": _replaced,
    "spikes": _spikes,
}
"""Courses that lead nowhere: every line that is told of them is a false warning."""


def creeping(slope: float, margin: float, calm: int, random: Random, size: float) -> Numbers:
    """`calm` days, and then `slope` a day down to the limit, which is reached on the last day."""
    count = round(margin / slope)
    fall = np.concatenate([np.zeros(calm), slope * np.arange(1, count + 1)])
    return told(LOW + margin - fall + lean(calm + count, random, size))


def series(levels: Sequence[float] | Numbers, last: date | None = None, device: str = "sw-1") -> Series:
    """These levels as a series of days; what is not a number is a gap. It begins on `FIRST`, or ends on `last`."""
    first = FIRST if last is None else datetime(last.year, last.month, last.day, tzinfo=UTC)
    first -= timedelta(days=0 if last is None else len(levels) - 1)
    spans = tuple(
        Span(start=first + timedelta(days=day), seconds=86400.0, samples=2880, mean=value, median=value)
        for day, value in enumerate(map(float, levels))
        if not np.isnan(value)
    )
    part = Component(kind="optic", label="XGE1/0/1")
    return Series(
        device=device, component=part, aspect="rx_power", unit="dbm", spans=spans, limit_low=LOW, limit_high=HIGH
    )
