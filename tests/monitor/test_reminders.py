"""Reminders until somebody answers, and quiet hours, with the daemon's duties over a real store and mail server."""

from dataclasses import replace
from datetime import timedelta

import pytest
from people_house import ASKED, PEOPLE, acted, folk, peopled, requested, told

from alerts.desk.reminding import Reminders
from house import House
from monitor.duties import Duties
from monitor.metrics import Metrics
from monitor.model import EventKind, Letter, Level
from monitor.progress import Progress
from monitor.store import letters

AN = "an@example.org"


async def run(house: House, minutes: float, step: float = 1) -> None:
    """Let the clock go on minute by minute over a daemon that was just started."""
    duties = Duties(house.settings, house.store, Metrics("test"), Progress({}, house.clock()), house.clock)
    passed = 0.0
    while passed < minutes:
        house.clock.advance(minutes=step)
        passed += step
        await duties.tick()
        await duties.finished()


def reminders(house: House, to: str = AN) -> list[Letter]:
    with house.store.reading() as disk:
        every = [each.letter for each in letters.all_letters(disk)]
    return [each for each in every if each.event < 0 and each.recipient == to]


async def test_ticket_that_nobody_answers_is_called_out_again_in_its_thread(house: House) -> None:
    ticket = requested(peopled(house))
    opening = told(house, ticket)[AN]
    await run(house, 29)
    (first,) = reminders(house)
    assert "REMINDER 1" in first.subject
    assert first.references == (opening.message_id,)
    assert f"<{ticket.id}.1.r1." in first.message_id
    assert reminders(house, "duty@example.org") == []
    with house.store.reading() as disk:
        assert letters.all_letters(disk, ticket.id)[-1].state is letters.LetterState.ACCEPTED


async def test_reminder_is_sent_once_over_restarts_and_lost_ones_are_not_made_up_for(house: House) -> None:
    requested(replaced(peopled(house), every=5))
    await run(house, 6)
    await run(house, 3)
    assert [each.message_id.split(".")[2] for each in reminders(house)] == ["r1"]
    house.clock.advance(minutes=12)
    await run(house, 1)
    assert [each.message_id.split(".")[2] for each in reminders(house)] == ["r1", "r4"]


def replaced(house: House, every: float, holds: float = 30) -> House:
    every_, holds_ = timedelta(minutes=every), timedelta(minutes=holds)
    rules = Reminders(every={Level.MAJOR: every_}, holds={Level.MAJOR: holds_})
    house.settings = replace(house.settings, reminders=rules)
    return house


@pytest.mark.parametrize("kind", [EventKind.RESPONDED, EventKind.TAKEN, EventKind.RESTORED, EventKind.PAUSED])
async def test_who_answers_ends_the_reminders(house: House, kind: EventKind) -> None:
    ticket = requested(replaced(peopled(house), every=5))
    house.clock.advance(minutes=2)
    acted(house, ticket, kind, reason="x")
    await run(house, 20)
    assert reminders(house) == []


async def test_acknowledgement_holds_reminders_only_for_a_while(house: House) -> None:
    ticket = requested(replaced(peopled(house), every=5, holds=11))
    house.clock.advance(minutes=2)
    acted(house, ticket, EventKind.ACKNOWLEDGED)
    await run(house, 11)
    assert reminders(house) == []
    await run(house, 3)
    assert [each.message_id.split(".")[2] for each in reminders(house)] == ["r3"]


async def test_without_people_nobody_is_reminded(house: House) -> None:
    requested(replaced(house, every=5))
    await run(house, 12)
    assert not any(reminders(house, to) for to in ("duty@example.org", "zhiban@example.org", AN))


@pytest.mark.parametrize(("level", "waits"), [(Level.MINOR, True), (Level.MAJOR, False)])
async def test_quiet_hours_hold_back_only_levels_that_may_wait_and_lose_nothing(
    house: House, level: Level, *, waits: bool
) -> None:
    quiet = PEOPLE.replace('name = "an"', 'name = "an"\nquiet = "14:00-17:00"', 1)
    house.settings = replace(peopled(house).settings, people=folk(quiet))
    requested(house, replace(ASKED, level=level))
    await run(house, 1)
    assert (AN in {mail["To"] for mail in house.sink.mails}) is not waits
    assert "duty@example.org" in {mail["To"] for mail in house.sink.mails}
    house.clock.advance(hours=2)
    await run(house, 1)
    assert AN in {mail["To"] for mail in house.sink.mails}
