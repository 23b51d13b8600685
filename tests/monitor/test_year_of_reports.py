"""The inspection and attainment reports of a simulated year, held against what is reckoned anew from the incidents."""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from paper_lines import lines, rows
from sqlalchemy import event
from year import CUSTOMERS, INCIDENTS, NOW, ZONE, Incident, Year, year

from alerts.papers.paper import Paper
from alerts.papers.saying import saying
from monitor import archiving, reporting
from monitor.archiving import Wanted
from monitor.model import Language, Level
from monitor.store import papers
from monitor.store.database import Store

# contract, section 1, in minutes: respond, restore, engineer on site in Hefei and in the province
_PROMISED = {
    Level.CRITICAL: (5, 240, 40, 300),
    Level.MAJOR: (10, 240, 60, 360),
    Level.MINOR: (10, 240, 60, 480),
    Level.WARNING: (10, 240, 60, 480),
}
OCTOBER = (datetime(2026, 10, 1, tzinfo=ZONE), datetime(2026, 11, 1, tzinfo=ZONE))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Year:
    return year(tmp_path_factory.mktemp("year"))


def made(lived: Year, customer: str, month: str = "2026-10") -> Paper:
    with Store(lived.settings.daemon.state) as store:
        wanted = Wanted(customer=customer, site="", month=month)
        (kept,) = archiving.made(store, lived.settings, wanted, [Language.EN], NOW)
        with store.reading() as disk:
            return papers.paper(disk, kept.id)


def within(customer: str, start: datetime, end: datetime) -> list[Incident]:
    """The incidents of a customer that were open at some time of a period."""
    return [
        each
        for each in INCIDENTS
        if each.customer == customer and each.start < end and (each.well is None or each.start + each.well >= start)
    ]


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_the_faults_of_the_month_are_the_incidents_of_the_month(lived: Year, customer: str) -> None:
    paper, mine = made(lived, customer), within(customer, *OCTOBER)
    counted = {row.split(" | ")[0]: row.split(" | ")[1:4] for row in rows(paper, "alarm_levels")}
    for level in Level:
        of_level = [each for each in mine if each.level is level]
        opened = sum(each.start >= OCTOBER[0] for each in of_level)
        well = sum(each.well is not None and each.start + each.well < OCTOBER[1] for each in of_level)
        told = next(row for name, row in counted.items() if name.startswith(f"Level {int(level)}"))
        assert told == [str(opened), str(well), str(len(of_level) - well)], level
    still = [each for each in mine if each.well is None or each.start + each.well >= OCTOBER[1]]
    problems = rows(paper, "problems")
    for each in still:
        assert [row for row in problems if row.split(" | ")[2] == each.device], each


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_what_is_wrong_with_hardware_caps_the_score_and_nothing_else_lowers_it(lived: Year, customer: str) -> None:
    paper = made(lived, customer)
    found = {row.split(" | ")[0][:2]: row.split(" | ")[1:] for row in rows(paper, "health")}
    leaves = {Level.CRITICAL: 59, Level.MAJOR: 79, Level.MINOR: 89, Level.WARNING: 99}
    still = [each for each in within(customer, *OCTOBER) if each.well is None]
    hardware = min((leaves[each.level] for each in still if each.kind != "interface"), default=100)
    assert found["S1"][0] == str(hardware)
    # three units of four are out of the maker's warranty of a year, and one that fell silent has no uptime of its own
    expired = [name for name in lived.settings.inventory.devices if name.startswith(customer) and "srv" not in name]
    assert found["S4"][2] == str(len(expired))
    mean = (60 * len(expired) + 100) / 4
    assert found["S4"][0] == f"{mean:g}"


