"""Which engine stands behind `Reader`: the daemon and the commands choose here, by the word of their configuration."""

from enum import StrEnum

from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Reader


class EngineName(StrEnum):
    """The engines there are."""

    OWN = "own"
    PYSNMP = "pysnmp"


def reader(name: EngineName) -> Reader:
    """The reader of that engine, ready to read."""
    if name is EngineName.OWN:
        return EngineReader()
    from collectors.snmp.pysnmp_reader import PysnmpReader  # noqa: PLC0415 - a large library that few need

    return PysnmpReader()
