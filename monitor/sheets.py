"""Spreadsheets as rows of cells, out of XLSX or CSV, and back: the door for sheets that people fill in by hand.

A file from outside may be hostile or just broken: sizes have limits, formulas are told as they stand and never worked
out, and what cannot be read at all raises SheetError. On the way out no cell can become a formula.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from warnings import catch_warnings, simplefilter

from alerts.papers.harmless_cells import (
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_UNPACKED,
    TEXT_MARK,
    marked,
    text_cell,
)
from alerts.papers.zipped import unpacked_size
from collectors.text import cleaned
from monitor.devices_csv import DELIMITERS, decoded

Cell = str | int | float | date | bool
"""What a cell holds; "" where it is empty. A number is one that the spreadsheet counts as such."""

_XLSX = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


class SheetError(Exception):
    """The file is no spreadsheet that can be read; the message says why and what to do."""


def rows(path: Path, sheet: str = "") -> Iterator[tuple[int, list[Cell]]]:
    """The rows of the spreadsheet that say something, with their numbers. Raises SheetError.

    `sheet` is the name of a sheet of a workbook; without it the only one that is not empty.
    """
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        raise SheetError(f"{path}: {error.strerror or error}") from error
    if size > MOST_BYTES:
        raise SheetError(f"{path}: larger than {MOST_BYTES // 1_000_000} MB; split it")
    if raw.startswith(_OLD_EXCEL):
        raise SheetError(f"{path}: the old format of Excel, or one with a password; save it as .xlsx without one")
    told = _of_workbook(path, raw, sheet) if raw.startswith(_XLSX) else _of_csv(path, raw, sheet)
    for count, (number, cells) in enumerate(told):
        if count >= MOST_ROWS:
            raise SheetError(f"{path}: more than {MOST_ROWS} rows; split it")
        yield number, cells


def _of_workbook(path: Path, raw: bytes, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
    from openpyxl import load_workbook  # noqa: PLC0415 - the daemon does without (harmless_cells.py)

    try:
        _sized(path, raw)
        with catch_warnings():
            simplefilter("ignore")  # openpyxl warns of styles and extensions that do not matter here
            book = load_workbook(io.BytesIO(raw), read_only=True, data_only=False)
            try:
                found = {each.title: list(_cells(each.iter_rows())) for each in book.worksheets}
            finally:
                book.close()
    except SheetError:
        raise
    except Exception as error:  # openpyxl lets out whatever a broken file makes its parsers raise
        raise SheetError(f"{path}: not a workbook that can be read ({cleaned(str(error), 100)})") from error
    if sheet and sheet not in found:
        raise SheetError(f'{path}: there is no sheet "{sheet}"; there are {", ".join(found)}')
    filled = [name for name, told in found.items() if told]
    if not sheet and len(filled) > 1:
        raise SheetError(f"{path}: several sheets are not empty ({', '.join(filled)}); say which with --sheet")
    yield from found[sheet] if sheet else found[filled[0]] if filled else ()


def _sized(path: Path, raw: bytes) -> None:
    """Raises SheetError for a file that would unpack to more than anybody's asset file."""
    if unpacked_size(raw) > MOST_UNPACKED:
        raise SheetError(f"{path}: unpacks to more than {MOST_UNPACKED // 1_000_000} MB; save it anew")


def _cells(lines: Iterable[Sequence[object]]) -> Iterator[tuple[int, list[Cell]]]:
    for number, line in enumerate(lines, start=1):
        if number > MOST_ROWS:
            raise SheetError(f"more than {MOST_ROWS} rows; split it, or delete what is empty below the table")
        cells = [_cell(getattr(each, "value", None), is_formula=_is_formula(each)) for each in line[:MOST_COLUMNS]]
        if any(cell != "" for cell in cells):
            yield number, cells


def _is_formula(cell: object) -> bool:
    return getattr(cell, "data_type", "") == "f"


def _cell(value: object, *, is_formula: bool) -> Cell:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date() if (value.hour, value.minute, value.second) == (0, 0, 0) else cleaned(str(value))
    if isinstance(value, date | int | float):
        return value
    text = cleaned(str(value))
    return f"{TEXT_MARK}{text}" if text.startswith("=") and not is_formula else text


def _of_csv(path: Path, raw: bytes, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
    if sheet:
        raise SheetError(f"{path}: a CSV file has no sheets; leave out --sheet")
    try:
        text = decoded(raw)
    except ValueError:
        raise SheetError(f"{path}: neither UTF-8 nor GB18030; save it as CSV UTF-8, or as .xlsx") from None
    if "\0" in text:
        raise SheetError(f"{path}: neither a workbook nor CSV; save it as .xlsx or CSV UTF-8")
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells: list[Cell] = [cleaned(cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise SheetError(f"{path}:{number}: not CSV: {error}; look for a quote that is not closed") from error
        if any(cells):
            yield number, cells


def as_csv(headings: Sequence[str], lines: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV file that spreadsheets open as it is: with byte order mark, and no cell that they would work out."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([_harmless(cell) for cell in line] for line in lines)
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: Cell) -> str:
    return marked(cell.isoformat() if isinstance(cell, date) else str(cell))


def as_workbook(title: str, headings: Sequence[str], lines: Iterable[Sequence[Cell]]) -> bytes:
    """A workbook of one sheet. Every text is a text for good: nothing is a formula, no serial number a count."""
    from openpyxl import Workbook  # noqa: PLC0415 - as above

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for line in ([*headings], *lines):
        sheet.append([text_cell(sheet, value) if isinstance(value, str) else value for value in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
