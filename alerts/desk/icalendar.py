"""Events as iCalendar (RFC 5545), for the calendars of phones and mail programs. Times are UTC, so no zone is lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from alerts.desk.recurring import Span

_LINE = 75  # octets without the line end, section 3.1
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})  # section 3.3.11


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry. `uid` stays the same where the same calendar is made again, so that nothing is there twice."""

    uid: str
    span: Span
    summary: str
    description: str = ""


def calendar(name: str, events: Iterable[Event], now: datetime) -> str:
    """The text of a calendar file; its lines end with CR LF, and are folded at 75 octets."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Netvigil//Duty rota//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(name)}",
    ]
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(event.uid)}",
            f"DTSTAMP:{_utc(now)}",
            f"DTSTART:{_utc(event.span.begins)}",
            f"DTEND:{_utc(event.span.ends)}",
            f"SUMMARY:{_escaped(event.summary)}",
        ]
        if event.description:
            lines.append(f"DESCRIPTION:{_escaped(event.description)}")
        lines += ["TRANSP:TRANSPARENT", "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _folded(line: str) -> str:
    """`line` in pieces of at most 75 octets, none of which ends inside a character."""
    pieces, piece, size = [], "", 0
    for char in line:
        octets = len(char.encode())
        if size + octets > _LINE:
            pieces.append(piece)
            piece, size = "", 1  # the blank that marks a continued line counts
        piece += char
        size += octets
    return "\r\n ".join((*pieces, piece))
