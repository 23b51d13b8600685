"""Documents of a simulated year of three customers, held against what is reckoned anew from the known incidents."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection
from year import CUSTOMERS, INCIDENTS, NOW, Incident, Year, made, year

from alerts.locale import words
from alerts.papers.paper import Cell, Figure, Moment, Pairs, Paper, Paragraph, Table
from alerts.reports.fault_report import fault_report
from alerts.reports.unit_file import asset_file
from alerts.reports.visit_sheet import visit_sheet
from monitor import after
from monitor.model import Language, Level
from monitor.store.database import Store

# contract, section 1: respond, restore, engineer on site, in minutes; Hefei first, then the province
_PROMISED = {
    Level.CRITICAL: (5, 240, 40, 300),
    Level.MAJOR: (10, 240, 60, 360),
    Level.MINOR: (10, 240, 60, 480),
    Level.WARNING: (10, 240, 60, 480),
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Year:
    return year(tmp_path_factory.mktemp("year"))


@pytest.fixture
def disk(lived: Year) -> Iterator[Connection]:
    with Store(lived.settings.daemon.state) as store, store.reading() as reading:
        yield reading


def table(paper: Paper, key: str) -> list[dict[str, Cell]]:
    (found,) = [each for each in paper.blocks if isinstance(each, Table) and each.key == key]
    names = [column.key for column in found.columns]
    return [dict(zip(names, row.cells, strict=True)) for row in found.rows]


def pairs(paper: Paper, key: str) -> dict[str, Cell]:
    (found,) = [each for each in paper.blocks if isinstance(each, Pairs) and each.key == key]
    return dict(found.rows)


def due(each: Incident, minutes: int) -> datetime:
    return each.start + timedelta(minutes=minutes)


@pytest.mark.parametrize("place", range(len(INCIDENTS)))
def test_a_fault_report_says_of_its_promises_what_a_stopwatch_says(lived: Year, disk: Connection, place: int) -> None:
    each = INCIDENTS[place]
    facts = after.of_fault(disk, lived.numbers[place], lived.settings, NOW)
    rows = {str(row["promise"]): row for row in table(fault_report(facts, Language.EN), "promises")}
    respond, restore, hefei, province = _PROMISED[each.level]
    assert rows["Respond"]["due"] == Moment(at=due(each, respond))
    assert rows["Respond"]["done"] == Moment(at=each.start + each.responded if each.responded else None)
    on_time = each.responded is not None and each.responded <= timedelta(minutes=respond)
    late = "missed" if each.responded is None else "missed, done late"
    assert rows["Respond"]["state"] == ("kept" if on_time else late)
    assert rows["Restore"]["due"] == Moment(at=due(each, restore))
    on_site = hefei if each.customer == "cdc" else province
    if each.arrived is not None:
        assert rows["Engineer on site"]["due"] == Moment(at=due(each, on_site))
        in_time = each.arrived <= timedelta(minutes=on_site)
        assert rows["Engineer on site"]["state"] == ("kept" if in_time else "missed, done late")


def test_the_second_failure_of_a_supply_names_the_first_with_its_cause(lived: Year, disk: Connection) -> None:
    facts = after.of_fault(disk, lived.numbers[2], lived.settings, NOW)
    (row,) = table(fault_report(facts, Language.ZH_CN, analysis=True), "similar")
    assert (row["ticket"], row["cause"]) == (lived.numbers[0], INCIDENTS[0].cause)
    (around,) = table(fault_report(facts, Language.EN, analysis=True), "around")
    assert "mains voltage low" in str(around["what"])


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_the_quarter_counts_what_befell_the_customer_in_it(lived: Year, disk: Connection, customer: str) -> None:
    paper = visit_sheet(after.of_quarter(disk, customer, "2026-Q4", lived.settings, NOW), Language.EN)
    figures = pairs(paper, "figures")
    mine = [
        each for each in INCIDENTS if each.customer == customer and each.start.month >= 10 and each.start.year == 2026
    ]
    for level in Level:
        told = figures[f"Tickets: {words(Language.EN).said('level', str(int(level)))}"]
        assert told == Figure(value=sum(each.level is level for each in mine)), level
    marks = [each.satisfaction for each in mine if each.called_back is not None]
    wanted = Figure(value=sum(marks) / len(marks)) if marks else "no call-back yet"
    assert figures["Mean satisfaction (1 to 5)"] == wanted
    assert figures["Tickets that still want a call-back"] == Figure(
        value=sum(each.well is not None and each.called_back is None for each in mine)
    )
    still = [number for number, each in zip(lived.numbers, INCIDENTS, strict=True)
             if each.customer == customer and each.called_back is None]  # fmt: skip
    assert [row["ticket"] for row in table(paper, "open")] == still


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_the_asset_file_has_every_unit_and_all_that_befell_it(lived: Year, disk: Connection, customer: str) -> None:
    paper = asset_file(after.of_assets(disk, customer, lived.settings, NOW, Language.EN), Language.EN)
    rows = table(paper, "units")
    names = [name for name in lived.settings.inventory.devices if name.startswith(f"{customer}-")]
    assert [row["device"] for row in rows] == sorted(names)
    for name in names:
        told = table(paper, f"history-{made(name).serial}")
        mine = [number for number, each in zip(lived.numbers, INCIDENTS, strict=True) if each.device == name]
        assert [str(row["text"]).split(" – ")[0] for row in told if row["kind"] == "ticket"] == mine
    (old,) = [row for row in rows if str(row["device"]).endswith("acc-2")]
    assert old["engineering"] == "2026-12-20"  # three years after 2023-12-20: within 90 days of the end
    assert old["maker"] == "2024-12-20"  # Huawei: one year (contract, section 3)


def test_a_quarter_that_is_not_over_is_said_not_to_be(lived: Year, disk: Connection) -> None:
    facts = after.of_quarter(disk, "blood", "2026-Q4", lived.settings, NOW)
    said = [block.text for block in visit_sheet(facts, Language.EN).blocks if isinstance(block, Paragraph)]
    assert any("The period is not over" in text for text in said)
    over = replace(facts, generated_at=facts.end)
    said = [block.text for block in visit_sheet(over, Language.EN).blocks if isinstance(block, Paragraph)]
    assert not any("The period is not over" in text for text in said)
