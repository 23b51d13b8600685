import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from collectors.platform import PlatformFile, platforms
from collectors.quirks.trap_variables import varbinds
from collectors.recording import RecordingReader
from collectors.snmp.reader import Budget, Community, Ending, Reading, Request, Target, Value
from collectors.visit import Told, told, visited
from monitor.model import Condition, Device, Observation

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DEVICE = Device(name="sw-1", address="192.0.2.1", customer="customer-a", site="site-a")
TARGET = Target(address="192.0.2.1", credential=Community(community="x"))
FOLDER = Path(__file__).parents[2] / "configs" / "platforms"
OURS = platforms(
    {path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text("utf-8"))) for path in FOLDER.glob("*.toml")}
)
VRP: dict[str, Value] = {"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.2011.2.23.1"}
ALARM = "1.3.6.1.4.1.2011.5.25.180.1"
KEPT: dict[str, Value] = {f"{ALARM}.3.0": 7}


def active(*lines: str) -> dict[str, Value]:
    return {f"{ALARM}.8.1.3.1.97.{number}": line.encode() for number, line in enumerate(lines, 1)}


class Cut(RecordingReader):
    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        found = await super().read(target, request, budget)
        return replace(found, tables=tuple(replace(rows, ended=Ending.ROWS) for rows in found.tables))


async def seen(values: Mapping[str, Value], before: Told | None = None, *, cut: bool = False) -> Told:
    reader = (Cut if cut else RecordingReader)({**VRP, **values})
    visit = await visited(DEVICE, [TARGET], reader, OURS, NOW, Budget(), before.visit if before else None)
    return told(visit, before)


def the_list(found: Told) -> list[Observation]:
    return [one for one in found.observations if one.component.label == "Active alarms"]


async def test_device_that_keeps_no_list_of_alarms_is_not_said_to_have_none() -> None:
    assert the_list(await seen({})) == []


async def test_empty_list_is_good_news_where_the_device_keeps_one() -> None:
    (alarms,) = the_list(await seen(KEPT))

    assert (alarms.condition, alarms.raw) == (Condition.OK, "none")


async def test_worst_alarm_stands_and_all_are_named_once() -> None:
    lines = active("Fan 1 slow, Severity=minor", "Board 2 failed, Severity=critical", "Fan 1 slow, Severity=minor")
    (alarms,) = the_list(await seen(KEPT | lines))

    assert alarms.condition is Condition.FAILED
    assert alarms.raw.startswith("2: critical(1) Board 2 failed")
    assert alarms.source == f"{ALARM}.8.1.2"


async def test_alarm_that_leaves_the_list_is_over() -> None:
    before = await seen(KEPT | active("Board 2 failed, Severity=critical"))
    (alarms,) = the_list(await seen(KEPT, before))

    assert alarms.condition is Condition.OK


async def test_list_that_was_not_read_to_its_end_claims_nothing_good() -> None:
    (alarms,) = the_list(await seen(KEPT, cut=True))

    assert alarms.condition is Condition.UNKNOWN


async def test_alarm_without_a_severity_is_told_and_claims_nothing() -> None:
    (alarms,) = the_list(await seen(KEPT | active("something happened")))

    assert (alarms.condition, alarms.raw) == (Condition.UNKNOWN, "1: no severity something happened")


async def test_list_that_says_the_same_stays_the_same_observation() -> None:
    first = await seen(KEPT | active("Board 2 failed, Severity=critical"))
    second = await seen(KEPT | active("Board 2 failed, Severity=critical"), first)

    assert the_list(second)[0] is the_list(first)[0]


@given(st.binary(max_size=300), st.integers(0, 80))
def test_no_octets_of_a_device_make_the_variables_of_a_trap_raise(told: bytes, depth: int) -> None:
    for octets in (told, b"\x30" + told, b"\x30\x80" * depth + told, b"\x30\x84\xff\xff\xff\xff" + told):
        assert all(isinstance(name, str) and isinstance(word, str) for name, word in varbinds(octets))
