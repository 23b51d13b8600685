"""Rates of a simulated switch that really answers: what is told of its ports when they are full, broken, renumbered."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from moving import PLATFORMS

from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.simulate.values import Told as Value
from collectors.snmp.codec import Kind
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Community, Target
from collectors.traffic import EVERYTHING, Traffic, Wanted, traffic
from collectors.visit import Told, told, visited
from monitor.model import Device, Observation

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
UP_TIME, SYS_DESCR, SYS_OBJECT_ID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0"
LIMITS = Wanted(least={"utilisation": 0.85, "errors": 0.00005, "discards": 0.0005})
PORTS = 60  # more than fit into one reply


@dataclass
class Port:
    """One port of the switch, whatever its index is."""

    octets: int = 10**12
    packets: int = 10**9
    errors: int = 0
    discards: int = 0
    up: bool = True


@dataclass
class Switch:
    """A switch that counts, and may give its interfaces other numbers."""

    agent: SimulatedDevice
    target: Target
    reader: EngineReader
    ports: dict[str, Port] = field(default_factory=dict)
    first: int = 1
    now: datetime = NOON
    booted: datetime = NOON - timedelta(days=9)
    found: Told | None = None
    flow: Traffic | None = None

    def tell(self, only: range | None = None) -> None:
        """Let the agent tell how it is now; with `only`, of these rows alone, as in the midst of a change."""
        ticks = int((self.now - self.booted).total_seconds() * 100)
        self.agent.set(UP_TIME, (Kind.TIME_TICKS, ticks))
        for number, (name, port) in enumerate(self.ports.items()):
            if only is not None and number not in only:
                continue
            self.row(self.first + number, name, port)

    def row(self, index: int, name: str, port: Port) -> None:
        """What the agent tells of one row."""
        values: Mapping[str, Value] = {
            f"{IF}.2": name, f"{IF}.3": 6, f"{IF}.5": (Kind.GAUGE32, 10**9),
            f"{IF}.7": 1, f"{IF}.8": 1 if port.up else 2,
            f"{IF}.13": (Kind.COUNTER32, 0), f"{IF}.14": (Kind.COUNTER32, port.errors),
            f"{IF}.19": (Kind.COUNTER32, port.discards), f"{IF}.20": (Kind.COUNTER32, 0),
            f"{IFX}.1": name, f"{IFX}.6": (Kind.COUNTER64, port.octets), f"{IFX}.7": (Kind.COUNTER64, port.packets),
            f"{IFX}.10": (Kind.COUNTER64, port.octets // 2), f"{IFX}.11": (Kind.COUNTER64, port.packets),
            f"{IFX}.15": (Kind.GAUGE32, 1000), f"{IFX}.18": "",
        }  # fmt: skip
        for column, value in values.items():
            self.agent.set(f"{column}.{index}", value)

    def forget(self) -> None:
        """Tell of no interface any more."""
        for root in (IF, IFX):
            self.agent.remove(root)

    def carry(self, seconds: float = 60) -> None:
        """Time passes; each port carries a tenth of what it could."""
        self.now += timedelta(seconds=seconds)
        for port in self.ports.values():
            port.octets += int(12_500_000 * seconds)
            port.packets += int(10_000 * seconds)

    async def visit(self, wanted: Wanted = LIMITS) -> dict[tuple[str, str], Observation]:
        """What a visit says of the traffic, by name of the port and aspect."""
        device = Device(name="sw", address="127.0.0.1", customer="c", site="s")
        before = self.found.visit if self.found else None
        seen = await visited(device, [self.target], self.reader, PLATFORMS, self.now, Budget(), before)
        assert seen.silence is None
        self.found = told(seen, self.found)
        self.flow = traffic(self.found, self.flow, wanted)
        assert self.flow is not None
        return {(one.component.label, one.aspect): one for one in self.flow.observations}


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    network, reader = Network(), EngineReader()
    agent = SimulatedDevice(
        {SYS_DESCR: "a switch", SYS_OBJECT_ID: "1.3.6.1.4.1.32473"}, credentials=[Community(community="x")]
    )
    target = Target(address="127.0.0.1", port=await network.serve(agent), credential=Community(community="x"))
    made = Switch(agent=agent, target=target, reader=reader)
    made.ports = {f"GE1/0/{n}": Port(octets=n * 10**13, packets=n * 10**10) for n in range(1, PORTS + 1)}
    made.tell()
    yield made
    network.close()
    await reader.close()


async def test_healthy_ports_are_told_of_only_where_everything_is_asked_for(switch: Switch) -> None:
    await switch.visit()
    switch.carry()
    switch.tell()
    assert await switch.visit() == {}
    switch.carry()
    switch.tell()
    found = await switch.visit(EVERYTHING)
    assert {label for label, _ in found} == set(switch.ports)
    assert {aspect for _, aspect in found} == {"utilisation", "errors", "discards"}
    one = found["GE1/0/7", "utilisation"]
    assert one.value == pytest.approx(0.1)
    assert (one.unit, one.raw) == ("ratio", "in 100, out 50 Mbit/s")
    assert one.source == f"{IFX}.6.7"


async def test_full_port_and_one_with_errors_are_told_of_and_no_other(switch: Switch) -> None:
    await switch.visit()
    switch.carry()
    switch.ports["GE1/0/3"].octets += 6_500_000_000
    switch.ports["GE1/0/4"].errors += 90
    switch.ports["GE1/0/5"].errors += 1
    switch.ports["GE1/0/6"].discards += 900
    switch.tell()
    found = await switch.visit()
    assert {key: one.value for key, one in found.items()} == {
        ("GE1/0/3", "utilisation"): pytest.approx(0.9667, abs=0.001),
        ("GE1/0/4", "errors"): pytest.approx(90 / 1_200_090),
        ("GE1/0/6", "discards"): pytest.approx(900 / 600_900),
    }
    assert found["GE1/0/4", "errors"].raw == "90 of 1200090 packets"


async def test_port_that_has_a_fault_is_told_of_until_that_is_over(switch: Switch) -> None:
    await switch.visit()
    asked = Wanted(least=LIMITS.least, asked=frozenset({("GE1/0/3", "utilisation"), ("GE1/0/9", "errors")}))
    switch.carry()
    switch.ports["GE1/0/9"].up = False
    switch.tell()
    found = await switch.visit(asked)
    assert {key: [one.value, one.raw] for key, one in found.items()} == {
        ("GE1/0/3", "utilisation"): [pytest.approx(0.1), "in 100, out 50 Mbit/s"],
        ("GE1/0/9", "errors"): [0.0, "0"],
    }


async def test_second_look_within_seconds_says_what_the_first_said(switch: Switch) -> None:
    await switch.visit()
    switch.carry()
    switch.ports["GE1/0/3"].octets += 6_500_000_000
    switch.tell()
    first = await switch.visit()
    switch.carry(2)
    switch.tell()
    assert await switch.visit() == first
    switch.carry(58)
    switch.tell()
    found = await switch.visit(EVERYTHING)
    assert found["GE1/0/3", "utilisation"].value == pytest.approx(0.1)


async def test_interfaces_renumbered_by_a_restart_have_no_rate_and_then_their_own(switch: Switch) -> None:
    switch.ports["GE1/0/4"].errors = 100_000
    switch.tell()
    await switch.visit()
    switch.carry()
    switch.booted, switch.first = switch.now - timedelta(seconds=40), 100
    for port in switch.ports.values():
        port.octets = port.packets = port.errors = 0
    switch.ports = dict(reversed(switch.ports.items()))
    switch.forget()
    switch.tell()
    assert await switch.visit(EVERYTHING) == {}
    switch.carry()
    switch.ports["GE1/0/4"].errors = 700
    switch.tell()
    assert {label for label, _ in await switch.visit()} == {"GE1/0/4"}


async def test_interfaces_renumbered_without_a_restart_have_no_rate(switch: Switch) -> None:
    await switch.visit()
    switch.carry()
    switch.ports = dict(sorted(switch.ports.items(), key=lambda one: -one[1].octets))
    switch.tell()
    assert await switch.visit(EVERYTHING) == {}


async def test_interfaces_renumbered_in_the_middle_of_a_walk_have_no_rate(switch: Switch) -> None:
    await switch.visit()
    switch.carry()
    switch.ports = dict(reversed(switch.ports.items()))
    switch.tell(only=range(30, PORTS))  # what had been read by then was as before
    assert await switch.visit(EVERYTHING) == {}
    switch.carry()
    switch.tell()
    assert await switch.visit(EVERYTHING) == {}  # the walk before was torn, so it is no measure
    switch.carry()
    switch.tell()
    found = await switch.visit(EVERYTHING)
    assert {round(one.value or 0, 2) for (_, aspect), one in found.items() if aspect == "utilisation"} == {0.1}


async def test_counters_that_changed_places_under_their_names_make_no_spike(switch: Switch) -> None:
    for number, port in enumerate(switch.ports.values()):
        port.errors = number * 1000
    switch.tell()
    await switch.visit()
    switch.carry()
    names = list(switch.ports)
    for number, name in enumerate(names):  # the names were read before the change, the counters after it
        switch.row(switch.first + number, name, switch.ports[names[-1 - number]])
    assert await switch.visit() == {}


async def test_port_whose_counters_were_cleared_has_no_rate_for_that_interval(switch: Switch) -> None:
    await switch.visit()
    switch.carry()
    switch.ports["GE1/0/3"] = Port(octets=0, packets=0)
    switch.tell()
    found = await switch.visit(EVERYTHING)
    assert ("GE1/0/3", "utilisation") not in found
    assert ("GE1/0/2", "utilisation") in found
