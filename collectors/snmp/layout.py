"""What is learned of a device's replies: the next one is checked as bytes, and only its values are decoded.

A `Shape` knows where in a reply of known names and lengths the values stand: one comparison of big integers under a
mask proves that nothing but values differs, one `struct` takes them all out. A `Course` is a row of questions with the
replies that came to them last time, and where in those each cell of a table stands.
"""

import struct
from array import array
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from operator import and_, itemgetter
from typing import Any, Final, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from collectors.snmp.codec import CodecError, Kind, Oid, Pdu, PduKind, decoded_pdu, element, oid_text
from collectors.snmp.community import begin, end
from collectors.snmp.reader import Rows, Value

_SIGNED: Final = {1: "b", 2: "h", 4: "i", 8: "q"}
_WIDER: Final = {3: 4, 5: 8, 6: 8, 7: 8}  # octets to read in place of a width that struct does not know
_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.COUNTER32, Kind.GAUGE32, Kind.TIME_TICKS, Kind.COUNTER64})
_LONG: Final = 0x80  # a length of so much or more is written in several octets
_NO_ID: Final = 3  # id's tag and length are fixed, its octets are not; a PDU's tag and at least one octet of length
_MOST_SHARED: Final = 16_000_000  # octets, about
_MOVING: Final = 4  # replies in a row that differed
_TRIED: Final = 16  # of so many replies that differ one may be found to be the same again
_SIZE: Final = 60  # octets of a short text or a number, and of its place

Span = tuple[int, int, int]
"""Tag, begin and end of one value."""
Odd = tuple[int, int, int]
"""Place, mask and sign of a number that was read together with octets before it."""
Made = tuple[int, Callable[[bytes], Value]]


def _spans(pdu: bytes) -> list[Span]:
    """Where the values of `pdu` stand, a PDU that was decoded before."""
    at = begin(pdu, 0)
    for _ in range(3):
        at = end(pdu, at)
    last, at = end(pdu, at), begin(pdu, at)
    found = []
    while at < last:
        value = at + 4 + pdu[at + 3]
        if pdu[at + 1] < _LONG and pdu[at + 3] < _LONG and pdu[value + 1] < _LONG:  # nearly always
            at += 2 + pdu[at + 1]
            found.append((pdu[value], value + 2, at))
            continue
        value = end(pdu, begin(pdu, at))
        at = end(pdu, at)
        found.append((pdu[value], begin(pdu, value), at))
    return found


def _nothing(_: bytes) -> None:
    return None


def _address(octets: bytes) -> str:
    return ".".join(map(str, octets))


def _signed(octets: bytes) -> int:
    return int.from_bytes(octets, "big", signed=True)


_MAKERS: Final[dict[int, Callable[[bytes], Value]]] = {
    Kind.INTEGER: _signed,
    Kind.IP_ADDRESS: _address,
    Kind.OBJECT_IDENTIFIER: oid_text,
    **dict.fromkeys((Kind.NULL, Kind.NO_SUCH_OBJECT, Kind.NO_SUCH_INSTANCE, Kind.END_OF_MIB_VIEW), _nothing),
}


def _masks(form: str, odd: tuple[Odd, ...]) -> tuple[int, ...] | None:
    """What is to be kept of each number of `form`; None where one is signed and odd, or a value is no number."""
    if "s" in form or any(sign for _, _, sign in odd):
        return None
    masks = [-1] * sum(form.count(code) for code in "bhiqBHIQ")
    for place, mask, _ in odd:
        masks[place] = mask
    return tuple(masks)


