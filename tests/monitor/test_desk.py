"""What people do at the desk, over a real store: requests, merging, re-opening, and the chain of all entries."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from alerts.desk import tickets as desk
from alerts.desk.entries import Request
from alerts.desk.tickets import TicketState
from house import House
from monitor import ticketing
from monitor.duties import Duties
from monitor.metrics import Metrics
from monitor.model import EventKind, Level, Ticket, TicketKind
from monitor.progress import Progress
from monitor.store import chain, letters, tickets
from monitor.store.database import FILE_NAME

CORE, SITE = "hf-core-01", "hefei-1"
SOLVED = {"solved": "yes", "satisfaction": "4"}
ASKED = Request(
    kind=TicketKind.REPAIR,
    text="room 3 <script>is</script> dark",
    channel="phone",
    caller="Ms Wu",
    device=CORE,
    level=Level.MAJOR,
)


def requested(house: House, request: Request = ASKED) -> Ticket:
    with house.store.writing() as disk:
        return ticketing.requested(disk, request, SITE, "centre", house.settings, house.clock())


def acted(house: House, number: str, kind: EventKind, data: dict[str, str] | None = None) -> Ticket:
    with house.store.writing() as disk:
        return ticketing.acted(disk, number, kind, "li", data or {}, house.settings, house.clock())


async def tick(house: House) -> None:
    """Do once what the clock asks."""
    duties = Duties(house.settings, house.store, Metrics("test"), Progress({}, house.clock()), house.clock)
    await duties.tick()
    await duties.finished()


async def test_request_of_a_person_opens_a_ticket_and_letters_in_their_words(house: House) -> None:
    ticket = requested(house, replace(ASKED, phone="+86 551 1234"))
    assert (desk.level(ticket), desk.state(ticket)) == (Level.MAJOR, TicketState.NEW)
    posted = await house.store.ask(letters.all_letters)
    assert {each.letter.recipient for each in posted} == {"duty@example.org", "zhiban@example.org"}
    for each in posted:
        assert "Ms Wu" in each.letter.text
        assert "+86 551 1234" in each.letter.text  # where they can be rung back
        assert not {"Which part", "哪个部件", "Note", "备注"} & {
            line.partition(":")[0].partition("：")[0] for line in each.letter.text.splitlines()
        }
        assert "<script>" not in each.letter.html
    assert await house.store.ask(tickets.unclosed) == (ticket,)


async def test_request_for_what_is_not_there_is_refused_with_what_is(house: House) -> None:
    with pytest.raises(ValueError, match='there is no device "sw9" at site "hefei-1"'):
        requested(house, replace(ASKED, device="sw9"))
    with house.store.writing() as disk, pytest.raises(ValueError, match='no site "moon"; choose one of hefei-1'):
        ticketing.requested(disk, ASKED, "moon", "centre", house.settings, house.clock())
    assert await house.store.ask(tickets.unclosed) == ()


async def test_complaint_goes_straight_to_supervision_and_question_asks_for_an_answer(house: House) -> None:
    complaint = requested(house, replace(ASKED, kind=TicketKind.COMPLAINT))
    assert desk.tier(complaint, house.settings.contract).name == "management"
    house.clock.advance(minutes=11)
    await tick(house)
    missed = (await house.store.ask(lambda disk: tickets.found(disk, complaint.id))).events[-1]
    assert (missed.kind, missed.data["clock"], missed.data["promise"]) == (EventKind.CLOCK_MISSED, "answer", "10min")


async def test_unsolved_ticket_is_handed_up_in_time_by_the_daemon_and_says_why(house: House) -> None:
    ticket = requested(house)
    house.clock.advance(minutes=29, seconds=56)
    await tick(house)
    now = await house.store.ask(lambda disk: tickets.found(disk, ticket.id))
    (handed,) = (event for event in now.events if event.kind is EventKind.HANDED_UP)
    assert (handed.by, handed.data["reason"]) == ("netvigil", "not solved within 30min")
    assert desk.tier(now, house.settings.contract).name == "support_engineer"


async def test_fault_that_comes_back_soon_after_its_ticket_was_closed_opens_it_again(house: House) -> None:
    supply = house.breakages["core-supply"]
    supply.break_()
    await house.visit(CORE, times=2)
    supply.heal()
    await house.visit(CORE, times=3)
    (first,) = await house.store.ask(tickets.unclosed)
    acted(house, first.id, EventKind.CALLED_BACK, SOLVED)
    acted(house, first.id, EventKind.CLOSED)
    assert await house.store.ask(tickets.unclosed) == ()
    house.clock.advance(minutes=50)
    supply.break_()
    await house.visit(CORE, times=2)
    (again,) = await house.store.ask(tickets.unclosed)
    assert (again.id, again.events[-1].kind) == (first.id, EventKind.RELAPSED)
    assert desk.state(again) is TicketState.NEW


async def test_fault_that_comes_back_later_has_a_ticket_of_its_own(house: House) -> None:
    supply = house.breakages["core-supply"]
    supply.break_()
    await house.visit(CORE, times=2)
    supply.heal()
    await house.visit(CORE, times=3)
    (first,) = await house.store.ask(tickets.unclosed)
    acted(house, first.id, EventKind.CALLED_BACK, SOLVED)
    acted(house, first.id, EventKind.CLOSED)
    house.clock.advance(minutes=70)
    supply.break_()
    await house.visit(CORE, times=2)
    (second,) = await house.store.ask(tickets.unclosed)
    assert second.id != first.id


async def test_merged_ticket_ends_and_each_names_the_other(house: House) -> None:
    one, two = requested(house), requested(house)
    with house.store.writing() as disk:
        ticketing.merged(disk, one.id, two.id, "li", house.settings, house.clock())
    (left,) = await house.store.ask(tickets.unclosed)
    assert (left.id, left.events[-1].data["ticket"]) == (two.id, one.id)
    with house.store.writing() as disk, pytest.raises(ValueError, match="has ended; merge into one that goes on"):
        ticketing.merged(disk, two.id, one.id, "li", house.settings, house.clock())


async def test_split_ticket_has_the_site_and_names_the_whole(house: House) -> None:
    whole = requested(house)
    with house.store.writing() as disk:
        part = ticketing.split(disk, whole.id, replace(ASKED, channel=""), "li", house.settings, house.clock())
    assert part.events[0].data["ticket"] == whole.id
    now = await house.store.ask(lambda disk: tickets.found(disk, whole.id))
    assert (now.events[-1].kind, now.events[-1].data["ticket"]) == (EventKind.SPLIT, part.id)


async def test_entry_of_before_is_kept_with_both_moments(house: House) -> None:
    ticket = requested(house)
    reported = house.clock()
    house.clock.advance(minutes=20)
    acted(house, ticket.id, EventKind.COMMENT, {"text": "they rang again"})
    at = reported + timedelta(minutes=3)
    with house.store.writing() as disk:
        ticketing.acted(disk, ticket.id, EventKind.RESPONDED, "li", {}, house.settings, house.clock(), at=at)
    now = await house.store.ask(lambda disk: tickets.found(disk, ticket.id))
    assert (now.events[-1].at, now.events[-1].written_at) == (at, house.clock())


def test_database_refuses_to_change_or_delete_an_entry(house: House) -> None:
    requested(house)
    for change in ("UPDATE ticket_event SET by = 'x'", "DELETE FROM ticket_event"):
        with pytest.raises(IntegrityError, match="only ever added"), house.store.writing() as disk:
            disk.execute(text(change))


@pytest.mark.parametrize(
    ("tampering", "says"),
    [
        ("UPDATE ticket_event SET data = '{}' WHERE entry = 2", "it is not what was written"),
        ("UPDATE ticket_event SET at = at - 60000000 WHERE entry = 1", "it is not what was written"),
        ("DELETE FROM ticket_event WHERE entry = 2", "2 to 2 are gone"),
        ("DELETE FROM ticket_event WHERE entry = 1", "1 to 1 are gone"),
    ],
)
def test_whatever_is_done_to_the_file_shows_in_the_chain(house: House, tampering: str, says: str) -> None:
    one, two = requested(house), requested(house)
    for number in (one.id, two.id):
        acted(house, number, EventKind.RESPONDED)
    with house.store.reading() as disk:
        whole = chain.verified(disk)
    assert (whole.entries, whole.breaks) == (4, ())
    with sqlite3.connect(house.settings.daemon.state / FILE_NAME) as file:
        file.execute("DROP TRIGGER ticket_event_no_update")
        file.execute("DROP TRIGGER ticket_event_no_delete")
        file.execute(tampering)
    with house.store.reading() as disk:
        found = chain.verified(disk)
    assert says in " ".join(each.says for each in found.breaks)


HOSTILE = "<script>alert(1)</script> {{7*7}}\r\nBcc: x@example.org\x00\u202egnp.exe =cmd|' /C calc'!A0"


async def test_what_people_type_is_kept_without_what_could_harm_and_in_its_lines(house: House) -> None:
    ticket = requested(house, replace(ASKED, text=HOSTILE, caller=HOSTILE))
    acted(house, ticket.id, EventKind.COMMENT, {"text": HOSTILE + "x" * 65_536})
    now = await house.store.ask(lambda disk: tickets.found(disk, ticket.id))
    for event in now.events:
        assert not {"\x00", "\r", "\u202e"} & set("".join(event.data.values()))
    assert now.events[0].data["text"].splitlines()[1].startswith("Bcc: x@example.org")
    assert len(now.events[1].data["text"]) == 20_000
    for each in await house.store.ask(letters.all_letters):
        assert "\n" not in each.letter.subject
        assert "<script>" not in each.letter.html
        assert "{{7*7}}" in each.letter.text
