"""The asset file and the spare parts through their doors: commands over a real store and devices that were visited."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from alerts.desk.assets import Asset
from house import House
from monitor import units
from monitor.cli import netvigil
from monitor.duties import Duties
from monitor.metrics import Metrics
from monitor.model import Component, EventKind, TicketEvent
from monitor.moment import now
from monitor.progress import Progress
from monitor.store import assets, parts, tickets

CORE = "hf-core-01"
Said = Callable[..., Result]


@pytest.fixture
def say(house: House) -> Said:
    """`netvigil` with these words over the house."""

    def said(*words: str, code: int = 0) -> Result:
        environment = {"USER": "wang", "NETVIGIL_CONFIG": str(house.folder)}
        done = CliRunner().invoke(netvigil, words, env=environment)
        assert done.exit_code == code, (done.output, done.exception)
        return done

    return said


def told(done: Result) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def sheet(folder: Path, *lines: str) -> str:
    path = folder / "assets.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


async def serials(house: House) -> list[str]:
    """The serial numbers of the members of the core stack."""
    seen = await house.store.ask(lambda disk: units.seen(disk, house.settings))
    return sorted({each.serial for each in seen if each.device == CORE and each.is_unit})


async def test_an_import_is_whole_or_not_at_all_and_again_it_changes_nothing(house: House, say: Said) -> None:
    wrong = sheet(house.folder, "序列号,型号,验收日期", "ABC1234,R740,2025-01-31", "1.2E+11,R740,2025-01-31")
    done = say("asset", "import", wrong, code=1)
    assert "assets.csv:3: 序列号: the spreadsheet made a number of it (1.2E+11)" in done.stderr
    assert "nothing was imported" in done.stdout
    assert told(say("asset", "list", "--json")) == []
    say("asset", "import", wrong, "--partial", code=1)
    (unit,) = told(say("asset", "list", "--json"))
    assert (unit["serial"], unit["model"], unit["final_acceptance"]) == ("ABC1234", "R740", "2025-01-31")
    right = sheet(house.folder, "序列号,型号,验收日期", "ABC1234,R740xd,2025-01-31", "DEF5678,R750,2025-01-31")
    assert "ABC1234: model R740 -> R740xd" in say("asset", "import", right, "--dry-run").stdout
    first = json.loads(say("asset", "import", right, "--json").stdout)
    again = json.loads(say("asset", "import", right, "--json").stdout)
    assert (first["new"], first["changed"], first["same"]) == (1, 1, 0)
    assert first["rows"][0]["changes"] == {"model": {"from": "R740", "to": "R740xd"}}
    assert (again["new"], again["changed"], again["same"]) == (0, 0, 2)
    history = await house.store.ask(lambda disk: assets.history(disk, "ABC1234"))
    assert [(each.what.value, each.by, each.source) for each in history] == [
        ("imported", "wang", "assets.csv:2"),
        ("imported", "wang", "assets.csv:2"),
    ]


async def test_what_is_no_spreadsheet_or_no_mapping_ends_with_2(house: House, say: Said) -> None:
    assert "No such file" in say("asset", "import", str(house.folder / "none.xlsx"), code=2).stderr
    assert "there is nothing in it" in say("asset", "import", sheet(house.folder, ""), code=2).stderr
    assert "HEADING=FIELD" in say("asset", "import", "x.csv", "--mapping", "a=b", code=2).stderr
    (house.folder / "odd.csv").write_text("机器号,颜色\nABC1234,红\n", encoding="utf-8")
    odd = ("asset", "import", str(house.folder / "odd.csv"), "--mapping", "机器号=serial")
    assert "颜色: unknown heading" in say(*odd, code=1).stderr
    assert "1 new" in say(*odd, "--ignore", "颜色").stdout


async def test_the_file_is_filled_from_what_is_seen_and_differs_where_somebody_is_wrong(
    house: House, say: Said
) -> None:
    await house.visit(CORE)
    first, second = await serials(house)
    assert {each["what"] for each in told(say("asset", "diff", "--json", code=1))} == {"not_in_file"}
    say("asset", "add", first)
    say("asset", "fill")
    (unit,) = told(say("asset", "list", "--json"))
    assert (unit["device"], unit["site"], unit["customer"], unit["maker"]) == (CORE, "hefei-1", "cdc", "huawei")
    assert (unit["model"], unit["part_number"]) == ("S6730-H24X6C", "02351ABC")
    assert unit["phase"] is None
    of_core = [each for each in told(say("asset", "diff", "--json", code=1)) if each["device"] == CORE]
    assert [(each["what"], each["seen"]) for each in of_core] == [("not_in_file", second)]
    say("asset", "add", "WRONG1", "--device", CORE)
    of_core = [each for each in told(say("asset", "diff", "--json", code=1)) if each["device"] == CORE]
    assert [(each["what"], each["filed"], each["seen"]) for each in of_core] == [("serial_differs", "WRONG1", second)]
    say("asset", "set", "WRONG1", "--new-serial", second)
    say("asset", "set", second, "--model", "S5700")
    of_core = [each for each in told(say("asset", "diff", "--json", code=1)) if each["device"] == CORE]
    assert [(each["what"], each["filed"], each["seen"]) for each in of_core] == [
        ("model_differs", "S5700", "S6730-H24X6C")
    ]


async def test_a_unit_is_added_changed_replaced_and_its_history_keeps_it_all(say: Said) -> None:
    say("asset", "add", "abc1234", "--maker", "华为", "--site", "hefei-1", "--final-acceptance", "2025-01-31")
    assert "already" in say("asset", "add", "ABC1234", code=1).stderr
    assert "no site" in say("asset", "set", "ABC1234", "--site", "hefei-9", code=1).stderr
    assert "not a day" in say("asset", "set", "ABC1234", "--delivered", "soon", code=2).stderr
    assert "no unit" in say("asset", "set", "NONE1", "--model", "x", code=2).stderr
    say("asset", "set", "ABC1234", "--delivered", "2025-01-01", "--price", "5000", "--currency", "CNY")
    assert "price: 5000 -> -" in say("asset", "set", "ABC1234", "--clear", "price").stdout
    assert "nothing changed" in say("asset", "set", "ABC1234", "--delivered", "2025-01-01").stdout
    say("asset", "set", "ABC1234", "--new-serial", "DEF5678")
    (shown,) = told(say("asset", "show", "def5678", "--json"))
    assert shown["customer"] == "cdc"
    assert shown["maker_ends"] == "2026-01-31"
    history = shown["history"]
    assert isinstance(history, list)
    assert [line["text"].split()[0] for line in history] == ["entered", "changed", "changed", "replaced"]
    assert "serial ABC1234 → DEF5678" in history[-1]["text"]
    assert "DEF5678" in say("asset", "show", "DEF5678").stdout
    assert "no unit or device" in say("asset", "show", "ABC1234", code=2).stderr


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
async def test_an_export_is_imported_again_without_a_difference(house: House, say: Said, suffix: str) -> None:
    unit = Asset(serial="ABC1234", device=CORE, site="hefei-1", customer="cdc", remarks="=HYPERLINK(A1)")
    with house.store.writing() as disk:
        assets.saved(disk, None, unit, assets.What.ENTERED, "wang", house.clock())
    file = house.folder / f"out.{suffix}"
    say("asset", "export", str(file))
    if suffix == "csv":
        assert "'=HYPERLINK" in file.read_text("utf-8-sig")
    assert "1 same" in say("asset", "import", str(file)).stdout
    say("asset", "export", str(file), "--language", "en")
    assert "1 same" in say("asset", "import", str(file)).stdout
    assert "write .xlsx or .csv" in say("asset", "export", "out.txt", code=2).stderr


@pytest.fixture
async def ticket(house: House) -> str:
    """The ticket of a failed power supply."""
    await house.visit(CORE)
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)
    (found,) = await house.store.ask(tickets.unclosed)
    return found.id


async def test_two_repairs_within_a_year_are_said_on_the_third_ticket(house: House, say: Said, ticket: str) -> None:
    first, second = await serials(house)
    for serial in (first, second):
        say("asset", "add", serial, "--device", CORE, "--maker", "huawei", "--final-acceptance", "2025-01-31")
    found = await house.store.ask(lambda disk: tickets.found(disk, ticket))
    (known,) = [
        each.component
        for each in (await house.store.ask(lambda disk: parts.known(disk, CORE))).values()
        if (each.component.kind, each.component.label) == (found.fault.kind, found.fault.label)
    ]

    async def lines(number: str = "") -> list[str]:
        said = await house.store.ask(
            lambda disk: units.statement_of(disk, CORE, known, house.settings, house.clock(), number)
        )
        return [line.en for line in said]

    before = await lines()
    serial = next(each for each in (first, second) if each in before[1])
    assert before[0].startswith("Part: Power supply 1/2, part number")
    assert "ended on 2026-01-31" in before[2]
    assert "Parts: charged" in before[3]
    assert not any("Three guarantees" in line for line in before)
    with house.store.writing() as disk:
        for number in ("T1", "T1", ticket):
            assets.repaired(disk, serial, number, "wang", house.clock(), on=date(2026, 5, 1))
    assert not any("Three guarantees" in line for line in await lines(ticket))
    with house.store.writing() as disk:
        assets.repaired(disk, serial, "T2", "wang", house.clock(), on=date(2026, 6, 1))
    assert any("replacement of the unit: 2 repairs" in line for line in await lines(ticket))
    (shown,) = [unit for unit in told(say("asset", "show", CORE, "--json")) if unit["serial"] == serial]
    assert len(shown["repairs"]) == 3  # type: ignore[arg-type]  # a list of days
    assert len(shown["faults"]) == len(shown["tickets"]) == 1  # type: ignore[arg-type]  # lists of lines


async def test_a_part_of_a_stack_whose_member_is_not_told_belongs_to_no_unit_by_guessing(
    house: House, say: Said, ticket: str
) -> None:
    del ticket
    for serial in await serials(house):
        say("asset", "add", serial, "--device", CORE)
    fan = Component(kind="fan", label="somewhere")
    assert await house.store.ask(lambda disk: units.holding(disk, CORE, fan)) is None


@pytest.mark.skipif("spare_used" not in set(EventKind), reason="tickets have no words for spares yet")
async def test_a_spare_is_reserved_used_and_the_faulty_one_comes_back(house: House, say: Said, ticket: str) -> None:
    for serial in await serials(house):
        say("asset", "add", serial, "--device", CORE)
    assert "no store" in say("spare", "add", "02310PYX", "--store", "hf", code=2).stderr
    say("spare", "store", "hf", "--title", "合肥库", "--city", "合肥")
    added = say("spare", "add", "02310PYX", "--store", "hf", "--serial", "psu1")
    assert "S1 02310PYX PSU1: 1 in stock hf" in added.stdout
    assert "already" in say("spare", "add", "02310PYX", "--store", "hf", "--serial", "PSU1", code=1).stderr
    say("spare", "reserve", ticket, "S1")
    assert "none is in stock" in say("spare", "reserve", ticket, "S1", code=1).stderr
    say("spare", "return", ticket, "S1")
    say("spare", "reserve", ticket, "psu1")
    assert "repaired with" in say("spare", "use", ticket, "S1").stdout
    say("spare", "return", ticket, "--faulty", "02310PYX", "--serial", "OLD1", "--store", "hf", "--why", "no output")
    say("spare", "move", "OLD1", "--to-maker")
    assert [(row["spare"], row["state"]) for row in told(say("spare", "list", "--json"))] == [("S2", "at_maker")]
    say("spare", "move", "OLD1", "--from-maker")
    found = await house.store.ask(lambda disk: tickets.found(disk, ticket))
    ours = [(each.kind.value, each.data) for each in found.events if each.kind.value.startswith("spare_")]
    assert [kind for kind, _ in ours] == [
        "spare_reserved", "spare_returned", "spare_reserved", "spare_used", "spare_returned",
    ]  # fmt: skip
    assert {name: ours[3][1][name] for name in ("spare", "part_number", "serial")} == {
        "spare": "S1",
        "part_number": "02310PYX",
        "serial": "PSU1",
    }
    assert (ours[1][1]["state"], ours[4][1]["state"]) == ("unused", "faulty")
    (repaired,) = [each for each in told(say("asset", "show", CORE, "--json")) if each["repairs"]]
    assert repaired["serial"] == ours[3][1]["unit"]
    book = told(say("spare", "book", "--json"))
    assert [row["what"] for row in book] == [
        "added", "reserved", "released", "reserved", "used", "returned", "sent", "came_back",
    ]  # fmt: skip


async def test_what_the_ticket_refuses_leaves_the_book_as_it_was(house: House, say: Said, ticket: str) -> None:
    say("spare", "store", "hf")
    say("spare", "add", "02310PYX", "--store", "hf")
    with house.store.writing() as disk:
        last = tickets.found(disk, ticket).events[-1]
        closed = TicketEvent(seq=last.seq + 1, kind=EventKind.CLOSED, at=house.clock(), by="wang")
        tickets.appended(disk, ticket, closed)
    say("spare", "reserve", ticket, "S1", code=1)
    say("spare", "reserve", "T20200101-0001", "S1", code=2)
    assert [row["state"] for row in told(say("spare", "list", "--json"))] == ["in_stock"]


@pytest.mark.parametrize("table", ["asset_event", "spare_movement"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at = 0", "DELETE FROM {}"])
async def test_what_was_written_is_never_changed_nor_deleted(house: House, say: Said, table: str, change: str) -> None:
    say("asset", "add", "ABC1234")
    say("spare", "store", "hf")
    say("spare", "add", "FAN", "--store", "hf")
    with pytest.raises(IntegrityError, match="only ever added to"), house.store.writing() as disk:
        disk.execute(text(change.format(table)))


async def test_a_store_is_counted_and_what_differs_is_told(house: House, say: Said) -> None:
    del house
    say("spare", "store", "hf")
    say("spare", "store", "bb")
    say("spare", "add", "FAN", "--store", "hf", "--quantity", "3")
    say("spare", "add", "PSU", "--store", "hf", "--serial", "P123")
    assert [row["count_due"] for row in told(say("spare", "stores", "--json"))] == [True, True]
    assert [row["booked"] for row in told(say("spare", "count", "hf", "--json"))] == [3, 1]
    assert "nothing is said of S2" in say("spare", "count", "hf", "--found", "S1=2", code=1).stderr
    say("spare", "count", "hf", "--found", "S1=2", "--rest-as-booked", code=1)
    say("spare", "count", "hf", "--found", "S1=2", "--found", "S2=1")
    assert [row["count_due"] for row in told(say("spare", "stores", "--json"))] == [True, False]
    say("spare", "move", "S1", "--to", "bb")
    assert [
        (row["store"], row["quantity"]) for row in told(say("spare", "list", "--json", "--part-number", "fan"))
    ] == [
        ("bb", 1),
        ("hf", 1),
    ]
    assert "several stores" in say("spare", "move", "S1", "--to", "bb", "--quantity", "5", code=1).stderr


async def test_what_is_short_by_what_is_installed_is_printed_and_a_metric(house: House, say: Said) -> None:
    await house.visit(CORE)
    say("spare", "store", "hf")
    say("spare", "add", "02310PYX", "--store", "hf", "--kind", "psu", "--model", "S6730*")
    (enough,) = told(say("spare", "shortages", "--all", "--json"))
    assert (enough["installed"], enough["minimum"], enough["short"]) == (2, 1, 0)  # the members of the stack, each once
    for number in range(40):
        say("asset", "add", f"UNIT{number:03}", "--model", "S6730-H24X6C")
    (short,) = told(say("spare", "shortages", "--json", code=1))
    assert (short["minimum"], short["free"], short["short"]) == (3, 1, 2)
    metrics = Metrics("test")
    moment = [now()]
    duties = Duties(house.settings, house.store, metrics, Progress({}, moment[0]), lambda: moment[0])
    await duties.tick()
    await duties.finished()
    assert b'netvigil_spares_short{part_number="02310PYX"} 2.0' in metrics.text()
    say("spare", "add", "02310PYX", "--store", "hf", "--quantity", "2")
    moment[0] = later(moment[0])
    await duties.tick()
    await duties.finished()
    assert b'netvigil_spares_short{part_number="02310PYX"} 0.0' in metrics.text()


def later(moment: datetime) -> datetime:
    """A minute later, when the book is looked at again."""
    return moment + timedelta(minutes=1)
