"""papers/<customer>.toml: how the papers of a customer are dressed, as written, and the plain Dress made of it.

`papers/_default.toml` is for all customers that have no file of their own. There need not be any.
"""

import re
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree as ET

from pydantic import Field

from alerts.locale import words
from alerts.papers.dress import ACCENT, Dress, Logo
from alerts.papers.intro import IntroError, checked_intro
from monitor.agreement import unknown
from monitor.document import Document, checked, document
from monitor.fields import Settled, Title
from monitor.model import Language
from monitor.problem import Problem

FOLDER = "papers"
DEFAULT = "_default"
"""No customer can be called so: names do not begin with "_"."""
MOST_LOGO = 500_000
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_FRAMES, _SCAN = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}, 0xDA
_PLACEHOLDER = re.compile(r"\{\w*\}")
_MOST_DOTS = 4000  # of a logo, in each direction


class IntroFile(Settled):
    """[intro]."""

    en: str = Field("", description="The text of English papers, as a template.")
    zh_CN: str = Field("", description="The text of Chinese papers, as a template.")  # noqa: N815 - the language's name


class WordingFile(Settled):
    """[wording]."""

    en: dict[str, str] = Field({}, description="Words of English papers in place of ours, by their keys.")
    zh_CN: dict[str, str] = Field(  # noqa: N815 - the language's name
        {}, description="Words of Chinese papers in place of ours, by their keys."
    )


class PapersFile(Settled):
    """The whole of papers/<customer>.toml."""

    company: Title = Field("", description="Who issues the papers, as printed on the cover.")
    address: Title = Field("", description="Its address, printed at the foot.")
    footer: Title = Field("", description="A line at the foot of each page, before the address.")
    logo: str = Field(
        "", description="A picture (.png, .jpg or .svg, up to 500 kB) for the cover; its path beside this file."
    )
    accent: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = Field(
        ACCENT, description="The colour of headings and lines; a dark one, because papers are printed."
    )
    intro: IntroFile = Field(IntroFile(), description="[intro]: a text before the first section.")
    wording: WordingFile = Field(WordingFile(), description="[wording]: other words than ours.")


def dresses(directory: Path, customers: Collection[str] | None, problems: list[Problem]) -> dict[str, Dress]:
    """The dress of each customer that has a file in `directory`/papers; of what is wrong, more of `problems`.

    `customers` are those of the inventory, None where it could not be read.
    """
    found: dict[str, Dress] = {}
    for path in sorted((directory / FOLDER).glob("*.toml")):
        source = document(path, problems)
        file = checked(source.data, PapersFile, source, problems) if source else None
        if source is None or file is None:
            continue
        if path.stem != DEFAULT and customers is not None:
            problems.extend(unknown(source, (), path.stem, "customer", customers))
        wrong = len(problems)
        problems += _disagreements(source, file)
        logo = _logo(source, path, file.logo, problems)
        if len(problems) == wrong:
            found[path.stem] = Dress(
                company=file.company,
                address=file.address,
                footer=file.footer,
                logo=logo,
                accent=file.accent,
                wording={Language.EN: file.wording.en, Language.ZH_CN: file.wording.zh_CN},
                intro={Language.EN: file.intro.en, Language.ZH_CN: file.intro.zh_CN},
            )
    return found


def _disagreements(source: Document, file: PapersFile) -> Iterator[Problem]:
    for language, own in ((Language.EN, file.wording.en), (Language.ZH_CN, file.wording.zh_CN)):
        table = words(language).table
        for key, text in own.items():
            group, _, name = key.partition(".")
            ours = table.get(group, {}).get(name) if isinstance(table.get(group), Mapping) else None
            place = ("wording", language.value, key)
            if not isinstance(ours, str):
                hint = 'the keys are those of alerts/locale, such as "report.title"'
                yield source.problem(place, "there is no such text", hint)
            elif sorted(_PLACEHOLDER.findall(text)) != sorted(_PLACEHOLDER.findall(ours)) or _is_torn(text):
                yield source.problem(place, f'must have the same words in braces as ours: "{ours}"')
    for language, text in ((Language.EN, file.intro.en), (Language.ZH_CN, file.intro.zh_CN)):
        try:
            checked_intro(text)
        except IntroError as error:
            yield source.problem(("intro", language.value), f"line {error.line} of the text: {error}")


def _is_torn(text: str) -> bool:
    """Whether there is a brace that is no placeholder's."""
    return bool(re.search(r"[{}]", _PLACEHOLDER.sub("", text)))


def _logo(source: Document, path: Path, name: str, problems: list[Problem]) -> Logo | None:
    if not name:
        return None
    file = path.parent / name
    try:
        raw = file.read_bytes() if file.stat().st_size <= MOST_LOGO else b""
    except OSError as error:
        problems.append(source.problem(("logo",), f"cannot read {file}: {error.strerror}"))
        return None
    if not raw:
        problems.append(source.problem(("logo",), f"empty, or larger than {MOST_LOGO // 1000} kB"))
        return None
    for kind, reads in (("png", _is_png), ("jpeg", _is_jpeg), ("svg", _is_svg)):
        if reads(raw):
            return Logo(kind=kind, content=raw)
    problems.append(source.problem(("logo",), "neither PNG, JPEG nor SVG that can be read; save it anew"))
    return None


def _is_png(raw: bytes) -> bool:
    """Whether it is a whole PNG (RFC 2083): one that is torn would stop every paper on the day it is due."""
    if not raw.startswith(_PNG):
        return False
    at, kinds = len(_PNG), []
    while at + 12 <= len(raw):
        size, kind = struct.unpack_from(">I4s", raw, at)
        body = raw[at + 4 : at + 8 + size]
        if len(raw) < at + 12 + size or zlib.crc32(body) != struct.unpack_from(">I", raw, at + 8 + size)[0]:
            return False
        if kind == b"IHDR" and not all(0 < each <= _MOST_DOTS for each in struct.unpack_from(">II", raw, at + 8)):
            return False
        kinds.append(kind)
        at += 12 + size
    return kinds[:1] == [b"IHDR"] and kinds[-1:] == [b"IEND"] and b"IDAT" in kinds


def _is_jpeg(raw: bytes) -> bool:
    """Whether its segments lead from a frame with a size to the picture and its end (ITU T.81, B.1)."""
    if not raw.startswith(_JPEG) or not raw.rstrip(b"\0").endswith(b"\xff\xd9"):
        return False
    at, has_frame = 2, False
    while at + 4 <= len(raw) and raw[at] == 0xFF:  # noqa: PLR2004 - begins a marker
        marker, size = raw[at + 1], int.from_bytes(raw[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            has_frame = all(0 < each <= _MOST_DOTS for each in struct.unpack_from(">HH", raw[at + 5 : at + 9].ljust(4)))
        if marker == _SCAN:
            return has_frame
        at += 2 + size
    return False


def _is_svg(raw: bytes) -> bool:
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        return False
    try:
        return ET.fromstring(raw).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - no entities, and small
    except (ET.ParseError, ValueError):
        return False
