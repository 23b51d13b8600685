"""The sheet of the quarterly visit (走访, contract 2.11): what the quarter was like, and room for what is said."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from alerts.locale import Words, wall, words
from alerts.papers.paper import Blank, Block, Figure, Heading, Moment, Pairs, Paper, Paragraph, Row, Tone
from alerts.reports.after_table import table
from alerts.reports.fault_report import signatures
from alerts.reports.month import fingerprint
from monitor.model import Fault, Language, Level

KIND = "visit_sheet"
_BLANKS = ("visited_by", "received_by", "visited_on", "satisfaction", "wishes", "agreed")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMatter:
    """A ticket that is not closed. `text` is what a person asked for, "" where a fault opened it."""

    ticket: str
    fault: Fault
    text: str
    level: Level
    opened: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFacts:
    """The figures of one customer's quarter. `satisfaction` are the marks (1 to 5) of all call-backs."""

    customer: str
    number: str
    quarter: str
    start: datetime
    end: datetime
    zone: str
    devices: int
    tickets: dict[Level, int]
    kept: int
    settled: int
    missed: int
    called_back: int
    uncalled: int
    satisfaction: tuple[int, ...]
    open: tuple[OpenMatter, ...]
    ending: tuple[tuple[str, str, str], ...]
    """Units whose warranty ends within 90 days: serial number, model, last day."""
    generated_at: datetime
    tool_version: str
    company: str = ""


def visit_sheet(facts: VisitFacts, language: Language, *, version: int = 1) -> Paper:
    """The sheet for the visit after a quarter, in `language`."""
    said = words(language)
    return Paper(
        kind=KIND,
        title=said.said("after", KIND),
        subtitle=f"{facts.customer} – {facts.quarter}",
        number=f"QV-{facts.number}-{facts.quarter}",
        version=version,
        language=language,
        zone=facts.zone,
        is_short=True,
        made_at=facts.generated_at,
        tool_version=facts.tool_version,
        facts=fingerprint(facts),
        company=facts.company,
        customer=facts.customer,
        terms=(
            (said.said("after", "quarter"), facts.quarter),
            (said.said("after", "from"), Moment(at=facts.start, day=True)),
            (said.said("after", "to"), Moment(at=facts.end, day=True)),
        ),
        blocks=tuple(_blocks(facts, said)),
    )


def _blocks(facts: VisitFacts, said: Words) -> Iterator[Block]:
    yield Heading(level=1, text=said.said("after", "quarter_figures"), key="figures")
    if facts.generated_at < facts.end:
        until = wall(facts.generated_at, facts.zone)
        yield Paragraph(text=said.said("after", "period_lasts", at=until), tone=Tone.ATTENTION)
    marks = facts.satisfaction
    yield Pairs(
        key="figures",
        rows=(
            (said.said("after", "devices"), Figure(value=facts.devices)),
            *(
                (said.said("after", "tickets_of", level=said.said("level", str(int(level)))), Figure(value=count))
                for level, count in sorted(facts.tickets.items())
            ),
            (said.said("after", "clocks_kept"), Figure(value=facts.kept)),
            (said.said("after", "clocks_settled"), Figure(value=facts.settled)),
            (said.said("after", "clocks_missed"), Figure(value=facts.missed)),
            (said.said("after", "called_back"), Figure(value=facts.called_back)),
            (said.said("after", "uncalled"), Figure(value=facts.uncalled)),
            (
                said.said("after", "mean_satisfaction"),
                Figure(value=sum(marks) / len(marks)) if marks else said.said("after", "no_marks"),
            ),
        ),
    )
    if facts.missed:
        yield Paragraph(text=said.said("after", "missed_said", count=str(facts.missed)), tone=Tone.BAD)
    yield Heading(level=1, text=said.said("after", "open_matters"), key="open")
    yield table(
        said,
        "open",
        (
            ("ticket", "ticket", 1.3),
            ("device", "device", 1.5),
            ("what", "what", 2.5),
            ("level", "level", 1.2),
            ("opened", "opened", 1.4),
            ("state", "state", 1.2),
        ),
        (
            Row(
                cells=(
                    each.ticket,
                    each.fault.key.device,
                    each.text or said.what(each.fault.component, each.fault.key.aspect, each.fault.condition),
                    said.said("level", str(int(each.level))),
                    Moment(at=each.opened),
                    said.said("ticket_state", each.state),
                )
            )
            for each in facts.open
        ),
        empty="nothing_open",
    )
    yield Heading(level=1, text=said.said("after", "ending"), key="ending")
    yield table(
        said,
        "ending",
        (("serial", "serial", 1.5), ("model", "model", 2), ("ends", "ends_on", 1.2)),
        (Row(cells=each) for each in facts.ending),
        empty="nothing_ends",
    )
    yield Heading(level=1, text=said.said("after", "conversation"), key="conversation")
    yield Pairs(
        key="conversation",
        rows=tuple(
            (said.said("after_blank", name), Blank(key=f"{facts.number}/{facts.quarter}/{name}")) for name in _BLANKS
        ),
    )
    yield from signatures(said, "visitor", "customer_signs")
