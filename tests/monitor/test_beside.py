"""A process beside the daemon ends with the daemon, and leaves nothing behind."""

import asyncio
import gc
import sys
import time
from pathlib import Path

import pytest

from monitor.beside import Ended, ran


async def test_what_it_printed_and_how_it_ended_are_told() -> None:
    said = "import os, sys; print('out'); print(os.environ.get('A'), file=sys.stderr); sys.exit(3)"
    assert await ran((sys.executable, "-c", said), 20, {"A": "b"}) == Ended(3, "out\n", "b\n")


def _parent(pid_file: Path) -> tuple[str, ...]:
    """A command that starts another, which holds the same pipes."""
    child = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    return sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"  # dead; who adopted it has yet to take note


def _awaited(pid: int) -> None:
    begun = time.monotonic()
    while not _is_gone(pid) and time.monotonic() - begun < 20:
        time.sleep(0.02)


def _written(pid_file: Path) -> int:
    begun = time.monotonic()
    while time.monotonic() - begun < 20:
        if pid_file.exists() and (said := pid_file.read_text()):
            return int(said)
        time.sleep(0.02)
    raise AssertionError("the command did not start")


async def _cancelled(pid_file: Path) -> int:
    task = asyncio.create_task(ran(_parent(pid_file), 60))
    pid = await asyncio.to_thread(_written, pid_file)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return pid


def test_a_daemon_that_stops_leaves_no_process_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    begun = time.monotonic()
    pid = asyncio.run(_cancelled(tmp_path / "pid"))
    gc.collect()
    assert unraisable == []
    assert time.monotonic() - begun < 30
    _awaited(pid)
    assert _is_gone(pid)


async def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        await ran(_parent(tmp_path / "pid"), 3)
    pid = _written(tmp_path / "pid")
    await asyncio.to_thread(_awaited, pid)
    assert _is_gone(pid)


async def test_a_command_that_is_not_there_is_told() -> None:
    with pytest.raises(FileNotFoundError):
        await ran(("/nowhere/at/all",), 5)
