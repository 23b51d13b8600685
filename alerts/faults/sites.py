"""What befalls a whole site at once: nothing answers any more, power supplies lost their input, or all are blind to us.

Judged like a device (`judgement.py`), from observations that are made here of the faults of its devices.
"""

from collections.abc import Mapping

from alerts.faults.around import DOOR, LINE, MAINS, Around, needed
from alerts.faults.wording import some
from monitor.model import SITE, Component, Condition, Fault, Observation


def of_site(around: Around) -> tuple[Observation, ...]:
    """What the faults of its devices say of the site of `around.device`."""
    told = (
        _line(around),
        _many(around, MAINS, around.powered, around.dark),
        _many(around, DOOR, around.site, around.blind),
    )
    return tuple(one for one in told if one is not None)


def _line(around: Around) -> Observation | None:
    """All silent, two of them at once, each reached by a way of its own: not one of them has failed, but the way."""
    down = _of(around.site, around.down)
    stands = LINE in around.of_site
    if len(around.site) < around.elsewhere.devices or (not down and not stands):
        return None
    all_down = len(down) == len(around.site)
    if all_down:
        first = {name: fault for name, fault in down.items() if not around.topology.cutting_off(name, down.keys())}
        if stands or len(_at_once(first, around)) >= around.elsewhere.devices:
            return _said(around, LINE, Condition.FAILED, down)
    return _said(around, LINE, Condition.OK, down) if stands and not all_down else None


def _many(around: Around, aspect: str, able: frozenset[str], all_hit: Mapping[str, Fault]) -> Observation | None:
    """So many at once, of those that are `able` to be hit, that it is the site that is."""
    hit = _of(around.site, all_hit)
    stands = aspect in around.of_site
    enough = needed(able, around.elsewhere)
    if len(hit) >= enough and (stands or len(_at_once(hit, around)) >= enough):
        return _said(around, aspect, Condition.FAILED, hit)
    if stands and around.site <= around.down.keys():
        return None  # nothing answers: nobody knows
    return _said(around, aspect, Condition.OK, hit) if stands else None


def _of(site: frozenset[str], faults: Mapping[str, Fault]) -> dict[str, Fault]:
    """Those of `faults` that are at the site; the shorter of the two is gone through, for in a storm one is long."""
    if len(faults) < len(site):
        return {name: fault for name, fault in faults.items() if name in site}
    return {name: faults[name] for name in site if name in faults}


def _at_once(faults: Mapping[str, Fault], around: Around) -> list[str]:
    """Those of `faults` that began together with the newest of them."""
    newest = max((fault.changed_at for fault in faults.values()), default=around.now)
    return [name for name, fault in faults.items() if newest - fault.changed_at <= around.elsewhere.together]


def _said(around: Around, aspect: str, condition: Condition, hit: Mapping[str, Fault]) -> Observation:
    site = around.device.site
    return Observation(
        component=Component(kind=SITE, label=site),
        aspect=aspect,
        condition=condition,
        at=around.now,
        value=float(len(hit)),
        raw=some(sorted(hit)),
        source="netvigil device list",
    )
