"""The diagnosis of a device, by real sessions of SSH and Redfish with our own answering sides."""

import asyncio
import re
import ssl
import tomllib
from dataclasses import replace
from datetime import timedelta

import pytest
from command_line import PLATFORMS, ROOT, shell
from pydantic import ValidationError

from collectors.cli.reader import SshReader
from collectors.diagnosis import Section, Wanted, bundle, over_redfish, over_ssh, plain, wanted
from collectors.looks import Door, Login
from collectors.platform import PlatformFile
from collectors.record.masks import Mask
from collectors.redfish.reader import RedfishReader
from collectors.simulate.poweredge import poweredge
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.simulate.ssh import Shell, serving
from collectors.snmp.reader import Budget
from collectors.tables import Eye

LOGIN = Login(user="netvigil", password="topsecret1")
MASK = Mask(["topsecret1", "public-read"])
DAY = timedelta(days=1)


async def asked(box: Shell, *commands: str, seconds: float = 20.0) -> dict[str, str]:
    reader, box.password = SshReader(), LOGIN.password
    try:
        async with serving(box) as port:
            door = Door(address="127.0.0.1", port=port, login=LOGIN, timeout=seconds)
            told = await over_ssh(reader, door, commands, Budget(seconds=seconds), MASK)
    finally:
        await reader.close()
    return {section.title: section.text for section in told}


def test_switch_is_asked_what_its_platform_file_says_about_the_part_and_each_command_once() -> None:
    found = wanted(PLATFORMS["huawei_vrp"], "interface", "GigabitEthernet0/0/1", "")
    assert "display logbuffer" in found.commands
    assert "display interface GigabitEthernet0/0/1" in found.commands
    assert "display power" not in found.commands
    of_stack = wanted(PLATFORMS["huawei_vrp"], "stack", "Member 1", "1").commands
    assert len(of_stack) == len(set(of_stack))


@pytest.mark.parametrize(
    "label", ["GE0/0/1\nreset saved", "GE0/0/1 | include x", "", "x;y", "?", "-v", "端口 1", "a" * 80]
)
def test_what_a_device_says_of_itself_becomes_no_other_command(label: str) -> None:
    commands = wanted(PLATFORMS["huawei_vrp"], "interface", label, "").commands
    assert commands
    assert not [
        each for each in commands if each.startswith("display interface ") and each != "display interface brief"
    ]


@pytest.mark.parametrize(
    "command", ["reset saved-configuration", "display x | begin y", "display {name}", "display x\nsave"]
)
def test_platform_file_names_no_command_that_does_more_than_look(command: str) -> None:
    with pytest.raises(ValidationError):
        PlatformFile.model_validate({"diagnosis": [{"commands": [command]}]})
    with pytest.raises(ValidationError):
        PlatformFile.model_validate({"diagnosis": [{"resources": [command]}]})


def test_every_platform_with_a_command_line_or_redfish_has_a_diagnosis_for_every_part() -> None:
    for name in ("huawei_vrp", "h3c_comware", "dell_idrac", "huawei_ibmc", "_redfish"):
        found = wanted(PLATFORMS[name], "psu", "PSU 1", "1")
        assert found.commands or found.resources, name


async def test_switch_says_what_it_is_asked_and_what_it_does_not_know_is_said() -> None:
    box = shell("vrp", page=3, log_lines=True, refuses=frozenset({"display esn"}))
    told = await asked(box, "display version", "display esn", "display fan", "display nothing")
    assert "VRP" in told["display version"]
    assert told["display esn"].startswith("refused")
    assert told["display nothing"] == "the device does not know this command"
    assert "\x1b" not in told["display fan"]
    assert "More" not in told["display fan"]
    assert list(told) == ["display version", "display esn", "display fan", "display nothing"]
    await asyncio.sleep(0.1)
    assert box.open == 0


async def test_secrets_are_masked_and_control_characters_gone() -> None:
    said = (
        b"snmp-agent community read cipher Public-Key-99\r\n"
        b"login with topsecret1 at \xe6\xa0\xb8\xe5\xbf\x83\xe2\x80\xae\r\n"
    )
    box = Shell(maker="vrp", outputs={"display logbuffer": said})
    told = (await asked(box, "display logbuffer"))["display logbuffer"]
    assert "topsecret1" not in told
    assert "Public-Key-99" not in told
    assert "核心" in told
    assert "\u202e" not in told


async def test_switch_that_hangs_costs_its_time_and_no_more() -> None:
    began = asyncio.get_running_loop().time()
    told = await asked(shell("vrp", misbehaves="hangs in a command"), "display version", "display fan", seconds=2.0)
    assert asyncio.get_running_loop().time() - began < 8
    assert "not answered" in told["display version"]
    assert "not answered" in told["display fan"]


async def test_nobody_there_is_said_and_not_raised() -> None:
    reader = SshReader()
    door = Door(address="127.0.0.1", port=1, login=LOGIN, timeout=2)
    assert await over_ssh(reader, door, ("display version",), Budget(seconds=5), MASK) == [
        Section(title="SSH", text="no session: refused")
    ]
    await reader.close()


