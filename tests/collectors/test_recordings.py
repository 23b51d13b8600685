"""The recordings of real devices beside the project: nothing false, nothing missed, all the reference's sensors."""

import json
import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.faults.judgement import judged
from alerts.faults.policy import PolicyFile, policy
from collectors.platform import PlatformFile, platforms
from collectors.recording import recorded
from collectors.snmp.reader import Budget, Community, Target
from collectors.visit import observed, visited
from monitor.model import Condition, Device, Fault, FaultKey, FaultState, Observation, Role

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("NETVIGIL_RECORDINGS", ROOT.parent / "shared" / "recordings")) / "snmp"
RECORDINGS = sorted(FOLDER.rglob("*.snmprec"))
TRUTH: dict[str, Any] = json.loads((FOLDER / "truth.json").read_text("utf-8")) if RECORDINGS else {}
OURS = platforms(
    {
        path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text("utf-8")))
        for path in (ROOT / "configs" / "platforms").glob("*.toml")
    }
)
POLICY = policy(PolicyFile.model_validate(tomllib.loads((ROOT / "configs" / "policy.toml").read_text("utf-8"))))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE = Device(name="recorded", address="192.0.2.1", customer="customer-a", site="site-a", role=Role.CORE)
TARGET = Target(address="192.0.2.1", credential=Community(community="x"))

# The folder holds what is no network device of ours; one of them has become a platform since.
OF_OURS = {"ibmc": "huawei_ibmc"}

pytestmark = pytest.mark.skipif(not RECORDINGS, reason=f"no recordings below {FOLDER}; NETVIGIL_RECORDINGS names them")


async def said(path: Path) -> tuple[str, tuple[Observation, ...]]:
    visit = await visited(DEVICE, [TARGET], recorded(path), OURS, NOON, Budget())
    return visit.identity.platform or "", observed(visit)


def expected_platform(path: Path) -> str:
    return OF_OURS.get(path.stem, "_standard") if path.parent.name == "other" else path.parent.name


def faults(observations: tuple[Observation, ...]) -> set[str]:
    """The OIDs that speak for a fault, were each thing bad believed at once."""
    verdict = judged(observations, DEVICE, {}, frozenset(), POLICY, NOON, at_once=True)
    return {step.fault.evidence.source for step in verdict.steps}


def sensors(path: Path) -> set[str]:
    """The OIDs of the sensors and processors that the reference found in the recording."""
    file = path.with_name(f"{path.stem}.expected.librenms.json")
    stages = [s for m in json.loads(file.read_text("utf-8")).values() for s in m.values() if isinstance(s, dict)]
    found = {row["sensor_oid"] for stage in stages for row in stage.get("sensors", [])}
    return {oid.strip(".") for oid in found | {r["processor_oid"] for s in stages for r in s.get("processors", [])}}


REFERENCED = [
    path
    for path in RECORDINGS
    if expected_platform(path) != "_standard" and path.with_name(f"{path.stem}.expected.librenms.json").exists()
]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
async def test_recording_shows_its_faults_and_no_others(path: Path) -> None:
    platform, observations = await said(path)

    truth = TRUTH.get(path.name, {"faults": []})
    bad = faults(observations)
    assert platform == expected_platform(path)
    assert set(truth["faults"]) <= bad <= {*truth["faults"], *truth.get("tolerated", [])}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
async def test_recording_never_says_two_things_of_one_aspect(path: Path) -> None:
    _, observations = await said(path)

    keys = [(o.component.kind, o.component.label, o.aspect) for o in observations]
    assert len(keys) == len(set(keys))
    assert all(o.source for o in observations)


@pytest.mark.parametrize("path", REFERENCED, ids=lambda path: path.stem)
async def test_sensors_of_the_reference_are_seen(path: Path) -> None:
    _, observations = await said(path)

    assert sensors(path) - {o.source for o in observations} == set()


async def test_interfaces_of_devices_that_are_not_ours_are_seen() -> None:
    _, observations = await said(FOLDER / "other" / "dell-os10.snmprec")

    ports = {o.component.label: o.condition for o in observations if o.component.kind == "interface"}
    assert len(ports) == 36
    assert Condition.OK in ports.values()


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
async def test_week_of_visits_brings_no_fault_that_the_first_one_did_not_show(path: Path) -> None:
    _, observations = await said(path)
    truth = TRUTH.get(path.name, {"faults": []})
    known: dict[FaultKey, Fault] = {}
    seen_ok: frozenset[tuple[str, str, str]] = frozenset()

    for visit in range(7 * 24 * 6):  # every ten minutes
        verdict = judged(observations, DEVICE, known, seen_ok, POLICY, NOON + timedelta(minutes=10 * visit))
        known |= {step.fault.key: step.fault for step in verdict.steps}
        seen_ok |= verdict.newly_ok

    assert {fault.evidence.source for fault in known.values() if fault.state is FaultState.OPEN} == set(truth["faults"])
