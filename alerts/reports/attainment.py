"""The contract attainment report: each promise of the contract with how it was kept, and the evidence of each clock.

From the tickets of a customer that were opened in a period, to a Paper. Figures follow from the clocks alone; what
nothing measures is said to have no figure.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.desk.clocks import Clock, ClockName, ClockState, clocks
from alerts.desk.contract import Contract
from alerts.desk.effective import effective
from alerts.desk.tickets import state, wants_call_back
from alerts.desk.times import span
from alerts.locale import Words, words
from alerts.papers.paper import Block, Cell, Figure, Mark, Moment, Paper, Row, Signatures, Tone
from alerts.post.contents import is_settled
from alerts.reports.book import NONE, Pen
from alerts.reports.month import TicketMonth, fingerprint
from monitor.model import Component, EventKind, Language, Text, Ticket, TicketEvent

KIND = "attainment"
_SETTLED = "settled"
_KEPT = (ClockState.MET, _SETTLED)
_BROKEN = (ClockState.MISSED, ClockState.MET_LATE)
_OPEN = (ClockState.RUNNING, ClockState.PAUSED)
_UNMEASURED = ("early_notice", "visit", "spares_audit", "hours")
"""Promises of the contract that no clock measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """Whether the inspection report of a month that is over was made, and when first."""

    month: str
    site: str
    made_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttainmentFacts:
    """All that the report knows. `tickets` were opened from `start` to `end`, their clocks are as of the making."""

    customer: str
    number: str
    period: str
    zone: str
    start: datetime
    end: datetime
    generated_at: datetime
    tool_version: str
    contract: Contract
    tickets: tuple[TicketMonth, ...]
    inspections: tuple[Inspected, ...] = ()
    company: str = ""


def measured(ticket: Ticket, contract: Contract, now: datetime) -> TicketMonth:
    """A ticket with its clocks, told so that they are the same as long as none of them moves."""
    return TicketMonth(ticket=ticket, state=state(ticket), clocks=tuple(map(_steady, clocks(ticket, contract, now))))


def _steady(clock: Clock) -> Clock:
    if clock.state in _OPEN and clock.promise is not None:
        return replace(clock, as_of=clock.started, due=clock.started + clock.promise)
    if clock.state is ClockState.NOT_APPLICABLE:
        return replace(clock, as_of=clock.started)
    return replace(clock, as_of=clock.due) if clock.state is ClockState.MISSED and clock.due else clock


def standing(clock: Clock) -> str:
    """How a clock stands; what a recovery settled nobody kept, so it is told apart."""
    return _SETTLED if clock.state is ClockState.MET and is_settled(clock) else clock.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Attained:
    """How one promise was kept. `paused` is how long its tickets stood still, where they did."""

    name: ClockName
    title: Text
    counts: Counter[str]
    paused: timedelta

    @property
    def owed(self) -> int:
        """How many clocks have an end, kept or not."""
        return sum(self.counts[each] for each in (*_KEPT, *_BROKEN))

    @property
    def share(self) -> float | None:
        """The share that was kept; None where nothing was due."""
        return sum(self.counts[each] for each in _KEPT) / self.owed if self.owed else None


def attained(facts: AttainmentFacts) -> tuple[Attained, ...]:
    """Every promise that has a clock, in the order of the contract."""
    found = []
    for name, rule in facts.contract.clocks.items():
        own = [(one, clock) for one in facts.tickets for clock in one.clocks if clock.name is name and clock.due]
        found.append(
            Attained(
                name=name,
                title=rule.title,
                counts=Counter(standing(clock) for _, clock in own),
                paused=sum((_paused(one.ticket) for one, _ in own), timedelta()) if rule.pauses else timedelta(),
            )
        )
    return tuple(found)


def _pauses(ticket: Ticket) -> Iterator[tuple[TicketEvent, TicketEvent | None]]:
    """Each pause by its entry, and the entry that ended it."""
    begun = None
    for event in effective(ticket).events:
        if event.kind is EventKind.PAUSED and begun is None:
            begun = event
        elif event.kind is EventKind.RESUMED and begun is not None:
            yield begun, event
            begun = None
    if begun is not None:
        yield begun, None


def _paused(ticket: Ticket) -> timedelta:
    return sum((end.at - begin.at for begin, end in _pauses(ticket) if end is not None), timedelta())


def attainment(facts: AttainmentFacts, language: Language, version: int = 1, said: Words | None = None) -> Paper:
    """The report in `language`; `said` are the words of a customer of its own."""
    pen = Pen(said=said or words(language), zone=facts.zone, group=KIND)
    terms: list[tuple[str, Cell]] = [
        (pen.words("cover_period"), facts.period),
        (pen.words("cover_tickets"), Figure(value=len(facts.tickets))),
        (pen.words("cover_made"), Moment(at=facts.generated_at, day=True)),
    ]
    return Paper(
        kind=KIND,
        title=pen.words("title"),
        subtitle=f"{facts.customer} · {facts.period}",
        number=facts.number,
        version=version,
        language=language,
        zone=facts.zone,
        made_at=facts.generated_at,
        tool_version=facts.tool_version,
        facts=fingerprint(facts),
        blocks=tuple(_blocks(facts, pen)),
        company=facts.company,
        customer=facts.customer,
        terms=tuple(terms),
    )