class Shape:
    """Where values stand in replies whose names and lengths are the same. Shared by all replies of one shape."""

    __slots__ = ("__weakref__", "_form", "_made", "_mask", "_masks", "_odd", "_unpacked", "ends", "head", "size")

    def __init__(
        self, form: str, mask: int, fixed: int, odd: tuple[Odd, ...], made: tuple[Made, ...], ends: bytes
    ) -> None:
        """`ends`: where each value ends, as 32-bit integers."""
        made_of = struct.Struct(form)
        self.ends: Sequence[int] = memoryview(ends).cast("I")
        self._unpacked, self.size = made_of.unpack, made_of.size
        self._mask, self._form, self._odd, self._made = mask, fixed, odd, made
        self._masks = _masks(form, odd) if odd and not made else None
        first = fixed >> 8 & 0xFF
        self.head = fixed.to_bytes(self.size, "little")[: 4 if first < _LONG else first - _LONG + 4]
        """What stands before the id: with the length of all it says that this is such a PDU."""

    def fits(self, pdu: bytes) -> bool:
        """True where `pdu` differs from the first of this shape in its id and values only."""
        return len(pdu) == self.size and int.from_bytes(pdu, "little") & self._mask == self._form

    def values(self, pdu: bytes) -> Sequence[Value]:
        """The values of `pdu`, which fits."""
        raw: Sequence[Any] = self._unpacked(pdu)
        if not self._odd and not self._made:
            return raw
        if self._masks:
            return [*map(and_, raw, self._masks)]
        told = list(raw)
        for place, mask, sign in self._odd:
            told[place] = ((told[place] & mask) ^ sign) - sign
        for place, make in self._made:
            told[place] = make(told[place])
        return told


_Thing = TypeVar("_Thing")


class Shapes:
    """All shapes that are in use, each once, and what else switches of one model share: indexes, and places of cells.

    Nothing that a device may choose is kept for long beyond its use: one that tells something else each time must not
    fill the memory.
    """

    def __init__(self) -> None:
        self._known: WeakValueDictionary[tuple[str, int, int, tuple[Odd, ...], tuple[Made, ...], bytes], Shape] = (
            WeakValueDictionary()
        )
        self._shared: dict[Hashable, Any] = {}
        self._size = 0

    def once(self, key: tuple[Hashable, ...], make: Callable[[tuple[Any, ...]], _Thing]) -> _Thing:
        """What is made of `key`, the same object for all that ask."""
        found: _Thing | None = self._shared.get((make, key))
        if found is None:
            size = sum(_SIZE + (len(each) if isinstance(each, str | bytes) else 0) for each in key)
            self._size += size
            if self._size > _MOST_SHARED:
                self._shared.clear()  # what is in use lives on in its courses
                self._size = size
            found = self._shared[make, key] = make(key)
        return found

    def of(self, pdu: bytes) -> Shape:
        """The shape of `pdu`, a PDU that was decoded before."""
        form, at = [">"], 0
        odd: list[Odd] = []
        made: list[Made] = []
        mask = bytearray(b"\xff" * len(pdu))
        id_at = begin(pdu, begin(pdu, 0))
        mask[id_at : end(pdu, begin(pdu, 0))] = bytes(end(pdu, begin(pdu, 0)) - id_at)
        spans = _spans(pdu)
        for place, (tag, first, stop) in enumerate(spans):
            width, signed = stop - first, tag == Kind.INTEGER
            mask[first:stop] = bytes(width)
            begins, code = first, f"{width}s"
            if tag in _NUMBERS and width in _SIGNED:
                code = _SIGNED[width] if signed else _SIGNED[width].upper()
            elif tag in _NUMBERS and width in _WIDER:
                begins = stop - _WIDER[width]
                code = _SIGNED[_WIDER[width]].upper()
                odd.append((place, (1 << 8 * width) - 1, 1 << 8 * width - 1 if signed else 0))
            elif tag in _NUMBERS and not signed:  # nine octets, of which the first is nought
                mask[first] = 0xFF
                begins = first + 1
                code = "Q"
            elif tag in _MAKERS:
                made.append((place, _MAKERS[tag]))
            form.append(f"{begins - at}x{code}")
            at = stop
        masks = int.from_bytes(mask, "little")
        fixed = int.from_bytes(pdu, "little") & masks
        key = (
            "".join(form) + f"{len(pdu) - at}x",
            masks,
            fixed,
            tuple(odd),
            tuple(made),
            array("I", [each[2] for each in spans]).tobytes(),
        )
        shape = self._known.get(key)
        if shape is None:
            shape = self._known[key] = Shape(*key)
        return shape


Name = Oid | tuple[Oid]
"""The name of a binding; in a tuple of its own where the binding is endOfMibView."""


