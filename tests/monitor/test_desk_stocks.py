"""What people change of units and spares on the pages: as the commands do it, by whom, and what is refused."""

from collections.abc import AsyncIterator, Mapping
from datetime import date

import pytest
from people_house import requested

from alerts.desk.assets import Asset
from alerts.desk.spares import Spare, Store
from alerts.desk.warranty import NOT_YET
from desk_browser import Browser, Desk, browsing, desk_served
from house import House
from monitor import stockroom, units
from monitor.model import EventKind, Ticket
from monitor.store import assets, spares, tickets
from monitor.store.assets import What

HOSTILE = "<script>alert(1)</script>{{7*7}}\u202e\x00"
FORMS = {
    "/spares/add": {"store": "hefei", "part_number": "PAC-1", "quantity": "1"},
    "/spares/store": {"name": "north"},
    "/spares/S1/count": {"store": "hefei", "found": "1"},
    "/spares/S1/minimum": {"least": "3"},
    "/assets/210235A1": {"final_acceptance": "2025-01-01"},
}


@pytest.fixture
async def served(house: House) -> AsyncIterator[tuple[str, Desk]]:
    unit = Asset(serial="210235A1", model="S5735-L48T4X-A1", site="hefei-1", device="hf-core-01", remarks="old")
    with house.store.writing() as disk:
        assets.saved(disk, None, unit, What.IMPORTED, "li", house.clock())
        spares.store_saved(disk, Store(name="hefei", title="合肥备件库"))
        stockroom.added(disk, Spare(id=0, part_number="PAC600", kind="psu"), "hefei", 4, "li", house.clock())
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


def there(house: House) -> Mapping[tuple[str, str, str], int]:
    with house.store.reading() as disk:
        return {
            (f"S{number}", place.store, place.state.value): count
            for number, places in spares.stock(disk).items()
            for place, count in places.items()
        }


def kinds(house: House, ticket: Ticket) -> list[EventKind]:
    with house.store.reading() as disk:
        return [each.kind for each in tickets.found(disk, ticket.id).events]


async def test_piece_is_reserved_given_back_used_and_counted_as_by_the_commands(li: Browser, house: House) -> None:
    ticket, page = requested(house), "/spares/S1"
    told = {"ticket": ticket.id.lower(), "quantity": "2"}
    assert (await li.post(f"{page}/reserve", told, on=page)).status_code == 303
    assert (await li.post(f"{page}/release", {**told, "quantity": "1"}, on=page)).status_code == 303
    used = {"ticket": ticket.id, "quantity": "1", "unit": "210235a1"}
    assert (await li.post(f"{page}/use", used, on=page)).status_code == 303
    assert (
        await li.post(f"{page}/count", {"store": "hefei", "found": "2", "why": "one lost"}, on=page)
    ).status_code == 303
    assert there(house) == {("S1", "hefei", "in_stock"): 2, ("S1", "", "used"): 1}
    assert kinds(house, ticket)[1:] == [EventKind.SPARE_RESERVED, EventKind.SPARE_RETURNED, EventKind.SPARE_USED]
    with house.store.reading() as disk:
        assert {each.by for each in spares.book(disk)[1:]} == {"李工"}
        assert [each.what for each in assets.history(disk, "210235A1")] == [What.IMPORTED, What.REPAIRED]
    seen = (await li.get(page)).text
    assert "one lost" in seen
    assert ticket.id in seen


async def test_faulty_part_comes_in_goes_to_its_maker_and_back(li: Browser, house: House) -> None:
    ticket = requested(house)
    told = {"ticket": ticket.id, "store": "hefei", "part_number": "dim-32", "serial": "ABC123", "why": "ECC"}
    assert (await li.post("/spares/faulty", told, on="/spares")).status_code == 303
    assert there(house)["S2", "hefei", "faulty"] == 1
    for verb in ("send", "came-back"):
        assert (await li.post(f"/spares/S2/{verb}", {"quantity": "1"}, on="/spares/S2")).status_code == 303
    assert there(house)["S2", "hefei", "in_stock"] == 1


