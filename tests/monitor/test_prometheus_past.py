"""The same days from our own store and from a real Prometheus that scraped the same values (Debian: prometheus)."""

import asyncio
import http.server
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import sin
from pathlib import Path

import pytest

from alerts.past import Series
from collectors.aggregates import NO_AGGREGATES
from collectors.ports import NO_CABLING
from collectors.rates import Counts, capacities
from collectors.snmp.reader import Silence
from collectors.traffic import Traffic
from collectors.visit import Told, Visit
from monitor import past
from monitor.config import loaded
from monitor.memory import Facts
from monitor.model import Component, Condition, Device, Identity, Observation
from monitor.rollups import Rollups
from monitor.series import Series as Text
from monitor.settings import Past, Settings
from monitor.store.database import Store

BEGIN = datetime(2026, 11, 1, 16, tzinfo=UTC)  # midnight in Shanghai
DAYS = 2
GAP = range(630, 750)  # minutes in which the device is silent


def observed(minute: int) -> tuple[Observation, ...]:
    """What the device tells in this minute."""
    at = BEGIN + timedelta(minutes=minute)
    fan = Condition.FAILED if 1500 <= minute < 1560 else Condition.OK
    heat = round(40 + 8 * sin(minute / 200), 1)
    return (
        Observation(component=Component(kind="temperature", label="CPU 1.0"), aspect="temperature", condition=None,
                    at=at, value=heat, unit="celsius"),
        Observation(component=Component(kind="optic", label='Gi"1'), aspect="rx_power", condition=None,
                    at=at, value=-5 - minute / 1000, unit="dbm"),
        Observation(component=Component(kind="fan", label="1"), aspect="state", condition=fan, at=at),
    )  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Store, str]]:
    """Settings, our store, and the text that Prometheus scraped."""
    folder = tmp_path_factory.mktemp("both")
    (folder / "netvigil.toml").write_text('[daemon]\nstate = "state"\n')
    (folder / "inventory.toml").write_text(
        '[credentials.c]\nversion = "2c"\ncommunity = { env = "C" }\n[[customer]]\nname = "cdc"\ntitle = "CDC"\n'
        '[[site]]\nname = "hefei"\ncustomer = "cdc"\nregion = "hefei"\n'
        '[[device]]\nname = "sw-1.a"\naddress = "192.0.2.1"\nsite = "hefei"\ncredentials = ["c"]\ninterval = "60s"\n'
    )
    settings = loaded(folder, {"C": "x"})
    with Store(settings.daemon.state) as store:
        yield settings, store, _fed(settings, store)


def _fed(settings: Settings, store: Store) -> str:
    rollups, text, device = Rollups(settings), Text(), settings.inventory.devices["sw-1.a"]
    samples: dict[str, list[str]] = {}
    total, types = 0, {}
    for minute in range(DAYS * 1440):
        at = BEGIN + timedelta(minutes=minute)
        silent = minute in GAP
        total += 750_000_000 if minute % 1440 < 720 else 375_000_000
        told = () if silent else observed(minute)
        facts = _facts(device, at, told, total, is_silent=silent)
        if minute % 30 == 0:
            asyncio.run(rollups.tick(at, store))
        rollups.visited(facts.told.visit, facts, told)
        text.visited(device, Identity(), told, facts.told.visit.silence, at)
        lines = (text.of(device.name) or b"").decode().splitlines()
        if not silent:
            labels = 'target="sw-1.a",interface="Gi1"'
            lines += ["# TYPE netvigil_interface_receive_bytes_total counter",
                      f"netvigil_interface_receive_bytes_total{{{labels}}} {total}",
                      "# TYPE netvigil_interface_speed_bytes_per_second gauge",
                      f"netvigil_interface_speed_bytes_per_second{{{labels}}} 125000000"]  # fmt: skip
        for line in lines:
            if line.startswith("# TYPE"):
                _, _, name, kind = line.split()
                types[name] = kind
            elif not line.startswith("#"):
                name = line.partition("{")[0]
                samples.setdefault(name, []).append(f"{line} {at.timestamp():.0f}")
    asyncio.run(rollups.close(store))
    scraped = []
    for name, several in samples.items():
        kind = types[name]
        scraped += [f"# TYPE {name.removesuffix('_total') if kind == 'counter' else name} {kind}", *several]
    return "\n".join([*scraped, "# EOF\n"])


def _facts(device: Device, at: datetime, told: tuple[Observation, ...], octets: int, *, is_silent: bool) -> Facts:
    visit = Visit(
        device=device, at=at, identity=Identity(), silence=Silence.TIMEOUT if is_silent else None, scalars={}, tables={}
    )
    columns = {"in_octets": (octets,), "out_octets": (0,), "type": (6,), "high_speed": (1000,), "speed": (0,)}
    counts = Counts(labels=("Gi1",), index=("1",), columns=columns, at=at)
    flow = None if is_silent else Traffic(counts=counts, fits=capacities(columns))
    base = Told(visit=visit, parts=None, whole=(), base=told)
    return Facts(told=base, traffic=flow, cables=NO_CABLING, aggregates=NO_AGGREGATES, more=())


