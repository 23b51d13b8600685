import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from paper_lines import lines, rows
from pydantic import ValidationError

from alerts.desk.clocks import clocks
from alerts.desk.contract import ContractFile, contract
from alerts.desk.entries import opened, recorded
from alerts.desk.tickets import state
from alerts.faults.rules import Kind
from alerts.papers.as_json import paper_json, paper_of
from alerts.papers.paper import Blank, Chart, Diagram, Heading, Paper, Table
from alerts.past import Series, Span
from alerts.reports.inspection import inspection
from alerts.reports.items import ItemsFile, items
from alerts.reports.month import (
    ConfigurationMonth,
    DeviceMonth,
    ExposureMonth,
    InspectionMonth,
    LinkMonth,
    LogMonth,
    NoticesMonth,
    Outlook,
    Revision,
    TicketMonth,
    fingerprint,
)
from alerts.reports.outcome import read
from alerts.reports.results import Result, results
from alerts.reports.trending import trended
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

_CONFIGS = Path(__file__).parents[2] / "configs"
HOUSE = contract(ContractFile.model_validate(tomllib.loads((_CONFIGS / "contract.toml").read_text(encoding="utf-8"))))
ITEMS = items(ItemsFile.model_validate(tomllib.loads((_CONFIGS / "inspection.toml").read_text(encoding="utf-8"))))
T0 = datetime(2026, 10, 22, 7, 4, 12, tzinfo=UTC)
START = datetime(2026, 9, 30, 16, 0, tzinfo=UTC)
END = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
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
        identity=Identity(platform="huawei_vrp", vendor="Maker", model="X-9", version="R19", serial="CHASSIS0001"),
        checks=checks,
        reached=reached,
        last_seen=seen,
        reason=reason,
    )


def month(*devices: DeviceMonth, faults: Sequence[Fault] = (), tickets: Sequence[TicketMonth] = ()) -> InspectionMonth:
    return InspectionMonth(
        customer="示例学校",
        sites=(SITE,),
        month="2026-10",
        number="school-east-2026-10",
        start=START,
        end=END,
        generated_at=END + timedelta(hours=9),
        tool_version="0.1.0",
        items=ITEMS,
        devices=devices,
        faults=tuple(faults),
        tickets=tuple(tickets),
    )


def told(of: InspectionMonth, language: Language = Language.EN) -> list[str]:
    return lines(inspection(of, language))


def sheet(of: InspectionMonth, device: str = "core-1", language: Language = Language.EN) -> list[str]:
    return rows(inspection(of, language), f"sheet/{device}")


def counts(of: InspectionMonth) -> dict[str, int]:
    """Readings by result."""
    found = [row.split(" | ") for row in rows(inspection(of, Language.EN), "counts")]
    return {result[2:]: int(readings) for result, _, readings in found}


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
    assert (
        "Fans: Fan 1 – state | display fan, 1.3.6.1.4.1.1.7 | normal | unknown | ○ Not checked | 2026-10-22 15:04"
    ) in sheet(report)
    assert any(
        row.startswith("风扇：风扇 Fan 1 – 状态 | display fan，1.3.6.1.4.1.1.7 | 正常 | 未知 | ○ 未检查")
        for row in sheet(report, language=Language.ZH_CN)
    )


def test_a_row_says_item_command_standard_measured_result_and_evidence() -> None:
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
        "Temperature: temperature sensor Inlet – temperature | display temperature all, 1.3.6.1.4.1.1.7 | "
        "at most 65 °C | 71 °C | × Abnormal | 2026-10-22 15:04 · 710"
    ) in sheet(month(device(hot)))


@pytest.mark.parametrize("platform", ["huawei_vrp", "h3c_comware", "dell_idrac", "some_other"])
def test_every_item_stands_on_the_sheet_of_every_device_also_where_nothing_was_read(platform: str) -> None:
    bare = replace(device(), identity=Identity(platform=platform))
    found = sheet(month(bare))
    wanted = [item for item in ITEMS.of(platform) if item.name != "other"]
    assert len(wanted) >= (22 if platform != "dell_idrac" else 18)
    assert [row.split(" | ")[0] for row in found] == [item.title.en for item in wanted]
    for row, item in zip(found, wanted, strict=True):
        result = row.split(" | ")[4]
        if item.person is not None:
            assert result == ""
        elif item.name == "answer":
            assert result == "√ Normal"
        else:
            assert result.startswith(("○ Not checked", "— Not applicable")), row
            assert item.optional or result.startswith("○")
            assert row.split(" | ")[3] not in {"", "—"}, f"no reason: {row}"


