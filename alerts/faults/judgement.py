"""The judgement of one visit: observations in, steps of faults out. Stands between collectors/visit.py and the tickets.

Two speeds (docs/architecture.md): an answer that is fine and has no fault costs a look at two dictionaries. Only what
is bad, or has a fault already, is counted, levelled and put into words.

Where a device has no fault and its last judgement moved nothing, `still` says at the cost of what changed whether
judgement would say the same again: then it need not be asked.

A caller may leave out what is fine, has no fault and did not change. It must not leave out an answer of a part that
has a fault, nor the neighbours (same kind and aspect) of a part that is bad: their number gives the level.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf

from alerts.faults import limits, wording
from alerts.faults.around import Around, Wait
from alerts.faults.groups import Count, Groups, Part, weight
from alerts.faults.lifecycle import after_bad, after_good, left_alone, penalty_at, suspected
from alerts.faults.overrides import overriding
from alerts.faults.rules import Aspect, Policy, Rule, Wrong, first_match
from alerts.faults.scene import Scene
from alerts.faults.symptoms import roots
from monitor.model import (
    Change,
    Component,
    Condition,
    Device,
    Fault,
    FaultKey,
    FaultState,
    Level,
    Observation,
    Reason,
    Regraded,
    Text,
)

Seen = frozenset[Part]
_WITH_CABLE = frozenset({"interface", "optic"})
_OF_MEMBERS = frozenset({Aspect.OPER_STATUS, Aspect.REDUNDANCY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one visit did to one fault; `before` is None where the fault is new.

    `change` is what people must hear of: OPENED comes once, when a fault is confirmed and no other fault explains it,
    or when the one that explained it is gone; CLEARED comes only for what was once OPENED.
    """

    fault: Fault
    change: Change | None
    before: Fault | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The outcome of one visit: steps in the order of their keys, and the observations with conditions from limits.

    `look` names other devices that hold the answer to what is in doubt.
    """

    steps: tuple[Step, ...]
    observations: tuple[Observation, ...]
    newly_ok: Seen
    look: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class _Moved:
    """A fault on its way through one visit."""

    before: Fault | None
    after: Fault
    bad: Observation | None
    spoke: limits.Crossed | None = None
    rule: Rule | None = None


def judged(
    observations: Sequence[Observation],
    device: Device,
    known: Mapping[FaultKey, Fault],
    seen_ok: Seen,
    policy: Policy,
    now: datetime,
    *,
    notes: Mapping[str, str] | None = None,
    within: Mapping[str, str] | None = None,
    around: Around | None = None,
    at_once: bool = False,
) -> Judged:
    """The judgement of `observations` of `device`.

    `known` holds the faults of the device that are not cleared. It may hold cleared ones too, where no other has their
    key: they lend their flap penalty, so that what comes back soon is seen to flap. `seen_ok` holds what was once seen
    well. `notes` say by label where the cables of interfaces lead, `within` to which aggregate they belong. `around`
    is what is known of other devices, which may hold the cause; without it nobody is asked. With
    `at_once` everything bad is confirmed at first sight, as for a recording that is visited once.
    """
    standing = {
        (key.kind, key.label, key.aspect): fault
        for key, fault in known.items()
        if fault.state is not FaultState.CLEARED
    }
    heard = _at_rest(_missed(observations, seen_ok, policy), within or {})
    told, spoke = _assessed(heard, standing, policy)
    answers, newly_ok = _sifted(told, standing, seen_ok, policy)
    if not answers:
        return Judged(steps=(), observations=told, newly_ok=newly_ok)
    scene = Scene(told, device, seen_ok, policy, around)
    moved: dict[Part, _Moved] = {}
    for part in sorted(answers):
        one = _moved(part, answers[part], standing.get(part), known, scene, now, at_once=at_once)
        if one is not None:
            one.spoke = spoke.get(answers[part])
            moved[part] = one
    _give_notes(moved, notes or {}, within or {})
    _give_levels(moved, standing, scene, now)
    look = _hide_symptoms(moved, standing, scene, now, at_once=at_once)
    steps = (_step(one, policy, now) for one in moved.values())
    return Judged(
        steps=tuple(step for step in steps if step), observations=told, newly_ok=newly_ok, look=frozenset(look)
    )


def _missed(observations: Sequence[Observation], seen_ok: Seen, policy: Policy) -> Sequence[Observation]:
    """`observations`, in which a part that is absent and was once seen well has failed, where its kind is missed."""
    if not any(one.condition is Condition.ABSENT and one.component.kind in policy.missed for one in observations):
        return observations
    return [
        replace(one, condition=Condition.FAILED)
        if one.condition is Condition.ABSENT
        and one.component.kind in policy.missed
        and (one.component.kind, one.component.label, one.aspect) in seen_ok
        else one
        for one in observations
    ]


def _at_rest(observations: Sequence[Observation], within: Mapping[str, str]) -> Sequence[Observation]:
    """`observations`, in which members of an aggregate that an operator shut make no claim: they go down with it."""
    if not within:
        return observations
    shut = {
        one.component.label
        for one in observations
        if one.condition is Condition.ABSENT and one.component.kind == "aggregate" and one.aspect == Aspect.REDUNDANCY
    }
    if not shut:
        return observations
    return [
        one.in_condition(Condition.ABSENT)
        if one.component.kind == "interface"
        and one.aspect in _OF_MEMBERS
        and _is_bad(one)
        and within.get(one.component.label) in shut
        else one
        for one in observations
    ]


def still(
    observations: Sequence[Observation],
    last: Sequence[Observation],
    told: Sequence[Observation],
    policy: Policy,
) -> bool:
    """True where judgement would say of `observations` what it said of `last`: the same parts in the same conditions.

    `told` is what `judged` made of `last` for the same device under the same policy, when it had no fault that was not
    cleared, and took no step and saw nothing newly well. Without faults, judgement asks only which parts there are and
    in which condition; an observation that is the same object as in `last` is not looked at again.
    """
    if not len(observations) == len(last) == len(told):
        return False
    ok = Condition.OK
    for place in [n for n, (one, before) in enumerate(zip(observations, last, strict=True)) if one is not before]:
        one, before = observations[place], told[place]
        if one.aspect != before.aspect or (one.component is not before.component and one.component != before.component):
            return False
        watch = policy.watch(one.component.kind, one.aspect)
        if before.condition is ok and one.limits is before.limits and limits.is_within(one, watch.limits):
            continue
        assessed, _ = limits.assessed(one, watch.limits, watch.hysteresis, None)
        if assessed.condition is not before.condition:
            return False
    return True


def room(observations: Sequence[Observation], told: Sequence[Observation], policy: Policy) -> tuple[float, float]:
    """Between which numbers, both included, `still` is true of these `observations`, whichever of them has which.

    `told` is what `judged` made of them. Where one is not well, there is no such number.
    """
    lowest, highest = -inf, inf
    for one, before in zip(observations, told, strict=True):
        if one.aspect != before.aspect or (one.component is not before.component and one.component != before.component):
            return _NO_ROOM
        watch = policy.watch(one.component.kind, one.aspect)
        low, high = limits.room(one, watch.limits)
        # without limits judgement says nothing of a number; within them, that it is well
        if before.condition is not (None if (low, high) == (-inf, inf) else Condition.OK):
            return _NO_ROOM
        lowest, highest = max(lowest, low), min(highest, high)
    return lowest, highest


_NO_ROOM = (inf, -inf)


def refreshed(observations: Sequence[Observation], told: Sequence[Observation]) -> tuple[Observation, ...]:
    """`observations` of which `still` is true, with the conditions that judgement gave them when they were `told`."""
    return tuple(
        one if one.condition is before.condition or before.condition is None else one.in_condition(before.condition)
        for one, before in zip(observations, told, strict=True)
    )


def _assessed(
    observations: Sequence[Observation], standing: Mapping[Part, Fault], policy: Policy
) -> tuple[tuple[Observation, ...], dict[Observation, limits.Crossed]]:
    """All observations, numbers with their condition; and the limits that were crossed."""
    told: dict[int, Observation] = {}
    spoke: dict[Observation, limits.Crossed] = {}
    for place, observation in enumerate(observations):
        if observation.condition is not None or observation.value is None:
            continue
        part = (observation.component.kind, observation.component.label, observation.aspect)
        watch = policy.watch(part[0], part[2])
        assessed, crossed = limits.assessed(observation, watch.limits, watch.hysteresis, standing.get(part))
        if assessed is not observation:
            told[place] = assessed
        if crossed:
            spoke[assessed] = crossed
    if not told:
        return tuple(observations), spoke
    return tuple(told.get(place, one) for place, one in enumerate(observations)), spoke


def _sifted(
    observations: Sequence[Observation], standing: Mapping[Part, Fault], seen_ok: Seen, policy: Policy
) -> tuple[dict[Part, Observation], Seen]:
    """The answers that may move a fault, the worst for each part; and what is seen well for the first time."""
    answers: dict[Part, Observation] = {}
    newly_ok: set[Part] = set()
    labels = {label for _, label, _ in standing}  # asked first: a label without fault needs no tuple to look it up
    ok, degraded, failed = Condition.OK, Condition.DEGRADED, Condition.FAILED
    for observation in observations:
        condition, component, aspect = observation.condition, observation.component, observation.aspect
        if condition is ok:
            if component.label in labels:
                part = (component.kind, component.label, aspect)
                if part in standing:
                    _keep_worst(answers, part, observation)
            watched = policy.first_sight.get(component.kind)
            if watched and aspect in watched:
                part = (component.kind, component.label, aspect)
                if part not in seen_ok:
                    newly_ok.add(part)
        elif condition is degraded or condition is failed:
            _keep_worst(answers, (component.kind, component.label, aspect), observation)
    _leave_parts_alone_if_silent(answers)
    return answers, frozenset(newly_ok)


def _keep_worst(answers: dict[Part, Observation], part: Part, observation: Observation) -> None:
    """Two sources may speak of one part; the worse is believed, whichever comes first."""
    if part not in answers or weight(answers[part]) < weight(observation):
        answers[part] = observation


def _leave_parts_alone_if_silent(answers: dict[Part, Observation]) -> None:
    """Of a device that does not answer nothing else is known, whatever a table half read may say."""
    if any(
        kind == "device" and aspect == "answer" and _is_bad(answers[kind, label, aspect])
        for kind, label, aspect in answers
    ):
        for part in [part for part in answers if part[0] != "device"]:
            del answers[part]


def _is_bad(observation: Observation) -> bool:
    return observation.condition is not None and observation.condition.is_bad


def _moved(
    part: Part,
    observation: Observation,
    before: Fault | None,
    known: Mapping[FaultKey, Fault],
    scene: Scene,
    now: datetime,
    *,
    at_once: bool,
) -> _Moved | None:
    """The fault of `part` after one more answer; None where there is none and none begins."""
    policy = scene.policy
    watch = policy.watch(part[0], part[2])
    if not _is_bad(observation) or _is_no_fault(part, observation, scene):
        if before is None:
            return None
        return _Moved(before=before, after=after_good(before, watch, policy.flapping, now), bad=None)
    key = FaultKey(device=scene.device.name, kind=part[0], label=part[1], aspect=part[2])
    fault = before or suspected(key, observation, known.get(key), policy.flapping, now)
    after = after_bad(fault, observation, watch, policy.flapping, now, at_once=at_once)
    return _Moved(before=before, after=after, bad=observation)


def _is_no_fault(part: Part, observation: Observation, scene: Scene) -> bool:
    """True where a rule says "none" and no group need be counted for that: a thousand unused ports cost little."""
    candidates = scene.policy.candidates(part[0], part[2], Wrong(observation.condition or ""))
    if all(rule.level is not None for rule in candidates):
        return False
    rule = first_match(candidates, scene.case(observation))
    return rule is not None and rule.level is None


def _give_notes(moved: Mapping[Part, _Moved], notes: Mapping[str, str], within: Mapping[str, str]) -> None:
    """Say of bad ports where their cables lead and of which aggregate they are; what is no longer known stands."""
    for (kind, label, _), one in moved.items():
        if one.bad is not None and kind in _WITH_CABLE:
            now, before = one.after.component, one.before.component if one.before else one.after.component
            note, slot = notes.get(label) or before.note, now.slot
            if kind == "interface":
                slot = within.get(label) or now.slot or before.slot
            if (note, slot) != (now.note, now.slot):
                one.after = replace(one.after, component=replace(now, note=note, slot=slot))


def _give_levels(moved: dict[Part, _Moved], standing: Mapping[Part, Fault], scene: Scene, now: datetime) -> None:
    """Give each bad fault its level and the reason, now that it is known which others are open."""
    groups = Groups(scene.observations, {**standing, **{part: one.after for part, one in moved.items()}}, scene.policy)
    for part, one in list(moved.items()):
        if one.bad is None:
            continue
        wrong = Wrong.FLAPPING if one.after.flapping else Wrong(one.after.condition)
        count = groups.count(one.bad)
        case = replace(scene.case(one.bad), group=count.group)
        rule = first_match(scene.policy.candidates(part[0], part[2], wrong), case)
        level, reasons = _graded(rule, one, wrong, count, scene, now)
        if level is not None:
            one.rule = rule
            one.after = replace(one.after, level=level, reasons=reasons)
        elif one.before is None:
            del moved[part]
        else:
            watch = scene.policy.watch(part[0], part[2])
            moved[part] = _Moved(
                before=one.before, after=after_good(one.before, watch, scene.policy.flapping, now), bad=None
            )


def _graded(
    rule: Rule | None, one: _Moved, wrong: Wrong, count: Count, scene: Scene, now: datetime
) -> tuple[Level | None, tuple[Reason, ...]]:
    """The level of a bad fault and all reasons for it: the rule's, what the policy says instead, what a person said."""
    if rule is None or rule.level is None:
        return None, ()
    level: Level | None = rule.level
    reasons = [Reason(rule=rule.name, text=_reason(rule, wrong, one, count, scene, now), proposes=rule.proposes)]
    override = overriding(scene.policy.overrides, scene.device, one.after.key, rule.name)
    if override is not None:
        level = override.level
        reasons.append(Reason(rule=override.name, text=override.why))
    if one.after.regraded is not None:
        level = one.after.regraded.level
        reasons.append(person_said(one.after.regraded))
    return level, tuple(reasons)


