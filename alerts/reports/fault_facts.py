"""What is known of a fault when it is over, as plain values: what the papers about it are made of.

The daemon gathers it (monitor/after.py); fault_report.py and tracking_card.py write it down.
"""

from dataclasses import dataclass
from datetime import datetime

from alerts.desk.clocks import Clock
from alerts.desk.contract import Contract
from alerts.desk.hops import Hop
from alerts.desk.tickets import TicketState
from monitor.model import Device, DeviceEvent, EventKind, Fault, Identity, Site, Text, Ticket, TicketEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """An earlier ticket about the same, or about the same kind of part in a device of the same model."""

    ticket: str
    device: str
    part: str
    opened: datetime
    ended: datetime | None
    cause: str
    handling: str
    is_same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A letter about the ticket, and what became of it; `state` is a word of the outbox."""

    to: str
    at: datetime
    state: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFacts:
    """All that is known of one ticket and its fault. `device` is None where the inventory has it no more."""

    ticket: Ticket
    state: TicketState
    clocks: tuple[Clock, ...]
    contract: Contract
    fault: Fault
    device: Device | None
    identity: Identity
    site: Site
    customer: str
    generated_at: datetime
    tool_version: str
    symptoms: tuple[Fault, ...] = ()
    similar: tuple[Similar, ...] = ()
    history: tuple[DeviceEvent, ...] = ()
    hops: tuple[Hop, ...] = ()
    letters: tuple[Told, ...] = ()
    statement: tuple[Text, ...] = ()
    company: str = ""

    def last(self, *kinds: EventKind) -> TicketEvent | None:
        """The last entry of one of these kinds, None where there is none."""
        return next((event for event in reversed(self.ticket.events) if event.kind in kinds), None)
