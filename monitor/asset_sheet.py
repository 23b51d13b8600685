"""The asset file as a spreadsheet: from rows of cells to units and problems, and from units to rows.

Nothing is guessed: a serial number that the spreadsheet made a number of, a date without a day, a maker's name in a
model column are refused with row, heading and reason, and the whole file with them (`netvigil asset import`).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import islice

from alerts.desk.assets import DATES, FIELDS, NOT_YET_DATES, Asset, disorder, word
from alerts.desk.contract import Contract
from alerts.desk.warranty import NOT_YET, maker_of
from alerts.papers.harmless_cells import TEXT_MARK
from collectors.text import cleaned
from monitor.devices_csv import FORMULA, plain_heading, trimmed
from monitor.inventory import Inventory
from monitor.model import Language
from monitor.problem import Problem, Speller, near_word
from monitor.sheets import Cell

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "serial": (
        "serial number", "serial", "serial no", "sn", "s/n", "service tag", "serial number or service tag",
        "序列号", "产品序列号", "设备序列号", "服务标签", "服务编号", "序列号/服务标签", "序列号或服务标签",
    ),
    "model": ("model", "product model", "device model", "型号", "设备型号", "产品型号", "规格型号"),
    "maker": ("maker", "manufacturer", "vendor", "brand", "厂商", "厂家", "品牌", "制造商", "生产厂家"),
    "part_number": ("part number", "part no", "pn", "p/n", "bom", "部件号", "物料编码", "产品编码", "编码", "料号"),
    "customer": ("customer", "客户", "用户", "客户名称", "用户单位", "使用单位"),
    "site": ("site", "location", "站点", "站点名称", "地点", "安装地点"),
    "device": ("device", "device name", "hostname", "设备名称", "设备名", "主机名", "监控名称"),
    "project": (
        "project", "contract", "contract number", "project number", "项目", "项目编号", "合同号", "合同编号",
        "项目名称",
    ),
    "delivered": ("delivered", "delivery date", "date of delivery", "交货日期", "到货日期", "供货日期", "发货日期"),
    "first_acceptance": (
        "first acceptance", "preliminary acceptance", "first acceptance date", "初验日期", "初步验收日期", "初验",
    ),
    "final_acceptance": (
        "final acceptance", "acceptance", "acceptance date", "final acceptance date", "验收日期", "终验日期",
        "最终验收日期", "终验", "验收报告签字日期",
    ),
    "maker_warranty_ends": (
        "maker warranty ends", "manufacturer warranty end", "warranty end", "厂家保修到期", "原厂保修到期", "厂保到期",
        "厂家保修截止日期", "保修到期日",
    ),
    "engineering_warranty_ends": (
        "engineering warranty ends", "engineering warranty end", "工程质保到期", "工程保修到期", "质保到期",
        "质保到期日",
    ),
    "price": ("price", "contract price", "unit price", "单价", "合同价", "合同单价", "价格"),
    "currency": ("currency", "币种", "货币"),
    "remarks": ("remarks", "remark", "note", "notes", "comment", "备注", "说明"),
    "quantity": ("quantity", "qty", "count", "数量", "台数"),
}  # fmt: skip
"""The spellings of each heading; the first English and the first Chinese one are those of an export."""

YEARS = range(1990, 2101)
_DAY = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日)"
)
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MIDNIGHT = re.compile(r"[ T]0?0:00(:00(\.0+)?)?$")
_NOT_YET = {"notyet", "not_yet", "未验收", "未到货", "未交货", "未终验", "未初验", "尚未", "未"}
_COUNTED = re.compile(r"\d([.,]\d+)?[eE]\+\d+|\d+[.,]0+")
_EXACT_DIGITS = 15  # of a number, Excel keeps no more and makes the others 0
_SERIAL = re.compile(r"[0-9A-Z][0-9A-Z._:/+-]{2,63}")
_CURRENCIES = {"¥": "CNY", "￥": "CNY", "元": "CNY", "人民币": "CNY", "rmb": "CNY", "$": "USD", "€": "EUR"}
_CURRENCY = re.compile(r"[A-Z]{3}")
_PRICE = re.compile(
    r"(?P<before>[^\d.,\s-]*)\s*(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(?P<after>\D*)"
)
_TITLES = 10
_EXACT = frozenset({"serial", "part_number"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the words of a row are held against."""

    inventory: Inventory
    contract: Contract


