"""What only the clock asks: promises that run out, letters that wait to be posted, reports that are due.

Every duty derives what to do from what is stored, so nothing is lost over a stop: after a start it catches up once.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.desk import hops
from alerts.desk import tickets as desk
from alerts.desk.clocks import ClockName, due_events, next_due
from alerts.desk.reminding import next_at
from alerts.post.mail import MailSettings, Receipt, Verdict, is_given_up, next_try, posted
from monitor import afterwards, maintenance, reporting, storm, ticketing, units
from monitor.config import Settings
from monitor.metrics import Metrics
from monitor.model import EventKind, Letter, Level, Ticket
from monitor.progress import Progress
from monitor.store import enclosures, faults, letters, spares, tickets
from monitor.store.database import Store
from monitor.store.letters import LetterState, Posted

WORK = "duties"
log = logging.getLogger(__name__)
_SWEEP = timedelta(days=1)  # how long suspicions that came to nothing are kept
_GLANCE = timedelta(minutes=1)  # how often it is asked, also where no window has begun or ended, who was not told
_STOCK = timedelta(hours=1)  # how often the stores are held against what is installed, also where nothing was moved
_AT_ONCE = 20  # letters under way at the same time
_TURN = 1.0  # seconds that a letter waits at most for the one before it to the same recipient
_TOGETHER = 100  # tickets that are looked at together
_A_TICK = 500  # tickets that are written into in one tick at most: the watchdog waits for its end
Post = Callable[[Letter, MailSettings, Mapping[str, bytes]], Awaitable[Receipt]]
"""The way out for one letter and the octets of its enclosures: one try, and what came of it."""


class Duties:
    """The daemon's duties over one store. `settings` may be replaced while it runs (reload)."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        metrics: Metrics,
        progress: Progress,
        clock: Callable[[], datetime],
        post: Post = posted,
    ) -> None:
        """Duties that have not begun; `tick` does once what is due. `post` is the way out for letters."""
        self.settings = settings
        self._store = store
        self._metrics = metrics
        self._progress = progress
        self._clock = clock
        self._post_one = post
        self._heads: dict[str, int] = {}
        self._wakes: dict[str, datetime | None] = {}
        self._looked: dict[str, int] = {}
        self._began = clock()
        self._reported: set[str] = set()
        self._failures = 0
        self._rests_until: datetime | None = None
        self._swept_at = clock()
        self._posting: asyncio.Task[None] | None = None
        self._carrying: asyncio.Task[None] | None = None
        self._levels: dict[str, Level] = {}
        self._calls: dict[str, datetime | None] = {}
        self._windows: tuple[Settings, tuple[str, ...]] | None = None
        self._glanced_at = clock()
        self._stock_glanced_at = self._stocked_at = clock() - _STOCK
        self._stock_as_of: tuple[Settings, int] | None = None

    async def tick(self) -> None:
        """Do all that is due now. A duty that cannot be done (a full disk) is said, and holds up none of the others."""
        now = self._clock()
        # Letters first: they wait for nobody, least of all for the clocks of five thousand new tickets.
        duties = (
            self._posts,
            self._maintains,
            self._promises,
            self._reminds,
            self._reports,
            self._counts,
            self._stocks,
            self._sweeps,
        )
        done = [await self._tried(duty, now) for duty in duties]
        if all(done):
            self._progress.made(WORK, now)

    async def due(self) -> datetime:
        """When a tick has something to do next, by what is stored now; reports are not reckoned in.

        The daemon ticks every second and need not ask; a rehearsal has hours to get over.
        """
        now = self._clock()
        waiting = await self._store.ask(partial(letters.next_try, now=now))
        windows = partial(maintenance.next_change, settings=self.settings, now=now, within=_SWEEP)
        change = await self._store.ask(windows)
        rest = self._rests_until
        moments = [at for at in self._calls.values() if at is not None]
        moments += [self._swept_at + _SWEEP, *(wake for wake in self._wakes.values() if wake is not None)]
        if waiting is not None:
            moments.append(waiting if rest is None else max(waiting, rest))
        if change is not None:
            moments.append(change)
        return min(moments)

    @staticmethod
    async def _tried(duty: Callable[[datetime], Awaitable[None]], now: datetime) -> bool:
        try:
            await duty(now)
        except Exception:  # whatever it is, the next tick tries again; the watchdog starves if it stays
            log.exception("a duty could not be done")
            return False
        return True

    async def finished(self) -> None:
        """Wait for letters that are under way."""
        under_way = [each for each in (self._posting, self._carrying) if each is not None]
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _maintains(self, now: datetime) -> None:
        """See to it that who was not called under maintenance is called when it is over, and clocks stand still."""
        settings = self.settings
        known = await self._store.ask(partial(maintenance.coverage, settings=settings, now=now))
        active = tuple(each.id for each in known.active())
        is_same = self._windows is not None and self._windows[0] is settings and self._windows[1] == active
        is_done = True
        if not is_same:
            is_done = await self._through(partial(afterwards.settled, settings=settings, now=now))
            self._metrics.covered(known.whole())
        if not is_same or now - self._glanced_at >= _GLANCE:
            is_done = await self._through(partial(afterwards.spoken_up, settings=settings, now=now)) and is_done
            self._glanced_at = now
        self._windows = (settings, active) if is_done else None
        keys = await self._store.ask(faults.open_keys) if active else ()
        self._metrics.maintained(len(active), [(key, level) for key, level in keys if known.of(key) is not None])

    async def _through(self, work: Callable[[Connection], bool]) -> bool:
        """Do `work` as long as it says that there is more of it; false where there still is, for the next tick."""
        for _ in range(_A_TICK // afterwards.MOST):
            if not await self._store.do(work):
                return True
        return False

    async def _promises(self, now: datetime) -> None:
        """Keep the clocks; of thousands of tickets that are due so many at a time that a tick does not take long."""
        heads = await self._store.ask(tickets.heads)
        for number in self._heads.keys() - heads.keys():
            del self._heads[number]
            self._wakes.pop(number, None)
            self._looked.pop(number, None)
            self._levels.pop(number, None)
            self._calls.pop(number, None)
        due = [
            number
            for number, seq in heads.items()
            if self._heads.get(number) != seq or ((wake := self._wakes.get(number)) is not None and wake <= now)
        ][:_A_TICK]
        for begin in range(0, len(due), _TOGETHER):
            together = due[begin : begin + _TOGETHER]
            await self._kept(together, now)
            self._heads.update({number: heads[number] for number in together})

    async def _kept(self, numbers: Sequence[str], now: datetime) -> None:
        """Write down what is due in these tickets, and remember when something will be."""
        late = await self._store.ask(partial(self._late, numbers=numbers, now=now))
        if late:
            await asyncio.gather(*(self._store.do(partial(self._broken, number=each, now=now)) for each in late))
            await self._store.ask(partial(self._late, numbers=late, now=now))

    def _late(self, disk: Connection, *, numbers: Sequence[str], now: datetime) -> list[str]:
        """Remember level and next moment of these tickets; those in which something is due now."""
        late = []
        for ticket in tickets.several(disk, numbers):
            self._answered(ticket)
            self._levels[ticket.id] = desk.level(ticket)
            self._calls[ticket.id] = self._call(disk, ticket, now)
            self._wakes[ticket.id] = wake = next_due(ticket, self.settings.contract, now)
            if wake is not None and wake <= now:
                late.append(ticket.id)
        return late

    def _call(self, disk: Connection, ticket: Ticket, now: datetime) -> datetime | None:
        """When somebody is to be reminded of the ticket: at once where a stop has kept us from it."""
        if not self.settings.people.text:
            return None
        if ticketing.reminder_due(disk, ticket, self.settings, now) is not None:
            return now
        return next_at(ticket, self.settings.reminders, now)

    async def _reminds(self, now: datetime) -> None:
        """Call once more for tickets that nobody has answered."""
        due = [number for number, at in self._calls.items() if at is not None and at <= now][:_A_TICK]
        for begin in range(0, len(due), _TOGETHER):
            together = due[begin : begin + _TOGETHER]
            remind = partial(ticketing.reminded, settings=self.settings, now=now)
            await asyncio.gather(*(self._store.do(partial(remind, number=each)) for each in together))
            for ticket in await self._store.ask(partial(tickets.several, numbers=together)):
                self._calls[ticket.id] = next_at(ticket, self.settings.reminders, now)

    def _answered(self, ticket: Ticket) -> None:
        """Count the answers that came since the ticket was looked at last; of before our start another daemon knew."""
        last = self._looked.get(ticket.id)
        self._looked[ticket.id] = ticket.events[-1].seq
        for call, answer in hops.answers(ticket):
            if answer.seq > last if last is not None else answer.at >= self._began:
                self._metrics.responded(desk.level(ticket), answer.at - call.at)

    def _broken(self, disk: Connection, *, number: str, now: datetime) -> None:
        due = due_events(tickets.found(disk, number), self.settings.contract, now)
        climbs = any(kind is EventKind.HANDED_UP for kind, _ in due)
        for kind, data in due:
            # A hand-up that comes late, after a stop, says itself why it is made: no second letter that it was missed.
            is_quiet = climbs and data.get("clock") == ClockName.HAND_UP
            ticketing.acted(disk, number, kind, ticketing.ITSELF, data, self.settings, now, is_quiet=is_quiet)

    async def _posts(self, now: datetime) -> None:
        """Posting goes on beside the other duties: a slow mail server holds up no clock."""
        if self._rests_until is not None and self._rests_until - now > self.settings.mail.retry_most:
            self._rests_until = None  # the clock was set back
        if self._posting is None or self._posting.done():
            self._posting = asyncio.create_task(self._post(now))
        if self._carrying is None or self._carrying.done():
            self._carrying = asyncio.create_task(self._carry(now))

    async def _carry(self, now: datetime) -> None:
        """Post letters with files, one after the other and beside the others: a call waits for no long document."""
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
            except Exception:  # the store would not take what became of a letter: it goes out again, under its old name
                log.exception("letters could not be posted")
                return
            self._rest(receipts)
            if not any(receipt.verdict is Verdict.ACCEPTED for receipt in receipts):
                return
            now = self._clock()

    async def _next(self, now: datetime) -> tuple[Posted, ...]:
        """The letters that leave now, in a storm the digests in their place."""
        guard = await self._store.ask(partial(storm.guarded, settings=self.settings, now=now))
        self._metrics.stormed(len(guard.held))
        if guard.due:
            count = await self._store.do(partial(storm.digested, settings=self.settings, now=now))
            log.warning("many faults at once: %d digests in place of their letters", count)
        return await self._store.ask(
            lambda disk: letters.due(disk, now, _AT_ONCE, held=guard.held, released=guard.released)
        )

    def _rest(self, receipts: Sequence[Receipt]) -> None:
        if any(receipt.concerns_all for receipt in receipts):
            self._failures += 1
            mail = self.settings.mail
            self._rests_until = self._clock() + next_try(self._failures, mail.retry_first, mail.retry_most)
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
        letter, files = waiting.letter, dict[str, bytes]()
        if letter.enclosures:
            files = await self._store.ask(partial(enclosures.read, enclosures=letter.enclosures))
        for each in letter.enclosures:
            if each.sha256 not in files:
                log.error("%s is gone from the store; the letter to %s says so", each.name, letter.recipient)
        receipt = await self._post_one(letter, self.settings.mail.server, files)
        now = self._clock()
        self._metrics.posted(receipt.verdict.value)
        await self._store.do(lambda disk: self._filed(disk, waiting, receipt, now), soon=True)
        if receipt.verdict is Verdict.ACCEPTED:
            await self._measured(waiting.letter, now)
        return receipt

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
        letter, words, mail = waiting.letter, receipt.words, self.settings.mail
        if receipt.verdict is Verdict.ACCEPTED:
            letters.ended(disk, letter.message_id, LetterState.ACCEPTED, now, words)
        elif receipt.verdict is Verdict.REFUSED:
            log.error("the mail server refused the letter to %s: %s", letter.recipient, words)
            letters.ended(disk, letter.message_id, LetterState.REFUSED, now, words)
        elif is_given_up(letter.created_at, now, mail.give_up):
            log.error("a letter to %s was given up after %s: %s", letter.recipient, mail.give_up, words)
            letters.ended(disk, letter.message_id, LetterState.EXPIRED, now, words)
        else:
            log.warning("a letter to %s waits: %s", letter.recipient, words)
            wait = next_try(waiting.attempts + 1, mail.retry_first, mail.retry_most)
            letters.put_off(disk, letter.message_id, now + wait, words)

    async def _reports(self, now: datetime) -> None:
        for site in self.settings.inventory.sites.values():
            month = reporting.month_due(now.astimezone(ZoneInfo(site.zone)), self.settings.report)
            key = f"{site.name}/{month}"
            if month is None or key in self._reported:
                continue
            written = await self._store.ask(
                partial(reporting.archived, settings=self.settings, site=site, month=month, now=now)
            )
            self._reported.add(key)
            for file in written:
                log.info("inspection report written: %s", file)

    async def _counts(self, now: datetime) -> None:
        del now
        levels = Counter(self._levels.values())
        self._metrics.counted(faults=await self._store.ask(faults.counted), tickets=levels)
        self._metrics.outbox_counted(
            await self._store.ask(letters.counted), await self._store.ask(letters.oldest_undelivered)
        )

    async def _stocks(self, now: datetime) -> None:
        """Hold the stores against what is installed: soon after pieces were moved, else every hour."""
        if now - self._stock_glanced_at < _GLANCE:
            return
        self._stock_glanced_at = now
        as_of = (self.settings, await self._store.ask(spares.last_line))
        if as_of == self._stock_as_of and now - self._stocked_at < _STOCK:
            return
        levels = await self._store.ask(partial(units.spare_levels, settings=self.settings))
        self._metrics.spares_counted({each.part_number: each.short for each in levels})
        self._stock_as_of, self._stocked_at = as_of, now

    async def _sweeps(self, now: datetime) -> None:
        if now - self._swept_at >= _SWEEP:
            self._swept_at = now
            await self._store.do(lambda disk: faults.swept(disk, now - _SWEEP))
