"""What a visit told since the last one: columns are compared as they came, and only what differs is made anew.

Called by visit.py. An Observation that says what it said at the last visit stays the same object, and keeps the moment
at which it was first told: whoever comes after compares by identity. What comes out is what `facts.told` makes of all
columns, whatever was told before; only the moments differ.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from operator import is_, itemgetter
from typing import Any

from collectors.facts import PartRows, PartTold, Read, told
from collectors.plan import Fact, Needs, Number, Part
from collectors.snmp.reader import Value
from collectors.tables import Eye, Table
from monitor.model import Numbers, Observation, with_numbers

Moved = Mapping[tuple[int, str], Numbers]
"""By the number of a part and by column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsTold:
    """What one visit told of all parts of its platform, and the columns that it is made of.

    `moved` holds the numbers that moved since the Observations of their part were made. These are not made anew for
    that: nearly all numbers are only compared with limits and put into series.
    """

    tables: Mapping[str, Table]
    parts: tuple[PartTold, ...]
    moved: Moved

    def exact(self) -> "PartsTold":
        """The same with all numbers in their Observations."""
        if not self.moved:
            return self
        parts = tuple(_exact(part, n, self.moved) for n, part in enumerate(self.parts))
        return PartsTold(tables=self.tables, parts=parts, moved={})


def _exact(part: PartTold, place: int, moved: Moved) -> PartTold:
    several = [numbers for (of_part, _), numbers in moved.items() if of_part == place]
    if not several:
        return part
    return PartTold(observations=with_numbers(part.observations, several), ends=part.ends, labels=part.labels)


def parts_told(parts: Sequence[Part], tables: Mapping[str, Table], at: datetime, before: PartsTold | None) -> PartsTold:
    """What `tables` say of `parts`, which are those of `before`."""
    if before is None:
        return PartsTold(tables=tables, parts=tuple(_all(parts, tables, at)), moved={})
    compared = _Tables(tables, before.tables)
    waiting = _touched(parts, compared)
    found = list(before.parts)
    read: Read = {}
    renamed: set[tuple[str, Eye]] = set()  # where a label came or went: what follows is told apart anew
    moved = {place: numbers for place, numbers in before.moved.items() if place[0] not in waiting}
    while waiting:
        n, *waiting = waiting
        part, known = parts[n], before.parts[n]
        eye = tables[part.table].eye
        rows = None if (part.kind, eye) in renamed else _rows_changed(part, compared)
        last, now = known, None
        if rows is not None:
            last, rows, alone = _numbers_moved(part, n, compared[part.table], at, known, rows, before.moved)
            if not rows:
                moved.update(alone)
                found[n] = last
                continue
            last = _exact(last, n, alone)
            now = _of_rows(part, tables, at, last, rows)
        else:
            last = _exact(known, n, before.moved)
        if rows is None or now is None:
            taken = {
                (one.component.label, one.aspect)
                for other, others in zip(parts[:n], found, strict=False)
                if other.kind == part.kind and tables[other.table].eye is eye
                for one in others.observations
            }
            now = _kept(told(part, tables, at, taken, read), last)
            if not _same_names(now.observations, last.observations):
                renamed.add((part.kind, eye))
                later = {m for m in range(n + 1, len(parts)) if parts[m].kind == part.kind}
                waiting = sorted({*waiting, *later})
                moved = {place: numbers for place, numbers in moved.items() if place[0] not in later}
        found[n] = now
    same = all(map(is_, found, before.parts))
    if len(moved) > 1:
        moved = dict(sorted(moved.items()))  # always in one order: whoever comes after keeps what is made of it
    return PartsTold(tables=tables, parts=before.parts if same else tuple(found), moved=moved)


