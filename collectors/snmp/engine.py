"""The engine of our own behind `Reader`: a few UDP sockets for all devices, and what was learned of each device.

Datagrams are sorted by their id, and taken only from the address and port that were asked. `talk.Talk` runs one read,
`jobs` know what to ask, `layout` knows the replies of last time. Nothing that a device sends raises out of here.
"""

import asyncio
import contextlib
import errno
import ipaddress
import random
import socket
import sys
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from weakref import WeakValueDictionary

from collectors.snmp.apart import Columns, joined
from collectors.snmp.codec import CodecError
from collectors.snmp.community import CommunityWay, identifier
from collectors.snmp.jobs import Known, Question, ScalarsJob, TableJob
from collectors.snmp.layout import Shapes
from collectors.snmp.reader import Budget, Community, Reading, Request, Rows, Silence, Target, Value
from collectors.snmp.sweep import Sweep
from collectors.snmp.talk import Address, Talk, Way
from collectors.snmp.usm import UsmWay

_LARGEST: Final = 65_535
_AT_ONCE: Final = 64  # datagrams of one socket before another has its turn
_PAUSE: Final = 0.001  # seconds between two looks at a socket: what came meanwhile costs one turn of the loop, not many
_FEW: Final = 4  # replies awaited: of so few not many come at once
_WINDOW: Final = 64  # questions in flight of one socket: so many replies fit into the room a socket has
_MOST_SOCKETS: Final = 16
_ROOM: Final = 4_194_304  # octets of a socket's buffer; the system gives less where its limit is lower
_MOST_KNOWN: Final = 50_000  # devices of which is kept what was learned
_SYS_OBJECT_ID: Final = "1.3.6.1.2.1.1.2.0"
_MOST_USERS: Final = 50_000
_MOST_TABLES: Final = 4096  # of models, of which is known which columns move
_FIRST_ID, _LAST_ID = 0x01000000, 0x7FFFFFFF  # four octets each
_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}  # linux/in.h, in6.h
_MSG_ERRQUEUE: Final = 0x2000  # linux/socket.h


class Counts:
    """What came over all sockets and was no reply: wrong by its bytes, or from elsewhere, too late, not asked for."""

    __slots__ = ("malformed", "stray")

    def __init__(self) -> None:
        self.malformed = self.stray = 0


class _Socket:
    """One socket of many devices."""

    def __init__(self, family: socket.AddressFamily, counts: Counts) -> None:
        self._loop = asyncio.get_running_loop()
        self._counts = counts
        self._waiting: dict[bytes, tuple[Talk, Question]] = {}
        self._talks: dict[Address, list[Talk]] = {}
        self._id = random.SystemRandom().randrange(_FIRST_ID, _LAST_ID)
        self._pause: asyncio.TimerHandle | asyncio.Handle | None = None
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.socket.setblocking(False)  # noqa: FBT003 - the standard library's own signature
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
            with contextlib.suppress(OSError):  # elsewhere than on Linux a closed port shows as a timeout
                self.socket.setsockopt(*_RECVERR[family], 1)
            self._loop.add_reader(self.socket.fileno(), self._woken)
        except BaseException:
            self.socket.close()
            raise

    @property
    def load(self) -> int:
        return len(self._waiting)

    def open(self, talk: Talk) -> None:
        self._talks.setdefault(talk.address, []).append(talk)

    def close(self, talk: Talk) -> None:
        talks = self._talks[talk.address]
        talks.remove(talk)
        if not talks:
            del self._talks[talk.address]

    def shut(self) -> None:
        for talk in [talk for talks in self._talks.values() for talk in talks]:
            talk.icmp()
            talk.cut()
        self._loop.remove_reader(self.socket.fileno())
        if self._pause is not None:
            self._pause.cancel()
        self.socket.close()

    def new_id(self) -> bytes:
        while True:
            self._id = self._id + 1 if self._id < _LAST_ID else _FIRST_ID
            id_ = self._id.to_bytes(4, "big")
            if id_ not in self._waiting:
                return id_

    def send(self, talk: Talk, question: Question, datagram: bytes) -> None:
        self._waiting[question.id] = talk, question
        try:
            self.socket.sendto(datagram, talk.address)
        except OSError:
            self._errors()  # that of an earlier datagram, perhaps to another device; then ours was not sent
            with contextlib.suppress(OSError):  # no route, a full buffer: as good as lost on the way, and repeated
                self.socket.sendto(datagram, talk.address)

    def forget(self, question: Question) -> None:
        self._waiting.pop(question.id, None)

    def _woken(self) -> None:
        """Something came to a quiet socket. Where more is awaited, it is looked at now and then until it is quiet."""
        came = self._receive()
        if not came:  # woken by an error alone
            self._errors()
        if came == _AT_ONCE or len(self._waiting) > _FEW:
            self._loop.remove_reader(self.socket.fileno())
            self._rest(came)

    def _look(self) -> None:
        came = self._receive()
        if came:
            self._rest(came)
        else:
            self._pause = None
            self._loop.add_reader(self.socket.fileno(), self._woken)

    def _rest(self, came: int) -> None:
        more = came == _AT_ONCE
        self._pause = self._loop.call_soon(self._look) if more else self._loop.call_later(_PAUSE, self._look)

    def _receive(self) -> int:
        """Hand on what came; how much that was, `_AT_ONCE` where there may be more."""
        receive = self.socket.recvfrom
        for number in range(_AT_ONCE):
            try:
                datagram, address = receive(_LARGEST)
            except BlockingIOError:
                return number
            except OSError:
                self._errors()
                continue
            self._heard(datagram, address)
        return _AT_ONCE

    def _heard(self, datagram: bytes, address: Address) -> None:
        try:
            talk, question = self._waiting[identifier(datagram)]
            if talk.address != address:
                self._counts.stray += 1
                return
            talk.heard(question, datagram)
        except KeyError:
            self._counts.stray += 1
            self._strange(datagram, address)
        except (CodecError, IndexError):
            self._counts.malformed += 1
            self._strange(datagram, address)

    def _strange(self, datagram: bytes, address: Address) -> None:
        """Tell the talks with its sender of what is no reply."""
        for talk in tuple(self._talks.get(address, ())):
            talk.strange(datagram)

    def _errors(self) -> None:
        """Tell the talks of closed ports (ICMP), which the kernel keeps beside the datagrams."""
        for _ in range(_AT_ONCE):
            try:
                _, told, _, address = self.socket.recvmsg(0, 1024, _MSG_ERRQUEUE)
            except OSError:
                return
            if not any(_refuses(content) for _, _, content in told):
                continue
            for talk in tuple(self._talks.get(address, ())):
                self._loop.call_soon(talk.icmp)


