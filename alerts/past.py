"""What was measured, summed up by the hour and the day: the words in which reports and forecasts are told of the past.

The daemon rolls them up (or reads them from a server that speaks Prometheus); nothing here knows where they come from.
A time of which nothing is known is no span at all: gaps are gaps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model import Component, Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An hour or a day of one aspect of one part.

    `start` is in UTC for hours; for days it is the first moment of the day on the wall clock of the site. `mean` is
    weighted by time, `last` the last value read. `samples` counts readings, `seconds` how long the value (or condition)
    was known. `median` is of the day's hourly means; of an hour it is None. `conditions` says how many seconds it was
    in which condition. The numbers are None where the aspect has conditions only.
    """

    start: datetime
    seconds: float
    samples: int
    low: float | None = None
    mean: float | None = None
    high: float | None = None
    last: float | None = None
    median: float | None = None
    conditions: Mapping[Condition, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """All spans of one aspect of one part, in order of time; `limits` are those that the part itself told last."""

    device: str
    component: Component
    aspect: str
    unit: str
    spans: tuple[Span, ...]
    limit_low: float | None = None
    limit_high: float | None = None
