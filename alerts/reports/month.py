"""What an inspection report is made of: the facts of one site and one month, and their fingerprint.

The daemon gathers them from what it stored; inspection.py writes them down.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from alerts.desk.clocks import Clock
from alerts.desk.tickets import TicketState
from monitor.model import Device, DeviceEvent, Fault, Identity, Observation, Site, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMonth:
    """One device: who it is and what was last read of it (`checks`, judged).

    `reached` is False where it could not be read when it was to be inspected; `reason` then says why, in a word of
    `Silence` or in others. `last_seen` is the last reading that succeeded, None where there never was one.
    """

    device: Device
    identity: Identity
    checks: tuple[Observation, ...]
    reached: bool
    last_seen: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMonth:
    """One ticket, where it stands and how its clocks were kept, as of the making of the report."""

    ticket: Ticket
    state: TicketState
    clocks: tuple[Clock, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionMonth:
    """All facts of one site and one month ("2026-11"). `customer` is the customer's title, as printed."""

    customer: str
    site: Site
    month: str
    generated_at: datetime
    tool_version: str
    devices: tuple[DeviceMonth, ...]
    faults: tuple[Fault, ...] = ()
    tickets: tuple[TicketMonth, ...] = ()
    events: tuple[DeviceEvent, ...] = ()
    engineers: tuple[str, ...] = ()


def fingerprint(month: InspectionMonth) -> str:
    """SHA-256 of the facts, whoever made the report of them and when: the same facts have the same fingerprint."""
    facts = {key: value for key, value in _plain(month).items() if key not in {"generated_at", "tool_version"}}
    canonical = json.dumps(facts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


def _plain(value: object) -> dict[str, object]:
    return {each.name: _told(getattr(value, each.name)) for each in fields(value)}  # type: ignore[arg-type]  # a dataclass: `_told` sends no other


def _told(value: object) -> object:
    if is_dataclass(value):
        return _plain(value)
    if isinstance(value, Mapping):
        return {str(key): _told(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_told(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value
