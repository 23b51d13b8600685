"""The wider pages of the desk in a real browser, at telephone and desktop size and in both languages.

Skipped where Debian's `chromium` is not installed. With NETVIGIL_PICTURES=FOLDER each page leaves a picture there.
"""

import os
import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from people_house import requested
from playwright.async_api import Browser, Page, async_playwright

from alerts.desk.assets import Asset
from alerts.desk.spares import Spare, Store
from alerts.desk.tickets import TicketState, state
from alerts.desk.warranty import NOT_YET
from desk_browser import PASSWORD, desk_served
from house import House
from monitor import stockroom
from monitor.store import assets, maintenance, spares, tickets
from monitor.store.accounts import found
from monitor.store.assets import What

CHROMIUM = shutil.which("chromium")
SMALLEST = 44  # pixels: a finger (WCAG 2.2, 2.5.5)
_SMALL = """smallest => [...document.querySelectorAll('button, summary, select, input:not([type=hidden]), nav a')]
    .filter(each => each.offsetParent && each.getBoundingClientRect().height < smallest)
    .map(each => each.tagName + ' ' + each.textContent.trim())"""
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_PICTURES = os.environ.get("NETVIGIL_PICTURES", "")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def looked_at(page: Page, name: str) -> None:
    """Nothing is wider than the screen, and all that is tapped is large enough for a finger."""
    if _PICTURES:
        await page.screenshot(path=str(Path(_PICTURES) / f"{name}.png"), full_page=True)
    assert await page.evaluate(_TOO_WIDE) <= 0, page.url
    assert await page.evaluate(_SMALL, SMALLEST) == [], page.url


