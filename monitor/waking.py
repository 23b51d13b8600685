"""What calls the schedule when a moment has come: APScheduler in the daemon; a rehearsal brings a clock of its own."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

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


class Punctual:
    """A waker that stands on APScheduler and the wall clock."""

    def __init__(self) -> None:
        """Nobody is to be woken yet."""
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def wake(self, name: str, moment: datetime, begin: Begin) -> None:
        """Call `begin` for `name` at `moment`, and not at the moment said before."""
        self._scheduler.add_job(
            begin, DateTrigger(moment), args=[name], id=name, replace_existing=True, misfire_grace_time=None
        )

    def forget(self, name: str) -> None:
        """Do not call for `name`."""
        with suppress(JobLookupError):
            self._scheduler.remove_job(name)

    def start(self) -> None:
        """Begin to call."""
        self._scheduler.start()

    def stop(self) -> None:
        """Call no more."""
        self._scheduler.shutdown(wait=False)
