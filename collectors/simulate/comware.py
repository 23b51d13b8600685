"""Simulated H3C switches with Comware: HH3C-ENTITY-EXT, LswDEVM, STACK and TRANSCEIVER-INFO, at either root."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collectors.simulate.boxes import (
    CHASSIS,
    CONTAINER,
    DOWN,
    FAN,
    FLAP,
    MODULE,
    PORT,
    POWER_SUPPLY,
    SENSOR,
    STACK,
    UP,
    Entity,
    Port,
    Trouble,
    entities,
    gauge,
    interfaces,
    oper_status,
    row,
    system,
)
from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.values import Alternating, Told

_NEW = ("1.3.6.1.4.1.25506.2", "1.3.6.1.4.1.25506.8.35")  # hh3cCommon, hh3clswCommon
_OLD = ("1.3.6.1.4.1.2011.10.2", "1.3.6.1.4.1.2011.2.23.1")  # h3cCommon, huaweiLswCommon of older Comware V5
_CPU, _TEMP = 6, 12
_NO_VALUE = 65_535
_ACTIVE, _DEACTIVE = 1, 2
_NORMAL, _ENTITY_ABSENT = 2, 4
_LOW_ALARM, _LOW_WARN = -18.01, -14.40  # dBm


def _tenths_of_microwatts(dbm: float) -> int:
    return round(10_000 * math.pow(10, dbm / 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComwareSwitch:
    """An H3C switch of one member, or an IRF fabric of several, all of one model."""

    model: str
    version: str
    identity: str
    name: str | bytes
    location: str | bytes
    serials: Sequence[str]
    copper: int = 24
    optics: int = 4
    optic_mbps: int = 10_000
    old_root: bool = False
    down: frozenset[str] = field(default_factory=frozenset)
    fans: int = 2
    supplies: int = 2

    @property
    def first_slot(self) -> int:
        """Members are counted from 1."""
        return 1

    @property
    def troubles(self) -> Mapping[str, Trouble]:
        """What may break, by name; each is a function of member and number."""
        return {
            "psu_failed": self.broken_supply,
            "fan_failed": self.broken_fan,
            "optic_dark": self.dark_optic,
            "cpu_hot": lambda member, _: self.hot_cpu(member),
            "board_hot": lambda member, _: self.hot_board(member),
            "stack_port_down": self.down_irf_port,
            "port_flapping": lambda member, number: self.flapping_port(member, number, FLAP),
        }

    @property
    def _common(self) -> str:
        return (_OLD if self.old_root else _NEW)[0]

    @property
    def _devm(self) -> str:
        return f"{(_OLD if self.old_root else _NEW)[1]}.9.1"

    @property
    def _state(self) -> str:
        return f"{self._common}.6.1.1.1.1"

    @property
    def _optic(self) -> str:
        return f"{self._common}.70.1.1.1"

    @property
    def _irf(self) -> str:
        return f"{self._common}.91"

    @property
    def _members(self) -> range:
        return range(1, len(self.serials) + 1)

    def _base(self, member: int) -> int:
        return member * 1000

    def _number(self, member: int, number: int, each: int) -> int:
        """LswDEVM counts fans and supplies over all members."""
        return (member - 1) * each + number

    def port_name(self, member: int, number: int) -> str:
        """The name of the port `number`, counted over copper and optics."""
        ten = number > self.copper and self.optic_mbps >= 10_000  # noqa: PLR2004 - 10 Gbit/s
        return f"{'Ten-GigabitEthernet' if ten else 'GigabitEthernet'}{member}/0/{number}"

    def port(self, member: int, number: int) -> Port:
        """The port `number` of `member`."""
        name = self.port_name(member, number)
        return Port(
            index=(member - 1) * 64 + number,
            name=name,
            alias=f"{name} Interface",
            mbps=1000 if number <= self.copper else self.optic_mbps,
            up=name not in self.down,
        )

    def _ports(self, member: int) -> Iterator[Port]:
        return (self.port(member, number) for number in range(1, self.copper + self.optics + 1))

    def _entities(self) -> Iterator[Entity]:
        if len(self.serials) > 1:
            yield Entity(index=1, name="IRF", kind=STACK)
        for member, serial in zip(self._members, self.serials, strict=True):
            base = self._base(member)
            yield Entity(
                index=base, name=f"{self.model} Chassis {member}", kind=CHASSIS, within=len(self.serials) > 1,
                position=member, model=self.model, serial=serial, part_number=f"0235A{serial[-3:]}",
                version=self.version,
            )  # fmt: skip
            yield Entity(index=base + 1, name=f"Container {member}", kind=CONTAINER, within=base)
            yield Entity(index=base + 2, name=f"Board {member}", kind=MODULE, within=base + 1, position=member)
            yield Entity(index=base + 3, name=f"Temperature sensor {member}", kind=SENSOR, within=base + 2)
            for number in range(1, self.fans + 1):
                yield Entity(
                    index=base + 10 + number, name=f"Fan {member}/{number}", kind=FAN, within=base, position=number,
                    model="LSPM1FANSA", serial=f"{serial}F{number}",
                )  # fmt: skip
            for number in range(1, self.supplies + 1):
                yield Entity(
                    index=base + 20 + number, name=f"PSU {member}/{number}", kind=POWER_SUPPLY, within=base,
                    position=number, model="PSR150-A1", serial=f"{serial}P{number}",
                )  # fmt: skip
            for number, port in enumerate(self._ports(member), 1):
                yield Entity(index=base + 100 + number, name=port.name, kind=PORT, within=base + 2, position=number)

    def built(self, device: SimulatedDevice) -> None:
        """Fill `device` with all that the switch tells."""
        descr = f"H3C Comware Platform Software, Software Version {self.version}\r\nH3C {self.model}"
        system(device, descr=descr, identity=self.identity, name=self.name, location=self.location)
        entities(device, self._entities())
        for member in self._members:
            interfaces(device, self._ports(member))
            self._build_member(device, member)
        if len(self.serials) > 1:
            self._build_irf(device)

    def _build_member(self, device: SimulatedDevice, member: int) -> None:
        base = self._base(member)
        row(device, self._state, base, _state())
        row(device, self._state, base + 2, _state(cpu=14, memory=46, temperature=43))
        row(device, self._state, base + 3, _state(temperature=43))
        for number in range(1, self.fans + 1):
            row(device, self._state, base + 10 + number, _state())
            place = self._number(member, number, self.fans)
            row(device, f"{self._devm}.1.1", place, {1: place, 2: _ACTIVE, 3: base + 10 + number, 7: 5200})
        for number in range(1, self.supplies + 1):
            row(device, self._state, base + 20 + number, _state())
            place = self._number(member, number, self.supplies)
            columns: Mapping[int, Told] = {1: place, 2: _ACTIVE, 3: base + 20 + number, 7: 61_000}
            row(device, f"{self._devm}.2.1", place, columns)
        row(device, f"{self._devm}.3.1", f"{member}.0.1", {2: 1, 3: 43, 4: 75, 5: 0})
        for number, port in enumerate(self._ports(member), 1):
            row(device, self._state, base + 100 + number, _state(error=_NORMAL if port.up else _ENTITY_ABSENT))
            if number > self.copper:
                row(device, self._optic, port.index, _optic(port, number))

    def _build_irf(self, device: SimulatedDevice) -> None:
        count = len(self.serials)
        scalars: Mapping[str, Told] = {"1.2.0": count, "1.7.0": 2, "1.8.0": gauge(10)}
        for tail, value in scalars.items():
            device.set(f"{self._irf}.{tail}", value)
        for member in self._members:
            base = self._base(member)
            row(device, f"{self._irf}.2.1", base, {1: member, 3: 32 if member == 1 else 1})
            row(device, f"{self._irf}.3.1", base + 2, {1: 2 if member == 1 else 1})
            for port in (1, 2):
                other = member % count + 1
                row(device, f"{self._irf}.4.1", f"{member}.{port}", {2: 2, 3: UP, 4: other})

    def broken_supply(self, member: int, number: int) -> dict[str, Told]:
        """A power supply that no longer supplies."""
        place = self._number(member, number, self.supplies)
        return {
            f"{self._devm}.2.1.2.{place}": _DEACTIVE,
            f"{self._devm}.2.1.7.{place}": 0,
        }

    def broken_fan(self, member: int, number: int) -> dict[str, Told]:
        """A fan that stands still."""
        place = self._number(member, number, self.fans)
        return {
            f"{self._devm}.1.1.2.{place}": _DEACTIVE,
            f"{self._devm}.1.1.7.{place}": 0,
        }

    def dark_optic(self, member: int, number: int) -> dict[str, Told]:
        """An optic that receives −30.1 dBm, far below its low alarm of −18 dBm; its link goes down with the light."""
        port = self.port(member, number)
        return {f"{self._optic}.12.{port.index}": -3010, oper_status(port): DOWN}

    def hot_cpu(self, member: int) -> dict[str, Told]:
        """A CPU at 96 %, above its threshold of 80 %."""
        board = self._base(member) + 2
        return {f"{self._state}.{_CPU}.{board}": 96, f"{self._state}.34.{board}": 94}

    def hot_board(self, member: int) -> dict[str, Told]:
        """A sensor at 72 °C: above its limit of 65 °C, below its critical limit of 80 °C."""
        return {f"{self._state}.{_TEMP}.{self._base(member) + 3}": 72}

    def down_irf_port(self, member: int, port: int) -> dict[str, Told]:
        """An IRF port without its cable: the ring is a chain now."""
        return {
            f"{self._irf}.4.1.3.{member}.{port}": DOWN,
            f"{self._irf}.4.1.4.{member}.{port}": 0,
            f"{self._irf}.1.7.0": 1,
        }

    def flapping_port(self, member: int, number: int, seconds: float) -> dict[str, Told]:
        """A port that is down and up in turn, each for so many `seconds`."""
        return {oper_status(self.port(member, number)): Alternating(values=(DOWN, UP), seconds=seconds)}


def _state(*, cpu: int = 0, memory: int = 0, temperature: int = _NO_VALUE, error: int = _NORMAL) -> dict[int, Told]:
    """The columns of hh3cEntityExtStateTable; 65535 is no temperature."""
    measured = temperature != _NO_VALUE
    return {
        2: 4, 3: 3, 4: 1, 5: b"\x00",
        6: cpu, 7: 80 if cpu else 0, 8: memory, 9: 90 if memory else 0, 10: gauge(536_870_912 if cpu else 0),
        12: temperature, 13: 65 if measured else _NO_VALUE, 17: 80 if measured else _NO_VALUE, 19: error,
        22: 90 if measured else _NO_VALUE, 34: cpu,
    }  # fmt: skip


def _optic(port: Port, number: int) -> dict[int, Told]:
    """The columns of hh3cTransceiverInfoTable: powers in dBm times 100, their limits in tenths of microwatts."""
    return {
        8: 1, 9: -221, 12: -540 - number if port.up else -3696, 15: 36, 16: 330, 17: 3541,
        18: 75_000, 31: _tenths_of_microwatts(-11.30), 35: _tenths_of_microwatts(_LOW_ALARM),
        37: _tenths_of_microwatts(_LOW_WARN), 38: b"\x00\x00\x00", 57: round(_LOW_ALARM * 100),
    }  # fmt: skip
