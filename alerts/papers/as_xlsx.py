"""A Paper as a workbook: a sheet with all that is not a table, and a sheet for each table or group of tables.

Numbers are numbers, moments are dates, each shown as in the other forms; no text can become a formula. Blanks are the
only cells that can be written, and beside each, in a hidden column, stands its key: so a sheet may be sorted and
comes back with each answer at its question (returned.py).
"""

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.xml.functions import tostring

from alerts.papers.dress import PLAIN, Dress
from alerts.papers.frame import company, cover, numbered, origin
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
    Row,
    Signatures,
    Table,
    Tone,
)
from alerts.papers.saying import Saying, plain, raw_lines, running, saying
from alerts.papers.sheet_rows import SheetCell, SheetRows, number_cell, words_cell
from alerts.papers.zipped import steady

KEY_MARK = "#key:"
"""Stands before the key of a blank, in the cell to the right of it."""
FACE = "Noto Sans CJK SC"
_WIDTH = 130.0  # letters, of a sheet
_FRONT = (34.0, 90.0)  # of the columns of the first one
_LINE, _HIGHEST = 14.0, 409.0  # points: a line, and the highest row that Excel knows
_SHOWN = re.compile(r"(?P<number>-?\d+(?:\.(?P<decimals>\d+))?)(?P<unit>.*)", re.DOTALL)
_NO_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f']")
_WIDE = re.compile("[\u2e80-\U0010ffff]")
_LONGEST_NAME = 31
_BINARY = {" B": 0, " KiB": 1, " MiB": 2, " GiB": 3, " TiB": 4, " PiB": 5}
_FILLS = {"blank": "FFF9C4", "top": "E9EDF2", Tone.BAD: "FAE5E5", Tone.ATTENTION: "FBF3DC", Tone.GOOD: "EEF6EE"}
_BOX = Border(*(Side(style="thin", color="999999"),) * 4)
_YEARS = range(1900, 10_000)  # that a date of Excel can have


def xlsx(paper: Paper, dress: Dress = PLAIN) -> bytes:
    """The workbook."""
    book = Workbook(write_only=True)
    book.properties.creator = book.properties.lastModifiedBy = company(paper, dress) or "Netvigil"
    book.properties.title = plain(paper.title)
    book.properties.created = book.properties.modified = paper.made_at.astimezone(UTC).replace(tzinfo=None)
    core = tostring(book.properties.to_tree())  # openpyxl writes the time of now when it saves
    writer = _Writer(book, saying(paper, dress), paper, dress)
    writer.write()
    out = io.BytesIO()
    book.save(out)
    raw = out.getvalue()
    with zipfile.ZipFile(out) as frame:
        paths = {sheet.title: sheet.path.lstrip("/") for sheet in book.worksheets}
        sheets = {paths[name]: rows.inside(frame.read(paths[name])) for name, rows in writer.rows.items()}
    return steady(raw, {"docProps/core.xml": core, **sheets})


