"""The words of the house that do something."""

from datetime import timedelta

import pytest

from monitor.model import Condition, Language, Text, duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s", timedelta(0)),
        ("500ms", timedelta(milliseconds=500)),
        ("5min", timedelta(minutes=5)),
        ("1h 30min", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        ("5d", timedelta(days=5)),
    ],
)
def test_a_duration_is_numbers_with_units(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "5", "min", "5 mon", "-5min", "5min!", "99999999999999d", "9" * 400 + "h"])
def test_what_is_no_duration_is_said_with_what_would_be_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration|is too long"):
        duration(text)


def test_only_degraded_and_failed_are_bad() -> None:
    assert {each for each in Condition if each.is_bad} == {Condition.DEGRADED, Condition.FAILED}


def test_a_text_is_said_in_the_language_asked_for() -> None:
    text = Text(en="fan", zh_CN="风扇")
    assert [text.said(each) for each in Language] == ["fan", "风扇"]
