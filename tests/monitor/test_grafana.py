"""The dashboard, against a real Prometheus that discovers and scrapes a real window with the configuration we ship."""

import asyncio
import json
import re
import shutil
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from collectors.snmp.reader import Silence
from monitor.metrics import Metrics
from monitor.model import (
    Component,
    Condition,
    Device,
    Fault,
    FaultKey,
    FaultState,
    Identity,
    Level,
    Observation,
    Role,
)
from monitor.series import Series
from monitor.web.application import application
from monitor.web.serve import serve

CONFIGS = Path(__file__).parents[2] / "configs"
DASHBOARD = json.loads((CONFIGS / "grafana" / "netvigil.json").read_text(encoding="utf-8"))
in_one_loop = pytest.mark.asyncio(loop_scope="module")  # Prometheus is started once
VARIABLES = {"$customer": ".*", "$site": ".*", "$target": ".*", "$__rate_interval": "10s"}


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression of the dashboard, with the title of its panel."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


@dataclass
class Daemon:
    """A small fleet: one device that suffers, one that is silent; a visit every half second while it runs."""

    series: Series = field(default_factory=Series)
    metrics: Metrics = field(default_factory=lambda: Metrics("1.2.3"))

    @property
    def devices(self) -> Mapping[str, Device]:
        return {name: _device(name) for name in ("hf-core-1", "hf-access-1")}

    def own_metrics(self) -> bytes:
        return self.metrics.text()

    def trouble(self) -> str | None:
        return None

    async def live(self) -> None:
        now = datetime.now(UTC)
        self.metrics.loaded(self.devices, now)
        self.metrics.counted(faults={Level.MAJOR: 1}, tickets={Level.MAJOR: 1})
        self.metrics.outbox_counted({"queued": 1, "accepted": 3}, {"queued": now})
        self.series.visited(_device("hf-access-1"), Identity(), [], None, now)
        while True:
            now = datetime.now(UTC)
            self.series.visited(_device("hf-core-1"), Identity(model="S7706"), _told(now), None, now)
            self.series.visited(_device("hf-access-1"), Identity(), [], Silence.TIMEOUT, now)
            self.metrics.visited(None, took=timedelta(seconds=0.2), late=timedelta(seconds=0.1))
            self.metrics.committed(timedelta(milliseconds=3))
            self.metrics.posted("mail", "accepted")
            self.metrics.accepted(timedelta(seconds=0.4))
            self.metrics.notified(timedelta(seconds=3), told=True)
            self.metrics.responded(Level.MAJOR, timedelta(minutes=4))
            self.metrics.confirmed(_opened(now))
            await asyncio.sleep(0.5)


def _device(name: str) -> Device:
    return Device(name=name, address="192.0.2.1", customer="example bureau", site="hefei", role=Role.CORE)


def _opened(now: datetime) -> Fault:
    seen = _told(now)[0]
    return Fault(
        key=FaultKey(device="hf-core-1", kind="fan", label="1", aspect="state"),
        component=seen.component,
        condition=Condition.FAILED,
        level=Level.MAJOR,
        reasons=(),
        evidence=seen,
        state=FaultState.OPEN,
        first_seen=now,
        last_seen=now,
        changed_at=now,
        opened_at=now + timedelta(seconds=2),
    )


