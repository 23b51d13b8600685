"""A broken server over Redfish as data (redfish_derived.toml): a value changes, and the way to the fault is gone."""

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redfish_server import DEVICE, DOOR, FILES, NOON, OURS, look, saved

from alerts.faults.judgement import judged
from alerts.faults.policy import PolicyFile, policy
from collectors.logs import entries
from collectors.looks import Look, looked, recognised
from collectors.recording import RecordingReader
from collectors.redfish.documents import ID
from collectors.simulate.poweredge import CHASSIS, PS1, SEL, SYSTEM, TROUBLES, poweredge
from collectors.simulate.trees import Tree, changed
from collectors.snmp.reader import Budget
from collectors.tables import Eye
from collectors.visit import Visit, observed, visited
from collectors.words import TableWords
from monitor.model import Condition, Fault, FaultKey, FaultState, Observation

ROOT = Path(__file__).parents[2]
CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("redfish_derived.toml").read_text("utf-8")).get(
    "case", []
)
POLICY = policy(PolicyFile.model_validate(tomllib.loads((ROOT / "configs" / "policy.toml").read_text("utf-8"))))


async def said(look: Look) -> tuple[Observation, ...]:
    visit = await visited(DEVICE, [], RecordingReader({}), OURS, look.at, Budget(), None, {Eye.REDFISH: look})
    found = observed(visit)
    assert visit.identity.platform == "dell_idrac"
    keys = [(one.component.kind, one.component.label, one.aspect) for one in found]
    assert len(keys) == len(set(keys))
    assert not [label for _, label, _ in keys if "#" in label]
    return found


def faults(observations: tuple[Observation, ...]) -> set[str]:
    verdict = judged(observations, DEVICE, {}, frozenset(), POLICY, NOON, at_once=True)
    return {written(step.fault) for step in verdict.steps if step.fault.hidden_by is None}


def written(fault: Fault) -> str:
    return f"{fault.key.kind}:{fault.key.label}:{fault.key.aspect} {fault.condition} {fault.level}"


@pytest.mark.parametrize("old", [False, True])
async def test_healthy_server_has_no_fault(tmp_path: Path, *, old: bool) -> None:
    observations = await said(await look(saved(tmp_path, poweredge(old=old))))
    assert faults(observations) == set()
    parts = {(one.component.kind, one.component.label) for one in observations}
    assert {("psu", "PS1"), ("fan", "System Board Fan2"), ("temperature", "CPU1 Temp"), ("system", "System")} <= parts


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['at']}#{case['pointer']} {case.get('value')}"[-90:])
async def test_changed_value_is_the_fault_that_it_means(case: dict[str, Any], tmp_path: Path) -> None:
    tree = poweredge(old=case.get("old", False))
    changed(tree, (f"/redfish/v1/{case['at']}", case["pointer"], case.get("value")))
    assert faults(await said(await look(saved(tmp_path, tree)))) == set(case["faults"])


def test_every_value_that_claims_something_bad_has_a_case() -> None:
    """By pointer: the ends of those that the cases change."""
    tested = {(pointer, value) for case in CASES for pointer, value in _leaves(case["pointer"], case.get("value"))}
    untested = {
        f"{name}: {part.table}.{fact.column} {value}"
        for name, file in FILES.items()
        if file.extends == "_redfish"  # with the words of all, as it replaces some
        for part in (*FILES["_redfish"].parts, *file.parts)
        if part.table.startswith("redfish_")
        for fact in part.facts
        for value, (condition, _) in _states(name, fact.states).items()
        if condition.is_bad and not _is_tested(str(_of(name, part.table).columns[fact.column]), value, tested)
    }
    assert untested == set()


def _of(name: str, table: str) -> TableWords:
    return FILES[name].tables.get(table) or FILES["_redfish"].tables[table]


def _states(name: str, states: Any) -> dict[str, tuple[Condition, str]]:
    if isinstance(states, str):
        return FILES[name].states.get(states) or FILES["_redfish"].states.get(states, {})
    return dict(states)


