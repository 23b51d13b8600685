"""The hops of one fault, gathered from what is on disk: the fault, the ticket that called people to it, its letters."""

from sqlalchemy import Connection

from alerts.desk import hops as desk
from alerts.desk.hops import Hops
from monitor.model import Fault, Ticket
from monitor.store import letters, tickets


def of(disk: Connection, fault: Fault) -> Hops:
    """All hops of `fault` so far."""
    ticket = ticket_of(disk, fault)
    return desk.hops(fault, ticket, letters.mailed(disk, ticket.id) if ticket else ())


def ticket_of(disk: Connection, fault: Fault) -> Ticket | None:
    """The ticket that called people to `fault`; None where nobody was called for it."""
    about = tickets.all_about(disk, fault.key)
    return next((ticket for ticket in about if desk.called(fault, ticket) is not None), None)