async def fill(page: Page, verb: str, **typed: str) -> None:
    form = page.locator(f'details:has(form[action$="/{verb}"])')
    await form.locator("summary").click()
    for name, value in typed.items():
        field = form.locator(f"[name={name}]")
        if await field.evaluate("each => each.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    await form.locator("button").click()
    await page.wait_for_load_state()


def stocked(house: House) -> None:
    with house.store.writing() as disk:
        for number in range(3):
            unit = Asset(
                serial=f"210235A1ZZH{number}", model="S5735-L48T4X-A1", maker="huawei", part_number="02353",
                site="hefei-1", device="hf-core-01", project="皖教2024-017", remarks="机柜 A03，" + "x" * 80,
            )  # fmt: skip
            assets.saved(disk, None, unit, What.IMPORTED, "li", house.clock(), "sheet:2")
        spares.store_saved(disk, Store(name="hefei", title="合肥备件库", site="hefei-1", city="合肥"))
        one = Spare(id=0, part_number="PAC600S12-CB", description="600W AC", kind="psu", models=("S5735*", "S6730*"))
        stockroom.added(disk, one, "hefei", 2, "li", house.clock())


@pytest.mark.parametrize(
    ("language", "width", "height"),
    [("zh-CN", 360, 780), ("en-GB", 1366, 800)],
)
async def test_wider_pages_are_walked_in_a_browser(  # noqa: PLR0915 - one walk, step by step
    house: House, chromium: Browser, tmp_path: Path, language: str, width: int, height: int
) -> None:
    complaints: list[str] = []
    one, other = requested(house), requested(house)
    stocked(house)
    size = f"{language}-{width}"
    async with desk_served(house) as (url, _):
        context = await chromium.new_context(viewport={"width": width, "height": height}, locale=language)
        page = await context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        await page.goto(f"{url}/login")
        await page.fill("input[name=name]", "zhu")
        await page.fill("input[name=password]", PASSWORD)
        await page.click("main button")
        await page.wait_for_url(f"{url}/")
        await looked_at(page, f"wall-{size}")
        await page.goto(f"{url}/tickets/{one.id}")
        (tmp_path / "报告.pdf").write_bytes(b"%PDF-1.7")
        form = page.locator('details:has(form[action$="/attach"])')
        await form.locator("summary").click()
        await form.locator("[name=file]").set_input_files(tmp_path / "报告.pdf")
        await form.locator("button").click()
        await page.wait_for_load_state()
        await fill(page, "comment", text="wrnog")
        await fill(page, "correct", seq="3", reason="typo", key="text", value="wrong")
        await fill(page, "link", ticket=other.id)
        await fill(page, "watch", watcher="bo")
        await fill(page, "link", ticket="T1")
        await looked_at(page, f"refused-{size}")
        await page.goto(f"{url}/tickets/{one.id}")
        await looked_at(page, f"ticket-{size}")
        await fill(page, "split", text="另一件事", caller="王女士")
        await page.goto(f"{url}/tickets/{one.id}")
        await fill(page, "merge", ticket=other.id)
        for name in ("assets", "assets/210235A1ZZH0", "spares"):
            await page.goto(f"{url}/{name}")
            await looked_at(page, f"{name.replace('/', '-')}-{size}")
        await page.goto(f"{url}/assets/210235A1ZZH0")
        await page.click("details summary")
        await page.fill("[name=final_acceptance]", "2025-03-01")
        await page.fill("[name=delivered]", "2025-04-01")
        await page.click("details form button")
        await page.wait_for_load_state()
        await looked_at(page, f"unit-refused-{size}")
        await page.fill("[name=delivered]", "2025-02-01")
        await page.check("[name=open_first_acceptance]")
        await page.click("details form button")
        await page.wait_for_load_state()
        await looked_at(page, f"unit-changed-{size}")
        await page.goto(f"{url}/spares")
        await fill(page, "store", name="huangshan", title="黄山备件库", city="黄山")
        await fill(page, "add", store="hefei", part_number="FAN-031A", quantity="3", kind="fan", models="S6730*")
        await page.locator(
            'summary:has-text("%s")' % ("入库" if language == "zh-CN" else "Pieces come in")
        ).first.click()
        await looked_at(page, f"spares-form-{size}")
        await page.goto(f"{url}/spares/S2")
        await fill(page, "reserve", ticket=other.id, quantity="9")
        await looked_at(page, f"spare-refused-{size}")
        await page.fill('details[open] [name="quantity"]', "1")
        await page.click("details[open] button")
        await page.wait_for_load_state()
        await fill(page, "use", ticket=other.id, unit="210235A1ZZH1")
        await fill(page, "count", store="hefei", found="5", why="盘点")
        await fill(page, "move", store="hefei", to="huangshan", quantity="2")
        await fill(page, "minimum", least="8")
        await looked_at(page, f"spare-{size}")
        await page.goto(f"{url}/maintenance")
        await page.fill("[name=device]", "hf-core-*")
        await page.fill("[name=ends]", "2026-12-01T08:00")
        await page.fill("[name=reason]", "更换电源")
        await page.click("form.long button")
        await page.wait_for_url("**/maintenance#M1")
        await looked_at(page, f"maintenance-{size}")
        await page.click("#M1 button")
        await page.goto(f"{url}/accounts")
        await page.fill("[name=name]", "sun")
        await page.click("form.long button")
        await page.wait_for_load_state()
        assert await page.locator("code").count() == 1
        await looked_at(page, f"accounts-{size}")
        await page.click('form[action="/accounts/sun/disable"] button')
        await page.wait_for_load_state()
        await context.close()
    with house.store.reading() as disk:
        assert state(tickets.found(disk, one.id)) is TicketState.MERGED
        assert found(disk, "sun").disabled
        assert maintenance.since(disk, house.clock())[:1] == ()
        unit = assets.one(disk, "210235A1ZZH0")
        assert (unit.final_acceptance, unit.first_acceptance) == (date(2025, 3, 1), NOT_YET)
        told = {(place.store, place.state.value): count for place, count in spares.stock(disk)[2].items()}
        assert told == {("hefei", "in_stock"): 3, ("huangshan", "in_stock"): 2, ("", "used"): 1}
        assert spares.minimums(disk) == {"FAN-031A": 8}
    # What was refused alone (link, dates, pieces), and nothing that the Content-Security-Policy had to refuse.
    assert ["409" in each for each in complaints] == [True] * 3
