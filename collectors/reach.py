"""Whether a device is there at all, asked every 10 s beside the visits; one that comes or goes is visited at once.

By ICMP echo where the system allows it (echoes.py), else by a TCP connection, which may be refused: a refusal is an
answer, too. A device is down when 12 tries in a row had no answer; docs/performance.md says why 12.
"""

import asyncio
import errno
import heapq
import logging
import socket
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from itertools import count
from typing import Any
from zlib import crc32

from collectors.echoes import Echoes, forbidden

log = logging.getLogger(__name__)

TRIES = 12
"""Lost tries in a row until a device is down: 0.3 ** 12 is 5.3e-7, so that 30 % of loss looks like an outage less than
once in a million checks. A lost try is repeated at once, so that this takes seconds, not minutes."""
DOUBTFUL = 3
"""Lost tries in a row from which on nobody may say that the device is there, though it is not yet known to be down."""
WINDOW = 60
"""Checks over which loss is counted: ten minutes. Only the first try of a check counts, else bad times count twice."""
_BOTH_FROM = TRIES // 2
"""After so many lost tries each further one is made by TCP as well: somebody may have filtered ICMP."""
_TICK = 0.05
_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM, errno.EINVAL, errno.EADDRNOTAVAIL}
_RESOLVE_AGAIN = 30  # checks until a name that leads to an address is looked up anew; one that does not, at each


class There(StrEnum):
    """Whether something answers at the address."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class Way(StrEnum):
    """How a device is asked."""

    ICMP = "icmp"
    TCP = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What is known of one device. `reason` says why it is unknown; `seconds` is the last round trip.

    `loss` is the share of the checks of the last ten minutes whose first try had no answer; None before the first.
    `doubted`: it was up, and does not answer just now.
    """

    there: There
    reason: str = ""
    way: Way = Way.ICMP
    loss: float | None = None
    seconds: float | None = None
    doubted: bool = False


@dataclass(slots=True)
class Record:
    """The tries of one device. `answered` and `lost` are all that counts; nothing here knows of sockets."""

    there: There = There.UNKNOWN
    reason: str = "not_asked_yet"
    tries: int = 0  # lost ones in a row
    checks: int = 0
    lost_checks: int = 0  # one bit for each of the last WINDOW checks
    seconds: float | None = None

    def answered(self, seconds: float) -> None:
        """A try had an answer."""
        if not self.tries:
            self._checked(0)
        self.there, self.reason, self.tries, self.seconds = There.UP, "", 0, seconds

    def lost(self) -> bool:
        """A try had none. True where another should follow at once, False where the check is over."""
        if not self.tries or self.there is There.DOWN:
            self._checked(1)
        self.tries += 1
        if self.there is There.DOWN:
            return False
        if self.tries < TRIES:
            return True
        self.there, self.reason, self.seconds = There.DOWN, "", None
        return False

    def unasked(self, reason: str) -> None:
        """It could not be asked, for a reason of ours."""
        self.there, self.reason, self.tries, self.seconds = There.UNKNOWN, reason, 0, None

    @property
    def doubted(self) -> bool:
        """True where it was up and does not answer just now."""
        return self.there is There.UP and self.tries >= DOUBTFUL

    @property
    def settled(self) -> bool:
        """True where another try now would tell nothing new: it is down, or in doubt."""
        return self.there is There.DOWN or self.tries >= DOUBTFUL

    def _checked(self, lost: int) -> None:
        self.checks = min(self.checks + 1, WINDOW)
        self.lost_checks = (self.lost_checks << 1 | lost) & ((1 << WINDOW) - 1)

    @property
    def loss(self) -> float | None:
        """The share of checks whose first try was lost."""
        return self.lost_checks.bit_count() / self.checks if self.checks else None