async def test_pieces_come_into_a_new_store_once_however_often_the_form_is_sent(li: Browser, house: House) -> None:
    store = {"name": "North-1", "title": "北库", "city": "阜阳", "site": "hefei-1"}
    assert (await li.post("/spares/store", store, on="/spares")).status_code == 303
    with house.store.reading() as disk:
        last = str(spares.last_line(disk))
    told = {
        "store": "north-1",
        "part_number": "fan-1",
        "quantity": "2",
        "kind": "fan",
        "models": "S57*，S67*",
        "last": last,
    }
    for _ in range(2):
        assert (await li.post("/spares/add", told, on="/spares")).status_code == 303
    assert there(house)["S2", "north-1", "in_stock"] == 2
    with house.store.reading() as disk:
        one = spares.found(disk, "S2")
        assert (one.part_number, one.models, one.kind) == ("FAN-1", ("S57*", "S67*"), "fan")
    assert (await li.post("/spares/add", {**told, "last": str(int(last) + 1)}, on="/spares")).status_code == 303
    assert there(house)["S2", "north-1", "in_stock"] == 4


async def test_how_many_there_should_be_is_set_and_forgotten(li: Browser, house: House) -> None:
    page = "/spares/S1"
    assert (await li.post(f"{page}/minimum", {"least": "9"}, on=page)).status_code == 303
    with house.store.reading() as disk:
        (level,) = units.spare_levels(disk, house.settings)
    assert (level.minimum, level.short) == (9, 5)
    assert (await li.post(f"{page}/minimum", {"least": ""}, on=page)).status_code == 303
    with house.store.reading() as disk:
        (level,) = units.spare_levels(disk, house.settings)
    assert level.short == 0


@pytest.mark.parametrize(
    ("path", "form", "says"),
    [
        ("/spares/S1/reserve", {"ticket": "T1", "quantity": "1"}, "T1"),
        ("/spares/S1/reserve", {"ticket": "", "quantity": "0"}, "“0”不是件数"),
        ("/spares/S1/count", {"store": "hefei", "found": "-1"}, "“-1”不是件数"),
        ("/spares/S1/count", {"store": "hefei", "found": "9" * 40}, "不是件数"),
        ("/spares/S1/count", {"store": "west", "found": "1"}, "没有备件库“west”"),
        ("/spares/S1/move", {"to": "hefei", "quantity": "1"}, "S1 已在备件库 hefei 中"),
        ("/spares/S1/send", {"quantity": "1"}, "没有故障的件；账面：4 件在库 hefei"),
        ("/spares/S1/minimum", {"least": "x"}, "“x”不是件数"),
        ("/spares/add", {"store": "hefei", "part_number": "=cmd|' /C calc'!A0", "quantity": "1"}, "不是部件号或序列号"),
        ("/spares/add", {"store": "hefei", "part_number": "", "quantity": "1"}, "不是部件号或序列号"),
        ("/spares/add", {"store": "hefei", "part_number": "PAC-1", "serial": "ABC", "quantity": "2"}, "只能是 1 件"),
        (
            "/spares/add",
            {"store": "hefei", "part_number": "PAC-1", "kind": "zzz", "quantity": "1"},
            "没有部件类型“zzz”",
        ),
        ("/spares/store", {"name": "../北"}, "备件库的名称由字母"),
        (
            "/assets/210235A1",
            {"delivered": "2025-02-01", "final_acceptance": "2025-01-01"},
            "终验（2025-01-01）早于",
        ),
        ("/assets/210235A1", {"delivered": "0001-01-01"}, "到货：“0001-01-01”不是日期"),
        ("/assets/210235A1", {"maker_warranty_ends": "soon"}, "厂家保修至：“soon”不是日期"),
    ],
)
async def test_refusal_is_said_in_chinese_and_changes_nothing(
    zhu: Browser, house: House, path: str, form: Mapping[str, str], says: str
) -> None:
    before = there(house)
    page = path.rsplit("/", 1)[0] if path.count("/") == 3 else path if path.startswith("/assets") else "/spares"
    answer = await zhu.post(path, form, on=page)
    assert (answer.status_code, says in answer.text.replace("&#39;", "'")) == (409, True), answer.text
    assert there(house) == before
    with house.store.reading() as disk:
        assert len(assets.history(disk, "210235A1")) == 1


