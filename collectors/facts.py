"""From the columns of a visit to Observations, as the parts of the platform file say: the last step of collecting.

Per part the columns are looked up once, then its rows are gone through. Labels are unique per kind within a device;
where two rows would share one, both get their slot or index as a suffix.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from collectors.claims import CLAIMS, WORSE
from collectors.plan import Conditions, Fact, Number, Part, Ref, Rule, Template
from collectors.snmp.reader import Value
from collectors.tables import Table, number, text
from monitor.model import Component, Condition, Limits, Observation

# what devices write where they have nothing to say
_NOTHING = frozenset({"N/A", "n/a", "NA", "Not Applicable", "NONE", "None", "Unknown"})

Get = Callable[[int], Value]


def observations(parts: Iterable[Part], tables: Mapping[str, Table], at: datetime) -> Iterator[Observation]:
    """All that `tables` say of `parts`."""
    taken: set[tuple[str, str, str]] = set()
    for part in parts:
        if tables[part.table].index and not _has_rows(part.when.if_empty, tables):
            yield from _PartRows(part, tables, at).observations(taken)


def _has_rows(names: Iterable[str], tables: Mapping[str, Table]) -> bool:
    return any(tables[name].index for name in names)


class _PartRows:
    """One part of the platform file over the rows of its table."""

    def __init__(self, part: Part, tables: Mapping[str, Table], at: datetime) -> None:
        self.part, self.tables, self.at = part, tables, at
        self.table = tables[part.table]
        self._joined: dict[str, Sequence[int | None]] = {}

    def observations(self, taken: set[tuple[str, str, str]]) -> Iterator[Observation]:
        shown = self.shown(self.part.when)
        rows = [row for row in range(len(self.table.index)) if shown(row)]
        if not rows:
            return
        fru = {field: self.texts(templates) for field, templates in self.part.fru.items() if templates}
        parts = {row: {field: said(row) for field, said in fru.items()} for row in rows}
        own = self.labels(self.part.label, rows, parts)
        absent = self.absent()
        facts = [
            (self.told(fact), self.labels(fact.label, rows, parts) if fact.label else own)
            for fact in self.part.facts
            if not _has_rows(fact.when.if_empty, self.tables)
        ]
        for row in rows:
            said: dict[tuple[str, str], Observation] = {}
            gone = absent(row) if absent else None
            for n, (told, labels) in enumerate(facts):
                if gone and n:
                    break
                component = Component(kind=self.part.kind, label=labels[row], **parts[row])
                for observation in [self.gone(component, *gone)] if gone else told(row, component):
                    key = (observation.component.label, observation.aspect)
                    known = said.get(key)
                    if known is None or _weight(observation) > _weight(known):
                        said[key] = observation
            for observation in said.values():
                yield self.unique(observation, row, taken)

    def unique(self, observation: Observation, row: int, taken: set[tuple[str, str, str]]) -> Observation:
        """`observation`, under another label where another part already said this aspect of that label."""
        component = observation.component
        key = (component.kind, component.label, observation.aspect)
        if key in taken:
            label = f"{component.label} #{self.table.index[row]}"
            observation = replace(observation, component=replace(component, label=label))
            key = (component.kind, label, observation.aspect)
        taken.add(key)
        return observation

    # ------------------------------------------------------------------ where values stand

    def get(self, ref: Ref) -> Get:
        if ref.join:
            rows, column = self.join(ref.join), self.tables[self.part.joins[ref.join][0]].columns[ref.column]
            return lambda row: None if (there := rows[row]) is None else column[there]
        if ref.column:
            return self.table.columns[ref.column].__getitem__
        index, part = self.table.index, ref.index_part
        if part is None:
            return index.__getitem__
        return lambda row: pieces[part] if part < len(pieces := index[row].split(".")) else None

    def join(self, name: str) -> Sequence[int | None]:
        """For each row of the table the row of the joined table."""
        if name not in self._joined:
            target, by, column = self.part.joins[name]
            there = self.tables[target].rows_by(column) if column else self.tables[target].rows
            get = self.get(by)
            self._joined[name] = [there.get(text(get(row))) for row in range(len(self.table.index))]
        return self._joined[name]

    def said(self, ref: Ref) -> Callable[[int], str]:
        get = self.get(ref)
        return lambda row: text(get(row))

    # ------------------------------------------------------------------ texts

    def texts(self, templates: Sequence[Template]) -> Callable[[int], str]:
        """The first of `templates` that has something to say about a row, "" where none has."""
        filled = [self.filled(template) for template in templates]

        def first(row: int) -> str:
            return next((said for fill in filled if (said := fill(row))), "")

        return first

    def filled(self, template: Template) -> Callable[[int], str]:
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
    ) -> dict[int, str]:
        """A label for each row, unique among them."""
        said = self.texts(templates)
        index = self.table.index
        labels = {row: said(row) or index[row] for row in rows}
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
        if not ref.join:
            oid, index = self.table.oids[ref.column], self.table.index
            return lambda row: f"{oid}.{index[row]}"
        there, rows = self.tables[self.part.joins[ref.join][0]], self.join(ref.join)
        return lambda row: "" if (n := rows[row]) is None else f"{there.oids[ref.column]}.{there.index[n]}"

    # ------------------------------------------------------------------ facts

    def gone(self, component: Component, raw: str, source: str) -> Observation:
        aspect = self.part.facts[0].aspect
        return Observation(
            component=component, aspect=aspect, condition=Condition.ABSENT, raw=raw, source=source, at=self.at
        )

    def told(self, fact: Fact) -> Callable[[int, Component], Iterable[Observation]]:
        """What `fact` says of a row: nothing, one Observation, or one a lane."""
        shown = self.shown(fact.when)
        counts = [(rule, self.said(rule.ref)) for rule in fact.counts_if]
        table, least = fact.counts_from
        idle = bool(table) and len(self.tables[table].index) < least
        say = self.claims(fact) if fact.claim else self.lanes(fact) if fact.lanes else self.numbers(fact)

        def told(row: int, component: Component) -> Iterable[Observation]:
            if not shown(row):
                return ()
            found = say(row, component)
            words = ((rule, said(row)) for rule, said in counts)
            if found and (idle or any(word and not rule.holds(word) for rule, word in words)):
                return [replace(one, condition=Condition.ABSENT) for one in found]
            return found

        return told

    def claims(self, fact: Fact) -> Callable[[int, Component], Sequence[Observation]]:
        column, skip = self.table.columns[fact.number.column], fact.number.skip
        read = CLAIMS[fact.claim]

        def say(row: int, component: Component) -> Sequence[Observation]:
            claim = None if (value := column[row]) in {None, b""} else read(value, fact.states, skip)
            return () if claim is None else (self.one(fact, row, component, raw=claim[1], condition=claim[0]),)

        return say

    def numbers(self, fact: Fact) -> Callable[[int, Component], Sequence[Observation]]:
        column, values = self.table.columns[fact.number.column], self.values(fact.number)
        limits = {name: [self.values(source) for source in sources] for name, sources in fact.limits.items()}

        def say(row: int, component: Component) -> Sequence[Observation]:
            value = values(row)
            if value is None:
                return ()
            own = Limits(**{name: _first(sources, row) for name, sources in limits.items()}) if limits else None
            return (self.one(fact, row, component, raw=text(column[row]), value=value, limits=own),)

        return say

    def lanes(self, fact: Fact) -> Callable[[int, Component], Sequence[Observation]]:
        column, skip, divisor = self.table.columns[fact.number.column], fact.number.skip, fact.number.divisor

        def say(row: int, component: Component) -> Sequence[Observation]:
            words = text(column[row]).replace(",", " ").replace("|", " ").split()
            if len(words) < 2:  # noqa: PLR2004 - one lane is what the module's own number says
                return ()
            return [
                self.one(
                    fact, row, replace(component, label=f"{component.label} lane {n}"), raw=word, value=lane / divisor
                )
                for n, word in enumerate(words, 1)
                if word not in skip and (lane := number(word)) is not None
            ]

        return say

    def values(self, words: Number) -> Callable[[int], float | None]:
        """The numbers of a column in base units, without sentinels."""
        if words.quirk:
            return words.quirk(self.table, words.column).__getitem__
        column, skip, divisor = self.table.columns[words.column], words.skip, words.divisor

        def value(row: int) -> float | None:
            raw = column[row]
            if raw is None or text(raw) in skip or (found := number(raw)) is None or f"{found:g}" in skip:
                return None
            return found / divisor

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
        return Observation(
            component=component,
            aspect=fact.aspect,
            condition=condition,
            value=value,
            unit=fact.unit,
            raw=raw,
            source=f"{self.table.oids[fact.number.column]}.{self.table.index[row]}",
            at=self.at,
            limits=limits,
        )


def _weight(observation: Observation) -> int:
    """Several facts of one aspect: the worst claim stands; of equals the one that the file names first."""
    return WORSE.get(observation.condition, 0) if observation.condition else 0


def _first(sources: Iterable[Callable[[int], float | None]], row: int) -> float | None:
    return next((value for source in sources if (value := source(row)) is not None), None)


def _lane(component: Component, n: int) -> Component:
    return replace(component, label=f"{component.label} lane {n}")