def read(
    file: str,
    told: Iterable[tuple[int, Sequence[Cell]]],
    before: Mapping[str, Asset],
    known: Known,
    problems: list[Problem],
    mapping: Mapping[str, str],
    ignored: Iterable[str] = (),
) -> list[tuple[int, Asset]]:
    """The units that the rows of `file` tell of, with their row numbers; of what is wrong, more of `problems`.

    `before` are the units that are in the asset file, by serial number: an empty cell leaves what is known.
    `mapping` says which field a heading means that is not known, `ignored` are headings that are not for us.
    """
    rows = iter(told)
    number, headings = _headings(rows, mapping)
    columns = _columns(file, number, headings, mapping, ignored, problems)
    if "serial" not in columns.values():
        return []
    speller = Speller()
    found: list[tuple[int, Asset]] = []
    first: dict[str, int] = {}
    for number, cells in rows:
        wrong = len(problems)
        values = _values(file, number, cells, columns, headings, problems)
        if len(problems) > wrong:
            continue
        asset, complaints = _asset(values, before, known, speller)
        if asset and asset.serial in first:
            complaints.append(("serial", f"stands in row {first[asset.serial]} already"))
        problems += [
            Problem(file=file, line=number, key=_heading(field, columns, headings), reason=reason)
            for field, reason in complaints
        ]
        if asset and not complaints:
            first[asset.serial] = number
            found.append((number, asset))
    return found


def _headings(rows: Iterator[tuple[int, Sequence[Cell]]], mapping: Mapping[str, str]) -> tuple[int, Sequence[Cell]]:
    """The row of the headings: one of the first that has a column of serial numbers; titles may stand above it."""
    ours = {plain_heading(heading): field for heading, field in mapping.items()}
    first: tuple[int, Sequence[Cell]] | None = None
    for number, cells in islice(rows, _TITLES):
        first = first or (number, cells)
        plain = [plain_heading(str(cell)) for cell in cells]
        if any((ours.get(each) or _FIELDS.get(each)) == "serial" for each in plain):
            return number, cells
    return first or (1, ())


def _columns(
    file: str,
    number: int,
    headings: Sequence[Cell],
    mapping: Mapping[str, str],
    ignored: Iterable[str],
    problems: list[Problem],
) -> dict[int, str]:
    """The field of each column that is for us; a heading that nobody knows is a problem."""
    ours = {plain_heading(heading): field for heading, field in mapping.items()}
    passed = {plain_heading(heading) for heading in ignored}
    columns: dict[int, str] = {}
    for at, cell in enumerate(headings):
        heading = str(cell)
        plain = plain_heading(heading)
        field = ours.get(plain) or _FIELDS.get(plain, "")
        if not plain or plain in passed:
            continue
        if not field:
            hint = near_word(heading, _SPELLINGS) or "say what it means with --mapping, or pass over it with --ignore"
            problems.append(_problem(file, number, heading, "unknown heading", hint))
        elif field in columns.values():
            problems.append(_problem(file, number, heading, f"a second column for {field.replace('_', ' ')}"))
        else:
            columns[at] = field
    if "serial" not in columns.values():
        spellings = ", ".join(HEADINGS["serial"])
        problems.append(
            _problem(file, number, "serial", "there is no such column", f"its heading is one of {spellings}")
        )
    return columns


def _values(
    file: str,
    number: int,
    cells: Sequence[Cell],
    columns: Mapping[int, str],
    headings: Sequence[Cell],
    problems: list[Problem],
) -> dict[str, object]:
    """What the cells of a row say, by field; empty ones say nothing."""
    values: dict[str, object] = {}
    for at, cell in enumerate(cells):
        if cell == "" or at not in columns:
            if cell != "" and at >= len(headings):
                problems.append(_problem(file, number, f"column {at + 1}", "a value without a heading"))
            continue
        try:
            read_as = value(columns[at], cell)
        except ValueError as error:
            problems.append(_problem(file, number, str(headings[at]), str(error)))
            continue
        if read_as != "":
            values[columns[at]] = read_as
    return values


