"""The parts of a contract as plain values; pydantic fills them from configs/contract.toml (see contract.py).

One set of words serves file and code: a part is a frozen dataclass whose annotations say what a figure may be.
Section numbers are those of the service plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator, StringConstraints, WithJsonSchema

from monitor.model import ServiceClass, Text, duration

AT_ONCE = timedelta(0)


class ClockName(StrEnum):
    """The promises about one ticket that have a clock, in the order in which they are shown."""

    RESPOND = "respond"
    ANSWER = "answer"
    HAND_UP = "hand_up"
    RESTORE = "restore"
    ON_SITE = "on_site"
    REPAIR = "repair"
    SPARE = "spare"
    VENDOR_REPORT = "vendor_report"
    VENDOR_UPDATE = "vendor_update"
    CALL_BACK = "call_back"


def _duration(value: object) -> timedelta:
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not a duration; write text with a unit, such as "10min"')  # noqa: TRY004 - pydantic takes ValueError as the user's mistake, TypeError as ours
    return duration(value)


def _span(value: timedelta) -> timedelta:
    if value <= AT_ONCE:
        raise ValueError("a promise of no length cannot be kept; write how long it may take")
    return value


Duration = Annotated[
    timedelta, PlainValidator(_duration), WithJsonSchema({"type": "string", "examples": ["5min", "1h 30min"]})
]
"""A duration written as text; "0s" is "at once"."""

Span = Annotated[Duration, AfterValidator(_span)]
"""A duration that has a length."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Months = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Channel = Literal["phone", "fax", "letter", "mail", "visit", "web_form"]
Charge = Literal["parts", "labour"]


def _daily(text: str) -> str:
    start, _, end = text.partition("-")
    if start >= end or end > "24:00":
        raise ValueError(f'"{text}" ends before it starts; write opening and closing time of one day')
    return text


Daily = Annotated[
    str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$"), AfterValidator(_daily)
]
"""Hours of one day, such as "08:30-21:00"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRule:
    """A clock's name in words, and whether it stands still while the ticket is paused."""

    title: Text
    pauses: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Warnings:
    """After which shares of a promise to warn; for promises of at most `up_to`, or for all longer ones."""

    at: tuple[Share, ...]
    up_to: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A column of the response table (4.9), with the promise of repair on site (2.6)."""

    title: Text
    repair: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When somebody answers; `holidays` includes weekends."""

    weekdays: Daily
    holidays: Daily


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What is promised beside the two tables (CONTRACT.md, section 2)."""

    hotline: Span
    equipment_fault: Span
    question: Span
    on_site: Span
    complaint: Annotated[tuple[Span, ...], Field(min_length=1)]
    trial_on_site: Span
    inspection_months: Months
    visit_months: Months
    spares_audit_months: Months
    call_back: bool
    early_notice: bool
    loaner: bool
    trial_replacement: bool
    trial_restart: bool
    hours: Hours
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPromise:
    """How fast we must act (4.9). `hand_up` of no length is at once; without `restore` there is no such target."""

    title: Text
    definition: Text
    respond: Span
    hand_up: Duration
    on_site: Mapping[Name, Span]
    restore: Span | None = None
    report_to_vendor: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelPromise:
    """What a fault does (3.1). `on_site` of no length is "sets out at once": the class says when to arrive."""

    title: Text
    definition: Text
    service_class: ServiceClass
    respond: Span
    on_site: Duration
    report_to_vendor: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Somebody at the maker's who is pressed when a case has lasted so long."""

    after: Span
    title: Text
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who made a device: warranty, spare units, support, and whom to press when a case lasts."""

    title: Text
    report_by_level: bool
    warranty_months: Months
    spare: Span | None = None
    loaner_until_solved: bool = False
    on_site: Span | None = None
    parts_business_days: Days | None = None
    phone_hours: Hours | None = None
    ladder: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Warranty:
    """The integrator's own warranty, and what is charged after it (2.13, 2.14, 4.16)."""

    starts_with: Literal["acceptance_report"]
    engineering_months: Months
    on_site_months: Months
    charged_after: tuple[Charge, ...]
    parts_at_contract_price: bool
    charged_upgrade: tuple[Charge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeGuarantees:
    """Refund, exchange, replacement (2.1)."""

    refund_days: Days
    exchange_days: Days
    replace_after_repairs: Annotated[int, Field(ge=1)]
    replace_within_months: Months


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase of a project's life, and the event that ends it (4.14)."""

    name: Name
    title: Text
    ends_with: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One rung of the ladder that a ticket climbs (4.9).

    `hand_up_after` is how long a ticket that was handed up to this tier may stay unsolved in it before it climbs on by
    itself; None where only a person hands it on.
    """

    name: Name
    title: Text
    hand_up_after: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRules:
    """What the contract leaves to us: how the desk keeps its promises."""

    hand_up_by_itself: bool
    reopen_within: Duration
    call_back_within: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefecture:
    """A prefecture, and the alliance partner that goes on site first (4.3)."""

    title: Text
    region: Name
    partner: Text
    phone: str = ""


def written(span: timedelta) -> str:
    """`span` as settings write it ("1h 30min"); `monitor.model.duration` reads it back."""
    milliseconds = span // timedelta(milliseconds=1)
    parts = []
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
