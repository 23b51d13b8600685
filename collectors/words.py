"""The words of configs/platforms/*.toml: what the door accepts, and nowhere further in (platform.py makes plans of it).

The vocabulary is closed: a word that is not here is an error, and what the words cannot say is a Python function with
a name in collectors/quirks. docs/platforms.md explains every word; a test holds it against this file.
"""

import re
from datetime import timedelta
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from monitor.model import Condition, duration

Kind = Literal[
    "system", "chassis", "board", "fan", "psu", "temperature", "voltage", "current", "power", "cpu", "memory", "dimm",
    "processor", "interface", "optic", "stack", "stack_port", "disk", "virtual_disk", "controller", "enclosure",
    "battery", "intrusion", "nic", "pci", "poe", "bgp_peer", "ospf_neighbour", "aggregate", "lane", "modem",
    "firmware", "flash", "vrrp",
]  # fmt: skip
Aspect = Literal[
    "state", "redundancy", "temperature", "voltage", "current", "power", "speed", "usage", "rx_power", "tx_power",
    "bias_current", "errors", "role", "oper_status", "predicted_failure", "endurance", "progress", "duplex", "duty",
    "changes", "signal", "activity", "clock", "configuration", "licence", "log", "startup", "security", "expires",
    "corrected_errors", "reallocated_sectors", "uncorrectable_errors", "media_errors",
]  # fmt: skip
Unit = Literal["celsius", "volts", "amperes", "watts", "ratio", "dbm", "rpm", "bytes", "seconds", "timestamp", ""]
KINDS: tuple[str, ...] = get_args(Kind)
ASPECTS: tuple[str, ...] = get_args(Aspect)


def _listed(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value]


DOTTED = re.compile(r"\d+(\.\d+)+")


def _dotted(value: object) -> object:
    if isinstance(value, str) and value and not DOTTED.fullmatch(value):
        raise ValueError(f'"{value}" is not a dotted OID such as "1.3.6.1.2.1.1.2.0"')
    return value


def _lasting(value: object) -> object:
    return duration(value) if isinstance(value, str) else value


Oid = Annotated[str, BeforeValidator(_dotted)]
Lasting = Annotated[
    timedelta,
    BeforeValidator(_lasting),
    Field(ge=timedelta(0)),
    WithJsonSchema({"type": "string", "examples": ["15min"]}),
]
Scalar = int | str
Wanted = tuple[Scalar, ...] | str
Rules = dict[str, Wanted]
StateMap = dict[str, tuple[Condition, str]]


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Identify(_Words):
    """Which devices are this platform: sysObjectID first, sysDescr second; over Redfish alone the maker."""

    object_ids: tuple[Oid, ...] = ()
    not_object_ids: tuple[Oid, ...] = ()
    description: str = ""
    not_description: str = ""
    redfish: str = ""


class Source(_Words):
    """Where one word of the identity stands: a scalar, or the first row of a column that says something."""

    scalar: Oid = ""
    table: str = ""
    column: str = ""
    where: Rules = {}
    pattern: str = ""
    text: str = "{1}"


class IdentitySources(_Words):
    """For each word of the identity the sources in their order; the first that says something is taken."""

    model: tuple[Source, ...] = ()
    version: tuple[Source, ...] = ()
    patch: tuple[Source, ...] = ()
    serial: tuple[Source, ...] = ()
    name: tuple[Source, ...] = ()


class TableWords(_Words):
    """One table of the device: over SNMP (with `single` a group of scalars), over Redfish, or out of a command.

    With `count` only the ends of a long table are asked.
    """

    oid: Oid = ""
    also: tuple[Oid, ...] = ()
    redfish: str = ""
    command: str = ""
    template: str = ""
    single: bool = False
    every: Lasting = timedelta(0)
    may_fill: bool = False
    instead_of: str = ""
    if_empty: tuple[str, ...] = ()
    gone: dict[str, str] = {}
    known_by: tuple[str, ...] = ()
    pages: int = Field(default=0, ge=0)
    count: Oid = ""
    row: str = "{row}"
    columns: dict[str, int | str] = Field(min_length=1)


class TextWords(_Words):
    """A template, and optionally which part of the result is meant."""

    text: str
    pattern: str = ""


Texts = Annotated[tuple[str | TextWords, ...], BeforeValidator(_listed)]


class Fru(_Words):
    """The FRU data of a part (what to order and where to plug it in)."""

    slot: Texts = ()
    model: Texts = ()
    part_number: Texts = ()
    serial: Texts = ()
    hardware_version: Texts = ()
    software_version: Texts = ()


class Join(_Words):
    """Another table: its row whose index (or whose `column`) equals what `by` says here."""

    table: str
    by: str = "index"
    column: str = ""


class LimitWords(_Words):
    """A column that holds the device's own limit for a number."""

    column: str
    divisor: float | None = None
    skip: tuple[Scalar, ...] = ()
    quirk: str = ""


