"""What happened in the month: faults, vendor's cases, spares, changes, windows; alarms and logs; tickets and clocks."""

from collections import Counter
from collections.abc import Iterator, Sequence

from alerts.desk.clocks import Clock, ClockState
from alerts.desk.effective import effective
from alerts.papers.paper import Block, Cell, Figure, Mark, Moment, Row, Tone
from alerts.post.contents import is_settled
from alerts.reports.book import NONE, Book
from alerts.reports.history import happened
from alerts.reports.month import TicketMonth
from monitor.model import Component, Condition, DeviceEvent, EventKind, Fault, FaultState, Happened, Level, TicketEvent

SETTLED = "settled"
_CLOCK_MARKS = {
    SETTLED: ("√", Tone.GOOD),
    ClockState.MET: ("√", Tone.GOOD),
    ClockState.MET_LATE: ("×", Tone.BAD),
    ClockState.MISSED: ("×", Tone.BAD),
    ClockState.RUNNING: ("○", Tone.QUIET),
    ClockState.PAUSED: ("○", Tone.QUIET),
}
_VENDOR = {EventKind.REPORTED_TO_VENDOR, EventKind.VENDOR_UPDATED, EventKind.VENDOR_CLOSED}
_SPARES = {EventKind.SPARE_RESERVED, EventKind.SPARE_USED, EventKind.SPARE_RETURNED, EventKind.LOANER}
_MOST_REPEATED = 20  # log lines that are told by themselves


def told_faults(book: Book) -> Sequence[Fault]:
    """The faults of the month, the gravest first. A suspicion is none."""
    return sorted(
        (fault for fault in book.month.faults if fault.state is not FaultState.SUSPECTED),
        key=lambda fault: (fault.level, fault.opened_at or fault.first_seen, fault.key),
    )


def events(book: Book) -> Iterator[Block]:
    """What happened: vendor's cases, spare parts of tickets, changes of the devices, maintenance windows."""
    pen = book.pen
    yield pen.heading(1, "events")
    yield pen.paragraph(
        "events_said",
        faults=str(len(told_faults(book))),
        tickets=str(len(book.month.tickets)),
        changes=str(len(_changes(book))),
        windows=str(len(book.month.windows)),
    )
    yield pen.table(
        "vendor_cases",
        [("ticket", 1.1), ("device", 1.2), ("when", 1.1), ("step", 1.2), ("case", 1.0), ("remark", 2.0)],
        (_step(one, event, book) for one, event in _steps(book, frozenset(_VENDOR))),
    )
    yield pen.table(
        "parts_of_tickets",
        [("ticket", 1.1), ("device", 1.2), ("when", 1.1), ("step", 1.2), ("serial", 1.0), ("remark", 2.0)],
        (_step(one, event, book) for one, event in _steps(book, frozenset(_SPARES))),
    )
    yield pen.table(
        "changes",
        [("when", 1.1), ("device", 1.4), ("change", 4.0)],
        (
            Row(cells=(Moment(at=each.at), book.name(each.device), happened(each, pen.said, pen.zone)))
            for each in _changes(book)
        ),
    )
    yield pen.table(
        "windows",
        [("begins", 1.1), ("ends", 1.1), ("what", 1.6), ("reason", 2.0), ("by", 1.0)],
        (
            Row(cells=(Moment(at=each.begins), Moment(at=each.ends), each.what, each.reason, each.by or NONE))
            for each in book.month.windows
        ),
    )


def _changes(book: Book) -> Sequence[DeviceEvent]:
    return [each for each in book.month.events if each.what is not Happened.LOG_ENTRY]


def _steps(book: Book, kinds: frozenset[EventKind]) -> Iterator[tuple[TicketMonth, TicketEvent]]:
    for one in sorted(book.month.tickets, key=lambda each: each.ticket.id):
        for event in effective(one.ticket).events:
            if event.kind in kinds and book.month.start <= event.at < book.month.end:
                yield one, event


def _step(one: TicketMonth, event: TicketEvent, book: Book) -> Row:
    data = event.data
    return Row(
        cells=(
            one.ticket.id,
            book.name(one.ticket.fault.device),
            Moment(at=event.at),
            book.pen.words(f"step_{event.kind.value}"),
            data.get("case") or data.get("serial") or NONE,
            data.get("text") or NONE,
        )
    )


def alarms(book: Book) -> Iterator[Block]:
    """Logs and alarms: counts by level, what repeats, what has not recovered."""
    pen = book.pen
    faults = told_faults(book)
    yield pen.heading(1, "alarms")
    yield pen.table(
        "alarm_levels",
        [("level", 2.0), ("opened", 1.0), ("recovered", 1.0), ("open", 1.0), ("symptoms", 1.0)],
        (_level(level, [fault for fault in faults if fault.level is level], book) for level in Level),
    )
    often = Counter(fault.key for fault in faults)
    yield pen.table(
        "repeated",
        [("device", 1.4), ("fault", 3.0), ("times", 0.8)],
        (
            Row(
                cells=(
                    book.name(key.device),
                    f"{pen.said.part(Component(kind=key.kind, label=key.label))} – {pen.said.aspect(key.aspect)}",
                    Figure(value=count),
                )
            )
            for key, count in often.most_common()
            if count > 1
        ),
    )
    yield pen.heading(2, "logs")
    logged = [one.of for one in book.sheets if one.of.log is not None]
    unlogged = len(book.sheets) - len(logged)
    if unlogged:
        yield pen.paragraph("logs_unread", Tone.QUIET, count=str(unlogged))
    yield pen.table(
        "log_levels",
        [("device", 1.6), ("grave", 1.0), ("warnings", 1.0), ("others", 1.0)],
        (
            Row(
                cells=(
                    book.name(of.device.name),
                    Figure(value=of.log.counts.get(Condition.FAILED, 0)),
                    Figure(value=of.log.counts.get(Condition.DEGRADED, 0)),
                    Figure(
                        value=sum(
                            count
                            for severity, count in of.log.counts.items()
                            if severity not in {Condition.FAILED, Condition.DEGRADED}
                        )
                    ),
                )
            )
            for of in logged
            if of.log
        ),
    )
    lines = [(count, of.device.name, text) for of in logged if of.log for text, count in of.log.repeated if count > 1]
    yield pen.table(
        "log_repeated",
        [("device", 1.2), ("line", 4.0), ("times", 0.6)],
        (
            Row(cells=(book.name(name), text, Figure(value=count)))
            for count, name, text in sorted(lines, key=lambda each: (-each[0], each[1], each[2]))[:_MOST_REPEATED]
        ),
    )


