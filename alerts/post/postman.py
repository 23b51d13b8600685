"""Posts mail from a process of its own, which writes down what the server took the moment that it says so.

Between the server's yes and its being written down lies the moment in which a kill makes a letter come twice. The
daemon's own loop has visits and pages to see to before it hears that yes; this process has nothing else to do, and is
not killed with the daemon (kill -9, out of memory): it ends by itself once nobody speaks to it, after the talks that
are under way. What it writes down (`note`) is read at the next start (`monitor/store/taken.py`).
"""

import asyncio
import json
import os
import pickle
import signal
import struct
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import cast

from alerts.post import mail
from alerts.post.mail import MailSettings, Receipt, Verdict
from monitor.model import Letter

PATIENCE = 5.0
"""Seconds that talks under way may last once the daemon is gone."""
_FAREWELL = 1.0
_HEAD = struct.Struct(">I")


def note(line: int, message_id: str, words: str) -> None:
    """Append to the open file `line` that a server took the letter; in one write, so that no half of it stands there.

    A disk that is full takes no note: then the letter may come twice if we are killed now.
    """
    with suppress(OSError):
        os.write(line, (json.dumps([message_id, time.time(), words]) + "\n").encode())


class Postman:
    """The daemon's side: starts the process with the first letter, and again where it has ended."""

    def __init__(self, line: int) -> None:
        """`line` is the open file into which is noted what a server took."""
        self._line = line
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[Receipt]] = {}
        self._number = 0

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process is not None else None

    async def posted(self, letter: Letter, settings: MailSettings, files: Mapping[str, bytes]) -> Receipt:
        """One try, as `alerts.post.mail.posted`, over there; here, and noted here, where no process can be had."""
        try:
            async with self._starting:
                process = await self._running()
        except OSError:
            receipt = await mail.posted(letter, settings, files)
            if receipt.verdict is Verdict.ACCEPTED:
                note(self._line, letter.message_id, receipt.words)
            return receipt
        self._number += 1
        number = self._number
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            assert process.stdin is not None  # noqa: S101 - it was started with a pipe
            process.stdin.write(_framed((number, letter, settings, dict(files))))
            with suppress(ConnectionError):  # it has just ended; who listens to it says so
                await process.stdin.drain()
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """Let it end; called when nothing is under way, or what is has had its time: then it is killed."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _FAREWELL)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._listening is not None:
            await self._listening

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None:
            return self._process
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "alerts.post.postman", str(self._line)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(self._line,),
            start_new_session=True,  # Ctrl-C ends the daemon, which sees to it that this ends
        )
        self._process = process
        self._listening = asyncio.create_task(self._listen(process))
        return process

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was started with a pipe
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                number, receipt = await _unframed(process.stdout)
                answer = self._waiting.get(cast("int", number))
                if answer is not None and not answer.done():
                    answer.set_result(cast("Receipt", receipt))
        if self._process is process:
            self._process = None
        lost = Receipt(verdict=Verdict.RETRY, words="the process that posts mail has ended", concerns_all=True)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(lost)
        await process.wait()


def _framed(said: object) -> bytes:
    octets = pickle.dumps(said, protocol=pickle.HIGHEST_PROTOCOL)
    return _HEAD.pack(len(octets)) + octets


async def _unframed(pipe: asyncio.StreamReader) -> tuple[object, ...]:
    (length,) = _HEAD.unpack(await pipe.readexactly(_HEAD.size))
    found: tuple[object, ...] = pickle.loads(await pipe.readexactly(length))  # noqa: S301 - a pipe between our own two
    return found


async def _serve(line: int) -> None:
    """The process: letters from standard input, receipts to standard output, until nobody speaks any more."""
    loop = asyncio.get_running_loop()
    said = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(said), sys.stdin)
    talks = set[asyncio.Task[None]]()
    with suppress(asyncio.IncompleteReadError):
        while True:
            number, letter, settings, files = await _unframed(said)
            talk = asyncio.create_task(_talked(line, number, letter, settings, files))  # type: ignore[arg-type]  # as framed
            talks.add(talk)
            talk.add_done_callback(talks.discard)
    if talks:
        await asyncio.wait(talks, timeout=PATIENCE)


async def _talked(line: int, number: int, letter: Letter, settings: MailSettings, files: Mapping[str, bytes]) -> None:
    receipt = await mail.posted(letter, settings, files)
    if receipt.verdict is Verdict.ACCEPTED:
        note(line, letter.message_id, receipt.words)
    with suppress(BrokenPipeError):  # the daemon is gone, and the note stays
        os.write(sys.stdout.fileno(), _framed((number, receipt)))


def main() -> None:
    """Serve until standard input ends. A service manager's SIGTERM is for the daemon, which then says farewell."""
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    asyncio.run(_serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
