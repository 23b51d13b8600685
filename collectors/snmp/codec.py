"""The form of SNMP on the wire: bytes to messages and back. Simulated agents speak through it, our engine will.

It knows SNMPv2c and SNMPv3 messages (RFC 3416, RFC 3412, RFC 3414) and the BER they are written in. Reading is strict
and never recursive: every length is checked against the bytes that are there, constructed types stand only where SNMP
puts them, and every failure is `CodecError`. Lengths in a longer form than needed are taken, because many agents write
them; integers of an unsigned type without their leading zero are taken too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache, partial
from typing import NamedTuple

from collectors.snmp.reader import Value

Oid = tuple[int, ...]

V2C, V3 = 1, 3
AUTH, PRIV, REPORTABLE = 1, 2, 4  # msgFlags, RFC 3412 section 6.4
USM = 3  # msgSecurityModel, RFC 3411 section 5
_SEQUENCE = 0x30
_MAX_SUBIDENTIFIERS = 128  # RFC 2578 section 3.5
_MAX_SUBIDENTIFIER = 2**32 - 1
_MAX_OID_OCTETS = 5 * _MAX_SUBIDENTIFIERS
SHORT_OID = 32
"""Octets, or numbers. What is longer is not kept from one use to the next: a device may choose what stands in it."""
_LONG = 0x80  # BER: the length is written in so many octets more
_MAX_LENGTH_OCTETS = 4
_ROOTS = 40  # BER: the first two sub-identifiers share an octet
_COUNTER64_OCTETS = 8


class CodecError(ValueError):
    """The bytes are no SNMP message, or the message cannot be written as bytes."""


class Kind(IntEnum):
    """The type of a value, by its BER tag (RFC 2578; RFC 3416 section 3 for the last three)."""

    INTEGER = 0x02
    OCTET_STRING = 0x04
    NULL = 0x05
    OBJECT_IDENTIFIER = 0x06
    IP_ADDRESS = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42
    TIME_TICKS = 0x43
    OPAQUE = 0x44
    COUNTER64 = 0x46
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


class PduKind(IntEnum):
    """What a PDU asks or says (RFC 3416 section 3)."""

    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    GET_BULK = 0xA5
    INFORM = 0xA6
    TRAP = 0xA7
    REPORT = 0xA8


class ErrorStatus(IntEnum):
    """The error-status values that this house reads or writes (RFC 3416 section 3)."""

    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    GEN_ERR = 5
    NOT_WRITABLE = 17


_RANGES = {
    Kind.INTEGER: range(-(2**31), 2**31),
    Kind.COUNTER32: range(2**32),
    Kind.GAUGE32: range(2**32),
    Kind.TIME_TICKS: range(2**32),
    Kind.COUNTER64: range(2**64),
}


class Binding(NamedTuple):
    """A variable binding. A tuple, because a poll of ten thousand switches makes millions."""

    oid: Oid
    kind: Kind
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """A PDU. `first` is error-status or non-repeaters, `second` is error-index or max-repetitions."""

    kind: PduKind
    request_id: int
    first: int = 0
    second: int = 0
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageV2:
    """An SNMPv2c message."""

    community: bytes
    pdu: Pdu


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """The security parameters of USM (RFC 3414 section 2.4). `auth_at` is where the digest stands in the message."""

    engine_id: bytes = b""
    boots: int = 0
    time: int = 0
    user: bytes = b""
    auth: bytes = b""
    priv: bytes = b""
    auth_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageV3:
    """An SNMPv3 message; `data` is the scoped PDU as bytes, encrypted where the flag PRIV is set."""

    id: int
    max_size: int
    flags: int
    security: Security
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedPdu:
    """A PDU and the context it is asked in (RFC 3412 section 6.8)."""

    engine_id: bytes
    context: bytes
    pdu: Pdu


Message = MessageV2 | MessageV3


class Bytes:
    """Bytes read from left to right, up to `end`. Its methods raise CodecError where they find something else."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def header(self) -> tuple[int, int]:
        """The next tag, and the end of its content, which lies within these bytes."""
        data, at, end = self.data, self.at, self.end
        if at + 2 > end:
            raise CodecError("the message ends within a tag or a length")
        tag, length = data[at], data[at + 1]
        at += 2
        if length >= _LONG:
            octets = length - _LONG
            if not 1 <= octets <= _MAX_LENGTH_OCTETS or at + octets > end:
                raise CodecError("a length is indefinite, too long or cut")
            length = int.from_bytes(data[at : at + octets], "big")
            at += octets
        if length > end - at:
            raise CodecError("a length points beyond the end")
        self.at = at
        return tag, at + length

    def part(self, tag: int) -> "Bytes":
        """The content of the next element, which must be a `tag`."""
        found, end = self.header()
        if found != tag:
            raise CodecError(f"tag 0x{found:02x} stands where 0x{tag:02x} is due")
        part = Bytes(self.data, self.at, end)
        self.at = end
        return part

    def octets(self) -> bytes:
        """The content of the next element, an OCTET STRING."""
        part = self.part(Kind.OCTET_STRING)
        return self.data[part.at : part.end]

    def integer(self, low: int, high: int) -> int:
        """The next element, an INTEGER within these bounds."""
        part = self.part(Kind.INTEGER)
        number = _integer(self.data[part.at : part.end])
        if not low <= number <= high:
            raise CodecError(f"{number} is not within {low} and {high}")
        return number

    def done(self) -> None:
        """Make sure that nothing is left."""
        if self.at != self.end:
            raise CodecError("there are bytes after the last element")


