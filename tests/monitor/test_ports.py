"""Faults of ports over a real agent, a real disk and a daemon that remembers: found, kept under their names, ended."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from counting import Switch, counting_switch

from collectors.simulate.snmp import Network
from collectors.snmp.engine import EngineReader
from house import INVENTORY, NETVIGIL, SECRETS, Clock
from monitor.config import loaded
from monitor.model import Change, Fault
from monitor.pipeline import Means, visit
from monitor.store import faults
from monitor.store.database import Store

BOX = """
[[device]]
name = "box"
address = "127.0.0.1"
port = {port}
site = "hefei-1"
role = "core"
credentials = ["v2c"]
"""


@dataclass
class World:
    """A daemon that watches the switch."""

    switch: Switch
    means: Means
    clock: Clock

    async def visits(self, times: int = 1, **more: int) -> list[str]:
        """So many visits, a minute apart; `more` is what a port counts too each minute. What people hear of."""
        heard: list[str] = []
        for _ in range(times):
            self.clock.advance(seconds=60)
            self.switch.carry(60)
            for name, count in more.items():
                port = self.switch.ports["GE1/0/4"]
                setattr(port, name, getattr(port, name) + count)
            self.switch.tell()
            heard += await self.visit()
        return heard

    async def visit(self) -> list[str]:
        """One visit, now."""
        outcome = await visit(self.means.settings.inventory.devices["box"], self.means)
        assert outcome.silence is None
        return [heard(fault, change) for fault, change in outcome.changes]

    async def open(self) -> list[tuple[str, str, int]]:
        """The faults that are open."""
        found = await self.means.store.ask(faults.open_faults)
        return [(fault.key.label, fault.key.aspect, int(fault.level)) for fault in found]


def heard(fault: Fault, change: Change) -> str:
    return f"{change.value} {fault.key.label} {fault.key.aspect}"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock, network, reader = Clock(), Network(), EngineReader()
    switch = counting_switch(clock())
    port = await network.serve(switch.agent)
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    (tmp_path / "inventory.toml").write_text(INVENTORY + BOX.format(port=port))
    configured = loaded(tmp_path, SECRETS)
    async with AsyncExitStack() as stack:
        store = stack.enter_context(Store(configured.daemon.state))
        yield World(
            switch=switch,
            means=Means(settings=configured, reader=reader, store=store, clock=clock),
            clock=clock,
        )
    network.close()
    await reader.close()


async def test_errors_for_a_quarter_of_an_hour_are_a_fault_until_they_have_stopped_for_as_long(world: World) -> None:
    assert await world.visits(3) == []
    assert await world.visits(15, errors=500) == []
    assert await world.visits(1, errors=500) == ["opened GE1/0/4 packet_errors"]
    assert await world.open() == [("GE1/0/4", "packet_errors", 3)]
    assert await world.visits(15) == []
    assert await world.visits(1) == ["cleared GE1/0/4 packet_errors"]


async def test_daemon_that_was_started_anew_ends_the_fault_of_a_port_that_is_well(world: World) -> None:
    await world.visits(18, octets=6_500_000_000)
    assert await world.open() == [("GE1/0/4", "utilisation", 3)]
    world.means.memory.forget("box")
    assert await world.visits(7) == ["cleared GE1/0/4 utilisation"]


async def test_no_fault_moves_to_another_port_when_a_restart_renumbers_them(world: World) -> None:
    await world.visits(2)
    world.switch.ports["GE1/0/7"].up = False
    assert await world.visits(18, errors=500) == ["opened GE1/0/7 oper_status", "opened GE1/0/4 packet_errors"]
    world.clock.advance(seconds=60)
    world.switch.carry(60)
    world.switch.restart()
    assert await world.visit() == []
    assert await world.visits(3, errors=500) == []
    assert sorted(await world.open()) == [("GE1/0/4", "packet_errors", 3), ("GE1/0/7", "oper_status", 3)]


async def test_no_fault_moves_to_another_port_when_they_are_renumbered_in_the_middle_of_a_walk(world: World) -> None:
    await world.visits(2)
    world.switch.ports["GE1/0/7"].up = False
    assert await world.visits(18, errors=500) == ["opened GE1/0/7 oper_status", "opened GE1/0/4 packet_errors"]
    for _ in range(5):  # each walk sees one half as it was and one half as it is
        world.clock.advance(seconds=60)
        world.switch.carry(60)
        world.switch.ports = dict(reversed(world.switch.ports.items()))
        world.switch.tell(only=range(30, 60))
        assert await world.visit() == []
    world.switch.tell()
    assert await world.visits(4, errors=500) == []
    assert sorted(await world.open()) == [("GE1/0/4", "packet_errors", 3), ("GE1/0/7", "oper_status", 3)]


async def test_aggregate_that_loses_members_is_one_fault_graded_by_what_is_left(world: World) -> None:
    members = [f"GE1/0/{n}" for n in (1, 2, 3)]
    world.switch.join("Bridge-Aggregation1", *members)
    assert await world.visits(3) == []
    world.switch.ports["GE1/0/2"].up = False
    assert await world.visits(2) == ["opened Bridge-Aggregation1 redundancy"]
    assert await world.open() == [("Bridge-Aggregation1", "redundancy", 3)]
    (fault,) = await world.means.store.ask(faults.open_faults)
    assert "has lost members (1 of 3 members down: GE1/0/2)" in fault.reasons[0].text.en
    world.switch.ports["GE1/0/3"].up = False
    assert await world.visits(2) == ["level Bridge-Aggregation1 redundancy"]
    assert await world.open() == [("Bridge-Aggregation1", "redundancy", 2)]
    world.switch.ports["GE1/0/2"].up = world.switch.ports["GE1/0/3"].up = True
    assert await world.visits(4) == ["cleared Bridge-Aggregation1 redundancy"]


async def test_aggregate_that_was_never_whole_is_no_fault_but_its_port_that_goes_down_is(world: World) -> None:
    world.switch.ports["GE1/0/3"].up = False
    world.switch.join("Bridge-Aggregation1", "GE1/0/1", "GE1/0/2", "GE1/0/3")
    assert await world.visits(3) == []
    world.switch.ports["GE1/0/2"].up = False
    assert await world.visits(2) == ["opened GE1/0/2 oper_status"]


async def test_aggregate_that_is_down_whole_is_one_fault_with_its_members_and_its_link_beneath(world: World) -> None:
    world.switch.join("Bridge-Aggregation1", "GE1/0/1", "GE1/0/2")
    assert await world.visits(3) == []
    for name in ("GE1/0/1", "GE1/0/2", "Bridge-Aggregation1"):
        world.switch.ports[name].up = False
    assert await world.visits(2) == ["opened Bridge-Aggregation1 redundancy"]
    (fault,) = await world.means.store.ask(faults.open_faults)
    assert (int(fault.level), fault.reasons[0].rule) == (2, "aggregate-down-backbone")


async def test_aggregate_that_an_operator_shuts_is_no_fault(world: World) -> None:
    world.switch.join("Bridge-Aggregation1", "GE1/0/1", "GE1/0/2")
    assert await world.visits(3) == []
    world.switch.ports["Bridge-Aggregation1"].shut = True  # its members go down with it; nobody shut them
    for name in ("GE1/0/1", "GE1/0/2"):
        world.switch.ports[name].up = False
    assert await world.visits(6) == []
