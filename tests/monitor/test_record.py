"""`netvigil record`: what replay makes of a recording is what a visit makes of the device; and secrets stay at home."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from command_line import BOXES, shell

from collectors.simulate.fleet import FleetDevice, fleet
from collectors.simulate.poweredge import poweredge
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.simulate.ssh import serving
from collectors.simulate.values import Told
from collectors.snmp.reader import Community
from house import NETVIGIL, SECRETS

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("NETVIGIL_RECORDINGS", ROOT.parent / "shared" / "recordings")) / "snmp"
RECORDINGS = sorted(FOLDER.rglob("*.snmprec"))
PASSWORD = "a-long-password-of-ours"
INVENTORY = """
[credentials.v2c]
version = "2c"
community = { env = "COMMUNITY" }
[credentials.v3]
version = "3"
user = "netvigil"
auth = "sha256"
auth_key = { env = "AUTH" }
priv = "aes128"
priv_key = { env = "PRIV" }
[logins.ops]
user = "operations"
password = { env = "PASSWORD" }
[[customer]]
name = "cdc"
title = "CDC"
[[site]]
name = "hefei-1"
customer = "cdc"
region = "hefei"
"""


@dataclass
class Lab:
    """Real doors of simulated devices, and an inventory that names them."""

    folder: Path
    stack: AsyncExitStack
    network: Network = field(default_factory=Network)
    devices: list[str] = field(default_factory=list)

    async def put(self, name: str, **words: object) -> None:
        """Name one more device."""
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in words.items()]
        head = f'[[device]]\nname = "{name}"\naddress = "127.0.0.1"\nsite = "hefei-1"\n'
        self.devices.append(head + "".join(lines))
        (self.folder / "inventory.toml").write_text(INVENTORY + "".join(self.devices))

    async def agent(self, device: SimulatedDevice) -> int:
        """The port of an agent."""
        return await self.network.serve(device)

    async def terminal(self, maker: str) -> int:
        """The port of a switch's SSH."""
        box = shell(maker, user="operations", password=PASSWORD)
        return await self.stack.enter_async_context(serving(box))

    async def server(self, tree: Any) -> tuple[int, RedfishServer]:
        """The port of a server's Redfish."""
        server = RedfishServer(tree=tree, user="operations", password=PASSWORD)
        await server.start(certificate(self.folder, f"tls-{len(self.devices)}"))
        self.stack.push_async_callback(server.stop)
        return server.port, server

    async def netvigil(self, *words: str) -> tuple[int, str, str]:
        """A command: its code, and what it said."""
        done = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", *words, "--config", str(self.folder),
            env={**os.environ, **SECRETS, "PASSWORD": PASSWORD},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await done.communicate()
        return done.returncode or 0, out.decode(), err.decode()

    async def told(self, *words: str) -> dict[str, Any]:
        """The JSON document of a command."""
        _, out, err = await self.netvigil(*words, "--json")
        assert out, err
        document: dict[str, Any] = json.loads(out)
        return document


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    async with AsyncExitStack() as stack:
        made = Lab(tmp_path, stack)
        yield made
        made.network.close()


def comparable(told: dict[str, Any]) -> dict[str, Any]:
    """`told` without the address of the device, which is the only thing that a recording does not know."""
    for one in [*told["observations"], *told["faults"]]:
        if "://" in (one["source"] or ""):
            one["source"] = one["source"].split("://")[0]
    return told


def anonymous(told: dict[str, Any]) -> list[tuple[str, ...]]:
    """What is left of `told` without labels, names and neighbours: kind, aspect, condition, value."""
    return sorted(
        (one["component"]["kind"], one["aspect"], str(one["condition"]), str(one["value"]))
        for one in told["observations"]
    )


def contents(folder: Path) -> Iterator[tuple[str, str]]:
    """All files in `folder`, as text."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_text("utf-8", "replace")


async def same(lab: Lab, name: str, tmp_path: Path) -> dict[str, Any]:
    """Record a device, with and without its addresses, and hold what replay says against a visit; SOURCE.json."""
    visit = await lab.told("visit", name)
    for words in ([], ["--mask-addresses"]):
        place = tmp_path / f"{name}{len(words)}"
        code, out, err = await lab.netvigil("record", name, str(place), *words, "--json")
        assert code == 0, (out, err)
        replay = await lab.told("replay", str(place))
        if words:
            assert anonymous(replay) == anonymous(visit)
            assert {**replay["identity"], "name": None} == {**visit["identity"], "name": None}
        else:
            assert comparable(replay) == comparable(visit)
            source: dict[str, Any] = json.loads(out)
    return source


FLEET = {each.name: each for each in fleet().devices}


def still(device: FleetDevice) -> SimulatedDevice:
    """The device with its counters and clocks stopped, so that two looks see the same."""
    values: dict[str, Told] = dict(device.device.values())
    return SimulatedDevice(values, credentials=[Community(community="demo-read")])


@pytest.mark.parametrize("name", ["hf-core-01", "wh-dist-01", "wh-acc-03", "hf-srv-01"])
async def test_replay_of_a_recorded_agent_is_its_visit(lab: Lab, tmp_path: Path, name: str) -> None:
    port = await lab.agent(still(FLEET[name]))
    await lab.put(name, port=port, credentials=["v2c"], role=FLEET[name].role.value)

    source = await same(lab, name, tmp_path)

    assert source["snmp"]["values"] == len(FLEET[name].device.values())
    assert source["snmp"]["ended"] is None


@pytest.mark.parametrize("maker", ["vrp", "comware"])
async def test_replay_of_a_switch_with_two_eyes_is_its_visit(lab: Lab, tmp_path: Path, maker: str) -> None:
    name = {"vrp": "hf-core-01", "comware": "wh-dist-01"}[maker]
    port = await lab.agent(still(FLEET[name]))
    await lab.put("both", port=port, credentials=["v2c"], ssh="ops", ssh_port=await lab.terminal(maker), role="core")
    await lab.put("alone", platform=BOXES[maker][1], ssh="ops", ssh_port=await lab.terminal(maker))

    source = await same(lab, "both", tmp_path)
    assert source["ssh"]["commands"] > 10
    await same(lab, "alone", tmp_path)


@pytest.mark.parametrize("trouble", ["", "disk_failed"])
async def test_replay_of_a_server_with_two_eyes_is_its_visit(lab: Lab, tmp_path: Path, trouble: str) -> None:
    tree = poweredge(*([trouble] if trouble else []))
    port, server = await lab.server(tree)
    agent = await lab.agent(still(FLEET["hf-srv-01"]))
    await lab.put("both", port=agent, credentials=["v2c"], redfish="ops", redfish_port=port, role="server")
    await lab.put("alone", platform="dell_idrac", redfish="ops", redfish_port=port)

    source = await same(lab, "both", tmp_path)
    await same(lab, "alone", tmp_path)

    assert source["redfish"]["documents"] > 20
    assert server.sessions == {}
    assert server.most_at_once == 1
