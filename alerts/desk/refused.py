"""A refusal in the reader's language: which sentence of alerts/locale, and what stands in it. Raised by the desk.

English is what `str` gives, for logs and the command line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from alerts.locale import words
from monitor.model import Language

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of the house that has a name in each language: a key of a group of alerts/locale."""

    group: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A sentence of the group `refusal`; values are said as they are, but for words, sentences and lists of them."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def said(self, language: Language) -> str:
        """The sentence in `language`."""
        filled = {name: _said(value, language) for name, value in self.values.items()}
        return words(language).said("refusal", self.key, **filled)


Value: TypeAlias = str | Word | Refusal | tuple[Refusal, ...]


def _said(value: Value, language: Language) -> str:
    match value:
        case Refusal():
            return value.said(language)
        case Word():
            return words(language).named(value.group, value.key)
        case tuple():
            return words(language).said("list", "and").join(each.said(language) for each in value)
        case _:
            return value


class RefusedError(ValueError):
    """The desk does not do what was asked for; says why."""

    def __init__(self, refusal: Refusal) -> None:
        """For this reason."""
        super().__init__(refusal.said(Language.EN))
        self.refusal = refusal


def refused(key: str, **values: Value) -> Refusal:
    """The sentence `key` with these values."""
    return Refusal(key=key, values=values)


def reason_of(error: ValueError, language: Language) -> str:
    """Why something was refused, in `language` where we have words for it."""
    return error.refusal.said(language) if isinstance(error, RefusedError) else str(error)