def test_what_a_device_does_not_have_is_only_said_where_all_else_was_read() -> None:
    fan = check("fan", "Fan 1", "state", OK)
    cut = check("device", "entities", "walk", UNKNOWN, raw="wall_time")
    whole, torn = (
        next(row for row in sheet(month(device(*checks))) if row.startswith("Optical modules"))
        for checks in ((fan,), (fan, cut))
    )
    assert "the device tells of none | — Not applicable" in whole
    assert "there is no reading of it | ○ Not checked" in torn


@pytest.mark.parametrize(("days", "result"), [(91, "√ Normal"), (89, "△ Attention"), (-1, "△ Attention")])
def test_a_licence_that_ends_soon_wants_attention_and_is_told_with_its_day(days: int, result: str) -> None:
    ends = T0 + timedelta(days=days)
    of = check("system", "Licence LIC-1", "expires", None, value=ends.timestamp(), unit="timestamp")
    (line,) = [row for row in sheet(month(device(of))) if row.startswith("Licences")]
    assert f"{ends:%Y-%m-%d}" in line
    assert f"| {result} |" in line


@pytest.mark.parametrize(("days", "result"), [(31, "√ Normal"), (29, "△ Attention")])
def test_a_certificate_of_a_server_is_checked_for_its_end_and_for_being_the_one_seen_before(
    days: int, result: str
) -> None:
    ends = check("device", "redfish", "expires", None, value=(T0 + timedelta(days=days)).timestamp(), unit="timestamp")
    same = check("device", "redfish", "identity", OK)
    server = replace(device(ends, same), identity=Identity(platform="dell_idrac"))
    line = next(row for row in sheet(month(server)) if row.startswith("Certificate"))
    assert f"| {result} |" in line
    other = replace(device(ends, replace(same, condition=FAILED)), identity=Identity(platform="dell_idrac"))
    assert "| × Abnormal |" in next(row for row in sheet(month(other)) if row.startswith("Certificate"))


def test_virtual_routers_of_which_nothing_is_told_are_not_said_to_be_none() -> None:
    # one that keeps only the table of VRRP version 3 is not read
    (line,) = [row for row in sheet(month(device(check("fan", "Fan 1", "state", OK)))) if row.startswith("VRRP")]
    assert "| ○ Not checked |" in line


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
    found = told(report)
    assert "Nothing was checked, so nothing can be concluded." in found
    assert "core-1 (核心) | last reached 2026-10-22 15:04 | no answer within the time allowed" in found
    assert "Last known values of 2026-10-22 15:04: not part of the conclusion, but for the silence itself." in found
    assert all("√" not in row for row in sheet(report))


def test_a_device_that_was_never_reached_is_listed_with_its_reason_and_is_not_normal() -> None:
    report = month(
        device(check("fan", "Fan 1", "state", OK)), device(of=ACCESS, reached=False, seen=None, reason="wrong_key")
    )
    found = told(report, Language.ZH_CN)
    assert "acc-2 | 从未采集到 | 密钥或口令错误" in found
    assert "有 1 台设备未能采集，对其状况不作结论。" in found
    assert "没有该设备的采集数据。" in found
    (row,) = [row for row in rows(inspection(report, Language.ZH_CN), "devices") if row.startswith("acc-2")]
    assert row.endswith("○ 未检查")


def test_silence_itself_is_a_fact_that_counts_while_the_device_is_silent() -> None:
    silent = check("device", "", "answer", FAILED, raw="timeout")
    assert counts(month(device(silent, reached=False, reason="timeout")))["Abnormal"] == 1


def test_a_table_that_was_not_read_to_its_end_is_not_covered() -> None:
    cut = check("device", "entities", "walk", UNKNOWN, raw="wall_time")
    found = told(month(device(cut, check("fan", "Fan 1", "state", OK))))
    assert "core-1 (核心) | entities | the time for one reading was used up" in found
    assert [line for line in found if line.startswith("Items that could not be checked: ")]


