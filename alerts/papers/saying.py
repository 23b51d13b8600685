"""What a cell says, as text: the one place where values become words, so that all forms of a Paper say the same.

Renderers ask here and escape what they get for their own form.
"""

import math
from dataclasses import dataclass

from alerts.locale import Words, wall, words
from alerts.papers.dress import PLAIN, Dress, dressed_words
from alerts.papers.paper import Blank, Cell, Figure, Mark, Moment, Paper
from alerts.templates import harmless

UNKNOWN = "—"
"""Stands where a value is not known, in all languages."""
MOST = 1000
"""Characters of a cell; what is longer is cut, and ends with "…". The JSON of a Paper holds all of it."""
MOST_RUNNING = 10_000
MOST_RAW = 40_000
MOST_LINE = 1000
_WIDE = "\u3000\u00a0"  # blanks that do not count as printable
_DATE = len("2026-10-31")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """How things are said in a paper: in its language, on the wall clock of its zone."""

    words: Words
    zone: str

    def cell(self, cell: Cell) -> str:
        """The cell as one line of text; "" where a person has not filled in a blank."""
        match cell:
            case str():
                return plain(cell)
            case Figure():
                return self.figure(cell)
            case Moment():
                return self.moment(cell)
            case Mark():
                return plain(f"{cell.sign} {cell.text}")
            case Blank():
                return plain(cell.filled)

    def figure(self, figure: Figure) -> str:
        """The number with its unit."""
        if figure.value is None or not math.isfinite(figure.value):
            return UNKNOWN
        return plain(self.words.measured(figure.value, figure.unit))

    def moment(self, moment: Moment) -> str:
        """The moment on the wall clock, or its date."""
        if moment.at is None:
            return UNKNOWN
        said = wall(moment.at, self.zone)
        return said[:_DATE] if moment.day else said

    def frame(self, key: str, /, **values: str) -> str:
        """A word of the frame of every paper, such as "Contents"."""
        return self.words.said("paper", key, **values)


def saying(paper: Paper, dress: Dress = PLAIN) -> Saying:
    """How things are said in `paper`."""
    return Saying(words=dressed_words(words(paper.language), dress), zone=paper.zone)


def plain(text: str, most: int = MOST) -> str:
    """`text` on one line, with nothing in it that acts or that no form could hold; cut after `most` characters."""
    line = harmless(text, most).strip()
    # what is left and cannot be printed has no meaning in Unicode; XML has no way to write some of it
    return line if line.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in line)


def running(text: str) -> str:
    """A paragraph, on one line."""
    return plain(text, MOST_RUNNING)


def raw_lines(text: str, cut: str) -> list[str]:
    """Raw text in its lines, blanks kept as they are, nothing in it that acts. `cut` is added where it is too long."""
    lines = [_raw(line) for line in text[:MOST_RAW].splitlines()]
    return [*lines, cut] if len(text) > MOST_RAW else lines


def _raw(line: str) -> str:
    line = line.expandtabs(8).rstrip()[:MOST_LINE]
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() or each in _WIDE else "\ufffd" for each in line)
