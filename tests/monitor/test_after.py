"""The papers after a fault, over a real store: what they say is what was written into the ticket, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from people_house import ASKED

from alerts.desk.assets import Asset
from alerts.locale import wall
from alerts.papers.as_html import html as as_html
from alerts.papers.as_json import paper_json, paper_of
from alerts.papers.paper import Blank, Block, Cell, Evidence, Figure, Heading, Moment, Pairs, Paper, Paragraph, Table
from alerts.reports.fault_report import fault_report
from alerts.reports.tracking_card import tracking_card
from alerts.reports.unit_file import asset_file
from alerts.reports.visit_sheet import visit_sheet
from house import House
from monitor import after, ticketing
from monitor.model import DeviceEvent, EventKind, Happened, Language, Level, Ticket
from monitor.store import assets, parts, tickets
from monitor.store.assets import What
from monitor.store.faults import newest

CORE, SITE = "hf-core-01", "hefei-1"
ZONE = "Asia/Shanghai"
BOTH = (Language.ZH_CN, Language.EN)
CANARY = "<script>{{7*7}}</script>\r\n=cmd|'/c calc'!A1 \u202etxt #import \"x\""


async def repaired(house: House, cause: str = "a dead capacitor", *, closed: bool = True) -> Ticket:
    """A supply of the core that broke, was replaced, and whose ticket went all the way."""
    supply = house.breakages["core-supply"]
    supply.break_()
    await house.visit(CORE, times=2)
    (ticket,) = [each for each in await house.store.ask(tickets.unclosed) if each.fault.kind == "psu"]
    house.clock.advance(minutes=4)
    acted(house, ticket.id, EventKind.RESPONDED)
    house.clock.advance(minutes=20)
    acted(house, ticket.id, EventKind.ARRIVED)
    supply.heal()
    await house.visit(CORE, times=3)
    house.clock.advance(hours=1)
    acted(house, ticket.id, EventKind.HANDLED, {"cause": cause, "handling": "supply replaced"})
    acted(house, ticket.id, EventKind.CALLED_BACK, {"solved": "yes", "satisfaction": "4"})
    if closed:
        acted(house, ticket.id, EventKind.CLOSED)
    return await house.store.ask(lambda disk: tickets.found(disk, ticket.id))


def acted(house: House, number: str, kind: EventKind, data: dict[str, str] | None = None) -> Ticket:
    with house.store.writing() as disk:
        return ticketing.acted(disk, number, kind, "li", data or {}, house.settings, house.clock())


async def report(house: House, number: str, language: Language = Language.EN, *, analysis: bool = True) -> Paper:
    facts = await house.store.ask(lambda disk: after.of_fault(disk, number, house.settings, house.clock()))
    return fault_report(facts, language, analysis=analysis)


def table(paper: Paper, key: str) -> list[dict[str, Cell]]:
    """The rows of a table, each cell by the key of its column."""
    (found,) = [each for each in paper.blocks if isinstance(each, Table) and each.key == key]
    names = [column.key for column in found.columns]
    return [dict(zip(names, row.cells, strict=True)) for row in found.rows]


def pairs(paper: Paper, key: str) -> dict[str, Cell]:
    (found,) = [each for each in paper.blocks if isinstance(each, Pairs) and each.key == key]
    return dict(found.rows)


def cells(blocks: tuple[Block, ...]) -> Iterator[Cell]:
    for each in blocks:
        match each:
            case Pairs(rows=rows):
                yield from (cell for _, cell in rows)
            case Table(rows=rows):
                yield from (cell for row in rows for cell in row.cells)
            case Paragraph(text=text) | Heading(text=text) | Evidence(text=text):
                yield text
            case _:
                pass


async def test_a_fault_that_was_repaired_is_told_from_its_report_to_its_end(house: House) -> None:
    ticket = await repaired(house)
    paper = await report(house, ticket.id)
    told = pairs(paper, "overview")
    begun, ended = ticket.events[0].at, ticket.events[-1].at
    recovered = next(event.at for event in ticket.events if event.kind is EventKind.RECOVERED)
    assert told["Reported"] == Moment(at=begun)
    assert told["Works again since"] == Moment(at=recovered)
    assert told["Closed"] == Moment(at=ended)
    fault = await house.store.ask(lambda disk: newest(disk, ticket.fault))
    minutes = int((recovered - fault.first_seen) / timedelta(minutes=1))
    assert str(told["Lasted"]).startswith(f"{minutes} min")
    steps = [row["what"] for row in table(paper, "timeline")]
    assert len(steps) == len(ticket.events)
    assert steps[0] == "Opened"
    assert [row["at"] for row in table(paper, "timeline")] == [Moment(at=each.at) for each in ticket.events]
    texts = [each.text for each in paper.blocks if isinstance(each, Paragraph)]
    assert "a dead capacitor" in texts
    assert "supply replaced" in texts
    assert [each.rows[0][1] for each in paper.blocks if isinstance(each, Pairs) and each.key == "prevention"] == [
        Blank(key=f"{ticket.id}/prevention")
    ]


async def test_promises_are_those_of_a_stopwatch_beside_the_ticket(house: House) -> None:
    ticket = await repaired(house)
    rows = {str(row["promise"]): row for row in table(await report(house, ticket.id), "promises")}
    begun = ticket.events[0].at
    assert rows["Respond"]["due"] == Moment(at=begun + timedelta(minutes=10))  # level 2 is major: 10 min, 4 h, 1 h
    assert rows["Respond"]["state"] == "kept"
    assert rows["Restore"]["due"] == Moment(at=begun + timedelta(hours=4))
    assert rows["Engineer on site"]["done"] == Moment(
        at=next(event.at for event in ticket.events if event.kind is EventKind.ARRIVED)
    )


async def test_what_was_put_right_stands_beside_what_was_written(house: House) -> None:
    ticket = await repaired(house, closed=False)
    wrong = next(event.seq for event in ticket.events if event.kind is EventKind.ARRIVED)
    acted(house, ticket.id, EventKind.CORRECTED, {"seq": str(wrong), "void": "yes", "reason": "was not there"})
    rows = table(await report(house, ticket.id), "timeline")
    assert "withdrawn by li" in str(rows[wrong - 1]["details"])
    assert "was not there" in str(rows[wrong - 1]["details"])


async def test_earlier_faults_of_the_same_part_are_told_with_what_was_done(house: House) -> None:
    first = await repaired(house, cause="dust")
    house.clock.advance(days=40)
    again = await repaired(house)
    assert again.id != first.id
    (row,) = table(await report(house, again.id), "similar")
    assert (row["ticket"], row["cause"], row["handling"]) == (first.id, "dust", "supply replaced")
    assert table(await report(house, first.id), "similar") == []  # what came later is not told of the earlier


async def test_a_fault_that_lasts_claims_no_end(house: House) -> None:
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)
    (ticket,) = [each for each in await house.store.ask(tickets.unclosed) if each.fault.kind == "psu"]
    paper = await report(house, ticket.id)
    told = pairs(paper, "overview")
    assert told["Works again since"] == told["Closed"] == Moment(at=None)
    assert str(told["Lasted"]).endswith("so far")
    assert any("not over yet" in each.text for each in paper.blocks if isinstance(each, Paragraph))
    assert any("not called back" in each.text for each in paper.blocks if isinstance(each, Paragraph))


async def test_what_happened_to_the_device_around_the_fault_is_told(house: House) -> None:
    ticket = await repaired(house)
    begun = ticket.events[0].at

    def write(hours: float, text: str) -> None:
        event = DeviceEvent(
            device=CORE, at=begun - timedelta(hours=hours), what=Happened.LOG_ENTRY, data={"text": text}
        )
        with house.store.writing() as disk:
            parts.happened(disk, [event])

    write(2, "mains dipped")
    write(30, "long before")
    told = [str(row["what"]) for row in table(await report(house, ticket.id), "around")]
    assert sum("mains dipped" in each for each in told) == 1
    assert not any("long before" in each for each in told)


@pytest.mark.parametrize("language", BOTH)
async def test_a_request_and_hostile_words_are_said_harmlessly(house: House, language: Language) -> None:
    with house.store.writing() as disk:
        asked = replace(ASKED, text=CANARY)
        ticket = ticketing.requested(disk, asked, SITE, CANARY, house.settings, house.clock())
    acted(house, ticket.id, EventKind.HANDLED, {"cause": CANARY, "handling": CANARY})
    facts = await house.store.ask(lambda disk: after.of_fault(disk, ticket.id, house.settings, house.clock()))
    for paper in (
        fault_report(facts, language),
        fault_report(facts, language, analysis=True),
        tracking_card(facts, language),
    ):
        page = as_html(paper).decode()
        assert "<script>{{" not in page
        assert "&lt;script&gt;{{7*7}}" in page
        assert "\u202e" not in page
        assert paper_of(paper_json(paper)) == paper


@pytest.mark.parametrize("make", [fault_report, tracking_card])
async def test_the_same_facts_make_the_same_paper_and_another_entry_another(
    house: House, make: Callable[..., Paper]
) -> None:
    ticket = await repaired(house, closed=False)

    async def made() -> Paper:
        facts = await house.store.ask(lambda disk: after.of_fault(disk, ticket.id, house.settings, house.clock()))
        return make(facts, Language.ZH_CN)

    one = await made()
    assert paper_json(await made()) == paper_json(one)
    house.clock.advance(minutes=5)
    acted(house, ticket.id, EventKind.COMMENT, {"text": "one more"})
    assert (await made()).facts != one.facts


async def test_the_asset_file_tells_units_warranty_and_all_that_happened(house: House) -> None:
    ticket = await repaired(house)
    today = house.clock().date()
    unit = Asset(
        serial="ABC1234", model="S6800", maker="H3C", customer="cdc", site=SITE, device=CORE,
        final_acceptance=date(today.year - 1, today.month, today.day) + timedelta(days=30),
    )  # fmt: skip
    with house.store.writing() as disk:
        assets.saved(disk, None, unit, what=What.ENTERED, by="wang", now=house.clock())
    facts = await house.store.ask(lambda disk: after.of_assets(disk, "cdc", house.settings, house.clock(), Language.EN))
    paper = asset_file(facts, Language.EN)
    (row,) = table(paper, "units")
    assert (row["serial"], row["model"]) == ("ABC1234", "S6800")
    assert "unknown" not in {row["maker"], row["engineering"]}
    history = table(paper, "history-ABC1234")
    assert [str(each["text"]) for each in history if each["kind"] == "ticket"] == [
        f"{ticket.id} – closed – a dead capacitor"
    ]
    moments = [each["at"] for each in history]
    assert moments == sorted(moments, key=str)
    with pytest.raises(LookupError, match='no customer "moon" in the inventory; it has cdc'):
        await house.store.ask(lambda disk: after.of_assets(disk, "moon", house.settings, house.clock(), Language.EN))


async def test_the_sheet_of_a_visit_counts_the_quarter_and_nothing_of_another(house: House) -> None:
    early = await repaired(house)
    quarter = early.events[0].at
    name = f"{quarter.year}-Q{(quarter.month + 2) // 3}"
    house.clock.advance(days=100)
    late = await repaired(house, closed=False)

    async def sheet(which: str) -> Paper:
        facts = await house.store.ask(lambda disk: after.of_quarter(disk, "cdc", which, house.settings, house.clock()))
        return visit_sheet(facts, Language.EN)

    paper = await sheet(name)
    figures = pairs(paper, "figures")
    tickets_told = sum(
        each.value or 0 for key, each in figures.items() if key.startswith("Tickets: ") and isinstance(each, Figure)
    )
    assert tickets_told == 1
    assert figures["Tickets called back about"] == Figure(value=1)
    assert figures["Mean satisfaction (1 to 5)"] == Figure(value=4.0)
    assert [row["ticket"] for row in table(paper, "open")] == [late.id]  # what is open today, whenever it began
    empty = pairs(await sheet("2020-Q1"), "figures")
    assert empty["Mean satisfaction (1 to 5)"] == "no call-back yet"
    with pytest.raises(ValueError, match="is not a quarter"):
        await sheet("2026-13")


async def test_a_level_that_changed_is_told_as_it_is_now(house: House) -> None:
    with house.store.writing() as disk:
        ticket = ticketing.requested(disk, ASKED, SITE, "centre", house.settings, house.clock())
    acted(house, ticket.id, EventKind.LEVEL_CHANGED, {"level": str(int(Level.CRITICAL)), "reason": "all of it"})
    paper = await report(house, ticket.id, Language.ZH_CN)
    assert pairs(paper, "overview")["级别"] == "一级故障"
    assert wall(ticket.events[0].at, ZONE) in as_html(paper).decode()


async def test_a_card_has_neither_a_page_for_its_cover_nor_contents(house: House) -> None:
    ticket = await repaired(house)
    facts = await house.store.ask(lambda disk: after.of_fault(disk, ticket.id, house.settings, house.clock()))
    card, whole = tracking_card(facts, Language.EN), fault_report(facts, Language.EN)
    assert ">Contents<" in as_html(whole).decode()
    assert ">Contents<" not in as_html(card).decode()
    assert paper_of(paper_json(card)).is_short
