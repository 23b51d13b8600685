"""The door for forecasts.toml: its schema, and the frozen `Rules` by which forecasts are made.

Every number by which something is told or not told stands in that file, with its reason; none stands in the code.
"""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

LEAST = 14
"""No line is drawn through fewer days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """When a straight line through the days of an aspect is told; the words are those of `TrendFile`."""

    name: str
    aspects: frozenset[str]
    kinds: frozenset[str]
    labels: tuple[str, ...] = ()
    windows: tuple[int, ...] = (56, 28, 14)
    horizon: int = 60
    ahead: float = 3.0
    drift: float = 0.0
    drift_share: float = 0.0
    step: float | None = None
    step_share: float | None = None
    jumps: bool = False
    steep: float | None = None
    sure: float = 4.0
    limit_low: float | None = None
    limit_high: float | None = None
    busy: bool = False
    capacity: bool = False
    stages: tuple[int, ...] = (60, 30, 14, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """When a count of a day is told as more than that of the days before."""

    name: str
    aspects: frozenset[str]
    days: int = 28
    least_days: int = 7
    least: int = 50
    ratio: float = 3.0
    false_share: float = 0.01
    stages: tuple[int, ...] = (3, 10, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """When a part is told as unlike the same part of other devices of its model, and unlike itself before."""

    aspect: str
    kinds: frozenset[str]
    days: int = 28
    least: float = 5.0
    share: bool = False
    alone: float = 10.0
    fewest: int = 4
    sure: float = 6.0
    both_ways: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryErrors:
    """When corrected errors of a memory module are told."""

    addresses: int = 8
    count: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All of forecasts.toml."""

    in_a_row: int = 3
    trends: tuple[Trend, ...] = ()
    rates: tuple[Rate, ...] = ()
    peers: tuple[Peers, ...] = ()
    memory: MemoryErrors = MemoryErrors()
    predicted: frozenset[str] = frozenset()
    rising: frozenset[str] = frozenset()
    dates: tuple[int, ...] = (90, 60, 30, 7)
    working_hours: tuple[int, int] = (8, 18)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _falling(days: tuple[int, ...]) -> tuple[int, ...]:
    if list(days) != sorted(set(days), reverse=True) or days[-1] < 1:
        raise ValueError("write days from the most to the least, such as [60, 30, 14, 7]")
    return days


