"""The answering side of SNMP: simulated devices, hundreds in one process, for tests, demo and rehearsal of faults.

`SimulatedDevice.answer` is a plain function of a datagram and a moment; `Network` puts devices on UDP sockets of one
event loop. A device is a table of typed values that may be changed at any time, from a recording or written by hand.
"""

import asyncio
import contextlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, cast

from collectors.simulate.usm import (
    DECRYPTION_ERRORS,
    NOT_IN_TIME_WINDOWS,
    Engine,
    Keys,
    RefusedError,
    keys,
)
from collectors.simulate.values import Alternating, Growing, Live, Told, Typed, typed
from collectors.snmp.codec import (
    REPORTABLE,
    Binding,
    CodecError,
    ErrorStatus,
    Kind,
    MessageV2,
    MessageV3,
    Oid,
    Pdu,
    PduKind,
    ScopedPdu,
    decoded_message,
    decoded_scoped,
    encoded_binding,
    encoded_pdu,
    encoded_scoped,
    encoded_scoped_pdu,
    encoded_v2,
    oid_of,
)
from collectors.snmp.reader import Credential, User

PACKET_LIMIT: Final = 1500  # octets; the default of many switches
_MOST_BINDINGS = 2000  # an agent is free to answer with fewer than asked (RFC 3416 section 4.2.3)
_ROOM_FOR_LENGTHS = 24  # longer length octets and the padding of a block cipher, once bindings stand in a reply
_SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"

Wrap = Callable[[bytes], bytes]


