"""Whether a device is there: what counts as down, over real sockets and over a line that loses 30 %."""

import asyncio
import json
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from free_ports import free_port

from collectors.echoes import Echoes
from collectors.reach import DOUBTFUL, TRIES, WINDOW, Reach, Record, There, Way

ROOT = Path(__file__).parents[2]
PINGING = ROOT / "tests" / "support" / "pinging.py"


def checked(record: Record, *, arrives: Callable[[], bool]) -> None:
    """One check: tries until one has an answer, or no more are made."""
    while not arrives():
        if not record.lost():
            return
    record.answered(0.001)


def test_thirty_per_cent_of_loss_is_not_down_and_is_told() -> None:
    line, record, downs = random.Random(7), Record(), 0  # noqa: S311 - a line that loses, no secret
    for _ in range(200_000):
        checked(record, arrives=lambda: line.random() >= 0.3)
        downs += record.there is There.DOWN
    assert downs == 0
    assert record.loss is not None
    assert 0.1 < record.loss < 0.5


def test_so_many_tries_that_thirty_per_cent_of_loss_is_down_once_in_a_million_checks_at_most() -> None:
    assert 0.3**TRIES < 1e-6 <= 0.3 ** (TRIES - 1)


def test_a_device_is_down_after_so_many_tries_and_up_at_its_first_answer() -> None:
    record = Record()
    record.answered(0.002)
    assert [record.lost() for _ in range(TRIES)] == [True] * (TRIES - 1) + [False]
    assert (record.there, record.seconds) == (There.DOWN, None)
    record.answered(0.003)
    assert (record.there, record.seconds) == (There.UP, 0.003)


def test_a_device_that_loses_a_few_tries_in_a_row_is_in_doubt_until_it_answers() -> None:
    record = Record()
    record.answered(0.002)
    for lost in range(1, DOUBTFUL + 1):
        record.lost()
        assert record.doubted is (lost == DOUBTFUL)
    record.answered(0.002)
    assert not record.doubted


def test_only_the_first_try_of_a_check_counts_as_loss() -> None:
    record = Record()
    record.answered(0.001)
    for _ in range(5):
        record.lost()
    record.answered(0.001)
    assert record.loss == 0.5


