"""The asset file as a spreadsheet: what people write is read, what cannot be meant is refused, nothing is guessed."""

import csv
import io
import itertools
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from alerts.desk.assets import Asset
from alerts.desk.warranty import NOT_YET
from alerts.papers.harmless_cells import MOST_BYTES
from house import INVENTORY, NETVIGIL
from monitor import asset_sheet, sheets
from monitor.asset_sheet import Known
from monitor.config import loaded
from monitor.model import Language
from monitor.problem import Problem
from monitor.sheets import Cell, SheetError

CORE = (
    '[[site]]\nname = "wuhu-1"\ncustomer = "cdc"\nregion = "province"\n'
    '[[device]]\nname = "core-1"\naddress = "192.0.2.1"\nsite = "hefei-1"\ncredentials = ["v2c"]\n'
)


@pytest.fixture
def known(tmp_path: Path) -> Known:
    folder = tmp_path / "configuration"
    folder.mkdir()
    (folder / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    (folder / "inventory.toml").write_text(INVENTORY + CORE)
    settings = loaded(folder, {}, with_secrets=False)
    return Known(inventory=settings.inventory, contract=settings.contract)


def workbook(path: Path, *lines: Sequence[object], sheets: Sequence[str] = ("Sheet",)) -> Path:
    book = Workbook()
    del book["Sheet"]
    for name in sheets:
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(list(line))
    book.save(path)
    return path


def read(
    path: Path, known: Known, before: dict[str, Asset] | None = None, **mapping: str
) -> tuple[list[Asset], list[Problem]]:
    problems: list[Problem] = []
    found = asset_sheet.read(path.name, sheets.rows(path), before or {}, known, problems, mapping)
    return [asset for _, asset in found], problems


def test_a_chinese_workbook_is_read_with_titles_above_it_and_dates_of_any_kind(tmp_path: Path, known: Known) -> None:
    path = workbook(
        tmp_path / "用户档案.xlsx",
        ("示例疾控中心用户档案",),
        (),
        ("序列号", "品牌", "设备型号", "数量", "客户", "站点", "设备名称", "到货日期", "初验日期", "验收日期",
         "合同单价"),
        ("2102351abc", "华为", "S6730-H24X6C", 1, "示例疾控中心", "hefei-1", "core-1", date(2025, 1, 2), "2025年6月1日",
         "2025/11/22", "¥12,345.60"),
        ("5E12345", "Dell", "R740", 1, "", "wuhu-1", "", 20250102, "未验收", "", 99.5),
    )  # fmt: skip
    (core, server), problems = read(path, known)
    assert problems == []
    assert core == Asset(
        serial="2102351ABC",
        model="S6730-H24X6C",
        maker="huawei",
        customer="cdc",
        site="hefei-1",
        device="core-1",
        delivered=date(2025, 1, 2),
        first_acceptance=date(2025, 6, 1),
        final_acceptance=date(2025, 11, 22),
        price="12345.60",
        currency="CNY",
    )
    assert (server.serial, server.maker, server.customer) == ("5E12345", "dell", "cdc")
    assert (server.delivered, server.first_acceptance, server.final_acceptance) == (date(2025, 1, 2), NOT_YET, None)
    assert (server.price, server.currency) == ("99.5", "")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_file_is_read_in_the_encodings_of_excel(
    tmp_path: Path, known: Known, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "assets.csv"
    path.write_bytes(
        delimiter.join(["服务标签", "型号"]).encode(encoding) + f"\nABC1234{delimiter}R740\n".encode(encoding)
    )
    (asset,), problems = read(path, known)
    assert (asset.serial, asset.model, problems) == ("ABC1234", "R740", [])


WRONG = [
    ("serial number", 210235123456, "made a number of it"),
    ("serial number", 1.2e11, "made a number of it"),
    ("serial number", "1.2E+11", "made a number of it"),
    ("serial number", "2.10235E+19", "made a number of it"),
    ("serial number", "123456789012345000", "made a number of it"),
    ("serial number", "12345.0", "made a number of it"),
    ("serial number", "=A1", "formula"),
    ("serial number", "#N/A", "formula"),
    ("serial number", "two words", "not a serial"),
    ("serial number", "A1、B2", "not a serial"),
    ("serial number", "", "no serial number"),
    ("serial number", True, "truth value"),
    ("part number", 2310, "made a number of it"),
    ("quantity", 3, "every unit has a row"),
    ("delivered", "11/22/2025", "not a day"),
    ("delivered", "2025-11", "not a day"),
    ("delivered", 45252, "not a day"),
    ("delivered", "2025-02-30", "no day of the calendar"),
    ("delivered", datetime(1900, 1, 1), "cannot be meant"),  # noqa: DTZ001 - as a workbook holds it
    ("delivered", datetime(2025, 11, 22, 13, 5), "not a day"),  # noqa: DTZ001 - as a workbook holds it
    ("maker warranty ends", "not yet", "is a day"),
    ("price", "cheap", "not a price"),
    ("price", "-5", "not a price"),
    ("price", "1,23.5", "not a price"),
    ("currency", "yuans", "not a currency"),
    ("customer", "nobody", 'no customer "nobody"'),
    ("site", "hefei-2", 'did you mean "hefei-1"?'),
    ("device", "core-9", 'did you mean "core-1"?'),
]


@pytest.mark.parametrize(("heading", "cell", "reason"), WRONG, ids=lambda each: str(each)[:30])
def test_a_cell_that_cannot_be_meant_is_refused_with_its_row_and_heading(
    tmp_path: Path, known: Known, heading: str, cell: object, reason: str
) -> None:
    headings = ["serial number", "model"] if heading == "serial number" else ["serial number", heading]
    row = [cell, "R740"] if heading == "serial number" else ["ABC1234", cell]
    found, (problem,) = read(workbook(tmp_path / "a.xlsx", headings, row), known)
    assert found == []
    assert (problem.line, problem.key) == (2, heading)
    assert reason in problem.reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"device": "core-1", "site": "wuhu-1"}, 'at the site "hefei-1"'),
        ({"delivered": "2026-01-02", "final acceptance": "2026-01-01"}, "is before delivered"),
        ({"final acceptance": "2026-01-02", "maker warranty ends": "2025-01-02"}, "is before final acceptance"),
        ({"price": "$5", "currency": "CNY"}, "the price is in USD"),
    ],
)
def test_cells_that_contradict_each_other_are_refused(
    tmp_path: Path, known: Known, row: dict[str, str], reason: str
) -> None:
    path = workbook(tmp_path / "a.xlsx", ["serial number", *row], ["ABC1234", *row.values()])
    found, (problem,) = read(path, known)
    assert found == []
    assert reason in problem.reason


