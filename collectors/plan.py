"""What a platform file comes to once every name in it is looked up: the values that visits compute with.

Made by platform.py out of the words of words.py; read by identify, visit and facts. No pydantic from here on.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from collectors.snmp.reader import Request
from collectors.tables import Table
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


Quirk = Callable[[Table, str], tuple[float | None, ...]]
"""What the vocabulary cannot say: the numbers of a whole column in base units (collectors/quirks)."""


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
    limits: Mapping[str, tuple[Number, ...]]
    when: Conditions
    counts_if: tuple[Rule, ...]
    counts_from: tuple[str, int]


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
class Origin:
    """One root of a table: its columns by name, and where in the `Request` they are asked."""

    table: str
    single: bool
    oids: Mapping[str, str]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """All that is known of one platform, ready for visits: one request, and what to make of the answer."""

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
