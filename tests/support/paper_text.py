"""What each form of a paper says, as text: read by other programs than those that made it."""

import io
import re
import subprocess
from collections.abc import Callable
from html import unescape

from docx import Document
from openpyxl import load_workbook

from alerts.papers.as_json import paper_of
from alerts.papers.forms import Form
from alerts.papers.paper import Table
from alerts.papers.saying import saying


def pdf_text(raw: bytes) -> str:
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=raw, capture_output=True, check=True, timeout=60)
    return done.stdout.decode().replace("\u200b", "")


def docx_text(raw: bytes) -> str:
    document = Document(io.BytesIO(raw))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(line.text for line in document.paragraphs), *cells])


def html_text(raw: bytes) -> str:
    return unescape(re.sub(r"<[^>]+>", "\n", raw.decode().partition("<body>")[2]))


def shown_by_spreadsheet(value: object, form: str) -> str:
    """What a spreadsheet shows for a number in a format of ours: decimals, percent, unit in quotes."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    pattern = re.fullmatch(r'0(?:\.(0+))?( %)?(?:"(.*)")?', form)
    assert pattern, form
    scaled = value * 100 if pattern[2] else value
    return f"{scaled:.{len(pattern[1] or '')}f}{pattern[2] or ''}{pattern[3] or ''}"


def xlsx_text(raw: bytes) -> str:
    book = load_workbook(io.BytesIO(raw))
    return "\n".join(
        shown_by_spreadsheet(cell.value, cell.number_format)
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    )


def json_text(raw: bytes) -> str:
    made = paper_of(raw)
    said = saying(made)
    tables = [block for block in made.blocks if isinstance(block, Table)]
    return "\n".join(said.cell(cell) for table in tables for row in table.rows for cell in row.cells)


TEXTS: dict[Form, Callable[[bytes], str]] = {
    Form.PDF: pdf_text,
    Form.DOCX: docx_text,
    Form.HTML: html_text,
    Form.XLSX: xlsx_text,
    Form.JSON: json_text,
}
