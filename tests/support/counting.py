"""A switch that counts, behind a real SNMP agent: its ports fill, break, go down, and are given other numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.values import Told as Value
from collectors.snmp.codec import Kind
from collectors.snmp.reader import Community

IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
UP_TIME, SYS_DESCR, SYS_OBJECT_ID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0"
COMMUNITY = Community(community="demo-read")
PORTS = 60  # more than fit into one reply


@dataclass
class Port:
    """One port of the switch, whatever its index is."""

    octets: int = 10**12
    packets: int = 10**9
    errors: int = 0
    discards: int = 0
    up: bool = True
    shut: bool = False
    kind: int = 6


@dataclass
class Switch:
    """A switch that counts, and may give its interfaces other numbers."""

    agent: SimulatedDevice
    now: datetime
    booted: datetime
    ports: dict[str, Port] = field(default_factory=dict)
    first: int = 1
    mega: int = 1000
    is_old: bool = False
    """Its counters have 32 bits, and it has no ifXTable."""

    def tell(self, only: range | None = None) -> None:
        """Let the agent tell how it is now; with `only`, of these rows alone, as in the midst of a change."""
        ticks = round((self.now - self.booted).total_seconds() * 100)
        self.agent.set(UP_TIME, (Kind.TIME_TICKS, ticks))
        for number, (name, port) in enumerate(self.ports.items()):
            if only is not None and number not in only:
                continue
            self.row(self.first + number, name, port)

    def row(self, index: int, name: str, port: Port) -> None:
        """What the agent tells of one row."""
        values: Mapping[str, Value] = {
            f"{IF}.2": name, f"{IF}.3": port.kind, f"{IF}.5": (Kind.GAUGE32, self.mega * 10**6),
            f"{IF}.7": 2 if port.shut else 1, f"{IF}.8": 1 if port.up and not port.shut else 2,
            f"{IF}.13": (Kind.COUNTER32, 0), f"{IF}.14": (Kind.COUNTER32, port.errors),
            f"{IF}.19": (Kind.COUNTER32, port.discards), f"{IF}.20": (Kind.COUNTER32, 0),
            f"{IFX}.1": name, f"{IFX}.6": (Kind.COUNTER64, port.octets), f"{IFX}.7": (Kind.COUNTER64, port.packets),
            f"{IFX}.10": (Kind.COUNTER64, port.octets // 2), f"{IFX}.11": (Kind.COUNTER64, port.packets),
            f"{IFX}.15": (Kind.GAUGE32, self.mega), f"{IFX}.18": "",
            f"{IF}.10": (Kind.COUNTER32, port.octets % 2**32), f"{IF}.16": (Kind.COUNTER32, port.octets // 2 % 2**32),
        }  # fmt: skip
        if self.is_old:
            values = {column: value for column, value in values.items() if not column.startswith(IFX)}
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
            port.octets += int(12_500 * self.mega * seconds)
            port.packets += int(10_000 * seconds)

    def join(self, aggregate: str, *members: str) -> None:
        """Make an aggregate of these ports (ifStackTable)."""
        self.ports[aggregate] = Port(kind=161)
        self.tell()
        numbers = {name: self.first + number for number, name in enumerate(self.ports)}
        for member in members:
            self.agent.set(f"1.3.6.1.2.1.31.1.2.1.3.{numbers[aggregate]}.{numbers[member]}", 1)

    def restart(self) -> None:
        """Start anew: everything is counted from 0, and all interfaces have other numbers."""
        self.booted, self.first = self.now - timedelta(seconds=40), self.first + 100
        self.ports = dict(reversed(self.ports.items()))
        for port in self.ports.values():
            port.octets = port.packets = port.errors = port.discards = 0
        self.forget()
        self.tell()


def counting_switch(now: datetime) -> Switch:
    """A switch whose ports have counted for a while."""
    agent = SimulatedDevice({SYS_DESCR: "a switch", SYS_OBJECT_ID: "1.3.6.1.4.1.32473"}, credentials=[COMMUNITY])
    made = Switch(agent=agent, now=now, booted=now - timedelta(days=9))
    made.ports = {f"GE1/0/{n}": Port(octets=n * 10**13, packets=n * 10**10) for n in range(1, PORTS + 1)}
    made.tell()
    return made