def person_said(regraded: Regraded) -> Reason:
    """The reason that a person gave for another level."""
    return Reason(rule=f"{regraded.by}, {regraded.at:%Y-%m-%d %H:%M} UTC", text=wording.plain(regraded.reason))


def _reason(rule: Rule, wrong: Wrong, one: _Moved, count: Count, scene: Scene, now: datetime) -> Text:
    policy, component, observation = scene.policy, one.after.component, one.after.evidence
    words = policy.words(component.kind)
    numbers = {
        "failed": wording.plain(count.failed), "total": wording.plain(count.total), "left": wording.plain(count.left),
    }  # fmt: skip
    changes = penalty_at(one.after, policy.flapping, now) / policy.flapping.penalty
    below = scene.around.below if scene.around else ()
    values = numbers | wording.told(observation, one.spoke) | {
        "device": wording.plain(scene.device.title or scene.device.name),
        "role": policy.roles[scene.device.role],
        "kind": words.name,
        "kinds": words.names,
        "label": wording.plain(_called(component)) if component.label else words.name,
        "slot": wording.plain(component.slot or component.label),
        "aspect": _aspect(policy, observation.aspect),
        "condition": policy.conditions[wrong],
        "rest": wording.filled(count.rest(words.rest_one, words.rest_many), numbers),
        "changes": wording.plain(max(1, round(changes))),
        "below": wording.plain(len(below)),
        "below_names": wording.plain(wording.some(below)),
    }  # fmt: skip
    return wording.filled(wording.without_doubling(rule.why, words.name, component.label or words.name.en), values)


