"""Runs a rehearsal: the changes of the scenario at their moments, the daemon between them, and what came of it."""

import asyncio
import heapq
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.desk.recurring import Span
from alerts.desk.windows import Scope
from alerts.faults.topology import topology
from collectors.simulate.played import TREE_TROUBLES
from collectors.simulate.shouting import line, trap
from collectors.simulate.values import Typed
from monitor import ticketing
from monitor.config import ConfigError, Settings
from monitor.model import EventKind, Fault, Level, Observation, Regraded, Ticket
from monitor.problem import Problem, near_word
from monitor.regrading import given_back, regraded
from monitor.rehearsal.account import Account, accounted
from monitor.rehearsal.actor import COMMUNITY, Actor
from monitor.rehearsal.cables import ports
from monitor.rehearsal.changes import Effects, Undo, value_told
from monitor.rehearsal.chronicle import Chronicle, Mishaps
from monitor.rehearsal.daemon import StageDaemon
from monitor.rehearsal.happenings import ChangeFile, Daemon, PartFile, PersonFile, Post, WindowFile
from monitor.rehearsal.loop import Clock, VirtualLoop
from monitor.rehearsal.parts import Finder
from monitor.rehearsal.post import PostOffice
from monitor.rehearsal.stage import Stage, staged
from monitor.rehearsal.troubles import trouble
from monitor.store import faults, maintenance, tickets
from monitor.store.database import Store

