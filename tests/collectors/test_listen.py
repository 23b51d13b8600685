"""Sockets that hear: informs that PySNMP sends, connections beyond their number, what systemd passes."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from pysnmp.hlapi.v3arch.asyncio import (  # type: ignore[import-untyped]  # PySNMP has no types
    CommunityData,
    ContextData,
    NotificationType,
    ObjectIdentity,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    send_notification,
    usmAesCfb128Protocol,
    usmHMAC192SHA256AuthProtocol,
)

from collectors.listen import Connections, Datagrams, opened, passed, plain_address
from collectors.notifications import Notifications, Opened, Refusal
from collectors.snmp.reader import AuthProtocol, Community, PrivProtocol, User

ROOT = Path(__file__).parents[2]
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
USER = User(
    user="netvigil",
    auth=AuthProtocol.SHA256,
    auth_key="a-good-secret",
    priv=PrivProtocol.AES128,
    priv_key="another-one",
)
COMMUNITY = Community(community="campus")
SENT_BY = {
    "v3": UsmUserData("netvigil", "a-good-secret", "another-one", usmHMAC192SHA256AuthProtocol, usmAesCfb128Protocol),
    "v2c": CommunityData("campus"),
}


@pytest.mark.parametrize("version", SENT_BY)
@pytest.mark.parametrize("kind", ["inform", "trap"])
async def test_what_pysnmp_sends_is_heard_and_an_inform_is_acknowledged(version: str, kind: str) -> None:
    notifications, found = Notifications(b"\x80\x00\x1f\x88\x04netvigil", 7), list[Opened]()

    def hear(datagram: bytes, source: str) -> Sequence[bytes]:
        found.append(notifications.opened(datagram, source, [COMMUNITY, USER]))
        return found[-1].replies

    sock = opened("127.0.0.1:0", socket.SOCK_DGRAM)
    ear, sender = Datagrams(sock, hear), SnmpEngine()
    target = await UdpTransportTarget.create(sock.getsockname(), timeout=2, retries=2)
    error, status, _, _ = await send_notification(
        sender, SENT_BY[version], target, ContextData(), kind, NotificationType(ObjectIdentity(LINK_DOWN))
    )
    await asyncio.sleep(0.3)
    sender.close_dispatcher()
    ear.close()
    notifications.close()
    assert (error, int(status)) == (None, 0)  # an inform that nobody acknowledged would be an error
    assert [one.shout.trap for one in found if one.shout] == [LINK_DOWN]
    assert {one.refusal for one in found} <= {None, Refusal.WRONG_USER}  # discovery


async def test_one_address_has_so_many_connections_and_no_more() -> None:
    lines: list[bytes] = []

    def hear(line: bytes, _: str) -> Sequence[bytes]:
        lines.append(line)
        return ()

    ear = Connections(opened("127.0.0.1:0", socket.SOCK_STREAM), hear)
    await ear.start()
    port = ear.socket.getsockname()[1]
    writers = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(10)]
    _, other = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
    for number, writer in enumerate([*writers, other]):
        writer.write(b"<13>line %d\n" % number)
    await asyncio.sleep(0.5)
    assert sorted(lines) == sorted(b"<13>line %d" % number for number in (*range(8), 10))
    assert ear.turned_away == 2
    ear.close()
    for writer in (*writers, other):
        writer.close()


async def test_a_connection_that_sends_too_fast_is_slowed_down_and_loses_nothing() -> None:
    moments: list[float] = []
    loop = asyncio.get_running_loop()

    def hear(_: bytes, __: str) -> Sequence[bytes]:
        moments.append(loop.time())
        return ()

    ear = Connections(opened("127.0.0.1:0", socket.SOCK_STREAM), hear)
    await ear.start()
    _, writer = await asyncio.open_connection("127.0.0.1", ear.socket.getsockname()[1])
    writer.write(b"<13>a line of the usual length, or somewhat less than that\n" * 12_000)
    await writer.drain()
    async with asyncio.timeout(30):
        while len(moments) < 12_000:  # noqa: ASYNC110 - nothing tells when the last has come
            await asyncio.sleep(0.05)
    ear.close()
    writer.close()
    assert moments[-1] - moments[0] > 0.5  # 12,000 lines at 5,000 a second, less the last read


async def test_datagrams_that_the_kernel_dropped_are_known() -> None:
    heard: list[bytes] = []

    def hear(datagram: bytes, _: str) -> Sequence[bytes]:
        heard.append(datagram)
        return ()

    sock = opened("127.0.0.1:0", socket.SOCK_DGRAM)
    ear = Datagrams(sock, hear)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(500):  # while nobody reads
            sender.sendto(b"x" * 200, sock.getsockname())
        await asyncio.sleep(0.1)
        sender.sendto(b"last", sock.getsockname())
        await asyncio.sleep(0.1)
    ear.close()
    assert 0 < len(heard) < 500
    assert len(heard) + ear.lost == 501


def test_sockets_that_systemd_passes_are_taken_by_their_names() -> None:
    code = (
        "import os, socket; from collectors.listen import passed\n"
        "os.environ['LISTEN_PID'] = str(os.getpid())\n"
        "print({name: [s.getsockname()[1] for s in socks] for name, socks in passed(os.environ).items()})\n"
    )
    with opened("127.0.0.1:0", socket.SOCK_DGRAM) as traps, opened("127.0.0.1:0", socket.SOCK_STREAM) as lines:
        # both stand at 3 and 4 in the child, as systemd passes them
        script = f"import os\nos.dup2({traps.fileno()}, 103); os.dup2({lines.fileno()}, 104)\n"
        script += f"os.dup2(103, 3); os.dup2(104, 4)\n{code}"
        done = subprocess.run(
            [sys.executable, "-c", script],
            pass_fds=(traps.fileno(), lines.fileno()), capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "traps:syslog"},
        )  # fmt: skip
        ports = {"traps": [traps.getsockname()[1]], "syslog": [lines.getsockname()[1]]}
    assert done.stdout.strip() == str(ports)
    assert passed({"LISTEN_PID": "1", "LISTEN_FDS": "2"}) == {}  # they are for another process


def test_addresses_are_those_of_the_inventory() -> None:
    assert [plain_address(one) for one in ("::ffff:192.0.2.1", "fe80::1%eth0", "192.0.2.1")] == [
        "192.0.2.1", "fe80::1", "192.0.2.1",
    ]  # fmt: skip