@dataclass(slots=True, kw_only=True)
class _Watched:
    name: str
    host: str
    number: int
    beat: float
    record: Record
    way: Way
    address: str = ""
    family: socket.AddressFamily = socket.AF_INET
    resolved: int = 0
    began: int = 0  # when the first try of this check was sent (ns, wall clock)
    waiting: int = 0  # the number of the try that is under way, 0 for none
    port: int = 0  # where in the list of ports the next knock goes
    awaited: list[asyncio.Future[None]] = field(default_factory=list)  # who wants to know now

    def tell(self) -> None:
        """It answered, or is not known to be there any more: whoever waits for that may go on."""
        awaited, self.awaited = self.awaited, []
        for each in awaited:
            if not each.done():
                each.set_result(None)


class Reach:
    """Asks all devices at their beat. `changed` is called where one came or went: up to down, or down to up."""

    def __init__(
        self, changed: Callable[[str], None], *, interval: float = 10.0, patience: float = 1.0, ports: Sequence[int]
    ) -> None:
        self._changed, self._interval, self._patience, self._ports = changed, interval, patience, tuple(ports)
        self._devices: dict[str, _Watched] = {}
        self._numbers: dict[int, _Watched] = {}
        self._number = count(1)
        self._turns: list[tuple[float, int]] = []
        self._deadlines: deque[tuple[float, int, int]] = deque()
        self._try = count(1)
        self._echoes: dict[socket.AddressFamily, Echoes] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticking: asyncio.TimerHandle | None = None
        self.asked = self.answered = 0

    def start(self) -> None:
        """Begin to ask; says once in the log where ICMP is not allowed."""
        loop = asyncio.get_running_loop()
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                echoes = Echoes(family)
            except OSError:
                continue
            self._echoes[family] = echoes
            loop.add_reader(echoes.socket.fileno(), self._hear, echoes)
        if socket.AF_INET not in self._echoes:
            log.warning("%s", forbidden())
        self._tick()

    @property
    def way(self) -> Way:
        """How devices are asked as a rule."""
        return Way.ICMP if self._echoes else Way.TCP

    def load(self, devices: Iterable[tuple[str, str]]) -> None:
        """Watch these devices (name, address) and no others; what is known of those that stay is kept."""
        before, self._devices = self._devices, {}
        now = asyncio.get_running_loop().time()
        for name, host in devices:
            known = before.get(name)
            if known is None or known.host != host:
                beat = now + self._interval * (crc32(name.encode()) / 2**32)  # so that not all are asked at once
                number = next(self._number)
                known = _Watched(name=name, host=host, number=number, beat=beat, record=Record(), way=Way.ICMP)
                heapq.heappush(self._turns, (beat, number))
            self._devices[name] = known
        self._numbers = {one.number: one for one in self._devices.values()}

    def of(self, name: str) -> Reached | None:
        """What is known of the device; None where it is not watched."""
        one = self._devices.get(name)
        return _said(one) if one else None

    async def asked_anew(self, name: str) -> Reached | None:
        """What is known of the device once it was asked anew; None where it is not watched.

        That it answered ten seconds ago says little of a device that has just fallen silent.
        """
        one = self._devices.get(name)
        if one is None:
            return None
        if not one.record.settled:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[None] = loop.create_future()
            one.awaited.append(answer)
            if not one.waiting:
                one.began = 0
                self._ask(one, loop.time())
            with suppress(TimeoutError):  # of ours: no echo could be sent, or the name is still looked up
                async with asyncio.timeout(self._patience * (DOUBTFUL + 1)):
                    await answer
        return _said(one)

    def all(self) -> Mapping[str, Reached]:
        """What is known of every device."""
        return {name: _said(one) for name, one in self._devices.items()}

    async def close(self) -> None:
        """Ask nobody any more."""
        if self._ticking:
            self._ticking.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for echoes in self._echoes.values():
            asyncio.get_running_loop().remove_reader(echoes.socket.fileno())
            echoes.close()

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._ticking = loop.call_later(_TICK, self._tick)
        for echoes in self._echoes.values():  # what came while the loop was busy came in time
            self._hear(echoes)
        now = loop.time()
        while self._deadlines and self._deadlines[0][0] <= now:
            _, number, attempt = self._deadlines.popleft()
            one = self._numbers.get(number)
            if one is not None and one.waiting == attempt:
                self._missed(one, now)
        while self._turns and self._turns[0][0] <= now:
            one = self._numbers.get(heapq.heappop(self._turns)[1])
            if one is not None:
                one.beat += self._interval * (1 + (now - one.beat) // self._interval)
                heapq.heappush(self._turns, (one.beat, one.number))
                if not one.waiting:
                    one.began = 0
                    self._ask(one, now)

    def _ask(self, one: _Watched, now: float) -> None:
        if not one.address or (not one.record.tries and one.resolved <= 0):
            self._resolve(one, now)
            return
        one.resolved -= not one.record.tries
        echoes = self._echoes.get(one.family)
        by_tcp = echoes is None or one.way is Way.TCP or one.record.tries >= _BOTH_FROM
        if echoes is not None and one.way is Way.ICMP:
            try:
                sent = echoes.ask(one.address, one.number)
            except OSError as error:
                self._unasked(one, "no_route" if error.errno in _NO_WAY else "not_sent")
                return
            if sent is None and not by_tcp:
                return
            one.began = one.began or sent or 0
        one.waiting = next(self._try)
        self.asked += 1
        self._deadlines.append((now + self._patience, one.number, one.waiting))
        if by_tcp:
            self._spawn(self._knock(one, one.waiting))

    def _resolve(self, one: _Watched, now: float) -> None:
        try:
            address = ip_address(one.host)
        except ValueError:
            self._spawn(self._look_up(one, now))
            return
        one.address, one.resolved = str(address), 1 << 62
        one.family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004 - the version of IP
        self._ask(one, now)

    async def _look_up(self, one: _Watched, now: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(one.host, None, type=socket.SOCK_DGRAM)
        except OSError:
            found = []
        if not found:
            one.address = ""
            self._unasked(one, "unresolved")
            return
        family, _, _, _, address = found[0]
        one.family, one.address, one.resolved = family, str(address[0]), _RESOLVE_AGAIN
        self._ask(one, max(now, loop.time()))

    def _hear(self, echoes: Echoes) -> None:
        for echo in echoes.replies():
            one = self._numbers.get(echo.number)
            # a late answer to an earlier try of this check is a sign of life all the same
            if one is not None and one.waiting and echo.address == one.address and echo.sent >= one.began > 0:
                self._heard(one, echo.seconds, Way.ICMP)

    async def _knock(self, one: _Watched, attempt: int) -> None:
        """A TCP connection, closed at once. Refused is an answer; silence ends with the deadline of the try."""
        loop = asyncio.get_running_loop()
        port = self._ports[one.port % len(self._ports)]
        began = loop.time()
        with socket.socket(one.family, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)  # noqa: FBT003 - the standard library's own signature
            try:
                async with asyncio.timeout(self._patience):
                    await loop.sock_connect(sock, (one.address, port))
            except ConnectionRefusedError:
                pass
            except OSError as error:  # TimeoutError is one
                one.port += 1
                if error.errno == errno.ENETUNREACH and one.waiting == attempt:
                    self._unasked(one, "no_route")
                return
        if one.waiting == attempt:
            self._heard(one, loop.time() - began, Way.TCP)

    def _heard(self, one: _Watched, seconds: float, way: Way) -> None:
        before = one.record.there
        one.waiting, one.way = 0, way
        self.answered += 1
        one.record.answered(seconds)
        one.tell()
        if before is There.DOWN:
            self._changed(one.name)

    def _missed(self, one: _Watched, now: float) -> None:
        before = one.record.there
        one.waiting = 0
        goes_on = one.record.lost()
        if one.record.settled:
            one.tell()
        if goes_on:
            self._ask(one, now)
        elif before is not There.DOWN:
            one.way = Way.ICMP  # whichever way it comes back
            self._changed(one.name)

    @staticmethod
    def _unasked(one: _Watched, reason: str) -> None:
        one.waiting = 0
        one.record.unasked(reason)
        one.tell()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _said(one: _Watched) -> Reached:
    record = one.record
    return Reached(
        there=record.there, reason=record.reason, way=one.way, loss=record.loss, seconds=record.seconds,
        doubted=record.doubted,
    )  # fmt: skip
