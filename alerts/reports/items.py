"""The door for inspection.toml: which items an inspection checks on a device, what asks for them, and their standard.

`ItemsFile` is the file's shape; `items` makes the frozen `Item`s that the check sheets are made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

from monitor.model import Observation, Text

_ALL = "*"


class HealthPart(StrEnum):
    """The four parts of the health score, in the order in which they are shown (S1 to S4)."""

    HARDWARE = "hardware"
    LINKS = "links"
    CAPACITY = "capacity"
    SERVICE = "service"


class Tells(StrEnum):
    """What tells of an item beside readings of parts."""

    ANSWER = "answer"
    VERSION = "version"
    UPTIME = "uptime"
    SERIALS = "serials"
    LOG = "log"
    WARRANTY = "warranty"


class Where(StrEnum):
    """Where a person looks at an item: at each device, or once at a site."""

    DEVICE = "device"
    SITE = "site"


class Family(StrEnum):
    """Which devices have an item."""

    SWITCH = "switch"
    SERVER = "server"
    BOTH = "both"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _TextFile(_Section):
    en: str = Field(min_length=1)
    zh_CN: str = Field(min_length=1)  # noqa: N815 - the POSIX name of the locale

    def text(self) -> Text:
        return Text(en=self.en, zh_CN=self.zh_CN)


class FactFile(_Section):
    """Which readings belong to an item; what is not named may be anything."""

    kind: str = _ALL
    aspect: str = _ALL


class ItemFile(_Section):
    """One [[item]]."""

    name: str = Field(min_length=1)
    title: _TextFile
    standard: _TextFile
    family: Family = Field(Family.BOTH, alias="for")
    part: HealthPart = HealthPart.HARDWARE
    facts: tuple[FactFile, ...] = ()
    tells: Tells | None = None
    asks: Mapping[str, str] = {}
    unread: _TextFile | None = None
    person: Where | None = None
    optional: bool = False
    highest: PositiveFloat | None = None
    margin: PositiveFloat | None = None
    days: PositiveFloat | None = None

    @model_validator(mode="after")
    def _is_told_somehow(self) -> Self:
        ways = (bool(self.facts) or self.tells is not None, self.unread is not None, self.person is not None)
        if sum(ways) != 1:
            raise ValueError("needs either facts or tells, or unread, or person: what tells of it, or why nothing does")
        return self


class ItemsFile(_Section):
    """The whole of inspection.toml."""

    servers: tuple[str, ...] = ()
    item: tuple[ItemFile, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        names = [each.name for each in self.item]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f'item "{twice[0]}" stands here twice; remove or rename one')
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that an inspection checks.

    `part` is the part of the health score that it counts for. Numbers for which neither device nor policy knows a limit
    are normal up to `highest`; those with limits want a `margin` to them; ends want to be `days` away. With `unread`
    nothing tells of it, for that reason; with `person` somebody fills it in.
    """

    name: str
    title: Text
    standard: Text
    family: Family = Family.BOTH
    part: HealthPart = HealthPart.HARDWARE
    facts: tuple[tuple[str, str], ...] = ()
    tells: Tells | None = None
    asks: Mapping[str, str] = field(default_factory=dict)
    unread: Text | None = None
    person: Where | None = None
    optional: bool = False
    highest: float | None = None
    margin: float | None = None
    days: float | None = None

    def asked(self, platform: str) -> str:
        """The commands or resources that tell of it on `platform`, "" where none is known."""
        return self.asks.get(platform) or self.asks.get(_ALL, "")

    def fits(self, check: Observation) -> bool:
        """True where `check` is a reading of this item."""
        return any(
            kind in {_ALL, check.component.kind} and aspect in {_ALL, check.aspect} for kind, aspect in self.facts
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """All items, and which platforms are servers."""

    servers: frozenset[str] = frozenset()
    every: tuple[Item, ...] = ()

    def of(self, platform: str) -> tuple[Item, ...]:
        """The items that a device of `platform` has, in their order; without those of a whole site."""
        family = Family.SERVER if platform in self.servers else Family.SWITCH
        return tuple(
            item for item in self.every if item.family in {Family.BOTH, family} and item.person is not Where.SITE
        )

    def of_sites(self) -> tuple[Item, ...]:
        """The items that a person looks at once at each site."""
        return tuple(item for item in self.every if item.person is Where.SITE)


def items(file: ItemsFile) -> Items:
    """The items of a file that was let in."""
    return Items(servers=frozenset(file.servers), every=tuple(map(_item, file.item)))


def _item(each: ItemFile) -> Item:
    return Item(
        name=each.name,
        title=each.title.text(),
        standard=each.standard.text(),
        family=each.family,
        part=each.part,
        facts=tuple((fact.kind, fact.aspect) for fact in each.facts),
        tells=each.tells,
        asks=dict(each.asks),
        unread=each.unread.text() if each.unread else None,
        person=each.person,
        optional=each.optional,
        highest=each.highest,
        days=each.days,
        margin=each.margin,
    )
