"""`netvigil record`: what replay makes of a recording is what a visit makes of the device; and secrets stay at home."""

import json
import os
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from command_line import BOXES, shell

from collectors.record.folder import placed
from collectors.simulate.fleet import FleetDevice, fleet
from collectors.simulate.poweredge import SYSTEM, poweredge
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.simulate.ssh import serving
from collectors.simulate.values import Told
from collectors.snmp.reader import AuthProtocol, Community, PrivProtocol, User
from commanded import commanded_beside
from house import NETVIGIL, SECRETS

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("NETVIGIL_RECORDINGS", ROOT.parent / "shared" / "recordings")) / "snmp"
RECORDINGS = sorted(FOLDER.rglob("*.snmprec"))
PASSWORD = "a-long-password-of-ours"
KEY = f"{PASSWORD} -----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY----- https://a:b4dpw@x/"
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


USER = User(
    user="netvigil",
    auth=AuthProtocol.SHA256,
    auth_key=SECRETS["AUTH"],
    priv=PrivProtocol.AES128,
    priv_key=SECRETS["PRIV"],
)


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
        secrets = {**SECRETS, "PASSWORD": PASSWORD}
        done = await commanded_beside(*words, "--config", str(self.folder), secrets=secrets)
        return done.returncode, done.stdout, done.stderr

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


_OF_THE_CONNECTION = {"identity", "expires"}
"""Host key and certificate: a recording has neither, and answers over no connection."""


def comparable(told: dict[str, Any]) -> dict[str, Any]:
    """`told` without what a recording does not know: the address of the device, and what its connection showed."""
    told["observations"] = [one for one in told["observations"] if one["aspect"] not in _OF_THE_CONNECTION]
    for one in [*told["observations"], *told["faults"]]:
        if "://" in (one["source"] or ""):
            one["source"] = one["source"].split("://")[0]
    return told


def anonymous(told: dict[str, Any]) -> list[tuple[str, ...]]:
    """What is left of `told` without labels, names and neighbours: kind, aspect, condition, value."""
    return sorted(
        (one["component"]["kind"], one["aspect"], str(one["condition"]), str(one["value"]))
        for one in told["observations"]
        if one["aspect"] not in _OF_THE_CONNECTION
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
    return SimulatedDevice(values, credentials=[Community(community="demo-read"), USER])


@pytest.mark.parametrize(("name", "credential"), [("hf-core-01", "v3"), ("wh-acc-03", "v2c")])
async def test_replay_of_a_recorded_agent_is_its_visit(lab: Lab, tmp_path: Path, name: str, credential: str) -> None:
    port = await lab.agent(still(FLEET[name]))
    await lab.put(name, port=port, credentials=[credential], role=FLEET[name].role.value)

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


async def test_secrets_stay_at_home_whatever_eye_saw_them(lab: Lab, tmp_path: Path) -> None:
    tree = poweredge()
    tree[SYSTEM] |= {"Oem": {"Attributes": {"Users.2.Password": "PlainText99", "SNMP.1.AgentCommunity": "demo-read"}}}
    tree[SYSTEM]["Description"] = KEY
    tree[SYSTEM]["Hint"] = {"@odata.id": "/redfish/v1/AccountService/Accounts/2"}
    tree["/redfish/v1/AccountService/Accounts/2"] = {"UserName": "operations"}
    port, server = await lab.server(tree)
    values: dict[str, Told] = {
        **FLEET["hf-core-01"].device.values(),
        "1.3.6.1.2.1.31.1.1.1.18.1": b"read me with demo-read",
        "1.3.6.1.6.3.18.1.1.1.2.1": b"demo-read",
    }
    agent = await lab.agent(SimulatedDevice(values, credentials=[Community(community="demo-read")]))
    terminal = await lab.terminal("vrp")
    eyes = {"ssh": "ops", "ssh_port": terminal, "redfish": "ops", "redfish_port": port}
    await lab.put("all", port=agent, credentials=["v2c"], **eyes)

    code, out, err = await lab.netvigil("record", "all", str(tmp_path / "all"), "--mask-addresses", "--json")

    assert code == 0, err
    source = json.loads(out)
    assert {eye for eye in ("snmp", "ssh", "redfish") if source[eye]} == {"snmp", "ssh", "redfish"}
    assert source["snmp"]["left_out"] == ["1.3.6.1.6.3.18"]
    secrets = [PASSWORD, "operations", "demo-read", "PlainText99", "MIIabc", "b4dpw", "$1a$", "klmnopqrstuv", "Zx{W1"]
    told = dict(contents(tmp_path / "all"))
    assert [(name, word) for name, text in told.items() for word in secrets if word in text] == []
    assert "hf-core-01" not in "".join(told.values())
    assert not [path for path in server.asked if "Accounts" in path]
    assert "irreversible-cipher ******" in told["commands/display current-configuration.txt"]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "all").rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "all").rglob("*") if path.is_dir()}
    assert (modes, folders, stat.S_IMODE((tmp_path / "all").stat().st_mode)) == ({0o600}, {0o700}, 0o700)


async def test_recording_of_which_one_eye_failed_says_so(lab: Lab, tmp_path: Path) -> None:
    agent = await lab.agent(still(FLEET["hf-core-01"]))
    await lab.put("part", port=agent, credentials=["v2c"], ssh="ops", ssh_port=9)

    code, out, err = await lab.netvigil("record", "part", str(tmp_path / "part"), "--json")

    source = json.loads(out)
    assert (code, source["whole"], source["failed"]) == (1, False, {"ssh": "refused"})
    assert "ssh: refused" in err
    assert (tmp_path / "part" / "walk.snmprec").exists()
    assert not (tmp_path / "part" / "commands").exists()


async def test_silent_device_leaves_no_folder_and_ends_with_3(lab: Lab, tmp_path: Path) -> None:
    await lab.put("gone", port=9, credentials=["v2c"], redfish="ops", redfish_port=9)
    place = tmp_path / "out" / "gone"
    place.parent.mkdir()

    code, out, err = await lab.netvigil("record", "gone", str(place), "--json")

    assert (code, json.loads(out)) == (3, {"folder": None, "failed": {"snmp": "refused", "redfish": "refused"}})
    assert "nothing was seen of gone" in err
    assert list(place.parent.iterdir()) == []


async def test_wrong_folder_or_device_is_said_before_anything_is_asked(lab: Lab, tmp_path: Path) -> None:
    await lab.put("box", port=9, credentials=["v2c"])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept").write_text("mine")
    for words, said in {
        ("box", str(tmp_path / "full")): "is there already, and is not an empty folder",
        ("box", str(tmp_path / "full" / "kept")): "is there already, and is not an empty folder",
        ("box", str(tmp_path / "nowhere" / "in")): "cannot be made: No such file or directory",
        ("bix", str(tmp_path / "new")): 'no device "bix" in the inventory',
    }.items():
        code, out, err = await lab.netvigil("record", *words)
        assert (code, out) == (2, "")
        assert said in err
    assert (tmp_path / "full" / "kept").read_text() == "mine"


def test_recording_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    def broken_off() -> None:
        with placed(tmp_path / "a") as within:
            (within / "walk.snmprec").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty").mkdir()
    with placed(tmp_path / "empty") as within:
        (within / "walk.snmprec").write_text("whole")
    assert [path.name for path in tmp_path.rglob("*")] == ["empty", "walk.snmprec"]
