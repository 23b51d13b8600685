"""The demo's fleet: who is in it, and that what breaks heals as it was."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.platform import Platform, PlatformFile, platforms
from collectors.simulate.breakage import Bench, Breakage
from collectors.simulate.fleet import Fleet, FleetDevice, fleet
from collectors.simulate.idrac import DellServer
from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.simulate.values import Told
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Target
from collectors.visit import observed, visited
from monitor.model import Condition, Device, Observation, Role

PLATFORMS = Path(__file__).parents[2] / "configs" / "platforms"


@pytest.fixture(scope="module")
def made() -> Fleet:
    return fleet()


def told(device: SimulatedDevice) -> dict[str, Told | None]:
    return {oid: device.told(oid) for oid in device.values()}


def test_fleet_has_the_promised_boxes(made: Fleet) -> None:
    object_ids = [d.device.values()["1.3.6.1.2.1.1.2.0"][1] for d in made.devices]

    assert len(made.devices) == 12
    assert sum("674.10892" in str(oid) for oid in object_ids) == 4
    assert sum("1.2011." in str(oid) for oid in object_ids) == 4
    assert sum("25506" in str(oid) for oid in object_ids) == 4
    assert {d.customer for d in made.devices} == {"customer-a", "customer-b"}
    assert {d.site for d in made.devices} == {"hefei", "wuhu"}
    assert {d.role for d in made.devices} == {Role.CORE, Role.DISTRIBUTION, Role.ACCESS, Role.SERVER}
    assert len({d.address for d in made.devices}) == 12
    assert all(d.address.startswith("127.") for d in made.devices)


def test_every_switch_has_ports_and_every_unit_a_serial_number(made: Fleet) -> None:
    serials: list[object] = []
    for d in made.devices:
        values = d.device.values()
        ports = [oid for oid in values if oid.startswith("1.3.6.1.2.1.2.2.1.8.")]
        assert len(ports) >= (2 if d.role is Role.SERVER else 24)
        tags = [values[oid][1] for oid in values if oid.startswith("1.3.6.1.2.1.47.1.1.1.1.11.") and values[oid][1]]
        serials += [tags[0]] if tags else [values["1.3.6.1.4.1.674.10892.5.1.3.2.0"][1]]
    assert len(set(serials)) == 12


def test_one_name_is_in_gb18030_and_some_are_in_utf8(made: Fleet) -> None:
    names = [d.device.values()["1.3.6.1.2.1.1.5.0"][1] for d in made.devices]

    assert "芜湖接入-02".encode("gb18030") in names
    assert "芜湖汇聚交换机".encode() in names


def test_one_switch_tells_its_health_at_the_old_root(made: Fleet) -> None:
    old = [d.name for d in made.devices if any(".4.1.2011.10.2.6." in oid for oid in d.device.values())]

    assert old == ["wh-acc-03"]


def test_every_breakage_changes_its_device_and_heals_as_it_was(made: Fleet) -> None:
    devices = {d.name: d.device for d in made.devices}
    sound = {name: told(device) for name, device in devices.items()}
    for breakage in (*made.breakages, *made.more):
        device = devices[breakage.device]
        breakage.break_()
        assert device.silent == (breakage.aspect == "answer")
        assert (told(device) != sound[breakage.device]) == (breakage.aspect != "answer")
        breakage.heal()
        assert not device.silent
    assert {name: told(device) for name, device in devices.items()} == sound


def test_breakages_touch_only_what_the_device_tells(made: Fleet) -> None:
    values = {d.name: set(d.device.values()) for d in made.devices}
    for breakage in (*made.breakages, *made.more):
        assert set(breakage.changes) <= values[breakage.device]


def test_names_of_breakages_are_unique(made: Fleet) -> None:
    names = [breakage.name for breakage in (*made.breakages, *made.more)]

    assert len(set(names)) == len(names) >= 10


def test_roll_up_stays_bad_until_the_last_of_two_breakages_heals() -> None:
    server = DellServer(model="R740", firmware="1", tag="TEST001", name="s", location="here")
    device = SimulatedDevice(credentials=())
    server.built(device)
    bench = Bench(device)
    hot, disk = (
        Breakage(
            name=name,
            device="s",
            kind="",
            label="",
            aspect="",
            condition=Condition.FAILED,
            bench=bench,
            changes=changes,
        )
        for name, changes in (("hot", server.hot_inlet()), ("disk", server.broken_disk(1)))
    )
    overall = "1.3.6.1.4.1.674.10892.5.2.1.0"

    def now() -> object:
        return device.values()[overall][1]

    disk.break_()
    hot.break_()
    assert now() == 5
    disk.heal()
    assert now() == 4
    hot.heal()
    assert now() == 3


def judged(observation: Observation) -> Condition | None:
    """The claim of the device, or what its own limits say of a number."""
    limits, value = observation.limits, observation.value
    if observation.condition is not None or limits is None or value is None:
        return observation.condition
    if (limits.low_critical is not None and value < limits.low_critical) or (
        limits.high_critical is not None and value > limits.high_critical
    ):
        return Condition.FAILED
    if (limits.low_warning is not None and value < limits.low_warning) or (
        limits.high_warning is not None and value > limits.high_warning
    ):
        return Condition.DEGRADED
    return Condition.OK


async def bad(reader: EngineReader, known: dict[str, Platform], d: FleetDevice, port: int) -> set[tuple[str, ...]]:
    device = Device(name=d.name, address=d.address, customer=d.customer, site=d.site, role=d.role)
    target = Target(address=d.address, port=port, credential=d.credential, timeout=0.5)
    at = datetime(2026, 5, 1, tzinfo=UTC)
    visit = await visited(device, [target], reader, known, at, Budget())
    return {
        (seen.component.kind, seen.component.label, seen.aspect, condition.value)
        for seen in observed(visit)
        if (condition := judged(seen)) is not None and condition.is_bad
    }


async def test_an_irf_fabric_tells_how_many_members_it_has(made: Fleet) -> None:
    known = platforms({
        path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text())) for path in PLATFORMS.glob("*.toml")
    })  # fmt: skip
    fabric = next(one for one in made.devices if one.name == "wh-dist-01")
    network, reader = Network(), EngineReader()
    target = Target(address="127.0.0.1", port=await network.serve(fabric.device), credential=fabric.credential)
    device = Device(name="irf", address="127.0.0.1", customer="c", site="s", role=Role.DISTRIBUTION)
    try:
        visit = await visited(device, [target], reader, known, datetime(2026, 5, 1, tzinfo=UTC), Budget())
    finally:
        network.close()
        await reader.close()
    members = [one for one in observed(visit) if one.component.label == "Members"]
    assert [(one.component.kind, one.value, one.condition) for one in members] == [("stack", 2, None)]
    assert members[0].source == "1.3.6.1.4.1.25506.2.91.1.2.0"


async def test_every_breakage_is_seen_by_a_visit_and_nothing_before_it() -> None:
    files = {
        path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text())) for path in PLATFORMS.glob("*.toml")
    }
    known = platforms(files)
    made = fleet(flap_seconds=1e9)  # down for as long as the test lasts
    network, reader = Network(), EngineReader()
    ports = {d.name: await network.serve(d.device, d.address) for d in made.devices}
    devices = {d.name: d for d in made.devices}
    try:
        before = {name: await bad(reader, known, d, ports[name]) for name, d in devices.items()}
        seen: dict[str, set[tuple[str, ...]]] = {}
        for breakage in (*made.breakages, *made.more):
            breakage.break_()
            name = breakage.device
            seen[breakage.name] = await bad(reader, known, devices[name], ports[name]) - before[name]
            breakage.heal()
    finally:
        network.close()
        await reader.close()
    expected = {b.name: (b.kind, b.label, b.aspect, b.condition.value) for b in (*made.breakages, *made.more)}
    missed = {name: (expected[name], seen[name]) for name in expected if expected[name] not in seen[name]}

    assert missed == {}
    down = ("interface",)
    assert {name: {f for f in faults if f[:1] != down} for name, faults in before.items()} == {
        d: set() for d in devices
    }
