"""Diagnoses of tickets: a real switch on the command line, a real store, and the daemon's bounds."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import shell

from collectors.cli.reader import SshReader
from collectors.ports import Neighbour
from collectors.reach import Reached, There
from collectors.simulate.ssh import Shell, serving
from collectors.tables import Eye
from house import Clock, until
from monitor import ticketing
from monitor.cli import netvigil
from monitor.config import Settings, loaded
from monitor.diagnosis import Diagnosing
from monitor.model import (
    Component,
    Condition,
    EventKind,
    Fault,
    FaultKey,
    FaultState,
    Identity,
    Level,
    Observation,
    Reason,
    Text,
    Ticket,
)
from monitor.store import attachments, devices, faults, links, tickets
from monitor.store.database import Store

NETVIGIL = """
[daemon]
state = "state"
listen = "127.0.0.1:0"
demo = true
runbooks = "https://wiki.example.org/rb"
[ssh]
timeout = "5s"
[reach]
enabled = false
[diagnosis]
timeout = "8s"
hourly = 3
"""
SNMP = 'credentials = ["reading"]'
INVENTORY = """
[credentials.reading]
version = "2c"
community = {{ env = "COMMUNITY" }}
[logins.vty]
user = "netvigil"
password = {{ env = "PASSWORD" }}
[[customer]]
name = "cdc"
[[site]]
name = "hefei-1"
customer = "cdc"
region = "hefei"
[[device]]
name = "acc-1"
address = "127.0.0.1"
site = "hefei-1"
role = "access"
platform = "huawei_vrp"
ssh = "vty"
ssh_port = {port}
[[device]]
name = "core-1"
address = "192.0.2.1"
site = "hefei-1"
role = "core"
platform = "huawei_vrp"
ssh = "vty"
"""
PASSWORD = "secret"
SECRETS = {"PASSWORD": PASSWORD, "COMMUNITY": "read-only-word"}


async def _there(_: str) -> Reached | None:
    return Reached(there=There.DOWN, loss=1.0)


@dataclass
class Room:
    """A switch, a store, and the daemon's diagnoses."""

    folder: Path
    settings: Settings
    store: Store
    switch: Shell
    clock: Clock = field(default_factory=Clock)
    readers: dict[Eye, SshReader] = field(default_factory=lambda: {Eye.SSH: SshReader()})

    def daemon(self) -> Diagnosing:
        """One that has just started."""
        return Diagnosing(self.settings, self.store, self.readers, _there, self.clock)

    def open(
        self, kind: str = "psu", label: str = "PWR1", aspect: str = "state", level: int = 2, device: str = "acc-1"
    ) -> Ticket:
        """A ticket about a fault."""
        now = self.clock.advance(seconds=6)
        part = Component(kind=kind, label=label, slot="1")
        seen = Observation(component=part, aspect=aspect, condition=Condition.FAILED, at=now, raw="notSupply")
        fault = Fault(
            key=FaultKey(device=device, kind=kind, label=label, aspect=aspect),
            component=part,
            condition=Condition.FAILED,
            level=Level(level),
            reasons=(Reason(rule="x", text=Text(en="a power supply failed", zh_CN="电源故障")),),
            evidence=seen,
            state=FaultState.OPEN,
            first_seen=now,
            last_seen=now,
            changed_at=now,
            opened_at=now,
        )
        with self.store.writing() as disk:
            ticketing.opened(disk, faults.saved(disk, fault), self.settings, now)
        with self.store.reading() as disk:
            return tickets.unclosed(disk, fault.key)[-1]

    def diagnosed(self) -> list[str]:
        """The tickets that bear a diagnosis, in the order in which they got it."""
        with self.store.reading() as disk:
            every = [(event, each.id) for each in tickets.unclosed(disk) for event in each.events]
        return [
            number for event, number in sorted(every, key=lambda one: one[0].at) if event.kind is EventKind.DIAGNOSED
        ]

    def bundle(self, number: str) -> str:
        """The text that is attached to the ticket."""
        with self.store.reading() as disk:
            (event,) = [each for each in tickets.found(disk, number).events if each.kind is EventKind.DIAGNOSED]
            assert attachments.known(disk, event.data["sha256"]).size == int(event.data["size"])
        return attachments.read(self.store.directory, event.data["sha256"]).decode()


@asynccontextmanager
async def furnished(tmp_path: Path, switch: Shell, inventory: str = INVENTORY) -> AsyncIterator[Room]:
    async with serving(switch) as port:
        (tmp_path / "netvigil.toml").write_text(NETVIGIL)
        (tmp_path / "inventory.toml").write_text(inventory.format(port=port))
        settings = loaded(tmp_path, SECRETS)
        with Store(settings.daemon.state) as store:
            found = Room(folder=tmp_path, settings=settings, store=store, switch=switch)
            yield found
            for reader in found.readers.values():
                await reader.close()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with furnished(tmp_path, shell("vrp")) as found:
        yield found


