"""What an inspection report is made of: the facts of a customer's site (or sites) and one month, and their fingerprint.

The daemon gathers them from what it stored; inspection.py writes them down.
"""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from alerts.desk.clocks import Clock
from alerts.desk.spares import Level as SpareLevel
from alerts.desk.spares import Movement, Spare
from alerts.desk.tickets import TicketState
from alerts.reports.items import Items
from alerts.reports.trending import Trended
from monitor.model import Component, Device, DeviceEvent, Fault, Identity, Observation, Site, Text, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMonth:
    """The log of one device in the month: lines by severity ("" where none was told), and those told most often."""

    counts: Mapping[str, int]
    repeated: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationMonth:
    """The configurations that were kept of a device.

    `number` counts all different ones, `at` is when the last was kept, `changes` how many came in the month, `added`
    and `removed` the lines by which the last differs from the one at the beginning of the month.
    """

    number: int
    at: datetime | None = None
    changes: int = 0
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMonth:
    """One device: who it is and what was last read of it (`checks`, judged).

    `reached` is False where it could not be read when it was to be inspected; `reason` then says why, in a word of
    `Silence` or in others. `last_seen` is the last reading that succeeded, None where there never was one.
    `differences` are those from the asset file, None where none is kept; `known_for` and `up_for` the seconds of the
    month in which it was known whether the device is there, and in which it was.
    """

    device: Device
    identity: Identity
    checks: tuple[Observation, ...]
    reached: bool
    last_seen: datetime | None = None
    reason: str = ""
    booted_at: datetime | None = None
    warranty_ends: date | None = None
    differences: tuple[Text, ...] | None = None
    configuration: ConfigurationMonth | None = None
    log: LogMonth | None = None
    known_for: float = 0.0
    up_for: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMonth:
    """One ticket, where it stands and how its clocks were kept, as of the end of the month or the making."""

    ticket: Ticket
    state: TicketState
    clocks: tuple[Clock, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowMonth:
    """A maintenance window in the month."""

    begins: datetime
    ends: datetime
    what: str
    reason: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SparesMonth:
    """The stores: what there is to be by what is installed, and what was moved in the month."""

    levels: tuple[SpareLevel, ...]
    movements: tuple[tuple[Spare, Movement], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMonth:
    """A cable as the device at one of its ends told it last by LLDP; the neighbour by the name it gives itself."""

    device: str
    port: str
    neighbour: str
    neighbour_port: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureMonth:
    """A maker's notice that touches a device, with what was said of it."""

    device: str
    advisory: str
    title: str
    verdict: str
    known_exploited: bool = False
    fixed: str = ""
    workaround: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesMonth:
    """What the makers' notices mean for these devices; `sources` with the moment until which each is known.

    Of `undetermined` devices it could not be told for some notice whether it touches them.
    """

    exposures: tuple[ExposureMonth, ...]
    sources: tuple[tuple[str, datetime | None], ...] = ()
    undetermined: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """When a value is going to reach a limit, as a forecast says: most likely on `on`, between `first` and `last`.

    None is not within the time that is looked ahead, or there is no limit to reach and `says` tells what is foreseen.
    `left` are the days until then from the last day that was measured, `signal` the way in which it was found.
    `points` are what was measured, `line` and `band` the forecast as drawn.
    """

    device: str
    component: Component
    aspect: str
    unit: str
    limit: float | None
    on: date | None
    first: date | None = None
    last: date | None = None
    left: int | None = None
    signal: str = ""
    says: Text | None = None
    points: tuple[tuple[datetime, float | None], ...] = ()
    line: tuple[tuple[datetime, float | None], ...] = ()
    band: tuple[tuple[datetime, float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProblem:
    """A problem as the report before told it; `key` is its natural key."""

    key: str
    what: Text
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the next month's report needs of this one. Scores are None where there was nothing to reckon them from."""

    month: str
    number: str
    score: float | None
    parts: Mapping[str, float | None]
    counts: Mapping[str, int]
    problems: tuple[KnownProblem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of the document, and why it was made."""

    version: int
    made_at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionMonth:
    """All facts of one month ("2026-11"), which lasted from `start` to `end` on the wall clocks of `zone`.

    `customer` is the customer's title, as printed; `number` that of the report. `notices` are None where nobody watches
    for them, `spares` where there are no stores. `before` is what the report of the month before said. `filled` is
    what people wrote into the blanks, by their keys.
    """

    customer: str
    sites: tuple[Site, ...]
    month: str
    number: str
    start: datetime
    end: datetime
    generated_at: datetime
    tool_version: str
    devices: tuple[DeviceMonth, ...]
    items: Items = field(default_factory=Items)
    zone: str = "Asia/Shanghai"
    company: str = ""
    confidential: str = ""
    faults: tuple[Fault, ...] = ()
    tickets: tuple[TicketMonth, ...] = ()
    events: tuple[DeviceEvent, ...] = ()
    windows: tuple[WindowMonth, ...] = ()
    engineers: tuple[str, ...] = ()
    trends: Trended = field(default_factory=Trended)
    outlooks: tuple[Outlook, ...] = ()
    links: tuple[LinkMonth, ...] = ()
    notices: NoticesMonth | None = None
    spares: SparesMonth | None = None
    before: Outcome | None = None
    filled: Mapping[str, str] = field(default_factory=dict)
    revisions: tuple[Revision, ...] = ()


_NOT_FACTS = frozenset({"generated_at", "tool_version", "revisions"})
"""Who made the report and when, and how often before: the same facts have the same fingerprint."""


def facts(month: object) -> bytes:
    """The facts as one canonical JSON document, which the archive keeps with the report."""
    told = {key: value for key, value in _plain(month).items() if key not in _NOT_FACTS}
    return json.dumps(told, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def fingerprint(month: object) -> str:
    """SHA-256 of the facts, whoever made the report of them and when."""
    return sha256(facts(month)).hexdigest()


def _plain(value: object) -> dict[str, object]:
    kind = type(value)
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = tuple(each.name for each in fields(value))  # type: ignore[arg-type]  # a dataclass: `_told` sends no other
    return {name: _told(getattr(value, name)) for name in names}


_FIELDS: dict[type, tuple[str, ...]] = {}
_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})


def _told(value: object) -> object:  # noqa: PLR0911 - one for each kind of value
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind in _FIELDS or is_dataclass(value):
        return _plain(value)
    if isinstance(value, tuple | list):
        return [_told(each) for each in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _told(each) for key, each in value.items()}
    if isinstance(value, AbstractSet):
        return sorted(map(str, value))
    return value.total_seconds() if isinstance(value, timedelta) else value
