"""What the page of one ticket shows: what and why, the unit and its warranty, clocks, the thread, letters, steps."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from alerts.desk import spoken
from alerts.desk import tickets as desk
from alerts.desk.actions import Action, offered
from alerts.desk.clocks import ClockState, clocks
from alerts.desk.effective import SEQ, VOID, YES
from alerts.faults.explained import facts
from alerts.runbooks import link
from monitor import explaining, ticketing, units
from monitor.config import Settings
from monitor.deliveries import Delivery, deliveries
from monitor.model import REQUEST, EventKind, Fault, Ticket, TicketEvent
from monitor.store import tickets
from monitor.store.letters import LetterState
from monitor.web.desk.rendering import Visitor
from monitor.web.desk.wall import Line, line

_JOINING = {EventKind.MERGED, EventKind.LINKED, EventKind.SPLIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockLine:
    """One promise."""

    title: str
    state: str
    tone: str
    due: str
    left: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the thread, as it was written; `corrected` are the words of what put it right."""

    seq: int
    at: str
    written: str
    by: str
    title: str
    details: tuple[tuple[str, str], ...]
    file: tuple[str, str] | None
    leads: str
    corrected: tuple[str, ...]
    is_void: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One letter, and what became of it."""

    to: str
    state: str
    tone: str
    when: str
    response: str
    acknowledged: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """All of one ticket's page."""

    line: Line
    number: str
    level: str
    reasons: tuple[str, ...]
    judged: tuple[tuple[str, str], ...]
    statement: tuple[str, ...]
    sending: tuple[str, ...]
    tier: str
    opened: str
    runbook: str
    clocks: tuple[ClockLine, ...]
    entries: tuple[Entry, ...]
    mails: tuple[Mail, ...]
    steps: tuple[Action, ...]
    actions: tuple[Action, ...]
    last: int
    zone: str


def thread(disk: Connection, number: str, settings: Settings, visitor: Visitor, now: datetime) -> Thread:
    """The page of a ticket. Raises NoSuchTicketError."""
    ticket = tickets.found(disk, number)
    zone = settings.inventory.zone(ticket.site)
    fault = ticketing.subject(disk, ticket)
    is_request = ticket.fault.kind == REQUEST
    possible = offered(ticket, settings.contract, now)
    said = (
        () if is_request else units.statement_of(disk, ticket.fault.device, fault.component, settings, now, ticket.id)
    )
    return Thread(
        line=line(ticket, fault, settings, visitor, now),
        number=ticket.id,
        level=visitor.words.said("level", str(int(desk.level(ticket)))),
        reasons=tuple(visitor.of(reason.text) for reason in fault.reasons) + _proposed(ticket, visitor),
        judged=() if is_request else _judged(disk, fault, settings, visitor, now),
        statement=tuple(map(visitor.of, said)),
        sending=tuple(map(visitor.of, units.sending(disk, ticket, fault, settings, now))),
        tier=visitor.of(desk.tier(ticket, settings.contract).title),
        opened=visitor.wall(ticket.events[0].at, zone),
        runbook=link(settings.daemon.runbooks, visitor.language, ticket.fault.kind, ticket.fault.aspect),
        clocks=_clocks(ticket, settings, visitor, zone, now),
        entries=_entries(ticket, settings, visitor, zone),
        mails=tuple(_mail(each, visitor, zone) for each in deliveries(disk, ticket, settings)),
        steps=tuple(action for action in possible if action.is_step),
        actions=tuple(action for action in possible if action.fields or not action.is_step),
        last=ticket.events[-1].seq,
        zone=zone,
    )


def _judged(
    disk: Connection, fault: Fault, settings: Settings, visitor: Visitor, now: datetime
) -> tuple[tuple[str, str], ...]:
    """What `netvigil explain` says of the fault."""
    return facts(fault, visitor.language, explaining.context(disk, fault, settings, now))


