"""Which maintenance windows there are: those of the inventory that recur, and those in the store.

Asked before somebody is called (`monitor.ticketing`), and when a window has begun or ended (`monitor.afterwards`).
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.desk.windows import Coverage, Covered
from monitor.config import Settings
from monitor.model import FaultKey
from monitor.store import maintenance


def coverage(disk: Connection, settings: Settings, now: datetime, *, back: timedelta = timedelta(0)) -> Coverage:
    """What is covered now; with `back` it also knows of the windows that have ended since so long ago."""
    return Coverage(
        windows=(*settings.inventory.windows, *maintenance.overlapping(disk, now - back, now)),
        devices=settings.inventory.devices,
        sites=settings.inventory.sites,
        now=now,
    )


def next_change(disk: Connection, settings: Settings, now: datetime, *, within: timedelta) -> datetime | None:
    """When a window begins or ends next; those of the store as far ahead as `within`."""
    windows = (*settings.inventory.windows, *maintenance.overlapping(disk, now, now + within))
    inventory = settings.inventory
    return Coverage(windows=windows, devices=inventory.devices, sites=inventory.sites, now=now).next_change()


def covering(disk: Connection, key: FaultKey, settings: Settings, now: datetime) -> Covered | None:
    """The window that covers a fault under `key` now."""
    return coverage(disk, settings, now).of(key)
