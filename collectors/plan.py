"""What a platform file comes to once every name in it is looked up: the values that visits compute with.

Made by platform.py out of the words of words.py; read by identify, visit and facts. No pydantic from here on.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from collectors.snmp.reader import Request, Value
from collectors.tables import Eye, Quirk, Table
from monitor.model import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Where a value of a row stands: `join` "" is the row's own table; `column` "" is its index or one part of it."""

    join: str = ""
    column: str = ""
    index_part: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One condition on a row: the text at `ref` is one of `wanted` or matches `pattern`."""

    ref: Ref
    wanted: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None

    def holds(self, said: str) -> bool:
        """True where the text `said` is what the rule wants."""
        return bool(self.pattern.search(said)) if self.pattern else said in self.wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text with blanks to fill in; of the result only group 1 of `pattern` where there is one."""

    pieces: tuple[str | Ref, ...]
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """How the values of a column become numbers in base units."""

    column: str
    divisor: float
    skip: frozenset[str]
    quirk: Quirk | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """When a part or a fact is told at all (`where`, `unless`, `if_empty`)."""

    where: tuple[Rule, ...]
    unless: tuple[Rule, ...]
    if_empty: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`FactWords` with everything looked up."""

    aspect: str
    unit: str
    number: Number
    label: tuple[Template, ...]
    claim: Literal["", "states", "bits", "flags"]
    states: Mapping[str, tuple[Condition, str]]
    lanes: bool
    idle: frozenset[str]
    limits: Mapping[str, tuple[Number, ...]]
    when: Conditions
    counts_if: tuple[Rule, ...]
    counts_from: tuple[str, int]
    idle_if: tuple[str, tuple[Rule, ...]] = ("", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """On what the Observations of a part depend, so that changes.py makes anew only what can have changed.

    Where the rows of one of `tables` or a column of `shape` (by table) changed, the whole part is made anew: its labels
    or its rows may be others. A change in a column of `row` (of its own table) concerns its own row and no other.
    `quirks` say numbers about whole columns: they are asked before and after. A change in a column of `alone` moves the
    number of that one fact of its row, and nothing else; `no_numbers` of it are none. `names` are the tables without
    which a row is no part, or has another name: where one of them is empty, that a part is not told means nothing.
    `reads` are all tables that are asked at all, and `columns` all their columns but those that a quirk reads: where
    each is as it was, so is the part.
    """

    tables: frozenset[str]
    shape: Mapping[str, frozenset[str]]
    row: frozenset[str]
    quirks: tuple[Number, ...]
    alone: Mapping[str, Fact]
    no_numbers: Mapping[str, frozenset[int]]
    names: frozenset[str]
    reads: frozenset[str]
    columns: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`PartWords` with everything looked up."""

    table: str
    kind: str
    label: tuple[Template, ...]
    fru: Mapping[str, tuple[Template, ...]]
    joins: Mapping[str, tuple[str, Ref, str]]
    when: Conditions
    present: tuple[Rule, ...]
    facts: tuple[Fact, ...]
    needs: Needs = field(init=False)

    def __post_init__(self) -> None:
        """Look up once what every visit asks: on which columns the part depends."""
        object.__setattr__(self, "needs", _needs(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySource:
    """`Source` with everything looked up."""

    scalar: str
    table: str
    column: str
    where: tuple[Rule, ...]
    pattern: re.Pattern[str] | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """`LogWords` with everything looked up: a table whose rows are events, read by logs.py."""

    table: str
    name: str
    record: str
    time: str
    utc: bool
    severity: str
    states: Mapping[str, tuple[Condition, str]]
    text: tuple[str, ...]
    if_empty: tuple[str, ...] = ()


Alarms = Callable[[Table], Sequence[tuple[str, str]]]
"""Severity and text of each alarm in a table (collectors/quirks)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmList:
    """`AlarmWords` with everything looked up, read by alarms.py. `kept_by` has rows where the device keeps the list."""

    table: str
    kept_by: str
    label: str
    quirk: Alarms
    states: Mapping[str, tuple[Condition, str]]
    ignore: re.Pattern[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One root of a table: its columns by name, and where in the `Request` they are asked.

    `every` is how many seconds pass at least until it is asked again, 0 for each visit. `may_fill`: that it has no rows
    is news too, so it is asked all the same (see rounds.py). Over Redfish `where` is the path of the resources, over
    SSH the command, whose output `template` takes apart; `position` is then that among the tables of this eye.

    Over SNMP, `position` is -1 where they stand among the scalars. With `count`, the instance that tells how many rows
    there are, single rows are asked once that is known, under the index that `row` makes of their number
    (longtables.py). With `instead_of`, a table and a column of it, it is asked only where that table has rows and the
    column says nothing in any of them.

    Over Redfish, it is asked only where no table of `if_empty` has rows; `gone` is what columns say of a row that
    was there and is no more, known by the first of the columns `known_by` that says something; `pages` is how many
    pages of the collection are read, of a log and those until what is known, 0 for all.
    """

    table: str
    single: bool
    oids: Mapping[str, str]
    position: int
    every: float = 0.0
    may_fill: bool = False
    eye: Eye = Eye.SNMP
    where: str = ""
    template: str = ""
    count: str = ""
    row: str = "{row}"
    instead_of: tuple[str, str] | None = None
    if_empty: tuple[str, ...] = ()
    gone: Mapping[str, str] = field(default_factory=dict)
    known_by: tuple[str, ...] = ()
    pages: int = 0
    told_nothing: Table = field(init=False, compare=False, repr=False)
    """The table without rows, the same object for all devices that have none: most devices lack most tables."""
    is_plain: bool = field(init=False, compare=False, repr=False)
    """True where its rows are asked as a table, and at once."""

    def __post_init__(self) -> None:
        """Make it once."""
        columns: dict[str, tuple[Value, ...]] = dict.fromkeys(self.oids, ())
        nothing = Table(name=self.table, index=(), columns=columns, oids=self.oids, eye=self.eye)
        object.__setattr__(self, "told_nothing", nothing)
        object.__setattr__(self, "is_plain", not self.single and not self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShoutRule:
    """`ShoutWords` with everything looked up; `traps` are OIDs, each for itself and all below it."""

    traps: tuple[str, ...]
    log: re.Pattern[str] | None
    kind: str
    label: tuple[str, ...]
    values: Mapping[str, str]
    condition: Condition
    event: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryErrorRule:
    """`MemoryErrorWords` with everything looked up, read by memory_lines.py."""

    log: re.Pattern[str]
    label: tuple[str, ...]
    tells: Literal["corrected", "too_often", "uncorrected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`DiagnosisWords`: what is asked once when a ticket about a part of `kinds` opens; of any where there are none.

    `entries` are collections of log entries, of which only the newest are kept.
    """

    kinds: frozenset[str] = frozenset()
    commands: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """All that is known of one platform, ready for visits: one request, and what to make of the answer.

    `request` and `origins` are what SNMP is asked, `others` the tables that other eyes see, `unseen` those tables
    before anybody looked, `told_by` which kinds of parts which table tells of. `redfish` finds the name of the maker in
    what a Redfish service tells. `secrets` are the subtrees that a recording leaves out.
    """

    name: str
    title: str
    vendor: str
    object_ids: tuple[str, ...]
    not_object_ids: tuple[str, ...]
    description: re.Pattern[str] | None
    not_description: re.Pattern[str] | None
    identity: Mapping[str, tuple[IdentitySource, ...]]
    request: Request
    origins: tuple[Origin, ...]
    parts: tuple[Part, ...]
    shouts: tuple[ShoutRule, ...] = ()
    others: Mapping[Eye, tuple[Origin, ...]] = field(default_factory=dict)
    redfish: re.Pattern[str] | None = None
    secrets: tuple[str, ...] = ()
    unseen: Mapping[Eye, Mapping[str, Table]] = field(init=False)
    told_by: frozenset[tuple[str, str]] = field(init=False)
    logs: tuple[Log, ...] = ()
    alarms: tuple[AlarmList, ...] = ()
    diagnosis: tuple[Question, ...] = ()
    memory_errors: tuple[MemoryErrorRule, ...] = ()
    tabular: tuple[Origin, ...] = field(init=False)
    long: tuple[Origin, ...] = field(init=False)
    paces: frozenset[float] = field(init=False)
    stand_ins: tuple[Origin, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Look up once what every visit asks: which origins are tables and not scalars, and their paces."""
        object.__setattr__(self, "tabular", tuple(one for one in self.origins if not one.single and not one.count))
        object.__setattr__(self, "long", tuple(origin for origin in self.origins if origin.count))
        object.__setattr__(self, "paces", frozenset(origin.every for origin in (*self.tabular, *self.long)))
        object.__setattr__(self, "stand_ins", tuple(origin for origin in self.tabular if origin.instead_of))
        nobody = {eye: {origin.table: origin.told_nothing for origin in of_eye} for eye, of_eye in self.others.items()}
        object.__setattr__(self, "unseen", nobody)
        object.__setattr__(self, "told_by", frozenset((part.kind, part.table) for part in self.parts))


def _needs(part: Part) -> Needs:
    facts = part.facts
    whens = (part.when, *(fact.when for fact in facts))
    rules = (*part.present, *(rule for when in whens for rule in (*when.where, *when.unless)))
    asked = [rule.ref for rule in (*rules, *(rule for fact in facts for rule in fact.counts_if))]
    templates = (*part.label, *(t for several in part.fru.values() for t in several))
    pieces = (piece for t in (*templates, *(t for fact in facts for t in fact.label)) for piece in t.pieces)
    named = [piece for piece in pieces if isinstance(piece, Ref)]
    numbers = [n for fact in facts for n in (fact.number, *(n for several in fact.limits.values() for n in several))]
    joins = _joins(part, (*named, *asked))
    tables = {part.table, *(part.joins[name][0] for name in joins)}
    tables |= {name for when in whens for name in when.if_empty} | {fact.counts_from[0] for fact in facts}
    tables |= {fact.idle_if[0] for fact in facts}
    shape: dict[str, set[str]] = {}
    idle = [(fact.idle_if[0], rule.ref.column) for fact in facts for rule in fact.idle_if[1]]
    for table, column in (*_shape(part, named, asked, joins), *idle):
        shape.setdefault(table, set()).add(column)
    alone = _alone(facts, [ref.column for ref in (*named, *asked) if not ref.join], numbers)
    row = {ref.column for ref in asked if ref.column and not ref.join} | {n.column for n in numbers}
    of_row = {(part.table, column) for column in (*row, *alone)}
    return Needs(
        tables=frozenset(tables - {""}),
        shape={table: frozenset(columns) for table, columns in shape.items()},
        row=frozenset(row),
        quirks=tuple(dict.fromkeys(number for number in numbers if number.quirk)),
        alone=alone,
        no_numbers={column: _integers(fact.number.skip | fact.idle) for column, fact in alone.items()},
        names=frozenset({part.table, *(part.joins[name][0] for name in _joins(part, _naming(part)))}),
        reads=frozenset(tables - {""} | shape.keys()),
        columns=frozenset(of_row | {(table, column) for table, columns in shape.items() for column in columns}),
    )


def _alone(facts: Sequence[Fact], asked: Iterable[str], numbers: Sequence[Number]) -> Mapping[str, Fact]:
    """The columns that are the number of one fact and nothing else, where no other fact of the part has its aspect."""
    columns = Counter(number.column for number in numbers)
    aspects = Counter(fact.aspect for fact in facts)
    return {
        fact.number.column: fact
        for fact in facts
        if not (fact.claim or fact.lanes or fact.number.quirk)
        and columns[fact.number.column] == aspects[fact.aspect] == 1
        and fact.number.column not in asked
    }


def _integers(words: Iterable[str]) -> frozenset[int]:
    """Which integers are written as one of `words`."""
    return frozenset(int(word) for word in words if re.fullmatch(r"0|-?[1-9][0-9]*", word))


def _naming(part: Part) -> Iterator[Ref]:
    """What decides which rows are parts, and what they are called."""
    yield from (rule.ref for rule in (*part.when.where, *part.when.unless))
    yield from (piece for template in part.label for piece in template.pieces if isinstance(piece, Ref))


def _joins(part: Part, refs: Iterable[Ref]) -> set[str]:
    """The joins that `refs` go through, and those that lead to these; a part may name every table, and uses few."""
    found: set[str] = set()
    ahead = {ref.join for ref in refs if ref.join}
    while ahead:
        found |= ahead
        ahead = {by for name in ahead if (by := part.joins[name][1].join)} - found
    return found


def _shape(part: Part, named: Iterable[Ref], asked: Iterable[Ref], joins: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The columns that name parts, or lead to other tables, or stand there; the index is not among them."""
    for ref in (*named, *(part.joins[name][1] for name in joins), *(ref for ref in asked if ref.join)):
        if ref.column:
            yield part.joins[ref.join][0] if ref.join else part.table, ref.column
    for name in joins:
        target, _, column = part.joins[name]
        if column:
            yield target, column
