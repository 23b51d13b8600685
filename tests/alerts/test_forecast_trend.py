"""Lines to a limit: who is told, how early, and above all who is not."""

from dataclasses import replace
from datetime import date, timedelta
from math import inf, nan

import numpy as np
import pytest
from days import TODAY, TRENDS, days, wander
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.notices.forecast import Forecast, Signal, as_data, from_data, worse
from alerts.notices.forecast_slopes import line as line_through
from alerts.notices.forecast_slopes import slope_of
from alerts.notices.forecast_trend import drifting, trend_of
from alerts.past import Series
from monitor.model import Component

RX = TRENDS["rx_power"]
SEEDS = st.integers(0, 10_000)


def told(
    values: list[float | None], *, low: float = -14.0, high: float = 1.0, rule: str = "rx_power"
) -> Forecast | None:
    return drifting(days(values, low=low, high=high), TRENDS[rule], TODAY)


def line(
    count: int, *, begin: float = -8.0, slope: float = -0.1, seed: int = 1, size: float = 0.05
) -> list[float | None]:
    return [begin + slope * day + noise for day, noise in enumerate(wander(count, seed=seed, size=size))]


def test_a_creeping_optic_is_told_with_days_and_interval() -> None:
    found = told(line(40))
    assert found is not None
    assert found.signal is Signal.TREND
    assert found.slope == pytest.approx(-0.1, abs=0.01)
    assert found.current == pytest.approx(-11.9, abs=0.2)
    assert found.limit == -14.0
    assert found.left is not None
    assert found.left.days == pytest.approx(21, abs=3)
    assert found.left.high is not None
    assert found.left.low < found.left.days < found.left.high
    assert found.stage == 2  # of 60, 30, 14, 7 days


@pytest.mark.parametrize("slope", [-0.05, -0.1, -0.15])
@pytest.mark.parametrize("calm", [0, 60])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_creeping_optic_is_told_fourteen_days_ahead(slope: float, calm: int, seed: int) -> None:
    need = round(6 / -slope)
    noise = wander(calm + need, seed=seed)
    values = [-8 + slope * max(0, place - calm) + each for place, each in enumerate(noise)]
    first = calm + need - 14
    assert told(list(values[:first])) is not None


def test_a_flat_link_is_never_told_however_near_its_limit() -> None:
    for seed in range(40):
        values = [round(-13.6 + each, 1) for each in wander(90, seed=seed)]
        for end in range(20, 91, 5):
            assert told(list(values[:end])) is None


def test_one_day_alone_or_two_say_nothing_yet() -> None:
    values = line(60, size=0.0)
    first = next(end for end in range(1, 60) if told(values[:end]) is not None)
    assert first == 16  # fourteen days, and the two after on which it was still so


def test_what_did_not_hold_yesterday_is_not_told_today() -> None:
    values = line(40)
    assert told(values) is not None
    assert told([*values, None]) is not None
    assert told([*values[:-3], -8.0, -8.0, -8.0]) is None


def test_a_jump_is_an_event_and_the_past_before_it_counts_no_more() -> None:
    values = [*wander(40, seed=3, size=0.05), *[-2.5 + each for each in wander(3, seed=4, size=0.05)]]
    found = told([-8 + each for each in values])
    assert found is not None
    assert found.signal is Signal.STEP
    assert found.facts["on"] == (TODAY - timedelta(days=2)).isoformat()
    assert found.usual == pytest.approx(-8, abs=0.2)
    assert found.left is None
    later = [*values, *[-2.5 + each for each in wander(20, seed=5, size=0.05)]]
    assert told([-8 + each for each in later]) is None


@pytest.mark.parametrize("days_since", [0, 1, 2, 5])
def test_a_jump_of_one_day_is_none(days_since: int) -> None:
    assert told([*([-8.0] * 40), -11.0, *([-8.0] * days_since)]) is None


def test_a_jump_of_memory_begins_anew_but_is_no_event() -> None:
    values = [*([0.5] * 40), 0.7, 0.7, 0.7]
    series = days(values, aspect="usage", kind="memory", unit="ratio")
    assert drifting(series, TRENDS["memory"], TODAY) is None


def test_a_cleaned_connector_ends_the_forecast() -> None:
    values = line(40)
    assert told(values) is not None
    assert told([*values, -7.0, -7.0]) is None