class SimulatedDevice:
    """One device: what it would tell, whom it talks to, and how it misbehaves.

    Set `silent` and it answers nothing; `delay` (seconds) and it answers late; `limit` is the largest reply in octets.
    `refused` and `answered` count datagrams. Overriding `following` makes an agent that walks in a wrong order.
    """

    def __init__(
        self,
        values: Mapping[str, Told] | None = None,
        *,
        credentials: Sequence[Credential],
        engine_id: bytes = b"\x80\x00\x4f\xb8\x05simulated",
        limit: int = PACKET_LIMIT,
    ) -> None:
        self.communities = {c.community.encode() for c in credentials if not isinstance(c, User)}
        self.users = {c.user.encode(): keys(c, engine_id) for c in credentials if isinstance(c, User)}
        self.engine_id = engine_id
        self.limit = limit
        self.silent = False
        self.delay = 0.0
        self.boots = 1
        self.booted = 0.0
        self.answered = self.refused = 0
        self._reports: dict[Oid, int] = {}
        self._salt = 0
        self._values: dict[Oid, Typed] = {}
        self._live: dict[Oid, Live] = {}
        self._order: list[Oid] | None = None
        self._encoded: dict[Oid, bytes] = {}
        for oid, value in (values or {}).items():
            self.set(oid, value)

    def set(self, oid: str, value: Told) -> None:
        """Tell `value` for the instance `oid` from now on. Raises CodecError where it cannot be written."""
        name = oid_of(oid)
        live = value if isinstance(value, Growing | Alternating) else None
        told = value.at(0.0) if isinstance(value, Growing | Alternating) else typed(value)
        encoded = encoded_binding(Binding(name, *told))
        if name not in self._values:
            self._order = None
        self._values[name] = told
        self._encoded[name] = encoded
        self._live.pop(name, None)
        if live:
            self._live[name] = live

    def remove(self, oid: str) -> None:
        """Know nothing of `oid` from now on, nor of what stands below it."""
        root = oid_of(oid)
        for name in [name for name in self._values if name[: len(root)] == root]:
            del self._values[name], self._encoded[name]
            self._live.pop(name, None)
        self._order = None

    def told(self, oid: str) -> Told | None:
        """What was last set for `oid`, None where the device knows nothing of it."""
        name = oid_of(oid)
        return self._live.get(name) or self._values.get(name)

    def values(self) -> dict[str, Typed]:
        """All that the device was set to tell, in the order of a walk."""
        return {".".join(map(str, oid)): self._values[oid] for oid in self._sorted()}

    def start(self, now: float) -> None:
        """Begin the engine's time, and let sysUpTime grow from what was set."""
        self.booted = now
        if isinstance(told := self.told(_SYS_UP_TIME), tuple) and isinstance(ticks := told[1], int):
            self.set(_SYS_UP_TIME, Growing(kind=Kind.TIME_TICKS, start=ticks, per_second=100, since=now))

    def reboot(self, now: float) -> None:
        """Start anew: the engine's boots go up, its time begins again (RFC 3414 section 2.2.2)."""
        self.boots += 1
        self.booted = now

    def _sorted(self) -> list[Oid]:
        if self._order is None:
            self._order = sorted(self._values)
        return self._order

    def following(self, oid: Oid, count: int) -> Sequence[Oid]:
        """At most `count` instances that a walk meets after `oid`."""
        order = self._sorted()
        at = bisect_right(order, oid)
        return order[at : at + count]

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        """The reply to `datagram` at the moment `now` (seconds of any steady clock), None where there is none."""
        reply = None
        if not self.silent:
            with contextlib.suppress(CodecError):
                message = decoded_message(datagram)
                if isinstance(message, MessageV2):
                    reply = self._reply_v2(message, now)
                else:
                    reply = self._reply_v3(message, datagram, now)
        if reply is None:
            self.refused += 1
        else:
            self.answered += 1
        return reply

    def _reply_v2(self, message: MessageV2, now: float) -> bytes | None:
        if message.community not in self.communities:
            return None

        def wrap(pdu: bytes) -> bytes:
            return encoded_v2(message.community, pdu)

        return self._response(message.pdu, self.limit, wrap, now)

    def _reply_v3(self, message: MessageV3, datagram: bytes, now: float) -> bytes | None:
        engine = Engine(id=self.engine_id, boots=self.boots, time=int(now - self.booted), users=self.users)
        self._salt += 1
        salt = self._salt
        sender = self.users.get(message.security.user)
        try:
            sender, data = engine.opened(message, datagram)
            scoped = _scoped(sender, data)
        except RefusedError as refused:
            if not message.flags & REPORTABLE:
                return None
            known = sender if refused.counter == NOT_IN_TIME_WINDOWS else None
            return engine.sealed(known, message, self._report(refused.counter), salt=salt, private=False)

        def wrap(pdu: bytes) -> bytes:
            return engine.sealed(sender, message, encoded_scoped(self.engine_id, scoped.context, pdu), salt=salt)

        return self._response(scoped.pdu, min(self.limit, message.max_size), wrap, now)

    def _report(self, counter: Oid) -> bytes:
        self._reports[counter] = self._reports.get(counter, 0) + 1
        told = Binding(counter, Kind.COUNTER32, self._reports[counter])
        pdu = Pdu(kind=PduKind.REPORT, request_id=0, bindings=(told,))
        return encoded_scoped_pdu(ScopedPdu(engine_id=self.engine_id, context=b"", pdu=pdu))

    def _response(self, pdu: Pdu, limit: int, wrap: Wrap, now: float) -> bytes | None:
        match pdu.kind:
            case PduKind.GET:
                bindings = (self._instance(asked.oid, now) for asked in pdu.bindings)
            case PduKind.GET_NEXT:
                bindings = (self._next(asked.oid, now) for asked in pdu.bindings)
            case PduKind.GET_BULK:
                return self._bulk(pdu, limit, wrap, now)
            case PduKind.SET:
                return wrap(_response_pdu(pdu, b"", ErrorStatus.NOT_WRITABLE, 1))
            case _:
                return None
        reply = wrap(_response_pdu(pdu, b"".join(bindings)))
        return reply if len(reply) <= limit else wrap(_response_pdu(pdu, b"", ErrorStatus.TOO_BIG))

    def _bulk(self, pdu: Pdu, limit: int, wrap: Wrap, now: float) -> bytes:
        room = limit - len(wrap(_response_pdu(pdu, b""))) - _ROOM_FOR_LENGTHS
        taken: list[bytes] = []
        for binding in islice(self._bulk_bindings(pdu, now), _MOST_BINDINGS):
            room -= len(binding)
            if room < 0:
                break
            taken.append(binding)
        if not taken and pdu.bindings:
            return wrap(_response_pdu(pdu, b"", ErrorStatus.TOO_BIG))
        return wrap(_response_pdu(pdu, b"".join(taken)))

    def _bulk_bindings(self, pdu: Pdu, now: float) -> Iterable[bytes]:
        alone, repeated = pdu.bindings[: pdu.first], pdu.bindings[pdu.first :]
        for asked in alone:
            yield self._next(asked.oid, now)
        times = min(pdu.second, _MOST_BINDINGS)
        columns = [(asked.oid, self.following(asked.oid, times)) for asked in repeated]
        for row in range(times):
            if all(row > len(column) for _, column in columns):
                return
            for begin, column in columns:
                if row < len(column):
                    yield self._told(column[row], now)
                else:
                    yield encoded_binding(Binding(column[-1] if column else begin, Kind.END_OF_MIB_VIEW, None))

    def _told(self, oid: Oid, now: float) -> bytes:
        if live := self._live.get(oid):
            return encoded_binding(Binding(oid, *live.at(now)))
        return self._encoded.get(oid) or encoded_binding(Binding(oid, Kind.INTEGER, 0))

    def _instance(self, oid: Oid, now: float) -> bytes:
        if oid in self._values:
            return self._told(oid, now)
        following = self.following(oid[:-1], 1)
        column_is_known = bool(following) and following[0][: len(oid) - 1] == oid[:-1]
        kind = Kind.NO_SUCH_INSTANCE if column_is_known else Kind.NO_SUCH_OBJECT
        return encoded_binding(Binding(oid, kind, None))

    def _next(self, oid: Oid, now: float) -> bytes:
        for following in self.following(oid, 1):
            return self._told(following, now)
        return encoded_binding(Binding(oid, Kind.END_OF_MIB_VIEW, None))


