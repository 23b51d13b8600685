"""What a visit told of a device's interfaces, still in columns: Prometheus wants their counters, judgement does not.

The columns of the table `interface` of the platform file by their names there; monitor/series.py renders them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.snmp.reader import Value
from collectors.visit import Told

TABLE = "interface"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """What is at the other end: the device and its port, as they call themselves."""

    name: str
    port: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cabling:
    """Descriptions and neighbours of interfaces by their label; only of those that have one."""

    made_of: tuple[object, ...]
    descriptions: Mapping[str, str]
    neighbours: Mapping[str, Neighbour]
    notes: Mapping[str, str]
    """Both in one clause, such as "uplink, to hf-core-1 GE1/0/3"; in any language, as it holds no words but theirs."""


NO_CABLING = Cabling(made_of=(), descriptions={}, neighbours={}, notes={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The interfaces of a device: `labels[row]` names the component of that row, None where the row is none.

    A column is the same object as at the last visit while all its values are the same; so are the labels.
    """

    labels: tuple[str | None, ...]
    columns: Mapping[str, tuple[Value, ...]]
    cables: Cabling = NO_CABLING


def ports(told: Told, cables: Cabling = NO_CABLING) -> Ports | None:
    """The interfaces of the device, which lead where `cables` say; None where it told of none."""
    if told.visit.platform is None or told.parts is None:
        return None
    for part, found in zip(told.visit.platform.parts, told.parts.parts, strict=True):
        if part.table == part.kind == TABLE and found.labels:
            return Ports(labels=found.labels[0], columns=told.visit.tables[TABLE].columns, cables=cables)
    return None
