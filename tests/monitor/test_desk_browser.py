"""The desk's pages in a real browser: a ticket's whole way at telephone and desktop size, in both languages.

Skipped where Debian's `chromium` is not installed.
"""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright

from alerts.desk import tickets as desk_tickets
from alerts.desk.tickets import TicketState
from desk_browser import PASSWORD, desk_served
from house import House
from monitor.store import tickets

CHROMIUM = shutil.which("chromium")
SMALLEST = 44  # pixels: a finger (WCAG 2.2, 2.5.5)
_SMALL = """smallest => [...document.querySelectorAll('button, summary, select, input:not([type=hidden]), nav a')]
    .filter(each => each.offsetParent && each.getBoundingClientRect().height < smallest)
    .map(each => each.tagName + ' ' + each.textContent.trim())"""
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def fits(page: Page) -> None:
    """Nothing is wider than the screen, and all that is tapped is large enough for a finger."""
    assert await page.evaluate(_TOO_WIDE) <= 0, page.url
    assert await page.evaluate(_SMALL, SMALLEST) == [], page.url


async def tap(page: Page, verb: str) -> None:
    await page.locator(f'.steps form[action$="/{verb}"] button').click()
    await page.wait_for_load_state()


async def fill(page: Page, verb: str, chosen: dict[str, str], typed: dict[str, str]) -> None:
    form = page.locator(f'details:has(form[action$="/{verb}"])')
    await form.locator("summary").click()
    for name, value in chosen.items():
        await form.locator(f"[name={name}]").select_option(value)
    for name, value in typed.items():
        await form.locator(f"[name={name}]").fill(value)
    await fits(page)
    await form.locator("button").click()
    await page.wait_for_load_state()


@pytest.mark.parametrize(
    ("language", "width", "height", "word"), [("zh-CN", 360, 780, "已关闭"), ("en-GB", 1366, 800, "closed")]
)
async def test_ticket_goes_its_whole_way_in_a_browser(
    house: House, chromium: Browser, language: str, width: int, height: int, word: str
) -> None:
    complaints: list[str] = []
    async with desk_served(house) as (url, _):
        context = await chromium.new_context(viewport={"width": width, "height": height}, locale=language)
        page = await context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        await page.goto(url)
        await fits(page)
        await page.fill("input[name=name]", "li")
        await page.fill("input[name=password]", PASSWORD)
        await page.click("main button")
        await page.wait_for_url(f"{url}/")
        await fits(page)
        await page.goto(f"{url}/new")
        await page.select_option("select[name=site]", "hefei-1")
        await page.fill("input[name=caller]", "王女士")
        await page.fill("textarea[name=text]", "三楼机房交换机指示灯不亮 " + "x" * 300)
        await fits(page)
        await page.click("main button")
        await page.wait_for_url("**/tickets/T*")
        await fits(page)
        await tap(page, "respond")
        await fill(page, "dispatch", {"on_site": "needed"}, {"owner": "张工"})
        for verb in ("accept", "depart", "arrive", "restore"):
            await tap(page, verb)
        await fill(page, "call-back", {"solved": "yes", "satisfaction": "5"}, {})
        await fill(page, "close", {}, {})
        assert word in await page.inner_text(".state")
        await page.goto(f"{url}/tickets?show=all")
        await fits(page)
        number = (await page.inner_text(".ticket .small")).split(" ")[0]
        await context.close()
    with house.store.reading() as disk:
        assert desk_tickets.state(tickets.found(disk, number)) is TicketState.CLOSED
    assert complaints == []  # nothing that the Content-Security-Policy had to refuse
