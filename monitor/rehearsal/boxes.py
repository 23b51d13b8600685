"""Which device stands behind a word of the scenario: the simulated boxes as it wants them, or a recording."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from collectors.cli.folder import command_files, named
from collectors.recording import NotARecordingError, recorded
from collectors.redfish.tree import recorded_tree
from collectors.simulate.comware import ComwareSwitch
from collectors.simulate.idrac import DellServer
from collectors.simulate.poweredge import poweredge
from collectors.simulate.vrp import VrpSwitch
from monitor.rehearsal.actor import Actor, Box, Tree
from monitor.rehearsal.cast import DeviceFile, Simulated

RECORDINGS = "NETVIGIL_RECORDINGS"
_HUAWEI, _H3C = "1.3.6.1.4.1.2011.2.23", "1.3.6.1.4.1.25506.1"
_SERVER_FANS, _SWITCH_FANS = 6, 2


def filled(actor: Actor, file: DeviceFile, number: int, base: Path) -> None:
    """Let `actor` tell what the scenario says that it is; `base` is the folder of the scenario.

    Raises OSError or NotARecordingError where a recording cannot be had.
    """
    for name in file.recording:
        _recorded(actor, found(name, base))
    if file.simulated is Simulated.POWEREDGE_REDFISH:
        actor.eyes.tree = poweredge(tag=f"SIM{number:04}")
    elif file.simulated is not None:
        actor.box = _BOXES[file.simulated](file, number)
        actor.box.built(actor)
        actor.speaks_snmp = True
    if file.commands:
        own = {named(command): text.encode() for command, text in file.commands.items()}
        actor.eyes.commands = {**(actor.eyes.commands or {}), **own}


def found(name: str, base: Path) -> Path:
    """Where the recording `name` lies. Raises FileNotFoundError."""
    places = list(_places(name, base))
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(2, f"there is no recording at {' nor '.join(map(str, places))}", name)


def _places(name: str, base: Path) -> Iterator[Path]:
    yield base / name
    roots = [Path(os.environ[RECORDINGS])] if os.environ.get(RECORDINGS) else []
    for root in (*roots, Path.cwd().parent / "shared" / "recordings"):
        yield from (root / name, root / "snmp" / name, root / "redfish" / name, root / "cli" / name)


def _recorded(actor: Actor, path: Path) -> None:
    if path.is_file():
        actor.put_back(recorded(path).values)
        actor.speaks_snmp = True
    elif commands := command_files(path):
        actor.eyes.commands = {name: file.read_bytes() for name, file in commands.items()}
    else:
        actor.eyes.tree = _tree(path)


def _tree(path: Path) -> Tree:
    """All documents of a recorded tree by their paths."""
    recorded_tree(path)  # complains where there is none
    root = next(one for one in (path / "redfish" / "v1", path / "v1", path) if one.is_dir())
    tree: Tree = {}
    for file in sorted(root.rglob("index.json")):
        try:
            document = json.loads(file.read_bytes())
        except ValueError:
            continue
        if isinstance(document, dict):
            below = file.parent.relative_to(root).as_posix()
            tree["/redfish/v1" if below == "." else f"/redfish/v1/{below}"] = document
    if not tree:
        raise NotARecordingError(f"{path}: not a recording: no document can be read")
    return tree


def _vrp(file: DeviceFile, number: int) -> VrpSwitch:
    stack = file.members > 1
    return VrpSwitch(
        model=file.model or ("S6730-H24X6C" if stack else "S5735-L24T4X-A1"),
        version=file.version or "V200R021C00SPC600",
        identity=f"{_HUAWEI}.{735 if stack else 746}",
        name=file.name, location="",
        serials=[f"2102350STAGE{number:03}{member:02}" for member in range(1, file.members + 1)],
        copper=file.ports, optics=file.optics, down=frozenset(file.down),
        fans=_SWITCH_FANS if file.fans is None else file.fans, supplies=file.power_supplies,
    )  # fmt: skip


def _comware(file: DeviceFile, number: int) -> ComwareSwitch:
    stack = file.members > 1
    return ComwareSwitch(
        model=file.model or ("S6520X-54QC-EI" if stack else "S5560X-30C-EI"),
        version=file.version or "7.1.070, Release 6530P02",
        identity=f"{_H3C}.{1846 if stack else 1817}",
        name=file.name, location="",
        serials=[f"STAGE0H3C{number:03}{member:02}" for member in range(1, file.members + 1)],
        copper=file.ports, optics=file.optics, down=frozenset(file.down),
        fans=_SWITCH_FANS if file.fans is None else file.fans, supplies=file.power_supplies,
    )  # fmt: skip


def _dell(file: DeviceFile, number: int) -> DellServer:
    return DellServer(
        model=file.model or "PowerEdge R740", firmware=file.version or "6.10.80.00", tag=f"STG{number:04}",
        name=file.name, location="", disks=file.disks, dimms=file.dimms,
        fans=_SERVER_FANS if file.fans is None else file.fans,
    )  # fmt: skip


_BOXES: Mapping[Simulated, Callable[[DeviceFile, int], Box]] = {
    Simulated.HUAWEI_VRP: _vrp,
    Simulated.H3C_COMWARE: _comware,
    Simulated.DELL_IDRAC: _dell,
}