def _blocks(facts: AttainmentFacts, pen: Pen) -> Iterator[Block]:
    yield pen.heading(1, "summary")
    yield pen.paragraph("summary_said", tickets=str(len(facts.tickets)))
    if facts.generated_at < facts.end:
        yield pen.paragraph("period_lasts", Tone.ATTENTION, at=pen.at(facts.generated_at))
    yield pen.table(
        "promises",
        [
            ("promise", 2.0), ("owed", 0.8), ("kept", 0.8), ("settled", 0.9), ("missed", 0.8), ("late", 0.9),
            ("running", 0.9), ("pauses", 0.9), ("share", 0.9),
        ],
        (_promise(each, pen) for each in attained(facts)),
    )  # fmt: skip
    yield pen.paragraph("share_means", Tone.QUIET)
    owing = [one for one in facts.tickets if wants_call_back(one.ticket, facts.contract)]
    yield pen.paragraph("call_backs", Tone.ATTENTION if owing else Tone.PLAIN, count=str(len(owing)))
    yield pen.table(
        "not_called_back",
        [("ticket", 1.2), ("about", 2.4), ("ticket_state", 1.0)],
        (Row(cells=(*_head(one, pen), pen.said.said("ticket_state", one.state.value))) for one in owing),
    )
    yield pen.heading(1, "inspections")
    yield pen.table(
        "inspections",
        [("month", 1.0), ("site", 1.6), ("made", 1.2), ("result", 1.0)],
        (_inspection(each, pen) for each in facts.inspections),
    )
    yield pen.table(
        "unmeasured",
        [("promise", 2.4), ("figure", 1.6)],
        (Row(cells=(pen.words(f"promise_{name}"), pen.words("no_figure")), tone=Tone.QUIET) for name in _UNMEASURED),
    )
    yield pen.heading(1, "evidence")
    yield pen.paragraph("evidence_said", Tone.QUIET)
    for name, rule in facts.contract.clocks.items():
        own = [(one, clock) for one in facts.tickets for clock in one.clocks if clock.name is name and clock.due]
        if own:
            yield pen.table(
                "clocks",
                [
                    ("ticket", 1.7), ("about", 1.7), ("promised", 0.8), ("started", 1.3), ("due", 1.1), ("done", 1.3),
                    ("result", 1.0), ("pauses", 1.4),
                ],
                (_clock(one, clock, pen, pauses=rule.pauses) for one, clock in own),
                of=name.value,
                title=rule.title.said(pen.said.language),
            )  # fmt: skip
    yield pen.heading(1, "signatures")
    yield Signatures(roles=(pen.words("sign_service"), pen.words("sign_customer")))


def _promise(each: Attained, pen: Pen) -> Row:
    counts = each.counts
    return Row(
        cells=(
            each.title.said(pen.said.language),
            Figure(value=each.owed),
            Figure(value=counts[ClockState.MET]),
            Figure(value=counts[_SETTLED]),
            Figure(value=counts[ClockState.MISSED]),
            Figure(value=counts[ClockState.MET_LATE]),
            Figure(value=sum(counts[one] for one in _OPEN)),
            span(each.paused, pen.said.language) if each.paused else NONE,
            Figure(value=each.share, unit="ratio") if each.share is not None else pen.words("nothing_due"),
        ),
        tone=Tone.ATTENTION if any(counts[one] for one in _BROKEN) else Tone.PLAIN,
    )


def _inspection(each: Inspected, pen: Pen) -> Row:
    mark = (
        Mark(sign="√", text=pen.words("was_made"), tone=Tone.GOOD)
        if each.made_at
        else Mark(sign="×", text=pen.words("was_not_made"), tone=Tone.BAD)
    )
    return Row(cells=(each.month, each.site, Moment(at=each.made_at) if each.made_at else NONE, mark))


def _head(one: TicketMonth, pen: Pen) -> tuple[str, str]:
    key = one.ticket.fault
    return one.ticket.id, f"{key.device} – {pen.said.part(Component(kind=key.kind, label=key.label))}"


def _clock(one: TicketMonth, clock: Clock, pen: Pen, *, pauses: bool) -> Row:
    stood, language = standing(clock), pen.said.language
    sign = "√" if stood in _KEPT else "×" if stood in _BROKEN else "○"
    tone = Tone.GOOD if stood in _KEPT else Tone.BAD if stood in _BROKEN else Tone.QUIET
    events = effective(one.ticket).events
    met = clock.met_at
    paused = [
        pen.words("pause", first=f"#{begin.seq}", last=f"#{end.seq}" if end else "…")
        for begin, end in _pauses(one.ticket)
    ]
    return Row(
        cells=(
            *_head(one, pen),
            span(clock.promise, language) if clock.promise else pen.words("at_once"),
            _at(clock.started, next((each for each in events if each.at == clock.started), None), pen),
            Moment(at=clock.due),
            _at(met, next((each for each in events if each.at == met and each.kind is clock.met_by), None), pen)
            if met
            else NONE,
            Mark(sign=sign, text=pen.said.said("clock_state", stood), tone=tone),
            pen.comma(paused) if pauses and paused else NONE,
        ),
        tone=tone if tone is Tone.BAD else Tone.PLAIN,
    )


def _at(moment: datetime, event: TicketEvent | None, pen: Pen) -> str:
    """A moment with the number of the entry that says it."""
    return " ".join(filter(None, (pen.at(moment), f"#{event.seq}" if event else "")))
