"""What the wall and lists show: tickets by level with their nearest clock, faults without one, letters that fail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.desk.clocks import Clock, ClockState, clocks, nearest
from alerts.desk.effective import effective
from alerts.faults.rules import Kind
from alerts.post.channels import MAIL
from monitor import maintenance
from monitor.config import Settings
from monitor.model import REQUEST, Component, Fault, FaultKey, Level, Ticket
from monitor.store import faults, letters, outages, tickets
from monitor.store.letters import LetterState
from monitor.web.desk.rendering import Visitor

MOST = 200
"""Tickets of one level on the wall; the others are counted."""
_LATE_MAIL = timedelta(minutes=5)
_SOON = 0.25  # of the promise left: time to hurry


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One ticket in a list. `tone` is how its clock stands: late, soon, calm, paused or none."""

    id: str
    level: Level
    device: str
    site: str
    what: str
    state: str
    owner: str
    tone: str
    clock: str
    left: str
    due: datetime
    wants_call_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """One open fault that has no ticket, and why."""

    id: int
    level: Level
    device: str
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """All of the wall."""

    levels: Mapping[Level, tuple[Line, ...]]
    counts: Mapping[Level, int]
    call_backs: tuple[Line, ...]
    bare: tuple[Bare, ...]
    bare_more: int
    troubles: tuple[str, ...] = field(default_factory=tuple)


def wall(disk: Connection, settings: Settings, visitor: Visitor, now: datetime, trouble: str | None) -> Wall:
    """What the wall shows at `now`."""
    known = {fault.key: fault for fault in faults.open_faults(disk)}
    every = tickets.unclosed(disk)
    found = lines(every, known, settings, visitor, now)
    waiting = [line for line in found if not line.wants_call_back]
    by_level = {level: tuple(line for line in waiting if line.level is level) for level in Level}
    bare = _bare(disk, known, every, settings, visitor, now)
    return Wall(
        levels={level: found[:MOST] for level, found in by_level.items()},
        counts={level: len(found) for level, found in by_level.items()},
        call_backs=tuple(line for line in found if line.wants_call_back)[:MOST],
        bare=bare[:MOST],
        bare_more=max(len(bare) - MOST, 0),
        troubles=(
            *([trouble] if trouble else []),
            *_way_troubles(disk, visitor, now),
            *_mail_troubles(disk, visitor, now),
        ),
    )


def lines(
    every: Iterable[Ticket], known: Mapping[FaultKey, Fault], settings: Settings, visitor: Visitor, now: datetime
) -> tuple[Line, ...]:
    """A line for each ticket: the gravest first, then what is due first."""
    found = (line(ticket, known.get(ticket.fault), settings, visitor, now) for ticket in every)
    return tuple(sorted(found, key=lambda each: (each.level, each.due, each.id)))


def line(ticket: Ticket, fault: Fault | None, settings: Settings, visitor: Visitor, now: datetime) -> Line:
    """One ticket in a list."""
    site = settings.inventory.sites.get(ticket.site)
    tone, clock, due = _standing(clocks(ticket, settings.contract, now), now)
    left = ""
    if clock is not None and clock.due is not None and tone != "paused":
        left = visitor.say("late_by" if tone == "late" else "left", span=visitor.span(now, clock.due))
    return Line(
        id=ticket.id,
        level=desk.level(ticket),
        device="" if ticket.fault.device == ticket.site else ticket.fault.device,
        site=(site.title if site else "") or ticket.site,
        what=what(ticket, fault, visitor),
        state=visitor.words.said("ticket_state", desk.state(ticket).value),
        owner=desk.owner(ticket),
        tone=tone,
        clock=visitor.of(clock.title) if clock else "",
        left=left,
        due=due or datetime.max.replace(tzinfo=now.tzinfo),
        wants_call_back=desk.wants_call_back(ticket, settings.contract),
    )


def what(ticket: Ticket, fault: Fault | None, visitor: Visitor) -> str:
    """What it is about: the part and its condition; of what a person asked for, their words."""
    if ticket.fault.kind == REQUEST:
        kind = visitor.named("kind", ticket.kind.value)
        return f"{kind}{visitor.words.said('letter', 'colon')}{effective(ticket).events[0].data.get('text', '')}"
    if fault is not None:
        return visitor.words.what(fault.component, fault.key.aspect, fault.condition)
    part = visitor.words.part(Component(kind=ticket.fault.kind, label=ticket.fault.label))
    return f"{part}{visitor.words.said('letter', 'colon')}{visitor.words.aspect(ticket.fault.aspect)}"


def _standing(every: tuple[Clock, ...], now: datetime) -> tuple[str, Clock | None, datetime | None]:
    """How the clocks stand as one word, the clock to show, and by what to sort."""
    late = [clock for clock in every if clock.state is ClockState.MISSED and clock.due]
    if late:
        first = min(late, key=lambda clock: clock.due or now)
        return "late", first, first.due
    if (soonest := nearest(every)) is not None and soonest.due is not None:
        is_soon = soonest.promise is not None and soonest.due - now <= soonest.promise * _SOON
        return "soon" if is_soon else "calm", soonest, soonest.due
    paused = [clock for clock in every if clock.state is ClockState.PAUSED]
    return ("paused", paused[0], paused[0].due) if paused else ("none", None, None)


def _bare(
    disk: Connection,
    known: Mapping[FaultKey, Fault],
    every: Iterable[Ticket],
    settings: Settings,
    visitor: Visitor,
    now: datetime,
) -> tuple[Bare, ...]:
    told = {ticket.fault for ticket in every}
    coverage = maintenance.coverage(disk, settings, now)
    found = []
    for key, fault in known.items():
        if key in told:
            continue
        covered = coverage.of(key)
        if covered is not None:
            why = visitor.say("covered", window=covered.window.name, reason=covered.window.reason)
        elif fault.hidden_by is not None:
            why = visitor.say("symptom", cause=f"{fault.hidden_by.device} {fault.hidden_by.label}".strip())
        else:
            why = visitor.say("no_ticket_yet")
        said = visitor.words.what(fault.component, key.aspect, fault.condition)
        device = key.device if key.kind != Kind.SITE else settings.inventory.sites[key.device].title or key.device
        found.append(Bare(id=fault.id, level=fault.level, device=device, what=said, why=why))
    return tuple(sorted(found, key=lambda each: (each.level, each.id)))


def _way_troubles(disk: Connection, visitor: Visitor, now: datetime) -> list[str]:
    """By which ways nobody is told at present."""
    return [
        visitor.say(
            "way_failing",
            way=visitor.say("way_mail") if name == MAIL else name,
            since=visitor.span(each.since, now),
            words=each.words,
        )
        for name, each in outages.open_now(disk).items()
    ]


def _mail_troubles(disk: Connection, visitor: Visitor, now: datetime) -> list[str]:
    """Why people may not have been told."""
    oldest, counts = letters.oldest_undelivered(disk), letters.counted(disk)
    found = []
    for state in (LetterState.REFUSED, LetterState.EXPIRED):
        if state.value in oldest:
            since = visitor.span(oldest[state.value], now)
            found.append(visitor.say(f"mail_{state.value}", count=str(counts[state.value]), since=since))
    waiting = oldest.get(LetterState.QUEUED.value)
    if waiting is not None and now - waiting > _LATE_MAIL:
        count, since = str(counts[LetterState.QUEUED.value]), visitor.span(waiting, now)
        found.append(visitor.say("mail_waits", count=count, since=since))
    return found
