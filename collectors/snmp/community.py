"""SNMPv2c around a PDU: the engine's talk wraps its questions here, and unwraps what a socket received."""

from collectors.snmp.codec import CodecError, element, int_element
from collectors.snmp.reader import Community

_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_LONG = 0x80
_V2C = 1
_MOST_FRONTS = 1024
ID_OCTETS = 4
"""Our request-ids are so large that they always take four octets: they stand where one can find them at once."""


class CommunityWay:
    """How to speak to a device that wants a community.

    What stands before the id of a datagram depends on lengths alone, and is kept.
    """

    def __init__(self, credential: Community) -> None:
        self._fixed = int_element(_INTEGER, _V2C) + element(_OCTETS, credential.community.encode())
        self._fronts: dict[tuple[bytes, int], bytes] = {}
        self._before: dict[int, bytes] = {}  # what stands before the PDU of a message of so many octets

    def sealed(self, id_: bytes, head: bytes, tail: bytes, now: float) -> bytes:  # noqa: ARG002 - time is for SNMPv3
        """The datagram that asks `head` + `id_` + `tail`, a PDU."""
        front = self._fronts.get((head, len(tail)))
        if front is None:
            if len(self._fronts) >= _MOST_FRONTS:
                self._fronts.clear()
            whole = element(_SEQUENCE, b"".join((self._fixed, head, id_, tail)))
            front = self._fronts[head, len(tail)] = whole[: len(whole) - len(id_) - len(tail)]
        return front + id_ + tail

    def opened(self, data: bytes, now: float) -> bytes:  # noqa: ARG002 - as above
        """The PDU in `data`, which has an id.

        Raises CodecError where it has none or is of another community, IndexError where it ends too soon.
        """
        size = len(data)
        before = self._before.get(size)
        if before is not None and data.startswith(before):  # nearly always: lengths are few
            return data[len(before) :]
        first = data[1]
        at = 2 if first < _LONG else first - _LONG + 2
        size = first if first < _LONG else int.from_bytes(data[2:at], "big")
        stop = at + len(self._fixed)
        if data[0] != _SEQUENCE or at + size != len(data) or data[at:stop] != self._fixed:
            raise CodecError("no SNMPv2c message of our community, or its length is false")
        if len(self._before) < _MOST_FRONTS:
            self._before[len(data)] = data[:stop]
        return data[stop:]


def begin(data: bytes, at: int) -> int:
    """Where the content of the element at `at` begins. Raises CodecError where it lies beyond the end."""
    if at + 2 > len(data):
        raise CodecError("the message ends within a tag or a length")
    first = data[at + 1]
    return at + 2 if first < _LONG else at + 2 + (first & 0x7F)


def end(data: bytes, at: int) -> int:
    """Where the content of the element at `at` ends. Raises CodecError where that is beyond the end."""
    start = begin(data, at)
    first = data[at + 1]
    stop = start + (first if first < _LONG else int.from_bytes(data[at + 2 : start], "big"))
    if stop > len(data) or first == _LONG:
        raise CodecError("a length points beyond the end")
    return stop


def identifier(data: bytes) -> bytes:
    """The octets of the request-id (SNMPv2c) or msgID (SNMPv3) in `data`.

    Raises CodecError or IndexError where none stands there.
    """
    first = data[1]
    at = 2 if first < _LONG else first - _LONG + 2
    version = data[at : at + 3]
    at += 3
    if version == b"\x02\x01\x01" and data[at + 1] < _LONG:  # nearly always: each call here is one for each datagram
        pdu = at + 2 + data[at + 1]
        first = data[pdu + 1]
        at = pdu + 2 if first < _LONG else pdu + first - _LONG + 2
        if data[at : at + 2] == b"\x02\x04":
            return data[at + 2 : at + 2 + ID_OCTETS]
        at = 3 + (2 if data[1] < _LONG else data[1] - _LONG + 2)
    if version == b"\x02\x01\x03" and data[at : at + 1] == b"\x30" and data[at + 2 : at + 4] == b"\x02\x04":
        return data[at + 4 : at + 4 + ID_OCTETS]
    if version == b"\x02\x01\x01":
        at = begin(data, end(data, at))
    elif version == b"\x02\x01\x03":
        at = begin(data, at)
    else:
        raise CodecError("neither SNMPv2c nor SNMPv3")
    return data[begin(data, at) : end(data, at)]
