"""How devices showed themselves when they were first seen: the hash of a certificate, a host key.

What a device shows later is compared with that (collectors/looks.py, `Door.pin`): another one is refused until a person
says that it is right (`netvigil device trust`).
"""

from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from collectors.tables import Eye
from monitor.store import tables

_pin = tables.pin


def known(disk: Connection, device: str, eye: Eye) -> str:
    """What the device showed to `eye` at first; "" where it was never seen."""
    found = disk.execute(select(_pin.c.shown).where(_pin.c.device == device, _pin.c.eye == eye.value))
    return found.scalar_one_or_none() or ""


def pinned(disk: Connection, device: str, eye: Eye, shown: str, now: datetime) -> None:
    """Remember what the device showed at first; what is remembered already stays."""
    row = {"device": device, "eye": eye.value, "shown": shown, "at": now}
    disk.execute(insert(_pin).values(row).on_conflict_do_nothing())


def forgotten(disk: Connection, device: str) -> int:
    """Forget what the device showed, so that the next look remembers anew; how many eyes that were."""
    return disk.execute(delete(_pin).where(_pin.c.device == device)).rowcount
