"""The doors for people and scripts: words, exit codes, one JSON document, and documents that know every command."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from collectors.simulate.fleet import fleet
from commanded import commanded, commanded_beside
from house import INVENTORY, NETVIGIL, SECRETS, House
from monitor.cli import VERBS, Verb, netvigil
from monitor.store import tickets

ROOT = Path(__file__).parents[2]
CORE = "hf-core-01"
SUPPLIES = "1.3.6.1.4.1.2011.5.25.31.1.1.18.1."


def started(*words: str) -> subprocess.CompletedProcess[str]:
    """`netvigil` with these words, as a process."""
    command = [sys.executable, "-m", "monitor", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **SECRETS})


def run(*words: str, secrets: bool = True) -> subprocess.CompletedProcess[str]:
    """The same without a process."""
    return commanded(*words, secrets={**(SECRETS if secrets else {}), "USER": "wang"})


@pytest.fixture
async def broken(house: House) -> House:
    """The house with a failed power supply and its ticket."""
    await house.visit(CORE)
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)
    return house


def recording(folder: Path, device: str) -> Path:
    """A recording of a simulated device, as snmpsim writes it."""
    tags = {2: "2", 4: "4x", 5: "5", 6: "6", 0x40: "64", 0x41: "65", 0x42: "66", 0x43: "67", 0x46: "70"}
    lines = []
    simulated = next(each for each in fleet().devices if each.name == device)
    for oid, (kind, value) in simulated.device.values().items():
        told = value.hex() if isinstance(value, bytes) else value
        lines.append(f"{oid}|{tags[int(kind)]}|{told}\n")
    file = folder / f"{device}.snmprec"
    file.write_text("".join(lines))
    return file


def test_replay_prints_one_document_with_identity_observations_and_faults(tmp_path: Path) -> None:
    done = started("replay", "--json", str(recording(tmp_path, CORE)))
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert set(told) == {"identity", "observations", "faults"}
    assert told["identity"]["platform"] == "huawei_vrp"
    assert told["identity"]["model"] == "S6730-H24X6C"
    assert told["faults"] == []
    first = told["observations"][0]
    assert set(first) == {"component", "aspect", "condition", "value", "unit", "raw", "source"}


def test_replay_judges_at_first_sight_what_is_broken(tmp_path: Path) -> None:
    file = recording(tmp_path, CORE)
    lines = file.read_text().splitlines()
    state = "1.3.6.1.4.1.2011.5.25.31.1.1.18.1.6."  # hwEntityPwrState: notSupply(2)
    at = next(n for n, line in enumerate(lines) if line.startswith(state))
    lines[at] = lines[at].rsplit("|", 1)[0] + "|2"
    file.write_text("\n".join(lines))
    (fault,) = json.loads(run("replay", "--json", str(file)).stdout)["faults"]
    assert (fault["component"]["kind"], fault["condition"], fault["level"]) == ("psu", "failed", 2)
    assert fault["source"] == lines[at].split("|")[0]
    assert "1 of 2 power supplies" in fault["reason"]


def test_replay_of_what_is_no_recording_says_so_with_code_2(tmp_path: Path) -> None:
    (tmp_path / "letter.snmprec").write_text("Dear Sirs,\n")
    done = started("replay", "--json", str(tmp_path / "letter.snmprec"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "letter.snmprec" in done.stderr


async def test_visit_says_what_a_device_is_and_ends_with_3_where_it_cannot_be_reached(house: House) -> None:
    config = ("--config", str(house.folder))
    done = await commanded_beside("visit", CORE, "--json", *config, secrets=SECRETS)
    assert done.returncode == 0
    assert json.loads(done.stdout)["identity"]["version"] == "V200R021C00SPC100"
    house.simulated[CORE].device.silent = True
    silent = await commanded_beside("visit", CORE, *config, secrets=SECRETS)
    assert silent.returncode == 3
    assert "does not answer" in silent.stdout
    unknown = await commanded_beside("visit", "nobody", *config, secrets=SECRETS)
    assert unknown.returncode == 2
    assert 'no device "nobody"' in unknown.stderr


def test_check_names_file_line_key_and_reason_and_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    (tmp_path / "inventory.toml").write_text(INVENTORY.replace('region = "hefei"', 'region = "hefey"'))
    done = run("check", "--config", str(tmp_path))
    assert done.returncode == 2
    line = INVENTORY.splitlines().index('region = "hefei"') + 1
    assert f"inventory.toml:{line}: site[1].region:" in done.stderr
    assert 'did you mean "hefei"?' in done.stderr
    told = json.loads(run("check", "--json", "--config", str(tmp_path)).stdout)
    assert told["problems"][0]["line"] == line


def test_check_of_a_good_configuration_says_what_would_be_watched(house: House) -> None:
    done = run("check", "--config", str(house.folder))
    assert done.returncode == 0
    assert "devices      3" in done.stdout


def test_a_folder_that_is_not_there_is_said_with_its_name(tmp_path: Path) -> None:
    done = started("run", "--config", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "nowhere/netvigil.toml: cannot be read" in done.stderr
    assert f"there is no folder {tmp_path / 'nowhere'}; say where" in done.stderr


async def test_a_ticket_is_listed_shown_answered_and_closed_without_any_secret(broken: House) -> None:
    config = ("--config", str(broken.folder))
    (row,) = json.loads(run("ticket", "list", "--json", *config, secrets=False).stdout)
    assert (row["state"], row["level"], row["class"], row["device"]) == ("new", 2, "major", CORE)
    number = row["id"]
    assert run("ticket", "respond", number, "--on-site", "not_needed", *config, secrets=False).returncode == 0
    again = run("ticket", "respond", number, *config, secrets=False)
    assert again.returncode == 1
    assert "wang responded already" in again.stderr
    told = json.loads(run("ticket", "show", number, "--json", *config, secrets=False).stdout)
    assert [each["kind"] for each in told["events"]] == ["opened", "responded"]
    assert {each["name"]: each["state"] for each in told["clocks"]}["respond"] in {"met", "met_late"}
    assert "responded by wang" in run("ticket", "show", number, *config, secrets=False).stdout
    assert "not called back yet" in run("ticket", "close", number, *config, secrets=False).stderr
    for words in (("restore", number), ("call-back", number, "--solved", "yes"), ("close", number)):
        assert run("ticket", *words, *config, secrets=False).returncode == 0
    assert run("ticket", "list", *config, secrets=False).stdout == "none\n"
    assert json.loads(run("ticket", "list", "--all", "--json", *config, secrets=False).stdout)[0]["state"] == "closed"


async def test_a_ticket_that_is_not_there_is_said_with_where_to_look(broken: House) -> None:
    done = run("ticket", "show", "T1", "--config", str(broken.folder))
    assert done.returncode == 2
    assert 'there is no ticket "T1"; "netvigil ticket list --all"' in done.stderr


async def test_open_faults_end_with_1_and_explain_says_why(broken: House) -> None:
    config = ("--config", str(broken.folder))
    done = run("fault", "list", "--json", *config)
    (row,) = json.loads(done.stdout)
    assert done.returncode == 1
    said = run("explain", str(row["id"]), *config).stdout
    assert "1.3.6.1.4.1.2011.5.25.31.1.1.18.1.6." in said
    assert "1 of 2 power supplies" in said
    assert "电源" in run("explain", str(row["id"]), "--language", "zh_CN", *config).stdout


async def test_one_fault_is_shown_whole_with_its_hops(broken: House) -> None:
    config = ("--config", str(broken.folder))
    (row,) = json.loads(run("fault", "list", "--json", *config).stdout)
    told = json.loads(run("fault", "show", str(row["id"]), "--json", *config).stdout)
    assert (told["level"], told["component"]["kind"], told["state"]) == (2, "psu", "open")
    assert told["reasons"][0]["rule"].startswith("psu-")
    assert told["evidence"]["source"].startswith("1.3.6.1.4.1.2011.")
    assert [(hop["stop"], hop["seconds"]) for hop in told["hops"]] == [
        ("first_seen", 0), ("confirmed", 0), ("ticket", 0), ("letter_queued", 0), ("letter_queued", 0),
    ]  # fmt: skip
    assert told["ticket"] == told["hops"][2]["what"]
    assert (told["hidden_by"], told["maintenance"]) == (None, None)
    assert "In time: confirmed: " in run("fault", "show", str(row["id"]), *config).stdout
    assert run("fault", "show", "77", "--json", *config).returncode == 2


async def test_the_inspection_report_is_written_for_a_month_and_refuses_what_is_none(broken: House) -> None:
    config = ("--config", str(broken.folder))
    folder = broken.folder / "out"
    words = ("report", "inspection", "--site", "hefei-1", "--language", "en", "--output", str(folder), *config)
    assert run(*words, "--format", "html", "--month", "2026-11").returncode == 0
    (file,) = folder.iterdir()
    assert file.name == "inspection-cdc-hefei-1-2026-11-v1.en.html"
    assert "S6730-H24X6C" in file.read_text(encoding="utf-8")
    refused = run(*words, "--month", "November")
    assert refused.returncode == 2
    assert '"November" is not a month' in refused.stderr


async def test_mail_test_without_a_daemon_says_that_nobody_takes_it_up(broken: House) -> None:
    words = ("mail", "test", "--wait", "0", "--config", str(broken.folder))
    done = run(*words, "--to", "duty@example.org")
    assert done.returncode == 1
    assert "no daemon has taken it up" in done.stdout
    stranger = run(*words, "--to", "nobody@example.org")
    assert stranger.returncode == 2
    assert "it has duty@example.org, zhiban@example.org" in stranger.stderr


def commands(group: click.Command, words: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with its words."""
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            each = group.get_command(context, name)
            assert each is not None, name
            yield from commands(each, f"{words} {name}".strip())
    else:
        yield words, group


