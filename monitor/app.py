"""Puts the daemon together, and is the only place in it that reads the clock and hears signals.

Everything is given what it needs here: settings, store, reader, clock. Nothing reaches for a global.
"""

import asyncio
import gc
import logging
import os
import signal
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from alerts.post.postman import Postman
from collectors.heard import Heard
from collectors.ports import ports
from collectors.reach import Reach, Way
from collectors.snmp.engines import reader
from monitor import accounts, acknowledging, duties, link_key, own_certificates, schedule
from monitor.advising import Advising
from monitor.config import ConfigError, Settings, loaded
from monitor.diagnosis import Diagnosing
from monitor.duties import Duties
from monitor.flaps import Flaps
from monitor.foretelling import VERB, Foretelling
from monitor.hearing import Hearing, shouted
from monitor.mailbox.reading import Reading
from monitor.metrics import Metrics
from monitor.model import Change, Device, DeviceEvent, Language
from monitor.moment import now
from monitor.notify import Notify
from monitor.pipeline import Means, Outcome, visit
from monitor.press import apart
from monitor.problem import AddressTakenError, check_lines
from monitor.progress import Progress
from monitor.rollups import Rollups
from monitor.schedule import Schedule
from monitor.series import Series
from monitor.series_reach import ReachSeries
from monitor.store import parts, people, senders
from monitor.store.database import Store
from monitor.store.taken import Taken
from monitor.watch import Watch
from monitor.web.application import application
from monitor.web.desk.application import desk_application
from monitor.web.serve import serve

log = logging.getLogger(__name__)
# What is remembered of ten thousand devices is eight million objects without a cycle among them. At the interpreter's
# own thresholds, which count what is new and not yet freed, a start looks through all of them dozens of times: an
# eighth of its processor time, and pauses of two seconds.
GARBAGE = 20_000, 20, 20
_MOST_EVENTS = 1000  # of all devices in one tick; a flood of them is told in part
_CLOCKS = timedelta(minutes=1)  # between two writings of how far the clocks of SNMPv3 senders are
_SILENT = timedelta(days=180)  # who was not heard for so long may begin anew
_TICK = 1.0  # seconds between two looks at what the clock asks: a deadline fires at most this late
_PARTING = 5.0  # seconds for letters and answers under way when the daemon stops; systemd gives it 10 in all


