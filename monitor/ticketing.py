"""What happens to a ticket, written down and told: the one place that appends events and queues their letters.

Called by the pipeline (a fault opened, changed, cleared), by the duties (a clock ran out) and by people's doors (the
command line, later the console). Always inside the caller's transaction, so event and letters are kept together.

While a maintenance window covers a fault nobody is called for it: it opens no ticket and is no relapse of one, and a
change of its level is written down without a letter. What is still broken when no window covers it any more speaks up
then (`monitor.afterwards`). That a fault is over is told at once: whoever was called for it may stand down.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.desk.clocks import handed_up_at_once
from alerts.desk.tickets import TicketState
from alerts.post.letters import letters as letters_of
from monitor import maintenance
from monitor.config import Settings
from monitor.model import Device, EventKind, Fault, Identity, Ticket
from monitor.store import devices, faults, letters, tickets

ITSELF = "netvigil"
_MAY_TURN_SEVERE = {EventKind.LEVEL_CHANGED, EventKind.RELAPSED, EventKind.RESPONSIBILITY, EventKind.RESUMED}


def opened(disk: Connection, fault: Fault, settings: Settings, now: datetime) -> None:
    """Open the ticket of a fault; where one is still unclosed for the same key, the fault has come back to it.

    Under maintenance nothing is opened yet.
    """
    if maintenance.covering(disk, fault.key, settings, now) is not None:
        return
    unclosed = tickets.unclosed(disk, fault.key)
    if unclosed:
        followed_up(disk, unclosed[-1], EventKind.RELAPSED, fault, settings, now)
        return
    device = settings.place(fault.key)
    if device is None:
        raise LookupError(f"{fault.key.device} has a fault, and is not in the inventory")
    site = settings.inventory.sites[device.site]
    visited = devices.by_name(disk, device.name)
    maker = (visited.identity.vendor if visited else None) or ""
    number = tickets.next_id(disk, now, site.zone)
    ticket = desk.opened(number, fault, device, site, settings.contract, now, maker=maker)
    tickets.created(disk, ticket, fault.id)
    _told(disk, ticket, fault, settings, now)
    _handed_up(disk, ticket, fault, settings, now)


def followed_up(
    disk: Connection, ticket: Ticket, kind: EventKind, fault: Fault, settings: Settings, now: datetime
) -> None:
    """Write into `ticket` what became of its fault: recovered, relapsed, or at another level.

    What the ticket knows already is not said twice, such as that a fault is back that never went away.
    """
    standing = desk.state(ticket)
    is_covered = maintenance.covering(disk, fault.key, settings, now) is not None
    if kind is EventKind.RECOVERED and standing is TicketState.RECOVERED:
        return
    if kind is EventKind.RELAPSED and standing not in {TicketState.RECOVERED, TicketState.RESTORED}:
        if desk.level(ticket) is fault.level:
            return
        kind = EventKind.LEVEL_CHANGED
    data = {
        "level": str(int(fault.level)),
        "reason": "; ".join(reason.text.en for reason in fault.reasons),
        "reason_zh_CN": "；".join(reason.text.zh_CN for reason in fault.reasons),
    }
    is_quiet = is_covered and kind is not EventKind.RECOVERED
    _appended(disk, ticket, kind, ITSELF, data, fault, settings, now, is_quiet=is_quiet)


def acted(
    disk: Connection,
    number: str,
    kind: EventKind,
    by: str,
    data: Mapping[str, str],
    settings: Settings,
    now: datetime,
    *,
    at: datetime | None = None,
    is_quiet: bool = False,
) -> Ticket:
    """Write into the ticket what someone (or a clock) did, `at` another moment than now; quietly where nobody is told.

    Raises NoSuchTicketError (monitor.store.tickets), and ValueError where the event cannot be at this point.
    """
    ticket = tickets.found(disk, number)
    fault = faults.newest(disk, ticket.fault)
    return _appended(disk, ticket, kind, by, data, fault, settings, now, at=at, is_quiet=is_quiet)


def _appended(
    disk: Connection,
    ticket: Ticket,
    kind: EventKind,
    by: str,
    data: Mapping[str, str],
    fault: Fault,
    settings: Settings,
    now: datetime,
    *,
    is_quiet: bool,
    at: datetime | None = None,
) -> Ticket:
    # The wall clock may have been set back; a ticket's history never runs backwards.
    longer = desk.recorded(ticket, kind, max(at or now, ticket.events[-1].at), by, data)
    tickets.appended(disk, ticket.id, longer.events[-1])
    if is_quiet:  # what is to be handed up at once is so when the window is over and the ticket goes on
        return longer
    _told(disk, longer, fault, settings, now)
    return _handed_up(disk, longer, fault, settings, now) if kind in _MAY_TURN_SEVERE else longer


def _handed_up(disk: Connection, ticket: Ticket, fault: Fault, settings: Settings, now: datetime) -> Ticket:
    """What the severe class promises to hand up at once, nobody but the daemon can hand up in time."""
    handed = handed_up_at_once(ticket, settings.contract, max(now, ticket.events[-1].at))
    if handed is not ticket:
        tickets.appended(disk, handed.id, handed.events[-1])
        _told(disk, handed, fault, settings, now)
    return handed


def _told(disk: Connection, ticket: Ticket, fault: Fault, settings: Settings, now: datetime) -> None:
    device = settings.place(ticket.fault) or _removed(ticket)
    site = settings.inventory.sites.get(ticket.site)
    if site is None:  # taken out of the inventory since: nobody is left to be told, the record stays
        return
    visited = devices.by_name(disk, device.name)
    letters.queued(
        disk,
        letters_of(
            ticket,
            ticket.events[-1],
            fault,
            device,
            visited.identity if visited else Identity(),
            site,
            settings.contract,
            settings.mail.recipients,
            settings.mail.domain,
            now,
            settings.daemon.runbooks,
        ),
    )


def _removed(ticket: Ticket) -> Device:
    return Device(name=ticket.fault.device, address="", customer=ticket.customer, site=ticket.site)
