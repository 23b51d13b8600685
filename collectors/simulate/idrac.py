"""Simulated Dell servers, as their iDRAC tells of them: IDRAC-MIB-SMIv2 with probes, storage and roll-ups."""

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.simulate.boxes import Port, Trouble, gauge, interfaces, row, system
from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.values import Told

_IDRAC = "1.3.6.1.4.1.674.10892.5"
_ROLL_UP = f"{_IDRAC}.4.200.10.1"  # systemStateTable
_INTRUSION = f"{_IDRAC}.4.300.70.1"
_UNIT = f"{_IDRAC}.4.600.10.1"  # powerUnitTable
_SUPPLY = f"{_IDRAC}.4.600.12.1"
_VOLTAGE = f"{_IDRAC}.4.600.20.1"
_AMPERAGE = f"{_IDRAC}.4.600.30.1"
_BATTERY = f"{_IDRAC}.4.600.50.1"
_COOLING_UNIT = f"{_IDRAC}.4.700.10.1"
_COOLING = f"{_IDRAC}.4.700.12.1"
_TEMPERATURE = f"{_IDRAC}.4.700.20.1"
_PROCESSOR = f"{_IDRAC}.4.1100.30.1"
_PROCESSOR_STATUS = f"{_IDRAC}.4.1100.32.1"
_MEMORY = f"{_IDRAC}.4.1100.50.1"
_NETWORK = f"{_IDRAC}.4.1100.90.1"
_STORAGE = f"{_IDRAC}.5.1.20"
_CONTROLLER = f"{_STORAGE}.130.1.1"
_ENCLOSURE = f"{_STORAGE}.130.3.1"
_DISK = f"{_STORAGE}.130.4.1"
_CACHE_BATTERY = f"{_STORAGE}.130.15.1"
_VIRTUAL_DISK = f"{_STORAGE}.140.1.1"

_OK, _NON_CRITICAL, _CRITICAL = 3, 4, 5  # ObjectStatusEnum, and the first of StatusProbeEnum
_FULL, _LOST = 3, 5  # StatusRedundancyEnum
_NON_CRITICAL_UPPER, _CRITICAL_LOWER = 4, 8  # StatusProbeEnum
_GLOBAL, _STORAGE_STATUS = f"{_IDRAC}.2.1.0", f"{_IDRAC}.2.3.0"
# columns of systemStateTable
_POWER_REDUNDANCY, _POWER_SUPPLIES, _COOLING_DEVICES, _TEMPERATURES = 6, 9, 21, 24
_REDUNDANCIES = (6, 18)
_COMBINED = (2, 4, 9, 12, 15, 21, 24, 27, 30, 50, 52)


