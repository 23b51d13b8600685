"""Columns that move are asked apart from those that stay: what is told stays the same, and less has to be decoded."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.snmp.apart import READS, Columns, joined
from collectors.snmp.codec import Kind
from collectors.snmp.engine import EngineReader
from collectors.snmp.layout import Shape
from collectors.snmp.pysnmp_reader import PysnmpReader
from collectors.snmp.reader import Budget, Community, Ending, Reading, Request, Rows, Target, Value

COMMUNITY = Community(community="read")
OBJECT_ID = "1.3.6.1.2.1.1.2.0"
ENTRY = "1.3.6.1.4.1.32473.1.1"  # the enterprise number for examples, RFC 5612
NAME, OCTETS, STATE, ERRORS = COLUMNS = tuple(f"{ENTRY}.{n}" for n in range(1, 5))
BEHIND = f"{ENTRY}.5"  # of no table that is asked: a walk meets it behind the end of the last column
REQUEST = Request(scalars=(OBJECT_ID,), tables=(COLUMNS,))
PORTS = 150


def switch() -> SimulatedDevice:
    made = SimulatedDevice({OBJECT_ID: (Kind.OBJECT_IDENTIFIER, "1.3.6.1.4.1.32473.7")}, credentials=[COMMUNITY])
    for port in range(1, PORTS + 1):
        plug(made, port)
    return made


def plug(device: SimulatedDevice, port: int) -> None:
    device.set(f"{NAME}.{port}", f"GigabitEthernet0/0/{port}")
    device.set(f"{OCTETS}.{port}", (Kind.COUNTER64, 10**9))
    device.set(f"{STATE}.{port}", 1)
    device.set(f"{ERRORS}.{port}", (Kind.COUNTER32, 0))
    device.set(f"{BEHIND}.{port}", (Kind.COUNTER32, 0))


class Line:
    """A switch, and two readers that ask it."""

    def __init__(self) -> None:
        self.network, self.engine, self.oracle = Network(), EngineReader(), PysnmpReader()
        self.device = switch()
        self.reads = 0

    async def start(self) -> None:
        port = await self.network.serve(self.device)
        self.target = Target(address="127.0.0.1", port=port, credential=COMMUNITY, timeout=0.3)

    async def read(self) -> Reading:
        """What the engine reads after all octets moved, which PySNMP reads as well."""
        self.reads += 1
        for oid in self.device.values():
            if oid.startswith((f"{OCTETS}.", f"{BEHIND}.")):
                self.device.set(oid, (Kind.COUNTER32 if oid.startswith(BEHIND) else Kind.COUNTER64, 10**9 + self.reads))
        reading = await self.engine.read(self.target, REQUEST, Budget())
        expected = await self.oracle.read(self.target, REQUEST, Budget())
        assert reading.tables == expected.tables
        return reading

    async def settled(self) -> Reading:
        """A read after which the columns are asked apart, and the layout of both groups is known."""
        for _ in range(READS + 6):
            reading = await self.read()
        return reading


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    made = Line()
    await made.start()
    yield made
    made.network.close()
    await made.engine.close()
    await made.oracle.close()
    await asyncio.sleep(0)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many values every decoded reply has, from now on."""
    found: list[int] = []
    decode = Shape.values

    def values(self: Shape, pdu: bytes) -> Sequence[Value]:
        told = decode(self, pdu)
        found.append(len(told))
        return told

    monkeypatch.setattr(Shape, "values", values)
    return found


async def test_replies_of_columns_that_stay_are_not_decoded(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    await line.settled()
    decoded = counted(monkeypatch)

    reading = await line.read()

    assert reading.tables[0].columns[OCTETS] == (10**9 + line.reads,) * PORTS
    assert sum(decoded) < 2 * PORTS  # of 4 * PORTS values; the counters behind the end move, and nobody cares


async def test_state_that_changes_among_columns_that_stay_is_seen_at_once(line: Line) -> None:
    await line.settled()
    line.device.set(f"{STATE}.17", 2)

    reading = await line.read()

    assert reading.tables[0].columns[STATE][16] == 2


async def test_row_that_comes_or_goes_is_seen_by_all_groups(line: Line) -> None:
    await line.settled()
    plug(line.device, PORTS + 1)
    assert len((await line.read()).tables[0].index) == PORTS + 1
    for column in (*COLUMNS, BEHIND):
        line.device.remove(f"{column}.5")
    assert len((await line.read()).tables[0].index) == PORTS
    assert len((await line.read()).tables[0].index) == PORTS


async def test_another_switch_of_the_model_is_asked_apart_from_the_first(line: Line) -> None:
    questions = (await line.settled()).requests
    target = Target(address="127.0.0.1", port=await line.network.serve(switch()), credential=COMMUNITY, timeout=0.3)
    who = Request(scalars=(OBJECT_ID,))

    await line.engine.read(target, who, Budget())
    reading = await line.engine.read(target, REQUEST, Budget())

    assert reading.requests == questions
    assert len(reading.tables[0].index) == PORTS


def test_what_moves_seldom_stays_with_what_never_moves() -> None:
    columns = Columns(("a", "b", "c"))
    last = Rows(index=("1",), columns={"a": (1,), "b": (2,), "c": (3,)})
    for number in range(READS):
        moved = {"b": (20 + number,)} | ({"c": (number,)} if number == 0 else {})
        now = Rows(index=("1",), columns={**last.columns, **moved})
        columns.read(now, last, replies=9)
        last = now

    assert columns.groups == (("a", "c"), ("b",))


def test_table_of_few_replies_is_asked_as_a_whole_for_ever() -> None:
    columns = Columns(("a", "b"))
    for number in range(2 * READS):
        last = Rows(index=("1",), columns={"a": (1,), "b": (number,)})
        columns.read(Rows(index=("1",), columns={"a": last.columns["a"], "b": (-1,)}), last, replies=2)

    assert columns.groups == (("a", "b"),)


def test_row_that_one_group_has_and_the_other_has_not_has_no_value_there() -> None:
    still = Rows(index=("2", "10"), columns={"a": (1, 2)})
    moving = Rows(index=("2", "3", "10"), columns={"b": (5, 6, 7)}, ended=Ending.TIMEOUT)

    whole = joined([still, moving])

    assert whole.index == ("2", "3", "10")
    assert whole.columns == {"a": (1, None, 2), "b": (5, 6, 7)}
    assert whole.ended is Ending.TIMEOUT


async def test_columns_that_two_switches_of_a_model_tell_alike_are_kept_once(line: Line) -> None:
    await line.settled()
    told = []
    for _ in range(2):
        port = await line.network.serve(switch())
        target = Target(address="127.0.0.1", port=port, credential=COMMUNITY, timeout=0.3)
        await line.engine.read(target, Request(scalars=(OBJECT_ID,)), Budget())
        told.append((await line.engine.read(target, REQUEST, Budget())).tables[0].columns)

    assert told[0][NAME] is told[1][NAME]


async def test_read_that_the_stop_of_the_daemon_cuts_keeps_what_was_read(line: Line) -> None:
    await line.settled()
    line.device.delay = 0.05
    reading = asyncio.create_task(line.engine.read(line.target, REQUEST, Budget()))
    await asyncio.sleep(0.18)

    await line.engine.close()

    assert (await reading).tables[0].ended is Ending.TIMEOUT
