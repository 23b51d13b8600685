"""At the edge of the daemon: tells systemd how it fares, by datagrams to $NOTIFY_SOCKET (sd_notify(3)).

Without that variable, as on a terminal, every word is harmless and goes nowhere.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta


class Notify:
    """The line to systemd. A word that cannot be delivered is lost: it must never stop the daemon."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address  # "@": abstract, unix(7)
        self.patience: timedelta | None = None
        """How long systemd waits for a word of `alive` (WatchdogSec); None where it does not. Speak twice as often."""
        if micros := environment.get("WATCHDOG_USEC"):
            self.patience = timedelta(microseconds=int(micros))

    def ready(self, status: str = "") -> None:
        """The daemon works, for the first time or again after `reloading`."""
        self._say("READY=1", f"STATUS={status}")

    def reloading(self, monotonic_ns: int) -> None:
        """The configuration is being read anew; `monotonic_ns` is CLOCK_MONOTONIC now, so that systemd can order it."""
        self._say("RELOADING=1", f"MONOTONIC_USEC={monotonic_ns // 1000}")

    def stopping(self) -> None:
        """The daemon is on its way out."""
        self._say("STOPPING=1")

    def alive(self) -> None:
        """The daemon made progress. Only say so when it did: systemd restarts a daemon that stays quiet."""
        self._say("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._say(f"STATUS={text}")

    def _say(self, *lines: str) -> None:
        if not self._address:
            return
        message = "\n".join(line.replace("\n", " ") for line in lines)
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.sendto(message.encode(), socket.MSG_DONTWAIT, self._address)
