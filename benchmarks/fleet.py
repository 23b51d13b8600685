"""`python -m benchmarks.fleet`: the daemon itself over thousands of switches, on one processor.

Starts the daemon pinned to one processor and the answering side on the others, lets it run, and reads what the daemon
says of itself: how late visits began, how many ended, memory, processor time, and what a scrape of all devices costs.
"""

import argparse
import asyncio
import multiprocessing
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from benchmarks.switch import COMMUNITY, answer

_LATE = 5.0  # seconds
_CONFIG = """
[daemon]
state = "state"
listen = "127.0.0.1:0"
[visits]
interval = "{interval}s"
first_spread = "{interval}s"
per_site = 100
concurrent = 256
"""
_INVENTORY = """
[credentials.read]
version = "2c"
community = { env = "BENCH_COMMUNITY" }
[[customer]]
name = "bench"
[[site]]
name = "site"
customer = "bench"
region = "hefei"
"""


def main() -> None:
    """Measure, and print what was found."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--devices", type=int, default=10_000)
    words.add_argument("--interval", type=int, default=60, help="seconds between two visits of a device")
    words.add_argument(
        "--rounds", type=int, default=3, help="visits of each device before measuring: layouts are learned"
    )
    words.add_argument("--seconds", type=int, default=120, help="how long to measure")
    words.add_argument("--silent", type=int, default=0, help="so many more devices that never answer")
    said = words.parse_args()
    _many_files(said.devices + said.silent + 1000)
    cores = sorted(os.sched_getaffinity(0))
    ours, theirs = multiprocessing.Pipe()
    answering = multiprocessing.get_context("spawn").Process(target=answer, args=(theirs, said.devices), daemon=True)
    os.sched_setaffinity(0, set(cores[1:]) or set(cores))
    answering.start()
    try:
        if not ours.poll(120):
            raise SystemExit("the answering side did not start")
        with TemporaryDirectory() as folder, ExitStack() as open_:
            silent = [_unanswered(open_) for _ in range(said.silent)]
            asyncio.run(_measured(Path(folder), [*ours.recv(), *silent], said, cores[0]))
    finally:
        answering.terminate()


async def _measured(folder: Path, ports: Sequence[int], said: argparse.Namespace, core: int) -> None:
    interval, seconds = int(said.interval), int(said.seconds)
    devices = "".join(
        f'[[device]]\nname = "sw-{port}"\naddress = "127.0.0.1"\nport = {port}\nsite = "site"\nrole = "access"\n'
        'credentials = ["read"]\n'
        for port in ports
    )
    (folder / "netvigil.toml").write_text(_CONFIG.format(interval=interval))
    (folder / "inventory.toml").write_text(_INVENTORY + devices)
    log = folder / "log"
    taskset = shutil.which("taskset")
    with log.open("wb") as file:
        daemon = await asyncio.create_subprocess_exec(
            *((taskset, "-c", str(core)) if taskset else ()),
            *(sys.executable, "-m", "monitor", "run", "--config", str(folder)),
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "BENCH_COMMUNITY": COMMUNITY.community},
        )
    try:
        for _ in range(240):
            await asyncio.sleep(0.5)
            if b"watching" in log.read_bytes():
                break
        url = re.findall(r"metrics at (\S+)/metrics", log.read_text())[0]
        _say(f"on time after             {await _on_time(url, interval * (said.rounds + 0.5)):.0f} s")
        before = _own(url), _spent(daemon.pid)
        await asyncio.sleep(seconds)
        after = _own(url), _spent(daemon.pid)
        _print(before, after, seconds, len(ports), daemon.pid)
        for accepted in ("gzip", "gzip", "identity"):
            begun, spent = time.perf_counter(), _spent(daemon.pid)
            size = await asyncio.to_thread(_scraped, f"{url}/metrics", accepted)
            took, cost = time.perf_counter() - begun, _spent(daemon.pid) - spent
            _say(f"scrape of all, {accepted:<10} {took:.2f} s, {size / 1e6:.0f} MB, {cost:.2f} s CPU")
    finally:
        daemon.terminate()
        await daemon.wait()
        if b"Traceback" in log.read_bytes():
            _say(log.read_text()[-3000:])


async def _on_time(url: str, seconds: float) -> float:
    """Wait so many seconds; after how many of them visits began on time (99 % within 5 s) and did so until the end."""
    begun, on_time, last = time.perf_counter(), float("inf"), _own(url)
    while (passed := time.perf_counter() - begun) < seconds:
        await asyncio.sleep(min(10.0, seconds - passed))
        now = _own(url)
        if _p99(last, now)[0] > _LATE:
            on_time = float("inf")
        elif on_time > seconds:
            on_time = time.perf_counter() - begun
        last = now
    return on_time


def _scraped(url: str, accepted: str) -> int:
    """The size of what is told to a scraper that takes what is `accepted` (Prometheus: gzip)."""
    asked = Request(url, headers={"Accept-Encoding": accepted})  # noqa: S310 - our own daemon
    with urlopen(asked, timeout=300) as answer:  # noqa: S310 - our own daemon
        return sum(len(chunk) for chunk in iter(lambda: answer.read(1 << 20), b""))


def _unanswered(open_: ExitStack) -> int:
    """A port that is open, so that nothing refuses, and that nobody reads."""
    nobody = open_.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    nobody.bind(("127.0.0.1", 0))
    return int(nobody.getsockname()[1])


def _own(url: str) -> dict[str, float]:
    with urlopen(f"{url}/metrics/daemon", timeout=30) as answered:  # noqa: S310 - http, to our own daemon
        lines = answered.read().decode().splitlines()
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def _spent(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _p99(before: dict[str, float], after: dict[str, float]) -> tuple[float, dict[float, float], float]:
    """The least bound below which 99 % of visits began, how many began within each bound, and how many there were."""
    gained = {name: value - before.get(name, 0) for name, value in after.items()}
    total = gained.get("netvigil_visit_lateness_seconds_count", 0)
    late = {
        float(name.split('le="')[1].split('"')[0]): value
        for name, value in gained.items()
        if name.startswith("netvigil_visit_lateness_seconds_bucket")
    }
    return min((bound for bound, value in late.items() if value >= 0.99 * total), default=float("inf")), late, total


def _print(
    before: tuple[dict[str, float], float], after: tuple[dict[str, float], float], seconds: int, count: int, pid: int
) -> None:
    answered = 'netvigil_visits_total{result="answered"}'
    visits = after[0].get(answered, 0) - before[0].get(answered, 0)
    p99, late, total = _p99(before[0], after[0])
    status = Path(f"/proc/{pid}/status").read_text()
    memory = int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024
    cpu = after[1] - before[1]
    _say(f"devices                   {count}")
    _say(f"visits in {seconds} s           {visits:.0f} answered, {total - visits:.0f} otherwise")
    _say(f"lateness, p99             at most {p99:g} s")
    _say(f"more than a second late   {total - late.get(1.0, 0):.0f}")
    _say(f"processor                 {cpu / seconds:.0%} of one, {cpu / max(visits, 1) * 1000:.2f} ms a visit")
    _say(f"memory                    {memory:.0f} MB")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - its purpose


def _many_files(count: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(count, 1024), most), most))


if __name__ == "__main__":
    main()
