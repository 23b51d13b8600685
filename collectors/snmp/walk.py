"""The walk of one table: which OIDs to ask next, and rows out of the replies. Pure; the engines stand around it.

A reply to GETBULK may stop anywhere, also in mid-row (RFC 3416 section 4.2.3), so every column keeps its own place and
the next request resumes each where it stopped. Real agents return rows out of order (H3C WX6103, S12704): an OID that
is merely lower than the last is taken, one that this walk has seen before ends it, because it would go round for ever.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from collectors.snmp.codec import Oid, oid_of
from collectors.snmp.reader import Ending, Rows, Value

MOST_COLUMNS = 12
"""Columns of one request: so many names fit into a packet of 1,500 octets several times over."""
MOST_REPETITIONS = 20


@dataclass(slots=True)
class _Column:
    """One column on its way: `at` is the last OID seen in it, `values` what it held, by index."""

    text: str
    root: Oid
    at: Oid
    values: dict[Oid, Value] = field(default_factory=dict)
    done: bool = False


class Walk:
    """One table on its way. `asked` gives the next request, `take` its reply, `rows` what came of it."""

    def __init__(self, columns: Sequence[str], most_rows: int, expected_rows: int | None = None) -> None:
        self._columns = [_Column(text, root := oid_of(text), root) for text in columns]
        self._most_rows = most_rows
        self._indexes: set[Oid] = set()
        self._width = MOST_COLUMNS
        self._ended: Ending | None = None
        # one more than there were rows last time, so that the end is met in the same reply
        self.repetitions = MOST_REPETITIONS if expected_rows is None else min(expected_rows + 1, MOST_REPETITIONS)

    @property
    def done(self) -> bool:
        """True where nothing is left to ask."""
        return all(column.done for column in self._columns)

    @property
    def most_rows_of_a_column(self) -> int:
        """How many rows the longest column has so far: what the next walk may expect."""
        return max((len(column.values) for column in self._columns), default=0)

    @property
    def fewest_rows_of_these(self) -> int:
        """How many rows the shortest of the columns has that are asked for next."""
        return min((len(column.values) for column in self._open()), default=0)

    def end(self, why: Ending) -> None:
        """Stop here, and keep what was read."""
        self._ended = why
        for column in self._columns:
            column.done = True

    @property
    def first(self) -> int:
        """The place of the first column that is asked for next; behind all where none is."""
        return next((place for place, column in enumerate(self._columns) if not column.done), len(self._columns))

    def _open(self) -> list[_Column]:
        return [column for column in self._columns if not column.done][: self._width]

    def asked(self) -> tuple[Oid, ...]:
        """The OIDs to ask what follows them, one for each column of the next request."""
        return tuple(column.at for column in self._open())

    def rows_of_use(self, bindings: Sequence[tuple[Oid, Value, bool]]) -> int:
        """How many whole rows of a reply to `asked` there are up to that in which the last of the columns has ended."""
        columns = self._open()
        width, ended = len(columns), set[int]()
        for place, (oid, _, is_end) in enumerate(bindings):
            root = columns[place % width].root
            if is_end or oid[: len(root)] != root:
                ended.add(place % width)
            if len(ended) == width and place % width == width - 1:
                return place // width + 1
        return len(bindings) // width if width else 0

    def take(self, bindings: Iterable[tuple[Oid, Value, bool]]) -> None:
        """Take a reply to `asked`: OID, value, and whether it is endOfMibView, in the order of the reply."""
        columns = self._open()
        taken = 0
        for place, (oid, value, is_end) in enumerate(bindings):
            column = columns[place % len(columns)]
            taken += 1
            if not column.done:
                self._take(column, oid, value, is_end=is_end)
        if not taken:
            self.narrow()

    def _take(self, column: _Column, oid: Oid, value: Value, *, is_end: bool) -> None:
        length = len(column.root)
        index = oid[length:]
        if is_end or not index or oid[:length] != column.root:
            column.done = True
        elif index in column.values:
            self.end(Ending.REPEATED_OID)
        elif index not in self._indexes and len(self._indexes) >= self._most_rows:
            self.end(Ending.ROWS)
        else:
            column.at = oid
            column.values[index] = value
            self._indexes.add(index)

    def narrow(self) -> None:
        """Ask for less at a time, because the reply was too big; a single value that is too big ends its column."""
        asked = len(self._open())
        if self.repetitions > 1:
            self.repetitions = max(1, self.repetitions // 4)
        elif asked > 1:
            self._width = asked // 2
        else:
            self.skip(0)

    def skip(self, place: int) -> None:
        """Give up the column at `place` of the last request: the device answers it with an error."""
        columns = self._open()
        if columns:  # a place that was not asked for is as good as none: each error must end something
            columns[place if place < len(columns) else 0].done = True
        self._ended = Ending.ERROR_STATUS

    def rows(self) -> Rows:
        """What was read, joined by index, in the order of the indexes."""
        indexes = sorted(self._indexes)
        return Rows(
            index=tuple(".".join(map(str, index)) for index in indexes),
            columns={column.text: tuple(map(column.values.get, indexes)) for column in self._columns},
            ended=self._ended,
        )
