import json
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import CASES, NOON, looked_at

from collectors.cli.configuration import is_whole, masked, same
from monitor.backup import stored
from monitor.cli import netvigil
from monitor.model import Device
from monitor.store.configurations import Configurations, difference

DEVICE = Device(name="core-1", address="192.0.2.1", customer="cdc", site="hefei-1", platform="huawei_vrp")

SECRETS = """
 local-user admin password irreversible-cipher $1a$abc,defghij$TOPSECRETklmno$
 local-user ops password cipher %^%#TOPSECRET{W1=5kP9;! v@A%^%#
 password hash $h$6$ABCDEFGH$TOPSECRETlmnop==
 password simple TOPSECRET
 set authentication password cipher %@%@TOPSECRET;|x%@%@
 super password level 3 cipher TOPSECRET
snmp-agent community read cipher %^%#TOPSECRET%^%# mib-view iso
snmp-agent community read TOPSECRET
snmp-agent community write simple TOPSECRET
snmp-agent usm-user v3 netvigil ops authentication-mode sha TOPSECRET privacy-mode aes128 TOPSECRET
snmp-agent usm-user v3 netvigil group ops
snmp-agent usm-user v3 nms authentication-mode sha2-256 cipher %^%#TOPSECRET%^%#
snmp-agent target-host trap address udp-domain 192.0.2.9 params securityname cipher TOPSECRET v2c
snmp-agent target-host trap address udp-domain 192.0.2.9 params securityname TOPSECRET
 radius-server shared-key cipher %^%#TOPSECRET%^%#
 key authentication cipher $c$3$TOPSECRET==
 primary authentication 192.0.2.7 key cipher $c$3$TOPSECRET==
 key authentication simple TOPSECRET
 peer 192.0.2.2 password cipher %^%#TOPSECRET%^%#
 peer 192.0.2.2 password simple TOPSECRET
 ospf authentication-mode md5 1 cipher %^%#TOPSECRET%^%#
 ospf authentication-mode md5 1 plain TOPSECRET
 isis authentication-mode simple TOPSECRET
ntp-service authentication-keyid 1 authentication-mode md5 cipher TOPSECRET
ntp-service authentication-keyid 1 authentication-mode md5 TOPSECRET
 vrrp vrid 1 authentication-mode md5 TOPSECRET
 pre-shared-key cipher %^%#TOPSECRET%^%#
 pre-shared-key address 192.0.2.3 255.255.255.255 key simple TOPSECRET
 security wpa-wpa2 psk pass-phrase %^%#TOPSECRET%^%# aes
 preshared-key pass-phrase simple TOPSECRET
 hwtacacs-server shared-key cipher TOPSECRET
 url ftp://backup:TOPSECRET@192.0.2.4/configs
 key-string cipher %^%#TOPSECRET%^%#
"""
HARMLESS = """
 authentication-mode aaa
 authentication-mode scheme
 password-control length 10
 undo password-control aging enable
ssh user netvigil authentication-type password
ospf 1 router-id 192.0.2.1
 local-user admin service-type ssh
 snmp-agent sys-info version v3
 description key customers of the community centre
"""


@pytest.mark.parametrize("line", SECRETS.strip("\n").split("\n"))
def test_no_secret_is_kept(line: str) -> None:
    assert "TOPSECRET" not in masked(line)


@pytest.mark.parametrize("line", HARMLESS.strip("\n").split("\n")[:-1])
def test_what_is_no_secret_is_kept_as_it_is(line: str) -> None:
    assert masked(line) == f"{line}\n"


def test_ciphers_salted_anew_and_comments_of_time_are_no_change() -> None:
    first = "!Last configuration was saved at 2026-11-01 10:00:00\n local-user a password cipher %^%#abc{}%^%#\n"
    second = "!Last configuration was saved at 2026-11-22 10:00:00\n local-user a password cipher %^%#Z;?x,%^%#\n"
    assert masked(first) == masked(second)
    assert same(masked(f"#\n{first}"), masked(second))


def test_configuration_without_its_end_is_not_whole() -> None:
    text = "#\nsysname A\n#\nvlan 10\n#\nreturn\n"
    assert is_whole(text)
    assert not is_whole(text.removesuffix("return\n"))
    assert not is_whole("return\n")
    assert not is_whole("")


def test_each_configuration_is_a_commit_and_the_same_one_is_none(tmp_path: Path) -> None:
    kept = Configurations(tmp_path)
    assert kept.versions(DEVICE) == ()
    texts = ["a\n", "a\n", "b\n", "a\n"]
    assert [kept.keep(DEVICE, text, NOON + timedelta(hours=n)) for n, text in enumerate(texts)] == [1, 1, 2, 3]
    assert kept.keep(replace(DEVICE, name="core-2"), "b\n", NOON) == 1
    assert [(each.number, each.text, each.at) for each in Configurations(tmp_path).versions(DEVICE)] == [
        (3, "a\n", NOON + timedelta(hours=3)),
        (2, "b\n", NOON + timedelta(hours=2)),
        (1, "a\n", NOON),
    ]
    assert Configurations(tmp_path).keep(DEVICE, "c\n", NOON) == 4