def _called(component: Component) -> str:
    return f"{component.label} ({component.note})" if component.note else component.label


def _aspect(policy: Policy, aspect: str) -> Text:
    return policy.aspects[Aspect(aspect)] if aspect in policy.aspects else wording.plain(aspect)


def _hide_symptoms(
    moved: Mapping[Part, _Moved], standing: Mapping[Part, Fault], scene: Scene, now: datetime, *, at_once: bool
) -> set[str]:
    """Point each symptom at its root. A symptom does not open: it stays suspected, and counts anew once left alone.

    Returns the devices that must be looked at before it can be said whether they hold the cause; until then what is
    suspected stays so.
    """
    policy = scene.policy
    # Who is only suspected and was not told of now explains nothing: nobody may ever tell of it again, and what it hid
    # would stay hidden.
    proven = {part: fault for part, fault in standing.items() if fault.state is FaultState.OPEN}
    everything = {**proven, **{part: one.after for part, one in moved.items()}}
    root_of = roots(everything.values(), policy.symptoms)
    look: set[str] = set()
    for (kind, _, aspect), one in moved.items():
        if one.bad is None:
            continue
        root = root_of.get(one.after.key)
        beyond = _beyond(everything, root or one.after.key, scene.around)
        was_open = one.before is not None and one.before.state is FaultState.OPEN
        if isinstance(beyond, Wait):
            look |= beyond.look
            if not was_open:
                one.after = replace(one.after, state=FaultState.SUSPECTED)
        else:
            root = beyond or root
        one.after = replace(one.after, hidden_by=root)
        is_in_doubt = isinstance(beyond, Wait) and root is None
        if was_open or at_once or is_in_doubt:
            continue
        if root is not None:
            one.after = replace(one.after, state=FaultState.SUSPECTED, bad=0)
        elif one.before is not None and one.before.hidden_by is not None:
            one.after = left_alone(one.after, policy.watch(kind, aspect), policy.flapping, now)
    return look


