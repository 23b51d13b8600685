import copy
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from alerts.faults.policy import ASPECTS, KINDS, PolicyFile, policy
from alerts.faults.rules import Case, Group, Link, Wrong, first_match
from alerts.faults.wording import PLACEHOLDERS
from monitor.model import Role

ROOT = Path(__file__).parents[2]
SHIPPED: dict[str, Any] = tomllib.loads((ROOT / "configs/policy.toml").read_text(encoding="utf-8"))
GUIDE = (ROOT / "docs/policy.md").read_text(encoding="utf-8")


def changed(*way: str | int, to: object) -> dict[str, Any]:
    """The shipped file with one value changed, or taken out where `to` is None."""
    file = copy.deepcopy(SHIPPED)
    place: Any = file
    for step in way[:-1]:
        place = place[step]
    if to is None:
        del place[way[-1]]
    else:
        place[way[-1]] = to
    return file


def complaint(file: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as refused:
        PolicyFile.model_validate(file)
    return str(refused.value)


def rule_number(name: str) -> int:
    return next(n for n, rule in enumerate(SHIPPED["rule"]) if rule["name"] == name)


def test_shipped_policy_has_a_level_for_everything_that_can_be_wrong() -> None:
    shipped = policy(PolicyFile.model_validate(SHIPPED))
    for kind in KINDS:
        for aspect in ASPECTS:
            for wrong in Wrong:
                for role in Role:
                    for group in Group:
                        case = Case(role=role, group=group, link=Link.UP, was_ok=True)
                        assert first_match(shipped.candidates(kind, aspect, wrong), case) is not None


def test_every_shipped_rule_can_be_reached() -> None:
    shipped = policy(PolicyFile.model_validate(SHIPPED))
    reachable = {rule.name for rules in shipped.rules.values() for rule in rules}
    assert {rule["name"] for rule in SHIPPED["rule"]} - reachable == set()


def test_rule_behind_one_that_asks_nothing_is_never_reached() -> None:
    late = {**SHIPPED["rule"][rule_number("cover-open")], "name": "too-late"}
    shipped = policy(PolicyFile.model_validate({**SHIPPED, "rule": [*SHIPPED["rule"], late]}))
    assert [rule.name for rule in shipped.candidates("intrusion", "state", Wrong.FAILED)] == ["cover-open"]


def test_access_is_never_graver_than_core() -> None:
    shipped = policy(PolicyFile.model_validate(SHIPPED))
    for (kind, aspect, wrong), rules in shipped.rules.items():
        for group in Group:
            core, access = (
                first_match(rules, Case(role=role, group=group, declared=True, was_ok=True))
                for role in (Role.CORE, Role.ACCESS)
            )
            assert core is not None
            assert access is not None
            if core.level is not None and access.level is not None:
                assert access.level >= core.level, (kind, aspect, wrong, group)


def without_rules(*names: str) -> dict[str, Any]:
    return {**SHIPPED, "rule": [rule for rule in SHIPPED["rule"] if rule["name"] not in names]}


def test_kind_without_any_rule_is_refused_by_name() -> None:
    file = copy.deepcopy(SHIPPED)
    for rule in file["rule"]:
        if isinstance(rule["kind"], list):
            rule["kind"] = [kind for kind in rule["kind"] if kind != "intrusion"]
    file["rule"] = [rule for rule in file["rule"] if rule["kind"] != "intrusion"]
    assert 'no rule speaks of kind "intrusion"' in complaint(file)


def test_kind_that_may_fall_through_is_refused_with_the_gap() -> None:
    said = complaint(without_rules("psu-degraded"))
    assert 'kind "psu" may fall through the rules: state degraded' in said


def test_rule_that_asks_something_does_not_close_the_gap() -> None:
    file = changed("rule", rule_number("cover-open"), "role", to="core")
    assert 'kind "intrusion" may fall through the rules: state degraded, state failed' in complaint(file)


def test_unknown_placeholder_is_refused_by_name_and_place() -> None:
    said = complaint(changed("rule", 3, "why", "en", to="{part} failed on {role}"))
    assert '"{part}" is no placeholder' in said
    assert "rule.3.why" in said


@pytest.mark.parametrize("template", ["{role.name}", "{value:.2f}", "{raw!r}", "{}", "{0}", "{label[0]}"])
def test_template_is_no_programme(template: str) -> None:
    assert "is no placeholder" in complaint(changed("rule", 0, "why", "zh_CN", to=template))


@pytest.mark.parametrize("template", ["{role", "role}"])
def test_template_with_half_a_brace_is_refused(template: str) -> None:
    assert "rule.0.why" in complaint(changed("rule", 0, "why", "en", to=template))


@pytest.mark.parametrize(
    ("way", "to", "said"),
    [
        (("rule", 0, "level"), 5, "rule.0.level"),
        (("rule", 0, "kind"), "powersupply", "rule.0.kind"),
        (("rule", 0, "colour"), "red", "rule.0.colour"),
        (("rule", 1, "name"), "device-silent", 'two rules are called "device-silent"'),
        (("kind", "psu"), None, "there is no [kind.…] for psu"),
        (("kind", "psu", "confirm", "answers"), 0, "kind.psu.confirm.answers"),
        (("kind", "cpu", "confirm", "time"), "soon", '"soon" is not a duration'),
        (("kind", "cpu", "confirm", "time"), 5, "a duration is text with a unit"),
        (("kind", "cpu", "aspect", "usage", "limits", "high_warning"), 0.99, "limits must rise"),
        (("words", "role", "core"), None, "[words.role] has no words for core"),
        (("flapping", "reuse"), 3000, "flapping could not begin or end"),
        (("flapping", "penalty"), 3000, "one single fault would be flapping"),
        (("flapping", "half_life"), "0s", "half_life"),
    ],
)
def test_mistake_is_refused_with_its_place(way: tuple[str | int, ...], to: object, said: str) -> None:
    assert said in complaint(changed(*way, to=to))


def test_symptoms_that_hide_behind_each_other_are_refused() -> None:
    circle = {"kind": "disk", "behind_kind": "virtual_disk"}
    assert "symptoms hide behind each other" in complaint({**SHIPPED, "symptom": [*SHIPPED["symptom"], circle]})


def test_every_setting_and_placeholder_stands_in_the_guide() -> None:
    missing = [f"`{name}`" for name in sorted(settings(PolicyFile)) if f"`{name}`" not in GUIDE]
    missing += [f"`{{{name}}}`" for name in sorted(PLACEHOLDERS) if f"`{{{name}}}`" not in GUIDE]
    missing += [f"`{word}`" for word in (*KINDS, *ASPECTS, *Group, *Link, *Wrong) if f"`{word}`" not in GUIDE]
    assert missing == []


def settings(model: type[BaseModel]) -> set[str]:
    found = set(model.model_fields)
    for one in model.model_fields.values():
        for inner in models(one.annotation):
            found |= settings(inner)
    return found


def models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in models(inner)]


BASELINE = ("kind", "interface", "aspect", "packet_errors", "baseline")
GOOD = {"at_least": 0.00003, "at_most": 0.001}


@pytest.mark.parametrize(
    ("way", "to", "says"),
    [
        (BASELINE, {**GOOD, "at_least": 0.01}, "at_least must not be above at_most"),
        (BASELINE, {**GOOD, "days": 5, "after": 7}, "after must not be more than days"),
        (BASELINE, {**GOOD, "factor": 1.0}, "greater than 1"),
        (BASELINE, {**GOOD, "usual": 1}, "Extra inputs are not permitted"),
        ((*BASELINE[:-1], "limits"), None, "a baseline needs limits with high_warning"),
        ((*BASELINE[:-1], "limits"), {"high_warning": 0.0001, "high_critical": 0.0005}, "below high_critical"),
        (
            ("kind", "interface", "aspect", "utilisation", "baseline"),
            GOOD,
            "[kind.interface.aspect.utilisation] can have no baseline",
        ),
    ],
)
def test_baseline_that_could_not_be_learned_is_refused(way: tuple[str, ...], to: object, says: str) -> None:
    assert says in complaint(changed(*way, to=to))
