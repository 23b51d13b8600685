"""The clocks of a ticket, computed from its events and the contract at any moment; nothing of them is stored.

Tickets come from tickets.py, figures from contract.py; letters, pages and reports show the clocks, and the daemon's
duties write down what `due_events` says. The rules are in docs/contract.md: all times run from the first report; a
change of level or responsibility re-derives what is not met yet; pauses, and the time between recovery and relapse,
push the due time. Asked for a past moment, the clocks are those of that moment.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from alerts.desk.climbing import ahead, climbs_on_at, hand_up
from alerts.desk.contract import ClockName, Contract, Standing
from alerts.desk.effective import effective
from alerts.desk.entries import recorded
from alerts.desk.runs import Run, began, dropped_by, met_by, next_news, run
from alerts.desk.terms import AT_ONCE, written
from alerts.desk.tickets import ENDS, MONITOR, NOT_OURS, OURS, said_level, since_report
from monitor.model import EventKind, Level, ServiceClass, Text, Ticket, TicketEvent, TicketKind

__all__ = [
    "Clock",
    "ClockName",
    "ClockState",
    "Derivation",
    "clocks",
    "derivations",
    "due_events",
    "handed_up_at_once",
    "nearest",
    "next_due",
]


class ClockState(StrEnum):
    """How a promise stands."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    MET_LATE = "met_late"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """From when on the figures of which level and class counted."""

    since: datetime
    level: Level
    service_class: ServiceClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One promise about one ticket, as of one moment.

    `due` is None where nothing is promised. While paused, `due` is as if the ticket resumed at `as_of`. `met_by` is
    what met the clock, `derivation` whose figures it has. `as_of` is the moment asked for, or the one at which the
    clock ended.
    """

    name: ClockName
    title: Text
    promise: timedelta | None
    started: datetime
    due: datetime | None
    met_at: datetime | None
    met_by: EventKind | None
    state: ClockState
    derivation: Derivation
    as_of: datetime

    @property
    def remaining(self) -> timedelta | None:
        """What was left when it ended, or is left now; less than nothing where it is late."""
        return None if self.due is None else self.due - self.as_of

    @property
    def overdue(self) -> timedelta:
        """By how much it is late; nothing where it is not."""
        return max(-(self.remaining or AT_ONCE), AT_ONCE)


def derivations(ticket: Ticket, contract: Contract) -> tuple[Derivation, ...]:
    """Every level and class that the ticket had since its report, the oldest first."""
    begin = since_report(ticket)[0]
    found: list[Derivation] = []
    level, responsibility = Level.WARNING, OURS
    for event in effective(ticket).events:
        level = said_level(event) or level
        if event.kind is EventKind.RESPONSIBILITY:
            responsibility = event.data["responsibility"]
        acts = ServiceClass.NON_FAULT if responsibility == NOT_OURS else contract.levels[level].service_class
        if event.seq <= begin.seq:
            found = [Derivation(since=begin.at, level=level, service_class=acts)]
        elif (found[-1].level, found[-1].service_class) != (level, acts):
            found.append(Derivation(since=event.at, level=level, service_class=acts))
    return tuple(found)


def clocks(ticket: Ticket, contract: Contract, now: datetime, *, under: Derivation | None = None) -> tuple[Clock, ...]:
    """All clocks of the ticket at `now`; none before its first event. `under` asks what another derivation gives."""
    return tuple(clock for clock, _ in _timed(ticket, contract, now, under))


def nearest(clocks: tuple[Clock, ...]) -> Clock | None:
    """The running clock that is due first."""
    running = [(clock.due, clock) for clock in clocks if clock.state is ClockState.RUNNING and clock.due]
    return min(running, key=lambda pair: pair[0])[1] if running else None


