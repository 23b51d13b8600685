"""Broken devices as data (derived.toml): a value of a healthy box changes, and the whole way to the fault is gone."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.faults.judgement import judged
from alerts.faults.policy import PolicyFile, policy
from collectors.platform import PlatformFile, platforms
from collectors.recording import RecordingReader, recorded
from collectors.snmp.reader import Budget, Community, Target
from collectors.visit import observed, visited
from monitor.model import Device, Fault, FaultKey, FaultState, Observation, Role

ROOT = Path(__file__).parents[2]
DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("derived.toml").read_text("utf-8"))
BOXES: dict[str, dict[str, Any]] = DATA["box"]
FILES = {
    path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    for path in (ROOT / "configs" / "platforms").glob("*.toml")
}
OURS = platforms(FILES)
POLICY = policy(PolicyFile.model_validate(tomllib.loads((ROOT / "configs" / "policy.toml").read_text("utf-8"))))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# older releases answer the same tables below other roots
OTHER_ROOTS = {"1.3.6.1.4.1.25506.2.": "1.3.6.1.4.1.2011.10.2.", "1.3.6.1.4.1.25506.8.35.": "1.3.6.1.4.1.2011.2.23.1."}


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    box: str
    seen: bool
    change: tuple[str, ...]
    faults: frozenset[str]


def cases() -> Iterable[Case]:
    for case in DATA["case"]:
        each = case.get("each")
        told = (
            [((f"{case['object']}|{value}",), [fault] if fault else []) for value, fault in each.items()]
            if each
            else [(tuple(case["change"]), case["faults"])]
        )
        for change, faults in told:
            name = f"{case['box']}: {case['name']}{' ' + change[0].rpartition('|')[2] if each else ''}"
            yield Case(
                name=name, box=case["box"], seen=case.get("seen", False), change=change, faults=frozenset(faults)
            )


CASES = list(cases())


def lines(box: str, change: Iterable[str] = (), *, old_roots: bool = False) -> str:
    """The recording of `box` with some lines changed or taken away."""
    found: dict[str, str] = {}
    for line in [*(line for group in BOXES[box]["lines"].values() for line in group), *change]:
        oid, _, value = line.partition("|")
        short, _, rest = oid.partition(".")
        found[f"{BOXES[box]['short'][short]}.{rest}"] = value
    text = "\n".join(f"{oid}|{value}" for oid, value in found.items() if value)
    if old_roots:
        for new, old in OTHER_ROOTS.items():
            text = "\n".join(line.replace(new, old, 1) if line.startswith(new) else line for line in text.split("\n"))
    return text


def device(box: str) -> Device:
    return Device(name=box, address="192.0.2.1", customer="c", site="s", role=Role(BOXES[box]["role"]))


def saved(path: Path, text: str) -> RecordingReader:
    path.write_text(text, "utf-8")
    return recorded(path)


async def said(path: Path, box: str, text: str) -> tuple[Observation, ...]:
    target = Target(address="192.0.2.1", credential=Community(community="x"))
    visit = await visited(device(box), [target], saved(path, text), OURS, NOON, Budget())
    assert visit.identity.platform == BOXES[box]["platform"]
    return observed(visit)


def written(fault: Fault) -> str:
    key = fault.key
    return f"{key.kind}:{key.label}:{key.aspect} {fault.condition} {fault.level}"


def at_first_sight(box: str, observations: tuple[Observation, ...]) -> frozenset[str]:
    """The faults that a replay shows, those that others explain left out."""
    verdict = judged(observations, device(box), {}, frozenset(), POLICY, NOON, at_once=True)
    return frozenset(written(step.fault) for step in verdict.steps if step.fault.hidden_by is None)


def in_the_course_of_time(box: str, visits: Iterable[tuple[Observation, ...]]) -> frozenset[str]:
    """The faults that are open in the end, after a visit a minute."""
    known: dict[FaultKey, Fault] = {}
    seen_ok: frozenset[tuple[str, str, str]] = frozenset()
    for minute, observations in enumerate(visits):
        now = NOON + timedelta(minutes=minute)
        verdict = judged(observations, device(box), known, seen_ok, POLICY, now)
        known |= {step.fault.key: step.fault for step in verdict.steps}
        seen_ok |= verdict.newly_ok
    return frozenset(
        written(fault) for fault in known.values() if fault.state is FaultState.OPEN and fault.hidden_by is None
    )


async def outcome(case: Case, path: Path, *, old_roots: bool = False) -> frozenset[str]:
    broken = await said(path, case.box, lines(case.box, case.change, old_roots=old_roots))
    if not case.seen:
        return at_first_sight(case.box, broken)
    healthy = await said(path, case.box, lines(case.box, old_roots=old_roots))
    return in_the_course_of_time(case.box, [healthy] * 3 + [broken] * 6)


@pytest.mark.parametrize("box", BOXES)
async def test_healthy_box_has_no_fault(box: str, tmp_path: Path) -> None:
    assert at_first_sight(box, await said(tmp_path / "box.snmprec", box, lines(box))) == frozenset()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_changed_value_is_the_fault_that_it_means(case: Case, tmp_path: Path) -> None:
    assert await outcome(case, tmp_path / "box.snmprec") == case.faults


@pytest.mark.parametrize("case", [case for case in CASES if case.box == "h3c"], ids=lambda case: case.name)
async def test_older_release_under_other_roots_says_the_same(case: Case, tmp_path: Path) -> None:
    assert await outcome(case, tmp_path / "box.snmprec", old_roots=True) == case.faults


async def test_every_value_that_claims_something_bad_has_a_case(tmp_path: Path) -> None:
    claimed: dict[str, set[str]] = {}
    for case in CASES:
        for one in await said(tmp_path / "box.snmprec", case.box, lines(case.box, case.change)):
            for platform in (BOXES[case.box]["platform"], "_standard"):  # all others extend that one
                claimed.setdefault(platform, set()).update(one.raw.split())

    over_redfish = {
        fact.states
        for file in FILES.values()
        for part in file.parts
        for fact in part.facts
        if part.table.startswith("redfish_")
    }
    bad = {
        f"{platform}: {name} {word}({value})"
        for platform, file in FILES.items()
        for name, states in file.states.items()
        if name not in over_redfish  # test_redfish_derived.py
        if not name.startswith("cli")  # what the command line says has the folders of tests/collectors/cli
        for value, (condition, word) in states.items()
        if condition.is_bad and f"{word}({value})" not in claimed.get(platform, set())
    }
    assert bad == set()