def _refuses(error: bytes) -> bool:
    """Whether a struct sock_extended_err (linux/errqueue.h), errno first, says that nobody is there."""
    return int.from_bytes(error[:4], sys.byteorder) != errno.EMSGSIZE  # that one: cut smaller the next time


_community_way = lru_cache(maxsize=1024)(CommunityWay)


@lru_cache(maxsize=65_536)
def _numeric(address: str, port: int) -> tuple[socket.AddressFamily, Address] | None:
    """Family and socket address where `address` is a number, not a name."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return None
    found = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    return _first(found)


def _first(found: Sequence[tuple[Any, ...]]) -> tuple[socket.AddressFamily, Address]:
    return found[0][0], found[0][4]


async def _resolved(target: Target) -> tuple[socket.AddressFamily, Address]:
    """Family and address where `target` is a name. Raises OSError or UnicodeError where it leads nowhere."""
    loop = asyncio.get_running_loop()
    return _first(await loop.getaddrinfo(target.address, target.port, type=socket.SOCK_DGRAM))


class _Box:
    """What was learned of one device: its model (sysObjectID), and the layout of each table."""

    __slots__ = ("known", "model")

    def __init__(self) -> None:
        self.model: Value = None
        self.known: dict[tuple[str, ...], Known] = {}


class EngineReader:
    """The `Reader` of our own engine. One may read many devices at once; `close` gives the sockets back."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._sockets: dict[socket.AddressFamily, list[_Socket]] = {}
        self._boxes: OrderedDict[tuple[str, int], _Box] = OrderedDict()
        self._models: WeakValueDictionary[tuple[Value, tuple[str, ...]], Known] = WeakValueDictionary()
        self._columns: dict[tuple[Value, tuple[str, ...]], Columns] = {}
        self._users: OrderedDict[Hashable, UsmWay] = OrderedDict()
        self._shapes = Shapes()

    def _socket(self, family: socket.AddressFamily) -> _Socket:
        sockets = self._sockets.setdefault(family, [])
        least = min(sockets, key=lambda each: each.load, default=None)
        if least is None or (least.load >= _WINDOW and len(sockets) < _MOST_SOCKETS):
            least = _Socket(family, self.counts)
            sockets.append(least)
        return least

    def _box(self, target: Target) -> _Box:
        """What is known of the device at `target`; the one not asked for longest is forgotten first."""
        key = target.address, target.port
        box = self._boxes.get(key)
        if box is None:
            box = self._boxes[key] = _Box()
            if len(self._boxes) > _MOST_KNOWN:
                self._boxes.popitem(last=False)
        else:
            self._boxes.move_to_end(key)
        return box

    def _remembered(self, box: _Box, what: tuple[str, ...]) -> Known:
        """What is known of `what`: of the device itself, or of another of its model, which is very likely the same."""
        known = box.known.get(what)
        if known is None:
            other = None if box.model is None else self._models.get((box.model, what))
            known = box.known[what] = Known() if other is None else other.lent()
        return known

    def _columns_of(self, box: _Box, table: tuple[str, ...]) -> Columns:
        """The groups in which the columns of `table` are asked, known of all devices of the model."""
        key = box.model, table
        found = self._columns.get(key)
        if found is None:
            found = Columns(table)
            if box.model is not None:
                if len(self._columns) >= _MOST_TABLES:
                    self._columns.clear()  # devices may call themselves what they like; it is learned anew
                self._columns[key] = found
        return found

    def _jobs(self, box: _Box, columns: Columns, table: tuple[str, ...], most_rows: int) -> list[TableJob]:
        """What asks for `table`: one job for each group of its columns."""
        groups = columns.groups
        if len(groups) > 1 and (whole := box.known.pop(table, None)) is not None:
            for group in groups:  # it was asked as a whole until now
                self._remembered(box, group).rows = whole.rows
        return [TableJob(group, most_rows, self._remembered(box, group), self._shapes) for group in groups]

    def _learn(self, box: _Box, told: Mapping[str, Value], asked: Iterable[tuple[str, ...]]) -> None:
        """Keep what is new for other devices of the model."""
        if _SYS_OBJECT_ID in told:
            box.model = told[_SYS_OBJECT_ID]
        for what in asked:
            known = box.known[what]
            if not known.shared and (known.course or known.fitting or known.repetitions) and box.model is not None:
                self._models[box.model, what] = known
                known.shared = True

    def _way(self, target: Target) -> Way:
        """How to speak to `target`. Raises ValueError where a key is empty."""
        credential = target.credential
        if isinstance(credential, Community):
            return _community_way(credential)
        key = target.address, target.port, credential
        way = self._users.get(key)
        if way is None:
            way = self._users[key] = UsmWay(credential)
            if len(self._users) > _MOST_USERS:
                self._users.popitem(last=False)
        else:
            self._users.move_to_end(key)
        return way

    async def _opened(self, target: Target, seconds: float) -> tuple[_Socket, Address, Way] | Silence:
        """A socket, and the way to speak over it to `target`; why there is none."""
        try:
            found = _numeric(target.address, target.port)
            if found is None:
                async with asyncio.timeout(seconds):
                    found = await _resolved(target)
            family, address = found
            line = self._socket(family)
        except (OSError, UnicodeError):
            return Silence.UNRESOLVED
        try:
            return line, address, self._way(target)
        except ValueError:
            return Silence.WRONG_KEY  # a key that cannot be used, such as an empty one

    async def swept(self, target: Target, sweep: Sweep, budget: Budget) -> Reading:
        """Ask `target` all that `sweep` wants to know and keeps; the answer says how it went, and what it took."""
        opened = await self._opened(target, budget.seconds)
        if isinstance(opened, Silence):
            return Reading(scalars={}, tables=(), silence=opened)
        line, address, way = opened
        talk = Talk(line, address, way, target, [sweep], budget)
        await _over(line, talk)
        seconds = asyncio.get_running_loop().time() - talk.started
        return Reading(
            scalars={}, tables=(), silence=talk.silence, seconds=seconds, requests=talk.requests, bytes=talk.bytes
        )

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        """All that `request` asks of `target`, within the budget; see `Reader`."""
        begun = asyncio.get_running_loop().time()
        opened = await self._opened(target, budget.seconds)
        if isinstance(opened, Silence):
            return _nothing(request, opened)
        line, address, way = opened
        box = self._box(target)
        known = self._remembered(box, request.scalars)
        scalars = ScalarsJob(request.scalars, known, self._shapes)
        tables = [
            (columns := self._columns_of(box, table), self._jobs(box, columns, table, budget.rows))
            for table in request.tables
        ]
        jobs = [job for _, of_table in tables for job in of_table]
        talk = Talk(line, address, way, target, [scalars, *jobs], budget)
        talk.patience = max(talk.patience, known.patience)
        await _over(line, talk)
        known.patience = talk.patience if talk.silence is None else 0.0
        seconds = asyncio.get_running_loop().time() - begun
        if talk.silence is not None:
            if isinstance(way, UsmWay):
                way.forget()  # another box may stand behind the address
            return _nothing(request, talk.silence, seconds, talk.requests, talk.bytes)
        told = scalars.scalars()
        rows = []
        for columns, of_table in tables:
            found = [job.rows() for job in of_table]
            rows.append(joined(found))
            if not columns.is_settled:
                columns.read(found[0], of_table[0].before, of_table[0].replies)
        self._learn(box, told, [request.scalars, *[job.columns for job in jobs]])
        return Reading(
            scalars={oid: told.get(oid) for oid in request.scalars},
            tables=tuple(rows),
            seconds=seconds,
            requests=talk.requests,
            bytes=talk.bytes,
        )

    async def close(self) -> None:
        """Give back the sockets."""
        for sockets in self._sockets.values():
            for each in sockets:
                each.shut()
        self._sockets.clear()


async def _over(line: _Socket, talk: Talk) -> None:
    """Let `talk` go on over `line` to its end."""
    line.open(talk)
    try:
        talk.start()
        await talk.finished
    finally:
        talk.close()
        line.close(talk)


def _nothing(request: Request, why: Silence, seconds: float = 0.0, requests: int = 0, taken: int = 0) -> Reading:
    tables = tuple(Rows(index=(), columns=dict.fromkeys(columns, ())) for columns in request.tables)
    return Reading(scalars={}, tables=tables, silence=why, seconds=seconds, requests=requests, bytes=taken)
