"""The JSON of a Paper (alerts/papers/as_json.py): complete, the same to the byte, and read back."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

from alerts.papers.as_json import PaperError, paper_json, paper_of
from alerts.papers.paper import Blank, Cell, Figure, Mark, Moment, Pairs, Row, Tone
from monitor.model import Language
from sample_paper import HOSTILE, NOON, checks, paper, sample

BOTH = pytest.mark.parametrize("language", list(Language))
CELLS: some.SearchStrategy[Cell] = some.one_of(
    some.text(some.characters(exclude_categories=["Cs"])),
    some.builds(
        Figure,
        value=some.none() | some.floats(allow_nan=False, allow_infinity=False),
        unit=some.sampled_from(["", "dbm"]),
    ),
    some.builds(Moment, at=some.none() | some.datetimes(timezones=some.just(UTC)), day=some.booleans()),
    some.builds(Mark, sign=some.just("×"), text=some.text("ab"), tone=some.sampled_from(Tone)),
    some.builds(Blank, key=some.text("ab"), filled=some.text("ab")),
)


@BOTH
def test_a_paper_read_back_is_the_paper(language: Language) -> None:
    made = sample(language)
    assert paper_of(paper_json(made)) == made
    assert paper_json(paper_of(paper_json(made))) == paper_json(made)


@given(some.lists(some.tuples(some.text("key"), CELLS)))
def test_every_cell_comes_back_as_it_was(rows: list[tuple[str, Cell]]) -> None:
    made = paper(Language.EN, Pairs(key="all", rows=tuple(rows)))
    assert paper_of(paper_json(made)) == made


def test_the_same_moment_in_another_zone_gives_the_same_bytes() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=8)))
    assert paper_json(replace(sample(), made_at=elsewhere)) == paper_json(sample())


def test_the_order_in_which_data_was_gathered_does_not_show() -> None:
    one, two = ({"b": "1", "a": "2"}, {"a": "2", "b": "1"})
    assert paper_json(replace(sample(), data=one)) == paper_json(replace(sample(), data=two))


def test_a_table_stands_under_its_key_with_typed_values() -> None:
    told = json.loads(paper_json(paper(Language.EN, checks(Language.EN, "checks.a", 2))))
    row = told["tables"]["checks.a"]["rows"][0]["cells"]
    assert row["measured"] == {"number": 21.5, "unit": "celsius"}
    assert row["result"] == {"sign": "√", "text": "normal", "tone": "good"}
    assert row["at"] == {"at": "2026-11-01T04:00:00+00:00"}
    assert told["blocks"] == [{"block": "table", "table": "checks.a"}]


def test_no_table_is_lost_where_two_have_one_key() -> None:
    made = paper(Language.EN, checks(Language.EN, "checks", 1), checks(Language.EN, "checks", 2))
    assert list(json.loads(paper_json(made))["tables"]) == ["checks", "checks#2"]
    assert paper_of(paper_json(made)) == made


def test_two_columns_with_one_key_are_refused() -> None:
    table = checks(Language.EN, "checks", 1)
    with pytest.raises(PaperError, match="two columns"):
        paper_json(paper(Language.EN, replace(table, columns=(table.columns[0],) * 6)))


def test_a_row_with_a_cell_too_few_is_refused() -> None:
    table = replace(checks(Language.EN, "checks", 0), rows=(Row(cells=("one",)),))
    with pytest.raises(ValueError, match="shorter"):
        paper_json(paper(Language.EN, table))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_not_known(value: float) -> None:
    told = json.loads(paper_json(paper(Language.EN, Pairs(key="k", rows=(("a", Figure(value=value)),)))))
    assert told["blocks"][0]["rows"][0]["value"]["number"] is None


def test_half_a_surrogate_pair_does_not_stop_a_paper() -> None:
    assert b"a?b" in paper_json(paper(Language.EN, Pairs(key="k", rows=(("a", "a\ud800b"),))))


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(PaperError, match="no zone"):
        paper_json(replace(sample(), made_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - that is what is refused


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"netvigil_paper": 2}',
        b'{"netvigil_paper": 1, "blocks": 3}',
    ],
)
def test_what_is_no_paper_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(PaperError):
        paper_of(raw)


def test_a_block_that_nobody_knows_is_refused() -> None:
    raw = paper_json(sample()).replace(b'"block":"page_break"', b'"block":"video"')
    with pytest.raises(PaperError, match="video"):
        paper_of(raw)


def test_the_words_of_hostile_devices_come_back_as_they_were() -> None:
    assert [
        row.cells[0]
        for table in paper_of(paper_json(sample())).blocks
        if getattr(table, "key", "") == "hostile"
        for row in getattr(table, "rows", ())
    ] == list(HOSTILE)
