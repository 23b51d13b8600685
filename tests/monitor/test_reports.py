"""The archive of papers and its doors: versions, files, what people filled in, and who gets it by mail."""

import itertools
import json
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from openpyxl import load_workbook
from paper_lines import rows

from alerts.papers.forms import Form
from commanded import commanded as run
from house import House, housed
from monitor import archiving
from monitor.archiving import Wanted
from monitor.config import loaded
from monitor.model import Condition, Language
from monitor.store import devices, letters, papers
from monitor.store.database import FILE_NAME

HEFEI = Wanted(customer="cdc", site="hefei-1", month="2026-11")
LATER = datetime(2026, 12, 2, tzinfo=UTC)


@pytest.fixture
async def seen(tmp_path: Path) -> AsyncIterator[House]:
    """The house after each of its devices was visited once."""
    async with housed(tmp_path) as house:
        for name in house.simulated:
            await house.visit(name)
        yield house


def made(house: House, language: Language = Language.EN, why: str = "") -> papers.Kept:
    (kept,) = archiving.made(house.store, house.settings, HEFEI, [language], LATER, why=why)
    return kept


def changed(house: House) -> None:
    """Another picture of the month: the fans of the core are told differently."""
    with house.store.writing() as disk:
        picture = devices.newest_snapshots(disk, ["hf-core-01"], "2026-11-01", "2026-12-01")["hf-core-01"]
        told = [
            one if one.component.kind != "fan" else one.in_condition(Condition.FAILED) for one in picture.observations
        ]
        devices.snapshot_saved(disk, "hf-core-01", picture.day, picture.at, told)


async def test_the_same_facts_are_the_same_version_to_the_byte_and_other_facts_the_next(seen: House) -> None:
    first = made(seen)
    again = made(seen)
    assert again == first
    assert first.version == 1
    changed(seen)
    second = made(seen, why="a fan was read wrongly")
    assert second.version == 2
    assert second.facts != first.facts
    with seen.store.reading() as disk:
        one, two = papers.paper(disk, first.id), papers.paper(disk, second.id)
        assert sha256(papers.document(disk, second.id)).hexdigest() == second.facts == two.facts
    assert [row.split(" | ")[0::2] for row in rows(two, "revisions")] == [
        ["V1", "first version"],
        ["V2", "a fan was read wrongly"],
    ]
    assert rows(one, "revisions") == rows(two, "revisions")[:1], "the first version stays as it was"


async def test_a_language_that_comes_later_has_the_version_and_the_moment_of_the_first(seen: House) -> None:
    english = made(seen)
    (chinese,) = archiving.made(seen.store, seen.settings, HEFEI, [Language.ZH_CN], LATER + timedelta(days=3))
    assert (chinese.version, chinese.made_at, chinese.facts) == (1, english.made_at, english.facts)


async def test_a_paper_of_the_archive_cannot_be_changed_or_deleted(seen: House) -> None:
    made(seen)
    with sqlite3.connect(seen.settings.daemon.state / FILE_NAME) as disk:
        for statement in ("UPDATE paper SET why = ''", "DELETE FROM paper"):
            with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
                disk.execute(statement)


async def test_files_are_written_once_and_their_sums_are_in_the_archive(seen: House, tmp_path: Path) -> None:
    kept = made(seen)
    (one,) = archiving.written(seen.store, [kept], [Form.JSON, Form.HTML, Form.XLSX], tmp_path / "out", LATER)
    assert one.failed == ()
    assert {form.value: sha256(file.read_bytes()).hexdigest() for form, file in one.files} == dict(one.kept.forms)
    before = {file: file.stat().st_mtime_ns for _, file in one.files}
    archiving.written(seen.store, [kept], [Form.JSON, Form.HTML, Form.XLSX], tmp_path / "out", LATER)
    assert {file: file.stat().st_mtime_ns for file in before} == before


async def test_what_people_fill_in_comes_back_as_the_next_version_and_stays(seen: House, tmp_path: Path) -> None:
    config = ("--config", str(seen.folder))
    wanted = ("--site", "hefei-1", "--month", "2026-11", "--format", "xlsx", "--language", "en")
    done = run("report", "inspection", *wanted, "--output", str(tmp_path), "--json", *config)
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)
    file = Path(told["files"]["xlsx"])
    book = load_workbook(file)
    filled = 0
    for sheet in book.worksheets:
        for across in sheet.iter_rows():
            for before, cell in itertools.pairwise(across):
                if cell.value == "#key:site/hefei-1/earthing/result":
                    before.value = "=1+1 合格"  # looks like a formula, and is none of ours
                    filled += 1
    assert filled == 1
    book.save(file)
    taken = run("report", "fill", str(file), "--format", "json", "--output", str(tmp_path / "two"), "--json", *config)
    assert taken.returncode == 0, taken.stderr
    (second,) = json.loads(taken.stdout)
    assert (second["version"], second["why"], second["language"]) == (2, "filled", "en")
    with seen.store.reading() as disk:
        (row,) = [row for row in rows(papers.paper(disk, second["paper"]), "on_site") if "Earthing" in row]
    assert "合格" in row
    third = made(seen)
    assert third.version == 2, "what was filled in stays, and is a fact like others"
    again = run("report", "fill", str(file), "--format", "json", "--output", str(tmp_path / "two"), *config)
    assert again.returncode == 0, again.stderr
    assert len(json.loads(run("report", "list", "--json", *config).stdout)) == 2, "filled in twice is filled in once"