def _told(now: datetime) -> list[Observation]:
    return [
        Observation(
            component=Component(kind=kind, label="1"),
            aspect=aspect,
            condition=condition,
            value=value,
            unit=unit,
            at=now,
        )
        for kind, aspect, condition, value, unit in [
            ("fan", "state", Condition.FAILED, None, ""),
            ("temperature", "temperature", Condition.OK, 41.0, "celsius"),
            ("cpu", "usage", Condition.DEGRADED, 0.97, "ratio"),
            ("optic", "rx_power", Condition.OK, -7.5, "dbm"),
            ("optic", "tx_power", Condition.OK, -3.1, "dbm"),
        ]
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prometheus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A Prometheus with the configuration we ship, but in a hurry: it scrapes every second."""
    if not shutil.which("prometheus"):
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    folder, daemon = tmp_path_factory.mktemp("prometheus"), Daemon()
    opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    tasks = [
        asyncio.create_task(serve(application(daemon), "127.0.0.1", 0, opened=opened.set_result)),
        asyncio.create_task(daemon.live()),
    ]
    _configure(folder, (await opened).removeprefix("http://"))
    try:
        async with running(folder) as address, httpx.AsyncClient(base_url=address) as client:
            await ready(client)
            yield client
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _configure(folder: Path, window: str) -> None:
    shipped = (CONFIGS / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    hurried = re.sub(r"_interval: \d+s", "_interval: 1s", shipped).replace("127.0.0.1:9510", window)
    (folder / "prometheus.yml").write_text(hurried, encoding="utf-8")
    shutil.copy(CONFIGS / "prometheus" / "netvigil.rules.yml", folder)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={address}",
            stderr=log,
        )
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        await process.wait()


async def ready(client: httpx.AsyncClient) -> None:
    """Returns when Prometheus answers queries; until then it refuses connections, and then says 503."""
    for _ in range(300):
        with suppress(httpx.ConnectError):
            if (await client.get("/-/ready")).is_success:
                return
        await asyncio.sleep(0.1)
    pytest.fail("Prometheus was not ready within 30 s")


def filled(expression: str) -> str:
    """An expression with the dashboard's variables filled in."""
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


async def result(client: httpx.AsyncClient, expression: str) -> list[dict[str, Any]]:
    """What Prometheus finds for an expression now; AssertionError where it does not understand it."""
    answer = (await client.get("/api/v1/query", params={"query": filled(expression)})).json()
    assert answer["status"] == "success", f"{expression}: {answer}"
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


async def unanswered(client: httpx.AsyncClient, wanted: list[tuple[str, str]], seconds: int) -> list[tuple[str, str]]:
    """Those of `wanted` that find nothing within so many seconds."""
    left = wanted
    for _ in range(seconds):
        left = [(title, wish) for title, wish in left if not await result(client, wish)]
        if not left:
            break
        await asyncio.sleep(1)
    return left


@in_one_loop
async def test_every_expression_finds_series_where_prometheus_scraped_as_configured(
    prometheus: httpx.AsyncClient,
) -> None:
    wanted = list(expressions())
    assert len(wanted) > 20
    assert await unanswered(prometheus, wanted, 60) == []

    up = await result(prometheus, "up")
    assert {(t["metric"]["job"], t["metric"]["instance"]) for t in up if t["value"][1] == "1"} >= {
        ("netvigil_devices", "hf-core-1"),
        ("netvigil_devices", "hf-access-1"),
    }
    assert {t["value"][1] for t in up} == {"1"}
    (core,) = await result(prometheus, 'netvigil_up{target="hf-core-1"}')
    assert core["metric"] == {
        "__name__": "netvigil_up",
        "customer": "example bureau",
        "instance": "hf-core-1",
        "job": "netvigil_devices",
        "platform": "auto",
        "role": "core",
        "site": "hefei",
        "target": "hf-core-1",
    }
    (silent,) = [await result(prometheus, wish) for title, wish in wanted if title == "Silent devices"]
    assert [(row["metric"]["target"], row["metric"]["reason"]) for row in silent] == [("hf-access-1", "timeout")]
    (bad,) = [await result(prometheus, wish) for title, wish in wanted if title == "Parts that are degraded or failed"]
    assert {(row["metric"]["kind"], row["value"][1]) for row in bad} == {("fan", "2"), ("cpu", "1")}


@in_one_loop
async def test_rules_run_on_what_was_scraped(prometheus: httpx.AsyncClient) -> None:
    suffering = ["NetvigilDeviceSilent", "NetvigilPartFailed", "NetvigilPartDegraded"]
    assert await unanswered(prometheus, [("", f'ALERTS{{alertname="{name}"}}') for name in suffering], 60) == []
    groups = (await prometheus.get("/api/v1/rules")).json()["data"]["groups"]
    assert {rule["lastError"] for group in groups for rule in group["rules"] if "lastError" in rule} == set()


@in_one_loop
async def test_choices_of_the_dashboard_find_values(prometheus: httpx.AsyncClient) -> None:
    assert await unanswered(prometheus, [("", "netvigil_up == 0")], 60) == []
    found = {}
    for variable in DASHBOARD["templating"]["list"][1:]:
        match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        assert match is not None
        answer = await prometheus.get(f"/api/v1/label/{match[2]}/values", params={"match[]": filled(match[1])})
        found[variable["name"]] = answer.json()["data"]
    assert found == {"customer": ["example bureau"], "site": ["hefei"], "target": ["hf-access-1", "hf-core-1"]}


def test_panels_have_ids_of_their_own_and_lie_side_by_side() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    squares = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < 24


def test_every_panel_asks_the_data_source_that_was_chosen() -> None:
    for panel in DASHBOARD["panels"]:
        for asked in [panel, *panel.get("targets", [])]:
            if asked.get("type") != "row":
                assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
