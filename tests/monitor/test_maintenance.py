"""Maintenance: what happens is recorded, nobody is called, and what is still broken at the end speaks up, once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from prometheus_client.parser import text_string_to_metric_families

from alerts.desk import tickets as desk
from alerts.desk.clocks import ClockName, clocks
from alerts.desk.recurring import Span, every
from alerts.desk.tickets import TicketState
from alerts.desk.windows import Scope, Window
from house import House
from monitor import ticketing
from monitor.duties import Duties
from monitor.metrics import Metrics
from monitor.model import EventKind, FaultState, Ticket
from monitor.progress import Progress
from monitor.store import faults, letters, maintenance, tickets

CORE = "hf-core-01"
HOUR = timedelta(hours=1)


@pytest.fixture
async def seen(house: House) -> House:
    """The house after a first look at the core stack, which is sound."""
    await house.visit(CORE)
    return house


def duties_of(house: House, metrics: Metrics | None = None) -> Duties:
    progress = Progress({}, house.clock())
    return Duties(house.settings, house.store, metrics or Metrics("test"), progress, house.clock)


async def tick(duties: Duties) -> None:
    """Do what is due, and post what was written then: letters go first in a tick."""
    for _ in range(2):
        await duties.tick()
        await duties.finished()


async def planned(house: House, *, starts: float = 0, lasts: float = 1, **scope: str) -> str:
    """Somebody writes down a window: so many hours from now, so many hours long."""
    now = house.clock()
    span = Span(begins=now + starts * HOUR, ends=now + (starts + lasts) * HOUR)
    where = Scope(**(scope or {"device": CORE}))
    return await house.store.do(lambda disk: maintenance.added(disk, where, span, "new supplies", "wang", now))


async def break_supply(house: House) -> None:
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)


async def mend_supply(house: House) -> None:
    house.breakages["core-supply"].heal()
    await house.visit(CORE, times=3)


async def only_ticket(house: House) -> Ticket:
    (ticket,) = await house.store.ask(tickets.unclosed)
    return ticket


def kinds(ticket: Ticket) -> list[str]:
    return [event.kind.value for event in ticket.events if not event.kind.value.startswith("clock_")]


def subjects(house: House) -> Sequence[str]:
    return [str(mail["Subject"]) for mail in house.sink.mails if str(mail["To"]).startswith("duty")]


async def test_what_breaks_and_heals_under_maintenance_is_recorded_and_nobody_is_called(seen: House) -> None:
    await planned(seen)
    duties = duties_of(seen)
    await break_supply(seen)
    (fault,) = await seen.store.ask(faults.open_faults)
    assert fault.opened_at is not None
    await mend_supply(seen)
    (after,) = await seen.store.ask(faults.all_opened)
    assert (after.state, after.window) == (FaultState.CLEARED, "M1")  # the mark outlives both
    seen.clock.advance(hours=2)
    await tick(duties)
    assert await seen.store.ask(tickets.unclosed) == ()
    assert await seen.store.ask(letters.all_letters) == ()


async def test_what_is_still_broken_at_the_end_speaks_up_once_and_its_clocks_begin_then(seen: House) -> None:
    await planned(seen)
    duties = duties_of(seen)
    end = seen.clock() + HOUR
    await break_supply(seen)
    for seconds in (60, 1800):
        seen.clock.advance(seconds=seconds)
        await tick(duties)
    assert seen.sink.mails == []
    seen.clock.moment = end
    await tick(duties)
    for _ in range(3):
        await tick(duties)
    ticket = await only_ticket(seen)
    assert kinds(ticket) == ["opened"]
    assert ticket.events[0].at == end
    assert {clock.started for clock in clocks(ticket, seen.settings.contract, end)} == {end}
    assert len(seen.sink.mails) == 2
    whole = "".join(posted.letter.text for posted in await seen.store.ask(letters.all_letters))
    assert "it opened under the maintenance window M1, so nobody was called then" in whole
    assert "发生于维护窗口 M1 期间，当时未通知任何人" in whole


async def test_a_daemon_that_was_stopped_over_the_end_catches_up_once(seen: House) -> None:
    await planned(seen)
    await tick(duties_of(seen))
    await break_supply(seen)
    seen.clock.advance(hours=30)
    for _ in range(3):
        await tick(duties_of(seen))  # a new daemon each time
    assert kinds(await only_ticket(seen)) == ["opened"]


async def closed(seen: House, number: str) -> None:
    """Say that it works, call back, and close the ticket."""
    for kind, data in ((EventKind.RESTORED, {}), (EventKind.CALLED_BACK, {"solved": "yes"}), (EventKind.CLOSED, {})):
        await seen.store.do(
            partial(
                ticketing.acted,
                number=number, kind=kind, by="wang", data=data, settings=seen.settings, now=seen.clock(),
            )
        )  # fmt: skip


async def test_a_fault_whose_ticket_a_person_closed_does_not_speak_up(seen: House) -> None:
    await break_supply(seen)
    await planned(seen, starts=1)
    number = (await only_ticket(seen)).id
    await closed(seen, number)
    duties = duties_of(seen)
    for hours in (0.5, 1, 1):
        seen.clock.advance(hours=hours)
        await tick(duties)
    assert await seen.store.ask(tickets.unclosed) == ()


async def test_a_fault_speaks_up_also_where_a_ticket_about_the_same_part_was_closed_before(seen: House) -> None:
    await break_supply(seen)
    number = (await only_ticket(seen)).id
    await closed(seen, number)
    await mend_supply(seen)
    seen.clock.advance(hours=25)
    await planned(seen)
    await break_supply(seen)
    seen.clock.advance(hours=1)
    await tick(duties_of(seen))
    ticket = await only_ticket(seen)
    assert (kinds(ticket), ticket.id == number) == (["opened"], False)


async def test_a_fault_that_was_open_before_keeps_its_ticket_and_the_clocks_that_may_pause_stand_still(
    seen: House,
) -> None:
    await break_supply(seen)
    duties = duties_of(seen)
    await tick(duties)
    before = {each.name: each.due for each in clocks(await only_ticket(seen), seen.settings.contract, seen.clock())}
    await planned(seen, starts=0.1, lasts=1)
    begin = seen.clock() + 0.1 * HOUR
    seen.clock.moment = begin
    await tick(duties)
    ticket = await only_ticket(seen)
    assert kinds(ticket) == ["opened", "paused"]
    assert desk.state(ticket) is TicketState.PAUSED
    assert next(event for event in ticket.events if event.kind is EventKind.PAUSED).data["reason"] == "new supplies"
    assert not [each for each in subjects(seen) if each.endswith("clocks paused")]
    await tick(duties)
    seen.clock.moment = begin + HOUR + timedelta(minutes=5)  # the daemon was stopped over the end
    await tick(duties_of(seen))
    ticket = await only_ticket(seen)
    assert kinds(ticket) == ["opened", "paused", "resumed"]
    resumed = next(event for event in ticket.events if event.kind is EventKind.RESUMED)
    assert resumed.at == begin + HOUR
    assert [each for each in subjects(seen) if each.endswith("clocks running again")]
    after = {each.name: each.due for each in clocks(ticket, seen.settings.contract, seen.clock())}
    moved = {name: due - before[name] for name, due in after.items() if due and (was := before[name]) and due != was}  # type: ignore[operator]  # both are there
    assert moved == dict.fromkeys((ClockName.HAND_UP, ClockName.RESTORE, ClockName.ON_SITE), HOUR)


async def test_a_ticket_that_a_person_lets_go_on_is_not_paused_again_by_the_same_window(seen: House) -> None:
    await break_supply(seen)
    await planned(seen)
    duties = duties_of(seen)
    await tick(duties)
    number = (await only_ticket(seen)).id
    await seen.store.do(
        lambda disk: ticketing.acted(disk, number, EventKind.RESUMED, "wang", {}, seen.settings, seen.clock())
    )
    seen.clock.advance(minutes=2)
    await tick(duties)
    await tick(duties_of(seen))
    assert kinds(await only_ticket(seen)) == ["opened", "paused", "resumed"]


async def test_recovery_under_maintenance_is_told_and_a_relapse_waits_for_the_end(seen: House) -> None:
    await break_supply(seen)
    await planned(seen)
    duties = duties_of(seen)
    await tick(duties)
    await mend_supply(seen)
    await tick(duties)
    assert [each for each in subjects(seen) if each.endswith("recovered")]
    await break_supply(seen)
    await tick(duties)
    assert kinds(await only_ticket(seen)) == ["opened", "paused", "recovered"]
    seen.clock.advance(hours=1)
    await tick(duties)
    ticket = await only_ticket(seen)
    assert kinds(ticket) == ["opened", "paused", "recovered", "resumed", "relapsed"]
    assert [each for each in subjects(seen) if each.endswith("back again")]
    assert not [each for each in subjects(seen) if "clocks" in each]
    assert desk.state(ticket) is not TicketState.PAUSED


async def test_a_window_that_is_ended_early_lets_its_faults_speak_up_at_once(seen: House) -> None:
    name = await planned(seen, lasts=8)
    duties = duties_of(seen)
    await break_supply(seen)
    await tick(duties)
    await seen.store.do(lambda disk: maintenance.ended(disk, name.lower(), "wang", seen.clock()))
    seen.clock.advance(seconds=1)
    await tick(duties)
    assert kinds(await only_ticket(seen)) == ["opened"]
    with pytest.raises(ValueError, match="M1 is over since"):
        await seen.store.do(lambda disk: maintenance.ended(disk, name, "wang", seen.clock()))
    with pytest.raises(maintenance.NoSuchWindowError, match='no maintenance window "M7"'):
        await seen.store.do(lambda disk: maintenance.ended(disk, "M7", "wang", seen.clock()))


async def test_windows_that_overlap_are_one_silence(seen: House) -> None:
    await planned(seen, lasts=1)
    await planned(seen, starts=0.5, lasts=1, site="hefei-*")
    duties = duties_of(seen)
    await break_supply(seen)
    seen.clock.advance(hours=1)
    await tick(duties)
    assert await seen.store.ask(tickets.unclosed) == ()
    seen.clock.advance(minutes=30)
    await tick(duties)
    assert kinds(await only_ticket(seen)) == ["opened"]


async def test_a_window_for_other_parts_or_devices_silences_nothing(seen: House) -> None:
    await planned(seen, device="*", kind="fan")
    await planned(seen, device="hf-acc-*")
    await break_supply(seen)
    assert kinds(await only_ticket(seen)) == ["opened"]


async def test_a_window_of_the_inventory_recurs(seen: House) -> None:
    rule = every("Sun 15:00", HOUR)  # the house's clock stands at 15:00 on a Sunday in Hefei
    window = Window(name="R1", scope=Scope(site="hefei-1"), when=rule, reason="weekly work")
    inventory = replace(seen.settings.inventory, windows=(window,))
    seen.settings = replace(seen.settings, inventory=inventory)
    seen.means = replace(seen.means, settings=seen.settings)
    duties = duties_of(seen)
    await break_supply(seen)
    await tick(duties)
    assert await seen.store.ask(tickets.unclosed) == ()
    seen.clock.advance(hours=1)
    await tick(duties)
    assert kinds(await only_ticket(seen)) == ["opened"]
    seen.clock.advance(days=6, hours=23)
    await tick(duties)
    assert "paused" in kinds(await only_ticket(seen))


def values(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if sample.name == name
    }


async def test_metrics_tell_what_is_under_maintenance(seen: House) -> None:
    metrics = Metrics("test")
    duties = duties_of(seen, metrics)
    await tick(duties)
    assert values(metrics, "netvigil_maintenance_active") == {(): 0}
    assert values(metrics, "netvigil_maintenance_device") == {}
    await planned(seen)
    await planned(seen, device="hf-acc-03", kind="fan")
    await break_supply(seen)
    await tick(duties)
    (fault,) = await seen.store.ask(faults.open_faults)
    assert values(metrics, "netvigil_maintenance_active") == {(): 2}
    assert values(metrics, "netvigil_maintenance_device") == {("cdc", "hefei-1", CORE): 1}
    assert values(metrics, "netvigil_maintenance_part") == {(fault.key.label, "psu", CORE): 1}
    assert values(metrics, "netvigil_faults_under_maintenance")["2",] == 1
    seen.clock.advance(hours=1)
    await tick(duties)
    assert values(metrics, "netvigil_maintenance_device") == values(metrics, "netvigil_maintenance_part") == {}
    assert values(metrics, "netvigil_faults_under_maintenance")["2",] == 0


async def test_a_thousand_windows_of_the_past_are_not_read_for_a_fault(seen: House) -> None:
    now: datetime = seen.clock()
    past = Span(begins=now - 2 * HOUR, ends=now - HOUR)
    await seen.store.do(lambda disk: maintenance.added(disk, Scope(device="*"), past, "over", "wang", now))
    assert await seen.store.ask(lambda disk: maintenance.overlapping(disk, now, now)) == ()
    assert len(await seen.store.ask(lambda disk: maintenance.since(disk, now - 2 * HOUR))) == 1
