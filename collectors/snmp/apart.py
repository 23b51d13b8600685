"""Which columns of a table move from one read to the next: these are asked apart from those that stay as they are.

Between `engine.py`, which asks, and the jobs. A reply that is the same to the octet needs no decoding, and a table has
few columns that move (octets, temperatures) among many that hardly do (names, states, limits): asked together, every
reply would differ. It is learned of all devices of a model together, from reads that any of them had.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from collectors.snmp.reader import Rows, Value

READS: Final = 16
"""Pairs of reads after which it is settled what moves."""
_OFTEN: Final = 4  # what moved in one of so many reads, or more often, moves
_WORTH: Final = 8  # replies to a table: a group more costs a question more, which a small table does not win back


class Columns:
    """The columns of one table of one model, in the groups in which they are asked."""

    __slots__ = ("_moved", "_reads", "groups")

    def __init__(self, asked: tuple[str, ...]) -> None:
        """All are asked together as long as nothing is known of them."""
        self.groups: tuple[tuple[str, ...], ...] = (asked,)
        self._moved: Counter[str] = Counter()
        self._reads = 0

    @property
    def is_settled(self) -> bool:
        """True where nothing is to be learned any more."""
        return self._reads >= READS

    def read(self, now: Rows, last: Rows | None, replies: int) -> None:
        """One device told `now` in so many replies, and told `last` before: a column that is the same object stayed."""
        if last is None or replies < _WORTH or self.is_settled:
            return
        self._reads += 1
        self._moved.update([name for name, column in now.columns.items() if column is not last.columns[name]])
        if self._reads == READS:
            moving = {name for name, times in self._moved.items() if times * _OFTEN >= READS}
            asked = self.groups[0]
            groups = [name for name in asked if name not in moving], [name for name in asked if name in moving]
            self.groups = tuple(tuple(group) for group in groups if group)


def joined(told: Sequence[Rows]) -> Rows:
    """One table of the answers to each group of its columns."""
    first, *others = told
    if not others:
        return first
    ended = next((rows.ended for rows in told if rows.ended is not None), None)
    columns: dict[str, tuple[Value, ...]] = {}
    if all(rows.index is first.index or rows.index == first.index for rows in others):
        for rows in told:
            columns |= rows.columns
        return Rows(index=first.index, columns=columns, ended=ended)
    # a row came or went in between, or a group was not read to its end
    index = tuple(sorted({row for rows in told for row in rows.index}, key=_place))
    for rows in told:
        places = {row: place for place, row in enumerate(rows.index)}
        taken = [places.get(row) for row in index]
        for name, values in rows.columns.items():
            columns[name] = tuple([None if place is None else values[place] for place in taken])
    return Rows(index=index, columns=columns, ended=ended)


def _place(index: str) -> tuple[int, ...]:
    return tuple(map(int, index.split(".")))