class App:
    """One running daemon. It is also what its window looks at (`monitor.web.application.Sources`)."""

    def __init__(
        self, directory: Path, settings: Settings, store: Store, metrics: Metrics, environ: Mapping[str, str]
    ) -> None:
        """A daemon that has not begun; `run` does all."""
        self._directory = directory
        self._environ = environ
        self._notify = Notify(environ)
        self._metrics = metrics
        self._progress = Progress(_patience(settings), now())
        self._store = store
        ping = settings.reach
        self._reach = Reach(self._hinted, interval=ping.interval, patience=ping.patience, ports=ping.ports)
        self._reach_series = ReachSeries(self._reach)
        self._means = Means(
            settings=settings,
            reader=reader(settings.snmp.engine),
            store=store,
            clock=now,
            reach=self._reach.of,
            ask=self._reach.asked_anew,
        )
        self._schedule = Schedule(self._visit, self._metrics, self._progress, now)
        self._watch = Watch(self._means, self._metrics, self._progress, self._schedule.hint)
        self._hearing = Hearing(settings, metrics, self._hinted, self._event, self._watch.platform, now, self._told)
        self._taken = Taken(store.directory)
        self._postman = Postman(self._taken.line)
        press = apart(directory, environ)
        self._duties = Duties(
            settings,
            store,
            self._metrics,
            self._progress,
            now,
            post=self._postman.posted,
            press=press,
            taken=self._taken,
            certificates=own_certificates.ends,
        )
        self._diagnosing = Diagnosing(settings, store, self._watch.readers, self._reach.asked_anew, now)
        self._reading = Reading(settings, store, self._metrics, now)
        self._advising = Advising(directory, settings, store, self._metrics, now)
        self._rollups = Rollups(settings)
        self._flaps = Flaps(settings, now)
        self._heard_at = now()
        self._foretelling = Foretelling(settings, store, self._metrics, now, apart(directory, environ, *VERB))
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._events: list[DeviceEvent] = []
        self.series = Series(self._reach_series)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._means.settings

    @property
    def store(self) -> Store:
        """The disk, for the desk's pages."""
        return self._store

    @property
    def clock(self) -> Callable[[], datetime]:
        """What time it is, for the desk's pages."""
        return now

    @property
    def devices(self) -> Mapping[str, Device]:
        """The devices of the inventory in force."""
        return self._means.settings.inventory.devices

    def own_metrics(self) -> bytes:
        """The daemon's own metrics."""
        return self._metrics.text()

    def trouble(self, language: Language = Language.EN) -> str | None:
        """Why the daemon does not get on; None where it does."""
        return self._progress.trouble(now(), language)

    async def run(self) -> None:
        """Watch until SIGTERM or SIGINT. Raises AddressTakenError where the address to listen on cannot be had."""
        settings = self._means.settings
        await self._store.do(lambda disk: people.kept(disk, settings.people, now()))
        opened = asyncio.Event()
        window = asyncio.create_task(self._window(settings, opened))
        await asyncio.wait({window, asyncio.create_task(opened.wait())}, return_when=asyncio.FIRST_COMPLETED)
        if window.done():
            window.result()
        self._hear()
        self._schedule.load(settings.inventory.devices, settings.visits)
        self._hearing.load(settings)
        await self._store.do(lambda disk: senders.forgotten(disk, now() - _SILENT))
        self._hearing.remember(await self._store.ask(senders.known))
        try:
            await self._hearing.start(self._environ)  # before the first visit: a port that is taken is told by itself
        except OSError as error:
            raise AddressTakenError(f"[traps] or [syslog] listen: {error.strerror}") from None
        self._schedule.start()
        self._watch.load(self._means)
        self._watch.start()
        if settings.reach.enabled:
            self._reach.start()
            self._metrics.reaching(icmp=self._reach.way is Way.ICMP)
        self._ping(settings)
        self._metrics.loaded(settings.inventory.devices, now())
        self._notify.ready(_status(settings))
        log.info("watching %s", _status(settings))
        try:
            await self._live(window)
        finally:
            await self._part(window)

    async def _window(self, settings: Settings, opened: asyncio.Event) -> None:
        waiting = {"metrics", "desk"} if settings.web.host else {"metrics"}

        def told(what: str, url: str) -> None:
            log.info("%s at %s", what, url)
            waiting.discard(what)
            if not waiting:
                opened.set()

        def metrics_at(url: str) -> None:
            told("metrics", f"{url}/metrics")

        serving = [serve(application(self), settings.daemon.host, settings.daemon.port, opened=metrics_at)]
        if (web := settings.web).host:
            first = await self._store.do(lambda disk: accounts.first_made(disk, settings.daemon.state, now()))
            if first is not None:
                log.warning("no account yet: made %s, whose one-time password is in %s", accounts.FIRST, first)
            serving.append(
                serve(
                    desk_application(self, acknowledging, self._metrics.logged_in), web.host, web.port,
                    opened=lambda url: told("desk", url),
                    certificate=web.certificate, key=web.key, proxies=web.proxies,
                )
            )  # fmt: skip
        await _first_of(serving)

    def _ping(self, settings: Settings) -> None:
        if settings.reach.enabled:
            devices = settings.inventory.devices
            self._reach_series.load(devices)
            self._reach.load((device.name, device.address) for device in devices.values())

    def _hinted(self, name: str) -> None:
        self._schedule.hint(name)
        self._watch.hint(name)

    def _told(self, name: str, what: Heard | None, at: datetime) -> None:
        self._means.hearsay.heard(name, what, at)
        self._flaps.heard(name, what, at)

    def _event(self, name: str, what: Heard, at: datetime) -> None:
        """What a device said and nobody can poll: written down with the next tick."""
        if len(self._events) < _MOST_EVENTS:
            self._events.append(shouted(name, what, at))

    async def _written_down(self) -> None:
        events, self._events = self._events, []
        if events:
            await self._store.do(lambda disk: parts.happened(disk, events))

    async def _clocks_kept(self) -> None:
        """How far the clocks of SNMPv3 senders are, so that what they said is not heard anew after a restart."""
        self._heard_at = now()
        if clocks := self._hearing.clocks():
            await self._store.do(lambda disk: senders.saved(disk, clocks, now()))

    async def _visit(self, device: Device) -> Outcome:
        outcome = await visit(device, self._means)
        seen = outcome.visit
        if seen.platform is not None:
            self._watch.recognised(device.name)
        found = ports(outcome.facts.told, outcome.facts.cables)
        self.series.visited(
            device, seen.identity, outcome.base, seen.silence, seen.at, found, outcome.claims, outcome.moved
        )
        self._rollups.visited(seen, outcome.facts, outcome.claims)
        self._flaps.visited(seen, found)
        for name in outcome.look:
            self._schedule.hint(name)
        for fault, change in outcome.changes:
            if change is Change.OPENED:
                self._metrics.confirmed(fault)
            part = f"{fault.key.kind} {fault.key.label}".strip()
            log.info("%s: level %d fault of %s, %s", change.value, fault.level, part, device.name)
        return outcome

    async def _live(self, window: asyncio.Task[None]) -> None:
        while not self._stopping.is_set():
            if window.done():  # nobody could look at us any more: better to be started again
                window.result()
                raise RuntimeError("the window for metrics has closed by itself")
            self._schedule.clock_looked_at()
            self._watch.clock_looked_at()
            await self._duties.tick()
            await self._diagnosing.tick()
            await self._reading.tick()
            await self._advising.tick()
            await self._foretelling.tick()
            self._hearing.counted()
            await self._written_down()
            if now() - self._heard_at >= _CLOCKS or now() < self._heard_at:
                await self._clocks_kept()
            await self._rollups.tick(now(), self._store)
            await self._flaps.tick(now(), self._store)
            if self._notify.patience and self.trouble() is None:
                self._notify.alive()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _TICK)

    async def _part(self, window: asyncio.Task[None]) -> None:
        self._notify.stopping()
        log.info("stopping")
        await self._hearing.close()  # no hints any more
        await self._diagnosing.stop()
        await self._reach.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PARTING):
                await asyncio.gather(
                    self._schedule.stop(_PARTING - 1),
                    self._watch.stop(_PARTING - 1),
                    self._duties.finished(),
                    self._reading.finished(),
                    self._advising.finished(),
                    self._foretelling.finished(),
                )
        await self._postman.close()
        window.cancel()
        with suppress(asyncio.CancelledError, Exception):  # how the window ended is told above, if at all
            await window
        await self._written_down()
        await self._clocks_kept()
        await self._rollups.close(self._store)
        await self._flaps.written(now(), self._store)
        await self._means.reader.close()
        self._taken.close()

    def _hear(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._told_to_reload)

    def _told_to_reload(self) -> None:
        task = asyncio.get_running_loop().create_task(self._reload())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reload(self) -> None:
        """Take the configuration on disk where it is whole; else keep the one in force, and say so."""
        async with self._reloading:
            self._notify.reloading(time.monotonic_ns())
            try:
                settings = await asyncio.to_thread(loaded, self._directory, self._environ)
            except ConfigError as error:
                self._metrics.refused()
                problems = "\n".join(check_lines(error.problems))
                log.warning("the configuration was refused, the old one stays in force:\n%s", problems)
                self._notify.ready("configuration refused, the old one stays in force; see the journal")
                return
            await self._store.do(lambda disk: people.kept(disk, settings.people, now()))
            self._means = replace(self._means, settings=settings)
            self._duties.settings = self._diagnosing.settings = self._reading.settings = settings
            self._advising.settings = self._foretelling.settings = settings
            self._progress.expect(_patience(settings), now())
            self._schedule.load(settings.inventory.devices, settings.visits)
            self._watch.load(self._means)
            self._ping(settings)
            self._hearing.load(settings)
            self._means.memory.only(settings.inventory.devices.keys())
            self._means.usuals.only(settings.inventory.devices.keys())
            self._means.hearsay.only(settings.inventory.devices.keys())
            self._rollups.load(settings)
            self._flaps.settings = settings
            self._flaps.only(settings.inventory.devices.keys())
            self.series.keep(settings.inventory.devices.keys())
            self._metrics.loaded(settings.inventory.devices, now())
            self._notify.ready(_status(settings))
            log.info("configuration reloaded: %s", _status(settings))


