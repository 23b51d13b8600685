import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.desk.clocks import (
    Clock,
    ClockName,
    ClockState,
    Derivation,
    clocks,
    derivations,
    due_events,
    handed_up_at_once,
    nearest,
    next_due,
)
from alerts.desk.contract import ContractFile, contract
from alerts.desk.entries import recorded
from alerts.desk.tickets import TicketState, state, tier
from alerts.desk.times import span, wall
from monitor.model import EventKind as Kind
from monitor.model import FaultKey, Language, Level, ServiceClass, Ticket, TicketEvent, TicketKind

T0 = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
MIN, H = timedelta(minutes=1), timedelta(hours=1)
NOTHING = timedelta(0)
INSTANT = datetime.resolution
_PATH = Path(__file__).parents[2] / "configs" / "contract.toml"
SHIPPED = contract(ContractFile.model_validate(tomllib.loads(_PATH.read_text(encoding="utf-8"))))
HOUSE = replace(SHIPPED, desk=replace(SHIPPED.desk, hand_up_by_itself=False))
"""What each clock says where the daemon keeps no promise by itself."""

NAMES = (ClockName.RESPOND, ClockName.HAND_UP, ClockName.RESTORE, ClockName.ON_SITE, ClockName.VENDOR_REPORT)
# What each ticket is promised, from the tables of CONTRACT.md, section 1: (level, ours, region) to respond, hand up,
# restore, on site, report to the vendor; None where there is no such promise.
PROMISED: dict[tuple[int, bool, str], tuple[timedelta | None, ...]] = {
    (1, True, "hefei"): (5 * MIN, NOTHING, 4 * H, 40 * MIN, 2 * H),
    (1, True, "province"): (5 * MIN, NOTHING, 4 * H, 5 * H, 2 * H),
    (2, True, "hefei"): (10 * MIN, 30 * MIN, 4 * H, 1 * H, 24 * H),
    (2, True, "province"): (10 * MIN, 30 * MIN, 4 * H, 6 * H, 24 * H),
    (3, True, "hefei"): (10 * MIN, 1 * H, 4 * H, 1 * H, 48 * H),
    (3, True, "province"): (10 * MIN, 1 * H, 4 * H, 8 * H, 48 * H),
    (4, True, "hefei"): (10 * MIN, 1 * H, 4 * H, 1 * H, 96 * H),
    (4, True, "province"): (10 * MIN, 1 * H, 4 * H, 8 * H, 96 * H),
    (1, False, "hefei"): (10 * MIN, 1 * H, None, 2 * H, None),
    (1, False, "province"): (10 * MIN, 1 * H, None, 10 * H, None),
    (2, False, "hefei"): (10 * MIN, 1 * H, None, 2 * H, None),
    (2, False, "province"): (10 * MIN, 1 * H, None, 10 * H, None),
    (3, False, "hefei"): (10 * MIN, 1 * H, None, 2 * H, None),
    (3, False, "province"): (10 * MIN, 1 * H, None, 10 * H, None),
    (4, False, "hefei"): (10 * MIN, 1 * H, None, 2 * H, None),
    (4, False, "province"): (10 * MIN, 1 * H, None, 10 * H, None),
}


def fresh(level: int = 2, region: str = "hefei", maker: str = "huawei") -> Ticket:
    event = TicketEvent(seq=1, kind=Kind.OPENED, at=T0, by="netvigil", data={"level": str(level), "maker": maker})
    key = FaultKey(device="core-1", kind="psu", label="Power 1", aspect="state")
    return Ticket(id="T1", fault=key, customer="county-health", site="lake-school", region=region, events=(event,))


def at(ticket: Ticket, *steps: tuple[float, Kind] | tuple[float, Kind, Mapping[str, str]]) -> Ticket:
    """The ticket with these steps, each so many minutes after the report."""
    for minute, kind, *data in steps:
        ticket = recorded(ticket, kind, T0 + minute * MIN, "li", data[0] if data else {})
    return ticket


def read(ticket: Ticket, name: ClockName, minute: float, under: Derivation | None = None) -> Clock:
    return next(each for each in clocks(ticket, HOUSE, T0 + minute * MIN, under=under) if each.name is name)


def due_minute(ticket: Ticket, name: ClockName, minute: float) -> float | None:
    due = read(ticket, name, minute).due
    return None if due is None else (due - T0) / MIN


NOT_OURS = {"responsibility": "not_ours"}


@pytest.mark.parametrize(("level", "ours", "region"), PROMISED)
def test_every_clock_is_due_as_the_contract_says(level: int, ours: bool, region: str) -> None:  # noqa: FBT001 - a case
    ticket = fresh(level, region)
    if not ours:
        ticket = at(ticket, (0, Kind.RESPONSIBILITY, NOT_OURS))
    found = clocks(ticket, HOUSE, T0)
    assert tuple(each.name for each in found) == NAMES
    assert tuple(each.due and each.due - T0 for each in found) == PROMISED[level, ours, region]
    assert {each.state for each in found if each.due} == {ClockState.RUNNING}
    assert {each.state for each in found if not each.due} <= {ClockState.NOT_APPLICABLE}


