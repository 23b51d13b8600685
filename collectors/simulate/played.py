"""The devices that can be played, by name: each is built as it is wanted, and knows what may happen to it.

What is not wanted in particular is as our own maker of these boxes thinks best: names, serial numbers and tags are
inventions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from collectors.simulate.boxes import Box
from collectors.simulate.comware import ComwareSwitch
from collectors.simulate.idrac import DellServer
from collectors.simulate.poweredge import TROUBLES, poweredge
from collectors.simulate.trees import Change, Tree
from collectors.simulate.vrp import VrpSwitch

_HUAWEI, _H3C = "1.3.6.1.4.1.2011.2.23", "1.3.6.1.4.1.25506.1"
_SERVER_FANS, _SWITCH_FANS = 6, 2
TREE_TROUBLES: Final[Mapping[str, tuple[Change, ...]]] = TROUBLES
"""What may happen to a device that is seen over Redfish, by name."""


class Simulated(StrEnum):
    """The devices that Netvigil can play."""

    HUAWEI_VRP = "huawei_vrp"
    H3C_COMWARE = "h3c_comware"
    DELL_IDRAC = "dell_idrac"
    POWEREDGE_REDFISH = "poweredge_redfish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a device is wanted. `number` makes its serial numbers, unless there are `serials`, one for each member."""

    name: str | bytes
    number: int = 1
    location: str | bytes = ""
    serials: Sequence[str] = ()
    members: int = 1
    supplies: int = 2
    fans: int | None = None
    ports: int = 24
    optics: int = 4
    down: frozenset[str] = field(default_factory=frozenset)
    disks: int = 4
    dimms: int = 8
    watts: int = 750
    model: str = ""
    version: str = ""


def box(what: Simulated, wanted: Wanted) -> Box | None:
    """The device as it tells itself over SNMP; None where it does not."""
    made = _BOXES.get(what)
    return made(wanted) if made else None


def tree(what: Simulated, wanted: Wanted) -> Tree | None:
    """The device as it tells itself over Redfish; None where it does not."""
    return poweredge(tag=f"SIM{wanted.number:04}") if what is Simulated.POWEREDGE_REDFISH else None


def vrp_switch(wanted: Wanted) -> VrpSwitch:
    """A Huawei access switch, or a stack of bigger ones."""
    serials = wanted.serials or [f"2102350STAGE{wanted.number:03}{n:02}" for n in range(1, wanted.members + 1)]
    stack = len(serials) > 1
    return VrpSwitch(
        model=wanted.model or ("S6730-H24X6C" if stack else "S5735-L24T4X-A1"),
        version=wanted.version or "V200R021C00SPC600",
        identity=f"{_HUAWEI}.{735 if stack else 746}",
        name=wanted.name, location=wanted.location, serials=serials,
        copper=wanted.ports, optics=wanted.optics, down=wanted.down,
        fans=_SWITCH_FANS if wanted.fans is None else wanted.fans, supplies=wanted.supplies,
    )  # fmt: skip


def comware_switch(wanted: Wanted) -> ComwareSwitch:
    """An H3C access switch, or an IRF fabric of bigger ones."""
    serials = wanted.serials or [f"STAGE0H3C{wanted.number:03}{n:02}" for n in range(1, wanted.members + 1)]
    stack = len(serials) > 1
    return ComwareSwitch(
        model=wanted.model or ("S6520X-54QC-EI" if stack else "S5560X-30C-EI"),
        version=wanted.version or "7.1.070, Release 6530P02",
        identity=f"{_H3C}.{1846 if stack else 1817}",
        name=wanted.name, location=wanted.location, serials=serials,
        copper=wanted.ports, optics=wanted.optics, down=wanted.down,
        fans=_SWITCH_FANS if wanted.fans is None else wanted.fans, supplies=wanted.supplies,
    )  # fmt: skip


def dell_server(wanted: Wanted) -> DellServer:
    """A PowerEdge."""
    (tag,) = wanted.serials or [f"STG{wanted.number:04}"]
    return DellServer(
        model=wanted.model or "PowerEdge R740", firmware=wanted.version or "6.10.80.00", tag=tag,
        name=wanted.name, location=wanted.location, disks=wanted.disks, dimms=wanted.dimms,
        fans=_SERVER_FANS if wanted.fans is None else wanted.fans, supply_watts=wanted.watts,
    )  # fmt: skip


_BOXES: Final[Mapping[Simulated, Callable[[Wanted], Box]]] = {
    Simulated.HUAWEI_VRP: vrp_switch,
    Simulated.H3C_COMWARE: comware_switch,
    Simulated.DELL_IDRAC: dell_server,
}
