"""Simulated Huawei switches with VRP: HUAWEI-ENTITY-EXTENT-MIB, HUAWEI-STACK-MIB and what every box tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collectors.simulate.boxes import (
    CHASSIS,
    DOWN,
    FAN,
    FLAP,
    MODULE,
    NO_VALUE,
    PORT,
    POWER_SUPPLY,
    UP,
    Entity,
    Port,
    Trouble,
    entities,
    interfaces,
    oper_status,
    row,
    system,
)
from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.values import Alternating, Told

_HUAWEI = "1.3.6.1.4.1.2011"
_EXTENT = f"{_HUAWEI}.5.25.31"  # HUAWEI-ENTITY-EXTENT-MIB
_STATE = f"{_EXTENT}.1.1.1.1"
_OPTIC = f"{_EXTENT}.1.1.3.1"
_TEMPERATURE = f"{_EXTENT}.1.1.8.1"
_VOLTAGE = f"{_EXTENT}.1.1.9.1"
_FAN = f"{_EXTENT}.1.1.10.1"
_POWER = f"{_EXTENT}.1.1.18.1"
_MODEL = f"{_EXTENT}.6.5.0"
_STACK = f"{_HUAWEI}.5.25.183.1"  # HUAWEI-STACK-MIB
_PATCH = f"{_HUAWEI}.5.25.19.1.8.5.1.1.4"  # hwPatchVersion, HUAWEI-SYS-MAN-MIB

_BOARD = 67_108_867  # entPhysicalIndex as VRP counts: one block per slot, 2^18 apart
_SLOT = 262_144
_OPER, _CPU, _TEMP = 2, 5, 11
_ENABLED, _DISABLED = 3, 2
_NO_ALARM = b"\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class VrpSwitch:
    """A Huawei switch of one member, or a stack of several, all of one model.

    `optics` are the last so many ports of each member; `down` names ports with nothing plugged in.
    """

    model: str
    version: str
    identity: str
    name: str | bytes
    location: str | bytes
    serials: Sequence[str]
    copper: int = 24
    optics: int = 4
    optic_mbps: int = 10_000
    patch: str = "V200R021SPH130"
    down: frozenset[str] = field(default_factory=frozenset)
    fans: int = 2
    supplies: int = 2

    @property
    def _slots(self) -> range:
        """VRP counts the slots of a stack from 1 here, a lone switch is slot 0."""
        return range(1, len(self.serials) + 1) if len(self.serials) > 1 else range(1)

    @property
    def _member_names(self) -> Iterator[tuple[int, str]]:
        return zip(self._slots, self.serials, strict=True)

    @property
    def first_slot(self) -> int:
        """0 of a lone switch, else 1."""
        return self._slots[0]

    @property
    def troubles(self) -> Mapping[str, Trouble]:
        """What may break, by name; each is a function of slot and number."""
        return {
            "psu_failed": self.broken_supply,
            "fan_failed": self.broken_fan,
            "optic_dark": self.dark_optic,
            "cpu_hot": lambda slot, _: self.hot_cpu(slot),
            "board_hot": lambda slot, _: self.hot_board(slot),
            "stack_port_down": self.down_stack_port,
            "port_flapping": lambda slot, number: self.flapping_port(slot, number, FLAP),
        }

    def board(self, slot: int) -> int:
        """The entPhysicalIndex of the board in `slot`."""
        return _BOARD + slot * _SLOT

    def port_name(self, slot: int, number: int) -> str:
        """The name of the port `number`, counted over copper and optics."""
        if number <= self.copper:
            return f"GigabitEthernet{slot}/0/{number}"
        kind = "XGigabitEthernet" if self.optic_mbps >= 10_000 else "GigabitEthernet"  # noqa: PLR2004 - 10 Gbit/s
        return f"{kind}{slot}/0/{number - self.copper if self.optic_mbps >= 10_000 else number}"  # noqa: PLR2004 - same

    def port(self, slot: int, number: int) -> Port:
        """The port `number` of `slot`."""
        name = self.port_name(slot, number)
        return Port(
            index=5 + (slot * 64) + number,
            name=name,
            alias=f"to-{name[-5:]}" if number % 5 == 0 else "",
            mbps=1000 if number <= self.copper else self.optic_mbps,
            up=name not in self.down,
        )

    def _ports(self, slot: int) -> Iterator[Port]:
        return (self.port(slot, number) for number in range(1, self.copper + self.optics + 1))

    def _entities(self) -> Iterator[Entity]:
        for slot, serial in self._member_names:
            board = self.board(slot)
            frame = board - 1
            yield Entity(
                index=frame, name=f"{self.model} frame {slot}", kind=CHASSIS, position=slot,
                model=self.model, serial=serial, part_number=serial[2:10], version=self.version,
            )  # fmt: skip
            yield Entity(
                index=board, name=f"{self.model} {slot}", kind=MODULE, within=frame, position=slot,
                model=self.model, serial=serial, part_number=serial[2:10], version=self.version,
            )  # fmt: skip
            for number in range(1, self.fans + 1):
                yield Entity(
                    index=board + 10 + number, name=f"FAN Card {slot}/{number}", kind=FAN, within=frame,
                    position=number, model="FAN-031A-B", serial=f"2102310031{serial[-8:]}F{number}",
                    part_number="02310031",
                )  # fmt: skip
            for number in range(1, self.supplies + 1):
                yield Entity(
                    index=board + 20 + number, name=f"POWER Card {slot}/PWR{number}", kind=POWER_SUPPLY, within=frame,
                    position=number, model="PAC150S12-R", serial=f"2102310150{serial[-8:]}P{number}",
                    part_number="02310150",
                )  # fmt: skip
            for number, port in enumerate(self._ports(slot), 1):
                yield Entity(index=board + 100 + number, name=port.name, kind=PORT, within=board, position=number)

    def built(self, device: SimulatedDevice) -> None:
        """Fill `device` with all that the switch tells."""
        descr = (
            f"{self.model}\r\nHuawei Versatile Routing Platform Software\r\n"
            f"VRP (R) software, Version 5.170 ({self.model.split('-')[0]} {self.version})"
        )
        system(device, descr=descr, identity=self.identity, name=self.name, location=self.location)
        entities(device, self._entities())
        device.set(_MODEL, self.model)
        for slot in self._slots:
            interfaces(device, self._ports(slot))
            self._build_slot(device, slot)
            row(device, _PATCH.rpartition(".")[0], f"{slot}.1", {4: self.patch})
        if len(self.serials) > 1:
            self._build_stack(device)

    def _build_slot(self, device: SimulatedDevice, slot: int) -> None:
        board = self.board(slot)
        row(device, _STATE, board, _state(cpu=11, memory=38, temperature=41, limit=68))
        for number in range(1, self.fans + 1):
            row(device, _STATE, board + 10 + number, _state())
            row(device, _FAN, f"{slot}.{number}", {3: 1, 5: 45, 6: 1, 7: 1, 8: f"FAN {slot}/{number}"})
        for number in range(1, self.supplies + 1):
            row(device, _STATE, board + 20 + number, _state())
            columns: Mapping[int, Told] = {3: 1, 4: 3, 5: 1, 6: 1, 7: 2500, 8: 12_050, 9: f"PWR{number}", 10: 150}
            row(device, _POWER, f"{slot}.{number}", columns)
        row(device, _TEMPERATURE, f"{slot}.1.72.1", {5: 1, 6: 41, 7: 63, 8: 68, 9: 75})
        row(device, _VOLTAGE, f"{slot}.1.40.1", {5: 1, 7: 3310, 9: 2970, 11: 3630})
        for number, port in enumerate(self._ports(slot), 1):
            row(device, _STATE, board + 100 + number, _state())
            if number > self.copper:
                row(device, _OPTIC, board + 100 + number, _optic(port, number))

    def _build_stack(self, device: SimulatedDevice) -> None:
        device.set(f"{_STACK}.1.0", 1)
        last = len(self.serials)
        for slot, _ in self._member_names:
            role = 1 if slot == 1 else 2
            columns: Mapping[int, Told] = {2: 200 if slot == 1 else 150, 3: role, 4: f"00e0-fc00-00{slot:02}"}
            row(device, f"{_STACK}.20.1", slot, {**columns, 5: self.model})
            for port in (1, 2):
                other = slot % last + 1
                told: Mapping[int, Told] = {3: f"STACK {port}", 4: f"stack-port{other}/{3 - port}", 5: UP}
                row(device, f"{_STACK}.21.1", f"{slot}.{port}", told)

    def broken_supply(self, slot: int, number: int) -> dict[str, Told]:
        """A power supply that no longer supplies."""
        entity = self.board(slot) + 20 + number
        return {
            f"{_POWER}.6.{slot}.{number}": 2,
            f"{_POWER}.7.{slot}.{number}": 0,
            f"{_POWER}.8.{slot}.{number}": 0,
            f"{_STATE}.{_OPER}.{entity}": _DISABLED,
        }

    def broken_fan(self, slot: int, number: int) -> dict[str, Told]:
        """A fan that stands still."""
        entity = self.board(slot) + 10 + number
        return {
            f"{_FAN}.5.{slot}.{number}": 0,
            f"{_FAN}.7.{slot}.{number}": 2,
            f"{_STATE}.{_OPER}.{entity}": _DISABLED,
        }

    def dark_optic(self, slot: int, number: int) -> dict[str, Told]:
        """An optic that receives −28.5 dBm, far below its low alarm of −14.4 dBm; its link goes down with the light."""
        return {
            f"{_OPTIC}.8.{self.board(slot) + 100 + number}": -2850,
            oper_status(self.port(slot, number)): DOWN,
        }

    def pulled_optic(self, slot: int, number: int) -> dict[str, Told | None]:
        """An optic that somebody pulls: its row goes, and the link goes down."""
        entity, port = self.board(slot) + 100 + number, self.port(slot, number)
        return {**{f"{_OPTIC}.{column}.{entity}": None for column in _optic(port, number)}, oper_status(port): DOWN}

    def hot_cpu(self, slot: int) -> dict[str, Told]:
        """A CPU at 97 %, above its threshold of 80 %."""
        return {f"{_STATE}.{_CPU}.{self.board(slot)}": 97}

    def hot_board(self, slot: int) -> dict[str, Told]:
        """A board at 71 °C, above its threshold of 68 °C."""
        return {f"{_STATE}.{_TEMP}.{self.board(slot)}": 71}

    def down_stack_port(self, slot: int, port: int) -> dict[str, Told]:
        """A stack port without its cable."""
        return {f"{_STACK}.21.1.5.{slot}.{port}": DOWN}

    def flapping_port(self, slot: int, number: int, seconds: float) -> dict[str, Told]:
        """A port that is down and up in turn, each for so many `seconds`."""
        return {oper_status(self.port(slot, number)): Alternating(values=(DOWN, UP), seconds=seconds)}


def _state(*, cpu: int = 0, memory: int = 0, temperature: int = NO_VALUE, limit: int = NO_VALUE) -> dict[int, Told]:
    """The columns of hwEntityStateTable; 0 and 2147483647 are no values."""
    return {
        1: 4, 2: _ENABLED, 3: 4, 4: _NO_ALARM,
        5: cpu, 6: 80 if cpu else 0, 7: memory, 8: 95 if memory else 0, 9: 1_073_741_824 if cpu else 0,
        10: 8_640_000, 11: temperature, 12: limit, 13: NO_VALUE, 16: 0,
    }  # fmt: skip


def _optic(port: Port, number: int) -> dict[int, Told]:
    """The columns of hwOpticalModuleInfoTable: powers in dBm times 100 where they are negative."""
    return {
        1: 2, 4: f"DEMO{port.index:08}", 5: 35, 6: 3312, 7: 6100, 8: -512 - number if port.up else -4000, 9: -230,
        10: 11, 13: -1440, 14: 50, 15: -820, 16: 50, 20: -1240, 21: -20, 25: "OMXD30000", 32: "", 33: "",
    }  # fmt: skip
