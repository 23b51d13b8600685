"""A vendor's case that lasts: on which rung of the maker's ladder somebody is to be rung now, and when the next is due.

The rungs stand in contract.toml (`[[makers.NAME.ladder]]`), reckoned from when the case was opened; a case that was
closed, and a ticket that works again, wants none. That it is opened in time and what was promised next are clocks.
"""

from dataclasses import dataclass
from datetime import datetime

from alerts.desk.contract import Contract
from alerts.desk.runs import next_news
from alerts.desk.terms import Rung
from alerts.desk.tickets import is_ended, is_well, last, since_report
from alerts.desk.warranty import maker_of
from monitor.model import EventKind, Text, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case that is open at the vendor's: since when, its number, the rung that is reached, and when the next is."""

    number: str
    opened_at: datetime
    next_due: str
    rung: Rung | None
    next_rung_at: datetime | None


def case(ticket: Ticket, contract: Contract, now: datetime, *, well_too: bool = False) -> Case | None:
    """The vendor's case of `ticket`, while it is open and something is wanted of it.

    With `well_too` also where service works again: nobody is pressed then, but the case has yet to be closed.
    """
    events = since_report(ticket)
    opened = last(events, EventKind.REPORTED_TO_VENDOR)
    if opened is None or is_ended(ticket) or (is_well(ticket) and not well_too):
        return None
    closed = last(events, EventKind.VENDOR_CLOSED)
    if closed is not None and closed.seq > opened.seq:
        return None
    numbers = [each.data["case"] for each in events if each.kind in _CASES and each.data.get("case")]
    maker = contract.makers.get(maker_of(ticket.events[0].data.get("maker", ""), contract))
    rungs = sorted(maker.ladder if maker and not is_well(ticket) else (), key=lambda each: each.after)
    reached = [each for each in rungs if opened.at + each.after <= now]
    news = next_news(events)
    return Case(
        number=numbers[-1] if numbers else "",
        opened_at=opened.at,
        next_due=news.data["next_due"] if news else "",
        rung=reached[-1] if reached else None,
        next_rung_at=opened.at + rungs[len(reached)].after if len(reached) < len(rungs) else None,
    )


_CASES = {EventKind.REPORTED_TO_VENDOR, EventKind.VENDOR_UPDATED}


def said(found: Case | None) -> tuple[Text, ...]:
    """Whom to ring at the vendor's, in a line; nothing before the first rung is reached."""
    if found is None or found.rung is None:
        return ()
    rung, number = found.rung, found.number
    phone = f" {rung.phone}" if rung.phone else ""
    return (
        Text(
            en=f"Vendor's case{f' {number}' if number else ''} is unsolved: press for it with {rung.title.en}{phone}",
            zh_CN=f"厂商工单{f' {number}' if number else ''} 尚未解决：请升级至{rung.title.zh_CN}{phone}",
        ),
    )
