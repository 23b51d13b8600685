import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.desk.actions import EVERY, offered
from alerts.desk.clocks import ClockName, ClockState, clocks
from alerts.desk.contract import ContractFile, contract
from alerts.desk.effective import effective
from alerts.desk.entries import Request, recorded, requested
from alerts.desk.requests import asked
from alerts.desk.tickets import TicketState, level, owner, state, wants_call_back, watchers
from monitor.model import EventKind as Kind
from monitor.model import FaultState, Level, Site, Ticket, TicketKind

T0 = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
MIN = timedelta(minutes=1)
_PATH = Path(__file__).parents[2] / "configs" / "contract.toml"
HOUSE = contract(ContractFile.model_validate(tomllib.loads(_PATH.read_text(encoding="utf-8"))))
SITE = Site(name="lake-school", customer="county-health", region="hefei")


def request(kind: TicketKind = TicketKind.REPAIR, **more: str) -> Request:
    said = {"text": "the switch in room 3 is dark", "channel": "phone", "caller": "Ms Wu", **more}
    return Request(kind=kind, text=said["text"], channel=said["channel"], caller=said["caller"])


def ticket(kind: TicketKind = TicketKind.REPAIR) -> Ticket:
    return requested("T1", request(kind), SITE, HOUSE, T0, "centre")


def after(of: Ticket, *steps: tuple[float, Kind, dict[str, str]]) -> Ticket:
    for minute, kind, data in steps:
        of = recorded(of, kind, T0 + minute * MIN, "li", data, contract=HOUSE)
    return of


SOLVED = {"solved": "yes", "satisfaction": "5"}


def test_repair_is_closed_only_after_its_call_back() -> None:
    well = after(ticket(), (5, Kind.RESPONDED, {}), (30, Kind.RESTORED, {}))
    assert wants_call_back(well, HOUSE)
    with pytest.raises(ValueError, match="the customer was not called back yet"):
        after(well, (31, Kind.CLOSED, {}))
    called = after(well, (40, Kind.CALLED_BACK, SOLVED))
    assert not wants_call_back(called, HOUSE)
    assert state(called) is TicketState.CALLED_BACK
    assert state(after(called, (41, Kind.CLOSED, {}))) is TicketState.CLOSED


def test_call_back_of_before_a_relapse_does_not_count() -> None:
    again = after(
        ticket(),
        (30, Kind.RESTORED, {}),
        (40, Kind.CALLED_BACK, SOLVED),
        (50, Kind.RELAPSED, {}),
        (60, Kind.RESTORED, {}),
    )
    with pytest.raises(ValueError, match="not called back"):
        after(again, (61, Kind.CLOSED, {}))


def test_question_is_closed_after_its_answer() -> None:
    question = ticket(TicketKind.QUESTION)
    with pytest.raises(ValueError, match="it is not answered yet"):
        after(question, (5, Kind.CLOSED, {}))
    assert state(after(question, (5, Kind.ANSWERED, {}), (6, Kind.CLOSED, {}))) is TicketState.CLOSED


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"text": " "}, "the request says nothing"),
        ({"caller": ""}, "nobody is named who asked"),
        ({"channel": "pigeon"}, "no way in which requests come; choose one of phone"),
    ],
)
def test_request_that_is_none_is_refused_with_its_reason(more: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        requested("T1", request(TicketKind.REPAIR, **more), SITE, HOUSE, T0, "centre")


def test_what_was_done_before_it_was_written_down_counts_from_when_it_was_done() -> None:
    late = recorded(ticket(), Kind.COMMENT, T0 + 15 * MIN, "li", {"text": "still dark"})
    late = recorded(late, Kind.RESPONDED, T0 + 4 * MIN, "li", {}, written=T0 + 20 * MIN)
    (respond,) = (each for each in clocks(late, HOUSE, T0 + 20 * MIN) if each.name is ClockName.RESPOND)
    assert (respond.state, respond.met_at) == (ClockState.MET, T0 + 4 * MIN)
    assert [event.kind for event in late.events] == [Kind.OPENED, Kind.COMMENT, Kind.RESPONDED]
    assert [event.kind for event in effective(late).events] == [Kind.OPENED, Kind.RESPONDED, Kind.COMMENT]


@pytest.mark.parametrize(
    ("kind", "minute", "why"),
    [
        (Kind.RESPONDED, -1, "is before the report"),
        (Kind.RESPONDED, 30, "has not come yet"),
        (Kind.PAUSED, 5, "it is written down when it happens"),
        (Kind.RECOVERED, 5, "it is written down when it happens"),
    ],
)
def test_late_entry_that_cannot_be_is_refused(kind: Kind, minute: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        recorded(ticket(), kind, T0 + minute * MIN, "li", {}, written=T0 + 20 * MIN)


def test_wrong_entry_is_put_right_by_a_further_one_and_stays_as_it_was_written() -> None:
    wrong = after(ticket(), (5, Kind.RESPONDED, {"owner": "wang"}))
    moment = (T0 + 8 * MIN).isoformat()
    right = after(wrong, (20, Kind.CORRECTED, {"seq": "2", "reason": "misread", "owner": "li", "at": moment}))
    assert (owner(wrong), owner(right)) == ("wang", "li")
    assert right.events[1] == wrong.events[1]
    (respond,) = (each for each in clocks(right, HOUSE, T0 + 30 * MIN) if each.name is ClockName.RESPOND)
    assert respond.met_at == T0 + 8 * MIN


def test_withdrawn_entry_counts_for_nothing() -> None:
    done = after(ticket(), (5, Kind.RESTORED, {}), (6, Kind.CORRECTED, {"seq": "2", "reason": "typo", "void": "yes"}))
    assert state(done) is TicketState.NEW
    assert state(after(done, (7, Kind.RESTORED, {}))) is TicketState.RESTORED


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"seq": "9", "reason": "x"}, "it has no entry 9"),
        ({"seq": "2", "reason": "x"}, "it puts nothing right"),
        ({"seq": "1", "reason": "x", "void": "yes"}, "the first entry cannot be withdrawn"),
        ({"seq": "1", "reason": "x", "level": "9"}, "it is one of 1, 2, 3, 4"),
        ({"seq": "3", "reason": "x", "void": "yes"}, "is the daemon's own record"),
        ({"seq": "2", "reason": "x", "at": "noon"}, "write a moment with its zone"),
        ({"seq": "2", "reason": "x", "at": "2026-11-22T06:00+00:00"}, "is before the report"),
        ({"seq": "2", "void": "yes"}, 'its data needs "reason"'),
    ],
)
def test_correction_that_cannot_be_is_refused(data: dict[str, str], why: str) -> None:
    of = after(ticket(), (5, Kind.RESPONDED, {}), (6, Kind.RECOVERED, {}))
    with pytest.raises(ValueError, match=why):
        after(of, (20, Kind.CORRECTED, data))


