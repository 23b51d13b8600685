"""`netvigil notice` over the store: import, new, list, show, acknowledge, plan, accept, sources."""

import json
import os
import tarfile
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alerts.notices.bulletin import BulletinError, bulletin, csaf
from collectors.feeds.reader import advisories as read
from house import INVENTORY, NETVIGIL
from monitor.cli import netvigil
from monitor.config import loaded
from monitor.model import Identity
from monitor.store import advisories, devices
from monitor.store.database import Store

SCHEMAS = (
    Path(os.environ.get("NETVIGIL_RECORDINGS", Path(__file__).parents[3] / "shared" / "recordings"))
    / "advisories/csaf/oasis/csaf_2.0"
)
NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
TYPED = """
id = "H3C-R6348P05-1"
title = "IRF may split"
vendor = "H3C"
affected = ["S5130S-EI: <R6348P05"]
fixed = ["S5130S-EI: R6348P05"]
text = "After 300 days."
"""
OPTIONS = (
    "--id", "B-7", "--title", "Ports stop", "--vendor", "Huawei", "--affected", "S5735: <V200R021C10SPC600",
    "--fixed", "S5735: V200R021C10SPC600", "--score", "9.1",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=1))
    device = '[[device]]\nname = "{}"\naddress = "127.0.0.{}"\nsite = "hefei-1"\ncredentials = ["v2c"]\n'
    (tmp_path / "inventory.toml").write_text(INVENTORY + device.format("sw-1", 1) + device.format("sw-2", 2))
    settings = loaded(tmp_path, {}, with_secrets=False)
    with Store(settings.daemon.state) as store, store.writing() as disk:
        one = Identity(platform="huawei_vrp", model="S5735-S24T4X", version="V200R019C00SPC500")
        devices.answered(disk, "sw-1", one, NOW)
        other = Identity(platform="h3c_comware", model="S5130S-28S-EI", version="7.1.070, Release 6126P20")
        devices.answered(disk, "sw-2", other, NOW)
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    done = CliRunner().invoke(netvigil, ["notice", *words, "--config", str(folder)], env={"USER": "wang"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def told(folder: Path, *words: str) -> Any:
    return json.loads(run(folder, *words, "--json").stdout)


def bundle(path: Path, files: dict[str, bytes]) -> Path:
    sums = "".join(f"{sha256(raw).hexdigest()}  {name}\n" for name, raw in files.items()).encode()
    with tarfile.open(path, "w:gz") as archive:
        for name, raw in {**files, "SHA256SUMS": sums}.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, BytesIO(raw))
    return path


def test_a_bulletin_goes_its_whole_way(folder: Path) -> None:
    assert told(folder, "new", *OPTIONS) == {"id": "B-7", "changed": 1, "verdicts": 1, "letters": 2}
    (row,) = told(folder, "list")
    assert (row["subject"], row["state"], row["affected"], row["fix"]) == ("B-7", "sent", 1, True)
    number = str(row["notice"])
    day = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011 - as a person would say it
    assert run(folder, "acknowledge", number).exit_code == 0
    assert run(folder, "plan", number, day).exit_code == 0
    shown = told(folder, "show", number)
    assert [each["kind"] for each in shown["events"]] == ["new", "sent", "acknowledged", "planned"]
    assert (shown["planned"], shown["score"], shown["events"][2]["by"]) == (day, 9.1, "wang")
    assert shown["devices"][0]["evidence"][0]["rule"] == "within the bounds"
    assert run(folder, "accept", number, "--until", day, "--reason", "no window").exit_code == 0
    assert told(folder, "list", "--state", "accepted")[0]["notice"] == row["notice"]
    assert "accepted" in run(folder, "show", number).stdout


def test_a_bundle_is_taken_in_with_what_was_refused_of_it(folder: Path, tmp_path: Path) -> None:
    good = json.dumps(
        csaf(
            bulletin({"id": "SA-1", "title": "x", "vendor": "Huawei", "affected": ["S5700: V200R019C00SPC500"]}),
            "H",
            NOW,
            "0",
        )
    ).encode()
    path = bundle(tmp_path / "b.tar.gz", {"good.json": good, "evil.json": b"{}", "note.txt": b"hello"})
    done = run(folder, "import", str(path), "--source", "huawei", "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert (found["advisories"], found["letters"], {each["name"] for each in found["refused"]}) == (
        1,
        2,
        {"evil.json", "note.txt"},
    )
    (source,) = told(folder, "sources")
    assert (source["source"], source["refused"], source["records"], source["old"]) == ("huawei", 2, 1, False)
    assert {each["record"] for each in told(folder, "sources", "--refused")} == {"evil.json", "note.txt"}
    again = json.loads(run(folder, "import", str(path), "--source", "huawei", "--json").stdout)
    assert (again["changed"], again["letters"]) == (0, 0)


def test_a_bad_bundle_changes_nothing_and_its_failure_is_kept(folder: Path, tmp_path: Path) -> None:
    good = json.dumps(
        csaf(bulletin({"id": "SA-1", "title": "x", "vendor": "Huawei", "affected": ["S5700: *"]}), "H", NOW, "0")
    ).encode()
    path = bundle(tmp_path / "b.tar.gz", {"a.json": good, "../evil.json": good})
    done = run(folder, "import", str(path))
    assert done.exit_code == 2
    assert "leads out of the bundle" in done.stderr
    settings = loaded(folder, {}, with_secrets=False)
    with Store(settings.daemon.state) as store, store.reading() as disk:
        assert advisories.advisories(disk) == {}
        (source,) = advisories.sources(disk)
        assert "leads out" in source.failure


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("b.toml", TYPED),
        ("b.json", json.dumps({"id": "J", "title": "t", "vendor": "H3C", "affected": ["S5130S-EI: <R6348P05"]})),
    ],
)
def test_a_bulletin_may_come_from_a_file(folder: Path, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert told(folder, "new", str(tmp_path / name))["verdicts"] == 1
    assert "R6348P05" in run(folder, "new", str(tmp_path / name), "--print").stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("new", "--id", "x"), "title, vendor, affected: must be given"),
        (("new", *OPTIONS, "--affected", "S5735"), 'must be "MODEL: VERSIONS"'),
        (("new", *OPTIONS, "--cve", "2026-1"), "cve: must be such as"),
        (("new", *OPTIONS, "--score", "11"), "score: must be a number from 0 to 10"),
        (("new", *OPTIONS, "--published", "yesterday"), "published: must be a day"),
        (("new", *OPTIONS, "--not-affected", "S5735: <V200R021C10SPC600"), "the same model and versions are"),
        (("show", "7"), "there is no notice 7"),
        (("acknowledge", "7"), "there is no notice 7"),
    ],
)
def test_errors_say_what_is_wrong(folder: Path, words: tuple[str, ...], complaint: str) -> None:
    done = run(folder, *words)
    assert done.exit_code == 2
    assert complaint in done.stderr