def _timed(
    ticket: Ticket, contract: Contract, now: datetime, under: Derivation | None = None
) -> list[tuple[Clock, Run]]:
    now = now.astimezone(UTC)  # adding a span to another zone's moment would add it to the clock on the wall
    ticket = effective(ticket)
    past = replace(ticket, events=tuple(event for event in ticket.events if event.at <= now))
    if not past.events:
        return []
    known = derivations(past, contract)
    events = since_report(past)
    timed = []
    for name in ClockName:
        started = began(events, name)
        if started is None:
            continue
        met = met_by(events, name)
        # What was met stays as it was met: later judgement changes only what is still open.
        in_force = [each for each in known if met is None or each.since <= met.at]
        one = _one(name, past, events, contract, under or in_force[-1], started, now)
        if one is not None:
            timed.append(one)
    return timed


_ALWAYS = {
    TicketKind.REPAIR: frozenset(
        {ClockName.RESPOND, ClockName.HAND_UP, ClockName.RESTORE, ClockName.ON_SITE, ClockName.VENDOR_REPORT}
    ),
    TicketKind.QUESTION: frozenset({ClockName.RESPOND, ClockName.ANSWER}),
    TicketKind.COMPLAINT: frozenset({ClockName.ANSWER}),
}
"""Clocks that are shown even where nothing is promised; the others only where something is."""


def _one(
    name: ClockName,
    ticket: Ticket,
    events: tuple[TicketEvent, ...],
    contract: Contract,
    by: Derivation,
    started: datetime,
    now: datetime,
) -> tuple[Clock, Run] | None:
    promise = contract.promised(name, _standing(ticket, by))
    if name is ClockName.VENDOR_UPDATE and (promised := next_news(events)):
        promise = max(datetime.fromisoformat(promised.data["next_due"]) - started, timedelta(0))
    if promise is None and name not in _ALWAYS[ticket.kind]:
        return None
    # "At once" has no length to count from the report, so it counts from when its class came into force.
    if promise == AT_ONCE and name is ClockName.HAND_UP:
        started = by.since
    met, dropped = met_by(events, name), dropped_by(events, name)
    if met and dropped and dropped.seq < met.seq:
        met = None
    elif met:
        dropped = None
    as_of = min(event.at for event in (met, dropped) if event) if met or dropped else now
    ran, stopped = run(events, name, started, as_of, pauses=contract.clocks[name].pauses)
    due = None if promise is None else ran.reached(promise)
    state = _state(due, as_of, met=met is not None, dropped=dropped is not None, stopped=stopped)
    applies = state is not ClockState.NOT_APPLICABLE
    if not applies and name not in _ALWAYS[ticket.kind]:
        return None
    clock = Clock(
        name=name,
        title=contract.clocks[name].title,
        promise=promise if applies else None,
        started=started,
        due=due if applies else None,
        met_at=met.at if met and applies else None,
        met_by=met.kind if met and applies else None,
        state=state,
        derivation=by,
        as_of=as_of,
    )
    return clock, ran


def _state(due: datetime | None, as_of: datetime, *, met: bool, dropped: bool, stopped: bool) -> ClockState:
    if due is None or (dropped and as_of <= due):
        return ClockState.NOT_APPLICABLE
    if as_of > due:
        return ClockState.MET_LATE if met else ClockState.MISSED
    if met:
        return ClockState.MET
    return ClockState.PAUSED if stopped else ClockState.RUNNING


def _standing(ticket: Ticket, by: Derivation) -> Standing:
    said = ticket.events[0].data
    return Standing(
        kind=ticket.kind,
        level=by.level,
        service_class=by.service_class,
        region=ticket.region,
        maker=said.get("maker", ""),
        phase=said.get("phase", ""),
    )