def value(field: str, cell: Cell) -> object:
    """What one cell says. Raises ValueError, which says why it cannot be taken."""
    if isinstance(cell, bool):
        raise ValueError("a truth value of the spreadsheet; write the value itself")  # noqa: TRY004 - the user's mistake
    if field in _EXACT:
        return _exact(cell)
    text = trimmed(cell) if isinstance(cell, str) else str(cell)
    if isinstance(cell, str) and FORMULA.match(text) and not cell.startswith(TEXT_MARK):
        raise ValueError("a formula or an error of the spreadsheet; write the value itself")
    if field in DATES:
        return day(cell if isinstance(cell, date) else text, may_be_open=field in NOT_YET_DATES)
    if field == "quantity":
        if text not in {"1", "1.0"}:
            raise ValueError(f"{text} units in one row; every unit has a row and a serial number of its own")
        return ""
    if field == "price":
        return money(text)
    if field == "currency":
        return currency(text)
    return cleaned(text, 200 if field != "remarks" else 2000)


def _exact(cell: Cell) -> str:
    """A serial or part number, in capitals. Raises ValueError where the spreadsheet may have counted it."""
    if not isinstance(cell, str):
        raise ValueError(  # noqa: TRY004 - the user's mistake, not ours
            f"the spreadsheet made a number of it ({cell}), and may have dropped zeros and digits; "
            "format the column as text and write it anew"
        )
    text = unicodedata.normalize("NFKC", trimmed(cell)).upper()
    if FORMULA.match(text):
        raise ValueError("a formula or an error of the spreadsheet; write the value itself")
    lost = text.isdecimal() and len(text) > _EXACT_DIGITS and not text[_EXACT_DIGITS:].strip("0")
    if _COUNTED.fullmatch(text) or lost:
        raise ValueError(
            f"the spreadsheet made a number of it ({text}) and dropped digits; format the column as text and write "
            "it anew"
        )
    if text and not _SERIAL.fullmatch(text):
        raise ValueError(
            f'"{cleaned(text, 80)}" is not a serial or part number: 3 to 64 letters, digits and - . _ : / +'
        )
    return text


def serial_of(told: str) -> str:
    """A serial number as a device tells it, as the asset file writes it; "" where it cannot be one."""
    text = unicodedata.normalize("NFKC", told).strip().upper()
    return text if _SERIAL.fullmatch(text) else ""


def day(value: date | str, *, may_be_open: bool) -> object:
    """The day that is written as `value`; NOT_YET where it `may_be_open` and is said to be. Raises ValueError."""
    if isinstance(value, date):
        found = value
    else:
        text = _MIDNIGHT.sub("", unicodedata.normalize("NFKC", value).strip())
        if text.casefold().replace(" ", "") in _NOT_YET:
            if may_be_open:
                return NOT_YET
            raise ValueError("the end of a warranty is a day, or left empty")
        match = _DAY.fullmatch(text) or _EIGHT.fullmatch(text)
        if match is None:
            raise ValueError(
                f'"{cleaned(text, 40)}" is not a day; write 2026-11-22'
                + (', or "not yet" (未验收) where it has not come' if may_be_open else "")
            )
        try:
            found = date(*(int(part) for part in match.groups() if part is not None))
        except ValueError:
            raise ValueError(f'"{text}" is no day of the calendar') from None
    if found.year not in YEARS:
        raise ValueError(f"the year {found.year} cannot be meant")
    return found


def money(text: str) -> str:
    """A price as a plain decimal number, and its currency behind a blank where a sign tells it. Raises ValueError."""
    match = _PRICE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        raise ValueError(f'"{cleaned(text, 40)}" is not a price, such as 12345.60')
    try:
        number = Decimal(match["number"].replace(",", ""))
    except InvalidOperation:
        raise ValueError(f'"{cleaned(text, 40)}" is not a price, such as 12345.60') from None
    signs = [currency(sign) for sign in (match["before"].strip(), match["after"].strip()) if sign]
    if len(set(signs)) > 1:
        raise ValueError(f'"{cleaned(text, 40)}" names two currencies')
    return " ".join((f"{number:f}", *signs[:1]))


def currency(text: str) -> str:
    """The code of a currency (ISO 4217). Raises ValueError."""
    plain = unicodedata.normalize("NFKC", text).strip()
    code = _CURRENCIES.get(plain.casefold(), plain.upper())
    if not _CURRENCY.fullmatch(code):
        raise ValueError(f'"{cleaned(text, 20)}" is not a currency, such as CNY')
    return code


