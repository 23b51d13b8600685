"""What only the clock asks: promises that run out, letters that wait to be posted, reports that are due.

Every duty derives what to do from what is stored, so nothing is lost over a stop: after a start it catches up once.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from alerts.desk import hops
from alerts.desk import tickets as desk
from alerts.desk.clocks import ClockName, due_events, next_due
from alerts.desk.reminding import next_at
from alerts.post.channels import MAIL, Channel, way
from alerts.post.chat import sent
from alerts.post.mail import MailSettings, Receipt, Verdict, posted
from alerts.post.postman import note
from monitor import afterwards, archiving, maintenance, own_certificates, supplies, ticketing, units
from monitor import outages as telling
from monitor.config import Settings
from monitor.metrics import Metrics
from monitor.model import EventKind, Letter, Level, Ticket
from monitor.posting import Posting
from monitor.press import Press, here
from monitor.progress import Progress
from monitor.rota_gaps import uncovered
from monitor.store import enclosures, faults, letters, outages, spares, tickets
from monitor.store.database import Store
from monitor.store.taken import Taken

WORK = "duties"
log = logging.getLogger(__name__)
_SWEEP = timedelta(days=1)  # how long suspicions that came to nothing are kept
_GLANCE = timedelta(minutes=1)  # how often it is asked, also where no window has begun or ended, who was not told
_CERTIFICATES = timedelta(days=1)  # between two looks at our own
_STOCK = timedelta(hours=1)  # how often the stores are held against what is installed, also where nothing was moved
_REST = timedelta(hours=1)  # between two tries to make reports
_ASIDE = 0.05  # seconds between two looks whether the process that posted for another daemon has ended
_TOGETHER = 100  # tickets that are looked at together
_A_TICK = 500  # tickets that are written into in one tick at most: the watchdog waits for its end
Post = Callable[[Letter, MailSettings, Mapping[str, bytes]], Awaitable[Receipt]]
"""The way out for one letter by mail and the octets of its enclosures: one try, and what came of it."""
Certificates = Callable[[Settings], Awaitable[Mapping[str, datetime]]]
"""Says when our own certificates end."""
SendChat = Callable[[Letter, Channel], Awaitable[Receipt]]
"""The same to a channel."""


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
        send: SendChat = sent,
        press: Press | None = None,
        taken: Taken | None = None,
        certificates: Certificates | None = None,
    ) -> None:
        """Duties that have not begun; `tick` does once what is due. `post` and `send` are the ways out for letters.

        `press` is where reports are made, a thread of this process if it is not told. `taken` is the journal into
        which `post` notes what was accepted; nothing leaves before what stands there is known. `certificates` says when
        our own end; without it nobody looks, as in a rehearsal, which has no mail server.
        """
        self.settings = settings
        self._store = store
        self._metrics = metrics
        self._progress = progress
        self._clock = clock
        self._post_one = post
        self._send_one = send
        self._certificate_ends = certificates
        self._heads: dict[str, int] = {}
        self._wakes: dict[str, datetime | None] = {}
        self._looked: dict[str, int] = {}
        self._began = clock()
        self._postings: dict[str, Posting] = {}
        self._posted_as_of: Settings | None = None
        self._out: set[str] | None = None
        self._ahead: tuple[Settings, datetime] | None = None
        self._press = press or here(store)
        self._taken = taken
        self._recalling: asyncio.Task[None] | None = None
        self._reporting: asyncio.Task[None] | None = None
        self._reported: set[tuple[str, str, str]] = set()
        self._reports_rest: datetime | None = None
        self._swept_at = clock()
        self._levels: dict[str, Level] = {}
        self._calls: dict[str, datetime | None] = {}
        self._windows: tuple[Settings, tuple[str, ...]] | None = None
        self._glanced_at = clock()
        self._stock_glanced_at = self._stocked_at = clock() - _STOCK
        self._stock_as_of: tuple[Settings, int] | None = None
        self._certified: tuple[Settings, datetime] | None = None
        self._certifying: asyncio.Task[None] | None = None

    async def tick(self) -> None:
        """Do all that is due now. A duty that cannot be done (a full disk) is said, and holds up none of the others."""
        now = self._clock()
        # Letters first: they wait for nobody, least of all for the clocks of five thousand new tickets.
        duties = (
            self._posts,
            self._watches_ways,
            self._maintains,
            self._promises,
            self._reminds,
            self._reports,
            self._counts,
            self._stocks,
            self._certificates,
            self._looks_ahead,
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
        windows = partial(maintenance.next_change, settings=self.settings, now=now, within=_SWEEP)
        change = await self._store.ask(windows)
        moments = [at for at in self._calls.values() if at is not None]
        moments += [self._swept_at + _SWEEP, *(wake for wake in self._wakes.values() if wake is not None)]
        ways = [await each.due() for each in self._postings.values()]
        moments += [waiting for waiting in ways if waiting is not None]
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
        """Wait for letters and reports that are under way."""
        if self._recalling is not None:
            await asyncio.gather(self._recalling, return_exceptions=True)
        for posting in self._postings.values():
            await posting.finished()
        if self._reporting is not None:
            await asyncio.gather(self._reporting, return_exceptions=True)
        if self._certifying is not None:
            self._certifying.cancel()

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
        """Posting goes on beside the other duties, each way by itself."""
        if self._posted_as_of is not self.settings:
            gone = self._postings.keys() - self._ways()
            for name in gone:
                await self._postings.pop(name).finished()
            if lost := await self._store.do(partial(letters.astray, ways=self._ways(), now=now)):
                log.error("%d letters waited for a channel that is no longer configured, and are put aside", lost)
            self._posted_as_of = self.settings
        for name in self._ways() - self._postings.keys():
            send = self._by_mail if name == MAIL else self._by_channel
            self._postings[name] = Posting(name, lambda: self.settings, self._store, self._metrics, self._clock, send)
        if not self._has_recalled():
            return
        if self._taken is not None and self._taken.is_long() and all(each.is_idle for each in self._postings.values()):
            self._taken.clear()
        for posting in self._postings.values():
            posting.begin(now)

    def _has_recalled(self) -> bool:
        """Whether it is known what had left when a daemon before us was killed; finding out goes on beside."""
        if self._taken is None:
            return True
        if self._recalling is None:
            self._recalling = asyncio.create_task(self._recalls(self._taken))
        if self._recalling.done() and self._recalling.exception() is not None:
            log.error("what has left already could not be recalled", exc_info=self._recalling.exception())
            self._recalling = None
            return False
        return self._recalling.done()

    async def _recalls(self, taken: Taken) -> None:
        # the process that posted for a daemon that was killed ends its talks
        while not taken.is_ours():  # noqa: ASYNC110 - the lock of another process: nobody here could set an event
            await asyncio.sleep(_ASIDE)
        if count := await self._store.do(taken.recalled):
            log.info("%d letters had left when the daemon was killed, and are not sent again", count)
        taken.clear()

    def _ways(self) -> set[str]:
        return {MAIL, *self.settings.channels}

    async def _by_mail(self, letter: Letter, settings: Settings) -> Receipt:
        files = dict[str, bytes]()
        if letter.enclosures:
            files = await self._store.ask(partial(enclosures.read, enclosures=letter.enclosures))
        for each in letter.enclosures:
            if each.sha256 not in files:
                log.error("%s is gone from the store; the letter to %s says so", each.name, letter.recipient)
        return await self._post_one(letter, settings.mail.server, files)

    async def _by_channel(self, letter: Letter, settings: Settings) -> Receipt:
        channel = settings.channels.get(way(letter.recipient))
        if channel is None:  # it has just left the configuration
            return Receipt(verdict=Verdict.RETRY, words="no such channel", concerns_all=True)
        receipt = await self._send_one(letter, channel)
        if self._taken is not None and receipt.verdict is Verdict.ACCEPTED:
            note(self._taken.line, letter.message_id, receipt.words)
        return receipt

    async def _watches_ways(self, now: datetime) -> None:
        """Say over the other ways that one has failed for a minute, or works again."""
        if self._out is None:
            self._out = set(await self._store.ask(outages.open_now))
        for name in self._out - self._ways():
            await self._store.do(partial(outages.ended, way=name, now=now))
            self._out.discard(name)
        for name, posting in self._postings.items():
            failing = posting.failing
            if name in self._out and posting.works:
                await self._store.do(partial(telling.over, name=name, settings=self.settings, now=now))
                self._out.discard(name)
            elif name not in self._out and failing is not None and posting.is_broken(now, telling.AFTER):
                begun = partial(telling.begun, name=name, since=failing.since, why=failing.words)
                await self._store.do(partial(begun, settings=self.settings, now=now))
                self._out.add(name)
        self._metrics.ways({name: name not in self._out for name in self._postings})

    async def _reports(self, now: datetime) -> None:
        """See to it that reports are made when their day has come, beside the other duties: it may take minutes."""
        if self._reporting is not None and not self._reporting.done():
            return
        if self._reports_rest is not None and now < self._reports_rest <= now + _REST:
            return
        due = {(each.customer, each.site, each.month) for each in archiving.scheduled(self.settings, now)}
        if due - self._reported:
            self._reporting = asyncio.create_task(self._report(due, now))

    async def _report(self, due: set[tuple[str, str, str]], now: datetime) -> None:
        try:
            is_whole = await self._press(self.settings, now)
        except Exception:  # whatever it is, it is tried again
            log.exception("reports could not be made")
            is_whole = False
        if is_whole:
            self._reported, self._reports_rest = due, None
        else:
            self._reports_rest = now + _REST

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
        await self._store.do(partial(supplies.told, levels=levels, settings=self.settings, now=now))
        self._stock_as_of, self._stocked_at = as_of, now

    async def _certificates(self, now: datetime) -> None:
        """Look when our own certificates end, once a day; beside the other duties, as a mail server may be slow."""
        known = self._certified
        fresh = known is not None and known[0] is self.settings and now - known[1] < _CERTIFICATES
        ends = self._certificate_ends
        if fresh or self._certifying is not None or ends is None:
            return
        self._certified = (self.settings, now)
        self._certifying = asyncio.get_running_loop().create_task(self._certified_by(ends, self.settings, now))

    async def _certified_by(self, ends: Certificates, settings: Settings, now: datetime) -> None:
        try:
            found = await ends(settings)
            self._metrics.own_certificates(found)
            await self._store.do(partial(own_certificates.told, certificates=found, settings=settings, now=now))
        except Exception:
            log.exception("our own certificates could not be looked at")
        finally:
            self._certifying = None

    async def _looks_ahead(self, now: datetime) -> None:
        """Say how long nobody will be on duty, anew every hour."""
        if self._ahead is not None and self._ahead[0] is self.settings and now - self._ahead[1] < _STOCK:
            return
        settings = self.settings
        sites = settings.inventory.sites
        self._metrics.gaps_counted(await asyncio.to_thread(uncovered, settings.people, sites, now))
        self._ahead = (settings, now)

    async def _sweeps(self, now: datetime) -> None:
        if now - self._swept_at >= _SWEEP:
            self._swept_at = now
            await self._store.do(lambda disk: faults.swept(disk, now - _SWEEP))
