"""One fault's life, one answer at a time: suspected, open when confirmed, cleared when seen good for long enough.

Called by `judgement.py` with what the device answered. All state is in `Fault`, so a restart changes nothing. Nothing
here ends a fault by age, and what is unknown or absent never comes here at all.

Penalty and flapping follow RFC 2439, section 4: each time a part goes bad costs a penalty, which decays by half in
every half-life; from `suppress` on it is one open fault that flaps, and it cannot clear until the penalty is below
`reuse`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.faults.rules import Flapping, Run, Watch
from monitor.model import Condition, Fault, FaultKey, FaultState, Level, Observation

_UNWATCHED = timedelta(hours=1)  # longer than any interval between two visits


def suspected(key: FaultKey, observation: Observation, past: Fault | None, flapping: Flapping, now: datetime) -> Fault:
    """A new fault, before its first answer is counted. `past` is the last fault of this key and lends its penalty."""
    return Fault(
        key=key,
        component=observation.component,
        condition=observation.condition or Condition.UNKNOWN,
        level=Level.WARNING,
        reasons=(),
        evidence=observation,
        state=FaultState.SUSPECTED,
        first_seen=now,
        last_seen=now,
        changed_at=now,
        bad=0,
        penalty=_charged(past, flapping, now),
    )


def after_bad(
    fault: Fault, observation: Observation, watch: Watch, flapping: Flapping, now: datetime, *, at_once: bool = False
) -> Fault:
    """`fault` after one more bad answer; level and reasons are left to judgement."""
    relapsed = fault.good > 0
    # A gap in which nobody looked, or a clock that was set ahead, is no time over which it was seen bad.
    unwatched = fault.state is FaultState.SUSPECTED and now - fault.last_seen > _UNWATCHED
    changed_at = now if relapsed or unwatched else fault.changed_at
    penalty = _charged(fault, flapping, now) if relapsed and watch.flaps else fault.penalty
    # An open fault stops counting, so that a visit that brings no news changes nothing.
    bad = max(fault.bad, 1) if fault.state is FaultState.OPEN else fault.bad + 1
    flaps = penalty >= flapping.suppress if relapsed or fault.bad == 0 else fault.flapping
    flaps = (flaps or fault.flapping) and watch.flaps and now - changed_at < flapping.steady
    condition = observation.condition or fault.condition
    confirmed = at_once or flaps or _sure(watch.confirms(condition), bad, now - changed_at)
    return replace(
        fault,
        component=observation.component,
        condition=condition,
        evidence=observation,
        last_seen=now,
        changed_at=changed_at,
        penalty=penalty,
        bad=bad,
        good=0,
        good_since=None,
        flapping=flaps,
        state=FaultState.OPEN if confirmed else fault.state,
    )


def left_alone(fault: Fault, watch: Watch, flapping: Flapping, now: datetime) -> Fault:
    """`fault` once its cause is gone: confirmed anew, for a symptom may linger for a while."""
    confirmed = fault.flapping or _sure(watch.confirms(fault.condition), 1, timedelta(0))
    state = FaultState.OPEN if confirmed else FaultState.SUSPECTED
    return replace(fault, state=state, bad=1, changed_at=now, penalty=penalty_at(fault, flapping, now))


def after_good(fault: Fault, watch: Watch, flapping: Flapping, now: datetime) -> Fault:
    """`fault` after one more good answer: the same value where there is nothing to write down."""
    good_since = fault.good_since or now
    good = min(fault.good + 1, watch.clear.answers)
    calm = not fault.flapping or penalty_at(fault, flapping, now) < flapping.reuse
    if calm and _sure(watch.clear, good, now - good_since):
        return replace(
            fault, state=FaultState.CLEARED, bad=0, good=good, good_since=good_since, cleared_at=now, hidden_by=None,
        )  # fmt: skip
    if fault.good > 0:
        return fault if good == fault.good else replace(fault, good=good)
    penalty = penalty_at(fault, flapping, now)
    return replace(fault, bad=0, good=good, good_since=good_since, changed_at=now, penalty=penalty)


def not_later(fault: Fault, now: datetime) -> Fault:
    """`fault` by a clock that was set back since: what it counts from did not begin after now.

    Else a suspicion of before would be confirmed, and a good answer count, only when the clock is there again.
    """
    since = fault.good_since
    if fault.changed_at <= now and (since is None or since <= now):
        return fault
    return replace(fault, changed_at=min(fault.changed_at, now), good_since=since and min(since, now))


def penalty_at(fault: Fault, flapping: Flapping, now: datetime) -> float:
    """What is left of the fault's flap penalty."""
    half_lives = max(now - fault.changed_at, timedelta(0)) / flapping.half_life
    return float(fault.penalty * 0.5**half_lives)


def _charged(fault: Fault | None, flapping: Flapping, now: datetime) -> float:
    left = penalty_at(fault, flapping, now) if fault else 0.0
    return min(left + flapping.penalty, flapping.ceiling)


def _sure(run: Run, answers: int, lasted: timedelta) -> bool:
    return answers >= run.answers and lasted >= run.time
