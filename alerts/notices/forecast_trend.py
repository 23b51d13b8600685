"""Straight lines to a limit: daily medians in, a `Forecast` out where a part creeps to the limit that it tells itself.

Nearly all series are flat, and are done with a glance at the least and the greatest of their days. What is left is cut
where it jumped, and a line is drawn by medians of slopes (Theil-Sen) over the longest window in which there is one. It
must be so today, yesterday and the day before, each time with the days known then.
"""

from collections.abc import Sequence
from datetime import UTC, date, timedelta
from math import inf, isfinite
from typing import NamedTuple

from alerts.notices.forecast import Forecast, Left, Signal, stage_of
from alerts.notices.forecast_rules import LEAST, Trend
from alerts.past import Series, Span

_STALE = 2
"""A series whose last day is older says nothing of today."""
_KNOWN = 0.6
"""So much of a window must be known: working days of eight weeks with a week of holidays are 62 %."""
_FEW = 7
_MOST = 1e18
"""What is beyond is no measured number, and squares of it are none at all."""
_HALF = timedelta(hours=12)
_TOLD = 7
"""An event is told for so many days."""


class Day(NamedTuple):
    """A day, counted from `today` (0; yesterday is -1), and its value."""

    day: int
    value: float


class Course(NamedTuple):
    """A line that is to be told: its slope a day, its value today, where it leads, and the days that it is of."""

    slope: float
    level: float
    limit: float
    left: Left
    days: Sequence[Day]
    bend: float


def trend_of(series: Series, rules: Sequence[Trend]) -> Trend | None:
    """The first of `rules` that speaks of this series."""
    for rule in rules:
        part = series.component
        if series.aspect in rule.aspects and part.kind in rule.kinds:
            label = part.label.casefold()
            if not rule.labels or any(word.casefold() in label for word in rule.labels):
                return rule
    return None


def limits_of(series: Series, rule: Trend) -> tuple[float | None, float | None]:
    """The limits of the part itself, those of the rule where it tells none."""
    low = rule.limit_low if series.limit_low is None else series.limit_low
    high = rule.limit_high if series.limit_high is None else series.limit_high
    return _number(low), _number(high)


def drifting(
    series: Series, rule: Trend, today: date, *, in_a_row: int = 3, since: date | None = None
) -> Forecast | None:
    """The forecast of a series of days; None where nothing is to be told.

    `since` is the day from which on the part is this part: where its serial number changed, the past is another's.
    """
    low, high = limits_of(series, rule)
    if low is None and high is None:
        return None
    values = [
        span.mean if span.median is None else span.median for span in series.spans[-rule.windows[0] - in_a_row + 1 :]
    ]
    if not _may_drift(values, rule):
        return None
    every = known_days(series, today, rule.windows[0] + in_a_row - 1, since)
    days, jump = since_jump(every, rule)
    fast = _steep(every, rule, (low, high)) or _steep(days, rule, (low, high))
    jumped = jump is not None and rule.jumps and fast is None
    if jumped and jump and (told := _jumped(series, rule, today, days, jump, (low, high))):
        return told
    courses = [_course(days, rule, (low, high), back) for back in range(in_a_row)]
    course = None if None in courses or not rule.windows else courses[0]
    course = course or fast
    if course is None:
        return None
    return Forecast(
        signal=Signal.TREND,
        subject=rule.name,
        device=series.device,
        component=series.component,
        aspect=series.aspect,
        unit=series.unit,
        found=today,
        stage=stage_of(course.left.days, rule.stages),
        current=course.level,
        usual=course.level + course.slope * course.days[0].day,
        limit=course.limit,
        slope=course.slope,
        left=course.left,
        days=course.days[-1].day - course.days[0].day + 1,
        samples=len(course.days),
        capacity=rule.capacity,
        points=dated(days, today),
        line=dated(
            [Day(course.days[0].day, course.level + course.slope * course.days[0].day), Day(0, course.level)], today
        ),
    )


def _steep(days: Sequence[Day], rule: Trend, limits: tuple[float | None, float | None]) -> Course | None:
    from alerts.notices.forecast_steep import steep  # noqa: PLC0415 - which has its days and courses from here

    return steep(days, rule, limits)


def known_days(series: Series, today: date, most: int, since: date | None = None) -> list[Day]:
    """The last `most` days of a series of which a number is known, in order; of a day told twice the last counts."""
    end = today.toordinal()
    first = max(1 - most, (since.toordinal() - end) if since else -most)
    found: dict[int, float] = {}
    for span in series.spans:
        day = day_of(span).toordinal() - end
        value = span.mean if span.median is None else span.median
        if first <= day <= 0 and value is not None and -_MOST < value < _MOST:
            found[day] = value
    return [Day(day, found[day]) for day in sorted(found)]


def day_of(span: Span) -> date:
    """The day of a span of a day, whether its start is written in UTC or on the clock of the site (up to UTC+12)."""
    return (span.start.astimezone(UTC) + _HALF).date()


def dated(days: Sequence[Day], today: date) -> tuple[tuple[date, float], ...]:
    """Days as dates."""
    return tuple((date.fromordinal(today.toordinal() + each.day), each.value) for each in days)


def since_jump(days: Sequence[Day], rule: Trend) -> tuple[list[Day], float | None]:
    """The days since the last jump that lasted, and its height; all of them and None where there was none."""
    for place in range(len(days) - 1, 0, -1):
        before = middle([each.value for each in days[max(0, place - 3) : place]])
        least = _step(rule, before)
        if least is None:
            break
        sudden = days[place].value - days[place - 1].value
        if abs(sudden) < least or place == len(days) - 1:
            continue
        after = [each.value - before for each in days[place : place + 3]]
        lasting = min(after) if sudden > 0 else max(after)  # a day that is as before: it was a spike
        if abs(lasting) >= least and sudden * lasting > 0:
            return list(days[place:]), middle(after)
    return list(days), None


