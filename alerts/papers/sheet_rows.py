"""The rows of a sheet as text of SpreadsheetML (ECMA-376, 18.3): what openpyxl would write, at a third of its time.

openpyxl makes an object for each cell and asks each for its parts; of 300,000 cells that takes most of the time of a
workbook. It makes the frame of the book (styles, sheets, widths), and its rows stand here.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from alerts.papers.harmless_cells import literal

_AT_ONCE = 500  # rows of a piece
_EMPTY = b"<sheetData></sheetData>"
_LETTERS = tuple(get_column_letter(at) for at in range(1, 301))


class SheetCell(NamedTuple):
    """A cell but for its place; `text` is what its height is measured by."""

    text: str
    xml: str


def words_cell(text: str, style: str) -> SheetCell:
    """A cell that is a text for good: written in place, never a formula."""
    if not text:
        return SheetCell("", f' s="{style}" t="inlineStr"></c>')
    told = escape(literal(text), quote=False)
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return SheetCell(text, f' s="{style}" t="inlineStr"><is><t{space}>{told}</t></is></c>')


def number_cell(value: float | datetime, style: str) -> SheetCell:
    """A cell that is a number, or a moment as the number that spreadsheets take for one."""
    number: float = to_excel(value) if isinstance(value, datetime) else value  # type: ignore[no-untyped-call]
    return SheetCell("", f' s="{style}" t="n"><v>{number:.16g}</v></c>')


class SheetRows:
    """The rows of one sheet, in their order."""

    __slots__ = ("_pieces", "_waiting", "count")

    def __init__(self) -> None:
        """None yet."""
        self.count = 0
        self._waiting: list[str] = []
        self._pieces: list[bytes] = []

    def append(self, cells: Sequence[SheetCell], high: float = 0) -> None:
        """One more row; `high` in points, 0: as high as a line."""
        self.count = at = self.count + 1
        height = f' ht="{high:g}" customHeight="1"' if high else ""
        told = "".join([f'<c r="{letter}{at}"{cell.xml}' for letter, cell in zip(_LETTERS, cells, strict=False)])
        self._waiting.append(f'<row r="{at}"{height}>{told}</row>')
        if len(self._waiting) >= _AT_ONCE:
            self._flush()

    def inside(self, sheet: bytes) -> Iterator[bytes]:
        """The file of an empty sheet, with these rows in it."""
        self._flush()
        before, _, after = sheet.partition(_EMPTY)
        yield before
        yield b"<sheetData>"
        yield from self._pieces
        yield b"</sheetData>"
        yield after

    def _flush(self) -> None:
        self._pieces.append("".join(self._waiting).encode("ascii", "xmlcharrefreplace"))
        self._waiting.clear()
