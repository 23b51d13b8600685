"""A simulated subnet of 200 mixed devices is found and named, and printed as the inventory would have it."""

import json
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import web
from command_line import shell

from collectors.discover import MOST_ADDRESSES, addresses
from collectors.simulate.fleet import fleet
from collectors.simulate.poweredge import MANAGER, poweredge
from collectors.simulate.redfish import Hostile, RedfishServer, certificate
from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.simulate.ssh import host_key, serving
from collectors.simulate.values import Told
from collectors.snmp.codec import Kind
from collectors.snmp.reader import Community
from commanded import commanded, commanded_beside
from house import INVENTORY, NETVIGIL, SECRETS

SYS_NAME = "1.3.6.1.2.1.1.5.0"
MANAGED = "1.0.8802.1.1.2.1.4.2.1.3"
NEIGHBOUR = "1.0.8802.1.1.2.1.4.1.1.9"
LIKE = tuple(each.device.values() for each in fleet().devices)


class Subnet:
    """Devices at 127.77.0.1 and on, all on one port."""

    def __init__(self) -> None:
        self.network, self.port, self.devices = Network(), 0, dict[str, str]()

    async def put(self, number: int, community: str = "demo-read", extra: dict[str, Told] | None = None) -> str:
        """A device like one of the fleet's, under another name; gives its address."""
        name = f"box-{number:03}"
        values = {**LIKE[number % len(LIKE)], SYS_NAME: (Kind.OCTET_STRING, name.encode()), **(extra or {})}
        address = f"127.77.{number // 250}.{number % 250 + 1}"
        device = SimulatedDevice(values, credentials=[Community(community=community)])
        self.port = await self.network.serve(device, address, self.port)
        self.devices[address] = name
        return address


@pytest.fixture
async def subnet() -> AsyncIterator[Subnet]:
    made = Subnet()
    yield made
    made.network.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    inventory = INVENTORY.replace("[credentials.v3]", "[credentials.unused]")
    (tmp_path / "inventory.toml").write_text(inventory)
    return tmp_path


async def discover(folder: Path, *words: str) -> tuple[int, str, str]:
    done = await commanded_beside("discover", *words, "--config", str(folder), secrets=SECRETS)
    return done.returncode, done.stdout, done.stderr


async def test_two_hundred_mixed_devices_are_found_and_named(folder: Path, subnet: Subnet) -> None:
    for number in range(200):
        await subnet.put(number)

    code, out, err = await discover(
        folder, "127.77.0.0/24", "--port", str(subnet.port), "--credentials", "v2c", "--rate", "500", "--json"
    )

    assert code == 0, err
    found = {each["address"]: each for each in json.loads(out)}
    assert {address: each["identity"]["name"] for address, each in found.items()} == subnet.devices
    assert {each["credential"] for each in found.values()} == {"v2c"}
    platforms = [each["identity"]["platform"] for each in found.values()]
    assert set(platforms) == {"huawei_vrp", "h3c_comware", "dell_idrac"}
    assert all(each["identity"]["model"] and each["identity"]["serial"] for each in found.values())


async def test_what_is_printed_is_an_inventory_that_netvigil_takes(folder: Path, subnet: Subnet) -> None:
    known, fresh, twin = [await subnet.put(number) for number in (0, 1, len(LIKE) + 1)]
    await subnet.put(2, community="secret")
    with (folder / "inventory.toml").open("a") as inventory:
        inventory.write(f'[[device]]\nname="a"\naddress="{known}"\nsite="hefei-1"\ncredentials=["v2c"]\n')

    code, out, _ = await discover(
        folder, "127.77.0.1-127.77.0.30", "--port", str(subnet.port), "--credentials", "v2c", "--site", "hefei-1"
    )

    assert code == 0
    (adopted,) = tomllib.loads(out)["device"]
    assert adopted["address"] == fresh
    assert adopted["credentials"] == ["v2c"]
    assert f"# {known}: " in out
    assert "in the inventory as a" in out
    assert f"# {twin}: the same device as {subnet.devices[fresh]}" in out
    with (folder / "inventory.toml").open("a") as inventory:
        inventory.write(out)
    check = commanded("check", "--config", str(folder), secrets=SECRETS)
    assert check.returncode == 0, check.stderr


