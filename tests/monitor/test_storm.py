"""The storm guard: the gravest at once, the rest in a digest, one mail a minute, and every letter in the record."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise

import pytest
from sqlalchemy import Connection

from alerts.post.mail import MailSettings, Receipt, Verdict
from house import House
from monitor import duties, storm, ticketing
from monitor.duties import Duties
from monitor.metrics import Metrics
from monitor.model import (
    Component,
    Condition,
    EventKind,
    Fault,
    FaultKey,
    FaultState,
    Letter,
    Level,
    Observation,
    Reason,
    Text,
)
from monitor.progress import Progress
from monitor.settings import Settings, Storm
from monitor.store import faults, letters, tickets
from monitor.store.letters import LetterState, Posted

DUTY = "duty@example.org"
MINUTE = timedelta(minutes=1)


def duties_of(house: House) -> Duties:
    return Duties(house.settings, house.store, Metrics("test"), Progress({}, house.clock()), house.clock)


async def tick(duties: Duties) -> None:
    await duties.tick()
    await duties.finished()


def broken(disk: Connection, house: House, level: Level, *labels: object, device: str = "hf-acc-03") -> None:
    """So many parts break at once: faults, tickets and letters, as a visit brings them."""
    now = house.clock()
    for label in labels:
        part = Component(kind="interface", label=f"GE1/0/{label}")
        seen = Observation(component=part, aspect="oper_status", condition=Condition.FAILED, at=now, raw="2")
        fault = Fault(
            key=FaultKey(device=device, kind=part.kind, label=part.label, aspect=seen.aspect),
            component=part,
            condition=Condition.FAILED,
            level=level,
            reasons=(Reason(rule="link", text=Text(en="it is down", zh_CN="链路中断")),),
            evidence=seen,
            state=FaultState.OPEN,
            first_seen=now,
            last_seen=now,
            changed_at=now,
            opened_at=now,
        )
        ticketing.opened(disk, faults.saved(disk, fault), house.settings, now)


async def breaks(house: House, level: Level, *labels: object, device: str = "hf-acc-03") -> None:
    """So many parts break at once, in one transaction."""
    await house.store.do(lambda disk: broken(disk, house, level, *labels, device=device))


def to_duty(house: House) -> list[EmailMessage]:
    return [mail for mail in house.sink.mails if str(mail["To"]) == DUTY]


async def of_duty(house: House) -> list[Posted]:
    every = await house.store.ask(letters.all_letters)
    return [each for each in every if each.letter.recipient == DUTY and each.letter.ticket]


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_ten_letters_in_a_minute_go_one_by_one(house: House) -> None:
    await breaks(house, Level.MINOR, *range(10))
    await tick(duties_of(house))
    assert len(to_duty(house)) == 10


async def test_eleven_are_one_digest_and_each_letter_says_within_which_it_went(house: House) -> None:
    await breaks(house, Level.MINOR, *range(11))
    await tick(duties_of(house))
    (mail,) = to_duty(house)
    assert str(mail["Subject"]).startswith("Digest: 11 tickets at once")
    text = plain(mail)
    for posted in await of_duty(house):
        assert (posted.state, posted.digest) == (LetterState.DIGESTED, str(mail["Message-ID"]))
        assert posted.letter.subject in text
    (chinese,) = [each for each in house.sink.mails if str(each["To"]) != DUTY]
    assert "汇总：同时 11 个工单" in str(chinese["Subject"])
    assert len({str(each["Message-ID"]) for each in house.sink.mails}) == 2


async def test_the_one_fault_of_level_1_goes_at_once_by_itself_and_the_rest_a_minute_later(house: House) -> None:
    await breaks(house, Level.MINOR, *range(40))
    await breaks(house, Level.CRITICAL, "core", device="hf-core-01")
    running = duties_of(house)
    await tick(running)
    (mail,) = to_duty(house)
    assert "hf-core-01" in str(mail["Subject"])
    assert "Level 1" in str(mail["Subject"])
    assert "Check first" in plain(mail)
    house.clock.advance(seconds=59)
    await tick(running)
    assert len(to_duty(house)) == 1
    house.clock.advance(seconds=1)
    await tick(running)
    _, digest = to_duty(house)
    assert str(digest["Subject"]).startswith("URGENT digest: 41 tickets at once, 1 of level 1")  # handed up, as it says
    assert {each.state for each in await of_duty(house)} == {LetterState.DIGESTED, LetterState.ACCEPTED}


async def test_several_faults_of_level_1_are_an_urgent_digest_at_once_with_the_gravest_first(house: House) -> None:
    await breaks(house, Level.MINOR, *range(60))
    await breaks(house, Level.CRITICAL, "a", "b", device="hf-core-01")
    await tick(duties_of(house))
    (mail,) = to_duty(house)
    assert str(mail["Subject"]).startswith("URGENT digest: 62 tickets at once, 2 of level 1")
    lines = [line for line in plain(mail).splitlines() if line.startswith("  - [")]
    assert len(lines) == house.settings.storm.lines
    assert all("hf-core-01" in line for line in lines[:2])
    assert "… and 12 more here" in plain(mail)
    assert {each.state for each in await of_duty(house)} == {LetterState.DIGESTED}


async def test_in_a_storm_nobody_gets_more_than_one_mail_a_minute_also_over_restarts(house: House) -> None:
    label = 0
    moments: list[float] = []
    begin = house.clock()
    for second in range(240):
        if second < 150:
            await breaks(house, Level.CRITICAL if second % 7 == 0 else Level.MAJOR, label, label + 1)
            label += 2
        before = len(to_duty(house))
        await tick(duties_of(house))  # a new daemon each second
        moments += [(house.clock() - begin).total_seconds()] * (len(to_duty(house)) - before)
        house.clock.advance(seconds=1)
    told = [each for each in moments if each >= 10]  # the first ten letters were no storm yet
    assert all(later - first >= 60 for first, later in pairwise(told)), told
    assert len(await house.store.ask(tickets.unclosed)) == 300
    opened = [each for each in await of_duty(house) if each.letter.event == 1]
    assert {each.state for each in opened} == {LetterState.DIGESTED, LetterState.ACCEPTED}


async def test_what_breaks_while_the_guard_looks_leaves_in_no_letter_of_its_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await breaks(house, Level.MINOR, *range(11))
    await tick(duties_of(house))
    assert len(to_duty(house)) == 1
    house.clock.advance(seconds=30)
    looked = storm.guarded
    late = iter(["a visit that ends in between"])

    def guarded(disk: Connection, settings: Settings, now: datetime) -> storm.Guarded:
        found = looked(disk, settings, now)
        for _ in late:
            with house.store.writing() as other:
                broken(other, house, Level.MINOR, "late-1", "late-2", "late-3")
        return found

    monkeypatch.setattr(storm, "guarded", guarded)
    running = duties_of(house)
    for _ in range(3):
        await tick(running)
    subjects = [str(mail["Subject"]) for mail in to_duty(house)]
    assert len(subjects) == 2
    assert all("igest:" in each for each in subjects)


async def test_in_a_storm_without_level_1_a_digest_comes_every_20_seconds_and_after_one_every_minute(
    house: House,
) -> None:
    moments: list[float] = []
    begin = house.clock()
    for second in range(180):
        await breaks(house, Level.CRITICAL if second == 90 else Level.MINOR, second)
        before = len(to_duty(house))
        await tick(duties_of(house))
        moments += [(house.clock() - begin).total_seconds()] * (len(to_duty(house)) - before)
        house.clock.advance(seconds=1)
    assert moments == [*range(10), 29, 49, 69, 89, 90, 150]


async def test_eleven_of_which_one_went_by_itself_are_still_a_storm_a_minute_later(house: House) -> None:
    await breaks(house, Level.MINOR, *range(9))
    await breaks(house, Level.CRITICAL, "core", device="hf-core-01")  # opened, and handed up at once
    running = duties_of(house)
    for _ in range(3):
        await tick(running)
        house.clock.advance(minutes=1)
    assert [str(mail["Subject"]).partition(" at once")[0] for mail in to_duty(house)][1:] == [
        "URGENT digest: 10 tickets"
    ]


async def test_a_storm_ends_by_itself(house: House) -> None:
    await breaks(house, Level.MINOR, *range(30))
    running = duties_of(house)
    await tick(running)
    house.clock.advance(seconds=61)
    await breaks(house, Level.MINOR, "x")
    await tick(running)
    _, alone = to_duty(house)
    assert "GE1/0/x" in str(alone["Subject"])


async def test_later_letters_of_a_digested_ticket_still_make_one_thread(house: House) -> None:
    await breaks(house, Level.MINOR, *range(11))
    await tick(duties_of(house))
    first = (await of_duty(house))[0].letter
    house.clock.advance(minutes=2)
    for kind in (EventKind.RESPONDED, EventKind.RESTORED):
        await house.store.do(
            lambda disk, kind=kind: ticketing.acted(  # type: ignore[misc]  # the kind of this round
                disk, first.ticket, kind, "wang", {}, house.settings, house.clock()
            )
        )
        await tick(duties_of(house))
    later = to_duty(house)[1:]
    assert [str(mail["References"]) for mail in later] == [first.message_id] * 2
    assert [str(mail["In-Reply-To"]) for mail in later] == [first.message_id] * 2


async def test_what_waited_for_a_mail_server_that_was_down_is_one_digest(house: House) -> None:
    house.sink.close()
    running = duties_of(house)
    for minute in range(5):
        await breaks(house, Level.MINOR, *range(minute * 100, minute * 100 + 20))
        await tick(running)
        house.clock.advance(minutes=1)
    house.clock.advance(hours=2)
    await house.sink.open()
    for _ in range(3):
        await tick(duties_of(house))
        house.clock.advance(minutes=1)
    subjects = [str(mail["Subject"]) for mail in to_duty(house)]
    assert [each.partition(" at once")[0] for each in subjects] == [
        "Digest: 20 tickets",
        "Digest: 100 tickets",
    ]  # of the first 20 by now, that promises were missed
    assert {each.state for each in await of_duty(house)} == {LetterState.DIGESTED}


async def test_a_digest_that_was_taken_but_not_written_down_comes_again_under_its_name(house: House) -> None:
    await breaks(house, Level.MINOR, *range(20))
    await tick(duties_of(house))

    def forget(disk: Connection) -> None:  # as after a kill between the server's 250 and our commit
        disk.exec_driver_sql("UPDATE letter SET state = 'queued', next_try = created_at WHERE state = 'accepted'")

    await house.store.do(forget)
    await tick(duties_of(house))
    assert len(to_duty(house)) == 2
    assert len({str(mail["Message-ID"]) for mail in to_duty(house)}) == 1


async def test_a_daemon_killed_at_any_moment_sends_nobody_more_than_one_letter_again(house: House) -> None:
    unsure: list[int] = []

    def taken(to: str, _: int) -> str:
        with house.store.reading() as disk:
            kept = [each for each in letters.all_letters(disk) if each.state is LetterState.ACCEPTED]
        came = [mail for mail in house.sink.mails if str(mail["To"]) == to]
        unsure.append(len(came) - sum(each.letter.recipient == to for each in kept))
        return "250 kept"

    house.sink.says = taken
    await breaks(house, Level.MINOR, *range(8))
    await tick(duties_of(house))
    assert unsure == [0] * 16  # who is killed while a letter is taken has written down all before it


async def test_letters_do_not_wait_for_one_another_where_the_server_is_slow(house: House) -> None:
    under_way, most = 0, 0

    async def slow(_letter: Letter, _settings: MailSettings, _files: Mapping[str, bytes]) -> Receipt:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(3)
        under_way -= 1
        return Receipt(verdict=Verdict.ACCEPTED, words="250 at last")

    await breaks(house, Level.MINOR, *range(4))
    running = Duties(house.settings, house.store, Metrics("test"), Progress({}, house.clock()), house.clock, slow)
    await tick(running)
    assert most > 2  # of two recipients


async def test_a_daemon_that_dies_before_the_digest_is_written_loses_nothing(house: House) -> None:
    await breaks(house, Level.MINOR, *range(20))

    def dies(disk: Connection) -> None:
        assert storm.digested(disk, house.settings, house.clock()) == 2
        raise MemoryError

    with pytest.raises(MemoryError):
        await house.store.do(dies)
    assert {each.state for each in await of_duty(house)} == {LetterState.QUEUED}
    await tick(duties_of(house))
    assert len(to_duty(house)) == 1
    assert {each.state for each in await of_duty(house)} == {LetterState.DIGESTED}


async def test_a_refused_digest_is_seen_at_each_ticket(house: House) -> None:
    house.sink.says = lambda to, _: "550 no such user" if to == DUTY else "250 kept"
    await breaks(house, Level.MINOR, *range(20))
    await tick(duties_of(house))
    posted = (await of_duty(house))[0]
    digest = await house.store.ask(lambda disk: letters.by_id(disk, posted.digest))
    assert digest is not None
    assert (digest.state, "550" in digest.response) == (LetterState.REFUSED, True)


async def test_one_recipients_storm_is_not_anothers(house: House) -> None:
    duty, head = house.settings.mail.recipients
    mail = replace(house.settings.mail, recipients=(duty, replace(head, levels=(Level.MAJOR,))))
    house.settings = replace(house.settings, mail=mail)
    await breaks(house, Level.MINOR, *range(20))
    await breaks(house, Level.MAJOR, "x")
    await tick(duties_of(house))
    assert len(to_duty(house)) == 1
    (alone,) = [each for each in house.sink.mails if str(each["To"]) != DUTY]
    assert "GE1/0/x" in str(alone["Subject"])


async def test_the_numbers_are_settings(house: House) -> None:
    house.settings = replace(house.settings, storm=Storm(letters=2, every=timedelta(seconds=10), alone=2, lines=1))
    await breaks(house, Level.CRITICAL, "a", "b", device="hf-core-01")
    await tick(duties_of(house))
    assert sorted("GE1/0/a" in str(mail["Subject"]) for mail in to_duty(house)) == [False, True]
    house.clock.advance(seconds=10)
    await tick(duties_of(house))
    digest = to_duty(house)[-1]
    assert str(digest["Subject"]).startswith("URGENT digest: 2 tickets")
    assert plain(digest).count("  - [") == 1


async def test_in_a_storm_no_texts_are_made_that_nobody_reads_but_those_of_level_1(house: House) -> None:
    await breaks(house, Level.MINOR, *range(12))
    await breaks(house, Level.CRITICAL, "core", device="hf-core-01")
    texts = [bool(posted.letter.text) for posted in await of_duty(house) if posted.letter.what is EventKind.OPENED]
    assert texts == [True] * 10 + [False] * 2 + [True]


async def test_a_letter_without_a_text_that_leaves_by_itself_after_all_has_the_text_it_would_have_had(
    house: House,
) -> None:
    calm = house.settings
    await breaks(house, Level.MINOR, *range(12))
    house.settings = replace(calm, storm=Storm(letters=100))  # reloaded before a digest was written
    await tick(duties_of(house))
    mails = to_duty(house)
    assert len(mails) == 12
    bodies = {plain(mail).replace(str(mail["Subject"]), "") for mail in mails}
    assert all("Check first" in body for body in bodies)
    written, late = (
        plain(mail) for mail in mails if "GE1/0/9 " in f"{mail['Subject']} " or "GE1/0/11" in mail["Subject"]
    )
    late = late.replace("GE1/0/11", "GE1/0/9").replace("-0012", "-0010").replace("explain 12", "explain 10")
    assert late == written
    html = mails[-1].get_body(("html",))
    assert html is not None
    assert "Check first" in html.get_content()
    again = [posted.letter.text for posted in await of_duty(house)]
    assert all(again)  # kept as it was sent


async def test_a_letter_without_a_text_reaches_whom_the_settings_name_no_more(house: House) -> None:
    calm = house.settings
    await breaks(house, Level.MINOR, *range(12))
    mail = replace(calm.mail, recipients=calm.mail.recipients[1:])
    house.settings = replace(calm, storm=Storm(letters=100), mail=mail)
    await tick(duties_of(house))
    assert len(to_duty(house)) == 12
    assert all("Check first" in plain(mail) for mail in to_duty(house))


async def test_more_than_9999_tickets_a_day_have_numbers(house: House) -> None:
    def numbers(disk: Connection) -> list[str]:
        found = []
        disk.exec_driver_sql("DROP TRIGGER ticket_event_no_delete")
        for there in (("0001", "0007"), ("0007", "9999"), ("9999", "10000"), ("9999", "12345", "10000")):
            disk.exec_driver_sql("DELETE FROM ticket_event")
            disk.exec_driver_sql("DELETE FROM ticket")
            for number in there:
                disk.exec_driver_sql(
                    "INSERT OR IGNORE INTO ticket VALUES (?, 'repair', 1, '', '', '', '', '', '', '', 0, NULL)",
                    (f"T20261122-{number}",),
                )
            found.append(tickets.next_id(disk, house.clock(), "Asia/Shanghai"))
        return found

    await breaks(house, Level.MINOR, 1)
    told = await house.store.do(numbers)
    assert told == [f"T20261122-{each}" for each in ("0008", "10000", "10001", "12346")]


async def test_of_hundreds_of_tickets_every_clock_is_kept_though_a_tick_looks_at_some_only(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duties, "_A_TICK", 30)
    monkeypatch.setattr(duties, "_TOGETHER", 10)
    await breaks(house, Level.MINOR, *range(70))
    running = duties_of(house)
    await tick(running)
    house.clock.advance(minutes=11)  # to respond is promised within ten
    for _ in range(6):
        await tick(running)
    missed = [
        ticket.id
        for ticket in await house.store.ask(tickets.unclosed)
        if any(event.kind is EventKind.CLOCK_MISSED for event in ticket.events)
    ]
    assert len(missed) == 70
