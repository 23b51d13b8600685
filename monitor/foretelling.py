"""The daemon's daily look ahead: when it is due, and that it is made where nobody waits for it.

All of it follows from what is stored: a daemon that was stopped at the hour catches up when it starts.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from monitor.config import Settings
from monitor.metrics import Metrics
from monitor.press import Press
from monitor.store import devices, forecasts
from monitor.store.database import Store

log = logging.getLogger(__name__)
HOUR = 4
"""The hour of the site's clock from which on a day's look ahead is due: the day before is packed, few people work."""
VERB = ("notice", "foretell")
_GLANCE = timedelta(minutes=1)
_REST = timedelta(hours=1)


def due(disk: Connection, settings: Settings, now: datetime) -> bool:
    """Whether the look ahead of today is to be made. Before a day is over of which anything is known it is not."""
    local = now.astimezone(ZoneInfo(settings.zone))
    if local.hour < HOUR:
        return False
    first, last = devices.first_day(disk), forecasts.last_round(disk)
    # a day to come is one of a clock that was set back since
    return first is not None and first < f"{local:%Y-%m-%d}" and (last is None or last.day != f"{local:%Y-%m-%d}")


def here(store: Store) -> Press:
    """A look ahead in a thread of this process."""

    async def press(settings: Settings, now: datetime) -> bool:
        foreseeing = await asyncio.to_thread(import_module, "monitor.foreseeing")
        done = await asyncio.to_thread(foreseeing.rounded, store, settings, now)
        log.info("forecasts: %d, of which %d were told in %d letters", done.found, done.told, done.letters)
        return True

    return press


class Foretelling:
    """Looks once a minute whether it is due. `settings` may be replaced while it runs (reload)."""

    def __init__(
        self, settings: Settings, store: Store, metrics: Metrics, clock: Callable[[], datetime], press: Press
    ) -> None:
        """Nothing is done before the first `tick`. `press` is where forecasts are made."""
        self.settings = settings
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._press = press
        self._task: asyncio.Task[None] | None = None
        self._glanced_at: datetime | None = None
        self._rests_until: datetime | None = None

    async def tick(self) -> None:
        """Begin a look ahead where that is due and none is under way."""
        now = self._clock()
        if self._task is not None and not self._task.done():
            return
        # a moment to come is one of a clock that was set back since
        if self._glanced_at is not None and self._glanced_at <= now < self._glanced_at + _GLANCE:
            return
        self._glanced_at = now
        self._task = asyncio.create_task(self._tried())

    async def finished(self) -> None:
        """Wait for what is under way."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _tried(self) -> None:
        now, settings = self._clock(), self.settings
        is_resting = self._rests_until is not None and now < self._rests_until <= now + _REST
        try:
            if not is_resting and await self._store.ask(partial(due, settings=settings, now=now)):
                self._rests_until = None if await self._press(settings, now) else now + _REST
            last = await self._store.ask(forecasts.last_round)
            self._metrics.foretold(await self._store.ask(forecasts.counted), last.at if last else None)
        except Exception:  # such as a full disk: it is tried again
            log.exception("the look ahead could not be made")
            self._rests_until = now + _REST
