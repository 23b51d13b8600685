"""The forms that a paper can be given, each made by its renderer: the one door to alerts/papers for who writes files.

Renderers are imported where one is wanted: they bring libraries that the daemon's own process has no room for.
"""

import importlib
from enum import StrEnum

from alerts.papers.dress import PLAIN, Dress
from alerts.papers.fonts import FontsMissingError
from alerts.papers.paper import Paper
from alerts.papers.typesetting import TypesettingError


class Form(StrEnum):
    """A form, by the ending of its files."""

    PDF = "pdf"
    DOCX = "docx"
    HTML = "html"
    XLSX = "xlsx"
    JSON = "json"


FAILURES = (FontsMissingError, TypesettingError, ModuleNotFoundError)
"""Why a form cannot be made although the paper is sound."""
MEDIA = {
    Form.PDF: "application/pdf",
    Form.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Form.HTML: "text/html",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.JSON: "application/json",
}


def rendered(paper: Paper, form: Form, dress: Dress = PLAIN) -> bytes:
    """`paper` in this form. Raises one of FAILURES."""
    match form:
        case Form.PDF:
            from alerts.papers.as_pdf import pdf  # noqa: PLC0415 - as the module says

            return pdf(paper, dress)
        case Form.DOCX:
            module = importlib.import_module("alerts.papers.as_docx")
            return bytes(module.docx(paper, dress))
        case Form.HTML:
            from alerts.papers.as_html import html  # noqa: PLC0415

            return html(paper, dress)
        case Form.XLSX:
            from alerts.papers.as_xlsx import xlsx  # noqa: PLC0415

            return xlsx(paper, dress)
        case Form.JSON:
            from alerts.papers.as_json import paper_json  # noqa: PLC0415

            return paper_json(paper)
