"""Levels in place of what the rules say: [[override]] of the policy, and the word of a person."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.faults.explained import Context, explained
from alerts.faults.judgement import judged
from alerts.faults.policy import Policy, PolicyFile, policy
from monitor.model import (
    Change,
    Component,
    Condition,
    Device,
    Fault,
    FaultKey,
    Language,
    Level,
    Observation,
    Regraded,
    Role,
)

SHIPPED: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / "configs/policy.toml").read_text(encoding="utf-8"))
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
CORE = Device(name="hf-core-1", address="192.0.2.1", customer="cdc", site="hefei-1", role=Role.CORE)
WHY = {"en": "agreed with the customer", "zh_CN": "与客户约定"}
KEY = FaultKey(device="hf-core-1", kind="psu", label="PSU 1", aspect="state")


def with_overrides(*overrides: Mapping[str, Any]) -> Policy:
    return policy(PolicyFile.model_validate({**SHIPPED, "override": list(overrides)}))


def answers(failed: str = "PSU 1", now: datetime = NOON) -> list[Observation]:
    return [
        Observation(
            component=Component(kind="psu", label=label),
            aspect="state",
            condition=Condition.FAILED if label == failed else Condition.OK,
            at=now,
            raw="x",
            source="1.3.6.1.4.1.2011.5.25.31.1.1.18.1.6.1",
        )
        for label in ("PSU 1", "PSU 2")
    ]


def level(rules: Policy, device: Device = CORE) -> tuple[int | None, list[str]]:
    steps = judged(answers(), device, {}, frozenset(), rules, NOON).steps
    return (int(steps[0].fault.level), [one.rule for one in steps[0].fault.reasons]) if steps else (None, [])


@pytest.mark.parametrize(
    ("asks", "fits"),
    [
        ({"customer": "cdc"}, True),
        ({"customer": "school"}, False),
        ({"site": "hefei-*"}, True),
        ({"site": "wuhu-*"}, False),
        ({"device": "hf-core-1", "label": "PSU ?"}, True),
        ({"device": "hf-core-1", "label": "PSU 2"}, False),
        ({"kind": "psu", "aspect": "state"}, True),
        ({"kind": "fan"}, False),
        ({"rule": "psu-some-left"}, True),
        ({"rule": "psu-some-left-*"}, False),
    ],
)
def test_an_override_counts_where_all_that_it_asks_fits(asks: dict[str, str], fits: bool) -> None:  # noqa: FBT001 - a row of a table
    rules = with_overrides({"name": "agreed", "level": 4, "why": WHY, **asks})
    assert level(rules) == ((4, ["psu-some-left", "agreed"]) if fits else (2, ["psu-some-left"]))


def test_an_override_may_say_that_it_is_no_fault_at_all() -> None:
    assert level(with_overrides({"name": "agreed", "level": "none", "why": WHY, "device": "hf-core-*"})) == (None, [])


def test_of_several_overrides_the_first_counts() -> None:
    two = with_overrides(
        {"name": "first", "level": 1, "why": WHY, "kind": "psu"},
        {"name": "second", "level": 4, "why": WHY, "kind": "psu"},
    )
    assert level(two)[0] == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "it would fit every fault"),
        ({"kind": "psux"}, "fits none of"),
        ({"rule": "psu-sum-left"}, 'there is no rule "psu-sum-left"'),
    ],
)
def test_an_override_that_can_never_be_meant_is_refused(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        with_overrides({"name": "agreed", "level": 4, "why": WHY, **wrong})


def test_the_word_of_a_person_stands_as_long_as_the_fault_and_no_longer() -> None:
    rules = with_overrides({"name": "agreed", "level": 4, "why": WHY, "kind": "psu"})
    (step,) = judged(answers(), CORE, {}, frozenset(), rules, NOON).steps
    assert (step.change, step.fault.level) == (Change.OPENED, Level.WARNING)
    word = Regraded(level=Level.CRITICAL, by="wang", reason="the other one smokes", at=NOON)
    known: dict[FaultKey, Fault] = {KEY: replace(step.fault, regraded=word, level=word.level)}
    for minute in range(1, 12):
        steps = judged(answers(), CORE, known, frozenset(), rules, NOON + timedelta(minutes=minute)).steps
        known |= {one.fault.key: one.fault for one in steps}
        assert known[KEY].level is Level.CRITICAL
    assert [one.rule for one in known[KEY].reasons] == ["psu-some-left", "agreed", "wang, 2026-01-05 12:00 UTC"]
    for minute in range(12, 15):
        steps = judged(answers("none"), CORE, known, frozenset(), rules, NOON + timedelta(minutes=minute)).steps
        known |= {one.fault.key: one.fault for one in steps}
    steps = judged(answers(), CORE, known, frozenset(), rules, NOON + timedelta(hours=1)).steps
    assert [one.fault.level for one in steps] == [Level.WARNING], "a new fault begins without it"


def test_an_explanation_names_the_rules_that_nearly_spoke_and_what_ends_it() -> None:
    rules = with_overrides()
    (step,) = judged(answers(), CORE, {}, frozenset(), rules, NOON).steps
    fan = replace(step.fault, key=replace(KEY, kind="system", label="", aspect="state"))
    said = explained(step.fault, Language.EN, Context(policy=rules, device=CORE, symptoms=[fan])).splitlines()
    assert "To check: snmpget -v2c -c COMMUNITY 192.0.2.1 1.3.6.1.4.1.2011.5.25.31.1.1.18.1.6.1" in said
    assert "Confirmed by: one bad answer" in said
    assert "It is over: after 2 good answers in a row" in said
    assert "Other level: level 1 (psu-none-left) if none of its group were left" in said
    assert "Other level: level 3 (psu-some-left-access) if it were an access switch" in said
    beneath = 'Beneath it: hf-core-1 / system / state (failed): "x" – 1.3.6.1.4.1.2011.'
    assert any(line.startswith(beneath) for line in said)
    assert any(line.startswith("Rule: psu-some-left (fits if ") for line in said)
    chinese = explained(step.fault, Language.ZH_CN, Context(policy=rules, device=CORE))
    assert "其他级别: 若同组已无可用部件，则为 1 级（psu-none-left）" in chinese
