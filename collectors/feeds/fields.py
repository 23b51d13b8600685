"""What all readers of advisories ask of a document from outside: text, lists and tables of bounded size, or nothing."""

from collections.abc import Iterator
from typing import Any

from collectors.text import cleaned

MOST = 20_000
_LONGEST = 1000
_GRAVEST = 10


class NotAnAdvisoryError(ValueError):
    """The document is none of the forms that are known."""


def table(value: Any) -> dict[str, Any]:
    """The value if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[dict[str, Any]]:
    """The tables of a list; more than is bearable is refused, because what is cut off in silence looks unaffected."""
    if not isinstance(value, list):
        return []
    if len(value) > MOST:
        raise NotAnAdvisoryError(f"a list of {len(value)} entries; {MOST} are the most")
    return [each for each in value if isinstance(each, dict)]


def text(value: Any, cap: int = _LONGEST) -> str:
    """The value as clean text, if it is one."""
    return cleaned(value, cap) if isinstance(value, str) else ""


def score(value: Any) -> float | None:
    """The highest base score of CVSS that stands somewhere in `value`: four levels deep, as all forms have it."""
    return max(_scores(value, 4), default=None)


def _scores(value: Any, depth: int) -> Iterator[float]:
    if isinstance(value, dict):
        own = value.get("baseScore")
        if isinstance(own, int | float) and not isinstance(own, bool) and 0 <= own <= _GRAVEST:
            yield float(own)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if depth:
        for each in inside:
            yield from _scores(each, depth - 1)


def odd(value: Any, name: str) -> Iterator[str]:
    """Entries of a list that are no tables, and a list that is none: they are kept in words."""
    if value is not None and not isinstance(value, list):
        yield f"{name}: {cleaned(repr(value), 200)}"
    for each in value if isinstance(value, list) else ():
        if not isinstance(each, dict):
            yield f"{name}: {cleaned(repr(each), 200)}"
