"""What a look brought to be kept whole goes to disk, and how many versions of it there are comes into its tables.

Between a look (collectors/looks.py) and the visit that takes it in; blocking, like all that writes to disk.
"""

from dataclasses import replace
from datetime import datetime

from collectors.cli.parse import CONFIGURATION, WORD
from collectors.looks import Look
from collectors.tables import Table
from monitor.model import Device
from monitor.store.configurations import Configurations

_VERSIONS = f"{WORD}VERSIONS"


def stored(look: Look, device: Device, configurations: Configurations, at: datetime, last: Look | None = None) -> Look:
    """`look` without its documents, which are on disk then; `last` is the look before, as this function returned it."""
    text = look.documents.get(CONFIGURATION)
    if text is None:
        return replace(look, documents={}) if look.documents else look
    versions = str(configurations.keep(device, text, at)).encode()
    tables = {
        name: _counted(table, versions, last.tables.get(name) if last else None) for name, table in look.tables.items()
    }
    return replace(look, documents={}, tables=tables)


def _counted(table: Table, versions: bytes, last: Table | None) -> Table:
    columns = {name for name, source in table.oids.items() if source.endswith(_VERSIONS)}
    if not columns:
        return table
    told = dict(table.columns) | dict.fromkeys(columns, (versions,) * len(table.index))
    counted = replace(table, columns=told)
    return counted.like(last) if last is not None else counted
