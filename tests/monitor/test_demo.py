"""The demo as a stranger runs it, its daemon killed in the middle: every fault is told, nothing is lost or doubled."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from collectors.simulate.fleet import fleet
from house import until
from monitor.demo.eyes import Eyes
from monitor.store import faults, letters, tickets
from monitor.store.database import Store


def daemons(folder: Path) -> list[int]:
    """The processes that run the daemon of the demo in `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if "run" in words and str(folder / "config") in words:
            found.append(int(process.name))
    return found


async def test_the_demo_tells_of_every_fault_though_its_daemon_is_killed(tmp_path: Path) -> None:
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor", "demo", "--for", "100", "--json", "--state", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    await until(lambda: len(list((tmp_path / "mails").glob("*.eml"))) >= 6, 90)
    for process in daemons(tmp_path):
        os.kill(process, signal.SIGKILL)
    told, _ = await asyncio.wait_for(demo.communicate(), 180)
    document = json.loads(told)
    assert demo.returncode == 0
    assert set(document) == {"faults", "cleared", "mails", "metrics_url", "report"}

    injected = (*fleet().breakages, *Eyes(folder=tmp_path).breakages)
    assert [each["device"] for each in document["faults"]] == [each.device for each in injected]
    for entry, breakage in zip(document["faults"], injected, strict=True):
        assert entry["component"]["kind"] == breakage.kind, entry
        assert entry["level"] in {1, 2, 3, 4}, entry
        assert entry["seconds_to_seen"] is not None, entry
        assert entry["seconds_to_mail"] >= entry["seconds_to_seen"], entry
    assert len({each["ticket"] for each in document["faults"]}) == len(injected)
    assert document["report"] == str(tmp_path / "inspection.html")
    assert "<html" in (tmp_path / "inspection.html").read_text(encoding="utf-8")

    with Store(tmp_path / "state") as store, store.reading() as disk:
        posted = letters.all_letters(disk)
        assert {each.state.value for each in posted} == {"accepted"}
        assert len(tickets.unclosed(disk)) == len(injected)  # no fault came back as a second ticket
        assert len(faults.all_opened(disk)) == len(injected)
    received = [message_from_bytes(each.read_bytes(), policy=default) for each in (tmp_path / "mails").glob("*.eml")]
    assert {str(each["Message-ID"]) for each in received} == {each.letter.message_id for each in posted}
    assert document["mails"] == len(posted)
    once = Counter((each.letter.ticket, each.letter.event, each.letter.recipient) for each in posted)
    assert set(once.values()) == {1}
    assert daemons(tmp_path) == []
