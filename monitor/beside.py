"""A command that runs beside the daemon, in a process of its own that never outlives the one who waits for it."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed; octets that are no UTF-8 are replaced."""

    code: int
    out: str
    err: str


async def ran(command: Sequence[str], longest: float, environ: Mapping[str, str] | None = None) -> Ended:
    """Run `command` for `longest` seconds at most. Raises TimeoutError, and OSError where it cannot be started.

    Whoever waits may be cancelled (the daemon stops): the command and what it started are killed, and its pipes are
    read to their end, since a pipe still open when the loop is closed writes a traceback into the log.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environ) if environ is not None else None,
        start_new_session=True,  # so that its children can be killed with it
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), longest)
    except BaseException:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()
        raise
    return Ended(process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))
