import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.desk.clocks import ClockState
from alerts.desk.tickets import NOT_OURS, OURS, TicketState
from alerts.faults.rules import Aspect, Kind
from alerts.locale import wall, words
from alerts.post.letters import SENT
from alerts.reports.history import happened
from alerts.reports.results import Result
from collectors.snmp.reader import Ending, Silence
from collectors.words import ASPECTS, KINDS
from monitor.model import (
    Component,
    Condition,
    DeviceEvent,
    EventKind,
    Happened,
    Language,
    Level,
    Limits,
    Role,
)

NOON = "2026-11-22T12:00:00+00:00"
EN, ZH = words(Language.EN), words(Language.ZH_CN)
BOTH = pytest.mark.parametrize("language", list(Language))


def leaves(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def test_both_languages_have_the_same_keys() -> None:
    assert dict(leaves(EN.table)).keys() == dict(leaves(ZH.table)).keys()


def test_both_languages_have_the_same_placeholders() -> None:
    def placeholders(text: object) -> list[str]:
        return sorted(re.findall(r"\{\w+\}", str(text)))

    chinese = dict(leaves(ZH.table))
    different = [key for key, text in leaves(EN.table) if placeholders(text) != placeholders(chinese[key])]
    assert different == []


def test_no_text_is_empty_in_either_language() -> None:
    for table in (EN.table, ZH.table):
        assert [key for key, text in leaves(table) if not str(text).strip()] == []


def test_no_english_text_has_stayed_in_the_chinese_file() -> None:
    same = {key for key, text in leaves(EN.table) if dict(leaves(ZH.table))[key] == text}
    assert same <= {"aspect.oper_status.ok", "kind.cpu.name", *(f"unit.{name}" for name in EN.table["unit"])}


@BOTH
@pytest.mark.parametrize("kind", sorted({*KINDS, *(kind.value for kind in Kind)}))
def test_every_kind_of_part_has_a_name_and_advice(kind: str, language: Language) -> None:
    entry = words(language).table["kind"][kind]
    assert entry["name"]
    assert entry["why"]
    assert len(entry["first"]) >= 2


@BOTH
@pytest.mark.parametrize("aspect", sorted({*ASPECTS, *(aspect.value for aspect in Aspect)}))
def test_every_aspect_has_a_name(aspect: str, language: Language) -> None:
    assert words(language).table["aspect"][aspect]["name"]


@BOTH
def test_every_word_of_the_closed_lists_has_words(language: Language) -> None:
    table = words(language).table
    assert table["level"].keys() == {str(level.value) for level in Level}
    assert table["role"].keys() == {role.value for role in Role}
    assert table["condition"].keys() == {condition.value for condition in Condition}
    assert table["event"].keys() == table["subject"].keys() == {kind.value for kind in EventKind}
    assert table["ticket_state"].keys() == {state.value for state in TicketState}
    assert table["clock_state"].keys() == {state.value for state in ClockState} | {"settled"}
    assert table["responsibility"].keys() == {OURS, NOT_OURS}
    assert table["silence"].keys() == {silence.value for silence in Silence} | {ending.value for ending in Ending}
    assert {result.value for result in Result} <= table["inspection"].keys()
    assert {kind.value for kind in SENT} <= table["event"].keys()


def test_the_levels_have_the_names_of_the_contract() -> None:
    assert [ZH.said("level", str(level)) for level in range(1, 5)] == ["一级故障", "二级故障", "三级故障", "四级故障"]


def test_a_part_is_named_by_kind_and_label_but_not_twice() -> None:
    assert EN.part(Component(kind="psu", label="PSU 2")) == "power supply PSU 2"
    assert EN.part(Component(kind="fan", label="Fan 1")) == "Fan 1"
    assert EN.part(Component(kind="device", label="")) == "device"
    assert ZH.part(Component(kind="psu", label="PSU 2")) == "电源 PSU 2"


def test_a_condition_is_said_in_the_words_of_its_aspect() -> None:
    device, port = Component(kind="device", label=""), Component(kind="interface", label="GE1/0/1")
    assert EN.what(device, "answer", Condition.FAILED) == "device: does not answer"
    assert ZH.what(port, "oper_status", Condition.FAILED) == "端口 GE1/0/1：链路中断（down）"
    assert EN.what(Component(kind="fan", label="Fan 1"), "state", Condition.FAILED) == "Fan 1: failed"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.93, "ratio", "93 %"),
        (0.00003, "ratio", "0.003 %"),
        (0.0, "ratio", "0 %"),
        (71.0, "celsius", "71 °C"),
        (-32.456, "dbm", "-32.46 dBm"),
        (0.0061, "amperes", "6.1 mA"),
        (30000.0, "rpm", "30000 rpm"),
        (1.5 * 1024**3, "bytes", "1.5 GiB"),
        (-0.001, "celsius", "0 °C"),
        (12.0, "", "12"),
        (None, "celsius", ""),
    ],
)
def test_a_number_is_said_with_its_unit(value: float | None, unit: str, said: str) -> None:
    assert EN.measured(value, unit) == said


