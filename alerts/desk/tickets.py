"""What a ticket's append-only list of events says: state, level, class, tier, owner. Clocks are in clocks.py.

Faults and people open tickets and write into them (entries.py); all that is read here is read off the list as
`effective` gives it, with wrong entries put right and late ones in their place. An event's `data` may hold, as text:

- opened: level, condition, reason, reason_zh_CN, maker, phase; proposes ("not_ours", for a person to confirm); of one
  that a person opened: channel, caller, phone, mail, text, ticket (the one that it was split off)
- level_changed: level (must), reason
- relapsed: level, where the fault came back at another one; reason
- responsibility: responsibility (must; "ours" or "not_ours"), reason
- handed_up: tier (the name of a tier; without it, the next), owner, reason
- assigned: owner (must); watched, unwatched: watcher (must)
- responded, dispatched: owner; on_site ("needed" or "not_needed": whether somebody must go there)
- any: spare_unit ("needed" or "not_needed": whether a unit must stand in, for which makers promise a time)
- reported_to_vendor: case; vendor_updated: next_due (ISO 8601), text
- handled: cause, handling, prevention
- called_back: solved ("yes" or "no", must), satisfaction ("1" to "5"), text
- corrected: seq (must), reason (must), and what is put right (effective.py)
- linked, merged, split: ticket (must)
- attached, diagnosed: sha256, name, size, media_type
- clock_warned, clock_missed: clock, promise, due, share (written by clocks.py)
- any: text, and whatever else people should read later
"""

from enum import StrEnum

from alerts.desk.contract import Contract
from alerts.desk.effective import YES, effective
from alerts.desk.terms import Tier
from monitor.model import EventKind, Level, ServiceClass, Ticket, TicketEvent, TicketKind

MONITOR = "netvigil"
"""Who writes where no person does."""

OURS, NOT_OURS = "ours", "not_ours"
NEEDED, NOT_NEEDED = "needed", "not_needed"
WELL = {EventKind.RECOVERED, EventKind.RESTORED}
ENDS = {EventKind.CLOSED, EventKind.MERGED}
"""After these nothing is owed any more; a merged ticket goes on in the one that it was merged into."""


class TicketState(StrEnum):
    """Where a ticket stands. Recovered is the device's word, restored a person's; only closed is the end."""

    NEW = "new"
    RESPONDED = "responded"
    HANDED_UP = "handed_up"
    DISPATCHED = "dispatched"
    TAKEN = "taken"
    DEPARTED = "departed"
    ON_SITE = "on_site"
    PAUSED = "paused"
    WORKAROUND = "workaround"
    RECOVERED = "recovered"
    RESTORED = "restored"
    ANSWERED = "answered"
    CALLED_BACK = "called_back"
    CLOSED = "closed"
    MERGED = "merged"


_PROGRESS = (
    (EventKind.ARRIVED, TicketState.ON_SITE),
    (EventKind.DEPARTED, TicketState.DEPARTED),
    (EventKind.TAKEN, TicketState.TAKEN),
    (EventKind.DISPATCHED, TicketState.DISPATCHED),
    (EventKind.HANDED_UP, TicketState.HANDED_UP),
    (EventKind.RESPONDED, TicketState.RESPONDED),
)
"""From the furthest step to the nearest."""


def since_report(ticket: Ticket) -> tuple[TicketEvent, ...]:
    """The events that count for state and clocks: from the first report, or from the relapse that re-opened it."""
    begin, ended = 0, False
    events = effective(ticket).events
    for position, event in enumerate(events):
        if event.kind in ENDS:
            ended = True
        elif is_relapse(event) and ended:
            begin, ended = position, False
    return events[begin:]


def is_relapse(event: TicketEvent) -> bool:
    """True for what says that it is broken again: the fault is back, or the customer was asked and says so."""
    return event.kind is EventKind.RELAPSED or (
        event.kind is EventKind.CALLED_BACK and event.data.get("solved", YES) != YES
    )


def since_relapse(events: tuple[TicketEvent, ...]) -> tuple[TicketEvent, ...]:
    """The events after the last relapse; all of them where there was none."""
    begin = max((event.seq for event in events if is_relapse(event)), default=0)
    return tuple(event for event in events if event.seq > begin)


def last(events: tuple[TicketEvent, ...], *kinds: EventKind) -> TicketEvent | None:
    """The last event of one of these kinds."""
    return next((event for event in reversed(events) if event.kind in kinds), None)


