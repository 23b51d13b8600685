"""The asset file: what differs from what collectors see, and what a hardware ticket says of part, unit and spare."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from alerts.desk.assets import (
    Asset,
    SeenUnit,
    Swapped,
    What,
    changes,
    differences,
    disorder,
    filled,
    is_unit,
    same_model,
)
from alerts.desk.contract import ContractFile, contract
from alerts.desk.spares import Offer, Spare, Store
from alerts.desk.statement import statement
from alerts.desk.warranty import NOT_YET
from monitor.model import Component

CONTRACT = contract(
    ContractFile.model_validate(
        tomllib.loads((Path(__file__).parents[2] / "configs" / "contract.toml").read_text("utf-8"))
    )
)
CORE = Asset(serial="2102351234", model="S5735-L48T4X-A", maker="huawei", device="core")
FAN = Component(kind="fan", label="Fan 1", slot="1")
WATCHED = ("core",)


def seen(serial: str, device: str = "core", model: str = "", *, is_unit: bool = True) -> SeenUnit:
    return SeenUnit(device=device, serial=serial, model=model, is_unit=is_unit)


def found(assets: list[Asset], units: list[SeenUnit], watched: tuple[str, ...] = WATCHED) -> list[tuple[str, str, str]]:
    return [(each.what.value, each.filed, each.seen) for each in differences(assets, units, watched)]


def test_what_is_seen_as_it_is_filed_differs_in_nothing() -> None:
    assert found([CORE], [seen("2102351234", model="S5735-L48T4X-A")]) == []
    assert found([CORE], [seen("2102351234", model="Huawei S5735-L48T4X-A")]) == []


def test_another_serial_number_in_the_same_device_is_one_difference() -> None:
    assert found([CORE], [seen("2102359999")]) == [("serial_differs", "2102351234", "2102359999")]


def test_another_model_under_the_same_serial_number_is_told() -> None:
    assert found([CORE], [seen("2102351234", model="S6730-H24X6C")]) == [
        ("model_differs", "S5735-L48T4X-A", "S6730-H24X6C")
    ]


def test_a_unit_that_nobody_watches_is_told() -> None:
    assert found([Asset(serial="ABC1234", device="")], [], ()) == [("not_watched", "", "")]
    assert found([Asset(serial="ABC1234", device="gone")], [], ()) == [("not_watched", "gone", "")]


def test_a_device_that_the_file_does_not_know_is_told_with_its_units() -> None:
    assert found([], [seen("2102351234")]) == [("not_in_file", "", "2102351234")]
    assert found([], []) == [("not_in_file", "", "")]


def test_a_unit_that_is_seen_in_another_device_is_told_where() -> None:
    assert found([CORE], [seen("2102351234", "edge")], ("core", "edge")) == [
        ("elsewhere", "core", "edge"),
        ("not_in_file", "", "2102351234"),
    ]
    assert found([Asset(serial="2102351234")], [seen("2102351234")]) == [("elsewhere", "", "core")]


def test_a_device_that_tells_no_serial_number_is_unknown_and_not_wrong() -> None:
    assert found([CORE], []) == [("not_told", "2102351234", "")]


def test_members_of_a_stack_are_units_and_its_supplies_are_not() -> None:
    units = [seen("2102351234"), seen("M2M2"), seen("P1P1", is_unit=False)]
    assert found([CORE, Asset(serial="M2M2", device="core")], units) == []
    assert found([CORE], units) == [("not_in_file", "", "M2M2")]
    assert found([CORE, Asset(serial="P1P1", device="core")], units) == [("not_in_file", "", "M2M2")]


@pytest.mark.parametrize(
    ("kind", "model", "is_one"),
    [
        ("chassis", "", True),
        ("stack", "S6730", True),
        ("board", "S6730-H24X6C", True),
        ("board", "LPU-48", False),
        ("board", "", False),
        ("psu", "S6730-H24X6C", False),
    ],
)
def test_a_board_of_the_model_of_its_stack_is_a_member_of_it(kind: str, model: str, *, is_one: bool) -> None:
    assert is_unit(Component(kind=kind, label="1", model=model), "S6730-H24X6C") is is_one


def test_of_several_units_those_left_over_are_not_matched_by_guessing() -> None:
    two = [CORE, Asset(serial="LOST1", device="core")]
    assert found(two, [seen("NEW1"), seen("NEW2")]) == [
        ("not_seen", "2102351234", ""),
        ("not_seen", "LOST1", ""),
        ("not_in_file", "", "NEW1"),
        ("not_in_file", "", "NEW2"),
    ]


def test_parts_that_were_swapped_are_told() -> None:
    swap = Swapped(device="core", at=datetime(2026, 11, 1, tzinfo=UTC), part="psu PSU 1", old="A1", new="B2")
    (told,) = differences([CORE], [seen("2102351234")], WATCHED, [swap])
    assert (told.what, told.filed, told.seen) == (What.PART_SWAPPED, "A1", "B2")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("S5735-L48T4X-A", "s5735 l48t4x a", True),
        ("PowerEdge R740", "R740", True),
        ("R740", "R740xd", False),
        ("S5735-L48T4X-A", "S5735-L24T4X-A", False),
    ],
)
def test_signs_capitals_and_the_name_before_a_model_do_not_matter(one: str, other: str, *, same: bool) -> None:
    assert same_model(one, other) is same
    assert same_model(other, one) is same


def test_what_is_seen_fills_gaps_and_changes_nothing_that_is_known() -> None:
    after = filled(
        Asset(serial="X1", model="known"), SeenUnit(device="core", serial="X1", model="seen", maker="huawei")
    )
    assert (after.model, after.device, after.maker) == ("known", "core", "huawei")
    assert changes(Asset(serial="X1", model="known"), after) == {"device": ("", "core"), "maker": ("", "huawei")}


def test_dates_in_no_possible_order_are_told() -> None:
    assert disorder(Asset(serial="X1", delivered=date(2026, 1, 2), final_acceptance=date(2026, 1, 1)))
    assert disorder(Asset(serial="X1", final_acceptance=date(2026, 1, 2), maker_warranty_ends=date(2026, 1, 1)))
    assert not disorder(Asset(serial="X1", delivered=date(2026, 1, 2), final_acceptance=NOT_YET))


SUPPLY = Component(kind="psu", label="PSU 2", slot="1", model="PAC600", part_number="02310PYX", serial="2102P")
FILED = Asset(serial="2102351234", model="S6730", maker="huawei", final_acceptance=date(2025, 11, 22))
OFFER = Offer(
    spare=Spare(id=7, part_number="02310PYX"), store=Store(name="hf", title="合肥库"), quantity=2, is_same=True
)


def test_a_hardware_ticket_names_part_unit_warranty_charges_guarantee_and_spare() -> None:
    lines = statement(FILED, [SUPPLY], [OFFER], CONTRACT, date(2026, 11, 23), [date(2026, 3, 1), date(2026, 6, 1)])
    assert [line.en for line in lines] == [
        "Part: power supply PSU 2, slot 1, model PAC600, part number 02310PYX, serial number 2102P",
        "Unit: model S6730, serial number or service tag 2102351234",
        "Maker's warranty (Huawei): ended on 2026-11-22; engineering warranty: until 2028-11-22; phase: warranty",
        (
            "Parts: charged, at no more than the contract price; labour: free"
            " (maker's warranty ended on 2026-11-22; contract 2.13, 4.16)"
        ),
        (
            "Three guarantees: replacement of the unit:"
            " 2 repairs within 12 months (2026-03-01, 2026-06-01) have not cured it (contract 2.1)"
        ),
        "Spare: 2 in 合肥库: S7 02310PYX",
    ]
    assert [line.zh_CN for line in lines] == [
        "部件：电源 PSU 2，槽位 1，型号 PAC600，部件号 02310PYX，序列号 2102P",
        "设备：型号 S6730，序列号或服务标签 2102351234",
        "厂家保修（华为）：已于 2026-11-22 届满；工程质保：至 2028-11-22；阶段：保修期",
        "材料费：收费，不高于合同价；服务费：免费（厂家保修期已于 2026-11-22 届满；合同 2.13, 4.16）",
        "三包：更换整机：12 个月内维修 2 次（2026-03-01, 2026-06-01）仍不能正常使用（合同 2.1）",
        "备件：合肥库 有 2 件：S7 02310PYX",
    ]


def test_what_nobody_knows_of_a_unit_is_said_to_be_unknown() -> None:
    lines = [line.en for line in statement(None, [FAN], [], CONTRACT, date(2026, 11, 23))]
    assert lines == [
        "Part: Fan 1, part number unknown, serial number unknown",
        "Unit: the asset file does not tell; warranty and charges unknown",
        "Spare: none in any store",
    ]
    (_, _, warranty, charges, _) = statement(Asset(serial="X1"), [FAN], [], CONTRACT, date(2026, 11, 23))
    assert warranty.en == "Maker's warranty: unknown; engineering warranty: unknown; phase: unknown"
    assert charges.zh_CN == "材料费：未知；服务费：未知（用户档案中没有终验日期）"