async def ticked(room: Room, daemon: Diagnosing, many: int, times: int = 1) -> None:
    """Let the daemon go on until so many tickets are diagnosed, and then some."""
    for _ in range(600):
        room.clock.advance(seconds=6)
        await daemon.tick()
        if len(room.diagnosed()) >= many:
            break
        await asyncio.sleep(0.05)
    for _ in range(times):
        room.clock.advance(seconds=6)
        await daemon.tick()
        await asyncio.sleep(0.2)
    await daemon.stop()


async def test_ticket_that_opens_is_diagnosed_once_with_what_the_switch_says(room: Room) -> None:
    room.switch.outputs = {
        **room.switch.outputs,
        "display logbuffer": b"super password cipher Not-For-You-1\r\nlogged in\r\n",
    }
    ticket = room.open()
    await ticked(room, room.daemon(), 1, times=5)
    assert room.diagnosed() == [ticket.id]
    told = room.bundle(ticket.id)
    for title in ("Fault and device", "Ping", "What the neighbours see", "display version", "display power"):
        assert f"==== {title}" in told
    assert "a power supply failed" in told
    assert "VRP (R) software" in told
    assert "Not-For-You-1" not in told
    assert PASSWORD not in told
    assert "down (icmp), first tries lost in the last ten minutes: 100%" in told
    assert room.switch.most == 1


async def test_restart_forgets_and_repeats_no_diagnosis(room: Room) -> None:
    ticket = room.open()
    first = room.daemon()
    room.clock.advance(seconds=6)
    await first.tick()
    await first.stop()
    assert room.diagnosed() == []
    await ticked(room, room.daemon(), 1)
    await ticked(room, room.daemon(), 1, times=3)
    assert room.diagnosed() == [ticket.id]


async def test_device_that_does_not_answer_is_diagnosed_by_what_is_known_and_seen_from_outside(room: Room) -> None:
    now = room.clock()
    port = Component(kind="interface", label="GE0/0/24")
    up = Observation(component=port, aspect="oper_status", condition=Condition.OK, at=now, raw="up(1)")
    with room.store.writing() as disk:
        devices.answered(disk, "core-1", Identity(name="core-1"), now)
        links.saved(disk, "core-1", {"GE0/0/24": Neighbour(name="hf-acc", port="GE0/0/1")})
        devices.answered(disk, "acc-1", Identity(name="hf-acc", serial="S123", platform="huawei_vrp"), now)
        devices.silent(disk, "acc-1", "timeout", now, devices.by_name(disk, "acc-1"))
        devices.snapshot_saved(disk, "core-1", f"{now:%Y-%m-%d}", now, [up])
    room.switch.misbehaves = "never prompts"
    ticket = room.open("device", "", "answer")
    await ticked(room, room.daemon(), 1)
    told = room.bundle(ticket.id)
    assert f"last answer: {now.isoformat(timespec='seconds')}" in told
    assert "silent: timeout, visits in a row: 1" in told
    assert f"core-1 GE0/0/24: up(1) as of {now.isoformat(timespec='seconds')}; core-1 answered at" in told
    assert "serial S123" in told
    assert "no session:" in told


async def test_neighbours_port_that_is_down_is_told_with_its_moment(room: Room) -> None:
    with room.store.writing() as disk:
        links.saved(disk, "core-1", {"GE0/0/24": Neighbour(name="acc-1", port="GE0/0/1")})
    room.open("interface", "GE0/0/24", "oper_status", device="core-1", level=4)
    ticket = room.open("device", "", "answer", level=1)
    await ticked(room, room.daemon(), 2)
    assert "core-1 GE0/0/24: failed since 2026-11-22T07:00" in room.bundle(ticket.id)


async def test_no_more_than_so_many_in_an_hour_and_the_gravest_first(room: Room) -> None:
    lesser = [room.open(label=f"PWR{n}", level=3).id for n in range(3)]
    graver = [room.open(label=f"BAD{n}", level=1).id for n in range(2)]
    daemon = room.daemon()
    await ticked(room, daemon, 3, times=4)
    done = room.diagnosed()
    # two are taken at a time, and which of them ends first is up to the devices
    assert len(done) == 3
    assert set(graver) < set(done)
    assert set(done) - set(graver) < set(lesser)
    room.clock.advance(minutes=55)
    assert len(room.diagnosed()) == 3


async def test_two_at_a_time_are_still_no_more_than_the_hour_allows(room: Room) -> None:
    room.settings = replace(room.settings, diagnosis=replace(room.settings.diagnosis, hourly=1))
    for number in range(3):
        room.open(label=f"PWR{number}")
    await ticked(room, room.daemon(), 1, times=4)
    assert len(room.diagnosed()) == 1


