"""Parts unlike their like: warmer than the same part of other devices of the model became, and than it was itself.

A room that gets warm warms all, a busy afternoon comes every day: so the rise of a part above its own usual is held
against the rise of its peers, and by the hour of the day where hours are at hand. Only who stands out by days is looked
at by hours, which are many.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite

from alerts.notices.forecast import Forecast, Signal
from alerts.notices.forecast_rules import LEAST, Peers
from alerts.notices.forecast_trend import Day, dated, known_days
from alerts.past import Series

Hours = Callable[[Series], Series | None]
"""The hours of a series of days, asked only of those that stand out; None where they are not at hand."""
_HOURS = 12
"""A day of which fewer hours are known is judged by its median."""


@dataclass(frozen=True, slots=True)
class Rise:
    """How much a part is above its own usual, the latest days; `series` and `days` only of one that may stand out.

    There may be a hundred thousand of them at once.
    """

    usual: float
    scatter: float
    size: float
    latest: tuple[float, ...]
    series: Series | None = None
    days: Sequence[Day] = ()


def unlike_peers(
    several: Iterable[Series],
    rule: Peers,
    today: date,
    *,
    group: Callable[[Series], str],
    hours: Hours = lambda _: None,
    in_a_row: int = 3,
) -> Iterator[Forecast]:
    """A forecast for each series of days that stands out of its `group` (such as model and label) for days in a row."""
    groups: dict[str, list[Rise]] = {}
    for series in several:
        rise = risen(series, rule, today, in_a_row)
        if rise is not None:
            groups.setdefault(group(series), []).append(rise)
    for members in groups.values():
        yield from outstanding(members, rule, today, hours)


def outstanding(members: Sequence[Rise], rule: Peers, today: date, hours: Hours) -> Iterator[Forecast]:
    """The forecasts of those of a group of peers that stand out of it."""
    compared = len(members) > rule.fewest
    least = rule.least if compared else rule.alone
    theirs = [_middle(each) for each in zip(*(rise.latest for rise in members), strict=True)]
    for rise in members:
        if rise.series is None:
            continue
        others = theirs if compared else [0.0] * len(rise.latest)
        own = _by_hours(hours(rise.series), rise, today)
        beyond = [mine - usual for mine, usual in zip(own, others, strict=True)]
        if all(_is_much(each, rise.scatter, rule, least) for each in beyond) and min(beyond) * max(beyond) > 0:
            yield _forecast(rise, rise.series, rule, today, beyond, others[-1], len(members) - 1 if compared else 0)


def _forecast(
    rise: Rise, series: Series, rule: Peers, today: date, beyond: Sequence[float], theirs: float, peers: int
) -> Forecast:
    size = rise.size
    return Forecast(
        signal=Signal.UNLIKE_PEERS,
        subject=series.aspect,
        device=series.device,
        component=series.component,
        aspect=series.aspect,
        unit=series.unit,
        found=today,
        stage=1 + (abs(_middle(beyond)) >= 2 * rule.least) + (abs(_middle(beyond)) >= 4 * rule.least),
        current=rise.days[-1].value,
        usual=rise.usual,
        limit=None,
        days=rule.days,
        samples=len(rise.days),
        facts={"beyond": _middle(beyond) * size, "peers": peers, "peers_rose": theirs * size},
        points=dated(rise.days, today),
    )


def risen(series: Series, rule: Peers, today: date, in_a_row: int) -> Rise | None:
    """How much a part is above its own usual; None where too little is known, or the rule does not speak of it."""
    if series.aspect != rule.aspect or series.component.kind not in rule.kinds:
        return None
    days = known_days(series, today, rule.days + in_a_row)
    before = [each.value for each in days if each.day <= -in_a_row]
    latest = [each.value for each in days if each.day > -in_a_row]
    if len(before) < LEAST or len(latest) < in_a_row:
        return None
    usual = _middle(before)
    size = abs(usual) if rule.share else 1.0
    if not size:
        return None
    scatter = 1.4826 * _middle([abs(each - usual) for each in before]) / size
    rises = tuple((value - usual) / size for value in latest)
    if all(_is_much(each, scatter, rule, rule.least) for each in rises):
        return Rise(usual, scatter, size, rises, series, days)
    return Rise(usual, scatter, size, rises)


def _is_much(rise: float, scatter: float, rule: Peers, least: float) -> bool:
    return (abs(rise) if rule.both_ways else rise) >= max(least, rule.sure * scatter)


def _by_hours(hours: Series | None, rise: Rise, today: date) -> Sequence[float]:
    """How much above its own usual of each hour of the day the part was, the middle of each of the latest days."""
    if hours is None:
        return rise.latest
    first = 1 - len(rise.latest)
    end = today.toordinal()
    usual: dict[int, list[float]] = {}
    now: dict[int, list[tuple[int, float]]] = {}
    for span in hours.spans:
        if span.mean is None or not isfinite(span.mean):
            continue
        day = span.start.date().toordinal() - end
        if first <= day <= 0:
            now.setdefault(day, []).append((span.start.hour, span.mean))
        elif day < first:
            usual.setdefault(span.start.hour, []).append(span.mean)
    found = list(rise.latest)
    for day, told in now.items():
        rises = [(value - _middle(usual[hour])) for hour, value in told if hour in usual]
        if len(rises) >= _HOURS:
            found[day - first] = _middle(rises) / rise.size
    return found


def _middle(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