@pytest.fixture(scope="module")
def server(house: tuple[Settings, Store, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that holds what was scraped."""
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    folder: Path = tmp_path_factory.mktemp("prometheus")
    (folder / "scraped").write_text(house[2], encoding="utf-8")
    made = subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", folder / "scraped", folder / "data"],
        check=False, capture_output=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-2000:] + made.stdout[-2000:]
    (folder / "prometheus.yml").write_text("global: {}\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={address}", "--storage.tsdb.retention.time=20y"], stderr=log,
        )  # fmt: skip
    try:
        for _ in range(300):
            with suppress(OSError), urllib.request.urlopen(f"http://{address}/-/ready", timeout=5):
                break
            time.sleep(0.1)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def read(house: tuple[Settings, Store, str], url: str, wanted: past.Wanted = past.EVERYTHING) -> dict[str, Series]:
    """All days, by kind, label and aspect."""
    settings = replace(house[0], past=Past(url=url))
    with house[1].reading() as disk:
        found = list(past.days(disk, settings, ["sw-1.a"], date(2026, 11, 2), date(2026, 11, 4), wanted))
    return {f"{one.component.kind} {one.component.label} {one.aspect}".replace("  ", " "): one for one in found}


def test_both_tell_the_same_days(house: tuple[Settings, Store, str], server: str) -> None:
    own, told = read(house, ""), read(house, server)
    names = {"temperature CPU 1.0 temperature", 'optic Gi"1 rx_power', "fan 1 state", "interface Gi1 utilisation_in",
             "device reachable"}  # fmt: skip
    assert names <= own.keys()
    assert names <= told.keys()
    for name in sorted(names):
        assert [span.start for span in own[name].spans] == [span.start for span in told[name].spans]
        for one, other in zip(own[name].spans, told[name].spans, strict=True):
            about = f"{name}\n{one}\n{other}"
            # at each end of what is known the server is off by its lookback of five minutes
            assert other.seconds == pytest.approx(one.seconds, abs=700), about
            for what, most in (("low", 0.002), ("mean", 0.004), ("high", 0.002), ("last", 0.002), ("median", 0.004)):
                mine, theirs = getattr(one, what), getattr(other, what)
                assert (mine is None) == (theirs is None), about
                if mine is not None and name != "device reachable":
                    assert theirs == pytest.approx(mine, abs=max(abs(mine) * most, 0.01)), f"{what} of {about}"
            assert one.conditions.keys() == other.conditions.keys(), about
            for condition, seconds in one.conditions.items():
                assert other.conditions[condition] == pytest.approx(seconds, abs=700), about


def test_only_what_is_wanted_is_asked(house: tuple[Settings, Store, str], server: str) -> None:
    assert read(house, server, past.Wanted(aspects={"rx_power"})).keys() == {'optic Gi"1 rx_power'}


def test_two_hours_of_silence_are_no_time_at_all(house: tuple[Settings, Store, str]) -> None:
    first = read(house, "")["temperature CPU 1.0 temperature"].spans[0]
    assert first.seconds == pytest.approx(86_400 - 121 * 60, abs=90)
    known, up = house[1], 0.0
    with known.reading() as disk:
        seconds, up = past.availability(disk, house[0], "sw-1.a", date(2026, 11, 2), date(2026, 11, 3))
    assert seconds == pytest.approx(86_400, abs=90)
    assert seconds - up == pytest.approx(120 * 60, abs=90)


@contextmanager
def answering(code: int, body: bytes, headers: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """A web server that always says this; and what it was told as authorisation."""
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.headers.get("Authorization", ""))
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()


@pytest.mark.parametrize(
    ("code", "body", "headers", "words"),
    [
        (503, b"starting", {}, "answered 503: starting"),
        (200, b"<html>", {}, "does not speak as Prometheus does"),
        (200, b"[1]", {}, "does not speak as Prometheus does"),
        (302, b"", {"Location": "http://192.0.2.1/"}, "answered 302"),
        (200, b"x" * 20_001, {}, "answered more than 20000 octets"),
        (200, json.dumps({"status": "error", "error": "bad\x1b[31m"}).encode(), {}, "refused the question: bad"),
    ],
)
def test_a_server_that_does_not_tell_is_words_and_no_days(
    house: tuple[Settings, Store, str], code: int, body: bytes, headers: dict[str, str], words: str
) -> None:
    with answering(code, body, headers) as (url, heard):
        settings = replace(house[0], past=Past(url=url, token="secret", size=20_000, timeout=timedelta(seconds=5)))
        assert words in past.trouble(settings)
        assert set(heard) == {"Bearer secret"}
        assert read(house, url) == {}


def test_a_server_that_is_not_there_is_words(house: tuple[Settings, Store, str]) -> None:
    settings = replace(house[0], past=Past(url="http://127.0.0.1:9"))
    assert past.trouble(settings).startswith("http://127.0.0.1:9 cannot be asked:")
