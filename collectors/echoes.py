"""ICMP echo over an unprivileged datagram socket: one for all devices of an address family. Used by reach.py alone.

Linux gives such sockets to the groups in net.ipv4.ping_group_range (which counts for IPv6, too) and needs no capability
for them. The kernel sets identifier and checksum and hands us the replies to our own identifier only. What a reply
belongs to stands in its payload behind a secret, so that nobody who did not see the question can answer it.
"""

import errno
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

_PAYLOAD = struct.Struct(">8sIQ")  # secret, number of the device, when it was sent (ns)
_HEADER = struct.Struct(">BBHHH")  # type, code, checksum, identifier, sequence: RFC 792, RFC 4443
_ASKS = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLIES = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOLS = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_TIMESTAMPS = 35  # SO_TIMESTAMPNS of Linux; the socket module has no name for it
_TIMESPEC = struct.Struct("@qq")
_ROOM = 4 << 20  # octets: a second of replies of 10,000 devices, should the loop be busy that long
_LARGEST = 256
_AT_ONCE = 512
_NOT_NOW = {errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM}  # our own trouble, which says nothing of the device


@dataclass(frozen=True, slots=True)
class Echo:
    """A reply: from which address, of which device (its number), when it was asked (ns), how long it took (seconds)."""

    address: str
    number: int
    sent: int
    seconds: float


class Echoes:
    """The socket of one family. Raises OSError where the system allows none (`forbidden` says why)."""

    def __init__(self, family: socket.AddressFamily) -> None:
        self._family = family
        self.socket = socket.socket(family, socket.SOCK_DGRAM, _PROTOCOLS[family])
        self.socket.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        # The kernel's time of arrival: a busy loop must not look like a slow line.
        self.socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        self._secret = secrets.token_bytes(8)
        self._sequence = 0

    def ask(self, address: str, number: int) -> int | None:
        """Send an echo request; the moment (ns), or None where it could not be sent now.

        Raises OSError where there is no way to `address` at all.
        """
        self._sequence = (self._sequence + 1) & 0xFFFF
        sent = time.time_ns()
        head = _HEADER.pack(_ASKS[self._family], 0, 0, 0, self._sequence)
        try:
            self.socket.sendto(head + _PAYLOAD.pack(self._secret, number, sent), (address, 0))
        except OSError as error:
            if error.errno in _NOT_NOW:
                return None
            raise
        return sent

    def replies(self) -> Iterator[Echo]:
        """What has come, in one go of bounded length."""
        for _ in range(_AT_ONCE):
            try:
                said, notes, _, origin = self.socket.recvmsg(_LARGEST, 64)
            except OSError:
                return
            if len(said) < _HEADER.size + _PAYLOAD.size or said[0] != _REPLIES[self._family]:
                continue
            secret, number, sent = _PAYLOAD.unpack_from(said, _HEADER.size)
            if secret != self._secret:
                continue
            came = time.time_ns()
            for level, kind, data in notes:
                if level == socket.SOL_SOCKET and kind == _TIMESTAMPS and len(data) == _TIMESPEC.size:
                    seconds, rest = _TIMESPEC.unpack(data)
                    came = seconds * 1_000_000_000 + rest
            # the wall clock may be set while an echo is under way
            yield Echo(origin[0].partition("%")[0], number, sent, max(0, came - sent) / 1e9)

    def close(self) -> None:
        """Give the socket back."""
        self.socket.close()


def forbidden() -> str:
    """Why no echo can be sent, with what to do about it; "" where it can."""
    try:
        Echoes(socket.AF_INET).close()
    except PermissionError:
        return (
            "ICMP is not allowed to this user: devices are asked by TCP. To allow it, let net.ipv4.ping_group_range "
            "hold the group of the daemon (sysctl)"
        )
    except OSError as error:
        return f"ICMP is not to be had ({error.strerror}): devices are asked by TCP"
    return ""
