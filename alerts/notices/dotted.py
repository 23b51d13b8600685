"""Versions of numbers between points: those of controllers, which have generations, and those of a BIOS."""

import re
from dataclasses import dataclass

from alerts.notices.order import LONGEST, Order, ordered

_NUMBERS = re.compile(r"v?([0-9]{1,6}(?:\.[0-9]{1,6}){1,3})", re.ASCII | re.IGNORECASE)
_LETTER = re.compile(r"A([0-9]{2,3})", re.ASCII | re.IGNORECASE)
_NEWER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Dotted:
    """Numbers in a line of versions; two lines are in no order."""

    line: str
    numbers: tuple[int, ...]
    trial: bool = False

    @property
    def placeholder(self) -> bool:
        """Nothing but noughts."""
        return not any(self.numbers)

    def against(self, other: object, /) -> Order:
        """Number by number: 1.5.10 is after 1.5.6."""
        if not isinstance(other, Dotted) or self.line != other.line:
            return Order.INCOMPARABLE
        return ordered(self.numbers, other.numbers)

    def branch_of(self, other: object, /) -> bool:  # noqa: ARG002 - the family of versions asks all alike
        """These have no branches."""
        return False


def _numbers(text: str) -> tuple[int, ...] | None:
    found = _NUMBERS.fullmatch(text.strip()[:LONGEST])
    return (*(int(each) for each in found[1].split(".")), 0, 0)[:4] if found else None


def idrac(text: str) -> Dotted | None:
    """A controller's version: 1 and 2 are those of iDRAC 8 and before (and 10), from 3 on iDRAC 9: in no order."""
    numbers = _numbers(text)
    return Dotted(line="9" if numbers[0] >= _NEWER else "", numbers=numbers) if numbers else None


def bios(text: str) -> Dotted | None:
    """A BIOS by numbers, or by letter as of old ("A12"); the two are in no order. Bounds hold for one model."""
    if numbers := _numbers(text):
        return Dotted(line="", numbers=numbers)
    found = _LETTER.fullmatch(text.strip()[:LONGEST])
    return Dotted(line="A", numbers=(int(found[1]), 0, 0, 0)) if found else None
