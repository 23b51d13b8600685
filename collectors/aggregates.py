"""Link aggregates: which interfaces each is made of, and whether all of them are up, as one Observation an aggregate.

Asked by the pipeline after each visit. Members are those that ifStackTable (RFC 2863) or LACP (IEEE8023-LAG-MIB) names;
one that is down stays a member where it was one, because LACP forgets it then. One that an operator shut is not missed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from collectors.changes import kept
from collectors.ports import TABLE, Ports, ports
from collectors.snmp.reader import Value
from collectors.tables import Table
from collectors.visit import Told
from monitor.model import Component, Condition, Observation

STACKED, LACP = "stacked", "aggregated"
_UP, _AGGREGATE = 1, 161  # ifOperStatus and ifAdminStatus up; IANAifType ieee8023adLag
_NAMED = 5  # members that are down, in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregates:
    """The aggregate of each member, by label, and what is told of the aggregates; kept until the next visit."""

    made_of: tuple[object, ...]
    of: Mapping[str, str]
    observations: tuple[Observation, ...]


NO_AGGREGATES = Aggregates(made_of=(), of={}, observations=())


def aggregates(found: Told, before: Aggregates = NO_AGGREGATES) -> Aggregates:
    """The aggregates of the device; `before` itself where nothing says otherwise."""
    told = ports(found)
    if told is None or not told.columns.keys() >= {"oper", "admin", "type"}:
        return NO_AGGREGATES
    columns, tables = told.columns, found.visit.tables
    lacp = tables.get(LACP)
    selected = lacp.columns.get("selected", ()) if lacp is not None else ()
    made_of = (told.labels, columns.get("oper"), columns.get("admin"), tables.get(STACKED), selected)
    if len(before.made_of) == len(made_of) and all(a is b for a, b in zip(made_of, before.made_of, strict=True)):
        return before
    table = tables[TABLE]
    rows = {label: row for row, label in enumerate(told.labels) if label is not None}
    members = dict(_members(told, table, tables.get(STACKED), lacp))
    for label, aggregate in before.of.items():
        if label in rows and aggregate in rows and label not in members and columns["oper"][rows[label]] != _UP:
            members[label] = aggregate
    observations = tuple(_observed(members, rows, columns, table, found.visit.at))
    return Aggregates(made_of=made_of, of=members, observations=kept(observations, before.observations))


def _members(told: Ports, table: Table, stacked: Table | None, lacp: Table | None) -> Iterator[tuple[str, str]]:
    kinds = told.columns["type"]
    pairs = [index.split(".") for index in stacked.index] if stacked is not None else []
    if lacp is not None:
        pairs += [
            [str(above), index] for index, above in zip(lacp.index, lacp.columns.get("selected", ()), strict=False)
        ]
    for pair in pairs:
        above, below = (table.rows.get(index) for index in pair) if len(pair) == 2 else (None, None)  # noqa: PLR2004 - two interfaces: above, below
        if above is None or below is None or above == below or kinds[above] != _AGGREGATE:
            continue
        aggregate, member = told.labels[above], told.labels[below]
        if aggregate is not None and member is not None:
            yield member, aggregate


def _observed(
    members: Mapping[str, str],
    rows: Mapping[str, int],
    columns: Mapping[str, tuple[Value, ...]],
    table: Table,
    at: datetime,
) -> Iterator[Observation]:
    of: dict[str, list[str]] = {}
    for member, aggregate in members.items():
        of.setdefault(aggregate, []).append(member)
    for aggregate, several in sorted(of.items()):
        if len(several) == 1:
            continue
        wanted = [member for member in several if columns["admin"][rows[member]] == _UP]
        down = [member for member in wanted if columns["oper"][rows[member]] != _UP]
        left = len(wanted) - len(down)
        if not left and columns["admin"][rows[aggregate]] != _UP:
            condition = Condition.ABSENT  # an operator shut the whole
        elif not down:
            condition = Condition.OK
        else:
            condition = Condition.FAILED if left <= 1 else Condition.DEGRADED
        names = ", ".join(down[:_NAMED]) + (" …" if len(down) > _NAMED else "")
        yield Observation(
            component=Component(kind="aggregate", label=aggregate, slot=aggregate),
            aspect="redundancy",
            condition=condition,
            raw=f"{len(down)} of {len(wanted)} members down" + (f": {names}" if names else ""),
            source=f"{table.oids['oper']}.{table.index[rows[aggregate]]}",
            at=at,
        )
