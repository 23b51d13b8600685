import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collectors.logs import AT_ONCE, entries
from collectors.platform import PlatformFile, platforms
from collectors.recording import RecordingReader
from collectors.snmp.reader import Budget, Community, Reading, Request, Target, Value
from collectors.visit import Visit, visited
from monitor.model import Condition, Device, LogEntry

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DEVICE = Device(name="sw-1", address="192.0.2.1", customer="customer-a", site="site-a")
TARGET = Target(address="192.0.2.1", credential=Community(community="x"))
FOLDER = Path(__file__).parents[2] / "configs" / "platforms"
OURS = platforms(
    {path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text("utf-8"))) for path in FOLDER.glob("*.toml")}
)
DELL: dict[str, Value] = {"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.674.10892.5"}
IBMC: dict[str, Value] = {"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.2011.2.235"}
CHASSIS = "1.3.6.1.4.1.674.10892.5.4.300"
EVENT = "1.3.6.1.4.1.2011.2.235.1.1.1.50.1"


def sel(*lines: tuple[str, int, str]) -> dict[str, Value]:
    """A system event log: text, severity and time of each line, the oldest first."""
    found: dict[str, Value] = {f"{CHASSIS}.1.0": len(lines)}
    for number, (said, severity, time) in enumerate(lines, 1):
        found[f"{CHASSIS}.40.1.5.1.{number}"] = said.encode()
        found[f"{CHASSIS}.40.1.7.1.{number}"] = severity
        found[f"{CHASSIS}.40.1.8.1.{number}"] = time.encode()
    return found


def line(number: int) -> tuple[str, int, str]:
    return f"line {number}", 3, f"202611{1 + number // 1440:02}{number // 60 % 24:02}{number % 60:02}00.000000+000"


async def visit(values: Mapping[str, Value], before: Visit | None = None) -> Visit:
    return await visited(DEVICE, [TARGET], RecordingReader(values), OURS, NOW, Budget(), before)


def said(found: tuple[LogEntry, ...]) -> list[str]:
    return [entry.text for entry in found]


async def test_line_of_a_log_is_told_with_its_moment_severity_and_source() -> None:
    (entry,) = entries(await visit(DELL | sel(("Fan 1 failed", 5, "20261122081500.000000+480"))), None)

    assert entry.at == datetime(2026, 11, 22, 0, 15, tzinfo=UTC)
    assert (entry.severity, entry.text) == (Condition.FAILED, "Fan 1 failed")
    assert entry.source == f"{CHASSIS}.40.1.5.1.1"
    assert entry.id.startswith("SEL/")


async def test_first_visit_tells_the_newest_twenty_lines_of_a_log() -> None:
    first = await visit(DELL | sel(*(line(n) for n in range(50))))

    assert said(entries(first, None)) == [f"line {n}" for n in range(30, 50)]


async def test_later_visit_tells_only_the_lines_that_came_since() -> None:
    before = await visit(DELL | sel(*(line(n) for n in range(30))))
    now = await visit(DELL | sel(*(line(n) for n in range(33))), before)

    assert said(entries(now, before)) == ["line 30", "line 31", "line 32"]
    assert entries(await visit(DELL | sel(*(line(n) for n in range(33))), now), now) == ()


async def test_line_keeps_its_id_however_often_it_is_read() -> None:
    first, second = [entries(await visit(DELL | sel(line(1), line(1))), None) for _ in range(2)]

    assert first == second
    assert len({entry.id for entry in first}) == 2


async def test_line_that_says_what_another_said_is_a_line_of_its_own() -> None:
    before = await visit(DELL | sel(line(1), line(1)))
    now = await visit(DELL | sel(line(1), line(1), line(1)), before)

    assert said(entries(now, before)) == ["line 1"]


async def test_log_that_was_emptied_tells_its_new_lines_although_they_bear_old_numbers() -> None:
    before = await visit(DELL | sel(*(line(n) for n in range(30))))
    now = await visit(DELL | sel(("Log cleared.", 3, line(99)[2])), before)

    assert said(entries(now, before)) == ["Log cleared."]