def _steps(ticket: Ticket, contract: Contract, now: datetime) -> list[list[tuple[datetime, EventKind, dict[str, str]]]]:
    """Per clock, what is to be written down and when; without what is written already or overtaken."""
    if any(event.kind in ENDS for event in since_report(ticket)):
        return []
    found = _climbs(ticket, contract, now)
    for clock, ran in _timed(ticket, contract, now):
        if clock.promise is None or clock.due is None or clock.state is ClockState.MET:
            continue
        said = {
            "clock": clock.name.value,
            "promise": written(clock.promise),
            "level": str(clock.derivation.level.value),
            "class": clock.derivation.service_class.value,
            "due": clock.due.isoformat(),
        }
        warned = _warned(ticket, said["clock"], said["promise"])
        steps = [
            (ran.reached(clock.promise * share), EventKind.CLOCK_WARNED, {**said, "share": str(share)})
            for share in contract.shares(clock.promise)
            if share > warned
        ]
        if warned < 1:
            # A promise is kept at its very moment, and missed from the first moment after.
            steps.append((clock.due + datetime.resolution, EventKind.CLOCK_MISSED, said))
        due = [step for step in steps if step[0] <= now]
        future = steps[len(due) :] if clock.state is ClockState.RUNNING else []
        found.append(due[-1:] + future)
    return found


def _climbs(
    ticket: Ticket, contract: Contract, now: datetime
) -> list[list[tuple[datetime, EventKind, dict[str, str]]]]:
    """When the ticket climbs by itself, first within the promise of its class, then as its tiers say."""
    if not contract.desk.hand_up_by_itself:
        return []
    if (later := climbs_on_at(ticket, contract, now)) is not None:
        moment, stays = later
        return [[(moment, EventKind.HANDED_UP, hand_up(stays))]]
    for clock in clocks(ticket, contract, now):
        is_due = clock.name is ClockName.HAND_UP and clock.state in {ClockState.RUNNING, ClockState.MISSED}
        if is_due and clock.due is not None and clock.promise:
            return [[(clock.due - ahead(clock.promise), EventKind.HANDED_UP, hand_up(clock.promise))]]
    return []


def _warned(ticket: Ticket, clock: str, promise: str) -> float:
    """The greatest share of the promise of which the ticket says that it has passed; 1 is missed."""
    shares = [
        1.0 if event.kind is EventKind.CLOCK_MISSED else float(event.data["share"])
        for event in since_report(ticket)
        if event.kind in {EventKind.CLOCK_WARNED, EventKind.CLOCK_MISSED}
        and (event.data["clock"], event.data["promise"]) == (clock, promise)
    ]
    return max(shares, default=0.0)


def due_events(ticket: Ticket, contract: Contract, now: datetime) -> tuple[tuple[EventKind, dict[str, str]], ...]:
    """What must be written into the ticket by `now` and is not yet: hand-ups, warnings and misses of its clocks.

    Each is due once per clock and promised figure. After a stop only the last of several warnings is said.
    """
    steps = sorted(
        (step for steps in _steps(ticket, contract, now) for step in steps if step[0] <= now), key=lambda step: step[0]
    )
    return tuple((kind, data) for _, kind, data in steps)


def next_due(ticket: Ticket, contract: Contract, now: datetime) -> datetime | None:
    """When `due_events` will next say something, if nobody writes into the ticket before; past if it does now."""
    return min((step[0] for steps in _steps(ticket, contract, now) for step in steps), default=None)


def handed_up_at_once(ticket: Ticket, contract: Contract, at: datetime) -> Ticket:
    """The ticket with the hand-up that its class wants at once, which only the daemon can keep; else as it is."""
    clock = next((clock for clock in clocks(ticket, contract, at) if clock.name is ClockName.HAND_UP), None)
    if clock is None or clock.promise != AT_ONCE or clock.met_at is not None:
        return ticket
    acts = contract.classes[clock.derivation.service_class].title
    data = {"reason": f"class {acts.en}: at once", "reason_zh_CN": f"{acts.zh_CN}：立即提交"}
    return recorded(ticket, EventKind.HANDED_UP, at, MONITOR, data)