def test_many_normal_readings_are_one_line_and_the_abnormal_one_stands_alone() -> None:
    ports = [check("interface", f"GE1/0/{n}", "oper_status", OK, raw="up(1)") for n in range(1, 49)]
    dead = check("interface", "GE1/0/49", "oper_status", FAILED, raw="down(2)")
    report = month(device(*ports, dead), faults=[fault("interface", "GE1/0/49", "oper_status")])
    found = sheet(report)
    (line,) = [row for row in found if row.startswith("Ports and errors")]
    assert "| 1 Abnormal, 48 Normal | × Abnormal | 2026-10-22 15:04 · up(1) ×48 · down(2) ×1" in line
    alone = [row for row in found if "GE1/0/" in row]
    assert alone == [
        "└ port GE1/0/49 – link | 1.3.6.1.4.1.1.7 | up, if in use | down | × Abnormal | 2026-10-22 15:04 · down(2)"
    ]


def test_readings_follow_the_numbers_in_their_labels() -> None:
    report = month(device(*[check("fan", f"Fan {n}", "state", FAILED) for n in (10, 2, 1)]))
    assert re.findall(r"└ (Fan \d+) –", "\n".join(sheet(report))) == ["Fan 1", "Fan 2", "Fan 10"]


def test_numbers_together_show_their_range() -> None:
    sensors = [check("temperature", f"S{n}", "temperature", OK, value=20 + n, unit="celsius") for n in range(5)]
    (line,) = [row for row in sheet(month(device(*sensors))) if row.startswith("Temperature")]
    assert "5 Normal; temperature sensor temperature 20 °C to 24 °C" in line


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
    found = told(month(device(check("fan", "Fan 1", "state", OK))))
    assert "Nothing abnormal was found in what was checked." in found
    assert "Every device was read, and every table was read to its end." in found
    empty = told(month())
    assert "Nothing was checked, so nothing can be concluded." in empty
    assert not [line for line in empty if "Nothing abnormal" in line]
    assert "Nothing was checked from which a score could be reckoned: insufficient data." in empty


def test_foremost_risks_are_open_faults_by_level_then_what_is_bad_without_a_fault() -> None:
    minor = replace(fault("fan", "Fan 1"), level=Level.MINOR)
    checks = [check("psu", "PSU 2", "state", FAILED), check("disk", "Bay 3", "state", Condition.DEGRADED, raw="smart")]
    report = month(device(*checks), faults=[minor, fault(), fault("fan", "Fan 9", cleared=True)])
    reason = "2026-10-22 15:04 | 1 of 2 power supplies failed"
    assert rows(inspection(report, Language.EN), "risks") == [
        f"1 | ! important | core-1 (核心) | power supply PSU 2: failed | Level 2 (major) | {reason}",
        f"2 | · general | core-1 (核心) | Fan 1: failed | Level 3 (minor) | {reason}",
        "3 | · general | core-1 (核心) | disk Bay 3: degraded | — | 2026-10-22 15:04 | smart",
    ]


def test_a_consequence_of_another_fault_is_no_risk_of_its_own_but_stays_on_record() -> None:
    behind = replace(fault("fan", "Fan 1"), hidden_by=fault().key)
    found = told(month(faults=[behind]))
    assert "None were found in what was checked." in found
    assert (
        "core-1 | Fan 1: failed | Level 2 (major) | 1 of 2 power supplies failed – a consequence of core-1 | "
        "2026-10-22 15:04 | still open"
    ) in found


def test_faults_stand_with_level_reason_and_both_ends() -> None:
    found = told(month(faults=[fault(cleared=True), fault("fan", "Fan 1")]))
    reason = "Level 2 (major) | 1 of 2 power supplies failed | 2026-10-22 15:04"
    assert f"core-1 | power supply PSU 2: failed | {reason} | 2026-10-22 16:04" in found
    assert f"core-1 | Fan 1: failed | {reason} | still open" in found


def test_what_happened_to_the_devices_is_told_and_else_that_nothing_did() -> None:
    quiet = month(device())
    assert [line for line in told(quiet) if "No part was added, removed or swapped" in line]
    data = {"serial_from": "SN-OLD", "serial_to": "SN-NEW"}
    name = device().device.name
    swap = DeviceEvent(device=name, at=T0, what=Happened.PART_SWAPPED, kind="psu", label="PSU 2", data=data)
    eventful = replace(quiet, events=(swap,))
    assert "power supply PSU 2 was swapped: serial number SN-OLD → SN-NEW" in "\n".join(told(eventful))
    assert "已更换：序列号 SN-OLD → SN-NEW" in "\n".join(told(eventful, Language.ZH_CN))
    assert fingerprint(eventful) != fingerprint(quiet)


