import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from alerts.desk.clocks import clocks
from alerts.desk.contract import ContractFile, contract
from alerts.desk.entries import opened, recorded
from alerts.desk.tickets import state
from alerts.reports.inspection import DeviceMonth, InspectionMonth, TicketMonth, fingerprint, inspection
from alerts.reports.results import Result, results
from monitor.model import (
    Component,
    Condition,
    Device,
    DeviceEvent,
    EventKind,
    Fault,
    FaultKey,
    FaultState,
    Happened,
    Identity,
    Language,
    Level,
    Limits,
    Observation,
    Reason,
    Role,
    Site,
    Text,
)

_PATH = Path(__file__).parents[2] / "configs" / "contract.toml"
HOUSE = contract(ContractFile.model_validate(tomllib.loads(_PATH.read_text(encoding="utf-8"))))
T0 = datetime(2026, 10, 22, 7, 4, 12, tzinfo=UTC)
END = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
SITE = Site(name="east", customer="school", region="hefei", title="东机房", address="示例路 1 号")
CORE = Device(name="core-1", address="192.0.2.10", customer="school", site="east", role=Role.CORE, title="核心")
ACCESS = Device(name="acc-2", address="192.0.2.12", customer="school", site="east", role=Role.ACCESS)
OK, FAILED, UNKNOWN = Condition.OK, Condition.FAILED, Condition.UNKNOWN


def check(
    kind: str,
    label: str,
    aspect: str,
    condition: Condition | None,
    *,
    value: float | None = None,
    unit: str = "",
    raw: str = "",
    limits: Limits | None = None,
) -> Observation:
    return Observation(
        component=Component(kind=kind, label=label),
        aspect=aspect,
        condition=condition,
        at=T0,
        value=value,
        unit=unit,
        raw=raw,
        source="1.3.6.1.4.1.1.7",
        limits=limits,
    )


def fault(kind: str = "psu", label: str = "PSU 2", aspect: str = "state", *, cleared: bool = False) -> Fault:
    seen = check(kind, label, aspect, FAILED, raw="bad(2)")
    return Fault(
        key=FaultKey(device="core-1", kind=kind, label=label, aspect=aspect),
        component=seen.component,
        condition=FAILED,
        level=Level.MAJOR,
        reasons=(Reason(rule="psu", text=Text(en="1 of 2 power supplies failed", zh_CN="2 个电源中有 1 个故障")),),
        evidence=seen,
        state=FaultState.CLEARED if cleared else FaultState.OPEN,
        first_seen=T0,
        last_seen=T0,
        changed_at=T0,
        opened_at=T0,
        cleared_at=T0 + timedelta(hours=1) if cleared else None,
    )


def device(
    *checks: Observation, of: Device = CORE, reached: bool = True, seen: datetime | None = T0, reason: str = ""
) -> DeviceMonth:
    return DeviceMonth(
        device=of,
        identity=Identity(vendor="Maker", model="X-9", version="R19", serial="CHASSIS0001"),
        checks=checks,
        reached=reached,
        last_seen=seen,
        reason=reason,
    )


def month(*devices: DeviceMonth, faults: Sequence[Fault] = (), tickets: Sequence[TicketMonth] = ()) -> InspectionMonth:
    return InspectionMonth(
        customer="示例学校",
        site=SITE,
        month="2026-10",
        generated_at=END,
        tool_version="0.1.0",
        devices=devices,
        faults=tuple(faults),
        tickets=tuple(tickets),
    )


