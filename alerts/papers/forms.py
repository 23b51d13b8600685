"""The one door of the forms: a Paper in, the bytes of a file out, with its name and media type.

What each form needs (typst, python-docx, openpyxl) is imported when it is first asked for: a daemon that makes one
report a month does not carry them.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from importlib import import_module

from alerts.papers.as_json import paper_json
from alerts.papers.dress import PLAIN, Dress
from alerts.papers.intro import introduced
from alerts.papers.paper import Paper
from alerts.papers.saying import saying
from monitor.model import Language


class Form(StrEnum):
    """What a Paper can be made into."""

    PDF = "pdf"
    DOCX = "docx"
    HTML = "html"
    XLSX = "xlsx"
    JSON = "json"


MEDIA_TYPES = {
    Form.PDF: "application/pdf",
    Form.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Form.HTML: "text/html; charset=utf-8",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.JSON: "application/json",
}
_NO_NAME = re.compile(r"[^\w.+-]+")
_LONGEST = 80


def rendered_as(paper: Paper, form: Form, dress: Dress = PLAIN) -> bytes:
    """`paper` in `form`. The same paper and dress give the same bytes.

    Raises FontsMissingError and TypesettingError for PDF and Word; nothing a device calls itself raises.
    """
    if form is Form.JSON:
        return paper_json(paper)
    said = saying(paper, dress)
    intro = introduced(dress.intro.get(paper.language, ""), paper, said)
    paper = replace(paper, blocks=(*intro, *paper.blocks))
    make: Callable[[Paper, Dress], bytes] = getattr(import_module(f"alerts.papers.as_{form.value}"), form.value)
    return make(paper, dress)


def file_name(paper: Paper, form: Form) -> str:
    """What the file is called: number, version and language, with nothing that a file system or a browser minds."""
    return named(paper.number, paper.version, paper.language, paper.kind, form)


def named(number: str, version: int, language: Language, kind: str, form: Form) -> str:
    """As `file_name`, of a paper that nobody has read."""
    safe = _NO_NAME.sub("-", unicodedata.normalize("NFC", number)).strip("-.")[:_LONGEST] or kind
    return f"{safe}-v{version}.{language.value}.{form.value}"