def test_the_past_of_another_module_does_not_count() -> None:
    values = line(40)
    series = days(values, low=-14, high=1)
    assert drifting(series, RX, TODAY, since=TODAY - timedelta(days=10)) is None
    assert drifting(series, RX, TODAY, since=TODAY - timedelta(days=60)) is not None


def test_without_a_limit_nothing_is_foreseen() -> None:
    assert drifting(days(line(40)), RX, TODAY) is None


def test_beyond_the_limit_it_is_a_fault_and_no_forecast() -> None:
    assert told(line(75)) is None


def test_a_series_that_has_ended_says_nothing_of_today() -> None:
    series = days(line(40), low=-14, high=1)
    assert drifting(series, RX, TODAY + timedelta(days=2)) is not None
    assert drifting(series, RX, TODAY + timedelta(days=5)) is None


def test_a_link_that_wanders_wildly_near_its_limit_is_hardly_ever_told() -> None:
    told_of = 0
    for seed in range(30):
        values = [-13.0 + each for each in wander(120, seed=seed, size=0.3, lean=0.8)]
        told_of += any(told(list(values[:end])) for end in range(20, 121, 4))
    assert told_of <= 1


def test_a_drift_that_has_ended_is_not_told() -> None:
    fell = [-8 - 0.1 * day for day in range(40)]
    assert told([*fell, *([fell[-1]] * 9)]) is None


def test_the_true_day_lies_in_the_interval_of_most_courses() -> None:
    places = np.arange(-27.0, 1.0)
    inside = 0
    for seed in range(60):
        noise = np.array(wander(28, seed=seed, size=0.1, lean=0.6))
        low, high = line_through(places, -12.5 - 0.05 * places + noise).interval(-14.0)
        inside += low <= 30 <= high
    assert inside >= 51  # measured over a thousand: 92 %


def test_weekly_and_yearly_seasons_are_no_drift() -> None:
    from math import sin  # noqa: PLC0415 - only this test has seasons

    for phase in range(0, 365, 14):
        values = [
            -13.2 + 0.3 * sin((place + phase) / 365 * 6.28) + 0.2 * (place % 7 > 4) + noise
            for place, noise in enumerate(wander(90, seed=phase, size=0.05))
        ]
        assert told(list(values)) is None


def test_memory_that_leaks_is_told_and_a_restart_begins_anew() -> None:
    leak = [0.5 + 0.005 * day for day in range(60)]
    series = days(leak, aspect="usage", kind="memory", label="Slot 1", unit="ratio")
    rule = trend_of(series, list(TRENDS.values()))
    assert rule is TRENDS["memory"]
    found = drifting(series, rule, TODAY)
    assert found is not None
    assert found.left is not None
    assert found.left.days == pytest.approx(21, abs=1)
    assert drifting(days([*leak, 0.5, 0.505], aspect="usage", kind="memory", unit="ratio"), rule, TODAY) is None


def test_flash_is_told_as_planning() -> None:
    series = days([0.6 + 0.003 * day for day in range(60)], aspect="usage", kind="flash", label="flash:", unit="ratio")
    rule = trend_of(series, list(TRENDS.values()))
    assert rule is TRENDS["flash"]
    found = drifting(series, rule, TODAY)
    assert found is not None
    assert found.capacity


def test_wear_in_whole_percents_is_told_as_planning() -> None:
    values = [round(0.30 - 0.0012 * day, 2) for day in range(120)]
    series = days(values, aspect="endurance", kind="disk", unit="ratio")
    found = drifting(series, TRENDS["endurance"], TODAY)
    assert found is not None
    assert found.capacity
    assert found.left is not None
    assert found.left.days == pytest.approx((0.30 - 0.0012 * 119 - 0.1) / 0.0012, rel=0.15)


def test_told_again_only_when_it_is_nearer() -> None:
    first, later = told(line(30)), told(line(50))
    assert first is not None
    assert later is not None
    assert first.key == later.key
    assert worse(later, first)
    assert not worse(first, later)
    assert not worse(first, first)


def test_a_forecast_is_the_same_after_the_disk() -> None:
    found = told(line(40))
    assert found is not None
    assert from_data(as_data(found)) == found


