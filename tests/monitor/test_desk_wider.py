"""The desk's pages for what is more than one entry (merge, split, correct …), units, spares, windows, accounts."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from people_house import requested

from alerts.desk.actions import EVERY
from alerts.desk.assets import Asset
from alerts.desk.spares import Rule, Spare, Store
from alerts.desk.tickets import TicketState, state, watchers
from desk_browser import PASSWORD, Browser, Desk, browsing, desk_served
from house import House
from monitor import stockroom
from monitor.model import EventKind, Ticket
from monitor.store import accounts as kept
from monitor.store import assets, attachments, maintenance, spares, tickets
from monitor.store.assets import What
from monitor.verbs.handling import VERBS
from monitor.web.desk.guard import FormError, parted

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
async def served(house: House) -> AsyncIterator[tuple[str, Desk]]:
    async with desk_served(house) as found:
        yield found


@pytest.fixture
async def li(served: tuple[str, Desk]) -> AsyncIterator[Browser]:
    async with browsing(served[0]) as browser:
        await browser.log_in("li")
        yield browser


@pytest.fixture
async def zhu(served: tuple[str, Desk]) -> AsyncIterator[Browser]:
    async with browsing(served[0], "zh-CN") as browser:
        await browser.log_in("zhu")
        yield browser


def now_of(house: House, ticket: Ticket) -> Ticket:
    with house.store.reading() as disk:
        return tickets.found(disk, ticket.id)


def stocked(house: House) -> None:
    """A unit whose maker's warranty has ended, and one spare of two that are wanted."""
    unit = Asset(
        serial="210235A1", model="S5735-L48T4X-A1", maker="huawei", part_number="02353", customer="cdc", site="hefei-1",
        device="hf-core-01", delivered=date(2024, 3, 1), final_acceptance=date(2024, 4, 1), remarks=HOSTILE,
    )  # fmt: skip
    with house.store.writing() as disk:
        assets.saved(disk, None, unit, What.IMPORTED, "li", house.clock(), "sheet:2")
        spares.store_saved(disk, Store(name="hefei", title="合肥备件库", site="hefei-1", city="合肥"))
        one = Spare(id=0, part_number="PAC600", description="600W", kind="psu", models=("S5735*",))
        stockroom.added(disk, one, "hefei", 2, "li", house.clock())
        unit_of_it = Spare(id=0, part_number="02353", models=("S5735*",), serial="X1")
        stockroom.added(disk, unit_of_it, "hefei", 1, "li", house.clock())


def test_every_action_of_the_table_is_a_command_too() -> None:
    assert {action.name for action in EVERY} - {"attach"} <= {verb.name for verb in VERBS}


async def test_ticket_is_merged_into_another_and_both_say_so(li: Browser, house: House) -> None:
    one, other = requested(house), requested(house)
    page = f"/tickets/{one.id}"
    nowhere = await li.post(f"{page}/merge", {"ticket": "T0"}, on=page)
    assert (nowhere.status_code, "there is no ticket" in nowhere.text) == (409, True)
    assert (await li.post(f"{page}/merge", {"ticket": other.id.lower()}, on=page)).status_code == 303
    assert state(now_of(house, one)) is TicketState.MERGED
    assert now_of(house, other).events[-1].data["how"] == "merged"


async def test_refusal_is_said_in_the_language_of_the_visitor(zhu: Browser, house: House) -> None:
    ticket = requested(house)
    page = f"/tickets/{ticket.id}"
    refused = await zhu.post(f"{page}/link", {"ticket": ticket.id}, on=page)
    assert "不能与自身关联" in refused.text
    refused = await zhu.post(f"{page}/close", {}, on=page)
    assert f"工单 {ticket.id} 无法记录“关闭”：尚未回访客户（合同 2.11）；请先回访并记录" in refused.text


