"""Ports that nobody else takes between being chosen and being opened."""

import os
import socket
from itertools import count

_FIRST, _SHARE = 12_000, 1_500
# below the range from which the kernel gives ports to sockets that ask for any; each worker of the tests has a share
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 12
_NEXT = count(os.getpid() % _SHARE)


def free_port() -> int:
    """A port, free for UDP and TCP at every address of this machine."""
    while True:
        port = _FIRST + _WORKER * _SHARE + next(_NEXT) % _SHARE
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind(("", port))
                tcp.bind(("", port))
            except OSError:
                continue
            return port