def _rising(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if list(numbers) != sorted(set(numbers)) or numbers[0] < 1:
        raise ValueError("write numbers from the least to the most, such as [3, 10, 100]")
    return numbers


Days = Annotated[tuple[int, ...], Field(min_length=1), AfterValidator(_falling)]
Times = Annotated[tuple[int, ...], Field(min_length=1), AfterValidator(_rising)]


class TrendFile(_Section):
    """A straight line through the medians of days, to the limit of the part."""

    aspects: tuple[str, ...] = Field(min_length=1, description="The aspects of which it is.")
    kinds: tuple[str, ...] = Field(min_length=1, description="The kinds of parts of which it is.")
    labels: tuple[str, ...] = Field(default=(), description="Only parts whose label contains one of these words.")
    windows: Days = Field(
        default=(56, 28, 14), description="Over how many days back a line is drawn; the longest that is one counts."
    )
    horizon: PositiveInt = Field(default=60, description="What is further off than so many days is not told.")
    ahead: PositiveFloat = Field(default=3.0, description="How many times as far ahead as back a line is trusted.")
    drift: float = Field(default=0.0, ge=0, description="Less than this over the window, in the unit, is no drift.")
    drift_share: float = Field(default=0.0, ge=0, le=1, description="The same as a share of where it began.")
    step: PositiveFloat | None = Field(
        default=None, description="So much from one day to the next is an event: the past before it counts no more."
    )
    step_share: PositiveFloat | None = Field(default=None, description="The same as a share of the value before.")
    jumps: bool = Field(default=False, description="Such an event is told, if it left less room to the limits.")
    steep: PositiveFloat | None = Field(
        default=None,
        description="So much in some days in a row, further than ever before, is told before a line can be drawn.",
    )
    sure: PositiveFloat = Field(default=4.0, description="How many times its own error a slope must be.")
    limit_low: float | None = Field(default=None, description="The limit below, where the part tells none.")
    limit_high: float | None = Field(default=None, description="The limit above, where the part tells none.")
    busy: bool = Field(
        default=False, description="Of a day the 95th percentile of its working hours counts, not the median."
    )
    capacity: bool = Field(default=False, description="It is wear or growth, told as planning and not as a defect.")
    stages: Days = Field(default=(60, 30, 14, 7), description="It is told again when so many days are left.")

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if not self.drift and not self.drift_share:
            raise ValueError("drift or drift_share must be written: what is less is no drift")
        if self.windows[-1] < LEAST:
            raise ValueError(f"no line is drawn through fewer than {LEAST} days")
        return self


class RateFile(_Section):
    """Counts that are more than they were: errors, changes of state, restarts."""

    aspects: tuple[str, ...] = Field(
        min_length=1, description="The aspects of which it is: rates per second, or counts that the daemon makes."
    )
    days: int = Field(default=28, ge=7, le=90, description="The days before with which a day is compared.")
    least_days: int = Field(default=7, ge=3, description="So many of them must be known.")
    least: PositiveInt = Field(default=50, description="Fewer in a day are never told.")
    ratio: float = Field(default=3.0, gt=1, description="So many times as often as before at least.")
    false_share: float = Field(
        default=0.01, gt=0, lt=0.5, description="The share of what is told that may be chance (Benjamini-Hochberg)."
    )
    stages: Times = Field(default=(3, 10, 100), description="Told again when it is so many times as often.")


class PeersFile(_Section):
    """Parts unlike the same part in other devices of the model, and unlike themselves at the same hour before."""

    aspect: str = Field(description="The aspect of which it is.")
    kinds: tuple[str, ...] = Field(min_length=1, description="The kinds of parts of which it is.")
    days: int = Field(default=28, ge=14, le=90, description="The days before that say what is usual.")
    least: PositiveFloat = Field(default=5.0, description="Less than this above what peers did is not told.")
    share: bool = Field(default=False, description="least and alone are shares of what is usual, not in the unit.")
    alone: PositiveFloat = Field(default=10.0, description="The same where there are too few peers.")
    fewest: int = Field(default=4, ge=2, description="So many peers at least.")
    sure: PositiveFloat = Field(default=6.0, description="How many times its own usual scatter it must be.")
    both_ways: bool = Field(default=False, description="Less than usual is told as well as more.")


class MemoryFile(_Section):
    """Errors of memory modules within 24 hours. One that could not be corrected is always told."""

    addresses: int = Field(default=8, ge=2, description="Corrected errors at so many different addresses are told.")
    count: PositiveInt = Field(default=100, description="So many corrected errors are told, wherever they were.")


class ForecastsFile(_Section):
    """forecasts.toml: what is told of the future, and how sure one must be."""

    in_a_row: int = Field(default=3, ge=1, le=14, description="A line or a difference must hold so many days in a row.")
    working_hours: tuple[int, int] = Field(
        default=(8, 18),
        description="First hour and the one after the last, on the clock of the site; Monday to Friday.",
    )
    dates: Days = Field(default=(90, 60, 30, 7), description="Days before an end at which it is told.")
    predicted: tuple[str, ...] = Field(default=(), description="Aspects by which a device foretells a failure itself.")
    rising: tuple[str, ...] = Field(default=(), description="Counts of disks that must not rise, by their aspect.")
    trend: dict[str, TrendFile] = Field(default={}, description="Lines, by their name.")
    rate: dict[str, RateFile] = Field(default={}, description="Counts, by their name.")
    peers: tuple[PeersFile, ...] = Field(default=(), description="Parts that are compared with their like.")
    memory: MemoryFile = MemoryFile()

    @model_validator(mode="after")
    def _has_hours(self) -> Self:
        first, end = self.working_hours
        if not 0 <= first < end <= 24:  # noqa: PLR2004 - hours of a day
            raise ValueError("working_hours must be two hours of a day, such as [8, 18]")
        return self


def rules(file: ForecastsFile) -> Rules:
    """The value that forecasts are made by."""
    return Rules(
        in_a_row=file.in_a_row,
        trends=tuple(
            Trend(name=name, **{**dict(each), "aspects": frozenset(each.aspects), "kinds": frozenset(each.kinds)})
            for name, each in file.trend.items()
        ),
        rates=tuple(
            Rate(name=name, **{**dict(each), "aspects": frozenset(each.aspects)}) for name, each in file.rate.items()
        ),
        peers=tuple(Peers(**{**dict(each), "kinds": frozenset(each.kinds)}) for each in file.peers),
        memory=MemoryErrors(**dict(file.memory)),
        predicted=frozenset(file.predicted),
        rising=frozenset(file.rising),
        dates=file.dates,
        working_hours=file.working_hours,
    )
