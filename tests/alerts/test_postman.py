"""The process that posts: it outlives a daemon that is killed, long enough to write down what the server took."""

import asyncio
import json
import os
import pickle
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from alerts.post.mail import MailSettings, Security, Verdict
from alerts.post.postman import Postman
from monitor.model import Language, Letter
from monitor.store.taken import Taken

LETTER = Letter(
    ticket="T20261122-0001", event=3, recipient="lee@example.com", subject="PSU 2", text="x\n", html="<p>x</p>\n",
    message_id="<T20261122-0001.3.0123456789@example.com>", in_reply_to="", references=(), language=Language.EN,
    created_at=datetime(2026, 11, 22, 7, 4, tzinfo=UTC),
)  # fmt: skip
SETTINGS = MailSettings(
    server="127.0.0.1", port=0, security=Security.NONE, sender_address="n@example.com", timeout=timedelta(seconds=20)
)
# A daemon in small: it posts one letter, and would write down what came of it if it lived.
DAEMON = """
import asyncio, pickle, sys
from pathlib import Path
from alerts.post.postman import Postman
from monitor.store.taken import Taken
async def post():
    taken = Taken(Path(sys.argv[1]))
    assert taken.is_ours()
    await Postman(taken.line).posted(*pickle.loads(sys.stdin.buffer.read()), {})
asyncio.run(post())
"""


class Server:
    """A mail server that says yes only when it is let."""

    def __init__(self) -> None:
        self.came, self.may = asyncio.Event(), asyncio.Event()
        self.may.set()
        self.settings = SETTINGS

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.came.set()
        await self.may.wait()
        return "250 kept as 4711"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    one = Server()
    listening = await asyncio.get_running_loop().create_server(lambda: SMTP(one, hostname="localhost"), "127.0.0.1", 0)
    one.settings = replace(SETTINGS, port=listening.sockets[0].getsockname()[1])
    yield one
    listening.close()


def noted(folder: Path) -> list[str]:
    return [json.loads(line)[0] for line in (folder / "accepted.journal").read_text().splitlines()]


async def test_a_letter_is_noted_that_a_server_takes_after_its_daemon_was_killed(
    server: Server, tmp_path: Path
) -> None:
    server.may.clear()
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DAEMON, str(tmp_path), stdin=asyncio.subprocess.PIPE
    )
    assert daemon.stdin is not None
    daemon.stdin.write(pickle.dumps((LETTER, server.settings)))
    daemon.stdin.close()
    await asyncio.wait_for(server.came.wait(), 30)
    daemon.kill()
    await daemon.wait()
    with Taken(tmp_path) as taken:
        assert not taken.is_ours()  # somebody may still write into it
        assert noted(tmp_path) == []
        server.may.set()
        for _ in range(200):
            if taken.is_ours():
                break
            await asyncio.sleep(0.05)
        assert taken.is_ours()
    assert noted(tmp_path) == [LETTER.message_id]


async def test_letters_are_posted_again_by_a_new_process_where_one_has_ended(server: Server, tmp_path: Path) -> None:
    with Taken(tmp_path) as taken:
        postman = Postman(taken.line)
        server.may.clear()
        lost = asyncio.create_task(postman.posted(LETTER, server.settings, {}))
        await asyncio.wait_for(server.came.wait(), 30)
        assert postman.pid is not None
        os.kill(postman.pid, signal.SIGKILL)
        receipt = await lost
        assert (receipt.verdict, receipt.concerns_all) == (Verdict.RETRY, True)
        server.may.set()
        receipt = await postman.posted(LETTER, server.settings, {})
        assert (receipt.verdict, receipt.words) == (Verdict.ACCEPTED, "kept as 4711")
        await postman.close()
    assert noted(tmp_path) == [LETTER.message_id]


async def test_the_signals_of_a_service_manager_leave_the_talk_to_its_end(server: Server, tmp_path: Path) -> None:
    with Taken(tmp_path) as taken:
        postman = Postman(taken.line)
        server.may.clear()
        talk = asyncio.create_task(postman.posted(LETTER, server.settings, {}))
        await asyncio.wait_for(server.came.wait(), 30)
        assert postman.pid is not None
        os.kill(postman.pid, signal.SIGTERM)
        await asyncio.sleep(0.2)
        server.may.set()
        assert (await talk).verdict is Verdict.ACCEPTED
        await postman.close()
        assert postman.pid is None
