"""A customer's own dress and words (alerts/papers/dress.py, intro.py): seen in every form, and able to do no harm."""

import zlib

import pytest

from alerts.papers.dress import Dress, Logo
from alerts.papers.forms import Form, rendered_as
from alerts.papers.intro import MOST, IntroError, checked_intro, introduced
from alerts.papers.saying import saying
from monitor.model import Language
from paper_text import TEXTS
from sample_paper import paper, sample

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><rect width="80" height="20" fill="#722"/></svg>'


def png(wide: int = 8, high: int = 8) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    head = wide.to_bytes(4, "big") + high.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    rows = b"".join(b"\x00" + b"\x72\x20\x20" * wide for _ in range(high))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


DRESS = Dress(
    company="Own Company Ltd",
    address="1 Harbour Road",
    footer="Service desk 24 h",
    accent="#7a1f1f",
    wording={Language.EN: {"paper.contents": "What is inside"}},
    intro={Language.EN: 'Made for {{ customer }} at {{ terms["Site"] }}.\n\nBy {{ company }}.'},
)


@pytest.mark.parametrize("form", [Form.PDF, Form.DOCX, Form.HTML, Form.XLSX])
def test_the_dress_shows_in_every_form(form: Form) -> None:
    text = TEXTS[form](rendered_as(sample(), form, DRESS))
    assert "Own Company Ltd" in text
    assert "Made for Centre for Disease Control at Hefei 合肥." in text
    assert ("What is inside" in text) == (form is not Form.XLSX)  # a workbook has its sheets for contents


def test_the_archived_data_has_no_dress() -> None:
    assert rendered_as(sample(), Form.JSON, DRESS) == rendered_as(sample(), Form.JSON)


@pytest.mark.parametrize("form", [Form.PDF, Form.DOCX, Form.HTML])
@pytest.mark.parametrize("logo", [Logo(kind="png", content=png()), Logo(kind="svg", content=SVG)], ids=["png", "svg"])
def test_a_logo_makes_a_difference(form: Form, logo: Logo) -> None:
    made = paper()
    assert rendered_as(made, form, Dress(logo=logo)) != rendered_as(made, form)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{% for a in terms %}{{ a }}{% endfor %}", "for is not let in"),
        ("{{ ''.__class__.__mro__ }}", "getattr is not let in"),
        ("{{ customer() }}", "call is not let in"),
        ("{{ 'a' * 1000000000 }}", "mul is not let in"),
        ("{{ 9 ** 9 ** 9 }}", "pow is not let in"),
        ("{{ customer|center(1000000000) }}", "no filter center"),
        ("{{ self }}", "no self"),
        ("{{ password }}", "no password"),
        ("{% include '/etc/passwd' %}", "include is not let in"),
        ("{% set a = 1 %}", "assign is not let in"),
        ("{{ customer", "not a template"),
        ("{% if %}", "not a template"),
        ("x" * (MOST + 1), "longer than"),
        ("{% macro a() %}{% endmacro %}", "macro is not let in"),
        ("{{ [1, 2] }}", "list is not let in"),
        ("{{" + "(" * 5000 + "1" + ")" * 5000 + "}}", "template|longer"),
    ],
)
def test_a_text_that_could_do_harm_is_not_let_in(source: str, reason: str) -> None:
    with pytest.raises(IntroError, match=reason):
        checked_intro(source)


def test_the_line_of_what_is_wrong_is_told() -> None:
    with pytest.raises(IntroError) as caught:
        checked_intro("one\ntwo\n{{ customer() }}")
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ number }}, {{ version }}", ["NV-XJ-202610-HF01, 2"]),
        ('{% if terms["Site"] %}yes{% else %}no{% endif %}', ["yes"]),
        ('{{ terms["nobody"] }}.', ["."]),
        ("{{ customer|upper }}", ["CENTRE FOR DISEASE CONTROL"]),
        ("one\n\ntwo\r\n\r\nthree", ["one", "two", "three"]),
        ("", []),
        ("{{ customer() }}", []),
        ("{{ made }}", ["2026-11-01 12:00"]),
    ],
)
def test_a_text_says_what_it_names(source: str, said: list[str]) -> None:
    made = paper()
    assert [each.text for each in introduced(source, made, saying(made))] == said
