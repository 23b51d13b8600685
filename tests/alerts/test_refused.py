"""Reasons for which the desk refuses something, in each language: one place for the words, alerts/locale."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.desk.refused import RefusedError, Word, reason_of, refused
from alerts.locale import words
from monitor.model import EventKind, Language

SAID = re.compile(r'refused\(\s*"(\w+)"')


def test_every_sentence_is_used_and_every_use_has_a_sentence() -> None:
    sources = [*Path("alerts/desk").glob("*.py"), *Path("monitor").rglob("*.py")]
    used = {key for path in sources for key in SAID.findall(path.read_text("utf-8"))}
    assert used == words(Language.EN).table["refusal"].keys()


@pytest.mark.parametrize("language", list(Language))
def test_every_kind_of_entry_has_a_name(language: Language) -> None:
    assert {kind.value for kind in EventKind} <= words(language).table["entry"].keys()


def test_sentence_within_a_sentence_is_said_in_the_same_language() -> None:
    why = refused("responded_already", by="李工", at=datetime(2026, 11, 22, tzinfo=UTC).isoformat())
    error = RefusedError(refused("entry", ticket="T1", kind=Word(group="entry", key="responded"), why=why))
    assert str(error).startswith("ticket T1: responded refused: 李工 responded already at 2026-11-22")
    assert reason_of(error, Language.ZH_CN).startswith("工单 T1 无法记录“响应”：李工 已于 2026-11-22")
    assert reason_of(ValueError("as it is"), Language.ZH_CN) == "as it is"
