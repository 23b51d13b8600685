"""Recorded Redfish services (not part of the project; NETVIGIL_RECORDINGS): what SOURCE.json says is what is found."""

import asyncio
import json
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from collectors.recording import RecordingReader
from collectors.redfish.tree import recorded_tree
from collectors.snmp.reader import Budget
from monitor.config import knowledge
from monitor.model import Device
from monitor.seen import looks_at, seen

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("NETVIGIL_RECORDINGS", ROOT.parent / "shared" / "recordings")) / "redfish"
SETS = sorted(path.parent.name for path in FOLDER.glob("*/SOURCE.json") if (path.parent / "redfish").is_dir())
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
# what SOURCE.json says in words: the fault that must be found, kind and label, the condition of it, and the pointer
FOUND = {
    "r630-idrac8-warning": (
        "system", "System", "degraded", "/redfish/v1/Systems/System.Embedded.1#/Status/HealthRollup",
    ),
    "t550-idrac9-psu1-input-lost-nonredundant": (
        "psu", "PS1", "failed", "/redfish/v1/Chassis/System.Embedded.1/Power#/PowerSupplies/0/Status/Health",
    ),
}  # fmt: skip

pytestmark = pytest.mark.skipif(not SETS, reason=f"no recordings below {FOLDER}; NETVIGIL_RECORDINGS names them")


@cache
def told(name: str) -> dict[str, Any]:
    platforms, policy = knowledge(None)
    budget = Budget(seconds=60)
    device = Device(name=name, address="recording", customer="", site="")

    async def once() -> dict[str, Any]:
        looks = await looks_at(recorded_tree(FOLDER / name), platforms, budget, NOW)
        return await seen(device, [], RecordingReader({}), platforms, policy, budget, NOW, looks)

    return asyncio.run(once())


@pytest.mark.parametrize("name", SETS)
def test_recorded_set_has_the_faults_that_its_source_tells_and_no_other(name: str) -> None:
    source = json.loads((FOLDER / name / "SOURCE.json").read_text("utf-8"))
    faults = [
        (one["component"]["kind"], one["component"]["label"], one["condition"], one["source"])
        for one in told(name)["faults"]
    ]
    assert faults == [FOUND[name]] if name in FOUND else faults == []
    assert (name in FOUND) is not (source["health"].startswith(("OK", "all OK")))


@pytest.mark.parametrize("name", SETS)
def test_recorded_set_never_tells_two_things_of_one_part(name: str) -> None:
    keys = [(o["component"]["kind"], o["component"]["label"], o["aspect"]) for o in told(name)["observations"]]
    assert len(keys) == len(set(keys))
    assert not [key for key in keys if "#" in key[1]]


@pytest.mark.parametrize("name", SETS)
def test_recorded_null_is_not_taken_for_ok(name: str) -> None:
    root = FOLDER / name
    for one in told(name)["observations"]:
        path, _, pointer = (one["source"] or "").partition("#")
        if one["condition"] != "ok" or not path.startswith("/redfish"):
            continue
        value: Any = (
            json.loads((root / path.strip("/") / "index.json").read_text("utf-8")) if _is_own(root, path) else "OK"
        )
        for step in pointer.strip("/").split("/") if value != "OK" else ():
            value = value[int(step)] if isinstance(value, list) else value[step]
        assert value is not None


def _is_own(root: Path, path: str) -> bool:
    """False where the resource stands inside an expanded collection."""
    return (root / path.strip("/") / "index.json").is_file()


@pytest.mark.skipif("r750-idrac9-6.00.30.00" not in SETS, reason="the complete set is not among the recordings")
def test_complete_set_shows_every_kind_of_part() -> None:
    kinds = {one["component"]["kind"] for one in told("r750-idrac9-6.00.30.00")["observations"]}
    wanted = {
        "system",
        "psu",
        "fan",
        "temperature",
        "voltage",
        "power",
        "disk",
        "controller",
        "dimm",
        "processor",
        "nic",
    }
    assert wanted <= kinds
