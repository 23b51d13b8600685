"""The papers after a fault, the asset file and the visit's sheet: from the store to the archive, beside archiving.py.

What people wrote into the blanks of a paper is kept with it, and stands in every later version.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import Connection

from alerts.papers.paper import Blank, Block, Cell, Pairs, Paper, Row, Table
from alerts.reports import fault_report, tracking_card, unit_file, visit_sheet
from alerts.reports.fault_facts import FaultFacts
from alerts.reports.month import Revision, facts
from alerts.reports.unit_file import AssetFacts
from alerts.reports.visit_sheet import VisitFacts
from monitor import after, archiving
from monitor.config import Settings
from monitor.model import Language
from monitor.store import papers, tickets
from monitor.store.database import Store
from monitor.store.papers import About, Kept

OF_TICKET = (fault_report.SUMMARY, fault_report.ANALYSIS, tracking_card.KIND)
KINDS = (*OF_TICKET, unit_file.KIND, visit_sheet.KIND)
_NEVER = datetime.min.replace(tzinfo=UTC)
Facts = FaultFacts | AssetFacts | VisitFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """What a paper is made of: facts from the store, and what people filled in."""

    facts: Facts
    filled: Mapping[str, str]


def about_ticket(store: Store, kind: str, number: str) -> About:
    """The name in the archive of a paper about a ticket. Raises NoSuchTicketError."""
    with store.reading() as disk:
        ticket = tickets.found(disk, number)
    return About(kind=kind, customer=ticket.customer, site=ticket.site, period=ticket.id)


def made(
    store: Store,
    settings: Settings,
    about: About,
    languages: Iterable[Language],
    now: datetime,
    *,
    why: str = "",
    filled: Mapping[str, str] | None = None,
) -> tuple[Kept, ...]:
    """The paper in these languages, from the archive where nothing has changed, else as its next version.

    Raises LookupError where there is no such ticket or customer, ValueError where the period is none.
    """
    found: list[Kept] = []
    for language in dict.fromkeys(languages):
        with store.reading() as disk:
            told = _gathered(disk, settings, about, now, language)
            # the history of a unit is kept in words: that in English stands for the facts, so that versions agree
            basis = _gathered(disk, settings, about, now, Language.EN) if isinstance(told, AssetFacts) else told
            entered = {**_before(disk, about), **{key: value for key, value in (filled or {}).items() if value}}
        entered.pop(archiving.IDENTITY, None)
        # who made it and when is no fact
        bare = replace(basis, generated_at=_NEVER, tool_version="")
        document = facts(_Document(facts=bare, filled=dict(sorted(entered.items()))))

        def paper(
            language: Language,
            version: int,
            revisions: Sequence[Revision],
            told: Facts = told,
            entered: Mapping[str, str] = entered,
            document: bytes = document,
        ) -> Paper:
            made_at = revisions[-1].made_at
            blank = _paper(replace(told, generated_at=made_at), about.kind, language, version)
            whole = replace(blank, facts=sha256(document).hexdigest(), blocks=tuple(_filled(blank.blocks, entered)))
            return archiving.identified(whole, entered)

        found += archiving.archived(store, about, document, (language,), now, why, paper)
    return tuple(found)


def _gathered(disk: Connection, settings: Settings, about: About, now: datetime, language: Language) -> Facts:
    if about.kind in OF_TICKET:
        return after.of_fault(disk, about.period, settings, now)
    if about.kind == unit_file.KIND:
        return after.of_assets(disk, about.customer, settings, now, language)
    return after.of_quarter(disk, about.customer, about.period, settings, now)


def _paper(told: Facts, kind: str, language: Language, version: int) -> Paper:
    match told:
        case FaultFacts() if kind == tracking_card.KIND:
            return tracking_card.tracking_card(told, language, version=version)
        case FaultFacts():
            return fault_report.fault_report(told, language, analysis=kind == fault_report.ANALYSIS, version=version)
        case AssetFacts():
            return unit_file.asset_file(told, language, version=version)
        case VisitFacts():
            return visit_sheet.visit_sheet(told, language, version=version)


def _before(disk: Connection, about: About) -> dict[str, str]:
    """What people wrote into the blanks of the newest version."""
    newest = max(papers.versions(disk, about), key=lambda each: (each.version, each.id), default=None)
    told = papers.paper(disk, newest.id).data.get(archiving.FILLED, "{}") if newest else "{}"
    return dict(json.loads(told))


def _filled(blocks: Iterable[Block], entered: Mapping[str, str]) -> Iterable[Block]:
    """The blocks with what was written into their blanks."""

    def cell(one: Cell) -> Cell:
        return replace(one, filled=entered.get(one.key, one.filled)) if isinstance(one, Blank) else one

    for block in blocks:
        if isinstance(block, Pairs):
            yield replace(block, rows=tuple((name, cell(one)) for name, one in block.rows))
        elif isinstance(block, Table):
            rows = tuple(Row(cells=tuple(map(cell, row.cells)), tone=row.tone) for row in block.rows)
            yield replace(block, rows=rows)
        else:
            yield block
