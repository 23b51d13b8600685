"""The recordings of real devices beside the project: nothing false, nothing missed, all the reference's sensors."""

import json
import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.platform import PlatformFile, platforms
from collectors.recording import recorded
from collectors.snmp.reader import Budget, Community, Target
from collectors.visit import observed, visited
from monitor.model import Condition, Device, Observation

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
DEVICE = Device(name="recorded", address="192.0.2.1", customer="customer-a", site="site-a")
TARGET = Target(address="192.0.2.1", credential=Community(community="x"))

# The folder holds what is no network device of ours; one of them has become a platform since.
OF_OURS = {"ibmc": "huawei_ibmc"}

pytestmark = pytest.mark.skipif(not RECORDINGS, reason=f"no recordings below {FOLDER}; NETVIGIL_RECORDINGS names them")


async def said(path: Path) -> tuple[str, tuple[Observation, ...]]:
    visit = await visited(DEVICE, [TARGET], recorded(path), OURS, datetime(2026, 11, 22, tzinfo=UTC), Budget())
    return visit.identity.platform or "", observed(visit)


def expected_platform(path: Path) -> str:
    return OF_OURS.get(path.stem, "_standard") if path.parent.name == "other" else path.parent.name


def is_bad(one: Observation) -> bool:
    """True where the device says so, or where the number is beyond the device's own limits."""
    if one.condition is not None or one.value is None or one.limits is None:
        return one.condition is not None and one.condition.is_bad
    low = [limit for limit in (one.limits.low_critical, one.limits.low_warning) if limit is not None]
    high = [limit for limit in (one.limits.high_critical, one.limits.high_warning) if limit is not None]
    return any(one.value < limit for limit in low) or any(one.value > limit for limit in high)


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
    bad = {o.source for o in observations if is_bad(o) and o.aspect != "oper_status"}
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
