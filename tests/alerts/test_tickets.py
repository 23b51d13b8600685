import tomllib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from alerts.desk.contract import Contract, ContractFile, contract
from alerts.desk.entries import opened, recorded
from alerts.desk.tickets import (
    TicketState,
    is_ours,
    level,
    owner,
    service_class,
    since_report,
    state,
    tier,
)
from monitor.model import (
    Component,
    Condition,
    Device,
    Fault,
    FaultKey,
    FaultState,
    Level,
    Observation,
    Reason,
    Role,
    ServiceClass,
    Site,
    Text,
    Ticket,
)
from monitor.model import (
    EventKind as Kind,
)

T0 = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
MIN = timedelta(minutes=1)
SITE = Site(name="lake-school", customer="county-health", region="hefei")
DEVICE = Device(name="core-1", address="127.0.0.1", customer="county-health", site="lake-school", role=Role.CORE)
KEY = FaultKey(device="core-1", kind="psu", label="Power 1", aspect="state")
PSU = Component(kind="psu", label="Power 1")
FAULT = Fault(
    key=KEY,
    component=PSU,
    condition=Condition.FAILED,
    level=Level.MAJOR,
    reasons=(Reason(rule="psu", text=Text(en="1 of 2 has failed", zh_CN="两个中有一个故障")),),
    evidence=Observation(component=PSU, aspect="state", condition=Condition.FAILED, at=T0),
    state=FaultState.OPEN,
    first_seen=T0,
    last_seen=T0,
    changed_at=T0,
)


@pytest.fixture(scope="module")
def house() -> Contract:
    path = Path(__file__).parents[2] / "configs" / "contract.toml"
    return contract(ContractFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))))


@pytest.fixture
def fresh(house: Contract) -> Ticket:
    return opened("T20261122-0001", FAULT, DEVICE, SITE, house, T0, maker="huawei")


def after(ticket: Ticket, *steps: Kind | tuple[Kind, dict[str, str]]) -> Ticket:
    """The ticket with these steps, one minute after the other."""
    for step in steps:
        kind, data = step if isinstance(step, tuple) else (step, {})
        ticket = recorded(ticket, kind, ticket.events[-1].at + MIN, "li", data)
    return ticket


def test_ticket_opens_with_what_is_known_of_the_fault(fresh: Ticket) -> None:
    (event,) = fresh.events
    assert (fresh.id, fresh.fault, fresh.customer) == ("T20261122-0001", KEY, "county-health")
    assert (fresh.site, fresh.region) == ("lake-school", "hefei")
    assert (event.seq, event.kind, event.at, event.by) == (1, Kind.OPENED, T0, "netvigil")
    assert event.data == {
        "level": "2",
        "condition": "failed",
        "reason": "1 of 2 has failed",
        "reason_zh_CN": "两个中有一个故障",
        "maker": "huawei",
    }


def test_ticket_does_not_open_where_the_contract_promises_nothing(house: Contract) -> None:
    moon = Site(name="lake-school", customer="county-health", region="moon")
    with pytest.raises(ValueError, match='region "moon", for which the contract promises nothing; choose one of hefei'):
        opened("T1", FAULT, DEVICE, moon, house, T0)


def test_ticket_does_not_open_for_another_device_than_the_faults(house: Contract) -> None:
    other = Device(name="core-2", address="127.0.0.1", customer="county-health", site="lake-school")
    with pytest.raises(ValueError, match="do not belong together"):
        opened("T1", FAULT, other, SITE, house, T0)


def test_recorded_event_is_appended_and_nothing_before_it_changes(fresh: Ticket) -> None:
    longer = recorded(fresh, Kind.COMMENT, T0 + MIN, "li", {"text": "looking"})
    assert longer.events[:-1] == fresh.events
    last = longer.events[-1]
    assert (last.seq, last.kind, last.at, last.by, last.data) == (2, Kind.COMMENT, T0 + MIN, "li", {"text": "looking"})
    assert len(fresh.events) == 1


def test_moment_of_another_zone_is_kept_in_utc(fresh: Ticket) -> None:
    there = datetime(2026, 11, 22, 15, 1, tzinfo=timezone(timedelta(hours=8)))
    assert recorded(fresh, Kind.COMMENT, there, "li").events[-1].at == T0 + MIN
    assert recorded(fresh, Kind.COMMENT, there, "li").events[-1].at.tzinfo is UTC