def test_merged_ticket_has_ended_and_a_relapse_opens_it_again() -> None:
    done = after(ticket(), (5, Kind.MERGED, {"ticket": "T2"}))
    assert state(done) is TicketState.MERGED
    with pytest.raises(ValueError, match="the ticket is merged"):
        after(done, (6, Kind.RESPONDED, {}))
    assert state(after(done, (7, Kind.RELAPSED, {}))) is TicketState.NEW


def test_watchers_are_those_who_said_so_and_did_not_take_it_back() -> None:
    of = after(ticket(), (1, Kind.WATCHED, {"watcher": "a"}), (2, Kind.WATCHED, {"watcher": "b"}))
    assert watchers(after(of, (3, Kind.UNWATCHED, {"watcher": "a"}))) == ("b",)


def test_request_is_told_in_the_form_of_a_fault_in_its_callers_words() -> None:
    fault = asked(ticket())
    assert fault.reasons[0].text.en == "Ms Wu: the switch in room 3 is dark"
    assert (fault.level, fault.state, fault.key.kind) == (Level.MINOR, FaultState.OPEN, "request")
    assert asked(after(ticket(), (9, Kind.RESTORED, {}))).state is FaultState.CLEARED
    assert level(ticket(TicketKind.COMPLAINT)) is Level.WARNING


def test_what_would_be_refused_is_not_offered() -> None:
    def names(of: Ticket) -> set[str]:
        return {action.name for action in offered(of, HOUSE, T0 + 60 * MIN)}

    assert "respond" in names(ticket())
    assert not {"close", "resume", "answer", "unwatch", "vendor-update"} & names(ticket())
    answered = after(ticket(), (5, Kind.RESPONDED, {}), (6, Kind.REPORTED_TO_VENDOR, {}), (30, Kind.RESTORED, {}))
    assert "respond" not in names(answered)
    assert {"vendor-update", "call-back"} <= names(answered)
    assert "close" in names(after(answered, (40, Kind.CALLED_BACK, SOLVED)))
    assert names(after(answered, (40, Kind.CALLED_BACK, SOLVED), (41, Kind.CLOSED, {}))) == {
        "comment", "vendor-update", "vendor-close", "watch", "attach", "link", "correct",
    }  # fmt: skip
    question = names(ticket(TicketKind.QUESTION))
    assert "answer" in question
    assert "level" not in question


def test_every_action_has_a_name_of_its_own_and_says_what_it_does_in_both_languages() -> None:
    assert len({action.name for action in EVERY}) == len(EVERY)
    for action in EVERY:
        assert action.title.en != action.title.zh_CN
        assert action.says.en.endswith(".")
        assert action.says.zh_CN.endswith("。")
