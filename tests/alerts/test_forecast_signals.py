"""Counts, peers, flags, dates, and the daily round over all of them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import comb

import pytest
from days import RULES, TODAY, claims, days, hours, wander
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.notices.forecast import Forecast, Signal, as_data, from_data
from alerts.notices.forecast_dates import Ending, Ends, ending
from alerts.notices.forecast_flags import ModuleError, memory_errors, predicted, rising
from alerts.notices.forecast_peers import unlike_peers
from alerts.notices.forecast_rate import Counts, at_least, discoveries, more_often
from alerts.notices.forecast_round import Beside, busy_days, foreseen, yesterday
from alerts.past import Series
from monitor.model import Component, Condition

OK, BAD = Condition.OK, Condition.DEGRADED
PORT = Component(kind="interface", label="GE1/0/1")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WARM = RULES.peers[0]


# ------------------------------------------------------------------------------------------------ counts
@given(total=st.integers(1, 60), count=st.integers(0, 60), share=st.integers(1, 99))
def test_the_chance_is_that_of_the_binomial_sum(total: int, count: int, share: int) -> None:
    chance = Fraction(share, 100)
    exact = sum(
        (comb(total, each) * chance**each * (1 - chance) ** (total - each) for each in range(count, total + 1)),
        Fraction(0),
    )
    if count <= total:
        assert at_least(count, total, share / 100) == pytest.approx(float(exact), rel=1e-9, abs=1e-12)


def test_large_counts_have_a_chance_as_well() -> None:
    assert at_least(100_000, 1_000_000, 0.09) < 1e-200
    assert at_least(90_000, 1_000_000, 0.09) == pytest.approx(0.5, abs=0.01)


def test_of_many_chances_those_stand_that_are_too_small_for_their_number() -> None:
    assert discoveries([0.001, 0.5, 0.02, 0.9], 0.05) == [0, 2]
    assert discoveries([0.001, 0.02], 0.05, among=1000) == []
    assert discoveries([0.04, 0.045, 0.05], 0.05) == [0, 1, 2]  # each alone would not stand at its own rank
    assert discoveries([], 0.05) == []


def counts(numbers: list[float], aspect: str = "errors_in", device: str = "sw-1") -> Counts:
    first = TODAY - timedelta(days=len(numbers) - 1)
    return Counts(
        device=device,
        component=PORT,
        aspect=aspect,
        days=tuple((first + timedelta(days=place), each) for place, each in enumerate(numbers)),
    )


def rates(*several: Counts) -> list[Forecast]:
    return list(more_often(several, RULES.rates[0], TODAY))


def test_a_port_with_many_more_errors_than_before_is_told() -> None:
    (found,) = rates(counts([*([10.0, 14.0, 8.0, 12.0] * 7), 900.0]))
    assert (found.signal, found.current, found.usual, found.stage) == (Signal.RATE, 900.0, 11.0, 2)
    assert float(found.facts["chance"]) < 1e-6


@pytest.mark.parametrize(
    "numbers",
    [
        [0.0] * 29,
        [*([0.0] * 28), 99.0],  # fewer than the least
        [*([400.0, 380.0, 420.0, 410.0] * 7), 900.0],  # not five times as many
        [*([0.0] * 13), 2000.0, *([0.0] * 13), 0.0, 900.0],  # it has such bursts
        [900.0],  # nothing to compare with
        [*([0.0] * 28), float("nan")],
    ],
)
def test_a_port_is_not_told_for_what_it_always_had_or_for_little(numbers: list[float]) -> None:
    assert rates(counts(numbers)) == []


def test_among_many_ports_each_must_be_surer() -> None:
    one = counts([*([20.0, 15.0, 25.0, 20.0] * 7), 180.0])
    (found,) = more_often([one], RULES.rates[0], TODAY)
    judged = round(0.01 / float(found.facts["chance"])) + 1
    assert list(more_often([one], RULES.rates[0], TODAY, judged)) == []
    assert list(more_often([one], RULES.rates[0], TODAY, judged - 2)) == [found]


def test_a_day_that_is_not_known_is_no_day_without_errors() -> None:
    known = counts([*([100.0] * 28), 900.0])
    assert len(rates(known)) == 1
    assert rates(Counts(device="s", component=PORT, aspect="errors_in", days=known.days[-5:])) == []


def test_the_counts_of_a_rate_per_second_are_those_of_the_time_that_is_known() -> None:
    quiet, loud = 10 / 86400, 900 / 86400
    several = [
        days(
            [*([quiet] * 27 + [1.5 * quiet]), last],
            aspect="errors_in",
            kind="interface",
            device=name,
            unit="per_second",
        )
        for name, last in (("loud", loud), ("calm", quiet))
    ]
    (found,) = foreseen(several, RULES, TODAY)
    assert (found.device, found.subject, found.aspect) == ("loud", "errors", "errors_in")
    assert found.current == pytest.approx(900)


# ------------------------------------------------------------------------------------------------ peers
def warm(device: str, rise: float = 0.0, seed: int = 0, all_rise: float = 0.0) -> Series:
    values = [40 + each for each in wander(40, seed=seed, size=0.3)]
    values[-3:] = [each + rise + all_rise for each in values[-3:]]
    return days(values, aspect="temperature", kind="temperature", label="inlet", device=device, unit="celsius")


def peers(*several: Series) -> list[Forecast]:
    return list(unlike_peers(several, WARM, TODAY, group=lambda each: each.component.label))


def test_a_part_that_got_warmer_than_its_peers_is_told() -> None:
    (found,) = peers(warm("sw-1", 7), *(warm(f"p{each}", seed=each + 1) for each in range(4)))
    assert (found.device, found.facts["peers"], found.stage) == ("sw-1", 4, 1)
    assert float(found.facts["beyond"]) == pytest.approx(7, abs=1)


def test_a_warm_room_warms_all_and_nobody_is_told() -> None:
    assert peers(*(warm(f"p{each}", seed=each, all_rise=9) for each in range(6))) == []


def test_without_peers_it_takes_more() -> None:
    assert peers(warm("sw-1", 7)) == []
    (found,) = peers(warm("sw-1", 12))
    assert found.facts["peers"] == 0


def test_one_hot_day_is_not_told() -> None:
    values = [40.0] * 39
    hot = days([*values, 60.0], aspect="temperature", kind="temperature", label="inlet", unit="celsius")
    assert peers(hot, *(warm(f"p{each}", seed=each + 1) for each in range(4))) == []


def test_hours_decide_where_they_are_at_hand() -> None:
    several = [warm("sw-1", 7), *(warm(f"p{each}", seed=each + 1) for each in range(4))]
    as_ever = hours([40.0 + (10 if place % 24 in range(8, 20) else 0) for place in range(40 * 24)], several[0])
    found = list(unlike_peers(several, WARM, TODAY, group=lambda each: each.component.label, hours=lambda _: as_ever))
    assert found == []


# ------------------------------------------------------------------------------------------------ flags
def test_a_disk_that_predicts_its_failure_is_told_with_the_day_it_began() -> None:
    found = predicted(claims([OK] * 5 + [BAD] * 3), TODAY)
    assert found is not None
    assert found.facts["since"] == (TODAY - timedelta(days=2)).isoformat()
    assert found.stage == 3


@pytest.mark.parametrize("conditions", [[], [OK] * 5, [BAD, BAD, OK], [Condition.UNKNOWN] * 3, [Condition.ABSENT]])
def test_a_disk_that_does_not_is_not(conditions: list[Condition]) -> None:
    assert predicted(claims(conditions), TODAY) is None


def test_a_prediction_of_last_week_says_nothing_of_today() -> None:
    assert predicted(claims([BAD] * 5, until=TODAY - timedelta(days=7)), TODAY) is None


def smart(values: Sequence[float | None]) -> Forecast | None:
    return rising(days(values, aspect="reallocated_sectors", kind="disk", unit=""), TODAY)


def test_a_disk_whose_bad_sectors_rise_is_told() -> None:
    found = smart([3.0] * 10 + [4.0, 9.0, 20.0])
    assert found is not None
    assert (found.usual, found.current, found.stage) == (3.0, 20.0, 3)


def test_another_disk_in_the_bay_begins_anew() -> None:
    found = smart([900.0] * 10 + [0.0, 1.0, 2.0])
    assert found is not None
    assert (found.usual, found.current) == (0.0, 2.0)


def test_what_rose_long_ago_is_not_told() -> None:
    old = days([0.0] * 5 + [9.0], aspect="reallocated_sectors", kind="disk", unit="", until=TODAY - timedelta(days=4))
    assert rising(old, TODAY) is None


@pytest.mark.parametrize(
    "values", [[], [8.0], [8.0] * 20, [0.0, 5.0] + [5.0] * 20, [900.0] * 10 + [0.0], [float("nan")] * 9]
)
def test_a_disk_whose_bad_sectors_stay_is_not(values: list[float | None]) -> None:
    assert smart(values) is None


def errors(count: int, *, addresses: int = 1, corrected: bool = True, hours_ago: float = 1) -> Iterator[ModuleError]:
    for place in range(count):
        yield ModuleError(
            device="srv-1",
            component=Component(kind="dimm", label="A1"),
            at=NOW - timedelta(hours=hours_ago),
            address=f"0x{place % addresses:x}",
            corrected=corrected,
        )


def test_many_addresses_or_one_error_that_was_not_corrected_tell_of_a_memory_module() -> None:
    (found,) = memory_errors(errors(8, addresses=8), RULES.memory, NOW)
    assert (found.stage, found.facts["addresses"]) == (2, 8)
    (found,) = memory_errors(errors(1, corrected=False), RULES.memory, NOW)
    assert (found.stage, found.subject) == (3, "uncorrected")
    assert list(memory_errors(errors(20), RULES.memory, NOW)) == []
    assert list(memory_errors(errors(20, addresses=20, hours_ago=25), RULES.memory, NOW)) == []


# ------------------------------------------------------------------------------------------------ dates
@pytest.mark.parametrize(
    ("left", "stage"), [(91, None), (90, 1), (61, 1), (60, 2), (30, 3), (7, 4), (0, 4), (-1, None)]
)
def test_an_end_is_told_ninety_sixty_thirty_and_seven_days_before(left: int, stage: int | None) -> None:
    one = Ending(device="sw-1", what=Ends.MAKER_WARRANTY, on=TODAY + timedelta(days=left))
    found = [each.stage for each in ending([one], RULES.dates, TODAY)]
    assert found == ([] if stage is None else [stage])


def test_each_thing_that_ends_has_a_key_of_its_own() -> None:
    several = [Ending(device="sw-1", what=what, on=TODAY) for what in Ends]
    several.append(Ending(device="sw-1", what=Ends.LICENCE, name="IRF", on=TODAY))
    assert len({each.key for each in ending(several, RULES.dates, TODAY)}) == len(several)


# ------------------------------------------------------------------------------------------------ the round
def test_of_a_link_the_working_hours_count() -> None:
    port = days([], aspect="utilisation_in", kind="interface", label="GE1/0/1", unit="ratio")
    at_night = hours([0.9 if (place + 8) % 24 < 6 else 0.2 for place in range(21 * 24)], port)
    assert {span.median for span in busy_days(at_night, "Asia/Shanghai", (8, 18)).spans} == {0.2}
    assert len(busy_days(at_night, "Asia/Shanghai", (8, 18)).spans) == 15


def test_a_link_that_fills_up_is_planned_for() -> None:
    busy = [0.3 + 0.004 * (place // 24) if 0 <= place % 24 < 10 else 0.05 for place in range(90 * 24)]
    daily = days([sum(busy[24 * each : 24 * each + 24]) / 24 for each in range(90)], aspect="utilisation_in",
                 kind="interface", label="GE1/0/1", unit="ratio")  # fmt: skip
    beside = Beside(hours=lambda each: hours(busy, each))
    (found,) = foreseen([daily], RULES, TODAY, beside)
    assert found.capacity
    assert found.left is not None
    assert found.left.days == pytest.approx((0.8 - 0.3 - 0.004 * 89) / 0.004, abs=3)


def test_the_round_finds_all_and_the_nearest_stands_first() -> None:
    creeping = days([-8 - 0.1 * each for each in range(40)], low=-14)
    flat = days(wander(60, seed=1), low=-14, label="flat")
    disk = claims([BAD] * 3)
    beside = Beside(
        counts=(counts([*([10.0, 14.0] * 14), 900.0]),),
        errors=tuple(errors(1, corrected=False)),
        endings=(Ending(device="sw-1", what=Ends.LICENCE, on=TODAY + timedelta(days=3)),),
    )
    several = [creeping, flat, disk, warm("sw-1", 12)]
    found = foreseen(several, RULES, TODAY, beside)
    assert [each.signal for each in found] == [
        Signal.DATE,
        Signal.TREND,
        Signal.MEMORY_ERRORS,
        Signal.PREDICTED,
        Signal.RATE,
        Signal.UNLIKE_PEERS,
    ]
    assert [from_data(as_data(each)) for each in found] == found
    assert foreseen(several, RULES, TODAY, beside) == found


def test_the_last_day_that_is_over_is_that_of_the_site() -> None:
    assert yesterday(datetime(2026, 11, 22, 15, 59, tzinfo=UTC), "Asia/Shanghai").isoformat() == "2026-11-21"
    assert yesterday(datetime(2026, 11, 22, 16, 0, tzinfo=UTC), "Asia/Shanghai").isoformat() == "2026-11-22"


@given(numbers=st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40))
@settings(max_examples=100, deadline=None)
def test_whatever_the_counts_hold_nothing_is_raised(numbers: list[float]) -> None:
    rates(counts(numbers))
    smart([*numbers])
    peers(days(numbers, aspect="temperature", kind="temperature", unit="celsius"))