@pytest.mark.parametrize(("name", "verb"), VERBS.items())
def test_the_list_of_commands_says_what_each_says_of_itself(name: str, verb: Verb) -> None:
    command = netvigil.get_command(click.Context(netvigil), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(200) == verb.help


def test_a_command_reads_no_more_of_the_daemon_than_it_needs() -> None:
    def modules(words: str) -> set[str]:
        code = f"import sys; from monitor import cli; {words}; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    assert not {"monitor.config", "sqlalchemy", "pydantic"} & modules("cli.netvigil.list_commands(None)")
    for name in ("ticket", "fault", "duty"):
        found = modules(f"cli.netvigil.get_command(None, {name!r})")
        assert "monitor.config" in found
        assert not {"monitor.app", "uvicorn", "apscheduler", "alembic", "typst", "numpy", "netmiko"} & found, name


def test_the_daemon_carries_nothing_that_documents_and_forecasts_alone_need() -> None:
    code = "import sys, monitor.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "openpyxl", "typst", "docx"} & set(done.stdout.split())


@pytest.mark.parametrize(("words", "command"), list(commands(netvigil)))
def test_every_command_and_option_is_documented(words: str, command: click.Command) -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    noun, _, verb = words.partition(" ")
    assert any(noun in line and verb in line for line in text.splitlines() if "`netvigil" in line), words
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden and parameter.name != "directory":
            assert parameter.opts[0] in text, f"{words} {parameter.opts[0]}"


async def test_a_maintenance_window_is_planned_shown_explained_and_ended(broken: House) -> None:
    config = ("--config", str(broken.folder))
    refusals: tuple[tuple[tuple[str, ...], str], ...] = (
        (("--for", "1h"), "say where: --customer, --site or --device"),
        (("--device", CORE), "--until or --for, one of them"),
        (("--site", "hefei-2", "--for", "1h"), 'no site "hefei-2" in the configuration; did you mean "hefei-1"?'),
        (("--device", CORE, "--part", "fna", "--for", "1h"), 'no kind of part "fna"'),
        (("--device", CORE, "--from", "tomorrow", "--for", "1h"), '"tomorrow" is no moment'),
        (("--device", CORE, "--until", "2020-01-01T00:00"), "it must end after its beginning and after now"),
        (("--device", CORE, "--for", "1 hor"), "is not a duration"),
    )
    for words, said in refusals:
        refused = run("maintenance", "add", "--reason", "x", *words, *config, secrets=False)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert said in refused.stderr
    racks = ("--site", "hefei-*", "--for", "2h", "--reason", "new racks", "--json")
    told = json.loads(run("maintenance", "add", *racks, *config, secrets=False).stdout)
    assert (told["window"], told["state"], told["devices"], told["by"]) == ("M1", "on", 3, "wang")
    later = ("--device", CORE, "--part", "psu/*", "--from", "2036-11-22T02:00", "--until", "2036-11-22T04:00")
    assert "M2: planned" in run("maintenance", "add", "--reason", "x", *later, *config, secrets=False).stdout
    rows = json.loads(run("maintenance", "list", "--json", *config, secrets=False).stdout)
    assert [(row["window"], row["state"], row["part"]) for row in rows] == [
        ("M1", "on", None), ("M2", "planned", "psu/*"),
    ]  # fmt: skip
    assert rows[1]["from"] == "2036-11-21T18:00:00+00:00"  # the clock of the site
    (fault,) = json.loads(run("fault", "list", "--json", *config, secrets=False).stdout)
    assert fault["maintenance"] == "M1"
    explained = run("explain", str(fault["id"]), *config, secrets=False).stdout
    assert "Under maintenance: window M1, from " in explained
    assert ", by wang: new racks; nobody is called while it lasts" in explained
    assert "维护窗口 M1" in run("explain", str(fault["id"]), "--language", "zh_CN", *config, secrets=False).stdout
    assert run("maintenance", "end", "M1", *config, secrets=False).stdout == "M1 is over\n"
    again = run("maintenance", "end", "M1", *config, secrets=False)
    assert (again.returncode, "M1 is over since" in again.stderr) == (1, True)
    assert run("maintenance", "end", "M9", *config, secrets=False).returncode == 2
    assert [row["window"] for row in json.loads(run("maintenance", "list", "--json", *config).stdout)] == ["M2"]
    everything = json.loads(run("maintenance", "list", "--all", "--json", *config).stdout)
    assert [row["state"] for row in everything] == ["over", "planned"]
    assert json.loads(run("fault", "list", "--json", *config).stdout)[0]["maintenance"] is None


async def test_a_window_that_recurs_is_listed_and_changed_where_it_stands(house: House) -> None:
    inventory = house.folder / "inventory.toml"
    more = '[[maintenance]]\nevery = "Sun 02:00"\nfor = "2h"\nsite = "hefei-1"\nreason = "weekly work"\n'
    inventory.write_text(inventory.read_text() + more)
    config = ("--config", str(house.folder))
    (row,) = json.loads(run("maintenance", "list", "--json", *config).stdout)
    assert (row["window"], row["every"], row["devices"], row["reason"]) == ("R1", "Sun 02:00", 3, "weekly work")
    refused = run("maintenance", "end", "r1", *config)
    assert (refused.returncode, "inventory.toml" in refused.stderr) == (2, True)


async def test_parts_and_history_of_a_device_are_shown_and_a_part_is_forgotten(house: House) -> None:
    config = ("--config", str(house.folder))
    device = house.simulated[CORE].device
    await house.visit(CORE, times=2)
    for oid in [oid for oid in device.values() if oid.startswith(SUPPLIES) and oid.endswith(".1.2")]:
        device.remove(oid)
    await house.visit(CORE, times=4)
    rows = json.loads(run("device", "parts", CORE, "--json", *config, secrets=False).stdout)
    states = {(row["kind"], row["label"]): row["state"] for row in rows}
    assert states["psu", "Power supply 1/2"] == "gone"
    assert states["psu", "Power supply 1/1"] == "there"
    assert "2102310150" in run("device", "parts", CORE, *config, secrets=False).stdout
    (event,) = json.loads(run("device", "history", CORE, "--since", "2026-11-01", "--json", *config).stdout)
    assert (event["event"], event["component"]) == ("part_removed", {"kind": "psu", "label": "Power supply 1/2"})
    assert event["text"] == "Power supply 1/2 is gone"
    words = ("device", "history", CORE, "--since", "2026-11-01", "--language", "zh_CN")
    assert "不在位" in run(*words, *config).stdout
    forget = ("device", "forget", CORE, "psu", "--why", "only one is needed", *config)
    refused = run(*forget, "Power supply 1/1", secrets=False)
    assert refused.returncode == 1
    assert "Power supply 1/1 of hf-core-01 is there" in refused.stderr
    done = run(*forget, "Power supply 1/2", secrets=False)
    assert (done.returncode, "faults cleared: 1" in done.stdout) == (0, True)
    assert run("fault", "list", *config, secrets=False).returncode == 0
    said = run("device", "history", CORE, "--since", "2026-11-01", *config).stdout
    assert "Power supply 1/2 is no longer expected: only one is needed (wang)" in said
    again = run(*forget, "Power supply 1/2", secrets=False)
    assert again.returncode == 2
    assert 'nothing is known of a psu "Power supply 1/2"' in again.stderr
    nonsense = run("device", "history", CORE, "--since", "yesterday", *config)
    assert nonsense.returncode == 2
    assert "or a day such as 2026-11-01" in nonsense.stderr


async def test_a_person_gives_a_fault_another_level_and_takes_it_back(broken: House) -> None:
    config = ("--config", str(broken.folder))
    (fault,) = json.loads(run("fault", "list", "--json", *config, secrets=False).stdout)
    number = str(fault["id"])
    unfounded = run("fault", "level", number, "1", "--by", "wang", *config, secrets=False)
    assert (unfounded.returncode, "for a reason" in unfounded.stderr) == (2, True)
    word = ("--by", "wang", "--reason", "the other one smokes")
    assert (
        "level 1, by wang: the other one smokes"
        in run("fault", "level", number, "1", *word, *config, secrets=False).stdout
    )
    await broken.visit(CORE, times=2)
    (fault,) = json.loads(run("fault", "list", "--json", *config, secrets=False).stdout)
    assert fault["level"] == 1
    assert "the other one smokes" in fault["reason"]
    explained = run("explain", number, *config, secrets=False).stdout
    assert "Why: the other one smokes" in explained
    assert "To check: snmpget -v2c -c COMMUNITY 127.0.0.1:" in explained
    assert "Other level: level 3 (psu-some-left-access) if it were an access switch" in explained
    assert re.search(r"In time: ticket T\d{8}-0001: \d{4}-.* \(\+0\.0 s\)", explained)
    (ticket,) = await broken.store.ask(tickets.unclosed)
    assert [(one.kind.value, one.by) for one in ticket.events][:2] == [
        ("opened", "netvigil"),
        ("level_changed", "wang"),
    ]
    assert run("fault", "level", number, "rule", *config, secrets=False).returncode == 0
    await broken.visit(CORE)
    assert json.loads(run("fault", "list", "--json", *config, secrets=False).stdout)[0]["level"] == 2
    again = run("fault", "level", number, "rule", *config, secrets=False)
    assert (again.returncode, "nobody gave it another one" in again.stderr) == (1, True)
