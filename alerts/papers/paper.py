"""What a document says, before it has a form: a `Paper` of blocks, whose cells are values and not yet text.

Whoever knows the facts (inspection, notice, analysis) makes a Paper in one language; the renderers beside this module
make PDF, Word, HTML, spreadsheet and JSON of it, so that all of them show the same numbers. A Paper is plain data: it
is archived as it was made, and rendered again it is the same to the byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.model import Language


class Tone(StrEnum):
    """How something stands out. It must never be told by colour alone: the words say it as well."""

    PLAIN = "plain"
    QUIET = "quiet"
    GOOD = "good"
    ATTENTION = "attention"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number as measured, with its unit of the house (as `Observation.unit`). None where it is not known."""

    value: float | None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment in time, shown on the wall clock of the paper's zone. `day` shows the date alone."""

    at: datetime | None
    day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A word with a sign that is told apart in black and white: "× abnormal"."""

    sign: str
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """A place that a person fills in. `key` names it in a spreadsheet that comes back; `filled` is what it holds."""

    key: str
    filled: str = ""


Cell = str | Figure | Moment | Mark | Blank
"""Text is one line, as it stands; a renderer escapes it for its own form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading of the table of contents; level 1 to 3. `key` is stable over languages and versions."""

    level: int
    text: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of running text."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Names and what stands beside them, such as a cover sheet; `key` names it in JSON."""

    key: str
    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: `key` in JSON, `title` as printed, `share` of the width beside the other columns."""

    key: str
    title: str
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a table, a cell for each column."""

    cells: tuple[Cell, ...]
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: `key` in JSON and as sheet of the spreadsheet. `empty` is said in its place where it has no rows.

    Tables of one `group` have the same columns and stand on one sheet of the spreadsheet, such as the check sheets of
    all devices; the title of each is then its first column, and the sheet is named after the chapter.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a chart. `points` are moments and values in order; None is a gap, which is drawn as one.

    `low` and `high`, where given, are a band around it, such as minimum and maximum of each day or a forecast's
    interval. `dashed` is for what is not measured: forecasts.
    """

    name: str
    points: tuple[tuple[datetime, float | None], ...]
    band: tuple[tuple[datetime, float, float], ...] = ()
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture of values over time; `limits` are named horizontal lines. Lines are told apart without colour."""

    key: str
    title: str
    unit: str
    lines: tuple[Line, ...]
    limits: tuple[tuple[str, float], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A box of a diagram.

    `key` is what links call it by; `sign` stands before its name; `outside`: it is no matter of the paper, such as a
    neighbour that is not watched.
    """

    key: str
    name: str
    sign: str = ""
    tone: Tone = Tone.PLAIN
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A line of a diagram between two nodes, which stands for `count` of them; `dashed`: declared, and not seen."""

    one: str
    other: str
    count: int = 1
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """A picture of what hangs on what: `levels` of nodes from above, and the links between any of them."""

    key: str
    title: str
    levels: tuple[tuple[Node, ...], ...]
    links: tuple[Link, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Raw words of a device, kept as they came, in a fixed pitch."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """Who signs: roles with empty lines for name and date."""

    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins on a new page, where there are pages."""


Block = Heading | Paragraph | Pairs | Table | Chart | Diagram | Evidence | Signatures | PageBreak


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document. `number` is printed on each page and names the file; `version` counts from 1, corrections add one.

    `zone` is an IANA name, in which moments are shown. `facts` is the SHA-256 of the data that it was made of; the same
    facts make the same paper. `company` issues it; `confidential` is the level of secrecy as printed. `terms` are
    further words for the frame (customer, site, period) in the order in which the cover shows them. A short paper has
    no page for its cover and no table of contents: a card, not a report.
    """

    kind: str
    title: str
    subtitle: str
    number: str
    version: int
    language: Language
    zone: str
    made_at: datetime
    tool_version: str
    facts: str
    blocks: tuple[Block, ...]
    is_short: bool = False
    company: str = ""
    customer: str = ""
    confidential: str = ""
    terms: tuple[tuple[str, Cell], ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
