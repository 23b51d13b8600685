"""What systemd would hear: real datagrams on a real socket."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.notify import Notify


@pytest.fixture(params=["path", "abstract"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Notify, socket.socket]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@netvigil-test-{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.settimeout(5)
        heard.bind(name.replace("@", "\0", 1))
        yield Notify({"NOTIFY_SOCKET": name}), heard


def test_each_word_arrives_as_systemd_reads_it(line: tuple[Notify, socket.socket]) -> None:
    notify, heard = line
    notify.ready("12 devices")
    notify.reloading(5_000_001_999)
    notify.alive()
    notify.status("two\nlines")
    notify.stopping()
    assert [heard.recv(4096) for _ in range(5)] == [
        b"READY=1\nSTATUS=12 devices",
        b"RELOADING=1\nMONOTONIC_USEC=5000001",
        b"WATCHDOG=1",
        b"STATUS=two lines",
        b"STOPPING=1",
    ]


def test_without_systemd_every_word_is_harmless() -> None:
    notify = Notify({})
    notify.ready()
    notify.stopping()
    assert notify.patience is None


def test_systemd_that_does_not_listen_stops_nothing(tmp_path: Path) -> None:
    Notify({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()


def test_full_socket_stops_nothing(line: tuple[Notify, socket.socket]) -> None:
    notify, heard = line
    for _ in range(2000):
        notify.alive()
    assert heard.recv(4096) == b"WATCHDOG=1"


def test_patience_of_the_watchdog_is_read() -> None:
    assert Notify({"WATCHDOG_USEC": "90000000"}).patience == timedelta(seconds=90)
