"""`netvigil replay`: a recording visited as a device, by as many eyes as were recorded."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts.faults.policy import Policy
from collectors.cli.folder import FolderReader, command_files, folder_look
from collectors.looks import Door, Login, Look, looked, recognised, unneeded
from collectors.plan import Platform
from collectors.record.folder import COMMANDS, WALK, source
from collectors.recording import NotARecordingError, RecordingReader, recorded
from collectors.redfish.tree import TreeReader, recorded_tree
from collectors.snmp.reader import Budget, Community, Target
from collectors.tables import Eye
from collectors.visit import visited
from monitor import moment
from monitor.model import Device, Role
from monitor.seen import seen

_BUDGET = Budget(seconds=600, rows=1_000_000, bytes=1_000_000_000)
_DOOR = Door(address="recording", port=443, login=Login(user="", password=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What was recorded of one device: over SNMP, over Redfish, and the folder with the outputs of commands."""

    device: Device
    walk: RecordingReader | None = None
    tree: TreeReader | None = None
    commands: Path | None = None
    targets: tuple[Target, ...] = field(init=False)

    def __post_init__(self) -> None:
        """A device whose walk was recorded is one that is asked over SNMP."""
        target = Target(address="recording", credential=Community(community=""))
        object.__setattr__(self, "targets", (target,) if self.walk is not None else ())


def recording(path: Path) -> Recording:
    """What is at `path`: one file of a walk, or a folder. Raises NotARecordingError or OSError where it is none."""
    if path.is_file():
        return Recording(device=_device(path.stem, {}), walk=recorded(path))
    walks = [path / WALK] if (path / WALK).is_file() else sorted(path.glob("*.snmprec"))
    commands = next((each for each in (path / COMMANDS, path) if each.is_dir() and command_files(each)), None)
    try:
        tree = recorded_tree(path)
    except NotARecordingError:
        tree = None
        if commands is None and len(walks) != 1:
            raise
    walk = recorded(walks[0]) if len(walks) == 1 else None
    return Recording(device=_device(path.resolve().name, source(path)), walk=walk, tree=tree, commands=commands)


def _device(name: str, told: Mapping[str, Any]) -> Device:
    role = told.get("role")
    platform = told.get("platform")
    return Device(
        name=name,
        address="recording",
        customer="",
        site="",
        role=Role(role) if role in set(Role) else Role.OTHER,
        platform=platform if isinstance(platform, str) and platform else "auto",
    )


def replayed(found: Recording, platforms: Mapping[str, Platform], policy: Policy) -> dict[str, object]:
    """The document of a visit to the recorded device."""
    return asyncio.run(_replayed(found, platforms, policy))


async def _replayed(found: Recording, platforms: Mapping[str, Platform], policy: Policy) -> dict[str, object]:
    now, reader, device = moment.now(), found.walk or RecordingReader({}), found.device
    looks: dict[Eye, Look] = {}
    platform = platforms.get(device.platform)
    first = await visited(device, found.targets, reader, platforms, now, _BUDGET)
    if platform is None and found.targets:
        platform = first.platform

    async def look(eye: Eye, at: TreeReader | FolderReader, known: Platform) -> Look:
        skip = unneeded(known, eye, first.tables)
        return await looked(at, _DOOR, eye, known.others.get(eye, ()), now, _BUDGET, None, skip)

    if found.tree is not None:
        known = platform or await recognised(found.tree, _DOOR, platforms, _BUDGET)
        looks[Eye.REDFISH] = await look(Eye.REDFISH, found.tree, known)
    if found.commands is not None and platform is not None and Eye.SSH in platform.others:
        looks[Eye.SSH] = await look(Eye.SSH, FolderReader(command_files(found.commands)), platform)
    elif found.commands is not None and found.tree is None and not found.targets:
        name, looks[Eye.SSH] = await folder_look(found.commands, platforms, now)
        device = Device(name=device.name, address="recording", customer="", site="", role=device.role, platform=name)
    return await seen(device, found.targets, reader, platforms, policy, _BUDGET, now, looks)
