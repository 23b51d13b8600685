"""What it costs to ping 10,000 devices every 10 s: processor time of one process over loopback.

`unshare -Urn python -m benchmarks.reach --namespace` measures ICMP in a network namespace of its own, where the machine
allows it to nobody; without `unshare` and `--namespace` it is what the machine allows, at worst TCP. The replies are
made by the kernel, whose time for both sides is in the figure (user + system).
"""

import asyncio
import fcntl
import json
import socket
import struct
import sys
import time
from pathlib import Path

from collectors.reach import Reach, There

DEVICES = 10_000
SECONDS = 30


async def _measured() -> dict[str, object]:
    reach = Reach(lambda _: None, ports=[22])
    reach.start()
    addresses = [f"127.{1 + n // 65_536}.{n // 256 % 256}.{n % 256}" for n in range(1, DEVICES + 1)]
    reach.load((f"device-{n}", address) for n, address in enumerate(addresses))
    await asyncio.sleep(10)
    asked, spent, began = reach.asked, time.process_time(), time.perf_counter()
    await asyncio.sleep(SECONDS)
    took, spent = time.perf_counter() - began, time.process_time() - spent
    said = reach.all().values()
    trips = sorted(one.seconds for one in said if one.seconds is not None)
    result = {
        "way": reach.way,
        "devices": DEVICES,
        "asked_per_second": round((reach.asked - asked) / took),
        "share_of_a_core": round(spent / took, 4),
        "microseconds_each": round(spent / (reach.asked - asked) * 1e6, 1),
        "up": sum(one.there is There.UP for one in said),
        "lost_checks": sum(bool(one.loss) for one in said),
        "round_trip_ms_p99": round(trips[len(trips) * 99 // 100] * 1000, 3),
    }
    await reach.close()
    return result


def main() -> None:
    """Measure, and print one JSON document."""
    if "--namespace" in sys.argv:
        Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 0")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, 0x8914, struct.pack("16sh22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
    print(json.dumps(asyncio.run(_measured()), indent=2))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