@pytest.mark.parametrize(
    ("before", "kind", "data", "why"),
    [
        ((), Kind.OPENED, {}, "a ticket is opened once"),
        ((Kind.RESPONDED,), Kind.RESPONDED, {}, "li responded already at 2026-11-22T07:01:00"),
        ((), Kind.RESUMED, {}, "it is not paused"),
        ((Kind.PAUSED, Kind.RESUMED), Kind.RESUMED, {}, "it is not paused"),
        ((Kind.PAUSED,), Kind.PAUSED, {}, "it is paused already"),
        ((Kind.RESTORED,), Kind.RESTORED, {}, "it is restored already"),
        ((Kind.CLOSED,), Kind.RESPONDED, {}, "the ticket is closed; a relapse re-opens it"),
        ((Kind.CLOSED, Kind.COMMENT), Kind.CLOSED, {}, "the ticket is closed"),
        ((Kind.CLOSED,), Kind.CLOCK_MISSED, {"clock": "respond", "promise": "10min"}, "the ticket is closed"),
        ((), Kind.LEVEL_CHANGED, {}, 'its data needs "level"'),
        ((), Kind.LEVEL_CHANGED, {"level": "5"}, '"level" is "5"; it is one of 1, 2, 3, 4'),
        ((), Kind.RELAPSED, {"level": "grave"}, '"level" is "grave"'),
        ((), Kind.RESPONSIBILITY, {}, 'its data needs "responsibility"'),
        ((), Kind.RESPONSIBILITY, {"responsibility": "theirs"}, "it is one of ours, not_ours"),
        ((), Kind.RESPONDED, {"on_site": "maybe"}, "it is one of needed, not_needed"),
        ((), Kind.CLOCK_WARNED, {"clock": "respond", "promise": "10min"}, 'its data needs "share"'),
    ],
)
def test_impossible_event_is_refused_with_its_reason(
    fresh: Ticket, before: tuple[Kind, ...], kind: Kind, data: dict[str, str], why: str
) -> None:
    ticket = after(fresh, *before)
    with pytest.raises(ValueError, match=f"ticket T20261122-0001: {kind.value} refused: .*{why}"):
        recorded(ticket, kind, ticket.events[-1].at + MIN, "li", data)


def test_event_before_the_last_one_is_refused(fresh: Ticket) -> None:
    with pytest.raises(ValueError, match="is before the last event"):
        recorded(fresh, Kind.COMMENT, T0 - MIN, "li")


def test_moment_without_a_zone_is_refused(fresh: Ticket) -> None:
    with pytest.raises(ValueError, match="has no zone"):
        recorded(fresh, Kind.COMMENT, datetime(2026, 11, 22, 8, 0), "li")  # noqa: DTZ001 - that is what is tested


def test_event_without_an_author_is_refused(fresh: Ticket) -> None:
    with pytest.raises(ValueError, match="nobody is named as its author"):
        recorded(fresh, Kind.COMMENT, T0, "")


def test_same_warning_is_recorded_once(fresh: Ticket) -> None:
    warning = (Kind.CLOCK_WARNED, {"clock": "restore", "promise": "4h", "share": "0.5"})
    later = (Kind.CLOCK_WARNED, {"clock": "restore", "promise": "4h", "share": "0.75"})
    ticket = after(fresh, warning, later)
    with pytest.raises(ValueError, match=r"recorded already for restore \(4h\)"):
        after(ticket, warning)


def test_device_is_believed_even_if_it_says_the_same_twice(fresh: Ticket) -> None:
    ticket = after(fresh, Kind.RECOVERED, Kind.RECOVERED, Kind.RELAPSED, Kind.RELAPSED, Kind.RECOVERED)
    assert state(ticket) is TicketState.RECOVERED


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), TicketState.NEW),
        ((Kind.COMMENT,), TicketState.NEW),
        ((Kind.RESPONDED,), TicketState.RESPONDED),
        ((Kind.RESPONDED, Kind.HANDED_UP), TicketState.HANDED_UP),
        ((Kind.DISPATCHED, Kind.HANDED_UP), TicketState.DISPATCHED),
        ((Kind.DISPATCHED, Kind.ARRIVED), TicketState.ON_SITE),
        ((Kind.RESPONDED, Kind.PAUSED), TicketState.PAUSED),
        ((Kind.RESPONDED, Kind.PAUSED, Kind.RESUMED), TicketState.RESPONDED),
        ((Kind.RESPONDED, Kind.RECOVERED), TicketState.RECOVERED),
        ((Kind.PAUSED, Kind.RECOVERED), TicketState.RECOVERED),
        ((Kind.RECOVERED, Kind.RELAPSED), TicketState.NEW),
        ((Kind.ARRIVED, Kind.RECOVERED, Kind.RELAPSED), TicketState.ON_SITE),
        ((Kind.RESTORED, Kind.RECOVERED), TicketState.RESTORED),
        ((Kind.RECOVERED, Kind.RESTORED), TicketState.RESTORED),
        ((Kind.RESTORED, Kind.CLOSED), TicketState.CLOSED),
        ((Kind.RESPONDED, Kind.CLOSED, Kind.COMMENT), TicketState.CLOSED),
        ((Kind.RESPONDED, Kind.CLOSED, Kind.RELAPSED), TicketState.NEW),
    ],
)
def test_state_follows_from_the_events(fresh: Ticket, steps: tuple[Kind, ...], expected: TicketState) -> None:
    assert state(after(fresh, *steps)) is expected


