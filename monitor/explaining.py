"""What an explanation needs from disk and settings: for `netvigil explain`, letters and the pages, the same everywhere.

`alerts.faults.explained` makes the text of it.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts.faults.explained import IN_LETTER, Context
from monitor import hops, maintenance
from monitor.config import Settings
from monitor.credentials import options
from monitor.model import Device, Fault, FaultState
from monitor.store import faults

_ALL = 100_000


def context(disk: Connection, fault: Fault, settings: Settings, now: datetime) -> Context:
    """All that is known around `fault` by now."""
    is_over = fault.state is FaultState.CLEARED
    return replace(
        judged(disk, fault, settings, _ALL),
        symptoms=faults.all_beneath(disk, fault, _ALL),
        covered=None if is_over else maintenance.covering(disk, fault.key, settings, now),
        hops=hops.of(disk, fault),
        runbooks=settings.daemon.runbooks,
    )


def judged(disk: Connection, fault: Fault, settings: Settings, most: int = IN_LETTER) -> Context:
    """What a letter about `fault` says of how it was judged: no stops in time, and `most` symptoms by name."""
    device = settings.inventory.devices.get(fault.key.device)
    symptoms, count = faults.hidden_by(disk, fault.key, most)
    return Context(
        policy=settings.policy,
        device=device,
        asked=ways(device, settings) if device else (),
        symptoms=symptoms,
        more=count - len(symptoms),
    )


def ways(device: Device, settings: Settings) -> tuple[str, ...]:
    """In which ways `device` is asked over SNMP, each once."""
    known = settings.inventory.credentials
    return tuple(dict.fromkeys(options(known[name]) for name in device.credentials if name in known))