async def test_device_of_which_nobody_knows_what_it_is_is_not_asked_and_one_that_told_it_is(tmp_path: Path) -> None:
    async with furnished(tmp_path, shell("vrp"), INVENTORY.replace('platform = "huawei_vrp"', SNMP)) as room:
        unknown = room.open()
        await ticked(room, room.daemon(), 1)
        assert "nobody knows yet what it is" in room.bundle(unknown.id)
        assert room.switch.asked == []
        with room.store.writing() as disk:
            devices.answered(disk, "acc-1", Identity(platform="huawei_vrp"), room.clock())
        told = room.open(label="PWR2")
        await ticked(room, room.daemon(), 2)
        assert "==== display version" in room.bundle(told.id)


async def test_device_without_a_login_is_said_to_have_none(tmp_path: Path) -> None:
    async with furnished(tmp_path, shell("vrp"), INVENTORY.replace('ssh = "vty"', SNMP)) as room:
        ticket = room.open()
        await ticked(room, room.daemon(), 1)
        assert "names no login for SSH or Redfish" in room.bundle(ticket.id)


async def test_ticket_that_is_old_or_of_no_device_or_of_no_hardware_is_not_diagnosed(room: Room) -> None:
    room.open(label="old")
    room.clock.advance(hours=2)
    room.open("system", "Configuration", "configuration", level=4)
    wanted = room.open(label="new")
    await ticked(room, room.daemon(), 1, times=4)
    assert room.diagnosed() == [wanted.id]


async def test_diagnoses_can_be_switched_off(room: Room) -> None:
    room.settings = replace(room.settings, diagnosis=replace(room.settings.diagnosis, enabled=False))
    room.open()
    daemon = room.daemon()
    for _ in range(5):
        room.clock.advance(seconds=6)
        await daemon.tick()
        await asyncio.sleep(0.1)
    assert room.switch.asked == []
    assert room.diagnosed() == []


async def test_switch_that_hangs_holds_up_nobody_and_costs_its_time_alone(tmp_path: Path) -> None:
    async with furnished(tmp_path, shell("vrp", misbehaves="hangs in a command")) as room:
        ticket, daemon = room.open(), room.daemon()
        room.clock.advance(seconds=6)
        began = asyncio.get_running_loop().time()
        await daemon.tick()
        assert asyncio.get_running_loop().time() - began < 2
        await until(lambda: bool(room.diagnosed()), 30)
        assert "not answered" in room.bundle(ticket.id)
        await daemon.stop()


async def test_disk_that_takes_nothing_leaves_the_ticket_as_it_is_until_the_next_start(room: Room) -> None:
    ticket = room.open()
    blocked = room.store.directory / "attachments"
    blocked.write_text("a file where the folder should be")
    daemon = room.daemon()
    for _ in range(20):
        room.clock.advance(seconds=6)
        await daemon.tick()
        await asyncio.sleep(0.1)
    assert room.diagnosed() == []
    assert room.switch.asked.count("display version") == 1
    blocked.unlink()
    await ticked(room, room.daemon(), 1)
    assert room.diagnosed() == [ticket.id]


async def test_people_take_it_again_and_read_what_is_attached(room: Room) -> None:
    ticket = room.open()
    await ticked(room, room.daemon(), 1)
    result = await ran(room, "diagnose", ticket.id, "--by", "wang")
    assert (result[0], "==== display version" in result[1]) == (0, True)
    code, listed = await ran(room, "attachment", ticket.id, "--json")
    assert code == 0
    assert listed.count('"sha256"') == 2
    with room.store.reading() as disk:
        again = tickets.found(disk, ticket.id).events[-1]
    assert (again.kind, again.by) == (EventKind.DIAGNOSED, "wang")
    code, text = await ran(room, "attachment", ticket.id, again.data["sha256"][:12])
    assert (code, text.startswith(f"Diagnosis for ticket {ticket.id}")) == (0, True)
    assert (await ran(room, "attachment", ticket.id, "zz"))[0] == 2


async def test_commands_about_ticket_and_fault_link_to_the_runbook(room: Room) -> None:
    page = "https://wiki.example.org/rb/en/psu#state"
    ticket = room.open()
    with room.store.reading() as disk:
        fault = faults.newest(disk, ticket.fault).id
    for words in (("ticket", "show", ticket.id), ("fault", "show", str(fault)), ("explain", str(fault))):
        assert page in (await said(room, *words))[1], words
        if words[0] != "explain":
            assert f'"runbook": "{page}"' in (await said(room, *words, "--json"))[1]


async def ran(room: Room, *words: str) -> tuple[int, str]:
    """What a verb of tickets says and ends with."""
    return await said(room, "ticket", *words)


async def said(room: Room, *words: str) -> tuple[int, str]:
    """What the command says and ends with."""
    arguments: Sequence[str] = [*words, "--config", str(room.folder)]
    runner = CliRunner()
    result = await asyncio.to_thread(runner.invoke, netvigil, arguments, env={**os.environ, **SECRETS})
    return result.exit_code, result.stdout