def _may_drift(values: Sequence[float | None], rule: Trend) -> bool:
    """Whether a closer look is worth it: the cheap first sieve, through which all flat series fall."""
    known = [value for value in values if value is not None and -_MOST < value < _MOST]
    if len(known) < 2:  # noqa: PLR2004 - one day has no course
        return False
    low, high = min(known), max(known)
    return (
        high - low >= min(_drift(rule, min(abs(low), abs(high))), _step(rule, min(abs(low), abs(high))) or inf)
        and high > low
    )


def _course(days: Sequence[Day], rule: Trend, limits: tuple[float | None, float | None], back: int) -> Course | None:
    """The line of `back` days ago, if there was one to be told then: of the longest window in which one is straight."""
    bent = None
    for window in rule.windows:
        inside = [each for each in days if -back - window < each.day <= -back]
        course = _within(inside, rule, limits, back, window)
        if course is None or not _new(days[: days.index(inside[0])], course, rule):
            continue
        if abs(course.bend) <= _drift(rule, inside[0].value) / 2:
            return course
        if course.bend * course.slope > 0:  # it goes faster than the line: a shorter window may tell it better
            bent = bent or course
    return bent


def _within(
    days: Sequence[Day], rule: Trend, limits: tuple[float | None, float | None], back: int, window: int
) -> Course | None:
    if len(days) < LEAST or len(days) < window * _KNOWN or days[-1].day < -back - _STALE:
        return None
    limit = _ahead(days, rule, limits)
    if limit is None:
        return None
    import numpy as np  # noqa: PLC0415 - costs memory, and the daemon's own loop never comes here

    from alerts.notices import forecast_slopes as slopes  # noqa: PLC0415 - needs numpy

    places, values = slopes.thinned(
        np.array([each.day + back for each in days], dtype=float), np.array([each.value for each in days])
    )
    slope, level = slopes.slope_of(places, values)
    furthest = min(rule.horizon, rule.ahead * window)
    if not _reaches(slope, level, limit, furthest) or abs(slope) * (len(days) - 1) < _drift(rule, days[0].value):
        return None
    line = slopes.line(places, values)
    if abs(slope) < rule.sure * line.error:
        return None
    soon, late = line.interval(limit)
    left = Left(days=(limit - level) / slope, low=soon, high=late if isfinite(late) else None)
    return Course(slope, level, limit, left, days, line.bend)


def _new(earlier: Sequence[Day], course: Course, rule: Trend) -> bool:
    """Whether the part is now where it has not been before the window: what wanders to and fro comes back."""
    if len(earlier) < _FEW:
        return True
    side = 1 if course.slope > 0 else -1
    now = middle([each.value for each in course.days[-3:]])
    return side * now >= max(side * each.value for each in earlier) + _drift(rule, earlier[0].value) / 2


def _ahead(days: Sequence[Day], rule: Trend, limits: tuple[float | None, float | None]) -> float | None:
    """The limit to which the days lead, by a rough slope: the medians of their first and their last third."""
    third = len(days) // 3
    early, late = middle([each.value for each in days[:third]]), middle([each.value for each in days[-third:]])
    rough = late - early
    if abs(rough) < _drift(rule, days[0].value) / 2:
        return None
    limit = limits[0] if rough < 0 else limits[1]
    if limit is None or (limit - late) * rough <= 0:
        return None
    span = days[-1].day - days[0].day + 1
    return limit if abs(limit - late) <= 3 * abs(rough) / span * rule.horizon + abs(rough) else None


def _reaches(slope: float, level: float, limit: float, furthest: float) -> bool:
    away = limit - level
    return away * slope > 0 and away / slope <= furthest


def _jumped(
    series: Series,
    rule: Trend,
    today: date,
    days: Sequence[Day],
    height: float,
    limits: tuple[float | None, float | None],
) -> Forecast | None:
    """The event of a jump within the last days that left less room to the limits; one that left more mended it."""
    limit = limits[0] if height < 0 else limits[1]
    now = middle([each.value for each in days[:3]])
    if limit is None or days[0].day < -_TOLD or days[-1].day < -_STALE or (limit - days[-1].value) * height <= 0:
        return None
    if _room(now, limits) >= _room(now - height, limits):
        return None
    all_days = known_days(series, today, rule.windows[0])
    return Forecast(
        signal=Signal.STEP,
        subject=rule.name,
        device=series.device,
        component=series.component,
        aspect=series.aspect,
        unit=series.unit,
        found=today,
        stage=1,
        current=middle([each.value for each in days[-3:]]),
        usual=now - height,
        limit=limit,
        days=days[-1].day - days[0].day + 1,
        samples=len(days),
        facts={"on": date.fromordinal(today.toordinal() + days[0].day).isoformat()},
        points=dated(all_days, today),
    )


def _room(value: float, limits: tuple[float | None, float | None]) -> float:
    return min(abs(limit - value) for limit in limits if limit is not None)


def middle(values: Sequence[float]) -> float:
    """The median of `values`, of which there is one at least."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _drift(rule: Trend, began: float) -> float:
    return max(rule.drift, rule.drift_share * abs(began))


def _step(rule: Trend, before: float) -> float | None:
    if rule.step is not None:
        return rule.step
    return None if rule.step_share is None else max(rule.step_share * abs(before), rule.drift)


def _number(value: float | None) -> float | None:
    return value if value is not None and -_MOST < value < _MOST else None
