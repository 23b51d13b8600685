"""Our engine beside PySNMP on recordings and the fleet, from read to read, and against devices that mean harm."""

import asyncio
import gc
import os
import random
import tomllib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from collectors.plan import Platform
from collectors.platform import PlatformFile, platforms
from collectors.recording import recorded
from collectors.simulate.fleet import FleetDevice, fleet
from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.snmp.codec import (
    CodecError,
    ErrorStatus,
    Kind,
    MessageV2,
    PduKind,
    decoded_message,
    encoded_message,
    encoded_pdu,
    encoded_v2,
)
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
    Value,
)
from collectors.snmp.talk import Refusal
from collectors.snmp.usm import UsmWay

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("NETVIGIL_RECORDINGS", ROOT.parent / "shared" / "recordings")) / "snmp"
RECORDINGS = sorted(FOLDER.rglob("*.snmprec"))
PLATFORMS = platforms(
    {
        path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text("utf-8")))
        for path in (ROOT / "configs" / "platforms").glob("*.toml")
    }
)
COMMUNITY = Community(community="read")
USER = User(
    user="tester",
    auth=AuthProtocol.SHA256,
    auth_key="authentication",
    priv=PrivProtocol.AES128,
    priv_key="privacy-key",
)
UP_TIME = "1.3.6.1.2.1.1.3.0"
TABLE = "1.3.6.1.4.1.32473.1.1"  # the enterprise number for examples, RFC 5612
ONE, TWO = f"{TABLE}.1", f"{TABLE}.2"
DESCR = "1.3.6.1.2.1.1.1.0"
ASKED = Request(scalars=(DESCR, "1.3.6.1.2.1.1.9.0"), tables=((ONE, TWO),))


@dataclass
class Bench:
    network: Network = field(default_factory=Network)
    engine: EngineReader = field(default_factory=EngineReader)
    oracle: PysnmpReader = field(default_factory=PysnmpReader)

    async def target(self, device: SimulatedDevice, credential: Credential = COMMUNITY) -> Target:
        port = await self.network.serve(device)
        for oid, value in device.values().items():
            device.set(oid, value)  # what grows by itself stands still, so that two reads can be compared
        return Target(address="127.0.0.1", port=port, credential=credential, timeout=0.3, retries=2)

    async def same(self, target: Target, request: Request, reads: int = 3) -> Reading:
        """What both readers say, the engine several times over, which must be the same."""
        expected = await self.oracle.read(target, request, Budget())
        for _ in range(reads):
            reading = await self.engine.read(target, request, Budget())
            assert (reading.silence, reading.scalars) == (expected.silence, expected.scalars)
            assert reading.tables == expected.tables
        return expected


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    made.network.close()
    await made.engine.close()
    await made.oracle.close()
    await asyncio.sleep(0)


def box(rows: int = 30, limit: int = 1500) -> SimulatedDevice:
    made = SimulatedDevice({DESCR: "a box"}, credentials=[COMMUNITY, USER], limit=limit)
    for row in range(1, rows + 1):
        made.set(f"{ONE}.{row}", row)
        if row % 3:
            made.set(f"{TWO}.{row}", f"row {row}")
    return made


@pytest.mark.skipif(not RECORDINGS, reason=f"no recordings below {FOLDER}; NETVIGIL_RECORDINGS names them")
@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
async def test_recorded_device_is_read_as_pysnmp_reads_it(bench: Bench, path: Path) -> None:
    device = SimulatedDevice(credentials=[COMMUNITY, USER])
    for oid, value in recorded(path).values.items():
        try:
            device.set(oid, _typed(value))
        except CodecError:
            continue  # a line that no agent could have sent
    platform = PLATFORMS.get(path.parent.name, PLATFORMS["_standard"])
    target = await bench.target(device)

    expected = await bench.same(target, platform.request)
    as_user = replace(target, credential=USER)
    for _ in range(3):
        reading = await bench.engine.read(as_user, platform.request, Budget())
        assert (reading.scalars, reading.tables) == (expected.scalars, expected.tables)


MODEL = (Kind.OBJECT_IDENTIFIER, "1.3.6.1.4.1.32473.7")
WHO = Request(scalars=(DESCR, "1.3.6.1.2.1.1.2.0"))


def of_model(rows: int) -> SimulatedDevice:
    device = box(rows)
    device.set("1.3.6.1.2.1.1.2.0", MODEL)
    return device


