"""What goes wrong around the daemon while it runs: mail server, disk, database, clock, and a second daemon."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from audit import audited
from monitor.store.database import FILE_NAME
from world import RECIPIENTS, RESPOND, World

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
_HOLD = """
import sqlite3, sys, time
disk = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
disk.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
disk.execute("ROLLBACK")
"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    one = World(tmp_path, servers=2)
    await one.open()
    yield one
    await one.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("a file system of its own cannot be mounted by this user")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def ended(world: World, *, state: Path | None = None) -> list[str]:
    """Let all heal, break the promises that are due, stop, and audit."""
    for each in world.record.breaks:
        if each.healed is None:
            world.heal(each)
    await asyncio.sleep(RESPOND + 5)
    assert await world.end(signal.SIGTERM) == 0
    world.record.save(world.folder / "record.json")
    return audited(world.folder, state).problems


def told(world: World, count: int) -> bool:
    """Whether so many letters have come."""
    return len({mail.message_id for mail in world.record.mails}) >= count


async def test_a_letter_that_was_cut_off_after_its_data_comes_again_under_the_same_message_id(world: World) -> None:
    await world.start()
    world.post.drops = True
    world.break_(world.parts[0])
    await world.until(lambda: len(world.post.dropped) >= 3)
    world.post.drops = False
    await world.until(lambda: told(world, len(RECIPIENTS)))
    assert {mail.message_id for mail in world.record.mails[:2]} == set(world.post.dropped[:2])
    assert await ended(world) == []


async def test_a_disk_that_was_full_is_written_to_again_without_a_restart(small_disk: Path, tmp_path: Path) -> None:
    world = World(tmp_path, servers=2, state=small_disk / "state")
    await world.open()
    try:
        await world.start()
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass
        for part in world.parts:
            world.break_(part)
        await world.until(lambda: "full" in world.said())
        await asyncio.sleep(5)
        assert not world.record.mails
        ballast.unlink()
        await world.until(lambda: told(world, len(world.parts) * len(RECIPIENTS)))
        assert await ended(world, state=world.state) == []
        assert len(world.record.lives) == 1
    finally:
        await world.close()


async def test_a_database_that_another_process_locks_for_half_a_minute_loses_nothing(world: World) -> None:
    await world.start()
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _HOLD, str(world.state / FILE_NAME), "31"), stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    for part in world.parts[:4]:
        world.break_(part)
    await asyncio.sleep(5)
    assert not world.record.mails
    await holder.wait()
    await world.until(lambda: told(world, 4 * len(RECIPIENTS)))
    assert await ended(world) == []


async def test_a_clock_that_is_set_under_the_running_daemon_loses_nothing(world: World, tmp_path: Path) -> None:
    if LIBRARY is None:
        pytest.skip("libfaketime is not installed (apt install faketime)")
    offset = tmp_path / "offset"
    offset.write_text("+0")
    world.environ = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    await world.start()
    for number, moved in enumerate(("+3h", "-1d", "+0")):
        world.break_(world.parts[2 * number])
        await world.until(partial(_has_opened, world, 2 * number + 1))
        offset.write_text(moved)
        world.break_(world.parts[2 * number + 1])
        await world.until(partial(_has_opened, world, 2 * number + 2))
    problems = await ended(world)
    # Moments of the daemon's clock are not those of ours, and a promise given by a clock that was ahead breaks when
    # that moment has come. That each part has its ticket, and each event its letters, is seen by the others.
    other = ("faults of one break", "no fault of a break", "nobody caused", "nobody responded")
    assert [each for each in problems if not any(words in each for words in other)] == []


def _has_opened(world: World, count: int) -> bool:
    """Whether both recipients were told of so many tickets."""
    heard: dict[str, set[str]] = {}
    for mail in world.record.mails:
        heard.setdefault(mail.ticket, set()).add(mail.to)
    return sum(len(to) == len(RECIPIENTS) for to in heard.values()) == count


async def test_a_second_daemon_leaves_within_a_second_of_having_read_its_configuration(world: World) -> None:
    await world.start()

    async def taken(verb: str) -> tuple[float, int | None, str]:
        begun = time.monotonic()
        one = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", verb, "--config", str(world.folder)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TORTURE_COMMUNITY": "torture"},
        )
        _, said = await one.communicate()
        return time.monotonic() - begun, one.returncode, said.decode()

    # the quickest of three each, and half as much again: what else this machine does at the same time is not meant
    reading = min([(await taken("check"))[0] for _ in range(3)])
    ends = [await taken("run") for _ in range(3)]
    leaving, (_, code, said) = min(each[0] for each in ends), ends[0]
    assert code == 2
    assert "another netvigil daemon is running on this state directory" in said
    assert "stop it, or set [daemon] state" in said
    assert leaving < reading * 1.5 + 1
