"""The daily round: all that is known of the past in, all forecasts out, the nearest first."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from zoneinfo import ZoneInfo

from alerts.notices.forecast import Forecast, urgency
from alerts.notices.forecast_dates import EXPIRES, Ending, ending, together, told_end
from alerts.notices.forecast_flags import CORRECTED, ModuleError, corrected, memory_errors, predicted, rising
from alerts.notices.forecast_peers import Hours, Rise, outstanding, risen
from alerts.notices.forecast_rate import Counts, counted, more_often
from alerts.notices.forecast_rules import Rules, Trend
from alerts.notices.forecast_trend import drifting, trend_of
from alerts.past import Series, Span

Part = tuple[str, str, str]
"""Device, kind and label."""
PER_SECOND = "per_second"
"""The unit of rates, of which a day's count is the mean times the seconds that are known."""
_OF_PORT, _FLAPS = "utilisation_in", "flaps"
_MONDAY_TO_FRIDAY = range(5)
_BUSY = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is known beside the days: how to get hours, who is alike, since when a part is this part, what ends when.

    `now` is until when `errors` are known, of which those of 24 hours count; None: the end of the day.
    """

    hours: Hours = lambda _: None
    group: Callable[[Series], str] = lambda series: series.component.label
    zone: Callable[[str], str] = lambda _: "Asia/Shanghai"
    since: Mapping[Part, date] | None = None
    counts: tuple[Counts, ...] = ()
    errors: tuple[ModuleError, ...] = ()
    endings: tuple[Ending, ...] = ()
    now: datetime | None = None


def foreseen(days: Iterable[Series], rules: Rules, today: date, beside: Beside | None = None) -> list[Forecast]:
    """All that is to be told of `today`, the last day that is over, what is nearest first.

    `days` are taken one by one and not kept: of those that are compared with peers a few numbers are.
    """
    more = beside or Beside()
    found: list[Forecast] = []
    groups: dict[tuple[int, str], list[Rise]] = {}
    counts, expiring, errors = list(more.counts), list[Ending](), list(more.errors)
    now = more.now or datetime.combine(today, datetime.max.time(), UTC)
    judged = dict.fromkeys((rule.name for rule in rules.rates), 0)
    for series in days:
        found += _of_one(series, rules, today, more)
        expiring += filter(None, (told_end(series, today),)) if series.aspect == EXPIRES else ()
        errors += filter(None, (corrected(series, today, now),)) if series.aspect == CORRECTED else ()
        for place, rule in enumerate(rules.peers):
            if rise := risen(series, rule, today, rules.in_a_row):
                groups.setdefault((place, more.group(series)), []).append(rise)
        for rate in rules.rates:
            if series.unit == PER_SECOND and series.aspect in rate.aspects:
                judged[rate.name] += 1
                counts += filter(None, (counted(series, rate, today),))
            elif series.aspect == _OF_PORT and _FLAPS in rate.aspects:  # those whose link never failed were judged, too
                judged[rate.name] += 1
    for (place, _), members in groups.items():
        found += outstanding(members, rules.peers[place], today, more.hours)
    for rate in rules.rates:
        found += more_often(counts, rate, today, judged[rate.name])
    found += memory_errors(errors, rules.memory, now, today)
    found += ending((*more.endings, *together(expiring)), rules.dates, today)
    return sorted(found, key=urgency)


def busy_days(hours: Series, zone: str, working: tuple[int, int]) -> Series:
    """A series of hours as one of working days, whose median is the 95th percentile of their working hours' means."""
    clock, (first, end) = ZoneInfo(zone), working
    found: dict[date, list[float]] = {}
    for span in hours.spans:
        at = span.start.astimezone(clock)
        if span.mean is not None and isfinite(span.mean) and first <= at.hour < end:
            found.setdefault(at.date(), []).append(span.mean)
    spans = tuple(
        Span(
            start=datetime.combine(day, datetime.min.time(), clock),
            seconds=3600.0 * len(values),
            samples=len(values),
            median=_percentile(values),
        )
        for day, values in sorted(found.items())
        if day.weekday() in _MONDAY_TO_FRIDAY and 2 * len(values) >= end - first
    )
    return replace(hours, spans=spans)


def _of_one(series: Series, rules: Rules, today: date, beside: Beside) -> Iterator[Forecast]:
    part = series.component
    if series.aspect in rules.predicted and (told := predicted(series, today)):
        yield told
    if series.aspect in rules.rising and (told := rising(series, today)):
        yield told
    rule = trend_of(series, rules.trends)
    if rule is None:
        return
    since = (beside.since or {}).get((series.device, part.kind, part.label))
    if rule.busy:
        hours = beside.hours(series) if _moves(series, rule) else None
        if hours is None:
            return
        series = busy_days(hours, beside.zone(series.device), rules.working_hours)
    if told := drifting(series, rule, today, in_a_row=rules.in_a_row, since=since):
        yield told


def _moves(series: Series, rule: Trend) -> bool:
    """Whether the means of whole days move at all: of an idle port nobody reads the hours."""
    means = [span.mean for span in series.spans[-rule.windows[0] :] if span.mean is not None]
    return len(means) > 1 and max(means) - min(means) >= rule.drift / 5


def _percentile(values: list[float]) -> float:
    """The 95th percentile, between its two neighbours."""
    ordered = sorted(values)
    place = _BUSY * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def yesterday(now: datetime, zone: str) -> date:
    """The last day that is over on the clock of `zone`."""
    return now.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