def _asset(
    values: Mapping[str, object], before: Mapping[str, Asset], known: Known, speller: Speller
) -> tuple[Asset | None, list[tuple[str, str]]]:
    """The unit that a row tells of, and what is wrong with it, by field."""
    serial = str(values.get("serial", ""))
    if not serial:
        return None, [("serial", "the row has no serial number or service tag; every unit has one")]
    return merged(before.get(serial) or Asset(serial=serial), values, known, speller)


def merged(
    old: Asset, values: Mapping[str, object], known: Known, speller: Speller | None = None
) -> tuple[Asset, list[tuple[str, str]]]:
    """`old` with the `values` that were told, held against inventory and contract; and what is wrong, by field."""
    told = {name: value for name, value in values.items() if name in FIELDS}
    wrong = _priced(told) + _named(told, known.inventory, speller or Speller())
    if "maker" in told:
        told["maker"] = maker_of(str(told["maker"]), known.contract) or told["maker"]
    asset: Asset = replace(old, **told)  # type: ignore[arg-type]  # each value is of its field's type (value)
    if wrong:
        return asset, wrong
    asset, wrong = _placed(asset, told, known.inventory)
    if reason := disorder(asset):
        wrong.append((next((name for name in DATES if name in told), "serial"), reason.said(Language.EN)))
    return asset, wrong


def _priced(told: dict[str, object]) -> list[tuple[str, str]]:
    """Part the price from its sign, which is the currency."""
    number, _, sign = str(told.get("price", "")).partition(" ")
    if not number:
        return []
    told["price"] = number
    if sign and told.get("currency", sign) != sign:
        return [("price", f"the price is in {sign}, the currency is {told['currency']}")]
    if sign:
        told["currency"] = sign
    return []


def _named(told: dict[str, object], inventory: Inventory, speller: Speller) -> list[tuple[str, str]]:
    """Put the inventory's names in place of titles; what has neither is wrong."""
    names: tuple[tuple[str, Mapping[str, str]], ...] = (
        ("customer", {name: each.title for name, each in inventory.customers.items()}),
        ("site", {name: each.title for name, each in inventory.sites.items()}),
        ("device", dict.fromkeys(inventory.devices, "")),
    )
    wrong = []
    for field, titles in names:
        name = str(told.get(field, ""))
        found = name if name in titles else next((key for key, title in titles.items() if title == name), None)
        if name and found is None:
            hint = speller.near_word(name, titles)
            wrong.append((field, "; ".join(filter(None, (f'no {field} "{name}" in the inventory', hint)))))
        elif name:
            told[field] = found
    return wrong


def _placed(asset: Asset, told: Mapping[str, object], inventory: Inventory) -> tuple[Asset, list[tuple[str, str]]]:
    """`asset` at the site of its device and the customer of its site; wrong is what says otherwise."""
    device = inventory.devices.get(asset.device)
    if device and "site" not in told:
        asset = replace(asset, site=device.site)
    site = inventory.sites.get(asset.site)
    if site and "customer" not in told:
        asset = replace(asset, customer=site.customer)
    if device and asset.site != device.site:
        return asset, [("site", f'the inventory has {asset.device} at the site "{device.site}"')]
    if site and asset.customer != site.customer:
        return asset, [("customer", f'the site {site.name} is of the customer "{site.customer}"')]
    return asset, []


def _heading(field: str, columns: Mapping[int, str], headings: Sequence[Cell]) -> str:
    return next((str(headings[at]) for at, name in columns.items() if name == field), field)


def _problem(file: str, number: int, key: str, reason: str, hint: str = "") -> Problem:
    return Problem(file=file, line=number, key=cleaned(key, 60), reason=reason, hint=hint)


def headings(language: Language) -> tuple[str, ...]:
    """The headings of an export; an import knows them all."""
    is_plain = language is Language.EN
    return tuple(next(each for each in HEADINGS[name] if each.isascii() is is_plain) for name in FIELDS)


def lines(assets: Iterable[Asset]) -> Iterator[list[Cell]]:
    """The rows of an export: dates are dates, all else is text."""
    for asset in assets:
        values = [getattr(asset, name) for name in FIELDS]
        yield [each if isinstance(each, date) else word(each) for each in values]


_SPELLINGS = tuple(spelling for spellings in HEADINGS.values() for spelling in spellings)
_FIELDS = {plain_heading(spelling): field for field, spellings in HEADINGS.items() for spelling in spellings}
