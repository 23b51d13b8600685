"""PySNMP's way to the network: one connected UDP socket per device, in place of PySNMP's one socket for all.

A connected socket hears ICMP (a refused port is told at once), takes replies from the address and port asked only,
and does not overflow when many devices answer together.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pysnmp.carrier.asyncio.base import AbstractAsyncioTransport  # type: ignore[import-untyped]  # PySNMP has no types

Address = tuple[str, int]
_LARGEST = 65535
_AT_ONCE = 64
"""Datagrams of one device before another has its turn."""


class Listener(Protocol):
    """One who waits for an answer on a line."""

    def refused(self) -> None:
        """The port is closed."""

    def overheard(self, datagram: bytes) -> None:
        """A datagram came, and PySNMP has seen it."""


@dataclass(slots=True)
class Line:
    """The socket to one device: what went over it, and who waits for a word."""

    address: Address
    socket: socket.socket
    requests: int = 0
    bytes: int = 0
    readers: int = 0
    waiting: set[Listener] = field(default_factory=set)

    def refuse(self) -> None:
        """Tell all who wait that the port is closed."""
        for listener in tuple(self.waiting):
            listener.refused()


class Sockets(AbstractAsyncioTransport):  # type: ignore[misc]  # PySNMP has no types
    """A transport of PySNMP that keeps a socket per device for as long as somebody reads there."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: dict[Address, Line] = {}
        self._callback_function: Callable[..., None] | None = None
        self.malformed = 0

    def open(self, address: Address, family: int) -> Line:
        """The line to `address`. Raises OSError where there is no way."""
        line = self._lines.get(address)
        if line is None:
            line = Line(address=address, socket=socket.socket(family, socket.SOCK_DGRAM))
            try:
                line.socket.setblocking(False)  # noqa: FBT003 - the standard library's own signature
                line.socket.connect(address)
            except OSError:
                line.socket.close()
                raise
            self._loop.add_reader(line.socket.fileno(), self._receive, line)
            self._lines[address] = line
        line.readers += 1
        return line

    def close(self, line: Line) -> None:
        """Give `line` back; the last reader closes it."""
        line.readers -= 1
        if line.readers <= 0:
            self._shut(line)

    def _shut(self, line: Line) -> None:
        if self._lines.pop(line.address, None) is not None:
            self._loop.remove_reader(line.socket.fileno())
            line.socket.close()

    def send_message(self, outgoingMessage: bytes, transportAddress: Address) -> None:  # noqa: N803 - PySNMP's names
        """Send, as PySNMP asks. What is for a closed line is dropped: its reader is gone."""
        line = self._lines.get(transportAddress)
        if line is None:
            return
        line.requests += 1
        try:
            line.socket.send(outgoingMessage)
        except ConnectionRefusedError:
            self._loop.call_soon(line.refuse)
        except OSError:
            return  # no route, a full buffer: as good as lost on the way, and repeated

    def _receive(self, line: Line) -> None:
        for _ in range(_AT_ONCE):
            try:
                datagram = line.socket.recv(_LARGEST)
            except ConnectionRefusedError:
                line.refuse()
                return
            except OSError:
                return
            line.bytes += len(datagram)
            self._hand_over(line, datagram)

    def _hand_over(self, line: Line, datagram: bytes) -> None:
        if self._callback_function is None:
            return
        try:
            self._callback_function(self, line.address, datagram)
        except Exception:  # noqa: BLE001 - PySNMP raises many kinds for bytes a device may send
            self.malformed += 1
        for listener in tuple(line.waiting):
            listener.overheard(datagram)

    def close_transport(self) -> None:
        """Close all lines, as PySNMP asks."""
        for line in tuple(self._lines.values()):
            with contextlib.suppress(OSError):
                self._shut(line)
        self.unregister_callback()

    def __getattr__(self, name: str) -> Any:
        """PySNMP asks transports for names they may not have."""
        raise AttributeError(name)
