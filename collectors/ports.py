"""What a visit told of a device's interfaces, still in columns: Prometheus wants their counters, judgement does not.

The columns of the table `interface` of the platform file by their names there; monitor/series.py renders them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.snmp.reader import Value
from collectors.visit import Told

TABLE = "interface"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The interfaces of a device: `labels[row]` names the component of that row, None where the row is none.

    A column is the same object as at the last visit while all its values are the same; so are the labels.
    """

    labels: tuple[str | None, ...]
    columns: Mapping[str, tuple[Value, ...]]


def ports(told: Told) -> Ports | None:
    """The interfaces of the device; None where it told of none."""
    if told.visit.platform is None or told.parts is None:
        return None
    for part, found in zip(told.visit.platform.parts, told.parts.parts, strict=True):
        if part.table == part.kind == TABLE and found.labels:
            return Ports(labels=found.labels[0], columns=told.visit.tables[TABLE].columns)
    return None
