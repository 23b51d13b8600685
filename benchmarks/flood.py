"""What floods cost: processor time of the daemon's ears while 5,000 datagrams a second come, and of each kind opened.

`python -m benchmarks.flood`. The sender is a process of its own; the figures are user and system time of the one that
hears.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from collectors.heard import heard
from collectors.notifications import Notifications
from collectors.shouts import line_said
from collectors.simulate.shouting import line, trap
from collectors.simulate.snmp import SimulatedDevice
from collectors.snmp.reader import AuthProtocol, Community, Credential, PrivProtocol, User
from monitor.config import knowledge, loaded
from monitor.hearing import Hearing
from monitor.metrics import Metrics

RATE, SECONDS, SOURCE = 5000, 20, "127.0.0.9"
POWER = "1.3.6.1.4.1.2011.5.25.219.2.5.5"
COMMUNITY = Community(community="campus")
USER = User(user="netvigil", auth=AuthProtocol.SHA256, auth_key="a" * 12, priv=PrivProtocol.AES128, priv_key="b" * 12)
_INVENTORY = f"""
[credentials.v2c]
version = "2c"
community = {{ env = "COMMUNITY" }}
[[customer]]
name = "one"
[[site]]
name = "here"
customer = "one"
region = "hefei"
[[device]]
name = "noisy"
address = "{SOURCE}"
site = "here"
role = "access"
credentials = ["v2c"]
platform = "huawei_vrp"
"""
_SEND = """
import socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((sys.argv[1], 0))
port, rate, seconds, datagram = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), bytes.fromhex(sys.argv[5])
began, sent = time.monotonic(), 0
while (passed := time.monotonic() - began) < seconds:
    while sent < passed * rate:
        sock.sendto(datagram, ("127.0.0.1", port))
        sent += 1
    time.sleep(0.002)
"""
LINE = line(188, "Nov 22 2026 12:00:00 noisy %%01BASETRAP/4/POWERFAIL(l)[12]:Power 1/2 failed.")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def _flooded(folder: Path) -> dict[str, object]:
    ports = {"traps": _free_port(), "syslog": _free_port()}
    (folder / "inventory.toml").write_text(_INVENTORY)
    (folder / "netvigil.toml").write_text(
        '[daemon]\nstate = "state"\n' + "".join(f'[{w}]\nlisten = "0.0.0.0:{p}"\n' for w, p in ports.items())
    )
    settings, metrics = loaded(folder, {"COMMUNITY": "campus"}), Metrics("bench")
    visits: Counter[str] = Counter()
    platform = settings.platforms["huawei_vrp"]

    def visit(name: str) -> None:
        visits[name] += 1

    ears = Hearing(settings, metrics, visit, lambda *_: None, lambda _: platform, lambda: datetime.now(UTC))
    ears.load(settings)
    await ears.start({})
    found: dict[str, object] = {}
    for way, datagram in (("traps", _trap(COMMUNITY)), ("syslog", LINE)):
        sender = [sys.executable, "-c", _SEND, SOURCE, str(ports[way]), str(RATE), str(SECONDS), datagram.hex()]
        with subprocess.Popen(sender) as process:  # noqa: S603, ASYNC220 - our own script; nothing else is going on
            spent, began = time.process_time(), time.perf_counter()
            await asyncio.to_thread(process.wait)
            found[f"share_of_a_core_{way}"] = round((time.process_time() - spent) / (time.perf_counter() - began), 4)
    ears.counted()
    await ears.close()
    said = [each for each in metrics.text().decode().splitlines() if each.startswith("netvigil_shouts_total{")]
    return {**found, "visits": visits["noisy"], "counted": said}


def _trap(credential: Credential, now: float = 1000.0) -> bytes:
    device = SimulatedDevice(credentials=[credential])
    return trap(device, credential, POWER, {"1.3.6.1.2.1.47.1.1.1.1.7.5": "PWR1"}, now)


def _microseconds(work: Callable[[int], object], times: int) -> float:
    began = time.process_time()
    for number in range(times):
        work(number)
    return round((time.process_time() - began) / times * 1e6, 1)


async def _each() -> dict[str, float]:
    platform = knowledge()[0]["huawei_vrp"]
    notifications = Notifications(b"\x80\x00\x1f\x88\x04netvigil", 7)
    plain, signed = _trap(COMMUNITY), [_trap(USER, 1000 + n) for n in range(500)]

    def v2c(_: int) -> object:
        shout = notifications.opened(plain, SOURCE, [COMMUNITY]).shout
        return shout and heard(shout, platform)

    def v3(number: int) -> object:
        shout = notifications.opened(signed[number], SOURCE, [USER]).shout
        return shout and heard(shout, platform)

    def syslog(_: int) -> object:
        shout = line_said(SOURCE, LINE)
        return shout and heard(shout, platform)

    v3(0)  # the first makes the keys
    found = {"v2c": _microseconds(v2c, 5000), "syslog": _microseconds(syslog, 5000)}
    found["v3"] = _microseconds(lambda number: v3(number + 1), 499)
    notifications.close()
    return found


async def _measured() -> dict[str, object]:
    with TemporaryDirectory() as folder:
        return {**await _flooded(Path(folder)), "microseconds_each": await _each()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measured()), indent=2))  # noqa: T201 - what the command is for
