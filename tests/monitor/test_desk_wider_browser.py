"""The wider pages of the desk in a real browser, at telephone and desktop size and in both languages.

Skipped where Debian's `chromium` is not installed. With NETVIGIL_PICTURES=FOLDER each page leaves a picture there.
"""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from people_house import requested
from playwright.async_api import Browser, Page, async_playwright

from alerts.desk.assets import Asset
from alerts.desk.spares import Spare, Store
from alerts.desk.tickets import TicketState, state
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
    # The refused link alone, and nothing that the Content-Security-Policy had to refuse.
    assert ["409" in each for each in complaints] == [True]
