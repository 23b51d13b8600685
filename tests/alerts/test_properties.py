"""What must hold of judgement whatever devices say, and in whichever order."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.faults.judgement import Judged, judged
from alerts.faults.lifecycle import penalty_at
from alerts.faults.policy import Policy, PolicyFile, policy
from monitor.model import (
    Change,
    Component,
    Condition,
    Device,
    Fault,
    FaultKey,
    FaultState,
    Level,
    Limits,
    Observation,
    Regraded,
    Role,
)
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
    ("disk", "Disk 0", "duty", ""),
    ("optic", "GE2", "rx_power", ""),
    ("temperature", "Inlet", "temperature", ""),
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


LIMITS = Limits(high_warning=40, high_critical=50)
NUMBERS = (20.0, 39.5, 41.0, 55.0)


def told(part: tuple[str, str, str, str], condition: Condition, source: str = "x", value: float = 20.0) -> Observation:
    """What one of two sources says of a part: a claim, or of the sensor a number with its limits."""
    kind, label, aspect, slot = part
    component = Component(kind=kind, label=label, slot=slot)
    if kind == "temperature":
        return Observation(
            component=component, aspect=aspect, condition=None, at=NOON, value=value, unit="celsius", raw=str(value),
            source=source, limits=LIMITS,
        )  # fmt: skip
    return Observation(
        component=component, aspect=aspect, condition=condition, at=NOON, raw=f"{condition} {source}", source=source
    )


def several(parts: Sequence[tuple[str, str, str, str]], most: int) -> st.SearchStrategy[tuple[Observation, ...]]:
    """What a visit tells of these parts, of some of them twice."""
    one = st.builds(
        told, st.sampled_from(parts), st.sampled_from(CONDITIONS), st.sampled_from("xy"), st.sampled_from(NUMBERS)
    )
    return st.lists(one, min_size=1, max_size=most).map(tuple)


observations = several(PARTS, 8)
# Few parts that have to do with each other, so that groups, links and reserves are told of, and twice, in one visit.
families = st.sampled_from(
    [
        [part for part in PARTS if part[0] in kinds]
        for kinds in (
            {"psu", "fan", "system"},
            {"interface", "aggregate", "optic"},
            {"disk", "virtual_disk"},
        )
    ]
).flatmap(lambda parts: several(parts, 10))
visits = st.lists(
    st.tuples(st.sampled_from([2, 60, 300, 3600]).map(lambda n: timedelta(seconds=n)), observations), max_size=9
)


# One part that comes and goes at every other visit or so, fast enough to flap, and a sensor at its limits
unsteady = st.lists(
    st.tuples(
        st.sampled_from([2, 30]).map(lambda n: timedelta(seconds=n)),
        several([part for part in PARTS if part[0] in {"psu", "temperature"}], 3),
    ),
    min_size=8,
    max_size=16,
)


WORD = Regraded(level=Level.MINOR, by="wang", reason="spare is on its way", at=NOON)


def stored(fault: Fault) -> Fault:
    """As a daemon that is started anew finds it on disk."""
    return fault_read(fault_document(fault))


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


@given(families, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_order_of_observations_does_not_matter_where_everything_is_confirmed_at_once(
    told: tuple[Observation, ...], chance: object
) -> None:
    """Level, reasons and evidence of each fault: what groups, links and a second source add to them."""
    seen_ok = frozenset((kind, label, aspect) for kind, label, aspect, _ in PARTS if kind in {"interface", "aggregate"})

    def found(several: Sequence[Observation]) -> Judged:
        return judged(several, BOX, {}, seen_ok, SHIPPED, NOON, at_once=True)

    assert found(chance.sample(told, len(told))).steps == found(told).steps  # type: ignore[attr-defined] # a Random


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
    restarted = over(history, kept=stored)
    assert [verdict.steps for verdict in restarted] == [verdict.steps for verdict in over(history)]


@given(unsteady)
@settings(max_examples=60, deadline=None)
def test_a_restart_changes_nothing_of_what_flaps_or_was_given_a_level_by_a_person(history: list[Visit]) -> None:
    def graded(fault: Fault) -> Fault:
        return replace(fault, regraded=WORD) if fault.state is FaultState.OPEN and not fault.flapping else fault

    restarted = over(history, kept=lambda fault: stored(graded(fault)))
    assert [verdict.steps for verdict in restarted] == [verdict.steps for verdict in over(history, kept=graded)]


@given(st.builds(told, st.sampled_from(PARTS), st.just(Condition.FAILED), st.just("x"), st.just(55.0)))
def test_what_is_stored_is_the_whole_fault(bad: Observation) -> None:
    (step,) = over([(timedelta(seconds=2), (bad,))])[0].steps or (None,)
    if step is not None:
        whole = replace(
            step.fault, regraded=WORD, flapping=True, good=1, good_since=NOON, opened_at=NOON, hidden_by=step.fault.key,
            told_at=NOON, penalty=1234.5,
        )  # fmt: skip
        assert stored(whole) == whole


@given(visits)
@settings(max_examples=30, deadline=None)
def test_replaying_a_history_gives_the_same_faults(history: list[Visit]) -> None:
    assert over(history) == over(history)


def moments(history: Sequence[Visit]) -> list[datetime]:
    """When each visit of a history was."""
    now, found = NOON, []
    for wait, _ in history:
        now += wait
        found.append(now)
    return found


steady = st.lists(
    st.tuples(
        st.sampled_from([2, 30, 60, 300, 3600]).map(lambda n: timedelta(seconds=n)),
        st.sampled_from([Condition.OK, Condition.FAILED, None]),
    ),
    min_size=2,
    max_size=14,
)
"""One fan by itself: seen well, seen bad, or not told of (None)."""
FAN = ("fan", "Fan 1", "state", "1")


def of_fan(history: Sequence[tuple[timedelta, Condition | None]]) -> list[Visit]:
    return [(wait, () if said is None else (told(FAN, said, "x", 1.0),)) for wait, said in history]


@given(steady)
@settings(max_examples=150, deadline=None)
def test_a_fault_is_over_only_when_it_was_seen_good_as_often_and_as_long_as_the_policy_asks(
    history: list[tuple[timedelta, Condition | None]],
) -> None:
    """Never by age, nor by silence; and it flaps no more when it is over."""
    watch, flapping = SHIPPED.watch("fan", "state"), SHIPPED.flapping
    good: list[datetime] = []
    for (_, said), at, verdict in zip(history, moments(of_fan(history)), over(of_fan(history)), strict=True):
        good = [*good, at] if said is Condition.OK else [] if said is Condition.FAILED else good
        for step in verdict.steps:
            if step.fault.state is FaultState.CLEARED:
                assert said is Condition.OK
                assert len(good) >= watch.clear.answers
                assert at - good[0] >= watch.clear.time
                assert not step.fault.flapping or penalty_at(step.fault, flapping, at) < flapping.reuse


@given(steady)
@settings(max_examples=150, deadline=None)
def test_a_fault_opens_only_when_it_was_seen_bad_as_often_and_as_long_as_the_policy_asks(
    history: list[tuple[timedelta, Condition | None]],
) -> None:
    """Unless it flaps: then it is known well enough."""
    confirm = SHIPPED.watch("fan", "state").confirms(Condition.FAILED)
    bad: list[datetime] = []
    for (_, said), at, verdict in zip(history, moments(of_fan(history)), over(of_fan(history)), strict=True):
        bad = [*bad, at] if said is Condition.FAILED else [] if said is Condition.OK else bad
        for step in verdict.steps:
            assert step.fault.penalty <= SHIPPED.flapping.ceiling
            if step.change is Change.OPENED and not step.fault.flapping:
                assert len(bad) >= confirm.answers
                assert at - bad[0] >= confirm.time


@given(steady, st.integers(0, 4))
@settings(max_examples=100, deadline=None)
def test_what_stays_bad_is_told_and_what_stays_well_for_a_day_is_over(
    history: list[tuple[timedelta, Condition | None]], chance: int
) -> None:
    """Whatever was before, and however wildly it flapped."""
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    stays = Condition.FAILED if chance else Condition.OK
    whole = [*history, *[(minute, stays)] * 60, *[(hour, stays)] * 24]
    last: Fault | None = None
    for verdict in over(of_fan(whole)):
        for step in verdict.steps:
            last = step.fault
    if stays is Condition.FAILED:
        assert last is not None
        assert (last.state, last.flapping) == (FaultState.OPEN, False)
    else:
        assert last is None or last.state is FaultState.CLEARED


@given(visits)
@settings(max_examples=60, deadline=None)
def test_of_a_device_that_does_not_answer_nothing_else_moves(history: list[Visit]) -> None:
    silent = told(("device", "", "answer", ""), Condition.FAILED, "x", 1.0)
    for verdict in over([(wait, (*observed, silent)) for wait, observed in history]):
        assert {step.fault.key.kind for step in verdict.steps} <= {"device"}


@given(visits)
@settings(max_examples=100, deadline=None)
def test_nobody_is_called_for_a_symptom_while_its_cause_stands(history: list[Visit]) -> None:
    standing: Known = {}
    for (_, observed), verdict in zip(history, over(history), strict=True):
        standing |= {step.fault.key: step.fault for step in verdict.steps}
        said = {(one.component.kind, one.component.label, one.aspect) for one in observed}
        for step in verdict.steps:
            cause = step.fault.hidden_by
            if cause is None or step.fault.state is FaultState.CLEARED:
                continue
            assert step.change is not Change.OPENED
            assert standing[cause].state is not FaultState.CLEARED
            if step.fault.good == 0:  # what is only suspected explains what is bad for as long as it is told itself
                assert standing[cause].state is FaultState.OPEN or (cause.kind, cause.label, cause.aspect) in said


@given(visits)
@settings(max_examples=60, deadline=None)
def test_of_two_sources_the_worse_is_believed(history: list[Visit]) -> None:
    for (_, observed), verdict in zip(history, over(history), strict=True):
        for step in verdict.steps:
            key = step.fault.key
            mine = {
                one.condition
                for one in observed
                if (one.component.kind, one.component.label, one.aspect) == (key.kind, key.label, key.aspect)
            }
            if Condition.FAILED in mine and step.fault.good == 0 and step.fault.state is not FaultState.CLEARED:
                assert step.fault.condition is Condition.FAILED
