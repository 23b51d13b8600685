"""What every paper has around its blocks, in every form: the lines of its cover, and the numbers of its headings."""

from collections.abc import Iterable, Iterator

from alerts.papers.dress import Dress
from alerts.papers.paper import Block, Heading, Moment, Paper, Row, Table
from alerts.papers.saying import Saying, plain
from monitor.model import Language

LANGUAGE_TAGS = {Language.EN: "en", Language.ZH_CN: "zh-CN"}
DEEPEST = 3
MOST_IN_CONTENTS = 200
"""Headings up to which the table of contents shows all three levels."""
_LETTERS = 110  # of a table's print, between the margins of A4
_TALL = 30  # lines: so high a row might not fit on a page


def numbered(blocks: Iterable[Block]) -> Iterator[tuple[str, Block]]:
    """Each block; before a heading its number, such as "2.3", before all others ""."""
    at = [0] * DEEPEST
    for block in blocks:
        if isinstance(block, Heading):
            level = depth(block)
            at[level - 1] += 1
            at[level:] = [0] * (DEEPEST - level)
            yield ".".join(str(each) for each in at[:level]), block
        else:
            yield "", block


def depth(heading: Heading) -> int:
    """The level of a heading, 1 to 3."""
    return min(max(heading.level, 1), DEEPEST)


def contents(paper: Paper) -> list[tuple[str, Heading]]:
    """The lines of the table of contents: numbers and headings; none in a short paper."""
    if paper.is_short:
        return []
    return [(number, block) for number, block in numbered(paper.blocks) if isinstance(block, Heading)]


def company(paper: Paper, dress: Dress) -> str:
    """Who issues the paper."""
    return plain(dress.company or paper.company)


def cover(paper: Paper, dress: Dress, said: Saying) -> list[tuple[str, str]]:
    """The names and values of the cover."""
    rows = [
        (said.frame("number"), plain(paper.number)),
        (said.frame("version"), said.frame("version_said", version=str(paper.version))),
        (said.frame("customer"), plain(paper.customer)),
        *((plain(name), said.cell(value)) for name, value in paper.terms),
        (said.frame("company"), company(paper, dress)),
        (said.frame("confidential"), plain(paper.confidential)),
    ]
    return [(name, value) for name, value in rows if value]


def origin(paper: Paper, said: Saying) -> list[tuple[str, str]]:
    """Where the paper comes from, in small print: when and by what it was made, and of which data."""
    rows = [
        (said.frame("made"), said.moment(Moment(at=paper.made_at))),
        (said.frame("zone"), plain(paper.zone)),
        (said.frame("tool"), f"Netvigil {plain(paper.tool_version)}".strip()),
        (said.frame("facts"), plain(paper.facts)),
    ]
    return [(name, value) for name, value in rows if value]


def shares(table: Table) -> list[float]:
    """The share of each column of the width of the page; together 1."""
    given = [max(column.share, 0.05) for column in table.columns]
    return [each / sum(given) for each in given]


def letters(table: Table) -> list[int]:
    """About how many letters stand on a line of each column."""
    return [max(int(_LETTERS * share) - 2, 2) for share in shares(table)]


def is_tall(row: Row, table: Table, said: Saying) -> bool:
    """Whether a row may be higher than a page, so that it must be torn."""
    texts = [(cell, most) for cell, most in zip(row.cells, letters(table), strict=True) if isinstance(cell, str)]
    return any(len(said.cell(cell)) > most * _TALL for cell, most in texts if len(cell) > most * _TALL)
