"""The kinds of value that settings are made of, as pydantic reads them and the JSON schemas describe them."""

import re
from datetime import time, timedelta
from ipaddress import ip_address
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from collectors.text import cleaned
from monitor.model import duration
from monitor.problem import near_word

NAME_CAP = 100
_HOST_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+")
_UNITS = ("ms", "s", "min", "h", "d")


class Settled(BaseModel):
    """A table of a settings file: unknown keys are errors, and pydantic's own errors do not repeat what was written."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _duration(raw: object) -> timedelta:
    if isinstance(raw, timedelta):
        return raw
    if not isinstance(raw, str):
        raise ValueError('a duration is text with a unit (ms, s, min, h, d), such as "5min"')  # noqa: TRY004 - pydantic takes ValueError as the user's mistake, TypeError as ours
    try:
        return duration(raw)
    except ValueError as error:
        unit = re.search(r"[^\d\s.]+$", raw.strip())
        raise PydanticCustomError(
            "duration", "{reason}", {"reason": str(error), "hint": near_word(unit.group(), _UNITS) if unit else ""}
        ) from None


def said_duration(value: timedelta) -> str:
    """A timedelta as settings write it, so that the schemas show defaults as they may be written."""
    milliseconds = round(value.total_seconds() * 1000)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


def _name(raw: str) -> str:
    if not raw or len(raw) > NAME_CAP or cleaned(raw) != raw:
        raise ValueError(f"a name is 1 to {NAME_CAP} visible characters without blanks at its ends")
    if raw[0] in "-._" or set(raw) & set("/\\"):
        raise ValueError(
            "a name does not begin with - . _ and holds no / \\, because it is used in addresses and files"
        )
    return raw


def _title(raw: str) -> str:
    return cleaned(raw)


def host(raw: str) -> str:
    """An address in its one canonical spelling, so that the same one is recognised; or a host name."""
    try:
        return str(ip_address(raw))
    except ValueError:
        pass
    labels = raw.rstrip(".").split(".")
    if not all(_HOST_LABEL.fullmatch(label) for label in labels) or labels[-1].isdecimal():
        raise ValueError(f'"{cleaned(raw, 60)}" is neither an IP address nor a host name')
    return raw.rstrip(".").lower()


def _zone(raw: str) -> str:
    try:
        ZoneInfo(raw)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder, such as "Asia"
        known = sorted(available_timezones())
        hint = "" if any(zone.startswith(f"{raw}/") for zone in known) else near_word(raw, known)
        raise PydanticCustomError(
            "zone",
            '"{zone}" is not a time zone of the IANA database',
            {"zone": cleaned(raw, 60), "hint": hint},
        ) from None
    return raw


def _mail_address(raw: str) -> str:
    if not _MAIL.fullmatch(raw):
        raise ValueError(f'"{cleaned(raw, 60)}" is not a mail address, such as "duty@example.org"')
    return raw


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be more than 0s")
    return value


def _clock(raw: object) -> object:
    """A time of the day, written "06:00" or as TOML's own local time 06:00:00."""
    if isinstance(raw, time) and raw.tzinfo is None:
        return raw
    if isinstance(raw, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", raw):
        return time.fromisoformat(raw)
    raise ValueError('must be a time of the day, such as "06:00"')


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "examples": ["30s", "5min", "1h 30min"]}),
]
PositiveDuration = Annotated[Duration, AfterValidator(_positive)]
ClockTime = Annotated[
    time,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "examples": ["06:00"]}),
]
Name = Annotated[str, AfterValidator(_name)]
Title = Annotated[str, AfterValidator(_title)]
Host = Annotated[str, AfterValidator(host)]
Zone = Annotated[str, AfterValidator(_zone)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
Whole = Annotated[int, Field(strict=True)]
Share = Annotated[float, Field(ge=0, le=1)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Switch = Annotated[bool, Field(strict=True)]
