"""The desk's pages on a real port of loopback, and a browser of a few lines that keeps cookies and fills in forms."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape

import httpx

from house import House
from monitor import accounts
from monitor.config import Settings
from monitor.model import Language
from monitor.settings import Web
from monitor.store import accounts as kept
from monitor.store.accounts import AccountRole
from monitor.store.database import Store
from monitor.web.desk.application import desk_application
from monitor.web.desk.linking import Acknowledging
from monitor.web.serve import serve

PASSWORD = "correct horse battery"
_TOKEN = re.compile(r'name="token" value="([^"]*)"')


@dataclass
class Desk:
    """What the pages look at."""

    settings: Settings
    store: Store
    clock: Callable[[], datetime]
    standstill: str | None = None

    def trouble(self, language: Language = Language.EN) -> str | None:
        """Why the daemon does not get on; in the words of the test, whatever the language."""
        del language
        return self.standstill


@dataclass
class Browser:
    """One browser: it says where a form came from, as browsers do."""

    client: httpx.AsyncClient

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return await self.client.get(path, headers={"Sec-Fetch-Site": "same-origin", **headers})

    async def token(self, path: str) -> str:
        """What the forms of a page carry."""
        found = _TOKEN.search((await self.get(path)).text)
        return unescape(found[1]) if found else ""

    async def post(
        self, path: str, form: Mapping[str, str], *, on: str = "", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a form of the page `on` (with its token)."""
        token = {"token": await self.token(on)} if on else {}
        told = {"Sec-Fetch-Site": "same-origin"} if headers is None else dict(headers)
        return await self.client.post(path, data={**token, **form}, headers=told)

    async def attach(self, path: str, name: str, body: bytes, *, on: str) -> httpx.Response:
        """Send a form with a file."""
        return await self.client.post(
            path, data={"token": await self.token(on)}, files={"file": (name, body, "application/pdf")},
            headers={"Sec-Fetch-Site": "same-origin"},
        )  # fmt: skip

    async def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Log in; what the login answers."""
        return await self.post("/login", {"name": name, "password": password}, on="/login")


@asynccontextmanager
async def desk_served(
    house: House, web: Web | None = None, links: Acknowledging | None = None
) -> AsyncIterator[tuple[str, Desk]]:
    """The pages, and their address; li (engineer), wu (viewer) and zhu (administrator) have the password above."""
    desk = Desk(replace(house.settings, web=web or Web(host="127.0.0.1")), house.store, house.clock)
    with house.store.writing() as disk:
        for name, person, role in (
            ("li", "李工", AccountRole.ENGINEER), ("wu", "", AccountRole.VIEWER), ("zhu", "主管", AccountRole.ADMIN),
        ):  # fmt: skip
            accounts.made(disk, name, person, role, None, house.clock())
            kept.password_set(disk, name, accounts.hashed(PASSWORD), must_change=False)
    opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(desk_application(desk, links), "127.0.0.1", 0, opened=opened.set_result))
    try:
        yield await opened, desk
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@asynccontextmanager
async def browsing(url: str, language: str = "en") -> AsyncIterator[Browser]:
    """A browser of its own."""
    async with httpx.AsyncClient(base_url=url, headers={"Accept-Language": language}, timeout=30) as client:
        yield Browser(client)