def is_paused(events: tuple[TicketEvent, ...]) -> bool:
    """True where the last word on it was a pause."""
    word = last(events, EventKind.PAUSED, EventKind.RESUMED)
    return word is not None and word.kind is EventKind.PAUSED


def state(ticket: Ticket) -> TicketState:
    """Where the ticket stands: the end, else wellness, else a pause, else the furthest step since the report."""
    events = since_report(ticket)
    if ended := last(events, *ENDS):
        return TicketState.MERGED if ended.kind is EventKind.MERGED else TicketState.CLOSED
    well = {event.kind for event in since_relapse(events)}
    for kind, reached in _WELLNESS:
        if kind in well:
            return reached
    if is_paused(events):
        return TicketState.PAUSED
    if well & {EventKind.WORKAROUND, EventKind.LOANER}:
        return TicketState.WORKAROUND
    kinds = {event.kind for event in events}
    return next((reached for kind, reached in _PROGRESS if kind in kinds), TicketState.NEW)


_WELLNESS = (
    (EventKind.CALLED_BACK, TicketState.CALLED_BACK),
    (EventKind.RESTORED, TicketState.RESTORED),
    (EventKind.RECOVERED, TicketState.RECOVERED),
    (EventKind.ANSWERED, TicketState.ANSWERED),
)
"""From what is nearest to the end; a call-back that says "not solved" is a relapse, and is not among these."""


def is_ended(ticket: Ticket) -> bool:
    """True where nothing is owed any more."""
    return state(ticket) in {TicketState.CLOSED, TicketState.MERGED}


def is_well(ticket: Ticket) -> bool:
    """True where it works again by the device's or a person's word, though the ticket may want its end."""
    return bool({event.kind for event in since_relapse(since_report(ticket))} & WELL)


def is_recovered(ticket: Ticket) -> bool:
    """True where the device has said that it is well, and nobody has said otherwise since."""
    return any(event.kind is EventKind.RECOVERED for event in since_relapse(since_report(ticket)))


def wants_call_back(ticket: Ticket, contract: Contract) -> bool:
    """True where nothing but the call-back stands between the ticket and its end (2.11)."""
    return owes_call_back(ticket, contract) and state(ticket) in {TicketState.RESTORED, TicketState.RECOVERED}


def owes_call_back(ticket: Ticket, contract: Contract) -> bool:
    """True for a repair that nobody was called back about since it was reported, or broke again (2.11)."""
    if ticket.kind is not TicketKind.REPAIR or not contract.promises.call_back:
        return False
    return not any(event.kind is EventKind.CALLED_BACK for event in since_relapse(since_report(ticket)))


def level(ticket: Ticket) -> Level:
    """What the fault does, by the last event that said so."""
    return next(said for event in reversed(effective(ticket).events) if (said := said_level(event)))


def said_level(event: TicketEvent) -> Level | None:
    """The level that `event` gives the ticket, if it gives one."""
    if event.kind not in {EventKind.OPENED, EventKind.LEVEL_CHANGED, EventKind.RELAPSED} or "level" not in event.data:
        return None
    return Level(int(event.data["level"]))


def is_ours(ticket: Ticket) -> bool:
    """False where the last judgement on it was that the cause lies outside our responsibility."""
    judged = last(effective(ticket).events, EventKind.RESPONSIBILITY)
    return judged is None or judged.data["responsibility"] == OURS


def service_class(ticket: Ticket, contract: Contract) -> ServiceClass:
    """How fast we must act: by the level, but non-fault where it is not ours, whatever the level."""
    return contract.levels[level(ticket)].service_class if is_ours(ticket) else ServiceClass.NON_FAULT


def tier(ticket: Ticket, contract: Contract) -> Tier:
    """The tier that has the ticket: one step up for each hand-up, or the one that a hand-up named.

    A complaint is in the hands of the last tier from its beginning (2.16).
    """
    names = [rung.name for rung in contract.tiers]
    position = len(names) - 1 if ticket.kind is TicketKind.COMPLAINT else 0
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
        if event.kind in {EventKind.RESPONDED, EventKind.TAKEN}:
            return event.by
    return ""


def watchers(ticket: Ticket) -> tuple[str, ...]:
    """Who wants to know what becomes of it, in the order in which they said so."""
    found: dict[str, None] = {}
    for event in effective(ticket).events:
        if event.kind is EventKind.WATCHED:
            found[event.data["watcher"]] = None
        elif event.kind is EventKind.UNWATCHED:
            found.pop(event.data["watcher"], None)
    return tuple(found)