def test_a_suspicion_is_no_fault_of_the_month() -> None:
    assert "No fault was recorded in this month." in told(month(faults=[replace(fault(), state=FaultState.SUSPECTED)]))


def ticket() -> TicketMonth:
    """A ticket of a power supply, answered late, and well again of itself after twenty minutes."""
    one = opened("T20261022-0001", fault(), CORE, SITE, HOUSE, T0)
    one = recorded(one, EventKind.RESPONDED, T0 + timedelta(minutes=12), "lee", {})
    one = recorded(one, EventKind.RECOVERED, T0 + timedelta(minutes=20), "netvigil", {})
    return TicketMonth(ticket=one, state=state(one), clocks=clocks(one, HOUSE, END))


def test_every_clock_of_a_ticket_is_shown_kept_missed_or_settled() -> None:
    report = month(device(), tickets=[ticket()])
    assert "Clocks kept: 1. Settled by a recovery: 2. Missed: 3. Not yet due: 0." in told(report)
    found = rows(inspection(report, Language.EN), "clocks")
    assert found[0].startswith("T20261022-0001 | core-1 (核心) – power supply PSU 2 | recovered | Respond | ")
    for line in (
        "Respond | 2026-10-22 15:04 | 2026-10-22 15:14 | 2026-10-22 15:16 | × missed, done late",
        "Restore | 2026-10-22 15:04 | 2026-10-22 19:04 | 2026-10-22 15:24 | √ kept",
        "Engineer on site | 2026-10-22 15:04 | 2026-10-22 16:04 | 2026-10-22 15:24 | √ settled by the recovery",
        "Report to the vendor | 2026-10-22 15:04 | 2026-10-23 15:04 | — | × missed",
        "Call back | 2026-10-22 15:24 | 2026-10-23 15:24 | — | × missed",
    ):
        assert [row for row in found if row.endswith(line)], line


def test_outages_are_told_by_reachability_and_by_the_clocks_of_tickets() -> None:
    known = replace(device(), known_for=31 * 86_400.0, up_for=31 * 86_400.0 - 540)
    partly = replace(device(of=ACCESS), known_for=19 * 86_400.0, up_for=19 * 86_400.0)
    paper = inspection(month(known, partly, tickets=[ticket(), ticket()]), Language.EN)
    # not there for nine minutes; the ticket waited twenty to be restored, and two of the same time count once
    assert rows(paper, "outages") == ["core-1 (核心) | 9 | 44640 | 20 | T20261022-0001, T20261022-0001"]
    available = [row.split(" | ")[8] for row in rows(paper, "devices")]
    assert available == ["100 % (known for 19.0 days)", "99.98 %"]
    unknown = inspection(month(device()), Language.EN)
    assert rows(unknown, "outages") == []
    assert any("Devices of which nothing is known" in line for line in lines(unknown))


def test_a_device_with_a_fault_that_stands_is_not_normal_whatever_was_read_last() -> None:
    calm, open_ = (
        month(device(check("fan", "FAN 1", "state", OK))),
        month(device(check("fan", "FAN 1", "state", OK)), faults=[fault()]),
    )
    assert rows(inspection(calm, Language.EN), "devices")[0].endswith("√ Normal")
    paper = inspection(open_, Language.EN)
    assert rows(paper, "devices")[0].endswith("△ Attention")
    assert any("Faults that were not over at the end of the period: 1" in line for line in lines(paper))


def test_cables_stand_once_with_who_told_of_them_beside_declared_parents() -> None:
    core = replace(device(), identity=replace(device().identity, name="HX-CORE"))
    access = device(of=replace(ACCESS, parents=("core-1",)))
    links = (
        LinkMonth(device="acc-2", port="GE1/0/48", neighbour="hx-core", neighbour_port="GE1/0/1"),
        LinkMonth(device="core-1", port="GE1/0/1", neighbour="acc-2", neighbour_port="GE1/0/48"),
        LinkMonth(device="core-1", port="GE1/0/9", neighbour="stranger", neighbour_port="eth0"),
    )
    paper = inspection(replace(month(core, access), links=links), Language.EN)
    assert rows(paper, "cables") == [
        "acc-2 | GE1/0/48 | core-1 (核心) | GE1/0/1 | both ends",
        "core-1 (核心) | GE1/0/9 | stranger | eth0 | one end",
    ]
    assert rows(paper, "parents") == ["acc-2 | core-1 (核心) | √ yes"]
    bare = inspection(month(core, access), Language.EN)
    assert rows(bare, "parents") == ["acc-2 | core-1 (核心) | ○ not told"]