def test_every_wrong_row_is_told_and_a_unit_twice_is_wrong(tmp_path: Path, known: Known) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        ("serial number", "delivered", "colour"),
        ("ABC1", "nonsense", "red"),
        (),
        ("ABC2", "2025-01-01", "red"),
        ("abc2", "2025-01-01", "red"),
        (12345, "2025-13-01", "red"),
    )
    _, problems = read(path, known)
    assert [(each.line, each.key) for each in problems] == [
        (1, "colour"),
        (2, "delivered"),
        (5, "serial number"),
        (6, "serial number"),
        (6, "delivered"),
    ]


def test_a_heading_is_explained_by_mapping_and_a_sheet_without_serial_numbers_is_refused(
    tmp_path: Path, known: Known
) -> None:
    path = workbook(tmp_path / "a.xlsx", ("机器号", "型号"), ("ABC1234", "R740"))
    found, problems = read(path, known)
    assert found == []
    assert "there is no such column" in problems[-1].reason
    (asset,), problems = read(path, known, 机器号="serial")
    assert (asset.serial, problems) == ("ABC1234", [])


def test_an_empty_cell_leaves_what_is_known(tmp_path: Path, known: Known) -> None:
    before = Asset(serial="ABC1234", model="R740", delivered=date(2025, 1, 1))
    path = workbook(tmp_path / "a.xlsx", ("serial number", "model", "delivered"), ("ABC1234", None, "2025-01-02"))
    (asset,), _ = read(path, known, {"ABC1234": before})
    assert (asset.model, asset.delivered) == ("R740", date(2025, 1, 2))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xd0\xcf\x11\xe0old", "old format"),
        (b"PK\x03\x04broken", "not a workbook"),
        (b"a\0b", "neither a workbook nor CSV"),
        (b'"a', "quote"),
    ],
)
def test_a_file_that_is_no_spreadsheet_is_refused_in_words(tmp_path: Path, raw: bytes, reason: str) -> None:
    path = tmp_path / "assets.xlsx"
    path.write_bytes(raw)
    with pytest.raises(SheetError, match=reason):
        list(sheets.rows(path))


