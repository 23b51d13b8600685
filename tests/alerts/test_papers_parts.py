"""What stands under the forms: charts, fonts, words, long PDFs in parts, blanks that come back (alerts/papers)."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from openpyxl import Workbook, load_workbook

from alerts.papers import as_pdf, fonts
from alerts.papers.apart import Order, attempts, rendered_apart
from alerts.papers.as_json import paper_json
from alerts.papers.binding import BindingError, bound, page_count
from alerts.papers.charts import drawn
from alerts.papers.fonts import FontsMissingError, shown
from alerts.papers.forms import Form, rendered_as
from alerts.papers.harmless_cells import MOST_BYTES
from alerts.papers.paper import Blank, Block, Chart, Figure, Heading, Line, Moment, Pairs, Paper, Table
from alerts.papers.returned import ReturnedError, read_blanks
from alerts.papers.saying import MOST, UNKNOWN, plain, raw_lines, saying
from alerts.papers.typesetting import Job, TypesettingError, made
from monitor.model import Language
from paper_text import pdf_text
from sample_paper import HOSTILE, NOON, chart, checks, paper, sample

SAID = saying(paper())
DAY = timedelta(days=1)


# -- words


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_said_of_a_hostile_word_can_stand_in_any_form(text: str) -> None:
    told = plain(text)
    assert told.isprintable()
    assert len(told) <= MOST
    ET.fromstring(f"<a>{escape(told)}</a>")  # noqa: S314 - a word of our own


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_number_that_is_not_known_is_said_so(value: float | None) -> None:
    assert SAID.cell(Figure(value=value, unit="celsius")) == UNKNOWN


def test_a_moment_is_said_on_the_clock_of_the_papers_zone() -> None:
    assert SAID.cell(Moment(at=NOON)) == "2026-11-01 12:00"
    assert SAID.cell(Moment(at=NOON + timedelta(hours=13), day=True)) == "2026-11-02"
    assert SAID.cell(Moment(at=None)) == UNKNOWN


def test_raw_words_keep_their_columns_and_lose_what_acts() -> None:
    assert raw_lines("a  b\n\tc\x1b[31m\u202e  \n", "cut") == ["a  b", "        c\ufffd[31m\ufffd"]
    assert raw_lines("x\n" * 30_000, "cut")[-1] == "cut"


# -- fonts


def test_what_the_fonts_lack_is_named() -> None:
    assert shown("电源 √△×○·—□ ℃ Ω") == "电源 √△×○·—□ ℃ Ω"
    assert shown("☐ 合格 ☑") == "□ 合格 √"
    assert shown("a💩b") == "a[U+1F4A9]b"
    assert shown("ไ" * 200) == "□" * 200


def test_a_machine_without_the_fonts_says_which_package_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    fonts.font_files.cache_clear()
    with pytest.raises(FontsMissingError, match="apt-get install fonts-noto-cjk"):
        rendered_as(paper(), Form.PDF)
    fonts.font_files.cache_clear()


def test_words_of_typst_reach_whoever_asked() -> None:
    with pytest.raises(TypesettingError, match="paper"):
        made(Job(source="paper.typ"))


# -- charts


def shapes(picture: str) -> list[ET.Element]:
    return list(ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}path"))  # noqa: S314 - drawn by us


def one_line(*values: float | None, dashed: bool = False) -> Chart:
    points = tuple((NOON + at * DAY, value) for at, value in enumerate(values))
    return Chart(key="c", title="c", unit="dbm", lines=(Line(name="a", points=points, dashed=dashed),))


def strokes(picture: str) -> list[str]:
    return [each.get("d", "") for each in shapes(picture) if each.get("stroke-linejoin")]


def test_names_of_lines_that_are_too_long_for_one_row_stand_in_several_within_the_picture() -> None:
    line = one_line(1, 2, 3).lines[0]
    many = replace(one_line(1, 2, 3), lines=tuple(replace(line, name=f"device {n} {'x' * 40}") for n in range(5)))
    picture = ET.fromstring(drawn(many, SAID))  # noqa: S314 - drawn by us
    words = [
        each for each in picture.iter("{http://www.w3.org/2000/svg}text") if (each.text or "").startswith("device")
    ]
    assert len(words) == 5
    assert len({each.get("y") for each in words}) > 1
    wide = float(picture.get("viewBox", "").split()[2])
    assert max(float(each.get("x", "")) + 5.8 * len(each.text or "") for each in words) <= wide


def test_a_gap_is_drawn_as_a_gap() -> None:
    assert strokes(drawn(one_line(1, 2, 3, 4, 5), SAID))[0].count("M") == 1
    assert strokes(drawn(one_line(1, 2, None, 4, 5), SAID))[0].count("M") == 2


def test_a_value_between_two_gaps_is_a_dot() -> None:
    assert "<circle" in drawn(one_line(1, 2, None, 3, None, 4, 5), SAID)
    assert "<circle" not in drawn(one_line(1, 2, None, 4, 5), SAID)


def test_a_band_does_not_bridge_a_gap_of_its_line() -> None:
    whole = one_line(1, 2, None, 4, 5)
    band = tuple((at, value - 1, value + 1) for at, value in whole.lines[0].points if value is not None)
    picture = drawn(replace(whole, lines=(replace(whole.lines[0], band=band),)), SAID)
    assert len([each for each in shapes(picture) if each.get("fill-opacity")]) == 2


def test_a_forecast_is_dashed_and_a_measurement_is_not() -> None:
    def dashes(chart: Chart) -> int:
        return sum(each.get("stroke-dasharray") == "5 3" for each in shapes(drawn(chart, SAID)))

    assert dashes(one_line(1, 2, dashed=True)) == 2  # the line, and its place in the legend
    assert dashes(one_line(1, 2)) == 0


def test_lines_differ_without_colour() -> None:
    many = Chart(
        key="c",
        title="c",
        unit="",
        lines=tuple(
            Line(name=str(at), points=tuple((NOON + day * DAY, float(at + day)) for day in range(31)))
            for at in range(8)
        ),
    )
    markers = [each.get("d", "") for each in shapes(drawn(many, SAID)) if each.get("stroke-width") == "1"]
    marks = {re.sub(r"[\d.]+ [\d.]+", "", each, count=1) for each in markers}
    assert len(marks) == 7  # the first line has none


def test_a_limit_carries_its_name() -> None:
    assert "limit of the part 65 °C" in drawn(chart(Language.EN), SAID)


def test_a_limit_far_away_is_named_and_does_not_flatten_the_lines() -> None:
    near, far = one_line(-7, -7.5), replace(one_line(-7, -7.5), limits=(("loss", -1000.0),))
    assert strokes(drawn(near, SAID)) == strokes(drawn(far, SAID))
    assert "loss -1000 dBm" in drawn(far, SAID)


@pytest.mark.parametrize(
    "values", [(), (None, None), (float("nan"),), (float("inf"), None)], ids=["none", "gaps", "nan", "infinite"]
)
def test_a_chart_of_nothing_says_that_there_is_not_enough(values: tuple[float | None, ...]) -> None:
    assert "Not enough data" in drawn(one_line(*values), SAID)


@pytest.mark.parametrize("values", [(5,), (0, 0), (1e300, -1e300), (1e-300, 2e-300), (-0.0,), (7.0, 7.0 + 1e-13)])
@pytest.mark.parametrize("unit", ["", "ratio", "bytes", "amperes", "dbm"])
def test_no_values_are_too_odd_to_draw(values: tuple[float, ...], unit: str) -> None:
    picture = drawn(replace(one_line(*values), unit=unit), SAID)
    ET.fromstring(picture)  # noqa: S314 - drawn by us
    assert "nan" not in picture
    assert "inf" not in picture


def test_a_year_by_the_minute_is_drawn_with_few_points() -> None:
    points = tuple((NOON + timedelta(minutes=at), float(at % 1440)) for at in range(200_000))
    assert len(drawn(Chart(key="c", title="c", unit="", lines=(Line(name="a", points=points),)), SAID)) < 60_000


# -- long PDFs


def long_paper() -> Paper:
    blocks = list[Block]()
    for at in range(6):
        blocks += [Heading(level=1 + bool(at), text=f"Sheet {at}", key=f"s{at}"), checks(Language.EN, f"c{at}", 90)]
    return paper(Language.EN, *blocks, chart(Language.EN), checks(Language.EN, "long", 400, title="Long"))


def test_a_long_pdf_in_parts_says_what_one_in_one_piece_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def words(raw: bytes) -> list[str]:
        text = re.sub(r"Page \d+ of \d+|NV-XJ-202610-HF01.*|[. ]{6,}.*", "", pdf_text(raw))
        heads = {"Item OID Standard Measured Result Read at", ""}  # repeated on each page
        return sorted(each for each in text.splitlines() if each.strip("⁠ 0123456789") and each not in heads)

    long = long_paper()
    whole = rendered_as(long, Form.PDF)
    monkeypatch.setattr(as_pdf, "MOST_AT_ONCE", 500)
    monkeypatch.setattr(as_pdf, "MOST_IN_PART", 900)
    parts = rendered_as(long, Form.PDF)
    assert words(parts) == words(whole)
    assert parts == rendered_as(long, Form.PDF)


def test_the_contents_of_a_long_pdf_name_the_pages_on_which_its_headings_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_pdf, "MOST_AT_ONCE", 500)
    monkeypatch.setattr(as_pdf, "MOST_IN_PART", 900)
    pages = pdf_text(rendered_as(long_paper(), Form.PDF)).split("\f")
    listed = re.findall(r"^[\d.]+\s+(Sheet \d)[ .\u2060]+(\d+)$", pages[1], re.MULTILINE)
    assert len(listed) == 6
    for name, number in listed:
        assert name in pages[int(number) - 1]
    assert f"Page {len(pages) - 1} of {len(pages) - 1}" in pages[-2]


def test_a_table_longer_than_a_part_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_pdf, "MOST_AT_ONCE", 100)
    monkeypatch.setattr(as_pdf, "MOST_IN_PART", 200)
    text = pdf_text(rendered_as(paper(Language.EN, checks(Language.EN, "one", 150)), Form.PDF))
    assert [at for at in range(150) if f"PSU {at}\n" not in text.replace(" 1.3.6", "\n1.3.6")] == []


def test_parts_that_do_not_fit_their_frame_are_refused() -> None:
    one = made_pdf(paper())
    with pytest.raises(BindingError, match="more pages"):
        bound(one, page_count(one) - 1, [])
    with pytest.raises(BindingError, match="more pages"):
        bound(one, page_count(one), [one])
    with pytest.raises(BindingError, match="references"):
        bound(b"no PDF", 0, [])


def made_pdf(one: Paper) -> bytes:
    return rendered_as(one, Form.PDF)


# -- apart


def test_what_is_made_apart_is_what_is_made_here() -> None:
    papers = [sample(language) for language in Language]
    forms = [Form.PDF, Form.HTML, Form.JSON]
    orders = [Order(paper=papers[0], forms=forms), Order(paper=paper_json(papers[1]), forms=forms)]
    for own, found in zip(papers, rendered_apart(orders), strict=True):
        assert found == {form: rendered_as(own, form) for form in forms}


def test_without_fonts_all_forms_but_pdf_and_word_are_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("from alerts.papers import fonts\nfonts.FOLDERS = ()\n")
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = attempts([Order(paper=sample(), forms=list(Form))])
    assert {form for form, made in found.items() if isinstance(made, FontsMissingError)} == {Form.PDF, Form.DOCX}
    assert found[Form.HTML] == rendered_as(sample(), Form.HTML)


# -- blanks


def filled(raw: bytes, answers: dict[str, str | float]) -> bytes:
    """The workbook as a person sends it back: answers typed left of their keys, a row put in above."""
    book = load_workbook(io.BytesIO(raw))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for at, cell in enumerate(row):
                key = str(cell.value).removeprefix("#key:")
                if key in answers and str(cell.value).startswith("#key:"):
                    row[at - 1].value = answers[key]
        sheet.insert_rows(1)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_blanks_of_a_returned_workbook_are_read_by_their_keys() -> None:
    sent = rendered_as(sample(), Form.XLSX)
    assert read_blanks(sent)["room.1.result"] == ""
    assert read_blanks(sent)["room.0.result"] == "normal"
    answers: dict[str, str | float] = {
        "room.1.result": "合格",
        "room.2.remark": "=1+1",
        "scope.remark": 23.5,
        "room.3.result": 5,
    }
    found = read_blanks(filled(sent, answers))
    assert found["room.1.result"] == "合格"
    assert found["room.2.remark"] == "=1+1"
    assert found["scope.remark"] == "23.5"
    assert found["room.3.result"] == "5"
    assert found["room.4.result"] == ""


def test_only_blanks_of_a_workbook_can_be_written() -> None:
    book = load_workbook(io.BytesIO(rendered_as(sample(), Form.XLSX)))
    open_cells = [
        (cell.column, cell.row)
        for sheet in book.worksheets
        if sheet.protection.sheet
        for row in sheet.iter_rows()
        for cell in row
        if not cell.protection.locked
    ]
    keys = sum(isinstance(cell, Blank) for block in sample().blocks for cell in _cells(block))
    assert len(open_cells) == keys


def _cells(block: object) -> list[object]:
    if isinstance(block, Pairs):
        return [cell for _, cell in block.rows]
    return [cell for row in block.rows for cell in row.cells] if isinstance(block, Table) else []


def test_numbers_of_a_workbook_are_numbers_and_moments_are_dates() -> None:
    book = load_workbook(io.BytesIO(rendered_as(paper(Language.EN, checks(Language.EN, "c", 8)), Form.XLSX)))
    rows = list(book["checks"].iter_rows(min_row=2))
    assert [(row[4].value, row[4].number_format) for row in rows[:6]] == [
        (21.5, '0.0" °C"'),
        (0.126, "0.0 %"),
        (pytest.approx(-7.33), '0.00" dBm"'),
        (pytest.approx(3.5), '0.0" GiB"'),
        (6.2, '0.0" mA"'),
        ("—", "@"),
    ]
    assert str(rows[0][6].value) == "2026-11-01 12:00:00"


def test_tables_of_one_group_stand_on_one_sheet() -> None:
    book = load_workbook(io.BytesIO(rendered_as(sample(), Form.XLSX)))
    titles = {row[0].value for row in book["Check sheets"].iter_rows(min_row=2)}
    assert titles == {"sw-core-1", "sw-core-2"}


def test_a_key_with_two_answers_is_refused() -> None:
    two = paper(
        Language.EN, Pairs(key="p", rows=(("a", Blank(key="k", filled="x")), ("b", Blank(key="k", filled="y"))))
    )
    with pytest.raises(ReturnedError, match="twice"):
        read_blanks(rendered_as(two, Form.XLSX))


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/a.xml", "w") as file:
        for _ in range(201):
            file.write(bytes(1_000_000))
    return out.getvalue()


def other_workbook() -> bytes:
    out = io.BytesIO()
    book = Workbook()
    book.active.append(["#key:a"])  # type: ignore[union-attr]  # a new workbook has a sheet
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not a workbook"),
        (b"PK\x03\x04", "not a workbook"),
        (b"\xd0\xcf\x11\xe0", "not a workbook"),
        (bytes(MOST_BYTES + 1), "larger than"),
        (bomb(), "unpacks to more"),
    ],
    ids=["nothing", "torn", "old", "large", "bomb"],
)
def test_what_is_no_workbook_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(ReturnedError, match=reason):
        read_blanks(raw)


def test_a_workbook_of_somebody_else_has_no_answers() -> None:
    assert read_blanks(other_workbook()) == {}
