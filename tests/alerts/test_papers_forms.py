"""All forms of a Paper say the same, stay the same, and stand what hostile devices call themselves (alerts/papers)."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook

from alerts.papers.as_json import paper_of
from alerts.papers.forms import Form, file_name, rendered_as
from alerts.papers.paper import Figure, Paper
from alerts.papers.saying import saying
from monitor.model import Language
from paper_text import TEXTS, pdf_text
from sample_paper import HOSTILE, SAID, checks, paper, sample

BOTH = pytest.mark.parametrize("language", list(Language))
EVERY = pytest.mark.parametrize("form", list(Form))
_NUMBER = re.compile(r"-?\d+\.\d+")


@BOTH
@EVERY
def test_every_form_shows_the_same_numbers(language: Language, form: Form) -> None:
    table = checks(language, "checks", 120)
    made = paper(language, table)
    said = saying(made)
    wanted = [said.cell(cell) for row in table.rows for cell in row.cells if isinstance(cell, Figure)]
    text = TEXTS[form](rendered_as(made, form))
    numbers = [number for number in wanted if _NUMBER.match(number)]
    assert len(numbers) > 60
    assert [number for number in numbers if number not in text] == []


@BOTH
@EVERY
def test_the_same_paper_gives_the_same_bytes_in_another_process(language: Language, form: Form, tmp_path: Path) -> None:
    code = (
        "import hashlib, sys; from sample_paper import sample; from monitor.model import Language;"
        "from alerts.papers.forms import Form, rendered_as;"
        f"print(hashlib.sha256(rendered_as(sample(Language({language.value!r})), Form({form.value!r}))).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(filter(None, sys.path)), "PYTHONHASHSEED": "7", "TZ": "America/New_York"},
    )
    assert done.stdout.strip() == hashlib.sha256(rendered_as(sample(language), form)).hexdigest()


@EVERY
def test_a_paper_that_was_archived_gives_the_same_bytes(form: Form) -> None:
    made = sample(Language.ZH_CN)
    assert rendered_as(paper_of(rendered_as(made, Form.JSON)), form) == rendered_as(made, form)


@EVERY
@BOTH
def test_an_empty_paper_has_every_form(form: Form, language: Language) -> None:
    bare = replace(paper(language), title="", subtitle="", company="", customer="", confidential="", terms=())
    assert rendered_as(bare, form)


@BOTH
@EVERY
def test_an_empty_table_says_that_there_was_nothing(form: Form, language: Language) -> None:
    raw = rendered_as(paper(language, checks(language, "empty", 0)), form)
    said = json.loads(raw)["tables"]["empty"]["empty"] if form is Form.JSON else TEXTS[form](raw)
    assert SAID[language]["none"] in said


def test_no_page_of_a_pdf_lets_words_run_out_of_it() -> None:
    done = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"],
        input=rendered_as(sample(), Form.PDF),
        capture_output=True,
        check=True,
        timeout=60,
    )
    rights = [float(each) for each in re.findall(rb'xMax="([\d.]+)"', done.stdout)]
    assert len(rights) > 500
    assert max(rights) < 595 - 50  # the margin is 19 mm, 54 points


def test_what_the_font_lacks_is_named_in_the_pdf() -> None:
    text = pdf_text(rendered_as(sample(), Form.PDF)).replace("\n", "")
    assert "[U+1F4A9]" in text
    assert "[U+20000]" in text


@pytest.mark.parametrize("word", ["#import", "{{7*7}}", "<script>", "=cmd|", "]]></w:t>"])
@pytest.mark.parametrize("form", [Form.PDF, Form.DOCX, Form.HTML, Form.XLSX])
def test_the_words_of_a_hostile_device_are_shown_as_they_stand(word: str, form: Form) -> None:
    assert word in TEXTS[form](rendered_as(sample(), form)).replace("\n", "")


def test_html_fetches_and_runs_nothing() -> None:
    text = rendered_as(sample(), Form.HTML).decode()
    assert "<script" not in text
    assert re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]*", text) == []


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    book = load_workbook(io.BytesIO(rendered_as(sample(), Form.XLSX)))
    kinds = {cell.data_type for sheet in book.worksheets for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n", "d", "inlineStr"}


def test_a_word_document_has_real_headings_repeated_heads_and_rows_that_are_not_torn() -> None:
    document = Document(io.BytesIO(rendered_as(sample(), Form.DOCX)))
    styles = [line.style.name for line in document.paragraphs if line.style]
    assert {"Heading 1", "Heading 2", "Heading 3", "TOC 1", "TOC 2", "TOC 3"} <= set(styles)
    long = max(document.tables, key=lambda table: len(table.rows))
    xml = long._tbl.xml  # noqa: SLF001 - python-docx has no word for it
    assert xml.count("<w:tblHeader/>") == 1
    assert xml.count("<w:cantSplit/>") == len(long.rows) == 61
    assert 'w:eastAsia="Microsoft YaHei"' in document.styles.element.xml
    assert "NUMPAGES" in document.sections[0].footer.paragraphs[0]._p.xml  # noqa: SLF001 - as above


def test_a_row_higher_than_a_page_may_be_torn() -> None:
    document = Document(io.BytesIO(rendered_as(sample(), Form.DOCX)))
    hostile = next(table for table in document.tables if table.cell(1, 0).text == HOSTILE[0])
    assert "cantSplit" not in hostile.rows[11]._tr.xml  # noqa: SLF001 - as above
    assert "cantSplit" in hostile.rows[1]._tr.xml  # noqa: SLF001 - as above


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed (libreoffice-writer)")
@BOTH
def test_libreoffice_opens_the_word_document(language: Language, tmp_path: Path) -> None:
    (tmp_path / "paper.docx").write_bytes(rendered_as(sample(language), Form.DOCX))
    home = f"-env:UserInstallation=file://{tmp_path}/home"
    subprocess.run(
        ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "paper.docx")],
        check=True,
        capture_output=True,
        timeout=180,
    )
    text = pdf_text((tmp_path / "paper.pdf").read_bytes())
    assert SAID[language]["title"] in text
    assert "23.25" in text


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("NV-XJ-202610-HF01", "NV-XJ-202610-HF01-v2.zh_CN.pdf"),
        ("../../etc/passwd", "etc-passwd-v2.zh_CN.pdf"),
        ("巡检 2026/10", "巡检-2026-10-v2.zh_CN.pdf"),
        ("\x00\n", "inspection-v2.zh_CN.pdf"),
        ("", "inspection-v2.zh_CN.pdf"),
    ],
)
def test_the_name_of_a_file_has_nothing_in_it_that_a_file_system_minds(number: str, name: str) -> None:
    made: Paper = replace(paper(Language.ZH_CN), number=number)
    assert file_name(made, Form.PDF) == name