def names(pdu: Pdu) -> tuple[Name, ...]:
    """The names of its bindings, and which of them are ends."""
    ended = Kind.END_OF_MIB_VIEW
    return tuple([(binding.oid,) if binding.kind is ended else binding.oid for binding in pdu.bindings])


class Asked(NamedTuple):
    """One question, and the names that came in the reply. Shared by devices of one model.

    Of the values only so many from the first on are `used`: those behind the end of a table are of no use. 0 for all,
    -1 for none.
    """

    head: bytes
    tail: bytes
    names: tuple[Name, ...]
    used: int = 0


class Exchange:
    """One question, and what is known of the reply to it.

    Of the last reply no more is kept than the hash of its bytes, which is keyed (PEP 456): no device can meet it.
    `pdu` and `values` are there only until they stand in columns.
    """

    __slots__ = ("_moves", "_seen", "asked", "pdu", "shape", "values")

    def __init__(self, asked: Asked, shape: Shape, pdu: bytes | None = None) -> None:
        self.asked, self.shape, self.pdu = asked, shape, pdu
        self.values: Sequence[Value] | None = None
        self._moves = 0
        self._seen = 0 if pdu is None else self._hash(pdu)

    def take(self, pdu: bytes, shapes: Shapes) -> bool | None:
        """Take the reply `pdu`: True where values changed, False where none did, None where it is another reply.

        Of a reply that was another one each time no hash is made, but now and then of two in a row. Raises CodecError
        where it is no reply at all.
        """
        shape, moves = self.shape, self._moves
        if moves >= _MOVING and moves % _TRIED and shape.fits(pdu):
            if moves % _TRIED == _TRIED - 1:
                self._seen = self._hash(pdu)
            self._moves, self.values, self.pdu = moves + 1, shape.values(pdu), pdu
            return True
        if self.asked.used < 0:
            return False if shape.fits(pdu) else self._other(pdu, shapes)
        # the same hash proves the same names as well, if it is made of all of them
        whole = not self.asked.used and len(pdu) == shape.size and pdu.startswith(shape.head)
        if not whole and not shape.fits(pdu):
            return self._other(pdu, shapes)
        seen = self._hash(pdu)
        if seen == self._seen:
            self._moves, self.pdu = 0, pdu
            return False
        if whole and not shape.fits(pdu):
            return self._other(pdu, shapes)
        self._moves, self._seen, self.values, self.pdu = moves + 1, seen, shape.values(pdu), pdu
        return True

    def _other(self, pdu: bytes, shapes: Shapes) -> bool | None:
        """Take a reply of another shape; None where it has other names, too."""
        told = response(pdu)
        if told.first or names(told) != self.asked.names:
            return None
        self.shape = shapes.of(pdu)
        if self.asked.used < 0:
            return False
        self._moves, self._seen, self.values, self.pdu = self._moves + 1, self._hash(pdu), self.shape.values(pdu), pdu
        return True

    def _hash(self, pdu: bytes) -> int:
        """The hash of what is used of `pdu`, which fits, without its id."""
        first, used = pdu[1], self.asked.used
        if used < 0:
            return 0
        return hash(pdu[8 if first < _LONG else first - _LONG + 8 : self.shape.ends[used - 1] if used else None])

    def told(self) -> Sequence[Value]:
        """The values of the reply that was taken; nothing of it is kept from now on."""
        values = self.values if self.values is not None or self.pdu is None else self.shape.values(self.pdu)
        self.pdu = self.values = None
        return values or ()


def first_of(pdu: bytes, count: int) -> bytes:
    """`pdu`, a reply that was decoded before, with so many of its bindings only, the first ones."""
    start = at = begin(pdu, 0)
    for _ in range(3):
        at = end(pdu, at)
    bindings = pdu[begin(pdu, at) : _spans(pdu)[count - 1][2]]
    return element(pdu[0], pdu[start:at] + element(pdu[at], bindings))


def response(pdu: bytes) -> Pdu:
    """The response that `pdu` is. Raises CodecError where it is none."""
    told = decoded_pdu(pdu)
    if told.kind is not PduKind.RESPONSE:
        raise CodecError("no response")
    return told


