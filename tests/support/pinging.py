"""Real ICMP over a loopback of its own: `unshare -Urn python tests/support/pinging.py` prints what Reach made of it.

A network namespace of one's own has its own ping_group_range, so that no right on the machine is needed. What the line
loses is lost by a filter on the socket itself, in the kernel: all replies of the devices "dead" and "filtered", 30 % of
those of "lossy". Nobody takes TCP connections at "dead"; at "filtered" they are refused. Halfway the line is mended.
"""

import asyncio
import ctypes
import fcntl
import json
import socket
import struct
import sys
from pathlib import Path

from collectors.reach import Reach

DEVICES = {"well": "127.0.0.1", "lossy": "127.0.0.2", "dead": "127.0.0.3", "filtered": "127.0.0.4"}
DEVICES |= {"six": "::1", "stray": "203.0.113.9"}
SECONDS = 6.0
_LOSSY, _DEAD, _FILTERED = 2, 3, 4  # numbers that Reach deals out in order


def _loopback_up() -> None:
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


def _lose(sock: socket.socket) -> None:
    number, random = 16, 0xFFFFF000 + 56  # octet of the device's number behind ICMP's head; SKF_AD_RANDOM
    load, equal, greater, end = 0x20, 0x15, 0x25, 0x06
    code = [
        (load, 0, 0, number),
        (equal, 4, 0, _DEAD),
        (equal, 3, 0, _FILTERED),
        (equal, 0, 3, _LOSSY),
        (load, 0, 0, random),
        (greater, 1, 0, int(0.3 * 2**32)),
        (end, 0, 0, 0),
        (end, 0, 0, 0xFFFF),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in code))
    filters = struct.pack("HxxxxxxP", len(code), ctypes.addressof(program))
    sock.setsockopt(socket.SOL_SOCKET, 26, filters)  # SO_ATTACH_FILTER


def _deaf(address: str, port: int) -> list[socket.socket]:
    """A port whose queue is full: further SYNs are dropped, as by a device that is gone."""
    server = socket.create_server((address, port), backlog=0)
    kept = [server]
    for _ in range(3):
        kept.append(socket.socket())
        kept[-1].setblocking(False)  # noqa: FBT003 - the standard library's own signature
        kept[-1].connect_ex((address, port))
    return kept


async def _main(interval: float, patience: float) -> dict[str, object]:
    changes: list[str] = []
    reach = Reach(changes.append, interval=interval, patience=patience, ports=[22])
    kept = _deaf(DEVICES["dead"], 22)
    reach.start()
    for echoes in reach._echoes.values():  # noqa: SLF001 - the line is not ours to break anywhere else
        _lose(echoes.socket)
    reach.load(DEVICES.items())
    await asyncio.sleep(SECONDS)
    halfway = {name: one.there for name, one in reach.all().items()}
    for echoes in reach._echoes.values():  # noqa: SLF001 - as above
        echoes.socket.setsockopt(socket.SOL_SOCKET, 27, 0)  # SO_DETACH_FILTER
    await asyncio.sleep(SECONDS / 2)
    said = {
        name: {"there": one.there, "reason": one.reason, "way": one.way, "loss": one.loss, "seconds": one.seconds}
        for name, one in reach.all().items()
    }
    await reach.close()
    for each in kept:
        each.close()
    return {"halfway": halfway, "said": said, "changes": changes, "asked": reach.asked}


if __name__ == "__main__":
    _loopback_up()
    json.dump(asyncio.run(_main(float(sys.argv[1]), float(sys.argv[2]))), sys.stdout)
