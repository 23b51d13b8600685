"""The readers of a rehearsal: each asks an actor on the stage, in virtual time and as patiently as the daemon would."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from collectors.cli.asked import Said, answers
from collectors.cli.folder import named
from collectors.looks import Blind, Door, LookReader, Seen
from collectors.plan import Origin
from collectors.redfish.documents import ID, Document
from collectors.redfish.service import UnreadError
from collectors.redfish.walk import Walk
from collectors.simulate.trees import Tree
from collectors.snmp.reader import Budget, Ending, Reader, Reading, Request, Rows, Silence, Target
from monitor.rehearsal.actor import COMMUNITY, Actor

_REPORTS = frozenset({Silence.WRONG_USER, Silence.WRONG_KEY, Silence.WRONG_LEVEL, Silence.TIME_WINDOW})
"""What SNMPv3 reports to whom it does not let in (RFC 3414, section 3.2)."""
_BACK_OFF = 1.5  # each repeat of a question waits so much longer, as in collectors/snmp/talk.py
_A_REPLY = 60  # values of one table that one answer holds, more or less
_ROUND_TRIP = 0.002


class StageReader(Reader):
    """SNMP, spoken by the actors."""

    def __init__(self, actors: Mapping[str, Actor], random: Random) -> None:
        """`actors` by their addresses."""
        self._actors, self._random = actors, random

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        """All that `request` asks of `target`, after the time that it takes."""
        actor = self._actors[target.address]
        waits = [target.timeout * _BACK_OFF**again for again in range(target.retries + 1)]
        if actor.unreachable or actor.blind or not actor.speaks_snmp or target.credential != COMMUNITY:
            return await _silence(request, Silence.TIMEOUT, min(sum(waits), budget.seconds))
        if actor.refused:
            return await _silence(request, Silence.REFUSED, _ROUND_TRIP)
        if actor.denied in _REPORTS:
            return await _silence(request, Silence(actor.denied), _ROUND_TRIP)
        if actor.garbage >= 1 or actor.delay >= sum(waits):
            why = Silence.BAD_ANSWER if actor.garbage else Silence.TIMEOUT
            return await _silence(request, why, min(sum(waits), budget.seconds))
        now = asyncio.get_running_loop().time()
        if actor.loss or actor.garbage or actor.delay:
            return await self._troubled(actor, request, budget, waits, now)
        tables = tuple([actor.rows(columns, now) for columns in request.tables])
        return Reading(scalars=actor.scalars(request, now), tables=tables, seconds=_ROUND_TRIP, requests=1)

    async def close(self) -> None:
        """Nothing is held."""

    async def _troubled(
        self, actor: Actor, request: Request, budget: Budget, waits: Sequence[float], now: float
    ) -> Reading:
        """What comes through where answers are late or get lost: question by question, as the engine asks."""
        bad = 1 - (1 - actor.loss) * (1 - actor.garbage)
        spent, asked, lost = 0.0, 0, 0
        scalars = actor.scalars(request, now)
        tables: list[Rows] = []
        for number in range(-1, len(request.tables)):
            rows = actor.rows(request.tables[number], now) if number >= 0 else None
            questions = 1 if rows is None else 1 + len(rows.index) * len(rows.columns) // _A_REPLY
            ended: Ending | None = None
            for _ in range(questions):
                if lost > 1 or spent > budget.seconds:
                    ended = Ending.TIMEOUT if lost > 1 else Ending.WALL_TIME
                    break
                asked += 1
                tries = next((n for n in range(len(waits)) if self._random.random() >= bad), None)
                spent += sum(waits[:tries]) + (actor.delay + _ROUND_TRIP if tries is not None else 0.0)
                lost = 0 if tries is not None else lost + 1
                if tries is None:
                    if number < 0:
                        why = Silence.BAD_ANSWER if actor.garbage > actor.loss else Silence.TIMEOUT
                        return await _silence(request, why, spent)
                    ended = Ending.TIMEOUT
                    break
            if rows is not None:
                tables.append(rows if ended is None else _cut(rows, ended))
        await asyncio.sleep(min(spent, budget.seconds))
        return Reading(scalars=scalars, tables=tuple(tables), seconds=spent, requests=asked)


def _cut(rows: Rows, ended: Ending) -> Rows:
    """The half that came before the answers ceased."""
    half = len(rows.index) // 2
    columns = {name: values[:half] for name, values in rows.columns.items()}
    return Rows(index=rows.index[:half], columns=columns, ended=ended)


async def _silence(request: Request, why: Silence, seconds: float) -> Reading:
    await asyncio.sleep(seconds)
    nothing = tuple(Rows(index=(), columns=dict.fromkeys(columns, ())) for columns in request.tables)
    return Reading(scalars={}, tables=nothing, silence=why, seconds=seconds, requests=1)


class _LookReader(LookReader):
    """What the readers of Redfish and SSH share: how an actor keeps them out."""

    def __init__(self, actors: Mapping[str, Actor], random: Random) -> None:
        """`actors` by their addresses."""
        self._actors, self._random = actors, random
        self._known: dict[tuple[str, tuple[str, ...]], tuple[int, Seen]] = {}

    async def read(self, door: Door, origins: Sequence[Origin], budget: Budget) -> Seen:
        """The rows of `origins`, or why there are none."""
        actor = self._actors[door.address]
        if actor.unreachable or actor.delay > door.timeout or self._random.random() < actor.loss**3:
            await asyncio.sleep(min(door.timeout, budget.seconds))
            return Seen(rows=(), blind=Blind.TIMEOUT)
        await asyncio.sleep(actor.delay * (1 + len(origins)))
        if actor.refused:
            return Seen(rows=(), blind=Blind.REFUSED)
        if actor.denied and actor.denied not in _REPORTS:
            return Seen(rows=(), blind=Blind(actor.denied))
        if actor.garbage and self._random.random() < actor.garbage:
            return Seen(rows=(), blind=Blind.BAD_ANSWER)
        key = door.address, tuple(origin.table for origin in origins)
        known = self._known.get(key)
        if known is None or known[0] != actor.told_anew:
            known = self._known[key] = actor.told_anew, replace(await self._seen(actor, origins, budget), pin="stage")
        return known[1]

    async def _seen(self, actor: Actor, origins: Sequence[Origin], budget: Budget) -> Seen:
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is held."""