class _Lines(HTMLParser):
    """The text of a page, one line per block or cell row."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        self._hidden = False

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag == "style"
        if tag in {"tr", "p", "h1", "h2", "h3", "div", "summary"}:
            self.lines.append("")
        elif tag in {"td", "th"} and self.lines[-1]:
            self.lines[-1] += " | "

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.lines[-1] += " ".join(data.split("\n"))


def lines(report: str) -> list[str]:
    parser = _Lines()
    parser.feed(report)
    return [" ".join(line.split()) for line in parser.lines if line.strip()]


def counts(of: InspectionMonth) -> dict[str, int]:
    found = re.findall(r'<div class="count"><b>(\d+)</b>\S+ ([^<]+)</div>', inspection(of, Language.EN))
    return {name: int(count) for count, name in found}


def test_each_condition_has_its_result_and_only_ok_is_normal() -> None:
    report = month(
        device(
            check("fan", "Fan 1", "state", OK),
            check("fan", "Fan 2", "state", FAILED),
            check("fan", "Fan 3", "state", Condition.DEGRADED),
            check("fan", "Fan 4", "state", UNKNOWN),
            check("fan", "Fan 5", "state", Condition.ABSENT),
            check("voltage", "3V3", "voltage", None, value=3.3, unit="volts"),
            check("voltage", "5V", "voltage", None),
        )
    )
    assert counts(report) == {
        "Normal": 1,
        "Attention": 1,
        "Abnormal": 1,
        "Not checked": 2,
        "Recorded only": 1,
        "Not applicable": 1,
    }


def test_unknown_is_shown_as_not_checked_in_both_languages() -> None:
    report = month(device(check("fan", "Fan 1", "state", UNKNOWN)))
    assert "Fan 1 – state | unknown | normal | ○ Not checked | 2026-10-22 15:04 | 1.3.6.1.4.1.1.7" in lines(
        inspection(report, Language.EN)
    )
    assert any(
        line.startswith("风扇 Fan 1 – 状态 | 未知 | 正常 | ○ 未检查")
        for line in lines(inspection(report, Language.ZH_CN))
    )


def test_a_row_says_item_value_standard_result_evidence_and_source() -> None:
    hot = check(
        "temperature",
        "Inlet",
        "temperature",
        FAILED,
        value=71,
        unit="celsius",
        raw="710",
        limits=Limits(high_warning=65),
    )
    assert (
        "temperature sensor Inlet – temperature | 71 °C | at most 65 °C | × Abnormal | 710 2026-10-22 15:04 | "
        "1.3.6.1.4.1.1.7"
    ) in lines(inspection(month(device(hot)), Language.EN))


def test_nothing_of_a_device_that_was_not_reached_counts_as_checked() -> None:
    last_known = (check("fan", "Fan 1", "state", OK), check("psu", "PSU 1", "state", FAILED))
    report = month(device(*last_known, reached=False, reason="timeout"))
    assert counts(report) == {
        "Normal": 0,
        "Attention": 0,
        "Abnormal": 0,
        "Not checked": 2,
        "Recorded only": 0,
        "Not applicable": 0,
    }
    found = lines(inspection(report, Language.EN))
    assert "Nothing was checked, so nothing can be concluded." in found
    assert "core-1 (核心) | last reached 2026-10-22 15:04 | no answer within the time allowed" in found
    assert "Last known values of 2026-10-22 15:04: not part of the conclusion, but for the silence itself" in found


def test_a_device_that_was_never_reached_is_listed_with_its_reason_and_is_not_normal() -> None:
    report = month(
        device(check("fan", "Fan 1", "state", OK)), device(of=ACCESS, reached=False, seen=None, reason="wrong_key")
    )
    found = lines(inspection(report, Language.ZH_CN))
    assert "acc-2 | 从未采集到 | 密钥或口令错误" in found
    assert "有 1 台设备未能采集，对其状况不作结论。" in found
    assert "没有该设备的采集数据。" in found
    (row,) = [line for line in found if line.startswith("acc-2 | 接入")]
    assert row.endswith("○ 未检查")


def test_silence_itself_is_a_fact_that_counts_while_the_device_is_silent() -> None:
    silent = check("device", "", "answer", FAILED, raw="timeout")
    assert counts(month(device(silent, reached=False, reason="timeout")))["Abnormal"] == 1


def test_a_table_that_was_not_read_to_its_end_is_not_covered() -> None:
    cut = check("device", "entities", "walk", UNKNOWN, raw="wall_time")
    found = lines(inspection(month(device(cut, check("fan", "Fan 1", "state", OK))), Language.EN))
    assert "core-1 (核心) | entities | the time for one reading was used up" in found
    assert "Checks that could not be made: 1. Nothing is claimed of them." in found


def test_many_normal_rows_of_a_kind_are_one_line_that_opens_and_the_abnormal_one_stands_alone() -> None:
    ports = [check("interface", f"GE1/0/{n}", "oper_status", OK, raw="up(1)") for n in range(1, 49)]
    dead = check("interface", "GE1/0/49", "oper_status", FAILED, raw="down(2)")
    report = inspection(
        month(device(*ports, dead), faults=[fault("interface", "GE1/0/49", "oper_status")]), Language.EN
    )
    assert "√ 48 × port – link: all normal" in lines(report)
    opened_by_hand = re.search(r"<details>.*?</details>", report, re.DOTALL)
    assert opened_by_hand
    assert opened_by_hand.group().count("GE1/0/") == 48
    assert "GE1/0/49" not in opened_by_hand.group()


def test_rows_follow_the_numbers_in_their_labels() -> None:
    report = inspection(month(device(*[check("fan", f"Fan {n}", "state", OK) for n in (10, 2, 1)])), Language.EN)
    assert re.findall(r">(Fan \d+) – state<", report) == ["Fan 1", "Fan 2", "Fan 10"]


def test_grouped_numbers_show_their_range() -> None:
    sensors = [check("temperature", f"S{n}", "temperature", OK, value=20 + n, unit="celsius") for n in range(5)]
    assert "√ 5 × temperature sensor – temperature: all normal · 20 °C to 24 °C" in lines(
        inspection(month(device(*sensors)), Language.EN)
    )


def test_a_port_that_is_down_without_being_a_fault_is_not_in_use_and_neither_is_its_dark_optic() -> None:
    checks = (
        check("interface", "GE1/0/1", "oper_status", FAILED, raw="down(2)"),
        check("optic", "GE1/0/1", "rx_power", FAILED, value=-40, unit="dbm"),
        check("optic", "GE1/0/1", "temperature", FAILED, value=90, unit="celsius"),
        check("optic", "GE1/0/2", "rx_power", FAILED, value=-40, unit="dbm"),
    )
    unused, abnormal = Result.NOT_APPLICABLE, Result.ABNORMAL
    assert results(checks, "core-1", (), reached=True) == (unused, unused, abnormal, abnormal)
    key = FaultKey(device="core-1", kind="interface", label="GE1/0/1", aspect="oper_status")
    assert results(checks, "core-1", {key}, reached=True) == (abnormal,) * 4


def test_conclusion_claims_normal_only_of_what_was_checked() -> None:
    found = lines(inspection(month(device(check("fan", "Fan 1", "state", OK))), Language.EN))
    assert "Nothing abnormal was found in what was checked." in found
    assert "Every device of the site was read, and every table was read to its end." in found
    empty = lines(inspection(month(), Language.EN))
    assert "Nothing was checked, so nothing can be concluded." in empty
    assert not [line for line in empty if "Nothing abnormal" in line]


def test_foremost_risks_are_open_faults_by_level_then_what_is_bad_without_a_fault() -> None:
    minor = replace(fault("fan", "Fan 1"), level=Level.MINOR)
    checks = [check("psu", "PSU 2", "state", FAILED), check("disk", "Bay 3", "state", Condition.DEGRADED, raw="smart")]
    report = month(device(*checks), faults=[minor, fault(), fault("fan", "Fan 9", cleared=True)])
    found = lines(inspection(report, Language.EN))
    start = found.index("Foremost risks")
    assert found[start + 2 : start + 5] == [
        "core-1 | power supply PSU 2: failed | Level 2 (major) | 2026-10-22 15:04 | 1 of 2 power supplies failed",
        "core-1 | Fan 1: failed | Level 3 (minor) | 2026-10-22 15:04 | 1 of 2 power supplies failed",
        "core-1 | disk Bay 3: degraded | — | 2026-10-22 15:04 | smart",
    ]


def test_a_consequence_of_another_fault_is_no_risk_of_its_own_but_stays_on_record() -> None:
    behind = replace(fault("fan", "Fan 1"), hidden_by=fault().key)
    found = lines(inspection(month(faults=[behind]), Language.EN))
    assert "None were found in what was checked." in found
    assert (
        "core-1 | Fan 1: failed | Level 2 (major) | 1 of 2 power supplies failed – a consequence of core-1 | "
        "2026-10-22 15:04 | still open"
    ) in found


def test_faults_stand_with_level_reason_and_both_ends() -> None:
    found = lines(inspection(month(faults=[fault(cleared=True), fault("fan", "Fan 1")]), Language.EN))
    reason = "Level 2 (major) | 1 of 2 power supplies failed | 2026-10-22 15:04"
    assert f"core-1 | power supply PSU 2: failed | {reason} | 2026-10-22 16:04" in found
    assert f"core-1 | Fan 1: failed | {reason} | still open" in found


def test_what_happened_to_the_devices_is_told_and_else_that_nothing_did() -> None:
    quiet = inspection(month(device()), Language.EN)
    assert "No part was added, removed or swapped" in quiet
    data = {"serial_from": "SN-OLD", "serial_to": "SN-NEW"}
    name = device().device.name
    swap = DeviceEvent(device=name, at=T0, what=Happened.PART_SWAPPED, kind="psu", label="PSU 2", data=data)
    eventful = replace(month(device()), events=(swap,))
    assert "power supply PSU 2 was swapped: serial number SN-OLD → SN-NEW" in inspection(eventful, Language.EN)
    assert "已更换：序列号 SN-OLD → SN-NEW" in inspection(eventful, Language.ZH_CN)
    assert fingerprint(eventful) != fingerprint(month(device()))


def test_a_suspicion_is_no_fault_of_the_month() -> None:
    found = lines(inspection(month(faults=[replace(fault(), state=FaultState.SUSPECTED)]), Language.EN))
    assert "No fault was recorded in this month." in found


def test_every_clock_of_a_ticket_is_shown_kept_missed_or_settled() -> None:
    ticket = opened("T20261022-0001", fault(), CORE, SITE, HOUSE, T0)
    ticket = recorded(ticket, EventKind.RESPONDED, T0 + timedelta(minutes=12), "lee", {})
    ticket = recorded(ticket, EventKind.RECOVERED, T0 + timedelta(minutes=20), "netvigil", {})
    of = TicketMonth(ticket=ticket, state=state(ticket), clocks=clocks(ticket, HOUSE, END))
    found = lines(inspection(month(tickets=[of]), Language.EN))
    for line in (
        "Clocks kept: 1. Settled by a recovery: 2. Missed: 3. Not yet due: 0.",
        "T20261022-0001 · core-1 – power supply PSU 2 · recovered",
        "Respond | 2026-10-22 15:04 | 2026-10-22 15:14 | 2026-10-22 15:16 | missed, done late",
        "Restore | 2026-10-22 15:04 | 2026-10-22 19:04 | 2026-10-22 15:24 | kept",
        "Engineer on site | 2026-10-22 15:04 | 2026-10-22 16:04 | 2026-10-22 15:24 | settled by the recovery",
        "Report to the vendor | 2026-10-22 15:04 | 2026-10-23 15:04 | | missed",
        "Call back | 2026-10-22 15:24 | 2026-10-23 15:24 | | missed",
    ):
        assert line in found


def test_items_for_the_visit_are_left_blank() -> None:
    found = lines(inspection(month(), Language.ZH_CN))
    assert "清洁、防尘网、风道 | ☐ 合格 ☐ 不合格 ☐ 不涉及 |" in found
    assert not [line for line in found if "☑" in line]


@pytest.mark.parametrize("language", list(Language))
def test_the_report_made_again_is_the_same_to_the_byte(language: Language) -> None:
    of = month(device(check("fan", "Fan 1", "state", OK)), faults=[fault()])
    again = month(device(check("fan", "Fan 1", "state", OK)), faults=[fault()])
    assert inspection(of, language) == inspection(again, language)


def test_the_fingerprint_is_of_the_facts_and_stands_in_the_report() -> None:
    of = month(device(check("fan", "Fan 1", "state", OK)))
    other = month(device(check("fan", "Fan 1", "state", FAILED)))
    later = replace(of, generated_at=END + timedelta(days=1), tool_version="9")
    assert fingerprint(of) == fingerprint(later)
    assert fingerprint(of) != fingerprint(other)
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint(of))
    assert f"SHA-256 of the data: {fingerprint(of)}" in "\n".join(lines(inspection(of, Language.EN)))


def test_hostile_strings_stay_text() -> None:
    evil = '<script>alert(1)</script>"\u202e\x00'
    of = month(
        replace(device(check("fan", evil, "state", FAILED, raw=evil)), identity=Identity(model=evil), reason=evil)
    )
    report = inspection(of, Language.EN)
    assert "<script" not in report
    assert "\u202e" not in report
    assert "\x00" not in report


def test_the_file_stands_alone_and_is_printed_on_a4_with_heads_repeated() -> None:
    report = inspection(month(device(check("fan", "Fan 1", "state", OK))), Language.ZH_CN)
    assert not re.search(r"https?:|src=|<link|<script|url\(|@import", report)
    assert "size: A4" in report
    assert "table-header-group" in report
    assert '<html lang="zh-CN">' in report