def plan(paper: Paper) -> Diagram:
    (found,) = [block for block in paper.blocks if isinstance(block, Diagram)]
    return found


def test_plan_of_a_site_shows_what_hangs_on_what_with_its_state() -> None:
    core = device()
    access = device(check("psu", "PSU 2", "state", FAILED, raw="bad(2)"), of=replace(ACCESS, parents=("core-1",)))
    server = device(of=replace(ACCESS, name="esx-1", role=Role.SERVER, parents=("core-1",)))
    alone = device(of=replace(ACCESS, name="acc-9"))
    links = (
        LinkMonth(device="acc-2", port="1", neighbour="core-1", neighbour_port="11"),
        LinkMonth(device="core-1", port="11", neighbour="acc-2", neighbour_port="1"),
        LinkMonth(device="acc-2", port="2", neighbour="core-1", neighbour_port="12"),
        LinkMonth(device="core-1", port="48", neighbour="carrier", neighbour_port="eth0"),
        LinkMonth(device="acc-2", port="7", neighbour="telephone"),
    )
    of = replace(month(core, access, server, alone), links=links, faults=(fault(),))
    found = plan(inspection(of, Language.EN))
    assert [[f"{node.sign}{node.name}" for node in level] for level in found.levels] == [
        ["carrier"],
        ["△core-1 (核心)"],
        [],
        ["×acc-2", "esx-1"],
        [],
        ["telephone"],
    ]
    assert {node.key for level in found.levels for node in level if node.outside} == {"carrier", "telephone"}
    assert {(link.one, link.other, link.count, link.dashed) for link in found.links} == {
        ("acc-2", "core-1", 2, False),
        ("carrier", "core-1", 1, False),
        ("acc-2", "telephone", 1, False),
        ("core-1", "esx-1", 1, True),
    }
    assert found.note.endswith("Devices of this site without a known neighbour: 1.")


def test_each_site_has_a_plan_of_its_own_with_what_it_hangs_on_elsewhere() -> None:
    west = device(of=replace(ACCESS, site="west"))
    links = (LinkMonth(device="acc-2", port="1", neighbour="core-1"),)
    of = replace(month(device(), west), links=links)
    of = replace(of, sites=(*of.sites, replace(SITE, name="west", title="西机房")))
    plans = [block for block in inspection(of, Language.EN).blocks if isinstance(block, Diagram)]
    outside = [{node.key: node.outside for level in each.levels for node in level} for each in plans]
    assert [each.title for each in plans] == ["Plan of 东机房", "Plan of 西机房"]
    assert outside == [{"core-1": False, "acc-2": True}, {"core-1": True, "acc-2": False}]


def test_plan_names_what_it_leaves_out() -> None:
    links = [LinkMonth(device="acc-2", port=str(at), neighbour=f"telephone-{at}") for at in range(13)] + [
        LinkMonth(device="acc-2", port="48", neighbour="core-1")
    ]
    of = replace(month(device(), device(of=ACCESS)), links=tuple(links))
    found = plan(inspection(of, Language.EN))
    assert sum(map(len, found.levels)) == 2
    assert "neighbours that are not watched (13)" in found.note


def test_site_with_too_many_devices_on_a_level_is_not_drawn_but_said() -> None:
    several = [device(of=replace(ACCESS, name=f"acc-{at}")) for at in range(41)]
    links = tuple(LinkMonth(device=each.device.name, port="48", neighbour="core-1") for each in several)
    paper = inspection(replace(month(device(), *several), links=links), Language.EN)
    assert not [block for block in paper.blocks if isinstance(block, Diagram)]
    assert "东机房 is not drawn: more than 40 devices stand on one level. The tables name them all." in lines(paper)


def test_site_without_a_cable_has_no_plan() -> None:
    paper = inspection(month(device(), device(of=ACCESS)), Language.EN)
    assert not [block for block in paper.blocks if isinstance(block, Diagram)]