async def test_other_matter_is_split_off_once_however_often_it_is_sent(li: Browser, house: House) -> None:
    ticket = requested(house)
    page = f"/tickets/{ticket.id}"
    form = {"text": "and the printer", "caller": "Ms Wu", "kind": "question", "last": str(ticket.events[-1].seq)}
    for _ in range(2):
        assert (await li.post(f"{page}/split", form, on=page)).status_code == 303
    with house.store.reading() as disk:
        assert len(tickets.unclosed(disk)) == 2
    part = now_of(house, ticket).events[-1].data["ticket"]
    assert f"/tickets/{part}" in (await li.get(page)).text


async def test_entry_is_put_right_or_withdrawn(li: Browser, house: House) -> None:
    ticket = requested(house)
    page = f"/tickets/{ticket.id}"
    await li.post(f"{page}/respond", {"owner": "Zang"}, on=page)
    right = {"seq": "2", "reason": "mistyped", "key": "owner", "value": "Zhang"}
    assert (await li.post(f"{page}/correct", right, on=page)).status_code == 303
    assert "Zhang" in (await li.get(page)).text
    away = {"seq": "9", "reason": "no", "void": "yes"}
    refused = await li.post(f"{page}/correct", away, on=page)
    assert "it has no entry 9" in refused.text


async def test_person_watches_and_stops(li: Browser, house: House) -> None:
    ticket = requested(house)
    page = f"/tickets/{ticket.id}"
    await li.post(f"{page}/watch", {"watcher": "bo"}, on=page)
    assert watchers(now_of(house, ticket)) == ("bo",)


async def test_file_is_attached_as_it_is_and_given_back(li: Browser, house: House) -> None:
    ticket = requested(house)
    page, body = f"/tickets/{ticket.id}", bytes(range(256)) * 300 + b"\r\n--x\r\n"
    assert (await li.attach(f"{page}/attach", '../../报告 "1".pdf', body, on=page)).status_code == 303
    event = now_of(house, ticket).events[-1]
    assert event.kind is EventKind.ATTACHED
    assert event.data["name"].startswith("报告")
    assert attachments.read(house.settings.daemon.state, event.data["sha256"]) == body
    assert (await li.get(f"/attachments/{event.data['sha256']}?ticket={ticket.id}")).content == body


async def test_file_that_is_too_large_or_none_is_refused(served: tuple[str, Desk], li: Browser, house: House) -> None:
    desk = served[1]
    desk.settings = replace(desk.settings, attachment=10_000)
    ticket = requested(house)
    page = f"/tickets/{ticket.id}"
    refused = await li.attach(f"{page}/attach", "x.bin", b"x" * 10_001, on=page)
    assert (refused.status_code, "more than 10000 octets" in refused.text) == (409, True)
    assert "choose a file" in (await li.post(f"{page}/attach", {}, on=page)).text
    assert (await li.attach(f"{page}/attach", "x.bin", b"x" * 900_000, on=page)).status_code == 400
    assert (await li.client.post(f"{page}/attach", files={"file": ("x", b"x")})).status_code == 403
    assert len(now_of(house, ticket).events) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"--b\r\nno head\r\n--b--", "multipart/form-data; boundary=b"),
        (b"--b\r\nX: y\r\n\r\nz\r\n--b--", "multipart/form-data; boundary=b"),
        (b"\r\n--b".join([b"x"] * 100), "multipart/form-data; boundary=b"),
    ],
)
def test_what_is_no_form_is_said_to_be_none(body: bytes, kind: str) -> None:
    with pytest.raises(FormError):
        parted(body, kind)


async def test_units_and_one_of_them_with_its_warranty(li: Browser, house: House) -> None:
    assert "netvigil asset import" in (await li.get("/assets")).text
    stocked(house)
    seen = (await li.get("/assets?q=s5735+CORE")).text
    assert "210235A1" in seen
    assert "warranty has ended" in seen
    assert "210235A1" not in (await li.get("/assets?q=elsewhere")).text
    one = (await li.get("/assets/210235A1")).text
    assert "Engineering warranty until" in one or "engineering warranty" in one
    assert "&lt;script&gt;" in one
    assert "<script" not in one
    assert (await li.get("/assets/none")).status_code == 404


