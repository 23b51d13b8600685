"""Numbers become conditions here: the device's own limits first, the policy's where it tells none.

Asked by `judgement.py` for every answer that is a number without a claim.
"""

from dataclasses import dataclass
from math import inf

from monitor.model import Condition, Fault, Limits, Observation, Usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """The limit that spoke: its number, whether it is the device's own, and on which side of it the value lies.

    `held` is True where the value is back on the good side, but not yet by as much as hysteresis asks for. `usual` is
    what the limit follows from, where that is the past of the part.
    """

    limit: float
    own: bool
    above: bool
    condition: Condition
    held: bool = False
    usual: Usual | None = None


def assessed(
    observation: Observation, ours: Limits | None, hysteresis: float, known: Fault | None
) -> tuple[Observation, Crossed | None]:
    """`observation` with its condition filled in from limits, and the limit that spoke.

    A claim of the device stands, and a number that nobody limits stays without condition. `known` is the fault that
    this number already has: on the way back a limit holds until the number is `hysteresis` clear of it.
    """
    if observation.condition is not None or observation.value is None:
        return observation, None
    own = _sane(observation.limits)
    limits = own or _sane(ours)
    if limits is None:
        return observation, None
    was = known.condition if known is not None and known.good == 0 else Condition.OK
    if limits.usual is not None:
        hysteresis = limits.usual.hysteresis
    spoke = _spoken(observation.value, limits, was, hysteresis, own=own is not None)
    condition = spoke.condition if spoke else Condition.OK
    return observation.in_condition(condition), spoke


def is_within(observation: Observation, ours: Limits | None) -> bool:
    """True where the number lies within the limits that count for it: asked first, since nearly all numbers do.

    Of a number that was well by the same limits it says all that `assessed` would.
    """
    value, limits = observation.value, observation.limits or ours
    return limits is not None and value is not None and observation.condition is None and _within(value, limits)


def room(observation: Observation, ours: Limits | None) -> tuple[float, float]:
    """Between which numbers, both included, its number crosses no limit; infinite where it has none."""
    limits = _sane(observation.limits) or _sane(ours)
    if limits is None:
        return -inf, inf
    lows = [low for low in (limits.low_critical, limits.low_warning) if low is not None]
    highs = [high for high in (limits.high_critical, limits.high_warning) if high is not None]
    return max(lows, default=-inf), min(highs, default=inf)


def crossed(observation: Observation) -> Crossed | None:
    """The limit of the device that its number lies beyond; for words only, where the device made the claim itself."""
    limits = _sane(observation.limits)
    if limits is None or observation.value is None:
        return None
    return _spoken(observation.value, limits, Condition.OK, 0.0, own=True)


def _spoken(value: float, limits: Limits, was: Condition, hysteresis: float, *, own: bool) -> Crossed | None:
    """The gravest limit that `value` is beyond, or that still holds it."""
    if was is Condition.OK and _within(value, limits):
        return None
    critical = hysteresis if was is Condition.FAILED else 0.0
    warning = hysteresis if was.is_bad else 0.0
    for limit, above, slack, condition in (
        (limits.high_critical, True, critical, Condition.FAILED),
        (limits.low_critical, False, critical, Condition.FAILED),
        (limits.high_warning, True, warning, Condition.DEGRADED),
        (limits.low_warning, False, warning, Condition.DEGRADED),
    ):
        if limit is None:
            continue
        beyond = value - limit if above else limit - value
        if beyond > -slack:
            return Crossed(limit=limit, own=own, above=above, condition=condition, held=beyond <= 0, usual=limits.usual)
    return None


def _within(value: float, limits: Limits) -> bool:
    """True where no limit is crossed: asked first, because it is so for nearly every number of every visit."""
    high, low = limits.high_critical, limits.low_critical
    if (high is not None and value > high) or (low is not None and value < low):
        return False
    high, low = limits.high_warning, limits.low_warning
    return (high is None or value <= high) and (low is None or value >= low)


def _sane(limits: Limits | None) -> Limits | None:
    """`limits` without pairs that cannot be meant, such as 0 and 0 where a device has no sensor; None if none is left.

    The slot environment table of H3C switches tells 16 °C with both limits 0 (recordings, lsq1wcmd0-2509p61).
    """
    if limits is None:
        return None
    critical = _ordered(limits.low_critical, limits.high_critical)
    warning = _ordered(limits.low_warning, limits.high_warning)
    if not critical or not warning:
        limits = Limits(
            low_critical=limits.low_critical if critical else None,
            high_critical=limits.high_critical if critical else None,
            low_warning=limits.low_warning if warning else None,
            high_warning=limits.high_warning if warning else None,
            usual=limits.usual,
        )
    none = limits.low_critical is limits.low_warning is limits.high_warning is limits.high_critical is None
    return None if none else limits


def _ordered(low: float | None, high: float | None) -> bool:
    return low is None or high is None or low < high
