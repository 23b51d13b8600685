"""Both readers against simulated agents on loopback: what they read, and every way a device may not answer."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
from free_ports import free_port

from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.simulate.values import Typed
from collectors.snmp.codec import Kind, Oid, oid_of
from collectors.snmp.engine import EngineReader
from collectors.snmp.pysnmp_reader import PysnmpReader
from collectors.snmp.reader import (
    AuthProtocol,
    Budget,
    Community,
    Credential,
    Ending,
    PrivProtocol,
    Reading,
    Request,
    Silence,
    Target,
    User,
)

COMMUNITY = Community(community="read")
USER = User(
    user="tester",
    auth=AuthProtocol.SHA256,
    auth_key="authentication",
    priv=PrivProtocol.AES128,
    priv_key="privacy-key",
)
TABLE = "1.3.6.1.4.1.32473.1.1"  # the enterprise number for examples, RFC 5612
ONE, TWO = f"{TABLE}.1", f"{TABLE}.2"
DESCR = "1.3.6.1.2.1.1.1.0"


def device(rows: int = 30, limit: int = 1500, credentials: Sequence[Credential] = (COMMUNITY, USER)) -> SimulatedDevice:
    made = SimulatedDevice({DESCR: "a box"}, credentials=credentials, limit=limit)
    fill(made, rows)
    return made


def fill(made: SimulatedDevice, rows: int) -> None:
    for row in range(1, rows + 1):
        made.set(f"{ONE}.{row}", row)
        if row % 3:
            made.set(f"{TWO}.{row}", f"row {row}")


@dataclass
class Bench:
    network: Network = field(default_factory=Network)
    reader: PysnmpReader | EngineReader = field(default_factory=PysnmpReader)

    async def read(
        self,
        made: SimulatedDevice,
        request: Request,
        credential: Credential = COMMUNITY,
        budget: Budget | None = None,
        patience: float = 0.5,
    ) -> Reading:
        port = await self.network.serve(made)
        target = Target(address="127.0.0.1", port=port, credential=credential, timeout=patience, retries=1)
        return await self.reader.read(target, request, budget or Budget())


@pytest.fixture(params=[PysnmpReader, EngineReader], ids=["pysnmp", "engine"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    made = Bench(reader=request.param())
    yield made
    made.network.close()
    await made.reader.close()
    await asyncio.sleep(0)


ASKED = Request(scalars=(DESCR, "1.3.6.1.2.1.1.9.0"), tables=((ONE, TWO),))
SECOND = tuple(None if row % 3 == 0 else f"row {row}".encode() for row in range(1, 31))


@pytest.mark.parametrize("credential", [COMMUNITY, USER], ids=["v2c", "v3"])
@pytest.mark.parametrize("limit", [484, 1500, 60_000])
async def test_whole_table_is_read_wherever_replies_are_cut(bench: Bench, credential: Credential, limit: int) -> None:
    reading = await bench.read(device(limit=limit), ASKED, credential)

    assert reading.silence is None
    assert reading.scalars == {DESCR: b"a box", "1.3.6.1.2.1.1.9.0": None}
    table = reading.tables[0]
    assert table.index == tuple(map(str, range(1, 31)))
    assert table.columns == {ONE: tuple(range(1, 31)), TWO: SECOND}
    assert table.ended is None
    assert reading.bytes > 0


@pytest.mark.parametrize("auth", AuthProtocol)
@pytest.mark.parametrize("priv", [None, PrivProtocol.AES128, PrivProtocol.AES256, PrivProtocol.AES256_REEDER])
async def test_v3_speaks_every_authentication(bench: Bench, auth: AuthProtocol, priv: PrivProtocol | None) -> None:
    user = User(user="u", auth=auth, auth_key="authentication", priv=priv, priv_key="privacy-key" if priv else "")

    reading = await bench.read(device(credentials=[user]), ASKED, user)

    assert (reading.silence, reading.scalars[DESCR]) == (None, b"a box")


@pytest.mark.parametrize("priv", [PrivProtocol.DES, PrivProtocol.AES192, PrivProtocol.AES192_REEDER])
async def test_v3_speaks_every_privacy(bench: Bench, priv: PrivProtocol) -> None:
    user = User(user="u", auth=AuthProtocol.SHA1, auth_key="authentication", priv=priv, priv_key="privacy-key")

    reading = await bench.read(device(credentials=[user]), ASKED, user)

    assert (reading.silence, reading.scalars[DESCR]) == (None, b"a box")


async def test_values_of_every_kind_come_as_they_are(bench: Bench) -> None:
    made = device()
    kinds: dict[str, Typed] = {
        f"{TABLE}.9.1": (Kind.COUNTER64, 2**64 - 1),
        f"{TABLE}.9.2": (Kind.IP_ADDRESS, "192.0.2.1"),
        f"{TABLE}.9.3": (Kind.OBJECT_IDENTIFIER, "1.3.6.1.4.1.2011"),
        f"{TABLE}.9.4": (Kind.OCTET_STRING, b"\x00\xff"),
        f"{TABLE}.9.5": (Kind.INTEGER, -1),
        f"{TABLE}.9.6": (Kind.OPAQUE, b"\x9f\x78"),
        f"{TABLE}.9.7": (Kind.NULL, None),
    }
    for oid, value in kinds.items():
        made.set(oid, value)

    reading = await bench.read(made, Request(scalars=tuple(kinds)))

    assert list(reading.scalars.values()) == [value for _, value in kinds.values()]


@pytest.mark.parametrize(
    ("credential", "silence"),
    [
        (Community(community="wrong"), Silence.TIMEOUT),
        (User(user="nobody"), Silence.WRONG_USER),
        (User(user="tester"), Silence.WRONG_LEVEL),
        (
            User(
                user="tester",
                auth=AuthProtocol.SHA256,
                auth_key="another-key",
                priv=PrivProtocol.AES128,
                priv_key="privacy-key",
            ),
            Silence.WRONG_KEY,
        ),
        (
            User(
                user="tester",
                auth=AuthProtocol.SHA256,
                auth_key="authentication",
                priv=PrivProtocol.AES128,
                priv_key="another-key",
            ),
            Silence.WRONG_KEY,
        ),
        (User(user="tester", auth=AuthProtocol.SHA256), Silence.WRONG_KEY),
    ],
    ids=["community", "user", "level", "authentication key", "privacy key", "empty key"],
)
async def test_credential_that_is_refused_says_why(bench: Bench, credential: Credential, silence: Silence) -> None:
    reading = await bench.read(device(), ASKED, credential, patience=0.2)

    assert reading.silence is silence
    assert reading.scalars == {}
    assert reading.tables[0].index == ()


async def test_silent_device_is_given_up_after_the_first_request(bench: Bench) -> None:
    made = device()
    made.silent = True

    reading = await bench.read(made, Request(scalars=(DESCR,), tables=((ONE,), (TWO,))), patience=0.1)

    assert reading.silence is Silence.TIMEOUT
    assert made.refused == 2


async def test_closed_port_is_refused_at_once(bench: Bench) -> None:
    port = free_port()
    for credential in (COMMUNITY, USER):
        target = Target(address="127.0.0.1", port=port, credential=credential, timeout=60)
        reading = await bench.reader.read(target, ASKED, Budget())
        assert reading.silence is Silence.REFUSED


async def test_name_that_leads_nowhere_is_unresolved(bench: Bench) -> None:
    target = Target(address="x" * 64, credential=COMMUNITY)  # longer than a label may be: no resolver is asked

    assert (await bench.reader.read(target, ASKED, Budget())).silence is Silence.UNRESOLVED


async def test_agent_on_ipv6_is_read(bench: Bench) -> None:
    port = await bench.network.serve(device(), "::1")
    reading = await bench.reader.read(Target(address="::1", port=port, credential=USER), ASKED, Budget())

    assert len(reading.tables[0].index) == 30


class Rebooting(SimulatedDevice):
    """An agent that boots before every answer, so that no time window ever fits."""

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        self.reboot(now)
        return super().answer(datagram, now)


async def test_time_window_that_never_fits_is_told(bench: Bench) -> None:
    reading = await bench.read(Rebooting({DESCR: "a box"}, credentials=[USER]), ASKED, USER)

    assert reading.silence is Silence.TIME_WINDOW


async def test_device_that_rebooted_since_is_read(bench: Bench) -> None:
    made = device()
    port = await bench.network.serve(made)
    target = Target(address="127.0.0.1", port=port, credential=USER)
    await bench.reader.read(target, ASKED, Budget())

    made.reboot(asyncio.get_running_loop().time())
    reading = await bench.reader.read(target, ASKED, Budget())

    assert (reading.silence, len(reading.tables[0].index)) == (None, 30)


async def test_box_that_was_replaced_is_read(bench: Bench) -> None:
    first = device()
    port = await bench.network.serve(first)
    target = Target(address="127.0.0.1", port=port, credential=USER)
    await bench.reader.read(target, ASKED, Budget())

    bench.network.close()
    await asyncio.sleep(0)
    second = SimulatedDevice({DESCR: "new"}, credentials=[USER], engine_id=b"\x80\x00\x4f\xb8\x05another")
    await bench.network.serve(second, "127.0.0.1", port)
    reading = await bench.reader.read(target, ASKED, Budget())

    assert (reading.silence, reading.scalars.get(DESCR)) == (None, b"new")


class Shifting(SimulatedDevice):
    """An agent with another engine id in every answer."""

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        self.engine_id = b"\x80\x00\x4f\xb8\x05" + os.urandom(8)
        return super().answer(datagram, now)


async def test_engine_that_nobody_knows_is_told(bench: Bench) -> None:
    reading = await bench.read(Shifting({DESCR: "a box"}, credentials=[USER]), ASKED, USER)

    assert reading.silence is Silence.UNKNOWN_ENGINE


class Endless(SimulatedDevice):
    """An agent that invents a next row for ever."""

    def following(self, oid: Oid, count: int) -> Sequence[Oid]:
        root = oid_of(ONE)
        last = oid[len(root)] if len(oid) > len(root) else 0
        return [(*root, last + n) for n in range(1, count + 1)]


async def test_endless_table_ends_with_the_budget_of_rows(bench: Bench) -> None:
    made = Endless({}, credentials=[COMMUNITY])

    reading = await bench.read(made, Request(tables=((ONE,),)), budget=Budget(rows=100))

    assert (len(reading.tables[0].index), reading.tables[0].ended) == (100, Ending.ROWS)


async def test_endless_table_ends_with_the_budget_of_bytes(bench: Bench) -> None:
    made = Endless({}, credentials=[COMMUNITY])

    reading = await bench.read(made, Request(tables=((ONE,), (ONE,))), budget=Budget(bytes=5_000))

    assert [table.ended for table in reading.tables] == [Ending.BYTES, Ending.BYTES]
    assert len(reading.tables[0].index) > 20
    assert reading.bytes < 8_000


async def test_endless_table_ends_with_the_budget_of_time(bench: Bench) -> None:
    made = Endless({}, credentials=[COMMUNITY])
    made.delay = 0.02

    reading = await bench.read(made, Request(tables=((ONE,), (ONE,))), budget=Budget(seconds=0.5))

    assert [table.ended for table in reading.tables] == [Ending.WALL_TIME, Ending.WALL_TIME]
    assert reading.silence is None
    assert len(reading.tables[0].index) >= 20


class Ordered(SimulatedDevice):
    """An agent that walks its rows in an order of its own."""

    order: tuple[int, ...] = ()

    def following(self, oid: Oid, count: int) -> Sequence[Oid]:
        root = oid_of(ONE)
        rows = [(*root, row) for row in self.order]
        at = rows.index(oid) + 1 if oid in rows else 0
        return [*rows[at : at + count], *super().following(oid_of(TWO), 1)][:count]


async def test_rows_out_of_order_are_taken(bench: Bench) -> None:
    made = Ordered({}, credentials=[COMMUNITY])
    fill(made, 30)
    made.order = (7, 3, 21, 1, *range(22, 31), 2)

    reading = await bench.read(made, Request(tables=((ONE,),)))

    assert reading.tables[0].columns[ONE] == tuple(sorted(made.order))
    assert reading.tables[0].ended is None


async def test_rows_that_repeat_end_the_table_with_what_was_read(bench: Bench) -> None:
    made = Ordered({}, credentials=[COMMUNITY])
    fill(made, 30)
    made.order = (1, 2, 3, 2)

    reading = await bench.read(made, Request(tables=((ONE,),)))

    assert reading.tables[0].columns[ONE] == (1, 2, 3)
    assert reading.tables[0].ended is Ending.REPEATED_OID


async def test_value_that_fits_no_packet_costs_only_itself(bench: Bench) -> None:
    made = device(rows=5)
    made.set(f"{TWO}.2", b"x" * 60_000)
    made.set("1.3.6.1.2.1.1.4.0", b"x" * 60_000)

    reading = await bench.read(made, Request(scalars=(DESCR, "1.3.6.1.2.1.1.4.0"), tables=((TWO, ONE),)))

    assert reading.scalars == {DESCR: b"a box", "1.3.6.1.2.1.1.4.0": None}
    table = reading.tables[0]
    assert table.columns == {TWO: (b"row 1", None, None, None, None), ONE: (1, 2, 3, 4, 5)}
    assert table.ended is Ending.ERROR_STATUS


async def test_more_scalars_than_one_packet_holds_are_halved(bench: Bench) -> None:
    made = device()
    oids = tuple(f"{TABLE}.7.{n}.0" for n in range(60))
    for oid in oids:
        made.set(oid, "v" * 200)

    reading = await bench.read(made, Request(scalars=oids))

    assert set(reading.scalars.values()) == {b"v" * 200}


class Forgetful(SimulatedDevice):
    """An agent that loses every second request."""

    asked = 0

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        self.asked += 1
        return super().answer(datagram, now) if self.asked % 2 == 0 else None


@pytest.mark.parametrize("credential", [COMMUNITY, USER], ids=["v2c", "v3"])
async def test_lost_request_is_repeated(bench: Bench, credential: Credential) -> None:
    made = Forgetful({DESCR: "a box"}, credentials=[COMMUNITY, USER])
    fill(made, 30)

    reading = await bench.read(made, ASKED, credential, patience=0.2)

    assert (reading.silence, len(reading.tables[0].index)) == (None, 30)


async def test_device_that_dies_during_the_read_keeps_what_was_read(bench: Bench) -> None:
    class Dying(SimulatedDevice):
        def answer(self, datagram: bytes, now: float) -> bytes | None:
            self.silent = self.answered >= 2
            return super().answer(datagram, now)

    made = Dying({DESCR: "a box"}, credentials=[COMMUNITY])
    fill(made, 120)

    reading = await bench.read(made, Request(scalars=(DESCR,), tables=((ONE,), (TWO,), (ONE,))), patience=0.05)

    assert reading.silence is None
    assert [table.ended for table in reading.tables] == [Ending.TIMEOUT] * 3
    read = reading.tables[0].columns[ONE]
    assert len(read) >= 20
    assert read == tuple(range(1, len(read) + 1))
    assert made.refused == 4


class Babbling(SimulatedDevice):
    """An agent that answers with something else than SNMP."""

    words: bytes = b""

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        whole = super().answer(datagram, now)
        return self.words or (whole and whole[:-3])


@pytest.mark.parametrize("words", [b"", b"\x30\x03\x02\x01\x01", b"GET / HTTP/1.1\r\n", b"\x00" * 500, b"\x30\x84\xff"])
@pytest.mark.parametrize("credential", [COMMUNITY, USER], ids=["v2c", "v3"])
async def test_answer_that_is_no_snmp_is_no_answer(bench: Bench, credential: Credential, words: bytes) -> None:
    made = Babbling({DESCR: "a box"}, credentials=[COMMUNITY, USER])
    made.words = words

    reading = await bench.read(made, ASKED, credential, patience=0.05)

    assert reading.silence is Silence.BAD_ANSWER


async def test_read_that_is_cancelled_gives_its_socket_back(bench: Bench) -> None:
    made = device()
    made.silent = True
    await bench.read(device(), ASKED)  # the engine's own socket serves all devices and stays
    bench.network.close()
    await asyncio.sleep(0)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only
    task = asyncio.create_task(bench.read(made, ASKED, patience=60))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    bench.network.close()
    await asyncio.sleep(0)

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - names only


async def test_dead_device_does_not_delay_the_living(bench: Bench) -> None:
    dead = device()
    dead.silent = True
    waiting = asyncio.create_task(bench.read(dead, ASKED, patience=30))

    readings = await asyncio.gather(*(bench.read(device(), ASKED, USER, patience=5) for _ in range(10)))

    assert all(len(reading.tables[0].index) == 30 for reading in readings)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
