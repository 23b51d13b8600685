"""What is learned of a device's replies: the next one is checked as bytes, and only its values are decoded.

A `Shape` knows where in a reply of known names and lengths the values stand: one comparison of big integers under a
mask proves that nothing but values differs, one `struct` takes them all out. A `Course` is a row of questions with the
replies that came to them last time, and where in those each cell of a table stands.
"""

import struct
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

from collectors.snmp.codec import CodecError, Kind, Oid, Pdu, PduKind, decoded_pdu, oid_text
from collectors.snmp.community import begin, end
from collectors.snmp.reader import Rows, Value

_SIGNED: Final = {1: "b", 2: "h", 4: "i", 8: "q"}
_WIDER: Final = {3: 4, 5: 8, 6: 8, 7: 8}  # octets to read in place of a width that struct does not know
_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.COUNTER32, Kind.GAUGE32, Kind.TIME_TICKS, Kind.COUNTER64})
_NO_ID: Final = 3  # id's tag and length are fixed, its octets are not; a PDU's tag and at least one octet of length
_MOST_SHARED: Final = 16_000_000  # octets, about
_SIZE: Final = 60  # octets of a short text or a number, and of its place
_SHORT: Final = 512  # octets of a question that many devices are asked alike

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


class Shape:
    """Where values stand in replies whose names and lengths are the same. Shared by all replies of one shape."""

    __slots__ = ("__weakref__", "_made", "_mask", "_odd", "_unpacked")

    def __init__(self, form: str, mask: int, odd: tuple[Odd, ...], made: tuple[Made, ...]) -> None:
        self._unpacked = struct.Struct(form).unpack
        self._mask, self._odd, self._made = mask, odd, made

    def fits(self, pdu: bytes, last: bytes) -> bool:
        """True where `pdu` differs from `last`, of the same length, in values only."""
        return not (int.from_bytes(pdu, "little") ^ int.from_bytes(last, "little")) & self._mask

    def values(self, pdu: bytes) -> Sequence[Value]:
        """The values of `pdu`, which fits."""
        raw: Sequence[Any] = self._unpacked(pdu)
        if not self._odd and not self._made:
            return raw
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
        self._known: WeakValueDictionary[tuple[str, int, tuple[Odd, ...], tuple[Made, ...]], Shape] = (
            WeakValueDictionary()
        )
        self._shared: dict[Hashable, Any] = {}
        self._size = 0

    def once(self, key: tuple[Hashable, ...], make: Callable[[tuple[Any, ...]], _Thing]) -> _Thing:
        """What is made of `key`, the same object for all that ask."""
        found: _Thing | None = self._shared.get((make, key))
        if found is None:
            size = sum(_SIZE + (len(each) if isinstance(each, str) else 0) for each in key)
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
        for place, (tag, first, stop) in enumerate(_spans(pdu)):
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
        key = ("".join(form) + f"{len(pdu) - at}x", int.from_bytes(mask, "little"), tuple(odd), tuple(made))
        shape = self._known.get(key)
        if shape is None:
            shape = self._known[key] = Shape(*key)
        return shape


@lru_cache(maxsize=16_384)
def _same_octets(octets: bytes) -> bytes:
    return octets


class Exchange:
    """One question, and the reply that came to it last."""

    __slots__ = ("head", "last", "shape", "tail", "values")

    def __init__(self, head: bytes, tail: bytes, last: bytes) -> None:
        self.head, self.tail, self.last = _same_octets(head), tail, last
        if len(tail) <= _SHORT:
            self.tail = _same_octets(tail)
        self.shape: Shape | None = None
        self.values: Sequence[Value] = ()

    def learn(self, pdu: bytes, shapes: Shapes) -> None:
        """Keep `pdu`, whose names are those of the last."""
        self.last, self.shape = pdu, shapes.of(pdu)
        self.values = self.shape.values(pdu)

    def take(self, pdu: bytes, shapes: Shapes) -> bool | None:
        """Take the reply `pdu`: True where values changed, False where none did, None where it is another reply.

        Raises CodecError where it is no reply at all.
        """
        last = self.last
        if len(pdu) == len(last):
            begins = begin(pdu, 0) + 6
            if pdu[begins:] == last[begins:] and pdu[0] == last[0]:
                return False
            if self.shape is not None and self.shape.fits(pdu, last):
                self.last, self.values = pdu, self.shape.values(pdu)
                return True
        told, known = response(pdu), decoded_pdu(last)
        if told.first or [b.oid for b in told.bindings] != [b.oid for b in known.bindings]:
            return None
        ended = Kind.END_OF_MIB_VIEW
        if any((b.kind is ended) != (k.kind is ended) for b, k in zip(told.bindings, known.bindings, strict=True)):
            return None
        self.learn(pdu, shapes)
        return True


def response(pdu: bytes) -> Pdu:
    """The response that `pdu` is. Raises CodecError where it is none."""
    told = decoded_pdu(pdu)
    if told.kind is not PduKind.RESPONSE:
        raise CodecError("no response")
    return told


class Course:
    """Questions whose replies are known but for the values, and where each cell stands in them."""

    __slots__ = ("_cells", "_rows", "exchanges", "index", "shapes")

    def __init__(
        self, exchanges: Sequence[Exchange], index: tuple[str, ...], cells: Mapping[str, Iterable[int]], shapes: Shapes
    ) -> None:
        """`cells`: for each column the places of its values in all replies one after the other, -1 for none."""
        self.exchanges, self.index, self.shapes = tuple(exchanges), shapes.once(index, tuple), shapes
        for exchange in exchanges:
            exchange.learn(exchange.last, shapes)
        self._cells = {column: shapes.once(tuple(places), _taker) for column, places in cells.items()}
        self._rows: Rows | None = None

    def rows(self, *, changed: bool) -> Rows:
        """The table, once all replies were taken; the same object where nothing `changed`."""
        if self._rows is None or changed:
            flat: list[Value] = []
            for exchange in self.exchanges:
                flat.extend(exchange.values)
            flat.append(None)  # the place -1
            self._rows = Rows(index=self.index, columns={name: take(flat) for name, take in self._cells.items()})
        return self._rows


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