@dataclass(slots=True)
class _Writer:
    book: Any
    said: Saying
    paper: Paper
    dress: Dress
    styles: dict[tuple[str, ...], str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    zone: tzinfo = UTC
    rows: dict[str, SheetRows] = field(default_factory=dict)

    def write(self) -> None:
        """All sheets in the order of the paper."""
        with suppress(KeyError, ValueError, OSError):  # as alerts.locale.wall: another clock is better than none
            self.zone = ZoneInfo(self.paper.zone)
        groups: dict[str, list[Table]] = {}
        chapter, chapters = "", dict[str, str]()
        for block in self.paper.blocks:
            if isinstance(block, Heading) and block.level == 1:
                chapter = block.text
            elif isinstance(block, Table):
                chapters.setdefault(block.group, chapter)
                groups.setdefault(block.group or f"{block.key}\0", []).append(block)
        front = self._sheet(self.said.frame("sheet_cover"), has_blanks=_blanks(self.paper.blocks))
        sheets = {key: self._sheet_of(tables, chapters) for key, tables in groups.items()}
        charts = [block for block in self.paper.blocks if isinstance(block, Chart)]
        drawn = self._sheet(self.said.frame("sheet_charts"), has_blanks=False) if charts else None
        self._front(front, {key: sheet.title for key, sheet in sheets.items()}, drawn.title if drawn else "")
        for key, tables in groups.items():
            self._tables(sheets[key], tables)
        if drawn:
            self._charts(drawn, charts)

    # -- sheets

    def _sheet_of(self, tables: Sequence[Table], chapters: Mapping[str, str]) -> Any:
        """The sheet of a table, under its title; of a group under the heading of the chapter where it stands."""
        group = tables[0].group
        blanks = any(isinstance(cell, Blank) for table in tables for row in table.rows for cell in row.cells)
        return self._sheet(chapters[group] or group if group else tables[0].title, has_blanks=blanks)

    def _sheet(self, wanted: str, *, has_blanks: bool) -> Any:
        sheet = self.book.create_sheet(self._free(wanted))
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9  # A4
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        if has_blanks:  # without a password: it guards against slips of the hand
            sheet.protection.sheet = True
            sheet.protection.formatColumns = sheet.protection.formatRows = False
            sheet.protection.sort = sheet.protection.autoFilter = False
        self.rows[sheet.title] = SheetRows()
        return sheet

    def _free(self, wanted: str) -> str:
        """A name that Excel takes and no other sheet has."""
        base = _NO_NAME.sub(" ", plain(wanted, _LONGEST_NAME)).strip() or "-"
        name, at = base, 1
        while name.casefold() in self.names or name.casefold() == "history":  # Excel keeps that name for itself
            at += 1
            name = f"{base[: _LONGEST_NAME - 4]} {at}"
        self.names.add(name.casefold())
        return name

    # -- cells

    def _style(self, *how: str, number: str = "") -> str:
        """The number of a style, made when it is first asked for."""
        key = (*how, number)
        if key not in self.styles:
            cell: Any = WriteOnlyCell(self.book.worksheets[0])
            cell.alignment = Alignment(vertical="top", wrap_text=not {"number", "title", "heading", "over"} & {*how})
            cell.font = Font(
                bold="head" in how or "bad" in how, size={"title": 18, "heading": 13}.get(how[0], 10), name=FACE
            )
            cell.number_format = number or "@"
            cell.quotePrefix = not number
            fill = next((_FILLS[each] for each in how if each in _FILLS), "")
            if fill:
                cell.fill = PatternFill("solid", fgColor=fill)
            if "boxed" in how:
                cell.border = _BOX
            cell.protection = Protection(locked="blank" not in how)
            self.styles[key] = str(cell.style_id)
        return self.styles[key]

    def _text(self, text: str, *how: str) -> SheetCell:
        return words_cell(text, self._style(*(how or ("plain",))))

    def _cell(self, cell: Cell, *how: str) -> SheetCell:
        value, number = self._value(cell)
        if value is None:
            return self._text(self.said.cell(cell), *how, *(("blank",) if isinstance(cell, Blank) else ()))
        return number_cell(value, self._style(*how, "number", number=number))

    def _value(self, cell: Cell) -> tuple[float | datetime | None, str]:
        """The value of a cell with its format, or "" where it is a text."""
        if isinstance(cell, Figure) and cell.value is not None and math.isfinite(cell.value):
            return _figure(cell.value, cell.unit, self.said.figure(cell))
        if isinstance(cell, Moment) and cell.at is not None:
            at = cell.at.astimezone(self.zone).replace(tzinfo=None, microsecond=0)
            if at.year in _YEARS:
                return (at.replace(hour=0, minute=0, second=0), "yyyy-mm-dd") if cell.day else (at, "yyyy-mm-dd hh:mm")
        return None, ""

    # -- what stands on them

    def _front(self, sheet: Any, names: Mapping[str, str], drawn: str) -> None:
        sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = _FRONT
        sheet.column_dimensions["C"].hidden = True
        self._put(sheet, [self._text(plain(self.paper.title), "title", "head")], (), 30)
        self._put(sheet, [self._text(plain(self.paper.subtitle))], ())
        for name, value in (
            *cover(self.paper, self.dress, self.said),
            *origin(self.paper, self.said),
        ):
            self._put(sheet, [self._text(name, "boxed", "head"), self._text(value, "boxed")])
        if _blanks(self.paper.blocks, deep=True):
            self._put(sheet, [self._text(self.said.frame("fill_in"), "head", "over")], ())
        for number, block in numbered(self.paper.blocks):
            for line in self._lines(number, block, names, drawn):
                is_heading = isinstance(block, Heading) and bool(line)
                self._put(sheet, line, () if is_heading else _FRONT, 20 if is_heading else 0)

    def _lines(  # noqa: C901 - one case for each kind of block
        self, number: str, block: Block, names: Mapping[str, str], drawn: str
    ) -> Iterator[list[SheetCell]]:
        match block:
            case Heading():
                yield []
                yield [self._text(f"{number} {plain(block.text)}", "heading", "head")]
            case Paragraph():
                yield [self._text(""), self._text(running(block.text), block.tone.value)]
            case Pairs():
                for name, cell in block.rows:
                    keys = [self._text(KEY_MARK + cell.key)] if isinstance(cell, Blank) else []
                    yield [self._text(plain(name), "boxed"), self._cell(cell, "boxed"), *keys]
            case Table():
                name = names[block.group or f"{block.key}\0"]
                yield [
                    self._text(plain(block.title)),
                    self._text(self.said.frame("table_on_sheet", sheet=name)),
                ]
            case Chart():
                note = running(f"{self.said.frame('charts_on_sheet', sheet=drawn)} {block.note}")
                yield [self._text(plain(block.title)), self._text(note)]
            case Diagram():
                yield [self._text(plain(block.title)), self._text(running(block.note))]
            case Evidence():
                yield [self._text(plain(block.title), "head")]
                for line in raw_lines(block.text, self.said.frame("cut")):
                    yield [self._text(""), self._text(line)]
            case Signatures():
                heads = " / ".join(self.said.frame(key) for key in ("name", "signature", "date"))
                yield [self._text(""), self._text(heads)]
                for role in block.roles:
                    yield [self._text(plain(role), "boxed"), self._text("", "boxed")]
            case PageBreak():
                return

    def _tables(self, sheet: Any, tables: Sequence[Table]) -> None:
        first = tables[0]
        blank = [
            any(isinstance(row.cells[at], Blank) for table in tables for row in table.rows)
            for at in range(len(first.columns))
        ]
        titles = [plain(column.title) for column in first.columns]
        grouped = bool(first.group)
        widths = self._widths(sheet, first, blank, grouped=grouped)
        heads = [*([self.said.frame("section")] if grouped else []), *titles]
        line = [self._text(each, "boxed", "head", "top") for each in heads]
        marks = [at + grouped for at, is_blank in enumerate(blank) if is_blank]
        for at in reversed(marks):
            line.insert(at + 1, self._text(""))
        self._put(sheet, line, widths)
        for table in tables:
            title = plain(table.title)
            for row in table.rows:
                self._put(sheet, self._row(row, title if grouped else None, blank), widths)
            if not table.rows:
                head = [self._text(title)] if grouped else []
                self._put(sheet, [*head, self._text(running(table.empty))], widths)

    def _row(self, row: Row, title: str | None, blank: Sequence[bool]) -> list[SheetCell]:
        tone = row.tone.value
        line = [] if title is None else [self._text(title, "boxed", tone)]
        for cell, is_blank in zip(row.cells, blank, strict=True):
            line.append(self._cell(cell, "boxed", tone))
            if is_blank:
                line.append(self._text(KEY_MARK + cell.key if isinstance(cell, Blank) else ""))
        return line

    def _put(self, sheet: Any, line: list[SheetCell], widths: Sequence[float] = _FRONT, high: float = 0) -> None:
        """Put a line on the sheet, so high that its texts can be read; no widths: its text runs over its neighbours."""
        lines = max([_lines(cell.text, width) for cell, width in zip(line, widths, strict=False)], default=1)
        self.rows[sheet.title].append(line, min(max(_LINE * lines, high), _HIGHEST) if lines > 1 or high else 0)

    def _widths(self, sheet: Any, table: Table, blank: Sequence[bool], *, grouped: bool) -> list[float]:
        whole = sum(column.share for column in table.columns) or 1
        widths = [_WIDTH * column.share / whole for column in table.columns]
        shown: list[float | None] = [20.0] if grouped else []
        for width, is_blank in zip(widths, blank, strict=True):
            shown += [max(width, 8.0), None] if is_blank else [max(width, 8.0)]
        for at, each in enumerate(shown, start=1):
            column = sheet.column_dimensions[get_column_letter(at)]
            if each is None:
                column.hidden = True
            else:
                column.width = each
        sheet.freeze_panes = "A2"
        sheet.print_title_rows = "1:1"
        return [each or 1000.0 for each in shown]

    def _charts(self, sheet: Any, charts: Sequence[Chart]) -> None:
        heads = [self.said.frame(key) for key in ("chart", "line", "when", "value", "low", "high")]
        for at, width in enumerate((40, 30, 18, 14, 14, 14), start=1):
            sheet.column_dimensions[get_column_letter(at)].width = width
        sheet.freeze_panes = "A2"
        rows = self.rows[sheet.title]
        rows.append([self._text(each, "boxed", "head", "top") for each in heads])
        for chart in charts:
            for line in self._chart(chart):
                rows.append([self._cell(each, "boxed") for each in line])

    def _chart(self, chart: Chart) -> Iterator[list[Cell]]:
        title = plain(chart.title)
        for line in chart.lines:
            band = {at: (low, high) for at, low, high in line.band}
            for at, value in line.points:
                low, high = band.get(at, (None, None))
                numbers = [Figure(value=each, unit=chart.unit) for each in (value, low, high)]
                yield [title, line.name, Moment(at=at), *numbers]
        for name, value in chart.limits:
            yield [title, name, self.said.frame("limit"), Figure(value=value, unit=chart.unit), "", ""]


def _lines(text: str, width: float) -> int:
    """About how many lines a text takes in a column of this width; Chinese characters are twice as wide."""
    if len(text) * 2 <= width or (len(text) <= width and text.isascii()):
        return 1
    wide = 0 if text.isascii() else len(_WIDE.findall(text))
    return -(-(len(text) + wide) // max(int(width), 1))


def _blanks(blocks: Iterable[Block], *, deep: bool = False) -> bool:
    """Whether there is something to fill in on the front sheet, or anywhere."""
    for block in blocks:
        if isinstance(block, Pairs) and any(isinstance(cell, Blank) for _, cell in block.rows):
            return True
        if deep and isinstance(block, Table) and any(isinstance(c, Blank) for row in block.rows for c in row.cells):
            return True
    return False


def _figure(value: float, unit: str, shown: str) -> tuple[float, str]:
    """The number in the scale in which it is said, and the format in which a spreadsheet then says the same."""
    told = _SHOWN.fullmatch(shown)
    if told is None:
        return value, "General"
    decimals = f"0.{'0' * len(told['decimals'])}" if told["decimals"] else "0"
    if unit == "ratio":
        return value, f"{decimals} %"
    if unit == "bytes":
        value /= 1024.0 ** _BINARY.get(told["unit"], 0)
    elif unit == "amperes" and told["unit"].strip() == "mA":
        value *= 1000
    words = told["unit"].replace('"', "")
    return value, f'{decimals}"{words}"' if words else decimals