async def test_log_whose_newest_line_is_number_one_tells_no_old_line_again() -> None:
    lines = [line(n) for n in range(30)]
    before = await visit(DELL | sel(*reversed(lines)))
    now = await visit(DELL | sel(*reversed([*lines, line(30)])), before)

    assert said(entries(before, None))[-1] == "line 29"
    assert "line 30" in said(entries(now, before))
    assert said(entries(now, before))[-1] == "line 30"


async def test_lifecycle_log_is_told_by_its_sequence_number() -> None:
    row: dict[int, Value] = {
        3: 4711,
        5: 4,
        6: b"20261122081500.000000+000",
        7: b"RAID.1",
        8: b"PDR1",
        9: b"A disk was removed.",
    }
    values = {f"{CHASSIS}.90.1.{column}.1.1": value for column, value in row.items()}

    (entry,) = entries(await visit(DELL | values | {f"{CHASSIS}.2.0": 1}), None)

    assert (entry.severity, entry.text) == (Condition.DEGRADED, "PDR1 RAID.1 A disk was removed.")
    assert entry.id.startswith("Lifecycle log/4711/")


async def test_events_of_an_ibmc_have_their_moment_in_utc() -> None:
    values: dict[str, Value] = {f"{EVENT}.2.1": b"Disk3", f"{EVENT}.3.1": b"2026-11-22 07:15:00", f"{EVENT}.4.1": 3}

    (entry,) = entries(await visit(IBMC | values | {f"{EVENT}.5.1": b"Disk fault"}), None)

    assert entry.at == datetime(2026, 11, 22, 7, 15, tzinfo=UTC)
    assert (entry.severity, entry.text) == (Condition.FAILED, "Disk3 Disk fault")


async def test_line_of_a_clock_that_was_never_set_has_no_moment() -> None:
    found = entries(await visit(DELL | sel(("A", 3, "00000000000000.000000+000"), ("B", 3, "yesterday"))), None)

    assert [(entry.at, entry.text) for entry in found] == [(None, "A"), (None, "yesterday B")]


async def test_what_a_log_says_passes_the_door_for_strings() -> None:
    (entry,) = entries(await visit(DELL | sel(("evil\x1b[31m\u202e\nline", 3, ""))), None)

    assert entry.text == "evil[31m line"


async def test_log_that_tells_an_impossible_length_is_empty_and_raises_nothing() -> None:
    for length in (-1, 2**63, b"many"):
        assert entries(await visit(DELL | {f"{CHASSIS}.1.0": length}), None) == ()


async def test_device_that_writes_a_thousand_lines_between_two_visits_is_told_in_part() -> None:
    def events(numbers: range) -> dict[str, Value]:
        return {f"{EVENT}.5.{n}": f"event {n}".encode() for n in numbers}

    before = await visit(IBMC | events(range(1, 3)))
    found = entries(await visit(IBMC | events(range(1, 1000)), before), before)

    assert len(found) == AT_ONCE
    assert found[-1].text == "event 999"


async def test_only_the_ends_of_a_long_log_are_asked() -> None:
    asked = list[Request]()

    class Counted(RecordingReader):
        async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
            asked.append(request)
            return await super().read(target, request, budget)

    await visited(DEVICE, [TARGET], Counted(DELL | {f"{CHASSIS}.1.0": 1000}), OURS, NOW, Budget())

    rows = {oid.rpartition(".")[2] for oid in asked[-1].scalars}
    assert rows == {str(n) for n in (*range(1, 11), *range(981, 1001))}


async def test_long_log_is_asked_again_when_its_length_has_changed_or_a_while_has_passed() -> None:
    asked = list[Request]()

    class Counted(RecordingReader):
        async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
            asked.append(request)
            return await super().read(target, request, budget)

    async def questions(length: int, minutes: int, before: Visit | None) -> tuple[Visit, int]:
        asked.clear()
        reader = Counted(DELL | sel(*(line(n) for n in range(length))))
        found = await visited(DEVICE, [TARGET], reader, OURS, NOW + timedelta(minutes=minutes), Budget(), before)
        return found, sum(f"{CHASSIS}.40.1.5.1.1" in request.scalars for request in asked)

    first, at_first = await questions(30, 0, None)
    second, unchanged = await questions(30, 1, first)
    third, longer = await questions(31, 2, second)
    _, later = await questions(31, 40, third)

    assert (at_first, unchanged, longer, later) == (1, 0, 1, 1)
    assert second.tables["sel"] is first.tables["sel"]
