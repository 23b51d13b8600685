"""The daemon's care for notices of the makers, beside everything else: fetched, matched and told without being asked.

What is small is matched by a thread that reads; what is large by a process of its own, which gives its memory back.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection

from alerts.locale import wall, words
from alerts.post.letters import notice
from collectors.feeds.bundle import Document
from collectors.feeds.fetch import Fetched, FetchError, fetched
from monitor import noticing, taking
from monitor.beside import ran
from monitor.config import Settings
from monitor.metrics import Metrics
from monitor.model import Letter, Level
from monitor.settings import Notices
from monitor.store import advisories, letters
from monitor.store.database import Store

log = logging.getLogger(__name__)
_GLANCE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_SMALL = 50  # units or advisories that are matched within the daemon
_MANY = 1000  # advisories of which a change is left to the other process
_PATIENCE = 900  # seconds for the other process


class Advising:
    """Looks once a minute what is to be done. `settings` may be replaced while it runs (reload)."""

    def __init__(
        self, directory: Path | None, settings: Settings, store: Store, metrics: Metrics, clock: Callable[[], datetime]
    ) -> None:
        """Nothing is done before the first `tick`. `directory` is that of the configuration, for the other process."""
        self.settings = settings
        self._directory = directory
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._glanced_at: datetime | None = None
        self._told_at: datetime | None = None
        self._asked_at: dict[str, datetime] = {}

    async def tick(self) -> None:
        """Begin a turn where that is due and none is under way."""
        now = self._clock()
        if self._task is not None and not self._task.done():
            return
        # a moment to come is one of a clock that was set back since
        if self._glanced_at is None or now - self._glanced_at >= _GLANCE or self._glanced_at > now:
            self._glanced_at = now
            self._task = asyncio.create_task(self._tried())

    async def finished(self) -> None:
        """Wait for the turn that is under way."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _tried(self) -> None:
        try:
            await self.turn()
        except Exception:  # such as a full disk: what was not done is done by the next turn
            log.exception("notices of the makers could not be looked through")

    async def turn(self) -> None:
        """Fetch what is due, match what is new, tell whom it concerns, and say which sources are old."""
        settings, now = self.settings, self._clock()
        for address in settings.notices.providers:
            last = self._asked_at.get(address)
            if last is None or now - last >= settings.notices.interval or last > now:
                self._asked_at[address] = now
                await self._fetch(address, settings.notices)
        await self._match(settings)
        if self._told_at is None or now - self._told_at >= _DAY or self._told_at > now:
            # acceptances that ended, recipients that were added
            parcels = await self._store.do(partial(noticing.told, settings=settings, now=now))
            await self._enclose(parcels, settings)
            self._told_at = now
        await self._store.do(partial(_aged, settings=settings, now=now))
        states = await self._store.ask(partial(noticing.source_states, now=now))
        self._metrics.advised({each.name: (each.last_good, each.undetermined, each.refused) for each in states})

    async def _match(self, settings: Settings) -> None:
        now = self._clock()
        fleet = await self._store.ask(partial(noticing.fleet, settings=settings))
        moved: Iterable[str] = ()
        if await self._store.ask(partial(advisories.is_moved, fleet=fleet)):
            moved = await self._store.do(partial(advisories.placed, fleet=fleet, now=now))
        units, new, changed, every = await self._store.ask(advisories.unmatched)
        if not (units or new or moved):
            return
        is_small = units <= _SMALL and new <= _SMALL and (not changed or every <= _MANY)
        if not is_small and self._directory is not None:
            await self._matched_beside(self._directory)
            return
        found = await self._store.ask(noticing.computed)
        done = await self._store.do(
            partial(noticing.followed, settings=settings, found=found, now=self._clock(), moved=moved)
        )
        await self._enclose(done.parcels, settings)
        log.info("notices: %d units and %d advisories matched, %d letters", done.units, done.advisories, done.letters)

    async def _enclose(self, parcels: Sequence[noticing.Parcel], settings: Settings) -> None:
        """Make the documents of letters; what makes them is not even read before there is one to make."""
        if parcels:
            enclosing = await asyncio.to_thread(import_module, "monitor.enclosing")
            await asyncio.to_thread(enclosing.enclosed, self._store, parcels, settings, self._clock())

    @staticmethod
    async def _matched_beside(directory: Path) -> None:
        command = (
            "nice",
            "-n",
            "10",
            sys.executable,
            "-m",
            "monitor",
            "notice",
            "catch-up",
            "--config",
            str(directory),
        )
        done = await ran(command, _PATIENCE)
        if done.code:
            log.error("notices were not matched: %s", done.err[-500:].strip())
        else:
            log.info("notices matched: %s", json.loads(done.out))

    async def _fetch(self, address: str, how: Notices) -> None:
        known = {each.name: each for each in await self._store.ask(advisories.sources)}
        name = address.removeprefix("https://").partition("/")[0]
        memory = known[name].memory if name in known else "{}"
        try:
            got: Fetched = await fetched(
                address, memory, most=how.documents, size=how.size, patience=how.timeout, authority=how.authority
            )
        except FetchError as error:
            log.warning("notices of %s cannot be fetched: %s", name, error)
            failed = partial(advisories.source_failed, name=name, what=address, failure=str(error), now=self._clock())
            await self._store.do(failed)
            return
        documents = [Document(name=each.name, raw=each.raw) for each in got.documents]
        taken = await asyncio.to_thread(
            partial(taking.taken, self._store, documents, name, address, self._clock(), got.memory, got.refused)
        )
        log.info("notices of %s: %d documents, %d refused", name, taken.documents, len(taken.refused))


def _aged(disk: Connection, *, settings: Settings, now: datetime) -> int:
    """Tell once of each source that it is older than 8 days; the next good reading forgets it."""
    written: list[Letter] = []
    for state in noticing.source_states(disk, now):
        known = next(each for each in advisories.sources(disk) if each.name == state.name)
        memory = json.loads(known.memory)
        since = known.last_good or known.failed_at
        if not state.is_old or memory.get("told") or since is None or now - since <= noticing.OLD:
            continue
        advisories.remembered(disk, state.name, json.dumps({**memory, "told": True}))
        for recipient in settings.mail.recipients:
            if recipient.levels and Level.WARNING not in recipient.levels:
                continue
            said = words(recipient.language)
            never = said.said("notice_life", "never")
            values = {"name": state.name, "at": wall(known.last_good, settings.zone) if known.last_good else never}
            who = sha256(recipient.address.casefold().encode()).hexdigest()[:10]
            written.append(
                notice(
                    recipient,
                    said.said("notice_life", "old_subject", **values),
                    said.said("notice_life", "old_said", **values),
                    f"<source.{sha256(f'{state.name} {since.isoformat()}'.encode()).hexdigest()[:16]}.{who}"
                    f"@{settings.mail.domain}>",
                    now,
                    [known.failure] if known.failure else [],
                )
            )
    letters.queued(disk, written)
    return len(written)