_SHM = Path("/dev/shm")  # noqa: S108 - a folder of the kernel, in memory
_LOG_PRIORITY = 187  # local7, error
_SHARED_MEMORY = _SHM if _SHM.is_dir() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A change that was made: when, which, and on which devices."""

    at: float
    number: int
    change: ChangeFile
    devices: tuple[str, ...]
    undone: bool = False
    trouble: str = ""


@dataclass(slots=True)
class _Moment:
    at: float
    order: int
    number: int
    undos: list[Undo] = field(default_factory=list)
    devices: tuple[str, ...] = ()

    def __lt__(self, other: "_Moment") -> bool:
        """What ends at a moment ends before what begins at it, or it would take that back."""
        return (self.at, not self.undos, self.order) < (other.at, not other.undos, other.order)


def rehearsed(path: Path, most: timedelta | None = None) -> Account:
    """Rehearse the scenario at `path`, the first `most` of it. Raises ConfigError with every problem of it."""
    with tempfile.TemporaryDirectory(prefix="netvigil-rehearsal-", dir=_memory()) as folder:
        stage = staged(path, Path(folder))
        if most is not None and most < stage.scenario.duration:
            stage = replace(stage, scenario=stage.scenario.model_copy(update={"duration": most}))
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(_run(stage))


def parts_of(path: Path) -> dict[str, tuple[Observation, ...]]:
    """What each device of the scenario tells before anything happens. Raises ConfigError."""
    with tempfile.TemporaryDirectory() as folder:
        stage = staged(path, Path(folder))
        finder = Finder(stage.settings.platforms, stage.settings.inventory.devices)

        async def all_of_them() -> dict[str, tuple[Observation, ...]]:
            return {name: await finder.observations(actor) for name, actor in stage.actors.items()}

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(all_of_them())


def _memory() -> Path | None:
    """A folder in memory, where a commit costs little; None where there is none that we may write to."""
    try:
        with tempfile.TemporaryFile(dir=_SHARED_MEMORY):
            return _SHARED_MEMORY
    except OSError:
        return None


async def _run(stage: Stage) -> Account:
    finder = Finder(stage.settings.platforms, stage.settings.inventory.devices)
    await _prepared(stage, finder)
    driver: Driver | None = None

    def committed(_took: object) -> None:
        if driver is not None and driver.daemon is not None:
            driver.daemon.stirred()

    with Store(stage.settings.daemon.state, committed=committed) as store:
        driver = Driver(stage, store, finder)
        with Mishaps(driver.chronicle):
            await driver.run()
        driver.chronicle.looked()
        return accounted(stage, store, driver.chronicle, driver.done, driver.post.accepted)


async def _prepared(stage: Stage, finder: Finder) -> None:
    """Look for every part that breaks while all is well. Raises ConfigError for those that are not there."""
    problems: list[Problem] = []
    for at, change in enumerate(stage.scenario.change):
        for name in devices_of(stage, change):
            actor = stage.actors[name]
            for part in change.breaks:
                try:
                    if isinstance(part, PartFile):
                        await finder.sought(actor, part)
                    elif actor.eyes.tree is None or part not in TREE_TROUBLES:
                        trouble(actor.box, part)
                except ValueError as error:
                    problems.append(stage.place.problem(("change", at, "break"), f"{name}: {error}"))
    if problems:
        raise ConfigError(problems)


def devices_of(stage: Stage, change: ChangeFile) -> tuple[str, ...]:
    """The devices to which the change happens."""
    inventory = stage.settings.inventory.devices
    of_sites = (name for name, device in inventory.items() if device.site in change.site)
    named = dict.fromkeys((*change.device, *of_sites))
    if change.behind:
        scenario = stage.scenario
        seen = [(link.a.device, link.b.device) for link in scenario.link]
        parents = {name: device.parents for name, device in inventory.items() if device.parents}
        ways = topology({name: device.role for name, device in inventory.items()}, parents, seen)
        named |= dict.fromkeys(ways.cut_off_with(named.keys()))
    return tuple(named)


class Driver:
    """One run of a scenario."""

    def __init__(self, stage: Stage, store: Store, finder: Finder) -> None:
        """Nothing has happened yet."""
        loop, scenario = asyncio.get_running_loop(), stage.scenario
        self._stage, self._store = stage, store
        self._begun = loop.time()
        self.clock = Clock(scenario.start, loop)
        self.chronicle = Chronicle(store, loop.time)
        self.done: list[Done] = []
        self.daemon: StageDaemon | None = None
        self.post = PostOffice()
        self._luck = Random(f"{scenario.seed} daemon")  # noqa: S311 - a game
        self._effects = {name: Effects(actor, finder) for name, actor in stage.actors.items()}
        self._order = count()
        self._moments: list[_Moment] = []
        for number, change in enumerate(scenario.change):
            for at in _times(change, scenario.duration.total_seconds()):
                self._add(_Moment(at, next(self._order), number))

    async def run(self) -> None:
        """All of it, from the start to the end."""
        loop, end = asyncio.get_running_loop(), self._stage.scenario.duration.total_seconds()
        for actor in self._stage.actors.values():
            actor.began(loop.time())
        self._start()
        while self._moments and self._moments[0].at <= end:
            moment = heapq.heappop(self._moments)
            await asyncio.sleep(moment.at - loop.time())
            await self._happens(moment)
        await asyncio.sleep(max(0.0, end - loop.time()))
        await self._kill()

    def _add(self, moment: _Moment) -> None:
        heapq.heappush(self._moments, moment)

    async def _happens(self, moment: _Moment) -> None:
        change = self._stage.scenario.change[moment.number]
        if moment.undos:
            for undo in moment.undos:
                undo()
            self._touched(moment.devices)
            self._note(moment.number, change, moment.devices, undone=True)
            return
        names = devices_of(self._stage, change)
        undos: list[Undo] = []
        trouble = ""
        now = asyncio.get_running_loop().time()
        for name in names:
            try:
                undos += self._effects[name].made(change, now)
                self._shouted(self._stage.actors[name], change, now)
                if change.person is not None:
                    await self._store.do(partial(self._acted, device=name, person=change.person))
            except (ValueError, LookupError) as error:
                trouble = str(error.args[0] if error.args else error)
        try:
            undos += self._of_all(moment.number, change)
            if change.maintenance is not None:
                await self._store.do(partial(self._planned, change=change, window=change.maintenance))
        except ValueError as error:
            trouble = str(error)
        self._touched(names)
        self._note(moment.number, change, names, trouble=trouble)
        if change.daemon is not None:
            await self._daemon(change.daemon)
        if change.during is not None and undos:
            ends = moment.at + change.during.total_seconds()
            self._add(_Moment(ends, next(self._order), moment.number, undos, names))

    def _note(
        self, number: int, change: ChangeFile, names: tuple[str, ...], *, undone: bool = False, trouble: str = ""
    ) -> None:
        at = asyncio.get_running_loop().time()
        self.done.append(Done(at=at, number=number, change=change, devices=names, undone=undone, trouble=trouble))

    def _touched(self, names: tuple[str, ...]) -> None:
        for name in names:
            if self.daemon is not None:
                self.daemon.touched(name)

    def _of_all(self, number: int, change: ChangeFile) -> Iterator[Undo]:
        if change.reload is not None:
            before = self._stage.settings
            self._reloaded(self._stage.reloads[number])
            yield partial(self._reloaded, before)
        if change.mail is not None:
            how = self.post.how
            self.post.how = change.mail
            yield partial(self._mail, how)
        if change.clock is not None:
            self._clock(change.clock)
            yield partial(self._clock, -change.clock)

    def _reloaded(self, settings: Settings) -> None:
        self._stage = replace(self._stage, settings=settings)
        if self.daemon is not None:
            self.daemon.reload(settings)

    def _clock(self, by: float) -> None:
        self.clock.set_by(by)
        if self.daemon is not None:
            self.daemon.stirred()  # it ticks every second, and looks at the clock then

    def _mail(self, how: Post) -> None:
        self.post.how = how

    def _shouted(self, actor: Actor, change: ChangeFile, now: float) -> None:
        if self.daemon is None or actor.unreachable:
            return
        if change.trap is not None:
            oid = change.trap.oid
            values = _about(actor, change.trap.interface)
            for name, value in change.trap.varbinds.items():
                told = value_told(value, now)
                values[name] = told if isinstance(told, tuple | int | bytes | str) else told.at(now)
            self.daemon.trap(trap(actor, COMMUNITY, oid, values, now), actor.address)
        if change.log:
            self.daemon.line(line(_LOG_PRIORITY, change.log), actor.address)

    def _acted(self, disk: Connection, *, device: str, person: PersonFile) -> object:
        if person.does == "level":
            return self._regraded(disk, device, person)
        mine = [
            ticket
            for ticket in tickets.unclosed(disk)
            if ticket.fault.device == device
            and person.kind in {"", ticket.fault.kind}
            and person.label in {"", ticket.fault.label}
        ]
        if not mine:
            raise LookupError(f"{device} has no ticket that is not closed")
        settings = self._stage.settings
        for kind, data in _before_the_end(mine[-1], settings) if person.does is EventKind.CLOSED else ():
            ticketing.acted(disk, mine[-1].id, kind, person.name, data, settings, self.clock())
        return ticketing.acted(disk, mine[-1].id, person.does, person.name, person.data, settings, self.clock())

    def _regraded(self, disk: Connection, device: str, person: PersonFile) -> Fault:
        """Give the newest open fault another level, as `netvigil fault level` does."""
        mine = [
            fault
            for fault in faults.open_faults(disk)
            if fault.key.device == device
            and person.kind in {"", fault.key.kind}
            and person.label in {"", fault.key.label}
        ]
        if not mine:
            raise LookupError(f"{device} has no open fault")
        newest, now = max(mine, key=lambda fault: fault.id), self.clock()
        if not isinstance(person.level, int):
            return given_back(disk, newest.id)
        word = Regraded(level=Level(person.level), by=person.name, reason=person.reason, at=now)
        return regraded(disk, newest.id, word, self._stage.settings, now)

    def _planned(self, disk: Connection, *, change: ChangeFile, window: WindowFile) -> None:
        """Write down the window, or the end of all that were written down."""
        now = self.clock()
        if window.end:
            for each in maintenance.overlapping(disk, now, now):
                maintenance.ended(disk, each.name, window.name, now)
            return
        begins = now + window.begins_in
        span = Span(begins=begins, ends=begins + (window.length or change.during or timedelta(0)))
        part = {"kind": window.kind, "label": window.label}
        scopes = [
            *(Scope(device=name, **part) for name in change.device),
            *(Scope(site=name, **part) for name in change.site),
        ]
        for scope in scopes or [Scope(device="*", **part)]:
            maintenance.added(disk, scope, span, window.reason, window.name, now)

    async def _daemon(self, what: Daemon) -> None:
        if what is not Daemon.START:
            await self._kill()
        if what is not Daemon.STOP and self.daemon is None:
            self._start()

    def _start(self) -> None:
        self.daemon = StageDaemon(self._stage, self._store, self.clock, self.post, self.chronicle, self._luck)
        self.daemon.start()

    async def _kill(self) -> None:
        if self.daemon is not None:
            await self.daemon.kill()
            self.daemon = None


def _about(actor: Actor, interface: str) -> dict[str, Typed | int | bytes | str]:
    """The variables that say which interface a trap is about (RFC 2863: ifIndex, ifName). Raises ValueError."""
    if not interface:
        return {}
    known = ports(actor)
    if interface not in known:
        raise ValueError(f'{actor.name} has no interface "{interface}"; {near_word(interface, known)}'.rstrip("; "))
    index = known[interface]
    return {f"1.3.6.1.2.1.2.2.1.1.{index}": index, f"1.3.6.1.2.1.31.1.1.1.1.{index}": interface}


def _times(change: ChangeFile, end: float) -> Iterator[float]:
    for at in change.at:
        first = at.total_seconds()
        if change.every is None:
            yield first
            continue
        pace = change.every.total_seconds()
        most = change.times if change.times is not None else int(max(0.0, end - first) // pace) + 1
        yield from (first + n * pace for n in range(most))


def _before_the_end(ticket: Ticket, settings: Settings) -> Iterator[tuple[EventKind, dict[str, str]]]:
    """What whoever closes the ticket has done before, though the scenario does not say so (contract 2.11)."""
    if desk.owes_call_back(ticket, settings.contract):
        if not desk.is_well(ticket):
            yield EventKind.RESTORED, {}
        yield EventKind.CALLED_BACK, {"solved": "yes"}