def _response_pdu(asked: Pdu, bindings: bytes, status: ErrorStatus = ErrorStatus.NO_ERROR, index: int = 0) -> bytes:
    return encoded_pdu(PduKind.RESPONSE, asked.request_id, status, index, bindings)


def _scoped(sender: Keys, data: bytes) -> ScopedPdu:
    """The scoped PDU in `data`: a wrong key of AES shows only here, by what does not parse."""
    try:
        return decoded_scoped(data)
    except CodecError:
        if sender.user.priv:
            raise RefusedError(DECRYPTION_ERRORS) from None
        raise


class _Socket(asyncio.DatagramProtocol):
    """One UDP socket, behind which one device stands."""

    def __init__(self, device: SimulatedDevice, loop: asyncio.AbstractEventLoop) -> None:
        self.device, self._loop = device, loop
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # of a UDP socket it is always one

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self.device.answer(data, self._loop.time())
        if reply is None:
            return
        if self.device.delay:
            self._loop.call_later(self.device.delay, self._send, reply, addr)
        else:
            self._send(reply, addr)

    def _send(self, reply: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(reply, addr)

    def error_received(self, exc: Exception) -> None:
        """A client that is gone before its reply is no concern of ours."""


class Network:
    """Simulated devices on loopback addresses or ports of this machine, all in the running event loop."""

    def __init__(self) -> None:
        self._transports: list[asyncio.DatagramTransport] = []

    async def serve(self, device: SimulatedDevice, address: str = "127.0.0.1", port: int = 0) -> int:
        """Let `device` answer at `address`; gives the port. Raises OSError where the address is taken."""
        loop = asyncio.get_running_loop()
        device.start(loop.time())
        transport, _ = await loop.create_datagram_endpoint(lambda: _Socket(device, loop), local_addr=(address, port))
        self._transports.append(transport)
        return int(transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        """Take all devices off their addresses."""
        for transport in self._transports:
            transport.close()
        self._transports.clear()