async def test_neighbours_are_asked_on_request_wherever_they_are(folder: Path, subnet: Subnet) -> None:
    beyond = await subnet.put(40)
    told: dict[str, Told] = {
        f"{NEIGHBOUR}.0.1.1": (Kind.OCTET_STRING, b"box-040"),
        f"{MANAGED}.0.1.1.1.4.{beyond}": 2,
        f"{MANAGED}.0.1.1.1.4.127.0.0": 2,
        f"{MANAGED}.0.1.2.1.4.127.0.0.1": 2,
        f"{MANAGED}.0.1.3.1.4.0.0.0.0": 2,
        f"{MANAGED}.0.1.1.6.6.0.1.2.3.4.5": 2,
    }
    first = await subnet.put(1, extra=told)
    words = (first, "--port", str(subnet.port), "--credentials", "v2c", "--json")

    _, out, _ = await discover(folder, *words)
    assert [each["neighbours"] for each in json.loads(out)] == [["box-040"]]

    _, out, _ = await discover(folder, *words, "--crawl")
    assert [each["address"] for each in json.loads(out)] == [first, beyond]


async def test_an_empty_network_ends_with_3_and_a_wrong_one_with_words(folder: Path) -> None:
    code, out, _ = await discover(folder, "127.78.0.1", "--port", "9", "--credentials", "v2c", "--json")
    assert (code, json.loads(out)) == (3, [])

    code, _, err = await discover(folder, "10.1.0/33")
    assert code == 2
    assert '"10.1.0/33" is no address, network or range' in err


def test_networks_ranges_and_addresses_are_each_asked_once() -> None:
    assert addresses(["10.0.0.0/30", "10.0.0.2", "10.0.0.9-10.0.0.10", "10.0.0.5/32"]) == [
        "10.0.0.1", "10.0.0.2", "10.0.0.9", "10.0.0.10", "10.0.0.5",
    ]  # fmt: skip
    assert addresses(["2001:db8::1-2001:db8::2"]) == ["2001:db8::1", "2001:db8::2"]
    assert len(addresses(["10.0.0.0/16"])) == MOST_ADDRESSES - 2


@pytest.mark.parametrize(
    "word", ["10.0.0.9-10.0.0.1", "10.0.0.1-2001:db8::1", "switch", "10.0.0.0/15", "2001:db8::/64"]
)
def test_what_is_no_network_or_too_large_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=word.split("-", maxsplit=1)[0]):
        addresses([word])


ROOT: dict[str, object] = {
    "@odata.id": "/redfish/v1",
    "RedfishVersion": "1.4.0",
    "Product": "Integrated Remote \x1b[31mAccess Controller",
    "Oem": {"Dell": {"ServiceTag": "TAG0001", "ManagerMACAddress": "00:00:5e:00:53:01"}},
}


@asynccontextmanager
async def server(
    folder: Path, root: Mapping[str, object], hostile: Hostile | None = None
) -> AsyncIterator[RedfishServer]:
    made = RedfishServer(tree={"/redfish/v1": dict(root)}, hostile=hostile)
    await made.start(certificate(folder), host="127.77.9.1")
    try:
        yield made
    finally:
        await made.stop()


async def test_server_that_speaks_redfish_alone_is_found_without_a_login(folder: Path) -> None:
    async with server(folder, ROOT) as idrac:
        words = ("127.77.9.1", "--redfish-port", str(idrac.port), "--port", "50161")
        code, printed, _ = await discover(folder, *words, "--site", "hefei-1")
        (row,) = json.loads((await discover(folder, *words, "--json"))[1])
        assert (await discover(folder, *words, "--no-redfish"))[0] == 3
        asked = set(idrac.asked)
    assert asked == {"GET /redfish/v1/"}
    assert (code, row["speaks"], row["credential"]) == (0, "redfish", None)
    assert (row["identity"]["vendor"], row["identity"]["platform"]) == ("Dell", "dell_idrac")
    (device,) = tomllib.loads(printed)["device"]
    assert device == {
        "name": "TAG0001",
        "address": "127.77.9.1",
        "site": "hefei-1",
        "platform": "dell_idrac",
        "redfish_port": idrac.port,
    }
    assert "Dell, Integrated Remote [31mAccess Controller, TAG0001" in printed


