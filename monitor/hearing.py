"""What devices shout, heard by the daemon: whose it is, of which part it tells, and what follows (hints.py).

A hint is never truth: it leads to a visit, and the visit tells. Only what cannot be polled, such as the cause of a
restart, stands as it was said: `events` takes it.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from collectors.floods import UNKNOWN, Sieve
from collectors.heard import Heard, heard
from collectors.listen import Connections, Datagrams, opened, passed
from collectors.notifications import Notifications, Refusal
from collectors.plan import Platform
from collectors.shouts import Shout, line_said
from collectors.snmp.reader import Credential
from monitor.hearsay import Told
from monitor.hints import Hints
from monitor.metrics import Metrics
from monitor.model import Device, DeviceEvent, Happened
from monitor.settings import Hearing as HearingSettings
from monitor.settings import Settings

log = logging.getLogger(__name__)
TRAP, SYSLOG = "trap", "syslog"
_OFTEN = 300.0, 600.0  # SNMPv3 is opened by PySNMP, which takes a millisecond: so many a second, and so many at once
_V3 = b"\x02\x01\x03"  # the version, at the start of the message behind its length
_ALL = "all"

Events = Callable[[str, Heard, datetime], None]
"""Takes an event of a device, by its name, and when it was heard."""


def shouted(name: str, what: Heard, at: datetime) -> DeviceEvent:
    """What the device `name` shouted and cannot be polled, as an event of its history, dated as it was heard."""
    data = {"text": what.shout.text or what.shout.trap}
    if what.condition.is_bad:
        data["severity"] = what.condition.value
    source = what.shout.trap or f"syslog {what.shout.log}".strip()
    return DeviceEvent(
        device=name,
        at=at,
        what=Happened.LOG_ENTRY,
        kind=what.kind if what.label else "",
        label=what.label,
        data=data,
        source=source,
    )


class Result(StrEnum):
    """What came of a message, beside the reasons of `Refusal`."""

    HINT = "hint"
    EVENT = "event"
    UNLISTED = "unlisted"
    UNKNOWN_SOURCE = "unknown_source"
    LIMITED = "limited"
    LOST = "lost"


RESULTS = (*(result.value for result in Result), *(refusal.value for refusal in Refusal))


class Hearing:
    """All ears of the daemon. `platform` says what a device is, as far as it is known; `told` takes every hint."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        visit: Callable[[str], None],
        events: Events,
        platform: Callable[[Device], Platform | None],
        clock: Callable[[], datetime],
        told: Told = lambda *_: None,
    ) -> None:
        self._told = told
        self._metrics, self._events, self._platform, self._clock = metrics, events, platform, clock
        self.hints = Hints(visit)
        # RFC 3414 wants boots that grow with every start: the minutes since 1970 do, and nothing has to be written down
        name = blake2b(str(settings.daemon.state.resolve()).encode(), digest_size=8).digest()
        self._notifications = Notifications(b"\x80\x00\x1f\x88\x05" + name, int(clock().timestamp() // 60))
        self._sieves = {TRAP: Sieve(*_measure(settings.traps)), SYSLOG: Sieve(*_measure(settings.syslog))}
        self._often = Sieve(*_OFTEN)
        self._ears: list[tuple[str, Datagrams | Connections]] = []
        self._lost: dict[Datagrams, int] = {}
        self._names: dict[str, list[str]] = {}
        self._task: asyncio.Task[None] | None = None
        self._settings = settings

    def load(self, settings: Settings) -> None:
        """Hear the devices of these settings from now on; names are looked up beside it."""
        self._settings = settings
        self._known({})
        self.hints.only(set(settings.inventory.devices))
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.get_running_loop().create_task(self._look_up())

    def remember(self, clocks: Mapping[bytes, tuple[int, int]]) -> None:
        """Up to when each SNMPv3 sender was heard before our start, by its own clock."""
        self._notifications.remember(clocks)

    def clocks(self) -> dict[bytes, tuple[int, int]]:
        """Boots and time of the SNMPv3 senders that were heard since the last call."""
        return self._notifications.clocks()

    async def start(self, environ: Mapping[str, str]) -> None:
        """Open the sockets that are configured or passed. Raises OSError where one cannot be had."""
        given = passed(environ)
        traps, syslog = given.get("traps", []), given.get("syslog", [])
        if self._settings.traps.listen and not traps:
            traps = [opened(self._settings.traps.listen, socket.SOCK_DGRAM)]
        if self._settings.syslog.listen and not syslog:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                syslog.append(opened(self._settings.syslog.listen, kind))
        for name, socks, hear in ((TRAP, traps, self.trap), (SYSLOG, syslog, self.line)):
            for sock in socks:
                stream = sock.type == socket.SOCK_STREAM
                ear = Connections(sock, hear) if stream else Datagrams(sock, hear)
                if isinstance(ear, Connections):
                    await ear.start()
                self._ears.append((name, ear))
                host, port = sock.getsockname()[:2]
                log.info("%s heard on %s:%d, %s", name, host, port, "tcp" if stream else "udp")

    async def close(self) -> None:
        """Hear no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for _, ear in self._ears:
            ear.close()
        self.hints.close()
        self._notifications.close()

    def counted(self) -> None:
        """Tell the metrics what the kernel dropped since the last time."""
        for way, ear in self._ears:
            before = self._lost.get(ear, 0) if isinstance(ear, Datagrams) else 0
            if isinstance(ear, Datagrams) and ear.lost != before:
                self._metrics.shouted(way, Result.LOST, (ear.lost - before) % 2**32)
                self._lost[ear] = ear.lost

    def trap(self, datagram: bytes, source: str) -> tuple[bytes, ...]:
        """What a datagram on the port of traps says; what is to be answered."""
        now = asyncio.get_running_loop().time()
        v3 = datagram[2:8].find(_V3) >= 0
        if not self._sieves[TRAP].passes(source, now) or (v3 and not self._often.passes(_ALL, now)):
            self._metrics.shouted(TRAP, Result.LIMITED)
            return ()
        what = self._notifications.opened(datagram, source, self._credentials(source))
        if what.refusal is not None:
            self._metrics.shouted(TRAP, what.refusal)
        if what.shout is not None:
            self._shouted(TRAP, what.shout)
        return what.replies

    def line(self, line: bytes, source: str) -> tuple[bytes, ...]:
        """What a log line says; nothing is to be answered."""
        if not self._sieves[SYSLOG].passes(source, asyncio.get_running_loop().time()):
            self._metrics.shouted(SYSLOG, Result.LIMITED)
            return ()
        shout = line_said(source, line)
        if shout is None:
            self._metrics.shouted(SYSLOG, Refusal.MALFORMED)
        else:
            self._shouted(SYSLOG, shout)
        return ()

    def _shouted(self, way: str, shout: Shout) -> None:
        names = self._names.get(shout.source) or self._names.get(shout.about) or []
        results = {self._followed(name, shout) for name in names} or {Result.UNKNOWN_SOURCE}
        for result in results:
            self._metrics.shouted(way, result)

    def _followed(self, name: str, shout: Shout) -> Result:
        device = self._settings.inventory.devices[name]
        platform = self._platform(device)
        if platform is None:  # nobody knows yet what it is; it wants a visit all the same
            self._told(name, None, self._clock())
            self.hints.given(name)
            return Result.HINT
        what = heard(shout, platform)
        if what is None:
            return Result.UNLISTED
        self._told(name, what, self._clock())
        if self.hints.given(name):
            log.info("%s says of %s %s: %s", name, what.kind, what.label, shout.log or shout.trap)
        if not what.is_event:
            return Result.HINT
        self._events(name, what, self._clock())
        return Result.EVENT

    def _credentials(self, source: str) -> list[Credential]:
        """Those of the device at this address, and those that are for traps alone; a stranger has only these."""
        stock = self._settings.inventory
        named = [name for device in self._names.get(source, []) for name in stock.devices[device].credentials]
        return [stock.credentials[name] for name in dict.fromkeys((*named, *self._settings.traps.credentials))]

    def _known(self, looked_up: Mapping[str, str]) -> None:
        self._names = {}
        for device in self._settings.inventory.devices.values():
            self._names.setdefault(looked_up.get(device.address, device.address), []).append(device.name)
        for sieve in self._sieves.values():
            sieve.know(self._names)
        self._often.know([_ALL])

    async def _look_up(self) -> None:
        """Addresses of the devices that the inventory knows by name."""
        loop, found = asyncio.get_running_loop(), dict[str, str]()
        for host in self._names:
            if host == UNKNOWN or host.replace(".", "").isdecimal() or ":" in host:
                continue
            try:
                answer = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
            except OSError:
                continue
            found[host] = str(answer[0][4][0])
        if found:
            self._known(found)


def _measure(settings: HearingSettings) -> tuple[float, float]:
    return settings.rate, settings.burst
