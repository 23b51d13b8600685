"""What an explanation needs from disk and settings: for `netvigil explain`, letters and the pages, the same everywhere.

`alerts.faults.explained` makes the text of it.
"""

from datetime import datetime

from sqlalchemy import Connection

from alerts.faults.explained import Context
from monitor import hops, maintenance
from monitor.config import Settings
from monitor.credentials import options
from monitor.model import Device, Fault, FaultState
from monitor.store import faults


def context(disk: Connection, fault: Fault, settings: Settings, now: datetime) -> Context:
    """All that is known around `fault` by now."""
    device, is_over = settings.inventory.devices.get(fault.key.device), fault.state is FaultState.CLEARED
    return Context(
        policy=settings.policy,
        device=device,
        asked=ways(device, settings) if device else (),
        symptoms=faults.beneath(disk, fault),
        covered=None if is_over else maintenance.covering(disk, fault.key, settings, now),
        hops=hops.of(disk, fault),
        runbooks=settings.daemon.runbooks,
    )


def ways(device: Device, settings: Settings) -> tuple[str, ...]:
    """In which ways `device` is asked over SNMP, each once."""
    known = settings.inventory.credentials
    return tuple(dict.fromkeys(options(known[name]) for name in device.credentials if name in known))