async def test_server_that_lets_our_login_in_says_what_it_is(folder: Path) -> None:
    tree = {**poweredge(), "/redfish/v1": {**poweredge()["/redfish/v1"], **ROOT}}
    with (folder / "inventory.toml").open("a") as inventory:
        inventory.write('[logins.idrac]\nuser = "monitor"\npassword = { env = "AUTH" }\n')
        inventory.write('[logins.other]\nuser = "monitor"\npassword = { env = "COMMUNITY" }\n')
    async with server(folder, ROOT) as idrac:
        idrac.tree, idrac.password = tree, SECRETS["AUTH"]
        words = ("127.77.9.1", "--redfish-port", str(idrac.port), "--port", "50161", "--site", "hefei-1")
        code, printed, error = await discover(folder, *words, "--login", "idrac")
        assert code == 0, error
        assert (idrac.sessions, idrac.logins) == ({}, 1)
        (row,) = json.loads((await discover(folder, *words, "--login", "idrac", "--json"))[1])
        (shut,) = json.loads((await discover(folder, *words, "--login", "other", "--json"))[1])
        assert (await discover(folder, *words, "--login", "nobody"))[0] == 2
    told = {name: row["identity"][name] for name in ("vendor", "platform", "model", "version", "serial")}
    assert told == {
        "vendor": "Dell",
        "platform": "dell_idrac",
        "model": "PowerEdge R650",
        "version": poweredge()[MANAGER]["FirmwareVersion"],
        "serial": "SIM0001",
    }
    assert (row["login"], shut["login"]) == ("idrac", None)
    (device,) = tomllib.loads(printed)["device"]
    assert (device["redfish"], device["platform"]) == ("idrac", "dell_idrac")
    assert (shut["identity"]["platform"], shut["identity"]["serial"]) == ("dell_idrac", "TAG0001")


async def _elsewhere(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("https://127.77.9.2/redfish/v1/")


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):
        for _ in range(64):
            await response.write(b" " * 65_536)
    return response


async def _garbage(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"RedfishVersion": 1e999}')


@pytest.mark.parametrize("hostile", [_elsewhere, _endless, _garbage])
async def test_what_is_no_service_root_is_nobody(folder: Path, hostile: Hostile) -> None:
    async with server(folder, ROOT, hostile) as idrac:
        words = ("127.77.9.1", "--redfish-port", str(idrac.port), "--port", "50161")
        assert (await discover(folder, *words))[:2] == (3, "")


@pytest.mark.parametrize(("maker", "platform"), [("vrp", "huawei_vrp"), ("comware", "h3c_comware")])
async def test_a_switch_that_speaks_ssh_alone_is_found_with_its_host_key_and_nothing_is_trusted(
    folder: Path, maker: str, platform: str
) -> None:
    with (folder / "inventory.toml").open("a") as inventory:
        inventory.write('[logins.ops]\nuser = "netvigil"\npassword = { env = "COMMUNITY" }\n')
    box, key = shell(maker, password=SECRETS["COMMUNITY"]), host_key()
    async with serving(box, key=key) as port:
        words = ("127.0.0.1", "--port", "9", "--no-redfish", "--ssh-login", "ops", "--ssh-port", str(port))
        code, out, err = await discover(folder, *words, "--json")
        assert code == 0, err
        (one,) = json.loads(out)
        _, printed, _ = await discover(folder, *words, "--site", "hefei-1")
    identity = one["identity"]
    assert (identity["platform"], one["speaks"], one["login"]) == (platform, "ssh", "ops")
    assert all(identity[word] for word in ("model", "version", "serial"))
    assert one["host_key"].startswith("ssh-ed25519 SHA256:")
    assert f"# host key {one['host_key']}: compare it" in printed
    (adopted,) = tomllib.loads(printed)["device"]
    assert (adopted["platform"], adopted["ssh"], adopted["ssh_port"]) == (platform, "ops", port)
    assert box.open == 0, "no session stays"