def _level(level: Level, faults: Sequence[Fault], book: Book) -> Row:
    is_open = [fault for fault in faults if fault.state is FaultState.OPEN]
    return Row(
        cells=(
            book.pen.level(level),
            Figure(value=sum(book.month.start <= (fault.opened_at or fault.first_seen) for fault in faults)),
            Figure(value=len(faults) - len(is_open)),
            Figure(value=len(is_open)),
            Figure(value=sum(fault.hidden_by is not None for fault in faults)),
        )
    )


def faults_and_tickets(book: Book) -> Iterator[Block]:
    """Every fault with both ends, every ticket with each of its clocks."""
    pen = book.pen
    yield pen.heading(1, "faults")
    yield pen.table(
        "faults",
        [("device", 1.2), ("fault", 2.0), ("level", 1.0), ("why", 2.4), ("since", 1.1), ("cleared", 1.1)],
        (_fault(fault, book) for fault in told_faults(book)),
    )
    yield pen.heading(2, "tickets")
    if book.month.tickets:
        yield pen.paragraph("clocks_total", **tally(book.month.tickets))
    yield pen.table(
        "clocks",
        [
            ("ticket", 1.2), ("about", 2.0), ("ticket_state", 0.9), ("clock", 1.1), ("started", 1.1), ("due", 1.1),
            ("done", 1.1), ("kept", 1.1),
        ],
        (
            row
            for one in sorted(book.month.tickets, key=lambda each: each.ticket.id)
            for row in _clocks(one, book)
        ),
    )  # fmt: skip


def _fault(fault: Fault, book: Book) -> Row:
    pen = book.pen
    why = pen.words("semicolon").join(reason.text.said(pen.said.language) for reason in fault.reasons)
    hidden = pen.words("hidden", root=fault.hidden_by.device) if fault.hidden_by else ""
    window = pen.words("window", name=fault.window) if fault.window else ""
    return Row(
        cells=(
            book.name(fault.key.device),
            pen.said.what(fault.component, fault.key.aspect, fault.condition),
            pen.level(fault.level),
            " – ".join(filter(None, (why, hidden, window))) or NONE,
            Moment(at=fault.opened_at or fault.first_seen),
            Moment(at=fault.cleared_at) if fault.cleared_at else pen.words("still_open"),
        )
    )


def _clocks(one: TicketMonth, book: Book) -> Iterator[Row]:
    pen, key = book.pen, one.ticket.fault
    about = f"{book.name(key.device)} – {pen.said.part(Component(kind=key.kind, label=key.label))}"
    head: tuple[Cell, ...] = (one.ticket.id, about, pen.said.said("ticket_state", one.state.value))
    owed = [clock for clock in one.clocks if clock.due]
    for clock in owed:
        mark = clock_mark(clock, book)
        yield Row(
            cells=(
                *head,
                clock.title.said(pen.said.language),
                Moment(at=clock.started),
                Moment(at=clock.due),
                Moment(at=clock.met_at) if clock.met_at else NONE,
                mark,
            ),
            tone=mark.tone if mark.tone is Tone.BAD else Tone.PLAIN,
        )
        head = ("", "", "")
    if not owed:
        yield Row(cells=(*head, NONE, NONE, NONE, NONE, pen.words("nothing_owed")))


def clock_mark(clock: Clock, book: Book) -> Mark:
    """How a clock was kept, told apart in black and white."""
    stood = standing(clock)
    sign, tone = _CLOCK_MARKS.get(stood, ("—", Tone.QUIET))
    return Mark(sign=sign, text=book.pen.said.said("clock_state", stood), tone=tone)


def standing(clock: Clock) -> str:
    """How a clock was kept. What a recovery settled nobody kept, so it is told apart."""
    return SETTLED if clock.state is ClockState.MET and is_settled(clock) else clock.state.value


def tally(tickets: Sequence[TicketMonth]) -> dict[str, str]:
    """How many clocks were kept, settled and missed, and how many are not yet due."""
    states = Counter(standing(clock) for each in tickets for clock in each.clocks if clock.due)
    return {
        "kept": str(states[ClockState.MET]),
        "settled": str(states[SETTLED]),
        "missed": str(states[ClockState.MISSED] + states[ClockState.MET_LATE]),
        "running": str(states[ClockState.RUNNING] + states[ClockState.PAUSED]),
    }
