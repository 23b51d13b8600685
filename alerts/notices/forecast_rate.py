"""Counts that come more often than they did: errors of a port, flaps of a link, restarts.

The count of a day is held against the days before it as one Poisson rate against another, given their sum: a binomial
test (Przyborowski and Wilenski, 1940). Errors come in bursts, which Poisson does not know; so both sides are divided by
how much more the days before scatter than Poisson would. Of many ports some are always unusual by chance: Benjamini and
Hochberg (1995) choose who is told.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, lgamma, log, log1p

from alerts.notices.forecast import Forecast, Signal
from alerts.notices.forecast_rules import Rate
from alerts.notices.forecast_trend import day_of
from alerts.past import Series, Span
from monitor.model import Component


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often something happened to a part on each day that is known; a day without an entry is not known."""

    device: str
    component: Component
    aspect: str
    days: tuple[tuple[date, float], ...]


@dataclass(frozen=True, slots=True)
class _Suspect:
    counts: Counts
    rule: Rate
    now: float
    usual: float
    chance: float
    before: tuple[tuple[date, float], ...]


def more_often(several: Iterable[Counts], rule: Rate, today: date, judged: int = 0) -> Iterator[Forecast]:
    """A forecast for each part that had more on `today` than chance explains, of those of which `rule` speaks.

    All parts are judged together: the more ports there are, the surer each must be. `judged` is how many there are,
    where `several` are only those that had anything.
    """
    found: list[_Suspect] = []
    count = 0
    for counts in several:
        if counts.aspect in rule.aspects:
            count += 1
            if suspect := _suspect(counts, rule, today):
                found.append(suspect)
    for place in discoveries([each.chance for each in found], rule.false_share, max(count, judged)):
        yield _forecast(found[place], today)


def counted(series: Series, rule: Rate, today: date) -> Counts | None:
    """The counts of a series of rates per second; None where today's are fewer than are ever told."""
    if not series.spans or _count(series.spans[-1]) < rule.least or day_of(series.spans[-1]) != today:
        return None
    return Counts(
        device=series.device,
        component=series.component,
        aspect=series.aspect,
        days=tuple((day_of(span), _count(span)) for span in series.spans[-rule.days - 1 :]),
    )


def _count(span: Span) -> float:
    return (span.mean or 0.0) * span.seconds


def discoveries(chances: Sequence[float], share: float, among: int | None = None) -> list[int]:
    """The places of those `chances` that stand so that at most `share` of them are false (Benjamini and Hochberg).

    `among` is how many were judged, where only the smallest are given: those that are not had a chance of 1.
    """
    count = max(len(chances), among or 0)
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    last = max((rank for rank, place in enumerate(order, 1) if chances[place] <= share * rank / count), default=0)
    return sorted(order[:last])


def chance_of(now: float, before: float, days: float, ratio: float) -> float:
    """The chance of `now` in one day at least, if the rate is at most `ratio` times that of `before` in `days` days."""
    return at_least(now, now + before, ratio / (ratio + days))


def at_least(count: float, total: float, share: float) -> float:
    """The chance of `count` at least out of `total`, each with the chance `share`: the incomplete beta function.

    By its continued fraction (Lentz; DLMF 8.17.22), in logarithms, for counts of any size and also such that are not
    whole, as those divided by a dispersion are.
    """
    if count <= 0:
        return 1.0
    a, b, x = count, total - count + 1, share
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x > (a + 1) / (a + b + 2):
        return 1.0 - front * _fraction(b, a, 1 - x) / b
    return front * _fraction(a, b, x) / a


def _suspect(counts: Counts, rule: Rate, today: date) -> _Suspect | None:
    first = today - timedelta(days=rule.days)
    known = {day: count for day, count in counts.days if first <= day <= today and 0 <= count < _MOST}
    now = known.pop(today, 0.0)
    if now < rule.least or len(known) < rule.least_days:
        return None
    total, days = sum(known.values()), len(known)
    mean = total / days
    if now < rule.ratio * mean:
        return None
    scatter = sum((count - mean) ** 2 for count in known.values()) / (days - 1)
    bursts = max(1.0, scatter / mean) if mean else 1.0
    chance = chance_of(now / bursts, total / bursts, days, rule.ratio)
    return _Suspect(counts, rule, now, mean, chance, tuple(sorted([*known.items(), (today, now)])))


def _forecast(suspect: _Suspect, today: date) -> Forecast:
    counts, rule = suspect.counts, suspect.rule
    times = suspect.now / max(suspect.usual, 1 / rule.days)
    return Forecast(
        signal=Signal.RATE,
        subject=rule.name,
        device=counts.device,
        component=counts.component,
        aspect=counts.aspect,
        unit="",
        found=today,
        stage=sum(times >= each for each in rule.stages),
        current=suspect.now,
        usual=suspect.usual,
        days=(today - suspect.before[0][0]).days,
        samples=len(suspect.before) - 1,
        facts={"chance": suspect.chance},
        points=suspect.before,
    )


_MOST = 1e12
"""More in a day is no count."""
_TINY = 1e-300
_CLOSE = 1e-12


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 5000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _off_zero(1 + even * d), _off_zero(1 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _off_zero(1 + odd * d), _off_zero(1 + odd / c)
        value *= d * c
        if abs(d * c - 1) < _CLOSE:
            break
    return value


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