def test_limits_are_said_as_the_range_without_a_warning() -> None:
    assert EN.limits(Limits(high_warning=65, high_critical=75), "celsius") == "at most 65 °C"
    assert EN.limits(Limits(low_critical=-14, high_critical=1), "dbm") == "-14 dBm to 1 dBm"
    assert ZH.limits(Limits(low_warning=1000), "rpm") == "不低于 1000 转/分"
    assert EN.limits(Limits(), "rpm") == EN.limits(None, "rpm") == ""


def test_a_wall_clock_of_a_zone_that_is_not_known_says_that_it_shows_utc() -> None:
    at = datetime(2026, 11, 22, 7, 4, 59, tzinfo=UTC)
    assert wall(at, "Asia/Shanghai") == "2026-11-22 15:04"
    assert wall(at, "Asia/Shanghai", seconds=True) == "2026-11-22 15:04:59"
    assert wall(at, "Mars/Olympus") == "2026-11-22 07:04 UTC"


def test_a_kind_without_words_speaks_for_itself_instead_of_losing_the_letter() -> None:
    part = Component(kind="flux_capacitor", label="1")
    assert EN.what(part, "charge_state", Condition.FAILED) == "flux capacitor 1: failed"
    assert EN.advice("flux_capacitor", "charge_state").first


@BOTH
@pytest.mark.parametrize("what", list(Happened))
def test_every_event_of_a_devices_history_is_said_with_what_it_is_about(what: Happened, language: Language) -> None:
    data = {
        "from": "bay 7", "by": "wang", "why": "spare", "text": "fan tray lost", "booted_at": NOON, "serial": "SN-1",
        "serial_from": "SN-1", "serial_to": "SN-2", "patch_from": "SPH1", "patch_to": "SPH2",
        "eye": "ssh", "known": "SHA256:old", "shown": "SHA256:new",
    }  # fmt: skip
    event = DeviceEvent(device="sw1", at=datetime.fromisoformat(NOON), what=what, kind="disk", label="bay 9", data=data)
    about = {
        Happened.PART_ADDED: ("SN-1", "bay 9"),
        Happened.PART_REMOVED: ("SN-1", "bay 9"),
        Happened.PART_SWAPPED: ("SN-1 → SN-2", "bay 9"),
        Happened.PART_MOVED: ("bay 7", "bay 9"),
        Happened.PART_FORGOTTEN: ("spare", "wang", "bay 9"),
        Happened.VERSION_CHANGED: ("SN-1 → SN-2", "bay 9"),
        Happened.PATCH_CHANGED: ("SPH1 → SPH2",),
        Happened.IDENTITY_CHANGED: ("SN-1 → SN-2",),
        Happened.REBOOTED: ("2026-11-22 20:00:00",),
        Happened.LOG_ENTRY: ("fan tray lost",),
        Happened.KEY_CHANGED: ("SSH", "SHA256:old", "SHA256:new"),
    }
    said = happened(event, words(language), "Asia/Shanghai")
    assert all(word in said for word in about[what])


@BOTH
def test_a_patch_that_was_taken_out_is_said_as_none(language: Language) -> None:
    event = DeviceEvent(
        device="sw1", at=datetime.fromisoformat(NOON), what=Happened.PATCH_CHANGED, data={"patch_from": "SPH1"}
    )
    assert f"SPH1 → {words(language).said('history', 'none')}" in happened(event, words(language), "Asia/Shanghai")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("aspect", ["configuration", "startup", "clock", "licence", "errors"])
def test_what_a_device_says_of_itself_as_a_whole_has_advice_of_its_own(aspect: str, language: Language) -> None:
    own = words(language).advice("system", aspect)
    assert own != words(language).advice("system", "state")
    assert any("`" in step for step in own.first)
