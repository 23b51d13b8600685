"""One way out for letters, mail or a channel: what waits for it leaves, or it rests. Begun by the duties at each tick.

Each way has its own task and its own rest, so that none of them holds up another. A way is *failing* while its tries
bring nothing (nobody answers; a robot refuses whatever it is told), from the first such try until a letter is accepted.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from alerts.desk import hops
from alerts.post.channels import MAIL
from alerts.post.mail import Receipt, Verdict, is_given_up, next_try
from monitor import storm, ticketing
from monitor.config import Settings
from monitor.metrics import Metrics
from monitor.model import Letter
from monitor.store import letters
from monitor.store.database import Store
from monitor.store.letters import LetterState, Posted
from monitor.storm import Guarded

log = logging.getLogger(__name__)
_AT_ONCE = 20  # letters under way at the same time
_TURN = 1.0  # seconds that a letter waits at most for the one before it to the same recipient
_TRIES = 2  # that brought nothing before a way is called broken: one may have been the letter's own fault
Send = Callable[[Letter, Settings], Awaitable[Receipt]]
"""The way out for one letter: one try, and what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patiently a way is tried."""

    first: timedelta
    most: timedelta
    give_up: timedelta


@dataclass(slots=True, kw_only=True)
class Failing:
    """Since when tries bring nothing, how many did, and the newest words."""

    since: datetime
    tries: int = 0
    words: str = ""


class Posting:
    """The letters of one way. `settings` is asked for what is in force at each try."""

    def __init__(
        self,
        name: str,
        settings: Callable[[], Settings],
        store: Store,
        metrics: Metrics,
        clock: Callable[[], datetime],
        send: Send,
    ) -> None:
        """A way by which nothing left yet."""
        self.name = name
        self.failing: Failing | None = None
        self.works = False
        self._settings = settings
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._send = send
        self._failures = 0
        self._rests_until: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._carrying: asyncio.Task[None] | None = None
        self._unfiled: dict[str, Receipt] = {}

    @property
    def is_idle(self) -> bool:
        """True where no letter is under way, and of each that was it is written down what became of it."""
        return not self._unfiled and all(each is None or each.done() for each in (self._task, self._carrying))

    def begin(self, now: datetime) -> None:
        """Post what waits, beside all else, unless that goes on already: a slow server holds up no clock."""
        if self._rests_until is not None and self._rests_until - now > self._pace().most:
            self._rests_until = None  # the clock was set back
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._post(now))
        if self.name == MAIL and (self._carrying is None or self._carrying.done()):
            self._carrying = asyncio.create_task(self._carry(now))

    async def due(self) -> datetime | None:
        """When a letter is to be tried next; None where none waits."""
        waiting = await self._store.ask(partial(letters.next_try, now=self._clock(), by=self.name))
        return waiting if waiting is None or self._rests_until is None else max(waiting, self._rests_until)

    async def finished(self) -> None:
        """Wait for letters that are under way."""
        under_way = [each for each in (self._task, self._carrying) if each is not None]
        await asyncio.gather(*under_way, return_exceptions=True)

    def is_broken(self, now: datetime, after: timedelta) -> bool:
        """True where the way has brought nothing for so long, in more than one try."""
        return self.failing is not None and self.failing.tries >= _TRIES and now - self.failing.since >= after

    def _pace(self) -> Pace:
        settings = self._settings()
        channel = settings.channels.get(self.name)
        if channel is None:
            mail = settings.mail
            return Pace(first=mail.retry_first, most=mail.retry_most, give_up=mail.give_up)
        return Pace(first=channel.retry_first, most=channel.retry_most, give_up=channel.give_up)

    async def _carry(self, now: datetime) -> None:
        """Post mail with files, one after the other and beside the others: a call waits for no long document."""
        while self._rests_until is None or now >= self._rests_until:
            try:
                waiting = await self._store.ask(partial(letters.parcel_due, now=now))
                receipt = await self._sent(waiting) if waiting is not None else None
            except Exception:  # as in _post
                log.exception("a letter with files could not be posted")
                return
            if receipt is None or receipt.concerns_all:
                return
            now = self._clock()

    async def _post(self, now: datetime) -> None:
        """Post what waits. Where no letter can leave at all, the queue rests instead of failing one by one."""
        while self._rests_until is None or now >= self._rests_until:
            try:
                waiting = await self._next(now)
                turns = {each.letter.recipient: asyncio.Lock() for each in waiting}
                receipts = await asyncio.gather(*(self._one(each, turns[each.letter.recipient]) for each in waiting))
            except Exception:  # the store would not take what became of a letter: that is tried again
                log.exception("letters could not be posted")
                return
            self._rest(receipts)
            if not any(receipt.verdict is Verdict.ACCEPTED for receipt in receipts):
                return
            now = self._clock()

    async def _next(self, now: datetime) -> tuple[Posted, ...]:
        """The letters that leave now, in a storm the digests in their place."""
        settings = self._settings()

        def asked(disk: Connection) -> tuple[Guarded, tuple[Posted, ...]]:
            # of one moment: a letter that is written between the two would leave by itself in the midst of a storm
            guard = storm.guarded(disk, settings, now)
            return guard, letters.due(disk, now, _AT_ONCE, self.name, held=guard.held, released=guard.released)

        guard, due = await self._store.ask(asked)
        self._metrics.stormed(len(guard.held))
        if guard.due:
            count = await self._store.do(partial(storm.digested, settings=settings, now=now))
            log.warning("many faults at once: %d digests in place of their letters", count)
            _, due = await self._store.ask(asked)
        return tuple([await self._whole(each) for each in due])

    async def _whole(self, waiting: Posted) -> Posted:
        """With its text, where only its subject was written because a digest was to take its place."""
        letter = waiting.letter
        if letter.text or not letter.ticket:
            return waiting
        try:
            whole = await self._store.do(partial(ticketing.written_out, letter=letter, settings=self._settings()))
        except Exception:  # that something broke is said in the subject, too: better that than nothing
            log.exception("the text of a letter could not be made")
            whole = replace(letter, text=letter.subject)
        return replace(waiting, letter=whole)

    def _rest(self, receipts: Sequence[Receipt]) -> None:
        if any(receipt.concerns_all for receipt in receipts):
            self._failures += 1
            pace = self._pace()
            self._rests_until = self._clock() + next_try(self._failures, pace.first, pace.most)
        elif receipts:
            self._failures, self._rests_until = 0, None

    async def _one(self, waiting: Posted, turn: asyncio.Lock) -> Receipt:
        # What the server has taken and is not written down yet comes twice if we are killed now: so one letter of each
        # recipient after the other. Where the server is slow the next does not wait for it.
        async with turn:
            sending = asyncio.ensure_future(self._sent(waiting))
            await asyncio.wait({sending}, timeout=_TURN)
        return await sending

    async def _sent(self, waiting: Posted) -> Receipt:
        known = self._unfiled.get(waiting.letter.message_id)
        receipt = known or await self._send(waiting.letter, self._settings())
        now = self._clock()
        if known is None:
            self._metrics.posted(self.name, receipt.verdict.value)
            self._learnt(receipt, now)
        if receipt.verdict is Verdict.ACCEPTED:  # where the disk does not take that now, it is not sent again
            self._unfiled[waiting.letter.message_id] = receipt
        await self._store.do(lambda disk: self._filed(disk, waiting, receipt, now), soon=True)
        self._unfiled.pop(waiting.letter.message_id, None)
        if receipt.verdict is Verdict.ACCEPTED:
            await self._measured(waiting.letter, now)
        return receipt

    def _learnt(self, receipt: Receipt, now: datetime) -> None:
        """What a try says of the way as a whole. Of mail a refusal is the letter's own; robots refuse all or none."""
        if receipt.verdict is Verdict.ACCEPTED:
            self.works, self.failing = True, None
        elif receipt.concerns_all or self.name != MAIL:
            self.works = False
            if self.failing is None or self.failing.since > now:
                self.failing = Failing(since=now)
            self.failing.tries += 1
            self.failing.words = receipt.words

    async def _measured(self, letter: Letter, now: datetime) -> None:
        """Count the hops that end with an accepted letter, once it is written down that it was."""
        waited = await self._store.ask(partial(letters.left_with, letter=letter))
        for written in waited:
            self._metrics.accepted(now - written)
        if letter.what in hops.CALLS or not letter.ticket:
            for fault in await self._store.ask(partial(letters.notified, letter=letter)):
                since, told = hops.began(fault)
                self._metrics.notified(now - since, told=told)

    def _filed(self, disk: Connection, waiting: Posted, receipt: Receipt, now: datetime) -> None:
        letter, words, pace = waiting.letter, receipt.words, self._pace()
        if receipt.verdict is Verdict.ACCEPTED:
            letters.ended(disk, letter.message_id, LetterState.ACCEPTED, now, words)
        elif receipt.verdict is Verdict.REFUSED:
            log.error("the letter to %s was refused: %s", letter.recipient, words)
            letters.ended(disk, letter.message_id, LetterState.REFUSED, now, words)
        elif is_given_up(letter.created_at, now, pace.give_up):
            log.error("a letter to %s was given up after %s: %s", letter.recipient, pace.give_up, words)
            letters.ended(disk, letter.message_id, LetterState.EXPIRED, now, words)
        else:
            log.warning("a letter to %s waits: %s", letter.recipient, words)
            wait = next_try(waiting.attempts + 1, pace.first, pace.most)
            letters.put_off(disk, letter.message_id, now + wait, words)
