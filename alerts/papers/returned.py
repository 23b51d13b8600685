"""What people filled in: the blanks of a workbook that came back, by their keys.

The file comes from outside: its size has limits, formulas are told as text and never worked out, and a file that
cannot be read says why.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from warnings import catch_warnings, simplefilter

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from alerts.papers.as_xlsx import KEY_MARK
from alerts.papers.harmless_cells import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, MOST_UNPACKED
from alerts.papers.saying import plain
from alerts.papers.zipped import unpacked_size

MOST_SHEETS = 2000


class ReturnedError(ValueError):
    """This is no workbook that can be read; the message says why."""


def read_blanks(raw: bytes) -> dict[str, str]:
    """What stands in each blank; "" where nothing was filled in. Raises ReturnedError.

    A key that stands twice with two answers is an error: nobody could say which counts.
    """
    if len(raw) > MOST_BYTES:
        raise ReturnedError(f"larger than {MOST_BYTES // 1_000_000} MB")
    try:
        size = unpacked_size(raw)
        answers = list(_answers(raw)) if size <= MOST_UNPACKED else []
    except Exception as error:  # openpyxl lets out whatever a broken file makes its parsers raise
        why = "not a workbook" if isinstance(error, zipfile.BadZipFile) else plain(str(error), 100)
        raise ReturnedError(f"not a workbook that can be read ({why}); save it as .xlsx") from error
    if size > MOST_UNPACKED:
        raise ReturnedError(f"unpacks to more than {MOST_UNPACKED // 1_000_000} MB; save it anew")
    found: dict[str, str] = {}
    for key, answer in answers:
        if found.setdefault(key, answer) != answer:
            raise ReturnedError(f"{plain(key, 60)} stands there twice, with two answers")
    return found


def _answers(raw: bytes) -> Iterator[tuple[str, str]]:
    with catch_warnings():
        simplefilter("ignore")  # openpyxl warns of styles and extensions that do not matter here
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=False)
        try:
            for sheet in book.worksheets[:MOST_SHEETS]:
                sheet.reset_dimensions()  # what a file says of its own size may be wrong
                yield from _of_sheet(sheet)
        finally:
            book.close()


def _of_sheet(sheet: Any) -> Iterator[tuple[str, str]]:
    rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
    for row in rows:
        for at, value in enumerate(row):
            if at and isinstance(value, str) and value.startswith(KEY_MARK):
                yield unescape(value[len(KEY_MARK) :]), _answer(row[at - 1])


def _answer(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.min.time() else value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - digits that are exact
        return str(int(value))
    return plain(unescape(str(value)))
