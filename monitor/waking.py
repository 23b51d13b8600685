"""What calls the schedule when a moment has come: APScheduler in the daemon; a rehearsal brings a clock of its own."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

log = logging.getLogger(__name__)
_JOB = "next"
_MOST = 1_000_000  # the next job may be due before APScheduler has heard that this one ended; it would drop it
_TOGETHER = timedelta(milliseconds=50)  # whose moments lie so close together are woken by one job
_SPARE = 1000  # moments that were said anew may stay in the heap until they come, so many and as many as are due

Begin = Callable[[str], Awaitable[None]]
"""What is called with the name of a device whose moment has come; it does not wait for the visit."""


class Waker(Protocol):
    """Calls for each name once, at the moment said last."""

    def wake(self, name: str, moment: datetime, begin: Begin) -> None:
        """Call `begin` for `name` at `moment`, and not at the moment said before."""

    def forget(self, name: str) -> None:
        """Do not call for `name`."""

    def start(self) -> None:
        """Begin to call."""

    def stop(self) -> None:
        """Call no more."""


class Moments:
    """Who is to be woken when. What is said anew stands beside what was said before, until its moment comes."""

    def __init__(self) -> None:
        """Nobody yet."""
        self._asked: dict[str, tuple[datetime, int, Begin]] = {}
        self._heap: list[tuple[datetime, int, str]] = []
        self._number = 0

    @property
    def first(self) -> datetime | None:
        """The earliest moment at which somebody may be due."""
        return self._heap[0][0] if self._heap else None

    @property
    def waiting(self) -> int:
        """How many moments are kept, those that were said anew since among them."""
        return len(self._heap)

    def put(self, name: str, moment: datetime, begin: Begin) -> None:
        """`name` is to be woken at `moment`, and not at the moment said before."""
        self._number += 1
        self._asked[name] = moment, self._number, begin
        if len(self._heap) > 2 * len(self._asked) + _SPARE:
            self._heap = [(due, number, each) for each, (due, number, _) in self._asked.items()]
            heapify(self._heap)
        else:
            heappush(self._heap, (moment, self._number, name))

    def drop(self, name: str) -> None:
        """`name` is not to be woken."""
        self._asked.pop(name, None)

    def due(self, now: datetime) -> Iterator[tuple[str, Begin]]:
        """Whoever is due by `now`, one after the other; what is put meanwhile counts."""
        while self._heap and self._heap[0][0] <= now:
            _, number, name = heappop(self._heap)
            asked = self._asked.get(name)
            if asked is not None and asked[1] == number:
                del self._asked[name]
                yield name, asked[2]


class Punctual:
    """A waker that stands on APScheduler and the wall clock.

    It has one job, for the earliest moment of all: one for each of ten thousand devices, made anew after each visit,
    took a tenth of the daemon's work.
    """

    def __init__(self) -> None:
        """Nobody is to be woken yet."""
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._moments = Moments()
        self._next: datetime | None = None
        self._is_calling = False

    def wake(self, name: str, moment: datetime, begin: Begin) -> None:
        """Call `begin` for `name` at `moment`, and not at the moment said before."""
        self._moments.put(name, moment, begin)
        if not self._is_calling and (self._next is None or moment < self._next):
            self._place(moment)

    def forget(self, name: str) -> None:
        """Do not call for `name`."""
        self._moments.drop(name)

    def start(self) -> None:
        """Begin to call."""
        self._scheduler.start()

    def stop(self) -> None:
        """Call no more."""
        self._scheduler.shutdown(wait=False)

    def _place(self, moment: datetime) -> None:
        self._next = moment
        self._scheduler.add_job(
            self._call,
            DateTrigger(moment),
            id=_JOB,
            replace_existing=True,
            misfire_grace_time=None,
            max_instances=_MOST,
        )

    async def _call(self) -> None:
        """Call for everybody whose moment has come, then wait for the next."""
        now = datetime.now(UTC)
        self._is_calling = True
        for name, begin in self._moments.due(now):
            try:
                await begin(name)
            except Exception:  # one who cannot be called must not keep the others asleep
                log.exception("%s could not be woken", name)
        self._is_calling, self._next = False, None
        if first := self._moments.first:
            self._place(max(first, now + _TOGETHER))
