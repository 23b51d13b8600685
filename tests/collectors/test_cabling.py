"""Where ports lead, in the shapes in which devices tell it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from moving import PLATFORMS

from collectors.cabling import cabling
from collectors.ports import NO_CABLING, Cabling, Neighbour, ports
from collectors.recording import RecordingReader
from collectors.snmp.reader import Budget, Community, Target, Value
from collectors.visit import told, visited
from monitor.model import Device
from monitor.series import Series

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE = Device(name="sw-1", address="192.0.2.1", customer="customer-a", site="site-a")
IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
REMOTE, LOCAL = "1.0.8802.1.1.2.1.4.1.1", "1.0.8802.1.1.2.1.3.7.1"
PORT_1, PORT_2 = "GigabitEthernet1/0/1", "GigabitEthernet1/0/2"


def switch(*, up: bool = True, **aliases: str) -> dict[str, Value]:
    """Two ports with ifIndex 11 and 12, which LLDP counts as 1 and 2."""
    values: dict[str, Value] = {"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.32473"}
    for row, name in ((11, PORT_1), (12, PORT_2)):
        values |= {f"{IF}.2.{row}": name.encode(), f"{IFX}.1.{row}": name.encode(), f"{IF}.7.{row}": 1}
        values |= {f"{IF}.8.{row}": 1 if up else 2, f"{IFX}.18.{row}": aliases.get(f"port_{row - 10}", "").encode()}
        values |= {f"{LOCAL}.3.{row - 10}": name.encode(), f"{LOCAL}.4.{row - 10}": f"{name} Interface".encode()}
    return values


def neighbour(place: str = "4490.1.1", **told: Value) -> dict[str, Value]:
    """A row of lldpRemTable under the index `place`."""
    columns = {"chassis_kind": 4, "chassis": 5, "port_kind": 6, "port": 7, "descr": 8, "name": 9}
    return {f"{REMOTE}.{columns[name]}.{place}": value for name, value in told.items()}


CORE = neighbour(
    chassis_kind=4,
    chassis=bytes.fromhex("506f77eadca0"),
    port_kind=5,
    port=b"GE1/0/3",
    descr=b"to access",
    name=b"hf-core-1",
)


def found(values: dict[str, Value], before: Cabling = NO_CABLING) -> Cabling:
    target = Target(address="192.0.2.1", credential=Community(community="x"))
    visit = asyncio.run(visited(DEVICE, [target], RecordingReader(values), PLATFORMS, NOON, Budget()))
    return cabling(told(visit), before)


def test_neighbour_is_found_by_the_name_of_the_local_port_and_not_by_its_number() -> None:
    cables = found(switch() | CORE)
    assert cables.neighbours == {PORT_1: Neighbour(name="hf-core-1", port="GE1/0/3")}
    assert cables.notes == {PORT_1: "→ hf-core-1 GE1/0/3"}


def test_device_that_lists_no_local_ports_counts_them_as_the_interfaces() -> None:
    values = {oid: value for oid, value in switch().items() if not oid.startswith(LOCAL)}
    assert found(values | neighbour("0.12.1", name=b"other")).neighbours == {PORT_2: Neighbour(name="other")}


def test_neighbour_without_a_name_is_called_by_its_address() -> None:
    mac = bytes.fromhex("506f77eadca0")
    cables = found(switch() | neighbour(chassis_kind=4, chassis=mac, port_kind=3, port=mac))
    assert cables.neighbours[PORT_1] == Neighbour(name="50:6f:77:ea:dc:a0", port="50:6f:77:ea:dc:a0")


def test_port_that_is_only_a_number_there_is_called_as_it_is_described() -> None:
    cables = found(switch() | neighbour(name=b"core-1", port_kind=7, port=b"517", descr=b"ethernet1/1/2"))
    assert cables.neighbours[PORT_1] == Neighbour(name="core-1", port="ethernet1/1/2")


@pytest.mark.parametrize("place", ["0", "0.7", "0.99.1"])
def test_neighbour_of_a_port_that_is_none_is_left_out(place: str) -> None:
    cables = found(switch() | neighbour(place, name=b"stray"))
    assert cables.neighbours == {}
    assert found(switch() | neighbour("1.1.1", chassis_kind=4, name=b"")).neighbours == {}


def test_of_several_neighbours_the_first_is_taken() -> None:
    values = switch() | neighbour("0.1.1", name=b"telephone") | neighbour("0.1.2", name=b"computer")
    assert found(values).neighbours[PORT_1].name == "telephone"


@pytest.mark.parametrize(
    ("alias", "said"),
    [
        ("uplink to the core", "uplink to the core"),
        ("上联核心", "上联核心"),
        (f"{PORT_1} Interface", None),
        (f"HUAWEI, Quidway Series, {PORT_1} Interface", None),
        (PORT_1, None),
        ("", None),
        ("x" * 500, "x" * 80),
        ("two\nlines\u202e", "two lines"),
    ],
)
def test_description_is_what_people_wrote(alias: str, said: str | None) -> None:
    assert found(switch(port_1=alias)).descriptions == ({PORT_1: said} if said else {})


def test_port_that_went_down_keeps_its_neighbour_until_it_is_up_again() -> None:
    before = found(switch(port_1="uplink") | CORE)
    down = found(switch(up=False, port_1="uplink"), before)
    assert down.neighbours == before.neighbours
    assert down.notes == {PORT_1: "uplink, → hf-core-1 GE1/0/3"}
    assert found(switch(), down).neighbours == {}


def test_what_says_the_same_stays_the_same_object() -> None:
    target = Target(address="192.0.2.1", credential=Community(community="x"))
    reader = RecordingReader(switch() | CORE)
    first = asyncio.run(visited(DEVICE, [target], reader, PLATFORMS, NOON, Budget()))
    one = told(first)
    second = asyncio.run(visited(DEVICE, [target], reader, PLATFORMS, NOON, Budget(), first))
    cables = cabling(one)
    assert cabling(told(second, one), cables) is cables


def test_series_say_where_ports_lead_until_they_lead_elsewhere() -> None:
    target = Target(address="192.0.2.1", credential=Community(community="x"))
    reader = RecordingReader(switch(port_1='the "uplink"') | CORE)
    now = told(asyncio.run(visited(DEVICE, [target], reader, PLATFORMS, NOON, Budget())))
    cables, series = cabling(now), Series()

    def lines(leads: Cabling) -> list[str]:
        series.visited(DEVICE, now.visit.identity, now.observations, None, NOON, ports(now, leads))
        text = series.of("sw-1") or b""
        return [line for line in text.decode().splitlines() if line.startswith("netvigil_interface_info{")]

    start = 'netvigil_interface_info{target="sw-1",customer="customer-a",site="site-a"'
    assert lines(cables) == [
        f'{start},interface="{PORT_1}",alias="the \\"uplink\\"",neighbour="hf-core-1",neighbour_port="GE1/0/3"}} 1'
    ]
    assert lines(cables) == lines(cables)
    assert lines(replace(cables, neighbours={}, descriptions={})) == []
