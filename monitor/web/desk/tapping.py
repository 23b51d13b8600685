"""What people do on the pages: actions (`alerts.desk.actions`) and new requests, all through `monitor.ticketing`."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.desk.actions import EVERY, WIDER, Action
from alerts.desk.effective import AT, SEQ, VOID
from alerts.desk.entries import Request as Asked
from alerts.desk.refused import RefusedError, refused
from collectors.text import cleaned
from monitor import attaching, ticketing
from monitor.config import Settings
from monitor.model import EventKind, Level, Ticket, TicketKind
from monitor.store import tickets
from monitor.store.attachments import TooLargeError
from monitor.web.desk.rendering import Visitor

BY_NAME: Mapping[str, Action] = {action.name: action for action in EVERY}
_SAID_OTHERWISE = {EventKind.SPLIT, EventKind.ATTACHED}
"""Whose entry does not say the fields of its form."""
SHORT, LONG = 500, 20_000


def typed(text: str, *, is_long: bool = False) -> str:
    """What somebody typed, harmless to keep: one line, or the lines of a long field."""
    if not is_long:
        return cleaned(text, SHORT)
    return "\n".join(cleaned(line, LONG) for line in text[:LONG].splitlines()).strip()


def given(action: Action, form: Mapping[str, str]) -> dict[str, str]:
    """The fields of the action that were filled in."""
    found = {field.name: typed(form.get(field.name, ""), is_long=field.is_long) for field in action.fields}
    return {name: value for name, value in found.items() if value}


def acted(
    disk: Connection,
    number: str,
    action: Action,
    form: Mapping[str, str],
    visitor: Visitor,
    settings: Settings,
    now: datetime,
    file: tuple[str, bytes] | None = None,
) -> Ticket:
    """Do what was tapped, as the command line does it. The same tap twice is done once.

    Raises NoSuchTicketError, and ValueError that says why it cannot be.
    """
    signs = visitor.account.signs if visitor.account else ""
    ticket = tickets.found(disk, number)
    data, newest = given(action, form), ticket.events[-1]
    is_same = (
        action.kind in _SAID_OTHERWISE
        or newest.data.items() <= {**data, data.get("key", ""): data.get("value")}.items()
    )
    if form.get("last") != str(newest.seq) and (newest.kind, newest.by) == (action.kind, signs) and is_same:
        return ticket
    for field in action.fields:
        if field.required and field.name not in data and not field.is_file:
            raise ValueError(visitor.say("missing", field=visitor.named("data", field.name)))
    at = moment(form.get("at", ""), settings.inventory.zone(ticket.site), visitor)
    if action in WIDER:
        return _wider(disk, number, action.kind, data, at, signs, settings, now, file)
    return ticketing.acted(disk, number, action.kind, signs, data, settings, now, at=at)


def _wider(
    disk: Connection,
    number: str,
    kind: EventKind,
    data: Mapping[str, str],
    at: datetime | None,
    signs: str,
    settings: Settings,
    now: datetime,
    file: tuple[str, bytes] | None,
) -> Ticket:
    """What is more than one entry, or brings a file."""
    match kind:
        case EventKind.MERGED | EventKind.LINKED:
            joined = ticketing.merged if kind is EventKind.MERGED else ticketing.linked
            try:
                return joined(disk, number, data["ticket"].upper(), signs, settings, now)
            except tickets.NoSuchTicketError:
                raise RefusedError(refused("no_ticket", ticket=data["ticket"])) from None
        case EventKind.SPLIT:
            return ticketing.split(disk, number, _asked(data, ""), signs, settings, now)
        case EventKind.CORRECTED:
            said = {key: data[key] for key in (SEQ, "reason", VOID) if key in data}
            said |= {data["key"]: data.get("value", "")} if "key" in data else {}
            said |= {AT: at.isoformat()} if at else {}
            return ticketing.acted(disk, number, kind, signs, said, settings, now)
        case _:
            name, body = file or ("", b"")
            if not body:
                raise RefusedError(refused("no_file"))
            state = settings.daemon.state
            try:
                attaching.attached(
                    disk, state, number=number, body=body, name=name, by=signs, settings=settings, now=now
                )
            except TooLargeError:
                raise RefusedError(refused("file_too_large", most=str(settings.attachment))) from None
            return tickets.found(disk, number)


def moment(raw: str, zone: str, visitor: Visitor) -> datetime | None:
    """What a browser gives for a day and time, on the clock of the site; None where nothing was given."""
    if not raw.strip():
        return None
    try:
        at = datetime.fromisoformat(raw.strip())
    except ValueError:
        raise ValueError(visitor.say("no_moment")) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))


def requested(disk: Connection, form: Mapping[str, str], visitor: Visitor, settings: Settings, now: datetime) -> Ticket:
    """Open the ticket of what a customer asks for. Raises ValueError that says why it is none."""
    signs = visitor.account.signs if visitor.account else ""
    asked = _asked(form, typed(form.get("channel", "")))
    return ticketing.requested(disk, asked, typed(form.get("site", "")), signs, settings, now)


def _asked(form: Mapping[str, str], channel: str) -> Asked:
    kinds, levels = {each.value for each in TicketKind}, {str(int(each)) for each in Level}
    kind, level = form.get("kind", ""), form.get("level", "")
    return Asked(
        kind=TicketKind(kind if kind in kinds else TicketKind.REPAIR.value),
        text=typed(form.get("text", ""), is_long=True),
        channel=channel,
        caller=typed(form.get("caller", "")),
        device=typed(form.get("device", "")),
        level=Level(int(level)) if level in levels else Level.MINOR,
        phone=typed(form.get("phone", "")),
        mail=typed(form.get("mail", "")),
    )
