"""How much is left: the parts of a device that do the same work, and how many of them failed.

Asked by `judgement.py` only where something is bad, so that a healthy visit pays nothing for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.faults.rules import Aspect, Group, Policy
from monitor.model import Condition, Fault, FaultState, Observation, Text

Part = tuple[str, str, str]
"""Kind, label and aspect: what names a fault within one device."""

_WEIGHT = {
    None: 0,
    Condition.ABSENT: 1,
    Condition.UNKNOWN: 2,
    Condition.OK: 3,
    Condition.DEGRADED: 4,
    Condition.FAILED: 5,
}
_REST_UNKNOWN = Text(en="whether the others work is not known", zh_CN="其余是否正常未知")
_NO_REST = Text(en="none is left", zh_CN="已无可用")


def weight(observation: Observation) -> tuple[int, str, str, float]:
    """Orders answers about one part, the worst last, whatever order a device tells them in."""
    return _WEIGHT[observation.condition], observation.source, observation.raw, observation.value or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of a group there are, failed, and are known to work."""

    total: int
    failed: int
    left: int
    elsewhere: int = 0
    """How many of other groups of the device are known to work."""

    @property
    def group(self) -> Group:
        """The word by which rules ask for this."""
        if self.failed >= self.total and self.elsewhere:
            return Group.SLOT_LOST
        if self.total <= 1:
            return Group.SINGLE
        if self.failed >= self.total:
            return Group.NONE_LEFT
        return Group.SOME_LEFT if self.left else Group.UNCLEAR

    def rest(self, one: Text, many: Text) -> Text:
        """What is said of the parts that did not fail."""
        if self.failed >= self.total:
            return _NO_REST
        if not self.left:
            return _REST_UNKNOWN
        return one if self.left == 1 and self.total - self.failed == 1 else many


class Groups:
    """The groups of one visit, counted when first asked for.

    A part counts as failed once its fault is open, and until that fault is cleared: a suspicion does not yet raise the
    level of its neighbours, and a first good answer does not yet lower it. A part that is absent was never counted on,
    unless it has an open fault, nor was one that is bad and by the policy no fault.
    """

    def __init__(self, observations: Iterable[Observation], faults: Mapping[Part, Fault], policy: Policy) -> None:
        self._observations = observations
        self._faults = faults
        self._policy = policy
        self._counted: dict[tuple[str, str], dict[str, Count]] = {}

    def count(self, observation: Observation) -> Count:
        """The group of `observation`, itself counted as failed."""
        kind, label = observation.component.kind, observation.component.label
        which = (kind, observation.aspect)
        if which not in self._counted:
            self._counted[which] = self._count(*which)
        return self._counted[which][label]

    def _count(self, kind: str, aspect: str) -> dict[str, Count]:
        answers = self._answers(kind, aspect)
        if aspect == Aspect.STATE and kind in self._policy.missed:
            # a stack member that is there tells its role alone, and of one that is gone nothing but that is known
            answers = {**self._answers(kind, Aspect.ROLE), **answers}
        failed = {
            label: fault.component.slot
            for (kind_, label, aspect_), fault in self._faults.items()
            if (kind_, aspect_) == (kind, aspect) and _has_failed(fault)
        }
        counted = {label: one for label, one in answers.items() if _counts(one) and not self._is_nothing(one)}
        slots = {label: one.component.slot for label, one in counted.items()} | failed
        works = {label for label, one in counted.items() if _works(one) and label not in failed}
        groups = self._split(kind, slots)
        own = {label: labels for labels in groups for label in labels}
        return {
            label: _counted(label, own.get(label, frozenset((label,))), works, failed.keys())
            for label in {*answers, *failed}
        }

    def _is_nothing(self, one: Observation) -> bool:
        """True for a part that is bad and no fault by the policy, such as a neighbour that never was: it works not."""
        is_bad = one.condition is not None and one.condition.is_bad
        return is_bad and (one.component.kind, one.component.label, one.aspect) not in self._faults

    def _answers(self, kind: str, aspect: str) -> dict[str, Observation]:
        """The worst answer of each part."""
        answers: dict[str, Observation] = {}
        for one in self._observations:
            if one.component.kind == kind and one.aspect == aspect:
                label = one.component.label
                if label not in answers or weight(answers[label]) < weight(one):
                    answers[label] = one
        return answers

    def _split(self, kind: str, slots: Mapping[str, str]) -> list[frozenset[str]]:
        """The labels in groups: by the slot they share, else by its first part ("1" of "1/2"), else all together."""
        if self._policy.words(kind).by_slot:
            for holder in (str, _first_part):
                groups: dict[str, set[str]] = {}
                for label, slot in slots.items():
                    groups.setdefault(holder(slot), set()).add(label)
                # Where each slot holds one part, it is the place of the part and not of the group.
                if any(len(labels) > 1 for labels in groups.values()):
                    return [frozenset(labels) for labels in groups.values()]
        return [frozenset(slots)]


def _first_part(slot: str) -> str:
    return slot.rpartition("/")[0] or slot


def _counted(label: str, labels: frozenset[str], works: set[str], failed: Iterable[str]) -> Count:
    gone = (labels & set(failed)) | {label}
    return Count(
        total=len(labels | {label}),
        failed=len(gone),
        left=len((labels & works) - gone),
        elsewhere=len(works - labels - gone),
    )


def _has_failed(fault: Fault) -> bool:
    if fault.state is not FaultState.OPEN or fault.condition is not Condition.FAILED:
        return False
    return fault.good == 0 or not fault.flapping


def _counts(observation: Observation) -> bool:
    return observation.condition is not None and observation.condition is not Condition.ABSENT


def _works(observation: Observation) -> bool:
    # What is bad but only suspected still counts as working: see the docstring of Groups.
    return observation.condition in {Condition.OK, Condition.DEGRADED, Condition.FAILED}
