"""Switches on the command line: the cases of tests/collectors/cli, and what a look at one brings."""

import asyncio
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from collectors.cli.folder import FolderReader, command_files
from collectors.cli.output import lines
from collectors.looks import Door, Login, Look, looked
from collectors.platform import PlatformFile, platforms
from collectors.simulate.ssh import Shell
from collectors.snmp.reader import Budget
from collectors.tables import Eye

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "collectors" / "cli"
PLATFORMS = platforms(
    {
        path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text("utf-8")))
        for path in (ROOT / "configs" / "platforms").glob("*.toml")
    }
)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DOOR = Door(address="192.0.2.1", port=22, login=Login(user="netvigil", password="x"))


async def looked_at(folder: Path, platform: str) -> Look:
    """The outputs in `folder`, as a look at a switch of `platform`."""
    origins = PLATFORMS[platform].others[Eye.SSH]
    return await looked(FolderReader(command_files(folder)), DOOR, Eye.SSH, origins, NOON, Budget(), None)


def look(folder: Path, platform: str) -> Look:
    """The same, outside of a loop."""
    return asyncio.run(looked_at(folder, platform))


BOXES = {"vrp": ("vrp_stack", "huawei_vrp"), "comware": ("comware_irf", "h3c_comware")}


def outputs(case: str) -> Mapping[str, bytes]:
    asked = {origin.where for _, platform in BOXES.values() for origin in PLATFORMS[platform].others[Eye.SSH]}
    files = command_files(CASES / case)
    known = {command: files.get(command.replace("-", " ")) for command in {*asked, "display saved-configuration"}}
    return {command: lines(path.read_bytes(), command, logs=True).encode() for command, path in known.items() if path}


def shell(maker: str = "vrp", **words: object) -> Shell:
    return Shell(maker=maker, outputs=outputs(BOXES[maker][0]), **words)  # type: ignore[arg-type]  # words of Shell
