"""What may be expected in a scenario: faults, tickets and letters that must be, and what must not."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from monitor.fields import Name, PositiveDuration, Settled, Switch, Whole
from monitor.model import Condition, EventKind, duration
from monitor.rehearsal.words import LevelNumber, Span, listed, span


class KeyFile(Settled):
    """Which fault: what is left out may be anything."""

    device: Name | None = Field(None, description="Its device; for a fault of a whole site the name of the site.")
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


def _cleared(raw: object) -> object:
    if isinstance(raw, bool) or raw == "never":
        return raw is True
    try:
        return [duration(one) if isinstance(one, str) else one for one in span(raw)]
    except ValueError:
        raise ValueError(
            f'"{raw}" is none of true, "never", a time such as "10min", or two of them: ["10min", "11min"]'
        ) from None


class FaultFile(KeyFile):
    """One [[expect.fault]]: a fault that must be opened, once."""

    condition: Condition | None = Field(None, description="What the device said at the end.")
    level: Annotated[list[LevelNumber], BeforeValidator(listed)] = Field(
        [], description="Its level, or its levels one after the other."
    )
    opened: Span | None = Field(None, description="When it is opened: within the tolerance after it, or between two.")
    cleared: (
        Annotated[
            bool | list[timedelta],
            BeforeValidator(_cleared),
            WithJsonSchema(
                {"anyOf": [{"type": "boolean"}, {"type": ["string", "number"]}, {"type": "array", "maxItems": 2}]}
            ),
        ]
        | None
    ) = Field(None, description='When it is cleared; true, or "never" within the rehearsal.')
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
