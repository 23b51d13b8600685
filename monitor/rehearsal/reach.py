"""Whether devices on the stage are there: the beats and the judgement of `collectors.reach`, without sockets.

Nothing is done for a device that answers every ping, or none: those beats are counted when somebody asks.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from zlib import crc32

from collectors.reach import TRIES, WINDOW, Reached, Record, There, Way
from monitor.rehearsal.actor import Actor

_BOTH_FROM = TRIES // 2  # further tries are made by TCP as well: both must be lost
_ROUND_TRIP = 0.002


@dataclass(slots=True)
class _Watched:
    actor: Actor
    beat: float
    record: Record = field(default_factory=Record)
    timer: asyncio.TimerHandle | None = None
    asking: bool = False  # a try is under way
    awaited: list[asyncio.Future[None]] = field(default_factory=list)


class StageReach:
    """Asks all devices at their beat. `changed` is called where one came or went."""

    def __init__(
        self,
        changed: Callable[[str], None],
        actors: Mapping[str, Actor],
        random: Random,
        *,
        interval: float,
        patience: float,
    ) -> None:
        """Nobody is asked yet."""
        self._changed, self._actors, self._random = changed, actors, random
        self._interval, self._patience = interval, patience
        self._devices: dict[str, _Watched] = {}

    def load(self, names: Iterable[str]) -> None:
        """Watch these devices."""
        now = asyncio.get_running_loop().time()
        for name in names:
            one = _Watched(self._actors[name], now + self._interval * (crc32(name.encode()) / 2**32))
            self._devices[name] = one
            self.stirred(name)

    def close(self) -> None:
        """Ask nobody any more."""
        for one in self._devices.values():
            if one.timer is not None:
                one.timer.cancel()
        self._devices.clear()

    def of(self, name: str) -> Reached | None:
        """What is known of the device."""
        one = self._devices.get(name)
        if one is None:
            return None
        self._caught_up(one)
        record = one.record
        return Reached(
            there=record.there, reason=record.reason, way=Way.ICMP, loss=record.loss, seconds=record.seconds,
            doubted=record.doubted,
        )  # fmt: skip

    async def asked_anew(self, name: str) -> Reached | None:
        """What is known of the device once it was asked anew."""
        one = self._devices.get(name)
        if one is not None and one.timer is not None and not one.record.settled:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[None] = loop.create_future()
            one.awaited.append(answer)
            if not one.asking:
                one.timer.cancel()
                self._try(name, one, loop.time())
            await answer
        return self.of(name)

    def stirred(self, name: str) -> None:
        """Something happened to the device on the stage: ask it at its next beat."""
        one = self._devices.get(name)
        if one is not None and one.timer is None:
            self._caught_up(one)
            loop = asyncio.get_running_loop()
            one.timer = loop.call_at(one.beat, self._try, name, one, one.beat)

    def _caught_up(self, one: _Watched) -> None:
        """Count the beats that went by while every one ended as the one before."""
        if one.timer is not None:
            return
        now = asyncio.get_running_loop().time()
        missed = int((now - one.beat) // self._interval) + 1
        if missed > 0:
            one.beat += missed * self._interval
            for _ in range(min(missed, WINDOW)):
                if one.record.there is There.UP:
                    one.record.answered(_ROUND_TRIP)
                else:
                    one.record.lost()

    def _try(self, name: str, one: _Watched, began: float) -> None:
        actor, record = one.actor, one.record
        loop = asyncio.get_running_loop()
        loss = actor.loss * actor.loss if record.tries >= _BOTH_FROM else actor.loss
        if actor.unreachable or (loss and self._random.random() < loss) or actor.delay > self._patience:
            one.asking = True
            one.timer = loop.call_later(self._patience, self._missed, name, one, began)
            return
        before = record.there
        record.answered(_ROUND_TRIP + actor.delay)
        self._over(name, one, began)
        if before is There.DOWN:
            self._changed(name)

    def _missed(self, name: str, one: _Watched, began: float) -> None:
        before = one.record.there
        goes_on = one.record.lost()
        if one.record.settled:
            _tell(one)
        if goes_on:
            self._try(name, one, began)
            return
        self._over(name, one, began)
        if before is not There.DOWN:
            self._changed(name)

    def _over(self, name: str, one: _Watched, began: float) -> None:
        """A check has ended: the next is at the next beat, where it may end otherwise."""
        one.asking = False
        _tell(one)
        loop = asyncio.get_running_loop()
        one.beat = began + self._interval * (1 + max(0, (loop.time() - began) // self._interval))
        there, actor = one.record.there, one.actor
        up = there is There.UP and not actor.unreachable and not actor.loss and actor.delay <= self._patience
        down = there is There.DOWN and actor.unreachable
        one.timer = None if up or down else loop.call_at(one.beat, self._try, name, one, one.beat)


def _tell(one: _Watched) -> None:
    awaited, one.awaited = one.awaited, []
    for each in awaited:
        if not each.done():
            each.set_result(None)