@given(seed=SEEDS, shift=st.floats(-20, 20), slope=st.sampled_from([-0.08, -0.12]))
@settings(max_examples=25, deadline=None)
def test_a_constant_on_values_and_limit_shifts_no_day(seed: int, shift: float, slope: float) -> None:
    values = line(40, seed=seed, slope=slope)
    plain, moved = (
        told(values),
        told([value + shift for value in values if value is not None], low=-14 + shift, high=99),
    )
    assert (plain is None) == (moved is None)
    if plain and moved and plain.left and moved.left:
        assert moved.left.days == pytest.approx(plain.left.days, abs=1e-6)
        assert moved.left.low == pytest.approx(plain.left.low, abs=1e-6)


@given(seed=SEEDS)
@settings(max_examples=25, deadline=None)
def test_time_reversed_the_slope_is_the_other_way_round(seed: int) -> None:
    values = np.array(wander(30, seed=seed))
    places = np.arange(-29.0, 1.0)
    assert slope_of(places, values[::-1])[0] == pytest.approx(-slope_of(places, values)[0], abs=1e-12)


@given(seed=SEEDS, gone=st.sets(st.integers(0, 79), max_size=70))
@settings(max_examples=60, deadline=None)
def test_gaps_never_make_a_warning(seed: int, gone: set[int]) -> None:
    values = [None if place in gone else -13.5 + each for place, each in enumerate(wander(80, seed=seed, size=0.05))]
    assert told(values) is None


@given(
    values=st.lists(
        st.one_of(st.none(), st.just(nan), st.just(inf), st.just(-inf), st.floats(), st.floats(-40, 10)),
        max_size=70,
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_the_days_hold_nothing_is_raised(values: list[float | None]) -> None:
    told(values)


@pytest.mark.parametrize("values", [[], [-9.0], [-9.0] * 80, [nan] * 80, [None] * 80])
def test_nothing_one_day_and_equal_days_say_nothing(values: list[float | None]) -> None:
    assert told(values) is None


def test_all_days_of_another_century_say_nothing() -> None:
    series = days(line(40), low=-14, until=date(1999, 1, 1))
    assert drifting(series, RX, TODAY) is None


def test_an_aspect_without_a_rule_has_no_trend() -> None:
    series: Series = replace(days([1.0]), component=Component(kind="fan", label="1"), aspect="speed")
    assert trend_of(series, list(TRENDS.values())) is None


# ------------------------------------------------------------------------------------------------ what will not wait
def fast(fall: float, steps: int, calm: int = 30) -> list[float]:
    """Calm days around -8 dBm, in steps of 0.1, and then so many days of falling."""
    return [-8.0 - 0.1 * (day % 2) for day in range(calm)] + [-8.0 - fall * (step + 1) for step in range(steps)]


def test_what_falls_to_its_limit_within_two_weeks_is_told_within_days() -> None:
    told = [drifting(days(fast(0.4, steps), low=-14), TRENDS["rx_power"], TODAY) for steps in range(1, 8)]
    first = next(place for place, each in enumerate(told, 1) if each is not None)
    assert first <= 5
    (found,) = [told[first - 1]]
    assert found is not None
    assert found.signal is Signal.TREND
    assert found.left is not None
    assert found.left.days == pytest.approx(15 - first, abs=1)
    assert found.left.low <= found.left.days


@pytest.mark.parametrize(
    "values",
    [
        [*fast(0.4, 4), -8.2],  # it came back
        [*fast(0.4, 4)[:-1], -8.0],
        [-8.0] * 30 + [-9.9, -9.9, -9.9, -9.9],  # a jump: that is an event
        [-8.0, -10.0] * 15 + fast(0.4, 5)[-5:],  # it has been there before
        fast(0.4, 5, calm=5),  # nobody knows what is usual
        fast(0.03, 10),  # that is slow: a line will tell it
        [-8.0] * 30 + [-7.0 + 0.0 * day for day in range(2)] + [-6.6, -6.2],  # two days of work at the far end
    ],
)
def test_what_is_no_run_to_the_limit_is_none(values: list[float]) -> None:
    found = drifting(days(values, low=-14, high=-3), TRENDS["rx_power"], TODAY)
    assert found is None or found.signal is Signal.STEP


def test_a_day_that_is_not_known_within_a_run_ends_it() -> None:
    values: list[float | None] = [*fast(0.4, 5)]
    values[-3] = None
    assert drifting(days(values, low=-14), TRENDS["rx_power"], TODAY) is None
