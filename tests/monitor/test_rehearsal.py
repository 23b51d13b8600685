"""Rehearsals: a scenario runs in virtual time, what differs is said, and what is wrong in its file is named."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collectors.simulate.poweredge import DIMM_A1
from monitor.cli import netvigil
from monitor.rehearsal.evaluation import figures, measured

SCENARIOS = Path(__file__).parents[1] / "scenarios"
PSU = """
title = "A power supply fails"
duration = "50min"

[[device]]
name = "core"
simulated = "huawei_vrp"
role = "core"

[[change]]
at = "10min"
device = "core"
break = { kind = "psu", label = "Power supply 0/1" }
for = "20min"

[[expect.fault]]
device = "core"
kind = "psu"
level = 2
opened = "10min"
cleared = "30min"
"""


def rehearsed(folder: Path, text: str, *options: str) -> Result:
    file = folder / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(netvigil, ["rehearse", str(file), *options])


@pytest.mark.parametrize(
    "scenario", sorted(SCENARIOS.rglob("*.toml")), ids=lambda path: str(path.relative_to(SCENARIOS).with_suffix(""))
)
def test_every_scenario_goes_as_expected(scenario: Path) -> None:
    # `make evaluate` rehearses quiet months to their end; here a day of each must do
    found = measured(scenario, SCENARIOS, timedelta(days=1) if scenario.parent.name == "quiet" else None)
    if found.skipped:
        pytest.skip(found.skipped)
    assert found.differences == ()


def test_a_fault_opens_and_clears_in_virtual_time_with_ticket_and_letters(tmp_path: Path) -> None:
    result = rehearsed(tmp_path, PSU, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    (fault,) = told["faults"]
    assert (fault["kind"], fault["label"], fault["level"]) == ("psu", "Power supply 0/1", 2)
    assert 600 <= fault["opened_seconds"] <= 670
    assert 1800 <= fault["cleared_seconds"] <= 1870
    (ticket,) = told["tickets"]
    kinds = [event["kind"] for event in ticket["events"]]
    assert (kinds[0], kinds[-1]) == ("opened", "recovered")
    assert {letter["event"] for letter in told["letters"]} >= {"opened", "clock_warned", "clock_missed", "recovered"}
    assert all(letter["accepted_seconds"] - letter["queued_seconds"] < 2 for letter in told["letters"])
    assert told["visits"] >= 50


def test_the_same_seed_gives_the_same_output_to_the_last_byte(tmp_path: Path) -> None:
    noisy = PSU.replace("for =", "loss = 0.2\nfor =")
    first, second = (rehearsed(tmp_path, noisy, "--json").stdout for _ in range(2))
    assert first == second
    assert first != rehearsed(tmp_path, f"seed = 7\n{noisy}", "--json").stdout


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("level = 2", "level = 1", "scenario.toml:16: core: psu Power supply 0/1, state: level 2 instead of 1"),
        ('kind = "psu"\nlevel', 'kind = "fan"\nlevel', "expected, and never opened: core: fan"),
        ('kind = "psu"\nlevel', 'kind = "fan"\nlevel', "not expected: core: psu Power supply 0/1, state was opened"),
        ('opened = "10min"', 'opened = "5min"', "instead of between 00:05:00.0 and 00:07:00.0"),
        ('cleared = "30min"', 'cleared = "never"', "which it must not be"),
        ("[[expect.fault]]", "[[expect.ticket]]\ncount = 2\n[[expect.fault]]", "1 tickets instead of 2"),
        ("[[expect.fault]]", "[[expect.letter]]\nevent = 'closed'\n[[expect.fault]]", "no such letter was accepted"),
        ("[[expect.fault]]", "[[expect.not]]\nwhat = 'letter'\n[[expect.fault]]", "must not be: letter to"),
        ('cleared = "30min"', 'symptoms = ["fan Fan 0/1"]', "fan Fan 0/1 was not hidden beneath it"),
    ],
)
def test_a_wrong_expectation_is_a_difference(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    result = rehearsed(tmp_path, PSU.replace(right, wrong))
    assert result.exit_code == 1
    assert said in result.output


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("simulated", "simulatd", ':7: device[1].simulatd: unknown key; did you mean "simulated"?'),
        ('"huawei_vrp"', '"huawei"', "did you mean"),
        (
            'at = "10min"\ndevice = "core"',
            'at = "10min"\ndevice = "cor"',
            'there is no device "cor"; did you mean "core"?',
        ),
        ('at = "10min"', "at = true", "a duration is text with a unit"),
        ("Power supply 0/1", "Power supply 1", 'it has no psu "Power supply 1"; did you mean "Power supply 0/1"?'),
        ('kind = "psu", label', 'kind = "spu", label', 'it has no kind "spu"; did you mean "psu"?'),
        ('for = "20min"', "maintenance = true", "for is required with maintenance"),
        ('break = { kind = "psu", label = "Power supply 0/1" }', "", "nothing happens here"),
        ('device = "core"\nbreak', "break", "break happens to a device; write device or site"),
        ('simulated = "huawei_vrp"', 'recording = "no.snmprec"', "there is no recording at"),
        ('duration = "50min"', "", "duration: required, but missing"),
    ],
)
def test_a_wrong_scenario_is_named_with_its_line_and_the_nearest_word(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    assert right in PSU
    result = rehearsed(tmp_path, PSU.replace(right, wrong))
    assert result.exit_code == 2
    assert said in result.output


def test_the_parts_of_all_devices_are_shown_without_a_run(tmp_path: Path) -> None:
    result = rehearsed(tmp_path, PSU, "--parts", "--json")
    assert result.exit_code == 0
    parts = {(row["kind"], row["label"]) for row in json.loads(result.stdout)}
    assert {("psu", "Power supply 0/1"), ("psu", "Power supply 0/2"), ("fan", "Fan 0/1")} <= parts


STAGE = """
duration = "20min"
[[device]]
name = "core"
simulated = "huawei_vrp"
role = "core"
expect_up = ["XGigabitEthernet0/0/1"]
[[device]]
name = "acc"
simulated = "h3c_comware"
role = "access"
[[device]]
name = "srv"
simulated = "poweredge_redfish"
role = "server"
[[link]]
a = "core XGigabitEthernet0/0/1"
b = { device = "acc", port = "Ten-GigabitEthernet1/0/25" }
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ('device = "core"\nbreak = "fan_failed 0/2"', 'device = "core"\nkind = "fan"\nlabel = "Fan 0/2"'),
        ('device = "core"\nbreak = ["fan Fan 0/1"]', 'device = "core"\nkind = "fan"\nlabel = "Fan 0/1"'),
        (
            'device = "core"\nbreak = { kind = "cpu", aspect = "usage", value = 0.97 }',
            'device = "core"\nkind = "cpu"\naspect = "usage"',
        ),
        ('device = "srv"\nbreak = "dimm_failed"', 'device = "srv"\nkind = "dimm"\nlabel = "DIMM.Socket.B1"'),
        (
            f'device = "srv"\nredfish = {{ "{DIMM_A1}#/Status/Health" = "Critical" }}',
            'device = "srv"\nkind = "dimm"\nlabel = "DIMM.Socket.A1"',
        ),
        ('device = "acc"\nsilent = true', 'device = "acc"\nkind = "device"\naspect = "answer"'),
        ('device = "acc"\nrefused = true', 'device = "acc"\nkind = "device"\naspect = "answer"'),
        ('device = "acc"\ngarbage = true', 'device = "acc"\nkind = "device"\naspect = "access"'),
        ('device = "acc"\ndelay = "20s"', 'device = "acc"\nkind = "device"\naspect = "answer"'),
        (
            'device = "core"\nbreak = "interface XGigabitEthernet0/0/1"\ntrap = "linkDown"',
            'device = "core"\nkind = "interface"\nopened = ["5min", "5min 20s"]',
        ),
        ('device = "acc"\nset = { "1.3.6.1.4.1.25506.8.35.9.1.1.1.2.1" = 2 }', 'device = "acc"\nkind = "fan"'),
    ],
)
def test_what_a_change_does_to_a_device_is_seen_by_the_daemon(tmp_path: Path, change: str, expected: str) -> None:
    result = rehearsed(tmp_path, f'{STAGE}[[change]]\nat = "5min"\n{change}\n[[expect.fault]]\n{expected}\n')
    assert result.exit_code == 0, result.output


