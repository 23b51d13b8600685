"""The shape of a scenario: what stands on the stage, what happens to it, and what is expected of the daemon.

docs/rehearse.md explains every word. Where one word would do as well as another (a name or a list of names, a number
or a table), both are taken.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from monitor.fields import (
    Duration,
    Host,
    MailAddress,
    Name,
    PositiveDuration,
    Settled,
    Share,
    Switch,
    Title,
    Whole,
    Zone,
)
from monitor.model import Condition, EventKind, Language, Role, duration

ZONE = "Asia/Shanghai"
START = datetime(2026, 3, 2, 8, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
"""A Monday at eight."""


class Simulated(StrEnum):
    """The devices that Netvigil can play."""

    HUAWEI_VRP = "huawei_vrp"
    H3C_COMWARE = "h3c_comware"
    DELL_IDRAC = "dell_idrac"
    POWEREDGE_REDFISH = "poweredge_redfish"


def _listed(raw: object) -> object:
    return raw if isinstance(raw, list) else [raw]


def _moment(raw: object) -> object:
    """A moment of the wall clock; without a zone that of Asia/Shanghai, where all sites are unless they say so."""
    if isinstance(raw, str):
        try:
            raw = datetime.fromisoformat(raw)
        except ValueError:
            raise ValueError("must be a date and time, such as 2026-03-02T08:00:00+08:00") from None
    if not isinstance(raw, datetime):
        raise ValueError("must be a date and time, such as 2026-03-02T08:00:00+08:00")  # noqa: TRY004 - pydantic takes ValueError as the user's mistake
    return (raw if raw.tzinfo else raw.replace(tzinfo=ZoneInfo(ZONE))).astimezone(UTC)


def _span(raw: object) -> object:
    """A time or two: the moment, or the first and the last that will do."""
    found = _listed(raw)
    if isinstance(found, list) and len(found) not in {1, 2}:
        raise ValueError('must be a time such as "10min", or the first and the last such as ["10min", "11min"]')
    return found


def _cleared(raw: object) -> object:
    return raw if isinstance(raw, bool) or (isinstance(raw, str) and raw == "never") else _span(raw)


def _shifted(raw: object) -> object:
    """A shift of the clock, "+3h" or "-20min", as seconds."""
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError('must be text such as "+3h" or "-20min"')
    sign = -1 if raw.strip()[0] in "-−" else 1
    return sign * duration(raw.strip().lstrip("+-−")).total_seconds()


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Names = Annotated[list[Name], BeforeValidator(_listed)]
Words = Annotated[list[str], BeforeValidator(_listed)]
Times = Annotated[list[Duration], BeforeValidator(_listed)]
Span = Annotated[list[Duration], BeforeValidator(_span)]
Shift = Annotated[float, BeforeValidator(_shifted), WithJsonSchema({"type": "string", "examples": ["+3h", "-20min"]})]
Chance = Share | bool
LevelNumber = Literal[1, 2, 3, 4]


class Hex(Settled):
    """{ hex = "00 1a" }: octets."""

    hex: str = Field(description="Octets as hex digits.")

    @model_validator(mode="after")
    def _is_hex(self) -> Self:
        try:
            bytes.fromhex(self.hex)
        except ValueError:
            raise ValueError(f'hex: "{self.hex[:40]}" are not pairs of hex digits') from None
        return self


class Typed(Settled):
    """{ kind = "counter64", value = 5 }: a value of another type than INTEGER or text; with per_second it grows."""

    kind: Literal["integer", "counter32", "counter64", "gauge32", "timeticks", "oid"] = Field("integer")
    value: int | str = Field(0, description="The number, or the OID as text.")
    per_second: float | None = Field(None, description="By how much it grows each second from now on.")


class Turns(Settled):
    """{ turns = [1, 2], each = "5s" }: values in turn."""

    turns: list[int] = Field(min_length=2, description="The values, one after the other, over and over.")
    each: PositiveDuration = Field(description="For how long each of them stands.")


Value = int | str | Hex | Turns | Typed


class CustomerFile(Settled):
    """One [[customer]]; if there is none, one named "customer"."""

    name: Name = Field(description="Short name.")
    title: Title = Field("", description="Full name.")


class SiteFile(Settled):
    """One [[site]]; if there is none, one named "site-1" in Hefei."""

    name: Name = Field(description="Short name.")
    customer: Name | None = Field(None, description="Name of a [[customer]]; the first if left out.")
    region: Name = Field("hefei", description="Region of the contract.")
    prefecture: Title = Field("", description="Prefecture of the contract.")
    zone: Zone = Field(ZONE, description="Time zone.")
    title: Title = Field("", description="Full name.")


class DeviceFile(Settled):
    """One [[device]]: simulated, or answering from a recording."""

    name: Name = Field(description="Name, unique in the scenario.")
    simulated: Simulated | None = Field(None, description="Which device Netvigil plays.")
    recording: Words = Field(
        [],
        description="A .snmprec file, a folder of Redfish documents or one of command outputs, or several of these. "
        "Looked for beside the scenario, then in $NETVIGIL_RECORDINGS, then in ../shared/recordings.",
    )
    role: Role = Field(Role.OTHER, description="What the device is for.")
    site: Name | None = Field(None, description="Name of a [[site]]; the first if left out.")
    address: Host | None = Field(None, description="Address; a free one if left out.")
    platform: str = Field("auto", description="Name of a file in platforms/, or what it says that it is.")
    parents: Names = Field([], description="Devices through which it is reached.")
    interval: PositiveDuration | None = Field(None, description="Time between two visits.")
    expect_up: list[str] = Field([], description="Interfaces that must be up.")
    title: Title = Field("", description="What people call it.")
    eyes: list[Literal["snmp", "redfish", "ssh"]] | None = Field(
        None, description="By which eyes it is seen; by all that it answers if left out."
    )
    members: Whole = Field(1, ge=1, le=9, description="Members of the stack or IRF fabric.")
    power_supplies: Whole = Field(2, ge=0, le=8, description="Power supplies of each member.")
    fans: Whole | None = Field(None, ge=0, le=24, description="Fans of each member; 2, or 6 in a server.")
    ports: Whole = Field(24, ge=1, le=48, description="Copper ports of each member.")
    optics: Whole = Field(4, ge=0, le=48, description="Ports with optics of each member.")
    down: list[str] = Field([], description="Ports with nothing plugged in.")
    disks: Whole = Field(4, ge=0, le=24, description="Disks of the server.")
    dimms: Whole = Field(8, ge=1, le=32, description="Memory modules of the server.")
    model: str = Field("", description="Model as the device tells it.")
    version: str = Field("", description="Version as the device tells it.")

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if not self.simulated and not self.recording:
            words = ", ".join(f'"{each}"' for each in Simulated)
            raise ValueError(
                f"simulated or recording is required: which device stands here? simulated is one of {words}"
            )
        if self.simulated and self.recording:
            raise ValueError("simulated and recording exclude each other; write two [[device]]")
        return self


class EndFile(Settled):
    """One end of a link."""

    device: Name = Field(description="Name of a [[device]].")
    port: str = Field(description="Name of its port.")


def _end(raw: object) -> object:
    if isinstance(raw, str):
        device, _, port = raw.strip().partition(" ")
        return {"device": device, "port": port.strip()}
    return raw


End = Annotated[EndFile, BeforeValidator(_end)]


class LinkFile(Settled):
    """One [[link]]: a cable, which both ends tell of over LLDP."""

    a: End = Field(description='One end: "device port", or { device = …, port = … }.')
    b: End = Field(description="The other end.")


class RecipientFile(Settled):
    """One [[recipient]] of letters; if there is none, one engineer."""

    name: Title = Field(description="Who it is.")
    address: MailAddress | None = Field(None, description="Mail address; made of the name if left out.")
    language: Language = Field(Language.EN, description="Language of the letters.")
    customers: Names = Field([], description="Only about these customers.")
    sites: Names = Field([], description="Only about these sites.")
    levels: list[LevelNumber] = Field([], description="Only about faults of these levels.")


class PartFile(Settled):
    """A part to be broken: the label as the faults of the device name it."""

    kind: str = Field(description="Kind of the part, such as psu.")
    label: str = Field("", description="Its label.")
    aspect: str = Field("", description="Which of its aspects; state if it has one.")
    condition: Condition = Field(Condition.FAILED, description="What the device says of it.")
    value: float | None = Field(None, description="The number that it tells, in base units, instead of a condition.")


class TrapFile(Settled):
    """A trap that the device sends."""

    oid: str = Field(description="OID of the notification.")
    varbinds: dict[str, Value] = Field({}, description="Its variables by OID.")


class PersonFile(Settled):
    """What a person does with the newest ticket of the device, or of one of its parts."""

    does: EventKind = Field(description="The step, as tickets name it.")
    name: str = Field("engineer", description="Who.")
    kind: str = Field("", description="Kind of the part that the ticket is about.")
    label: str = Field("", description="Its label.")
    data: dict[str, str] = Field({}, description='What the step needs, such as { responsibility = "not_ours" }.')


def _part(raw: object) -> object:
    if isinstance(raw, str):
        kind, _, label = raw.strip().partition(" ")
        return {"kind": kind, "label": label.strip()} if label.strip() or kind in {"psu", "cpu"} else raw
    return raw


def _trap(raw: object) -> object:
    return {"oid": raw} if isinstance(raw, str) else raw


def _person(raw: object) -> object:
    return {"does": raw} if isinstance(raw, str) else raw


class Daemon(StrEnum):
    """What may happen to the daemon."""

    RESTART = "restart"
    STOP = "stop"
    START = "start"


class Post(StrEnum):
    """How the mail server may be."""

    UP = "up"
    DOWN = "down"
    SLOW = "slow"
    REFUSES = "refuses"


class ChangeFile(Settled):
    """One [[change]]: when, to whom, and what."""

    at: Times = Field(description="When, from the start; or several times.")
    every: PositiveDuration | None = Field(None, description="Over and over, with so much time between.")
    times: Whole | None = Field(None, ge=1, description="How often in all; if left out with every, to the end.")
    during: PositiveDuration | None = Field(None, alias="for", description="After so much time it is undone.")
    device: Names = Field([], description="To which devices.")
    site: Names = Field([], description="To all devices of these sites.")
    cause: str = Field("", description="A name for expected faults to refer to.")
    note: str = Field("", description="What people should read in the account.")
    set: dict[str, Value] = Field({}, description="What the device tells by OID.")
    remove: Words = Field([], description="OIDs of which it knows nothing any more, with all below them.")
    breaks: Annotated[str | PartFile | None, BeforeValidator(_part)] = Field(
        None, alias="break", description='What breaks: "kind label", or a table, or the name of a trouble.'
    )
    heal: Annotated[str | PartFile | None, BeforeValidator(_part)] = Field(
        None, description='What is well again, as it was broken; "all" for everything.'
    )
    unreachable: Switch | None = Field(None, description="No answer at all, no ping either.")
    silent: Switch | None = Field(None, description="The same as unreachable.")
    blind: Switch | None = Field(None, description="It answers pings and no SNMP.")
    refused: Switch | None = Field(None, description="Its port is closed.")
    loss: Chance | None = Field(None, description="Share of answers that get lost.")
    garbage: Chance | None = Field(None, description="Share of answers that nobody can read; true for all.")
    delay: Duration | None = Field(None, description="How late each answer comes.")
    redfish: dict[str, Any] = Field({}, description="Values by path and JSON pointer, parted by #.")
    command: dict[str, str] = Field({}, description="Outputs by command.")
    trap: Annotated[TrapFile | None, BeforeValidator(_trap)] = Field(None, description="A trap that it sends.")
    log: str = Field("", description="A line that it sends to syslog.")
    restart: Switch | Literal["reshuffle"] | None = Field(
        None, description='It starts anew: uptime 0; "reshuffle" gives its interfaces other numbers.'
    )
    daemon: Daemon | None = Field(None, description="The daemon is killed and started; its disk stays.")
    clock: Shift | None = Field(None, description="The daemon's wall clock is set by so much.")
    mail: Post | None = Field(None, description="How the mail server is from now on.")
    maintenance: dict[str, Any] | None = Field(None, description="A maintenance window.")
    person: Annotated[PersonFile | None, BeforeValidator(_person)] = Field(None, description="What a person does.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.times is not None and self.every is None:
            raise ValueError("times belongs to every: how much time lies between?")
        if self.maintenance is not None:
            raise ValueError("maintenance is not built yet")
        acts = [name for name in ACTS if getattr(self, name) not in (None, {}, [], "")]
        if not acts:
            words = ", ".join(sorted(_said(name) for name in ACTS))
            raise ValueError(f"nothing happens here; write one of {words}")
        if not (self.device or self.site) and (mine := [name for name in acts if name not in OF_ALL]):
            raise ValueError(f"{_said(mine[0])} happens to a device; write device or site")
        return self


ACTS = (
    "set", "remove", "breaks", "heal", "unreachable", "silent", "blind", "refused", "loss", "garbage", "delay",
    "redfish", "command", "trap", "log", "restart", "daemon", "clock", "mail", "maintenance", "person",
)  # fmt: skip
"""What may happen, by the names of the fields."""
OF_ALL = {"daemon", "clock", "mail", "maintenance"}


def _said(name: str) -> str:
    return {"breaks": "break"}.get(name, name)


class KeyFile(Settled):
    """Which fault: what is left out may be anything."""

    device: Name | None = Field(None, description="Its device.")
    kind: str | None = Field(None, description="Kind of the part.")
    label: str | None = Field(None, description="Label of the part.")
    aspect: str | None = Field(None, description="Aspect of the part.")


class SymptomFile(KeyFile):
    """A fault that must be hidden beneath another one."""


def _key(raw: object) -> object:
    if isinstance(raw, str):
        kind, _, label = raw.strip().partition(" ")
        return {"kind": kind, **({"label": label.strip()} if label.strip() else {})}
    return raw


Key = Annotated[SymptomFile, BeforeValidator(_key)]


class FaultFile(KeyFile):
    """One [[expect.fault]]: a fault that must be opened, once."""

    condition: Condition | None = Field(None, description="What the device said at the end.")
    level: Annotated[list[LevelNumber], BeforeValidator(_listed)] = Field(
        [], description="Its level, or its levels one after the other."
    )
    opened: Span | None = Field(None, description="When it is opened: within the tolerance after it, or between two.")
    cleared: Annotated[bool | Literal["never"] | list[Duration], BeforeValidator(_cleared)] | None = Field(
        None, description='When it is cleared; true, or "never" within the rehearsal.'
    )
    times: Whole = Field(1, ge=1, description="How often it is opened.")
    symptoms: list[Key] = Field([], description="What must be hidden beneath it.")
    hidden_by: Key | None = Field(None, description="Beneath which fault it must be hidden.")
    rule: str = Field("", description="Name of the rule that gave the level, or a part of it.")
    says: str = Field("", description="What its reasons must contain.")
    flapping: Switch | None = Field(None, description="Whether it flaps at some time.")
    cause: str = Field("", description="Name of the [[change]] that is its cause.")


class TicketFile(KeyFile):
    """One [[expect.ticket]]: a ticket that must be opened."""

    count: Whole = Field(1, ge=0, description="How many there are.")
    state: str = Field("", description="Its state at the end.")
    level: LevelNumber | None = Field(None, description="Its level at the end.")
    events: list[EventKind] = Field([], description="What must stand in it, in this order.")
    responsibility: Literal["ours", "not_ours", ""] = Field("", description="Whose it is at the end.")


class LetterFile(KeyFile):
    """One [[expect.letter]]: a letter that must be accepted by the mail server."""

    recipient: str = Field("", description="Name or address; anybody if left out.")
    event: EventKind | None = Field(None, description="Of which event of the ticket it tells.")
    count: Whole | None = Field(None, ge=0, description="How many; at least one if left out.")
    between: Span | None = Field(None, description="When it is accepted: the first and the last moment.")
    says: str = Field("", description="What subject or text must contain.")


class NotFile(KeyFile):
    """One [[expect.not]]: what must not happen."""

    what: Literal["fault", "ticket", "letter"] = Field("fault", description="What must not be.")
    level: LevelNumber | None = Field(None, description="Of this level.")
    event: EventKind | None = Field(None, description="Of this event, for a letter.")
    recipient: str = Field("", description="To whom, for a letter.")
    between: Span | None = Field(None, description="In this time.")


class ExpectFile(Settled):
    """[expect]: what must be."""

    nothing_else: Switch = Field(default=True, description="Whether a fault that is not expected is a difference.")
    within: PositiveDuration = Field(
        timedelta(minutes=2), description="How long after the moment said something may happen."
    )
    fault: list[FaultFile] = Field([], description="[[expect.fault]]: faults that must be opened.")
    ticket: list[TicketFile] = Field([], description="[[expect.ticket]]: tickets that must be opened.")
    letter: list[LetterFile] = Field([], description="[[expect.letter]]: letters that must be accepted.")
    nots: list[NotFile] = Field([], alias="not", description="[[expect.not]]: what must not happen.")
    letters: Whole | None = Field(None, ge=0, description="How many letters are accepted in all.")
    tickets: Whole | None = Field(None, ge=0, description="How many tickets are opened in all.")


class ScenarioFile(Settled):
    """The whole of a scenario."""

    title: Title = Field("", description="What it is about.")
    note: str = Field("", description="What people should know of it.")
    start: Moment = Field(START, description="When it begins, by the wall clock.")
    duration: PositiveDuration = Field(description="How long it lasts.")
    seed: Whole = Field(1, description="What everything random comes from.")
    interval: PositiveDuration = Field(timedelta(seconds=60), description="Time between two visits of a device.")
    config: str = Field("", description="Folder with contract.toml, policy.toml or platforms of its own.")
    settings: dict[str, Any] = Field({}, description="[settings.TABLE]: tables of netvigil.toml.")
    customer: list[CustomerFile] = Field([], description="[[customer]]: whose sites are watched.")
    site: list[SiteFile] = Field([], description="[[site]]: places.")
    device: list[DeviceFile] = Field(min_length=1, description="[[device]]: what stands on the stage.")
    link: list[LinkFile] = Field([], description="[[link]]: cables.")
    recipient: list[RecipientFile] = Field([], description="[[recipient]]: who gets mail.")
    change: list[ChangeFile] = Field([], description="[[change]]: what happens.")
    expect: ExpectFile = Field(ExpectFile(), description="[expect]: what must be.")
