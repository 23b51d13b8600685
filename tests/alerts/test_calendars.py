"""Which days are worked in China, and when a hotline that keeps hours is open."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.desk.calendars import Holidays, Year, china, is_open, next_opening, opening
from alerts.desk.terms import Hours

DELL = Hours(weekdays="08:30-21:00", holidays="08:30-17:30")  # CONTRACT.md, section 2: §3.2
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(wall: str) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=SHANGHAI)


# The State Council's notices of 2025 and 2026: holidays in the week, weekends off, weekends that are worked
@pytest.mark.parametrize(
    ("day", "holiday", "worked"),
    [
        ("2026-10-01", True, False),
        ("2026-10-04", True, False),  # a Sunday within the holiday
        ("2026-10-10", False, True),  # a Saturday that is worked
        ("2026-09-20", False, True),  # a Sunday that is worked
        ("2026-10-11", False, False),  # a plain Sunday
        ("2026-10-12", False, True),
        ("2025-01-26", False, True),
        ("2025-10-08", True, False),
    ],
)
def test_days_are_off_or_worked_as_the_state_council_said(day: str, *, holiday: bool, worked: bool) -> None:
    told = date.fromisoformat(day)
    assert (china().is_holiday(told), china().is_workday(told)) == (holiday, worked)


def test_a_year_of_which_nothing_was_said_is_unknown_and_not_without_holidays() -> None:
    assert china().knows(2026)
    assert china().unknown(date(2026, 12, 1), date(2026, 12, 31)) == ()
    assert Holidays().unknown(date(2026, 12, 1), date(2027, 1, 1)) == (2026, 2027)
    assert not Holidays().is_holiday(date(2026, 10, 1))


def test_a_year_that_the_file_has_takes_the_place_of_the_packages() -> None:
    mine = china().replaced({2026: Year(holidays=frozenset({date(2026, 10, 12)}))})
    assert mine.is_holiday(date(2026, 10, 12))
    assert not mine.is_holiday(date(2026, 10, 1))
    assert mine.is_holiday(date(2025, 10, 1))


@pytest.mark.parametrize(
    ("wall", "opens"),
    [
        ("2026-11-23T08:29", "2026-11-23T08:30"),  # Monday
        ("2026-11-23T08:30", None),
        ("2026-11-23T20:59", None),
        ("2026-11-23T21:00", "2026-11-24T08:30"),
        ("2026-11-28T17:29", None),  # Saturday
        ("2026-11-28T17:30", "2026-11-29T08:30"),
        ("2026-10-10T20:00", None),  # a Saturday that is worked
        ("2026-10-06T17:30", "2026-10-07T08:30"),  # a Tuesday that is off
        ("2026-10-06T17:29", None),
    ],
)
def test_the_makers_hotline_keeps_its_hours(wall: str, opens: str | None) -> None:
    moment = at(wall)
    assert is_open(DELL, moment, "Asia/Shanghai", china()) is (opens is None)
    assert next_opening(DELL, moment, "Asia/Shanghai", china()) == (at(opens) if opens else moment)


def test_all_day_hours_are_open_at_midnight() -> None:
    hours = Hours(weekdays="00:00-24:00", holidays="00:00-24:00")
    assert is_open(hours, at("2026-11-23T00:00"), "Asia/Shanghai", china())
    assert is_open(hours, at("2026-11-23T23:59:59"), "Asia/Shanghai", china())


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants bounds without zone


@given(MOMENTS, st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]))
def test_it_is_closed_until_the_next_opening_and_open_then(moment: datetime, zone: str) -> None:
    opens = next_opening(DELL, moment, zone, china())
    assert is_open(DELL, opens, zone, china())
    if opens > moment:
        assert not is_open(DELL, opens - timedelta(microseconds=1), zone, china())
        begins, _ = opening(DELL, opens.astimezone(ZoneInfo(zone)).date(), ZoneInfo(zone), china())
        assert opens == begins
