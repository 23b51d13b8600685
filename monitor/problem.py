"""What is wrong with the configuration, in words that name the file, the line and the key; below all of its readers."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from collectors.text import cleaned
from monitor.toml_lines import KeyPath

CUTOFF = 0.6  # how alike two words must be for one to be suggested for the other; difflib's own default
KEY_CAP = 60  # what is shown of a quoted key, which may hold anything
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class AddressTakenError(Exception):
    """The address to listen on cannot be had; the message says why and what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend. `line` is None where the file as a whole is meant; `hint` is "" where we know no better.

    A warning is a problem that one can live with: it is said, and the configuration is used all the same.
    """

    file: str
    line: int | None
    key: str
    reason: str
    hint: str = ""
    is_warning: bool = False

    def __str__(self) -> str:
        """The problem as compilers write it, so that editors find the place: "file:line: key: reason; hint"."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        words = self.reason
        words += f"; {self.hint}" if self.hint else ""
        return ": ".join(part for part in (place, self.key, words) if part)


class ConfigError(Exception):
    """The configuration cannot be used. It holds every problem of every file, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(check_lines(self.problems)))


class Place(Protocol):
    """Where a value was written: a TOML document, a table in it, or a row of a spreadsheet."""

    def problem(self, path: KeyPath, reason: str, hint: str = "") -> Problem:
        """What is wrong with the value at `path`, seen from here."""


@dataclass(frozen=True, slots=True)
class Within:
    """A place inside another one, such as the third [[device]] of a document."""

    outer: Place
    prefix: KeyPath

    def problem(self, path: KeyPath, reason: str, hint: str = "") -> Problem:
        """What is wrong with the value at `path`, seen from here."""
        return self.outer.problem((*self.prefix, *path), reason, hint)


def check_lines(problems: Iterable[Problem]) -> list[str]:
    """The problems as lines to print, in the order of the files and their lines, each said once."""
    ordered = sorted(problems, key=lambda problem: (problem.file, problem.line or 0))
    return list(dict.fromkeys(str(problem) for problem in ordered))


class Speller:
    """`near_word` for thousands of words: after the first `FIRST` different ones it suggests nothing for new ones.

    A spreadsheet may hold 10,000 sites that 500 known ones must be compared with, which takes minutes. Whoever has
    mended the first of them knows how.
    """

    FIRST = 200

    def __init__(self) -> None:
        self._hints: dict[tuple[str, int], str] = {}

    def near_word(self, word: str, known: Collection[str]) -> str:
        """The hint for `word`, or "" where none is near or too many were looked for."""
        key = (word, id(known))
        if key not in self._hints and len(self._hints) < self.FIRST:
            self._hints[key] = near_word(word, known)
        return self._hints.get(key, "")


def near_word(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to `word`, or "" where none is near. Upper and lower case are equal."""
    by_folded = {each.casefold(): each for each in known}
    near = get_close_matches(word.casefold(), by_folded, n=1, cutoff=CUTOFF)
    return f'did you mean "{by_folded[near[0]]}"?' if near else ""


def said_path(path: KeyPath) -> str:
    """A path as people write it: `device[3].site`. Items count from 1, as a reader counts the tables of a file."""
    said = ""
    for part in path:
        if isinstance(part, int):
            said += f"[{part + 1}]"
        else:
            word = part if _BARE.fullmatch(part) else f'"{cleaned(part, KEY_CAP)}"'
            said += f".{word}" if said else word
    return said
