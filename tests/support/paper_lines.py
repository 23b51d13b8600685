"""The words of a Paper, one line for each row and paragraph: what tests compare, whatever form it is given."""

from collections.abc import Iterator

from alerts.papers.paper import Chart, Diagram, Evidence, Heading, Pairs, Paper, Paragraph, Signatures, Table
from alerts.papers.saying import saying


def lines(paper: Paper) -> list[str]:
    """Every line; cells of a row are parted by bars, and what a table without rows says stands in its place."""
    return list(_lines(paper))


def rows(paper: Paper, key: str) -> list[str]:
    """The rows of the table with this key."""
    (table,) = [block for block in paper.blocks if isinstance(block, Table) and block.key == key]
    said = saying(paper)
    return [" | ".join(said.cell(cell) for cell in row.cells) for row in table.rows]


def _lines(paper: Paper) -> Iterator[str]:
    said = saying(paper)
    yield from (paper.title, paper.subtitle)
    for name, value in paper.terms:
        yield f"{name} | {said.cell(value)}"
    for block in paper.blocks:
        match block:
            case Heading(text=text) | Paragraph(text=text):
                yield text
            case Pairs():
                yield from (f"{name} | {said.cell(cell)}" for name, cell in block.rows)
            case Table():
                yield block.title
                yield " | ".join(column.title for column in block.columns)
                yield from (" | ".join(said.cell(cell) for cell in row.cells) for row in block.rows)
                if not block.rows:
                    yield block.empty
            case Chart() | Diagram():
                yield _picture(block)
            case Evidence():
                yield f"{block.title}: {' / '.join(block.text.splitlines())}"
            case Signatures():
                yield from block.roles
            case _:
                pass


def _picture(block: Chart | Diagram) -> str:
    if isinstance(block, Chart):
        return f"{block.title} ({', '.join(line.name for line in block.lines)})"
    levels = " / ".join(", ".join(f"{node.sign}{node.name}" for node in level) for level in block.levels if level)
    links = ", ".join(f"{link.one}{'-' if link.dashed else '='}{link.other} {link.count}" for link in block.links)
    return f"{block.title} ({levels}) {links} {block.note}"
