"""Devices that mean harm, or are merely broken: real agents on loopback whose answers are wrong, each in its own way.

`FAMILY` names each with what must be said of it, so that one test can put any or all of them beside healthy devices.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self

from collectors.simulate.snmp import SimulatedDevice
from collectors.snmp.codec import (
    ErrorStatus,
    Kind,
    MessageV2,
    Oid,
    PduKind,
    decoded_message,
    element,
    encoded_message,
    encoded_pdu,
    encoded_v2,
    oid_of,
)
from collectors.snmp.community import identifier
from collectors.snmp.reader import (
    AuthProtocol,
    Budget,
    Community,
    Credential,
    Ending,
    PrivProtocol,
    Request,
    Silence,
    User,
)

COMMUNITY: Final = Community(community="read")
USER: Final = User(
    user="tester",
    auth=AuthProtocol.SHA256,
    auth_key="authentication",
    priv=PrivProtocol.AES128,
    priv_key="privacy-key",
)
DESCR: Final = "1.3.6.1.2.1.1.1.0"
TABLE: Final = "1.3.6.1.4.1.32473.1.1"  # the enterprise number for examples, RFC 5612
ONE, TWO = f"{TABLE}.1", f"{TABLE}.2"
ASKED: Final = Request(scalars=(DESCR,), tables=((ONE, TWO),))


class Device(SimulatedDevice):
    """An agent that counts how many questions lie before it, and whose replies go through `spoil` on their way.

    Once a question was `repeated`, its copies lie before the device beside the next ones, and the count says nothing
    more. What it sent is kept in `sent`, where there is such a list.
    """

    spoil: Callable[[bytes], bytes | None] = staticmethod(lambda reply: reply)
    sent: list[bytes] | None = None
    most_waiting, repeated = 0, False

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        waiting = self.__dict__.setdefault("waiting", Counter[bytes]())
        id_ = identifier(datagram)
        self.repeated |= id_ in waiting
        waiting[id_] += 1
        if not self.repeated:
            self.most_waiting = max(self.most_waiting, len(+waiting))
        asyncio.get_running_loop().call_later(self.delay, waiting.subtract, (id_,))
        reply = super().answer(datagram, now)
        if reply is not None and self.sent is not None:
            self.sent.append(reply)
        return None if reply is None else self.spoil(reply)

    def filled(self, rows: int = 30) -> Self:
        """With a description and so many rows."""
        self.set(DESCR, "a box")
        for row in range(1, rows + 1):
            self.set(f"{ONE}.{row}", row)
            self.set(f"{TWO}.{row}", f"row {row}")
        return self


def healthy(rows: int = 30) -> Device:
    """A device as it should be."""
    return Device(credentials=[COMMUNITY, USER]).filled(rows)


def spoiling(spoil: Callable[[bytes], bytes | None]) -> Device:
    """A device whose replies are spoilt."""
    made = healthy()
    made.spoil = spoil
    return made


class Endless(Device):
    """Invents a next row for ever."""

    def following(self, oid: Oid, count: int) -> Sequence[Oid]:
        root = next((root for root in (oid_of(ONE), oid_of(TWO)) if oid[: len(root)] == root), oid_of(ONE))
        last = oid[len(root)] if len(oid) > len(root) else 0
        return [(*root, last + n) for n in range(1, count + 1)]


class Circling(Device):
    """Comes back to its first row."""

    def following(self, oid: Oid, count: int) -> Sequence[Oid]:
        root = oid_of(ONE) if oid[: len(oid_of(TWO))] != oid_of(TWO) else oid_of(TWO)
        last = oid[len(root)] if len(oid) > len(root) else 0
        return [(*root, (last + n - 1) % 20 + 1) for n in range(1, count + 1)]


class Stuck(Device):
    """Answers every question for what follows with what was asked."""

    def following(self, oid: Oid, count: int) -> Sequence[Oid]:
        return [oid] * count


@dataclass
class Refusal:
    """Turns replies about the table into an error."""

    status: ErrorStatus
    index: int = 0

    def __call__(self, reply: bytes) -> bytes:
        message = decoded_message(reply)
        assert isinstance(message, MessageV2)
        if message.pdu.bindings[0].oid == oid_of(DESCR):
            return reply
        error = encoded_pdu(PduKind.RESPONSE, message.pdu.request_id, self.status, self.index, b"")
        return encoded_v2(message.community, error)


@dataclass
class First:
    """Lets only so many replies pass."""

    count: int = 1
    seen: int = field(default=0)

    def __call__(self, reply: bytes) -> bytes | None:
        self.seen += 1
        return reply if self.seen <= self.count else None


def other_id(reply: bytes) -> bytes:
    message = decoded_message(reply)
    assert isinstance(message, MessageV2)
    return encoded_message(replace(message, pdu=replace(message.pdu, request_id=message.pdu.request_id + 1)))


def empty(reply: bytes) -> bytes:
    message = decoded_message(reply)
    assert isinstance(message, MessageV2)
    return encoded_message(replace(message, pdu=replace(message.pdu, bindings=())))


def other_community(reply: bytes) -> bytes:
    return reply.replace(b"read", b"evil", 1)


def false_length(reply: bytes) -> bytes:
    return reply[:1] + b"\x84\xff\xff\xff\xff" + reply[2:]


def false_inner_length(reply: bytes) -> bytes:
    return reply[:-1] + b"\xff" if reply[-2] == Kind.NULL else reply[:-6] + b"\x7f" + reply[-5:]


def nested(reply: bytes) -> bytes:
    at = reply.index(b"\x02\x04") + 6
    return reply[:at] + b"\x30\x80" * 20_000


def cut(reply: bytes) -> bytes:
    return reply[: len(reply) // 2]


def noise(reply: bytes) -> bytes:
    return random.Random(len(reply)).randbytes(len(reply))  # noqa: S311 - noise, not a secret


def endless_number(reply: bytes) -> bytes:
    """One OID, of a single number of 60,000 octets."""
    message = decoded_message(reply)
    assert isinstance(message, MessageV2)
    name = element(Kind.OBJECT_IDENTIFIER, b"\x2b" + b"\xff" * 60_000 + b"\x01")
    pdu = encoded_pdu(PduKind.RESPONSE, message.pdu.request_id, 0, 0, element(0x30, name + b"\x05\x00"))
    return encoded_v2(message.community, pdu)


def huge() -> Device:
    made = Device({DESCR: "a box"}, credentials=[COMMUNITY], limit=65_000)
    for row in range(1, 31):
        made.set(f"{ONE}.{row}", b"x" * 60_000)
    return made


def silent() -> Device:
    made = healthy()
    made.silent = True
    return made


class Rebooting(Device):
    """Boots before every answer, so that no time window ever fits."""

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        self.reboot(now)
        return super().answer(datagram, now)


class Shifting(Device):
    """Another engine at every answer."""

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        self.engine_id = b"\x80\x00\x4f\xb8\x05" + random.SystemRandom().randbytes(8)
        return super().answer(datagram, now)


def boundless_engine() -> Device:
    return Device({DESCR: "a box"}, credentials=[USER], engine_id=b"\x80" + b"e" * 30_000)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One of the family, and what must be said of it."""

    device: Callable[[], Device]
    silence: Silence | None = None
    ended: Ending | None = None
    credential: Credential = COMMUNITY
    budget: Budget = field(default_factory=lambda: Budget(seconds=20))


