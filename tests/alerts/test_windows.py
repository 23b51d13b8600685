"""Maintenance windows: what recurs on the clock on the wall, whatever the clock does; what a window covers."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.desk.recurring import Every, Span, every
from alerts.desk.windows import Coverage, Scope, Window
from monitor.model import Device, FaultKey, Site

HOUR, MILLISECOND = timedelta(hours=1), timedelta(milliseconds=1)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
WORDS = ("day", "Sun", "Mon-Fri", "Fri-Mon", "Tue,Thu", "15", "1,31", "last", "2nd Sun", "1st,3rd Sat", "last Fri")


def begins(rule: Every, zone: str, near: date) -> list[datetime]:
    """The plain definition: that time on the clock on the wall, on each day that the rule names."""
    days = (near + timedelta(days=offset) for offset in range(-70, 3))
    moments = [datetime.combine(day, rule.at, ZoneInfo(zone)) for day in days if rule.names(day)]
    return [moment.astimezone(UTC) for moment in moments]


@given(
    words=st.sampled_from(WORDS),
    minutes=st.integers(0, 24 * 60 - 1),
    length=st.timedeltas(timedelta(minutes=1), timedelta(days=7)),
    zone=st.sampled_from(ZONES),
    moment=st.integers(0, 40 * 366 * 86_400_000).map(lambda ms: datetime(2000, 1, 1, tzinfo=UTC) + ms * MILLISECOND),
)
def test_a_moment_is_in_a_recurring_window_if_and_only_if_one_began_that_is_not_over(
    words: str, minutes: int, length: timedelta, zone: str, moment: datetime
) -> None:
    rule = every(f"{words} {minutes // 60:02}:{minutes % 60:02}", length)
    found = rule.last_begun(moment, zone)
    assert found is not None
    truth = begins(rule, zone, moment.astimezone(ZoneInfo(zone)).date())
    assert (moment in found) == any(begin <= moment < begin + length for begin in truth)
    assert found.begins == max(begin for begin in truth if begin <= moment)
    assert found.ends - found.begins == length
    after = rule.next_begins(moment, zone)
    assert after is not None
    assert after > moment
    assert rule.last_begun(after, zone) == Span(begins=after, ends=after + length)
    assert rule.last_begun(after - MILLISECOND, zone) == found


@pytest.mark.parametrize(
    ("words", "zone", "moment", "begin"),
    [
        # clocks go from 02:00 to 03:00 on 2026-03-29: what begins at 02:30 begins at 03:30, for two whole hours
        ("Sun 02:30", "Europe/Berlin", "2026-03-29T03:29:59+02:00", "2026-03-22T02:30:00+01:00"),
        ("Sun 02:30", "Europe/Berlin", "2026-03-29T03:30:00+02:00", "2026-03-29T03:30:00+02:00"),
        # and from 03:00 back to 02:00 on 2026-10-25: 02:30 comes twice, the first counts
        ("Sun 02:30", "Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("Sun 02:30", "Europe/Berlin", "2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+02:00"),
        # a day that Samoa left out: 2011-12-30
        ("30 09:00", "Pacific/Apia", "2011-12-31T12:00:00+14:00", "2011-12-31T09:00:00+14:00"),
        ("Sun 02:00", "Asia/Shanghai", "2026-11-22T02:00:00+08:00", "2026-11-22T02:00:00+08:00"),
        ("Sun 02:00", "Asia/Shanghai", "2026-11-22T01:59:59+08:00", "2026-11-15T02:00:00+08:00"),
        ("31 02:00", "UTC", "2026-07-30T00:00:00+00:00", "2026-05-31T02:00:00+00:00"),
        ("last 02:00", "UTC", "2028-03-01T00:00:00+00:00", "2028-02-29T02:00:00+00:00"),
        ("2nd Sun 02:00", "UTC", "2026-11-22T00:00:00+00:00", "2026-11-08T02:00:00+00:00"),
        ("last Fri 02:00", "UTC", "2026-11-29T00:00:00+00:00", "2026-11-27T02:00:00+00:00"),
        ("Fri-Mon 02:00", "UTC", "2026-11-26T12:00:00+00:00", "2026-11-23T02:00:00+00:00"),
        ("02:00", "UTC", "2026-11-26T12:00:00+00:00", "2026-11-26T02:00:00+00:00"),
    ],
)
def test_the_last_beginning_is_where_the_clock_on_the_wall_says(words: str, zone: str, moment: str, begin: str) -> None:
    found = every(words, 2 * HOUR).last_begun(datetime.fromisoformat(moment), zone)
    assert found == Span(begins=datetime.fromisoformat(begin), ends=datetime.fromisoformat(begin) + 2 * HOUR)


@pytest.mark.parametrize(
    "words",
    ["", "Sun", "02:00 Sun", "Sunday 02:00", "32 02:00", "0 02:00", "5th Sun 02:00", "Sun 24:00", "a b c 02:00"],
)
def test_what_is_not_understood_is_refused_with_examples(words: str) -> None:
    with pytest.raises(ValueError, match=r"every is written as .*2nd Sun 02:00"):
        every(words, HOUR)


def test_a_window_lasts_longer_than_nothing_and_a_week_at_most() -> None:
    for length in (timedelta(0), timedelta(days=7, seconds=1)):
        with pytest.raises(ValueError, match="for is more than 0s and at most 7d"):
            every("Sun 02:00", length)


NOW = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)  # Sunday 02:30 in Hefei, Saturday 19:30 in Berlin
SITES = {
    "hefei-1": Site(name="hefei-1", customer="cdc", region="hefei"),
    "wuhu-1": Site(name="wuhu-1", customer="school", region="province"),
    "berlin": Site(name="berlin", customer="cdc", region="province", zone="Europe/Berlin"),
}
DEVICES = {
    name: Device(name=name, address="192.0.2.1", customer=SITES[site].customer, site=site)
    for name, site in (("hf-core-1", "hefei-1"), ("HF-acc-2", "hefei-1"), ("wh-acc-1", "wuhu-1"), ("be-1", "berlin"))
}


def covered(scope: Scope, when: Span | Every, key: FaultKey, now: datetime = NOW) -> bool:
    windows = (Window(name="M1", scope=scope, when=when, reason="work"),)
    return Coverage(windows=windows, devices=DEVICES, sites=SITES, now=now).of(key) is not None


def fault(device: str, kind: str = "fan", label: str = "Fan 1") -> FaultKey:
    return FaultKey(device=device, kind=kind, label=label, aspect="state")


ON = Span(begins=NOW, ends=NOW + HOUR)


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        (Scope(customer="cdc"), {"hf-core-1", "HF-acc-2", "be-1"}),
        (Scope(site="hefei-1"), {"hf-core-1", "HF-acc-2"}),
        (Scope(site="*-1"), {"hf-core-1", "HF-acc-2", "wh-acc-1"}),
        (Scope(device="hf-*"), {"hf-core-1", "HF-acc-2"}),
        (Scope(customer="cdc", device="*-1"), {"hf-core-1", "be-1"}),
        (Scope(device="*", kind="psu"), set()),
        (Scope(device="*", label="fan*"), set(DEVICES)),
        (Scope(site="hefei-1", kind="fan", label="Fan ?"), {"hf-core-1", "HF-acc-2"}),
    ],
)
def test_a_window_covers_what_all_of_its_patterns_fit(scope: Scope, names: set[str]) -> None:
    assert {name for name in DEVICES if covered(scope, ON, fault(name))} == names


def test_a_window_is_on_from_its_beginning_until_just_before_its_end() -> None:
    key = fault("hf-core-1")
    assert covered(Scope(device="*"), ON, key, NOW)
    assert covered(Scope(device="*"), ON, key, NOW + HOUR - timedelta(microseconds=1))
    assert not covered(Scope(device="*"), ON, key, NOW + HOUR)
    assert not covered(Scope(device="*"), ON, key, NOW - timedelta(microseconds=1))


def test_what_recurs_does_so_on_the_clock_of_each_site() -> None:
    rule = every("Sun 02:00", HOUR)
    assert covered(Scope(device="*"), rule, fault("hf-core-1"))
    assert not covered(Scope(device="*"), rule, fault("be-1"))
    assert covered(Scope(device="*"), rule, fault("be-1"), NOW + timedelta(hours=7))


def test_a_device_that_is_no_longer_in_the_inventory_is_not_covered() -> None:
    assert not covered(Scope(device="*"), ON, fault("gone"))


def test_of_several_windows_the_one_that_ends_last_counts_and_its_end_is_the_end() -> None:
    windows = tuple(
        Window(name=name, scope=Scope(device="*"), when=Span(begins=NOW - HOUR, ends=NOW + hours * HOUR), reason="work")
        for name, hours in (("M1", 1), ("M2", 3), ("M3", 2))
    )

    def at(now: datetime) -> Coverage:
        return Coverage(windows=windows, devices=DEVICES, sites=SITES, now=now)

    found = at(NOW).of(fault("be-1"))
    assert found is not None
    assert found.window.name == "M2"
    assert at(NOW).over_since(fault("be-1")) is None
    assert at(NOW + 9 * HOUR).of(fault("be-1")) is None
    assert at(NOW + 9 * HOUR).over_since(fault("be-1")) == NOW + 3 * HOUR
    assert [each.window.name for each in at(NOW).active()] == ["M1", "M2", "M3"]
    assert [at(NOW + hours * HOUR).next_change() for hours in (-2, 0, 1, 2, 3)] == [
        NOW - HOUR, NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR, None,
    ]  # fmt: skip


def test_a_device_is_covered_as_a_whole_only_by_a_window_that_names_no_part() -> None:
    def whole(scope: Scope) -> list[str]:
        window = Window(name="M1", scope=scope, when=ON, reason="work")
        return [each.name for each in Coverage(windows=(window,), devices=DEVICES, sites=SITES, now=NOW).whole()]

    assert whole(Scope(site="hefei-1")) == ["hf-core-1", "HF-acc-2"]
    assert whole(Scope(site="hefei-1", kind="psu")) == []


def test_a_rule_says_the_time_it_was_given() -> None:
    assert every("Sun 02:05", HOUR).at == time(2, 5)