async def test_spares_say_where_they_are_and_what_is_short(zhu: Browser, house: House) -> None:
    assert "netvigil spare add" in (await zhu.get("/spares")).text
    stocked(house)
    needs = replace(house.settings.spares, rules={"zzz": Rule(part_number="ZZZ", installed_per_spare=1, at_least=3)})
    house.settings = replace(house.settings, spares=needs)
    seen = (await zhu.get("/spares")).text
    assert "合肥备件库" in seen
    assert "2 在库" in seen
    assert "PAC600" not in (await zhu.get("/spares?q=elsewhere")).text


async def test_window_is_made_listed_and_ended(zhu: Browser, house: House) -> None:
    ends = (house.clock() + timedelta(hours=10)).strftime("%Y-%m-%dT%H:%M")
    nowhere = await zhu.post("/maintenance", {"ends": ends, "reason": "换电源"}, on="/maintenance")
    assert (nowhere.status_code, "请指明范围" in nowhere.text) == (400, True)
    for form, words in (
        ({"device": "none-*", "ends": ends, "reason": "x"}, "没有符合条件的设备"),
        ({"site": "hefei-1", "ends": "2020-01-01T00:00", "reason": "x"}, "结束时间"),
        ({"site": "hefei-1", "ends": ends, "reason": " "}, "请写明原因"),
    ):
        assert words in (await zhu.post("/maintenance", form, on="/maintenance")).text
    made = await zhu.post("/maintenance", {"site": "hefei-1", "ends": ends, "reason": HOSTILE}, on="/maintenance")
    assert made.headers["location"] == "/maintenance#M1"
    seen = (await zhu.get("/maintenance")).text
    assert "进行中" in seen
    assert "<script" not in seen
    assert (await zhu.post("/maintenance/M1/end", {}, on="/maintenance")).status_code == 303
    assert "已结束" in (await zhu.post("/maintenance/M1/end", {}, on="/maintenance")).text
    with house.store.reading() as disk:
        assert [each.ended_by for each in maintenance.since(disk, house.clock() - timedelta(days=1))] == ["主管"]


async def test_accounts_are_for_administrators_alone(li: Browser, zhu: Browser, house: House) -> None:
    assert (await li.get("/accounts")).status_code == 403
    assert (await li.post("/accounts/wu/disable", {}, on="/")).status_code == 403
    assert "/accounts" not in (await li.get("/")).text
    made = await zhu.post("/accounts", {"name": "sun", "person": "孙工", "role": "engineer"}, on="/accounts")
    password = re.search(r"<code>([a-z0-9-]+)</code>", made.text)
    assert password is not None
    assert "已存在" in (await zhu.post("/accounts", {"name": "sun"}, on="/accounts")).text
    assert "不能作为账号名" in (await zhu.post("/accounts", {"name": "Sun!"}, on="/accounts")).text
    assert password[1] not in (await zhu.get("/accounts")).text
    assert "不能停用自己" in (await zhu.post("/accounts/zhu/disable", {}, on="/accounts")).text
    assert (await zhu.post("/accounts/wu/disable", {}, on="/accounts")).status_code == 200
    with house.store.reading() as disk:
        assert kept.found(disk, "wu").disabled
        assert kept.found(disk, "sun").must_change
    assert (await zhu.post("/accounts/none/password", {}, on="/accounts")).status_code == 404


async def test_who_may_only_look_sees_lists_without_forms(served: tuple[str, Desk], house: House) -> None:
    ticket = requested(house)
    async with browsing(served[0]) as wu:
        assert (await wu.log_in("wu", PASSWORD)).status_code == 303
        assert "/maintenance" not in re.findall(r'action="([^"]+)"', (await wu.get("/maintenance")).text)
        page = f"/tickets/{ticket.id}"
        assert (await wu.attach(f"{page}/attach", "x", b"x", on="/")).status_code == 403
