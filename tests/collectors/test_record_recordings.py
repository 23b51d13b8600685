"""Recorded devices, answered by our own agents and recorded anew: the same observations, with and without addresses.

The recordings are not part of the project; NETVIGIL_RECORDINGS says where they are.
"""

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from alerts.faults.policy import Policy
from collectors.looks import Door, Login, recognised
from collectors.platform import Platform
from collectors.record.copied import Copied, copied
from collectors.record.disguise import Disguise
from collectors.record.folder import written_tree
from collectors.record.masks import Mask
from collectors.record.walked import lines, names_told, walked
from collectors.recording import RecordingReader, recorded
from collectors.redfish.tree import recorded_tree
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.simulate.values import Typed
from collectors.snmp.codec import Kind
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Community, Reader, Target
from collectors.tables import Eye
from monitor.config import knowledge
from monitor.model import Device
from monitor.seen import looks_at, seen

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("NETVIGIL_RECORDINGS", ROOT.parent / "shared" / "recordings"))
WALKS = sorted((FOLDER / "snmp").rglob("*.snmprec"))
SETS = sorted(path.parent for path in (FOLDER / "redfish").glob("*/SOURCE.json") if (path.parent / "redfish").is_dir())
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE = Device(name="box-1", address="127.0.0.1", customer="", site="")
COMMUNITY = Community(community="read-me")
BUDGET = Budget(seconds=300, rows=500_000, bytes=1_000_000_000)
_TYPED = re.compile(rb"\.?(\d+(?:\.\d+)+)\|(\d+)x?(?::\w+)?\|.*", re.DOTALL)
_RANGES = {Kind.INTEGER: (-(2**31), 2**31), Kind.COUNTER64: (0, 2**64)}

pytestmark = pytest.mark.skipif(not WALKS, reason=f"no recordings below {FOLDER}; NETVIGIL_RECORDINGS names them")


@cache
def known() -> tuple[Mapping[str, Platform], Policy]:
    return knowledge(None)


def values(path: Path) -> dict[str, Typed]:
    """What the recording at `path` tells, with its types; what no agent could send is left out."""
    told = recorded(path).values
    found: dict[str, Typed] = {}
    for match in map(_TYPED.fullmatch, path.read_bytes().splitlines()):
        oid = match[1].decode() if match else ""
        if match and oid in told and int(match[2]) in set(Kind):
            kind, value = Kind(int(match[2])), told[oid]
            low, high = _RANGES.get(kind, (0, 2**32))
            if not isinstance(value, int) or low <= value < high:
                found[oid] = (kind, value)
    return found


async def told(reader: Reader, target: Target) -> dict[str, Any]:
    platforms, policy = known()
    return dict(await seen(DEVICE, [target], reader, platforms, policy, BUDGET, NOON))


def nameless(document: dict[str, Any]) -> Counter[tuple[str, ...]]:
    """The observations without what addresses and names stand in: labels and descriptions."""
    return Counter(
        (one["component"]["kind"], one["aspect"], str(one["condition"]), str(one["value"]))
        for one in document["observations"]
    )


def disguise(platform: Platform) -> Disguise:
    return Disguise([DEVICE.name], [*platform.vendor.split(), *platform.title.split()])


@pytest.mark.parametrize("path", WALKS, ids=lambda path: path.stem)
async def test_agent_that_is_recorded_anew_says_the_same(path: Path, tmp_path: Path) -> None:
    network, reader = Network(), EngineReader()
    port = await network.serve(SimulatedDevice(values(path), credentials=[COMMUNITY]))
    target = Target(address="127.0.0.1", port=port, credential=COMMUNITY, timeout=5)
    try:
        visit = await told(reader, target)
        platforms = known()[0]
        platform = platforms[visit["identity"]["platform"]]
        secrets = [oid for each in platforms.values() for oid in each.secrets]
        walk = await walked(target, platform, secrets, BUDGET)
    finally:
        await reader.close()
        network.close()
    again: list[dict[str, Any]] = []
    for mask in (Mask(["read-me"]), Mask(["read-me"], disguise(platform))):
        if mask.disguise is not None:
            mask.disguise.add(names_told(walk.values))
        content, _ = lines(walk.values, mask, platform)
        (tmp_path / "a.snmprec").write_bytes(content)
        again.append(await told(recorded(tmp_path / "a.snmprec"), target))

    assert again[0] == visit
    assert nameless(again[1]) == nameless(visit)
    assert {**again[1]["identity"], "name": ""} == {**visit["identity"], "name": ""}
    assert walk.ended is None


def tree(folder: Path) -> dict[str, dict[str, Any]]:
    """The recorded documents by path, and the collections that were not recorded as what stands below them."""
    root = folder / "redfish" / "v1"
    found = {
        f"/redfish/v1/{path.parent.relative_to(root)}".removesuffix("/."): json.loads(path.read_text("utf-8"))
        for path in root.rglob("index.json")
    }
    for place in [root, *(each for each in root.rglob("*") if each.is_dir())]:
        path = f"/redfish/v1/{place.relative_to(root)}".removesuffix("/.")
        inside = sorted(each.name for each in place.iterdir() if each.is_dir())
        if place.parent == root or any((place / name / "index.json").is_file() for name in inside):
            members = [{"@odata.id": f"{path}/{name}"} for name in inside]
            found.setdefault(path, {"@odata.id": path, "Members": members})
    return found


async def of_tree(folder: Path) -> dict[str, Any]:
    platforms, policy = known()
    looks = await looks_at(recorded_tree(folder), platforms, BUDGET, NOON)
    return dict(await seen(DEVICE, [], RecordingReader({}), platforms, policy, BUDGET, NOON, looks))


@pytest.mark.parametrize("folder", SETS, ids=lambda path: path.name)
async def test_service_that_is_recorded_anew_says_the_same(folder: Path, tmp_path: Path) -> None:
    server = RedfishServer(tree=tree(folder))
    await server.start(certificate(tmp_path))
    door = Door(address="127.0.0.1", port=server.port, login=Login(user=server.user, password=server.password))

    async def choose(copier: Any) -> Any:
        platform = await recognised(copier, door, known()[0], BUDGET)
        return platform.others[Eye.REDFISH]

    copy: Copied = await copied(door, choose, BUDGET)
    await server.stop()
    visit = await of_tree(folder)
    again: list[dict[str, Any]] = []
    for n, mask in enumerate((Mask([server.password]), Mask([server.password], Disguise()))):
        place = tmp_path / str(n)
        place.mkdir()
        await asyncio.to_thread(written_tree, place, copy, mask)
        again.append(await of_tree(place))

    assert again[0] == visit
    assert nameless(again[1]) == nameless(visit)
    assert {**again[1]["identity"], "name": ""} == {**visit["identity"], "name": ""}
    assert (copy.blind, copy.ended, server.sessions, server.most_at_once) == (None, None, {}, 1)