def test_repository_is_one_that_git_itself_reads(tmp_path: Path) -> None:
    kept = Configurations(tmp_path)
    kept.keep(DEVICE, "sysname A\n", NOON)
    kept.keep(replace(DEVICE, site="wuhu-2"), "sysname B\n", NOON)
    folder = tmp_path / "configurations" / "cdc.git"

    def git(*words: str) -> str:
        environment = os.environ | {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        done = subprocess.run(["git", *words], cwd=folder, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    assert git("fsck", "--strict", "--full") == ""
    assert git("show", "main:hefei-1/core-1.cfg") == "sysname A\n"
    assert git("log", "--format=%s") == "wuhu-2/core-1.cfg\nhefei-1/core-1.cfg\n"
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["..", ".", "../../etc", "a/b", "二楼"])
def test_names_lead_nowhere_else(name: str, tmp_path: Path) -> None:
    kept = Configurations(tmp_path / "state")
    odd = replace(DEVICE, name=name, site=name, customer=name)
    assert kept.keep(odd, "a\n", NOON) == 1
    assert kept.versions(odd)[0].text == "a\n"
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    assert len(list((tmp_path / "state" / "configurations").iterdir())) == 1


async def test_look_gives_its_configuration_to_the_disk_and_tells_how_many_there_are(tmp_path: Path) -> None:
    kept = Configurations(tmp_path)
    look = await looked_at(CASES / "vrp_stack", "huawei_vrp")

    first = stored(look, DEVICE, kept, NOON)
    again = stored(look, DEVICE, kept, NOON, first)

    assert first.documents == {}
    assert first.tables["cli_configuration"].columns["versions"] == (b"1",)
    assert again.tables["cli_configuration"] is first.tables["cli_configuration"]
    assert "vlan 20" in kept.versions(DEVICE)[0].text
    assert "Zx{W1" not in kept.versions(DEVICE)[0].text


def configured(tmp_path: Path) -> Path:
    (tmp_path / "netvigil.toml").write_text('[daemon]\nstate = "state"\nlisten = "127.0.0.1:0"\ndemo = true\n')
    (tmp_path / "inventory.toml").write_text(
        '[credentials.v2c]\nversion = "2c"\ncommunity = { env = "COMMUNITY" }\n'
        '[[customer]]\nname = "cdc"\ntitle = "CDC"\n[[site]]\nname = "hefei-1"\ncustomer = "cdc"\nregion = "hefei"\n'
        '[[device]]\nname = "core-1"\naddress = "192.0.2.1"\nsite = "hefei-1"\nrole = "core"\ncredentials = ["v2c"]\n'
    )
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(netvigil, list(words))
    return done.exit_code, done.output


def test_commands_list_show_and_compare_what_was_kept(tmp_path: Path) -> None:
    here = str(configured(tmp_path))
    assert run("config", "list", "core-1", "--config", here)[0] == 2
    kept = Configurations(tmp_path / "state")
    for n, vlan in enumerate([10, 20]):
        kept.keep(DEVICE, f"sysname A\nvlan {vlan}\n", NOON + timedelta(days=n))

    code, listed = run("config", "list", "core-1", "--json", "--config", here)
    assert (code, [row["version"] for row in json.loads(listed)]) == (0, [2, 1])
    assert run("config", "show", "core-1", "--config", here) == (0, "sysname A\nvlan 20\n")
    assert run("config", "show", "core-1", "--version", "1", "--config", here) == (0, "sysname A\nvlan 10\n")
    code, shown = run("config", "diff", "core-1", "--config", here)
    assert code == 0
    assert "-vlan 10\n+vlan 20\n" in shown
    assert run("config", "diff", "core-1", "--from", "2", "--to", "1", "--config", here)[1].endswith("+vlan 10\n")
    for wrong in (("show", "core-1", "--version", "9"), ("diff", "core-1", "--to", "1"), ("list", "nobody")):
        assert run("config", *wrong, "--config", here)[0] == 2


def test_difference_of_equals_is_nothing(tmp_path: Path) -> None:
    kept = Configurations(tmp_path)
    kept.keep(DEVICE, "a\n", datetime(2026, 1, 1, tzinfo=UTC))
    (one,) = kept.versions(DEVICE)
    assert difference(one, one, "core-1") == ""


def test_folder_of_command_outputs_is_replayed_by_the_platform_that_it_says_it_is() -> None:
    code, said = run("replay", "--json", str(CASES / "comware_irf"))

    told = json.loads(said)
    assert (code, told["identity"]["platform"], told["identity"]["version"]) == (0, "h3c_comware", "7.1.070 R6328P03")
    faults = {(fault["component"]["kind"], fault["component"]["label"]): fault for fault in told["faults"]}
    assert faults["psu", "Power supply 1/2"]["source"] == "display power | STATE [1/2]"
    assert ("system", "NTP") not in faults


def test_folder_without_a_version_is_replayed_as_what_answers_its_commands_best(tmp_path: Path) -> None:
    for name in ("display power.txt", "display fan.txt"):
        (tmp_path / name).write_bytes((CASES / "vrp_stack" / name).read_bytes())
    told = json.loads(run("replay", "--json", str(tmp_path))[1])
    assert told["identity"]["platform"] == "huawei_vrp"