def test_ticket_has_no_clock_before_it_was_opened() -> None:
    assert clocks(fresh(), HOUSE, T0 - MIN) == ()
    assert due_events(fresh(), HOUSE, T0 - MIN) == ()
    assert handed_up_at_once(fresh(1), HOUSE, T0 - MIN) == fresh(1)


def test_clock_says_what_is_left_and_then_by_how_much_it_is_late() -> None:
    running, late = read(fresh(), ClockName.RESPOND, 4), read(fresh(), ClockName.RESPOND, 13)
    assert (running.remaining, running.overdue) == (6 * MIN, NOTHING)
    assert (late.remaining, late.overdue) == (-3 * MIN, 3 * MIN)
    assert running.title.zh_CN == "响应"


def test_promise_is_kept_at_its_very_moment_and_missed_right_after() -> None:
    ticket = fresh()
    assert read(ticket, ClockName.RESPOND, 10).state is ClockState.RUNNING
    assert clocks(ticket, HOUSE, T0 + 10 * MIN + INSTANT)[0].state is ClockState.MISSED
    assert read(at(ticket, (10, Kind.RESPONDED)), ClockName.RESPOND, 99).state is ClockState.MET
    assert read(at(ticket, (10.1, Kind.RESPONDED)), ClockName.RESPOND, 99).state is ClockState.MET_LATE


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (ClockName.RESPOND, Kind.RESPONDED),
        (ClockName.RESPOND, Kind.DISPATCHED),
        (ClockName.RESPOND, Kind.CLOSED),
        (ClockName.HAND_UP, Kind.HANDED_UP),
        (ClockName.HAND_UP, Kind.RECOVERED),
        (ClockName.HAND_UP, Kind.RESTORED),
        (ClockName.RESTORE, Kind.RECOVERED),
        (ClockName.RESTORE, Kind.RESTORED),
        (ClockName.RESTORE, Kind.CLOSED),
        (ClockName.ON_SITE, Kind.ARRIVED),
        (ClockName.ON_SITE, Kind.RESTORED),
        (ClockName.VENDOR_REPORT, Kind.REPORTED_TO_VENDOR),
    ],
)
def test_clock_is_met_by_what_keeps_its_promise(name: ClockName, kind: Kind) -> None:
    met = read(at(fresh(), (5, kind)), name, 999)
    assert (met.state, met.met_at, met.met_by) == (ClockState.MET, T0 + 5 * MIN, kind)
    assert met.due == read(fresh(), name, 5).due


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (ClockName.RESPOND, Kind.RECOVERED),
        (ClockName.RESPOND, Kind.HANDED_UP),
        (ClockName.RESTORE, Kind.ARRIVED),
        (ClockName.ON_SITE, Kind.DISPATCHED),
        (ClockName.VENDOR_REPORT, Kind.RESTORED),
    ],
)
def test_clock_is_not_met_by_anything_else(name: ClockName, kind: Kind) -> None:
    assert read(at(fresh(), (5, kind)), name, 9).state is ClockState.RUNNING


def test_recovery_and_relapse_let_the_same_restore_clock_run_on_without_the_time_between() -> None:
    ticket = at(fresh(), (60, Kind.RECOVERED), (200, Kind.RELAPSED))
    assert due_minute(ticket, ClockName.RESTORE, 100) == 240
    assert due_minute(ticket, ClockName.RESTORE, 200) == 240 + 140
    assert read(ticket, ClockName.RESTORE, 380).state is ClockState.RUNNING
    assert read(ticket, ClockName.RESTORE, 381).state is ClockState.MISSED
    assert due_minute(ticket, ClockName.RESPOND, 200) == 10


def test_engineer_who_arrived_while_it_was_well_has_arrived() -> None:
    ticket = at(fresh(), (20, Kind.RECOVERED), (30, Kind.ARRIVED), (40, Kind.RELAPSED))
    arrived = read(ticket, ClockName.ON_SITE, 50)
    assert (arrived.state, arrived.met_by) == (ClockState.MET, Kind.ARRIVED)


def test_clock_is_met_by_the_first_event_that_keeps_it() -> None:
    hand_up = read(at(fresh(), (5, Kind.HANDED_UP), (50, Kind.RECOVERED)), ClockName.HAND_UP, 60)
    assert (hand_up.state, hand_up.met_by, hand_up.met_at) == (ClockState.MET, Kind.HANDED_UP, T0 + 5 * MIN)


def test_pauses_move_the_clocks_that_pause_and_no_other() -> None:
    ticket = at(fresh(), (5, Kind.PAUSED), (15, Kind.RESUMED), (20, Kind.PAUSED), (40, Kind.RESUMED))
    assert [due_minute(ticket, name, 40) for name in NAMES] == [10, 30 + 30, 240 + 30, 60 + 30, 24 * 60]