def test_a_day_in_the_past_is_refused(folder: Path) -> None:
    run(folder, "new", *OPTIONS)
    assert "is in the past" in run(folder, "plan", "1", "2020-01-01").stderr
    assert "is no day" in run(folder, "accept", "1", "--until", "soon", "--reason", "x").stderr


def test_what_is_typed_is_matched_by_the_same_code() -> None:
    made = csaf(
        bulletin(
            {
                "id": "B",
                "title": "t",
                "vendor": "H3C",
                "affected": "S5130S-EI: <R6348P05",
                "known_exploited": True,
                "cve": "CVE-2026-12345",
                "score": 8,
            }
        ),
        "H",
        NOW,
        "0",
    )
    (one,) = read(json.dumps(made).encode())
    assert (one.name, one.known_exploited, one.score) == ("B CVE-2026-12345", True, 8.0)
    with pytest.raises(BulletinError, match="no such field"):
        bulletin({"id": "x", "evil": 1})


@pytest.mark.skipif(not SCHEMAS.exists(), reason=f"no {SCHEMAS}; NETVIGIL_RECORDINGS names the folder of recordings")
@pytest.mark.skipif(find_spec("jsonschema") is None, reason="jsonschema is not installed: pip install jsonschema")
@pytest.mark.parametrize(
    "more",
    [
        {},
        {
            "cve": "CVE-2026-12345",
            "score": 8,
            "known_exploited": True,
            "workaround": "w",
            "fix": "f",
            "reference": "https://example.org/r",
            "fixed": ["S5130S-EI: R6348P05"],
            "not_affected": ["S5560X: *"],
        },
    ],
)
def test_what_is_stored_is_valid_csaf(more: dict[str, object]) -> None:
    jsonschema, referencing = import_module("jsonschema"), import_module("referencing")
    kinds = import_module("referencing.jsonschema")
    documents = [json.loads(path.read_text()) for path in SCHEMAS.rglob("*schema*/**/*.json")]
    registry = referencing.Registry()
    for each in documents:
        number = each.get("$id") or each.get("id")
        if number:
            kind = kinds.DRAFT202012 if "2020" in each.get("$schema", "") else kinds.DRAFT7
            registry = registry.with_resource(number, referencing.Resource(contents=each, specification=kind))
    made = csaf(
        bulletin({"id": "B", "title": "t", "vendor": "H3C", "affected": "S5130S-EI: <R6348P05", **more}), "H", NOW, "0"
    )
    schema = json.loads((SCHEMAS / "json_schema" / "csaf_json_schema.json").read_text())
    jsonschema.Draft202012Validator(schema, registry=registry).validate(made)
