"""Why an entry cannot be written into a ticket: "" where it can, else words that say what to do.

`entries.py` asks before every entry, so that the daemon, the command line and the pages refuse alike.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alerts.desk.contract import Contract
from alerts.desk.effective import AT, OWN, REASON, SEQ, VOID, YES, effective, written_at
from alerts.desk.tickets import (
    NEEDED,
    NOT_NEEDED,
    NOT_OURS,
    OURS,
    TicketState,
    is_ended,
    is_paused,
    is_well,
    last,
    owes_call_back,
    since_relapse,
    since_report,
    state,
    watchers,
)
from monitor.model import (
    EventKind,
    Level,
    Ticket,
    TicketEvent,
    TicketKind,
)

_WORDS: Mapping[str, tuple[str, ...]] = {
    "level": tuple(str(level.value) for level in Level),
    "responsibility": (OURS, NOT_OURS),
    "on_site": (NEEDED, NOT_NEEDED),
    "spare_unit": (NEEDED, NOT_NEEDED),
    "solved": ("yes", "no"),
    "satisfaction": ("", "1", "2", "3", "4", "5"),
}
"""What these keys may say, because state and clocks are computed from it."""
_MUST: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.LEVEL_CHANGED: ("level",),
    EventKind.RESPONSIBILITY: ("responsibility",),
    EventKind.CLOCK_WARNED: ("clock", "promise", "share"),
    EventKind.CLOCK_MISSED: ("clock", "promise"),
    EventKind.ASSIGNED: ("owner",),
    EventKind.WATCHED: ("watcher",),
    EventKind.UNWATCHED: ("watcher",),
    EventKind.CALLED_BACK: ("solved",),
    EventKind.CORRECTED: (SEQ, REASON),
    EventKind.LINKED: ("ticket",),
    EventKind.MERGED: ("ticket",),
    EventKind.SPLIT: ("ticket",),
    EventKind.ATTACHED: ("sha256", "name"),
    EventKind.DIAGNOSED: ("sha256", "name"),
    EventKind.HANDLED: ("cause", "handling"),
}
_AFTER_END = {
    EventKind.RELAPSED,
    EventKind.COMMENT,
    EventKind.ATTACHED,
    EventKind.CORRECTED,
    EventKind.LINKED,
    EventKind.WATCHED,
    EventKind.UNWATCHED,
    EventKind.SPARE_RETURNED,
    EventKind.VENDOR_UPDATED,
    EventKind.VENDOR_CLOSED,
}
LATE = {
    EventKind.RESPONDED,
    EventKind.ANSWERED,
    EventKind.HANDED_UP,
    EventKind.DISPATCHED,
    EventKind.TAKEN,
    EventKind.DEPARTED,
    EventKind.ARRIVED,
    EventKind.LEFT,
    EventKind.WORKAROUND,
    EventKind.LOANER,
    EventKind.RESTORED,
    EventKind.REPORTED_TO_VENDOR,
    EventKind.VENDOR_UPDATED,
    EventKind.VENDOR_CLOSED,
    EventKind.CALLED_BACK,
    EventKind.COMMENT,
}
"""What a person may have done before it was written down. What the daemon says happens when it says it."""
_FACTS = {
    EventKind.RECOVERED,
    EventKind.RELAPSED,
    EventKind.CLOCK_WARNED,
    EventKind.CLOCK_MISSED,
    EventKind.CORRECTED,
    EventKind.CLOSED,
    EventKind.MERGED,
    EventKind.SPLIT,
}
"""What nobody corrects: the daemon's own record, and ends, which a relapse undoes."""


def refusal(ticket: Ticket, event: TicketEvent, contract: Contract | None) -> str:
    """Why the event cannot be, "" where it can."""
    if not event.by:
        return "nobody is named as its author"
    return (
        _untimely(ticket, event)
        or _unsaid(event)
        or (
            f"the ticket is {state(ticket).value}; a relapse re-opens it, a comment may be added"
            if is_ended(ticket) and event.kind not in _AFTER_END
            else ""
        )
        or _out_of_turn(ticket, event)
        or (_not_yet(ticket, contract) if event.kind is EventKind.CLOSED and contract is not None else "")
        or (_uncorrectable(ticket, event) if event.kind is EventKind.CORRECTED else "")
    )


def _untimely(  # noqa: PLR0911 - one return for each rule
    ticket: Ticket, event: TicketEvent
) -> str:
    before = ticket.events[-1]
    if event.written_at is None:
        if event.at >= written_at(before):
            return ""
        return (
            f"{event.at.isoformat()} is before the last event ({before.kind.value}, "
            f"{written_at(before).isoformat()}); use its moment"
        )
    report = since_report(ticket)[0]
    if event.at > event.written_at:
        return f"{event.at.isoformat()} has not come yet"
    if event.written_at < written_at(before):
        return f"it is written down before the last event ({written_at(before).isoformat()})"
    if event.kind not in LATE:
        return "it is written down when it happens, and not afterwards; leave its moment out"
    if event.at < report.at:
        return f"{event.at.isoformat()} is before the report ({report.at.isoformat()})"
    return ""


