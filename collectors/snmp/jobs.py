"""What one read has to ask: the scalars, and each table. A job says the next question and takes the reply to it.

Where a course is known from the last read, its questions are asked as they stand and the replies compared with those of
then. A reply that differs ends the course: what was taken so far goes on as a walk, from which the next course is
learned. Pure: no socket and no clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Protocol

from collectors.snmp.codec import (
    SHORT_OID,
    Binding,
    ErrorStatus,
    Kind,
    Oid,
    Pdu,
    PduKind,
    decoded_pdu,
    element,
    encoded_binding,
    int_element,
    oid_of,
)
from collectors.snmp.community import ID_OCTETS
from collectors.snmp.layout import Asked, Course, Exchange, Shapes, first_of, learned, names, placed, response
from collectors.snmp.reader import Ending, Rows, Value
from collectors.snmp.walk import Walk

_MOST_SCALARS: Final = 48
_BINDINGS: Final = 80  # of one reply: about what a packet of 1,500 octets holds
_LEAST_REPETITIONS: Final = 4
_MOST_REPETITIONS: Final = 50
_SEQUENCE: Final = 0x30


@dataclass(slots=True, weakref_slot=True, kw_only=True, eq=False)
class Known:
    """What is remembered of one table, or of the scalars, of one device; with the scalars, how long it takes.

    `course` may be that of another device of the model, until this one replies in another way. `shared`: others may
    have it. `fitting` is how many rows fit into a reply where not all did, by the place of the first column that was
    asked for and their number; `repetitions` the most that are asked for, where a reply was too big (0: what fits).
    """

    course: Course | None = None
    shared: bool = False
    last: Rows | None = None
    fitting: Mapping[tuple[int, int], int] = field(default_factory=dict)
    repetitions: int = 0
    rows: int | None = None
    patience: float = 0.0

    def lent(self) -> "Known":
        """What another device of the model may begin with."""
        course = None if self.course is None else self.course.again()
        return Known(course=course, fitting=self.fitting, repetitions=self.repetitions, rows=self.rows)


@dataclass(slots=True, eq=False)
class Question:
    """One question: a PDU with a gap for its request-id, and how often it was put already."""

    job: "Job"
    head: bytes
    tail: bytes
    number: int
    id: bytes = b""
    tries: int = 0
    put: float = 0.0
    due: float = 0.0
    patience: float = 0.0


class Job(Protocol):
    """One thing to read."""

    @property
    def done(self) -> bool:
        """True where nothing is left to ask and no reply awaited."""

    def next(self) -> Question | None:
        """The next question; None where there is none, or where it depends on a reply that is not yet here."""

    def take(self, question: Question, pdu: bytes) -> None:
        """Take the reply to `question`. Raises CodecError where it is none."""

    def end(self, why: Ending) -> None:
        """Stop here, and keep what was read."""


def _asked(oid: Oid) -> bytes:
    return _asked_often(oid) if len(oid) <= SHORT_OID else _asked_once(oid)


def _asked_once(oid: Oid) -> bytes:
    return encoded_binding(Binding(oid, Kind.NULL, None))


_asked_often = lru_cache(maxsize=16_384)(_asked_once)


def question(job: Job, kind: PduKind, oids: Sequence[Oid], repetitions: int = 0, number: int = 0) -> Question:
    """A question for what is at `oids`, or what follows them."""
    bindings = element(_SEQUENCE, b"".join(map(_asked, oids)))
    tail = int_element(Kind.INTEGER, 0) + int_element(Kind.INTEGER, repetitions) + bindings
    whole = element(kind, bytes((Kind.INTEGER, ID_OCTETS)) + bytes(ID_OCTETS) + tail)
    return Question(job, whole[: len(whole) - len(tail) - ID_OCTETS], tail, number)


class _OnCourse:
    """The part that both jobs share: a course is followed, its replies may come in any order."""

    def __init__(self, course: Course | None, shapes: Shapes) -> None:
        self.course, self.shapes = course, shapes
        self._sent = 0
        self._taken: set[int] = set()
        self.changed = False

    def follow(self, job: Job) -> Question | None:
        number, course = self._sent, self.course
        if course is None or number >= len(course.exchanges):
            return None
        head, tail, _, _ = course.exchanges[number].asked
        self._sent = number + 1
        return Question(job, head, tail, number)

    @property
    def arrived(self) -> bool:
        return self.course is not None and len(self._taken) == len(self.course.exchanges)

    def take(self, number: int, pdu: bytes) -> bool:
        """True where the reply was one of the course."""
        if self.course is None:
            return True  # left before; what is late is of no more use
        same = self.course.exchanges[number].take(pdu, self.shapes)
        if same is not None:
            self.changed |= same
            self._taken.add(number)
        return same is not None

    def leave(self) -> Iterator[Exchange]:
        """Leave the course, with the exchanges that were taken without a gap from the first on."""
        course, self.course = self.course, None
        for number, exchange in enumerate(course.exchanges if course else ()):
            if number not in self._taken or exchange.pdu is None:
                break
            yield exchange


class TableJob:
    """One table."""

    def __init__(self, columns: tuple[str, ...], most_rows: int, known: Known, shapes: Shapes) -> None:
        self.columns, self._most_rows, self._known = columns, most_rows, known
        course = known.course if known.course and len(known.course.index) <= most_rows else None
        self.before = course.last if course else None
        """What was told last, where the replies to this read are compared with it."""
        self.replies = len(course.exchanges) if course else 0
        self._on = _OnCourse(course, shapes)
        self._fitting: dict[tuple[int, int], int] = {}
        self._walk = None if course else self._new_walk()
        self._trace: list[tuple[int, Exchange, Pdu]] = []
        self._asking = False
        self._repetitions = 0  # asked for last
        self._cut = False

    def _new_walk(self) -> Walk:
        walk = Walk(self.columns, self._most_rows)
        walk.repetitions = self._known.repetitions or _MOST_REPETITIONS
        self._fitting = dict(self._known.fitting)
        return walk

    @property
    def done(self) -> bool:
        """True where nothing is left to ask and no reply awaited."""
        return self._walk.done if self._walk else self._on.arrived

    def next(self) -> Question | None:
        """The next question, None where there is none now."""
        if self._walk is None:
            return self._on.follow(self)
        if self._asking or self._walk.done:
            return None
        self._asking = True
        asked = self._walk.asked()
        # columns differ in how long their values are: what fits of some says nothing of others
        known = self._fitting.get((self._walk.first, len(asked)))
        fitting = known or max(_LEAST_REPETITIONS, _BINDINGS // len(asked))
        repetitions = min(fitting, self._walk.repetitions)
        # no more than the rows that are left, as far as known, and one: what is told behind them is of no use
        left = None if self._known.rows is None else self._known.rows - self._walk.fewest_rows_of_these
        self._repetitions = repetitions if left is None or left < 0 else min(repetitions, left + 1)
        return question(self, PduKind.GET_BULK, asked, self._repetitions, number=-1)

    def take(self, question: Question, pdu: bytes) -> None:
        """Take the reply to `question`. Raises CodecError where it is none."""
        if question.number >= 0:
            if self._walk is None and not self._on.take(question.number, pdu):
                self._leave_course()
            return
        walk = self._walk
        if walk is None or not self._asking:
            return
        told = response(pdu)
        self._asking = False
        match told.first:
            case ErrorStatus.NO_ERROR:
                self._take(walk, question, told, pdu)
            case ErrorStatus.TOO_BIG:
                walk.repetitions = self._repetitions
                walk.narrow()
                self._cut = True
            case _:
                walk.skip(max(told.second - 1, 0))

    def _take(self, walk: Walk, asking: Question, told: Pdu, pdu: bytes) -> None:
        """Take a reply, and learn it as if only its rows of use had been asked for.

        A reply that the device's limit cut in mid-row is cut elsewhere once a value grows: of it only whole rows are
        taken, and what is behind the end of the table is left out. Where values grow out of the room that is left, the
        reply is cut once more, and one row less is asked from then on.
        """
        asked, first, plain = walk.asked(), walk.first, [*_plain(told.bindings)]
        width, size = len(asked), len(plain)
        is_cut = 0 < size < width * self._repetitions and told.bindings[-1].kind is not Kind.END_OF_MIB_VIEW
        use = walk.rows_of_use(plain)
        if (
            0 < use < self._repetitions
            and use * width <= size <= width * self._repetitions
            and (is_cut or use * width < size)
        ):
            size = use * width
            asking = question(self, PduKind.GET_BULK, asked, use, number=-1)
            told, plain, pdu = replace(told, bindings=told.bindings[:size]), plain[:size], first_of(pdu, size)
        elif is_cut:
            self._cut = True
        if size:
            self._trace.append((width, _exchange(asking, told, pdu, self._on.shapes), told))
        walk.take(plain)
        if is_cut and (walk.first == first or self._known.rows is not None):  # else it was cut behind the table's end
            self._fitting[first, width] = max(1, use)

    def _leave_course(self) -> Walk:
        walk = self._walk = self._new_walk()
        for exchange in self._on.leave():
            told = decoded_pdu(exchange.pdu or b"")
            if walk.done:
                break
            self._trace.append((len(walk.asked()), exchange, told))
            walk.take(_plain(told.bindings))
        return walk

    def end(self, why: Ending) -> None:
        """Stop here, and keep what was read."""
        if not self.done:
            (self._walk or self._leave_course()).end(why)

    def rows(self) -> Rows:
        """What was read; the course for the next time is learned on the way."""
        if self._walk is None:
            return self._on.course.rows(changed=self._on.changed) if self._on.course else Walk(self.columns, 1).rows()
        rows = self._walk.rows()
        known = self._known
        known.course, known.shared = None, False
        if rows.ended is None:
            known.rows = self._walk.most_rows_of_a_column
            known.fitting = self._fitting
            if self._cut:  # by a row that has no room: what fits is asked for again, and then learned
                repetitions = self._walk.repetitions
                known.repetitions = repetitions if repetitions < _MOST_REPETITIONS else 0
            else:
                columns = [(text, oid_of(text)) for text in self.columns]
                replies = [(asked, told) for asked, _, told in self._trace]
                cells = placed(columns, replies, [oid_of(row) for row in rows.index])
                exchanges = [exchange for _, exchange, _ in self._trace]
                known.course = learned(exchanges, rows.index, cells, self._on.shapes)
                rows = known.course.rows(changed=True, last=known.last)
        known.last = rows if known.course is None else None
        return rows


def _exchange(question: Question, told: Pdu, pdu: bytes, shapes: Shapes) -> Exchange:
    return Exchange(Asked(question.head, question.tail, names(told)), shapes.of(pdu), pdu)


def _plain(bindings: Sequence[Binding]) -> Iterator[tuple[Oid, Value, bool]]:
    return ((oid, value, kind is Kind.END_OF_MIB_VIEW) for oid, kind, value in bindings)


class ScalarsJob:
    """All scalars."""

    def __init__(self, oids: Sequence[str], known: Known, shapes: Shapes) -> None:
        self._oids, self._known = tuple(dict.fromkeys(oids)), known
        self._on = _OnCourse(known.course, shapes)
        self._pending = [] if known.course else list(self._oids)
        self._size = _MOST_SCALARS
        self._told: dict[str, Value] = {}
        self._trace: list[Exchange] = []
        self._asking: list[str] = []
        self._clean = True

    @property
    def done(self) -> bool:
        """True where nothing is left to ask and no reply awaited."""
        return self._on.arrived if self._on.course else not self._pending

    def next(self) -> Question | None:
        """The next question, None where there is none now."""
        if self._on.course is not None:
            return self._on.follow(self)
        if self._asking or not self._pending:
            return None
        self._asking = self._pending[: self._size]
        return question(self, PduKind.GET, [oid_of(oid) for oid in self._asking], number=-1)

    def take(self, question: Question, pdu: bytes) -> None:
        """Take the reply to `question`. Raises CodecError where it is none."""
        if question.number >= 0:
            if not self._on.take(question.number, pdu):
                list(self._on.leave())
                self._pending = list(self._oids)
            return
        if not self._asking:
            return
        told = response(pdu)
        batch, self._asking = self._asking, []
        place = told.second if told.second <= len(batch) else 0
        if len(batch) > 1 and not place and (told.first or not told.bindings):
            self._size = len(batch) // 2  # too big, or an error that names no place: halves find it
        elif told.first:
            self._clean = False
            del self._pending[max(place - 1, 0)]
        else:
            self._trace.append(_exchange(question, told, pdu, self._on.shapes))
            values = {binding.oid: binding.value for binding in told.bindings}
            self._told.update((oid, values.get(oid_of(oid))) for oid in batch)
            del self._pending[: len(batch)]

    def end(self, why: Ending) -> None:  # noqa: ARG002 - scalars carry no reason
        """Stop here, and keep what was read."""
        if not self.done:
            for exchange in self._on.leave():
                told = {binding.oid: binding.value for binding in decoded_pdu(exchange.pdu or b"").bindings}
                self._told.update((oid, told[oid_of(oid)]) for oid in self._oids if oid_of(oid) in told)
            self._pending, self._clean = [], False

    def scalars(self) -> Mapping[str, Value]:
        """What was read; the course for the next time is learned on the way."""
        if self._on.course is not None:
            columns = self._on.course.rows(changed=self._on.changed).columns
            return {oid: columns[oid][0] for oid in self._oids}
        self._known.shared = False
        if self._clean and self._oids:
            found = [name for exchange in self._trace for name in exchange.asked.names]
            places = {name: place for place, name in enumerate(found)}
            if len(places) == len(found):
                cells = {oid: (places.get(oid_of(oid), -1),) for oid in self._oids}
                self._known.course = learned(self._trace, ("0",), cells, self._on.shapes)
        else:
            self._known.course = None
        return self._told
