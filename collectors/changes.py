"""What a visit told since the last one: columns are compared as they came, and only what differs is made anew.

Called by visit.py. An Observation that says what it said at the last visit stays the same object, and keeps the moment
at which it was first told: whoever comes after compares by identity. What comes out is what `facts.told` makes of all
columns, whatever was told before; only the moments differ.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from operator import is_

from collectors.facts import PartRows, PartTold, Read, told
from collectors.plan import Fact, Number, Part
from collectors.snmp.reader import Value
from collectors.tables import Eye, Table
from monitor.model import Observation, moved


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsTold:
    """What one visit told of all parts of its platform, and the columns that it is made of."""

    tables: Mapping[str, Table]
    parts: tuple[PartTold, ...]


def parts_told(parts: Sequence[Part], tables: Mapping[str, Table], at: datetime, before: PartsTold | None) -> PartsTold:
    """What `tables` say of `parts`, which are those of `before`."""
    if before is None:
        return PartsTold(tables=tables, parts=tuple(_all(parts, tables, at)))
    compared = {name: Compared(table, before.tables[name]) for name, table in tables.items()}
    found: list[PartTold] = []
    read: Read = {}
    renamed: set[tuple[str, Eye]] = set()  # where a label came or went: what follows is told apart anew
    for part, last in zip(parts, before.parts, strict=True):
        eye = tables[part.table].eye
        rows = None if (part.kind, eye) in renamed else _rows_changed(part, compared)
        now = None if rows is None else _of_rows(part, compared[part.table], tables, at, last, rows)
        if rows is None or now is None:
            taken = {
                (one.component.label, one.aspect)
                for other, known in zip(parts, found, strict=False)
                if other.kind == part.kind and tables[other.table].eye is eye
                for one in known.observations
            }
            now = _kept(told(part, tables, at, taken, read), last)
            if not _same_names(now.observations, last.observations):
                renamed.add((part.kind, eye))
        found.append(now)
    same = all(now is last for now, last in zip(found, before.parts, strict=True))
    return PartsTold(tables=tables, parts=before.parts if same else tuple(found))


def _all(parts: Iterable[Part], tables: Mapping[str, Table], at: datetime) -> Iterable[PartTold]:
    taken: dict[tuple[str, Eye], set[tuple[str, str]]] = {}
    read: Read = {}
    for part in parts:
        yield told(part, tables, at, taken.setdefault((part.kind, tables[part.table].eye), set()), read)


class Compared:
    """One table beside that of the last visit, compared when asked for."""

    def __init__(self, now: Table, before: Table) -> None:
        """Two answers to the same question."""
        self.now, self.before = now, before
        self.reindexed = now is not before and (now.index != before.index or now.oids is not before.oids)

    @cached_property
    def moved(self) -> frozenset[str]:
        """The columns in which any value is another one."""
        now, before = self.now.columns, self.before.columns
        if now is before:
            return frozenset()
        return frozenset(
            name for name, column in now.items() if column is not (last := before.get(name)) and column != last
        )

    def rows(self, columns: Iterable[str]) -> set[int]:
        """The rows in which any value of `columns` is another one."""
        return {row for name in columns for row in _differing(self.now.columns[name], self.before.columns[name])}


def _differing(now: Sequence[Value | float], before: Sequence[Value | float]) -> Iterable[int]:
    return (row for row, (one, other) in enumerate(zip(now, before, strict=True)) if one != other)


def _rows_changed(part: Part, compared: Mapping[str, Compared]) -> set[int] | None:
    """The rows of `part` that may say something else than before; None where the part may have others.

    Not among them are those in which nothing but a number of `Needs.alone` moved.
    """
    needs, own = part.needs, compared[part.table]
    if any(compared[name].reindexed for name in needs.tables):
        return None
    if any(not columns.isdisjoint(compared[name].moved) for name, columns in needs.shape.items()):
        return None
    if not own.moved:
        return set()
    rows = own.rows(needs.row & own.moved - needs.alone.keys())
    for number in needs.quirks:
        now, last = _told_by(number, own.now), _told_by(number, own.before)
        if now is not last:
            rows.update(_differing(now, last))
    return rows


def _told_by(number: Number, table: Table) -> Sequence[float | None]:
    return table.asked(number.quirk, number.column) if number.quirk else ()


def _of_rows(
    part: Part, own: Compared, tables: Mapping[str, Table], at: datetime, last: PartTold, rows: set[int]
) -> PartTold | None:
    """`last` with what `rows` say now, and the numbers that moved; None where a row says more or less than it did."""
    if not last.labels:
        return last  # the part is not told at all, whatever its rows say
    observations: list[Observation] | None = None
    for column in own.moved & part.needs.alone.keys():
        observations = observations or list(last.observations)
        rows |= _moved_alone(part.needs.alone[column], own, at, last, observations, rows)
    if rows:
        observations = _made_anew(PartRows(part, tables, at), last, rows, observations)
        if observations is None:
            return None
    if observations is None or all(map(is_, observations, last.observations)):
        return last
    return PartTold(observations=tuple(observations), ends=last.ends, labels=last.labels)


def _moved_alone(
    fact: Fact, own: Compared, at: datetime, last: PartTold, observations: list[Observation], rows: set[int]
) -> set[int]:
    """Put the numbers of `fact` that moved into `observations`, but those of `rows`; the rows where that is not all.

    These are rows in which a number came or went, or is none; or of which something else than the number was told.
    """
    column, before = own.now.columns[fact.number.column], own.before.columns[fact.number.column]
    divisor, skip, aspect, shown, ends = (
        fact.number.divisor, fact.number.skip | fact.idle, fact.aspect, last.labels[0], last.ends,
    )  # fmt: skip
    otherwise: set[int] = set()
    changed = [row for row, (raw, was) in enumerate(zip(column, before, strict=True)) if raw is not was and raw != was]
    places: list[int] = []
    values: list[float] = []
    words: list[str] = []
    for row in changed:
        if row in rows or shown[row] is None:
            continue
        raw = column[row]
        word = str(raw)
        if raw.__class__ is not int or word in skip:
            otherwise.add(row)
            continue
        for place in range(ends[row - 1] if row else 0, ends[row]):
            known = observations[place]
            if known.aspect == aspect and known.condition is None and known.value is not None:
                places.append(place)
                values.append(raw / divisor)
                words.append(word)
                break
        else:
            otherwise.add(row)
    moved(observations, places, values, words, at)
    return otherwise


def _made_anew(
    read: PartRows, last: PartTold, rows: Iterable[int], observations: list[Observation] | None
) -> list[Observation] | None:
    """`observations` (those of `last` where there are none) with what `rows` say now; None where that fits no more."""
    found = list(last.observations) if observations is None else observations
    own, *labels = last.labels
    for row in rows:
        if read.is_shown(row) is not (own[row] is not None):
            return None
        if own[row] is None:
            continue
        start, end = last.ends[row - 1] if row else 0, last.ends[row]
        known = last.observations[start:end]
        fresh = list(read.row(row, [names[row] or "" for names in labels]))
        if len(fresh) != len(known):
            return None
        for place, (one, other) in enumerate(zip(fresh, known, strict=True), start):
            component = other.component  # the columns that name parts are as they were
            apart = f"{one.component.label} #{read.table.index[row]}"
            if one.aspect != other.aspect or component.label not in {one.component.label, apart}:
                return None
            found[place] = other if _says_the_same(one, other) else replace(one, component=component)
    return found


def _kept(now: PartTold, last: PartTold) -> PartTold:
    observations = kept(now.observations, last.observations)
    if now.ends == last.ends and now.labels == last.labels:
        same = len(observations) == len(last.observations) and all(map(is_, observations, last.observations))
        return last if same else PartTold(observations=observations, ends=last.ends, labels=last.labels)
    return PartTold(observations=observations, ends=now.ends, labels=now.labels)


def kept(now: Iterable[Observation], last: Iterable[Observation]) -> tuple[Observation, ...]:
    """`now`, with the Observations of `last` where they say the same."""
    known = {(one.component, one.aspect): one for one in last}
    return tuple(
        other if (other := known.get((one.component, one.aspect))) and _says_the_same(one, other) else one
        for one in now
    )


def _says_the_same(one: Observation, other: Observation) -> bool:
    """True where they differ in nothing but the moment; their components are known to be the same."""
    return (
        one.raw == other.raw
        and one.condition is other.condition
        and one.value == other.value
        and one.limits == other.limits
        and one.unit == other.unit
        and one.source == other.source
    )


def _same_names(now: Sequence[Observation], last: Sequence[Observation]) -> bool:
    return len(now) == len(last) and all(
        one.aspect == other.aspect and one.component.label == other.component.label
        for one, other in zip(now, last, strict=True)
    )