def test_loss_is_that_of_the_last_ten_minutes() -> None:
    record = Record()
    for _ in range(WINDOW):
        record.lost()
        record.answered(0.001)
    assert record.loss == 1
    for _ in range(WINDOW // 2):
        record.answered(0.001)
    assert record.loss == 0.5


def test_trouble_of_ours_is_unknown_and_no_loss() -> None:
    record = Record()
    record.answered(0.001)
    record.unasked("no_route")
    assert (record.there, record.reason, record.loss) == (There.UNKNOWN, "no_route", 0)


def pinged(interval: float, patience: float) -> dict[str, Any]:
    """What `tests/support/pinging.py` saw in a network namespace of its own."""
    if not shutil.which("unshare"):
        pytest.skip("unshare is not installed (Debian: util-linux)")
    if subprocess.run(["unshare", "-Urn", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine allows no network namespaces to users")
    command = ["unshare", "-Urn", sys.executable, str(PINGING), str(interval), str(patience)]
    done = subprocess.run(command, check=True, capture_output=True, env={"PYTHONPATH": str(ROOT)}, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def test_icmp_tells_the_living_from_the_dead_and_a_lossy_line_from_both() -> None:
    found = await asyncio.to_thread(pinged, 0.1, 0.05)
    halfway, said = found["halfway"], found["said"]
    assert halfway == {
        "well": "up", "lossy": "up", "dead": "down", "filtered": "up", "six": "up", "stray": "unknown",
    }  # fmt: skip
    assert found["changes"] == ["dead", "dead"]  # it went, and came back
    assert (said["dead"]["there"], said["dead"]["loss"] > 0.3) == ("up", True)
    assert said["stray"]["reason"] == "no_route"
    assert {name: said[name]["way"] for name in ("well", "six", "filtered")} == {
        "well": "icmp", "six": "icmp", "filtered": "tcp",
    }  # fmt: skip
    assert 0 < said["lossy"]["loss"] < 0.8
    assert 0 < said["well"]["seconds"] < 0.05


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


def there(reach: Reach, name: str) -> There:
    found = reach.of(name)
    assert found is not None
    return found.there


async def test_a_connection_that_is_refused_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    without_icmp(monkeypatch)
    reach = Reach(lambda _: None, interval=0.1, patience=0.1, ports=[free_port()])
    reach.start()
    reach.load([("switch", "127.0.0.1")])
    await until(lambda: there(reach, "switch") is There.UP)
    found = reach.of("switch")
    assert found is not None
    assert found.way is Way.TCP
    await reach.close()


async def test_a_device_that_has_just_died_is_in_doubt_as_soon_as_it_is_asked_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_icmp(monkeypatch)
    port = free_port()
    reach = Reach(lambda _: None, interval=30, patience=0.1, ports=[port])
    reach.start()
    reach.load([("switch", "127.0.0.1")])
    assert await reach.asked_anew("nobody") is None
    alive = await reach.asked_anew("switch")
    assert alive is not None
    assert (alive.there, alive.doubted) == (There.UP, False)
    with socket.create_server(("127.0.0.1", port), backlog=0) as server:  # from now on nobody is let in
        fillers = [socket.socket() for _ in range(3)]
        for each in fillers:
            each.setblocking(False)  # noqa: FBT003 - the standard library's own signature
            each.connect_ex(("127.0.0.1", port))
        stale, dying = reach.of("switch"), await reach.asked_anew("switch")
        assert stale is not None
        assert dying is not None
        assert (stale.doubted, dying.doubted) == (False, True)
        await reach.close()
        for each in (*fillers, server):
            each.close()


async def test_a_port_that_drops_all_is_silence_until_it_takes_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    without_icmp(monkeypatch)
    changes: list[str] = []
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for each in fillers:
            each.setblocking(False)  # noqa: FBT003 - the standard library's own signature
            each.connect_ex(("127.0.0.1", port))
        reach = Reach(changes.append, interval=0.05, patience=0.05, ports=[port])
        reach.start()
        reach.load([("switch", "127.0.0.1")])
        await until(lambda: there(reach, "switch") is There.DOWN)
        server.close()  # refused from now on
        await until(lambda: there(reach, "switch") is There.UP)
        await reach.close()
        for each in fillers:
            each.close()
    assert changes == ["switch", "switch"]


async def test_names_are_looked_up_and_one_that_leads_nowhere_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    without_icmp(monkeypatch)
    reach = Reach(lambda _: None, interval=0.1, patience=0.1, ports=[free_port()])
    reach.start()
    reach.load([("named", "localhost"), ("lost", "nowhere.invalid")])
    await until(lambda: there(reach, "named") is There.UP)
    await until(lambda: (found := reach.of("lost")) is not None and found.reason == "unresolved")
    await reach.close()


async def test_a_reload_keeps_what_is_known_of_those_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    without_icmp(monkeypatch)
    reach = Reach(lambda _: None, interval=0.1, patience=0.1, ports=[free_port()])
    reach.start()
    reach.load([("one", "127.0.0.1"), ("two", "127.0.0.1")])
    await until(lambda: there(reach, "one") is There.UP)
    reach.load([("one", "127.0.0.1"), ("three", "127.0.0.1")])
    assert (there(reach, "one"), there(reach, "three"), reach.of("two")) == (There.UP, There.UNKNOWN, None)
    await reach.close()


def without_icmp(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose ping_group_range does not hold us; elsewhere the tests would ask by ICMP."""

    def refused(_self: Echoes, _family: socket.AddressFamily) -> None:
        raise PermissionError

    monkeypatch.setattr(Echoes, "__init__", refused)
