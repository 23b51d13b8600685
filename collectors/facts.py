"""From the columns of a visit to Observations, as the parts of the platform file say: the last step of collecting.

Per part the columns are looked up once, then its rows are gone through; changes.py says which parts and which rows.
Labels are unique per kind within a device; where two rows would share one, both get their slot or index as a suffix.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache, partial
from sys import intern
from typing import Any

from collectors.claims import CLAIMS, WORSE
from collectors.plan import Conditions, Fact, Number, Part, Ref, Rule, Template
from collectors.snmp.reader import Value
from collectors.tables import Table, number, text
from monitor.model import Component, Condition, Limits, Observation, quotient

# what devices write where they have nothing to say
_NOTHING = frozenset({"N/A", "n/a", "NA", "Not Applicable", "NONE", "None", "Unknown"})

Get = Callable[[int], Value]
Make = Callable[[], Component]


@dataclass(frozen=True, slots=True)
class PartTold:
    """What one visit told of one part of the platform file: Observations in the order of its rows.

    `ends[row]` is where the Observations of that row end. `labels` holds the labels of all rows, None where the row is
    none of this part, first by the part's own template, then by those of its facts. `plain` is where the numbers of an
    aspect stand (changes.py), looked up when one first moves.
    """

    observations: tuple[Observation, ...] = ()
    ends: Sequence[int] = ()
    labels: tuple[tuple[str | None, ...], ...] = ()
    plain: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


NOTHING_TOLD = PartTold()


def told(
    part: Part, tables: Mapping[str, Table], at: datetime, taken: set[tuple[str, str]], read: "Read | None" = None
) -> PartTold:
    """All that `tables` say of `part`. `taken` holds the labels and aspects that this eye told of its kind before."""
    if not tables[part.table].index or has_rows(part.when.if_empty, tables):
        return NOTHING_TOLD
    return PartRows(part, tables, at, read).told(taken)


def has_rows(names: Iterable[str], tables: Mapping[str, Table]) -> bool:
    """True where one of these tables is not empty."""
    return any(tables[name].index for name in names)


class _Joined(dict[int, int | None]):
    """For each row of the table the row of the joined table, looked up when first asked for."""

    def __init__(self, find: Callable[[int], int | None]) -> None:
        self._find = find

    def __missing__(self, row: int) -> int | None:
        self[row] = found = self._find(row)
        return found


class _Texts(dict[int, str]):
    """For each row a text, made when first asked for."""

    def __init__(self, make: Callable[[int], str]) -> None:
        self._make = make

    def __missing__(self, row: int) -> str:
        self[row] = made = self._make(row)
        return made


Read = dict[Hashable, _Texts]
"""The texts that were read of the tables of one visit: a dozen parts of a platform file ask for the same names."""


class _Frus(dict[int, Mapping[str, str]]):
    """The FRU data of each row, looked up when first asked for: many rows are named and then say nothing."""

    def __init__(self, find: Callable[[int], Mapping[str, str]]) -> None:
        self._find = find

    def __missing__(self, row: int) -> Mapping[str, str]:
        self[row] = found = self._find(row)
        return found


class PartRows:
    """One part of the platform file over the rows of its table."""

    def __init__(self, part: Part, tables: Mapping[str, Table], at: datetime, read: Read | None = None) -> None:
        """Look up nothing yet: what a row needs is looked up with the first that needs it.

        `read` is what other parts have read of the same tables.
        """
        self.part, self.tables, self.at = part, tables, at
        self.read = {} if read is None else read
        self.table = tables[part.table]
        self._joined: dict[str, Mapping[int, int | None]] = {}
        self.facts = tuple(fact for fact in part.facts if not has_rows(fact.when.if_empty, tables))

    def told(self, taken: set[tuple[str, str]]) -> PartTold:
        """The Observations of all rows."""
        shown, size = self.is_shown, len(self.table.index)
        rows = [row for row in range(size) if shown(row)]
        if not rows:
            nobody = _same((None,) * size)
            return PartTold(ends=_same_ends((0,) * size), labels=(nobody, *(nobody for _ in self.facts)))
        parts = _Frus(self.fru)
        own = self.labels(self.part.label, rows, parts)
        labels = (own, *(self.labels(fact.label, rows, parts) if fact.label else own for fact in self.facts))
        found: list[Observation] = []
        ends: list[int] = []
        for row in range(size):
            if own[row] is not None:
                of_row = self.row(row, [names[row] or "" for names in labels[1:]], parts)
                found += (self.unique(observation, row, taken) for observation in of_row)
            ends.append(len(found))
        return PartTold(observations=tuple(found), ends=_same_ends(tuple(ends)), labels=labels)

    def row(
        self, row: int, labels: Sequence[str], parts: Mapping[int, Mapping[str, str]] | None = None
    ) -> Iterable[Observation]:
        """The Observations of one row under `labels`, one for each fact: each aspect of each label once.

        `parts` holds the FRU data of the rows; without them the components have none.
        """
        said: dict[tuple[str, str], Observation] = {}
        gone = self.is_absent(row) if self.is_absent else None
        for n, say in enumerate(self.says):
            if gone and n:
                break
            make = partial(self.component, labels[n], row, parts)
            for observation in [self.gone(make(), *gone)] if gone else say(row, make):
                key = (observation.component.label, observation.aspect)
                known = said.get(key)
                if known is None or _weight(observation) > _weight(known):
                    said[key] = observation
        return said.values()

    def component(self, label: str, row: int, parts: Mapping[int, Mapping[str, str]] | None) -> Component:
        """The component of a row."""
        return _component(self.part.kind, label, tuple(parts[row].items()) if parts is not None else ())

    def fru(self, row: int) -> Mapping[str, str]:
        """What the device says of the part as a field-replaceable unit."""
        return {field: said(row) for field, said in self._fru.items()}

    @cached_property
    def _fru(self) -> Mapping[str, Callable[[int], str]]:
        return {field: self.texts(templates) for field, templates in self.part.fru.items() if templates}

    @cached_property
    def is_shown(self) -> Callable[[int], bool]:
        """Which rows are parts at all."""
        return self.shown(self.part.when)

    @cached_property
    def is_absent(self) -> Callable[[int], tuple[str, str] | None] | None:
        """Which parts are absent; None where nothing says so."""
        return self.absent()

    @cached_property
    def says(self) -> Sequence[Callable[[int, Make], Iterable[Observation]]]:
        """What each fact says of a row."""
        return [self.says_of(fact) for fact in self.facts]

    def unique(self, observation: Observation, row: int, taken: set[tuple[str, str]]) -> Observation:
        """`observation`, under another label where another part already said this aspect of that label."""
        component = observation.component
        key = (component.label, observation.aspect)
        if key in taken:
            label = f"{component.label} #{self.table.index[row]}"
            observation = replace(observation, component=replace(component, label=label))
            key = (label, observation.aspect)
        taken.add(key)
        return observation

    # ------------------------------------------------------------------ where values stand

    def get(self, ref: Ref) -> Get:
        """What gives the value at `ref` of a row."""
        if ref.join:
            rows, column = self.join(ref.join), self.tables[self.part.joins[ref.join][0]].columns[ref.column]
            return lambda row: None if (there := rows[row]) is None else column[there]
        if ref.column:
            return self.table.columns[ref.column].__getitem__
        index, part = self.table.index, ref.index_part
        if part is None:
            return index.__getitem__
        return lambda row: pieces[part] if part < len(pieces := index[row].split(".")) else None

    def join(self, name: str) -> Mapping[int, int | None]:
        """For each row of the table the row of the joined table."""
        if name not in self._joined:
            target, by, column = self.part.joins[name]
            there = self.tables[target].rows_by(column) if column else self.tables[target].rows
            get = self.get(by)
            self._joined[name] = _Joined(lambda row: there.get(text(get(row))))
        return self._joined[name]

    def said(self, ref: Ref) -> Callable[[int], str]:
        """What gives the text at `ref` of a row."""

        def made() -> Callable[[int], str]:
            get = self.get(ref)
            return lambda row: text(get(row))

        return self.once((ref, *self.ways(ref.join)), made)

    def once(self, key: tuple[Hashable, ...], make: Callable[[], Callable[[int], str]]) -> Callable[[int], str]:
        """What `make` gives, each row of which is made once for all parts that ask for `key` of this table."""
        key = (self.part.table, *key)
        known = self.read.get(key)
        if known is None:
            known = self.read[key] = _Texts(make())
        return known.__getitem__

    def ways(self, join: str) -> Iterator[Hashable]:
        """What this part means by `join`: another part may mean another table, or another row of it."""
        while join:
            yield (way := self.part.joins[join])
            join = way[1].join

    # ------------------------------------------------------------------ texts

    def texts(self, templates: Sequence[Template]) -> Callable[[int], str]:
        """The first of `templates` that has something to say about a row, "" where none has."""

        def made() -> Callable[[int], str]:
            filled = [self.filled(template) for template in templates]
            return lambda row: next((said for fill in filled if (said := fill(row))), "")

        refs = (piece for template in templates for piece in template.pieces if isinstance(piece, Ref))
        return self.once((tuple(templates), *(way for ref in refs for way in self.ways(ref.join))), made)

    def filled(self, template: Template) -> Callable[[int], str]:
        """What fills `template` in for a row; "" where a blank stays empty."""
        pieces = [piece if isinstance(piece, str) else self.said(piece) for piece in template.pieces]

        def fill(row: int) -> str:
            said = [piece if isinstance(piece, str) else piece(row) for piece in pieces]
            if any((not one or one in _NOTHING) and n % 2 for n, one in enumerate(said)):
                return ""
            whole = "".join(said).strip()
            if template.pattern is None:
                return whole
            found = template.pattern.search(whole)
            return found[1] if found else ""

        return fill

    def labels(
        self, templates: Sequence[Template], rows: Iterable[int], parts: Mapping[int, Mapping[str, str]]
    ) -> tuple[str | None, ...]:
        """A label for each of `rows`, unique among them; None for all others."""
        found = self._labels(templates, rows, parts)
        return _same(tuple(found.get(row) for row in range(len(self.table.index))))

    def _labels(
        self, templates: Sequence[Template], rows: Iterable[int], parts: Mapping[int, Mapping[str, str]]
    ) -> dict[int, str]:
        said = self.texts(templates)
        index = self.table.index
        labels = {row: intern(said(row) or index[row]) for row in rows}
        often = Counter(labels.values())
        if len(often) == len(labels):
            return labels
        slots = Counter((label, parts[row].get("slot")) for row, label in labels.items())

        def told_apart(row: int, label: str) -> str:
            slot = parts[row].get("slot")
            return f"{label} ({slot})" if slot and slots[label, slot] == 1 else f"{label} #{index[row]}"

        return {row: told_apart(row, label) if often[label] > 1 else label for row, label in labels.items()}

    # ------------------------------------------------------------------ which rows

    def rules(self, rules: Iterable[Rule]) -> list[tuple[Rule, Callable[[int], str]]]:
        """`rules`, each with what gives the text that it asks about."""
        return [(rule, self.said(rule.ref)) for rule in rules]

    def shown(self, when: Conditions) -> Callable[[int], bool]:
        """Where all of `where` hold and not all of `unless`."""
        where, unless = self.rules(when.where), self.rules(when.unless)

        def shown(row: int) -> bool:
            if not all(rule.holds(said(row)) for rule, said in where):
                return False
            return not unless or not all(rule.holds(said(row)) for rule, said in unless)

        return shown

    def absent(self) -> Callable[[int], tuple[str, str] | None] | None:
        """What says that the part of a row is absent, and where it stands; None where it is present or nothing said."""
        rules = [(rule, self.said(rule.ref), self.source(rule.ref)) for rule in self.part.present]

        def absent(row: int) -> tuple[str, str] | None:
            for rule, said, source in rules:
                word = said(row)
                if word and not rule.holds(word):
                    return f"{rule.ref.column} {word}", source(row)
            return None

        return absent if rules else None

    def source(self, ref: Ref) -> Callable[[int], str]:
        """What gives the OID at which the value at `ref` of a row stands."""
        if not ref.join:
            return lambda row: self.table.source(ref.column, row)
        there, rows = self.tables[self.part.joins[ref.join][0]], self.join(ref.join)
        return lambda row: "" if (n := rows[row]) is None else there.source(ref.column, n)

    # ------------------------------------------------------------------ facts

    def gone(self, component: Component, raw: str, source: str) -> Observation:
        """What is said of a part that is absent, in place of all facts."""
        aspect = self.part.facts[0].aspect
        return Observation(
            component=component, aspect=aspect, condition=Condition.ABSENT, raw=raw, source=source, at=self.at
        )

    def says_of(self, fact: Fact) -> Callable[[int, Make], Iterable[Observation]]:
        """What `fact` says of a row: nothing, one Observation, or one a lane."""
        shown = self.shown(fact.when)
        counts = [(rule, self.said(rule.ref)) for rule in fact.counts_if]
        table, least = fact.counts_from
        idle = (bool(table) and len(self.tables[table].index) < least) or self.is_idle(*fact.idle_if)
        say = self.claims(fact) if fact.claim else self.lanes(fact) if fact.lanes else self.numbers(fact)

        def told(row: int, make: Make) -> Iterable[Observation]:
            if not shown(row):
                return ()
            found = say(row, make)
            words = ((rule, said(row)) for rule, said in counts)
            if found and (idle or any(word and not rule.holds(word) for rule, word in words)):
                return [replace(one, condition=Condition.ABSENT) for one in found]
            return found

        return told

    def is_idle(self, name: str, rules: Sequence[Rule]) -> bool:
        """True where a row of the table `name` fulfils all `rules`: a server that is switched off, say."""
        if not name:
            return False
        columns = self.tables[name].columns
        rows = range(len(self.tables[name].index))
        return any(all(rule.holds(text(columns[rule.ref.column][row])) for rule in rules) for row in rows)

    def claims(self, fact: Fact) -> Callable[[int, Make], Sequence[Observation]]:
        """What a fact says whose values are the device's own claims."""
        column, skip = self.table.columns[fact.number.column], fact.number.skip
        read = CLAIMS[fact.claim]

        def say(row: int, make: Make) -> Sequence[Observation]:
            claim = None if (value := column[row]) in {None, b""} else read(value, fact.states, skip)
            return () if claim is None else (self.one(fact, row, make(), raw=claim[1], condition=claim[0]),)

        return say

    def numbers(self, fact: Fact) -> Callable[[int, Make], Sequence[Observation]]:
        """What a fact says whose values are numbers."""
        column, values, idle = self.table.columns[fact.number.column], self.values(fact.number), fact.idle
        limits = self.limits(fact)

        def say(row: int, make: Make) -> Sequence[Observation]:
            value = values(row)
            if value is None:
                return ()
            if idle and (raw := text(column[row])) in idle:
                return (self.one(fact, row, make(), raw=raw, value=value, condition=Condition.ABSENT),)
            own = _limits(tuple((name, _first(sources, row)) for name, sources in limits.items())) if limits else None
            return (self.one(fact, row, make(), raw=text(column[row]), value=value, limits=own),)

        return say

    def lanes(self, fact: Fact) -> Callable[[int, Make], Sequence[Observation]]:
        """What a fact says whose values are lists of numbers, one a lane."""
        column, skip = self.table.columns[fact.number.column], fact.number.skip
        units = self.table.asked(fact.number.quirk, fact.number.column) if fact.number.quirk else None
        limits = self.limits(fact)

        def say(row: int, make: Make) -> Sequence[Observation]:
            words = text(column[row]).replace(",", " ").replace("|", " ").replace("/", " ").split()
            if not words:
                return ()
            divisor = fact.number.divisor if units is None else units[row] or 1.0
            own = _limits(tuple((name, _first(sources, row)) for name, sources in limits.items())) if limits else None
            component = make()
            return [
                self.one(
                    fact,
                    row,
                    replace(component, label=f"{component.label} lane {n}"),
                    raw=word,
                    value=lane / divisor,
                    limits=own,
                )
                for n, word in enumerate(words, 1)
                if word not in skip and (lane := number(word)) is not None
            ]

        return say

    def limits(self, fact: Fact) -> Mapping[str, Sequence[Callable[[int], float | None]]]:
        """For each limit of `fact` what gives it for a row, in the order in which they are to be tried."""
        return {name: [self.values(source) for source in sources] for name, sources in fact.limits.items()}

    def values(self, words: Number) -> Callable[[int], float | None]:
        """The numbers of a column in base units, without sentinels."""
        if words.quirk:
            return self.table.asked(words.quirk, words.column).__getitem__
        column, skip, divisor = self.table.columns[words.column], words.skip, words.divisor

        def value(row: int) -> float | None:
            raw = column[row]
            if raw is None or text(raw) in skip or (found := number(raw)) is None or f"{found:g}" in skip:
                return None
            return quotient(found, divisor)

        return value

    def one(
        self,
        fact: Fact,
        row: int,
        component: Component,
        *,
        raw: str,
        condition: Condition | None = None,
        value: float | None = None,
        limits: Limits | None = None,
    ) -> Observation:
        """One Observation of `row`."""
        return Observation(
            component=component,
            aspect=fact.aspect,
            condition=condition,
            value=value,
            unit=fact.unit,
            raw=raw,
            source=self.table.source(fact.number.column, row),
            at=self.at,
            limits=limits,
        )


@lru_cache(maxsize=65_536)  # of one model, all devices have the same parts, but for serial numbers
def _component(kind: str, label: str, fru: tuple[tuple[str, str], ...]) -> Component:
    return Component(kind=kind, label=label, **dict(fru))


@lru_cache(maxsize=65_536)  # of one model, all parts have the same limits
def _limits(several: tuple[tuple[str, float | None], ...]) -> Limits:
    told = dict(several)
    return Limits(
        low_critical=told.get("low_critical"),
        low_warning=told.get("low_warning"),
        high_warning=told.get("high_warning"),
        high_critical=told.get("high_critical"),
    )


@lru_cache(maxsize=8192)
def _same_ends(ends: tuple[int, ...]) -> Sequence[int]:
    return array("i", ends)


@lru_cache(maxsize=8192)
def _same(labels: tuple[str | None, ...]) -> tuple[str | None, ...]:
    return labels


def _weight(observation: Observation) -> int:
    """Several facts of one aspect: the worst claim stands; of equals the one that the file names first."""
    return WORSE.get(observation.condition, 0) if observation.condition else 0


def _first(sources: Iterable[Callable[[int], float | None]], row: int) -> float | None:
    return next((value for source in sources if (value := source(row)) is not None), None)
