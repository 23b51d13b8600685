"""A Paper as PDF/A, set by typst: paper.typ is its form, the words go there as data.

What the form needs to know beforehand is worked out here: where a long word may be broken, which rows are too high
for a page, which characters the font lacks.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from typing import Any

from alerts.papers.binding import bound, page_count
from alerts.papers.dress import PLAIN, Dress
from alerts.papers.fonts import shown
from alerts.papers.frame import (
    MOST_IN_CONTENTS,
    company,
    contents,
    cover,
    depth,
    is_tall,
    letters,
    numbered,
    origin,
    shares,
)
from alerts.papers.paper import (
    Blank,
    Block,
    Cell,
    Chart,
    Diagram,
    Evidence,
    Figure,
    Heading,
    Moment,
    PageBreak,
    Pairs,
    Paper,
    Paragraph,
    Signatures,
    Table,
    Tone,
)
from alerts.papers.pictured import pictured
from alerts.papers.saying import Saying, plain, raw_lines, running, saying
from alerts.papers.typesetting import Job, Made, made
from monitor.model import Language

Json = dict[str, Any]

_REGIONS = {Language.EN: ("en", "GB"), Language.ZH_CN: ("zh", "CN")}
MOST_AT_ONCE = 12_000
"""Cells up to which a paper is set in one piece."""
MOST_IN_PART = 12_000
_CHART = 100
_PIECE = 3  # letters, of a word that has no better place to be broken
_ZERO = "\u200b"
_LONG = re.compile(r"[!-~]{8,}|[^\s\u2e80-\U0010ffff]{8,}")
_AFTER = re.compile(r"(?<=[./:_\-,;=@\\&?+|])(?=[^\s./:_\-,;=@\\&?+|])")


def pdf(paper: Paper, dress: Dress = PLAIN) -> bytes:
    """The PDF. Raises FontsMissingError where the fonts are not installed, TypesettingError."""
    said = saying(paper, dress)
    frame = _frame(paper, dress, said)
    if sum(_weight(block) for block in paper.blocks) <= MOST_AT_ONCE:
        blocks = [_block(*each, said) for each in numbered(paper.blocks)]
        return _set(paper, {**frame, "blocks": blocks}).documents[0]
    return _long(paper, frame, said)


def _set(paper: Paper, told: Json, query: str = "") -> Made:
    return made(Job(source="paper.typ", inputs={"paper": _json(told)}, made_at=paper.made_at, query=query))


def _long(paper: Paper, frame: Json, said: Saying) -> bytes:
    """A long paper in parts, each set by a process of its own: typst needs some 15 kB for each cell of a table."""
    parts: list[bytes] = []
    pages: list[list[Json]] = []
    for blocks in _parts(paper, said):
        told = {**frame, "front": False, "bare": True, "logo": None, "blocks": blocks}
        part = _set(paper, told, "<places>")
        parts.append(part.documents[0])
        first = len(pages)
        pages += [[] for _ in range(page_count(part.documents[0]))]
        headings = [block for block in blocks if block["is"] == "heading"]
        for heading, (page, y) in zip(headings, part.found, strict=True):
            pages[first + page - 1].append([heading["level"], heading["text"], y])
    whole = _set(paper, {**frame, "pages": pages}).documents[0]
    return bound(whole, page_count(whole) - len(pages), parts)


def _parts(paper: Paper, said: Saying) -> Iterator[list[Json]]:
    """The blocks, as many at a time as typst is given at once; each part begins on a new page, best with a heading."""
    part: list[Json] = []
    weight = 0
    for number, block in numbered(paper.blocks):
        full = weight >= MOST_IN_PART or (weight + _weight(block) > MOST_IN_PART and weight > MOST_IN_PART // 2)
        if full and part and part[-1]["is"] != "heading":
            yield part
            part, weight = [], 0
        for piece in _pieces_of(block):
            if piece is not block and weight >= MOST_IN_PART:
                yield part
                part, weight = [], 0
            part.append(_block(number, piece, said))
            weight += _weight(piece)
    if part:
        yield part


def _pieces_of(block: Block) -> Iterator[Block]:
    """A table that is too long for a part, in pieces."""
    if not isinstance(block, Table) or _weight(block) <= MOST_IN_PART:
        yield block
        return
    size = max(MOST_IN_PART // max(len(block.columns), 1), 1)
    for at in range(0, len(block.rows), size):
        yield replace(block, rows=block.rows[at : at + size], title="" if at else block.title)


def _weight(block: Block) -> int:
    """About how many cells of a table it is worth."""
    if isinstance(block, Table):
        return (len(block.rows) + 1) * len(block.columns)
    if isinstance(block, Pairs):
        return len(block.rows) * 2
    if isinstance(block, Evidence):
        return len(block.text) // 20
    return _CHART if isinstance(block, Chart | Diagram) else 2


def _json(told: Json) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _frame(paper: Paper, dress: Dress, said: Saying) -> Json:
    at = paper.made_at.astimezone(UTC)
    lang, region = _REGIONS[paper.language]
    listed = contents(paper)
    page = said.frame("page", page="\x01", pages="\x02")
    head = f"{plain(paper.number)}　{said.frame('version_said', version=str(paper.version))}　{plain(paper.title)}"
    return {
        "lang": lang,
        "region": region,
        "accent": dress.accent,
        "title": _word(paper.title),
        "subtitle": _word(paper.subtitle),
        "author": shown(company(paper, dress)),
        "number": _word(paper.number),
        "confidential": _word(paper.confidential),
        "head": _broken(shown(head), 40),
        "foot": _word(" · ".join(each for each in (dress.footer, dress.address) if each)),
        "made": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "cover": [[shown(name), _broken(shown(value), 40)] for name, value in cover(paper, dress, said)],
        "origin": [[shown(name), _broken(shown(value), 70)] for name, value in origin(paper, said)],
        "words": {
            "contents": said.frame("contents"),
            "page": [{"\x01": 1, "\x02": 2}.get(each, each) for each in re.split(r"([\x01\x02])", page) if each],
        },
        "logo": _logo(dress),
        "front": True,
        "short": paper.is_short,
        "bare": False,
        "blocks": [],
        "pages": [],
        "outlined": bool(listed),
        "depth": 3 if len(listed) <= MOST_IN_CONTENTS else 2,
    }


def _logo(dress: Dress) -> Json | None:
    if dress.logo is None:
        return None
    return {"kind": dress.logo.kind, "content": list(dress.logo.content)}


def _block(number: str, block: Block, said: Saying) -> Json:  # noqa: PLR0911 - one for each kind of block
    match block:
        case Heading():
            return {"is": "heading", "level": depth(block), "text": f"{number}　{_word(block.text, 50)}"}
        case Paragraph():
            return {"is": "paragraph", "tone": block.tone.value, "text": _broken(shown(running(block.text)), 60)}
        case Pairs():
            rows = [[_word(name, 30), _cell(cell, said, 60)] for name, cell in block.rows]
            return {"is": "pairs", "rows": rows}
        case Table():
            return _table(block, said)
        case Chart() | Diagram():
            note = _broken(shown(running(block.note)), 60)
            return {"is": "chart", "svg": shown(pictured(block, said)), "title": _word(block.title, 60), "note": note}
        case Evidence():
            lines = [_broken(shown(each), 90) for each in raw_lines(block.text, said.frame("cut"))]
            return {"is": "evidence", "title": _word(block.title, 60), "text": "\n".join(lines)}
        case Signatures():
            head = [said.frame(key) for key in ("name", "signature", "date")]
            return {"is": "signatures", "roles": [_word(role, 20) for role in block.roles], "head": head}
        case PageBreak():
            return {"is": "break"}


def _table(table: Table, said: Saying) -> Json:
    widths = letters(table)
    rows = []
    for row in table.rows:
        cells = [_cell(cell, said, most) for cell, most in zip(row.cells, widths, strict=True)]
        tall = is_tall(row, table, said)
        plainly = row.tone is Tone.PLAIN and not tall
        rows.append(cells if plainly else [{"tone": row.tone.value, "tall": tall}, *cells])
    return {
        "is": "table",
        "title": _word(table.title, 60),
        "widths": shares(table),
        "head": [_word(column.title, most) for column, most in zip(table.columns, widths, strict=True)],
        "right": _figures(table),
        "rows": rows,
        "empty": _broken(shown(running(table.empty)), 60),
    }


def _figures(table: Table) -> list[int]:
    """The columns that hold nothing but numbers."""
    return [at for at in range(len(table.columns)) if all(isinstance(row.cells[at], Figure) for row in table.rows)]


def _cell(cell: Cell, said: Saying, most: int) -> str | None:
    """What stands in a cell; None is a place to fill in by hand."""
    text = said.cell(cell)
    if not text:
        return None if isinstance(cell, Blank) else ""
    return text if isinstance(cell, Moment) else _broken(shown(text), most)


def _word(text: str, most: int = 40) -> str:
    return _broken(shown(plain(text)), most)


def _broken(text: str, most: int) -> str:
    """`text`, in which words that are longer than `most` letters may be broken: after their signs, or anywhere.

    typst breaks lines where Unicode allows it, and an OID or a path has no such place: it would run out of its cell.
    """
    if len(text) <= most:
        return text
    return _LONG.sub(lambda found: _pieces(found[0], most), text)


def _pieces(word: str, most: int) -> str:
    if len(word) <= most:
        return word
    narrow = most // 2  # letters such as W are twice as wide as the others
    parts = []
    for part in _AFTER.split(word):
        size = len(part) if len(part) <= narrow else _PIECE
        parts += [part[at : at + size] for at in range(0, len(part), size)]
    return _ZERO.join(parts)
