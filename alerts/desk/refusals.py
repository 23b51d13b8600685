"""Why an entry cannot be written into a ticket: None where it can, else a sentence that says what to do.

`entries.py` asks before every entry, so that the daemon, the command line and the pages refuse alike.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alerts.desk.contract import Contract
from alerts.desk.effective import AT, OWN, REASON, SEQ, VOID, YES, effective, written_at
from alerts.desk.refused import Refusal, Word, refused
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


def refusal(ticket: Ticket, event: TicketEvent, contract: Contract | None) -> Refusal | None:
    """Why the event cannot be, None where it can."""
    if not event.by:
        return refused("no_author")
    return (
        _untimely(ticket, event)
        or _unsaid(event)
        or (
            refused("ended", state=Word(group="ticket_state", key=state(ticket).value))
            if is_ended(ticket) and event.kind not in _AFTER_END
            else None
        )
        or _out_of_turn(ticket, event)
        or (_not_yet(ticket, contract) if event.kind is EventKind.CLOSED and contract is not None else None)
        or (_uncorrectable(ticket, event) if event.kind is EventKind.CORRECTED else None)
    )


def _untimely(  # noqa: PLR0911 - one return for each rule
    ticket: Ticket, event: TicketEvent
) -> Refusal | None:
    before, at = ticket.events[-1], event.at.isoformat()
    if event.written_at is None:
        if event.at >= written_at(before):
            return None
        return refused("before_last", at=at, kind=_kind(before), last=written_at(before).isoformat())
    report = since_report(ticket)[0]
    if event.at > event.written_at:
        return refused("not_come", at=at)
    if event.written_at < written_at(before):
        return refused("written_before_last", last=written_at(before).isoformat())
    if event.kind not in LATE:
        return refused("never_late")
    if event.at < report.at:
        return refused("before_report", at=at, report=report.at.isoformat())
    return None


def _unsaid(event: TicketEvent) -> Refusal | None:
    if event.kind not in {EventKind.COMMENT, EventKind.CORRECTED}:
        for key, words in _WORDS.items():
            if event.data.get(key, words[0]) not in words:
                known = ", ".join(word for word in words if word)
                return refused("no_word", field=key, word=event.data[key], words=known)
    for key in _MUST.get(event.kind, ()):
        if not event.data.get(key):
            return refused("needs", field=key)
    if event.kind is EventKind.VENDOR_UPDATED and (due := event.data.get("next_due")):
        return _no_moment("next_due", due)
    return None


def _no_moment(key: str, said: str) -> Refusal | None:
    try:
        has_zone = datetime.fromisoformat(said).utcoffset() is not None
    except ValueError:
        has_zone = False
    return None if has_zone else refused("no_moment", field=key, said=said)


def _out_of_turn(  # noqa: PLR0911, C901 - one return for each rule
    ticket: Ticket, event: TicketEvent
) -> Refusal | None:
    """Why the event cannot come after the events that are there.

    Only people are refused here: what a device says (recovered, relapsed) is a fact, even if it says it twice.
    """
    events = since_report(ticket)
    match event.kind:
        case EventKind.OPENED:
            return refused("opened_once")
        case EventKind.RESPONDED if first := last(events, EventKind.RESPONDED):
            return refused("responded_already", by=first.by, at=first.at.isoformat())
        case EventKind.RESTORED if any(each.kind is event.kind for each in since_relapse(events)):
            return refused("restored_already")
        case EventKind.ANSWERED if ticket.kind is TicketKind.REPAIR:
            return refused("repair_not_answered")
        case EventKind.CALLED_BACK if ticket.kind is TicketKind.REPAIR and not is_well(ticket):
            return refused("not_well")
        case EventKind.PAUSED if is_paused(events):
            return refused("paused_already")
        case EventKind.RESUMED if not is_paused(events):
            return refused("not_paused")
        case EventKind.MERGED if event.data["ticket"] == ticket.id:
            return refused("merged_into_itself")
        case EventKind.UNWATCHED if event.data["watcher"] not in watchers(ticket):
            return refused("not_watching", watcher=event.data["watcher"])
        case EventKind.VENDOR_UPDATED | EventKind.VENDOR_CLOSED if not last(events, EventKind.REPORTED_TO_VENDOR):
            return refused("vendor_not_told")
        case EventKind.CLOCK_WARNED | EventKind.CLOCK_MISSED if any(
            each.kind is event.kind and _clock(each.data) == _clock(event.data) for each in events
        ):
            return refused("clock_recorded", clock=event.data["clock"], promise=event.data["promise"])
        case _:
            return None


def _not_yet(ticket: Ticket, contract: Contract) -> Refusal | None:
    """What is still owed before the ticket may be closed."""
    if owes_call_back(ticket, contract):
        return refused("owes_call_back")
    if ticket.kind is not TicketKind.REPAIR and state(ticket) not in {TicketState.ANSWERED, TicketState.CALLED_BACK}:
        return refused("not_answered")
    return None


def _uncorrectable(  # noqa: PLR0911 - one return for each rule
    ticket: Ticket, event: TicketEvent
) -> Refusal | None:
    seq = event.data[SEQ]
    wrong = next((each for each in ticket.events if str(each.seq) == seq), None)
    if wrong is None:
        return refused("no_entry", seq=seq, last=str(ticket.events[-1].seq))
    if wrong.kind in _FACTS:
        return refused("fact", seq=seq, kind=_kind(wrong))
    is_void = event.data.get(VOID) == YES
    if is_void and wrong.kind is EventKind.OPENED:
        return refused("first_stands")
    said = {key: value for key, value in event.data.items() if key not in OWN}
    if not (is_void or said or event.data.get(AT)):
        return refused("nothing_right")
    if refusal := _unsaid(replace(wrong, data={**wrong.data, **said})):
        return refusal
    if moment := event.data.get(AT):
        return _no_moment(AT, moment) or _misplaced(ticket, wrong, datetime.fromisoformat(moment), event.at)
    return None


def _misplaced(ticket: Ticket, wrong: TicketEvent, at: datetime, now: datetime) -> Refusal | None:
    """Why the entry cannot have happened at `at`."""
    if at > now:
        return refused("not_come", at=at.isoformat())
    if wrong.kind is EventKind.OPENED:
        rest = [each.at for each in effective(ticket).events if each.kind is not EventKind.OPENED]
        return refused("others_before") if rest and min(rest) < at else None
    if wrong.kind not in LATE:
        return refused("moment_stands", kind=_kind(wrong))
    opening = next(each for each in effective(ticket).events if each.kind is EventKind.OPENED)
    if at < opening.at:
        return refused("before_report", at=at.isoformat(), report=opening.at.isoformat())
    return None


def _kind(event: TicketEvent) -> Word:
    return Word(group="entry", key=event.kind.value)


def _clock(data: Mapping[str, str]) -> tuple[str | None, ...]:
    return data.get("clock"), data.get("promise"), data.get("share")
