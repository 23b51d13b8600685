"""Which days are worked and which are off, and when somebody who keeps hours answers; for rotas and makers' hotlines.

In China the State Council says for each year, in the November before, which days are off and which weekends are worked
for them. The package `chinese_calendar` has what it said; a year that nobody has told us is never taken for known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar

from alerts.desk.terms import Hours

_SATURDAY = 5
_DAY = timedelta(days=1)
_FARTHEST = 60  # days: longer than any holiday


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What was said of one year: days that are public holidays, and weekends that are worked for them."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holidays:
    """The years of which the holidays are known. Of any other year only the weekends are."""

    years: Mapping[int, Year] = field(default_factory=dict)

    def knows(self, year: int) -> bool:
        """True where somebody has said what is off in `year`."""
        return year in self.years

    def unknown(self, begin: date, end: date) -> tuple[int, ...]:
        """The years from `begin` to `end`, both inclusive, of which nobody knows the holidays."""
        return tuple(year for year in range(begin.year, end.year + 1) if not self.knows(year))

    def is_holiday(self, day: date) -> bool:
        """True for a public holiday; a plain weekend is none."""
        return day.year in self.years and day in self.years[day.year].holidays

    def is_workday(self, day: date) -> bool:
        """True where people work: Monday to Friday and made-up weekends, without holidays."""
        if day.year in self.years:
            told = self.years[day.year]
            if day in told.holidays or day in told.workdays:
                return day in told.workdays
        return day.weekday() < _SATURDAY

    def replaced(self, years: Mapping[int, Year]) -> "Holidays":
        """These, with other words for some years."""
        return Holidays(years={**self.years, **years})


@cache
def china() -> Holidays:
    """The public holidays of China, for the years that the package knows."""
    holidays, workdays = set(chinese_calendar.holidays), set(chinese_calendar.workdays)
    return Holidays(
        years={
            year: Year(holidays=_of(year, holidays), workdays=_of(year, workdays))
            for year in {day.year for day in holidays}
        }
    )


def _of(year: int, days: Iterable[date]) -> frozenset[date]:
    return frozenset(day for day in days if day.year == year)


def moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """When the clock on the wall shows `clock` on `day`, in UTC; what it jumps over comes as much later (PEP 495)."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def clock_times(text: str) -> tuple[time, time]:
    """Opening and closing of "08:30-21:00"; "24:00" is 00:00."""
    opens, _, closes = text.partition("-")
    return time.fromisoformat(opens), time.fromisoformat(closes.replace("24:", "00:"))


def opening(hours: Hours, day: date, zone: ZoneInfo, holidays: Holidays) -> tuple[datetime, datetime]:
    """From when until when it is open on `day`. `hours.holidays` is for every day that is not worked."""
    opens, closes = clock_times(hours.weekdays if holidays.is_workday(day) else hours.holidays)
    return moment(day, opens, zone), moment(day if closes > opens else day + _DAY, closes, zone)


def is_open(hours: Hours, at: datetime, zone: str, holidays: Holidays) -> bool:
    """True where somebody answers at `at`, by the clock of `zone`."""
    return next_opening(hours, at, zone, holidays) == at.astimezone(UTC)


def next_opening(hours: Hours, at: datetime, zone: str, holidays: Holidays) -> datetime:
    """The first moment from `at` on at which somebody answers: `at` itself where it is open."""
    local, at = ZoneInfo(zone), at.astimezone(UTC)
    day = at.astimezone(local).date() - _DAY
    for _ in range(_FARTHEST):
        opens, closes = opening(hours, day, local, holidays)
        if at < closes:
            return max(at, opens)
        day += _DAY
    raise AssertionError("hours open on every day")
