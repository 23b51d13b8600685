"""What the clock asks: letters leave until accepted, promises warn and break once, reports are written once."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from alerts.post.mail import MailSettings, Receipt, Verdict
from alerts.post.postman import note
from house import House
from monitor import ticketing
from monitor.duties import WORK, Duties
from monitor.metrics import Metrics
from monitor.model import EventKind, Letter, Ticket
from monitor.progress import Progress
from monitor.reporting import month_due
from monitor.settings import Report
from monitor.store import enclosures, letters, tickets
from monitor.store.letters import LetterState
from monitor.store.taken import Taken

CORE = "hf-core-01"


def duties_of(house: House) -> Duties:
    """Duties as a freshly started daemon has them."""
    progress = Progress({}, house.clock())
    return Duties(house.settings, house.store, Metrics("test"), progress, house.clock)


async def tick(duties: Duties) -> None:
    """Do what is due, and let the letters end."""
    await duties.tick()
    await duties.finished()


async def events(house: House) -> list[str]:
    (ticket,) = await house.store.ask(tickets.unclosed)
    return [each.kind.value for each in ticket.events]


@pytest.fixture
async def broken(house: House) -> House:
    """The house with a failed power supply, its ticket, and two letters in the outbox."""
    await house.visit(CORE)
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)
    return house


async def test_a_letter_arrives_with_thread_and_ticket_in_its_headers(broken: House) -> None:
    await tick(duties_of(broken))
    english, chinese = sorted(broken.sink.mails, key=lambda mail: str(mail["To"]))
    (ticket,) = await broken.store.ask(tickets.unclosed)
    assert ticket.id in english["Subject"]
    assert english["X-Netvigil-Ticket"] == ticket.id
    assert english["Auto-Submitted"] == "auto-generated"
    body = english.get_body(("plain",))
    assert body is not None
    assert "1 of 2 power supplies failed" in body.get_content()
    other = chinese.get_body(("plain",))
    assert other is not None
    assert "电源" in other.get_content()


async def test_a_mail_server_that_is_down_for_an_hour_loses_nothing(broken: House) -> None:
    duties = duties_of(broken)
    broken.sink.close()
    for _ in range(60):
        await tick(duties)
        broken.clock.advance(minutes=1)
    waiting = await broken.store.ask(letters.all_letters)
    assert {each.state.value for each in waiting} == {"queued"}
    assert all(each.attempts >= 3 and each.response for each in waiting)
    await broken.sink.open()
    broken.clock.advance(minutes=5)
    await tick(duties)
    assert {str(mail["To"]) for mail in broken.sink.mails} == {"duty@example.org", "zhiban@example.org"}
    assert {each.state.value for each in await broken.store.ask(letters.all_letters)} == {"accepted"}


async def test_a_refused_recipient_is_visible_and_holds_up_nobody(broken: House) -> None:
    broken.sink.says = lambda to, _: "550 no such user" if to.startswith("zhiban") else "250 kept"
    await tick(duties_of(broken))
    state = {each.letter.recipient: each for each in await broken.store.ask(letters.all_letters)}
    assert state["duty@example.org"].state.value == "accepted"
    assert state["zhiban@example.org"].state.value == "refused"
    assert "550 no such user" in state["zhiban@example.org"].response


async def test_a_letter_that_is_put_off_is_tried_again_under_the_same_message_id(broken: House) -> None:
    broken.sink.says = lambda _, times: "451 later" if times == 1 else "250 kept"
    duties = duties_of(broken)
    await tick(duties)
    assert broken.sink.mails == []
    broken.clock.advance(seconds=5)
    await tick(duties)
    assert broken.sink.mails == []  # not before its next try
    broken.clock.advance(seconds=15)
    await tick(duties)
    assert len(broken.sink.mails) == 2
    assert set(broken.sink.tries.values()) == {2}


async def test_a_letter_with_files_leaves_with_them_and_holds_up_no_other(broken: House) -> None:
    body = b"%PDF-1.7 " + bytes(range(256)) * 100
    (ticket,) = await broken.store.ask(tickets.unclosed)

    def queue(disk: Connection) -> None:
        (first, *_) = letters.all_letters(disk)
        enclosure = enclosures.kept(disk, "通知.pdf", "application/pdf", body)
        event = -7
        for to in ("duty@example.org", "zhiban@example.org"):
            parcel = replace(first.letter, ticket="", event=event, recipient=to, message_id=f"<p.{to}>")
            letters.queued(disk, [replace(parcel, enclosures=(enclosure,))])

    await broken.store.do(queue)
    broken.sink.says = lambda _, __: "250 kept"
    await tick(duties_of(broken))
    parcels = [mail for mail in broken.sink.mails if list(mail.iter_attachments())]
    assert len(broken.sink.mails) == 4
    assert {str(mail["To"]) for mail in parcels} == {"duty@example.org", "zhiban@example.org"}
    for mail in parcels:
        (file,) = mail.iter_attachments()
        assert (file.get_filename(), file.get_payload(decode=True)) == ("通知.pdf", body)
    assert {each.state.value for each in await broken.store.ask(letters.all_letters)} == {"accepted"}
    assert ticket.id not in str(parcels[0]["X-Netvigil-Ticket"])


async def test_a_call_does_not_wait_for_a_document_that_a_slow_server_takes(broken: House) -> None:
    calls, carrying, done = 0, asyncio.Event(), asyncio.Event()

    async def slow(letter: Letter, _settings: MailSettings, _files: Mapping[str, bytes]) -> Receipt:
        nonlocal calls
        if letter.enclosures:
            carrying.set()
            await done.wait()
        else:
            await carrying.wait()
            calls += 1
        return Receipt(verdict=Verdict.ACCEPTED, words="250 taken")

    def queue(disk: Connection) -> None:
        (first, *_) = letters.all_letters(disk)
        enclosure = enclosures.kept(disk, "a.pdf", "application/pdf", b"x")
        parcel = replace(first.letter, ticket="", event=-1, message_id="<p@x>", enclosures=(enclosure,))
        letters.queued(disk, [parcel])

    await broken.store.do(queue)
    duties = Duties(broken.settings, broken.store, Metrics("t"), Progress({}, broken.clock()), broken.clock, slow)
    await duties.tick()
    for _ in range(100):
        await asyncio.sleep(0.02)
        if calls == 2:
            break
    assert calls == 2
    done.set()
    await duties.finished()


async def test_what_was_accepted_but_not_written_down_goes_out_again_under_its_old_name(broken: House) -> None:
    await tick(duties_of(broken))

    def forget(disk: Connection) -> None:  # as after a kill between the server's 250 and our commit
        disk.exec_driver_sql("UPDATE letter SET state = 'queued', next_try = created_at")

    await broken.store.do(forget)
    await tick(duties_of(broken))
    assert len(broken.sink.mails) == 4
    assert len({mail["Message-ID"] for mail in broken.sink.mails}) == 2


async def test_what_a_journal_says_was_accepted_is_written_down_and_does_not_leave_again(broken: House) -> None:
    (first, second) = await broken.store.ask(letters.all_letters)
    with Taken(broken.store.directory) as taken:
        note(taken.line, first.letter.message_id, "250 kept as 4711")
        os.write(taken.line, b'["half of a li\n')
        duties = Duties(
            broken.settings, broken.store, Metrics("t"), Progress({}, broken.clock()), broken.clock, taken=taken
        )
        for _ in range(50):
            await tick(duties)
            await asyncio.sleep(0.02)
            if broken.sink.mails:
                break
        assert os.fstat(taken.line).st_size == 0
    assert [mail["Message-ID"] for mail in broken.sink.mails] == [second.letter.message_id]
    after = await broken.store.ask(partial(letters.by_id, message_id=first.letter.message_id))
    assert after is not None
    assert (after.state, after.response, after.attempts) == (LetterState.ACCEPTED, "250 kept as 4711", 1)


async def test_a_letter_that_left_is_not_sent_again_where_the_disk_did_not_take_that_at_once(
    broken: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    duties = duties_of(broken)
    with monkeypatch.context() as patch:  # no fake of ours: a disk that is full for a moment, in the driver's own words

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(letters, "ended", full)
        await tick(duties)
    assert len(broken.sink.mails) == 2
    broken.clock.advance(seconds=5)
    await tick(duties)
    assert len(broken.sink.mails) == 2
    assert await broken.store.ask(letters.counted) == {"accepted": 2}


async def test_a_promise_warns_and_breaks_once_each_also_over_restarts(broken: House) -> None:
    for _ in range(24):
        broken.clock.advance(seconds=30)
        await tick(duties_of(broken))  # a new daemon every time
    said = [each for each in await events(broken) if each.startswith("clock_")]
    (ticket,) = await broken.store.ask(tickets.unclosed)
    told = [(each.kind.value, each.data["clock"], each.data.get("share")) for each in ticket.events[1:]]
    assert len(set(told)) == len(told) == len(said)
    assert ("clock_missed", "respond", None) in told
    assert [kind for kind, clock, _ in told if clock == "respond"].count("clock_missed") == 1


async def test_who_responds_in_time_breaks_no_promise(broken: House) -> None:
    (ticket,) = await broken.store.ask(tickets.unclosed)
    broken.clock.advance(seconds=60)

    def respond(disk: Connection) -> Ticket:
        now = broken.clock()
        return ticketing.acted(disk, ticket.id, EventKind.RESPONDED, "wang", {}, broken.settings, now)

    await broken.store.do(respond)
    duties = duties_of(broken)
    for _ in range(24):
        broken.clock.advance(seconds=30)
        await tick(duties)
    (after,) = await broken.store.ask(tickets.unclosed)
    assert not [each for each in after.events if each.data.get("clock") == "respond"]


async def test_after_a_stop_the_duties_catch_up_once(broken: House) -> None:
    broken.clock.advance(hours=3)
    duties = duties_of(broken)
    await tick(duties)
    first = await events(broken)
    assert "clock_missed" in first
    await tick(duties)
    assert await events(broken) == first


async def test_a_duty_that_fails_holds_up_none_of_the_others(broken: House, caplog: pytest.LogCaptureFixture) -> None:
    target = broken.settings.report.directory
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("a file where the report folder should be")
    broken.clock.moment = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    progress = Progress({}, broken.clock())
    duties = Duties(broken.settings, broken.store, Metrics("test"), progress, broken.clock)
    await tick(duties)
    assert len(broken.sink.mails) >= 2
    assert "reports could not be made" in caplog.text
    assert WORK == "duties"


async def test_the_report_of_a_month_is_made_once_it_is_over_mailed_and_never_made_twice(broken: House) -> None:
    folder = broken.settings.report.directory
    broken.clock.moment = datetime(2026, 11, 30, 21, 59, tzinfo=UTC)  # 05:59 on the first in Hefei
    duties = duties_of(broken)
    await tick(duties)
    assert not list(folder.rglob("*.html"))
    broken.clock.moment = datetime(2026, 12, 9, 22, 1, tzinfo=UTC)  # stopped over the day: it is caught up
    await tick(duties)
    (report,) = folder.rglob("*.html")
    assert report.name == "inspection-cdc-hefei-1-2026-11-v1.zh_CN.html"
    written = report.read_text(encoding="utf-8")
    assert "示例疾控中心" in written
    report.write_text("signed")
    await tick(duties_of(broken))
    assert report.read_text() == "signed"
    (mail,) = [each for each in broken.sink.mails if each["To"] == "archive@example.org"]
    assert mail["Subject"] == "巡检报告 – cdc-hefei-1-2026-11（第 1 版）"


@pytest.mark.parametrize(
    ("local", "month"),
    [
        (datetime(2026, 12, 1, 5, 59, tzinfo=UTC), None),
        (datetime(2026, 12, 1, 6, 0, tzinfo=UTC), "2026-11"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "2026-11"),
        (datetime(2027, 1, 1, 7, 0, tzinfo=UTC), "2026-12"),
    ],
)
def test_a_report_is_due_from_its_day_on(local: datetime, month: str | None) -> None:
    report = Report(day=1, time=time(6), directory=Path(), languages=())
    assert month_due(local, report) == month
