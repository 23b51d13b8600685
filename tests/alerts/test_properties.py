"""What must hold of judgement whatever devices say, and in whichever order."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.faults.judgement import Judged, judged
from alerts.faults.policy import Policy, PolicyFile, policy
from monitor.model import Change, Component, Condition, Device, Fault, FaultKey, FaultState, Observation, Role
from monitor.store.documents import fault_document, fault_read

SHIPPED: Policy = policy(
    PolicyFile.model_validate(
        tomllib.loads((Path(__file__).parents[2] / "configs/policy.toml").read_text(encoding="utf-8"))
    )
)
BOX = Device(name="box", address="192.0.2.1", customer="c", site="s", role=Role.CORE, expect_up=("GE1",))
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
PARTS = (
    ("device", "", "answer", ""),
    ("system", "Health", "state", ""),
    ("psu", "PSU 1", "state", "1"),
    ("psu", "PSU 2", "state", "1"),
    ("psu", "PSU 1", "voltage", "1"),
    ("fan", "Fan 1", "state", "1"),
    ("interface", "GE1", "oper_status", "Trunk1"),
    ("interface", "GE2", "oper_status", "Trunk1"),
    ("aggregate", "Trunk1", "redundancy", "Trunk1"),
    ("optic", "GE1", "rx_power", ""),
    ("stack", "Member 1", "state", "1"),
    ("disk", "Disk 0", "state", ""),
    ("virtual_disk", "Volume", "state", ""),
)
CONDITIONS = (
    Condition.OK,
    Condition.OK,
    Condition.FAILED,
    Condition.DEGRADED,
    Condition.ABSENT,
    Condition.UNKNOWN,
)

Visit = tuple[timedelta, tuple[Observation, ...]]
Known = dict[FaultKey, Fault]


def told(part: tuple[str, str, str, str], condition: Condition) -> Observation:
    kind, label, aspect, slot = part
    component = Component(kind=kind, label=label, slot=slot)
    return Observation(
        component=component, aspect=aspect, condition=condition, at=NOON, raw=condition.value, source="x"
    )


observations = st.lists(
    st.builds(told, st.sampled_from(PARTS), st.sampled_from(CONDITIONS)), min_size=1, max_size=8
).map(tuple)
visits = st.lists(
    st.tuples(st.sampled_from([2, 60, 300, 3600]).map(lambda n: timedelta(seconds=n)), observations), max_size=9
)


def over(history: Sequence[Visit], kept: Callable[[Fault], Fault] = lambda fault: fault) -> list[Judged]:
    """The judgement of each visit; between two of them faults pass through `kept`."""
    known: Known = {}
    seen_ok: frozenset[tuple[str, str, str]] = frozenset()
    now, verdicts = NOON, []
    for wait, observed in history:
        now += wait
        dated = [replace(one, at=now) for one in observed]
        verdict = judged(dated, BOX, known, seen_ok, SHIPPED, now)
        known |= {step.fault.key: kept(step.fault) for step in verdict.steps}
        seen_ok |= verdict.newly_ok
        verdicts.append(verdict)
    return verdicts


@given(visits, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_observations_within_a_visit_does_not_matter(history: list[Visit], chance: object) -> None:
    shuffled = [(wait, tuple(chance.sample(observed, len(observed)))) for wait, observed in history]  # type: ignore[attr-defined] # a Random
    assert [verdict.steps for verdict in over(shuffled)] == [verdict.steps for verdict in over(history)]


@given(visits)
@settings(max_examples=60, deadline=None)
def test_no_sequence_leaves_two_open_faults_with_one_key(history: list[Visit]) -> None:
    standing: set[FaultKey] = set()
    for verdict in over(history):
        keys = [step.fault.key for step in verdict.steps]
        assert len(keys) == len(set(keys))
        for step in verdict.steps:
            # a fault begins only where none stands, and is told as open and as over in turn
            assert (step.before is None) <= (step.fault.key not in standing)
            was_told = step.before is not None and step.before.opened_at is not None
            assert was_told is (step.change in {Change.CLEARED, Change.LEVEL}) or step.change in {None, Change.OPENED}
            assert not (was_told and step.change is Change.OPENED)
            if step.fault.state is FaultState.CLEARED:
                standing.discard(step.fault.key)
            else:
                standing.add(step.fault.key)


@given(visits)
@settings(max_examples=60, deadline=None)
def test_a_restart_between_any_two_visits_changes_nothing(history: list[Visit]) -> None:
    restarted = over(history, kept=lambda fault: fault_read(fault_document(fault)))
    assert [verdict.steps for verdict in restarted] == [verdict.steps for verdict in over(history)]


@given(visits)
@settings(max_examples=30, deadline=None)
def test_replaying_a_history_gives_the_same_faults(history: list[Visit]) -> None:
    assert over(history) == over(history)
