"""The kinds of value that a scenario is made of: times, moments, shares, and what a device may be set to tell.

Where one word would do as well as another (a name or a list of names, a number or a table), both are taken.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from monitor.fields import Duration, Name, PositiveDuration, Settled
from monitor.model import duration

ZONE = "Asia/Shanghai"
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d))?")
START = datetime(2026, 3, 2, 8, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
"""A Monday at eight."""


def listed(raw: object) -> list[Any]:
    """One thing as a list of one."""
    return raw if isinstance(raw, list) else [raw]


def clocked(raw: object) -> object:
    """A moment since the start as people also write it: seconds as a number, or "1:30:00"."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return f"{raw}s"
    if isinstance(raw, str) and (told := _CLOCK.fullmatch(raw.strip())):
        hours, minutes, seconds = (int(part or 0) for part in told.groups())
        return f"{hours}h {minutes}min {seconds}s"
    return raw


def _times(raw: object) -> list[Any]:
    return [clocked(one) for one in listed(raw)]


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


def span(raw: object) -> list[Any]:
    """A time or two: the moment, or the first and the last that will do."""
    found = _times(raw)
    if len(found) not in {1, 2}:
        raise ValueError('must be a time such as "10min", or the first and the last such as ["10min", "11min"]')
    return found


def _shifted(raw: object) -> object:
    """A shift of the clock, "+3h" or "-20min", as seconds."""
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError('must be text such as "+3h" or "-20min"')
    sign = -1 if raw.strip()[0] in "-−" else 1
    return sign * duration(raw.strip().lstrip("+-−")).total_seconds()


def _chance(raw: object) -> object:
    """A share, where true is all and false none."""
    return float(raw) if isinstance(raw, bool) else raw


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Names = Annotated[list[Name], BeforeValidator(listed)]
Words = Annotated[list[str], BeforeValidator(listed)]
Times = Annotated[list[Duration], BeforeValidator(_times)]
Length = Annotated[PositiveDuration, BeforeValidator(clocked)]
Span = Annotated[list[Duration], BeforeValidator(span)]
Shift = Annotated[float, BeforeValidator(_shifted), WithJsonSchema({"type": "string", "examples": ["+3h", "-20min"]})]
Chance = Annotated[float, BeforeValidator(_chance), Field(ge=0, le=1)]
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
