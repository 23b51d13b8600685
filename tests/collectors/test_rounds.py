"""Which tables are asked at which visit, with a platform of three tables over answers that change."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from collectors.identify import SYS_OBJECT_ID, SYS_UP_TIME
from collectors.platform import Platform, PlatformFile, platforms
from collectors.recording import RecordingReader
from collectors.rounds import RARELY
from collectors.snmp.reader import Budget, Community, Ending, Reading, Request, Rows, Silence, Target, Value
from collectors.visit import Visit, visited
from monitor.model import Device

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE = Device(name="sw-1", address="192.0.2.1", customer="customer-a", site="site-a")
TARGET = Target(address="192.0.2.1", credential=Community(community="x"))
BOX = """
identify.object_ids = ["1.3.6.1.4.1.99"]

[tables.fan]
oid = "1.3.6.1.4.1.99.1.1"
also = ["1.3.6.1.4.1.99.9.1"]
columns = { state = 2 }

[tables.serial]
oid = "1.3.6.1.4.1.99.2.1"
every = "5min"
columns = { serial = 2 }

[tables.alarm]
oid = "1.3.6.1.4.1.99.3.1"
may_fill = true
columns = { text = 2 }

[[parts]]
table = "fan"
kind = "fan"
facts = [{ column = "state", states = { 1 = ["ok", "normal"], 2 = ["failed", "abnormal"] } }]
"""
FAN, OLD_FAN, SERIAL, ALARM = (f"1.3.6.1.4.1.99.{n}.1.2" for n in (1, 9, 2, 3))
NAMES = {FAN: "fan", OLD_FAN: "old_fan", SERIAL: "serial", ALARM: "alarm"}
UP: dict[str, Value] = {SYS_OBJECT_ID: "1.3.6.1.4.1.99", SYS_UP_TIME: 1000, f"{FAN}.1": 1, f"{SERIAL}.1": b"A"}


def known() -> Mapping[str, Platform]:
    box = PlatformFile.model_validate(tomllib.loads(BOX))
    return platforms({"_standard": PlatformFile(), "box": box})


class Asked(RecordingReader):
    """Remembers which tables it was asked for; ends those of `ended` early."""

    def __init__(self, values: Mapping[str, Value], platform: Mapping[str, Platform]) -> None:
        super().__init__(values)
        self.platform, self.tables, self.silence = platform, list[str](), Silence.TIMEOUT
        self.ended: Mapping[str, Ending] = {}
        self.is_silent = False

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        if request.tables:
            self.tables += [NAMES[columns[0]] for columns in request.tables]
        if self.is_silent:
            nothing = tuple(Rows(index=(), columns=dict.fromkeys(columns, ())) for columns in request.tables)
            return Reading(scalars={}, tables=nothing, silence=self.silence)
        reading = await super().read(target, request, budget)
        tables = (
            Rows(index=rows.index, columns=rows.columns, ended=self.ended.get(NAMES[next(iter(rows.columns))]))
            for rows in reading.tables
        )
        return Reading(scalars=reading.scalars, tables=tuple(tables))


class Watch:
    """One device, visited again and again."""

    def __init__(self) -> None:
        self.reader = Asked(UP, known())
        self.visit: Visit | None = None

    async def at(self, seconds: float, values: Mapping[str, Value] | None = None) -> set[str]:
        """Visit `seconds` after noon; the tables that were asked."""
        if values is not None:
            fresh = Asked(values, self.reader.platform)
            fresh.ended, fresh.is_silent = self.reader.ended, self.reader.is_silent
            self.reader = fresh
        self.reader.tables.clear()
        moment = NOON + timedelta(seconds=seconds)
        self.visit = await visited(DEVICE, [TARGET], self.reader, self.reader.platform, moment, Budget(), self.visit)
        return set(self.reader.tables)

    def rows(self, table: str) -> int:
        assert self.visit is not None
        return len(self.visit.tables[table].index)


@pytest.fixture
def watch() -> Watch:
    return Watch()


ALL = {"fan", "old_fan", "serial", "alarm"}


async def test_the_first_visit_asks_everything(watch: Watch) -> None:
    assert await watch.at(0) == ALL


async def test_a_table_that_hardly_changes_is_asked_every_so_often_and_stays_as_it_was(watch: Watch) -> None:
    await watch.at(0)

    assert await watch.at(60) == ALL - {"serial"}
    assert watch.rows("serial") == 1
    assert "serial" in await watch.at(361)  # at most a fifth late
    assert "serial" not in await watch.at(420)


async def test_rows_that_came_or_went_bring_the_tables_that_were_left_out(watch: Watch) -> None:
    await watch.at(0)
    plugged = {**UP, f"{FAN}.2": 1, f"{SERIAL}.2": b"B"}

    await watch.at(60, plugged)
    assert (watch.rows("fan"), watch.rows("serial")) == (2, 2)

    assert "serial" not in await watch.at(120)
    await watch.at(180, UP)
    assert (watch.rows("fan"), watch.rows("serial")) == (1, 1)


async def test_the_other_root_of_a_table_brings_nothing_more(watch: Watch) -> None:
    both = {**UP, f"{OLD_FAN}.1": 1}
    await watch.at(0, both)
    assert await watch.at(60, both) == ALL - {"serial"}
    assert await watch.at(120, both) == ALL - {"serial"}


async def test_a_table_without_rows_at_two_visits_is_asked_seldom_and_found_when_it_fills(watch: Watch) -> None:
    await watch.at(0)
    assert "old_fan" in await watch.at(60)
    assert "old_fan" not in await watch.at(120)
    filled = {**UP, f"{OLD_FAN}.1": 1, f"{OLD_FAN}.2": 1}
    del filled[f"{FAN}.1"]
    assert "old_fan" not in await watch.at(180, filled)
    assert "old_fan" in await watch.at(120 + RARELY * 1.2)
    assert watch.rows("fan") == 2
    assert "old_fan" in await watch.at(240 + RARELY * 1.2)


async def test_a_table_that_had_rows_is_asked_always_though_it_has_none_now(watch: Watch) -> None:
    bare = {oid: value for oid, value in UP.items() if not oid.startswith(FAN)}
    await watch.at(0)
    for minute in range(1, 6):
        assert "fan" in await watch.at(minute * 60, bare)


async def test_a_table_that_may_fill_is_asked_at_every_visit(watch: Watch) -> None:
    for minute in range(6):
        assert "alarm" in await watch.at(minute * 60)


async def test_everything_is_asked_after_a_restart_of_the_device(watch: Watch) -> None:
    await watch.at(0)
    await watch.at(60)
    assert await watch.at(120, {**UP, SYS_UP_TIME: 2000}) == {"fan", "alarm"}
    assert await watch.at(180, {**UP, SYS_UP_TIME: 10}) == ALL


async def test_everything_is_asked_after_a_silence(watch: Watch) -> None:
    await watch.at(0)
    await watch.at(60)
    watch.reader.is_silent = True
    await watch.at(120)
    watch.reader.is_silent = False
    assert await watch.at(180) == ALL


async def test_a_table_that_was_cut_by_a_timeout_is_asked_again_at_the_next_visit(watch: Watch) -> None:
    watch.reader.ended = {"serial": Ending.TIMEOUT}
    await watch.at(0)
    assert "serial" in await watch.at(60)
    watch.reader.ended = {}
    await watch.at(120)
    assert "serial" not in await watch.at(180)


async def test_a_table_cut_without_rows_is_not_thought_absent(watch: Watch) -> None:
    watch.reader.ended = {"old_fan": Ending.ERROR_STATUS}
    for minute in range(6):
        assert "old_fan" in await watch.at(minute * 60)


def test_scalars_are_asked_at_every_visit_so_every_is_refused() -> None:
    words = BOX.replace('every = "5min"', 'every = "5min"\nsingle = true')
    with pytest.raises(ValueError, match="leave out every"):
        platforms({"box": PlatformFile.model_validate(tomllib.loads(words))})