def test_items_of_people_are_blank_until_somebody_filled_them_in() -> None:
    key = "site/east/earthing/result"
    paper = inspection(month(device()), Language.ZH_CN)
    blanks = [cell for table in paper.blocks if isinstance(table, Table) for row in table.rows for cell in row.cells]
    filled = [cell for cell in blanks if isinstance(cell, Blank) and cell.filled]
    assert filled == []
    assert Blank(key=key) in blanks
    assert Blank(key="device/core-1/cleaning/result") in blanks
    signed = inspection(replace(month(device()), filled={key: "合格"}), Language.ZH_CN)
    assert [row for row in rows(signed, "on_site") if row.startswith("东机房 | 接地") and "合格" in row]


def score(*devices: DeviceMonth, faults: Sequence[Fault] = ()) -> dict[str, str]:
    found = rows(inspection(month(*devices, faults=faults), Language.EN), "health")
    return {row.split(" | ")[0][:2]: row.split(" | ")[1] for row in found}


def test_the_worst_part_is_not_averaged_away() -> None:
    fine = check("fan", "Fan 1", "state", OK), check("interface", "GE1", "oper_status", OK)
    many = [device(*fine, of=replace(ACCESS, name=f"acc-{n}")) for n in range(99)]
    broken = device(check("fan", "Fan 1", "state", FAILED), check("interface", "GE1", "oper_status", OK))
    assert score(*many, broken) == {"S1": "99", "S2": "100", "S3": "insufficient data", "S4": "100"}
    # the mean of three parts, and 0.9 because the lowest is not 100
    assert "Health score S = 89.7 of 100" in "\n".join(told(month(*many, broken)))
    grave = replace(fault("fan", "Fan 1"), level=Level.CRITICAL)
    assert score(*many, broken, faults=[grave])["S1"] == "59"
    assert "Health score S = 60.4 of 100" in "\n".join(told(month(*many, broken, faults=[grave])))  # 86.3 × 0.7
    cleared = replace(grave, state=FaultState.CLEARED)
    assert score(*many, broken, faults=[cleared])["S1"] == "99"


@pytest.mark.parametrize(
    ("value", "limits", "result"),
    [
        (-15.0, Limits(low_critical=-18), "√ Normal"),
        (-16.5, Limits(low_critical=-18), "△ Attention"),
        (-15.0, None, "√ Normal"),
        (1.5, Limits(low_critical=-18, high_critical=3), "△ Attention"),
    ],
)
def test_light_wants_two_decibels_to_the_modules_own_limit(value: float, limits: Limits | None, result: str) -> None:
    light = check("optic", "GE1/0/1", "rx_power", OK, value=value, unit="dbm", limits=limits)
    (row,) = [row for row in sheet(month(device(light))) if "received light" in row]
    assert row.split(" | ")[4] == result


@pytest.mark.parametrize(("value", "result"), [(0.8, "√ Normal"), (0.81, "△ Attention")])
def test_load_without_any_limit_is_held_against_what_is_customary(value: float, result: str) -> None:
    load = check("cpu", "Slot 1", "usage", None, value=value, unit="ratio")
    (row,) = [row for row in sheet(month(device(load))) if row.startswith("CPU")]
    assert row.split(" | ")[4] == result


def test_what_is_known_beside_readings_is_checked_too() -> None:
    full = replace(
        device(check("fan", "Fan 1", "state", OK)),
        booted_at=START + timedelta(days=3),
        warranty_ends=date(2026, 12, 24),
        differences=(),
        log=LogMonth(counts={"failed": 2, "ok": 7}, repeated=(("link flap", 4), ("once", 1))),
        configuration=ConfigurationMonth(number=5, at=T0, changes=2, added=10, removed=3),
        known_for=86400.0,
        up_for=86313.6,
    )
    found = sheet(month(full))
    for line in (
        "as the baseline; patch running | version R19; no patch told | · Recorded only | —",
        "started 2026-10-04 00:00, 28 days at the end of the month | △ Attention | —",
        "serial number CHASSIS0001, as in the asset file | √ Normal | —",
        "9 lines: 2 grave, 0 warnings | △ Attention | —",
        "until 2026-12-24 | △ Attention | —",
    ):
        assert [row for row in found if row.endswith(line) or row == line], line
    paper = inspection(month(full), Language.EN)
    (row,) = rows(paper, "devices")
    assert " | 28 d | 2026-12-24 | 99.9 % (known for 1.0 days) | " in row
    assert rows(paper, "log_repeated") == ["core-1 (核心) | link flap | 4"]
    assert rows(paper, "configurations") == ["core-1 (核心) | 5 | 2026-10-22 15:04 | 2 | +10 −3 lines | ○ Not checked"]


