"""A device's own list of what is wrong now, made into one Observation; a step of visit.py beside the parts.

The list as a whole is one part that is always there, so that an alarm which leaves the list is seen to be over.
"""

from collections.abc import Mapping
from datetime import datetime

from collectors.claims import CLAIMS, WORSE
from collectors.plan import AlarmList
from collectors.tables import Table
from collectors.text import cleaned
from monitor.model import Component, Condition, Observation

_SHOWN = 5
_LONG = 200  # characters of one alarm


def listed(plan: AlarmList, tables: Mapping[str, Table], at: datetime) -> Observation | None:
    """What the alarms of `plan` claim together: the worst of them; None where the device keeps no such list."""
    table = tables[plan.table]
    if not table.index and not tables[plan.kept_by].index:
        return None
    counted: list[tuple[Condition, str]] = []
    for severity, said in dict.fromkeys(plan.quirk(table)):
        if plan.ignore is not None and plan.ignore.search(said):
            continue
        claim = CLAIMS["states"](severity.encode(), plan.states, frozenset()) or (Condition.UNKNOWN, severity)
        if claim[0] is not Condition.ABSENT:
            counted.append((claim[0], f"{claim[1] or 'no severity'} {cleaned(said, _LONG)}"))
    counted.sort(key=lambda each: -WORSE.get(each[0], 0))
    shown = "; ".join(said for _, said in counted[:_SHOWN])
    return Observation(
        component=Component(kind="system", label=plan.label),
        aspect="errors",
        condition=_worst([condition for condition, _ in counted], whole=table.ended is None),
        raw=f"{len(counted)}: {shown}" if counted else "none",
        source=next(iter(table.oids.values())),
        at=at,
    )


def _worst(conditions: list[Condition], *, whole: bool) -> Condition:
    worst = max(conditions, key=lambda each: WORSE.get(each, 0), default=Condition.OK)
    if worst.is_bad:
        return worst
    return worst if whole and Condition.UNKNOWN not in conditions else Condition.UNKNOWN