def test_paused_clock_keeps_what_is_left() -> None:
    ticket = at(fresh(), (100, Kind.PAUSED))
    then, later = read(ticket, ClockName.RESTORE, 101), read(ticket, ClockName.RESTORE, 1000)
    assert (then.state, later.state) == (ClockState.PAUSED, ClockState.PAUSED)
    assert (then.remaining, later.remaining) == (140 * MIN, 140 * MIN)


def test_pause_does_not_heal_what_was_missed_before() -> None:
    ticket = at(fresh(), (300, Kind.PAUSED), (900, Kind.RESUMED))
    missed = read(ticket, ClockName.RESTORE, 1000)
    assert (missed.state, due_minute(ticket, ClockName.RESTORE, 1000)) == (ClockState.MISSED, 240)


def test_pause_at_the_very_moment_leaves_the_promise_to_be_kept_at_its_end() -> None:
    ticket = at(fresh(), (240, Kind.PAUSED), (300, Kind.RESUMED), (300, Kind.RESTORED))
    assert read(ticket, ClockName.RESTORE, 299).state is ClockState.PAUSED
    assert read(ticket, ClockName.RESTORE, 400).state is ClockState.MET
    at_once = at(fresh(1), (0, Kind.PAUSED))
    assert read(at_once, ClockName.HAND_UP, 5).state is ClockState.PAUSED


def test_closing_ends_a_pause() -> None:
    ticket = at(fresh(), (5, Kind.PAUSED), (50, Kind.CLOSED))
    assert {read(ticket, name, 99).state for name in NAMES[1:4]} == {ClockState.MET}


def test_nothing_runs_on_after_closing() -> None:
    ticket = at(fresh(), (5, Kind.CLOSED))
    assert clocks(ticket, HOUSE, T0 + 5 * MIN) == clocks(ticket, HOUSE, T0 + 99 * H)
    assert due_events(ticket, HOUSE, T0 + 99 * H) == ()
    assert next_due(ticket, HOUSE, T0 + 99 * H) is None


def test_relapse_after_closing_starts_every_clock_anew() -> None:
    ticket = at(fresh(), (5, Kind.RESPONDED), (60, Kind.CLOSED), (5000, Kind.RELAPSED))
    assert [due_minute(ticket, name, 5000) for name in NAMES] == [5010, 5030, 5240, 5060, 5000 + 24 * 60]
    assert next_due(ticket, HOUSE, T0 + 5000 * MIN) == T0 + 5004 * MIN
    assert len(due_events(ticket, HOUSE, T0 + 5004 * MIN)) == 1


def test_report_that_was_not_yet_due_at_closing_is_not_applicable_but_a_missed_one_stays_missed() -> None:
    early, late = at(fresh(1), (60, Kind.CLOSED)), at(fresh(1), (180, Kind.CLOSED))
    assert read(early, ClockName.VENDOR_REPORT, 999).state is ClockState.NOT_APPLICABLE
    missed = read(late, ClockName.VENDOR_REPORT, 999)
    assert (missed.state, missed.overdue) == (ClockState.MISSED, 60 * MIN)


@pytest.mark.parametrize(
    ("maker", "expected"),
    [
        ("huawei", ClockState.RUNNING),
        ("H3C", ClockState.RUNNING),
        ("", ClockState.RUNNING),
        ("nobody-knows", ClockState.RUNNING),
        ("dell", ClockState.NOT_APPLICABLE),
    ],
)
def test_vendor_is_reported_to_unless_it_is_known_to_ask_for_nothing(maker: str, expected: ClockState) -> None:
    assert read(fresh(maker=maker), ClockName.VENDOR_REPORT, 1).state is expected


def test_nobody_need_come_where_somebody_said_so_in_time_until_somebody_is_sent() -> None:
    remote = at(fresh(), (5, Kind.RESPONDED, {"on_site": "not_needed"}))
    assert read(remote, ClockName.ON_SITE, 500).state is ClockState.NOT_APPLICABLE
    sent = at(remote, (30, Kind.DISPATCHED))
    assert due_minute(sent, ClockName.ON_SITE, 30) == 60
    said_again = at(remote, (70, Kind.HANDED_UP, {"on_site": "not_needed"}), (100, Kind.RESTORED))
    assert read(said_again, ClockName.ON_SITE, 500).state is ClockState.NOT_APPLICABLE
    too_late = at(fresh(), (70, Kind.RESPONDED, {"on_site": "not_needed"}))
    assert read(too_late, ClockName.ON_SITE, 500).state is ClockState.MISSED
    only_said = at(fresh(), (5, Kind.COMMENT, {"on_site": "not_needed"}))
    assert read(only_said, ClockName.ON_SITE, 30).state is ClockState.RUNNING