def run(directory: Path) -> None:
    """The daemon, until it is told to stop.

    Raises ConfigError, StateDirectoryError and AddressTakenError, each with words for the administrator.
    """
    gc.set_threshold(*GARBAGE)
    settings = loaded(directory, os.environ)
    metrics = Metrics(version("netvigil"))
    with Store(settings.daemon.state, exclusive=True, committed=metrics.committed) as store:
        link_key.made(settings.daemon.state)
        asyncio.run(_run(directory, settings, store, metrics))


async def _run(directory: Path, settings: Settings, store: Store, metrics: Metrics) -> None:
    await App(directory, settings, store, metrics, os.environ).run()


async def _first_of(serving: Sequence[Coroutine[None, None, None]]) -> None:
    """Run until one of them ends; then, or when cancelled, all end. One that ended by an exception raises it here."""
    tasks = [asyncio.ensure_future(each) for each in serving]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _patience(settings: Settings) -> dict[str, timedelta]:
    """How long each kind of work may stand still before the daemon is in trouble."""
    patience = {duties.WORK: timedelta(seconds=60)}
    devices = settings.inventory.devices.values()
    if devices:
        longest = max(*(device.interval for device in devices), settings.visits.back_off)
        patience[schedule.WORK] = longest * 2 + timedelta(seconds=settings.snmp.budget.seconds)
    return patience


def _status(settings: Settings) -> str:
    inventory = settings.inventory
    counts = (
        (len(inventory.devices), "device"),
        (len(inventory.sites), "site"),
        (len(inventory.customers), "customer"),
    )
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts)