async def test_unit_gets_its_dates_and_note_and_the_history_says_by_whom(li: Browser, house: House) -> None:
    page = "/assets/210235A1"
    form = {
        "delivered": "2025-01-02", "first_acceptance": "", "open_first_acceptance": "yes", "final_acceptance": "",
        "maker_warranty_ends": "2028-01-02", "engineering_warranty_ends": "", "project": "2025-7", "remarks": "a\nb",
    }  # fmt: skip
    assert (await li.post(page, form, on=page)).status_code == 303
    with house.store.reading() as disk:
        unit, last = assets.one(disk, "210235A1"), assets.history(disk, "210235A1")[-1]
    assert (unit.delivered, unit.first_acceptance, unit.final_acceptance) == (date(2025, 1, 2), NOT_YET, None)
    assert (unit.maker_warranty_ends, unit.project, unit.remarks) == (date(2028, 1, 2), "2025-7", "a\nb")
    assert (last.what, last.by) == (What.CHANGED, "李工")
    seen = (await li.get(page)).text
    assert "implementation" in seen.casefold()
    assert "changed by 李工" in seen
    assert (await li.post(page, {"remarks": "c"}, on=page)).status_code == 303
    with house.store.reading() as disk:
        assert assets.one(disk, "210235A1").delivered == date(2025, 1, 2)
    assert (await li.post("/assets/none", {"remarks": "c"}, on=page)).status_code == 404


async def test_what_people_type_is_harmless_wherever_it_is_seen(li: Browser, house: House) -> None:
    ticket = requested(house)
    await li.post("/spares/store", {"name": "h2", "title": HOSTILE, "city": HOSTILE}, on="/spares")
    add = {
        "store": "h2",
        "part_number": "PAC-1",
        "quantity": "1",
        "description": HOSTILE,
        "models": HOSTILE,
        "why": HOSTILE,
    }
    assert (await li.post("/spares/add", add, on="/spares")).status_code == 303
    await li.post("/spares/S2/use", {"ticket": ticket.id, "quantity": "1", "unit": HOSTILE}, on="/spares/S2")
    await li.post("/assets/210235A1", {"project": HOSTILE, "remarks": HOSTILE * 1000}, on="/assets/210235A1")
    for path in ("/spares", "/spares/S2", "/assets", "/assets/210235A1", f"/tickets/{ticket.id}"):
        seen = (await li.get(path)).text
        assert "<script" not in seen
        assert not set(seen) & {"\u202e", "\x00"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in (await li.get("/spares/S2")).text


@pytest.mark.parametrize("path", FORMS)
async def test_who_may_only_look_or_has_no_token_changes_nothing(
    served: tuple[str, Desk], house: House, path: str
) -> None:
    before = there(house)
    async with browsing(served[0]) as wu:
        assert (await wu.post(path, FORMS[path])).status_code == 401
        await wu.log_in("wu")
        assert (await wu.post(path, FORMS[path], on="/password")).status_code == 403
        for page in ("/spares", "/spares/S1", "/assets/210235A1"):
            assert f'action="{path}"' not in (await wu.get(page)).text
    async with browsing(served[0]) as li:
        await li.log_in("li")
        assert (await li.post(path, FORMS[path])).status_code == 403
        headers = {"Sec-Fetch-Site": "cross-site"}
        assert (await li.post(path, FORMS[path], on="/spares", headers=headers)).status_code == 403
        for nowhere in ("/spares/S99/count", "/spares/S1/nothing", "/spares/nothing", "/assets/none"):
            assert (await li.post(nowhere, {}, on="/spares")).status_code in {404, 409}
    assert there(house) == before
    with house.store.reading() as disk:
        assert list(spares.stores(disk)) == ["hefei"]
        assert spares.minimums(disk) == {}
        assert len(assets.history(disk, "210235A1")) == 1
