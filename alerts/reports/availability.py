"""How long devices were out in the month, by two clocks that need not agree: ours that asks, and those of the tickets.

Reachability says whether the management address answered, where that is known. The clock "restore" of a ticket says how
long service waited for its restoration by the contract, from its opening on. Neither is made to fit the other.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from alerts.desk import tickets as desk
from alerts.desk.terms import ClockName
from alerts.papers.paper import Block, Figure, Row, Tone
from alerts.reports.book import NONE, Book
from alerts.reports.month import InspectionMonth, TicketMonth
from monitor.model import Level

_GRAVE = {Level.CRITICAL, Level.MAJOR}
Stretch = tuple[datetime, datetime]


def availability(book: Book) -> Iterator[Block]:
    """The devices that were out by either clock, with the minutes of both."""
    pen = book.pen
    waits = [
        (each, spans)
        for each in book.month.tickets
        if desk.level(each.ticket) in _GRAVE and (spans := stretches(each, book.month))
    ]
    rows = []
    for sheet in book.sheets:
        of = sheet.of
        own = [each for each in waits if each[0].ticket.fault.device == of.device.name]
        unreached = of.known_for - of.up_for
        if not own and unreached < 1:
            continue
        rows.append(
            Row(
                cells=(
                    book.name(of.device.name),
                    Figure(value=_minutes(unreached)) if of.known_for else pen.words("insufficient"),
                    Figure(value=_minutes(of.known_for)) if of.known_for else NONE,
                    Figure(value=_minutes(_together(one for _, spans in own for one in spans).total_seconds())),
                    pen.listed(each.ticket.id for each, _ in own) or NONE,
                ),
                tone=Tone.ATTENTION,
            )
        )
    yield pen.table(
        "outages", [("device", 1.4), ("unreached", 1.0), ("watched", 1.0), ("waited", 1.0), ("tickets", 2.0)], rows
    )
    if unknown := sum(not each.of.known_for for each in book.sheets):
        yield pen.paragraph("outages_unknown", Tone.ATTENTION, count=str(unknown))
    yield pen.paragraph("outages_mean", Tone.QUIET)


def _minutes(seconds: float) -> int:
    return round(seconds / 60)


def stretches(one: TicketMonth, month: InspectionMonth) -> list[Stretch]:
    """When, within the month, the ticket's clock "restore" ran. What is restored at once waits for nothing."""
    found = []
    for clock in one.clocks:
        if clock.name is ClockName.RESTORE:
            begin, end = max(clock.started, month.start), min(clock.met_at or clock.as_of, month.end)
            if begin < end:
                found.append((begin, end))
    return found


def _together(several: Iterable[Stretch]) -> timedelta:
    """How long at least one of them lasted."""
    whole, until = timedelta(), None
    for begin, end in sorted(several):
        start = begin if until is None else max(begin, until)
        if end > start:
            whole += end - start
        until = end if until is None else max(until, end)
    return whole
