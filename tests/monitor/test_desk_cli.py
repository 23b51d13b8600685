"""`netvigil ticket …` as the response centre types it: a request from the first call to the call-back."""

import json

import pytest

from commanded import commanded
from house import SECRETS, House


def run(house: House, *words: str, code: int = 0) -> str:
    done = commanded(*words, "--config", str(house.folder), secrets=SECRETS)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def events(house: House, number: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run(house, "ticket", "show", number, "--json"))["events"]
    return found


ASKED = ("--site", "hefei-1", "--caller", "Ms Wu", "--text", "no network in room 3", "--by", "chen")


@pytest.fixture
async def opened(house: House) -> str:
    return run(house, "ticket", "open", *ASKED, "--device", "hf-core-01", "--level", "2").strip()


async def test_request_goes_from_the_call_to_the_end_and_is_closed_only_after_its_call_back(
    house: House, opened: str
) -> None:
    for verb, *more in (
        ("respond", "--owner", "li", "--on-site", "needed"),
        ("dispatch", "--owner", "wang"),
        ("accept",),
        ("depart",),
        ("arrive",),
        ("report-vendor", "--case", "C-77", "--next-due", "2099-01-01T10:00+08:00"),
        ("loaner", "--serial", "SN1"),
        ("restore",),
        ("handle", "--cause", "worn fan", "--handling", "exchanged"),
    ):
        run(house, "ticket", verb, opened, "--by", "wang", *more)
    assert "was not called back yet" in run(house, "ticket", "close", opened, "--by", "wang", code=1)
    (wanted,) = json.loads(run(house, "ticket", "list", "--call-back", "--json"))
    assert (wanted["id"], wanted["owner"], wanted["part"]) == (opened, "wang", "no network in room 3")
    run(house, "ticket", "call-back", opened, "--by", "chen", "--solved", "yes", "--satisfaction", "5")
    assert json.loads(run(house, "ticket", "list", "--call-back", "--json")) == []
    run(house, "ticket", "close", opened, "--by", "chen")
    assert events(house, opened)[-1]["kind"] == "closed"


async def test_cases_at_makers_are_listed_until_they_are_closed(house: House, opened: str) -> None:
    def cases() -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(run(house, "vendor", "list", "--json"))
        return found

    assert [(each["ticket"], each["case"], each["open_by"] is None) for each in cases()] == [(opened, None, False)]
    run(house, "vendor", "open", opened, "--by", "wang", "--case", "C-77", "--next-due", "2099-01-01T10:00+08:00")
    run(house, "vendor", "update", opened, "--by", "wang", "--next-due", "2099-01-02T10:00+08:00")
    (one,) = cases()
    assert (one["case"], one["next_due"], one["open_by"]) == ("C-77", "2099-01-02T10:00+08:00", None)
    run(house, "ticket", "restore", opened, "--by", "wang")
    assert [each["case"] for each in cases()] == ["C-77"]
    run(house, "vendor", "close", opened, "--by", "wang")
    assert cases() == []


async def test_wrong_entry_is_put_right_on_the_clock_of_the_site(house: House, opened: str) -> None:
    run(house, "ticket", "respond", opened, "--by", "li", "--owner", "wang")
    run(house, "ticket", "correct", opened, "2", "--by", "li", "--reason", "misheard", "--set", "owner=chen")
    assert json.loads(run(house, "ticket", "show", opened, "--json"))["owner"] == "chen"
    refused = run(house, "ticket", "correct", opened, "2", "--by", "li", "--reason", "x", "--set", "void=yes", code=2)
    assert "void cannot be set" in refused
    late = run(house, "ticket", "restore", opened, "--by", "li", "--at", "2020-01-01T10:00", code=1)
    assert "2020-01-01T02:00:00+00:00 is before the report" in late  # 10:00 in Hefei


async def test_tickets_about_the_same_are_merged_linked_and_split(house: House, opened: str) -> None:
    other = run(house, "ticket", "open", *ASKED, "--kind", "question").strip()
    run(house, "ticket", "link", opened, other, "--by", "li")
    part = run(
        house, "ticket", "split", opened, "--by", "li", "--caller", "Ms Wu", "--text", "and who pays?",
        "--kind", "complaint",
    ).strip()  # fmt: skip
    run(house, "ticket", "merge", other, opened, "--by", "li")
    assert [each["kind"] for each in events(house, opened)][1:4] == ["linked", "split", "linked"]
    rows = json.loads(run(house, "ticket", "list", "--json"))
    assert {each["id"]: (each["kind"], each["tier"]) for each in rows} == {
        opened: ("repair", "response_centre"),
        part: ("complaint", "management"),
    }


async def test_chain_of_all_entries_is_looked_through(house: House, opened: str) -> None:
    run(house, "ticket", "comment", opened, "--by", "li", "--text", "still dark")
    told = json.loads(run(house, "ticket", "verify", "--json"))
    assert (told["entries"], told["breaks"], len(told["head"])) == (2, [], 64)


async def test_request_that_cannot_be_says_why_and_leaves_nothing(house: House) -> None:
    said = run(house, "ticket", "open", *ASKED[2:], "--site", "moon", code=1)
    assert 'there is no site "moon"; choose one of hefei-1' in said
    assert "no way in which requests come" in run(house, "ticket", "open", *ASKED, "--channel", "pigeon", code=1)
    assert json.loads(run(house, "ticket", "list", "--all", "--json")) == []


async def test_file_is_attached_and_given_back_as_it_was(house: House, opened: str) -> None:
    file = house.folder / "../photo.jpg"
    file.write_bytes(bytes(range(256)) * 4)
    said = run(house, "ticket", "attach", opened, str(file), "--by", "li", "--name", "../../etc/ra\u202ebgpj.exe")
    (row,) = json.loads(run(house, "ticket", "attachment", opened, "--json"))
    assert (row["name"], row["size"], row["by"]) == ("rabgpj.exe", 1024, "li")
    assert row["sha256"] in said
    kept = house.folder / "state" / "attachments" / row["sha256"][:2] / row["sha256"]
    assert kept.read_bytes() == file.read_bytes()


@pytest.mark.parametrize(("size", "why"), [(0, "is empty; nothing was attached"), (20_000_001, "octets are more than")])
async def test_file_that_cannot_be_attached_says_why(house: House, opened: str, size: int, why: str) -> None:
    file = house.folder / "log.txt"
    file.write_bytes(b"x" * size)
    assert why in run(house, "ticket", "attach", opened, str(file), "--by", "li", code=1)
    assert len(events(house, opened)) == 1