def test_the_month_before_is_followed_up_by_natural_keys() -> None:
    first = month(device(check("psu", "PSU 2", "state", FAILED)), faults=[fault(), fault("fan", "Fan 1")])
    before = read(inspection(first, Language.ZH_CN).data["outcome"])
    assert {each.key for each in before.problems} == {"core-1/psu/PSU 2/state", "core-1/fan/Fan 1/state"}
    second = replace(month(device(), faults=[fault(), fault("disk", "Bay 3")]), month="2026-11", before=before)
    found = told(second)
    assert "Problems: 1 new, 1 still there, 1 gone." in found
    paper = inspection(second, Language.EN)
    assert rows(paper, "followed") == [
        "Fan 1: failed | core-1 (核心) | important | − gone",
        "power supply PSU 2: failed | core-1 (核心) | important | = still there",
    ]
    assert [row.split(" | ")[-1] for row in rows(paper, "problems")] == ["+ new", "= still there"]
    assert "There is no report of the month before to compare with." in told(first)


def series(name: str, values: Sequence[float | None], *, aspect: str = "usage", kind: str = "cpu") -> Series:
    spans = tuple(
        Span(
            start=START + timedelta(days=day),
            seconds=86400.0 if value is not None else 0.0,
            samples=24,
            low=None if value is None else value - 0.1,
            mean=value,
            high=None if value is None else value + 0.1,
        )
        for day, value in enumerate(values)
    )
    part = Component(kind=kind, label="Slot 1")
    return Series(device=name, component=part, aspect=aspect, unit="ratio", spans=spans, limit_high=0.9)


def test_trends_have_pictures_and_figures_where_there_are_days_and_say_so_where_not() -> None:
    known = series("core-1", [0.2, 0.4, None, 0.6])
    short = series("acc-2", [0.5, 0.5])
    paper = inspection(
        replace(month(device(), device(of=ACCESS)), trends=trended((known, short), START, END)), Language.EN
    )
    assert rows(paper, "trends") == [
        "acc-2" + " | insufficient data" * 6,
        "core-1 (核心) | 40 % / 70 %" + " | insufficient data" * 5,
    ]
    (chart,) = [block for block in paper.blocks if isinstance(block, Chart)]
    assert chart.limits == (("upper limit", 0.9),)
    assert [value for _, value in chart.lines[0].points] == [0.2, 0.4, None, 0.6]


def test_a_limit_that_will_be_reached_is_a_line_of_the_report_and_a_picture() -> None:
    ahead = Outlook(
        device="core-1",
        component=Component(kind="cpu", label="Slot 1"),
        aspect="usage",
        unit="ratio",
        limit=0.9,
        on=date(2026, 12, 24),
        first=date(2026, 12, 1),
        left=54,
        points=((START, 0.3), (END, 0.7)),
        line=((END, 0.7), (END + timedelta(days=54), 0.9)),
    )
    of = replace(month(device()), outlooks=(ahead,))
    paper = inspection(of, Language.EN)
    assert rows(paper, "outlooks") == [
        "core-1 (核心) | CPU Slot 1 – usage | 90 % | 54 | 2026-12-24 | 2026-12-01 | — | —"
    ]
    assert [row for row in rows(paper, "problems") if "reaches its limit in 54 days, on 2026-12-24" in row]
    assert [block.lines[1].dashed for block in paper.blocks if isinstance(block, Chart) and len(block.lines) > 1] == [
        True
    ]


def test_notices_are_told_or_it_is_said_that_nobody_watches_for_them() -> None:
    assert [line for line in told(month(device())) if line.startswith("The makers' notices are not watched")]
    one = ExposureMonth(
        device="core-1", advisory="SA-1", title="A flaw", verdict="affected", known_exploited=True, fixed="R20"
    )
    of = replace(month(device()), notices=NoticesMonth(exposures=(one,), sources=(("maker", None),)))
    paper = inspection(of, Language.EN)
    assert rows(paper, "notices") == ["core-1 (核心) | SA-1, A flaw, known to be exploited | affected | R20 | — | —"]
    assert [row for row in rows(paper, "problems") if "fixed in R20" in row and "! important" in row]


