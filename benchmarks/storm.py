"""`python -m benchmarks.storm`: thousands of faults at once, from the visit to the mail in the inbox.

A fleet goes silent in one moment, but for one server at each site (a site at which nothing answers would be one
fault). Its devices are visited as the daemon does it (256 at once, the second look after two
seconds), into a real store on disk; the daemon's duties post to a real SMTP server that counts. Only the network to
the devices is left out: the reader says at once that there is no answer.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from collectors.recording import RecordingReader
from collectors.snmp.reader import Budget, Reading, Request, Rows, Silence, Target
from monitor.config import loaded
from monitor.duties import Duties
from monitor.metrics import Metrics
from monitor.model import Device, Role
from monitor.pipeline import Means, visit
from monitor.progress import Progress
from monitor.store import faults, letters, tickets
from monitor.store.database import Store

_AT_ONCE = 256
_SECOND_LOOK = 2.0
_TICK = 1.0
_CORE, _DISTRIBUTION = 500, 20  # every 500th device is a core switch, every other 20th a distribution switch
_AFTER = 65.0  # seconds to go on after the last fault: the digest of the last minute
_GRAVE = ("(critical)", "of level 1", "一级", "1 级")  # how subjects of letters and digests say it
_CONFIG = """
[daemon]
state = "state"
listen = "127.0.0.1:0"
[mail]
server = "127.0.0.1"
port = {port}
security = "none"
sender = "netvigil@example.org"
[[mail.recipient]]
name = "Duty"
address = "duty@example.org"
language = "en"
[[mail.recipient]]
name = "值班"
address = "zhiban@example.org"
language = "zh_CN"
"""
_INVENTORY = """
[credentials.read]
version = "2c"
community = { env = "BENCH_COMMUNITY" }
[[customer]]
name = "bench"
"""


class _Nothing:
    """A reader whom the servers answer, and nobody else."""

    def __init__(self) -> None:
        self._alive = RecordingReader({"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.8072.3.2.10", "1.3.6.1.2.1.1.3.0": 123456})

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        """What it says of itself, or no answer."""
        if target.address.startswith("198.19."):
            return await self._alive.read(target, request, budget)
        tables = tuple(Rows(index=(), columns=dict.fromkeys(columns, ())) for columns in request.tables)
        return Reading(scalars={}, tables=tables, silence=Silence.TIMEOUT)

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class _Inbox:
    """An SMTP server that keeps when what came to whom."""

    mails: list[tuple[float, str, str]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep it."""
        del server, session
        mail = message_from_bytes(cast("bytes", envelope.original_content), policy=default)
        self.mails.append((time.monotonic(), envelope.rcpt_tos[0], str(mail["Subject"])))
        return "250 kept"


def main() -> None:
    """Measure, and print what was found as JSON."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--devices", type=int, default=5000)
    words.add_argument("--sites", type=int, default=50)
    said = words.parse_args()
    with TemporaryDirectory(prefix="storm-", dir=Path.cwd()) as folder:  # on disk: /tmp may be memory
        told = asyncio.run(_storm(Path(folder), said.devices, said.sites))
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")


async def _storm(folder: Path, count: int, sites: int) -> dict[str, object]:
    inbox = _Inbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(inbox, hostname="bench"), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (folder / "netvigil.toml").write_text(_CONFIG.format(port=port))
    (folder / "inventory.toml").write_text(_inventory(count, sites))
    settings = loaded(folder, {"BENCH_COMMUNITY": "bench"})
    metrics = Metrics("bench")
    with Store(settings.daemon.state, committed=metrics.committed) as store:
        means = Means(settings=settings, reader=_Nothing(), store=store, clock=_now)
        duties = Duties(settings, store, metrics, Progress({}, _now()), _now)
        ticking = asyncio.create_task(_ticks(duties))
        await _all([each for each in settings.inventory.devices.values() if each.role is Role.SERVER], means)
        begin, worked = time.monotonic(), time.process_time()
        await _all([each for each in settings.inventory.devices.values() if each.role is not Role.SERVER], means)
        recorded, worked = time.monotonic() - begin, time.process_time() - worked
        opened = len(await store.ask(faults.open_keys))
        await asyncio.sleep(_AFTER)
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        await duties.finished()
        states = await store.ask(letters.counted)
        heads = len(await store.ask(tickets.heads))
    server.close()
    return {
        "faults": opened,
        "tickets": heads,
        "seconds_to_record_all": round(recorded, 1),
        "processor_seconds_to_record_all": round(worked, 1),
        "letters": states,
        "mails": {to: _told(begin, [mail for mail in inbox.mails if mail[1] == to]) for to in _recipients(inbox)},
    }


async def _all(devices: Iterable[Device], means: Means) -> None:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def twice(device: Device) -> None:
        async with turn:
            first = await visit(device, means)
        if first.look_again is not None:
            await asyncio.sleep(_SECOND_LOOK)
        async with turn:
            await visit(device, means)

    await asyncio.gather(*(twice(device) for device in devices))


async def _ticks(duties: Duties) -> None:
    while True:
        await duties.tick()
        await asyncio.sleep(_TICK)


def _recipients(inbox: _Inbox) -> list[str]:
    return sorted({to for _, to, _ in inbox.mails})


def _told(begin: float, mails: list[tuple[float, str, str]]) -> dict[str, object]:
    moments = sorted(at - begin for at, _, _ in mails)
    grave = [at - begin for at, _, subject in mails if any(word in subject for word in _GRAVE)]
    minutes = Counter(int((at - moments[0]) // 60) for at in moments)
    return {
        "count": len(mails),
        "seconds_to_first": round(moments[0], 1),
        "seconds_to_first_of_level_1": round(min(grave), 1) if grave else None,
        "in_each_minute": [minutes[minute] for minute in range(max(minutes) + 1)],
        "first_subjects": [subject for _, _, subject in mails[:5]],
    }


def _now() -> datetime:
    return datetime.now(UTC)


def _inventory(count: int, sites: int) -> str:
    text = _INVENTORY
    for number in range(sites):
        text += f'[[site]]\nname = "site-{number:02}"\ncustomer = "bench"\nregion = "hefei"\n'
        text += (
            f'[[device]]\nname = "server-{number:02}"\naddress = "198.19.0.{number + 1}"\nsite = "site-{number:02}"\n'
            'role = "server"\ncredentials = ["read"]\n'
        )
    for number in range(count):
        role = "access" if number % _DISTRIBUTION else "distribution" if number % _CORE else "core"
        text += (
            f'[[device]]\nname = "sw-{number:05}"\naddress = "198.18.{number // 250}.{number % 250 + 1}"\n'
            f'site = "site-{number % sites:02}"\nrole = "{role}"\ncredentials = ["read"]\n'
        )
    return text


if __name__ == "__main__":
    main()
