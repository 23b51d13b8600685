"""Every page, walked link by link with a Chinese account: no English word stands on it that is not a name."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from people_house import ASKED

from alerts.desk.actions import EVERY, Action
from alerts.desk.assets import Asset
from alerts.desk.spares import Rule, Spare, Store
from desk_browser import Browser, browsing, desk_served
from house import House
from monitor import stockroom, ticketing
from monitor.duties import Duties
from monitor.metrics import Metrics
from monitor.model import Ticket
from monitor.progress import Progress
from monitor.store import assets, spares, tickets
from monitor.store.assets import What

CORE = "hf-core-01"
# What is a name: of the product, of devices, accounts and parts, what a device says of itself, numbers of tickets.
NAMES = re.compile(
    r"""hf-\S+\ /\ .*|\b[a-z]+(-[a-z]+)+\b|"\w+\(\d+\)"  # keys of faults, names of rules, words of a device
    |Netvigil|netvigil\ \w+(\ [\w-]+)*|hf-[\w-]+|hefei(-\d)?|anhui|huawei|Huawei|HUAWEI|H3C|Dell|cdc
    |T\d{8}-\d{4}|M\d+|S\d+|Asia/Shanghai|UTC|210235\w+|PAC\w+|S5735\S*|\b(li|wu|zhu|bo|sun|admin)\b
    |Power\ supply\ [\w/]+|PoE|BGP|VRRP|snmpget\ .*|OSPF|contract\.toml|netvigil|5\.1\.1\ no\ such\ user|kept
    |[\w.+-]+@example\.org|https?://\S+|PSU\ [\w/]+|Fan\ [\w/]+|SNMP\S*|MIB|CPU|SSH|Redfish|JSON|PDF|Excel|a-z|0-9
    |inventory\.toml|\w+\.pdf|sheet:\d|Cookie|\[\w+\]|English""",
    re.VERBOSE,
)
BEGIN = (
    "/",
    "/new",
    "/maintenance",
    "/accounts",
    "/password",
    "/tickets?show=all",
    "/nowhere",
    "/spares/S1",
    "/spares",
)
WORD = re.compile(r"[A-Za-z]{2,}")


class Text(HTMLParser):
    """What a reader sees or hears of a page, and where it leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.links: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.said += [told[name] or "" for name in ("title", "alt", "aria-label", "placeholder") if name in told]
        if tag == "a" and (told.get("href") or "").startswith("/"):
            self.links.append(str(told["href"]))
        if tag in {"style", "script", "option"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self._inside:
            self.said.append(" ".join(data.split()))


def english(page: str) -> list[str]:
    """The pieces of text with a word in Latin letters that is no name."""
    return [said for said in Text(page).said if WORD.search(NAMES.sub(" ", said))]


@pytest.fixture
async def zhu(house: House) -> AsyncIterator[Browser]:
    async with desk_served(house) as (url, _), browsing(url, "zh-CN") as browser:
        await browser.log_in("zhu")
        yield browser


def stocked(house: House) -> None:
    unit = Asset(
        serial="210235A1", model="S5735-L48T4X-A1", maker="huawei", part_number="02353", customer="cdc", site="hefei-1",
        device=CORE, project="皖教2024", delivered=date(2024, 3, 1), final_acceptance=date(2024, 4, 1), remarks="一",
    )  # fmt: skip
    with house.store.writing() as disk:
        assets.saved(disk, None, unit, What.IMPORTED, "李工", house.clock(), "sheet:2")
        assets.saved(disk, unit, replace(unit, remarks="二"), What.FILLED, "李工", house.clock())
        spares.store_saved(disk, Store(name="hefei", title="合肥备件库", site="hefei-1", city="合肥"))
        one = Spare(id=0, part_number="PAC600", description="电源", kind="psu", models=("S5735*",))
        stockroom.added(disk, one, "hefei", 2, "李工", house.clock())
    needs = replace(
        house.settings.spares, rules={"pac900": Rule(part_number="PAC900", installed_per_spare=1, at_least=3)}
    )
    house.settings = replace(house.settings, spares=needs)


def filled(action: Action, other: Ticket) -> dict[str, str]:
    """Something for every field of the action."""
    given = {
        "ticket": other.id, "seq": "2", "tier": "support_engineer", "watcher": "bo", "key": "text", "owner": "李工",
        "next_due": "2026-11-24T10:00+08:00",
    }  # fmt: skip
    return {
        field.name: field.words[0] if field.words else given.get(field.name, "说明")
        for field in action.fields
        if not field.is_file and field.name != "void"
    }


async def _lived(zhu: Browser, house: House) -> list[str]:
    """Let everything happen that leaves a trace on a page; the pages that refused something."""
    await house.visit(CORE)
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)
    stocked(house)
    with house.store.reading() as disk:
        (broken,) = tickets.unclosed(disk)
    asked = replace(ASKED, text="三号机房断电", caller="吴女士")
    with house.store.writing() as disk:
        one, other, third = (
            ticketing.requested(disk, asked, "hefei-1", "李工", house.settings, house.clock()) for _ in range(3)
        )
    house.sink.says = lambda to, _: "550 5.1.1 no such user" if "zhiban" in to else "250 kept"
    duties = Duties(house.settings, house.store, Metrics("t"), Progress({}, house.clock()), house.clock)
    refused = []

    async def sent(path: str, form: Mapping[str, str], on: str) -> None:
        house.clock.advance(seconds=20)
        answer = await zhu.post(path, {key: value for key, value in form.items() if value}, on=on)
        if answer.status_code != 303:
            refused.append(answer.text)

    for ticket in (broken, one):
        page = f"/tickets/{ticket.id}"
        await sent("/spares/S1/reserve", {"ticket": ticket.id, "quantity": "1"}, "/spares/S1")
        await sent("/spares/S1/release", {"ticket": ticket.id, "quantity": "1"}, "/spares/S1")
        await zhu.attach(f"{page}/attach", "报告.pdf", b"%PDF", on=page)
        for action in sorted(EVERY, key=lambda each: each.name in {"merge", "close"}):
            if action.name != "attach":
                await sent(f"{page}/{action.name}", filled(action, third if action.name == "merge" else other), page)
        await duties.tick()
        await duties.finished()
    used = {"ticket": other.id, "quantity": "1", "unit": "210235A1"}
    await sent("/spares/S1/use", used, "/spares/S1")
    await sent("/spares/S1/reserve", {"ticket": other.id, "quantity": "9"}, "/spares/S1")
    ends = (house.clock() + timedelta(hours=10)).strftime("%Y-%m-%dT%H:%M")
    await sent("/maintenance", {"site": "hefei-1", "ends": ends, "reason": "割接"}, "/maintenance")
    await sent("/assets/210235A1", {"delivered": "", "open_delivered": "yes", "remarks": "三"}, "/assets/210235A1")
    await sent("/assets/210235A1", {"delivered": "2030-01-01"}, "/assets/210235A1")
    house.clock.advance(hours=7)
    house.breakages["core-fan"].break_()
    await house.visit(CORE, times=2)
    for _ in range(2):
        await duties.tick()
        await duties.finished()
        house.clock.advance(minutes=40)
    return refused


async def test_no_page_has_english_words_for_a_reader_of_chinese(zhu: Browser, house: House) -> None:
    refused = await _lived(zhu, house)
    wrong: dict[str, list[str]] = {}
    waiting, seen = [*BEGIN], set[str]()
    while waiting:
        path = waiting.pop()
        if path not in seen and not path.startswith(("/attachments", "/runbooks")):
            seen.add(path)
            text = (await zhu.get(path)).text
            waiting += Text(text).links
            if found := english(text):
                wrong[path] = sorted(set(found))
    for number, text in enumerate(refused):
        if found := english(text):
            wrong[f"refusal {number}"] = sorted(set(found))
    assert not wrong, "\n".join(f"{path}: {each}" for path, found in wrong.items() for each in found)
    assert {path.split("/")[1] for path in seen} >= {"tickets", "assets", "spares", "maintenance", "accounts"}
    assert len([path for path in seen if path.startswith("/tickets/T")]) >= 5


def test_a_word_of_english_is_seen() -> None:
    assert english("<p>设备：型号 S5735-L48T4X-A1</p><input placeholder='search'><p>imported by li</p>") == [
        "search", "imported by li",
    ]  # fmt: skip