def _beyond(everything: Mapping[Part, Fault], root: FaultKey, around: Around | None) -> FaultKey | Wait | None:
    """What explains `root`, a fault of this device, from outside."""
    fault = everything.get((root.kind, root.label, root.aspect))
    return around.explains(fault) if around is not None and fault is not None else None


def _step(one: _Moved, policy: Policy, now: datetime) -> Step | None:
    """What of the move is worth writing down; None where the visit brought no news."""
    before, after = one.before, one.after
    if before is not None and not _is_news(one, before, policy, now):
        return None
    if after.state is FaultState.OPEN and after.opened_at is None and after.hidden_by is None:
        return Step(fault=replace(after, opened_at=now), change=Change.OPENED, before=before)
    change = None
    if before is not None and before.opened_at is not None:
        if after.state is FaultState.CLEARED:
            change = Change.CLEARED
        elif after.level is not before.level:
            change = Change.LEVEL
    return Step(fault=after, change=change, before=before)


def _is_news(one: _Moved, before: Fault, policy: Policy, now: datetime) -> bool:
    """A number that moved is no news by itself, nor that a fault was seen once more, until `refresh` has passed."""
    after = one.after
    if after is before:
        return False
    if after.good == 0 and now - before.last_seen >= policy.refresh:
        return True
    told = before.evidence if after.evidence.value is not None or after.evidence.raw == before.evidence.raw else None
    plain = replace(after, last_seen=before.last_seen, evidence=told or after.evidence)
    names = [[reason.rule for reason in fault.reasons] for fault in (before, after)]
    if one.rule and one.rule.tells_numbers and names[0] == names[1]:
        plain = replace(plain, reasons=before.reasons)
    return plain != before