@pytest.mark.parametrize("language", list(Language))
def test_the_report_made_again_is_the_same_and_survives_the_archive(language: Language) -> None:
    of = month(device(check("fan", "Fan 1", "state", OK)), faults=[fault()], tickets=[ticket()])
    again = month(device(check("fan", "Fan 1", "state", OK)), faults=[fault()], tickets=[ticket()])
    raw = paper_json(inspection(of, language))
    assert raw == paper_json(inspection(again, language))
    assert paper_json(paper_of(raw)) == raw


def test_the_fingerprint_is_of_the_facts_and_stands_in_the_report() -> None:
    of = month(device(check("fan", "Fan 1", "state", OK)))
    other = month(device(check("fan", "Fan 1", "state", FAILED)))
    revision = Revision(version=1, made_at=END, why="first")
    later = replace(of, generated_at=END + timedelta(days=1), tool_version="9", revisions=(revision,))
    assert fingerprint(of) == fingerprint(later)
    assert fingerprint(of) != fingerprint(other)
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint(of))
    assert inspection(of, Language.EN).facts == fingerprint(of)
    assert rows(inspection(later, Language.EN), "revisions") == ["V1 | 2026-11-01 00:00 | first version"]


def test_hostile_strings_break_neither_the_report_nor_its_archive() -> None:
    evil = "<script>alert(1)</script>\"\u202e\x00=cmd|' /C calc'!A0{{ 7 * 7 }}{x}%s"
    hostile = replace(CORE, title=evil)
    of = month(
        replace(
            device(check("fan", evil, "state", FAILED, raw=evil), of=hostile),
            identity=Identity(model=evil),
            reason=evil,
        ),
        faults=[fault("fan", evil)],
    )
    for language in Language:
        paper = inspection(of, language)
        assert paper_of(paper_json(paper)).number == paper.number
        assert [line for line in lines(paper) if "<script>" in line]


@pytest.mark.parametrize("language", list(Language))
def test_a_report_of_no_devices_has_every_chapter_and_claims_nothing(language: Language) -> None:
    paper = inspection(month(), language)
    keys = [block.key for block in paper.blocks if isinstance(block, Heading) and block.level == 1]
    assert keys == [
        "approval", "scope", "conclusion", "advice", "events", "devices", "sheets", "trends", "alarms", "faults",
        "notices", "configurations", "spares", "problems", "on_site", "appendix", "signatures",
    ]  # fmt: skip
    assert all(block.empty for block in paper.blocks if isinstance(block, Table) and not block.rows)
    assert [line for line in lines(paper) if "√" in line and "×" not in line] == [
        f"√ {'Normal' if language is Language.EN else '正常'} | 0 | 0"
    ]


def test_every_kind_of_part_belongs_to_an_item_of_its_own_family() -> None:
    # a kind that stands under "other" was forgotten in inspection.toml
    for platform, foreign in FOREIGN.items():
        for kind in Kind:
            found = next(item for item in ITEMS.of(platform) if item.fits(check(kind.value, "x", "state", OK)))
            assert (found.name == "other") is (kind in foreign), kind


# a device as a whole has items by aspect (whether it answers, who it shows itself to be), and none for the rest
FOREIGN = {
    "huawei_vrp": {
        Kind.DEVICE, Kind.SITE, Kind.DIMM, Kind.PROCESSOR, Kind.DISK, Kind.VIRTUAL_DISK, Kind.CONTROLLER,
        Kind.ENCLOSURE, Kind.INTRUSION, Kind.NIC, Kind.PCI, Kind.FIRMWARE, Kind.SYSTEM,
    },
    "dell_idrac": {
        Kind.DEVICE, Kind.SITE, Kind.MODEM, Kind.STACK, Kind.STACK_PORT, Kind.OPTIC, Kind.LANE, Kind.POE, Kind.BGP_PEER,
        Kind.OSPF_NEIGHBOUR, Kind.FLASH, Kind.VRRP,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ('[[item]]\nname = "a"\n', "standard"),
        ('[[item]]\nname = "a"\ntitle = {en="a", zh_CN="b"}\nstandard = {en="a", zh_CN="b"}\n', "needs either facts"),
    ],
)
def test_an_item_that_nothing_tells_of_is_refused(written: str, wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        ItemsFile.model_validate(tomllib.loads(written))
