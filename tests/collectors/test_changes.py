"""What is made anew from what moved is what is made of everything, whatever a device does between its visits."""

import asyncio
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from moving import PLATFORMS, Moving
from moving import told as devices

from collectors.plan import Part
from collectors.platform import PlatformFile, platforms
from collectors.recording import RecordingReader
from collectors.snmp.reader import Budget, Community, Ending, Reading, Request, Rows, Silence, Target, Value
from collectors.visit import Told, Visit, told, visited
from monitor.model import Device, Observation

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE = Device(name="sw-1", address="192.0.2.1", customer="customer-a", site="site-a")
TARGET = Target(address="192.0.2.1", credential=Community(community="x"))
OPER, IN_OCTETS = "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.6"


class Moody(RecordingReader):
    """Ends the table `cut` early, or keeps silent."""

    cut: int | None = None
    silence: Silence | None = None

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        if self.silence:
            nothing = tuple(Rows(index=(), columns=dict.fromkeys(columns, ())) for columns in request.tables)
            return Reading(scalars={}, tables=nothing, silence=self.silence)
        reading = await super().read(target, request, budget)
        tables = [replace(rows, ended=Ending.ROWS) if n == self.cut else rows for n, rows in enumerate(reading.tables)]
        return replace(reading, tables=tuple(tables))


def seen(reader: RecordingReader, visits: int = 0, before: Visit | None = None) -> Visit:
    at = NOON + timedelta(minutes=visits)
    return asyncio.run(visited(DEVICE, [TARGET], reader, PLATFORMS, at, Budget(), before))


def timeless(observations: Iterable[Observation]) -> list[Observation]:
    return [replace(one, at=NOON) for one in observations]