def clock_states(each: Incident, now: datetime) -> Counter[str]:
    """What a stopwatch says of the promises about an incident: kept, settled, missed or not yet due."""
    respond, restore, hefei, province = _PROMISED[each.level]
    well = each.start + each.well if each.well is not None else None
    on_site = hefei if each.customer == "cdc" else province
    found: Counter[str] = Counter()

    def judged(minutes: float, done: datetime | None, settled: datetime | None = None) -> None:
        due = each.start + timedelta(minutes=minutes)
        ends = [moment for moment in (done, settled) if moment is not None]
        if not ends:
            found["missed" if now > due else "running"] += 1
        elif min(ends) <= due:
            found["settled" if done is None or (settled is not None and settled < done) else "kept"] += 1
        else:
            found["missed"] += 1

    responded = each.start + each.responded if each.responded is not None else None
    arrived = each.start + each.arrived if each.arrived is not None else None
    judged(respond, responded or arrived)
    judged(restore, well)
    judged(on_site, arrived, well)
    return found


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_the_attainment_of_a_quarter_is_what_a_stopwatch_says(lived: Year, customer: str) -> None:
    with Store(lived.settings.daemon.state) as store:
        args = (customer, date(2026, 8, 1), date(2026, 10, 31))
        (kept,) = archiving.attained(store, lived.settings, *args, [Language.EN], NOW)
        (again,) = archiving.attained(store, lived.settings, *args, [Language.EN], NOW + timedelta(hours=1))
        with store.reading() as disk:
            paper = papers.paper(disk, kept.id)
    assert again == kept, "made an hour later of the same facts it is the same version"
    mine = [
        each for each in INCIDENTS if each.customer == customer and each.start.year == 2026 and each.start.month >= 8
    ]
    told = {row.split(" | ")[0]: row.split(" | ")[1:] for row in rows(paper, "promises")}
    want = sum((clock_states(each, NOW) for each in mine), Counter[str]())
    got: Counter[str] = Counter()
    for name in ("Respond", "Restore", "Engineer on site"):
        _, on_time, settled, missed, late, running, _, _ = told[name]
        got.update(kept=int(on_time), settled=int(settled), missed=int(missed) + int(late), running=int(running))
    assert +got == +want
    owing = [each for each in mine if each.well is not None and each.called_back is None]
    assert f"Repairs that were not called back although they are done: {len(owing)}." in lines(paper)
    assert len(rows(paper, "not_called_back")) == len(owing)
    for name, row in told.items():
        counts = [int(each) for each in row[1:5]]
        share = f"{saying(paper).words.measured(sum(counts[:2]) / sum(counts), 'ratio')}" if sum(counts) else ""
        assert row[-1] == (share or "nothing was due"), name
    shown = sum(len(rows(paper, f"clocks/{name}")) for name in _shown(paper))
    assert shown == sum(int(row[0]) + int(row[5]) for row in told.values())


def _shown(paper: Paper) -> list[str]:
    keys = [getattr(block, "key", "") for block in paper.blocks]
    return [key.removeprefix("clocks/") for key in keys if key.startswith("clocks/")]


def test_a_device_that_fell_silent_is_a_gap_and_no_figure_is_made_up_for_it(lived: Year) -> None:
    paper = made(lived, "blood")
    (gap,) = rows(paper, "not_covered")
    assert gap.startswith("blood-acc-2 | ")
    (row,) = [row for row in rows(paper, "devices") if row.startswith("blood-acc-2")]
    assert row.endswith("△ Attention")  # its warranty is known beside what it told
    assert [row for row in rows(paper, "sheet/blood-acc-2") if row.startswith("Fans") and "○ Not checked" in row]
    trend = next(row for row in rows(paper, "trends") if row.startswith("blood-acc-2"))
    assert "insufficient data" in trend
    with Store(lived.settings.daemon.state) as store, store.reading() as disk:
        customer = lived.settings.inventory.customers["blood"]
        sites = [site for site in lived.settings.inventory.sites.values() if site.customer == "blood"]
        facts = reporting.gathered(disk, lived.settings, customer, sites, "2026-10", NOW)
    known = {each.device.name: each.known_for for each in facts.devices}
    assert known["blood-acc-2"] == 19 * 86400.0  # it told something until the 19th
    assert known["blood-core"] == 31 * 86400.0


def test_facts_are_gathered_with_a_few_questions_however_many_devices_there_are(lived: Year) -> None:
    asked: list[str] = []
    stock = lived.settings.inventory

    def noted(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    with Store(lived.settings.daemon.state) as store, store.reading() as disk:
        event.listen(disk.engine, "before_cursor_execute", noted)
        counts = []
        for sites in (list(stock.sites.values())[:1], list(stock.sites.values())):
            asked.clear()
            reporting.gathered(disk, lived.settings, stock.customers["cdc"], sites, "2026-10", NOW)
            counts.append(len(asked))
        event.remove(disk.engine, "before_cursor_execute", noted)
    assert counts[1] < 40
    assert counts[1] - counts[0] <= 4, "three times the devices, and rollups are read in parts"


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_the_next_month_follows_up_what_the_month_before_left(lived: Year, customer: str) -> None:
    before, now = made(lived, customer, "2026-09"), made(lived, customer, "2026-10")
    assert before.number == f"{customer}-2026-09"
    # made before September's was there, October's is made anew of other facts, as its second version
    old = {row.rsplit(" | ", 1)[0] for row in rows(now, "followed")}
    assert len(old) == len(rows(before, "problems"))
