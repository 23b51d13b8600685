"""What a letter to a customer says of the makers' notices: the facts, before they have words or a form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from alerts.notices.exposure import Verdict
from alerts.notices.life import Again

_GRAVE, _HIGH = 9.0, 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldUnit:
    """A device that is affected, or may be; `rule` is why, and `component` says which of its versions ("": its own)."""

    device: str
    title: str
    site: str
    site_title: str
    component: str
    model: str
    version: str
    patch: str
    verdict: Verdict
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One subject: what it is, whom it hits, what helps. `published` is in the maker's words; `seen` when we had it."""

    subject: str
    names: tuple[str, ...]
    sources: tuple[str, ...]
    title: str
    text: str
    published: str
    seen: datetime
    score: float | None
    known_exploited: bool
    again: tuple[Again, ...]
    units: tuple[ToldUnit, ...]
    versions: tuple[str, ...]
    patches: tuple[str, ...]
    workarounds: tuple[str, ...]
    advice: tuple[str, ...]
    planned: date | None = None

    @property
    def has_fix(self) -> bool:
        """Whether a version or a patch repairs it."""
        return bool(self.versions or self.patches)

    @property
    def affected(self) -> int:
        """How many devices are affected for sure."""
        return len({each.device for each in self.units if each.verdict is Verdict.AFFECTED})

    @property
    def possible(self) -> int:
        """How many devices may be affected, of those that are not for sure."""
        return len({each.device for each in self.units}) - self.affected

    @property
    def risk(self) -> str:
        """What waiting means, as the key of its words."""
        if self.known_exploited:
            return "exploited"
        if self.score is None:
            return "unknown"
        return "grave" if self.score >= _GRAVE else "high" if self.score >= _HIGH else "moderate"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How far a source is known: when it was read last, its newest item, and what of it could not be read."""

    name: str
    last_good: datetime | None
    newest: str
    refused: int
    undetermined: int = 0
    is_old: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One letter to one customer. `undetermined` counts the devices of which something could not be told."""

    number: str
    customer: str
    zone: str
    at: datetime
    matters: tuple[Matter, ...]
    devices: int
    undetermined: int
    unknown: int
    sources: tuple[SourceState, ...]

    def within(self, sites: Sequence[str]) -> "Telling":
        """The same for somebody who is told of these sites only; empty means all."""
        if not sites:
            return self
        kept = (replace(each, units=tuple(u for u in each.units if u.site in sites)) for each in self.matters)
        return replace(self, matters=tuple(each for each in kept if each.units))


def ordered(matters: Sequence[Matter]) -> tuple[Matter, ...]:
    """The gravest first: known to be exploited, then by score, then by how many devices are hit."""
    return tuple(
        sorted(matters, key=lambda m: (not m.known_exploited, -(m.score or 0), -m.affected, -m.possible, m.subject))
    )