def test_what_heals_before_the_end_of_another_breakage_leaves_that_broken(tmp_path: Path) -> None:
    text = """
duration = "30min"
[[device]]
name = "srv"
simulated = "dell_idrac"
[[change]]
at = "5min"
device = "srv"
break = "fan_failed 1"
for = "5min"
[[change]]
at = "7min"
device = "srv"
break = "fan_failed 2"
[[expect.fault]]
label = "System Board Fan1"
aspect = "state"
cleared = "10min"
[[expect.fault]]
label = "System Board Fan2"
aspect = "state"
cleared = "never"
"""
    result = rehearsed(tmp_path, text)
    assert result.exit_code == 0, result.output


def test_a_cable_is_told_at_both_ends_so_that_what_is_behind_it_is_hidden(tmp_path: Path) -> None:
    text = f"""{STAGE}
[[change]]
at = "5min"
device = ["core", "acc"]
unreachable = true
[[expect.fault]]
device = "core"
kind = "device"
symptoms = [{{ device = "acc", kind = "device" }}]
"""
    result = rehearsed(tmp_path, text)
    assert result.exit_code == 0, result.output


def test_a_person_answers_a_ticket_and_the_clock_stops(tmp_path: Path) -> None:
    text = PSU.replace(
        "[[expect.fault]]",
        """[[change]]
at = "12min"
device = "core"
person = { does = "responded", name = "Li" }
[[expect.ticket]]
device = "core"
events = ["opened", "responded", "recovered"]
[[expect.not]]
what = "letter"
event = "clock_missed"
between = ["0s", "25min"]
[[expect.fault]]""",
    )
    result = rehearsed(tmp_path, text)
    assert result.exit_code == 0, result.output


