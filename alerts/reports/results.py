"""What an inspection says of one check: from a judged observation to one of six results. Used by the inspection report.

The rule above all others: what was not checked is never shown as normal.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum

from monitor.model import Condition, FaultKey, Observation


class Result(StrEnum):
    """The results, the gravest first."""

    ABNORMAL = "abnormal"
    ATTENTION = "attention"
    NOT_CHECKED = "not_checked"
    RECORDED = "recorded"
    NORMAL = "normal"
    NOT_APPLICABLE = "not_applicable"


_OF_CONDITION = {
    Condition.FAILED: Result.ABNORMAL,
    Condition.DEGRADED: Result.ATTENTION,
    Condition.OK: Result.NORMAL,
    Condition.ABSENT: Result.NOT_APPLICABLE,
    Condition.UNKNOWN: Result.NOT_CHECKED,
}


def results(
    checks: Sequence[Observation], device: str, faults: Collection[FaultKey], *, reached: bool
) -> tuple[Result, ...]:
    """The result of each check of `device`. `faults` are the keys of all that is not cleared."""
    unused = {
        check.component.label
        for check in checks
        if check.aspect == "oper_status" and _is_bad(check) and _key(check, device) not in faults
    }
    return tuple(_result(check, device, faults, unused, reached=reached) for check in checks)


def _result(
    check: Observation, device: str, faults: Collection[FaultKey], unused: Collection[str], *, reached: bool
) -> Result:
    if not reached and not _is_of_reach(check):
        return Result.NOT_CHECKED
    if is_unused(check, unused) and _key(check, device) not in faults:
        return Result.NOT_APPLICABLE
    if check.condition is None:
        return Result.NOT_CHECKED if check.value is None else Result.RECORDED
    return _OF_CONDITION[check.condition]


def is_unused(check: Observation, unused: Collection[str]) -> bool:
    """True for a port that is down without being a fault (never seen up, not declared), and the dark of its optic."""
    return check.component.label in unused and (
        check.aspect == "oper_status" or (check.component.kind == "optic" and check.aspect == "rx_power")
    )


def _is_of_reach(check: Observation) -> bool:
    """True for what is known of a device even while it tells nothing: that it does not answer, or not us."""
    return check.component.kind == "device" and check.aspect in {"answer", "access"}


def _is_bad(check: Observation) -> bool:
    return check.condition is not None and check.condition.is_bad


def _key(check: Observation, device: str) -> FaultKey:
    return FaultKey(device=device, kind=check.component.kind, label=check.component.label, aspect=check.aspect)
