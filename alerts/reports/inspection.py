"""The monthly inspection report (巡检报告): from the facts of one month to a Paper in one language.

`InspectionMonth` (month.py) is all that the report knows; made again from the same value it is the same. Chapters and
their order follow what is customary for such a report; every conclusion carries its evidence.
"""

from itertools import chain

from alerts.locale import Words, words
from alerts.papers.paper import Block, Cell, Moment, Paper
from alerts.post.contents import called
from alerts.reports import closing, lists, opening, period
from alerts.reports.book import Book, Pen
from alerts.reports.health import health
from alerts.reports.month import DeviceMonth, InspectionMonth, TicketMonth, fingerprint
from alerts.reports.outcome import outcome, written
from alerts.reports.problems import problems
from alerts.reports.sheets import sheet
from alerts.reports.trends import trends
from monitor.model import FaultState, Language

__all__ = ["CHAPTERS", "KIND", "OUTCOME", "DeviceMonth", "InspectionMonth", "TicketMonth", "book", "inspection"]

KIND = "inspection"
OUTCOME = "outcome"
"""Under this name the Paper holds what the report of the next month needs of it."""

CHAPTERS = (
    opening.approval,
    opening.scope,
    opening.conclusion,
    opening.advice,
    period.events,
    lists.devices,
    lists.check_sheets,
    trends,
    period.alarms,
    period.faults_and_tickets,
    lists.notices,
    lists.configurations,
    lists.spares,
    closing.problems,
    lists.on_site,
    closing.appendix,
    closing.signatures,
)


def inspection(
    month: InspectionMonth, language: Language, version: int = 1, digest: str = "", said: Words | None = None
) -> Paper:
    """The report of `month` in `language`.

    `digest` is the fingerprint of the facts, where it is known already; `said` the words of a customer of its own.
    """
    made = book(month, said or words(language))
    pen = made.pen
    blocks: tuple[Block, ...] = tuple(chain.from_iterable(chapter(made) for chapter in CHAPTERS))
    places = [site.title or site.name for site in month.sites]
    terms: list[tuple[str, Cell]] = [
        (pen.words("cover_site"), pen.listed(places)),
        (pen.words("cover_address"), pen.comma(site.address for site in month.sites)),
        (pen.words("cover_month"), month.month),
        (pen.words("cover_mode"), pen.words("cover_mode_said")),
        (pen.words("cover_engineers"), pen.listed(month.engineers) or made.blank("cover/engineers")),
        (pen.words("cover_submitted"), Moment(at=month.generated_at, day=True)),
    ]
    return Paper(
        kind=KIND,
        title=pen.words("title"),
        subtitle=" · ".join(
            (month.customer, *places[:1], month.month) if len(places) == 1 else (month.customer, month.month)
        ),
        number=month.number,
        version=version,
        language=language,
        zone=month.zone,
        made_at=month.generated_at,
        tool_version=month.tool_version,
        facts=digest or fingerprint(month),
        blocks=blocks,
        company=month.company,
        customer=month.customer,
        confidential=month.confidential,
        terms=tuple((name, cell) for name, cell in terms if cell),
        data={OUTCOME: written(outcome(month, made.sheets, made.health, made.problems))},
    )


def book(month: InspectionMonth, said: Words) -> Book:
    """What follows from the facts, and the pen of the language."""
    standing = {fault.key for fault in month.faults if fault.state is not FaultState.CLEARED}
    ordered = sorted(month.devices, key=lambda each: each.device.name)
    sheets = tuple(sheet(each, month.items, standing, month.end, month.start) for each in ordered)
    return Book(
        month=month,
        sheets=sheets,
        health=health(sheets, month.faults, month.items),
        problems=problems(month, sheets),
        names={each.device.name: called(each.device) for each in ordered},
        pen=Pen(said=said, zone=month.zone),
    )
