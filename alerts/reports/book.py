"""What the chapters of a document share: the facts with what follows from them, the words, and how cells are made.

Between the judged values (sheets, health, problems) and the blocks of a Paper. Words are those of one table of a
language, such as [inspection]: headings under "h_…", titles of tables under "table_…", of columns under "col_…", and
what is said of a table without rows under "empty_…".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from alerts.locale import Words, wall
from alerts.papers.paper import Blank, Cell, Column, Heading, Mark, Moment, Pairs, Paragraph, Row, Table, Tone
from alerts.reports.health import Health
from alerts.reports.month import InspectionMonth
from alerts.reports.problems import Problem
from alerts.reports.results import Result
from alerts.reports.sheets import MARKS, Phrase, Sheet
from monitor.model import Level, Observation, Text

TONES = {
    Result.NORMAL: Tone.GOOD,
    Result.ATTENTION: Tone.ATTENTION,
    Result.ABNORMAL: Tone.BAD,
    Result.NOT_CHECKED: Tone.QUIET,
    Result.NOT_APPLICABLE: Tone.QUIET,
}
NONE = "—"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """Writes blocks in one language, with moments in one zone, in the words of one table."""

    said: Words
    zone: str
    group: str = "inspection"

    def words(self, key: str, /, **values: str) -> str:
        """The words under `key`."""
        return self.said.said(self.group, key, **values)

    def phrase(self, told: Phrase | Text) -> str:
        """A phrase in words, with its moments on the wall clock."""
        if isinstance(told, Text):
            return told.said(self.said.language)
        values = {name: self._value(value) for name, value in told.values.items()}
        return self.words(f"p_{told.key}", **values)

    def _value(self, value: str | datetime | date | Text) -> str:
        if isinstance(value, Text):
            return value.said(self.said.language)
        if isinstance(value, datetime):
            return self.at(value)
        return value.isoformat() if isinstance(value, date) else value

    def at(self, moment: datetime) -> str:
        """A moment on the wall clock, within a text."""
        return wall(moment, self.zone)

    def day(self, of: date | None) -> Cell:
        """A day as a cell."""
        return Moment(at=datetime.combine(of, time(), ZoneInfo(self.zone)), day=True) if of else NONE

    def heading(self, level: int, key: str) -> Heading:
        """A heading."""
        return Heading(level=level, text=self.words(f"h_{key}"), key=key)

    def paragraph(self, key: str, tone: Tone = Tone.PLAIN, /, **values: str) -> Paragraph:
        """A paragraph."""
        return Paragraph(text=self.words(key, **values), tone=tone)

    def pairs(self, key: str, rows: Iterable[tuple[str, Cell]]) -> Pairs:
        """Pairs, whose names are words of columns."""
        return Pairs(key=key, rows=tuple((self.words(f"col_{name}"), cell) for name, cell in rows))

    def table(
        self, key: str, columns: Sequence[tuple[str, float]], rows: Iterable[Row], *, of: str = "", title: str = ""
    ) -> Table:
        """A table; `of` makes its key one of several tables alike, which are a group."""
        return Table(
            key=f"{key}/{of}" if of else key,
            group=key if of else "",
            title=title or self.words(f"table_{key}"),
            columns=tuple(Column(key=name, title=self.words(f"col_{name}"), share=share) for name, share in columns),
            rows=tuple(rows),
            empty=self.words(f"empty_{key}"),
        )

    def mark(self, result: Result) -> Mark:
        """A result with its sign."""
        return Mark(sign=MARKS[result], text=self.words(result.value), tone=TONES.get(result, Tone.PLAIN))

    def level(self, level: Level | None) -> str:
        """A level in words."""
        return self.said.said("level", str(level.value)) if level else NONE

    def evidence(self, told: Observation) -> str:
        """When something was read, and the device's own word for it."""
        return " · ".join(filter(None, (self.at(told.at), self.said.raw(told.raw))))

    def listed(self, words: Iterable[str]) -> str:
        """Things of one kind, one after the other."""
        return self.words("list").join(filter(None, words))

    def comma(self, words: Iterable[str]) -> str:
        """Words beside each other."""
        return self.words("comma").join(filter(None, words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One month with what follows from it, and the pen that writes it down."""

    month: InspectionMonth
    sheets: tuple[Sheet, ...]
    health: Health
    problems: tuple[Problem, ...]
    names: Mapping[str, str]
    pen: Pen

    def name(self, device: str) -> str:
        """How people call a device."""
        return self.names.get(device, device)

    def blank(self, key: str) -> Blank:
        """A place for people, with what they wrote there."""
        return Blank(key=key, filled=self.month.filled.get(key, ""))