def test_a_step_that_cannot_be_done_is_a_difference(tmp_path: Path) -> None:
    text = PSU.replace(
        "[[expect.fault]]", '[[change]]\nat = "1min"\ndevice = "core"\nperson = "responded"\n[[expect.fault]]'
    )
    result = rehearsed(tmp_path, text)
    assert result.exit_code == 1
    assert "could not be done: core has no ticket that is not closed" in result.output


def test_an_evaluation_sums_up_what_was_right_and_what_was_not(tmp_path: Path) -> None:
    (tmp_path / "right.toml").write_text(PSU)
    (tmp_path / "wrong.toml").write_text(PSU.replace('kind = "psu"\nlevel = 2', 'kind = "psu"\nlevel = 3'))
    (tmp_path / "lost.toml").write_text(PSU.replace('kind = "psu"\nlevel', 'kind = "fan"\nlevel'))
    (tmp_path / "none.toml").write_text(PSU.replace('simulated = "huawei_vrp"', 'recording = "nowhere.snmprec"'))
    told = figures([measured(path, tmp_path) for path in sorted(tmp_path.glob("*.toml"))])
    assert told["scenarios"] == 3
    assert told["skipped"] == ["none"]
    assert (told["faults_expected"], told["faults_found"], told["faults_unexpected"]) == (3, 2, 1)
    assert told["precision"] == told["recall"] == pytest.approx(2 / 3, abs=1e-4)
    assert told["levels_right"] == 0.5
    assert told["delay"]["polled"]["fault"]["count"] == 2
    assert 0 < told["delay"]["polled"]["fault"]["median"] <= told["delay"]["polled"]["letter"]["median"] <= 70
    assert sorted(told["differences"]) == ["lost", "wrong"]


def test_a_quiet_device_is_visited_at_its_interval_and_not_more_often(tmp_path: Path) -> None:
    quiet = 'title = "q"\nduration = "1h"\n[[device]]\nname = "core"\nsimulated = "huawei_vrp"\nrole = "core"\n'
    visits = json.loads(rehearsed(tmp_path, quiet, "--json").stdout)["visits"]
    assert 118 <= visits <= 122, (
        "jitter moves a visit before its beat as often as after it; that beat is over all the same"
    )


def test_a_rehearsal_says_of_each_fault_what_explain_says(tmp_path: Path) -> None:
    said = rehearsed(tmp_path, PSU, "--explain", "en").stdout
    assert "Rule: psu-some-left (fits if " in said
    assert "To check: snmpget -v2c -c COMMUNITY " in said
    assert re.search(r"In time: letter to engineer@example.org accepted by the mail server: .* \(\+\d", said)
    assert "规则: psu-some-left（" in rehearsed(tmp_path, PSU, "--explain", "zh_CN").stdout
    (fault,) = json.loads(rehearsed(tmp_path, PSU, "--json").stdout)["faults"]
    assert fault["explanation"]["en"][0].startswith("Fault: ")
    assert not any(line.startswith("Rule:") for line in rehearsed(tmp_path, PSU).stdout.splitlines())
