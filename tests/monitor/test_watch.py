"""The daemon over a server that speaks Redfish alone, and over one that another has taken the place of."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.simulate.poweredge import poweredge
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.snmp.engine import EngineReader
from commanded import commanded_beside
from house import until
from monitor.config import loaded
from monitor.metrics import Metrics
from monitor.model import Fault
from monitor.moment import now
from monitor.pipeline import Means, visit
from monitor.progress import Progress
from monitor.store import faults, parts
from monitor.store.database import Store
from monitor.watch import Watch

NETVIGIL = """
[daemon]
state = "state"
listen = "127.0.0.1:0"
demo = true
[visits]
first_spread = "0s"
[redfish]
interval = "500ms"
timeout = "5s"
"""
INVENTORY = """
[logins.idrac]
user = "monitor"
password = {{ env = "PASSWORD" }}
[[customer]]
name = "cdc"
[[site]]
name = "hefei-1"
customer = "cdc"
region = "hefei"
[[device]]
name = "srv"
address = "127.0.0.1"
site = "hefei-1"
role = "server"
platform = "dell_idrac"
redfish = "idrac"
redfish_port = {port}
"""


BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Room:
    """A server, and a daemon's watch over it that visits when it is asked to."""

    folder: Path
    server: RedfishServer
    means: Means
    watch: Watch
    hints: list[str]

    async def visit(self) -> None:
        """Visit the server once."""
        await visit(self.means.settings.inventory.devices["srv"], self.means)

    def open(self) -> list[Fault]:
        """The faults that are open now."""
        with self.means.store.reading() as disk:
            return [each for each in faults.open_faults(disk) if each.hidden_by is None]

    async def hinted(self) -> None:
        """Wait until a look saw something new."""
        self.hints.clear()
        await until(lambda: bool(self.hints))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    server = RedfishServer(tree=poweredge())
    await server.start(certificate(tmp_path))
    (tmp_path / "netvigil.toml").write_text(NETVIGIL)
    (tmp_path / "inventory.toml").write_text(INVENTORY.format(port=server.port))
    settings = loaded(tmp_path, {"PASSWORD": "secret"})
    reader = EngineReader()
    with Store(settings.daemon.state) as store:
        means = Means(settings=settings, reader=reader, store=store, clock=now)
        hints: list[str] = []
        watch = Watch(means, Metrics("test"), Progress({}, now()), hints.append)
        watch.load(means)
        watch.start()
        yield Room(tmp_path, server, means, watch, hints)
        await watch.stop(5)
    await reader.close()
    await server.stop()
    assert server.sessions == {}, "every session was given back"


async def test_a_disk_that_fails_is_named_within_seconds_and_over_when_it_is_healed(room: Room) -> None:
    await until(lambda: room.hints == ["srv"])
    await room.visit()
    assert room.open() == []

    room.server.tree = poweredge("disk_failed")
    await room.hinted()
    for _ in range(3):
        await room.visit()
    (disk,) = room.open()
    assert (disk.key.kind, disk.condition.value, int(disk.level)) == ("disk", "failed", 2)
    assert disk.evidence.source.startswith("/redfish/v1/")

    room.server.tree = poweredge()
    await room.hinted()
    for _ in range(100):
        await room.visit()
        if not room.open():
            break
        await asyncio.sleep(0.5)
    else:
        raise AssertionError(room.open())


async def test_server_that_leaves_the_inventory_gets_its_session_back(room: Room) -> None:
    await until(lambda: room.hints == ["srv"])
    assert len(room.server.sessions) == 1
    text = (room.folder / "inventory.toml").read_text().split("[[device]]")[0]
    (room.folder / "inventory.toml").write_text(text)
    room.watch.load(replace(room.means, settings=loaded(room.folder, {"PASSWORD": "secret"})))
    await until(lambda: room.server.sessions == {}, 5)


async def test_firmware_is_a_part_and_another_version_of_it_an_event(room: Room) -> None:
    await until(lambda: room.hints == ["srv"])
    await room.visit()
    tree = poweredge()
    folder = "/redfish/v1/UpdateService/FirmwareInventory"
    bios = tree.pop(f"{folder}/Installed-159-1.9.2__BIOS.Setup.1-1")
    for id_, version in (("Installed-159-2.0.1", "2.0.1"), ("Previous-159-1.9.2", "1.9.2")):
        name = f"{folder}/{id_}__BIOS.Setup.1-1"
        tree[name] = {**bios, "@odata.id": name, "Id": f"{id_}__BIOS.Setup.1-1", "Version": version}
    tree[folder]["Members"] = [{"@odata.id": name} for name in tree if name.startswith(f"{folder}/")]
    room.server.tree = tree
    room.means.glances.only({})  # it is asked every six hours, and after a start
    await room.hinted()
    await room.visit()
    with room.means.store.reading() as disk:
        known = [row.component for row in parts.known(disk, "srv").values() if row.component.kind == "firmware"]
        events = [each for each in parts.history(disk, ["srv"], BEGINNING) if each.kind == "firmware"]
    assert [(one.label, one.slot, one.software_version) for one in known] == [("BIOS.Setup.1-1", "BIOS", "2.0.1")]
    assert [(one.what.value, dict(one.data)) for one in events] == [
        ("version_changed", {"software_version_from": "1.9.2", "software_version_to": "2.0.1"})
    ]
    assert room.open() == []


async def test_another_certificate_is_refused_and_said_until_a_person_trusts_it(room: Room) -> None:
    await until(lambda: room.hints == ["srv"])
    await room.visit()
    await room.server.stop()
    room.server.sessions.clear()  # it is another box that stands there now
    room.server.logins = 0
    other = room.folder / "other"
    other.mkdir()
    await room.server.start(certificate(other), port=room.server.port)
    refused = ("redfish", "identity", "wrong_certificate")
    for _ in range(100):
        await room.visit()
        if refused in [(each.key.label, each.key.aspect, each.evidence.raw) for each in room.open()]:
            break
        await asyncio.sleep(0.2)
    else:
        raise AssertionError(room.open())
    assert room.server.logins == 0, "the password went to nobody it was not meant for"


async def test_a_single_visit_takes_a_look_too_and_keeps_to_what_the_daemon_was_shown(room: Room) -> None:
    await until(lambda: room.hints == ["srv"])
    await until(lambda: bool(room.means.glances.of("srv")))
    room.server.tree = poweredge("dimm_failed")

    async def visited_now() -> tuple[int, dict[str, Any]]:
        words = ("visit", "srv", "--json", "--config", str(room.folder))
        done = await commanded_beside(*words, secrets={"PASSWORD": "secret"})
        return done.returncode, json.loads(done.stdout)

    code, told = await visited_now()
    assert code == 0
    assert told["identity"]["platform"] == "dell_idrac"
    assert [(each["component"]["kind"], each["condition"]) for each in told["faults"]] == [("dimm", "failed")]

    await room.server.stop()
    room.server.sessions.clear()
    other = room.folder / "other"
    other.mkdir()
    await room.server.start(certificate(other), port=room.server.port)
    code, told = await visited_now()
    assert code == 3
    assert "wrong_certificate" in {each["raw"] for each in told["observations"]}
