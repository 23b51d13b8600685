"""Series of days and hours with known truth, for forecasts: what is drawn at random is drawn from a fixed seed."""

import random
import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from alerts.notices.forecast_rules import ForecastsFile, Rules, Trend, rules
from alerts.past import Series, Span
from monitor.model import Component, Condition
from monitor.shipped import shipped

TODAY = date(2026, 11, 22)
RULES: Rules = rules(ForecastsFile.model_validate(tomllib.loads((shipped() / "forecasts.toml").read_text("utf-8"))))
TRENDS: dict[str, Trend] = {each.name: each for each in RULES.trends}


def days(
    values: Iterable[float | None],
    *,
    aspect: str = "rx_power",
    kind: str = "optic",
    label: str = "XGE1/0/1",
    device: str = "sw-1",
    unit: str = "dbm",
    low: float | None = None,
    high: float | None = None,
    until: date = TODAY,
) -> Series:
    """A series of daily medians that ends on the day `until`; None is a day of which nothing is known."""
    known = list(values)
    first = datetime(until.year, until.month, until.day, tzinfo=UTC) - timedelta(days=len(known) - 1)
    spans = tuple(
        Span(
            start=first + timedelta(days=place),
            seconds=86400.0,
            samples=2880,
            low=value,
            mean=value,
            high=value,
            last=value,
            median=value,
        )
        for place, value in enumerate(known)
        if value is not None
    )
    part = Component(kind=kind, label=label)
    return Series(device=device, component=part, aspect=aspect, unit=unit, spans=spans, limit_low=low, limit_high=high)


def hours(values: Iterable[float], like: Series, until: date = TODAY) -> Series:
    """The hours of a part, of which the last is the last of the day `until` (UTC)."""
    known = list(values)
    first = datetime(until.year, until.month, until.day, 23, tzinfo=UTC) - timedelta(hours=len(known) - 1)
    spans = tuple(
        Span(start=first + timedelta(hours=place), seconds=3600.0, samples=120, mean=value, low=value, high=value)
        for place, value in enumerate(known)
    )
    return Series(
        device=like.device,
        component=like.component,
        aspect=like.aspect,
        unit=like.unit,
        spans=spans,
        limit_low=like.limit_low,
        limit_high=like.limit_high,
    )


def claims(conditions: Iterable[Condition], *, aspect: str = "predicted_failure", until: date = TODAY) -> Series:
    """A series of days with conditions only."""
    known = list(conditions)
    first = datetime(until.year, until.month, until.day, tzinfo=UTC) - timedelta(days=len(known) - 1)
    spans = tuple(
        Span(start=first + timedelta(days=place), seconds=86400.0, samples=2880, conditions={each: 86400.0})
        for place, each in enumerate(known)
    )
    return Series(device="srv-1", component=Component(kind="disk", label="Bay 3"), aspect=aspect, unit="", spans=spans)


def wander(count: int, *, seed: int, size: float = 0.1, lean: float = 0.5) -> list[float]:
    """Noise in which each day leans on the one before (AR(1))."""
    chance = random.Random(seed)  # noqa: S311 - it is no secret
    found = [chance.gauss(0, 1)]
    while len(found) < count:
        found.append(lean * found[-1] + chance.gauss(0, (1 - lean**2) ** 0.5))
    return [size * each for each in found[:count]]
