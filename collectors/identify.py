"""Which platform is this device, and what does it say it is? The second step of a visit, and its last but one."""

from collections.abc import Iterable, Mapping

from collectors.plan import IdentitySource, Platform
from collectors.snmp.reader import Value
from collectors.tables import Table, text
from monitor.model import Identity

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
SYS_NAME = "1.3.6.1.2.1.1.5.0"
STANDARD = "_standard"
SYSTEM = (SYS_DESCR, SYS_OBJECT_ID, SYS_NAME, SYS_UP_TIME)
"""What every visit asks of a device, whatever it is (RFC 3418, system group)."""
REDFISH = "_redfish"
"""The platform of a Redfish service whose maker is none of ours."""
MAKER = ("redfish_system", "redfish_chassis")
"""The tables whose column `maker` names the maker of a service."""
_NOT_TOLD = frozenset({"N/A", "n/a", "NONE", "None", "Unknown"})


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


def identified_by_redfish(tables: Mapping[str, Table], platforms: Mapping[str, Platform]) -> Platform:
    """The platform whose maker a Redfish service names; else the one named "_redfish", or "_standard" without it."""
    said = [text(value) for name in MAKER if name in tables for value in tables[name].columns.get("maker", ())]
    return of_makers(said, platforms)


def of_makers(said: Iterable[str | None], platforms: Mapping[str, Platform]) -> Platform:
    """The platform that knows one of these makers by its name in Redfish; else "_redfish", or "_standard"."""
    makers = [maker for maker in said if maker]
    for platform in platforms.values():
        if platform.redfish and any(platform.redfish.search(maker) for maker in makers):
            return platform
    return platforms.get(REDFISH) or platforms[STANDARD]


def _longest(object_id: str, prefixes: Iterable[str]) -> int:
    """The length of the longest of `prefixes` below which `object_id` stands, 0 where there is none."""
    return max((len(p) for p in prefixes if f"{object_id}.".startswith(f"{p}.")), default=0)


Known = tuple[Identity, Mapping[str, Value], Mapping[str, Table]]
"""An identity, and the scalars and tables that it was read from."""


def identity_said(
    platform: Platform, scalars: Mapping[str, Value], tables: Mapping[str, Table], before: Known | None
) -> Identity:
    """Who the device says it is; the same object as `before` where it says that in the same way."""
    sources = [source for several in platform.identity.values() for source in several]
    if before is not None and all(_as_before(source, scalars, tables, before) for source in sources):
        return before[0]
    said = {
        word: next((found for source in sources if (found := _said(source, scalars, tables))), None)
        for word, sources in platform.identity.items()
    }
    return Identity(platform=platform.name, vendor=platform.vendor or None, **said)


def _as_before(
    source: IdentitySource, scalars: Mapping[str, Value], tables: Mapping[str, Table], before: Known
) -> bool:
    if source.scalar:
        return scalars.get(source.scalar) == before[1].get(source.scalar)
    now, last = tables[source.table], before[2][source.table]
    columns = (source.column, *(rule.ref.column for rule in source.where))
    return now is last or all(now.columns[name] is last.columns[name] for name in columns)


def _said(source: IdentitySource, scalars: Mapping[str, Value], tables: Mapping[str, Table]) -> str:
    for raw in _candidates(source, scalars, tables):
        said = text(raw)
        if source.pattern:
            match = source.pattern.search(said)
            said = source.text.format("", *(group or "" for group in match.groups())).strip() if match else ""
        if said and said not in _NOT_TOLD:
            return said
    return ""


def _candidates(source: IdentitySource, scalars: Mapping[str, Value], tables: Mapping[str, Table]) -> Iterable[Value]:
    if source.scalar:
        return (scalars.get(source.scalar),)
    table = tables[source.table]
    return (
        value
        for row, value in enumerate(table.columns[source.column])
        if all(rule.holds(text(table.columns[rule.ref.column][row])) for rule in source.where)
    )
