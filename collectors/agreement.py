"""What several eyes say of the same part, as one: the better source is heard, and a contradiction is told beside it.

The last step of visit.py, taken only where another eye than SNMP brought something.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from collectors.changes import kept
from collectors.facts import PartTold
from collectors.tables import Eye
from monitor.model import Condition, Observation

DISAGREEMENT = "disagreement"
"""The aspect of a part of which two eyes say different things. It is unknown: neither of them is known to be right."""

_CLAIMS = frozenset({Condition.OK, Condition.DEGRADED, Condition.FAILED})


def as_one(told: Sequence[tuple[Eye, PartTold]], at: datetime, before: Iterable[Observation] = ()) -> list[Observation]:
    """The Observations of all parts, each aspect of each component once: `told` in the order in which it is heard.

    What comes first is asked more often; only where it does not know is what comes later the better source.
    """
    chosen: dict[tuple[str, str, str], tuple[Eye, Observation]] = {}
    differ: dict[tuple[str, str], Observation] = {}
    for eye, part in told:
        for one in part.observations:
            kind, label = one.component.kind, one.component.label
            known = chosen.setdefault((kind, label, one.aspect), (eye, one))
            if known[1] is one:
                continue
            if known[1].condition is Condition.UNKNOWN and one.condition in _CLAIMS:
                chosen[kind, label, one.aspect] = (eye, one)
            elif {known[1].condition, one.condition} <= _CLAIMS and known[1].condition is not one.condition:
                differ.setdefault((kind, label), _disagreement(*known, eye, one, at))
    differing = kept(differ.values(), [one for one in before if one.aspect == DISAGREEMENT]) if differ else ()
    return [*(one for _, one in chosen.values()), *differing]


def _disagreement(eye: Eye, known: Observation, other_eye: Eye, other: Observation, at: datetime) -> Observation:
    return Observation(
        component=known.component,
        aspect=DISAGREEMENT,
        condition=Condition.UNKNOWN,
        raw=f"{known.aspect}: {eye} {known.raw or known.condition}, {other_eye} {other.raw or other.condition}",
        source=other.source,
        at=at,
    )
