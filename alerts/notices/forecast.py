"""What is going to happen to a part, as its past tells: a `Forecast`, which becomes a notice of level 4.

Whoever finds one stands beside this module: `forecast_trend` (lines to a limit), `forecast_rate` (errors that come more
often), `forecast_peers` (parts unlike their like), `forecast_flags` (what the device foretells itself) and
`forecast_dates` (days that are written down); `forecast_round` asks them all, `forecast_words` says it in both
languages. Nothing here remembers: that a thing holds for three days in a row is found in the data, and that it was told
is known to whoever told it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from monitor.model import Component, Level

LEVEL = Level.WARNING
"""Forecasts are notices and lines in reports; nobody is called at night for one."""


class Signal(StrEnum):
    """What is foreseen, by the way in which it is found."""

    TREND = "trend"
    STEP = "step"
    RATE = "rate"
    UNLIKE_PEERS = "unlike_peers"
    MEMORY_ERRORS = "memory_errors"
    PREDICTED = "predicted"
    RISING = "rising"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ForecastKey:
    """The natural key: the same from day to day for as long as the same thing is foreseen."""

    device: str
    kind: str
    label: str
    aspect: str
    signal: str

    def __str__(self) -> str:
        """One line, which names it in commands."""
        return f"{self.device}/{self.kind}/{self.label}/{self.aspect}/{self.signal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Days to the limit. `low` and `high` are the ends of the interval of 95 %; high is None where it has no end."""

    days: float
    low: float
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is foreseen of one aspect of one part on the day `found`.

    `current` is where the line stands today, or the count of today; `usual` what it was before. `slope` is per day and
    was seen over `days` days, of which `samples` are known. `stage` counts up as it gets nearer: of one key it is told
    again when the stage is higher than any that was told. `subject` chooses the words (the trend's name, or what ends);
    `facts` are further words for them, numbers in the unit of the aspect. `points` are what was measured, by day;
    `line` is the straight line that the forecast follows, from its first day to today.
    """

    signal: Signal
    subject: str
    device: str
    component: Component
    aspect: str
    unit: str
    found: date
    stage: int
    current: float | None = None
    usual: float | None = None
    limit: float | None = None
    slope: float | None = None
    left: Left | None = None
    days: int = 0
    samples: int = 0
    capacity: bool = False
    facts: Mapping[str, float | str] = field(default_factory=dict)
    points: tuple[tuple[date, float], ...] = ()
    line: tuple[tuple[date, float], ...] = ()

    @property
    def key(self) -> ForecastKey:
        """The natural key; a date that ends has one for each thing that ends."""
        aspect = self.subject if self.signal is Signal.DATE else self.aspect
        return ForecastKey(
            device=self.device,
            kind=self.component.kind,
            label=self.component.label,
            aspect=aspect,
            signal=self.signal.value,
        )

    def reached(self, days: float | None) -> date | None:
        """The day that is `days` from the day of the forecast; None where it is beyond any calendar."""
        if days is None or days > _BEYOND:
            return None
        return self.found + timedelta(days=round(days))


_BEYOND = 36_600


def stage_of(days: float, stages: tuple[int, ...]) -> int:
    """How many of `stages` (days, such as 90, 60, 30, 7) are reached; 0 is none."""
    return sum(days <= each for each in stages)


def worse(now: Forecast, told: Forecast) -> bool:
    """Whether `now` is to be told although `told` was told under the same key."""
    return now.stage > told.stage


def urgency(forecast: Forecast) -> tuple[bool, float, int, ForecastKey]:
    """What comes first in a list: what is nearest; what knows no day comes before what has more than a month."""
    days = forecast.left.days if forecast.left else _UNKNOWN_DAYS
    return (forecast.capacity, days, -forecast.stage, forecast.key)


_UNKNOWN_DAYS = 30.0


def as_data(forecast: Forecast) -> dict[str, Any]:
    """A forecast as plain data for JSON; `from_data` reads it again."""
    part = forecast.component
    return {
        "key": str(forecast.key),
        "signal": forecast.signal.value,
        "subject": forecast.subject,
        "device": forecast.device,
        "component": {"kind": part.kind, "label": part.label, "part_number": part.part_number, "serial": part.serial},
        "aspect": forecast.aspect,
        "unit": forecast.unit,
        "found": forecast.found.isoformat(),
        "stage": forecast.stage,
        "level": LEVEL.value,
        "current": forecast.current,
        "usual": forecast.usual,
        "limit": forecast.limit,
        "slope_per_day": forecast.slope,
        "days_left": _left(forecast.left),
        "days": forecast.days,
        "samples": forecast.samples,
        "capacity": forecast.capacity,
        "facts": dict(forecast.facts),
        "points": [[day.isoformat(), value] for day, value in forecast.points],
        "line": [[day.isoformat(), value] for day, value in forecast.line],
    }


def from_data(data: Mapping[str, Any]) -> Forecast:
    """The forecast that `as_data` made plain."""
    part, left = data["component"], data["days_left"]
    return Forecast(
        signal=Signal(data["signal"]),
        subject=data["subject"],
        device=data["device"],
        component=Component(**part),
        aspect=data["aspect"],
        unit=data["unit"],
        found=date.fromisoformat(data["found"]),
        stage=data["stage"],
        current=data["current"],
        usual=data["usual"],
        limit=data["limit"],
        slope=data["slope_per_day"],
        left=None if left is None else Left(days=left["expected"], low=left["low"], high=left["high"]),
        days=data["days"],
        samples=data["samples"],
        capacity=data["capacity"],
        facts=data["facts"],
        points=_points(data["points"]),
        line=_points(data["line"]),
    )


def _left(left: Left | None) -> dict[str, float | None] | None:
    return None if left is None else {"expected": left.days, "low": left.low, "high": left.high}


def _points(data: list[list[Any]]) -> tuple[tuple[date, float], ...]:
    return tuple((date.fromisoformat(day), value) for day, value in data)
