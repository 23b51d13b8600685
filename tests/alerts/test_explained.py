import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.faults.explained import Context, explained
from alerts.faults.policy import PolicyFile, policy
from monitor.model import (
    Component,
    Condition,
    Device,
    Fault,
    FaultKey,
    FaultState,
    Language,
    Level,
    Limits,
    Observation,
    Reason,
    Text,
)

POLICY = Path(__file__).parents[2] / "configs" / "policy.toml"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
PART = Component(kind="temperature", label="Inlet", slot="1/2", serial="SN7")
FAULT = Fault(
    key=FaultKey(device="core-1", kind="temperature", label="Inlet", aspect="temperature"),
    component=PART,
    condition=Condition.DEGRADED,
    level=Level.MINOR,
    reasons=(Reason(rule="temperature-warning", text=Text(en="Inlet is warm", zh_CN="进风口偏热")),),
    evidence=Observation(
        component=PART,
        aspect="temperature",
        condition=Condition.DEGRADED,
        at=NOON,
        value=36.0,
        unit="celsius",
        raw="36",
        source="1.3.6.1.4.1.2011.5.25.31.1.1.1.1.11.5",
        limits=Limits(high_warning=30.0),
    ),
    state=FaultState.OPEN,
    first_seen=NOON,
    last_seen=NOON + timedelta(minutes=3),
    changed_at=NOON,
    opened_at=NOON + timedelta(minutes=1),
)


def test_explanation_names_level_rule_source_and_the_words_of_the_device() -> None:
    assert explained(FAULT, Language.EN).splitlines() == [
        "Fault: core-1 / temperature / Inlet / temperature (degraded)",
        "Level: 3",
        "Why: Inlet is warm",
        "Rule: temperature-warning",
        'Device says: "36" = 36 °C',
        "Read from: 1.3.6.1.4.1.2011.5.25.31.1.1.1.1.11.5",
        "Own limits: warning above 30 °C",
        "Part: 1/2, SN7",
        "Seen: first 2026-01-05 12:00:00 UTC, last 2026-01-05 12:03:00 UTC",
        "State: open since 2026-01-05 12:01:00 UTC",
    ]


def test_explanation_is_said_in_chinese() -> None:
    said = explained(FAULT, Language.ZH_CN)
    assert "原因: 进风口偏热" in said
    assert "状态: 自 2026-01-05 12:01:00 UTC 起未恢复" in said


def test_explanation_names_the_cause_of_a_symptom() -> None:
    cause = FaultKey(device="core-1", kind="fan", label="1", aspect="state")
    said = explained(replace(FAULT, hidden_by=cause), Language.EN)
    assert "Symptom of: core-1 / fan / 1 / state: nobody is called for this one while that lasts" in said


def test_explanation_of_a_fault_that_recovers_says_so() -> None:
    good_since = NOON + timedelta(minutes=4)
    said = explained(replace(FAULT, good=1, bad=0, good_since=good_since), Language.EN)
    assert "; good since 2026-01-05 12:04:00 UTC, good answers in a row: 1; not yet sure" in said


def test_explanation_of_flapping_tells_the_penalty() -> None:
    said = explained(replace(FAULT, flapping=True, penalty=2766.4), Language.EN)
    assert "Flapping: penalty 2766 at 2026-01-05 12:00:00 UTC" in said


def test_explanation_of_what_is_suspected_and_of_what_is_over() -> None:
    assert "not yet confirmed" in explained(replace(FAULT, state=FaultState.SUSPECTED), Language.EN)
    over = replace(FAULT, state=FaultState.CLEARED, good=2, cleared_at=NOON + timedelta(minutes=9))
    assert "State: cleared at 2026-01-05 12:09:00 UTC, after it was seen good" in explained(over, Language.EN)


