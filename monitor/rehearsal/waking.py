"""The waker of a rehearsal: as APScheduler it sleeps by the loop's time and then asks the wall clock who is due."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from monitor.waking import Begin, Moments, Waker

_SOONEST = 0.000_1  # seconds; the wall clock and the loop's time differ in their last digits


class VirtualWaker(Waker):
    """Calls at moments of a clock that stands on the loop's time."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Nobody is to be woken yet."""
        self._clock = clock
        self._moments = Moments()
        self._timer: asyncio.TimerHandle | None = None
        self._first: datetime | None = None
        self._runs = False
        self._tasks: set[asyncio.Future[None]] = set()

    def wake(self, name: str, moment: datetime, begin: Begin) -> None:
        """Call `begin` for `name` at `moment`, and not at the moment said before."""
        self._moments.put(name, moment, begin)
        if self._runs and (self._first is None or moment < self._first):
            self._arm()

    def forget(self, name: str) -> None:
        """Do not call for `name`."""
        self._moments.drop(name)

    def start(self) -> None:
        """Begin to call."""
        self._runs = True
        self._arm()

    def stop(self) -> None:
        """Call no more."""
        self._runs = False
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._first = self._moments.first
        if self._first is not None:
            wait = max((self._first - self._clock()).total_seconds(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(wait and max(wait, _SOONEST), self._call)

    def _call(self) -> None:
        for name, begin in self._moments.due(self._clock()):
            task = asyncio.ensure_future(begin(name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._arm()
