"""The demo's fleet: who is in it, and that what breaks heals as it was."""

import pytest

from collectors.simulate.breakage import Bench, Breakage
from collectors.simulate.fleet import Fleet, fleet
from collectors.simulate.idrac import DellServer
from collectors.simulate.snmp import SimulatedDevice, Told
from monitor.model import Condition, Role


@pytest.fixture(scope="module")
def made() -> Fleet:
    return fleet()


def told(made: Fleet) -> dict[str, dict[str, Told | None]]:
    return {d.name: {oid: d.device.told(oid) for oid in d.device.values()} for d in made.devices}


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
    sound = told(made)
    for breakage in made.breakages:
        breakage.break_()
        broken = told(made)
        changed = {name for name in sound if broken[name] != sound[name]}
        if breakage.aspect == "answer":
            assert devices[breakage.device].silent
            assert changed == set()
        else:
            assert changed == {breakage.device}
        breakage.heal()
        assert told(made) == sound
        assert not devices[breakage.device].silent


def test_breakages_touch_only_what_the_device_tells(made: Fleet) -> None:
    sound = told(made)
    for breakage in made.breakages:
        assert set(breakage.changes) <= set(sound[breakage.device])


def test_names_of_breakages_are_unique(made: Fleet) -> None:
    names = [breakage.name for breakage in made.breakages]

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
