"""Live fetch over real TLS: bounded, one host, and what did not change is not asked for again."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from own_certificate import identity, own_certificate

from collectors.feeds.fetch import Fetched, FetchError, fetched


@dataclass
class Maker:
    """A maker's web server; `pages` by path, an int being a status and a text a redirect."""

    pages: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.get("If-None-Match", "")))
        page = self.pages.get(request.path, 404)
        if isinstance(page, int):
            return web.Response(status=page)
        if isinstance(page, str):
            return web.Response(status=302, headers={"Location": page})
        tag = f'"{hash(page)}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        return web.Response(body=page, headers={"ETag": tag})


@asynccontextmanager
async def maker(certificate: Path) -> AsyncIterator[Maker]:
    own = Maker()
    runner = web.ServerRunner(web.Server(own))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=identity(certificate))
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # noqa: SLF001 - aiohttp tells no port
    own.address = f"https://127.0.0.1:{port}"
    own.pages = {
        "/meta.json": json.dumps({"distributions": [{"directory_url": f"{own.address}/csaf"}]}).encode(),
        "/csaf/changes.csv": b'"2026/b.json","2026-11-20T00:00:00Z"\n"2026/a.json","2026-11-18T00:00:00Z"\n',
        "/csaf/2026/a.json": b'{"a": 1}',
        "/csaf/2026/b.json": b'{"b": 1}',
    }
    yield own
    await runner.cleanup()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_certificate(tmp_path_factory.mktemp("certificate"))


async def got(own: Maker, authority: Path | None, memory: str = "{}", most: int = 10, size: int = 10_000) -> Fetched:
    patience = timedelta(seconds=5)
    return await fetched(
        f"{own.address}/meta.json", memory, most=most, size=size, patience=patience, authority=authority
    )


async def test_documents_come_once_and_again_only_when_they_changed(certificate: Path) -> None:
    async with maker(certificate) as own:
        first = await got(own, certificate, most=1)
        assert [each.raw for each in first.documents] == [b'{"b": 1}']  # the newest first
        second = await got(own, certificate, first.memory)
        assert [each.raw for each in second.documents] == [b'{"a": 1}']
        own.asked.clear()
        third = await got(own, certificate, second.memory)
        assert third.documents == ()
        assert [path for path, _ in own.asked] == ["/meta.json", "/csaf/changes.csv"]
        own.pages["/csaf/changes.csv"] = own.pages["/csaf/changes.csv"].replace(b"11-18", b"11-21")
        fourth = await got(own, certificate, third.memory)  # the list says so, and yet it is what it was
        assert fourth.documents == ()
        assert own.asked[-1][1]


async def test_feeds_of_entries_are_read_and_those_not_for_everybody_are_not(certificate: Path) -> None:
    async with maker(certificate) as own:
        feeds = [
            {"url": f"{own.address}/feed.json", "tlp_label": "WHITE"},
            {"url": f"{own.address}/red.json", "tlp_label": "RED"},
        ]
        own.pages["/meta.json"] = json.dumps({"distributions": [{"rolie": {"feeds": feeds}}]}).encode()
        entry = {"updated": "2026-11-20", "content": {"src": f"{own.address}/csaf/2026/a.json"}}
        own.pages["/feed.json"] = json.dumps({"feed": {"entry": [entry]}}).encode()
        assert [each.raw for each in (await got(own, certificate)).documents] == [b'{"a": 1}']
        assert "/red.json" not in [path for path, _ in own.asked]


@pytest.mark.parametrize(
    ("path", "page", "words"),
    [
        ("/meta.json", "http://127.0.0.1/meta.json", "leads away"),
        ("/meta.json", "https://localhost/meta.json", "leads away"),
        ("/meta.json", "/meta.json", "redirects"),
        ("/meta.json", 500, "answer 500"),
        ("/meta.json", b"no json", "no JSON"),
        ("/meta.json", b"[" * 9_000, "no JSON"),
        ("/meta.json", b" " * 20_000, "more than 10000 octets"),
        ("/meta.json", b"{}", "names no list"),
        ("/csaf/changes.csv", 404, "answer 404"),
    ],
)
async def test_a_provider_that_leads_astray_is_refused(certificate: Path, path: str, page: Any, words: str) -> None:
    async with maker(certificate) as own:
        own.pages[path] = page
        with pytest.raises(FetchError, match=words):
            await got(own, certificate)


@pytest.mark.parametrize(
    ("page", "words"), [(404, "answer 404"), (b"x" * 20_000, "more than"), ("https://evil.example/x", "leads away")]
)
async def test_one_bad_document_is_told_and_holds_up_no_other(certificate: Path, page: Any, words: str) -> None:
    async with maker(certificate) as own:
        own.pages["/csaf/2026/b.json"] = page
        found = await got(own, certificate)
        assert [each.raw for each in found.documents] == [b'{"a": 1}']
        ((name, reason),) = found.refused
        assert name.endswith("b.json")
        assert words in reason
        own.pages["/csaf/2026/b.json"] = b'{"b": 2}'
        assert [each.raw for each in (await got(own, certificate, found.memory)).documents] == [b'{"b": 2}']


async def test_a_document_elsewhere_is_not_fetched(certificate: Path) -> None:
    async with maker(certificate) as own:
        own.pages["/csaf/changes.csv"] = b'"https://evil.example/x.json","2026"\n"http://127.0.0.1/y.json","2026"\n'
        found = await got(own, certificate)
        assert found.documents == ()
        assert len(found.refused) == 2


async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    async with maker(certificate) as own:
        with pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
            await got(own, None)
        assert own.asked == []