def test_change_of_level_rederives_open_clocks_from_the_first_report() -> None:
    ticket = at(fresh(3), (20, Kind.LEVEL_CHANGED, {"level": "1"}))
    assert [due_minute(ticket, name, 19) for name in NAMES] == [10, 60, 240, 60, 48 * 60]
    assert [due_minute(ticket, name, 20) for name in NAMES] == [5, 20, 240, 40, 120]


def test_at_once_counts_from_when_its_class_came_into_force() -> None:
    ticket = at(fresh(3), (20, Kind.LEVEL_CHANGED, {"level": "1"}))
    hand_up = read(ticket, ClockName.HAND_UP, 20)
    assert (hand_up.started, hand_up.due, hand_up.state) == (T0 + 20 * MIN, T0 + 20 * MIN, ClockState.RUNNING)


def test_what_was_met_before_a_change_stays_met_as_it_was() -> None:
    ticket = at(fresh(3), (8, Kind.RESPONDED), (20, Kind.LEVEL_CHANGED, {"level": "1"}))
    respond = read(ticket, ClockName.RESPOND, 30)
    assert (respond.state, respond.promise) == (ClockState.MET, 10 * MIN)
    assert respond.derivation == Derivation(since=T0, level=Level.MINOR, service_class=ServiceClass.GENERAL)


def test_change_of_responsibility_gives_the_figures_of_a_non_fault_and_back() -> None:
    ticket = at(fresh(2), (20, Kind.RESPONSIBILITY, NOT_OURS), (50, Kind.RESPONSIBILITY, {"responsibility": "ours"}))
    assert [due_minute(ticket, name, 30) for name in NAMES] == [10, 60, None, 120, None]
    assert [due_minute(ticket, name, 50) for name in NAMES] == [10, 30, 240, 60, 24 * 60]


def test_earlier_derivations_can_still_be_computed() -> None:
    ticket = at(fresh(3), (20, Kind.LEVEL_CHANGED, {"level": "1"}), (30, Kind.RESPONSIBILITY, NOT_OURS))
    found = derivations(ticket, HOUSE)
    assert [((each.since - T0) / MIN, each.level, each.service_class.value) for each in found] == [
        (0, 3, "general"),
        (20, 1, "severe"),
        (30, 1, "non_fault"),
    ]
    vendor = [read(ticket, ClockName.VENDOR_REPORT, 30, under=each).due for each in found]
    assert vendor == [T0 + 48 * H, T0 + 2 * H, None]


def test_reopened_ticket_keeps_the_level_it_had() -> None:
    ticket = at(fresh(3), (5, Kind.LEVEL_CHANGED, {"level": "1"}), (10, Kind.CLOSED), (90, Kind.RELAPSED))
    assert [each.level for each in derivations(ticket, HOUSE)] == [Level.CRITICAL]
    assert due_minute(ticket, ClockName.RESPOND, 90) == 95


def test_nearest_is_the_running_clock_that_is_due_first() -> None:
    def name(ticket: Ticket, minute: float) -> ClockName | None:
        first = nearest(clocks(ticket, HOUSE, T0 + minute * MIN))
        return first.name if first else None

    assert name(fresh(), 1) is ClockName.RESPOND
    assert name(fresh(), 11) is ClockName.HAND_UP
    assert name(at(fresh(), (1, Kind.RESPONDED), (2, Kind.PAUSED)), 3) is ClockName.VENDOR_REPORT
    assert name(at(fresh(), (1, Kind.CLOSED)), 3) is None


def test_severe_ticket_is_handed_up_at_once_and_keeps_its_promise() -> None:
    ticket = handed_up_at_once(fresh(1), HOUSE, T0)
    assert tier(ticket, HOUSE).name == "support_engineer"
    assert state(ticket) is TicketState.HANDED_UP
    assert read(ticket, ClockName.HAND_UP, 99).state is ClockState.MET
    assert handed_up_at_once(ticket, HOUSE, T0 + MIN) == ticket
    assert handed_up_at_once(fresh(2), HOUSE, T0) == fresh(2)


def test_ticket_that_becomes_severe_is_handed_up_then() -> None:
    ticket = at(fresh(2), (20, Kind.LEVEL_CHANGED, {"level": "1"}))
    assert read(handed_up_at_once(ticket, HOUSE, T0 + 20 * MIN), ClockName.HAND_UP, 99).state is ClockState.MET


def lived(ticket: Ticket, minutes: Sequence[float]) -> tuple[Ticket, list[tuple[float, str, str, str]]]:
    """What a daemon that looks at these minutes writes into the ticket."""
    told = []
    for minute in minutes:
        now = T0 + minute * MIN
        for kind, data in due_events(ticket, HOUSE, now):
            ticket = recorded(ticket, kind, max(now, ticket.events[-1].at), "netvigil", data)
            told.append((minute, data["clock"], kind.value.removeprefix("clock_"), data.get("share", "")))
    return ticket, told


