"""Devices out of a spreadsheet's CSV file, for [[import]] of inventory.toml; each complaint names line and heading."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.text import cleaned
from monitor.inventory import ImportFile
from monitor.problem import Place, Problem, near_word
from monitor.toml_lines import KeyPath

HEADINGS = {
    "name": ("name", "device", "device name", "hostname", "名称", "设备名称", "设备名", "主机名"),
    "address": ("address", "ip", "ip address", "management ip", "地址", "IP地址", "管理地址", "管理IP"),
    "site": ("site", "站点", "站点名称"),
    "role": ("role", "角色", "设备角色"),
    "platform": ("platform", "平台"),
    "credentials": ("credentials", "credential", "凭据", "凭证"),
    "redfish": ("redfish", "redfish login"),
    "ssh": ("ssh", "ssh login"),
    "redfish_port": ("redfish_port", "redfish port"),
    "ssh_port": ("ssh_port", "ssh port"),
    "interval": ("interval", "间隔", "轮询间隔"),
    "port": ("port", "端口"),
    "expect_up": ("expect_up", "expect up", "必须在线接口"),
    "title": ("title", "description", "说明", "描述"),
}
LISTS = frozenset({"credentials", "expect_up"})
FILLED = {"site", "role", "platform", "credentials", "redfish", "ssh"}  # what [[import]] says for rows that do not
VERBATIM = frozenset({"site", "title"})  # words of people; in the others full-width signs are slips of the keyboard
ROLES = {"核心": "core", "汇聚": "distribution", "接入": "access", "服务器": "server", "其他": "other", "其它": "other"}
DELIMITERS = ",;\t"
_SEPARATORS = re.compile(r"\s*[,;、|]\s*")  # between several values of one cell; full-width ones are plain by then
_DELIMITER_LINE = re.compile(r'"?sep=(.)"?\r?\n')  # Excel's own first line
_TEXT_FORMULA = re.compile(r'="(.*)"')  # how people make Excel keep 010 as it is
FORMULA = re.compile(r"[=@].|#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)")
_WHOLE = re.compile(r"(\d{1,9})(?:\.0+)?")  # spreadsheets like to make 161.0 of 161
_HEADING_NOISE = re.compile(r"[\s_\-*:()\[\]\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as a table of the inventory: what it says, and where. `asked` is the [[import]] that fills its gaps."""

    file: str
    line: int
    headings: Mapping[str, str]
    cells: Mapping[str, Any]
    filled: Mapping[str, Any]
    asked: Place

    @property
    def values(self) -> dict[str, Any]:
        """All that is known of the device."""
        return {**self.filled, **self.cells}

    def problem(self, path: KeyPath, reason: str, hint: str = "") -> Problem:
        """What is wrong with one cell, or with the row where `path` is empty."""
        field = str(path[0]) if path else ""
        if field in self.filled and field not in self.cells:
            return self.asked.problem(path, reason, hint)
        return Problem(file=self.file, line=self.line, key=self.headings.get(field, field), reason=reason, hint=hint)


def rows(raw: bytes, file: str, asked: ImportFile, place: Place, problems: list[Problem]) -> list[Row]:
    """The rows of the spreadsheet `file`; for all that is not a table of devices, more of `problems`.

    `place` is that of the [[import]] that asked for the file.
    """
    try:
        text = decoded(raw)
    except ValueError:
        reason = "neither UTF-8 nor GB18030"
        problems.append(Problem(file=file, line=None, key="", reason=reason, hint="save it as CSV UTF-8"))
        return []
    return list(_Sheet(file, text, asked, place, problems).rows())


