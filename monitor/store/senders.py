"""Until when each SNMPv3 sender of traps was heard, by its own clock: what was recorded before is not heard again."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from monitor.store import tables

_sender = tables.snmp_sender


def known(disk: Connection) -> dict[bytes, tuple[int, int]]:
    """Boots and time of each sender, by its engine id."""
    rows = disk.execute(select(_sender.c.engine, _sender.c.boots, _sender.c.time))
    return {bytes.fromhex(engine): (boots, time) for engine, boots, time in rows}


def saved(disk: Connection, clocks: Mapping[bytes, tuple[int, int]], now: datetime) -> None:
    """Write down the clocks that went on."""
    rows = [{"engine": each.hex(), "boots": boots, "time": time, "at": now} for each, (boots, time) in clocks.items()]
    if rows:
        put = insert(_sender)
        went = {name: put.excluded[name] for name in ("boots", "time", "at")}
        disk.execute(put.on_conflict_do_update(index_elements=["engine"], set_=went), rows)


def forgotten(disk: Connection, before: datetime) -> None:
    """Forget who was not heard since then."""
    disk.execute(_sender.delete().where(_sender.c.at < before))
