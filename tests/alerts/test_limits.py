from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.faults.limits import assessed, crossed
from monitor.model import Component, Condition, Fault, FaultKey, FaultState, Level, Limits, Observation

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
OK, DEGRADED, FAILED = Condition.OK, Condition.DEGRADED, Condition.FAILED
ALL_FOUR = Limits(low_critical=0, low_warning=5, high_warning=60, high_critical=70)


def number(value: float | None, limits: Limits | None = None, condition: Condition | None = None) -> Observation:
    return Observation(
        component=Component(kind="temperature", label="A"),
        aspect="temperature",
        condition=condition,
        at=NOON,
        value=value,
        unit="celsius",
        limits=limits,
    )


def known(condition: Condition, good: int = 0) -> Fault:
    return Fault(
        key=FaultKey(device="box", kind="temperature", label="A", aspect="temperature"),
        component=Component(kind="temperature", label="A"),
        condition=condition,
        level=Level.MINOR,
        reasons=(),
        evidence=number(61.0),
        state=FaultState.OPEN,
        first_seen=NOON,
        last_seen=NOON,
        changed_at=NOON,
        good=good,
    )


@pytest.mark.parametrize(
    ("value", "condition"),
    [(-1, FAILED), (0, DEGRADED), (4, DEGRADED), (5, OK), (60, OK), (60.1, DEGRADED), (70, DEGRADED), (70.1, FAILED)],
)
def test_number_is_compared_with_all_four_limits(value: float, condition: Condition) -> None:
    assert assessed(number(value, ALL_FOUR), None, 0, None)[0].condition is condition


def test_limits_of_the_device_go_before_those_of_the_policy_even_where_they_are_wider() -> None:
    told, spoke = assessed(number(80, Limits(high_warning=90)), ALL_FOUR, 0, None)
    assert (told.condition, spoke) == (OK, None)


def test_limits_of_the_policy_speak_where_the_device_tells_none() -> None:
    told, spoke = assessed(number(61), ALL_FOUR, 0, None)
    assert told.condition is DEGRADED
    assert spoke is not None
    assert (spoke.limit, spoke.own, spoke.above, spoke.held) == (60, False, True, False)


def test_limits_that_cannot_be_meant_are_as_if_not_told() -> None:
    nonsense = Limits(low_warning=0, high_warning=0)
    assert assessed(number(16, nonsense), None, 0, None)[0].condition is None
    assert assessed(number(16, nonsense), ALL_FOUR, 0, None)[0].condition is OK


def test_claim_of_the_device_stands_whatever_the_number_says() -> None:
    claimed = number(99, ALL_FOUR, OK)
    assert assessed(claimed, ALL_FOUR, 0, None) == (claimed, None)
    spoke = crossed(claimed)
    assert spoke is not None
    assert spoke.limit == 70


def test_number_that_nobody_limits_and_text_without_number_stay_without_condition() -> None:
    for one in (number(99), number(None, ALL_FOUR)):
        assert assessed(one, None, 0, None)[0] is one


@pytest.mark.parametrize(
    ("value", "was", "condition"),
    [
        (69, DEGRADED, DEGRADED), (59, DEGRADED, DEGRADED), (57, DEGRADED, OK), (69, FAILED, FAILED),
        (67, FAILED, DEGRADED), (57, FAILED, OK),
        (7, DEGRADED, DEGRADED), (8, DEGRADED, OK), (2, FAILED, FAILED), (3, FAILED, DEGRADED),
    ],
)  # fmt: skip
def test_limit_holds_on_the_way_back_until_the_number_is_clear_of_it(
    value: float, was: Condition, condition: Condition
) -> None:
    assert assessed(number(value, ALL_FOUR), None, 3, known(was))[0].condition is condition


def test_hysteresis_does_not_bring_back_what_was_seen_good() -> None:
    assert assessed(number(59, ALL_FOUR), None, 3, known(DEGRADED, good=1))[0].condition is OK


def test_limit_that_still_holds_is_said_to_hold() -> None:
    spoke = assessed(number(59, ALL_FOUR), None, 3, known(DEGRADED))[1]
    assert spoke is not None
    assert spoke.held


@given(st.floats(-100, 200), st.floats(0, 10), st.sampled_from([OK, DEGRADED, FAILED]))
def test_hysteresis_never_makes_a_number_look_better(value: float, slack: float, was: Condition) -> None:
    gravity = [OK, DEGRADED, FAILED]
    plain, held = (assessed(number(value, ALL_FOUR), None, one, known(was))[0].condition for one in (0.0, slack))
    assert plain is not None
    assert held is not None
    assert gravity.index(held) >= gravity.index(plain)
