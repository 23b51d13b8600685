"""What keeps a cell of a spreadsheet from acting: no text becomes a formula, in a workbook or in CSV.

openpyxl brings numpy along where it is installed, 40 MB: only who makes or reads a workbook imports it.
"""

import re
from typing import Any

TEXT_MARK = "'"
"""What stands before a text that would be a formula without it."""
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "|", "%", "'")
"""What spreadsheets may take for a formula or a text mark."""
MOST_BYTES = 20_000_000
MOST_UNPACKED = 200_000_000
MOST_ROWS = 100_000
MOST_COLUMNS = 200


_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def marked(text: str) -> str:
    """`text` for CSV, where a mark is all that keeps it a text."""
    return f"{TEXT_MARK}{text}" if text.startswith(DANGEROUS) else text


def text_cell(sheet: Any, text: str) -> Any:
    """A cell of a workbook that is a text for good: no formula, no serial number made a count."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - as said above

    cell: Any = WriteOnlyCell(sheet, value=literal(text))
    cell.data_type = "s"  # openpyxl takes "=…" for a formula
    cell.number_format = "@"
    cell.quotePrefix = True
    return cell


def literal(text: str) -> str:
    """`text` as a workbook writes it: "_x0041_" would be a character by its number (ECMA-376, ST_Xstring)."""
    return _ESCAPE.sub("_x005F_", text)
