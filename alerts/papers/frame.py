"""What every paper has around its blocks, in every form: the lines of its cover, and the numbers of its headings."""

from collections.abc import Iterable, Iterator

from alerts.papers.dress import Dress
from alerts.papers.paper import Block, Heading, Moment, Paper
from alerts.papers.saying import Saying, plain
from monitor.model import Language

LANGUAGE_TAGS = {Language.EN: "en", Language.ZH_CN: "zh-CN"}
DEEPEST = 3


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
    """The lines of the table of contents: numbers and headings."""
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