FAMILY: Final[dict[str, Case]] = {
    "rows that never end": Case(
        device=lambda: Endless({DESCR: "a box"}, credentials=[COMMUNITY]),
        ended=Ending.ROWS,
        budget=Budget(seconds=20, rows=500),
    ),
    "rows that repeat": Case(
        device=lambda: Circling({DESCR: "a box"}, credentials=[COMMUNITY]), ended=Ending.REPEATED_OID
    ),
    "what was asked as the answer": Case(device=lambda: Stuck({DESCR: "a box"}, credentials=[COMMUNITY])),
    "strings of 60 kB": Case(device=huge, ended=Ending.BYTES, budget=Budget(seconds=20, bytes=300_000)),
    "a number of 60,000 octets": Case(device=lambda: spoiling(endless_number), silence=Silence.BAD_ANSWER),
    "false length": Case(device=lambda: spoiling(false_length), silence=Silence.BAD_ANSWER),
    "false length within": Case(device=lambda: spoiling(false_inner_length), silence=Silence.BAD_ANSWER),
    "deep nesting": Case(device=lambda: spoiling(nested), silence=Silence.BAD_ANSWER),
    "cut datagrams": Case(device=lambda: spoiling(cut), silence=Silence.BAD_ANSWER),
    "random datagrams": Case(device=lambda: spoiling(noise), silence=Silence.BAD_ANSWER),
    "another request-id": Case(device=lambda: spoiling(other_id), silence=Silence.TIMEOUT),
    "another community": Case(device=lambda: spoiling(other_community), silence=Silence.TIMEOUT),
    "no bindings": Case(device=lambda: spoiling(empty), ended=Ending.ERROR_STATUS),
    "tooBig": Case(device=lambda: spoiling(Refusal(ErrorStatus.TOO_BIG)), ended=Ending.ERROR_STATUS),
    "genErr": Case(device=lambda: spoiling(Refusal(ErrorStatus.GEN_ERR)), ended=Ending.ERROR_STATUS),
    "genErr at a place nobody asked for": Case(
        device=lambda: spoiling(Refusal(ErrorStatus.GEN_ERR, index=1000)), ended=Ending.ERROR_STATUS
    ),
    "only the first question answered": Case(device=lambda: spoiling(First()), ended=Ending.TIMEOUT),
    "nothing": Case(device=silent, silence=Silence.TIMEOUT),
    "a community of its own": Case(
        device=healthy, silence=Silence.TIMEOUT, credential=Community(community="not the one")
    ),
    "v3: another user": Case(device=healthy, silence=Silence.WRONG_USER, credential=User(user="nobody")),
    "v3: another level": Case(device=healthy, silence=Silence.WRONG_LEVEL, credential=User(user="tester")),
    "v3: another key": Case(
        device=healthy, silence=Silence.WRONG_KEY, credential=replace(USER, auth_key="another-key")
    ),
    "v3: another privacy key": Case(
        device=healthy, silence=Silence.WRONG_KEY, credential=replace(USER, priv_key="another-key")
    ),
    "v3: no time window": Case(
        device=lambda: Rebooting(credentials=[USER]).filled(), silence=Silence.TIME_WINDOW, credential=USER
    ),
    "v3: another engine each time": Case(
        device=lambda: Shifting(credentials=[USER]).filled(), silence=Silence.UNKNOWN_ENGINE, credential=USER
    ),
    "v3: an engine id of 30 kB": Case(device=boundless_engine, silence=Silence.UNKNOWN_ENGINE, credential=USER),
    "v3: random datagrams": Case(device=lambda: spoiling(noise), silence=Silence.BAD_ANSWER, credential=USER),
    "v3: nothing": Case(device=silent, silence=Silence.TIMEOUT, credential=USER),
}
