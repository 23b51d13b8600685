"""A case is a folder: what a switch printed, one file a command, and in expected.txt what must be made of it."""

import asyncio
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import CASES, DOOR, NOON, PLATFORMS, look

from collectors.cli.folder import FolderReader, command_files
from collectors.looks import looked, unneeded
from collectors.snmp.reader import Budget
from collectors.tables import Eye, Table
from collectors.visit import Visit, observed, visited
from monitor.model import Device


class Nobody:
    """No SNMP: a device without targets is not asked over it."""

    async def read(self, *_: object) -> None:
        raise AssertionError("asked over SNMP")

    async def close(self) -> None: ...


def visit(folder: Path, platform: str) -> Visit:
    device = Device(name="box", address="192.0.2.1", customer="c", site="s", platform=platform)
    looks = {Eye.SSH: look(folder, platform)}
    return asyncio.run(visited(device, [], Nobody(), PLATFORMS, NOON, Budget(), looks=looks))  # type: ignore[arg-type]  # Nobody is never asked


def told(visit: Visit) -> list[tuple[str, ...]]:
    return [
        (
            one.component.kind,
            one.component.label,
            one.aspect,
            str(one.condition) if one.condition else f"{one.value:.6g}",
        )
        for one in observed(visit)
        if one.component.kind != "device"
    ]


@pytest.mark.parametrize(("case", "platform"), [("vrp_stack", "huawei_vrp"), ("comware_irf", "h3c_comware")])
def test_every_command_of_a_switch_is_told_as_the_case_expects(case: str, platform: str) -> None:
    first, *expected = [shlex.split(line) for line in (CASES / case / "expected.txt").read_text("utf-8").splitlines()]

    seen = visit(CASES / case, platform)

    identity = seen.identity
    assert [identity.model, identity.version, identity.patch or "-", identity.serial] == first[1:]
    assert sorted(told(seen)) == sorted(tuple(line) for line in expected)
    assert not [one for one in observed(seen) if one.aspect == "walk"]


@pytest.mark.parametrize("case", ["vrp_stack", "comware_irf"])
def test_every_command_that_the_platform_asks_stands_in_its_case(case: str) -> None:
    platform = {"vrp_stack": "huawei_vrp", "comware_irf": "h3c_comware"}[case]
    files = command_files(CASES / case)
    missing = {origin.where for origin in PLATFORMS[platform].others[Eye.SSH]} - set(files)
    missing = {command for command in missing if command.replace("-", " ") not in files}
    # CE switches, and devices with a licence for each item, print these; their own samples are in the recordings
    assert missing <= {"display device temperature all", "display license verbose"}


def test_source_of_a_row_is_the_command_the_word_and_the_row() -> None:
    seen = visit(CASES / "vrp_stack", "huawei_vrp")

    sources = {one.component.label: one.source for one in observed(seen) if one.component.kind == "psu"}

    assert sources["Power supply 1/1"] == "display power | STATE [1/1]"


def test_output_that_no_template_takes_apart_is_unknown_and_never_healthy(tmp_path: Path) -> None:
    shutil.copytree(CASES / "vrp_stack", tmp_path, dirs_exist_ok=True)
    (tmp_path / "display power.txt").write_text("PSU bay 1: all is well\nPSU bay 2: all is well\n")

    seen = visit(tmp_path, "huawei_vrp")

    assert not [line for line in told(seen) if line[0] == "psu"]
    (walk,) = [one for one in observed(seen) if one.aspect == "walk"]
    assert (walk.component.label, walk.condition, walk.raw) == ("cli_power", "unknown", "unreadable")


def test_command_that_we_may_not_give_is_unknown_and_one_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "display power.txt").write_text("Error: You do not have permission to run the command.\n")
    (tmp_path / "display fan.txt").write_text("        ^\nError: Unrecognized command found at '^' position.\n")

    seen = visit(tmp_path, "huawei_vrp")

    walks = {one.component.label: one.raw for one in observed(seen) if one.aspect == "walk"}
    assert walks == {"cli_power": "not_allowed"}


def test_configuration_that_was_cut_is_neither_kept_nor_judged(tmp_path: Path) -> None:
    whole = (CASES / "comware_irf" / "display current-configuration.txt").read_text()
    (tmp_path / "display current-configuration.txt").write_text(whole.removesuffix("return\n"))

    seen = look(tmp_path, "h3c_comware")

    assert seen.documents == {}
    assert seen.tables["cli_configuration"].index == ()
    assert seen.tables["cli_configuration"].ended == "unreadable"


async def test_command_of_which_nothing_would_be_told_is_not_given() -> None:
    platform = PLATFORMS["huawei_vrp"]
    blank = {name: Table(name=name, index=(), columns={}, oids={}) for name in ("state", "interface", "supply")}
    full = blank | {"state": replace(blank["state"], index=("1",)), "supply": replace(blank["supply"], index=("1",))}
    reader = FolderReader(command_files(CASES / "vrp_stack"))
    origins = platform.others[Eye.SSH]

    assert unneeded(platform, Eye.SSH, blank) == frozenset()
    skip = unneeded(platform, Eye.SSH, full)
    look = await looked(reader, DOOR, Eye.SSH, origins, NOON, Budget(), None, skip)

    assert {"cli_power", "cli_fan", "cli_cpu"} <= skip
    assert not skip & {"cli_version", "cli_interface", "cli_alarm", "cli_startup", "cli_configuration", "cli_member"}
    assert look.tables.keys() == {origin.table for origin in origins}
    assert look.requests == (await looked(reader, DOOR, Eye.SSH, origins, NOON, Budget(), None)).requests - len(skip)
    assert look.tables["cli_power"].index == ()
    assert look.tables["cli_startup"].index == ("MainBoard", "SlaveBoard")


def test_what_snmp_tells_is_not_told_again_by_the_command_line() -> None:
    platform = PLATFORMS["huawei_vrp"]
    hardware = {"board", "psu", "fan", "temperature", "cpu", "memory", "interface", "optic"}
    for part in platform.parts:
        if part.table.startswith("cli_") and part.kind in hardware:
            assert any(not name.startswith("cli_") for name in part.when.if_empty), part.table