def _touched(parts: Sequence[Part], compared: "_Tables") -> Sequence[int]:
    """The parts that need something that is another than before, by their numbers.

    Devices of one model move in the same columns again and again, so it is looked up where it was asked before.
    """
    if not compared:
        return ()
    key = id(parts), compared.key
    known = _TOUCHED.get(key)
    if known is None or known[0] is not parts:  # after a reload other parts may have this id
        if len(_TOUCHED) >= _MOST_TOUCHED:
            _TOUCHED.clear()
        tables, reindexed, columns = compared.key
        numbers = [n for n, part in enumerate(parts) if not _is_still(part.needs, tables, reindexed, columns)]
        known = _TOUCHED[key] = parts, numbers
    return known[1]


def _is_still(
    needs: Needs, tables: AbstractSet[str], reindexed: AbstractSet[str], columns: AbstractSet[tuple[str, str]]
) -> bool:
    """Whether nothing that a part needs is among what is another than before: `tables`, their rows, their `columns`."""
    if needs.reads.isdisjoint(tables):
        return True
    return not needs.quirks and needs.columns.isdisjoint(columns) and needs.reads.isdisjoint(reindexed)


def _all(parts: Iterable[Part], tables: Mapping[str, Table], at: datetime) -> Iterable[PartTold]:
    taken: dict[tuple[str, Eye], set[tuple[str, str]]] = {}
    read: Read = {}
    for part in parts:
        yield told(part, tables, at, taken.setdefault((part.kind, tables[part.table].eye), set()), read)


_NONE: frozenset[str] = frozenset()


class Compared:
    """One table beside that of the last visit. `moved` are the columns in which any value is another one."""

    __slots__ = ("before", "moved", "now", "reindexed")

    def __init__(self, now: Table, before: Table) -> None:
        """Two answers to the same question."""
        self.now, self.before = now, before
        self.reindexed = now is not before and (now.index != before.index or now.oids is not before.oids)
        columns, known = now.columns, before.columns
        self.moved: frozenset[str] = _NONE
        if columns is not known:
            self.moved = frozenset(
                [name for name, column in columns.items() if column is not (last := known.get(name)) and column != last]
            )

    def rows(self, columns: Iterable[str]) -> set[int]:
        """The rows in which any value of `columns` is another one."""
        return {row for name in columns for row in _differing(self.now.columns[name], self.before.columns[name])}


_SAME = Table(name="", index=(), columns={}, oids={})
_STILL = Compared(_SAME, _SAME)
"""Any table that is the same object as at the last visit."""
_Key = tuple[frozenset[str], frozenset[str], frozenset[tuple[str, str]]]
_MOST_TOUCHED = 4096
_TOUCHED: dict[tuple[int, _Key], tuple[Sequence[Part], Sequence[int]]] = {}


class _Tables(dict[str, Compared]):
    """The tables of a visit that are not the same objects as at the last one; any other is `_STILL`.

    `key` names the tables, those of them whose rows came or went, and the columns that moved.
    """

    __slots__ = ("key",)

    def __init__(self, now: Mapping[str, Table], before: Mapping[str, Table]) -> None:
        """Two visits of one device."""
        super().__init__(
            {name: Compared(table, before[name]) for name, table in now.items() if table is not before[name]}
        )
        self.key: _Key = (
            frozenset(self),
            frozenset([name for name, one in self.items() if one.reindexed]),
            frozenset([(name, column) for name, one in self.items() for column in one.moved]),
        )

    def __missing__(self, name: str) -> Compared:
        """A table that is as it was."""
        return _STILL


def _differing(now: Sequence[Value | float], before: Sequence[Value | float]) -> Iterable[int]:
    return (row for row, (one, other) in enumerate(zip(now, before, strict=True)) if one != other)


