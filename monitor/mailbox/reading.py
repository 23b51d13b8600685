"""The daemon's reading of the mailbox, beside everything else: a mailbox that hangs holds up no clock."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from monitor.config import Settings
from monitor.mailbox.filing import Came, filed
from monitor.mailbox.imap import MOST_BYTES, MailboxError, Session
from monitor.mailbox.parsed import mail
from monitor.metrics import Metrics
from monitor.settings import Mailbox
from monitor.store.database import Store

log = logging.getLogger(__name__)
_AT_ONCE = 50  # mails of one talk


class Reading:
    """Reads the mailbox of `settings` (which may be replaced) when that is due."""

    def __init__(self, settings: Settings, store: Store, metrics: Metrics, clock: Callable[[], datetime]) -> None:
        """Nothing is read before the first `tick`."""
        self.settings = settings
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._read_at: datetime | None = None
        self._trouble = ""

    async def tick(self) -> None:
        """Begin to read where that is due and not under way."""
        box, now = self.settings.mailbox, self._clock()
        if box is None or (self._task is not None and not self._task.done()):
            return
        # a moment to come is one of a clock that was set back since
        if self._read_at is None or now - self._read_at >= box.interval or self._read_at > now:
            self._read_at = now
            self._task = asyncio.create_task(self._tried(box))

    async def finished(self) -> None:
        """Wait for the talk that is under way."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _tried(self, box: Mailbox) -> None:
        try:
            await self.read(box)
        except MailboxError as error:
            if str(error) != self._trouble:  # said once, not twice a minute
                log.warning("the mailbox cannot be read: %s", error)
            self._trouble = str(error)
        except Exception:  # such as a full disk: what was not filed is unread still
            log.exception("mails could not be filed")
        else:
            self._trouble = ""
            self._metrics.mailbox_looked_at(self._clock())

    async def read(self, box: Mailbox) -> None:
        """Read what is unread: first filed, then marked. Whoever dies in between finds it filed the next time."""
        session = await asyncio.to_thread(Session, box)
        try:
            for uid in await asyncio.to_thread(session.unread, _AT_ONCE):
                raw = await asyncio.to_thread(session.raw, uid)
                # In a thread: ten megabytes of attachments take a second.
                told = await asyncio.to_thread(mail, raw, is_whole=len(raw) < MOST_BYTES)
                done = await self._store.do(partial(filed, mail=told, settings=self.settings, now=self._clock()))
                self._metrics.mail_read(done.came.value)
                if done.came is Came.ASIDE:
                    log.warning("a mail of %s was kept aside: %s", told.sender or "nobody", done.why)
                await asyncio.to_thread(session.read, uid)
        finally:
            await asyncio.to_thread(session.close)
