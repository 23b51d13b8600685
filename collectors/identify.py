"""Which platform is this device? The second step of a visit, after the system group was read and before all else."""

from collections.abc import Iterable, Mapping

from collectors.plan import Platform
from collectors.snmp.reader import Value
from collectors.tables import text

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
SYS_NAME = "1.3.6.1.2.1.1.5.0"
STANDARD = "_standard"


def identified(scalars: Mapping[str, Value], platforms: Mapping[str, Platform]) -> Platform:
    """The platform whose sysObjectID fits best, else one whose sysDescr fits, else the one named "_standard"."""
    # real agents send sysObjectID also with a leading dot
    object_id = text(scalars.get(SYS_OBJECT_ID)).strip(".")
    description = text(scalars.get(SYS_DESCR))
    possible = [
        platform
        for platform in platforms.values()
        if not _longest(object_id, platform.not_object_ids)
        and not (platform.not_description and platform.not_description.search(description))
    ]
    by_object_id = max(possible, key=lambda platform: _longest(object_id, platform.object_ids), default=None)
    if by_object_id and _longest(object_id, by_object_id.object_ids):
        return by_object_id
    for platform in possible:
        if platform.description and platform.description.search(description):
            return platform
    return platforms[STANDARD]


def _longest(object_id: str, prefixes: Iterable[str]) -> int:
    """The length of the longest of `prefixes` below which `object_id` stands, 0 where there is none."""
    return max((len(p) for p in prefixes if f"{object_id}.".startswith(f"{p}.")), default=0)