def _rows_changed(part: Part, compared: Mapping[str, Compared]) -> set[int] | None:
    """The rows of `part` that may say something else than before; None where the part may have others.

    Not among them are those in which nothing but a number of `Needs.alone` moved.
    """
    needs, own = part.needs, compared[part.table]
    for name in needs.tables:
        if compared[name].reindexed:
            return None
    for name, columns in needs.shape.items():
        if not columns.isdisjoint(compared[name].moved):
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
    part: Part, tables: Mapping[str, Table], at: datetime, last: PartTold, rows: Iterable[int]
) -> PartTold | None:
    """`last` with what `rows` say now; None where a row says more or less than it did."""
    if not last.labels:
        return last  # the part is not told at all, whatever its rows say
    observations = _made_anew(PartRows(part, tables, at), last, rows)
    if observations is None:
        return None
    if all(map(is_, observations, last.observations)):
        return last
    return PartTold(observations=tuple(observations), ends=last.ends, labels=last.labels)


def _numbers_moved(
    part: Part, n: int, own: Compared, at: datetime, known: PartTold, rows: set[int], before: Moved
) -> tuple[PartTold, set[int], Moved]:
    """The numbers of `part`, the `n`-th, that moved since it was `known`, and the rows to make anew.

    Besides `rows` these are the ones in which something else than a number moved: one came or went, or is none.
    """
    found: dict[tuple[int, str], Numbers] = {}
    odd = rows
    for column, fact in part.needs.alone.items():
        place = n, column
        if column not in own.moved:
            if place in before:
                found[place] = before[place]
            continue
        if not known.labels:
            continue  # the part is not told at all
        plain = _plain(known, fact)
        now, last = own.now.columns[column], own.before.columns[column]
        if plain.take_others is not None and plain.take_others(now) != plain.take_others(last):
            odd = odd | {row for row in plain.others if now[row] != last[row]}
        if plain.take is None:
            continue
        raws = plain.take(now)
        if not _INTEGERS.issuperset(map(type, raws)) or not part.needs.no_numbers[column].isdisjoint(raws):
            moved = own.rows(own.moved & part.needs.alone.keys())
            return _exact(known, n, before), rows | moved, {}
        found[place] = Numbers(places=plain.places, raws=raws, divisor=fact.number.divisor, at=at)
    return known, odd, found


_INTEGERS = frozenset({int})


@dataclass(frozen=True, slots=True)
class _Plain:
    """Where the numbers of one fact stand: what takes them out of the column, and their places in the Observations.

    `others` are the rows in which the fact may be told, and is no number now.
    """

    places: tuple[int, ...]
    take: Callable[[tuple[Value, ...]], tuple[Any, ...]] | None
    others: tuple[int, ...]
    take_others: Callable[[tuple[Value, ...]], tuple[Any, ...]] | None


def _plain(known: PartTold, fact: Fact) -> _Plain:
    found = known.plain.get(fact.aspect)
    if found is None:
        rows: list[int] = []
        places: list[int] = []
        others: list[int] = []
        for row, label in enumerate(known.labels[0]):
            if label is None:
                continue
            of_row = range(known.ends[row - 1] if row else 0, known.ends[row])
            told_at = next((place for place in of_row if _is_number(known.observations[place], fact.aspect)), None)
            if told_at is None:
                others.append(row)
            else:
                rows.append(row)
                places.append(told_at)
        found = known.plain[fact.aspect] = _shared(tuple(rows), tuple(places), tuple(others))
    return found


def _is_number(one: Observation, aspect: str) -> bool:
    return one.aspect == aspect and one.condition is None and one.value is not None


@lru_cache(maxsize=8192)  # devices of one model share it
def _shared(rows: tuple[int, ...], places: tuple[int, ...], others: tuple[int, ...]) -> _Plain:
    return _Plain(places, _taker(rows), others, _taker(others))


def _taker(rows: tuple[int, ...]) -> Callable[[tuple[Value, ...]], tuple[Any, ...]] | None:
    if len(rows) > 1:
        return itemgetter(*rows)
    return (lambda column: (column[rows[0]],)) if rows else None


def _made_anew(read: PartRows, last: PartTold, rows: Iterable[int]) -> list[Observation] | None:
    """The Observations of `last` with what `rows` say now; None where that fits no more."""
    found = list(last.observations)
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