def test_a_workbook_that_would_unpack_without_end_is_refused_before_it_is(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ("serial number",))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/bomb.xml", "w") as bomb:
        for _ in range(201):
            bomb.write(bytes(1_000_000))
    assert path.stat().st_size < MOST_BYTES
    with pytest.raises(SheetError, match="unpacks to more"):
        list(sheets.rows(path))


def test_a_workbook_whose_words_grow_without_end_is_refused(tmp_path: Path) -> None:
    letters = "abcdefgh"
    entities = "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in itertools.pairwise(letters))
    bomb = f'<!DOCTYPE x [<!ENTITY a "{"x" * 1000}">{entities}]>'
    good, path = workbook(tmp_path / "good.xlsx", ("序列号",)), tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as packed:
        for each in source.infolist():
            text = source.read(each).decode()
            if each.filename == "xl/workbook.xml":
                text = bomb + text.replace('name="Sheet"', 'name="&h;"')
            packed.writestr(each.filename, text)
    with pytest.raises(SheetError, match="not a workbook"):
        list(sheets.rows(path))


def test_of_several_sheets_one_has_to_be_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ("序列号",), ("ABC1234",), sheets=("2025", "2026"))
    with pytest.raises(SheetError, match="2025, 2026"):
        list(sheets.rows(path))
    assert list(sheets.rows(path, "2026"))[1] == (2, ["ABC1234"])
    with pytest.raises(SheetError, match="no sheet"):
        list(sheets.rows(path, "2027"))


WORDS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=20).map(str.strip)
DANGEROUS = st.sampled_from(["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "'=1", "\t=1", "%0A", "|x"])


@given(st.lists(st.one_of(WORDS, DANGEROUS), min_size=1, max_size=5))
def test_no_cell_of_an_export_is_a_formula(words: list[str]) -> None:
    rows: list[list[Cell]] = [[word, date(2026, 1, 1)] for word in words]
    text = sheets.as_csv(("remarks", "day"), rows).decode("utf-8-sig")
    for (cell, day), word in zip(list(csv.reader(io.StringIO(text)))[1:], words, strict=True):
        assert not cell.startswith(("=", "+", "-", "@", "\t"))
        assert cell.removeprefix("'") == word or cell == word
        assert day == "2026-01-01"
    sheet = load_workbook(io.BytesIO(sheets.as_workbook("assets", ("remarks", "day"), rows))).worksheets[0]
    for row, word in zip(list(sheet.iter_rows(min_row=2)), words, strict=True):
        assert row[0].data_type != "f"
        assert (row[0].value or "") == word
        assert getattr(row[1], "is_date", False)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("language", list(Language))
def test_an_export_that_is_imported_again_changes_nothing(
    tmp_path: Path, known: Known, suffix: str, language: Language
) -> None:
    asset = Asset(
        serial="00012345",
        model="S6730",
        maker="huawei",
        part_number="02351ABC",
        customer="cdc",
        site="hefei-1",
        device="core-1",
        project="HT-2025-001",
        delivered=date(2025, 1, 2),
        first_acceptance=date(2025, 2, 28),
        final_acceptance=NOT_YET,
        maker_warranty_ends=date(2030, 1, 1),
        price="12345.60",
        currency="CNY",
        remarks="机房 A-3, 第二排",
    )
    headings, lines = asset_sheet.headings(language), asset_sheet.lines([asset])
    path = tmp_path / f"assets{suffix}"
    path.write_bytes(
        sheets.as_csv(headings, lines) if suffix == ".csv" else sheets.as_workbook("assets", headings, lines)
    )
    assert read(path, known) == ([asset], [])


def test_every_heading_that_is_known_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "assets.md").read_text("utf-8")
    told = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}
    for field, spellings in asset_sheet.HEADINGS.items():
        cells = [{each.strip() for each in cell.split(",")} for cell in told[field].split("|")[2:4]]
        assert set(spellings) == cells[0] | cells[1], field