@pytest.mark.parametrize("rows", [60, 31, 30, 29, 20, 3, 0])
async def test_another_device_of_a_model_is_read_as_it_is_whatever_the_first_told(bench: Bench, rows: int) -> None:
    for count in (30, rows, rows, 30):
        device = of_model(count)
        device.set(DESCR, f"a box of {count}, another number of octets")
        target = await bench.target(device)
        await bench.same(target, WHO)
        await bench.same(target, ASKED)


async def test_row_that_comes_to_one_of_the_devices_that_have_none_is_seen_there_and_only_there(bench: Bench) -> None:
    """They follow one course, in whose replies stand values of something else, behind the end of the table."""
    devices = [of_model(0) for _ in range(3)]
    targets = [await bench.target(device) for device in devices]
    for moment, rows in enumerate(((0, 0, 0), (0, 0, 0), (0, 2, 0), (0, 2, 1), (0, 0, 1), (0, 0, 0))):
        for device, many in zip(devices, rows, strict=True):
            for row in (1, 2):
                if row <= many:
                    device.set(f"{ONE}.{row}", row)
                else:
                    device.remove(f"{ONE}.{row}")
        for number, (device, target) in enumerate(zip(devices, targets, strict=True)):
            device.set("1.3.6.1.4.1.32473.2.1", 200 ** (1 + (moment + number) % 4))
            await bench.same(target, WHO)
            await bench.same(target, ASKED)


async def test_table_that_devices_of_a_model_do_not_have_is_kept_once(bench: Bench) -> None:
    targets = [await bench.target(of_model(0)) for _ in range(2)]
    told = []
    for target in targets:
        for request in (WHO, ASKED, ASKED, ASKED):
            reading = await bench.engine.read(target, request, Budget())
        told.append(reading.tables[0])

    assert told[0] is told[1]


class Heard(SimulatedDevice):
    """A device of the model that keeps what it was asked: the repetitions and names of each question."""

    def __init__(self) -> None:
        super().__init__({DESCR: "a box", "1.3.6.1.2.1.1.2.0": MODEL}, credentials=[COMMUNITY], limit=700)
        self.asked: list[tuple[int, tuple[tuple[int, ...], ...]]] = []
        for row in range(1, 101):
            self.set(f"{ONE}.{row}", row)

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        message = decoded_message(datagram)
        assert isinstance(message, MessageV2)
        self.asked.append((message.pdu.second, tuple(binding.oid for binding in message.pdu.bindings)))
        return super().answer(datagram, now)


async def test_second_device_of_a_model_is_asked_at_once_as_the_first_was_after_learning(bench: Bench) -> None:
    first, second = Heard(), Heard()
    targets = [await bench.target(device) for device in (first, second)]
    for target in (targets[0], targets[0], targets[0], targets[1]):
        begins = len(first.asked)
        for request in (WHO, ASKED):
            await bench.engine.read(target, request, Budget())
        if not begins:
            unlearned = first.asked[:]
    assert second.asked == first.asked[-len(second.asked) :] != unlearned[: len(second.asked)]


@pytest.mark.parametrize(("columns", "absent"), [(15, 0), (15, 9), (24, 0), (13, 12), (2, 0)])
async def test_wide_table_takes_no_more_questions_than_its_values_fill(bench: Bench, columns: int, absent: int) -> None:
    rows = 40
    table = tuple(f"{TABLE}.{column}" for column in range(1, columns + 1))
    made = SimulatedDevice({DESCR: "a box"}, credentials=[COMMUNITY])
    for column in table[absent:]:
        for row in range(1, rows + 1):
            made.set(f"{column}.{row}", row)
    target = await bench.target(made)
    request = Request(tables=(table,))
    filled = (columns - absent) * (rows + 1) / 80  # of so many values each
    for grown in (0, 0, 0, 1, 0):
        if grown:  # a row more: the table is walked anew
            for column in table[absent:]:
                made.set(f"{column}.{rows + 1}", rows + 1)
        reading = await bench.engine.read(target, request, Budget())
        (told,) = reading.tables
        assert len(told.index) in {rows, rows + 1}
        assert all(told.columns[column] == tuple(map(int, told.index)) for column in table[absent:])
        assert reading.requests <= filled * 1.35 + 3 + grown


