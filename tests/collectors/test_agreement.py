"""A device that SNMP and Redfish see is one device: the same part is one component, and contradictions are told."""

from datetime import timedelta
from pathlib import Path

from redfish_server import DEVICE, NOON, OURS, look, saved

from collectors.identify import SYS_OBJECT_ID
from collectors.recording import RecordingReader
from collectors.simulate.poweredge import poweredge
from collectors.snmp.reader import Budget, Community, Target, Value
from collectors.tables import Eye
from collectors.visit import Told, told, visited
from monitor.model import Condition, Observation

IDRAC = "1.3.6.1.4.1.674.10892.5"
SUPPLY = f"{IDRAC}.4.600.12.1"
TARGET = Target(address="192.0.2.1", credential=Community(community="x"))


def snmp(status: int) -> RecordingReader:
    values: dict[str, Value] = {
        SYS_OBJECT_ID: IDRAC,
        f"{SUPPLY}.5.1.1": status,
        f"{SUPPLY}.8.1.1": b"PS1 Status",
        f"{SUPPLY}.5.1.2": 3,
        f"{SUPPLY}.8.1.2": b"PS2 Status",
    }
    return RecordingReader(values)


async def both(folder: Path, status: int, *troubles: str, minute: int = 0, before: Told | None = None) -> Told:
    at = NOON + timedelta(minutes=minute)
    looks = {Eye.REDFISH: await look(saved(folder / str(minute), poweredge(*troubles)), at)}
    last = before.visit if before else None
    return told(await visited(DEVICE, [TARGET], snmp(status), OURS, at, Budget(), last, looks), before)


def supply(said: Told) -> dict[str, Observation]:
    found = [one for one in said.observations if one.component.kind == "psu" and one.component.label == "PS1"]
    assert len({one.aspect for one in found}) == len(found)
    assert not [one for one in said.observations if "#" in one.component.label]
    return {one.aspect: one for one in found}


async def test_part_that_both_see_is_one_component(tmp_path: Path) -> None:
    found = supply(await both(tmp_path, 3))
    assert found["state"].source == f"{SUPPLY}.5.1.1"
    assert found.keys() == {"state"}


async def test_what_only_redfish_tells_stands_beside(tmp_path: Path) -> None:
    said = await both(tmp_path, 3)
    assert {"disk", "dimm", "fan", "temperature"} <= {one.component.kind for one in said.observations}


async def test_contradiction_is_told_and_is_no_fault_by_itself(tmp_path: Path) -> None:
    found = supply(await both(tmp_path, 3, "psu_failed"))
    assert found["state"].condition is Condition.OK
    assert found["disagreement"].condition is Condition.UNKNOWN
    assert found["disagreement"].raw == "state: snmp ok(3), redfish Critical"
    assert found["disagreement"].source.startswith("/redfish/v1/")


async def test_where_one_does_not_know_the_other_is_the_better_source(tmp_path: Path) -> None:
    found = supply(await both(tmp_path, 2, "psu_failed"))
    assert found["state"].condition is Condition.FAILED
    assert "disagreement" not in found


async def test_contradiction_comes_and_goes_with_its_cause(tmp_path: Path) -> None:
    first = await both(tmp_path, 3)
    second = await both(tmp_path, 3, "psu_failed", minute=5, before=first)
    third = await both(tmp_path, 3, "psu_failed", "dimm_failed", minute=10, before=second)
    fourth = await both(tmp_path, 5, "psu_failed", minute=15, before=third)
    assert "disagreement" in supply(second)
    assert supply(third)["disagreement"] is supply(second)["disagreement"]
    assert "disagreement" not in supply(fourth)


async def test_row_that_comes_and_goes_makes_no_twin(tmp_path: Path) -> None:
    first = await both(tmp_path, 3)
    second = await both(tmp_path, 3, "psu_vanished", minute=5, before=first)
    third = await both(tmp_path, 3, minute=10, before=second)
    assert supply(second).keys() == supply(third).keys() == {"state"}
