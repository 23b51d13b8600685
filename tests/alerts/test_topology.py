"""What hangs on what (alerts/faults/topology.py)."""

from alerts.faults.topology import Topology, topology
from monitor.model import Role

CORE, DISTRIBUTION, ACCESS, SERVER = Role.CORE, Role.DISTRIBUTION, Role.ACCESS, Role.SERVER
TREE = {"core": CORE, "dist": DISTRIBUTION, "acc-1": ACCESS, "acc-2": ACCESS, "server": SERVER}
WAYS = [("core", "dist"), ("dist", "acc-1"), ("dist", "acc-2"), ("acc-1", "server")]


def seen(ways: list[tuple[str, str]] = WAYS, roles: dict[str, Role] = TREE) -> Topology:
    return topology(roles, {}, ways)


def test_what_is_behind_a_switch_that_is_down_is_cut_off() -> None:
    tree = seen()
    assert tree.cutting_off("acc-1", {"dist", "acc-1"}) == {"dist"}
    assert tree.cutting_off("server", {"dist", "acc-1", "server"}) == {"acc-1"}


def test_a_switch_is_not_cut_off_by_what_hangs_on_it() -> None:
    assert seen().cutting_off("dist", {"dist", "acc-1", "acc-2", "server"}) == frozenset()
    assert seen().cutting_off("core", {"core", "dist"}) == frozenset()


def test_one_way_that_is_left_is_enough() -> None:
    tree = seen([*WAYS, ("core", "acc-1")])
    assert tree.cutting_off("acc-1", {"dist", "acc-1"}) == frozenset()
    assert tree.cutting_off("acc-1", {"dist", "core", "acc-1", "server"}) == {"core"}


def test_a_neighbour_that_answers_is_a_way_even_if_it_hangs_below() -> None:
    assert seen().cutting_off("acc-1", {"dist", "acc-1"}) == {"dist"}
    assert seen([*WAYS, ("acc-1", "acc-2")]).cutting_off("acc-1", {"dist", "acc-1"}) == frozenset()


def test_of_two_cores_neither_hangs_on_the_other() -> None:
    roles = {"core-1": CORE, "core-2": CORE, "acc": ACCESS}
    both = topology(roles, {}, [("core-1", "core-2"), ("core-1", "acc"), ("core-2", "acc")])
    assert both.cutting_off("core-1", {"core-1", "core-2", "acc"}) == frozenset()
    assert both.cutting_off("acc", {"acc", "core-1"}) == frozenset()
    assert both.cutting_off("acc", {"acc", "core-1", "core-2"}) == {"core-1", "core-2"}
    assert both.below("core-1") == frozenset()


def test_declared_parents_count_alone() -> None:
    roles = {"gate": Role.OTHER, "acc": ACCESS, "core": CORE}
    declared = topology(roles, {"acc": ("gate",)}, [("acc", "core")])
    assert declared.cutting_off("acc", {"acc", "gate"}) == {"gate"}
    assert declared.cutting_off("acc", {"acc", "core"}) == frozenset()
    assert declared.below("gate") == {"acc"}


def test_nothing_is_concluded_where_nothing_says_what_is_up() -> None:
    flat = topology({"a": ACCESS, "b": ACCESS}, {}, [("a", "b")])
    assert flat.cutting_off("a", {"a", "b"}) == frozenset()
    assert flat.below("a") == frozenset()
    assert topology({"a": ACCESS}, {}, []).cutting_off("a", {"a"}) == frozenset()


def test_below_a_switch_is_all_that_has_no_other_way() -> None:
    tree = seen([*WAYS, ("core", "acc-2")])
    assert tree.below("dist") == {"acc-1", "server"}
    assert seen().below("core") == {"dist", "acc-1", "acc-2", "server"}
    assert seen().below("server") == frozenset()


def test_who_is_not_in_the_inventory_is_no_way() -> None:
    assert seen([*WAYS, ("acc-1", "a stranger")]).cutting_off("acc-1", {"dist", "acc-1"}) == {"dist"}
    unknown = topology({"acc": ACCESS}, {"acc": ("a stranger", "acc")}, [])
    assert unknown.cutting_off("acc", {"acc"}) == frozenset()
