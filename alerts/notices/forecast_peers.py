"""Parts unlike their like: warmer than the same part of other devices of the model became, and than it was itself.

A room that gets warm warms all, a busy afternoon comes every day: so the rise of a part above its own usual is held
against the rise of its peers, and by the hour of the day where hours are at hand. Only who stands out by days is looked
at by hours, which are many.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
class _Rise:
    series: Series
    days: Sequence[Day]
    usual: float
    scatter: float
    size: float
    by_day: Mapping[int, float]


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
    groups: dict[str, list[_Rise]] = {}
    for series in several:
        if series.aspect == rule.aspect and series.component.kind in rule.kinds:
            rise = _rise(series, rule, today, in_a_row)
            if rise is not None:
                groups.setdefault(group(series), []).append(rise)
    for members in groups.values():
        yield from _outstanding(members, rule, today, hours, in_a_row)


def _outstanding(members: Sequence[_Rise], rule: Peers, today: date, hours: Hours, in_a_row: int) -> Iterator[Forecast]:
    latest = range(1 - in_a_row, 1)
    for rise in members:
        if not all(_is_much(rise.by_day[day], rise, rule, rule.least) for day in latest):
            continue
        peers = {
            day: [each.by_day[day] for each in members if each is not rise and day in each.by_day] for day in latest
        }
        compared = min(map(len, peers.values())) >= rule.fewest
        least = rule.least if compared else rule.alone
        theirs = {day: _middle(peers[day]) if compared else 0.0 for day in latest}
        own = _by_hours(hours(rise.series), rise, today, latest)
        beyond = [own[day] - theirs[day] for day in latest]
        if not all(_is_much(each, rise, rule, least) for each in beyond) or min(beyond) * max(beyond) < 0:
            continue
        yield _forecast(rise, rule, today, beyond, theirs[0], len(peers[0]) if compared else 0)


def _forecast(rise: _Rise, rule: Peers, today: date, beyond: Sequence[float], theirs: float, peers: int) -> Forecast:
    series, size = rise.series, rise.size
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


def _rise(series: Series, rule: Peers, today: date, in_a_row: int) -> _Rise | None:
    days = known_days(series, today, rule.days + in_a_row)
    before = [each.value for each in days if each.day <= -in_a_row]
    latest = {each.day: each.value for each in days if each.day > -in_a_row}
    if len(before) < LEAST or len(latest) < in_a_row:
        return None
    usual = _middle(before)
    size = abs(usual) if rule.share else 1.0
    if not size:
        return None
    scatter = 1.4826 * _middle([abs(each - usual) for each in before]) / size
    return _Rise(series, days, usual, scatter, size, {day: (value - usual) / size for day, value in latest.items()})


def _is_much(rise: float, of: _Rise, rule: Peers, least: float) -> bool:
    size = abs(rise) if rule.both_ways else rise
    return size >= max(least, rule.sure * of.scatter)


def _by_hours(hours: Series | None, rise: _Rise, today: date, latest: Iterable[int]) -> Mapping[int, float]:
    """How much above its own usual of each hour of the day the part was, the middle of each of the latest days."""
    if hours is None:
        return rise.by_day
    end, days = today.toordinal(), frozenset(latest)
    usual: dict[int, list[float]] = {}
    now: dict[int, list[tuple[int, float]]] = {}
    for span in hours.spans:
        if span.mean is None or not isfinite(span.mean):
            continue
        day = span.start.date().toordinal() - end
        if day in days:
            now.setdefault(day, []).append((span.start.hour, span.mean))
        elif day < min(days):
            usual.setdefault(span.start.hour, []).append(span.mean)
    found = dict(rise.by_day)
    for day, told in now.items():
        rises = [(value - _middle(usual[hour])) for hour, value in told if hour in usual]
        if len(rises) >= _HOURS:
            found[day] = _middle(rises) / rise.size
    return found


def _middle(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
