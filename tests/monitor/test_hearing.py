"""From a shout to a fault, in the daemon as it is installed: a trap is a hint, and only a visit tells the truth."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
from free_ports import free_port

from collectors.simulate.breakage import Breakage
from collectors.simulate.fleet import FleetDevice, fleet
from collectors.simulate.poweredge import poweredge
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.simulate.shouting import line, trap, trap_v1
from collectors.simulate.snmp import Network
from collectors.snmp.reader import Community
from house import INVENTORY, NETVIGIL, SECRETS, Sink
from monitor.store import parts
from monitor.store.database import Store

CORE, ACCESS, SERVER, BLADE = "hf-core-01", "hf-acc-03", "hf-srv-02", "redfish-01"
POWER_INVALID = "1.3.6.1.4.1.2011.5.25.219.2.5.5"
FAN_FAILURE = "1.3.6.1.4.1.25506.8.35.12.1.6"
OPTIC_INVALID = "1.3.6.1.4.1.2011.5.25.219.2.4.5"
STORAGE = "1.3.6.1.4.1.674.10892.5.3.2.2.0.4337"
NAME = "1.3.6.1.2.1.47.1.1.1.1.7.16842753"
MESSAGE, PART = "1.3.6.1.4.1.674.10892.5.3.1.1.0", "1.3.6.1.4.1.674.10892.5.3.1.10.0"
BLADE_ADDRESS = "127.77.1.1"


class World:
    """A daemon that visits every ten minutes, and devices that shout from addresses of their own."""

    def __init__(self, folder: Path) -> None:
        told = fleet()
        self.folder, self.sink, self.network = folder, Sink(), Network()
        self.fleet: dict[str, FleetDevice] = {one.name: one for one in told.devices}
        self.devices: dict[str, FleetDevice] = {}
        self.breakages: dict[str, Breakage] = {one.name: one for one in (*told.breakages, *told.more)}
        self.blade: RedfishServer | None = None
        self.traps, self.syslog = free_port(), free_port()
        self.log = folder / "daemon.log"
        self.process: asyncio.subprocess.Process | None = None

    async def start(
        self, interval: str = "10min", *, devices: tuple[str, ...] = (CORE, ACCESS), patience: float = 40
    ) -> None:
        await self.sink.open()
        inventory = INVENTORY
        self.devices = {name: self.fleet[name] for name in devices}
        for one in self.devices.values():
            port = await self.network.serve(one.device, one.address)
            secret = "v3" if one.role.value != "access" else "v2c"
            inventory += (
                f'[[device]]\nname = "{one.name}"\naddress = "{one.address}"\nport = {port}\nsite = "hefei-1"\n'
                f'role = "{one.role.value}"\ncredentials = ["{secret}"]\n'
            )
        if self.blade is not None:
            await self.blade.start(certificate(self.folder), BLADE_ADDRESS)
            inventory += (
                f'[[device]]\nname = "{BLADE}"\naddress = "{BLADE_ADDRESS}"\nsite = "hefei-1"\nrole = "server"\n'
                f'platform = "dell_idrac"\nredfish = "idrac"\nredfish_port = {self.blade.port}\n'
                '[logins.idrac]\nuser = "monitor"\npassword = { env = "PASSWORD" }\n'
            )
        (self.folder / "inventory.toml").write_text(inventory)
        text = NETVIGIL.format(smtp=self.sink.port).replace('interval = "1s"', f'interval = "{interval}"')
        text += f'[traps]\nlisten = "0.0.0.0:{self.traps}"\n' + 'credentials = ["v2c"]\n' * bool(self.blade)
        text += f'[syslog]\nlisten = "0.0.0.0:{self.syslog}"\n[redfish]\ninterval = "{interval}"\n'
        (self.folder / "netvigil.toml").write_text(text)
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "monitor", "run", "--config", str(self.folder)),
                stdout=log, stderr=log, env={**os.environ, **SECRETS, "PASSWORD": "secret"},
            )  # fmt: skip
        await self.until(lambda: "watching" in self.said, patience)
        await self.until(
            lambda: self.metric("netvigil_visits_total", 'result="answered"') >= len(devices) + bool(self.blade)
        )
        await asyncio.sleep(3)  # the second looks after a start

    @property
    def said(self) -> str:
        return self.log.read_text()

    def metrics(self) -> str:
        url = self.said.split("metrics at ")[1].split("/metrics")[0]
        with urlopen(f"{url}/metrics", timeout=5) as answer:  # noqa: S310 - http, to our own daemon
            return str(answer.read().decode())

    def metric(self, name: str, labels: str) -> float:
        found = re.search(rf"^{name}{{{labels}}} (\S+)$", self.metrics(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def shouts(self, way: str, result: str) -> float:
        return self.metric("netvigil_shouts_total", f'result="{result}",way="{way}"')

    async def until(self, true: Callable[[], bool], seconds: float = 40) -> float:
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            if await asyncio.to_thread(true):
                return time.monotonic() - began
            await asyncio.sleep(0.05)
        raise TimeoutError(self.said[-2000:])

    def sends(self, source: str, port: int, *datagrams: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((source, 0))
            for datagram in datagrams:
                sock.sendto(datagram, ("127.0.0.1", port))

    def trap(self, name: str, oid: str, values: Mapping[str, str] | None = None) -> bytes:
        one = self.devices[name]
        return trap(one.device, one.credential, oid, values or {NAME: "PWR1"}, asyncio.get_running_loop().time())

    def tells(self, name: str) -> bool:
        return "fault of" in self.said and f"{name}" in "".join(
            each for each in self.said.splitlines() if each.endswith(f", {name}") and "opened" in each
        )

    async def mailed(self, parts: Mapping[str, str]) -> None:
        """Wait until there is a mail for each device whose subject names it and its part."""

        def told(name: str, part: str) -> bool:
            return any(name in str(mail["Subject"]) and part in str(mail["Subject"]) for mail in self.sink.mails)

        await self.until(lambda: all(told(*each) for each in parts.items()))

    async def end(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self.process.wait(), 15)
        self.network.close()
        self.sink.close()
        if self.blade is not None:
            await self.blade.stop()
            assert self.blade.sessions == {}
        assert "Traceback" not in self.said


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    one = World(tmp_path)
    yield one
    await one.end()


async def test_a_power_supply_that_is_pulled_is_a_fault_within_five_seconds_when_a_trap_tells(world: World) -> None:
    await world.start()
    world.breakages["core-supply"].break_()
    await asyncio.sleep(2)
    assert not world.tells(CORE)  # nobody has looked
    world.sends(world.devices[CORE].address, world.traps, world.trap(CORE, POWER_INVALID))
    assert await world.until(lambda: world.tells(CORE)) < 5
    assert world.shouts("trap", "hint") == 1
    counted = "netvigil_fault_notification_seconds"
    await world.until(lambda: world.metric(f"{counted}_count", 'source="trap"') == 1)
    assert world.metric(f"{counted}_sum", 'source="trap"') < 5  # from the trap to a mail that was accepted
    assert world.metric("netvigil_fault_confirmation_seconds_count", 'level="2"') == 1


async def test_what_breaks_is_a_fault_that_mail_names_within_five_seconds_when_a_trap_tells(world: World) -> None:
    world.blade = RedfishServer(tree=poweredge())
    await world.start(devices=(CORE, SERVER))
    optic, disk = world.breakages["pulled-optic"], world.breakages["disk"]
    optic.break_()
    world.sends(world.devices[CORE].address, world.traps, world.trap(CORE, OPTIC_INVALID, {NAME: optic.label}))
    assert await world.until(lambda: world.tells(CORE)) < 5
    disk.break_()
    values = {MESSAGE: "PDR1016", PART: "Disk.Bay.3:Enclosure.Internal.0-1:RAID.Integrated.1-1"}
    world.sends(world.devices[SERVER].address, world.traps, world.trap(SERVER, STORAGE, values))
    assert await world.until(lambda: world.tells(SERVER)) < 5
    world.blade.tree = poweredge("disk_failed")  # asked over Redfish alone, so that its traps need their own community
    shouter = world.fleet[ACCESS]
    world.sends(BLADE_ADDRESS, world.traps, trap(shouter.device, shouter.credential, STORAGE, values, 0))
    assert await world.until(lambda: world.tells(BLADE)) < 5
    await world.mailed({CORE: optic.label, SERVER: disk.label, BLADE: "Disk 0 in Backplane 1"})


async def test_without_a_trap_it_is_a_fault_at_the_next_visits(world: World) -> None:
    world.blade = RedfishServer(tree=poweredge())
    await world.start("5s", devices=(CORE, SERVER, ACCESS))
    broken = [world.breakages[name] for name in ("pulled-optic", "disk", "access-fan")]
    for one in broken:
        one.break_()
    world.blade.tree = poweredge("disk_failed")
    everybody = {**{one.device: one.label for one in broken}, BLADE: "Disk 0 in Backplane 1"}
    assert await world.until(lambda: all(world.tells(name) for name in everybody)) < 15
    await world.mailed(everybody)
    assert world.shouts("trap", "hint") == 0


async def test_a_log_line_is_a_hint_and_a_restart_an_event(world: World) -> None:
    await world.start()
    world.breakages["access-fan"].break_()
    failed = line(186, "%Nov 22 12:00:00:000 2026 hf-acc-03 DEV/2/FAN_FAILED: Fan 1 failed.")
    world.sends(world.devices[ACCESS].address, world.syslog, failed)
    assert await world.until(lambda: world.tells(ACCESS)) < 5
    reboot = line(189, "%Nov 22 12:00:00:000 2026 hf-acc-03 DEV/5/SYSTEM_REBOOT: 电源故障后重启。", "gb18030")
    world.sends(world.devices[ACCESS].address, world.syslog, reboot)
    await world.until(lambda: world.shouts("syslog", "event") == 1)

    def remembered() -> bool:
        with Store(world.folder / "state") as store, store.reading() as disk:
            events = parts.history(disk, [ACCESS], datetime(2026, 1, 1, tzinfo=UTC))
        return [each.data.get("text") for each in events if each.source.startswith("syslog")] == ["电源故障后重启。"]

    await world.until(remembered)


async def test_lines_over_tcp_are_heard(world: World) -> None:
    await world.start()
    world.breakages["access-fan"].break_()
    failed = line(186, "%Nov 22 12:00:00:000 2026 hf-acc-03 DEV/2/FAN_FAILED: Fan 1 failed.")
    address = (world.devices[ACCESS].address, 0)
    _, writer = await asyncio.open_connection("127.0.0.1", world.syslog, local_addr=address)
    writer.write(b"%d %s" % (len(failed), failed))
    await writer.drain()
    assert await world.until(lambda: world.tells(ACCESS)) < 5
    writer.close()


async def test_a_trap_that_lies_brings_a_visit_and_no_fault(world: World) -> None:
    await world.start()
    before = world.metric("netvigil_visits_total", 'result="answered"')
    world.sends(world.devices[CORE].address, world.traps, world.trap(CORE, POWER_INVALID))
    await world.until(lambda: world.metric("netvigil_visits_total", 'result="answered"') > before, 2)
    await asyncio.sleep(5)
    assert not world.tells(CORE)


async def test_strangers_noise_and_wrong_keys_are_counted(world: World) -> None:
    await world.start()
    core, access = world.devices[CORE], world.devices[ACCESS]
    world.sends("127.0.0.1", world.traps, world.trap(ACCESS, FAN_FAILURE), b"noise")
    world.sends(core.address, world.traps, world.trap(ACCESS, FAN_FAILURE), world.trap(CORE, "1.3.6.1.4.1.9.9.9"))
    assert isinstance(access.credential, Community)
    guessed, shouts = replace(access.credential, community="guess"), "1.3.6.1.4.1.25506.8.35.12.1"
    world.sends(access.address, world.traps, trap_v1(guessed, shouts, 6, {}), trap_v1(access.credential, shouts, 6, {}))
    world.sends(core.address, world.traps, trap_v1(access.credential, shouts, 6, {}))  # which has no community
    world.sends(access.address, world.syslog, b"noise", line(13, "nothing of note"))
    await world.until(lambda: world.shouts("trap", "malformed") == 1 and world.shouts("trap", "unlisted") == 1)
    await world.until(lambda: world.shouts("syslog", "malformed") == 1 and world.shouts("syslog", "unlisted") == 1)
    assert world.shouts("trap", "wrong_community") == 4
    assert world.shouts("trap", "hint") == 1


async def test_a_port_that_is_taken_ends_the_start_with_one_line(world: World) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", world.traps))
        with pytest.raises(TimeoutError):
            await world.start(patience=0)
        assert world.process is not None
        assert await asyncio.wait_for(world.process.wait(), 40) == 2
    assert world.said.splitlines()[-1] == "netvigil: [traps] or [syslog] listen: Address already in use"
    assert "Traceback" not in world.said


async def test_five_thousand_a_second_from_one_switch_harm_no_other(world: World) -> None:
    await world.start()
    world.breakages["core-supply"].break_()
    down = line(189, "%%10IFNET/3/PHY_UPDOWN: Physical state on GigabitEthernet1/0/1 changed to down.")
    flood = [world.trap(ACCESS, FAN_FAILURE), down]
    noisy, ports = world.devices[ACCESS].address, (world.traps, world.syslog)

    def flooded(seconds: float) -> int:
        began, sent = time.monotonic(), 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((noisy, 0))
            while (passed := time.monotonic() - began) < seconds:
                while sent < passed * 5000:
                    sock.sendto(flood[sent % 2], ("127.0.0.1", ports[sent % 2]))
                    sent += 1
                time.sleep(0.002)
        return sent

    flooding = asyncio.create_task(asyncio.to_thread(flooded, 6))
    await asyncio.sleep(2)
    world.sends(world.devices[CORE].address, world.traps, world.trap(CORE, POWER_INVALID))
    took = await world.until(lambda: world.tells(CORE))
    sent = await flooding
    assert took < 5
    assert sent > 25_000
    await asyncio.sleep(1)
    heard = sum(
        float(value) for value in re.findall(r"^netvigil_shouts_total\{.*\} (\S+)$", world.metrics(), re.MULTILINE)
    )
    assert heard == sent + 1  # each is counted, as limited or as lost where it was
    assert world.metric("netvigil_visits_total", 'result="answered"') < 30  # a flood of hints is no flood of visits
