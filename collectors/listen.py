"""The sockets on which devices shout: datagrams in batches, and syslog's connections. What they say is read elsewhere.

A socket is opened here or passed by systemd (LISTEN_FDS, sd_listen_fds(3)), which can give a port under 1024 and a
larger buffer than a user may ask for.
"""

import asyncio
import logging
import os
import socket
import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from collectors.shouts import Frames

log = logging.getLogger(__name__)

Hear = Callable[[bytes, str], Sequence[bytes]]
"""Takes a message and the address it came from; gives what is to be sent back."""

_ROOM = 8 << 20  # octets that may wait; the kernel gives as many as net.core.rmem_max allows
_LARGEST = 65535
_AT_ONCE = 256
"""Datagrams before the rest of the daemon has its turn."""
_DROPPED = 40  # SO_RXQ_OVFL of Linux; the socket module has no name for it
_COUNT = struct.Struct("@I")
_FIRST_PASSED = 3  # SD_LISTEN_FDS_START
_CONNECTIONS, _OF_ONE = 1024, 8
_LINES, _FREE, _LINE = 5000, 64, 1000
"""So many lines a second are read of one connection, so many at a time are free, and so many octets count as one."""


class Datagrams:
    """One UDP socket, read when something waits. `lost` counts what the kernel dropped because its room was full."""

    def __init__(self, sock: socket.socket, hear: Hear) -> None:
        self.socket, self._hear = sock, hear
        self.lost = 0
        sock.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        sock.setsockopt(socket.SOL_SOCKET, _DROPPED, 1)
        asyncio.get_running_loop().add_reader(sock.fileno(), self._read)

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                datagram, notes, _, origin = self.socket.recvmsg(_LARGEST, 32)
            except OSError:
                return
            for level, kind, data in notes:
                if level == socket.SOL_SOCKET and kind == _DROPPED and len(data) == _COUNT.size:
                    self.lost = _COUNT.unpack(data)[0]
            for reply in self._hear(datagram, plain_address(origin[0])):
                try:
                    self.socket.sendto(reply, origin)
                except OSError:
                    continue  # as good as lost on the way; who wants an answer asks again

    def close(self) -> None:
        """Hear no more."""
        asyncio.get_running_loop().remove_reader(self.socket.fileno())
        self.socket.close()


class _Connection(asyncio.Protocol):
    """One TCP connection that brings lines."""

    def __init__(self, connections: "Connections") -> None:
        self._all, self._frames, self._source = connections, Frames(), ""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # of a TCP socket it is always one
        peer = transport.get_extra_info("peername")
        self._source = plain_address(peer[0]) if peer else ""
        if not self._all.admit(self, self._source):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        lines = self._frames.fed(data)
        for line in lines:
            self._all.hear(line, self._source)
        much = max(len(lines), len(data) // _LINE) - _FREE
        if much > 0 and self._transport is not None:  # TCP itself slows down who sends too fast
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(much / _LINES, self._go_on)

    def _go_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._all.gone(self, self._source)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Connections:
    """A TCP socket to which devices send lines; so many connections in all, and so many of one address."""

    def __init__(self, sock: socket.socket, hear: Hear) -> None:
        self.socket, self.hear = sock, hear
        self.turned_away = 0
        self._open: set[_Connection] = set()
        self._of: Counter[str] = Counter()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Take connections."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=self.socket)

    def admit(self, connection: _Connection, source: str) -> bool:
        """Whether there is room for another connection of this address."""
        if len(self._open) >= _CONNECTIONS or self._of[source] >= _OF_ONE:
            self.turned_away += 1
            return False
        self._open.add(connection)
        self._of[source] += 1
        return True

    def gone(self, connection: _Connection, source: str) -> None:
        """A connection has ended."""
        if connection in self._open:
            self._open.discard(connection)
            self._of -= Counter({source: 1})

    def close(self) -> None:
        """Take no more, and end those that are open."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._open):
            connection.close()


def opened(listen: str, kind: socket.SocketKind) -> socket.socket:
    """A socket on an address such as "0.0.0.0:1162" or "[::]:1514". Raises OSError where it cannot be had."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, kind)
    try:
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, int(port)))
        if kind is socket.SOCK_STREAM:
            sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


def passed(environ: Mapping[str, str]) -> dict[str, list[socket.socket]]:
    """The sockets that systemd passed, by the name their unit gives them (FileDescriptorName=)."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    count, names = environ.get("LISTEN_FDS", ""), environ.get("LISTEN_FDNAMES", "").split(":")
    found: dict[str, list[socket.socket]] = {}
    for number in range(int(count) if count.isdecimal() else 0):
        name = names[number] if number < len(names) else ""
        try:
            sock = socket.socket(fileno=_FIRST_PASSED + number)
        except OSError:
            log.warning("what systemd passed as %s is no socket", name or number)
            continue
        found.setdefault(name, []).append(sock)
    return found


def plain_address(address: str) -> str:
    """An address as the inventory writes it: without a zone, and not mapped into IPv6."""
    return address.partition("%")[0].removeprefix("::ffff:")
