"""Rehearsals: a scenario runs in virtual time, what differs is said, and what is wrong in its file is named."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import netvigil
from monitor.rehearsal.evaluation import measured

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
        ('at = "10min"', "at = 10", "a duration is text with a unit"),
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
