"""Falls that will not wait for a line of two weeks: some days in a row in one direction, further than ever before.

A line needs fourteen days, three times over. What reaches its limit within that time is told by its run: each day no
better than the one before, none of them most of it (that would be a jump), all of it many times what days differ by
otherwise, and now where the part has never been.
"""

from collections.abc import Sequence
from itertools import pairwise

from alerts.notices.forecast import Left
from alerts.notices.forecast_rules import Trend
from alerts.notices.forecast_trend import Course, Day, middle

_FEWEST, _MOST = 3, 12
"""Steps of a run: fewer are somebody at work, and of more a line is drawn."""
_EARLIER = 7
"""So many days before the run must be known, or nobody knows what days differ by."""
_LARGEST = 0.5
"""The share of the whole that a single day may have."""
_TIMES = 13.0
"""The run is so many times what a day differs from the next as a rule."""
_BACK = 0.1
"""The share of the whole by which a day may go back."""


def steep(days: Sequence[Day], rule: Trend, limits: tuple[float | None, float | None]) -> Course | None:
    """The course of a run that ends today, by the shortest that says enough; None where there is none."""
    if rule.steep is None:
        return None
    for steps in range(_FEWEST, _MOST + 1):
        place = len(days) - steps - 1
        if place < _EARLIER:
            return None
        if (course := _run(days[:place], days[place:], rule, rule.steep, limits)) is not None:
            return course
    return None


def _run(
    earlier: Sequence[Day], run: Sequence[Day], rule: Trend, least: float, limits: tuple[float | None, float | None]
) -> Course | None:
    first, last = run[0], run[-1]
    steps = len(run) - 1
    whole = last.value - first.value
    side = 1.0 if whole > 0 else -1.0
    limit = limits[0] if side < 0 else limits[1]
    # with gaps nobody knows whether it was one jump
    if limit is None or side * (limit - last.value) <= 0 or last.day != 0 or last.day - first.day != steps:
        return None
    changes = [side * (after.value - before.value) for before, after in pairwise(run)]
    usual = middle([abs(after.value - before.value) for before, after in pairwise(earlier)])
    enough = abs(whole) >= max(least, _TIMES * usual)
    steady = max(changes) <= _LARGEST * abs(whole) and min(changes) >= -_BACK * abs(whole) and changes[-1] > 0
    new = side * last.value >= max(side * each.value for each in earlier) + least / 2
    slope, room = whole / steps, abs(limit - last.value)
    if not (enough and steady and new) or room / abs(slope) > min(rule.horizon, rule.ahead * steps):
        return None
    paces = [(before + after) / 2 for before, after in pairwise(changes)]
    slowest = min(paces)
    left = Left(days=room / abs(slope), low=room / max(paces), high=room / slowest if slowest > 0 else None)
    return Course(slope, last.value, limit, left, run, 0.0)
