"""The waker of a rehearsal: as APScheduler it sleeps by the loop's time and then asks the wall clock who is due."""

import asyncio
import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count

from monitor.waking import Begin, Waker

_SOONEST = 0.000_1  # seconds; the wall clock and the loop's time differ in their last digits


class VirtualWaker(Waker):
    """Calls at moments of a clock that stands on the loop's time."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Nobody is to be woken yet."""
        self._clock = clock
        self._order = count()
        self._due: dict[str, tuple[datetime, int, Begin]] = {}
        self._heap: list[tuple[datetime, int, str]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._first: datetime | None = None
        self._runs = False
        self._tasks: set[asyncio.Future[None]] = set()

    def wake(self, name: str, moment: datetime, begin: Begin) -> None:
        """Call `begin` for `name` at `moment`, and not at the moment said before."""
        number = next(self._order)
        self._due[name] = moment, number, begin
        heapq.heappush(self._heap, (moment, number, name))
        if self._runs and (self._first is None or moment < self._first):
            self._arm()

    def forget(self, name: str) -> None:
        """Do not call for `name`."""
        self._due.pop(name, None)

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
        self._timer = self._first = None
        if self._heap:
            self._first = self._heap[0][0]
            wait = max((self._first - self._clock()).total_seconds(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(wait and max(wait, _SOONEST), self._call)

    def _call(self) -> None:
        now = self._clock()
        while self._heap and self._heap[0][0] <= now:
            _, number, name = heapq.heappop(self._heap)
            due = self._due.get(name)
            if due is not None and due[1] == number:
                del self._due[name]
                task = asyncio.ensure_future(due[2](name))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        self._arm()