LimitSources = Annotated[tuple[str | LimitWords, ...], BeforeValidator(_listed)]


class LimitsWords(_Words):
    """The four limits of a number, each with its sources in order."""

    low_critical: LimitSources = ()
    low_warning: LimitSources = ()
    high_warning: LimitSources = ()
    high_critical: LimitSources = ()


class Rows(_Words):
    """At least so many rows of a table."""

    table: str
    rows: int = 1


class Idle(_Words):
    """Some row of a table for which all of this holds."""

    table: str
    where: Rules


class FactWords(_Words):
    """One thing to know of a part: a claim (`states`, `bits`, `flags`) or a number with its unit and limits."""

    column: str
    aspect: Aspect = "state"
    label: Texts = ()
    states: str | StateMap = ""
    bits: str | StateMap = ""
    flags: str | StateMap = ""
    unit: Unit | None = None
    divisor: float = 1
    skip: tuple[Scalar, ...] = ()
    idle: tuple[Scalar, ...] = ()
    lanes: bool = False
    limits: LimitsWords = LimitsWords()
    quirk: str = ""
    where: Rules = {}
    unless: Rules = {}
    if_empty: tuple[str, ...] = ()
    counts_if: Rules = {}
    counts_from: Rows | None = None
    idle_if: Idle | None = None


class PartWords(_Words):
    """All components of one kind that one table tells of."""

    table: str
    kind: Kind
    label: Texts = ()
    fru: str | Fru = ""
    joins: dict[str, Join] = {}
    where: Rules = {}
    unless: Rules = {}
    if_empty: tuple[str, ...] = ()
    present: Rules = {}
    facts: tuple[FactWords, ...] = Field(min_length=1)


class LogWords(_Words):
    """A table that is a log: its rows are events, not parts."""

    table: str
    name: str
    if_empty: tuple[str, ...] = ()
    record: str = ""
    time: str = ""
    utc: bool = False
    severity: str = ""
    states: str | StateMap = ""
    text: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(min_length=1)


class AlarmWords(_Words):
    """A table that lists what is wrong with the device now."""

    table: str
    kept_by: str
    label: str
    quirk: str
    states: str | StateMap
    ignore: str = ""


class ShoutWords(_Words):
    """A trap or a log line, and of which part it tells: a hint to visit, and where `event` is set an event, too."""

    trap: Annotated[tuple[Oid, ...], BeforeValidator(_listed)] = ()
    log: str = ""
    kind: Kind
    label: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    values: dict[str, Oid] = {}
    condition: Condition = Condition.UNKNOWN
    event: bool = False


class MemoryErrorWords(_Words):
    """Lines of the device's own log that tell of errors of a memory module, and what the look ahead makes of them."""

    log: str
    label: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    tells: Literal["corrected", "too_often", "uncorrected"] = "corrected"


_COMMAND = re.compile(r"display(?: (?:[A-Za-z0-9./-]+|\{label\}|\{slot\}))+")
_RESOURCE = re.compile(r"/redfish/v1(?:/(?:[\w.-]+|\*))*(?:#(?:/\w+)+/\*)?")


def _only_looks(value: object) -> object:
    if not isinstance(value, str) or not _COMMAND.fullmatch(value):
        raise ValueError(f'"{value}" is no "display …" command; gaps are {{label}} and {{slot}}')
    return value


def _is_resource(value: object) -> object:
    if not isinstance(value, str) or not _RESOURCE.fullmatch(value):
        raise ValueError(f'"{value}" is no path such as "/redfish/v1/Systems/*/Memory/*"')
    return value


Command = Annotated[str, BeforeValidator(_only_looks)]
Resource = Annotated[str, BeforeValidator(_is_resource)]


class DiagnosisWords(_Words):
    """What is asked once of a device when a ticket about a part of these kinds opens; without `kind`: about any."""

    kind: Annotated[tuple[Kind | Literal["device"], ...], BeforeValidator(_listed)] = ()
    commands: tuple[Command, ...] = ()
    resources: tuple[Resource, ...] = ()
    entries: tuple[Resource, ...] = ()


class PlatformFile(_Words):
    """One file of configs/platforms."""

    title: str = ""
    vendor: str = ""
    extends: str = ""
    identify: Identify = Identify()
    identity: IdentitySources = IdentitySources()
    skip: tuple[Scalar, ...] = ()
    secrets: tuple[Oid, ...] = ()
    tables: dict[str, TableWords] = {}
    states: dict[str, StateMap] = {}
    fru: dict[str, Fru] = {}
    parts: tuple[PartWords, ...] = ()
    logs: tuple[LogWords, ...] = ()
    alarms: tuple[AlarmWords, ...] = ()
    shouts: tuple[ShoutWords, ...] = ()
    diagnosis: tuple[DiagnosisWords, ...] = ()
    memory_errors: tuple[MemoryErrorWords, ...] = ()
