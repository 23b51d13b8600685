"""The command `netvigil` without a process of its own: importing everything anew takes longer than nearly any command.

It runs in a thread, because a command has an event loop of its own. That the process does the same (exit codes, one
document on standard output and all else on standard error) is asked in test_cli.py of a few commands.
"""

import asyncio
import gc
import subprocess
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from click.testing import CliRunner

from monitor.cli import netvigil


def commanded(*words: str, secrets: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`netvigil` with these words, and `secrets` in its environment. Nothing else runs on this loop meanwhile."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_commanded, words, dict(secrets or {})).result()


async def commanded_beside(*words: str, secrets: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The same, while simulated devices answer on this loop."""

    def done() -> subprocess.CompletedProcess[str]:
        with warnings.catch_warnings():
            # the end of a process closes connections that its loop no longer came to; here nobody does
            warnings.simplefilter("ignore", ResourceWarning)
            said = _commanded(words, dict(secrets or {}))
            gc.collect()
        return said

    return await asyncio.to_thread(done)


def _commanded(words: tuple[str, ...], secrets: dict[str, str]) -> subprocess.CompletedProcess[str]:
    done = CliRunner(catch_exceptions=False).invoke(netvigil, words, env=secrets, prog_name="netvigil")
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)
