"""What may happen in a scenario: the shape of a [[change]]."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from alerts.faults.policy import OverrideFile
from monitor.fields import Duration, Settled, Switch, Whole
from monitor.model import Condition, EventKind
from monitor.problem import near_word
from monitor.rehearsal.words import Chance, Length, Names, Shift, Times, Value, Words, listed


class PartFile(Settled):
    """A part to be broken: the label as the faults of the device name it."""

    kind: str = Field(description="Kind of the part, such as psu.")
    label: str = Field("", description="Its label.")
    aspect: str = Field("", description="Which of its aspects; state if it has one.")
    condition: Condition = Field(Condition.FAILED, description="What the device says of it.")
    value: float | None = Field(None, description="The number that it tells, in base units, instead of a condition.")


Denial = Literal[
    "wrong_user", "wrong_key", "wrong_level", "time_window",
    "wrong_password", "password_expired", "no_rights", "no_session_left", "wrong_host_key", "wrong_certificate",
    "none",
]  # fmt: skip
"""Why a device lets nobody in: the first four as SNMPv3 reports them, then as SSH and Redfish do; it lets us in."""


def _denial(raw: object) -> object:
    """False ends it."""
    return "none" if raw is False else raw


class ReloadFile(Settled):
    """Configuration that the daemon reads anew."""

    config: str = Field("", description="Folder with contract.toml, policy.toml or platforms; the shipped if left out.")
    override: list[OverrideFile] = Field([], description="The [[override]] of policy.toml from now on.")


def _reload(raw: object) -> object:
    return {"config": raw} if isinstance(raw, str) else raw


NOTIFICATIONS = {
    "coldStart": "1.3.6.1.6.3.1.1.5.1",
    "warmStart": "1.3.6.1.6.3.1.1.5.2",
    "linkDown": "1.3.6.1.6.3.1.1.5.3",
    "linkUp": "1.3.6.1.6.3.1.1.5.4",
    "authenticationFailure": "1.3.6.1.6.3.1.1.5.5",
}
"""The notifications of SNMPv2-MIB and IF-MIB by their names (RFC 3418, RFC 2863)."""


def _notification(raw: object) -> object:
    """An OID, or the name of one of the notifications that every device knows."""
    found = {name.lower(): oid for name, oid in NOTIFICATIONS.items()}.get(str(raw).lower(), raw)
    if not isinstance(found, str) or not found.replace(".", "").isdecimal():
        near = near_word(str(raw), NOTIFICATIONS)
        raise PydanticCustomError("oid", "{reason}", {"reason": f'"{raw}" is neither an OID nor a name', "hint": near})
    return found.strip(".")


class TrapFile(Settled):
    """A trap that the device sends."""

    oid: Annotated[str, BeforeValidator(_notification)] = Field(
        description="OID of the notification, or linkDown, linkUp, coldStart, warmStart, authenticationFailure."
    )
    interface: str = Field("", description="Name of the interface that it is about: index and name are sent along.")
    varbinds: dict[str, Value] = Field({}, description="Its variables by OID.")


class PersonFile(Settled):
    """What a person does with the newest ticket of the device, or of one of its parts."""

    does: EventKind | Literal["level"] = Field(
        description='The step, as tickets name it; "level" gives the fault another level.'
    )
    name: str = Field("engineer", description="Who.")
    level: Literal[1, 2, 3, 4, "rule"] | None = Field(
        None, description='With does = "level": the level, or "rule" to give it back to the rules.'
    )
    reason: str = Field("", description='With does = "level": why.')
    kind: str = Field("", description="Kind of the part that the ticket is about.")
    label: str = Field("", description="Its label.")
    data: dict[str, str] = Field({}, description='What the step needs, such as { responsibility = "not_ours" }.')

    @model_validator(mode="after")
    def _says_which_level(self) -> Self:
        if (self.does == "level") != (self.level is not None):
            raise ValueError('does = "level" and level = 1 (to 4, or "rule") belong together')
        if self.level not in {None, "rule"} and not self.reason:
            raise ValueError("reason is required with level: it is kept with the fault")
        return self


_KINDS = {"stack_port", "virtual_disk", "bgp_peer", "ospf_neighbour"}
"""Kinds of parts with a low line in their names, as troubles have them."""


def _part(raw: object) -> object:
    """Kind and label out of one text; what begins with the name of no kind is a trouble by its name."""
    if isinstance(raw, str):
        kind, _, label = raw.strip().partition(" ")
        is_trouble = ("_" in kind and kind not in _KINDS) or kind == "all"
        return raw.strip() if is_trouble else {"kind": kind, "label": label.strip()}
    return raw


def _parts(raw: object) -> object:
    return [_part(one) for one in listed(raw)] if raw is not None else raw


class WindowFile(Settled):
    """A maintenance window that somebody writes down: of the devices or sites of the change, else of all."""

    length: Length | None = Field(None, alias="for", description="How long; that of the change if left out.")
    begins_in: Duration = Field(timedelta(0), description="It begins so much later; at once if left out.")
    kind: str = Field("", description="Only parts of this kind.")
    label: str = Field("", description="Only parts with this label.")
    reason: str = Field("maintenance", description="Why.")
    name: str = Field("engineer", description="Who says so.")
    end: Switch = Field(default=False, description="All windows that somebody wrote down are ended now.")


def _window(raw: object) -> object:
    """True is a window as long as the change; "end" is its end."""
    return {} if raw is True else {"end": True} if raw == "end" else raw


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


Parts = Annotated[list[str | PartFile], BeforeValidator(_parts)]


class ChangeFile(Settled):
    """One [[change]]: when, to whom, and what."""

    at: Times = Field(description="When, from the start; or several times.")
    every: Length | None = Field(None, description="Over and over, with so much time between.")
    times: Whole | None = Field(None, ge=1, description="How often in all; if left out with every, to the end.")
    during: Length | None = Field(None, alias="for", description="After so much time it is undone.")
    device: Names = Field([], description="To which devices.")
    site: Names = Field([], description="To all devices of these sites.")
    cause: str = Field("", description="A name for expected faults to refer to.")
    note: str = Field("", description="What people should read in the account.")
    set: dict[str, Value] = Field({}, description="What the device tells by OID.")
    remove: Words = Field([], description="OIDs of which it knows nothing any more, with all below them.")
    breaks: Parts = Field(
        [], alias="break", description='What breaks: "kind label", or a table, or the name of a trouble; or several.'
    )
    heal: Parts = Field([], description='What is well again, in the words in which it was broken; "all" for all.')
    behind: Switch = Field(
        default=False, description="The same happens to all that is reached through the device alone (parents)."
    )
    unreachable: Switch | None = Field(None, description="No answer at all, no ping either.")
    silent: Switch | None = Field(None, description="The same as unreachable.")
    blind: Switch | None = Field(None, description="It answers pings and no SNMP.")
    refused: Switch | None = Field(None, description="Its port is closed.")
    loss: Chance | None = Field(None, description="Share of answers that get lost.")
    garbage: Chance | None = Field(None, description="Share of answers that nobody can read; true for all.")
    denied: Annotated[Denial | None, BeforeValidator(_denial)] = Field(
        None, description="It answers that it lets us not in, and why; false lets us in again."
    )
    delay: Duration | None = Field(None, description="How late each answer comes.")
    redfish: dict[str, Any] = Field({}, description="Values by path and JSON pointer, parted by #.")
    command: dict[str, str] = Field({}, description="Outputs by command.")
    trap: Annotated[TrapFile | None, BeforeValidator(_trap)] = Field(None, description="A trap that it sends.")
    log: str = Field("", description="A line that it sends to syslog.")
    restart: Switch | Literal["reshuffle"] | None = Field(
        None, description='It starts anew: uptime 0; "reshuffle" gives its interfaces other numbers.'
    )
    reload: Annotated[ReloadFile | None, BeforeValidator(_reload)] = Field(
        None, description="The daemon reads its configuration anew (SIGHUP): a folder, or { config, override }."
    )
    daemon: Daemon | None = Field(None, description="The daemon is killed and started; its disk stays.")
    clock: Shift | None = Field(None, description="The daemon's wall clock is set by so much.")
    mail: Post | None = Field(None, description="How the mail server is from now on.")
    maintenance: Annotated[WindowFile | None, BeforeValidator(_window)] = Field(
        None, description='A maintenance window; true for one as long as "for" says, "end" for the end of all.'
    )
    person: Annotated[PersonFile | None, BeforeValidator(_person)] = Field(None, description="What a person does.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.times is not None and self.every is None:
            raise ValueError("times belongs to every: how much time lies between?")
        window = self.maintenance
        if window is not None and not window.end and window.length is None and self.during is None:
            raise ValueError("for is required with maintenance: how long does the window last?")
        acts = [name for name in ACTS if getattr(self, name) not in (None, {}, [], "")]
        if not acts:
            words = ", ".join(sorted(_said(name) for name in ACTS))
            raise ValueError(f"nothing happens here; write one of {words}")
        if not (self.device or self.site) and (mine := [name for name in acts if name not in OF_ALL]):
            raise ValueError(f"{_said(mine[0])} happens to a device; write device or site")
        return self


ACTS = (
    "set", "remove", "breaks", "heal", "unreachable", "silent", "blind", "refused", "denied", "loss", "garbage",
    "delay", "redfish", "command", "trap", "log", "restart", "daemon", "reload", "clock", "mail", "maintenance",
    "person",
)  # fmt: skip
"""What may happen, by the names of the fields."""
OF_ALL = {"daemon", "reload", "clock", "mail", "maintenance"}


def _said(name: str) -> str:
    return {"breaks": "break"}.get(name, name)
