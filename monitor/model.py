"""The words of the house, shared by collectors, alerts and the daemon; standard library only.

Every word is a frozen value. Facts come in as `Observation`, judgement goes out as `Fault`, `Ticket` and `Letter`.
Moments are aware datetimes in UTC; durations are `timedelta`; numbers are in base units (celsius, volt, ratio …).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache


class Language(StrEnum):
    """The languages in which letters and documents leave the house (BCP 47 region written as POSIX does)."""

    EN = "en"
    ZH_CN = "zh_CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One thing said in every language of the house."""

    en: str
    zh_CN: str  # noqa: N815 - the POSIX name of the locale, the same word as in every setting

    def said(self, language: Language) -> str:
        """The text in `language`."""
        return self.zh_CN if language is Language.ZH_CN else self.en


class Condition(StrEnum):
    """A device's claim about a part, in shared words. It says nothing yet of how grave that is (see `Level`)."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"
    ABSENT = "absent"
    UNKNOWN = "unknown"

    @property
    def is_bad(self) -> bool:
        """True where the part does not do what it should. Absent and unknown are neither good nor bad."""
        return self in {Condition.DEGRADED, Condition.FAILED}


class Level(IntEnum):
    """What a fault does (contract, section 1): 1 is the gravest."""

    CRITICAL = 1
    MAJOR = 2
    MINOR = 3
    WARNING = 4


class Role(StrEnum):
    """What a device is for, because the same broken part means more on a core than on an access switch."""

    CORE = "core"
    DISTRIBUTION = "distribution"
    ACCESS = "access"
    SERVER = "server"
    OTHER = "other"


class ServiceClass(StrEnum):
    """How fast we must act (contract, section 1, second table)."""

    SEVERE = "severe"
    MAJOR = "major"
    GENERAL = "general"
    NON_FAULT = "non_fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place of one customer."""

    name: str
    customer: str
    region: str
    prefecture: str = ""
    zone: str = "Asia/Shanghai"
    title: str = ""
    address: str = ""


SITE = "site"
"""The kind of what befalls a whole site; the device of such a fault is named as the site is."""
REQUEST = "request"
"""The kind of a "part" that is no part: what a person asks for, in the key of a ticket that no fault opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One watched thing.

    `platform` is the name of a platform file or "auto". `credentials` (of SNMP), `redfish` and `ssh` (logins) are
    names, never values; "" is a device that is not seen that way. `expect_up` names the interfaces that must be up even
    if they were down when first seen. `parents` names the devices through which alone this one is reached.
    """

    name: str
    address: str
    customer: str
    site: str
    role: Role = Role.OTHER
    platform: str = "auto"
    credentials: tuple[str, ...] = ()
    port: int = 161
    redfish: str = ""
    redfish_port: int = 443
    ssh: str = ""
    ssh_port: int = 22
    interval: timedelta = timedelta(seconds=30)
    expect_up: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    title: str = ""


def place_of(key: "FaultKey", devices: Mapping[str, Device], sites: Mapping[str, Site]) -> Device | None:
    """The device that a fault is of; of a fault of a whole site the site, as if it were one. None: it is gone.

    A person may have asked for something at a site, or about a device of it.
    """
    device = None if key.kind == SITE else devices.get(key.device)
    if device is not None or key.kind not in {SITE, REQUEST}:
        return device
    site = sites.get(key.device)
    return as_device(site) if site else None