def test_warnings_and_misses_come_at_their_minutes() -> None:
    _, told = lived(at(fresh(2, "province"), (0, Kind.HANDED_UP)), [each / 2 for each in range(2 * 25 * 60)])
    assert told == [
        (4, "respond", "warned", "0.4"),
        (10.5, "respond", "missed", ""),
        (120, "restore", "warned", "0.5"),
        (180, "restore", "warned", "0.75"),
        (180, "on_site", "warned", "0.5"),
        (240.5, "restore", "missed", ""),
        (270, "on_site", "warned", "0.75"),
        (360.5, "on_site", "missed", ""),
        (720, "vendor_report", "warned", "0.5"),
        (1080, "vendor_report", "warned", "0.75"),
        (1440.5, "vendor_report", "missed", ""),
    ]


def test_five_minute_promise_warns_after_two_minutes() -> None:
    ticket = handed_up_at_once(fresh(1), HOUSE, T0)
    assert next_due(ticket, HOUSE, T0) == T0 + 2 * MIN
    ((kind, data),) = due_events(ticket, HOUSE, T0 + 2 * MIN)
    assert kind is Kind.CLOCK_WARNED
    assert data == {
        "clock": "respond",
        "promise": "5min",
        "level": "1",
        "class": "severe",
        "due": (T0 + 5 * MIN).isoformat(),
        "share": "0.4",
    }


def test_after_a_stop_each_clock_says_only_its_last_word() -> None:
    ticket, told = lived(fresh(), [200])
    assert [each[1:] for each in told] == [
        ("respond", "missed", ""),
        ("hand_up", "missed", ""),
        ("on_site", "missed", ""),
        ("restore", "warned", "0.75"),
    ]
    assert lived(ticket, [200, 201, 239])[1] == []


def test_miss_is_written_down_even_if_the_clock_was_met_meanwhile() -> None:
    _, told = lived(at(fresh(), (30, Kind.RESPONDED), (30, Kind.HANDED_UP)), [31])
    assert ("respond", "missed", "") in [each[1:] for each in told]


def test_kept_promise_says_nothing_more() -> None:
    ticket = at(fresh(), (3, Kind.RESPONDED), (3, Kind.RESTORED), (3, Kind.REPORTED_TO_VENDOR))
    ticket = at(ticket, (3, Kind.CALLED_BACK, {"solved": "yes"}))
    assert lived(ticket, [4, 400, 4000])[1] == []
    assert next_due(ticket, HOUSE, T0 + 4 * MIN) is None


def test_change_that_leaves_a_figure_says_nothing_twice() -> None:
    ticket, _ = lived(fresh(2), [11])
    regraded = at(ticket, (12, Kind.LEVEL_CHANGED, {"level": "3"}))
    assert [each[1] for each in lived(regraded, [13])[1]] == []
    graver = at(ticket, (12, Kind.LEVEL_CHANGED, {"level": "1"}))
    assert {each[1:3] for each in lived(graver, [13])[1]} == {("respond", "missed"), ("hand_up", "missed")}


def test_paused_clock_warns_later_and_once() -> None:
    ticket = at(fresh(), (1, Kind.RESPONDED), (100, Kind.PAUSED), (400, Kind.RESUMED))
    restore = [each for each in lived(ticket, range(700))[1] if each[1] == "restore"]
    assert [each[0] for each in restore] == [120 + 300, 180 + 300, 240 + 300 + 1]


def test_paused_clock_has_nothing_coming() -> None:
    ticket = at(fresh(), (1, Kind.RESPONDED), (1, Kind.REPORTED_TO_VENDOR), (2, Kind.PAUSED))
    assert next_due(ticket, HOUSE, T0 + 3 * MIN) is None


def test_clocks_run_on_through_a_change_to_winter_time() -> None:
    before = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)  # Berlin sets its clocks back at 01:00 UTC of the next day
    event = replace(fresh().events[0], at=before)
    there = before.astimezone(ZoneInfo("Europe/Berlin"))
    dues = [each.due for each in clocks(replace(fresh(), events=(event,)), HOUSE, there)]
    assert dues == [before + promise for promise in PROMISED[2, True, "hefei"] if promise]


# ── Properties ───────────────────────────────────────────────────────────────────────────────────────────────────────

Step = tuple[Kind, dict[str, str]]
STEPS: tuple[Step, ...] = (
    *((kind, {}) for kind in (Kind.RESPONDED, Kind.HANDED_UP, Kind.DISPATCHED, Kind.ARRIVED, Kind.RESTORED)),
    *((kind, {}) for kind in (Kind.RECOVERED, Kind.RELAPSED, Kind.REPORTED_TO_VENDOR, Kind.COMMENT, Kind.CLOSED)),
    *((kind, {}) for kind in (Kind.PAUSED, Kind.RESUMED, Kind.PAUSED, Kind.RESUMED)),
)
JUDGED: tuple[Step, ...] = (
    *((Kind.LEVEL_CHANGED, {"level": number}) for number in "1234"),
    *((Kind.RESPONSIBILITY, {"responsibility": word}) for word in ("ours", "not_ours")),
    (Kind.RESPONDED, {"on_site": "not_needed"}),
)
GAPS = st.integers(min_value=0, max_value=200)
LEVELS = st.integers(min_value=1, max_value=4)
MINUTES = st.integers(min_value=0, max_value=3000)


