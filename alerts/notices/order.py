"""The words in which two versions are compared; each family of versions gives a value that knows its own order."""

from enum import Enum
from typing import Protocol

LONGEST = 200


class Order(Enum):
    """How one version stands to another; versions of two lines are in no order, and what is none is invalid."""

    BEFORE = "<"
    SAME = "="
    AFTER = ">"
    INCOMPARABLE = "incomparable"
    INVALID = "invalid"


class Version(Protocol):
    """What all families have in common."""

    def __hash__(self) -> int:
        """Equal versions have the same: comparisons are remembered by it."""

    @property
    def trial(self) -> bool:
        """Whether it is a test or beta build, which never counts as fixed."""

    @property
    def placeholder(self) -> bool:
        """Whether it is written where nobody knew the version."""

    def against(self, other: object, /) -> Order:
        """Its place against another of the same family."""

    def branch_of(self, other: object, /) -> bool:
        """Whether it names a whole branch of which the other is one version."""


def ordered(one: tuple[int, ...], other: tuple[int, ...]) -> Order:
    """The order of two lists of numbers."""
    if one == other:
        return Order.SAME
    return Order.BEFORE if one < other else Order.AFTER
