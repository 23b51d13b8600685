"""The daemon's window: most through ASGI, the server itself on a real port of loopback."""

import asyncio
import re
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from monitor.metrics import Metrics
from monitor.model import Component, Condition, Device, Identity, Observation, Role
from monitor.problem import AddressTakenError
from monitor.series import Series
from monitor.web.application import application
from monitor.web.serve import serve

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CORE = Device(
    name="hf-core-1", address="192.0.2.1", customer="bureau", site="hefei", role=Role.CORE, platform="huawei_vrp"
)
NEW = Device(name="肥东 sw&1", address="192.0.2.2", customer="bureau", site="feidong")


@dataclass
class Daemon:
    """What the window looks at, as a daemon after its first visit."""

    devices: Mapping[str, Device] = field(default_factory=lambda: {CORE.name: CORE, NEW.name: NEW})
    series: Series = field(default_factory=Series)
    metrics: Metrics = field(default_factory=lambda: Metrics("1.2.3"))
    standstill: str | None = None

    def own_metrics(self) -> bytes:
        return self.metrics.text()

    def trouble(self) -> str | None:
        return self.standstill


@pytest.fixture
def daemon() -> Daemon:
    daemon = Daemon()
    fans = [
        Observation(
            component=Component(kind="fan", label=f"1/FAN{number}"), aspect="state", condition=Condition.OK, at=NOON
        )
        for number in range(40)
    ]
    daemon.series.visited(CORE, Identity(platform="huawei_vrp"), fans, None, NOON)
    return daemon


@pytest.fixture
async def window(daemon: Daemon) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(daemon))
    async with httpx.AsyncClient(transport=transport, base_url="http://netvigil") as client:
        yield client


async def test_metrics_are_the_daemons_own_and_those_of_all_devices(window: httpx.AsyncClient) -> None:
    answer = await window.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "netvigil_build_info{" in answer.text
    assert 'netvigil_up{target="hf-core-1"' in answer.text


async def test_daemons_own_metrics_come_alone(window: httpx.AsyncClient) -> None:
    answer = await window.get("/metrics/daemon")
    assert "netvigil_build_info{" in answer.text
    assert "netvigil_up{" not in answer.text


