"""Pieces of text kept packed, and joined into one gzip stream (RFC 1952) without packing anything anew.

Used by series.py for the text of devices. A piece is deflated by itself and ends at an octet (RFC 1951, section 3.2.4),
so that pieces one after the other are one stream. Only its checksum has to be computed of theirs: CRC-32 is linear.
Several members in one body would do without that, but many clients read the first and drop the rest.
"""

import struct
import sys
import zlib
from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter

_QUICKEST = 1
_RAW = -15  # zlib's word for its largest window, without head or checksum
# A window of 4 KB and little memory: lines repeat the one before. A piece of 6 kB is as small as with zlib's own 32 KB
# and 256 KB, whose clearing alone would cost five times the packing.
_NEAR, _LITTLE = -12, 5
_HEAD = struct.Struct("<II")  # of a piece: CRC-32 and length of its text
_head, _body = itemgetter(slice(_HEAD.size)), itemgetter(slice(_HEAD.size, None))
_BEGIN = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST = b"\x03\x00"  # an empty block that says it is the last
_MOST_LENGTHS = 1024  # 4 kB for each
_POLYNOMIAL = 0xEDB88320  # of CRC-32, its lowest power first
_ONE = 1 << 31


def packed(text: bytes) -> bytes:
    """`text` as a piece, a tenth of its size where its lines are alike."""
    if not text:
        return b""
    _BEHIND[len(text)]  # made now, where it costs one visit a moment, and not all at once at the first scrape
    deflate = zlib.compressobj(_QUICKEST, zlib.DEFLATED, _NEAR, _LITTLE)
    return b"".join((_HEAD.pack(zlib.crc32(text), len(text)), deflate.compress(text), deflate.flush(zlib.Z_SYNC_FLUSH)))


def unpacked(piece: bytes) -> bytes:
    """The text of a piece."""
    return zlib.decompressobj(_RAW).decompress(piece[_HEAD.size :])


class Stream:
    """One gzip stream: `begin`, then `add` pieces, then `end`."""

    def __init__(self) -> None:
        """Nothing was added yet."""
        self._checksum = self._size = 0

    def begin(self) -> bytes:
        """The octets that stand first."""
        return _BEGIN

    def add(self, pieces: Sequence[bytes]) -> bytes:
        """The octets of `pieces`."""
        pieces = [*filter(None, pieces)]  # of no text there is no head
        heads = array("I")
        heads.frombytes(b"".join(map(_head, pieces)))
        if sys.byteorder == "big":
            heads.byteswap()
        checksum, lengths = self._checksum, heads[1::2]
        for of_piece, length in zip(heads[::2], lengths, strict=True):
            for one, two, three, four in _BEHIND[length]:
                first, second, third, fourth = checksum.to_bytes(4, "little")
                checksum = one[first] ^ two[second] ^ three[third] ^ four[fourth]
            checksum ^= of_piece
        self._checksum, self._size = checksum, self._size + sum(lengths)
        return b"".join(map(_body, pieces))

    def end(self) -> bytes:
        """The octets that stand last."""
        return _LAST + _HEAD.pack(self._checksum, self._size & 0xFFFFFFFF)


_Shift = tuple[Sequence[int], Sequence[int], Sequence[int], Sequence[int]]
"""What a checksum becomes when text of some length follows, by each of its four octets."""


class _Behind(dict[int, tuple[_Shift, ...]]):
    """The shifts that text of a length makes: one that is kept for each of so many lengths, two for any other."""

    def __missing__(self, octets: int) -> tuple[_Shift, ...]:
        """Those of a length that was not met yet, or is one too many."""
        if len(self) >= _MOST_LENGTHS:
            return _shift(octets & 0xFF00), _shift(octets & ~0xFF00)
        self[octets] = made = (_shift(octets),)
        return made


_BEHIND = _Behind()


@lru_cache(maxsize=4096)
def _shift(octets: int) -> _Shift:
    power = _product(_power(octets & 0xFF00), _power(octets & ~0xFF00))
    bits = [power]
    for _ in range(31):
        bits.append(bits[-1] >> 1 ^ _POLYNOMIAL if bits[-1] & 1 else bits[-1] >> 1)
    bits.reverse()  # what each bit of a checksum becomes: the highest is x to the power of 0
    tables = list[Sequence[int]]()
    for first in range(0, 32, 8):
        table = [0]
        for bit in bits[first : first + 8]:
            table += [value ^ bit for value in table]
        tables.append(array("I", table))
    return tables[0], tables[1], tables[2], tables[3]


@lru_cache(maxsize=4096)
def _power(octets: int) -> int:
    """The power of x that text of so many octets multiplies by."""
    power, square = _ONE, _ONE >> 8
    while octets:
        if octets & 1:
            power = _product(power, square)
        square, octets = _product(square, square), octets >> 1
    return power


def _product(one: int, other: int) -> int:
    """The product of two polynomials modulo that of CRC-32 (as `multmodp` of zlib's crc32.c)."""
    product, bit = 0, _ONE
    while one:
        if one & bit:
            product ^= other
            one ^= bit
        bit >>= 1
        other = other >> 1 ^ _POLYNOMIAL if other & 1 else other >> 1
    return product
