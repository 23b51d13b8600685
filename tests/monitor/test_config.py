"""Configuration from its files: each kind of mistake is a case of small files and the exact lines that are said."""

import logging
import re
import shutil
import traceback
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from socket import gethostname

import pytest

from alerts.post.mail import Security
from collectors.snmp.reader import AuthProtocol, Budget, Community, PrivProtocol, Target, User
from monitor.config import ConfigError, check_lines, knowledge, loaded, summary
from monitor.model import Device, Language, Level, Recipient, Role, Site
from monitor.reference import ReferenceFile, secret
from monitor.shipped import shipped

SECRET = "Tr0ub4dor-horse-staple"
ENVIRON = {"NETVIGIL_CAMPUS_AUTH": SECRET, "NETVIGIL_CAMPUS_PRIV": SECRET, "NETVIGIL_OLD_COMMUNITY": SECRET}

INVENTORY = """\
[credentials.campus]
version = "2c"
community = { env = "NETVIGIL_OLD_COMMUNITY" }

[[customer]]
name = "education"

[[site]]
name = "centre"
customer = "education"
region = "hefei"

[[device]]
name = "core-1"
address = "192.0.2.1"
site = "centre"
credentials = ["campus"]
"""


@dataclass(frozen=True)
class Folder:
    """A configuration folder that a test fills."""

    path: Path

    def __call__(self, **files: str) -> Path:
        for name, text in {"netvigil": "", "inventory": INVENTORY, **files}.items():
            (self.path / f"{name}.toml").write_text(text, encoding="utf-8")
        return self.path

    def complaints(self, directory: Path, environ: dict[str, str] = ENVIRON) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            loaded(directory, environ)
        return [line.replace(f"{directory}/", "") for line in check_lines(caught.value.problems)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_shipped_samples_load_without_a_warning() -> None:
    settings = loaded(shipped(), ENVIRON)
    assert settings.warnings == ()
    assert settings.inventory.devices["wh-access-2"] == Device(
        name="wh-access-2",
        address="198.51.100.12",
        customer="education",
        site="wuhu-school",
        role=Role.ACCESS,
        credentials=("old",),
        title="二号楼接入交换机, 二层",
    )
    assert settings.inventory.devices["hf-core-1"].expect_up == ("GigabitEthernet1/0/1",)
    assert settings.inventory.sites["hefei-centre"] == Site(
        name="hefei-centre",
        customer="education",
        region="hefei",
        title="合肥数据中心",
        address="合肥市示例路 1 号",
    )
    assert settings.inventory.credentials["campus"] == User(
        user="netvigil", auth=AuthProtocol.SHA256, auth_key=SECRET, priv=PrivProtocol.AES128, priv_key=SECRET
    )
    assert settings.mail.recipients[1] == Recipient(
        name="Head of service",
        address="service@example.org",
        language=Language.EN,
        levels=(Level.CRITICAL, Level.MAJOR),
    )


def test_summary_counts_what_was_read() -> None:
    assert summary(loaded(shipped(), ENVIRON)).splitlines()[:4] == [
        "customers    1",
        "sites        2",
        "devices      5 (2 access, 1 core, 1 server, 1 distribution)",
        "credentials  2",
    ]


def test_every_setting_left_out_has_its_default(folder: Folder) -> None:
    settings = loaded(folder(), ENVIRON)
    assert settings.daemon.state == Path("/var/lib/netvigil")
    assert (settings.daemon.host, settings.daemon.port) == ("127.0.0.1", 9510)
    assert settings.visits.interval == timedelta(seconds=30)
    assert settings.snmp.budget == Budget()
    assert settings.snapshot_interval == timedelta(hours=1)
    assert settings.report.directory == Path("/var/lib/netvigil/reports")
    assert settings.report.time == time(6)
    assert settings.inventory.devices["core-1"].interval == timedelta(seconds=30)


def test_targets_follow_the_order_of_the_credentials(folder: Folder) -> None:
    other = '[credentials.other]\nversion = "3"\nuser = "x"\n\n'
    settings = loaded(
        folder(
            inventory=other + INVENTORY.replace('["campus"]', '["campus", "other"]\nport = 1161'),
            netvigil='[snmp]\ntimeout = "500ms"\nretries = 1',
        ),
        ENVIRON,
    )
    campus = Target(address="192.0.2.1", port=1161, credential=Community(community=SECRET), timeout=0.5, retries=1)
    other_one = Target(address="192.0.2.1", port=1161, credential=User(user="x"), timeout=0.5, retries=1)
    assert settings.targets(settings.inventory.devices["core-1"]) == (campus, other_one)


MISTAKES: dict[str, tuple[str, list[str]]] = {
    "unknown key of a device": (
        INVENTORY.replace('site = "centre"\nc', 'sit = "centre"\nc'),
        [
            "inventory.toml:13: device[1].site: required, but missing",
            'inventory.toml:16: device[1].sit: unknown key; did you mean "site"?',
        ],
    ),
    "unknown table": (
        INVENTORY + "[[devices]]\n",
        ['inventory.toml:18: devices: unknown key; did you mean "device"?'],
    ),
    "unknown key that resembles nothing": (
        INVENTORY + "zzz = 1\n",
        ["inventory.toml:18: device[1].zzz: unknown key"],
    ),
    "duplicate name, whatever its case": (
        INVENTORY + INVENTORY[INVENTORY.index("[[device]]") :].replace("core-1", "Core-1").replace(".1", ".2"),
        ["inventory.toml:19: device[2].name: the same name as at inventory.toml:14"],
    ),
    "duplicate address and port, however written": (
        INVENTORY.replace("192.0.2.1", "2001:db8::1")
        + '[[device]]\nname = "core-2"\naddress = "2001:0DB8:0::1"\nsite = "centre"\ncredentials = ["campus"]\n',
        ["inventory.toml:20: device[2].address: the same address and port as at inventory.toml:15"],
    ),
    "duplicate site and customer": (
        INVENTORY
        + '[[customer]]\nname = "education"\n'
        + '[[site]]\nname = "centre"\ncustomer = "education"\nregion = "hefei"\n',
        [
            "inventory.toml:19: customer[2].name: the same name as at inventory.toml:6",
            "inventory.toml:21: site[2].name: the same name as at inventory.toml:9",
        ],
    ),
    "site of an unknown customer": (
        INVENTORY.replace('customer = "education"', 'customer = "educaton"'),
        ['inventory.toml:10: site[1].customer: there is no customer "educaton"; did you mean "education"?'],
    ),
    "unknown region": (
        INVENTORY.replace('"hefei"', '"Hefey"'),
        ['inventory.toml:11: site[1].region: there is no region of the contract "Hefey"; did you mean "hefei"?'],
    ),
    "prefecture in another region": (
        INVENTORY.replace('"hefei"', '"hefei"\nprefecture = "wuhu"'),
        ['inventory.toml:12: site[1].prefecture: the contract has prefecture "wuhu" in region "province", not "hefei"'],
    ),
    "unknown prefecture": (
        INVENTORY.replace('"hefei"', '"province"\nprefecture = "wuhoo"'),
        ['inventory.toml:12: site[1].prefecture: there is no prefecture of the contract "wuhoo"; did you mean "wuhu"?'],
    ),
    "unknown site, credential, platform and role": (
        INVENTORY.replace('site = "centre"\nc', 'site = "center"\nc').replace('["campus"]', '["campis"]')
        + 'platform = "huawei_vpr"\n',
        [
            'inventory.toml:16: device[1].site: there is no site "center"; did you mean "centre"?',
            'inventory.toml:17: device[1].credentials[1]: there is no credential "campis"; did you mean "campus"?',
            'inventory.toml:18: device[1].platform: there is no platform "huawei_vpr"; did you mean "huawei_vrp"?',
        ],
    ),
    "unknown role": (
        INVENTORY + 'role = "cor"\n',
        [
            (
                'inventory.toml:18: device[1].role: "cor" is not "core", "distribution", "access", "server" or '
                '"other"; did you mean "core"?'
            )
        ],
    ),
    "device without credentials": (
        INVENTORY.replace('credentials = ["campus"]\n', ""),
        ["inventory.toml:13: device[1]: there is no way in: write credentials (SNMP), redfish or ssh"],
    ),
    "no SNMP and no platform": (
        INVENTORY.replace('credentials = ["campus"]', 'redfish = "idrac"')
        + '[logins.idrac]\nuser = "n"\npassword = { env = "NETVIGIL_OLD_COMMUNITY" }\n',
        [
            (
                "inventory.toml:13: device[1].platform: without SNMP nobody says what it is; write the name of a "
                "file in platforms/"
            )
        ],
    ),
    "login that is not there": (
        INVENTORY + 'ssh = "admin"\n[logins.admins]\nuser = "n"\npassword = { env = "NETVIGIL_OLD_COMMUNITY" }\n',
        ['inventory.toml:18: device[1].ssh: there is no login "admin"; did you mean "admins"?'],
    ),
    "authority that is not there": (
        INVENTORY + '[logins.idrac]\nuser = "n"\npassword = { env = "NETVIGIL_OLD_COMMUNITY" }\nauthority = "ca.pem"\n',
        ["inventory.toml:21: logins.idrac.authority: there is no file ca.pem"],
    ),
    "empty credentials": (
        INVENTORY.replace('["campus"]', "[\n]"),
        ["inventory.toml:13: device[1]: there is no way in: write credentials (SNMP), redfish or ssh"],
    ),
    "interval too short": (
        INVENTORY + 'interval = "4s"\n',
        ["inventory.toml:18: device[1].interval: must be at least 5s"],
    ),
    "interval with an unknown unit": (
        INVENTORY + 'interval = "5 minx"\n',
        [
            (
                'inventory.toml:18: device[1].interval: "5 minx" is not a duration; write a number and a unit '
                '(ms, s, min, h, d), such as "1h 30min"; did you mean "min"?'
            )
        ],
    ),
    "interval as a number": (
        INVENTORY + "interval = 60\n",
        ['inventory.toml:18: device[1].interval: a duration is text with a unit (ms, s, min, h, d), such as "5min"'],
    ),
    "port out of range": (
        INVENTORY + "port = 70000\n",
        ["inventory.toml:18: device[1].port: must be at most 65535"],
    ),
    "port as text": (
        INVENTORY + 'port = "161"\n',
        ["inventory.toml:18: device[1].port: must be a whole number"],
    ),
    "bad address": (
        INVENTORY.replace("192.0.2.1", "192.0.2.256"),
        ['inventory.toml:15: device[1].address: "192.0.2.256" is neither an IP address nor a host name'],
    ),
    "bad name": (
        INVENTORY.replace('"core-1"', '"core/1"'),
        [
            (
                "inventory.toml:14: device[1].name: a name does not begin with - . _ and holds no / \\, "
                "because it is used in addresses and files"
            )
        ],
    ),
    "bad zone": (
        INVENTORY.replace('"hefei"', '"hefei"\nzone = "Asia/Shangai"'),
        [
            (
                'inventory.toml:12: site[1].zone: "Asia/Shangai" is not a time zone of the IANA database; '
                'did you mean "Asia/Shanghai"?'
            )
        ],
    ),
    "zone that is a folder": (
        INVENTORY.replace('"hefei"', '"hefei"\nzone = "Asia"'),
        ['inventory.toml:12: site[1].zone: "Asia" is not a time zone of the IANA database'],
    ),
    "table where an array of tables is due": (
        INVENTORY.replace("[[customer]]", "[customer]"),
        ["inventory.toml:5: customer: must be an array, [ … ]"],
    ),
    "the secret itself": (
        INVENTORY.replace('{ env = "NETVIGIL_OLD_COMMUNITY" }', f'"{SECRET}"'),
        [
            (
                "inventory.toml:3: credentials.campus.community: a secret may not stand in this file; "
                'write { env = "NAME" }, { file = "/path" } or { credential = "name" }'
            )
        ],
    ),
    "reference to two places": (
        INVENTORY.replace("{ env", '{ file = "/x", env'),
        [
            (
                "inventory.toml:3: credentials.campus.community: must name exactly one place; "
                'write { env = "NAME" }, { file = "/path" } or { credential = "name" }'
            )
        ],
    ),
    "unknown kind of reference": (
        INVENTORY.replace("{ env", "{ evn"),
        ['inventory.toml:3: credentials.campus.community.evn: unknown key; did you mean "env"?'],
    ),
    "environment variable that looks like a password": (
        INVENTORY.replace("NETVIGIL_OLD_COMMUNITY", SECRET),
        ["inventory.toml:3: credentials.campus.community.env: must match ^[A-Z_][A-Z0-9_]*$"],
    ),
    "unset environment variable": (
        INVENTORY.replace("NETVIGIL_OLD_COMMUNITY", "NETVIGIL_NOT_SET"),
        ["inventory.toml:3: credentials.campus.community: environment variable NETVIGIL_NOT_SET is not set"],
    ),
    "credential outside systemd": (
        INVENTORY.replace('env = "NETVIGIL_OLD_COMMUNITY"', 'credential = "old"'),
        [
            (
                'inventory.toml:3: credentials.campus.community: credential "old" can only be read under systemd: '
                "$CREDENTIALS_DIRECTORY is not set"
            )
        ],
    ),
    "wrong SNMP version": (
        INVENTORY.replace('"2c"', '"v2"'),
        ['inventory.toml:2: credentials.campus.version: must be one of "2c", "3"'],
    ),
    "password in place of a protocol": (
        f'[credentials.campus]\nversion = "3"\nuser = "u"\nauth = "{SECRET}"\n' + INVENTORY[INVENTORY.index("\n[[c") :],
        ['inventory.toml:4: credentials.campus.auth: must be "sha1", "sha224", "sha256", "sha384", "sha512" or "md5"'],
    ),
    "authentication without its password": (
        '[credentials.campus]\nversion = "3"\nuser = "u"\nauth = "sha256"\n' + INVENTORY[INVENTORY.index("\n[[c") :],
        ["inventory.toml:4: credentials.campus.auth: auth and auth_key belong together"],
    ),
    "spreadsheet that is not there": (
        INVENTORY + '[[import]]\nfile = "devices.csv"\n',
        ["inventory.toml:19: import[1].file: devices.csv cannot be read: No such file or directory"],
    ),
    "several mistakes at once": (
        INVENTORY.replace('"hefei"', '"hefey"').replace('"192.0.2.1"', "1").replace('["campus"]', '["campis"]'),
        [
            'inventory.toml:11: site[1].region: there is no region of the contract "hefey"; did you mean "hefei"?',
            "inventory.toml:15: device[1].address: must be text in quotes",
        ],
    ),
    "one wrong site is not a problem of its devices": (
        INVENTORY.replace('region = "hefei"', 'zone = "Asia/Shanghai"'),
        ["inventory.toml:8: site[1].region: required, but missing"],
    ),
    "maintenance of nothing": (
        INVENTORY + '[[maintenance]]\nevery = "Sun 02:00"\nfor = "2h"\nreason = "work"\n',
        ['inventory.toml:18: maintenance[1]: names nothing; write customer, site or device (device = "*" for all)'],
    ),
    "maintenance at no time": (
        INVENTORY + '[[maintenance]]\nevery = "Sunday"\nfor = "2h"\ndevice = "*"\nreason = "work"\n',
        [
            (
                'inventory.toml:19: maintenance[1].every: every is written as "day 02:00", "Sun 02:00", '
                '"Mon-Fri 22:00", "15 02:00", "last 02:00" (of the month) or "2nd Sun 02:00", not "Sunday"'
            ),
        ],
    ),
    "maintenance without end": (
        INVENTORY + '[[maintenance]]\nevery = "Sun 02:00"\nfor = "8d"\ndevice = "*"\nreason = "work"\n',
        ["inventory.toml:20: maintenance[1].for: for is more than 0s and at most 7d"],
    ),
    "maintenance of what there is not": (
        INVENTORY
        + '[[maintenance]]\nevery = "Sun 02:00"\nfor = "2h"\ndevice = "cor-1"\nkind = "pus"\nreason = "work"\n',
        [
            'inventory.toml:21: maintenance[1].device: there is no device "cor-1"; did you mean "core-1"?',
            'inventory.toml:22: maintenance[1].kind: there is no kind of part "pus"; did you mean "psu"?',
        ],
    ),
    "no TOML": (
        INVENTORY.replace('"education"', "education", 1),
        ["inventory.toml:6: not TOML at column 8: Invalid value"],
    ),
    "quotes of a Chinese keyboard": (
        INVENTORY.replace('"education"', "“education”", 1),
        ["inventory.toml:6: not TOML at column 8: Invalid value; write '\"' instead of the full-width '“'"],
    ),
    "key twice": (
        INVENTORY + 'name = "x"\n',
        ["inventory.toml:18: not TOML at column 11: Cannot overwrite a value"],
    ),
    "end too early": (
        "a = [1,\n2,\n",
        ["inventory.toml:2: not TOML: Invalid value"],
    ),
    "hostile key": (
        INVENTORY + '"\\u001b[31m\\u202eevil" = 1\n',
        ['inventory.toml:18: device[1]."[31mevil": unknown key'],
    ),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_in_the_inventory_names_its_line_and_reason(folder: Folder, text: str, said: list[str]) -> None:
    assert folder.complaints(folder(inventory=text)) == said


MAIL = '[mail]\nserver = "mail.example.org"\nsender = "netvigil@example.org"\n'
OWN_MISTAKES: dict[str, tuple[str, list[str]]] = {
    "unknown table": (
        '[visit]\ninterval = "60s"\n',
        ['netvigil.toml:1: visit: unknown key; did you mean "visits"?'],
    ),
    "unknown key": (
        '[visits]\nintervall = "60s"\n',
        ['netvigil.toml:2: visits.intervall: unknown key; did you mean "interval"?'],
    ),
    "too short an interval": (
        '[visits]\ninterval = "1s"\n',
        ["netvigil.toml:2: visits.interval: must be at least 5s"],
    ),
    "no time at all": (
        '[snmp]\ntimeout = "0s"\n',
        ["netvigil.toml:2: snmp.timeout: must be more than 0s"],
    ),
    "jitter over one": (
        "[visits]\njitter = 10\n",
        ["netvigil.toml:2: visits.jitter: must be at most 1.0"],
    ),
    "switch as text": (
        '[daemon]\ndemo = "no"\n',
        ["netvigil.toml:2: daemon.demo: must be true or false"],
    ),
    "listen without a port": (
        '[daemon]\nlisten = "127.0.0.1"\n',
        ['netvigil.toml:2: daemon.listen: must be an address and a port, such as "127.0.0.1:9510" or "[::1]:9510"'],
    ),
    "bad mail address": (
        MAIL + '[[mail.recipient]]\nname = "duty"\naddress = "duty at example.org"\n',
        [
            (
                'netvigil.toml:6: mail.recipient[1].address: "duty at example.org" is not a mail address, '
                'such as "duty@example.org"'
            )
        ],
    ),
    "level outside 1 to 4": (
        MAIL + '[[mail.recipient]]\nname = "duty"\naddress = "duty@example.org"\nlevels = [1,\n  5]\n',
        ["netvigil.toml:8: mail.recipient[1].levels[2]: must be 1, 2, 3 or 4"],
    ),
    "recipient of an unknown site and customer": (
        MAIL + '[[mail.recipient]]\nname = "a"\naddress = "a@b"\ncustomers = ["edu"]\nsites = ["centre", "center"]\n',
        [
            'netvigil.toml:7: mail.recipient[1].customers[1]: there is no customer "edu"',
            'netvigil.toml:8: mail.recipient[1].sites[2]: there is no site "center"; did you mean "centre"?',
        ],
    ),
    "unknown language": (
        MAIL + '[[mail.recipient]]\nname = "a"\naddress = "a@b"\nlanguage = "zh-CN"\n',
        ['netvigil.toml:7: mail.recipient[1].language: "zh-CN" is not "en" or "zh_CN"; did you mean "zh_CN"?'],
    ),
    "password itself": (
        MAIL + f'user = "u"\npassword = "{SECRET}"\n',
        [
            (
                "netvigil.toml:5: mail.password: a secret may not stand in this file; "
                'write { env = "NAME" }, { file = "/path" } or { credential = "name" }'
            )
        ],
    ),
    "user without password": (
        MAIL + 'user = "u"\n',
        ["netvigil.toml:4: mail.user: user and password belong together"],
    ),
    "unset password": (
        MAIL + 'user = "u"\npassword = { env = "NOT_SET" }\n',
        ["netvigil.toml:5: mail.password: environment variable NOT_SET is not set"],
    ),
    "certificate file that is not there": (
        MAIL + 'authority = "ca.pem"\n',
        ["netvigil.toml:4: mail.authority: there is no file ca.pem"],
    ),
    "impossible time of the day": (
        '[report]\ntime = "24:00"\n',
        ['netvigil.toml:2: report.time: must be a time of the day, such as "06:00"'],
    ),
    "no sender": (
        '[mail]\nserver = "localhost"\n',
        ["netvigil.toml:1: mail.sender: required, but missing"],
    ),
}


@pytest.mark.parametrize(("text", "said"), OWN_MISTAKES.values(), ids=OWN_MISTAKES.keys())
def test_mistake_in_the_daemons_settings_names_its_line_and_reason(folder: Folder, text: str, said: list[str]) -> None:
    assert folder.complaints(folder(netvigil=text)) == said


def test_restore_before_respond_is_said_at_its_line(folder: Folder) -> None:
    text = (shipped() / "contract.toml").read_text("utf-8")
    at = text.index("[classes.major]")
    wrong = text[:at] + re.sub(r'restore = "[^"]*"', 'restore = "5min"', text[at:], count=1)
    [line] = folder.complaints(folder(contract=wrong))
    wrong_line = wrong[: wrong.index('restore = "5min"')].count("\n") + 1
    assert line.startswith(
        f"contract.toml:{wrong_line}: classes.major.restore: restore (5min) is before respond (10min)"
    )


def test_misspelt_key_of_the_contract_is_said_at_its_line_with_the_near_word(folder: Folder) -> None:
    text = (shipped() / "contract.toml").read_text("utf-8")
    wrong = text.replace("\nquestion = ", "\nquestoin = ")
    line = wrong[: wrong.index("questoin")].count("\n") + 1
    assert f'contract.toml:{line}: promises.questoin: unknown key; did you mean "question"?' in folder.complaints(
        folder(contract=wrong)
    )


def test_platform_of_the_folder_adds_to_the_shipped_ones(folder: Folder) -> None:
    directory = folder(inventory=INVENTORY + 'platform = "our_own"\n')
    (directory / "platforms").mkdir()
    (directory / "platforms" / "our_own.toml").write_text('extends = "_standard"\ntitle = "Ours"\n', encoding="utf-8")
    assert {"our_own", "huawei_vrp"} <= loaded(directory, ENVIRON).platforms.keys()


def test_platform_that_extends_nothing_is_said_at_its_line(folder: Folder) -> None:
    directory = folder()
    (directory / "platforms").mkdir()
    (directory / "platforms" / "our_own.toml").write_text('title = "Ours"\nextends = "_standrd"\n', encoding="utf-8")
    assert folder.complaints(directory) == ['platforms/our_own.toml:2: extends: there is no other platform "_standrd"']


def test_platform_part_with_an_unknown_table_is_said_at_its_line(folder: Folder) -> None:
    directory = folder()
    (directory / "platforms").mkdir()
    (directory / "platforms" / "our_own.toml").write_text(
        'extends = "_standard"\n\n[[parts]]\ntable = "fns"\nkind = "fan"\nfacts = [{ column = "state" }]\n',
        encoding="utf-8",
    )
    [line] = folder.complaints(directory)
    assert line.startswith('platforms/our_own.toml:4: parts[1].table: there is no table "fns"')


def test_problems_of_all_files_are_said_together(folder: Folder) -> None:
    directory = folder(netvigil="[visits]\nper_sit = 1\n", inventory=INVENTORY + "prt = 1\n", policy="= 1\n")
    assert [line.partition(":")[0] for line in folder.complaints(directory)] == [
        "inventory.toml",
        "netvigil.toml",
        "policy.toml",
    ]


def test_missing_folder_is_said_in_words(tmp_path: Path, folder: Folder) -> None:
    assert folder.complaints(tmp_path / "nowhere") == [
        "inventory.toml: cannot be read: No such file or directory",
        "netvigil.toml: cannot be read: No such file or directory",
    ]


def test_demo_may_visit_as_often_as_it_likes(folder: Folder) -> None:
    directory = folder(
        netvigil='[daemon]\ndemo = true\nlisten = "[::1]:0"\nstate = "here"\n[visits]\ninterval = "500ms"\n',
        inventory=INVENTORY + 'interval = "1s"\n',
    )
    settings = loaded(directory, ENVIRON)
    assert settings.inventory.devices["core-1"].interval == timedelta(seconds=1)
    assert (settings.daemon.host, settings.daemon.port, settings.daemon.state) == ("::1", 0, directory / "here")


def test_state_is_where_systemd_says_unless_it_is_set(folder: Folder) -> None:
    environ = {**ENVIRON, "STATE_DIRECTORY": "/var/lib/private/netvigil:/var/lib/other"}
    assert loaded(folder(), environ).daemon.state == Path("/var/lib/private/netvigil")
    assert loaded(folder(netvigil='[daemon]\nstate = "/srv/x"'), environ).daemon.state == Path("/srv/x")


def test_mail_port_follows_the_protection(folder: Folder) -> None:
    assert loaded(folder(netvigil=MAIL), ENVIRON).mail.server.port == 587
    assert loaded(folder(netvigil=MAIL + 'security = "tls"'), ENVIRON).mail.server.port == 465
    assert loaded(folder(netvigil=MAIL + 'security = "none"\nport = 2525'), ENVIRON).mail.server.port == 2525
    assert loaded(folder(netvigil=MAIL), ENVIRON).mail.domain == "example.org"


def test_no_mail_at_all_is_a_warning(folder: Folder) -> None:
    settings = loaded(folder(), ENVIRON)
    assert [warning.reason for warning in settings.warnings] == ["there is no [mail]: nobody is told of faults"]
    assert settings.mail.recipients == ()
    assert settings.mail.server.security is Security.NONE


def test_password_in_the_clear_is_a_warning(folder: Folder) -> None:
    text = MAIL + 'security = "none"\nuser = "u"\npassword = { env = "NETVIGIL_OLD_COMMUNITY" }\n'
    settings = loaded(folder(netvigil=text), ENVIRON)
    assert [str(warning) for warning in settings.warnings] == [
        f"{folder.path}/netvigil.toml:4: mail.security: the password travels in the clear"
    ]
    assert settings.mail.server.password == SECRET


def test_secret_file_that_everyone_can_read_is_a_warning(folder: Folder) -> None:
    (folder.path / "community").write_text(SECRET + "\n", encoding="utf-8")
    (folder.path / "community").chmod(0o644)
    text = INVENTORY.replace('env = "NETVIGIL_OLD_COMMUNITY"', 'file = "community"')
    settings = loaded(folder(inventory=text, netvigil=MAIL), ENVIRON)
    assert settings.inventory.credentials["campus"] == Community(community=SECRET)
    assert [str(warning) for warning in settings.warnings] == [
        (
            f"{folder.path}/inventory.toml:3: credentials.campus.community: {folder.path}/community can be read by "
            "everyone on this machine; chmod o-r"
        )
    ]
    (folder.path / "community").chmod(0o600)
    assert loaded(folder.path, ENVIRON).warnings == ()


def test_systemd_credential_is_read_from_its_folder(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "old").write_text(SECRET, encoding="utf-8")
    text = INVENTORY.replace('env = "NETVIGIL_OLD_COMMUNITY"', 'credential = "old"')
    settings = loaded(folder(inventory=text), {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    assert settings.inventory.credentials["campus"] == Community(community=SECRET)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"one\ntwo\n", "holds more than one line or control characters"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"x" * 5000, "holds more than 4096 bytes, which is no secret"),
    ],
)
def test_secret_file_that_holds_no_secret_is_an_error(folder: Folder, content: bytes, reason: str) -> None:
    (folder.path / "community").write_bytes(content)
    text = INVENTORY.replace('env = "NETVIGIL_OLD_COMMUNITY"', 'file = "community"')
    assert folder.complaints(folder(inventory=text)) == [
        f"inventory.toml:3: credentials.campus.community: community {reason}"
    ]


def test_short_secret_of_a_user_is_an_error(folder: Folder) -> None:
    text = INVENTORY.replace(
        'version = "2c"\ncommunity = { env = "NETVIGIL_OLD_COMMUNITY" }',
        'version = "3"\nuser = "u"\nauth = "sha256"\nauth_key = { env = "SHORT" }',
    )
    assert folder.complaints(folder(inventory=text), {"SHORT": "1234567"}) == [
        "inventory.toml:5: credentials.campus.auth_key: the secret has fewer than 8 characters (RFC 3414, section 11.2)"
    ]


def test_byte_order_mark_and_windows_line_ends_are_read(folder: Folder) -> None:
    directory = folder()
    (directory / "inventory.toml").write_bytes(
        b"\xef\xbb\xbf" + INVENTORY.replace("centre", "中心").replace("\n", "\r\n").encode()
    )
    assert loaded(directory, ENVIRON).inventory.sites.keys() == {"中心"}


def test_other_encoding_is_said_with_its_line(folder: Folder) -> None:
    directory = folder()
    (directory / "inventory.toml").write_bytes(INVENTORY.replace("centre", "中心").encode("gb18030"))
    assert folder.complaints(directory) == ["inventory.toml:9: not UTF-8; save the file with the encoding UTF-8"]


def test_nesting_without_end_is_an_error_and_no_crash(folder: Folder) -> None:
    assert folder.complaints(folder(inventory="a = " + "[" * 5000)) == ["inventory.toml: not TOML: nested too deeply"]


SECRET_PLACES = [
    INVENTORY.replace('{ env = "NETVIGIL_OLD_COMMUNITY" }', f'"{SECRET}"'),
    INVENTORY.replace('{ env = "NETVIGIL_OLD_COMMUNITY" }', f'["{SECRET}"]'),
    INVENTORY.replace('"NETVIGIL_OLD_COMMUNITY"', f'"{SECRET}"'),
    INVENTORY.replace('"2c"', f'"{SECRET}"'),
    INVENTORY.replace("[credentials.campus]", f'[credentials]\ncampus = "{SECRET}"\n[credentials.other]'),
    INVENTORY.replace('version = "2c"', f'version = "3"\nuser = ["{SECRET}"]\nauth = "{SECRET}"'),
    INVENTORY.replace("{ env", "{ evn").replace("NETVIGIL_OLD_COMMUNITY", SECRET),
    INVENTORY.replace('"2c"', f'"2c"\nkey = "{SECRET}"'),
    INVENTORY.replace("region", "regoin"),
    INVENTORY,
]


@pytest.mark.parametrize("text", SECRET_PLACES)
def test_secret_is_never_shown(folder: Folder, text: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    try:
        shown = repr(loaded(folder(inventory=text), ENVIRON))
    except ConfigError as error:
        shown = "".join(traceback.format_exception(error)) + repr(error.problems) + repr(error.__context__)
    assert SECRET not in shown + caplog.text


def test_secret_on_its_way_is_not_shown_either(tmp_path: Path) -> None:
    found = secret(ReferenceFile(env="NETVIGIL_OLD_COMMUNITY"), ENVIRON, tmp_path)
    assert (found.text, SECRET in repr(found)) == (SECRET, False)


def test_commands_that_need_no_secrets_read_none(folder: Folder) -> None:
    text = MAIL + 'user = "u"\npassword = { credential = "mail" }\n'
    settings = loaded(folder(netvigil=text), {}, with_secrets=False)
    assert (settings.inventory.credentials, settings.mail.server.password) == ({}, "")
    assert len(folder.complaints(folder.path, {})) == 2


def test_knowledge_needs_no_inventory(tmp_path: Path) -> None:
    platforms, policy = knowledge(None)
    assert "huawei_vrp" in platforms
    assert knowledge(tmp_path)[1] == policy


def test_own_contract_takes_the_place_of_the_shipped_one(folder: Folder) -> None:
    directory = folder(inventory=INVENTORY.replace("hefei", "harbour"))
    text = (shipped() / "contract.toml").read_text("utf-8")
    (directory / "contract.toml").write_text(re.sub(r"\bhefei\b", "harbour", text), encoding="utf-8")
    assert "harbour" in loaded(directory, ENVIRON).contract.regions
    shutil.copy(shipped() / "contract.toml", directory)
    assert folder.complaints(directory) == [
        'inventory.toml:11: site[1].region: there is no region of the contract "harbour"'
    ]


def test_an_array_that_lacks_an_item_is_said_at_its_line_and_no_crash(folder: Folder) -> None:
    directory = folder()
    (directory / "platforms").mkdir()
    text = (shipped() / "platforms" / "huawei_vrp.toml").read_text("utf-8")
    wrong = text.replace('2 = ["failed", "down"]', '2 = ["failed"]', 1)
    assert wrong != text
    (directory / "platforms" / "huawei_vrp.toml").write_text(wrong, encoding="utf-8")
    line = wrong[: wrong.index('2 = ["failed"]')].count("\n") + 1
    said = [each for each in folder.complaints(directory) if f"huawei_vrp.toml:{line}: states." in each]
    assert said


@pytest.mark.parametrize(
    ("daemon", "base"),
    [
        ("", "http://127.0.0.1:9510/runbooks"),
        ('listen = "[::1]:8080"', "http://[::1]:8080/runbooks"),
        ('listen = "0.0.0.0:80"', f"http://{gethostname()}:80/runbooks"),
        ('listen = "127.0.0.1:0"', ""),
        ('runbooks = "https://wiki.example.org/rb/"', "https://wiki.example.org/rb"),
    ],
)
def test_runbooks_are_the_daemons_own_unless_another_place_is_named(folder: Folder, daemon: str, base: str) -> None:
    assert loaded(folder(netvigil=f"[daemon]\n{daemon}\n"), ENVIRON).daemon.runbooks == base


@pytest.mark.parametrize(
    "base", ["javascript:alert(1)", "wiki/rb", "https://a b", "https://a?x=1", "https://a#b", 'https://a\\"b']
)
def test_runbooks_are_at_an_address_and_nothing_else(folder: Folder, base: str) -> None:
    (said,) = folder.complaints(folder(netvigil=f'[daemon]\nrunbooks = "{base}"\n'))
    assert said.startswith("netvigil.toml:2: daemon.runbooks: must be an address")
