"""The way of a fault from a device's answer to the outbox, over real sockets and a real disk."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from alerts.desk import tickets as desk
from alerts.desk.tickets import TicketState
from house import House
from monitor.model import Condition, EventKind, FaultState, Level
from monitor.store import devices, faults, letters, tickets

CORE, ACCESS, SERVER = "hf-core-01", "hf-acc-03", "hf-srv-02"


async def test_a_failed_power_supply_becomes_one_fault_one_ticket_and_a_letter_to_each(house: House) -> None:
    assert (await house.visit(CORE)).changes == ()
    house.breakages["core-supply"].break_()
    outcome = await house.visit(CORE, times=2)
    (fault,) = await house.store.ask(faults.open_faults)
    assert (fault.component.kind, fault.condition, fault.level) == ("psu", Condition.FAILED, Level.MAJOR)
    assert "1 of 2 power supplies failed on a core switch" in fault.reasons[0].text.en
    (ticket,) = await house.store.ask(tickets.unclosed)
    assert (ticket.fault, ticket.region, desk.level(ticket)) == (fault.key, "hefei", Level.MAJOR)
    posted = await house.store.ask(letters.all_letters)
    assert {each.letter.recipient for each in posted} == {"duty@example.org", "zhiban@example.org"}
    assert all(each.letter.ticket == ticket.id and ticket.id in each.letter.subject for each in posted)
    assert outcome.observations


async def test_fault_ticket_and_letters_are_on_disk_together_or_not_at_all(house: House) -> None:
    with house.store.writing() as disk:  # the disk gives way at the last step
        disk.execute(text("CREATE TRIGGER full BEFORE INSERT ON letter BEGIN SELECT RAISE(ABORT, 'disk full'); END"))
    house.breakages["core-supply"].break_()
    with pytest.raises(IntegrityError, match="disk full"):
        await house.visit(CORE, times=2)
    assert await house.store.ask(tickets.unclosed) == ()
    assert await house.store.ask(faults.open_faults) == ()
    with house.store.writing() as disk:
        disk.execute(text("DROP TRIGGER full"))
    await house.visit(CORE)
    assert len(await house.store.ask(tickets.unclosed)) == 1
    assert len(await house.store.ask(letters.all_letters)) == 2


async def test_recovery_is_an_event_and_the_ticket_stays_for_a_person_to_close(house: House) -> None:
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)
    house.breakages["core-supply"].heal()
    outcome = await house.visit(CORE, times=3)
    assert await house.store.ask(faults.open_faults) == ()
    (ticket,) = await house.store.ask(tickets.unclosed)
    assert [each.kind for each in ticket.events] == [EventKind.OPENED, EventKind.RECOVERED]
    assert desk.state(ticket) is TicketState.RECOVERED
    assert outcome.look_again is None


async def test_what_comes_back_before_the_ticket_is_closed_continues_that_ticket(house: House) -> None:
    supply = house.breakages["core-supply"]
    for change in (supply.break_, supply.heal, supply.break_):
        change()
        await house.visit(CORE, times=3, seconds=60)
    (ticket,) = await house.store.ask(tickets.unclosed)
    assert [each.kind for each in ticket.events] == [EventKind.OPENED, EventKind.RECOVERED, EventKind.RELAPSED]
    threads = {each.letter.subject for each in await house.store.ask(letters.all_letters)}
    assert all(ticket.id in subject for subject in threads)


async def test_a_failed_disk_has_one_ticket_whatever_else_turns_red_with_it(house: House) -> None:
    house.breakages["disk"].break_()
    await house.visit(SERVER, times=4)
    (ticket,) = await house.store.ask(tickets.unclosed)
    assert ticket.fault.kind == "disk"
    hidden = (await house.store.ask(lambda disk: faults.known(disk, SERVER, house.clock()))).values()
    assert {each.key.kind for each in hidden if each.hidden_by is not None} >= {"virtual_disk", "system"}


async def test_a_silent_device_is_a_fault_with_its_reason_and_clears_nothing_else(house: House) -> None:
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)
    house.simulated[CORE].device.silent = True
    outcome = await house.visit(CORE, times=3)
    assert (outcome.silence, outcome.silent_visits) == ("timeout", 3)
    found = await house.store.ask(faults.open_faults)
    assert [(each.key.kind, each.level) for each in found] == [("device", Level.CRITICAL), ("psu", Level.MAJOR)]
    (seen,) = [each for each in outcome.observations if each.aspect == "answer"]
    assert (seen.condition, seen.raw) == (Condition.FAILED, "timeout")


async def test_a_level_1_ticket_is_handed_up_at_once(house: House) -> None:
    await house.visit(CORE)
    house.simulated[CORE].device.silent = True
    await house.visit(CORE, times=3)
    (ticket,) = await house.store.ask(tickets.unclosed)
    assert [each.kind for each in ticket.events] == [EventKind.OPENED, EventKind.HANDED_UP]


async def test_a_wrong_key_is_not_mistaken_for_a_device_that_is_down(house: House) -> None:
    device = house.simulated[CORE].device
    device.users.clear()
    outcome = await house.visit(CORE, times=3)
    assert outcome.silence == "wrong_user"
    found = await house.store.ask(faults.open_faults)
    assert [(each.key.aspect, each.level) for each in found] == [("access", Level.MINOR)]


async def test_a_suspicion_is_looked_at_again_within_seconds_and_forgotten_if_it_was_none(house: House) -> None:
    await house.visit(CORE)
    house.simulated[CORE].device.silent = True
    first = await house.visit(CORE)
    assert first.changes == ()
    assert first.look_again is not None
    assert (first.look_again - house.clock()).total_seconds() == 2
    house.simulated[CORE].device.silent = False
    await house.visit(CORE, times=3)
    known = await house.store.ask(lambda disk: faults.known(disk, CORE, house.clock()))
    assert all(each.state is FaultState.CLEARED and each.opened_at is None for each in known.values())
    assert await house.store.ask(letters.all_letters) == ()


async def test_a_visit_that_brings_no_news_writes_nothing(house: House) -> None:
    await house.visit(ACCESS, times=2)

    def version() -> int:
        with house.store.reading() as disk:
            return int(disk.execute(text("PRAGMA data_version")).scalar_one())

    with house.store.reading() as watching:
        before = watching.execute(text("PRAGMA data_version")).scalar_one()
    await house.visit(ACCESS, times=2)
    with house.store.reading() as watching:
        size = watching.execute(text("SELECT count(*) FROM fault")).scalar_one()
        after = watching.execute(text("PRAGMA data_version")).scalar_one()
    assert size == 0
    assert before == after == version()


async def test_the_days_snapshot_keeps_what_was_seen_and_follows_a_change_at_once(house: House) -> None:
    await house.visit(CORE)
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)
    pictures = await house.store.ask(lambda disk: devices.newest_snapshots(disk, [CORE], "2026-11-22", "2026-11-23"))
    supplies = [each for each in pictures[CORE].observations if each.component.kind == "psu" and each.aspect == "state"]
    assert sorted(str(each.condition) for each in supplies) == ["failed", "ok", "ok", "ok"]
    visited = (await house.store.ask(devices.all_visited))[CORE]
    assert visited.identity.model == "S6730-H24X6C"