def _leaves(pointer: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(f"{pointer}/{name}", inner)
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _leaves(f"{pointer}/{n}", inner)
    else:
        yield pointer, str(value).lower() if isinstance(value, bool) else str(value)


def _is_tested(pointer: str, value: str, tested: set[tuple[str, str]]) -> bool:
    # roll-ups share one set of states: each value is tested at one of them
    end = pointer if "RollupStatus" not in pointer and "PrimaryStatus" not in pointer else "Status"
    return any(where.endswith(end) and value == said for where, said in tested)


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        ("psu_failed", {"psu:PS1:state failed 2"}),
        ("disk_failed", {"disk:Disk 0 in Backplane 1 of Integrated RAID Controller 1:state failed 2"}),
        ("disk_predicted", {"disk:Disk 1 in Backplane 1 of Integrated RAID Controller 1:predicted_failure degraded 2"}),
        ("dimm_failed", {"dimm:DIMM.Socket.B1:state failed 2"}),
        ("powered_off", {"system:Power state:state degraded 3"}),
    ],
)
async def test_trouble_is_one_fault_of_the_part_that_failed(trouble: str, expected: set[str], tmp_path: Path) -> None:
    assert faults(await said(await look(saved(tmp_path, poweredge(trouble))))) == expected


async def test_supply_that_vanishes_is_missed_until_it_comes_back(tmp_path: Path) -> None:
    known: dict[FaultKey, Fault] = {}
    seen_ok: frozenset[tuple[str, str, str]] = frozenset()
    last: Look | None = None
    states = []
    trees = [poweredge()] * 2 + [poweredge("psu_vanished")] * 3 + [poweredge()] * 4
    for minute, tree in enumerate(trees):
        at = NOON + timedelta(minutes=5 * minute)
        last = await look(saved(tmp_path / str(minute), tree), at, last)
        verdict = judged(await said(last), DEVICE, known, seen_ok, POLICY, at)
        known |= {step.fault.key: step.fault for step in verdict.steps}
        seen_ok |= verdict.newly_ok
        states.append({written(one) for one in known.values() if one.state is FaultState.OPEN and not one.hidden_by})
    assert states[4] == {"psu:PS1:state failed 2"}
    assert states[-1] == set()


@pytest.mark.parametrize("names", [("PSU.Slot.1", "PSU.Slot.2"), ("0", "1")])
@pytest.mark.parametrize("where", ["#/PowerSupplies/{n}", "/PowerSupplies/{name}", ""])
async def test_supply_that_vanishes_from_an_array_is_missed_and_not_its_neighbour(
    names: tuple[str, str], where: str, tmp_path: Path
) -> None:
    """The list of an iDRAC 7 or 8: the one that stays takes the place of the one that went."""

    def tree(*slots: int) -> Tree:
        made, power = poweredge(old=True), f"{CHASSIS}/Power"
        rows = []
        for n, slot in enumerate(slots):
            row = {**made[power]["PowerSupplies"][slot], "MemberId": names[n if names[0] == "0" else slot]}
            link = f"{power}{where.format(n=n, name=names[slot])}"
            rows.append(row | ({ID: link} if where else {}))
        made[power]["PowerSupplies"] = rows
        return made

    last, states = None, []
    for minute, slots in enumerate([(0, 1), (1,), (1,), (0, 1)]):
        last = await look(saved(tmp_path / str(minute), tree(*slots)), NOON + timedelta(minutes=5 * minute), last)
        said_of = {
            one.component.label: one.condition
            for one in await said(last)
            if one.component.kind == "psu" and one.aspect == "state"
        }
        states.append((said_of["PS1"], said_of["PS2"]))
    there, gone = (Condition.OK, Condition.OK), (Condition.ABSENT, Condition.OK)
    assert states == [there, gone, gone, there]


async def test_names_that_are_not_told_apart_miss_nobody(tmp_path: Path) -> None:
    first = await look(saved(tmp_path / "1", poweredge(old=True)))
    tree = poweredge(old=True)
    for row in tree[f"{CHASSIS}/Power"]["PowerSupplies"]:
        row["Name"] = "PSU"
    second = await look(saved(tmp_path / "2", tree), NOON + timedelta(minutes=5), first)
    assert len(second.tables["redfish_power_supply"].index) == 2


