"""A thousand visits from the wire to the disk, some to hostile devices: each has its reason, and nothing grows."""

import asyncio
import gc
import os
from collections.abc import Sequence
from pathlib import Path

from collectors.simulate.snmp import Network
from collectors.snmp.codec import Oid, oid_of
from collectors.snmp.engine import EngineReader
from hostile import COMMUNITY, FAMILY, USER, Device, healthy
from house import Clock
from monitor.config import loaded
from monitor.pipeline import Means, Outcome, visit
from monitor.store.database import Store

ROUNDS = 20
HEALTHY = 40
HOSTILE = (
    "a number of 60,000 octets",
    "false length",
    "deep nesting",
    "cut datagrams",
    "random datagrams",
    "another request-id",
    "tooBig",
    "genErr",
    "nothing",
)
IF_TABLE = "1.3.6.1.2.1.2.2.1"
DAEMON = """
[daemon]
state = "state"
[snmp]
timeout = "100ms"
retries = 1
[snmp.budget]
rows = 300
[mail]
server = "127.0.0.1"
sender = "netvigil@example.org"
"""
INVENTORY = f"""
[credentials.v2c]
version = "2c"
community = {{ env = "COMMUNITY" }}
[credentials.v3]
version = "3"
user = "{USER.user}"
auth = "sha256"
auth_key = {{ env = "AUTH" }}
priv = "aes128"
priv_key = {{ env = "PRIV" }}
[[customer]]
name = "a"
[[site]]
name = "b"
customer = "a"
region = "hefei"
"""
SECRETS = {"COMMUNITY": COMMUNITY.community, "AUTH": USER.auth_key, "PRIV": USER.priv_key}


class Endless(Device):
    """Invents a next interface for ever."""

    def following(self, oid: Oid, count: int) -> Sequence[Oid]:
        width = len(oid_of(IF_TABLE)) + 1
        last = oid[width] if len(oid) > width else 0
        return [(*oid[:width], last + n) for n in range(1, count + 1)]


def switch(made: Device) -> Device:
    made.set("1.3.6.1.2.1.1.2.0", "a thing of no maker")
    for port in range(1, 5):
        made.set(f"{IF_TABLE}.2.{port}", f"port {port}")
        for column, value in {1: port, 3: 6, 5: 1000, 7: 1, 8: 1, 10: port, 16: port}.items():
            made.set(f"{IF_TABLE}.{column}.{port}", value)
    return made


def resident() -> int:
    """Octets of memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def lines(reader: EngineReader) -> int:
    """Sockets of the engine: one for each 64 questions that were ever in flight at the same time."""
    return sum(map(len, reader._sockets.values()))  # noqa: SLF001 - what is open is seen nowhere else


def descriptors(reader: EngineReader) -> int:
    """All others that are open."""
    return len(os.listdir("/proc/self/fd")) - lines(reader)  # noqa: PTH208 - names only


async def test_thousand_visits_leave_memory_and_descriptors_as_they_were(tmp_path: Path) -> None:
    network, clock, inventory = Network(), Clock(), INVENTORY
    devices = {f"good-{n}": switch(healthy()) for n in range(HEALTHY)}
    devices |= {f"bad-{n}": switch(FAMILY[name].device()) for n, name in enumerate(HOSTILE)}
    devices["endless"] = switch(Endless(credentials=[COMMUNITY]).filled())
    for name, device in devices.items():
        device.delay = 0.003  # so that questions which lie before it at the same time can be counted
        port = await network.serve(device)
        way = "v3" if name.startswith("good") and name.endswith(("0", "5")) else "v2c"
        inventory += f'[[device]]\nname = "{name}"\naddress = "127.0.0.1"\nport = {port}\nsite = "b"\n'
        inventory += f'role = "access"\ncredentials = ["{way}"]\n'
    (tmp_path / "netvigil.toml").write_text(DAEMON)
    (tmp_path / "inventory.toml").write_text(inventory)
    settings, reader = loaded(tmp_path, SECRETS), EngineReader()
    with Store(settings.daemon.state) as store:
        means = Means(settings=settings, reader=reader, store=store, clock=clock)

        async def visits() -> dict[str, Outcome]:
            clock.advance(seconds=60)
            known = settings.inventory.devices
            return dict(
                zip(devices, await asyncio.gather(*(visit(known[name], means) for name in devices)), strict=True)
            )

        for _ in range(4):  # layouts are learned, faults confirmed
            await visits()
        before, open_before = resident(), descriptors(reader)
        for _ in range(ROUNDS):
            told = await visits()
            assert all(told[f"good-{n}"].silence is None for n in range(HEALTHY))
        grown, left = resident() - before, descriptors(reader) - open_before
    sockets = lines(reader)
    await reader.close()
    network.close()

    assert {name: told[f"bad-{n}"].silence for n, name in enumerate(HOSTILE)} == {
        name: FAMILY[name].silence for name in HOSTILE
    }
    ended = {o.raw for o in told["endless"].observations if o.aspect == "walk"}
    assert "rows" in ended
    assert left == 0
    assert sockets <= 2  # fifty devices with two questions each
    assert grown < 50_000_000
    assert max(device.most_waiting for device in devices.values()) <= 2