def decoded(raw: bytes) -> str:
    """The text of a file as spreadsheets export it: UTF-8, or GB18030 (Excel in Chinese), or marked UTF-16."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030").removeprefix("\ufeff")


class _Sheet:
    """One file on its way from text to rows."""

    def __init__(self, file: str, text: str, asked: ImportFile, place: Place, problems: list[Problem]) -> None:
        self.file = file
        self.place = place
        self.filled = asked.model_dump(include=FILLED, exclude_none=True)
        self.problems = problems
        self.ignored = {plain_heading(heading) for heading in asked.ignore}
        declared = _DELIMITER_LINE.match(text)
        self.first = 2 if declared else 1
        self.lines = list(io.StringIO(text, newline=""))[self.first - 1 :]
        self.delimiter = declared[1] if declared else self._likely_delimiter()

    def rows(self) -> Iterator[Row]:
        """Every row that says something; the first of them is the headings."""
        columns: list[str] | None = None
        headings: dict[str, str] = {}
        for line, cells in self._records():
            if not any(cells):
                continue
            if columns is None:
                columns, headings = self._columns(line, cells)
                if "name" not in headings or "address" not in headings:
                    return
                continue
            values = self._values(line, cells, columns, headings)
            if values is not None:
                yield Row(
                    file=self.file, line=line, headings=headings, cells=values, filled=self.filled, asked=self.place
                )
        if columns is None:
            self._complain(None, "", "there is nothing in it", "")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """The cells of each record, trimmed, and the line where the record begins."""
        reader = csv.reader((line.replace("\0", "") for line in self.lines), delimiter=self.delimiter, strict=True)
        while True:
            line = self.first + reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._complain(line, "", f"not CSV: {error}", "look for a quote that is not closed")
                return
            yield line, [trimmed(cell) for cell in cells]

    def _likely_delimiter(self) -> str:
        """The sign that splits the first line into most headings that we know."""
        heading = next((line for line in self.lines if line.strip(f" \0\r\n{DELIMITERS}")), "")
        return max(DELIMITERS, key=lambda sign: sum(plain_heading(cell) in _FIELDS for cell in heading.split(sign)))

    def _columns(self, line: int, cells: list[str]) -> tuple[list[str], dict[str, str]]:
        """The field of each column ("" where it is not for us), and the heading of each field."""
        columns: list[str] = []
        headings: dict[str, str] = {}
        for cell in cells:
            plain = plain_heading(cell)
            field = _FIELDS.get(plain, "") if plain not in self.ignored else ""
            if cell and not field and plain not in self.ignored:
                hint = near_word(cell, _SPELLINGS) or "a column that is not for us is named in ignore of its [[import]]"
                self._complain(line, cell, "unknown heading", hint)
            if field and field in headings:
                self._complain(line, cell, f'says the same as the column "{headings[field]}"', "")
            elif field:
                headings[field] = cell
            columns.append(field)
        for field in ("name", "address"):
            if field not in headings:
                known = ", ".join(HEADINGS[field])
                self._complain(line, field, "there is no such column", f"its heading is one of {known}")
        return columns, headings

    def _values(
        self, line: int, cells: list[str], columns: list[str], headings: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """What the cells of a row say; None where one of them cannot be read."""
        sound = True
        values: dict[str, Any] = {}
        for at, cell in enumerate(cells):
            field = columns[at] if at < len(columns) else ""
            if at >= len(columns) and cell:
                self._complain(line, f"column {at + 1}", "a value without a heading", "quote values that hold commas")
                sound = False
            if not field or not cell:
                continue
            try:
                values[field] = _value(field, cell)
            except ValueError as error:
                self._complain(line, headings[field], str(error), "")
                sound = False
        return values if sound else None

    def _complain(self, line: int | None, key: str, reason: str, hint: str) -> None:
        self.problems.append(Problem(file=self.file, line=line, key=key, reason=reason, hint=hint))


def trimmed(cell: str) -> str:
    """A cell without blanks of any width around it, and out of the dress that keeps spreadsheets from counting."""
    text = cleaned(cell)
    formula = _TEXT_FORMULA.fullmatch(text)
    return cleaned(formula[1]) if formula else text.removeprefix("'")


def _value(field: str, cell: str) -> Any:
    """What a cell says, in the type that the inventory has for it."""
    if FORMULA.match(cell):
        raise ValueError("a formula or an error of the spreadsheet; write the value itself")
    if field in VERBATIM:
        return cell
    plain = unicodedata.normalize("NFKC", cell)
    if field in LISTS:
        return [part for part in _SEPARATORS.split(plain) if part]
    if field == "role":
        return ROLES.get(plain, plain.lower())
    if field in {"port", "redfish_port", "ssh_port"}:
        number = _WHOLE.fullmatch(plain)
        if number is None:
            raise ValueError("must be a whole number")
        return int(number[1])
    return plain


def plain_heading(heading: str) -> str:
    """A heading without what people vary: case, width, blanks, brackets."""
    return _HEADING_NOISE.sub("", unicodedata.normalize("NFKC", heading).casefold())


_SPELLINGS = tuple(spelling for spellings in HEADINGS.values() for spelling in spellings)
_FIELDS = {plain_heading(spelling): field for field, spellings in HEADINGS.items() for spelling in spellings}