def _proposed(ticket: Ticket, visitor: Visitor) -> tuple[str, ...]:
    proposes = ticket.events[0].data.get("proposes", "")
    return (visitor.words.named("proposed", proposes),) if proposes and desk.is_ours(ticket) else ()


def _clocks(ticket: Ticket, settings: Settings, visitor: Visitor, zone: str, now: datetime) -> tuple[ClockLine, ...]:
    found = []
    for clock in clocks(ticket, settings.contract, now):
        tone, left = "none", ""
        if clock.state is ClockState.RUNNING and clock.due is not None:
            is_soon = clock.promise is not None and (clock.due - now) * 4 <= clock.promise
            tone, left = "soon" if is_soon else "calm", visitor.say("left", span=visitor.span(now, clock.due))
        elif clock.state in {ClockState.MISSED, ClockState.MET_LATE} and clock.due is not None:
            tone, left = "late", visitor.say("late_by", span=visitor.span(clock.as_of, clock.due))
        elif clock.state is ClockState.MET:
            tone = "kept"
        elif clock.state is ClockState.PAUSED:
            tone = "paused"
        found.append(
            ClockLine(
                title=visitor.of(clock.title),
                state=visitor.words.said("clock_state", clock.state.value),
                tone=tone,
                due=visitor.wall(clock.due, zone) if clock.due else "",
                left=left,
            )
        )
    return tuple(found)


def _entries(ticket: Ticket, settings: Settings, visitor: Visitor, zone: str) -> tuple[Entry, ...]:
    right: dict[str, list[TicketEvent]] = {}
    for event in ticket.events:
        if event.kind is EventKind.CORRECTED:
            right.setdefault(event.data[SEQ], []).append(event)
    found = []
    for event in ticket.events:
        puts = right.get(str(event.seq), [])
        name = event.data.get("name", "")
        file = (event.data["sha256"], name) if event.kind in {EventKind.ATTACHED, EventKind.DIAGNOSED} else None
        found.append(
            Entry(
                seq=event.seq,
                at=visitor.wall(event.at, zone),
                written=visitor.wall(event.written_at, zone) if event.written_at else "",
                by=event.by,
                title=spoken.title(event, settings.contract, visitor.words),
                details=tuple(spoken.details(event, settings.contract, visitor.words, zone)),
                file=file,
                leads=event.data.get("ticket", "") if event.kind in _JOINING else "",
                corrected=tuple(_put_right(each, settings, visitor) for each in puts),
                is_void=any(each.data.get(VOID) == YES for each in puts),
            )
        )
    return tuple(reversed(found))


def _put_right(event: TicketEvent, settings: Settings, visitor: Visitor) -> str:
    colon, comma = visitor.words.said("letter", "colon"), visitor.words.said("list", "and")
    told = spoken.details(event, settings.contract, visitor.words)
    said = comma.join(f"{name}{colon}{value}" for name, value in told)
    key = "withdrawn_by" if event.data.get(VOID) == YES else "corrected_by"
    return visitor.say(key, by=event.by, seq=str(event.seq), said=said)


def _mail(each: Delivery, visitor: Visitor, zone: str) -> Mail:
    bad = (LetterState.REFUSED, LetterState.EXPIRED, LetterState.BOUNCED)
    tones = {LetterState.ACCEPTED: "kept", **dict.fromkeys(bad, "late")}
    acknowledged = ""
    if each.acknowledged_at is not None:
        at = visitor.wall(each.acknowledged_at, zone)
        acknowledged = visitor.say("acknowledged_by", by=each.acknowledged_by, at=at)
    return Mail(
        to=f"{each.who} {each.to}".strip(),
        state=visitor.named("letter", each.state.value) + (visitor.say("in_digest") if each.within else ""),
        tone=tones.get(each.state, "soon" if each.tries else "calm"),
        when=visitor.wall(each.ended_at or each.queued_at, zone),
        response=each.server,
        acknowledged=acknowledged,
    )
