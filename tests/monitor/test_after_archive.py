"""The papers after a fault through their doors: `netvigil report fault|card|assets|visit|fill` over a year's store."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from year import CUSTOMERS, INCIDENTS, Year, year

from monitor.cli import netvigil

Say = Callable[..., Result]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Year:
    return year(tmp_path_factory.mktemp("papers"))


@pytest.fixture
def say(lived: Year, tmp_path: Path) -> Say:
    """`netvigil report` with these words; files go into a folder of the test."""

    def said(*words: str, code: int = 0) -> Result:
        out = ("--output", str(tmp_path)) if words[0] != "list" else ()
        done = CliRunner().invoke(netvigil, ("report", *words, *out, "--config", str(lived.folder)))
        assert done.exit_code == code, (done.output, done.exception)
        return done

    return said


def told(done: Result) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_the_same_fault_asked_for_twice_is_one_version_with_the_same_octets(lived: Year, say: Say) -> None:
    words = ("fault", lived.numbers[0], "--format", "html,json,xlsx,docx", "--language", "both", "--json")
    first, again = told(say(*words)), told(say(*words))
    assert [each["version"] for each in first] == [1, 1]
    assert {each["language"] for each in first} == {"en", "zh_CN"}
    assert first == again
    assert len({each["facts"] for each in first}) == 1


def test_analysis_and_card_are_papers_of_their_own_with_the_cause(lived: Year, say: Say) -> None:
    for words in (("fault", lived.numbers[2], "--analysis"), ("card", lived.numbers[2])):
        (one,) = told(say(*words, "--format", "html", "--language", "zh_CN", "--json"))
        files = one["files"]
        assert isinstance(files, dict)
        assert INCIDENTS[2].cause in Path(files["html"]).read_text(encoding="utf-8")
    kinds = {each["kind"] for each in told(say("list", "--json"))}
    assert {"fault_analysis", "tracking_card"} <= kinds


def test_what_a_person_writes_into_the_workbook_is_in_the_next_version_and_in_all_after_it(
    say: Say, tmp_path: Path
) -> None:
    words = ("visit", "--customer", "cdc", "--quarter", "2026-Q4", "--language", "zh_CN", "--json")
    (blank,) = told(say(*words, "--format", "xlsx"))
    files = blank["files"]
    assert isinstance(files, dict)
    book = openpyxl.load_workbook(BytesIO(Path(files["xlsx"]).read_bytes()))
    written = 0
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value == "意见与建议":
                    sheet.cell(cell.row, cell.column + 1).value = "希望增加夜间巡检"
                    written += 1
    assert written == 1
    returned = tmp_path / "returned.xlsx"
    book.save(returned)
    (filled,) = told(say("fill", str(returned), "--format", "html", "--json"))
    assert filled["version"] == 2
    files = filled["files"]
    assert isinstance(files, dict)
    assert "希望增加夜间巡检" in Path(files["html"]).read_text(encoding="utf-8")
    assert [each["version"] for each in told(say(*words, "--format", "html"))] == [2]


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_the_asset_file_is_one_version_in_both_languages(say: Say, customer: str) -> None:
    found = told(say("assets", "--customer", customer, "--format", "html", "--language", "both", "--json"))
    assert [each["version"] for each in found] == [1, 1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("fault", "T1"), 'there is no ticket "T1"'),
        (("visit", "--customer", "cdc", "--quarter", "2026-13"), 'write year and quarter, such as "2026-Q4"'),
        (("assets", "--customer", "moon"), 'no customer "moon" in the inventory; it has cdc, hospital, blood'),
    ],
)
def test_what_is_not_there_is_said_with_what_is(say: Say, words: tuple[str, ...], says: str) -> None:
    assert says in say(*words, "--format", "html", code=2).stderr
