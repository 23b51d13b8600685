"""The inventory out of its table and its spreadsheets: what they say together, and where each complaint points."""

from pathlib import Path

import pytest

from monitor.config import ConfigError, check_lines, loaded
from monitor.inventory import Inventory
from monitor.model import Role, Site
from monitor.problem import Problem, Speller

ENVIRON = {"COMMUNITY": "a-community"}
TOP = """\
[credentials.campus]
version = "2c"
community = { env = "COMMUNITY" }

[[customer]]
name = "education"

[[site]]
name = "centre"
customer = "education"
region = "hefei"
zone = "Asia/Urumqi"

[[device]]
name = "core-1"
address = "192.0.2.1"
site = "centre"
credentials = ["campus"]

[[import]]
file = "devices.csv"
"""
SHEET = "名称,IP地址,站点,角色,凭据\nacc-1,192.0.2.11,centre,接入,campus\nacc-2,192.0.2.12,centre,接入,campus\n"


def inventory(directory: Path, top: str = TOP, sheet: str = SHEET) -> Inventory:
    (directory / "netvigil.toml").touch()
    (directory / "inventory.toml").write_text(top, encoding="utf-8")
    (directory / "devices.csv").write_text(sheet, encoding="utf-8")
    return loaded(directory, ENVIRON).inventory


def complaints(directory: Path, top: str = TOP, sheet: str = SHEET) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        inventory(directory, top, sheet)
    return [line.replace(f"{directory}/", "") for line in check_lines(caught.value.problems)]


def test_devices_of_table_and_spreadsheet_stand_side_by_side(tmp_path: Path) -> None:
    read = inventory(tmp_path)
    assert list(read.devices) == ["core-1", "acc-1", "acc-2"]
    assert (read.devices["acc-1"].customer, read.devices["acc-1"].role) == ("education", Role.ACCESS)


def test_zone_is_that_of_the_site_and_utc_for_one_that_is_gone(tmp_path: Path) -> None:
    read = inventory(tmp_path)
    assert (read.zone("centre"), read.zone("gone")) == ("Asia/Urumqi", "UTC")
    assert read.sites["centre"] == Site(name="centre", customer="education", region="hefei", zone="Asia/Urumqi")


def test_device_of_both_files_is_a_duplicate(tmp_path: Path) -> None:
    assert complaints(tmp_path, sheet=SHEET.replace("acc-1", "core-1")) == [
        "devices.csv:2: 名称: the same name as at inventory.toml:15"
    ]


def test_two_rows_with_one_address_are_duplicates(tmp_path: Path) -> None:
    assert complaints(tmp_path, sheet=SHEET.replace("192.0.2.12", "１９２.０.２.１１")) == [
        "devices.csv:3: IP地址: the same address and port as at devices.csv:2"
    ]


def test_one_address_with_two_ports_is_two_devices(tmp_path: Path) -> None:
    sheet = "name,ip,site,credentials,port\na,192.0.2.9,centre,campus,161\nb,192.0.2.9,centre,campus,162\n"
    assert inventory(tmp_path, sheet=sheet).devices["b"].port == 162


def test_wrong_cell_names_its_row_its_heading_and_the_near_word(tmp_path: Path) -> None:
    sheet = SHEET.replace("acc-2,192.0.2.12,centre,接入,campus", "acc-2,192.0.2.300,center,汇集,campis")
    assert complaints(tmp_path, sheet=sheet) == [
        'devices.csv:3: IP地址: "192.0.2.300" is neither an IP address nor a host name',
        'devices.csv:3: 角色: "汇集" is not "core", "distribution", "access", "server" or "other"',
    ]
    assert complaints(tmp_path, sheet=sheet.replace(".300", ".3").replace("汇集", "汇聚")) == [
        'devices.csv:3: 站点: there is no site "center"; did you mean "centre"?',
        'devices.csv:3: 凭据: there is no credential "campis"; did you mean "campus"?',
    ]


def test_wrong_word_of_the_import_is_said_once_and_there(tmp_path: Path) -> None:
    sheet = "name,ip\na,192.0.2.8\nb,192.0.2.9\n"
    assert complaints(tmp_path, top=TOP + 'site = "center"\ncredentials = ["campus"]\n', sheet=sheet) == [
        'inventory.toml:22: import[1].site: there is no site "center"; did you mean "centre"?'
    ]


def test_row_that_lacks_a_site_says_so(tmp_path: Path) -> None:
    assert complaints(tmp_path, sheet=SHEET.replace("acc-2,192.0.2.12,centre", "acc-2,192.0.2.12,")) == [
        "devices.csv:3: 站点: required, but missing"
    ]


def test_credentials_are_not_shown(tmp_path: Path) -> None:
    assert "a-community" not in repr(inventory(tmp_path))


def test_lines_are_in_the_order_of_the_files_and_each_is_said_once() -> None:
    late = Problem(file="b.toml", line=20, key="x", reason="late")
    early = Problem(file="b.toml", line=3, key="", reason="early", hint="mend it")
    whole = Problem(file="a.toml", line=None, key="", reason="gone")
    assert check_lines([late, early, whole, late]) == ["a.toml: gone", "b.toml:3: early; mend it", "b.toml:20: x: late"]


def test_thousands_of_wrong_words_get_only_the_first_suggestions() -> None:
    speller, known = Speller(), ["site-1"]
    hints = [speller.near_word(f"siet-{number}", known) for number in range(300)]
    assert hints[:200] == ['did you mean "site-1"?'] * 200
    assert hints[200:] == [""] * 100
    assert speller.near_word("siet-7", known) == 'did you mean "site-1"?'