def _integer(content: bytes) -> int:
    if not 1 <= len(content) <= _COUNTER64_OCTETS + 1:
        raise CodecError("an integer is empty or too long")
    return int.from_bytes(content, "big", signed=True)


def _unsigned(content: bytes) -> int:
    if not 1 <= len(content) <= _COUNTER64_OCTETS + 1 or (len(content) > _COUNTER64_OCTETS and content[0]):
        raise CodecError("a counter is empty or too long")
    return int.from_bytes(content, "big")


def _oid(content: bytes) -> Oid:
    return _oid_often(content) if len(content) <= SHORT_OID else _oid_once(content)


def _oid_once(content: bytes) -> Oid:
    if not content or content[-1] >= _LONG:
        raise CodecError("an object identifier is empty or cut")
    if len(content) > _MAX_OID_OCTETS:  # checked first: numbers of many octets take quadratic time
        raise CodecError("an object identifier is too long")
    numbers: list[int] = []
    number, begun = 0, False
    for octet in content:
        if octet == _LONG and not begun:
            raise CodecError("a sub-identifier begins with padding")
        number = number << 7 | octet & 0x7F
        begun = octet >= _LONG
        if not begun:
            if number > _MAX_SUBIDENTIFIER + 2 * _ROOTS * (not numbers):
                raise CodecError("a sub-identifier is beyond 32 bits")
            numbers.append(number)
            number = 0
    if len(numbers) >= _MAX_SUBIDENTIFIERS:
        raise CodecError("an object identifier has more than 128 sub-identifiers")
    root = min(numbers[0] // _ROOTS, 2)
    return (root, numbers[0] - root * _ROOTS, *numbers[1:])


_oid_often = lru_cache(maxsize=32_768)(_oid_once)


def oid_text(content: bytes) -> str:
    """The content of an OBJECT IDENTIFIER as dotted text. Raises CodecError."""
    return ".".join(map(str, _oid(content)))


def _octets(content: bytes) -> bytes:
    return content


def _address(content: bytes) -> str:
    if len(content) != 4:  # noqa: PLR2004 - octets of an IPv4 address
        raise CodecError("an IpAddress is not of four octets")
    return ".".join(map(str, content))


def _nothing(content: bytes) -> None:
    if content:
        raise CodecError("there is content where none can be")


_READ: dict[int, tuple[Kind, Callable[[bytes], Value]]] = {
    Kind.INTEGER: (Kind.INTEGER, _integer),
    Kind.OBJECT_IDENTIFIER: (Kind.OBJECT_IDENTIFIER, oid_text),
    Kind.IP_ADDRESS: (Kind.IP_ADDRESS, _address),
    **{kind: (kind, _octets) for kind in (Kind.OCTET_STRING, Kind.OPAQUE)},
    **{kind: (kind, _unsigned) for kind in (Kind.COUNTER32, Kind.GAUGE32, Kind.TIME_TICKS, Kind.COUNTER64)},
    **{
        kind: (kind, _nothing) for kind in (Kind.NULL, Kind.NO_SUCH_OBJECT, Kind.NO_SUCH_INSTANCE, Kind.END_OF_MIB_VIEW)
    },
}
"""How the content of a value is read, by its tag."""


def _value(tag: int, content: bytes) -> tuple[Kind, Value]:
    read = _READ.get(tag)
    if read is None:
        raise CodecError(f"tag 0x{tag:02x} is no value of SNMP")
    return read[0], read[1](content)


def _binding(part: Bytes) -> Binding:
    name = part.part(Kind.OBJECT_IDENTIFIER)
    tag, end = part.header()
    kind, value = _value(tag, part.data[part.at : end])
    part.at = end
    part.done()
    return Binding(_oid(name.data[name.at : name.end]), kind, value)


def _short_binding(entries: Bytes) -> Binding | None:
    """The next binding where all its lengths are single octets, as nearly all are; else None, and nothing is read.

    It checks what `_binding` checks, in a third of the time.
    """
    data, at = entries.data, entries.at
    if at + 6 > entries.end or data[at] != _SEQUENCE or data[at + 2] != Kind.OBJECT_IDENTIFIER:
        return None
    end = at + 2 + data[at + 1]
    value = at + 4 + data[at + 3]
    if (
        data[at + 1] >= _LONG
        or end > entries.end
        or value + 2 > end
        or value + 2 + data[value + 1] != end
        or (read := _READ.get(data[value])) is None
    ):
        return None
    entries.at = end
    return _new_binding((_oid(data[at + 4 : value]), read[0], read[1](data[value + 2 : end])))


_new_binding: Callable[[tuple[Oid, Kind, Value]], Binding] = partial(tuple.__new__, Binding)


def _pdu(rest: Bytes) -> Pdu:
    tag, end = rest.header()
    try:
        kind = PduKind(tag)
    except ValueError:
        raise CodecError(f"tag 0x{tag:02x} is no PDU") from None
    part = Bytes(rest.data, rest.at, end)
    rest.at = end
    request_id = part.integer(-(2**31), 2**31 - 1)
    first = part.integer(0, 2**31 - 1)
    second = part.integer(0, 2**31 - 1)
    bindings = bindings_of(part)
    part.done()
    return Pdu(kind=kind, request_id=request_id, first=first, second=second, bindings=bindings)


def bindings_of(part: Bytes) -> tuple[Binding, ...]:
    """The variable bindings that come next in `part`. Raises CodecError."""
    entries = part.part(_SEQUENCE)
    found: list[Binding] = []
    while entries.at < entries.end:
        found.append(_short_binding(entries) or _binding(entries.part(_SEQUENCE)))
    return tuple(found)


def decoded_message(datagram: bytes) -> Message:
    """The message that `datagram` is, whole. Raises CodecError where it is none."""
    outer = Bytes(datagram, 0, len(datagram))
    message = outer.part(_SEQUENCE)
    outer.done()
    match message.integer(0, 3):
        case 1:
            community = message.octets()
            pdu = _pdu(message)
            message.done()
            return MessageV2(community=community, pdu=pdu)
        case 3:
            return _message_v3(message)
        case version:
            raise CodecError(f"SNMP version {version} is not spoken here")


def _message_v3(message: Bytes) -> MessageV3:
    header = message.part(_SEQUENCE)
    id_ = header.integer(0, 2**31 - 1)
    max_size = header.integer(484, 2**31 - 1)
    flags = header.octets()
    header.integer(USM, USM)
    header.done()
    if len(flags) != 1 or flags[0] & (AUTH | PRIV) == PRIV:
        raise CodecError("the flags are not one octet, or say privacy without authentication")
    wrapped = message.part(Kind.OCTET_STRING)
    security = _security(wrapped.part(_SEQUENCE))
    wrapped.done()
    if flags[0] & PRIV:
        data = message.octets()
    else:
        begin = message.at
        message.part(_SEQUENCE)
        data = message.data[begin : message.at]
    message.done()
    return MessageV3(id=id_, max_size=max_size, flags=flags[0], security=security, data=data)


def _security(part: Bytes) -> Security:
    engine_id = part.octets()
    boots = part.integer(0, 2**31 - 1)
    time = part.integer(0, 2**31 - 1)
    user = part.octets()
    auth = part.octets()
    auth_at = part.at - len(auth)
    priv = part.octets()
    part.done()
    return Security(engine_id=engine_id, boots=boots, time=time, user=user, auth=auth, priv=priv, auth_at=auth_at)


def decoded_pdu(data: bytes) -> Pdu:
    """The PDU that `data` is, whole. Raises CodecError where it is none."""
    part = Bytes(data, 0, len(data))
    pdu = _pdu(part)
    part.done()
    return pdu


def decoded_scoped(data: bytes) -> ScopedPdu:
    """The scoped PDU at the head of `data`; what follows is the padding of a block cipher. Raises CodecError."""
    part = Bytes(data, 0, len(data)).part(_SEQUENCE)
    engine_id, context = part.octets(), part.octets()
    pdu = _pdu(part)
    part.done()
    return ScopedPdu(engine_id=engine_id, context=context, pdu=pdu)


def element(tag: int, content: bytes) -> bytes:
    """One element of BER."""
    length = len(content)
    if length < _LONG:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG | len(octets))) + octets + content


