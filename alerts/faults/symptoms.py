"""One fault per cause: which faults of a device are only symptoms of another, and of which.

Asked by `judgement.py` once all faults of a visit are known; the answer ends up in `Fault.hidden_by`.
"""

from collections.abc import Iterable, Mapping

from alerts.faults.rules import Cause, Symptom
from monitor.model import Fault, FaultKey, FaultState


def roots(faults: Iterable[Fault], symptoms: tuple[Symptom, ...]) -> dict[FaultKey, FaultKey]:
    """For each fault that is a symptom, the fault at the root of it: the last one of the chain, itself no symptom."""
    by_kind: dict[str, list[Fault]] = {}
    for fault in faults:
        if _can_be_a_cause(fault):
            by_kind.setdefault(fault.key.kind, []).append(fault)
    nearest = {
        fault.key: cause.key
        for several in by_kind.values()
        for fault in several
        if (cause := _cause(fault, by_kind, symptoms)) is not None
    }
    return {key: _end(key, nearest) for key in nearest}


def _can_be_a_cause(fault: Fault) -> bool:
    """An open fault, or one that is suspected and bad by its last answer."""
    return fault.state is FaultState.OPEN or (fault.state is FaultState.SUSPECTED and fault.good == 0)


def _cause(fault: Fault, by_kind: Mapping[str, list[Fault]], symptoms: tuple[Symptom, ...]) -> Fault | None:
    for symptom in symptoms:
        if not _speaks_of(symptom, fault):
            continue
        kinds = symptom.behind.kinds if symptom.behind.kinds is not None else by_kind.keys()
        causes = [other for kind in kinds for other in by_kind.get(kind, ()) if _explains(other, fault, symptom.behind)]
        if causes:
            return min(causes, key=lambda other: (other.state is not FaultState.OPEN, other.level, other.key))
    return None


def _speaks_of(symptom: Symptom, fault: Fault) -> bool:
    return (
        (symptom.kinds is None or fault.key.kind in symptom.kinds)
        and (symptom.aspects is None or fault.key.aspect in symptom.aspects)
        and fault.condition in symptom.conditions
    )


def _explains(other: Fault, fault: Fault, cause: Cause) -> bool:
    if (other.key.kind, other.key.aspect) == (fault.key.kind, fault.key.aspect):
        return False
    if cause.aspects is not None and other.key.aspect not in cause.aspects:
        return False
    if other.condition not in cause.conditions:
        return False
    if cause.same == "label":
        return other.key.label == fault.key.label
    if cause.same == "slot":
        slot = other.component.slot  # "2" carries what stands in "2/1"
        return slot != "" and f"{fault.component.slot}/".startswith(f"{slot}/")
    return True


def _end(key: FaultKey, nearest: Mapping[FaultKey, FaultKey]) -> FaultKey:
    # Ends, because the door refuses symptoms that hide behind each other (policy.py).
    while key in nearest:
        key = nearest[key]
    return key
