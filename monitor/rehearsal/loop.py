"""Virtual time: an event loop that leaps to the next moment at which something happens, and never waits.

Everything of the daemon that asks the loop for the time or sleeps runs on it unchanged. There are no sockets and no
threads: what would go to a thread is done at once, so that the same seed gives the same run.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from selectors import SelectorKey, SelectSelector
from typing import Any, TypeVarTuple

Ts = TypeVarTuple("Ts")
_FINEST = 1e-6  # seconds; what is nearer together than this happens together


class _Leap(SelectSelector):
    """In place of waiting for sockets, the clock goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Go on by `timeout` seconds."""
        if timeout is None:
            raise RuntimeError("the rehearsal waits for something that never comes")
        if timeout > 0:
            self.now += max(timeout, _FINEST)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time begins at 0 and leaps."""

    def __init__(self) -> None:
        """A loop at the moment 0."""
        self._leap = _Leap()
        super().__init__(self._leap)
        self._clock_resolution = _FINEST

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._leap.now

    def run_in_executor(self, executor: Any, func: Callable[[*Ts], Any], *args: *Ts) -> asyncio.Future[Any]:
        """`func` done now, whoever should have done it."""
        del executor
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told, as of a thread
            done.set_exception(error)
        return done


class Clock:
    """The daemon's wall clock in a rehearsal; `shift` is by how much somebody has set it."""

    def __init__(self, start: datetime, loop: asyncio.AbstractEventLoop) -> None:
        """A clock that shows `start` at the loop's moment 0."""
        self.start = start
        self.shift = timedelta(0)
        self._loop = loop

    def __call__(self) -> datetime:
        """What it shows now."""
        return self.start + timedelta(seconds=self._loop.time()) + self.shift

    def set_by(self, seconds: float) -> None:
        """Somebody sets it forward, or back."""
        self.shift += timedelta(seconds=seconds)
