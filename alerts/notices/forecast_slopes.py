"""Lines through days and how sure they are, in numpy: imported only where a line is worth it, never by the daemon.

Days are counted from today, which is 0; those before are below.

Theil, "A rank-invariant method of linear and polynomial regression analysis" (1950); Sen (1968); Künsch, "The jackknife
and the bootstrap for general stationary observations" (1989) for blocks that move.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

SAMPLES = 400
MOST = 60
"""Longer windows are drawn through medians of neighbouring days: pairs grow with the square."""
_SEED = 20_240_229
_Z = 1.96
_STIFFEST = 0.95
_BENT = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line: slope per day, its value today (day 0), and the error of the slope.

    `slopes` and `levels` are those of the bootstrap, in pairs. `bend` is how far the last days lie beside the line,
    above it or below, where that is more than they scatter; else 0.
    """

    slope: float
    level: float
    error: float
    bend: float
    slopes: Numbers
    levels: Numbers

    def interval(self, limit: float, share: float = 0.95) -> tuple[float, float]:
        """The days until `limit` is reached, as the ends of the interval that holds `share` of the bootstrap."""
        side = 1.0 if limit > self.level else -1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            days = np.where(side * self.slopes > 0, (limit - self.levels) / self.slopes, np.inf)
        days = np.sort(np.where(side * (limit - self.levels) > 0, days, 0.0))
        cut = round(len(days) * (1 - share) / 2)
        return float(days[cut]), float(days[-1 - cut])


def slope_of(days: Numbers, values: Numbers) -> tuple[float, float]:
    """Theil-Sen: the median of the slopes of all pairs, and the value of the line on day 0."""
    slopes, levels = _theil_sen(days, values[None, :])
    return float(slopes[0]), float(levels[0])


def thinned(days: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    """At most `MOST` points: medians of neighbours, grouped from the newest on."""
    several = -(-len(days) // MOST)
    if several == 1:
        return days, values
    over = len(days) % several
    shape = (-1, several)
    return np.median(days[over:].reshape(shape), axis=1), np.median(values[over:].reshape(shape), axis=1)


def line(days: Numbers, values: Numbers) -> Line:
    """The line through `values` with its bootstrap: whole blocks of what is left beside it are drawn anew.

    Blocks alone are too sure of themselves in a few dozen days that lean on each other (measured: docs/forecasts.md).
    So what they scatter is widened to what days that lean so on their neighbour would give a slope, where that is
    more, and by Student's factor for the days that are worth one of their own. The seed is fixed: the same days make
    the same document.
    """
    count = len(days)
    slope, level = slope_of(days, values)
    rest = values - (level + slope * days)
    rest = rest - rest.mean()
    power = float(rest @ rest)
    if power <= 1e-18 * (1 + float(np.abs(values).max())) ** 2:
        still = np.zeros(1)
        return Line(slope, level, 0.0, 0.0, slope + still, level + still)
    near = float(rest[1:] @ rest[:-1]) / power
    near = min(max(near + (2 + 4 * near) / count, 0.0), _STIFFEST)
    block = max(2, round(count ** (1 / 3)))
    random = np.random.default_rng(_SEED)
    first = random.integers(0, count - block + 1, (SAMPLES, -(-count // block)))
    drawn = rest[(first[:, :, None] + np.arange(block)).reshape(SAMPLES, -1)[:, :count]]
    slopes, levels = _theil_sen(days, drawn)
    scatter = float(slopes.std())
    own = max(count * (1 - near) / (1 + near) - 2, 2.0)
    student = 1 + (_Z**2 + 1) / (4 * own)
    wide = student * (max(1.0, _error(days, near, power) / scatter) if scatter > 0 else 1.0)
    spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    beside = float(np.median(rest[-5:]))
    return Line(
        slope,
        level,
        wide * scatter,
        beside if abs(beside) > _BENT * spread else 0.0,
        slope + wide * slopes,
        level + wide * levels,
    )


def _theil_sen(days: Numbers, rows: Numbers) -> tuple[Numbers, Numbers]:
    one, other = np.triu_indices(len(days), 1)
    slopes = np.median((rows[:, other] - rows[:, one]) / (days[other] - days[one]), axis=1)
    levels = np.median(rows - slopes[:, None] * days, axis=1)
    return slopes, levels


def _error(days: Numbers, near: float, power: float) -> float:
    """The error of a slope of days that lean on their neighbour by `near` and leave `power` (a sum of squares) over."""
    count = len(days)
    place = np.arange(count)
    lean = near ** np.abs(place[:, None] - place)
    along = days - days.mean()
    length = float(along @ along)
    taken = lean.mean(axis=0).sum() + float(along @ lean @ along) / length
    return float(np.sqrt(power / max(count - taken, 1.0) * float(along @ lean @ along))) / length
