"""Rates of a simulated switch that really answers: what is told of its ports when they are full, broken, renumbered."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from counting import COMMUNITY, IF, IFX, PORTS, Port, Switch, counting_switch
from moving import PLATFORMS

from collectors.simulate.snmp import Network
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Target
from collectors.traffic import EVERYTHING, Traffic, Wanted, traffic
from collectors.visit import Told, told, visited
from monitor.model import Device, Observation

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMITS = Wanted(least={"utilisation": 0.85, "packet_errors": 0.00005, "discards": 0.0005})


@dataclass
class Watched:
    """The switch, and what is remembered of it from visit to visit."""

    switch: Switch
    target: Target
    reader: EngineReader
    found: Told | None = None
    flow: Traffic | None = None

    async def visit(self, wanted: Wanted = LIMITS) -> dict[tuple[str, str], Observation]:
        """What a visit says of the traffic, by name of the port and aspect."""
        device = Device(name="sw", address="127.0.0.1", customer="c", site="s")
        before = self.found.visit if self.found else None
        seen = await visited(device, [self.target], self.reader, PLATFORMS, self.switch.now, Budget(), before)
        assert seen.silence is None
        self.found = told(seen, self.found)
        self.flow = traffic(self.found, self.flow, wanted)
        assert self.flow is not None
        return {(one.component.label, one.aspect): one for one in self.flow.observations}


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    network, reader = Network(), EngineReader()
    switch = counting_switch(NOON)
    target = Target(address="127.0.0.1", port=await network.serve(switch.agent), credential=COMMUNITY)
    yield Watched(switch=switch, target=target, reader=reader)
    network.close()
    await reader.close()


@pytest.fixture
def switch(watched: Watched) -> Switch:
    return watched.switch


async def test_healthy_ports_are_told_of_only_where_everything_is_asked_for(watched: Watched, switch: Switch) -> None:
    await watched.visit()
    switch.carry()
    switch.tell()
    assert await watched.visit() == {}
    switch.carry()
    switch.tell()
    found = await watched.visit(EVERYTHING)
    assert {label for label, _ in found} == set(switch.ports)
    assert {aspect for _, aspect in found} == {"utilisation", "packet_errors", "discards"}
    one = found["GE1/0/7", "utilisation"]
    assert one.value == pytest.approx(0.1, rel=0.05)
    assert (one.unit, one.raw) == ("ratio", "in 100, out 50 Mbit/s")
    assert one.source == f"{IFX}.6.7"


async def test_full_port_and_one_with_errors_are_told_of_and_no_other(watched: Watched, switch: Switch) -> None:
    await watched.visit()
    switch.carry()
    switch.ports["GE1/0/3"].octets += 6_500_000_000
    switch.ports["GE1/0/4"].errors += 90
    switch.ports["GE1/0/5"].errors += 1
    switch.ports["GE1/0/6"].discards += 900
    switch.tell()
    found = await watched.visit()
    assert {key: one.value for key, one in found.items()} == {
        ("GE1/0/3", "utilisation"): pytest.approx(0.9667, abs=0.001),
        ("GE1/0/4", "packet_errors"): pytest.approx(90 / 1_200_090),
        ("GE1/0/6", "discards"): pytest.approx(900 / 600_900),
    }
    assert found["GE1/0/4", "packet_errors"].raw == "90 of 1200090 packets"


async def test_port_that_has_a_fault_is_told_of_until_that_is_over(watched: Watched, switch: Switch) -> None:
    await watched.visit()
    asked = Wanted(least=LIMITS.least, asked=frozenset({("GE1/0/3", "utilisation"), ("GE1/0/9", "packet_errors")}))
    switch.carry()
    switch.ports["GE1/0/9"].up = False
    switch.tell()
    found = await watched.visit(asked)
    # the agent's clock goes on between two answers, by more on a busy machine
    assert {key: one.value for key, one in found.items()} == {
        ("GE1/0/3", "utilisation"): pytest.approx(0.1, rel=0.05),
        ("GE1/0/9", "packet_errors"): 0.0,
    }
    assert found["GE1/0/3", "utilisation"].raw.startswith("in 1")


async def test_second_look_within_seconds_says_what_the_first_said(watched: Watched, switch: Switch) -> None:
    await watched.visit()
    switch.carry()
    switch.ports["GE1/0/3"].octets += 6_500_000_000
    switch.tell()
    first = await watched.visit()
    switch.carry(2)
    switch.tell()
    assert await watched.visit() == first
    switch.carry(58)
    switch.tell()
    found = await watched.visit(EVERYTHING)
    assert found["GE1/0/3", "utilisation"].value == pytest.approx(0.1, rel=0.05)


async def test_interfaces_renumbered_by_a_restart_have_no_rate_and_then_their_own(
    watched: Watched, switch: Switch
) -> None:
    switch.ports["GE1/0/4"].errors = 100_000
    switch.tell()
    await watched.visit()
    switch.carry()
    switch.restart()
    assert await watched.visit(EVERYTHING) == {}
    switch.carry()
    switch.ports["GE1/0/4"].errors = 700
    switch.tell()
    assert {label for label, _ in await watched.visit()} == {"GE1/0/4"}


async def test_interfaces_renumbered_without_a_restart_have_no_rate(watched: Watched, switch: Switch) -> None:
    await watched.visit()
    switch.carry()
    switch.ports = dict(sorted(switch.ports.items(), key=lambda one: -one[1].octets))
    switch.tell()
    assert await watched.visit(EVERYTHING) == {}


async def test_interfaces_renumbered_in_the_middle_of_a_walk_have_no_rate(watched: Watched, switch: Switch) -> None:
    await watched.visit()
    switch.carry()
    switch.ports = dict(reversed(switch.ports.items()))
    switch.tell(only=range(30, PORTS))  # what had been read by then was as before
    assert await watched.visit(EVERYTHING) == {}
    switch.carry()
    switch.tell()
    assert await watched.visit(EVERYTHING) == {}  # the walk before was torn, so it is no measure
    switch.carry()
    switch.tell()
    found = await watched.visit(EVERYTHING)
    assert {round(one.value or 0, 2) for (_, aspect), one in found.items() if aspect == "utilisation"} == {0.1}


async def test_counters_that_changed_places_under_their_names_make_no_spike(watched: Watched, switch: Switch) -> None:
    for number, port in enumerate(switch.ports.values()):
        port.errors = number * 1000
    switch.tell()
    await watched.visit()
    switch.carry()
    names = list(switch.ports)
    for number, name in enumerate(names):  # the names were read before the change, the counters after it
        switch.row(switch.first + number, name, switch.ports[names[-1 - number]])
    assert await watched.visit() == {}


async def test_port_whose_counters_were_cleared_has_no_rate_for_that_interval(watched: Watched, switch: Switch) -> None:
    await watched.visit()
    switch.carry()
    switch.ports["GE1/0/3"] = Port(octets=0, packets=0)
    switch.tell()
    found = await watched.visit(EVERYTHING)
    assert ("GE1/0/3", "utilisation") not in found
    assert ("GE1/0/2", "utilisation") in found


async def test_counters_of_32_bits_have_a_rate_also_around_their_end_where_there_are_no_others(
    watched: Watched, switch: Switch
) -> None:
    switch.is_old, switch.mega = True, 100
    switch.forget()
    for port in switch.ports.values():
        port.octets = 2**32 - 1000
    switch.tell()
    await watched.visit()  # sees that there are no others
    await watched.visit()
    switch.carry()
    switch.tell()
    await watched.visit(EVERYTHING)  # the first that has them
    switch.carry()
    switch.tell()
    found = await watched.visit(EVERYTHING)
    one = found["GE1/0/7", "utilisation"]
    assert one.value == pytest.approx(0.1, rel=0.05)
    assert (one.raw, one.source) == ("in 10, out 5 Mbit/s", f"{IF}.10.7")


async def test_counters_of_32_bits_have_no_rate_where_they_may_have_gone_around_twice(
    watched: Watched, switch: Switch
) -> None:
    switch.is_old = True  # at 1 Gbit/s 32 bits are full after 34 s
    switch.forget()
    switch.tell()
    for _ in range(4):
        switch.carry()
        switch.tell()
        found = await watched.visit(EVERYTHING)
    assert not any(aspect == "utilisation" for _, aspect in found)
    assert watched.found is not None
    assert watched.found.visit.tables["octets_32"].index


async def test_counters_of_32_bits_are_not_asked_of_who_has_better_ones(watched: Watched, switch: Switch) -> None:
    for _ in range(3):
        await watched.visit()
        switch.carry()
        switch.tell()
    assert watched.found is not None
    assert watched.found.visit.tables["octets_32"].index == ()
    switch.is_old, switch.mega = True, 100
    switch.forget()
    switch.tell()
    await watched.visit()
    await watched.visit()
    assert len(watched.found.visit.tables["octets_32"].index) == PORTS
    switch.is_old = False
    switch.tell()
    await watched.visit()
    await watched.visit()
    assert watched.found.visit.tables["octets_32"].index == ()