def test_recovery_does_not_close_a_ticket_a_person_does(fresh: Ticket) -> None:
    recovered = after(fresh, Kind.RECOVERED)
    assert state(recovered) is TicketState.RECOVERED
    assert state(after(recovered, Kind.CLOSED)) is TicketState.CLOSED


def test_relapse_before_closing_goes_on_with_the_same_ticket(fresh: Ticket) -> None:
    ticket = after(fresh, Kind.RESPONDED, Kind.RECOVERED, Kind.RELAPSED)
    assert state(ticket) is TicketState.RESPONDED
    assert since_report(ticket)[0].at == T0


def test_relapse_after_closing_is_a_new_report_and_can_be_answered_again(fresh: Ticket) -> None:
    ticket = after(fresh, Kind.RESPONDED, Kind.CLOSED, Kind.RELAPSED)
    assert since_report(ticket)[0].at == T0 + 3 * MIN
    assert [event.seq for event in since_report(ticket)] == [4]
    assert state(after(ticket, Kind.RESPONDED)) is TicketState.RESPONDED


def test_level_is_the_last_that_was_said(fresh: Ticket) -> None:
    assert level(fresh) is Level.MAJOR
    graver = after(fresh, (Kind.LEVEL_CHANGED, {"level": "1"}))
    assert level(graver) is Level.CRITICAL
    assert level(after(graver, Kind.RECOVERED, (Kind.RELAPSED, {"level": "3"}))) is Level.MINOR
    assert level(after(graver, (Kind.RECOVERED, {"level": "3"}))) is Level.CRITICAL


@pytest.mark.parametrize(("number", "expected"), [("1", "severe"), ("2", "major"), ("3", "general"), ("4", "general")])
def test_class_follows_from_the_level(fresh: Ticket, house: Contract, number: str, expected: str) -> None:
    assert service_class(after(fresh, (Kind.LEVEL_CHANGED, {"level": number})), house).value == expected


@pytest.mark.parametrize("number", ["1", "2", "3", "4"])
def test_what_is_not_ours_is_a_non_fault_whatever_its_level(fresh: Ticket, house: Contract, number: str) -> None:
    not_ours = after(
        fresh, (Kind.RESPONSIBILITY, {"responsibility": "not_ours"}), (Kind.LEVEL_CHANGED, {"level": number})
    )
    assert not is_ours(not_ours)
    assert service_class(not_ours, house) is ServiceClass.NON_FAULT
    ours_again = after(not_ours, (Kind.RESPONSIBILITY, {"responsibility": "ours"}))
    assert service_class(ours_again, house) is house.levels[Level(int(number))].service_class


def test_each_hand_up_climbs_one_tier_and_the_last_stays(fresh: Ticket, house: Contract) -> None:
    climbed = []
    ticket = fresh
    for _ in range(6):
        climbed.append(tier(ticket, house).name)
        ticket = after(ticket, Kind.HANDED_UP)
    assert climbed == [
        "response_centre",
        "support_engineer",
        "expert_group",
        "vendor_support",
        "management",
        "management",
    ]


def test_hand_up_may_name_its_tier(fresh: Ticket, house: Contract) -> None:
    ticket = after(fresh, (Kind.HANDED_UP, {"tier": "management"}))
    assert tier(ticket, house).name == "management"
    assert tier(after(fresh, (Kind.HANDED_UP, {"tier": "no such"})), house).name == "support_engineer"


def test_owner_is_who_responded_until_another_is_named(fresh: Ticket) -> None:
    assert owner(fresh) == ""
    answered = after(fresh, Kind.RESPONDED, Kind.COMMENT)
    assert owner(answered) == "li"
    assert owner(after(answered, (Kind.HANDED_UP, {"owner": "wang"}), Kind.COMMENT)) == "wang"
