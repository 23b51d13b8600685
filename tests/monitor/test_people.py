"""people.toml: what is refused and warned of, what was in force when, and what `netvigil duty` tells."""

import json
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts.desk.calendars import Holidays
from alerts.desk.icalendar import Event, calendar
from alerts.desk.people import People, Place
from alerts.desk.recurring import Span
from alerts.desk.rota import on_duty
from monitor.cli import netvigil
from monitor.config import ConfigError, check_lines, loaded
from monitor.model import Language, Text
from monitor.people_file import PeopleFile
from monitor.people_past import people_at, timeline
from monitor.people_read import people
from monitor.rota_gaps import rota_warnings
from monitor.settings import Settings
from monitor.shipped import shipped
from monitor.store import people as stored
from monitor.store.database import Store

ENVIRON = {"NETVIGIL_CAMPUS_AUTH": "a" * 10, "NETVIGIL_CAMPUS_PRIV": "b" * 10, "NETVIGIL_OLD_COMMUNITY": "c" * 10}
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
DAY = timedelta(days=1)
SAMPLE = (shipped() / "people.toml").read_text("utf-8")
ONE = """
[[person]]
name = "an"
[[person]]
name = "bo"
[[team]]
name = "centre"
members = ["an", "bo"]
tiers = ["response_centre"]
[[rota]]
name = "centre"
team = "centre"
weekly = { begins = 2026-01-05 }
[[contact]]
customer = "education"
title = "Li"
project = true
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped samples, with a state of their own."""
    for name in ("netvigil.toml", "inventory.toml", "devices.csv"):
        shutil.copy(shipped() / name, tmp_path)
    for name, value in {**ENVIRON, "STATE_DIRECTORY": str(tmp_path / "state"), "USER": "wang"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def with_people(folder: Path, text: str) -> Settings:
    (folder / "people.toml").write_text(text, "utf-8")
    return loaded(folder, ENVIRON)


def read(text: str) -> People:
    return people(PeopleFile.model_validate(tomllib.loads(text)), text)


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(netvigil, [*words, "--config", str(folder)])


def line(text: str, words: str) -> int:
    return next(n for n, each in enumerate(text.splitlines(), start=1) if words in each)


def test_without_a_file_there_are_no_people_and_all_else_is_as_before(folder: Path) -> None:
    settings = loaded(folder, ENVIRON)
    assert settings.people == People()
    assert settings.warnings == ()
    done = run(folder, "duty", "now")
    assert done.exit_code == 1
    assert "there is no people.toml with a [[rota]]" in done.stderr


def test_the_sample_names_partners_and_contacts_in_both_languages() -> None:
    settings = loaded(shipped(), ENVIRON)
    prefectures = settings.contract.prefectures
    wuhu, suzhou = (settings.people.partner_in(each, prefectures) for each in ("wuhu", "suzhou"))
    assert wuhu is not None
    assert (wuhu.company.zh_CN, wuhu.people) == ("芜湖服务联盟伙伴（示例）", ("值班经理（示例）",))
    assert suzhou is not None
    assert suzhou.company == prefectures["suzhou"].partner
    assert settings.people.partner_in("nowhere", prefectures) is None
    assert settings.people.persons["engineer-d"].language is Language.EN
    at_wuhu = settings.people.contacts_at(Place(customer="education", site="wuhu-school"))
    assert [(each.title.en, each.is_project) for each in at_wuhu] == [
        ("Project contact (placeholder)", True),
        ("Head of the machine room (placeholder)", False),
    ]
    assert len(settings.people.contacts_at(Place(customer="education", site="hefei-centre"))) == 1


def test_text_that_is_the_same_in_all_languages_is_written_once(folder: Path) -> None:
    settings = with_people(folder, ONE)
    assert settings.people.contacts[0].title == Text(en="Li", zh_CN="Li")
    assert settings.people.persons["an"].title == Text(en="an", zh_CN="an")


# What is written, what takes its place, the line that is blamed, and what is said of it
WRONG = {
    "person of a team": (
        '["an", "bo"]',
        '["an", "bob"]',
        "members",
        'team[1].members[2]: there is no person "bob"; did',
    ),
    "tier of a team": ('["response_centre"]', '["response_center"]', "tiers", "did you mean"),
    "team of a rota": (
        'team = "centre"',
        'team = "center"',
        'team = "center"',
        'no team "center"; did you mean "centre"?',
    ),
    "two of a kind": ("weekly = {", "tier = 'x'\nweekly = {", "[[rota]]", "either with team or with tier"),
    "no pattern": ("weekly = { begins = 2026-01-05 }", "", "[[rota]]", "either [rota.weekly] or [[rota.days]]"),
    "weekday": (
        "2026-01-05",
        "2026-01-06",
        "weekly",
        "begins 2026-01-06 is a Tue, but the handover is on Mon; write 2026-01-05",
    ),
    "handover": ("05 }", '05, handover = "Monday 9:00" }', "weekly", '"Monday 9:00" is no weekday with a time'),
    "date": ("2026-01-05", '"2026-01-05"', "weekly", "must be a date without quotes"),
    "key": ("begins", "begin", "weekly", 'unknown key; did you mean "begins"?'),
    "at once": (
        "weekly = {",
        "at_once = 3\nweekly = { people = ['an'],",
        "at_once",
        "at_once is 3, but people has only 1",
    ),
    "customer": ('"education"', '"educaton"', "customer =", 'no customer "educaton"; did you mean "education"?'),
    "same person": ('name = "bo"', 'name = "an"', 'name = "an"', "the same name as at"),
    "zone": ("weekly = {", 'zone = "Asia/Shangai"\nweekly = {', "zone", "is not a time zone of the IANA database"),
    "mail": ('title = "Li"', 'title = "Li"\nmail = "li"', "mail", '"li" is not a mail address'),
    "half a text": ('title = "Li"', 'title = { en = "Li" }', "title", "zh_CN: required, but missing"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said_with_its_line_and_reason(folder: Path, case: tuple[str, str, str, str]) -> None:
    old, new, blamed, says = case
    text = ONE.replace(old, new)
    assert text != ONE
    with pytest.raises(ConfigError) as caught:
        with_people(folder, text)
    lines = [n for n, each in enumerate(text.splitlines(), start=1) if blamed in each]
    told = [each.removeprefix(f"{folder}/") for each in check_lines(caught.value.problems)]
    assert any(says in each and each.startswith(tuple(f"people.toml:{n}:" for n in lines)) for each in told), told


ADDED = {
    "unknown person on leave": ('[[leave]]\nperson = "x"\nfrom = 2026-01-05\nuntil = 2026-01-05\n', 'no person "x"'),
    "leave that ends first": (
        '[[leave]]\nperson = "an"\nfrom = 2026-01-05\nuntil = 2026-01-04\n',
        "until is not after",
    ),
    "substitute of oneself": (
        '[[substitute]]\nperson = "an"\ninstead_of = "an"\nfrom = 2026-01-05\nuntil = 2026-01-05\n',
        "cannot stand in for themselves",
    ),
    "two substitutes": (
        2 * '[[substitute]]\nperson = "an"\ninstead_of = "bo"\nfrom = 2026-01-05\nuntil = 2026-01-05\n',
        '"bo" has another substitute at that time, at',
    ),
    "second project contact": (
        '[[contact]]\ncustomer = "education"\ntitle = "Wu"\nproject = true\n',
        '"education" has its one project contact at',
    ),
    "unknown prefecture": ('[[partner]]\nprefecture = "wuhoo"\ncompany = "x"\n', 'did you mean "wuhu"?'),
    "unknown site": (
        '[[contact]]\ncustomer = "education"\ntitle = "Wu"\nsites = ["wuhu-scool"]\n',
        'did you mean "wuhu-school"?',
    ),
    "hours": (
        '[[rota]]\nname = "x"\nteam = "centre"\n[[rota.days]]\non = "workdays"\nhours = "8-17"\n',
        '"8-17" is no hours',
    ),
    "days": (
        '[[rota]]\nname = "x"\nteam = "centre"\n[[rota.days]]\non = "wekdays"\nhours = "08:00-17:00"\n',
        '"wekdays" is no days',
    ),
    "nobody named": (
        '[[rota]]\nname = "x"\ntier = "management"\n[[rota.days]]\non = "Mon"\nhours = "08:00-17:00"\n',
        "names nobody; write people",
    ),
    "day of another year": ("[[holidays.year]]\nyear = 2027\noff = [2028-01-01]\n", "2028-01-01, which is not in 2027"),
    "day off and worked": (
        "[[holidays.year]]\nyear = 2027\noff = [2027-01-01]\nworkdays = [2027-01-01]\n",
        "is off as well",
    ),
    "no span": ('[[holidays.year]]\nyear = 2027\noff = ["2027-10-07/2027-10-01"]\n', "must be a date such as"),
}


@pytest.mark.parametrize("case", ADDED.values(), ids=ADDED.keys())
def test_what_is_added_wrongly_is_refused_below_what_was_right(folder: Path, case: tuple[str, str]) -> None:
    added, says = case
    with pytest.raises(ConfigError) as caught:
        with_people(folder, ONE + added)
    (problem,) = caught.value.problems
    assert says in str(problem)
    assert (problem.line or 0) > ONE.count("\n")


def test_a_customer_without_a_project_contact_is_a_warning(folder: Path) -> None:
    settings = with_people(folder, ONE.replace("project = true", ""))
    assert [each.reason for each in settings.warnings] == [
        'customer "education" has no [[contact]] with project = true: whom does the project name?'
    ]


def test_a_year_of_the_file_is_known_and_a_year_that_nobody_knows_is_not(folder: Path) -> None:
    text = ONE + '[[holidays.year]]\nyear = 2041\noff = ["2041-10-01/2041-10-03"]\nworkdays = [2041-10-05]\n'
    holidays = with_people(folder, text).people.holidays
    assert [holidays.is_holiday(date(2041, 10, day)) for day in (1, 2, 3, 4)] == [True, True, True, False]
    assert holidays.is_workday(date(2041, 10, 5))
    assert (holidays.knows(2041), holidays.knows(2042), holidays.knows(2026)) == (True, False, True)
    none = with_people(folder, ONE + '[holidays]\nsource = "none"\n').people.holidays
    assert not none.knows(2026)


GAP = """[[leave]]
person = "an"
from = 2026-11-25
until = 2026-11-26
[[leave]]
person = "bo"
from = 2026-11-26
until = 2026-12-02
"""


def warned(settings: Settings, folder: Path, now: datetime = NOON) -> list[str]:
    found = rota_warnings(settings.people, settings.inventory.sites, folder / "people.toml", now)
    return [str(each).removeprefix(f"{folder}/") for each in found]


def test_a_gap_of_the_next_thirty_days_is_a_warning_with_the_line_of_its_rota(folder: Path) -> None:
    settings = with_people(folder, ONE + GAP)
    (told,) = warned(settings, folder)
    assert told.startswith(f"people.toml:{line(ONE, '[[rota]]')}: rota[1]: ")
    assert (
        'nobody is on duty for tier "response_centre" from 2026-11-26 00:00 to 2026-11-27 00:00 (Asia/Shanghai)' in told
    )
    assert warned(settings, folder, NOON - 40 * DAY) == []
    assert warned(settings, folder, NOON + 40 * DAY) == []


def test_holidays_that_nobody_knows_are_a_warning_where_a_rota_heeds_them(folder: Path) -> None:
    heeding = ONE.replace("2026-01-05 }", '2026-01-05, holidays = ["bo"] }')
    assert warned(with_people(folder, heeding), folder, datetime(2026, 11, 30, tzinfo=UTC)) == []
    (told,) = warned(with_people(folder, heeding), folder, datetime(2040, 12, 10, tzinfo=UTC))
    assert "the public holidays of 2040 and 2041 are not known" in told
    assert warned(with_people(folder, ONE), folder, datetime(2040, 12, 10, tzinfo=UTC)) == []


def test_check_says_warnings_of_the_rota_and_ends_well(folder: Path) -> None:
    today = datetime.now(UTC).date()
    away = "".join(
        f'[[leave]]\nperson = "{name}"\nfrom = {today + DAY}\nuntil = {today + DAY}\n' for name in ("an", "bo")
    )
    (folder / "people.toml").write_text(ONE + away, "utf-8")
    done = run(folder, "check")
    assert done.exit_code == 0
    assert 'rota[1]: nobody is on duty for tier "response_centre"' in done.stderr


# ── The past ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state") as opened:
        yield opened


def test_each_version_is_kept_once_and_answers_for_its_own_time(store: Store) -> None:
    first, second = read(ONE), read(ONE.replace('members = ["an", "bo"]', 'members = ["bo"]'))
    with store.writing() as disk:
        for folk, days in ((first, 0), (first, 1), (second, 2), (People(), 3), (People(), 4), (first, 5)):
            stored.kept(disk, folk, NOON + days * DAY)
    with store.reading() as disk:
        versions = stored.after(disk, NOON - DAY, NOON + 9 * DAY)
        assert [each.since for each in versions] == [NOON, NOON + 2 * DAY, NOON + 3 * DAY, NOON + 5 * DAY]
        assert versions[0].sha256 == versions[3].sha256
        now = NOON + 9 * DAY
        assert people_at(disk, second, NOON - timedelta(seconds=1), now) is None
        told = [people_at(disk, second, NOON + hours * DAY / 24, now) for hours in (0, 47, 48, 71, 72, 120, 216)]
        assert told == [first, first, second, second, People(), first, second]


def test_without_a_file_nothing_is_kept(store: Store) -> None:
    with store.writing() as disk:
        stored.kept(disk, People(), NOON)
        assert stored.in_force(disk, NOON) is None


def test_a_newer_calendar_does_not_change_who_was_on_duty(store: Store) -> None:
    text = ONE.replace("2026-01-05 }", '2026-01-05, holidays = ["bo"] }')
    then = replace(read(text), holidays=Holidays())  # as read by a release whose package did not know the year
    with store.writing() as disk:
        stored.kept(disk, then, NOON - 90 * DAY)
    moment = datetime(2026, 10, 1, 4, tzinfo=UTC)  # National Day, a week of "an"
    newer = read(text)
    with store.reading() as disk:
        was = people_at(disk, newer, moment, NOON)
    assert was is not None
    assert [each.person for each in on_duty(was, "response_centre", Place(), moment)] == ["an"]
    assert [each.person for each in on_duty(newer, "response_centre", Place(), moment)] == ["bo"]


def test_a_time_line_has_no_hole_and_says_what_is_not_known(store: Store) -> None:
    first, second = read(ONE), read(ONE.replace('"Li"', '"Wu"'))
    with store.writing() as disk:
        stored.kept(disk, first, NOON)
        stored.kept(disk, second, NOON + DAY)
    with store.reading() as disk:
        parts = list(timeline(disk, first, NOON - DAY, NOON + 5 * DAY, NOON + 3 * DAY))
    assert [folk for _, folk in parts] == [None, first, second, first]
    bounds = [NOON - DAY, NOON, NOON + DAY, NOON + 3 * DAY, NOON + 5 * DAY]
    assert [(each.begins, each.ends) for each, _ in parts] == list(pairwise(bounds))


# ── The commands ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_duty_at_answers_for_the_past_from_the_version_in_force_then(folder: Path) -> None:
    then = ONE.replace('members = ["an", "bo"]', 'members = ["bo"]')
    with Store(folder / "state") as store, store.writing() as disk:
        stored.kept(disk, read(then), datetime(2026, 1, 1, tzinfo=UTC))
    (folder / "people.toml").write_text(ONE, "utf-8")
    done = run(
        folder, "duty", "at", "2026-02-02T10:00", "--tier", "response_centre", "--customer", "education", "--json"
    )
    (row,) = json.loads(done.stdout)
    assert done.exit_code == 0
    assert {name: row[name] for name in ("person", "rota", "from", "until", "why", "reason")} == {
        "person": "bo",
        "rota": "centre",
        "from": "2026-01-05T09:00+08:00",
        "until": None,  # more than 31 days away
        "why": "regular",
        "reason": "by the rota",
    }
    assert json.loads(run(folder, "duty", "at", "2050-01-04T10:00", "--json").stdout)[0]["person"] == "an"
    before = run(folder, "duty", "at", "2025-12-31T10:00")
    assert before.exit_code == 1
    assert "the daemon had kept no people.toml before 2025-12-31T02:00:00+00:00" in before.stderr


def test_duty_names_who_is_missed_and_ends_with_1(folder: Path) -> None:
    away = "".join(f'[[leave]]\nperson = "{name}"\nfrom = 2050-01-04\nuntil = 2050-01-04\n' for name in ("an", "bo"))
    (folder / "people.toml").write_text(ONE + away, "utf-8")
    for where in ((), ("--customer", "education"), ("--site", "wuhu-school", "--tier", "response_centre")):
        done = run(folder, "duty", "at", "2050-01-04T10:00", *where, "--json")
        assert done.exit_code == 1
        (row,) = json.loads(done.stdout)
        assert (row["person"], row["why"], row["instead_of"]) == (None, "nobody", "an")
    nobody = run(folder, "duty", "at", "2050-01-04T10:00", "--tier", "management", "--json")
    assert (nobody.exit_code, json.loads(nobody.stdout)) == (1, [])


def test_duty_list_has_whole_duties_of_one_person_in_either_language(folder: Path) -> None:
    (folder / "people.toml").write_text(SAMPLE, "utf-8")
    words = ("duty", "list", "--from", "2050-01-03", "--until", "2050-02-01", "--person", "duty-a", "--json")
    rows = json.loads(run(folder, *words, "--language", "zh_CN").stdout)
    assert [(row["from"], row["until"]) for row in rows] == [
        ("2050-01-03T09:00+08:00", "2050-01-10T09:00+08:00"),
        ("2050-01-17T09:00+08:00", "2050-01-24T09:00+08:00"),
        ("2050-01-31T09:00+08:00", "2050-02-01T00:00+08:00"),
    ]
    assert {row["title"] for row in rows} == {"值班员甲（示例）"}
    done = run(folder, *words)
    assert "the public holidays of 2050 are not known" in done.stderr


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def test_duty_calendar_is_the_same_whenever_it_is_made(folder: Path) -> None:
    (folder / "people.toml").write_text(SAMPLE, "utf-8")
    words = ("duty", "calendar", "--person", "duty-a", "--until", "2050-02-01")
    first, later = (
        unfolded(CliRunner().invoke(netvigil, [*words, "--from", each, "--config", str(folder)]).stdout_bytes.decode())
        for each in ("2050-01-03", "2050-01-19T12:00")
    )
    uids = [[each for each in told if each.startswith("UID:")] for told in (first, later)]
    assert (len(uids[0]), uids[1]) == (3, uids[0][1:])
    assert first[1:6] == [
        "VERSION:2.0", "PRODID:-//Netvigil//Duty rota//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        "X-WR-CALNAME:值班：值班员甲（示例）",
    ]  # fmt: skip
    assert "DTSTART:20500103T010000Z" in first
    assert "DTEND:20500110T010000Z" in first
    assert "SUMMARY:客户服务响应中心：值班员甲（示例）" in first
    rows = json.loads(run(folder, *words, "--from", "2050-01-03", "--json").stdout)
    assert [row["person"] for row in rows] == ["duty-a"] * 3


def test_calendar_lines_are_folded_by_octets_between_characters_and_escaped() -> None:
    summary = "值班；" * 40 + "a,b;c\\d\ne"
    event = Event(uid="1@netvigil", span=Span(begins=NOON, ends=NOON + DAY), summary=summary)
    raw = calendar("x", [event], NOON).encode()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    for each in raw.split(b"\r\n"):
        assert len(each) <= 75
        each.decode()  # no character is cut
    (told,) = (each for each in unfolded(raw.decode()) if each.startswith("SUMMARY:"))
    assert told == "SUMMARY:" + "值班；" * 40 + "a\\,b\\;c\\\\d\\ne"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ("duty", "now", "--tier", "expert_gruop"),
            2,
            'no tier "expert_gruop" in the configuration; did you mean "exp',
        ),
        (("duty", "now", "--site", "wuhu"), 2, 'no site "wuhu" in the configuration'),
        (("duty", "list", "--person", "duty-x"), 2, 'no person "duty-x" in people.toml; did you mean "duty-'),
        (("duty", "at", "yesterday"), 2, '"yesterday" is no moment; write "2026-11-22T02:00"'),
        (("duty", "list", "--from", "2050-01-02", "--until", "2050-01-01"), 2, "--until must be after --from"),
    ],
)
def test_what_cannot_be_answered_says_why(folder: Path, words: tuple[str, ...], code: int, says: str) -> None:
    (folder / "people.toml").write_text(SAMPLE, "utf-8")
    done = run(folder, *words)
    assert done.exit_code == code
    assert says in done.stderr
