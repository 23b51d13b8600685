"""What the traffic of interfaces comes to: utilisation, errors and discards are Observations where they matter.

Asked by the pipeline after each visit. Ten thousand switches have half a million ports, and nearly all are fine: an
Observation is made only of what reaches a limit of judgement (`Wanted.least`) or what has a fault already
(`Wanted.asked`), because a fault ends by good answers only. Silence of a port is no claim about it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from collectors.changes import kept
from collectors.identify import SYS_UP_TIME
from collectors.ports import TABLE, ports
from collectors.rates import Columns, Counts, Interval, Lost, capacities, interval
from collectors.tables import Table
from collectors.visit import Told
from monitor.model import Component, Limits, Observation

UTILISATION, ERRORS, DISCARDS = ASPECTS = ("utilisation", "packet_errors", "discards")
AT_LEAST = 15.0
"""Seconds of an interval: devices update their counters every few seconds, so shorter ones tell of that alone."""
_COUNTERS = {ERRORS: ("in_errors", "out_errors"), DISCARDS: ("out_discards",)}
_SHORT = "octets_32"  # the table of those counters, where the device has no others
_SPEEDS = ("type", "high_speed", "speed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Of what Observations are made: from which number on, by aspect; and which interfaces (label, aspect) anyway.

    `limits` are those to be told with the number, by aspect, where they are not the same for all devices. `own` are the
    limits of single interfaces (label, aspect), and from which number on these are told.
    """

    least: Mapping[str, float]
    asked: frozenset[tuple[str, str]] = frozenset()
    limits: Mapping[str, Limits] = field(default_factory=dict)
    own: Mapping[tuple[str, str], tuple[float, Limits]] = field(default_factory=dict)


EVERYTHING = Wanted(least=dict.fromkeys(ASPECTS, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What was counted up to here, and what followed from it; kept until the next visit of the device.

    `lost` says of interfaces (label, aspect) that had errors or discards which share of their packets, within `seconds`
    (0 where nothing can be said of them).
    """

    counts: Counts
    fits: Sequence[float]
    observations: tuple[Observation, ...] = ()
    lost: Mapping[tuple[str, str], float] = field(default_factory=dict)
    seconds: float = 0.0


def traffic(found: Told, before: Traffic | None, wanted: Wanted, *, at_least: float = AT_LEAST) -> Traffic | None:
    """What the interfaces did since `before`; None where the device told of no interfaces."""
    told = ports(found)
    if told is None:
        return None
    table, up_time = found.visit.tables[TABLE], found.visit.scalars.get(SYS_UP_TIME)
    now = Counts(
        labels=told.labels,
        index=table.index,
        columns=_with_short(told.columns, table, found.visit.tables.get(_SHORT)),
        at=found.visit.at,
        up_time=up_time if isinstance(up_time, int) else None,
    )
    if before is None:
        return Traffic(counts=now, fits=capacities(told.columns))
    if 0 <= (now.at - before.counts.at).total_seconds() < at_least:
        return before
    last = before.counts.columns
    same = all(told.columns.get(name) is last.get(name) for name in _SPEEDS)
    fits = before.fits if same else capacities(told.columns)
    since = interval(now, before.counts, fits)
    if since is None:
        return Traffic(counts=now, fits=fits)
    lost: dict[tuple[str, str], float] = {}
    observations = tuple(_observed(since, table, found.visit.tables.get(_SHORT), wanted, now.at, lost))
    if observations and before.observations:
        observations = kept(observations, before.observations)
    return Traffic(counts=now, fits=fits, observations=observations, lost=lost, seconds=since.seconds)


def _with_short(columns: Columns, table: Table, short: Table | None) -> Columns:
    """`columns`, and with them the counters of 32 bits row by row, where the device has only these."""
    if short is None or not short.index:
        return columns
    if short.index == table.index:
        return {**columns, **short.columns}
    rows = [short.rows.get(index) for index in table.index]
    more = {name: tuple(None if r is None else told[r] for r in rows) for name, told in short.columns.items()}
    return {**columns, **more}


def _observed(
    since: Interval,
    table: Table,
    short: Table | None,
    wanted: Wanted,
    at: datetime,
    lost: dict[tuple[str, str], float],
) -> Iterator[Observation]:
    """The Observations that are wanted; what was lost, wanted or not, is put into `lost`."""
    oids = {**table.oids, **_names(short)} if short is not None and short.index else table.oids
    for aspect in ASPECTS:
        least = wanted.least.get(aspect)
        rows: Iterable[int] = ()
        if least is not None:
            everything = least <= 0
            rows = range(len(table.index)) if everything else _candidates(since, aspect, least)
        if wanted.asked:
            asked = {row for row, label in enumerate(since.now.labels) if (label, aspect) in wanted.asked}
            rows = sorted(asked.union(rows))
        for row in rows:
            label = since.now.labels[row]
            if label is None:
                continue
            said = _utilisation(since, row) if aspect == UTILISATION else _lost(since, row, aspect)
            if said is None:
                continue
            value, raw, column = said
            port = label, aspect
            if value and aspect != UTILISATION:
                lost[port] = value
            own = wanted.own.get(port)
            from_, limits = own or (least, wanted.limits.get(aspect))
            if (from_ is None or value < from_) and port not in wanted.asked:
                continue
            yield Observation(
                component=Component(kind=TABLE, label=label),
                aspect=aspect,
                condition=None,
                value=value,
                unit="ratio",
                raw=raw,
                source=f"{oids[column]}.{table.index[row]}" if column in oids else "",
                at=at,
                limits=limits,
            )


def _names(short: Table) -> Mapping[str, str]:
    """The OIDs of the counters of 32 bits, under the names of those for which they stand in."""
    return {name.removesuffix("_32"): oid for name, oid in short.oids.items()}


def _candidates(since: Interval, aspect: str, least: float) -> list[int]:
    return since.busy(least) if aspect == UTILISATION else since.moved(_COUNTERS[aspect])


def _utilisation(since: Interval, row: int) -> tuple[float, str, str] | None:
    value, receive, transmit = since.utilisation(row), since.receive(row), since.transmit(row)
    if value is None:
        return None
    column = "in_octets" if (receive or 0.0) >= (transmit or 0.0) else "out_octets"
    told = [f"{way} {bits / 1e6:.6g}" for way, bits in (("in", receive), ("out", transmit)) if bits is not None]
    return value, f"{', '.join(told)} Mbit/s", column


def _lost(since: Interval, row: int, aspect: str) -> tuple[float, str, str] | None:
    lost: Lost | None = since.errors(row) if aspect == ERRORS else since.discards(row)
    if lost is None:
        return None
    of = f" of {lost.packets} packets" if lost.packets else ""
    return lost.ratio, f"{lost.count}{of}", _COUNTERS[aspect][0]