def told(level: int, steps: Sequence[tuple[int, Step]]) -> Ticket:
    """A ticket with those of the steps that are possible, each some minutes after the one before."""
    ticket, minute = fresh(level), 0
    for gap, (kind, data) in steps:
        minute += gap
        try:
            ticket = recorded(ticket, kind, T0 + minute * MIN, "li", data)
        except ValueError:
            continue
    return ticket


PATIENT = settings(deadline=None)  # a busy machine is no fault of the clocks
STEADY = st.builds(told, LEVELS, st.lists(st.tuples(GAPS, st.sampled_from(STEPS)), max_size=12))
ANY = st.builds(told, LEVELS, st.lists(st.tuples(GAPS, st.sampled_from(STEPS + JUDGED)), max_size=12))


@PATIENT
@given(STEADY.filter(lambda ticket: Kind.CLOSED not in {each.kind for each in ticket.events}), MINUTES, MINUTES)
def test_clocks_never_run_backwards_as_time_goes_on(ticket: Ticket, minute: int, more: int) -> None:
    later = {each.name: each for each in clocks(ticket, HOUSE, T0 + (minute + more) * MIN)}
    # A call-back is owed only as long as it works again, so its clock may go, and come with another beginning.
    lasting = [each for each in clocks(ticket, HOUSE, T0 + minute * MIN) if each.name is not ClockName.CALL_BACK]
    for before in lasting:
        after = later[before.name]
        assert before.due is not None
        assert after.due is not None
        assert after.due >= before.due
        assert after.started == before.started
        if before.state is ClockState.MISSED:
            assert after.state in {ClockState.MISSED, ClockState.MET_LATE}
            assert after.due == before.due


def is_running(ticket: Ticket, minute: int) -> bool:
    """Whether the restore clock runs in the minute after `minute`: told the slow way, event by event."""
    paused = well = False
    for event in ticket.events:
        if event.at > T0 + minute * MIN:
            break
        paused = event.kind is Kind.PAUSED or (paused and event.kind is not Kind.RESUMED)
        well = event.kind in {Kind.RECOVERED, Kind.RESTORED} or (well and event.kind is not Kind.RELAPSED)
    return not paused and not well


@PATIENT
@given(STEADY.filter(lambda ticket: Kind.CLOSED not in {each.kind for each in ticket.events}))
def test_pauses_add_up(ticket: Ticket) -> None:
    end = round((ticket.events[-1].at - T0) / MIN)
    running = [minute for minute in range(end) if is_running(ticket, minute)]
    clock = read(ticket, ClockName.RESTORE, end)
    if len(running) > 240:
        assert clock.due == T0 + running[240] * MIN
    else:
        assert clock.remaining == (240 - len(running)) * MIN


@PATIENT
@given(ANY, MINUTES)
def test_recomputing_gives_the_same(ticket: Ticket, minute: int) -> None:
    now = T0 + minute * MIN
    assert clocks(ticket, HOUSE, now) == clocks(ticket, HOUSE, now)
    past = replace(ticket, events=tuple(event for event in ticket.events if event.at <= now))
    assert clocks(past, HOUSE, now) == clocks(ticket, HOUSE, now)


@PATIENT
@given(ANY, MINUTES)
def test_comment_changes_no_clock(ticket: Ticket, minute: int) -> None:
    now = max(T0 + minute * MIN, ticket.events[-1].at)
    said = recorded(ticket, Kind.COMMENT, ticket.events[-1].at, "li", {"text": "as before", "level": "1"})
    assert clocks(said, HOUSE, now) == clocks(ticket, HOUSE, now)
    assert due_events(said, HOUSE, now) == due_events(ticket, HOUSE, now)
    assert next_due(said, HOUSE, now) == next_due(ticket, HOUSE, now)


INDEPENDENT: tuple[Step, ...] = (
    (Kind.RESPONDED, {}),
    (Kind.HANDED_UP, {}),
    (Kind.ARRIVED, {}),
    (Kind.REPORTED_TO_VENDOR, {}),
    (Kind.COMMENT, {}),
    (Kind.LEVEL_CHANGED, {"level": "1"}),
    (Kind.PAUSED, {}),
)


@PATIENT
@given(LEVELS, GAPS, st.permutations(INDEPENDENT), st.permutations(INDEPENDENT), MINUTES)
def test_order_of_independent_events_of_one_moment_is_irrelevant(
    level: int, gap: int, one: list[Step], other: list[Step], minute: int
) -> None:
    def seen(order: list[Step]) -> list[tuple[object, ...]]:
        ticket = told(level, [(gap, (Kind.COMMENT, {})), *((0, step) for step in order)])
        assert len(ticket.events) == len(INDEPENDENT) + 2
        found = clocks(ticket, HOUSE, T0 + (gap + minute) * MIN)
        return [(each.name, each.started, each.due, each.met_at, each.state, each.promise) for each in found]

    assert seen(one) == seen(other)


