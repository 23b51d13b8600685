"""What people do on the pages: actions (`alerts.desk.actions`) and new requests, all through `monitor.ticketing`."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.desk.actions import ACTIONS, Action
from alerts.desk.entries import Request as Asked
from collectors.text import cleaned
from monitor import ticketing
from monitor.config import Settings
from monitor.model import Level, Ticket, TicketKind
from monitor.store import tickets
from monitor.web.desk.rendering import Visitor

BY_NAME: Mapping[str, Action] = {action.name: action for action in ACTIONS}
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
) -> Ticket:
    """Do what was tapped, as the command line does it. The same tap twice is done once.

    Raises NoSuchTicketError, and ValueError that says why it cannot be.
    """
    signs = visitor.account.signs if visitor.account else ""
    ticket = tickets.found(disk, number)
    data, newest = given(action, form), ticket.events[-1]
    if form.get("last") != str(newest.seq) and (newest.kind, newest.by, dict(newest.data)) == (
        action.kind, signs, data,
    ):  # fmt: skip
        return ticket
    for field in action.fields:
        if field.required and field.name not in data:
            raise ValueError(visitor.say("missing", field=visitor.named("data", field.name)))
    at = moment(form.get("at", ""), settings.inventory.zone(ticket.site), visitor)
    return ticketing.acted(disk, number, action.kind, signs, data, settings, now, at=at)


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
    kinds, levels = {each.value for each in TicketKind}, {str(int(each)) for each in Level}
    kind, level = form.get("kind", ""), form.get("level", "")
    asked = Asked(
        kind=TicketKind(kind if kind in kinds else TicketKind.REPAIR.value),
        text=typed(form.get("text", ""), is_long=True),
        channel=typed(form.get("channel", "")),
        caller=typed(form.get("caller", "")),
        device=typed(form.get("device", "")),
        level=Level(int(level)) if level in levels else Level.MINOR,
        phone=typed(form.get("phone", "")),
        mail=typed(form.get("mail", "")),
    )
    signs = visitor.account.signs if visitor.account else ""
    return ticketing.requested(disk, asked, typed(form.get("site", "")), signs, settings, now)