async def test_a_workbook_of_nothing_in_the_archive_is_refused(seen: House, tmp_path: Path) -> None:
    junk = tmp_path / "junk.xlsx"
    junk.write_bytes(b"PK\x03\x04 no workbook")
    refused = run("report", "fill", str(junk), "--config", str(seen.folder))
    assert refused.returncode == 2
    assert "not a workbook" in refused.stderr


async def test_the_archive_is_listed_and_shown(seen: House) -> None:
    kept, config = made(seen), ("--config", str(seen.folder))
    (row,) = json.loads(run("report", "list", "--kind", "inspection", "--json", *config).stdout)
    assert (row["paper"], row["version"], row["period"], row["facts"]) == (kept.id, 1, "2026-11", kept.facts)
    assert run("report", "list", "--customer", "nobody", "--json", *config).stdout.strip() == "[]"
    whole = json.loads(run("report", "show", str(kept.id), "--json", *config).stdout)
    assert whole["paper_json"]["title"] == "Monthly inspection report"
    facts = run("report", "show", str(kept.id), "--facts", *config).stdout.rstrip("\n")
    assert sha256(facts.encode()).hexdigest() == kept.facts
    missing = run("report", "show", "77", *config)
    assert missing.returncode == 2
    assert "netvigil report list" in missing.stderr


async def test_a_customer_has_one_report_of_all_sites_in_the_forms_and_to_the_people_of_its_own(seen: House) -> None:
    (seen.folder / "netvigil.toml").write_text(
        (seen.folder / "netvigil.toml").read_text()
        + '[[report.customer]]\nname = "cdc"\nof = "customer"\nlanguages = ["en", "zh_CN"]\nforms = ["json"]\n'
        + 'mail_to = ["li@example.org", "an@example.org"]\nday = 3\n'
    )
    settings = loaded(seen.folder, {}, with_secrets=False)
    assert archiving.caught_up(seen.store, settings, LATER) == (), "its day is the third"
    told = archiving.caught_up(seen.store, settings, LATER + timedelta(days=2))
    assert [(one.kept.about.site, one.kept.language) for one in told] == [("", Language.EN), ("", Language.ZH_CN)]
    assert {form for one in told for form, _ in one.files} == {Form.JSON}
    assert archiving.caught_up(seen.store, settings, LATER + timedelta(days=2)) == ()
    with seen.store.reading() as disk:
        queued = letters.all_letters(disk)
    assert sorted(each.letter.recipient for each in queued) == sorted(["li@example.org", "an@example.org"] * 2)


async def test_what_was_made_within_the_month_does_not_stand_for_the_whole_of_it(seen: House) -> None:
    early = datetime(2026, 11, 22, 12, tzinfo=UTC)
    (part,) = archiving.made(seen.store, seen.settings, HEFEI, [Language.ZH_CN], early)
    changed(seen)
    (whole,) = archiving.caught_up(seen.store, seen.settings, LATER)
    assert (part.version, whole.kept.version) == (1, 2)
    assert archiving.caught_up(seen.store, seen.settings, LATER) == ()


async def test_a_report_that_was_cut_off_before_its_files_goes_on_with_them(seen: House) -> None:
    (kept,) = archiving.made(seen.store, seen.settings, HEFEI, [Language.ZH_CN], LATER)
    (one,) = archiving.caught_up(seen.store, seen.settings, LATER)
    assert one.kept.id == kept.id
    assert {form for form, _ in one.files} == {Form.JSON, Form.HTML}
    assert archiving.caught_up(seen.store, seen.settings, LATER) == ()
    with seen.store.reading() as disk:
        assert [each.letter.recipient for each in letters.all_letters(disk)] == ["archive@example.org"]


async def test_a_customer_that_reports_name_and_nobody_has_is_refused(seen: House) -> None:
    text = (seen.folder / "netvigil.toml").read_text() + '[[report.customer]]\nname = "cdx"\n'
    (seen.folder / "netvigil.toml").write_text(text)
    refused = run("check", "--config", str(seen.folder))
    assert refused.returncode == 2
    assert 'there is no customer "cdx"' in refused.stdout + refused.stderr


async def test_the_attainment_has_a_door(seen: House, tmp_path: Path) -> None:
    words = ("report", "attainment", "--customer", "cdc", "--from", "2026-11-01", "--format", "json,html")
    rest = ("--output", str(tmp_path / "out"), "--language", "both", "--json", "--config", str(seen.folder))
    done = run(*words, "--to", "2026-11-30", *rest)
    assert done.returncode == 0, done.stderr
    assert [each["language"] for each in json.loads(done.stdout)] == ["en", "zh_CN"]
    wrong = run(*words, "--to", "2026-10-30", *rest)
    assert wrong.returncode == 2
    assert "2026-10-30 is before 2026-11-01" in wrong.stderr