class TreeLooks(_LookReader):
    """Redfish, spoken by the actors."""

    async def _seen(self, actor: Actor, origins: Sequence[Origin], budget: Budget) -> Seen:
        if actor.eyes.tree is None:
            return Seen(rows=(), blind=Blind.REFUSED)
        return Seen(rows=await Walk(_Documents(actor.eyes.tree), budget).tables(origins))


class CommandLooks(_LookReader):
    """The command line, as the actors print it."""

    async def _seen(self, actor: Actor, origins: Sequence[Origin], budget: Budget) -> Seen:
        commands = actor.eyes.commands
        if commands is None:
            return Seen(rows=(), blind=Blind.REFUSED)

        def said(command: str) -> Said | None:
            raw = commands.get(named(command))
            return None if raw is None else Said(raw=raw)

        found = answers(origins, said, budget)
        return Seen(rows=tuple(found.rows), documents=found.documents, requests=found.commands, bytes=found.bytes)


class _Documents:
    """A tree as a service that does not expand."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.members: dict[str, tuple[str, ...]] = {}

    async def get(self, path: str) -> Document:
        """The document at `path`."""
        found = self._tree.get(path.rstrip("/"))
        if found is None:
            raise UnreadError(None)
        return found

    async def expanded(self, path: str) -> Document:
        """The same; a collection that is not there has what lies below it as members."""
        found = self._tree.get(path.rstrip("/"))
        if found is not None:
            return found
        below = f"{path.rstrip('/')}/"
        inside = dict.fromkeys(below + one[len(below) :].split("/")[0] for one in self._tree if one.startswith(below))
        if not inside:
            raise UnreadError(None)
        return {ID: path, "Members": [{ID: one} for one in sorted(inside)]}
