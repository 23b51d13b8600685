"""What every simulated box tells: the system group, ENTITY-MIB and IF-MIB. The boxes of each maker build on it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.values import Growing, Told
from collectors.snmp.codec import Kind

_SYSTEM = "1.3.6.1.2.1.1"
_ENTITY = "1.3.6.1.2.1.47.1.1.1.1"  # entPhysicalEntry, RFC 6933
_IF = "1.3.6.1.2.1.2.2.1"  # ifEntry, RFC 2863
_IFX = "1.3.6.1.2.1.31.1.1.1"  # ifXEntry
_GAUGE32_MAX = 2**32 - 1
UP, DOWN = 1, 2
NO_VALUE = 2_147_483_647
FLAP = 6.0
"""Seconds that a flapping port is down, and up, if nobody says otherwise."""

Trouble = Callable[[int, int], dict[str, Told]]
"""What a box tells when something breaks, by slot (or member) and number of the part."""


class Box(Protocol):
    """A device of some maker before it is built, and what may happen to it."""

    @property
    def first_slot(self) -> int:
        """The slot or member that is meant where none is named."""

    @property
    def troubles(self) -> Mapping[str, Trouble]:
        """What may break, by name."""

    def built(self, device: SimulatedDevice) -> None:
        """Fill `device` with all that the box tells."""


def gauge(number: int) -> Told:
    """A Gauge32, or an Unsigned32, which travels as one."""
    return Kind.GAUGE32, number


def object_id(oid: str) -> Told:
    """An OBJECT IDENTIFIER as a value."""
    return Kind.OBJECT_IDENTIFIER, oid


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A row of entPhysicalTable; `kind` is entPhysicalClass."""

    index: int
    name: str
    kind: int
    within: int = 0
    position: int = 0
    model: str = ""
    serial: str = ""
    part_number: str = ""
    version: str = ""


CHASSIS, CONTAINER, POWER_SUPPLY, FAN, SENSOR, MODULE, PORT, STACK = 3, 5, 6, 7, 8, 9, 10, 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A row of ifTable and ifXTable."""

    index: int
    name: str
    alias: str = ""
    mbps: int = 1000
    up: bool = True
    kind: int = 6  # ethernetCsmacd


def row(device: SimulatedDevice, entry: str, index: str | int, columns: Mapping[int, Told]) -> None:
    """Set one row of a table: `columns` by their number below `entry`."""
    for column, value in columns.items():
        device.set(f"{entry}.{column}.{index}", value)


def system(device: SimulatedDevice, *, descr: str, identity: str, name: str | bytes, location: str | bytes) -> None:
    """The system group (RFC 3418)."""
    values: dict[int, Told] = {
        1: descr,
        2: object_id(identity),
        3: (Kind.TIME_TICKS, 864_000_000),
        4: "noc@example.org",
        5: name,
        6: location,
        7: 78,
    }
    for number, value in values.items():
        device.set(f"{_SYSTEM}.{number}.0", value)


def entities(device: SimulatedDevice, rows: Iterable[Entity]) -> None:
    """The physical entities, as the device orders them."""
    for entity in rows:
        columns: dict[int, Told] = {
            2: entity.name,
            4: entity.within,
            5: entity.kind,
            6: entity.position,
            7: entity.name,
            8: entity.part_number,
            9: "",
            10: entity.version,
            11: entity.serial,
            12: "",
            13: entity.model,
            16: 1 if entity.serial else 2,
        }
        row(device, _ENTITY, entity.index, columns)


def oper_status(port: Port) -> str:
    """The instance of ifOperStatus."""
    return f"{_IF}.8.{port.index}"


def interfaces(device: SimulatedDevice, ports: Iterable[Port]) -> None:
    """The interfaces, with counters that grow on those that are up."""
    for port in ports:
        octets = port.mbps * 4_000 * port.up
        status = UP if port.up else DOWN
        columns: dict[int, Told] = {
            1: port.index,
            2: port.name,
            3: port.kind,
            4: 1500,
            5: gauge(min(port.mbps * 1_000_000, _GAUGE32_MAX)),
            6: b"\x02\x00\x5e" + port.index.to_bytes(4, "big")[-3:],
            7: UP,
            8: status,
            9: (Kind.TIME_TICKS, 6000),
            10: Growing(kind=Kind.COUNTER32, per_second=octets),
            13: (Kind.COUNTER32, 0),
            14: (Kind.COUNTER32, 0),
            16: Growing(kind=Kind.COUNTER32, per_second=octets / 2),
            19: (Kind.COUNTER32, 0),
            20: (Kind.COUNTER32, 0),
        }
        row(device, _IF, port.index, columns)
        extended: dict[int, Told] = {
            1: port.name,
            6: Growing(per_second=octets),
            10: Growing(per_second=octets / 2),
            15: gauge(port.mbps),
            17: 1,
            18: port.alias,
        }
        row(device, _IFX, port.index, extended)
