"""Which device stands behind a word of the scenario: the simulated boxes as it wants them, or a recording."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from collectors.cli.folder import command_files, named
from collectors.recording import NotARecordingError, recorded
from collectors.redfish.tree import recorded_tree
from collectors.simulate.played import Wanted, box, tree
from collectors.simulate.trees import Tree
from monitor.rehearsal.actor import Actor
from monitor.rehearsal.cast import DeviceFile

RECORDINGS = "NETVIGIL_RECORDINGS"


def filled(actor: Actor, file: DeviceFile, number: int, base: Path) -> None:
    """Let `actor` tell what the scenario says that it is; `base` is the folder of the scenario.

    Raises OSError or NotARecordingError where a recording cannot be had.
    """
    for name in file.recording:
        _recorded(actor, found(name, base))
    if file.simulated is not None:
        wanted = _wanted(file, number)
        actor.box, actor.eyes.tree = box(file.simulated, wanted), tree(file.simulated, wanted)
    if actor.box is not None:
        actor.box.built(actor)
        actor.speaks_snmp = True
    if file.commands:
        own = {named(command): text.encode() for command, text in file.commands.items()}
        actor.eyes.commands = {**(actor.eyes.commands or {}), **own}


def _wanted(file: DeviceFile, number: int) -> Wanted:
    return Wanted(
        name=file.name,
        number=number,
        members=file.members,
        supplies=file.power_supplies,
        fans=file.fans,
        ports=file.ports,
        optics=file.optics,
        down=frozenset(file.down),
        disks=file.disks,
        dimms=file.dimms,
        model=file.model,
        version=file.version,
    )


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