async def test_probe_tells_of_one_device(window: httpx.AsyncClient) -> None:
    answer = await window.get("/probe", params={"target": "hf-core-1"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text.startswith("# HELP netvigil_up ")
    assert "netvigil_build_info" not in answer.text


async def test_probe_of_a_device_that_was_not_visited_yet_claims_nothing(window: httpx.AsyncClient) -> None:
    answer = await window.get("/probe", params={"target": NEW.name})
    assert (answer.status_code, answer.text) == (200, "# not visited yet\n")


async def test_probe_without_target_says_what_is_missing(window: httpx.AsyncClient) -> None:
    answer = await window.get("/probe")
    assert (answer.status_code, answer.text) == (
        400,
        "Say which device: /probe?target=NAME, a name of the inventory.\n",
    )


@pytest.mark.parametrize("name", ["192.0.2.1", "nobody", "<script>", "HF-CORE-1"])
async def test_probe_knows_the_names_of_the_inventory_only(window: httpx.AsyncClient, name: str) -> None:
    answer = await window.get("/probe", params={"target": name})
    assert (answer.status_code, answer.text) == (
        404,
        "No device of that name is in the inventory; /sd lists them all.\n",
    )


async def test_device_that_left_the_inventory_is_not_probed(daemon: Daemon, window: httpx.AsyncClient) -> None:
    daemon.devices = {NEW.name: NEW}
    assert (await window.get("/probe", params={"target": CORE.name})).status_code == 404


async def test_discovery_lists_every_device_with_its_labels(window: httpx.AsyncClient) -> None:
    answer = await window.get("/sd")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == [
        {
            "targets": ["hf-core-1"],
            "labels": {"customer": "bureau", "site": "hefei", "role": "core", "platform": "huawei_vrp"},
        },
        {
            "targets": ["肥东 sw&1"],
            "labels": {"customer": "bureau", "site": "feidong", "role": "other", "platform": "auto"},
        },
    ]


async def test_health_is_progress_and_its_lack_is_explained(daemon: Daemon, window: httpx.AsyncClient) -> None:
    answer = await window.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    daemon.standstill = "visits: nothing done for 400 s"
    answer = await window.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "visits: nothing done for 400 s\n")


@pytest.mark.parametrize("path", ["/metrics", "/metrics/daemon", "/probe", "/sd", "/healthz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_nothing_but_reading_is_allowed(window: httpx.AsyncClient, path: str, method: str) -> None:
    assert (await window.request(method, path)).status_code == 405


@pytest.mark.parametrize("path", ["/metrics", "/probe?target=hf-core-1", "/sd", "/healthz", "/nowhere"])
async def test_every_answer_tells_browsers_to_make_nothing_of_it(window: httpx.AsyncClient, path: str) -> None:
    headers = (await window.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"


async def test_one_device_and_all_devices_are_packed_for_those_who_ask(window: httpx.AsyncClient) -> None:
    asks = {"Accept-Encoding": "gzip"}
    one = await window.get("/probe?target=hf-core-1", headers=asks)
    assert one.headers["content-encoding"] == "gzip"
    assert one.text.count("netvigil_condition{") == 40
    everything = await window.get("/metrics", headers=asks)
    assert everything.headers["content-encoding"] == "gzip"
    for path, told in (("/probe?target=hf-core-1", one), ("/metrics", everything)):
        plain = await window.get(path, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert "accept-encoding" in plain.headers["vary"].lower()
        assert plain.text.count("netvigil_condition{") == told.text.count("netvigil_condition{") > 0


@asynccontextmanager
async def served(app: Starlette, host: str = "127.0.0.1") -> AsyncIterator[tuple[str, asyncio.Task[None]]]:
    opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(app, host, 0, opened=opened.set_result))
    try:
        yield await asyncio.wait_for(opened, 10), task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_server_answers_on_a_real_port_until_it_is_cancelled(daemon: Daemon) -> None:
    async with served(application(daemon)) as (url, task), httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/metrics")
        assert "netvigil_up{" in answer.text
        assert "server" not in answer.headers
    assert task.cancelled()
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/metrics")


async def test_answer_under_way_is_finished_before_the_server_stops() -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Request) -> PlainTextResponse:
        asked.set()
        await go_on.wait()
        return PlainTextResponse("whole")

    async with served(Starlette(routes=[Route("/", slow)])) as (url, task), httpx.AsyncClient() as client:
        answer = asyncio.create_task(client.get(url))
        await asked.wait()
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        assert (await answer).text == "whole"


async def test_idle_connection_is_closed_when_the_server_stops(daemon: Daemon) -> None:
    async with served(application(daemon)) as (url, task):
        port = int(url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: netvigil\r\n\r\n")
        assert await reader.readuntil(b"ok\n")
        task.cancel()
        await asyncio.wait({task})
        assert await asyncio.wait_for(reader.read(), 2) == b""  # uvicorn alone would close it after 5 s
        writer.close()
        await writer.wait_closed()


async def test_signals_stay_with_the_daemon(daemon: Daemon) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    async with served(application(daemon)) as (url, _), httpx.AsyncClient() as client:
        assert (await client.get(f"{url}/healthz")).status_code == 200
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


async def test_port_that_is_taken_is_said_in_words(daemon: Daemon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressTakenError, match=f"cannot listen on 127.0.0.1 port {port}: Address already in use"):
            await serve(application(daemon), "127.0.0.1", port)


async def test_address_of_ipv6_is_written_with_brackets(daemon: Daemon) -> None:
    async with served(application(daemon), "::1") as (url, _), httpx.AsyncClient() as client:
        assert url.startswith("http://[::1]:")
        assert (await client.get(f"{url}/healthz")).text == "ok\n"


async def test_runbook_is_served_with_a_place_for_every_section(window: httpx.AsyncClient) -> None:
    answer = await window.get("/runbooks/zh_CN/psu")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="zh-CN">' in answer.text
    assert '<h2 id="redundancy">' in answer.text
    assert 'href="site#power"' in answer.text
    assert "<code" in answer.text
    assert "&lt;fault&gt;" in (await window.get("/runbooks/en/flapping")).text


async def test_list_of_runbooks_is_in_the_language_of_the_reader_and_leads_to_every_page(
    window: httpx.AsyncClient,
) -> None:
    for language, where in (("zh-CN,zh;q=0.9", "/runbooks/zh_CN/index"), ("de", "/runbooks/en/index")):
        answer = await window.get("/runbooks/", headers={"accept-language": language})
        assert (answer.status_code, answer.headers["location"]) == (307, where)
        pages = re.findall(r'href="(\w+)"', (await window.get(where)).text)
        assert len(pages) > 30
        for page in pages:
            assert (await window.get(f"{where.removesuffix('index')}{page}")).status_code == 200


@pytest.mark.parametrize(
    "path", ["en/nothing", "fr/psu", "en/..%2f..%2fpolicy", "..%2f..%2fx/psu", "en/PSU", "en/psu.md"]
)
async def test_runbooks_lead_nowhere_else(window: httpx.AsyncClient, path: str) -> None:
    assert (await window.get(f"/runbooks/{path}")).status_code == 404
