"""Where the cables of devices lead, as LLDP told it last: neighbours by device and port."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, select

from collectors.ports import Neighbour
from monitor.store import tables

_link = tables.link
_OF = select(_link).where(_link.c.device == bindparam("device"))


def of(disk: Connection, device: str) -> dict[str, Neighbour]:
    """The neighbours of `device` by its own port."""
    rows = disk.execute(_OF, {"device": device})
    return {row.port: Neighbour(name=row.neighbour, port=row.neighbour_port) for row in rows}


def all_links(disk: Connection) -> dict[str, dict[str, Neighbour]]:
    """All neighbours, as they call themselves and their ports, by device and port."""
    found: dict[str, dict[str, Neighbour]] = {}
    for row in disk.execute(select(_link)):
        found.setdefault(row.device, {})[row.port] = Neighbour(name=row.neighbour, port=row.neighbour_port)
    return found


def towards(disk: Connection, names: Collection[str]) -> list[tuple[str, str]]:
    """The devices and their ports of which a cable leads to a device that calls itself by one of `names`."""
    rows = disk.execute(select(_link.c.device, _link.c.port).where(_link.c.neighbour.in_(tuple(names))))
    return sorted((row.device, row.port) for row in rows)


def saved(disk: Connection, device: str, neighbours: Mapping[str, Neighbour]) -> None:
    """Remember `neighbours` in place of those of before."""
    disk.execute(_link.delete().where(_link.c.device == device))
    rows = [
        {"device": device, "port": port, "neighbour": there.name, "neighbour_port": there.port}
        for port, there in sorted(neighbours.items())
    ]
    if rows:
        disk.execute(_link.insert(), rows)
