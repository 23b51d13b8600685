"""The eye SSH: looks at many switches at once, by netmiko in a bounded number of threads, under asyncio.

Every look is bounded from outside the thread that takes it: when its time is over its socket is cut, and the thread
wakes up. A thread that does not come back keeps its place, so that there are never more than so many.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from collectors.cli.asked import Answers, Said, answers
from collectors.cli.output import Refusal, lines, refusal
from collectors.cli.parse import no_rows
from collectors.cli.session import Line, Session, ShutOutError, session
from collectors.looks import Blind, Door, Seen
from collectors.plan import Origin
from collectors.snmp.reader import Budget, Ending

log = logging.getLogger(__name__)

THREADS = 30
_GRACE = 2.0
_REFUSED_FOR = 86_400.0
"""Seconds until a command is given again that the device did not know: each stands in its log as an attempt."""

Place = tuple[str, int]
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Outputs:
    """What commands printed, in their order; why there was no session, or none any more."""

    said: dict[str, Said] = field(default_factory=dict)
    blind: Blind | None = None


class SshReader:
    """Looks over SSH: `Door.timeout` bounds the way in and each command, the budget the whole.

    What it learns of a device, such as the commands that it does not know, may be lost.
    """

    def __init__(self, threads: int = THREADS) -> None:
        """At most so many sessions at once."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="ssh")
        self._places = asyncio.Semaphore(threads)
        self._lines: set[Line] = set()
        self._pages: dict[Place, str] = {}
        self._unknown: dict[Place, dict[str, float]] = {}
        self._busy: dict[Place, asyncio.Lock] = {}

    async def read(self, door: Door, origins: Sequence[Origin], budget: Budget) -> Seen:
        """The rows of `origins`. The time of `budget` begins with the session, not with the wait for a free thread."""
        begun, look = time.monotonic(), partial(self._look, door, origins, budget)
        async with self._busy.setdefault((door.address, door.port), asyncio.Lock()):
            seen = await self._bounded(door, budget, look, partial(self._blind, origins))
        return replace(seen, seconds=time.monotonic() - begun)

    async def outputs(self, door: Door, commands: Sequence[str], budget: Budget) -> Outputs:
        """What these commands print, each given once in one session; nothing is remembered of them."""
        work = partial(self._give, door, commands, budget)
        async with self._busy.setdefault((door.address, door.port), asyncio.Lock()):
            return await self._bounded(door, budget, work, lambda why: Outputs(blind=why))

    async def _bounded(self, door: Door, budget: Budget, work: Callable[[Line], T], blind: Callable[[Blind], T]) -> T:
        """What `work` brings, in a thread and within its time; one session with a device at a time."""
        await self._places.acquire()
        line = Line(budget.seconds, door.timeout)
        self._lines.add(line)
        try:
            thread = asyncio.get_running_loop().run_in_executor(self._pool, work, line)
        except RuntimeError:  # closed
            self._places.release()
            return blind(Blind.BAD_ANSWER)
        thread.add_done_callback(lambda _: self._over(line))
        later = asyncio.get_running_loop().call_later
        cuts = later(door.timeout, line.cut_outside), later(budget.seconds, line.cut)
        try:
            return await asyncio.wait_for(asyncio.shield(thread), budget.seconds + _GRACE)
        except TimeoutError:
            log.warning("the session with %s port %s does not end", door.address, door.port)
            return blind(Blind.TIMEOUT)
        finally:
            for cut in cuts:
                cut.cancel()
            line.cut()

    async def close(self) -> None:
        """Cut what is open, and let the threads go."""
        for line in list(self._lines):
            line.cut()
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    def _over(self, line: Line) -> None:
        self._lines.discard(line)
        self._places.release()

    # ------------------------------------------------------------------ in a thread

    def _give(self, door: Door, commands: Sequence[str], budget: Budget, line: Line) -> Outputs:
        found = Outputs()
        try:
            with session(door, line, budget.bytes) as at:
                at.get_ready(self._pages.get((door.address, door.port), ""))
                for command in commands:
                    found.said[command] = at.said(command)
        except ShutOutError as error:
            found.blind = error.blind
        except Exception:  # a device's failure is a fact, not a crash
            log.exception("diagnosing %s port %s over SSH", door.address, door.port)
            found.blind = Blind.BAD_ANSWER
        return found

    def _look(self, door: Door, origins: Sequence[Origin], budget: Budget, line: Line) -> Seen:
        try:
            with session(door, line, budget.bytes) as at:
                return self._seen(at, door, origins, budget)
        except ShutOutError as error:
            return self._blind(origins, error.blind, error.pin)
        except Exception:  # a device's failure is a fact, not a crash
            log.exception("looking at %s port %s over SSH", door.address, door.port)
            return self._blind(origins, Blind.BAD_ANSWER)

    def _seen(self, at: Session, door: Door, origins: Sequence[Origin], budget: Budget) -> Seen:
        place = (door.address, door.port)
        try:
            pages = at.get_ready(self._pages.get(place, ""))
        except ShutOutError as error:
            return self._blind(origins, error.blind, at.pin)
        if pages:
            self._pages[place] = pages
        unknown = self._unknown.setdefault(place, {})
        found = answers(origins, lambda command: self._ask(at, command, unknown), budget)
        forbidden = _all_forbidden(found, origins)
        return Seen(
            rows=tuple(found.rows),
            blind=Blind.NO_RIGHTS if forbidden else None,
            pin=at.pin,
            remark=at.remark,
            documents=found.documents,
            requests=found.commands,
            bytes=at.received,
        )

    def _ask(self, at: Session, command: str, unknown: dict[str, float]) -> Said | None:
        now = time.monotonic()
        if unknown.get(command, 0.0) > now:
            return None
        said = at.said(command)
        if said.ended is None and refusal(lines(said.raw, command, logs=True)) is Refusal.UNKNOWN:
            unknown[command] = now + _REFUSED_FOR
        return said

    def _blind(self, origins: Sequence[Origin], why: Blind, pin: str = "") -> Seen:
        return Seen(rows=tuple(no_rows(origin, None) for origin in origins), blind=why, pin=pin)


def _all_forbidden(found: Answers, origins: Sequence[Origin]) -> bool:
    """Not one command is allowed: then it is the user, not the command."""
    return bool(origins) and all(rows.ended is Ending.NOT_ALLOWED for rows in found.rows)
