"""The hops of one fault, from what is stored of it, its ticket and its letters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.desk.hops import Hop, Mailed, Stop, began, hops
from alerts.faults.explained import Context, explained
from monitor.model import (
    Component,
    Condition,
    EventKind,
    Fault,
    FaultKey,
    FaultState,
    Language,
    Level,
    Observation,
    Ticket,
    TicketEvent,
)

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
FAN = Component(kind="fan", label="1")
DUTY, NIGHT = "duty@example.org", "night@example.org"


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


FAULT = Fault(
    key=FaultKey(device="core-1", kind="fan", label="1", aspect="state"),
    component=FAN,
    condition=Condition.FAILED,
    level=Level.MAJOR,
    reasons=(),
    evidence=Observation(component=FAN, aspect="state", condition=Condition.FAILED, at=NOON),
    state=FaultState.OPEN,
    first_seen=NOON,
    last_seen=NOON,
    changed_at=NOON,
    opened_at=after(2),
    told_at=after(-1.5),
)


def ticket(*events: tuple[EventKind, float, str]) -> Ticket:
    told = tuple(
        TicketEvent(seq=seq, kind=kind, at=after(at), by=by) for seq, (kind, at, by) in enumerate(events, start=1)
    )
    return Ticket(id="T20260105-0001", fault=FAULT.key, customer="cdc", site="hefei-1", region="hefei", events=told)


def letter(event: int, to: str, queued: float, ended: float | None, *, accepted: bool = True) -> Mailed:
    ended_at = None if ended is None else after(ended)
    return Mailed(event=event, recipient=to, queued_at=after(queued), ended_at=ended_at, is_accepted=accepted)


TICKET = ticket(
    (EventKind.OPENED, 2, "netvigil"), (EventKind.CLOCK_WARNED, 60, "netvigil"), (EventKind.RESPONDED, 90, "wang")
)
LETTERS = (
    letter(1, DUTY, 2, 2.6),
    letter(1, NIGHT, 2, 3, accepted=False),
    letter(2, DUTY, 60, 61),
)


def test_every_hop_is_told_in_the_order_of_its_moment() -> None:
    found = [(hop.stop, (hop.at - NOON).total_seconds(), hop.what) for hop in hops(FAULT, TICKET, LETTERS).all]
    assert found == [
        (Stop.TOLD, -1.5, ""),
        (Stop.FIRST_SEEN, 0, ""),
        (Stop.CONFIRMED, 2, ""),
        (Stop.TICKET, 2, "T20260105-0001"),
        (Stop.QUEUED, 2, DUTY),
        (Stop.QUEUED, 2, NIGHT),
        (Stop.ACCEPTED, 2.6, DUTY),
        (Stop.UNDELIVERED, 3, NIGHT),
        (Stop.RESPONDED, 90, "wang"),
    ]


def test_first_says_when_a_fault_came_to_a_stop_and_none_where_it_has_not() -> None:
    found = hops(FAULT, TICKET, LETTERS)
    assert found.first(Stop.ACCEPTED) == after(2.6)
    assert found.first(Stop.CLEARED) is None


def test_fault_that_came_back_to_its_ticket_has_the_letters_and_the_answer_of_its_own_call() -> None:
    told = ticket(
        (EventKind.OPENED, -900, "netvigil"),
        (EventKind.RESPONDED, -800, "li"),
        (EventKind.RECOVERED, -700, "netvigil"),
        (EventKind.RELAPSED, 2, "netvigil"),
        (EventKind.RESPONDED, 30, "wang"),
    )
    found = hops(FAULT, told, (letter(1, DUTY, -900, -899), letter(4, DUTY, 2, 4)))
    assert [(hop.at, hop.what) for hop in found.all if hop.stop in {Stop.ACCEPTED, Stop.RESPONDED}] == [
        (after(4), DUTY),
        (after(30), "wang"),
    ]


def test_suspicion_has_been_seen_and_nothing_more() -> None:
    suspicion = replace(FAULT, state=FaultState.SUSPECTED, opened_at=None, told_at=None)
    assert hops(suspicion, TICKET, LETTERS).all == (Hop(stop=Stop.FIRST_SEEN, at=NOON),)


def test_fault_that_was_over_before_the_ticket_called_was_told_to_nobody() -> None:
    over = replace(FAULT, state=FaultState.CLEARED, cleared_at=after(5))
    late = ticket((EventKind.OPENED, 60, "netvigil"))
    assert [hop.stop for hop in hops(over, late, ()).all] == [
        Stop.TOLD, Stop.FIRST_SEEN, Stop.CONFIRMED, Stop.CLEARED,
    ]  # fmt: skip


def test_fault_could_be_known_since_it_was_told_of_else_seen_else_stood_alone() -> None:
    assert began(FAULT) == (after(-1.5), True)
    assert began(replace(FAULT, told_at=None)) == (NOON, False)
    left_alone = replace(FAULT, changed_at=after(600), opened_at=after(602))
    assert began(left_alone) == (after(600), False)


def test_explanation_tells_each_hop_with_the_seconds_since_first_seen() -> None:
    context = Context(hops=hops(FAULT, TICKET, LETTERS))
    said = [line for line in explained(FAULT, Language.EN, context).splitlines() if line.startswith("In time: ")]
    assert said[:3] == [
        "In time: a trap or log line told of it: 2026-01-05 11:59:58 UTC (-1.5 s)",
        "In time: first seen: 2026-01-05 12:00:00 UTC",
        "In time: confirmed: 2026-01-05 12:00:02 UTC (+2.0 s)",
    ]
    assert "In time: letter to duty@example.org accepted by the mail server: 2026-01-05 12:00:02 UTC (+2.6 s)" in said
    assert said[-1] == "In time: wang responded: 2026-01-05 12:01:30 UTC (+90.0 s)"
    assert "时序: wang 响应: 2026-01-05 12:01:30 UTC (+90.0 s)" in explained(FAULT, Language.ZH_CN, context)