@dataclass(frozen=True, slots=True, kw_only=True)
class DellServer:
    """A PowerEdge server. `tag` is its service tag, by which the maker knows all its parts."""

    model: str
    firmware: str
    tag: str
    name: str | bytes
    location: str | bytes
    disks: int = 4
    dimms: int = 8
    fans: int = 6
    supply_watts: int = 750

    @property
    def first_slot(self) -> int:
        """A server has one of all, whose number nobody asks for."""
        return 1

    @property
    def troubles(self) -> Mapping[str, Trouble]:
        """What may break, by name; each is a function of a slot, which says nothing, and a number."""
        return {
            "psu_failed": lambda _, number: self.broken_supply(number),
            "fan_failed": lambda _, number: self.broken_fan(number),
            "disk_failed": lambda _, number: self.broken_disk(number),
            "inlet_hot": lambda _slot, _number: self.hot_inlet(),
        }

    def built(self, device: SimulatedDevice) -> None:
        """Fill `device` with all that the iDRAC tells."""
        system(device, descr="", identity=_IDRAC, name=self.name, location=self.location)
        interfaces(device, [Port(index=1, name="lo", mbps=10, kind=24), Port(index=2, name="eth0")])
        scalars: Mapping[str, Told] = {
            "1.1.1.0": "Integrated Remote Access Controller", "1.1.2.0": "iDRAC9", "1.1.8.0": self.firmware,
            "1.3.1.0": self.name, "1.3.2.0": self.tag, "1.3.12.0": self.model, "2.1.0": _OK, "2.2.0": _OK,
            "2.3.0": _OK, "2.4.0": 4, "2.5.0": gauge(8_640_000),
        }  # fmt: skip
        for tail, value in scalars.items():
            device.set(f"{_IDRAC}.{tail}", value)
        states: dict[int, Told] = {1: 1, **dict.fromkeys(_COMBINED, _OK), **dict.fromkeys(_REDUNDANCIES, _FULL)}
        row(device, _ROLL_UP, 1, states)
        row(device, _INTRUSION, "1.1", {5: _OK, 6: 1, 8: "System Board Intrusion"})
        self._build_power(device)
        self._build_cooling(device)
        self._build_board(device)
        self._build_storage(device)

    def _build_power(self, device: SimulatedDevice) -> None:
        row(device, _UNIT, "1.1", {5: _FULL, 7: "System Board PS Redundancy", 8: _OK})
        for number in (1, 2):
            columns: Mapping[int, Told] = {
                4: 242, 5: _OK, 6: self.supply_watts * 10, 7: 9, 8: f"PS{number} Status", 9: 230, 10: number, 11: 1,
                14: self.supply_watts * 11, 15: f"PSU.Slot.{number}", 16: 230,
            }  # fmt: skip
            row(device, _SUPPLY, f"1.{number}", columns)
            row(device, _VOLTAGE, f"1.{number}", {5: _OK, 6: 230_000, 7: 1, 8: f"PS{number} Voltage {number}"})
            row(device, _AMPERAGE, f"1.{number}", {5: _OK, 6: 6, 7: 23, 8: f"PS{number} Current {number}"})
        row(device, _VOLTAGE, "1.3", {5: _OK, 7: 16, 8: "CPU1 VCORE PG", 16: 1})
        watts: Mapping[int, Told] = {5: _OK, 6: 182, 7: 26, 8: "System Board Pwr Consumption", 10: 980, 11: 896}
        row(device, _AMPERAGE, "1.3", watts)
        row(device, _BATTERY, "1.1", {5: _OK, 6: 4, 7: "System Board CMOS Battery"})

    def _build_cooling(self, device: SimulatedDevice) -> None:
        row(device, _COOLING_UNIT, "1.1", {5: _FULL, 7: "System Board Fan Redundancy", 8: _OK})
        for number in range(1, self.fans + 1):
            columns: Mapping[int, Told] = {
                5: _OK, 6: 5160 + number * 60, 7: 3, 8: f"System Board Fan{number}", 12: 840, 13: 480,
                19: f"Fan.Embedded.{number}",
            }  # fmt: skip
            row(device, _COOLING, f"1.{number}", columns)
        inlet: Mapping[int, Told] = {
            5: _OK,
            6: 240,
            7: 3,
            8: "System Board Inlet Temp",
            10: 470,
            11: 420,
            12: 30,
            13: -70,
        }
        row(device, _TEMPERATURE, "1.1", inlet)
        for number in (1, 2):  # processors tell no warning limit, so the table has holes
            row(
                device, _TEMPERATURE, f"1.{number + 1}", {5: _OK, 6: 460, 7: 3, 8: f"CPU{number} Temp", 10: 870, 13: 30}
            )

    def _build_board(self, device: SimulatedDevice) -> None:
        for number in (1, 2):
            columns: Mapping[int, Told] = {
                5: _OK, 7: 3, 8: "Intel", 12: 2100, 17: 16, 18: 32, 23: "Xeon Gold 5218", 26: f"CPU.Socket.{number}",
            }  # fmt: skip
            row(device, _PROCESSOR, f"1.{number}", columns)
            row(device, _PROCESSOR_STATUS, f"1.{number}", {5: _OK, 6: 128, 7: f"CPU{number} Status"})
            nic: Mapping[int, Told] = {
                3: _OK, 4: number, 6: f"Ethernet 10G 2P Port {number}", 15: b"\x02\x00\x5e\x10\x00" + bytes((number,)),
                30: f"NIC.Integrated.1-{number}-1",
            }  # fmt: skip
            row(device, _NETWORK, f"1.{number}", nic)
        for number in range(1, self.dimms + 1):
            dimm: Mapping[int, Told] = {
                5: _OK, 7: 26, 8: f"DIMM.Socket.A{number}", 10: "A", 14: 33_554_432, 15: 2933, 21: "Memory Works",
                22: "M32G2933R", 23: f"{self.tag}D{number:02}", 26: f"DIMM.Socket.A{number}", 27: 2933,
            }  # fmt: skip
            row(device, _MEMORY, f"1.{number}", dimm)

    def _build_storage(self, device: SimulatedDevice) -> None:
        controller: Mapping[int, Told] = {
            1: 1, 2: "PERC H740P Mini (Embedded)", 8: "51.16.0-5150", 37: _OK, 38: _OK, 78: "RAID.Integrated.1-1",
            79: "Integrated RAID Controller 1",
        }  # fmt: skip
        row(device, _CONTROLLER, 1, controller)
        row(
            device,
            _CACHE_BATTERY,
            1,
            {1: 1, 4: 2, 6: _OK, 20: "Battery.Integrated.1:RAID.Integrated.1-1", 21: "Battery"},
        )
        row(device, _ENCLOSURE, 1, {1: 1, 2: "BP14G+EXP 0:1", 4: 2, 23: _OK, 24: _OK, 30: "Enclosure.Internal.0-1"})
        for number in range(1, self.disks + 1):
            bay = number - 1
            disk: Mapping[int, Told] = {
                1: number, 2: f"Physical Disk 0:1:{bay}", 3: "DISKWORKS", 4: 3, 6: "DW1200MM",
                7: f"{self.tag}HD{bay:02}", 8: "NS01", 11: 1_143_808, 22: 1, 24: _OK, 27: f"PN-0DEMO{bay}", 31: 0,
                35: 1, 49: 255, 50: 1,
                54: f"Disk.Bay.{bay}:Enclosure.Internal.0-1:RAID.Integrated.1-1",
                55: self.disk_name(number),
            }  # fmt: skip
            row(device, _DISK, number, disk)
        virtual: Mapping[int, Told] = {
            1: 1, 2: "Virtual Disk 0", 4: 2, 6: 2_287_616, 13: 4, 20: _OK, 23: 0, 30: 1,
            35: "Disk.Virtual.0:RAID.Integrated.1-1", 36: "Virtual Disk 0 on Integrated RAID Controller 1",
        }  # fmt: skip
        row(device, _VIRTUAL_DISK, 1, virtual)

    @staticmethod
    def disk_name(number: int) -> str:
        """What the iDRAC calls a disk in full (physicalDiskDisplayName)."""
        return f"Disk {number - 1} in Backplane 1 of Integrated RAID Controller 1"

    def broken_supply(self, number: int) -> dict[str, Told]:
        """A power supply that failed: redundancy is lost and the roll-ups follow."""
        return {
            f"{_SUPPLY}.5.1.{number}": _CRITICAL,
            f"{_SUPPLY}.11.1.{number}": 1 | 2,  # presence and failure detected
            f"{_UNIT}.5.1.1": _LOST,
            f"{_ROLL_UP}.{_POWER_REDUNDANCY}.1": _LOST,
            f"{_ROLL_UP}.{_POWER_SUPPLIES}.1": _CRITICAL,
            **self._rolled_up(_CRITICAL),
        }

    def broken_fan(self, number: int) -> dict[str, Told]:
        """A fan that stands still."""
        return {
            f"{_COOLING}.5.1.{number}": _CRITICAL_LOWER,
            f"{_COOLING}.6.1.{number}": 0,
            f"{_ROLL_UP}.{_COOLING_DEVICES}.1": _CRITICAL,
            **self._rolled_up(_CRITICAL),
        }

    def hot_inlet(self) -> dict[str, Told]:
        """Air at 44 °C, above the warning limit of 42 °C."""
        return {
            f"{_TEMPERATURE}.5.1.1": _NON_CRITICAL_UPPER,
            f"{_TEMPERATURE}.6.1.1": 440,
            f"{_ROLL_UP}.{_TEMPERATURES}.1": _NON_CRITICAL,
            **self._rolled_up(_NON_CRITICAL),
        }

    def broken_disk(self, number: int) -> dict[str, Told]:
        """A disk that failed: its virtual disk is degraded, controller and storage roll-ups follow."""
        return {
            f"{_DISK}.4.{number}": 7,
            f"{_DISK}.24.{number}": _CRITICAL,
            f"{_VIRTUAL_DISK}.4.1": 4,
            f"{_VIRTUAL_DISK}.20.1": _NON_CRITICAL,
            f"{_ENCLOSURE}.23.1": _CRITICAL,
            f"{_CONTROLLER}.37.1": _CRITICAL,
            _STORAGE_STATUS: _CRITICAL,
            **self._rolled_up(_CRITICAL),
        }

    @staticmethod
    def _rolled_up(status: int) -> dict[str, Told]:
        return {_GLOBAL: status, f"{_ROLL_UP}.2.1": status, f"{_ROLL_UP}.4.1": status}
