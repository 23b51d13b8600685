"""What is usual for a part by its own past, and the limits that follow: for numbers no fixed limit makes sense of.

Fed by `monitor/usual.py` with what each hour came to. A day is as bad as its second worst hour, so that one bad hour
counts for nothing; what is usual is the median of the days, so that half of them must agree. A part that was clean so
far, and breaks, has a fault from then on, and while it stands nothing worse than what was usual is learned: that is how
a broken cable does not become usual. What grows so slowly that it never crosses its own limit does at `at_most`.
"""

from collections.abc import Mapping, Sequence
from statistics import median

from alerts.faults.rules import Baseline, Watch
from monitor.model import Limits, Usual

Day = str
Hours = tuple[float, float]
"""The worst and the second worst hour of a day."""


def with_hour(day: Hours, hour: float) -> Hours:
    """The two worst hours of `day` and one more."""
    return (hour, day[0]) if hour > day[0] else (day[0], max(day[1], hour))


def usual(days: Sequence[Day], told: Mapping[Day, Hours]) -> float:
    """What is usual over `days`, on which it was watched; on those that `told` does not name, nothing was counted."""
    return median(told[day][1] if day in told else 0.0 for day in days) if days else 0.0


def learned(hour: float, before: float, *, is_settled: bool, is_faulty: bool) -> float:
    """What is learned of an hour. Once it is known what is usual, a fault is not: the hour counts as usual at most."""
    return min(hour, before) if is_settled and is_faulty else hour


def limits(watch: Watch, baseline: Baseline, value: float, days: int) -> Limits:
    """The limits that follow where `value` was usual over so many `days`; hysteresis in proportion."""
    fixed = watch.limits or Limits()
    high = min(baseline.at_most, max(baseline.at_least, value * baseline.factor))
    share = watch.hysteresis / fixed.high_warning if fixed.high_warning else 0.0
    return Limits(
        low_critical=fixed.low_critical,
        low_warning=fixed.low_warning,
        high_warning=high,
        high_critical=fixed.high_critical,
        usual=Usual(value=value, days=days, hysteresis=high * min(share, 1.0)),
    )
