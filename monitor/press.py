"""Where reports and forecasts are made: in a process beside the daemon, or in a thread of this one (tests, rehearsals).

A process of its own, because a report of a thousand devices takes seconds of processor time and hundreds of megabytes,
which the daemon's loop and its memory must not pay.
"""

import asyncio
import logging
import os
import resource
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from monitor import archiving
from monitor.beside import ran
from monitor.config import Settings
from monitor.store.database import Store

log = logging.getLogger(__name__)
Press = Callable[[Settings, datetime], Awaitable[bool]]
"""Makes what is due; false where something of it could not be made."""
_LONGEST = 3600.0  # seconds for all reports of a month
_MOST_MEMORY = 4 * 1024**3  # octets of address space; what is in use is a quarter of that at most
_NICE = 10


def here(store: Store) -> Press:
    """A press in a thread of this process."""

    async def press(settings: Settings, now: datetime) -> bool:
        told = await asyncio.to_thread(archiving.caught_up, store, settings, now)
        for one in told:
            for _, file in one.files:
                log.info("report written: %s", file)
            for form, reason in one.failed:
                log.error("%s could not be made as %s: %s", one.kept.number, form.value, reason)
        return not any(one.failed for one in told)

    return press


def apart(directory: Path, environ: Mapping[str, str], *words: str) -> Press:
    """A press in a process of its own, over the configuration in `directory`: the verb `words` of the command."""
    verb = words or ("report", "due")
    name = " ".join(verb)

    async def press(settings: Settings, now: datetime) -> bool:
        del settings, now  # it reads both for itself
        command = (sys.executable, "-m", "monitor", *verb, "--config", str(directory))
        done = await ran(command, _LONGEST, environ)
        for line in done.out.splitlines():
            log.info("%s: %s", name, line)
        for line in done.err.splitlines()[-20:]:
            log.warning("%s: %s", name, line)
        return done.code == 0

    return press


def modest() -> None:
    """Take less of the machine than others: called in the process of `report due` and the like."""
    with suppress(OSError):  # a sandbox may forbid it, and has bounds of its own then
        os.nice(_NICE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
