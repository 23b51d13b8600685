"""A Paper as HTML that stands alone: one file, no script, pictures drawn in place; printed, it is an A4 document."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from alerts.papers.dress import PLAIN, Dress
from alerts.papers.frame import LANGUAGE_TAGS, company, contents, cover, depth, numbered, origin
from alerts.papers.paper import (
    Blank,
    Block,
    Cell,
    Chart,
    Column,
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
from alerts.papers.saying import Saying, plain, raw_lines, running, saying


def html(paper: Paper, dress: Dress = PLAIN) -> bytes:
    """The whole page in UTF-8."""
    return "".join(_page(paper, dress, saying(paper, dress))).encode()


def _page(paper: Paper, dress: Dress, said: Saying) -> Iterator[str]:
    title = plain(f"{paper.title} {paper.number}")
    yield (
        f'<!DOCTYPE html>\n<html lang="{LANGUAGE_TAGS[paper.language]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # nothing is fetched and nothing runs, whatever a device calls itself
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">\n'
        f"<title>{escape(title)}</title>\n<style>{_css(paper, dress, said)}</style>\n</head>\n<body>\n"
    )
    yield from _front(paper, dress, said)
    yield "<main>\n"
    for place, (number, block) in enumerate(numbered(paper.blocks)):
        yield _block(block, number, place, said)
    yield "</main>\n"
    foot = [dress.footer, dress.address]
    yield f"<footer>{'<br>'.join(escape(plain(each)) for each in foot if each)}</footer>\n</body>\n</html>\n"


def _css(paper: Paper, dress: Dress, said: Saying) -> str:
    """The style, with what is printed on each page. A string of CSS has signs of its own to escape."""
    head = _css_text(f"{plain(paper.number)}　{said.frame('version_said', version=str(paper.version))}")
    right = _css_text(plain(paper.confidential))
    page = said.frame("page", page="\x01", pages="\x02")
    before, _, rest = page.partition("\x01")
    between, _, after = rest.partition("\x02")
    count = f"{_css_text(before)} counter(page) {_css_text(between)} counter(pages) {_css_text(after)}"
    css = files("alerts.papers").joinpath("paper.css").read_text(encoding="utf-8")
    return css.replace("ACCENT", dress.accent).replace("HEAD", head).replace("RIGHT", right).replace("COUNT", count)


def _css_text(text: str) -> str:
    return '"' + "".join(each if each.isalnum() or each in " .-　" else f"\\{ord(each):x} " for each in text) + '"'


def _front(paper: Paper, dress: Dress, said: Saying) -> Iterator[str]:
    yield f'<header class="cover{" short" if paper.is_short else ""}">\n'
    if dress.logo:
        kind = "svg+xml" if dress.logo.kind == "svg" else dress.logo.kind
        yield f'<img class="logo" alt="" src="data:image/{kind};base64,{b64encode(dress.logo.content).decode()}">\n'
    yield f'<p class="company">{escape(company(paper, dress))}</p>\n'
    yield f"<h1>{escape(plain(paper.title))}</h1>\n"
    yield f'<p class="subtitle">{escape(plain(paper.subtitle))}</p>\n' if paper.subtitle else ""
    yield _pairs(cover(paper, dress, said), "front")
    yield _pairs(origin(paper, said), "origin")
    yield "</header>\n"
    listed = contents(paper)
    if listed:
        yield f'<nav>\n<h2 class="contents">{escape(said.frame("contents"))}</h2>\n<ol>\n'
        for number, heading in listed:
            yield (
                f'<li class="l{depth(heading)}"><a href="#s{number}"><span>{number}</span> '
                f"{escape(plain(heading.text))}</a></li>\n"
            )
        yield "</ol>\n</nav>\n"


def _pairs(rows: Sequence[tuple[str, str]], kind: str) -> str:
    told = "".join(f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>\n" for name, value in rows)
    return f'<table class="{kind}"><tbody>\n{told}</tbody></table>\n'


def _block(block: Block, number: str, place: int, said: Saying) -> str:  # noqa: PLR0911 - one for each kind of block
    match block:
        case Heading():
            level = depth(block) + 1
            return f'<h{level} id="s{number}"><span>{number}</span> {escape(plain(block.text))}</h{level}>\n'
        case Paragraph():
            return f'<p class="{block.tone.value}">{escape(running(block.text))}</p>\n'
        case Pairs():
            rows = "".join(
                f"<tr><th scope=row>{escape(plain(name))}</th>{_cell(cell, said)}</tr>\n" for name, cell in block.rows
            )
            return f'<table class="pairs"><tbody>\n{rows}</tbody></table>\n'
        case Table():
            return "".join(_table(block, said))
        case Chart() | Diagram():
            note = f"<br><small>{escape(running(block.note))}</small>" if block.note else ""
            title = escape(plain(block.title))
            return f"<figure>\n{pictured(block, said)}\n<figcaption>{title}{note}</figcaption>\n</figure>\n"
        case Evidence():
            lines = "\n".join(escape(each) for each in raw_lines(block.text, said.frame("cut")))
            return f'<p class="caption">{escape(plain(block.title))}</p>\n<pre>{lines}</pre>\n'
        case Signatures():
            return _signatures(block, said)
        case PageBreak():
            return f'<div class="page" id="p{place}"></div>\n'


def _table(table: Table, said: Saying) -> Iterator[str]:
    yield f'<p class="caption">{escape(plain(table.title))}</p>\n' if table.title else ""
    if not table.rows:
        yield f'<p class="quiet">{escape(running(table.empty))}</p>\n'
        return
    whole = sum(column.share for column in table.columns) or 1
    yield "<table>\n<colgroup>"
    yield "".join(f'<col style="width:{100 * column.share / whole:.2f}%">' for column in table.columns)
    yield "</colgroup>\n<thead><tr>"
    yield "".join(_head(column) for column in table.columns)
    yield "</tr></thead>\n<tbody>\n"
    for row in table.rows:
        yield _row(row, said)
    yield "</tbody></table>\n"


def _head(column: Column) -> str:
    return f"<th scope=col>{escape(plain(column.title))}</th>"


def _row(row: Row, said: Saying) -> str:
    cells = "".join([_cell(cell, said) for cell in row.cells])
    return f"<tr>{cells}</tr>\n" if row.tone is Tone.PLAIN else f'<tr class="{row.tone.value}">{cells}</tr>\n'


def _cell(cell: Cell, said: Saying) -> str:
    text = escape(said.cell(cell), quote=False)
    if isinstance(cell, Figure):
        return f'<td class="n">{text}</td>'
    if isinstance(cell, Blank) and not text:
        return f'<td class="blank" data-key="{escape(plain(cell.key))}"></td>'
    return f"<td>{text}</td>"


def _signatures(block: Signatures, said: Saying) -> str:
    heads = "".join(f"<th scope=col>{escape(said.frame(key))}</th>" for key in ("name", "signature", "date"))
    rows = "".join(
        f"<tr><th scope=row>{escape(plain(role))}</th><td></td><td></td><td></td></tr>\n" for role in block.roles
    )
    return f'<table class="signatures"><thead><tr><th></th>{heads}</tr></thead><tbody>\n{rows}</tbody></table>\n'
