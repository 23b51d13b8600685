"""papers/<customer>.toml (monitor/papers_file.py): what is wrong is said with file and line, what is right is worn."""

import zlib
from pathlib import Path

import pytest

from alerts.locale import words
from alerts.papers.dress import PLAIN, dressed_words
from monitor.model import Language
from monitor.papers_file import dresses
from monitor.problem import Problem

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="2"/>'


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def png(wide: int = 1) -> bytes:
    head = wide.to_bytes(4, "big") + b"\x00\x00\x00\x01\x08\x02\x00\x00\x00"
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1 + 3 * wide))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def read(folder: Path, text: str, name: str = "cdc") -> tuple[dict[str, object], list[Problem]]:
    (folder / "papers").mkdir(exist_ok=True)
    (folder / "papers" / f"{name}.toml").write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    return {**dresses(folder, ["cdc"], problems)}, problems


def test_a_file_that_says_all_is_worn(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "logo.svg").write_text(SVG)
    text = (
        'company = "Own"\naddress = "Road 1"\nfooter = "f"\nlogo = "logo.svg"\naccent = "#7a1f1f"\n'
        '[intro]\nen = "For {{ customer }}."\n[wording.zh_CN]\n"paper.contents" = "目　录"\n'
    )
    read(tmp_path, text)
    problems: list[Problem] = []
    dress = dresses(tmp_path, ["cdc"], problems)["cdc"]
    assert problems == []
    assert (dress.company, dress.accent, dress.logo and dress.logo.kind) == ("Own", "#7a1f1f", "svg")
    assert dressed_words(words(Language.ZH_CN), dress).said("paper", "contents") == "目　录"
    assert dressed_words(words(Language.EN), dress).said("paper", "contents") == "Contents"


def test_no_folder_is_no_problem(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert dresses(tmp_path, ["cdc"], problems) == {}
    assert problems == []


def test_the_default_needs_no_customer(tmp_path: Path) -> None:
    found, problems = read(tmp_path, 'company = "Own"', "_default")
    assert (list(found), problems) == (["_default"], [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('compny = "Own"', 'cdc.toml:1: compny: unknown key; did you mean "company"?'),
        ('accent = "red"', "cdc.toml:1: accent: must match ^#[0-9a-fA-F]{6}$"),
        ('logo = "none.png"', "cdc.toml:1: logo: cannot read"),
        ('\n[wording.en]\n"paper.content" = "x"', "cdc.toml:3: wording.en"),
        ('[wording.en]\n"report.manual_items" = "x"', "there is no such text"),
        ('[wording.en]\n"paper.page" = "Page {page}"', "must have the same words in braces"),
        ('[wording.en]\n"paper.page" = "Page {page} of {pages} {pages!r}"', "must have the same words in braces"),
        ('[intro]\nen = "{{ self }}"', "cdc.toml:2: intro.en: line 1 of the text: there is no self"),
        ('[intro]\nen = """\na\n{% for a in terms %}{% endfor %}"""', "line 2 of the text: for is not let in"),
        ("company = ", "not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    found, problems = read(tmp_path, text)
    assert found == {}
    assert said in "\n".join(str(each) for each in problems)


def test_a_file_of_nobody_is_a_mistake(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "", "cdd")
    assert 'there is no customer "cdd"; did you mean "cdc"?' in str(problems[0])


@pytest.mark.parametrize(
    ("raw", "is_good"),
    [
        (png(), True),
        (png()[:-4], False),
        (png().replace(b"IEND", b"IEN_"), False),
        (png(5000), False),
        (b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xda\x00\x02\x00\xff\xd9", True),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9", False),
        (b"\xff\xd8\xff\xe0", False),
        (SVG.encode(), True),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG.encode(), False),
        (b"<svg>", False),
        (b"<html/>", False),
        (b"GIF89a", False),
        (b"", False),
        (bytes(500_001), False),
    ],
)
def test_a_picture_that_would_stop_a_paper_is_refused_when_the_file_is_read(
    tmp_path: Path, raw: bytes, *, is_good: bool
) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "logo").write_bytes(raw)
    found, problems = read(tmp_path, 'logo = "logo"')
    assert (bool(found), not problems) == (is_good, is_good)


def test_who_has_no_file_wears_the_default(tmp_path: Path) -> None:
    from house import INVENTORY, NETVIGIL, SECRETS  # noqa: PLC0415 - only this test loads a whole configuration
    from monitor.config import loaded  # noqa: PLC0415 - as above

    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25), encoding="utf-8")
    (tmp_path / "inventory.toml").write_text(INVENTORY, encoding="utf-8")
    assert loaded(tmp_path, SECRETS).dress("anybody") == PLAIN
    read(tmp_path, 'company = "All"', "_default")
    assert loaded(tmp_path, SECRETS).dress("anybody").company == "All"