def _unsaid(event: TicketEvent) -> str:
    if event.kind not in {EventKind.COMMENT, EventKind.CORRECTED}:
        for key, words in _WORDS.items():
            if event.data.get(key, words[0]) not in words:
                return f'"{key}" is "{event.data[key]}"; it is one of {", ".join(word for word in words if word)}'
    for key in _MUST.get(event.kind, ()):
        if not event.data.get(key):
            return f'its data needs "{key}"'
    if event.kind is EventKind.VENDOR_UPDATED and (due := event.data.get("next_due")):
        return _no_moment("next_due", due)
    return ""


def _no_moment(key: str, said: str) -> str:
    try:
        has_zone = datetime.fromisoformat(said).utcoffset() is not None
    except ValueError:
        has_zone = False
    return "" if has_zone else f'"{key}" is "{said}"; write a moment with its zone, such as 2026-11-22T15:00+08:00'


def _out_of_turn(  # noqa: PLR0911, C901 - one return for each rule
    ticket: Ticket, event: TicketEvent
) -> str:
    """Why the event cannot come after the events that are there.

    Only people are refused here: what a device says (recovered, relapsed) is a fact, even if it says it twice.
    """
    events = since_report(ticket)
    match event.kind:
        case EventKind.OPENED:
            return "a ticket is opened once"
        case EventKind.RESPONDED if first := last(events, EventKind.RESPONDED):
            return f"{first.by} responded already at {first.at.isoformat()}; add a comment instead"
        case EventKind.RESTORED if any(each.kind is event.kind for each in since_relapse(events)):
            return "it is restored already, and has not relapsed since"
        case EventKind.ANSWERED if ticket.kind is TicketKind.REPAIR:
            return "a repair is not answered but restored"
        case EventKind.CALLED_BACK if ticket.kind is TicketKind.REPAIR and not is_well(ticket):
            return "it does not work again by anybody's word; restore it first"
        case EventKind.PAUSED if is_paused(events):
            return "it is paused already"
        case EventKind.RESUMED if not is_paused(events):
            return "it is not paused"
        case EventKind.MERGED if event.data["ticket"] == ticket.id:
            return "a ticket is not merged into itself"
        case EventKind.UNWATCHED if event.data["watcher"] not in watchers(ticket):
            return f"{event.data['watcher']} does not watch it"
        case EventKind.VENDOR_UPDATED | EventKind.VENDOR_CLOSED if not last(events, EventKind.REPORTED_TO_VENDOR):
            return "the vendor was not told yet; report it first"
        case EventKind.CLOCK_WARNED | EventKind.CLOCK_MISSED if any(
            each.kind is event.kind and _clock(each.data) == _clock(event.data) for each in events
        ):
            return f"it is recorded already for {event.data['clock']} ({event.data['promise']})"
        case _:
            return ""


def _not_yet(ticket: Ticket, contract: Contract) -> str:
    """What is still owed before the ticket may be closed."""
    if owes_call_back(ticket, contract):
        return "the customer was not called back yet (contract 2.11); call back and record it first"
    if ticket.kind is not TicketKind.REPAIR and state(ticket) not in {TicketState.ANSWERED, TicketState.CALLED_BACK}:
        return "it is not answered yet"
    return ""


def _uncorrectable(  # noqa: PLR0911 - one return for each rule
    ticket: Ticket, event: TicketEvent
) -> str:
    seq = event.data[SEQ]
    wrong = next((each for each in ticket.events if str(each.seq) == seq), None)
    if wrong is None:
        return f"it has no entry {seq}; its entries are 1 to {ticket.events[-1].seq}"
    if wrong.kind in _FACTS:
        return f"entry {seq} ({wrong.kind.value}) is the daemon's own record, or an end; it stands"
    is_void = event.data.get(VOID) == YES
    if is_void and wrong.kind is EventKind.OPENED:
        return "the first entry cannot be withdrawn; close the ticket with the reason, or merge it"
    said = {key: value for key, value in event.data.items() if key not in OWN}
    if not (is_void or said or event.data.get(AT)):
        return "it puts nothing right; give what is true instead, or withdraw the entry"
    if refusal := _unsaid(replace(wrong, data={**wrong.data, **said})):
        return refusal
    if moment := event.data.get(AT):
        return _no_moment(AT, moment) or _misplaced(ticket, wrong, datetime.fromisoformat(moment), event.at)
    return ""


def _misplaced(ticket: Ticket, wrong: TicketEvent, at: datetime, now: datetime) -> str:
    """Why the entry cannot have happened at `at`."""
    if at > now:
        return f"{at.isoformat()} has not come yet"
    if wrong.kind is EventKind.OPENED:
        rest = [each.at for each in effective(ticket).events if each.kind is not EventKind.OPENED]
        return "other entries happened before that; put them right first" if rest and min(rest) < at else ""
    if wrong.kind not in LATE:
        return f"{wrong.kind.value} is written down when it happens; its moment stands"
    opening = next(each for each in effective(ticket).events if each.kind is EventKind.OPENED)
    return f"{at.isoformat()} is before the report ({opening.at.isoformat()})" if at < opening.at else ""


def _clock(data: Mapping[str, str]) -> tuple[str | None, ...]:
    return data.get("clock"), data.get("promise"), data.get("share")
