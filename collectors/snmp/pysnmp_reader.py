"""The first engine behind `Reader`: PySNMP, for SNMPv2c and SNMPv3. It stands between visits and the network.

PySNMP makes and reads the messages; what to ask next, budgets and rows are ours. Known limits of PySNMP: about 130 ms
of processor time for a switch of 48 ports, and a reply with a Counter64 that lacks its leading zero is lost whole.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pysnmp.error import PySnmpError  # type: ignore[import-untyped]  # PySNMP has no types

from collectors.snmp.codec import ErrorStatus, oid_of
from collectors.snmp.pysnmp_engine import Answer, Engine, get, get_bulk
from collectors.snmp.pysnmp_sockets import Line
from collectors.snmp.reader import Budget, Credential, Ending, Reading, Request, Silence, Target, Value
from collectors.snmp.walk import Walk

_MOST_SCALARS = 24
_MOST_LAYOUTS = 50_000


class _Talk:
    """One read of one device: what is still to ask, and what was answered so far."""

    def __init__(self, engine: Engine, line: Line, target: Target, walks: list[Walk], budget: Budget) -> None:
        self._engine, self._line, self._target, self._budget = engine, line, target, budget
        self._bytes_before, self._requests_before = line.bytes, line.requests
        self._timeouts = 0
        self.walks = walks
        self.scalars: dict[str, Value] = {}
        self.silence: Silence | None = None
        self.answered = False

    @property
    def bytes(self) -> int:
        return self._line.bytes - self._bytes_before

    @property
    def requests(self) -> int:
        return self._line.requests - self._requests_before

    async def _ask(self, pdu: Any) -> Answer | Ending:
        result = await self._engine.asked(self._line, pdu, self._target)
        if isinstance(result, Answer):
            self.answered = True
            self._timeouts = 0
            return result
        if not self.answered:
            self.silence = result
        self._timeouts += 1
        return Ending.ERROR_STATUS if result is Silence.BAD_ANSWER else Ending.TIMEOUT

    def end(self, why: Ending) -> None:
        """End all that is not yet read."""
        for walk in self.walks:
            if not walk.done:
                walk.end(why)

    async def run(self, scalars: Sequence[str]) -> None:
        await self._read_scalars(scalars)
        for walk in self.walks:
            while not walk.done and self.silence is None:
                await self._step(walk)

    async def _step(self, walk: Walk) -> None:
        if self.bytes >= self._budget.bytes:
            self.end(Ending.BYTES)
            return
        if self._timeouts > 1:  # two tables in a row told nothing: the device is gone, not one table broken
            self.end(Ending.TIMEOUT)
            return
        asked = walk.asked()
        match await self._ask(get_bulk(asked, walk.repetitions)):
            case Ending() as why:
                walk.end(why)
            case Answer(status=ErrorStatus.NO_ERROR) as answer:
                walk.take(answer.bindings)
            case Answer(status=ErrorStatus.TOO_BIG):
                walk.narrow()
            case Answer(index=index):
                walk.skip(max(index - 1, 0))

    async def _read_scalars(self, scalars: Sequence[str]) -> None:
        pending = list(dict.fromkeys(scalars))
        size = _MOST_SCALARS
        while pending and self.silence is None and self.bytes < self._budget.bytes and not self._timeouts:
            batch = pending[:size]
            answer = await self._ask(get([oid_of(oid) for oid in batch]))
            if isinstance(answer, Ending):
                break
            if len(batch) > 1 and not answer.index and (answer.status or not answer.bindings):
                size = len(batch) // 2  # too big, or an error that names no place: halves find it
                continue
            if answer.status:
                del pending[max(answer.index - 1, 0) : max(answer.index, 1)]
                continue
            told = {oid: value for oid, value, _ in answer.bindings}
            self.scalars.update((oid, told.get(oid_of(oid))) for oid in batch)
            del pending[: len(batch)]
        if self.silence is None:
            self.scalars = {oid: self.scalars.get(oid) for oid in scalars}


async def _resolved(target: Target) -> tuple[int, tuple[str, int]]:
    """Family and address of `target`. Raises OSError or UnicodeError where the name leads nowhere."""
    try:
        version = ipaddress.ip_address(target.address).version
    except ValueError:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(target.address, target.port, type=socket.SOCK_DGRAM)
        family, address = found[0][0], found[0][4]
        return int(family), (str(address[0]), int(address[1]))
    return int(socket.AF_INET if version == 4 else socket.AF_INET6), (target.address, target.port)  # noqa: PLR2004 - IPv4


class PysnmpReader:
    """The `Reader` that PySNMP stands behind. One may read many devices at once; `close` gives the sockets back."""

    def __init__(self) -> None:
        self._engines: dict[Credential, Engine] = {}
        self._rows: dict[tuple[str, int, tuple[str, ...]], int] = {}

    def _engine(self, credential: Credential) -> Engine:
        engine = self._engines.get(credential)
        if engine is None:
            engine = self._engines[credential] = Engine(credential)
        return engine

    def _walk(self, target: Target, columns: tuple[str, ...], budget: Budget) -> Walk:
        return Walk(columns, budget.rows, self._rows.get((target.address, target.port, columns)))

    def _learn(self, target: Target, request: Request, talk: _Talk) -> None:
        if len(self._rows) > _MOST_LAYOUTS:
            self._rows.clear()
        for columns, walk in zip(request.tables, talk.walks, strict=True):
            self._rows[target.address, target.port, columns] = walk.most_rows_of_a_column

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        """All that `request` asks of `target`, within the budget; see `Reader`."""
        reading = await self._read(target, request, budget)
        if reading.silence is Silence.UNKNOWN_ENGINE and (engine := self._engines.pop(target.credential, None)):
            # the box behind the address was replaced, and PySNMP holds on to the old one for five minutes
            engine.retire()
            rest = replace(budget, seconds=max(0.0, budget.seconds - reading.seconds))
            reading = await self._read(target, request, rest)
        return reading

    async def _read(self, target: Target, request: Request, budget: Budget) -> Reading:
        loop = asyncio.get_running_loop()
        start = loop.time()
        walks = [self._walk(target, columns, budget) for columns in request.tables]
        try:
            async with asyncio.timeout_at(start + budget.seconds):
                family, address = await _resolved(target)
            engine = self._engine(target.credential)
            line = engine.open(family, address)
        except (OSError, UnicodeError):
            return _nothing(walks, Silence.UNRESOLVED)
        except (PySnmpError, ArithmeticError, ValueError):
            return _nothing(walks, Silence.WRONG_KEY)  # a key that cannot be used, such as an empty one
        talk = _Talk(engine, line, target, walks, budget)
        try:
            async with asyncio.timeout_at(start + budget.seconds):
                await talk.run(request.scalars)
        except TimeoutError:
            talk.end(Ending.WALL_TIME)
            talk.silence = None if talk.answered else Silence.TIMEOUT
        finally:
            engine.close_line(line)
        if talk.silence is not None:
            return _nothing(walks, talk.silence, loop.time() - start, talk.requests, talk.bytes)
        self._learn(target, request, talk)
        return Reading(
            scalars={oid: talk.scalars.get(oid) for oid in request.scalars},
            tables=tuple(walk.rows() for walk in walks),
            seconds=loop.time() - start,
            requests=talk.requests,
            bytes=talk.bytes,
        )

    async def close(self) -> None:
        """Give back sockets and timers."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()
        await asyncio.sleep(0)  # PySNMP's cancelled timers end in the next round of the loop


def _nothing(walks: list[Walk], why: Silence, seconds: float = 0.0, requests: int = 0, taken: int = 0) -> Reading:
    tables = tuple(walk.rows() for walk in walks)
    return Reading(scalars={}, tables=tables, silence=why, seconds=seconds, requests=requests, bytes=taken)
