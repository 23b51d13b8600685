"""A person's word on the level of one fault: kept with its reason, and in force until the fault is over."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.faults.judgement import person_said
from monitor import ticketing
from monitor.config import Settings
from monitor.model import EventKind, Fault, FaultState, Regraded
from monitor.store import faults, tickets


def regraded(disk: Connection, number: int, word: Regraded, settings: Settings, now: datetime) -> Fault:
    """Give the fault the level of `word`; its ticket says by whom and why.

    Raises NoSuchFaultError (monitor.store.faults), and ValueError where the fault is over.
    """
    fault = _living(disk, number)
    rules = fault.reasons if fault.regraded is None else fault.reasons[:-1]
    changed = faults.saved(disk, replace(fault, level=word.level, reasons=(*rules, person_said(word)), regraded=word))
    data = {"level": str(int(word.level)), "reason": word.reason, "reason_zh_CN": word.reason}
    for ticket in tickets.unclosed(disk, fault.key):
        if desk.level(ticket) is not word.level:
            ticketing.acted(disk, ticket.id, EventKind.LEVEL_CHANGED, word.by, data, settings, now)
    return changed


def given_back(disk: Connection, number: int) -> Fault:
    """Let the rules speak again, from the next visit on. Raises as `regraded`."""
    fault = _living(disk, number)
    if fault.regraded is None:
        raise ValueError(f"fault {number} has its level from the rules; nobody gave it another one")
    return faults.saved(disk, replace(fault, regraded=None))


def _living(disk: Connection, number: int) -> Fault:
    fault = faults.found(disk, number)
    if fault.state is FaultState.CLEARED:
        raise ValueError(f"fault {number} is over; a level can be given to what stands")
    return fault
