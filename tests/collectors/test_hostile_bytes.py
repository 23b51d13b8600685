"""Every byte of a real reply cut, flipped or made up, in SNMPv2c and v3: nothing raises, and nothing wrong is taken."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.simulate.usm import Engine
from collectors.snmp.codec import CodecError, MessageV3, oid_of
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Credential, Reading, Silence, Target, User
from collectors.snmp.usm import UsmWay
from hostile import ASKED, COMMUNITY, ONE, TWO, USER, Device, healthy

CREDENTIALS = pytest.mark.parametrize("credential", [COMMUNITY, USER], ids=["v2c", "v3"])
UNTIMED = settings(deadline=None, max_examples=60)  # the machine may be busy
HEAD, TAIL = b"\xa0\x1c\x02\x04", bytes.fromhex("020100020100300e300c06082b060102010101000500")


def spoken(device: Device, way: UsmWay, number: int) -> bytes:
    """The reply to a question of so many, once the two know each other."""
    id_ = number.to_bytes(4, "big")
    for _ in range(3):
        reply = device.answer(way.sealed(id_, HEAD, TAIL, 0.0), 0.0)
        assert reply is not None
        if isinstance(way.opened(reply, 0.0), bytes):
            return reply
    raise AssertionError("they never came to terms")


def broken(reply: bytes) -> Iterator[bytes]:
    """`reply` cut at every byte, and with every bit flipped, one at a time."""
    yield from (reply[:stop] for stop in range(len(reply)))
    for place in range(len(reply)):
        for bit in range(8):
            yield reply[:place] + bytes((reply[place] ^ 1 << bit,)) + reply[place + 1 :]


@pytest.mark.parametrize("user", [USER, replace(USER, priv=None, priv_key="")], ids=["authPriv", "authNoPriv"])
async def test_signed_message_that_was_touched_is_never_taken(user: User) -> None:
    device, way = Device(credentials=[user]).filled(), UsmWay(user)
    for number in (0x01020304, 0x01020305):  # the second is opened as the first was
        reply = spoken(device, way, number)
        for wire in broken(reply):
            with pytest.raises((CodecError, IndexError)):
                way.opened(wire, 0.0)
        assert isinstance(way.opened(reply, 0.0), bytes)


class Line:
    """The engine, and a device whose replies a test may change; both in one loop that a plain test can step."""

    def __enter__(self) -> Self:
        self.runner = asyncio.Runner()
        self.engine = self.runner.run(self._made())
        self.failed: list[object] = []
        self.runner.get_loop().set_exception_handler(lambda _, context: self.failed.append(context))
        return self

    async def _made(self) -> EngineReader:
        return EngineReader()

    def __exit__(self, *_: object) -> None:
        self.runner.run(self.engine.close())
        self.runner.close()

    def read(self, credential: Credential, device: Device, spoil: Callable[[int, bytes], bytes | None]) -> Reading:
        """One read; `spoil` gets the number of each reply and what it was, and says what is sent in its place."""
        return self.runner.run(self._read(credential, device, spoil))

    async def _read(
        self, credential: Credential, device: Device, spoil: Callable[[int, bytes], bytes | None]
    ) -> Reading:
        loop, count = asyncio.get_running_loop(), 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
            agent.bind(("127.0.0.1", 0))
            agent.setblocking(False)  # noqa: FBT003 - the standard library's own signature

            def heard() -> None:
                nonlocal count
                question, address = agent.recvfrom(65_535)
                reply = device.answer(question, loop.time())
                count += 1
                if reply is None:
                    return
                wrong = spoil(count, reply)
                if wrong is not None:
                    agent.sendto(wrong, address)
                agent.sendto(reply, address)  # the true one comes behind it

            loop.add_reader(agent.fileno(), heard)
            target = Target(address="127.0.0.1", port=agent.getsockname()[1], credential=credential, timeout=5)
            try:
                reading = await asyncio.wait_for(self.engine.read(target, ASKED, Budget(seconds=30)), 60)
            finally:
                loop.remove_reader(agent.fileno())
        assert not self.failed
        return reading


@CREDENTIALS
@UNTIMED
@given(data=st.data())
def test_real_replies_with_random_changes_never_raise_and_the_true_ones_behind_them_count(
    credential: Credential, data: st.DataObject
) -> None:
    """Of v2c a changed value is as good as a true one, which nobody can tell; names, rows and v3 must be right."""
    device = healthy(60)
    changes = data.draw(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4))
    cut = data.draw(st.one_of(st.none(), st.floats(0, 1, exclude_max=True)))
    which = data.draw(st.integers(1, 6))

    def spoil(number: int, reply: bytes) -> bytes | None:
        if number % which:
            return None
        wire = bytearray(reply)
        for place, change in changes:
            wire[int(place * len(wire))] ^= change
        return bytes(wire[: None if cut is None else int(cut * len(wire))])

    with Line() as line:
        readings = [line.read(credential, device, spoil) for _ in range(3)]

    for reading in readings:
        table = reading.tables[0]
        if credential is USER and reading.silence is None:
            assert set(zip(table.columns[ONE], table.columns[TWO], strict=True)) <= {
                (row, f"row {row}".encode()) for row in range(1, 61)
            }
        assert reading.silence in {None, *Silence}


@CREDENTIALS
@UNTIMED
@given(noise=st.lists(st.binary(max_size=300), min_size=1, max_size=8))
def test_random_datagrams_before_every_reply_change_nothing(credential: Credential, noise: list[bytes]) -> None:
    device = healthy()
    with Line() as line:
        reading = line.read(credential, device, lambda number, _: noise[number % len(noise)])

    assert (reading.silence, reading.tables[0].ended, len(reading.tables[0].index)) == (None, None, 30)


USM_STATS = "1.3.6.1.6.3.15.1.1"
REPORTS = {
    f"{USM_STATS}.1.0": Silence.WRONG_LEVEL,
    f"{USM_STATS}.2.0": Silence.TIME_WINDOW,
    f"{USM_STATS}.3.0": Silence.WRONG_USER,
    f"{USM_STATS}.4.0": Silence.UNKNOWN_ENGINE,
    f"{USM_STATS}.5.0": Silence.WRONG_KEY,
    f"{USM_STATS}.6.0": Silence.WRONG_KEY,
    "1.3.6.1.6.3.12.1.5.0": Silence.BAD_ANSWER,  # snmpUnknownContexts: refused, for a reason we have no word for
    "1.3.6.1.6.3.11.2.1.3.0": Silence.BAD_ANSWER,  # snmpUnknownPDUHandlers
}


class Reporting(Device):
    """Answers every question with the same report, unsigned."""

    counter = ""

    def _reply_v3(self, message: MessageV3, datagram: bytes, now: float) -> bytes | None:
        del datagram
        engine = Engine(id=self.engine_id, boots=1, time=int(now), users=self.users)
        return engine.sealed(None, message, self._report(oid_of(self.counter)), salt=1)


@pytest.mark.parametrize(("counter", "silence"), REPORTS.items())
def test_every_report_has_its_reason(counter: str, silence: Silence) -> None:
    device = Reporting(credentials=[USER])
    device.counter = counter

    with Line() as line:
        reading = line.read(USER, device, lambda *_: None)

    assert reading.silence is silence
    assert reading.requests <= 6
