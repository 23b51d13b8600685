"""The hops of faults in the daemon: what a shout told is kept with the fault, and each hop is counted once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection

from alerts.desk.hops import Hop, Stop
from collectors.heard import Heard
from collectors.shouts import Shout
from house import House
from monitor import hops, ticketing
from monitor.duties import Duties
from monitor.hearsay import FRESH
from monitor.metrics import Metrics
from monitor.model import Condition, EventKind, Fault, Letter, Ticket
from monitor.progress import Progress
from monitor.store import faults, letters, tickets

CORE = "hf-core-01"


def heard(kind: str, label: str = "", condition: Condition = Condition.FAILED) -> Heard:
    shout = Shout(source="192.0.2.1", trap="1.3.6.1.4.1.99")
    return Heard(kind=kind, label=label, condition=condition, is_event=False, shout=shout)


def duties_of(house: House, metrics: Metrics) -> Duties:
    return Duties(house.settings, house.store, metrics, Progress({}, house.clock()), house.clock)


def figures(metrics: Metrics, name: str, **labels: str) -> tuple[float, float]:
    """How often a histogram was counted into, and the sum."""
    found = {
        sample.name.removeprefix(name): sample.value
        for metric in text_string_to_metric_families(metrics.text().decode())
        for sample in metric.samples
        if metric.name == name and sample.labels == labels
    }
    return found["_count"], found["_sum"]


async def tick(duties: Duties) -> None:
    await duties.tick()
    await duties.finished()


def _digest(letter: Letter, name: str, house: House) -> Letter:
    return replace(letter, ticket="", event=1, message_id=name, created_at=house.clock(), level=None, what=None)


Break = Callable[[], Awaitable[Fault]]


@pytest.fixture
async def fail(house: House) -> Break:
    """Breaks a power supply; visits until that is a fault."""

    async def failed() -> Fault:
        house.breakages["core-supply"].break_()
        await house.visit(CORE, times=2)
        (fault,) = await house.store.ask(faults.open_faults)
        return fault

    await house.visit(CORE)
    return failed


async def test_what_a_trap_told_is_kept_with_the_fault_that_its_visit_finds(house: House, fail: Break) -> None:
    told = house.clock()
    house.means.hearsay.heard(CORE, heard("psu"), told)
    fault = await fail()
    assert (fault.told_at, fault.first_seen) == (told, told + timedelta(seconds=5))
    house.clock.advance(minutes=2)
    house.means.hearsay.heard(CORE, heard("psu"), house.clock())
    await house.visit(CORE, times=2)
    (later,) = await house.store.ask(faults.open_faults)
    house.breakages["core-supply"].heal()
    await house.visit(CORE, times=3)
    over = await house.store.ask(lambda disk: faults.found(disk, later.id))
    assert (over.cleared_at is not None, later.told_at, over.told_at) == (True, told, told)


@pytest.mark.parametrize(
    ("device", "what", "ago"),
    [
        (CORE, heard("psu"), FRESH + timedelta(seconds=1)),
        (CORE, heard("psu", condition=Condition.OK), timedelta(0)),
        ("hf-acc-03", heard("psu"), timedelta(0)),
    ],
    ids=["long ago", "that it is well", "another device"],
)
async def test_fault_was_told_by_nobody_who_said_it(
    house: House, fail: Break, device: str, what: Heard, ago: timedelta
) -> None:
    house.means.hearsay.heard(device, what, house.clock() + timedelta(seconds=5) - ago)
    assert (await fail()).told_at is None


async def test_of_several_shouts_the_oldest_about_the_part_counts(house: House, fail: Break) -> None:
    first = house.clock()
    for seconds, what in enumerate((None, heard("fan"), heard("psu"), heard("psu"))):
        house.means.hearsay.heard(CORE, what, first + timedelta(seconds=seconds))
    assert (await fail()).told_at == first + timedelta(seconds=2)


async def test_hops_end_with_who_responded_and_each_is_counted_once(house: House, fail: Break) -> None:
    house.means.hearsay.heard(CORE, heard("psu"), house.clock())
    metrics = Metrics("test")
    duties = duties_of(house, metrics)
    fault = await fail()  # seen and confirmed 5 s later, and visited once more 5 s after that
    house.clock.advance(seconds=1)
    await tick(duties)
    (ticket,) = await house.store.ask(tickets.unclosed)
    house.clock.advance(seconds=40)

    def respond(disk: Connection) -> Ticket:
        return ticketing.acted(disk, ticket.id, EventKind.RESPONDED, "wang", {}, house.settings, house.clock())

    await house.store.do(respond)
    for _ in range(3):
        await tick(duties)
    found = await house.store.ask(lambda disk: hops.of(disk, fault))
    seconds = {hop.stop: (hop.at - fault.first_seen).total_seconds() for hop in found.all}
    assert seconds == {
        Stop.TOLD: -5, Stop.FIRST_SEEN: 0, Stop.CONFIRMED: 0, Stop.TICKET: 0, Stop.QUEUED: 0, Stop.ACCEPTED: 6,
        Stop.RESPONDED: 46,
    }  # fmt: skip
    assert figures(metrics, "netvigil_fault_notification_seconds", source="trap") == (1, 11)
    assert figures(metrics, "netvigil_fault_notification_seconds", source="poll") == (0, 0)
    assert figures(metrics, "netvigil_ticket_response_seconds", level="2") == (1, 46)
    accepted = await house.store.ask(letters.all_letters)
    assert len(accepted) == 4  # the fault and the answer, to two each
    assert figures(metrics, "netvigil_letter_acceptance_seconds") == (4, 12)
    again = Metrics("test")  # a daemon that is started anew
    house.clock.advance(seconds=10)
    await tick(duties_of(house, again))
    assert figures(again, "netvigil_ticket_response_seconds", level="2") == (0, 0)


async def test_fault_that_comes_back_to_its_ticket_is_counted_anew(house: House, fail: Break) -> None:
    await fail()
    metrics = Metrics("test")
    duties = duties_of(house, metrics)
    await tick(duties)
    house.breakages["core-supply"].heal()
    await house.visit(CORE, times=3)
    await tick(duties)
    house.clock.advance(minutes=5)
    await fail()
    house.clock.advance(seconds=2)
    await tick(duties)
    (ticket,) = await house.store.ask(tickets.unclosed)
    assert [each.kind for each in ticket.events][:3] == [EventKind.OPENED, EventKind.RECOVERED, EventKind.RELAPSED]
    assert figures(metrics, "netvigil_fault_notification_seconds", source="poll") == (2, 5 + 7)


async def test_what_maintenance_held_back_is_no_slow_letter(house: House, fail: Break) -> None:
    fault = await fail()
    (ticket,) = await house.store.ask(tickets.unclosed)

    def late(disk: Connection) -> None:  # as a ticket that was opened when the window had ended
        disk.exec_driver_sql("DROP TRIGGER ticket_event_no_update")
        disk.exec_driver_sql("UPDATE ticket_event SET at = at + 600000000")

    await house.store.do(late)
    metrics = Metrics("test")
    house.clock.advance(minutes=11)
    await tick(duties_of(house, metrics))
    assert figures(metrics, "netvigil_letter_acceptance_seconds")[0] >= 2
    assert figures(metrics, "netvigil_fault_notification_seconds", source="poll") == (0, 0)
    found = await house.store.ask(lambda disk: hops.of(disk, fault))
    assert Hop(stop=Stop.TICKET, at=fault.first_seen + timedelta(minutes=10), what=ticket.id) in found.all


async def test_letters_within_a_digest_are_counted_with_the_digest_and_one_fault_once(
    house: House, fail: Break
) -> None:
    await fail()
    queued = await house.store.ask(letters.all_letters)

    def digested(disk: Connection) -> None:
        for each in queued:
            own = each.letter
            digest = f"<digest-{own.recipient}>"
            letters.queued(disk, [_digest(own, digest, house)])
            disk.exec_driver_sql(
                "UPDATE letter SET state = 'digested', digest = ?, ended_at = created_at WHERE message_id = ?",
                (digest, own.message_id),
            )

    house.clock.advance(seconds=30)
    await house.store.do(digested)
    house.clock.advance(seconds=4)
    metrics = Metrics("test")
    await tick(duties_of(house, metrics))
    assert figures(metrics, "netvigil_letter_acceptance_seconds") == (2, 78)
    assert figures(metrics, "netvigil_fault_notification_seconds", source="poll") == (1, 39)
    (fault,) = await house.store.ask(faults.open_faults)
    found = await house.store.ask(lambda disk: hops.of(disk, fault))
    assert found.first(Stop.ACCEPTED) == house.clock()