class Course:
    """Questions whose replies are known but for the values, and where each cell stands in them."""

    __slots__ = ("__weakref__", "_cells", "_rows", "exchanges", "index", "shapes")

    def __init__(
        self,
        exchanges: Iterable[Exchange],
        index: tuple[str, ...],
        cells: Mapping[str, Callable[[list[Value]], tuple[Value, ...]]],
        shapes: Shapes,
    ) -> None:
        """`cells`: what takes the values of each column out of those of all replies."""
        self.exchanges, self.index, self.shapes, self._cells = tuple(exchanges), index, shapes, cells
        self._rows: Rows | None = None

    @property
    def last(self) -> Rows | None:
        """The table as it was told last."""
        return self._rows

    def again(self) -> "Course":
        """The same course for another device, which most likely replies with the same names.

        Of a table without rows nothing is kept that is of one device only: all devices follow one course.
        """
        if all(exchange.asked.used < 0 for exchange in self.exchanges):
            return self
        copies = (Exchange(exchange.asked, exchange.shape) for exchange in self.exchanges)
        return Course(copies, self.index, self._cells, self.shapes)

    def rows(self, *, changed: bool, last: Rows | None = None) -> Rows:
        """The table, once all replies were taken; what is as in `last` (else: as last time) is the same object."""
        last = last or self._rows
        if self._rows is None or changed:
            flat: list[Value] = []
            for exchange in self.exchanges:
                flat.extend(exchange.told())
            flat.append(None)  # the place -1
            columns = {name: take(flat) for name, take in self._cells.items()}
            if last is not None:
                known = last.columns
                columns = {name: known[name] if known[name] == told else told for name, told in columns.items()}
            else:  # names, states and speeds are those of many devices of the model: each is kept once
                columns = {name: self.shapes.once(told, tuple) for name, told in columns.items()}
            self._rows = Rows(index=self.index, columns=columns)
        else:
            for exchange in self.exchanges:
                exchange.pdu = None
        return self._rows


def learned(
    exchanges: Iterable[Exchange], index: tuple[str, ...], cells: Mapping[str, Iterable[int]], shapes: Shapes
) -> Course:
    """The course of these exchanges.

    `cells`: for each column the places of its values in all replies one after the other, -1 for none.
    """
    takers = {column: shapes.once(tuple(places), _taker) for column, places in cells.items()}
    last, told = max((place for places in cells.values() for place in places), default=-1), 0
    exchanges = list(exchanges)
    for number, exchange in enumerate(exchanges):
        many = len(exchange.asked.names)
        used = last - told + 1 if told <= last < told + many else -1 if last < told else 0
        if used != exchange.asked.used:
            exchanges[number] = Exchange(exchange.asked._replace(used=used), exchange.shape, exchange.pdu)
        told += many
    return Course(exchanges, shapes.once(index, tuple), takers, shapes)


def _taker(places: tuple[int, ...]) -> Callable[[list[Value]], tuple[Value, ...]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda flat: tuple(flat[place] for place in places)


def placed(
    columns: Sequence[tuple[str, Oid]], replies: Iterable[tuple[int, Pdu]], index: Sequence[Oid]
) -> dict[str, list[int]]:
    """For each of `columns` (text and root) the places of its cells in `replies` (columns asked, and the reply)."""
    found: dict[str, dict[Oid, int]] = {text: {} for text, _ in columns}
    at, done, ended = 0, set[str](), Kind.END_OF_MIB_VIEW
    for width, reply in replies:
        open_ = [column for column in columns if column[0] not in done][:width]
        for place, binding in enumerate(reply.bindings):
            text, root = open_[place % len(open_)]
            row = binding.oid[len(root) :]
            # as `Walk` has it, to the letter: a column that ends there and goes on here shifts all that follow
            if text not in done and row and binding.oid[: len(root)] == root and binding.kind is not ended:
                found[text][row] = at + place
            else:
                done.add(text)
        at += len(reply.bindings)
    return {text: [cells.get(row, -1) for row in index] for text, cells in found.items()}
