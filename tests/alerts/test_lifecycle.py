import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.faults.lifecycle import after_bad, after_good, penalty_at, suspected
from alerts.faults.rules import Flapping, Run, Watch
from monitor.model import Component, Condition, Fault, FaultKey, FaultState, Observation

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FLAPPING = Flapping()
KEY = FaultKey(device="box", kind="fan", label="1", aspect="state")
SUSPECTED, OPEN, CLEARED = FaultState.SUSPECTED, FaultState.OPEN, FaultState.CLEARED


def watch(confirm: int = 1, clear: int = 1, *, lasting: int = 0, calm: int = 0) -> Watch:
    return Watch(confirm=Run(answers=confirm, time=lasting * MINUTE), clear=Run(answers=clear, time=calm * MINUTE))


def bad_answer(now: datetime) -> Observation:
    return Observation(
        component=Component(kind="fan", label="1"), aspect="state", condition=Condition.FAILED, at=now, raw="abnormal"
    )


def lived(answers: str, how: Watch, every: timedelta = MINUTE) -> list[Fault]:
    """The fault after each answer, "x" bad and "." good; ends where it clears."""
    fault: Fault | None = None
    states = []
    for n, one in enumerate(answers):
        now = NOON + n * every
        if one == "x":
            before = fault or suspected(KEY, bad_answer(now), None, FLAPPING, now)
            fault = after_bad(before, bad_answer(now), how, FLAPPING, now)
        elif fault is not None:
            fault = after_good(fault, how, FLAPPING, now)
        if fault is not None:
            states.append(fault)
            if fault.state is CLEARED:
                break
    return states


@pytest.mark.parametrize(
    ("answers", "how", "states"),
    [
        ("x", watch(1), [OPEN]),
        ("xx", watch(2), [SUSPECTED, OPEN]),
        ("xxxx", watch(2, lasting=3), [SUSPECTED, SUSPECTED, SUSPECTED, OPEN]),
        ("xxx", watch(3, lasting=1), [SUSPECTED, SUSPECTED, OPEN]),
        ("x.", watch(1, 1), [OPEN, CLEARED]),
        ("x..", watch(1, 2), [OPEN, OPEN, CLEARED]),
        ("x....", watch(1, 2, calm=3), [OPEN, OPEN, OPEN, OPEN, CLEARED]),
        ("x.x..", watch(1, 2), [OPEN, OPEN, OPEN, OPEN, CLEARED]),
        ("x..", watch(2, 2), [SUSPECTED, SUSPECTED, CLEARED]),
        ("x.xx", watch(2, 2), [SUSPECTED, SUSPECTED, SUSPECTED, OPEN]),
    ],
)
def test_answers_lead_to_states(answers: str, how: Watch, states: list[FaultState]) -> None:
    assert [fault.state for fault in lived(answers, how)] == states


def test_fault_remembers_when_it_was_first_and_last_seen_and_what_spoke_for_it() -> None:
    fault = lived("xx.", watch(1, 2))[-1]
    assert (fault.first_seen, fault.last_seen) == (NOON, NOON + MINUTE)
    assert fault.evidence == bad_answer(NOON + MINUTE)
    assert (fault.good, fault.good_since) == (1, NOON + 2 * MINUTE)


def test_good_answers_that_bring_no_news_leave_the_very_same_fault() -> None:
    how = watch(1, 2, calm=60)
    fault = lived("x..", how)[-1]
    assert after_good(fault, how, FLAPPING, NOON + 5 * MINUTE) is fault


def test_penalty_is_halved_in_every_half_life() -> None:
    fault = lived("x", watch(1))[-1]
    assert penalty_at(fault, FLAPPING, NOON) == 1000
    assert penalty_at(fault, FLAPPING, NOON + 15 * MINUTE) == 500
    assert penalty_at(fault, FLAPPING, NOON + 30 * MINUTE) == 250


def test_third_relapse_within_minutes_is_flapping_and_opens_at_once() -> None:
    states = lived("x.x.x", watch(9, 2))
    assert [(fault.state, fault.flapping) for fault in states[::2]] == [
        (SUSPECTED, False), (SUSPECTED, False), (OPEN, True)
    ]  # fmt: skip


def test_flapping_fault_does_not_clear_before_its_penalty_is_below_reuse() -> None:
    states = lived("x.x.x" + "." * 40, watch(1, 2))
    minutes = len(states) - 1
    assert states[-1].state is CLEARED
    assert penalty_at(states[-2], FLAPPING, NOON + (minutes - 1) * MINUTE) >= FLAPPING.reuse
    assert penalty_at(states[-2], FLAPPING, NOON + minutes * MINUTE) < FLAPPING.reuse


def test_flapping_that_stays_bad_is_flapping_no_more() -> None:
    states = lived("x.x.x" + "x" * 5, watch(1, 2))
    assert [fault.flapping for fault in states[4:]] == [True, True, True, True, True, False]
    assert states[-1].state is OPEN


def test_penalty_has_a_ceiling_so_that_flapping_can_end() -> None:
    fault = lived("x." * 100, watch(1, 2), timedelta(seconds=1))[-1]
    assert fault.penalty <= FLAPPING.ceiling


def test_new_fault_inherits_the_penalty_that_its_forerunner_has_left() -> None:
    gone = replace(lived("x.", watch(1, 1))[-1], penalty=2000.0, changed_at=NOON)
    now = NOON + 15 * MINUTE
    assert suspected(KEY, bad_answer(now), gone, FLAPPING, now).penalty == 2000


def test_at_once_confirms_at_first_sight() -> None:
    fault = suspected(KEY, bad_answer(NOON), None, FLAPPING, NOON)
    opened = after_bad(fault, bad_answer(NOON), watch(5, lasting=60), FLAPPING, NOON, at_once=True)
    assert opened.state is OPEN


@given(st.text(alphabet="x.", max_size=60), st.integers(1, 4), st.integers(1, 4))
def test_counts_never_run_in_both_directions_and_time_never_runs_back(answers: str, confirm: int, clear: int) -> None:
    states = lived(answers, watch(confirm, clear))
    for fault in states:
        assert fault.bad == 0 or fault.good == 0
        assert fault.first_seen <= fault.last_seen
        assert (fault.good > 0) == (fault.good_since is not None)
    for before, after in itertools.pairwise(states):
        assert before.last_seen <= after.last_seen
        assert before.changed_at <= after.changed_at
        assert not (before.state is OPEN and after.state is SUSPECTED)


@given(st.integers(0, 100_000))
def test_no_fault_clears_by_age(minutes: int) -> None:
    fault = lived("x", watch(1, 2))[-1]
    later = after_good(fault, watch(1, 2), FLAPPING, NOON + minutes * MINUTE)
    assert later.state is OPEN


def test_a_clock_that_jumps_ahead_confirms_nothing() -> None:
    how = watch(2, lasting=5)
    first = after_bad(suspected(KEY, bad_answer(NOON), None, FLAPPING, NOON), bad_answer(NOON), how, FLAPPING, NOON)
    jumped = NOON + timedelta(hours=3)
    second = after_bad(first, bad_answer(jumped), how, FLAPPING, jumped)
    assert second.state is SUSPECTED
    later = jumped + 5 * MINUTE
    assert after_bad(second, bad_answer(later), how, FLAPPING, later).state is OPEN
    assert after_bad(first, bad_answer(jumped), watch(2), FLAPPING, jumped).state is OPEN  # two answers are two answers