@PATIENT
@given(ANY, st.lists(MINUTES, max_size=8))
def test_due_events_fire_once_over_any_sequence_of_moments(ticket: Ticket, minutes: list[int]) -> None:
    begin = (ticket.events[-1].at - T0) / MIN
    moments = [begin + each for each in sorted(minutes)]
    after, said = lived(ticket, [*moments, *moments, begin + 99_999])
    promises = [
        (e.data["clock"], e.data["promise"], e.data.get("share", "")) for e in after.events if "promise" in e.data
    ]
    assert len(promises) == len(set(promises)) == len(said)
    assert due_events(after, HOUSE, T0 + (begin + 99_999) * MIN) == ()
    once, _ = lived(ticket, [begin + 99_999])
    missed = [{e.data["clock"] for e in each.events if e.kind is Kind.CLOCK_MISSED} for each in (after, once)]
    assert missed[0] == missed[1]


@PATIENT
@given(ANY, MINUTES)
def test_next_due_is_when_the_next_event_is_due_and_not_before(ticket: Ticket, minute: int) -> None:
    now = ticket.events[-1].at + minute * MIN
    coming = next_due(ticket, HOUSE, now)
    assert bool(due_events(ticket, HOUSE, now)) == (coming is not None and coming <= now)
    if coming is not None and coming > now:
        assert due_events(ticket, HOUSE, coming)
        assert not due_events(ticket, HOUSE, coming - INSTANT)


# ── Times in words ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_moment_is_said_as_the_clock_on_the_wall_of_the_site_shows_it() -> None:
    moment = datetime(2026, 11, 22, 7, 4, 59, tzinfo=UTC)
    assert wall(moment, "Asia/Shanghai", Language.EN) == "2026-11-22 15:04 (Asia/Shanghai)"
    assert wall(moment, "Asia/Shanghai", Language.ZH_CN) == "2026-11-22 15:04（Asia/Shanghai）"


@pytest.mark.parametrize("zone", ["", "Moon/Base", "../etc/passwd", "Asia"])
def test_moment_in_an_unknown_zone_is_said_in_utc(zone: str) -> None:
    assert wall(T0, zone, Language.EN) == "2026-11-22 07:00 (UTC)"


@pytest.mark.parametrize(
    ("length", "en", "zh"),
    [
        (timedelta(hours=3, minutes=20), "3 h 20 min", "3 小时 20 分钟"),
        (timedelta(minutes=5), "5 min", "5 分钟"),
        (timedelta(minutes=5, seconds=30), "5 min 30 s", "5 分钟 30 秒"),
        (timedelta(hours=4, seconds=59), "4 h", "4 小时"),
        (timedelta(hours=50, minutes=59), "2 d 2 h", "2 天 2 小时"),
        (timedelta(seconds=1.9), "1 s", "1 秒"),
        (timedelta(0), "0 s", "0 秒"),
        (timedelta(seconds=-0.5), "0 s", "0 秒"),
        (timedelta(minutes=-12), "-12 min", "-12 分钟"),
    ],
)
def test_span_is_said_in_its_two_greatest_units(length: timedelta, en: str, zh: str) -> None:
    assert span(length, Language.EN) == en
    assert span(length, Language.ZH_CN) == zh


# ── What the daemon keeps by itself, and the promises that only some tickets have ─────────────────────────────────────


def clocked(ticket: Ticket, minute: float) -> dict[str, tuple[float | None, str]]:
    """Of every clock when it is due, in minutes after the report, and how it stands."""
    return {
        each.name.value: (None if each.due is None else (each.due - T0) / MIN, each.state.value)
        for each in clocks(ticket, SHIPPED, T0 + minute * MIN)
    }


def climbed(ticket: Ticket, minute: float) -> tuple[Ticket, list[tuple[float, str]]]:
    """The ticket after the daemon has looked every second, and the hand-ups that it made: minute and tier."""
    made = []
    while (wake := next_due(ticket, SHIPPED, ticket.events[-1].at)) is not None and wake <= T0 + minute * MIN:
        moment = max(wake, ticket.events[-1].at)
        for kind, data in due_events(ticket, SHIPPED, moment):
            ticket = recorded(ticket, kind, moment, "netvigil", data)
            if kind is Kind.HANDED_UP:
                made.append(((moment - T0) / MIN, tier(ticket, SHIPPED).name))
    return ticket, made