@pytest.mark.parametrize(
    ("long", "most"),
    [
        (range(12, 14), 6 + 12),  # 12 columns of numbers: 6 rows in a reply; two of long texts: three rows in a reply
        (range(12), 31 + 3),  # 12 columns of texts: a row in a reply; then two of numbers: 40 rows in a reply
    ],
)
async def test_long_values_of_some_columns_do_not_make_the_others_be_asked_row_by_row(
    bench: Bench, long: range, most: int
) -> None:
    table, rows = tuple(f"{TABLE}.{column}" for column in range(1, 15)), 30
    made = SimulatedDevice({DESCR: "a box"}, credentials=[COMMUNITY])
    text = b"x" * (200 if len(long) < 12 else 90)
    for place, column in enumerate(table):
        for row in range(1, rows + 1):
            made.set(f"{column}.{row}", text if place in long else row)
    target = await bench.target(made)
    first, *_, last = [await bench.engine.read(target, Request(tables=(table,)), Budget()) for _ in range(4)]
    assert len(last.tables[0].index) == rows
    assert last.requests <= most
    assert last.tables[0] is first.tables[0]  # replies that were cut are learned at the first read
    for place, column in enumerate(table):  # another first row: all is walked anew, with what fits as it was learned
        made.remove(f"{column}.1")
        made.set(f"{column}.1000", text if place in long else 1)
    again = await bench.engine.read(target, Request(tables=(table,)), Budget())
    assert again.tables[0].index[-1] == "1000"
    assert again.requests <= most + 2


async def test_columns_that_begin_late_are_asked_for_with_the_others_to_their_end(bench: Bench) -> None:
    """The first columns have no rows, so that the last ones begin a reply after the others."""
    table, rows = tuple(f"{TABLE}.{column}" for column in range(1, 18)), 11
    made = SimulatedDevice({DESCR: "a box"}, credentials=[COMMUNITY])
    for column in table[3:]:
        for row in range(1, rows + 1):
            made.set(f"{column}.{row}", row)
    target = await bench.target(made)
    await bench.engine.read(target, Request(tables=(table,)), Budget())
    for column in table[3:]:  # the first row becomes another: all is walked anew
        made.remove(f"{column}.1")
        made.set(f"{column}.{rows * 1000}", rows)
    again = await bench.engine.read(target, Request(tables=(table,)), Budget())
    assert again.tables[0].index[-1] == str(rows * 1000)
    assert again.requests <= 4


async def test_table_without_rows_is_learned_however_long_the_values_behind_it_are(bench: Bench) -> None:
    made = SimulatedDevice({DESCR: "a box"}, credentials=[COMMUNITY])
    for row in range(1, 40):
        made.set(f"1.3.6.1.4.1.99999.8.{row}", b"x" * 200)  # what comes after the table, and is no matter of ours
    target, request = await bench.target(made), Request(tables=((f"{TABLE}.1", f"{TABLE}.2"),))
    readings = [await bench.engine.read(target, request, Budget()) for _ in range(4)]
    assert readings[3].tables[0] is readings[2].tables[0]
    assert readings[3].bytes < readings[0].bytes / 2


def _typed(value: Value) -> tuple[Kind, Value]:
    match value:
        case int():
            return (Kind.INTEGER if -(2**31) <= value < 2**31 else Kind.COUNTER64), value
        case bytes():
            return Kind.OCTET_STRING, value
        case str():
            return Kind.OBJECT_IDENTIFIER, value
        case _:
            return Kind.NULL, None


@pytest.mark.parametrize("watched", fleet().devices, ids=lambda watched: watched.name)
@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=lambda platform: platform.name)
async def test_fleet_is_read_as_pysnmp_reads_it(bench: Bench, watched: FleetDevice, platform: Platform) -> None:
    target = await bench.target(watched.device, watched.credential)

    assert (await bench.same(target, platform.request)).silence is None


def grown(made: SimulatedDevice) -> None:
    made.set(f"{ONE}.5", 70_000)


def renamed(made: SimulatedDevice) -> None:
    made.set(f"{TWO}.5", "another name, and a longer one")


def row_added_at_the_end(made: SimulatedDevice) -> None:
    made.set(f"{ONE}.99", 99)


def row_added_in_the_middle(made: SimulatedDevice) -> None:
    made.set(f"{TWO}.6", "new")


def row_removed(made: SimulatedDevice) -> None:
    made.remove(f"{ONE}.7")


def last_row_removed(made: SimulatedDevice) -> None:
    made.remove(f"{ONE}.30")
    made.remove(f"{TWO}.29")


def table_removed(made: SimulatedDevice) -> None:
    made.remove(TABLE)


def reindexed(made: SimulatedDevice) -> None:
    made.remove(TABLE)
    for row in range(101, 131):
        made.set(f"{ONE}.{row}", row)