async def test_one_session_at_a_time_with_a_device_though_many_want_one() -> None:
    box, most = shell("vrp", latency=0.05, password=LOGIN.password), 0
    reader = SshReader()

    async def watching() -> None:
        nonlocal most
        while True:
            most = max(most, box.open)
            await asyncio.sleep(0.01)

    async with serving(box) as port:
        watcher = asyncio.create_task(watching())
        door = Door(address="127.0.0.1", port=port, login=LOGIN, timeout=20)
        await asyncio.gather(*(over_ssh(reader, door, ("display fan",), Budget(seconds=20), MASK) for _ in range(3)))
        watcher.cancel()
    await reader.close()
    assert most == 1


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return certificate(tmp_path_factory.mktemp("tls"))


async def from_server(tls: ssl.SSLContext, server: RedfishServer, found: Wanted) -> dict[str, str]:
    await server.start(tls)
    reader = RedfishReader()
    try:
        door = Door(address="127.0.0.1", port=server.port, login=LOGIN, timeout=10)
        told = await over_redfish(reader, door, found, Budget(seconds=10), MASK, DAY)
    finally:
        await reader.close()
        await server.stop()
    assert server.sessions == {}, "the session was given back"
    return {section.title: section.text for section in told}


async def test_server_tells_the_documents_of_the_part_without_secrets(tls: ssl.SSLContext) -> None:
    server = RedfishServer(tree=poweredge("disk_failed"), user="netvigil", password="topsecret1")
    system = "/redfish/v1/Systems/System.Embedded.1"
    strange = {"Oem": {"X": {"Password": "hidden-word"}}, "AssetTag": "topsecret1"}
    server.tree = {**server.tree, system: {**server.tree[system], **strange}}
    told = await from_server(tls, server, wanted(PLATFORMS["dell_idrac"], "disk", "Disk 1", ""))
    assert any("/Storage/" in title for title in told)
    assert "hidden-word" not in told[system]
    assert "topsecret1" not in told[system]
    assert "@odata" not in told[system]
    assert '"PowerState"' in told[system]


async def test_log_tells_its_newest_entries_by_its_own_clock(tls: ssl.SSLContext) -> None:
    server = RedfishServer(tree=poweredge(), user="netvigil", password="topsecret1")
    path = "/redfish/v1/Managers/iDRAC.Embedded.1/LogServices/Lclog/Entries"
    entries = [
        {"Id": "3", "Created": "2020-01-02T12:00:00-05:00", "Severity": "Warning", "Message": "new\nline"},
        {"Id": "2", "Created": "2020-01-02T11:00:00-05:00", "Severity": "OK", "Message": "not so new"},
        {"Id": "1", "Created": "2019-12-01T00:00:00-05:00", "Severity": "OK", "Message": "old"},
    ]
    server.tree = {**server.tree, path: {"@odata.id": path, "Members": entries}}
    told = await from_server(tls, server, Wanted(entries=("/redfish/v1/Managers/*/LogServices/Lclog/Entries",)))
    (log,) = told.values()
    assert re.search(r"Warning\s+new line", log)
    assert "not so new" in log
    assert "old" not in log


async def test_look_has_its_turn_between_the_documents_of_a_diagnosis(tls: ssl.SSLContext) -> None:
    server = RedfishServer(tree=poweredge(), user="netvigil", password=LOGIN.password, latency=0.2)
    await server.start(tls)
    reader = RedfishReader()
    door = Door(address="127.0.0.1", port=server.port, login=LOGIN, timeout=3)
    found = wanted(PLATFORMS["dell_idrac"], "disk", "Disk 1", "")
    origins = [each for each in PLATFORMS["dell_idrac"].others[Eye.REDFISH] if not each.every][:1]
    work = asyncio.create_task(over_redfish(reader, replace(door, timeout=60), found, Budget(seconds=60), MASK, DAY))
    await asyncio.sleep(0.3)
    seen = await reader.read(door, origins, Budget(seconds=3))
    assert (seen.blind, work.done()) == (None, False)
    assert len(await work) > 5
    await reader.close()
    await server.stop()
    assert (server.highest, server.sessions) == (1, {})


async def test_server_that_lets_nobody_in_is_said(tls: ssl.SSLContext) -> None:
    server = RedfishServer(tree=poweredge(), user="netvigil", password="another")
    told = await from_server(tls, server, Wanted(resources=("/redfish/v1/Systems/*",)))
    assert told == {"Redfish": "nothing was answered: wrong_password"}


def test_bundle_is_as_large_as_it_may_be_and_says_what_it_cut() -> None:
    sections = [Section(title=f"display {n}", text="字" * 5000) for n in range(20)]
    text = bundle(["Head"], sections, 30_000)
    assert len(text.encode()) <= 30_000
    assert text.startswith("Head\n")
    assert "octets left out" in text
    assert text.rstrip().endswith("as large as it may be")
    assert bundle(["Head"], sections[:1], 30_000).count("字") == 5000


def test_lines_keep_their_columns() -> None:
    assert plain("Slot   Status\n  1    Normal\u200b 核\x07心") == "Slot   Status\n1 Normal 核心"


def test_documentation_names_every_platform_that_ships_a_diagnosis() -> None:
    text = (ROOT / "docs" / "diagnosis.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "configs" / "platforms").glob("*.toml")):
        if "diagnosis" in tomllib.loads(path.read_text(encoding="utf-8")):
            assert path.stem in text
