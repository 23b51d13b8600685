"""A switch that is asked over SSH alone, and shouts: a session of its own tells what came of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_line import shell

from collectors.simulate.ssh import Shell, serving
from collectors.snmp.engine import EngineReader
from house import until
from monitor import watch as watching
from monitor.config import loaded
from monitor.metrics import Metrics
from monitor.moment import now
from monitor.pipeline import Means, visit
from monitor.progress import Progress
from monitor.store import faults
from monitor.store.database import Store
from monitor.watch import Watch

NETVIGIL = """
[daemon]
state = "state"
listen = "127.0.0.1:0"
demo = true
[visits]
first_spread = "0s"
"""
INVENTORY = """
[logins.ops]
user = "netvigil"
password = {{ env = "PASSWORD" }}
[[customer]]
name = "cdc"
[[site]]
name = "hefei-1"
customer = "cdc"
region = "hefei"
[[device]]
name = "acc-1"
address = "127.0.0.1"
site = "hefei-1"
role = "access"
platform = "huawei_vrp"
ssh = "ops"
ssh_port = {port}
"""
FAN = "display fan"


@dataclass
class Cupboard:
    """A switch in good health, and a daemon's watch over it."""

    box: Shell
    means: Means
    watch: Watch
    hints: list[str]

    def fails(self) -> None:
        """Its first fan stops."""
        said = self.box.outputs[FAN].replace(b"Normal    45%", b"Abnormal  0% ", 1)
        self.box.outputs = {**self.box.outputs, FAN: said}

    async def open(self) -> set[str]:
        """The parts of which faults are open after a visit more."""
        await visit(self.means.settings.inventory.devices["acc-1"], self.means)
        with self.means.store.reading() as disk:
            return {each.key.label for each in faults.open_faults(disk) if each.key.kind == "fan"}


@pytest.fixture
async def cupboard(tmp_path: Path) -> AsyncIterator[Cupboard]:
    box = shell("vrp")
    box.outputs = {**box.outputs, FAN: box.outputs[FAN].replace(b"Abnormal  0% ", b"Normal    45%")}
    async with serving(box) as port:
        (tmp_path / "netvigil.toml").write_text(NETVIGIL)
        (tmp_path / "inventory.toml").write_text(INVENTORY.format(port=port))
        settings = loaded(tmp_path, {"PASSWORD": "secret"})
        reader = EngineReader()
        with Store(settings.daemon.state) as store:
            means = Means(settings=settings, reader=reader, store=store, clock=now)
            hints: list[str] = []
            watch = Watch(means, Metrics("test"), Progress({}, now()), hints.append)
            watch.load(means)
            watch.start()
            await until(lambda: hints == ["acc-1"])
            yield Cupboard(box, means, watch, hints)
            await watch.stop(5)
        await reader.close()
    assert box.open == 0


async def test_a_fan_that_fails_is_seen_within_five_seconds_when_the_switch_shouts(cupboard: Cupboard) -> None:
    assert await cupboard.open() == set()
    cupboard.fails()
    cupboard.hints.clear()
    began = time.monotonic()
    cupboard.watch.hint("acc-1")
    await until(lambda: cupboard.hints == ["acc-1"], 10)
    await cupboard.open()
    assert await cupboard.open() == {"Fan 0/1"}
    assert time.monotonic() - began < 5


async def test_a_switch_that_shouts_on_and_on_is_looked_at_now_and_then(
    cupboard: Cupboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "SHOUTED_EVERY", 2.0)
    cupboard.box.asked.clear()
    for _ in range(40):
        cupboard.watch.hint("acc-1")
        await asyncio.sleep(0.1)
    assert 2 <= cupboard.box.asked.count(FAN) <= 3
    await asyncio.sleep(2.5)  # what was shouted last was looked at, too
    assert 3 <= cupboard.box.asked.count(FAN) <= 4