def negative(made: SimulatedDevice) -> None:
    for row, value in enumerate((-1, -128, -129, -40_000, -9_000_000, 40_000, 9_000_000), start=1):
        made.set(f"{ONE}.{row}", value)


def counters(made: SimulatedDevice) -> None:
    for octets in range(1, 9):
        made.set(f"{ONE}.{octets}", (Kind.COUNTER64, 2 ** (8 * octets) - 2))
        made.set(f"{ONE}.{octets + 10}", (Kind.COUNTER64, 2 ** (8 * octets - 1) - 2))


def other_kinds(made: SimulatedDevice) -> None:
    made.set(f"{ONE}.1", (Kind.IP_ADDRESS, "192.0.2.1"))
    made.set(f"{ONE}.2", (Kind.OBJECT_IDENTIFIER, "1.3.6.1.4.1.32473"))
    made.set(f"{ONE}.3", (Kind.NULL, None))
    made.set(f"{ONE}.4", (Kind.OPAQUE, b"\x9f\x78"))
    made.set(f"{ONE}.5", (Kind.COUNTER32, 2**32 - 1))


def scalar_appears(made: SimulatedDevice) -> None:
    made.set("1.3.6.1.2.1.1.9.0", 9)


@pytest.mark.parametrize("limit", [484, 700, 1500, 60_000])
@pytest.mark.parametrize("credential", [COMMUNITY, USER], ids=["v2c", "v3"])
@pytest.mark.parametrize(
    "change",
    [
        grown,
        renamed,
        row_added_at_the_end,
        row_added_in_the_middle,
        row_removed,
        last_row_removed,
        table_removed,
        reindexed,
        negative,
        counters,
        other_kinds,
        scalar_appears,
    ],
)
async def test_what_changed_since_the_last_read_is_told(
    bench: Bench, change: Callable[[SimulatedDevice], None], credential: Credential, limit: int
) -> None:
    made = box(limit=limit)
    target = await bench.target(made, credential)
    await bench.same(target, ASKED)

    change(made)
    changed = await bench.same(target, ASKED)
    if change in {negative, counters}:  # the same lengths once more, other values
        made.set(f"{ONE}.1", 77)
        await bench.same(target, ASKED)

    assert changed.silence is None


async def test_learned_layout_is_not_asked_more_than_the_first_time(bench: Bench) -> None:
    target = await bench.target(box(rows=300))
    first = await bench.engine.read(target, ASKED, Budget())
    await bench.engine.read(target, ASKED, Budget())

    third = await bench.engine.read(target, ASKED, Budget())
    fourth = await bench.engine.read(target, ASKED, Budget())

    assert third.requests <= first.requests + 1
    assert fourth.tables[0] is third.tables[0]


class Odd(SimulatedDevice):
    """An agent whose answers are made wrong on their way."""

    wrong: Callable[[bytes], bytes | None] = staticmethod(lambda reply: reply)

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        reply = super().answer(datagram, now)
        return None if reply is None else self.wrong(reply)


def odd(wrong: Callable[[bytes], bytes | None]) -> Odd:
    made = Odd(credentials=[COMMUNITY, USER])
    for oid, value in box().values().items():
        made.set(oid, value)
    made.wrong = wrong
    return made


def other_id(reply: bytes) -> bytes:
    message = decoded_message(reply)
    assert isinstance(message, MessageV2)
    return encoded_message(replace(message, pdu=replace(message.pdu, request_id=message.pdu.request_id + 1)))


def a_request(reply: bytes) -> bytes:
    return reply.replace(b"\xa2", b"\xa0", 1)


def other_community(reply: bytes) -> bytes:
    return reply.replace(b"read", b"evil", 1)


def false_length(reply: bytes) -> bytes:
    return reply[:1] + b"\x84\xff\xff\xff\xff" + reply[2:]


def false_inner_length(reply: bytes) -> bytes:
    return reply.replace(b"\x30\x82", b"\x30\x83", 2)[:-1] + b"\xff"


def nested(_: bytes) -> bytes:
    return b"\x30\x82\xff\x00" * 15_000


def nested_behind_the_id(reply: bytes) -> bytes:
    at = reply.index(b"\x02\x04") + 6
    return reply[:at] + b"\x30\x80" * 20_000


def random_bytes(reply: bytes) -> bytes:
    return random.Random(len(reply)).randbytes(len(reply))  # noqa: S311 - noise, not a secret


