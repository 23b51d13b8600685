"""A Paper as a Word document: python-docx makes the frame (styles, header, footer), the body is written as it is read.

Real headings, a table of contents that is filled in and that Word can make anew, table heads that are repeated, rows
that are not torn. python-docx looks up every cell of a table anew, which takes minutes for a long one; so the body is
our own text of WordprocessingML (ECMA-376), streamed into the zip file.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from alerts.papers.dress import PLAIN, Dress
from alerts.papers.frame import MOST_IN_CONTENTS, company, contents, cover, depth, is_tall, numbered, origin, shares
from alerts.papers.paper import (
    Blank,
    Cell,
    Chart,
    Diagram,
    Evidence,
    Figure,
    Heading,
    PageBreak,
    Pairs,
    Paper,
    Paragraph,
    Row,
    Signatures,
    Table,
    Tone,
)
from alerts.papers.pictured import pictured
from alerts.papers.pictures import pictures
from alerts.papers.saying import Saying, plain, raw_lines, running, saying
from alerts.papers.word_frame import TWIPS_WIDE, framed
from alerts.papers.zipped import steady

_MARK = "netvigil-body"
_FILLS = {Tone.BAD: "FAE5E5", Tone.ATTENTION: "FBF3DC", Tone.GOOD: "EEF6EE"}
_HEAD = "E9EDF2"
_GREY = '<w:color w:val="505050"/>'
_BREAK = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
_CELL = '<w:pPr><w:pStyle w:val="NetvigilCell"/>'


def docx(paper: Paper, dress: Dress = PLAIN) -> bytes:
    """The Word document. Raises FontsMissingError where its pictures cannot be drawn, TypesettingError."""
    said = saying(paper, dress)
    drawings = [pictured(block, said) for block in paper.blocks if isinstance(block, Chart | Diagram)]
    frame = framed(paper, dress, said, pictures(drawings), _MARK)
    before, after = frame.document.split(f"<w:p><w:r><w:t>{_MARK}</w:t></w:r></w:p>")
    parts = _encoded([before], _front(paper, dress, said, frame.logo), _body(paper, said, frame.pictures), [after])
    return steady(frame.raw, {"word/document.xml": parts})


def _encoded(*parts: Iterable[str]) -> Iterator[bytes]:
    for part in parts:
        for each in part:
            yield each.encode()


def _front(paper: Paper, dress: Dress, said: Saying, logo: str) -> Iterator[str]:
    if logo:
        yield f"<w:p><w:r><w:drawing>{logo}</w:drawing></w:r></w:p>"
    yield _paragraph(company(paper, dress), "NetvigilCover")
    yield _paragraph(plain(paper.title), "Title")
    yield _paragraph(plain(paper.subtitle), "Subtitle")
    yield _facts(cover(paper, dress, said), "NetvigilCover")
    yield "<w:p/>"
    yield _facts(origin(paper, said), "NetvigilSmall")
    if not paper.is_short:
        yield _BREAK
    listed = contents(paper)
    if listed:
        yield _paragraph(said.frame("contents"), "NetvigilContents")
        yield from _contents(listed)
        yield _BREAK


def _contents(listed: Sequence[tuple[str, Heading]]) -> Iterator[str]:
    """The table of contents as Word would leave it, so that nobody is asked whether it is to be made.

    Only Word knows on which page a heading comes to stand: until it makes the table anew (F9) there are links alone,
    and no page number that could be wrong.
    """
    deepest = 3 if len(listed) <= MOST_IN_CONTENTS else 2
    begun = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> TOC \\o "1-{deepest}" \\h \\z \\u </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )
    for number, heading in listed:
        if depth(heading) <= deepest:
            yield (
                f'<w:p><w:pPr><w:pStyle w:val="TOC{depth(heading)}"/></w:pPr>{begun}'
                f'<w:hyperlink w:anchor="{_bookmark(number)}" w:history="1">'
                f"<w:r>{_text(f'{number}　{plain(heading.text)}')}</w:r></w:hyperlink></w:p>"
            )
            begun = ""
    yield f'<w:p>{begun}<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'


def _bookmark(number: str) -> str:
    return f"_Toc{number.replace('.', '_')}"


def _body(  # noqa: C901 - one case for each kind of block
    paper: Paper, said: Saying, drawings: Sequence[str]
) -> Iterator[str]:
    remaining = iter(drawings)
    for place, (number, block) in enumerate(numbered(paper.blocks)):
        match block:
            case Heading():
                words = _text(f"{number}　{plain(block.text)}")
                yield (
                    f'<w:p><w:pPr><w:pStyle w:val="Heading{depth(block)}"/></w:pPr>'
                    f'<w:bookmarkStart w:id="{place}" w:name="{_bookmark(number)}"/><w:r>{words}</w:r>'
                    f'<w:bookmarkEnd w:id="{place}"/></w:p>'
                )
            case Paragraph():
                yield _note(block)
            case Pairs():
                yield from _pairs(block, said)
            case Table():
                yield from _table(block, said)
            case Chart() | Diagram():
                yield f"<w:p><w:pPr><w:keepNext/></w:pPr><w:r><w:drawing>{next(remaining)}</w:drawing></w:r></w:p>"
                yield _paragraph(plain(block.title), "NetvigilSmall")
                yield _paragraph(running(block.note), "NetvigilSmall", _GREY) if block.note else ""
            case Evidence():
                yield _paragraph(plain(block.title), "Caption")
                for line in raw_lines(block.text, said.frame("cut")):
                    yield _paragraph(line, "NetvigilRaw")
            case Signatures():
                yield from _signatures(block, said)
            case PageBreak():
                yield _BREAK


def _text(text: str) -> str:
    return f'<w:t xml:space="preserve">{escape(text, quote=False)}</w:t>'


def _paragraph(text: str, style: str, how: str = "", form: str = "") -> str:
    run = f"<w:r>{f'<w:rPr>{how}</w:rPr>' if how else ''}{_text(text)}</w:r>" if text else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{form}</w:pPr>{run}</w:p>'


def _note(block: Paragraph) -> str:
    text = running(block.text)
    if block.tone in {Tone.ATTENTION, Tone.BAD}:
        is_bad = block.tone is Tone.BAD
        form = (
            f'<w:pBdr><w:left w:val="{"double" if is_bad else "single"}" w:sz="24" w:space="6" '
            f'w:color="{"9C1C1C" if is_bad else "8A6100"}"/></w:pBdr>'
            f'<w:shd w:val="clear" w:color="auto" w:fill="{_FILLS[block.tone]}"/>'
        )
        return _paragraph(text, "Normal", "<w:b/>" if is_bad else "", form)
    return _paragraph(text, "NetvigilRunning", _GREY if block.tone is Tone.QUIET else "")


def _facts(rows: Sequence[tuple[str, str]], style: str) -> str:
    widths = (round(TWIPS_WIDE * 0.3), TWIPS_WIDE - round(TWIPS_WIDE * 0.3))
    lines = (
        f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{_tc(widths[0], _paragraph(name, style), _HEAD)}"
        f"{_tc(widths[1], _paragraph(value, style))}</w:tr>"
        for name, value in rows
    )
    return f"{_begun(widths)}{''.join(lines)}</w:tbl>"


def _pairs(block: Pairs, said: Saying) -> Iterator[str]:
    widths = (round(TWIPS_WIDE * 0.3), TWIPS_WIDE - round(TWIPS_WIDE * 0.3))
    yield _begun(widths)
    for name, cell in block.rows:
        head = _tc(widths[0], _paragraph(plain(name), "NetvigilCell"), _HEAD)
        yield f"<w:tr><w:trPr><w:cantSplit/>{_high(cell)}</w:trPr>{head}"
        yield f"{_tc(widths[1], _paragraph(said.cell(cell), 'NetvigilCell'))}</w:tr>"
    yield "</w:tbl><w:p/>"


def _high(cell: Cell) -> str:
    """Room to write by hand."""
    return '<w:trHeight w:val="480" w:hRule="atLeast"/>' if isinstance(cell, Blank) and not cell.filled else ""


def _begun(widths: Sequence[int]) -> str:
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        '<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/>'
        f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:top w:w="30" w:type="dxa"/><w:left w:w="70" w:type="dxa"/>'
        '<w:bottom w:w="30" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>"
    )


def _tc(width: int, content: str, fill: str = "") -> str:
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>{content}</w:tc>'


def _table(table: Table, said: Saying) -> Iterator[str]:
    yield _paragraph(plain(table.title), "Caption") if table.title else ""
    if not table.rows:
        yield _paragraph(running(table.empty), "Normal", _GREY)
        return
    whole = shares(table)
    widths = [round(TWIPS_WIDE * each) for each in whole]
    yield _begun(widths)
    heads = (_paragraph(plain(column.title), "NetvigilCell", "<w:b/>") for column in table.columns)
    cells = "".join(_tc(width, head, _HEAD) for width, head in zip(widths, heads, strict=True))
    yield f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cells}</w:tr>"
    begun = {fill: [_opened(width, fill) for width in widths] for fill in ("", *_FILLS.values())}
    for row in table.rows:
        yield _row(row, table, begun[_FILLS.get(row.tone, "")], said)
    yield "</w:tbl><w:p/>"


def _opened(width: int, fill: str) -> str:
    """A cell up to its words; of a long table all that is the same is made once."""
    return _tc(width, f"<w:p>{_CELL}", fill).removesuffix("</w:tc>")


def _row(row: Row, table: Table, begun: Sequence[str], said: Saying) -> str:
    how = (
        "<w:rPr><w:b/></w:rPr>" if row.tone is Tone.BAD else f"<w:rPr>{_GREY}</w:rPr>" if row.tone is Tone.QUIET else ""
    )
    parts = []
    for cell, begin in zip(row.cells, begun, strict=True):
        text = escape(said.cell(cell), quote=False)
        right = '<w:jc w:val="right"/>' if isinstance(cell, Figure) else ""
        run = f'<w:r>{how}<w:t xml:space="preserve">{text}</w:t></w:r>' if text else ""
        parts.append(f"{begin}{right}</w:pPr>{run}</w:p></w:tc>")
    form = f"{'' if is_tall(row, table, said) else '<w:cantSplit/>'}{next(filter(None, map(_high, row.cells)), '')}"
    return f"<w:tr><w:trPr>{form}</w:trPr>{''.join(parts)}</w:tr>"


def _signatures(block: Signatures, said: Saying) -> Iterator[str]:
    widths = (round(TWIPS_WIDE * 0.31), *(round(TWIPS_WIDE * 0.23),) * 3)
    yield _begun(widths)
    heads = ("", *(said.frame(key) for key in ("name", "signature", "date")))
    cells = (
        _tc(width, _paragraph(head, "NetvigilCell", "<w:b/>"), _HEAD) for width, head in zip(widths, heads, strict=True)
    )
    yield f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{''.join(cells)}</w:tr>"
    for role in block.roles:
        words = (plain(role), "", "", "")
        line = (_tc(width, _paragraph(word, "NetvigilCell")) for width, word in zip(widths, words, strict=True))
        form = '<w:cantSplit/><w:trHeight w:val="850" w:hRule="atLeast"/>'
        yield f"<w:tr><w:trPr>{form}</w:trPr>{''.join(line)}</w:tr>"
    yield "</w:tbl><w:p/>"