@pytest.mark.parametrize(
    ("kind", "aspect", "raw", "told", "check"),
    [
        ("psu", "state", "failed(2)", 'Device says: "failed(2)"', "get -v2c -c COMMUNITY {} 1.3.6.1.2.1.2.8.7"),
        ("stack", "state", "gone", "says: nothing; its row", "walk -v2c -c COMMUNITY {} 1.3.6.1.2.1.2.8.7"),
        ("aggregate", "redundancy", "1 of 4 members down", "Counted: ", "walk -v2c -c COMMUNITY {} 1.3.6.1.2.1.2.8"),
        ("interface", "discards", "7 of 90 packets", "Counted: ", "1.3.6.1.2.1.2.8.7, twice with a minute between"),
    ],
)  # fmt: skip
def test_a_sceptic_is_told_what_the_device_says_and_which_command_shows_it(
    kind: str, aspect: str, raw: str, told: str, check: str
) -> None:
    component = Component(kind=kind, label="x")
    seen = Observation(
        component=component, aspect=aspect, condition=Condition.FAILED, at=NOON, raw=raw, source="1.3.6.1.2.1.2.8.7"
    )
    device = Device(name="core", address="192.0.2.1", customer="c", site="s")
    fault = Fault(
        key=FaultKey(device="core", kind=kind, label="x", aspect=aspect), component=component, evidence=seen,
        condition=Condition.FAILED, level=Level.MAJOR, reasons=(), state=FaultState.OPEN, first_seen=NOON,
        last_seen=NOON, changed_at=NOON,
    )  # fmt: skip
    said = explained(fault, Language.EN, Context(device=device))
    assert told in said
    assert check.format(device.address) in said.partition("To check: ")[2].partition("\n")[0]


def test_explanation_links_to_the_runbook_where_there_is_one() -> None:
    pages = "https://wiki.example.org/rb"
    said = explained(FAULT, Language.ZH_CN, Context(runbooks=pages))
    assert f"处理步骤: {pages}/zh_CN/{FAULT.key.kind}#{FAULT.key.aspect}\n" in said
    assert "处理步骤" not in explained(FAULT, Language.ZH_CN)


@pytest.mark.parametrize(
    ("aspect", "raw", "source", "told", "check"),
    [
        ("answer", "timeout", "udp://192.0.2.1:161", "No answer: timeout",
         "ping 192.0.2.1; or snmpget -v3 -l authPriv -u nv 192.0.2.1 1.3.6.1.2.1.1.3.0"),
        ("licence", "Expired", "display license | STATE [1]", 'Device says: "Expired"',
         "ssh -p 8022 USER@192.0.2.1: display license"),
        ("state", "Critical", "/redfish/v1/Chassis/1#/Status/Health", 'Device says: "Critical"',
         "curl -ku USER https://192.0.2.1:8443/redfish/v1/Chassis/1"),
    ],
)  # fmt: skip
def test_what_is_to_be_typed_is_said_for_each_way_in_which_a_device_is_asked(
    aspect: str, raw: str, source: str, told: str, check: str
) -> None:
    part = Component(kind="device", label="")
    seen = replace(FAULT.evidence, component=part, aspect=aspect, raw=raw, source=source, value=None, limits=None)
    device = Device(name="core-1", address="192.0.2.1", customer="c", site="s", redfish_port=8443, ssh_port=8022)
    context = Context(device=device, asked=("-v3 -l authPriv -u nv",))
    said = explained(replace(FAULT, component=part, evidence=seen), Language.EN, context).splitlines()
    assert told in said
    assert f"To check: {check}" in said


def test_a_rule_that_was_not_asked_is_told_as_one_that_was_not_asked() -> None:
    shipped = policy(PolicyFile.model_validate(tomllib.loads(POLICY.read_text())))
    key = FaultKey(device="core-1", kind="ospf_neighbour", label="10.8.0.2", aspect="state")
    reasons = (Reason(rule="ospf-none-left", text=Text(en="the last one", zh_CN="最后一个")),)
    fault = replace(FAULT, key=key, condition=Condition.FAILED, level=Level.CRITICAL, reasons=reasons)
    said = explained(fault, Language.EN, Context(policy=shipped)).splitlines()
    assert (
        "Rule: ospf-none-left (fits if it were a core switch or a distribution switch, and none of its group were left "
        "or it were the only one of its group, and it had once been seen well)" in said
    )
    assert "Other level: no fault (neighbour-never-up) if ospf-none-left did not fit" in said
    chinese = explained(fault, Language.ZH_CN, Context(policy=shipped))
    assert "若 ospf-none-left 不适用，则不算故障（neighbour-never-up）" in chinese


def test_what_was_counted_is_said_in_the_reader_s_language() -> None:
    part = Component(kind="aggregate", label="Eth-Trunk1")
    seen = replace(
        FAULT.evidence, component=part, aspect="redundancy", raw="1 of 4 members down: GE0/0/1", value=None, limits=None
    )
    fault = replace(FAULT, component=part, evidence=seen)
    assert "统计: 4 个成员中 1 个断开：GE0/0/1\n" in explained(fault, Language.ZH_CN)
    assert "Counted: 1 of 4 members down: GE0/0/1\n" in explained(fault, Language.EN)