@pytest.mark.parametrize(
    ("wrong", "silence"),
    [
        (other_id, Silence.TIMEOUT),
        (a_request, Silence.TIMEOUT),
        (other_community, Silence.TIMEOUT),
        (false_length, Silence.BAD_ANSWER),
        (false_inner_length, Silence.BAD_ANSWER),
        (nested, Silence.BAD_ANSWER),
        (nested_behind_the_id, Silence.BAD_ANSWER),
        (random_bytes, Silence.BAD_ANSWER),
    ],
)
async def test_answer_that_is_made_wrong_is_no_answer(
    bench: Bench, wrong: Callable[[bytes], bytes], silence: Silence
) -> None:
    target = await bench.target(odd(wrong))

    reading = await bench.engine.read(replace(target, timeout=0.05), ASKED, Budget())

    assert (reading.silence, reading.scalars, reading.tables[0].index) == (silence, {}, ())


@pytest.mark.parametrize("port", [0, 1], ids=["another port", "another address"])
async def test_answer_from_elsewhere_is_not_taken(bench: Bench, port: int) -> None:
    device = box()
    loop = asyncio.get_running_loop()

    class Elsewhere(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            reply = device.answer(data, 0.0)
            assert reply is not None
            other.sendto(reply, addr)

    heard, _ = await loop.create_datagram_endpoint(Elsewhere, local_addr=("127.0.0.1", 0))
    at: tuple[str, int] = heard.get_extra_info("sockname")
    from_ = ("127.0.0.2", at[1]) if port else ("127.0.0.1", 0)
    other, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=from_)
    target = Target(address="127.0.0.1", port=at[1], credential=COMMUNITY, timeout=0.05, retries=1)

    reading = await bench.engine.read(target, ASKED, Budget())
    heard.close()
    other.close()

    assert reading.silence is Silence.TIMEOUT
    assert bench.engine.counts.stray == 2


@pytest.mark.parametrize("credential", [COMMUNITY, USER], ids=["v2c", "v3"])
async def test_third_of_all_datagrams_may_be_lost(bench: Bench, credential: Credential) -> None:
    chance = random.Random(7)  # noqa: S311 - which datagrams are lost must be the same every time
    device = odd(lambda reply: None if chance.random() < 0.3 else reply)
    target = replace(await bench.target(device, credential), timeout=0.05, retries=8)
    expected = await bench.engine.read(replace(await bench.target(box(), credential)), ASKED, Budget())

    for _ in range(5):
        reading = await bench.engine.read(target, ASKED, Budget())
        assert (reading.silence, reading.tables) == (None, expected.tables)


async def test_device_that_answers_only_the_first_question_keeps_what_it_said(bench: Bench) -> None:
    device = odd(lambda reply: reply if device.answered <= 1 else None)
    target = replace(await bench.target(device), timeout=0.05, retries=1)

    reading = await bench.engine.read(target, ASKED, Budget())

    assert (reading.silence, reading.scalars[DESCR]) == (None, b"a box")
    assert reading.tables[0].ended is Ending.TIMEOUT


class Refusing(SimulatedDevice):
    """An agent that answers every question for a table with an error."""

    status = ErrorStatus.GEN_ERR

    def answer(self, datagram: bytes, now: float) -> bytes | None:
        message = decoded_message(datagram)
        if isinstance(message, MessageV2) and message.pdu.kind is PduKind.GET_BULK:
            return encoded_v2(
                message.community, encoded_pdu(PduKind.RESPONSE, message.pdu.request_id, self.status, 0, b"")
            )
        return super().answer(datagram, now)


@pytest.mark.parametrize("status", [ErrorStatus.GEN_ERR, ErrorStatus.TOO_BIG])
async def test_error_ends_the_table_and_nothing_else(bench: Bench, status: ErrorStatus) -> None:
    device = Refusing({DESCR: "a box"}, credentials=[COMMUNITY])
    device.status = status
    target = await bench.target(device)

    for _ in range(3):
        reading = await bench.engine.read(target, ASKED, Budget())
        assert (reading.silence, reading.scalars[DESCR]) == (None, b"a box")
        assert reading.tables[0].ended is Ending.ERROR_STATUS


async def test_huge_strings_are_taken_and_bounded(bench: Bench) -> None:
    device = SimulatedDevice({DESCR: b"x" * 60_000}, credentials=[COMMUNITY], limit=65_000)
    for row in range(1, 20):
        device.set(f"{ONE}.{row}", b"y" * 60_000)
    target = await bench.target(device)

    reading = await bench.engine.read(target, Request(scalars=(DESCR,), tables=((ONE,),)), Budget(bytes=300_000))

    assert reading.scalars[DESCR] == b"x" * 60_000
    assert reading.tables[0].ended is Ending.BYTES
    assert reading.bytes < 500_000


