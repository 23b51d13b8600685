"""A made-up server over Redfish as a folder of JSON, and one look at it (tests of Redfish)."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from collectors.looks import Door, Login, Look, looked
from collectors.platform import PlatformFile, platforms
from collectors.redfish.tree import TreeReader, recorded_tree
from collectors.simulate.trees import Tree
from collectors.snmp.reader import Budget
from collectors.tables import Eye
from monitor.model import Device, Role

ROOT = Path(__file__).parents[2]
FILES = {
    path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    for path in (ROOT / "configs" / "platforms").glob("*.toml")
}
OURS = platforms(FILES)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE = Device(name="server", address="192.0.2.1", customer="c", site="s", role=Role.SERVER)
DOOR = Door(address="192.0.2.1", port=443, login=Login(user="", password=""))
ORIGINS = OURS["dell_idrac"].others[Eye.REDFISH]


def saved(folder: Path, tree: Tree) -> TreeReader:
    """`tree` as a folder of JSON."""
    for path, document in tree.items():
        place = folder / path.strip("/")
        place.mkdir(parents=True, exist_ok=True)
        (place / "index.json").write_text(json.dumps(document), "utf-8")
    return recorded_tree(folder)


async def look(reader: TreeReader, at: datetime = NOON, last: Look | None = None) -> Look:
    """One look by all tables of the platform."""
    return await looked(reader, DOOR, Eye.REDFISH, ORIGINS, at, Budget(), last)
