"""The frame of a Word document, made by python-docx: page, styles, header, footer, pictures, properties."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import serialize_for_reading
from docx.shared import Mm, Pt, RGBColor

from alerts.papers.dress import Dress
from alerts.papers.frame import LANGUAGE_TAGS, company
from alerts.papers.paper import Paper
from alerts.papers.pictures import Picture, pictures
from alerts.papers.saying import Saying, plain

LATIN, CHINESE, PITCH = "Arial", "Microsoft YaHei", "Consolas"
"""Faces that offices have; where one is missing, Word and LibreOffice take another."""
WIDE = 174
"""Millimetres between the margins."""
TWIPS_WIDE = round(WIDE / 25.4 * 1440)
_LOGO_HIGH = 18  # mm
_KEPT_TABLES = frozenset({"TableNormal", "TableGrid"})


@dataclass(frozen=True, slots=True)
class Frame:
    """The document with `mark` for its body, its XML, and the XML of its pictures."""

    raw: bytes
    document: str
    pictures: list[str]
    logo: str


def framed(paper: Paper, dress: Dress, said: Saying, drawings: Sequence[Picture], mark: str) -> Frame:
    """The frame for `paper`, with the pictures of its charts in it."""
    document = Document()
    _properties(document, paper, dress)
    _page(document)
    _styles(document, paper, dress)
    _header(document, paper, said)
    _footer(document, dress, said)
    logo = _logo(document, dress)
    drawn = [_inline(document, each.content, width=Mm(WIDE)) for each in drawings]
    document.add_paragraph(mark)
    out = io.BytesIO()
    document.save(out)
    with zipfile.ZipFile(out) as packed:
        text = packed.read("word/document.xml").decode()
    return Frame(out.getvalue(), text, drawn, logo)


def _properties(document: Any, paper: Paper, dress: Dress) -> None:
    about = document.core_properties
    about.author = about.last_modified_by = company(paper, dress) or "Netvigil"
    about.title, about.subject = plain(paper.title, 200), plain(paper.subtitle, 200)
    about.comments, about.keywords = "", plain(paper.number, 200)
    about.created = about.modified = paper.made_at.astimezone(UTC).replace(tzinfo=None)
    about.revision = max(paper.version, 1)
    about.language = LANGUAGE_TAGS[paper.language]


def _page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin, section.bottom_margin = Mm(25), Mm(22)
    section.header_distance, section.footer_distance = Mm(12), Mm(10)
    section.different_first_page_header_footer = True


def _styles(document: Any, paper: Paper, dress: Dress) -> None:
    styles = document.styles
    for style in list(styles.element):
        if style.get(qn("w:type")) == "table" and style.get(qn("w:styleId")) not in _KEPT_TABLES:
            styles.element.remove(style)  # a hundred that nobody uses
    for lang in styles.element.iter(qn("w:lang")):
        lang.set(qn("w:val"), "en-GB")
        lang.set(qn("w:eastAsia"), "zh-CN")
    accent = RGBColor.from_string(dress.accent.lstrip("#").upper())
    _style(styles["Normal"], 10, after=4)
    for name, size, before in (("Heading 1", 16, 18), ("Heading 2", 13, 14), ("Heading 3", 11, 10)):
        _style(styles[name], size, bold=True, colour=accent, before=before, after=5)
        styles[name].paragraph_format.keep_with_next = True
    _style(styles["Title"], 28, bold=True, colour=accent, before=6 if paper.is_short else 90, after=6)
    for border in list(styles["Title"].element.iter(qn("w:pBdr"))):
        border.getparent().remove(border)
    _style(styles["Subtitle"], 14, after=8 if paper.is_short else 60)
    styles["Subtitle"].font.italic = False
    _style(styles["Caption"], 9, bold=True, before=8, after=3)
    styles["Caption"].paragraph_format.keep_with_next = True
    for name, size in (("Netvigil Cell", 8), ("Netvigil Small", 8), ("Netvigil Cover", 11), ("Netvigil Contents", 16)):
        added = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        _style(added, size, bold=name == "Netvigil Contents", colour=accent if name == "Netvigil Contents" else None)
    raw = styles.add_style("Netvigil Raw", WD_STYLE_TYPE.PARAGRAPH)
    _style(raw, 7.5, face=PITCH)
    for level in (1, 2, 3):
        added = styles.add_style(f"TOC {level}", WD_STYLE_TYPE.PARAGRAPH)
        _style(added, 10, bold=level == 1, before=4 if level == 1 else 0)
        added.paragraph_format.left_indent = Mm(6 * (level - 1))
        _tab(added.paragraph_format, leader=True)
    indented = styles.add_style("Netvigil Running", WD_STYLE_TYPE.PARAGRAPH)
    _style(indented, 10, after=4)
    if paper.language.value.startswith("zh"):
        first = OxmlElement("w:ind")
        first.set(qn("w:firstLineChars"), "200")  # two characters, whatever their size
        first.set(qn("w:firstLine"), "400")
        indented.element.get_or_add_pPr().append(first)


def _style(
    style: Any,
    size: float,
    *,
    bold: bool = False,
    colour: RGBColor | None = None,
    before: float = 0,
    after: float = 0,
    face: str = LATIN,
) -> None:
    style.font.size, style.font.bold = Pt(size), bold
    style.font.color.rgb = colour or RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.attrib.clear()  # those of the theme count more than a name
    for key, name in (("ascii", face), ("hAnsi", face), ("cs", face), ("eastAsia", CHINESE)):
        fonts.set(qn(f"w:{key}"), name)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.paragraph_format.line_spacing = 1.15


def _tab(form: Any, *, leader: bool = False) -> None:
    stop = form.tab_stops.add_tab_stop(Mm(WIDE), WD_TAB_ALIGNMENT.RIGHT)
    if leader:
        stop.leader = 1  # dots


def _header(document: Any, paper: Paper, said: Saying) -> None:
    version = said.frame("version_said", version=str(paper.version))
    line = document.sections[0].header.paragraphs[0]
    _only_right(line)
    line.add_run(f"{plain(paper.number)}　{version}　{plain(paper.title, 60)}\t{plain(paper.confidential, 60)}")
    border = OxmlElement("w:pBdr")
    below = OxmlElement("w:bottom")
    for key, value in (("val", "single"), ("sz", "4"), ("space", "3"), ("color", "808080")):
        below.set(qn(f"w:{key}"), value)
    border.append(below)
    form = line._p.get_or_add_pPr()  # noqa: SLF001 - python-docx has no word for borders
    form.insert_element_before(border, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")


def _footer(document: Any, dress: Dress, said: Saying) -> None:
    foot = " · ".join(plain(each) for each in (dress.footer, dress.address) if each)
    line = document.sections[0].footer.paragraphs[0]
    _only_right(line)
    line.add_run(f"{foot}\t")
    page = said.frame("page", page="\x01", pages="\x02")
    for part in page.replace("\x01", "\x00PAGE\x00").replace("\x02", "\x00NUMPAGES\x00").split("\x00"):
        if part in {"PAGE", "NUMPAGES"}:
            field = OxmlElement("w:fldSimple")
            field.set(qn("w:instr"), part)
            run = OxmlElement("w:r")
            text = OxmlElement("w:t")
            text.text = "1"
            run.append(text)
            field.append(run)
            line._p.append(field)  # noqa: SLF001 - python-docx has no word for fields
        elif part:
            line.add_run(part)


def _only_right(line: Any) -> None:
    """A line with its one tab stop at the right margin, in small print."""
    line.style.font.size = Pt(8)
    for tabs in list(line.style.element.iter(qn("w:tabs"))):
        tabs.getparent().remove(tabs)
    _tab(line.paragraph_format)


def _logo(document: Any, dress: Dress) -> str:
    if dress.logo is None:
        return ""
    svg = dress.logo.content.decode("utf-8", "replace") if dress.logo.kind == "svg" else ""
    content = pictures([svg])[0].content if svg else dress.logo.content
    return _inline(document, content, height=Mm(_LOGO_HIGH))


def _inline(document: Any, content: bytes, **size: Any) -> str:
    inline = document.part.new_pic_inline(io.BytesIO(content), size.get("width"), size.get("height"))
    return str(serialize_for_reading(inline))
