"""A ticket as an append-only list of events: what may be written into it, and what the list then says.

Faults open tickets (`opened`), people and the daemon write into them (`recorded`), and state, level, class, tier and
owner are read off the list; clocks are in clocks.py. An event's `data` may hold, as text:

- opened: level, condition, reason, reason_zh_CN, maker; proposes ("not_ours", for a person to confirm)
- level_changed: level (must), reason
- relapsed: level, where the fault came back at another one; reason
- responsibility: responsibility (must; "ours" or "not_ours"), reason
- handed_up: tier (the name of a tier; without it, the next), owner, reason
- responded, dispatched: owner; on_site ("needed" or "not_needed": whether somebody must go there)
- clock_warned, clock_missed: clock, promise, due, share (written by clocks.py)
- any: text, and whatever else people should read later
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from alerts.desk.contract import Contract
from alerts.desk.terms import Tier
from monitor.model import Device, EventKind, Fault, Level, ServiceClass, Site, Ticket, TicketEvent

MONITOR = "netvigil"
"""Who writes where no person does."""

OURS, NOT_OURS = "ours", "not_ours"
NEEDED, NOT_NEEDED = "needed", "not_needed"

_WORDS: Mapping[str, tuple[str, ...]] = {
    "level": tuple(str(level.value) for level in Level),
    "responsibility": (OURS, NOT_OURS),
    "on_site": (NEEDED, NOT_NEEDED),
}
"""What these keys may say, because state and clocks are computed from it."""
_MUST: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.LEVEL_CHANGED: ("level",),
    EventKind.RESPONSIBILITY: ("responsibility",),
    EventKind.CLOCK_WARNED: ("clock", "promise", "share"),
    EventKind.CLOCK_MISSED: ("clock", "promise"),
}
_AFTER_CLOSED = {EventKind.RELAPSED, EventKind.COMMENT}
WELL = {EventKind.RECOVERED, EventKind.RESTORED}


class TicketState(StrEnum):
    """Where a ticket stands. Recovered is the device's word, restored a person's; only closed is the end."""

    NEW = "new"
    RESPONDED = "responded"
    HANDED_UP = "handed_up"
    DISPATCHED = "dispatched"
    ON_SITE = "on_site"
    PAUSED = "paused"
    RECOVERED = "recovered"
    RESTORED = "restored"
    CLOSED = "closed"


_PROGRESS = (
    (EventKind.ARRIVED, TicketState.ON_SITE),
    (EventKind.DISPATCHED, TicketState.DISPATCHED),
    (EventKind.HANDED_UP, TicketState.HANDED_UP),
    (EventKind.RESPONDED, TicketState.RESPONDED),
)
"""From the furthest step to the nearest."""


def opened(
    ticket_id: str, fault: Fault, device: Device, site: Site, contract: Contract, at: datetime, *, maker: str = ""
) -> Ticket:
    """The ticket for `fault`, with its first event.

    `maker` is the vendor's name as far as known: it decides whether the vendor wants a report (contract, [makers]).
    """
    if device.name != fault.key.device or device.site != site.name:
        raise ValueError(
            f'fault of "{fault.key.device}", device "{device.name}" at "{device.site}" and site "{site.name}" do not '
            "belong together; give the fault's own device and the device's own site"
        )
    if site.region not in contract.regions:
        raise ValueError(
            f'site "{site.name}" is in region "{site.region}", for which the contract promises nothing; '
            f"choose one of {', '.join(sorted(contract.regions))}"
        )
    data = {
        "level": str(fault.level.value),
        "condition": fault.condition.value,
        "reason": "; ".join(reason.text.en for reason in fault.reasons),
        "reason_zh_CN": "；".join(reason.text.zh_CN for reason in fault.reasons),
    }
    if maker:
        data["maker"] = maker
    if proposed := next((reason.proposes for reason in fault.reasons if reason.proposes), ""):
        data["proposes"] = proposed
    event = TicketEvent(seq=1, kind=EventKind.OPENED, at=_moment(at), by=MONITOR, data=data)
    return Ticket(
        id=ticket_id, fault=fault.key, customer=site.customer, site=site.name, region=site.region, events=(event,)
    )


def recorded(ticket: Ticket, kind: EventKind, at: datetime, by: str, data: Mapping[str, str] | None = None) -> Ticket:
    """`ticket` with one event more. Raises ValueError that says why where the event is impossible."""
    given, moment = dict(data or {}), _moment(at)
    if refusal := _refusal(ticket, kind, moment, by, given):
        raise ValueError(f"ticket {ticket.id}: {kind.value} refused: {refusal}")
    event = TicketEvent(seq=ticket.events[-1].seq + 1, kind=kind, at=moment, by=by, data=given)
    return replace(ticket, events=(*ticket.events, event))


def _moment(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no zone; moments are aware (UTC)")
    return at.astimezone(UTC)


def _refusal(ticket: Ticket, kind: EventKind, at: datetime, by: str, data: Mapping[str, str]) -> str:
    """Why the event cannot be, "" where it can."""
    last = ticket.events[-1]
    if at < last.at:
        return f"{at.isoformat()} is before the last event ({last.kind.value}, {last.at.isoformat()}); use its moment"
    if not by:
        return "nobody is named as its author"
    if kind is not EventKind.COMMENT:
        for key, words in _WORDS.items():
            if data.get(key, words[0]) not in words:
                return f'"{key}" is "{data[key]}"; it is one of {", ".join(words)}'
    for key in _MUST.get(kind, ()):
        if not data.get(key):
            return f'its data needs "{key}"'
    if state(ticket) is TicketState.CLOSED and kind not in _AFTER_CLOSED:
        return "the ticket is closed; a relapse re-opens it, a comment may be added"
    return _out_of_turn(ticket, kind, data)


def _out_of_turn(  # noqa: PLR0911 - one return for each rule
    ticket: Ticket, kind: EventKind, data: Mapping[str, str]
) -> str:
    """Why the event cannot come after the events that are there.

    Only people are refused here: what a device says (recovered, relapsed) is a fact, even if it says it twice.
    """
    events = since_report(ticket)
    match kind:
        case EventKind.OPENED:
            return "a ticket is opened once"
        case EventKind.RESPONDED if first := _last(events, kind):
            return f"{first.by} responded already at {first.at.isoformat()}; add a comment instead"
        case EventKind.RESTORED if any(event.kind is kind for event in _since_relapse(events)):
            return "it is restored already, and has not relapsed since"
        case EventKind.PAUSED if is_paused(events):
            return "it is paused already"
        case EventKind.RESUMED if not is_paused(events):
            return "it is not paused"
        case EventKind.CLOCK_WARNED | EventKind.CLOCK_MISSED if any(
            e.kind is kind and _clock(e.data) == _clock(data) for e in events
        ):
            return f"it is recorded already for {data['clock']} ({data['promise']})"
        case _:
            return ""


def _clock(data: Mapping[str, str]) -> tuple[str | None, ...]:
    return data.get("clock"), data.get("promise"), data.get("share")


def since_report(ticket: Ticket) -> tuple[TicketEvent, ...]:
    """The events that count for state and clocks: from the first report, or from the relapse that re-opened it."""
    begin, closed = 0, False
    for position, event in enumerate(ticket.events):
        if event.kind is EventKind.CLOSED:
            closed = True
        elif event.kind is EventKind.RELAPSED and closed:
            begin, closed = position, False
    return ticket.events[begin:]


def _since_relapse(events: tuple[TicketEvent, ...]) -> tuple[TicketEvent, ...]:
    relapse = _last(events, EventKind.RELAPSED)
    return tuple(event for event in events if relapse is None or event.seq > relapse.seq)


def _last(events: tuple[TicketEvent, ...], *kinds: EventKind) -> TicketEvent | None:
    return next((event for event in reversed(events) if event.kind in kinds), None)


def is_paused(events: tuple[TicketEvent, ...]) -> bool:
    """True where the last word on it was a pause."""
    last = _last(events, EventKind.PAUSED, EventKind.RESUMED)
    return last is not None and last.kind is EventKind.PAUSED


def state(ticket: Ticket) -> TicketState:
    """Where the ticket stands: the end, else wellness, else a pause, else the furthest step since the report."""
    events = since_report(ticket)
    kinds = {event.kind for event in events}
    if EventKind.CLOSED in kinds:
        return TicketState.CLOSED
    well = {event.kind for event in _since_relapse(events)}
    if EventKind.RESTORED in well:
        return TicketState.RESTORED
    if EventKind.RECOVERED in well:
        return TicketState.RECOVERED
    if is_paused(events):
        return TicketState.PAUSED
    return next((reached for kind, reached in _PROGRESS if kind in kinds), TicketState.NEW)


def level(ticket: Ticket) -> Level:
    """What the fault does, by the last event that said so."""
    return next(said for event in reversed(ticket.events) if (said := said_level(event)))


def said_level(event: TicketEvent) -> Level | None:
    """The level that `event` gives the ticket, if it gives one."""
    if event.kind not in {EventKind.OPENED, EventKind.LEVEL_CHANGED, EventKind.RELAPSED} or "level" not in event.data:
        return None
    return Level(int(event.data["level"]))


def is_ours(ticket: Ticket) -> bool:
    """False where the last judgement on it was that the cause lies outside our responsibility."""
    judged = _last(ticket.events, EventKind.RESPONSIBILITY)
    return judged is None or judged.data["responsibility"] == OURS


def service_class(ticket: Ticket, contract: Contract) -> ServiceClass:
    """How fast we must act: by the level, but non-fault where it is not ours, whatever the level."""
    return contract.levels[level(ticket)].service_class if is_ours(ticket) else ServiceClass.NON_FAULT


def tier(ticket: Ticket, contract: Contract) -> Tier:
    """The tier that has the ticket: one step up for each hand-up, or the one that a hand-up named."""
    names = [rung.name for rung in contract.tiers]
    position = 0
    for event in since_report(ticket):
        if event.kind is EventKind.HANDED_UP:
            named = event.data.get("tier", "")
            position = names.index(named) if named in names else min(position + 1, len(names) - 1)
    return contract.tiers[position]


def owner(ticket: Ticket) -> str:
    """Whose ticket it is: whom the last event named, else who responded; "" where nobody did."""
    for event in reversed(since_report(ticket)):
        if named := event.data.get("owner"):
            return named
        if event.kind is EventKind.RESPONDED:
            return event.by
    return ""