def as_device(site: Site) -> Device:
    """A whole site as the device that its own faults are of."""
    return Device(name=site.name, address="", customer=site.customer, site=site.name, title=site.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a device says it is; None is unknown, never a guess."""

    platform: str | None = None
    vendor: str | None = None
    model: str | None = None
    version: str | None = None
    patch: str | None = None
    serial: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a device. `kind` and `label` name it within the device, over reboots and index reshuffles.

    The other fields are its FRU data (field-replaceable unit; ENTITY-MIB entPhysicalTable), "" where not told. `note`
    is what else tells people which part it is, such as where a cable leads; judgement adds it to the part of a fault.
    """

    kind: str
    label: str
    slot: str = ""
    model: str = ""
    part_number: str = ""
    serial: str = ""
    hardware_version: str = ""
    software_version: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What a limit follows from that neither the device told nor the policy fixed: the past of the part itself.

    `value` was usual over so many `days`; `hysteresis` is that of the limit which follows.
    """

    value: float
    days: int
    hysteresis: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The device's own limits for a number, in the unit of the number; None where it tells none.

    With `usual` they are not the device's own, but follow from what was usual for the part.
    """

    low_critical: float | None = None
    low_warning: float | None = None
    high_warning: float | None = None
    high_critical: float | None = None
    usual: Usual | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One fact: one component, one aspect, one moment.

    `condition` is None where the device claims nothing and only a number is told: judgement compares it with limits.
    `raw` is the device's own word or number; `source` is where a sceptic can check it: an OID, a command, a pointer.
    """

    component: Component
    aspect: str
    condition: Condition | None
    at: datetime
    value: float | None = None
    unit: str = ""
    raw: str = ""
    source: str = ""
    limits: Limits | None = None

    def in_condition(self, condition: Condition) -> "Observation":
        """The same fact with its condition filled in."""
        return _observation(self, condition, self.at, self.value, self.raw)

    def as_of(self, at: datetime) -> "Observation":
        """The same fact, told at that moment."""
        return self if self.at == at else _observation(self, self.condition, at, self.value, self.raw)


def _slots(*names: str) -> Iterator[Callable[[Observation, object], None]]:
    return (getattr(Observation, name).__set__ for name in names)


_component, _aspect, _condition, _at = _slots("component", "aspect", "condition", "at")
_value, _unit, _raw, _source, _limits = _slots("value", "unit", "raw", "source", "limits")


def _observation(
    like: Observation, condition: Condition | None, at: datetime, value: float | None, raw: str
) -> Observation:
    """A copy of `like` with these, made slot by slot.

    A visit moves a hundred numbers: this takes half as long as a call of the class, a quarter of dataclasses.replace.
    """
    made = Observation.__new__(Observation)
    _component(made, like.component)
    _aspect(made, like.aspect)
    _condition(made, condition)
    _at(made, at)
    _value(made, value)
    _unit(made, like.unit)
    _raw(made, raw)
    _source(made, like.source)
    _limits(made, like.limits)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Numbers that are told in place of those of Observations: one aspect of many parts, of which nothing else moved.

    Those at `places` are now `raws` divided by `divisor`, and were told `at` that moment at the latest.
    """

    places: tuple[int, ...]
    raws: tuple[int, ...]
    divisor: float
    at: datetime


@lru_cache(maxsize=16_384)  # sensors tell few numbers, again and again: each is kept once for all devices
def quotient(raw: float, divisor: float) -> float:
    """`raw` divided by `divisor`; the same object for the same numbers, mostly."""
    return raw / divisor


@lru_cache(maxsize=16_384)
def digits(raw: int) -> str:
    """`raw` as text; the same object for the same number, mostly."""
    return str(raw)


def with_numbers(observations: Sequence[Observation], several: Iterable[Numbers]) -> tuple[Observation, ...]:
    """`observations` with the numbers that moved; the others stay the same objects."""
    found = list(observations)
    for one in several:
        words = map(digits, one.raws)
        told = zip(one.places, one.raws, words, strict=True)
        news = [(place, raw, word) for place, raw, word in told if found[place].raw != word]
        moved(
            found,
            [place for place, _, _ in news],
            [quotient(raw, one.divisor) for _, raw, _ in news],
            [word for _, _, word in news],
            one.at,
        )
    return tuple(found)


def moved(
    observations: list[Observation], places: Iterable[int], values: Iterable[float], words: Iterable[str], at: datetime
) -> None:
    """Put the same facts with other numbers in `places` of `observations`, slot by slot: a visit moves a hundred."""
    new, kind = Observation.__new__, Observation
    component, aspect, condition, moment = _component, _aspect, _condition, _at
    number, unit, raw, source, limits = _value, _unit, _raw, _source, _limits
    for place, value, word in zip(places, values, words, strict=True):
        like = observations[place]
        observations[place] = made = new(kind)
        component(made, like.component)
        aspect(made, like.aspect)
        condition(made, like.condition)
        moment(made, at)
        number(made, value)
        unit(made, like.unit)
        raw(made, word)
        source(made, like.source)
        limits(made, like.limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of a device's own log: an event, which is no fault.

    `id` names the line within its device and stays the same however often it is read. `at` is None where the device
    told no moment that is one (no clock, no time zone), `severity` None where it told none. `source` is where the text
    was read: an OID, a command, a pointer.
    """

    id: str
    at: datetime | None
    severity: Condition | None
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FaultKey:
    """The natural key of a fault: at most one fault that is not cleared exists under it."""

    device: str
    kind: str
    label: str
    aspect: str


class FaultState(StrEnum):
    """Where a fault stands in its life."""

    SUSPECTED = "suspected"
    OPEN = "open"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a fault has its level: the rule that gave it and what that rule says here.

    `proposes` is the responsibility that the rule suggests to people ("not_ours"), "" where it suggests none.
    """

    rule: str
    text: Text
    proposes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regraded:
    """The level that a person gave one fault, and why; it stands for as long as the fault does."""

    level: Level
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A condition that lasts.

    `evidence` is the observation that last spoke for it. `bad` and `good` count answers in a row, for confirmation.
    `penalty` is the flap penalty at `changed_at` (RFC 2439, section 4). `hidden_by` is the key of the fault that this
    one is only a symptom of: recorded, but nobody is called for it. `told_at` is when a trap or log line told of it,
    None where none did: nearer to the cause than `first_seen`. `window` names the maintenance window under which it
    opened, so that nobody was called for it then.
    """

    id: int = 0
    key: FaultKey
    component: Component
    condition: Condition
    level: Level
    reasons: tuple[Reason, ...]
    evidence: Observation
    state: FaultState
    first_seen: datetime
    last_seen: datetime
    changed_at: datetime
    bad: int = 1
    good: int = 0
    good_since: datetime | None = None
    opened_at: datetime | None = None
    cleared_at: datetime | None = None
    penalty: float = 0.0
    flapping: bool = False
    hidden_by: FaultKey | None = None
    regraded: Regraded | None = None
    told_at: datetime | None = None
    window: str = ""


class Happened(StrEnum):
    """What happened to a device, as its history tells it."""

    PART_ADDED = "part_added"
    PART_REMOVED = "part_removed"
    PART_SWAPPED = "part_swapped"
    PART_MOVED = "part_moved"
    PART_FORGOTTEN = "part_forgotten"
    VERSION_CHANGED = "version_changed"
    PATCH_CHANGED = "patch_changed"
    IDENTITY_CHANGED = "identity_changed"
    REBOOTED = "rebooted"
    KEY_CHANGED = "key_changed"
    LOG_ENTRY = "log_entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvent:
    """One line of a device's history, which is only ever added to.

    `kind` and `label` name the part, "" for the device as a whole. `data` holds what the kind needs, as text, and is
    put into words where it is read (alerts/reports/history.py). `source` is where a sceptic can check it; `source_id`
    is the device's own number for an entry of its log, "" for all else: under it an entry is kept once.
    """

    device: str
    at: datetime
    what: Happened
    kind: str = ""
    label: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    source_id: str = ""


class Change(StrEnum):
    """What happened to a fault that others must know of."""

    OPENED = "opened"
    LEVEL = "level"
    CLEARED = "cleared"


class EventKind(StrEnum):
    """What can be written into a ticket's append-only list of events."""

    OPENED = "opened"
    LEVEL_CHANGED = "level_changed"
    RECOVERED = "recovered"
    RELAPSED = "relapsed"
    RESPONDED = "responded"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    HANDED_UP = "handed_up"
    ASSIGNED = "assigned"
    WATCHED = "watched"
    UNWATCHED = "unwatched"
    DISPATCHED = "dispatched"
    TAKEN = "taken"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    LEFT = "left"
    WORKAROUND = "workaround"
    LOANER = "loaner"
    RESTORED = "restored"
    REPORTED_TO_VENDOR = "reported_to_vendor"
    VENDOR_UPDATED = "vendor_updated"
    VENDOR_CLOSED = "vendor_closed"
    SPARE_RESERVED = "spare_reserved"
    SPARE_USED = "spare_used"
    SPARE_RETURNED = "spare_returned"
    HANDLED = "handled"
    CALLED_BACK = "called_back"
    PAUSED = "paused"
    RESUMED = "resumed"
    RESPONSIBILITY = "responsibility"
    CLOCK_WARNED = "clock_warned"
    CLOCK_MISSED = "clock_missed"
    COMMENT = "comment"
    ATTACHED = "attached"
    DIAGNOSED = "diagnosed"
    LINKED = "linked"
    MERGED = "merged"
    SPLIT = "split"
    CORRECTED = "corrected"
    CLOSED = "closed"


class TicketKind(StrEnum):
    """What was asked of us; each has promises of its own (contract, section 2)."""

    REPAIR = "repair"
    QUESTION = "question"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEvent:
    """One line of a ticket's history. `seq` counts from 1; `data` holds what the kind needs, as text.

    `at` is when it happened, `written_at` when it was written down; None where that is the same moment.
    """

    seq: int
    kind: EventKind
    at: datetime
    by: str
    data: Mapping[str, str] = field(default_factory=dict)
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The promise made about a fault, or about what a person asked for.

    State and clocks are computed from `events` (alerts/desk), never stored. `fault` is the key of the fault; where a
    person opened the ticket, its kind is `REQUEST`, and its device that of which they spoke, or the site.
    """

    id: str
    kind: TicketKind = TicketKind.REPAIR
    fault: FaultKey
    customer: str
    site: str
    region: str
    events: tuple[TicketEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Someone who gets mail: which language, and for which customers, sites and levels (empty means all)."""

    name: str
    address: str
    language: Language
    customers: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that goes with a letter: its name for the reader, and the SHA-256 under which the store has its octets."""

    name: str
    media_type: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message to one recipient, rendered once, sent at least once under one stable Message-ID (RFC 5322).

    `level`, `site` and `what` are those of the ticket and its event, for a digest; None and "" where there is none.
    Who gets digests has letters that are subjects alone: `text` and `html` are "" until one leaves by itself after all.
    """

    ticket: str
    event: int
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    language: Language
    created_at: datetime
    level: Level | None = None
    site: str = ""
    what: EventKind | None = None
    enclosures: tuple[Enclosure, ...] = ()


_UNITS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_SPELT = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "m": "min", "min": "min", "mins": "min", "minute": "min", "minutes": "min",
    "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "d": "d", "day": "d", "days": "d", "ms": "ms",
}  # fmt: skip
"""Units as people write them, Prometheus among them; no setting lasts months, so "m" can only be minutes."""
_LONGEST = 100 * 366 * 86400
_DURATION = re.compile(rf"(\d+(?:\.\d+)?)\s*({'|'.join(sorted(_SPELT, key=len, reverse=True))})(?![a-z])")


def duration(text: str) -> timedelta:
    """`text` such as "5min", "1h 30min" or "0s" as a timedelta, the way every setting writes durations.

    Raises ValueError that says what is allowed.
    """
    rest = _DURATION.sub("", text).strip()
    parts = _DURATION.findall(text)
    if rest or not parts:
        raise ValueError(
            f'"{text}" is not a duration; write a number and a unit (ms, s, min, h, d), such as "1h 30min"'
        )
    seconds = sum(float(number) * _UNITS[_SPELT[unit]] for number, unit in parts)
    if seconds > _LONGEST:
        raise ValueError(f'"{text}" is too long; nothing here lasts more than 100 years')
    return timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Versions from `low` to `high` as an advisory writes them; empty is open, and an exact version is both ends."""

    low: str = ""
    low_counts: bool = True
    high: str = ""
    high_counts: bool = False


class Said(StrEnum):
    """What an advisory says of a product."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing that an advisory says: of these products, in these versions; what could not be read is kept."""

    said: Said
    products: tuple[str, ...]
    spans: tuple[Span, ...]
    vendor: str = ""
    unparsed: tuple[str, ...] = ()
    rest: bool = False  # of all versions that the record does not list otherwise
    loose: bool = False  # every product with every version, as nothing tells which belong together
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """A vendor's notice, whoever published it. `score` is how grave it is from 0 to 10 (CVSS), None where unsaid."""

    name: str
    form: str
    title: str = ""
    text: str = ""
    published: str = ""
    known_exploited: bool = False
    score: float | None = None
    statements: tuple[Statement, ...] = ()
    remedies: tuple[str, ...] = ()
    unparsed: tuple[str, ...] = ()
