"""The answering side of the polling benchmarks: switches of 48 ports and 767 values, for a process of its own.

SNMPv2c is answered from replies that were encoded before, so that the asking side is what is measured. They come in
several states, one after the other at each poll: octet counters and temperatures differ from the last poll.
"""

import asyncio
from multiprocessing.connection import Connection
from typing import Final, Self, cast

from collectors.simulate.snmp import SimulatedDevice, Wrap
from collectors.snmp.codec import Kind, Pdu
from collectors.snmp.community import begin, end, identifier
from collectors.snmp.reader import AuthProtocol, Community, PrivProtocol, Request, User

COMMUNITY: Final = Community(community="read")
USER: Final = User(
    user="bench",
    auth=AuthProtocol.SHA1,
    auth_key="bench-authentication",
    priv=PrivProtocol.AES128,
    priv_key="bench-privacy",
)
PORTS, ENTITIES, STATES = 52, 40, 8
_DATAGRAMS = 17  # of one poll, about: what is encrypted does not say where a poll begins
_BEGUN = 200_000_000  # ticks
SYSTEM: Final = tuple(f"1.3.6.1.2.1.1.{n}.0" for n in range(1, 8))
_IF, _IFX, _ENTITY = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1", "1.3.6.1.4.1.2011.5.25.31.1.1.1.1"
INTERFACES: Final = (*(f"{_IF}.{n}" for n in (2, 7, 8, 13, 14, 19, 20)), *(f"{_IFX}.{n}" for n in (6, 10, 15)))
PARTS: Final = tuple(f"{_ENTITY}.{n}" for n in (2, 5, 7, 8, 11, 12))
REQUEST: Final = Request(scalars=SYSTEM, tables=(INTERFACES, PARTS))
VALUES: Final = len(SYSTEM) + PORTS * len(INTERFACES) + ENTITIES * len(PARTS)
COUNTERS: Final = frozenset({*INTERFACES[3:9]})


class Prepared(SimulatedDevice):
    """A device that keeps its replies as they are before they are sealed: of SNMPv3 only keys and digests are left."""

    def _response(self, pdu: Pdu, limit: int, wrap: Wrap, now: float) -> bytes | None:
        key = pdu.kind, pdu.request_id.bit_length() // 8, pdu.first, pdu.second, pdu.bindings
        known = self.prepared.get(key)
        if known is None:

            def kept(reply: bytes) -> bytes:
                self.prepared[key] = reply
                return wrap(reply)

            return super()._response(pdu, limit, kept, now)
        id_at = begin(known, 0) + 2
        width = known[id_at - 1]
        return wrap(known[:id_at] + pdu.request_id.to_bytes(width, "big", signed=True) + known[id_at + width :])

    def keep(self) -> Self:
        """Keep replies from now on: no value changes any more."""
        self.prepared: dict[object, bytes] = {}
        return self


def device(state: int) -> SimulatedDevice:
    """The switch in one of its states."""
    made = Prepared(
        {
            SYSTEM[0]: "S5735-L48T4X-A1 Huawei Versatile Routing Platform Software VRP (R) software, Version 5.170",
            SYSTEM[1]: (Kind.OBJECT_IDENTIFIER, "1.3.6.1.4.1.2011.2.23.746"),
            SYSTEM[2]: (Kind.TIME_TICKS, _BEGUN),
            SYSTEM[3]: "network operations",
            SYSTEM[4]: "bench-access-01",
            SYSTEM[5]: "building 1, floor 2, rack 3",
            SYSTEM[6]: 78,
        },
        credentials=[COMMUNITY, USER],
    )
    for port in range(1, PORTS + 1):
        row = (
            f"GigabitEthernet0/0/{port}",
            1,
            1 if port % 3 else 2,
            *((Kind.COUNTER32, port if n else 0) for n in range(4)),
            *((Kind.COUNTER64, 10**9 * (port * 7 + n) + state * 123_457 * (port % 3)) for n in range(2)),
            (Kind.GAUGE32, 1000),
        )
        for column, value in zip(INTERFACES, row, strict=True):
            made.set(f"{column}.{port}", value)
    for part in range(ENTITIES):
        for column, value in zip(PARTS, (3, 5 + state, 40, 75, 38 + state % 3, 80), strict=True):
            made.set(f"{column}.{67108867 + part * 4096}", value)
    return made.keep()


class _Switch(asyncio.DatagramProtocol):
    """One switch; `known` is shared by all: reply halves around the id, by state and question."""

    def __init__(self, states: list[SimulatedDevice], known: dict[tuple[int, bytes], tuple[bytes, bytes]]) -> None:
        self._states, self._known, self._polls = states, known, 0
        self._asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # of a UDP socket it is always one

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._reply(data)
        if reply is not None:
            self._transport.sendto(reply, addr)

    def _reply(self, data: bytes) -> bytes | None:
        at = begin(data, 0)
        if data[at : at + 3] != b"\x02\x01\x01":
            now = asyncio.get_running_loop().time()
            self._asked += 1
            return self._states[self._asked // _DATAGRAMS % len(self._states)].answer(data, now)
        id_at = begin(data, end(data, at + 3)) + 2
        id_ = identifier(data)
        rest = data[id_at + len(id_) :] + bytes((len(id_),))  # lengths depend on that of the id
        if SYSTEM_ASKED in rest:
            self._polls += 1
        state = self._polls % len(self._states)
        halves = self._known.get((state, rest))
        if halves is None:
            reply = self._states[state].answer(data, 0.0)
            if reply is None:
                return None
            before, _, after = reply.partition(id_)
            halves = before, after
            if reply.count(id_) == 1:
                self._known[state, rest] = halves
        return halves[0] + id_ + (_later(halves[1]) if SYSTEM_ASKED in rest else halves[1])


def _later(reply: bytes) -> bytes:
    """The end of a reply with the uptime of now: where it went back, a switch would be asked as after a restart."""
    at = reply.find(SYSTEM_ASKED) + len(SYSTEM_ASKED) + 1
    if reply[at : at + 2] != b"\x43\x04":  # TimeTicks of four octets
        return reply
    ticks = _BEGUN + int(asyncio.get_running_loop().time() * 100) % 2**30
    return reply[: at + 2] + ticks.to_bytes(4, "big") + reply[at + 6 :]


SYSTEM_ASKED: Final = b"\x06\x08\x2b\x06\x01\x02\x01\x01\x03"  # sysUpTime: once in each poll


def answer(line: Connection, count: int) -> None:
    """Answer as `count` switches, and tell their ports through `line`."""

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        states, known = [device(state) for state in range(STATES)], dict[tuple[int, bytes], tuple[bytes, bytes]]()
        ports = []
        for _ in range(count):
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Switch(states, known), local_addr=("127.0.0.1", 0)
            )
            ports.append(transport.get_extra_info("sockname")[1])
        line.send(ports)
        await asyncio.Event().wait()

    asyncio.run(serve())