async def test_fan_that_vanishes_from_an_array_is_absent(tmp_path: Path) -> None:
    first = await look(saved(tmp_path / "1", poweredge(old=True)))
    tree = poweredge(old=True)
    del tree[f"{CHASSIS}/Thermal"]["Fans"][0]
    second = await look(saved(tmp_path / "2", tree), NOON + timedelta(minutes=5), first)
    found = {
        o.component.label: o.condition for o in await said(second) if (o.component.kind, o.aspect) == ("fan", "state")
    }
    assert found["System Board Fan1"] is Condition.ABSENT
    assert found["System Board Fan2"] is Condition.OK


async def test_an_answer_without_any_supply_misses_none(tmp_path: Path) -> None:
    first = await look(saved(tmp_path / "1", poweredge()))
    empty = poweredge()
    empty[PS1.rpartition("/")[0]]["Members"] = []
    second = await look(saved(tmp_path / "2", empty), NOON + timedelta(minutes=5), first)
    assert [one.component.label for one in await said(second) if one.component.kind == "psu"] == []


async def test_null_health_is_unknown_and_never_ok(tmp_path: Path) -> None:
    found = {
        one.component.label: one.condition
        for one in await said(await look(saved(tmp_path, poweredge())))
        if one.component.kind == "controller" and one.aspect == "state"
    }
    assert found == {"Integrated RAID Controller 1": Condition.OK, "Embedded AHCI 1": Condition.UNKNOWN}


async def test_maker_that_is_none_of_ours_is_seen_in_the_words_of_all(tmp_path: Path) -> None:
    tree = poweredge()
    for path in (SYSTEM, "/redfish/v1/Chassis/System.Embedded.1"):
        tree[path]["Manufacturer"] = "MAKER-E"
    reader = saved(tmp_path, tree)
    platform = await recognised(reader, DOOR, OURS, Budget())
    assert platform.name == "_redfish"
    seen = await looked(reader, DOOR, Eye.REDFISH, platform.others[Eye.REDFISH], NOON, Budget(), None)
    visit = await visited(DEVICE, [], RecordingReader({}), OURS, NOON, Budget(), None, {Eye.REDFISH: seen})
    assert visit.identity.platform == "_redfish"
    assert visit.identity.model == "PowerEdge R650"
    assert {"psu", "fan", "disk", "dimm", "processor"} <= {one.component.kind for one in observed(visit)}


async def test_sources_lead_to_the_value(tmp_path: Path) -> None:
    found = await said(await look(saved(tmp_path, poweredge(old=True))))
    sources = {(one.component.label, one.aspect): one.source for one in found}
    assert sources["PS1", "state"] == "/redfish/v1/Chassis/System.Embedded.1/Power#/PowerSupplies/0/Status/Health"
    assert sources["System", "state"] == "/redfish/v1/Systems/System.Embedded.1#/Status/HealthRollup"


def test_every_trouble_breaks_the_tree() -> None:
    healthy = poweredge()
    assert all(poweredge(trouble) != healthy for trouble in TROUBLES)
    assert all(path == document[ID] for path, document in healthy.items())


async def test_log_entries_are_told_once_by_their_number_and_without_the_wrong_clock(tmp_path: Path) -> None:
    async def seen(folder: str, tree: Tree, minute: int, last: Look | None) -> tuple[Look, Visit]:
        at = NOON + timedelta(minutes=minute)
        now = await look(saved(tmp_path / folder, tree), at, last)
        return now, await visited(DEVICE, [], RecordingReader({}), OURS, at, Budget(), None, {Eye.REDFISH: now})

    first, visit = await seen("1", poweredge(), 0, None)
    told = entries(visit, None)
    assert [one.id.split("/")[1] for one in told] == [str(n) for n in range(11, 31)]  # the newest, the oldest first
    assert {one.at for one in told} == {None}
    assert (told[-1].severity, told[-1].text) == (Condition.DEGRADED, "Event 30.")
    assert told[-1].source == f"{SEL}/30#/Message"
    assert "redfish_sel" not in {table.name for table in visit.tables.values() if table.ended}

    more = poweredge()
    more[SEL]["Members"].insert(0, {ID: f"{SEL}/31", "Id": "31", "Severity": "Critical", "Message": "Event 31."})
    _, later = await seen("2", more, 20, first)
    assert [one.text for one in entries(later, visit)] == ["Event 31."]
