"""What a device consists of and what happened to it, over real sockets and a real disk."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.values import Told
from collectors.snmp.codec import Kind
from house import House
from monitor import history
from monitor.memory import Memory
from monitor.model import Condition, DeviceEvent, EventKind, FaultKey, Happened, Level, LogEntry
from monitor.pipeline import followed
from monitor.store import devices, faults, parts, tickets

CORE, ACCESS, SERVER = "hf-core-01", "hf-acc-03", "hf-srv-02"
ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
SUPPLIES = "1.3.6.1.4.1.2011.5.25.31.1.1.18.1"
SERIAL, SOFTWARE = f"{ENTITY}.11", f"{ENTITY}.10"
UP_TIME = "1.3.6.1.2.1.1.3.0"
DESCR = "1.3.6.1.2.1.1.1.0"
PATCH = "1.3.6.1.4.1.2011.5.25.19.1.8.5.1.1.4"
DISKS = "1.3.6.1.4.1.674.10892.5.5.1.20.130.4.1"


def rows(device: SimulatedDevice, entry: str, index: str) -> dict[str, Told]:
    """What the device tells in one row of a table."""
    return {
        oid: value
        for oid, value in device.values().items()
        if oid.startswith(f"{entry}.") and oid.removeprefix(f"{entry}.").partition(".")[2] == index
    }


def pulled(device: SimulatedDevice, entry: str, index: str) -> Mapping[str, Told]:
    """Take a row out of the device; what it told."""
    row = rows(device, entry, index)
    assert row
    for oid in row:
        device.remove(oid)
    return row


def plugged(device: SimulatedDevice, row: Mapping[str, Told]) -> None:
    """Put a row back."""
    for oid, value in row.items():
        device.set(oid, value)


def index_of(device: SimulatedDevice, name: str) -> str:
    """The entPhysicalIndex of the entity of this name."""
    named = (
        oid for oid, (_, value) in device.values().items() if oid.startswith(f"{ENTITY}.7.") and value == name.encode()
    )
    return next(named).rpartition(".")[2]


async def told(house: House, name: str = CORE) -> list[DeviceEvent]:
    """The history of the device."""
    since = house.clock() - timedelta(days=999)
    return list(await house.store.ask(lambda disk: parts.history(disk, [name], since)))


async def open_parts(house: House) -> list[tuple[str, str, str]]:
    """The open faults that nothing explains, by kind, label and what was told."""
    found = await house.store.ask(faults.open_faults)
    return [(one.key.kind, one.key.label, one.evidence.raw) for one in found if one.hidden_by is None]


def written(house: House) -> int:
    """A number that changes whenever anything is written to disk."""
    with house.store.writing() as disk:
        return int(disk.execute(text("SELECT total_changes()")).scalar_one())


async def test_first_visit_writes_the_parts_and_no_events(house: House) -> None:
    await house.visit(CORE)
    known = await house.store.ask(lambda disk: parts.known(disk, CORE))
    board = known["board", "S6730-H24X6C 1"].component
    assert (board.model, board.serial[:2], board.software_version) == ("S6730-H24X6C", "21", "V200R021C00SPC100")
    assert {kind for kind, _ in known} == {"board", "fan", "psu", "optic", "stack"}
    assert await told(house) == []


async def test_visit_or_restart_that_brings_no_news_writes_nothing(house: House) -> None:
    await house.visit(CORE, times=2)
    before = written(house)
    await house.visit(CORE, times=2)
    house.means = replace(house.means, memory=Memory())
    await house.visit(CORE, times=2)
    assert written(house) == before


async def test_power_supply_that_takes_its_row_along_is_missed_and_found_again_over_restarts(house: House) -> None:
    device = house.simulated[CORE].device
    await house.visit(CORE, times=2)
    row = pulled(device, SUPPLIES, "1.2")
    first = await house.visit(CORE)
    assert first.look_again is not None
    assert await open_parts(house) == []
    house.means = replace(house.means, memory=Memory())
    await house.visit(CORE, seconds=12)
    house.means = replace(house.means, memory=Memory())
    await house.visit(CORE, times=3)
    assert await open_parts(house) == [("psu", "Power supply 1/2", "gone")]
    (fault,) = await house.store.ask(faults.open_faults)
    assert (fault.level, fault.condition, fault.evidence.source) == (Level.MAJOR, Condition.FAILED, f"{SUPPLIES}.6")
    assert "1 of 2 power supplies failed on a core switch" in fault.reasons[0].text.en
    plugged(device, row)
    await house.visit(CORE, times=3)
    assert await open_parts(house) == []
    (ticket,) = await house.store.ask(tickets.unclosed)
    assert [each.kind for each in ticket.events] == [EventKind.OPENED, EventKind.RECOVERED]
    events = [each for each in await told(house) if each.kind == "psu"]
    assert [(each.what, each.label) for each in events] == [
        (Happened.PART_REMOVED, "Power supply 1/2"),
        (Happened.PART_ADDED, "Power supply 1/2"),
    ]
    assert events[1].data["returned"] == "yes"


async def test_part_that_is_left_out_for_some_seconds_is_not_missed(house: House) -> None:
    device = house.simulated[CORE].device
    await house.visit(CORE, times=2)
    row = pulled(device, SUPPLIES, "1.2")
    await house.visit(CORE, times=2)  # 5 seconds apart: an agent may tell twice what it keeps
    plugged(device, row)
    await house.visit(CORE, times=2, seconds=20)
    row = pulled(device, SUPPLIES, "1.2")
    await house.visit(CORE)
    assert await open_parts(house) == []
    assert await told(house) == []


@pytest.mark.parametrize("which", ["all rows are gone", "the device has just been started"])
async def test_what_may_not_be_told_yet_is_not_missed(house: House, which: str) -> None:
    device = house.simulated[CORE].device
    await house.visit(CORE, times=2)
    if which == "all rows are gone":
        for index in ("1.1", "1.2", "2.1", "2.2"):
            pulled(device, SUPPLIES, index)
    else:
        pulled(device, SUPPLIES, "1.2")
        device.set(UP_TIME, (Kind.TIME_TICKS, 3000))
    await house.visit(CORE, times=5, seconds=20)
    assert await open_parts(house) == []
    assert [each.what for each in await told(house) if each.what is not Happened.REBOOTED] == []
    if which == "the device has just been started":
        device.set(UP_TIME, (Kind.TIME_TICKS, 300_000))
        await house.visit(CORE, times=2, seconds=20)
        assert await open_parts(house) == [("psu", "Power supply 1/2", "gone")]


def is_of_second_member(device: SimulatedDevice, oid: str) -> bool:
    """True for what the device tells of its second member and of all that stands in it."""
    vrp = "1.3.6.1.4.1.2011.5.25."
    if oid.startswith((ENTITY, f"{vrp}31.1.1.1.1.", f"{vrp}31.1.1.3.1.")):
        return int(index_of(device, "S6730-H24X6C frame 2")) <= int(oid.rpartition(".")[2])
    slotted = (
        f"{vrp}31.1.1.8.1.",
        f"{vrp}31.1.1.9.1.",
        f"{vrp}31.1.1.10.1.",
        f"{vrp}31.1.1.18.1.",
        f"{vrp}183.1.21.1.",
    )
    table = next((each for each in slotted if oid.startswith(each)), "")
    if table:
        return oid.removeprefix(table).split(".")[1] == "2"
    return oid.startswith(f"{vrp}183.1.20.1.") and oid.endswith(".2")


async def test_member_that_leaves_a_stack_is_one_ticket_whatever_goes_with_it(house: House) -> None:
    device = house.simulated[CORE].device
    await house.visit(CORE, times=2)
    away = {oid: value for oid, value in device.values().items() if is_of_second_member(device, oid)}
    for oid in away:
        device.remove(oid)
    for port in ("1", "2"):
        device.set(f"1.3.6.1.4.1.2011.5.25.183.1.21.1.5.1.{port}", 2)
    await house.visit(CORE, times=8, seconds=8)
    found = await house.store.ask(tickets.unclosed)
    assert [(each.fault.kind, each.fault.label) for each in found] == [("stack", "Member 2")]
    assert await open_parts(house) == [("stack", "Member 2", "gone")]
    plugged(device, away)
    for port in ("1", "2"):
        device.set(f"1.3.6.1.4.1.2011.5.25.183.1.21.1.5.1.{port}", 1)
    await house.visit(CORE, times=4, seconds=30)
    assert await open_parts(house) == []
    assert len(await house.store.ask(tickets.unclosed)) == 1


async def test_part_that_was_swapped_is_an_event_with_both_serial_numbers(house: House) -> None:
    device = house.simulated[CORE].device
    await house.visit(CORE)
    index = index_of(device, "POWER Card 1/PWR1")
    old = device.values()[f"{SERIAL}.{index}"][1]
    device.set(f"{SERIAL}.{index}", "2102310150DEMO9999P7")
    await house.visit(CORE, times=2, seconds=1200)
    (event,) = await told(house)
    assert (event.what, event.kind, event.label) == (Happened.PART_SWAPPED, "psu", "POWER Card 1/PWR1")
    assert isinstance(old, bytes)
    assert (event.data["serial_from"], event.data["serial_to"]) == (old.decode(), "2102310150DEMO9999P7")


async def test_serial_number_that_is_not_told_once_is_no_swap(house: House) -> None:
    device = house.simulated[CORE].device
    await house.visit(CORE)
    index = index_of(device, "POWER Card 1/PWR1")
    serial = device.values()[f"{SERIAL}.{index}"]
    device.set(f"{SERIAL}.{index}", "")
    await house.visit(CORE, times=2, seconds=1200)
    known = await house.store.ask(lambda disk: parts.known(disk, CORE))
    assert known["psu", "POWER Card 1/PWR1"].component.serial.encode() == serial[1]
    device.set(f"{SERIAL}.{index}", serial)
    await house.visit(CORE, times=2, seconds=1200)
    assert await told(house) == []


async def test_disk_that_is_plugged_into_another_bay_has_moved_and_is_not_missed(house: House) -> None:
    device = house.simulated[SERVER].device
    await house.visit(SERVER, times=2)
    row = pulled(device, DISKS, "8")
    names = {f"{DISKS}.{column}.8" for column in (2, 55)}
    moved = {oid.rpartition(".")[0] + ".9": value for oid, value in row.items()}
    for oid in names & row.keys():
        value = row[oid]
        assert isinstance(value, tuple)
        assert isinstance(value[1], bytes)
        moved[oid.rpartition(".")[0] + ".9"] = value[1].replace(b"7", b"11").decode()
    plugged(device, moved)
    await house.visit(SERVER, times=4, seconds=20)
    assert await open_parts(house) == []
    events = await told(house, SERVER)
    assert [each.what for each in events] == [Happened.PART_MOVED]
    assert events[0].data["from"] != events[0].label


async def test_other_version_and_patch_are_events(house: House) -> None:
    device = house.simulated[CORE].device
    await house.visit(CORE)
    descr = device.values()[DESCR][1]
    assert isinstance(descr, bytes)
    device.set(DESCR, descr.decode().replace("V200R021C00SPC100", "V200R022C00SPC500"))
    for slot in (1, 2):
        device.set(f"{PATCH}.{slot}.1", "V200R022SPH120")
    await house.visit(CORE, times=2, seconds=1200)
    events = [(each.what, dict(each.data)) for each in await told(house)]
    assert events == [
        (
            Happened.VERSION_CHANGED,
            {"software_version_from": "V200R021C00SPC100", "software_version_to": "V200R022C00SPC500"},
        ),
        (Happened.PATCH_CHANGED, {"patch_from": "V200R021SPH130", "patch_to": "V200R022SPH120"}),
    ]


async def test_device_that_was_replaced_is_one_event_and_not_one_for_each_part(house: House) -> None:
    device = house.simulated[ACCESS].device
    await house.visit(ACCESS, times=2)
    for oid, (_, value) in device.values().items():
        if oid.startswith(f"{SERIAL}.") and isinstance(value, bytes) and value:
            device.set(oid, "NEW" + value.decode()[3:])
    await house.visit(ACCESS, times=2, seconds=1200)
    (event,) = await told(house, ACCESS)
    assert (event.what, event.data["serial_from"][:3], event.data["serial_to"][:3]) == (
        Happened.IDENTITY_CHANGED,
        "DEM",
        "NEW",
    )


async def test_restart_is_an_event_once_and_is_seen_by_a_daemon_that_was_stopped_meanwhile(house: House) -> None:
    device = house.simulated[ACCESS].device
    await house.visit(ACCESS, times=3)
    device.set(UP_TIME, (Kind.TIME_TICKS, 200_000))
    house.means = replace(house.means, memory=Memory())
    await house.visit(ACCESS, seconds=2400)
    (event,) = await told(house, ACCESS)
    assert (event.what, event.source) == (Happened.REBOOTED, UP_TIME)
    assert event.data["booted_at"] == (house.clock() - timedelta(seconds=2000)).isoformat(timespec="seconds")
    device.set(UP_TIME, (Kind.TIME_TICKS, 206_000))
    house.means = replace(house.means, memory=Memory())
    await house.visit(ACCESS, seconds=60)
    assert len(await told(house, ACCESS)) == 1
    device.set(UP_TIME, (Kind.TIME_TICKS, 1500))
    await house.visit(ACCESS, seconds=60)
    assert len(await told(house, ACCESS)) == 2


async def test_counter_of_the_uptime_that_begins_anew_after_497_days_is_no_restart(house: House) -> None:
    device = house.simulated[ACCESS].device
    device.set(UP_TIME, (Kind.TIME_TICKS, 2**32 - 3000))
    await house.visit(ACCESS)
    device.set(UP_TIME, (Kind.TIME_TICKS, 57_000))
    await house.visit(ACCESS, seconds=600)
    device.set(UP_TIME, (Kind.TIME_TICKS, 117_000 + 90_000 * 100))
    house.means = replace(house.means, memory=Memory())
    await house.visit(ACCESS, seconds=600 + 90_000)
    assert await told(house, ACCESS) == []
    visited = (await house.store.ask(devices.all_visited))[ACCESS]
    assert visited.booted_at is not None
    assert (house.clock() - visited.booted_at).days == 498


async def test_part_that_was_taken_out_on_purpose_is_forgotten_with_its_fault(house: House) -> None:
    device = house.simulated[CORE].device
    await house.visit(CORE, times=2)
    supply = ("psu", "Power supply 1/2")

    def forget() -> int:
        with house.store.writing() as disk:
            return history.forgotten(disk, CORE, supply, "wang", "only one is needed", house.settings, house.clock())

    with pytest.raises(history.StillThereError, match="psu Power supply 1/2 of hf-core-01 is there"):
        forget()
    pulled(device, SUPPLIES, "1.2")
    await house.visit(CORE, times=4)
    assert await open_parts(house) == [(*supply, "gone")]
    assert forget() == 1
    await house.visit(CORE, times=4)
    house.means = replace(house.means, memory=Memory())
    await house.visit(CORE, times=4)
    assert await open_parts(house) == []
    (ticket,) = await house.store.ask(tickets.unclosed)
    assert (ticket.fault, ticket.events[-1].kind) == (
        FaultKey(device=CORE, kind=supply[0], label=supply[1], aspect="state"),
        EventKind.RECOVERED,
    )
    assert [each.what for each in await told(house)] == [Happened.PART_REMOVED, Happened.PART_FORGOTTEN]
    with pytest.raises(LookupError, match="nothing is known of a psu"):
        forget()


async def test_lines_of_a_devices_own_log_are_events_and_are_kept_once_though_read_again(house: House) -> None:
    await house.visit(SERVER)
    known = house.means.memory.of(house.device(SERVER), house.settings)
    assert known is not None
    long_ago = house.clock() - timedelta(days=3)
    lines = (
        LogEntry(id="SEL/17", at=long_ago, severity=Condition.FAILED, text="PSU 1 has lost AC", source="1.3.6"),
        LogEntry(id="SEL/18", at=None, severity=None, text="no clock", source="1.3.6"),
    )
    for _ in range(2):
        with house.store.writing() as disk:
            followed(disk, known.facts, known.parts, house.settings, house.clock.advance(seconds=60), lines)
    events = await told(house, SERVER)
    assert [(each.what, each.at, dict(each.data)) for each in events] == [
        (Happened.LOG_ENTRY, long_ago, {"text": "PSU 1 has lost AC", "severity": "failed"}),
        (Happened.LOG_ENTRY, known.told.visit.at, {"text": "no clock"}),
    ]


SEL, SEL_COUNT = "1.3.6.1.4.1.674.10892.5.4.300.40.1", "1.3.6.1.4.1.674.10892.5.4.300.1.0"


async def test_a_line_that_a_server_writes_into_its_log_is_in_its_history_and_once(house: House) -> None:
    server = house.simulated[SERVER].device

    def write(number: int, says: str) -> None:
        server.set(f"{SEL}.5.1.{number}", (Kind.OCTET_STRING, says.encode()))
        server.set(f"{SEL}.7.1.{number}", 5)
        server.set(f"{SEL}.8.1.{number}", (Kind.OCTET_STRING, b"20261121081500.000000+480"))
        server.set(SEL_COUNT, number)

    write(1, "Fan 3 failed")
    await house.visit(SERVER, times=2)
    write(2, "Fan 3 was replaced")
    await house.visit(SERVER, times=2, seconds=1200)
    house.means.memory.forget(SERVER)
    await house.visit(SERVER)

    lines = [each for each in await told(house, SERVER) if each.what is Happened.LOG_ENTRY]
    assert [(dict(each.data), each.at) for each in lines] == [
        ({"text": "Fan 3 failed", "severity": "failed"}, datetime(2026, 11, 21, 0, 15, tzinfo=UTC)),
        ({"text": "Fan 3 was replaced", "severity": "failed"}, datetime(2026, 11, 21, 0, 15, tzinfo=UTC)),
    ]
    assert lines[0].source == f"{SEL}.5.1.1"