async def test_flood_of_random_datagrams_disturbs_nobody(bench: Bench) -> None:
    device = box()
    target = await bench.target(device)
    expected = await bench.engine.read(target, ASKED, Budget())
    (line,) = next(iter(bench.engine._sockets.values()))  # noqa: SLF001 - its port is told nowhere
    port = line.socket.getsockname()[1]
    loop = asyncio.get_running_loop()
    noise, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    chance = random.Random(1)  # noqa: S311 - loses datagrams, guards no secret

    for _ in range(20):
        for _ in range(50):
            noise.sendto(chance.randbytes(chance.randrange(200)), ("127.0.0.1", port))
        reading = await bench.engine.read(target, ASKED, Budget())
        assert (reading.silence, reading.tables) == (None, expected.tables)
    noise.close()

    counts = bench.engine.counts
    assert counts.malformed + counts.stray > 900  # the last of them may still lie in the socket


async def test_at_most_two_questions_are_in_flight(bench: Bench) -> None:
    device = box(rows=200)
    device.delay = 0.005
    waiting, most = 0, 0
    loop = asyncio.get_running_loop()

    def counted(reply: bytes) -> bytes:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        loop.call_later(0.005, gone)
        return reply

    def gone() -> None:
        nonlocal waiting
        waiting -= 1

    watched = odd(counted)
    for oid, value in device.values().items():
        watched.set(oid, value)
    watched.delay = 0.006
    target = await bench.target(watched)
    for _ in range(3):
        await bench.engine.read(target, Request(tables=((ONE,), (TWO,), (ONE, TWO))), Budget())

    assert most == 2


async def test_thousand_visits_leave_no_descriptor_and_no_waiting_question_behind(bench: Bench) -> None:
    targets = [await bench.target(box(rows=3)) for _ in range(10)]
    silent = box()
    silent.silent = True
    dead = replace(await bench.target(silent), timeout=0.01, retries=0)
    await asyncio.gather(*(bench.engine.read(target, ASKED, Budget()) for target in [*targets, dead]))
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only

    for _ in range(100):
        await asyncio.gather(*(bench.engine.read(target, ASKED, Budget()) for target in [*targets, dead]))

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - Path.iterdir would open one itself
    sockets = [each for family in bench.engine._sockets.values() for each in family]  # noqa: SLF001 - what is open is seen nowhere else
    assert [each.load for each in sockets] == [0] * len(sockets)


async def test_closing_while_somebody_reads_ends_the_read(bench: Bench) -> None:
    device = box()
    device.silent = True
    target = replace(await bench.target(device), timeout=60)
    reading = asyncio.create_task(bench.engine.read(target, ASKED, Budget()))
    await asyncio.sleep(0.01)

    await bench.engine.close()

    assert (await reading).silence is not None


@pytest.mark.parametrize("boots", [5, 2], ids=["time alone", "boots too"])
async def test_device_whose_clock_went_back_is_read_all_the_same(bench: Bench, boots: int) -> None:
    device = box()
    device.boots = 5
    target = replace(await bench.target(device, USER), timeout=5, retries=0)
    device.booted -= 1_000
    for _ in range(2):
        await bench.engine.read(target, ASKED, Budget())

    device.boots = boots
    device.booted += 1_000
    reading = await bench.engine.read(target, ASKED, Budget())

    assert (reading.silence, len(reading.tables[0].index), reading.tables[0].ended) == (None, 30, None)


def test_message_recorded_long_ago_is_not_taken() -> None:
    device, way = box(), UsmWay(USER)
    id_, head, tail = b"\x01\x02\x03\x04", b"\xa0\x0e\x02\x04", b"\x02\x01\x00\x02\x01\x00\x30\x00"

    def reply(now: float) -> bytes:
        return device.answer(way.sealed(id_, head, tail, now), now) or b""

    while not isinstance(way.opened(recorded := reply(0.0), 0.0), bytes):
        """It learns who the device is, and its time."""
    assert isinstance(way.opened(reply(1000.0), 1000.0), bytes)

    taken = way.opened(recorded, 1000.0)

    assert isinstance(taken, Refusal)
    assert taken.silence is Silence.TIME_WINDOW