@example(which=0, seed=7_644_134_829_898)  # a number comes to one that says the part is idle
@given(which=st.integers(0, len(devices()) - 1), seed=st.integers(0, 2**64))
@settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_what_is_made_anew_is_what_is_made_of_all(which: int, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - moves simulated devices
    device = Moving(devices()[which], random)
    before: Told | None = None
    for number in range(12):
        reader = Moody(device.values)
        reader.cut = random.choice((None, None, None, 0, 3))
        reader.silence = Silence.TIMEOUT if random.random() < 0.05 else None
        visit = seen(reader, number, replace(before.visit, rounds=None) if before else None)
        fresh = seen(reader, number)
        assert (visit.identity, visit.scalars, visit.tables) == (fresh.identity, fresh.scalars, fresh.tables)
        now = told(visit, before)
        assert timeless(now.observations) == timeless(told(fresh).observations)
        known = {*before.observations, *now.base} if before else set()
        assert all(one.at == visit.at or one in known for one in now.observations)
        before = now
        for _ in range(random.randrange(5)):
            device.move()


@cache
def of_platform() -> Mapping[str, Sequence[Mapping[str, Value]]]:
    """The devices by platform."""
    found: dict[str, list[Mapping[str, Value]]] = {}
    for values in devices():
        platform = seen(Moody(values)).platform
        assert platform is not None
        found.setdefault(platform.name, []).append(values)
    return found


@given(first=st.integers(0, len(devices()) - 1), seed=st.integers(0, 2**64))
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_what_is_made_from_another_device_of_the_platform_is_what_is_made_of_all(first: int, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - moves simulated devices
    one = told(seen(Moody(devices()[first])))
    assert one.visit.platform is not None
    device = Moving(random.choice(of_platform()[one.visit.platform.name]), random)
    for _ in range(random.randrange(4)):
        device.move()
    visit = seen(Moody(device.values), 1)
    now = told(visit, None, one)
    assert timeless(now.observations) == timeless(told(visit).observations)
    later = seen(Moody(device.values), 2, replace(visit, rounds=None))
    assert timeless(told(later, now).observations) == timeless(told(later).observations)


@pytest.fixture
def switch() -> dict[str, Value]:
    """What an access switch of the fleet tells."""
    return dict(next(values for values in devices() if f"{OPER}.1" in values or f"{IN_OCTETS}.1" in values))


def again(values: dict[str, Value], before: Told) -> Told:
    return told(seen(RecordingReader(values), 1, before.visit), before)


def test_visit_that_tells_the_same_makes_nothing_anew(switch: dict[str, Value]) -> None:
    first = told(seen(RecordingReader(switch)))
    second = again(switch, first)
    assert second.observations is first.observations
    assert all(table is first.visit.tables[name] for name, table in second.visit.tables.items())


def test_counters_that_move_make_no_observation_anew(switch: dict[str, Value]) -> None:
    first = told(seen(RecordingReader(switch)))
    counted = {o: v + 1500 if o.startswith(f"{IN_OCTETS}.") and isinstance(v, int) else v for o, v in switch.items()}
    second = again(counted, first)
    assert second.observations is first.observations
    assert second.visit.tables["interface"].columns["in_octets"] != first.visit.tables["interface"].columns["in_octets"]


def test_one_port_that_goes_down_makes_one_observation_anew(switch: dict[str, Value]) -> None:
    first = told(seen(RecordingReader(switch)))
    port = next(oid for oid, value in switch.items() if oid.startswith(f"{OPER}.") and value == 1)
    second = again({**switch, port: 2}, first)
    known = {id(one) for one in first.observations}
    (anew,) = [one for one in second.observations if id(one) not in known]
    assert (anew.aspect, anew.raw, anew.source, anew.at) == ("oper_status", "down(2)", port, second.visit.at)


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_column_that_a_part_reads_is_one_that_it_needs(name: str) -> None:
    for part in PLATFORMS[name].parts:
        needed = part.needs.row | part.needs.shape.get(part.table, frozenset())
        assert columns_of(part) <= needed


def columns_of(part: Part) -> set[str]:
    facts = {fact.number.column for fact in part.facts}
    limits = {number.column for fact in part.facts for several in fact.limits.values() for number in several}
    rules = {rule.ref.column for rule in (*part.present, *part.when.where, *part.when.unless) if not rule.ref.join}
    return (facts | limits | rules) - {""}


CLASHING = """
title = "Two tables that name the same fans"
[tables.tray]
oid = "1.3.6.1.4.1.1.1"
columns = { name = 1, state = 2 }
[tables.fan]
oid = "1.3.6.1.4.1.1.2"
columns = { name = 1, state = 2 }
[states.fan]
1 = ["ok", "fine"]
[[parts]]
table = "tray"
kind = "fan"
label = "{name}"
facts = [{ aspect = "state", column = "state", states = "fan", skip = [0] }]
[[parts]]
table = "fan"
kind = "fan"
label = "{name}"
facts = [{ aspect = "state", column = "state", states = "fan" }]
"""


def test_part_whose_namesake_goes_has_its_name_for_itself() -> None:
    known = platforms({"_standard": PlatformFile.model_validate(tomllib.loads(CLASHING))})

    def labels(tray: int, before: Told | None) -> Told:
        values: dict[str, Value] = {f"1.3.6.1.4.1.1.{table}.1.7": b"Fan" for table in (1, 2)}
        values |= {"1.3.6.1.4.1.1.1.2.7": tray, "1.3.6.1.4.1.1.2.2.7": 1}
        reader = RecordingReader(values)
        visit = asyncio.run(visited(DEVICE, [TARGET], reader, known, NOON, Budget(), before.visit if before else None))
        return told(visit, before)

    both = labels(1, None)
    assert [one.component.label for one in both.observations[2:]] == ["Fan", "Fan #7"]
    alone = labels(0, both)
    assert [one.component.label for one in alone.observations[2:]] == ["Fan"]
    assert [one.component.label for one in labels(1, alone).observations[2:]] == ["Fan", "Fan #7"]


def test_number_whose_unit_another_row_decides_changes_with_that_row() -> None:
    optic, entity = "1.3.6.1.4.1.2011.5.25.31.1.1.3.1", "1.3.6.1.2.1.47.1.1.1.1"
    values: dict[str, Value] = {"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.2011.2.23.1"}
    for row in (1, 2):  # positive, so that both are taken for microwatts
        values |= {f"{entity}.5.{row}": 10, f"{entity}.7.{row}": b"XGE0/0/%d" % row, f"{optic}.8.{row}": 300}

    def power(found: Told) -> dict[str, float | None]:
        return {one.component.label: one.value for one in found.observations if one.aspect == "rx_power"}

    first = told(seen(RecordingReader(values)))
    assert power(first) == pytest.approx({"XGE0/0/1": -5.2288, "XGE0/0/2": -5.2288}, abs=0.001)
    second = again({**values, f"{optic}.8.2": -400}, first)  # no power in microwatts is negative
    assert power(second) == {"XGE0/0/1": 3.0, "XGE0/0/2": -4.0}