@pytest.mark.parametrize(
    ("level", "steps", "hand_ups"),
    [
        (2, (), [(30, "support_engineer"), (90, "expert_group")]),
        (3, (), [(60, "support_engineer"), (120, "expert_group")]),
        (2, ((20, Kind.HANDED_UP),), [(80, "expert_group")]),
        (2, ((20, Kind.HANDED_UP, {"tier": "management"}),), []),
        (2, ((20, Kind.RESTORED),), []),
        (2, ((10, Kind.PAUSED), (30, Kind.RESUMED)), [(50, "support_engineer"), (110, "expert_group")]),
    ],
)
def test_unsolved_ticket_climbs_by_itself_just_before_it_is_due(
    level: int, steps: Sequence[tuple[float, Kind]], hand_ups: list[tuple[float, str]]
) -> None:
    ticket, made = climbed(at(fresh(level), *steps), 600)
    assert [(round(minute), name) for minute, name in made] == hand_ups
    missed = [event.data["clock"] for event in ticket.events if event.kind is Kind.CLOCK_MISSED]
    assert "hand_up" not in missed


def test_hand_up_that_comes_after_a_stop_is_made_and_counts_as_missed() -> None:
    events = due_events(fresh(2), SHIPPED, T0 + 45 * MIN)
    assert [kind for kind, data in events if data.get("clock") in {None, "hand_up"}] == [
        Kind.HANDED_UP,
        Kind.CLOCK_MISSED,
    ]


def test_repair_on_site_is_promised_from_when_somebody_goes_there_and_counts_from_the_report() -> None:
    assert "repair" not in clocked(fresh(2), 5)
    going = at(fresh(2), (10, Kind.DISPATCHED, {"owner": "li"}))
    assert clocked(going, 11)["repair"] == (120, "running")
    assert clocked(at(fresh(2, "province"), (10, Kind.TAKEN)), 11)["repair"] == (240, "running")
    assert clocked(at(going, (100, Kind.LOANER)), 130)["repair"] == (120, "met")
    assert clocked(at(going, (130, Kind.LOANER)), 131)["repair"] == (120, "met_late")


def test_spare_unit_is_promised_by_makers_that_have_one_and_where_one_is_needed() -> None:
    assert "spare" not in clocked(fresh(2), 5)
    needed = {"spare_unit": "needed"}
    assert clocked(at(fresh(2), (5, Kind.RESPONDED, needed)), 6)["spare"] == (480, "running")
    assert "spare" not in clocked(at(fresh(2, maker="dell"), (5, Kind.RESPONDED, needed)), 6)


def test_call_back_is_owed_from_when_it_works_again_and_no_more_when_it_breaks() -> None:
    well = at(fresh(3), (30, Kind.RECOVERED))
    assert clocked(well, 31)["call_back"] == (30 + 24 * 60, "running")
    assert "call_back" not in clocked(at(well, (40, Kind.RELAPSED)), 41)
    assert clocked(at(well, (50, Kind.CALLED_BACK, {"solved": "yes"})), 60)["call_back"][1] == "met"


def test_customer_who_says_it_is_not_solved_lets_the_clocks_run_on() -> None:
    asked = at(fresh(3), (30, Kind.RESTORED), (90, Kind.CALLED_BACK, {"solved": "no"}))
    assert state(asked) is TicketState.NEW
    assert clocked(asked, 91)["restore"] == (240 + 60, "running")


def test_next_news_of_the_vendor_is_due_when_it_was_promised() -> None:
    due = (T0 + 300 * MIN).isoformat()
    told = at(fresh(2), (20, Kind.REPORTED_TO_VENDOR, {"case": "C1", "next_due": due}))
    assert clocked(told, 21)["vendor_update"] == (300, "running")
    assert clocked(told, 301)["vendor_update"] == (300, "missed")
    later = (T0 + 900 * MIN).isoformat()
    assert clocked(at(told, (310, Kind.VENDOR_UPDATED, {"next_due": later})), 320)["vendor_update"] == (900, "running")
    assert "vendor_update" not in clocked(at(told, (310, Kind.VENDOR_CLOSED)), 320)


def test_trial_run_has_an_engineer_on_site_within_half_an_hour() -> None:
    first = fresh(3).events[0]
    trial = replace(fresh(3), events=(replace(first, data={**first.data, "phase": "trial_run"}),))
    assert clocked(trial, 1)["on_site"] == (30, "running")


@pytest.mark.parametrize(
    ("kind", "clocks_of"),
    [
        ("question", {"respond": (10, "running"), "answer": (30, "running")}),
        ("complaint", {"answer": (10, "running")}),
    ],
)
def test_question_and_complaint_have_promises_of_their_own(kind: str, clocks_of: dict[str, tuple[float, str]]) -> None:
    asked = replace(fresh(4), kind=TicketKind(kind))
    assert clocked(asked, 1) == clocks_of
    assert clocked(at(asked, (9, Kind.ANSWERED)), 20)["answer"][1] == "met"


def test_complaint_is_with_supervision_from_its_beginning() -> None:
    assert tier(replace(fresh(4), kind=TicketKind.COMPLAINT), SHIPPED).name == "management"