def int_element(tag: int, number: int) -> bytes:
    """One number of BER, signed and as short as it can be."""
    return element(tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def _oid_content(oid: Oid) -> bytes:
    if not 2 <= len(oid) <= _MAX_SUBIDENTIFIERS or oid[0] > 2 or (oid[0] < 2 and oid[1] >= _ROOTS):  # noqa: PLR2004 - X.690 8.19: roots 0, 1, 2
        raise CodecError(f"{'.'.join(map(str, oid))} is no object identifier")
    content = bytearray()
    for number in (oid[0] * _ROOTS + oid[1], *oid[2:]):
        if not 0 <= number <= _MAX_SUBIDENTIFIER + 2 * _ROOTS:
            raise CodecError(f"{number} is no sub-identifier")
        shift = max(number.bit_length() - 1, 0) // 7 * 7
        content.extend(_LONG | number >> at & 0x7F for at in range(shift, 0, -7))
        content.append(number & 0x7F)
    return bytes(content)


def oid_of(text: str) -> Oid:
    """`text` such as "1.3.6.1" as numbers. Raises CodecError."""
    try:
        return tuple(map(int, text.strip(".").split(".")))
    except ValueError:
        raise CodecError(f'"{text}" is no object identifier') from None


def encoded_value(kind: Kind, value: Value) -> bytes:
    """One value with its tag. Raises CodecError where the value is not of the kind."""
    match kind, value:
        case (_, int()) if value in _RANGES.get(kind, ()):
            return int_element(kind, value)
        case (Kind.OCTET_STRING | Kind.OPAQUE, bytes()):
            return element(kind, value)
        case (Kind.OBJECT_IDENTIFIER, str()):
            return element(kind, _oid_content(oid_of(value)))
        case (Kind.IP_ADDRESS, str()):
            return element(kind, _address_content(value))
        case (Kind.NULL | Kind.NO_SUCH_OBJECT | Kind.NO_SUCH_INSTANCE | Kind.END_OF_MIB_VIEW, None):
            return bytes((kind, 0))
    raise CodecError(f"{type(value).__name__} is no value of kind {kind.name}, or out of its range")


def _address_content(text: str) -> bytes:
    try:
        octets = bytes(map(int, text.split(".")))
    except ValueError:
        octets = b""
    if len(octets) != 4:  # noqa: PLR2004 - octets of an IPv4 address
        raise CodecError(f'"{text}" is no IPv4 address')
    return octets


def encoded_binding(binding: Binding) -> bytes:
    """One variable binding. Raises CodecError."""
    name = element(Kind.OBJECT_IDENTIFIER, _oid_content(binding.oid))
    return element(_SEQUENCE, name + encoded_value(binding.kind, binding.value))


def encoded_pdu(kind: PduKind, request_id: int, first: int, second: int, bindings: bytes) -> bytes:
    """A PDU around variable bindings that are bytes already: an agent keeps those of values that do not change."""
    numbers = b"".join(int_element(Kind.INTEGER, number) for number in (request_id, first, second))
    return element(kind, numbers + element(_SEQUENCE, bindings))


def _pdu_bytes(pdu: Pdu) -> bytes:
    bindings = b"".join(map(encoded_binding, pdu.bindings))
    return encoded_pdu(pdu.kind, pdu.request_id, pdu.first, pdu.second, bindings)


def encoded_v2(community: bytes, pdu: bytes) -> bytes:
    """An SNMPv2c message around a PDU that is bytes already."""
    return element(_SEQUENCE, int_element(Kind.INTEGER, V2C) + element(Kind.OCTET_STRING, community) + pdu)


def encoded_scoped(engine_id: bytes, context: bytes, pdu: bytes) -> bytes:
    """A scoped PDU around a PDU that is bytes already."""
    return element(_SEQUENCE, element(Kind.OCTET_STRING, engine_id) + element(Kind.OCTET_STRING, context) + pdu)


def encoded_message(message: Message) -> bytes:
    """`message` as a datagram. The digest of SNMPv3 stands in it as it is given. Raises CodecError."""
    if isinstance(message, MessageV2):
        return encoded_v2(message.community, _pdu_bytes(message.pdu))
    security = message.security
    header = b"".join(
        (
            int_element(Kind.INTEGER, message.id),
            int_element(Kind.INTEGER, message.max_size),
            element(Kind.OCTET_STRING, bytes((message.flags,))),
            int_element(Kind.INTEGER, USM),
        )
    )
    parameters = b"".join(
        (
            element(Kind.OCTET_STRING, security.engine_id),
            int_element(Kind.INTEGER, security.boots),
            int_element(Kind.INTEGER, security.time),
            *(element(Kind.OCTET_STRING, octets) for octets in (security.user, security.auth, security.priv)),
        )
    )
    data = element(Kind.OCTET_STRING, message.data) if message.flags & PRIV else message.data
    return element(
        _SEQUENCE,
        int_element(Kind.INTEGER, V3)
        + element(_SEQUENCE, header)
        + element(Kind.OCTET_STRING, element(_SEQUENCE, parameters))
        + data,
    )


def encoded_scoped_pdu(scoped: ScopedPdu) -> bytes:
    """`scoped` as bytes. Raises CodecError."""
    return encoded_scoped(scoped.engine_id, scoped.context, _pdu_bytes(scoped.pdu))
