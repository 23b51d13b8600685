"""Everything that the eyes of the inventory see of one device, for `netvigil record`: first asked, then masked."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from collectors.identify import STANDARD
from collectors.looks import recognised
from collectors.plan import Origin, Platform
from collectors.record.commands import Printed, printed
from collectors.record.copied import Copied, Copier, copied
from collectors.record.disguise import Disguise
from collectors.record.folder import written_commands, written_source, written_tree, written_walk
from collectors.record.masks import Mask
from collectors.record.walked import Walked, names_told, walked
from collectors.snmp import engines
from collectors.snmp.reader import Budget
from collectors.tables import Eye
from collectors.visit import Visit, visited
from monitor.model import Device, Identity
from monitor.settings import Settings
from monitor.verbs.glimpse import shown

Heard = Callable[[str, int], None]
_SYSNAME = re.compile(r"^\s*sysname\s+(\S+)", re.MULTILINE)


@dataclass(slots=True, kw_only=True)
class Taken:
    """What was taken of a device, not masked yet. `failed` says of an eye why it saw nothing."""

    device: Device
    at: datetime
    platform: Platform
    identity: Identity = field(default_factory=Identity)
    walked: Walked | None = None
    printed: Printed | None = None
    copied: Copied | None = None
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def is_anything(self) -> bool:
        """True where at least one eye saw something."""
        return bool(self.walked or self.printed or self.copied)

    @property
    def is_whole(self) -> bool:
        """True where all eyes saw all that they should."""
        cut = (self.walked and (self.walked.ended or self.walked.skipped)) or (self.copied and self.copied.ended)
        return not (self.failed or cut or (self.printed and self.printed.failed))


async def taken(settings: Settings, device: Device, budget: Budget, now: datetime, heard: Heard) -> Taken:
    """All that can be seen of `device` now, by each eye in its turn and within `budget`."""
    first = await _first(settings, device, now)
    declared = settings.platforms.get(device.platform)
    platform = declared or first.platform
    told = Taken(device=device, at=now, platform=platform or settings.platforms[STANDARD], identity=first.identity)
    await _walk(told, first, settings, budget, heard)
    pins = shown(settings, device)
    if device.ssh:
        await _print(told, platform, settings, pins.get(Eye.SSH, ""), budget, heard)
    if device.redfish:
        known = declared or (first.platform if device.credentials and first.silence is None else None)
        await _copy(told, known, settings, pins.get(Eye.REDFISH, ""), budget, heard)
    return told


async def _first(settings: Settings, device: Device, now: datetime) -> Visit:
    reader = engines.reader(settings.snmp.engine)
    try:
        targets = settings.targets(device)
        return await visited(device, targets, reader, settings.platforms, now, settings.snmp.budget)
    finally:
        await reader.close()


async def _walk(told: Taken, first: Visit, settings: Settings, budget: Budget, heard: Heard) -> None:
    if not told.device.credentials:
        return
    if first.silence is not None or first.target is None:
        told.failed[Eye.SNMP] = str(first.silence)
        return
    target = settings.targets(told.device)[first.target]
    secrets = [oid for platform in settings.platforms.values() for oid in platform.secrets]
    found = await walked(target, told.platform, secrets, budget, lambda count: heard("SNMP values", count))
    if found.silence is not None or not found.values:
        told.failed[Eye.SNMP] = str(found.silence or found.ended or "empty")
    else:
        told.walked = found


async def _print(
    told: Taken, platform: Platform | None, settings: Settings, pin: str, budget: Budget, heard: Heard
) -> None:
    origins = platform.others.get(Eye.SSH, ()) if platform else ()
    if not origins:
        told.failed[Eye.SSH] = "no_commands_known_for_this_platform"
        return
    door = settings.door(told.device, Eye.SSH, pin)
    found = await printed(door, origins, budget, lambda count: heard("outputs of commands", count))
    if found.blind is not None:
        told.failed[Eye.SSH] = str(found.blind)
    if found.outputs:
        told.printed = found


async def _copy(
    told: Taken, platform: Platform | None, settings: Settings, pin: str, budget: Budget, heard: Heard
) -> None:
    door = settings.door(told.device, Eye.REDFISH, pin)

    async def choose(copier: Copier) -> tuple[Origin, ...]:
        known = platform or await recognised(copier, door, settings.platforms, budget)
        return known.others.get(Eye.REDFISH, ())

    found = await copied(door, choose, budget, lambda count: heard("Redfish documents", count))
    if found.blind is not None:
        told.failed[Eye.REDFISH] = str(found.blind)
    if found.documents and (found.blind is None or len(found.documents) > 1):
        told.copied = found


def written(within: Path, told: Taken, settings: Settings, *, addresses: bool) -> dict[str, Any]:
    """Write what was taken, without its secrets; gives what SOURCE.json says."""
    mask = Mask(settings.secrets(told.device), _disguise(told) if addresses else None)
    said: dict[str, Any] = {"snmp": None, "ssh": None, "redfish": None}
    if told.walked:
        said["snmp"] = written_walk(within, told.walked, mask, told.platform)
    if told.printed:
        said["ssh"] = written_commands(within, told.printed, mask)
    if told.copied:
        said["redfish"] = written_tree(within, told.copied, mask)
    identity = told.identity
    source = {
        "netvigil": version("netvigil"),
        "at": told.at.isoformat(timespec="seconds"),
        "whole": told.is_whole,
        "device": {"platform": told.device.platform, "role": told.device.role.value},
        "identity": {word: getattr(identity, word) for word in ("platform", "vendor", "model", "version", "patch")},
        **said,
        "failed": told.failed,
        "masked": {
            "with_addresses": addresses,
            "secrets": mask.counts["secrets"],
            "addresses": mask.counts["addresses"],
            "names": mask.counts["names"],
            "secrets_too_short_to_be_found": mask.too_short,
        },
    }
    written_source(within, source)
    return source


def _disguise(told: Taken) -> Disguise:
    """What stands in for the addresses and the names that can be known before anything is written."""
    platform = told.platform
    found = Disguise([told.device.name, told.device.address], [*platform.vendor.split(), *platform.title.split()])
    found.ipv4(told.device.address)
    if told.walked:
        found.add(names_told(told.walked.values))
    for said in told.printed.outputs.values() if told.printed else ():
        found.add(_SYSNAME.findall(said))
    for document in told.copied.documents.values() if told.copied else ():
        _learn(found, document)
    return found


def _learn(disguise: Disguise, told: object) -> None:
    if isinstance(told, dict):
        for key, value in told.items():
            disguise.name_in(str(key), value)
            _learn(disguise, value)
    elif isinstance(told, list):
        for value in told:
            _learn(disguise, value)
