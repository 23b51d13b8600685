"""The world around a daemon that is tortured: a fleet whose parts break, a mail server that counts, and the record.

All of it lives in the process of the test, so that it goes on while the daemon is dead. The record is what the audit
(`audit.py`) holds the daemon's database against; nothing in it comes from the daemon.
"""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from collectors.simulate.breakage import Bench
from collectors.simulate.idrac import DellServer
from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.snmp.reader import Community
from monitor.shipped import shipped

RECIPIENTS = ("duty@example.org", "zhiban@example.org")
RESPOND = 30
"""Seconds within which somebody should respond here, which nobody does: each ticket has one promise broken."""
_DIMM_STATUS = "1.3.6.1.4.1.674.10892.5.4.1100.50.1.5.1"  # memoryDeviceStatus, IDRAC-MIB-SMIv2
_CRITICAL = 5
_NETVIGIL = """
[daemon]
state = "{state}"
listen = "127.0.0.1:0"
demo = true
[visits]
interval = "2s"
first_spread = "0s"
[snmp]
timeout = "2s"
[storm]
letters = {storm}
[diagnosis]
enabled = false
[mail]
server = "127.0.0.1"
port = {smtp}
security = "none"
sender = "netvigil@example.org"
timeout = "10s"
retry_first = "1s"
retry_most = "2s"
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
community = { env = "TORTURE_COMMUNITY" }
[[customer]]
name = "cdc"
[[site]]
name = "hefei-1"
customer = "cdc"
region = "hefei"
"""


@dataclass(kw_only=True)
class Break:
    """A part that broke and healed, by our own clock."""

    device: str
    label: str
    broke: float
    healed: float | None = None


@dataclass(kw_only=True)
class Life:
    """One life of the daemon: when it was started, when it watched (if it came so far), when it ended."""

    started: float
    watching: float | None = None
    ended: float | None = None


@dataclass(kw_only=True)
class Mail:
    """One message that the mail server took."""

    at: float
    to: str
    message_id: str
    ticket: str


@dataclass
class Record:
    """What happened, independent of the daemon."""

    breaks: list[Break] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)

    def save(self, file: Path) -> None:
        """Write it down for the audit."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> "Record":
        """What was saved."""
        said = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            breaks=[Break(**each) for each in said["breaks"]],
            lives=[Life(**each) for each in said["lives"]],
            mails=[Mail(**each) for each in said["mails"]],
        )


class Post:
    """A real SMTP server on loopback that counts. While `drops` is set, it takes a message and hangs up in silence."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._server: asyncio.Server | None = None
        self.port = 0
        self.drops = False
        self.dropped: list[str] = []

    async def open(self) -> None:
        """Listen, on the same port as before if there was one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="localhost"), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take one message, or hang up on it."""
        del session
        message = message_from_bytes(cast("bytes", envelope.original_content))
        number = str(message["Message-ID"])
        if self.drops:
            self.dropped.append(number)
            cast("asyncio.Transport", server.transport).abort()
            return "451 never heard"
        ticket = str(message.get("X-Netvigil-Ticket", ""))
        (to,) = envelope.rcpt_tos
        self._record.mails.append(Mail(at=time.time(), to=to, message_id=number, ticket=ticket))
        return "250 kept"


class World:
    """`servers` machines with `dimms` memory modules each, and one `netvigil run` that watches them."""

    def __init__(
        self, folder: Path, *, servers: int = 4, dimms: int = 8, storm: int = 100_000, state: Path | None = None
    ) -> None:
        self.folder = folder
        self.state = state or folder / "state"
        self.record = Record()
        self.post = Post(self.record)
        self.environ: Mapping[str, str] = {}
        self.log = folder / "daemon.log"
        self.process: asyncio.subprocess.Process | None = None
        self.parts = [
            (f"srv-{server:02}", f"DIMM.Socket.A{n}") for server in range(servers) for n in range(1, dimms + 1)
        ]
        self._servers, self._dimms, self._storm = servers, dimms, storm
        self._network = Network()
        self._benches: dict[str, Bench] = {}
        self._log_from = 0

    async def open(self) -> None:
        """Put the fleet on its ports and write the configuration."""
        await self.post.open()
        inventory = _INVENTORY
        for number in range(self._servers):
            name = f"srv-{number:02}"
            device = SimulatedDevice(credentials=[Community(community="torture")])
            DellServer(
                model="PowerEdge R740", firmware="6.10.80.00", tag=f"TOR{number:04}", name=name, location="",
                dimms=self._dimms,
            ).built(device)  # fmt: skip
            port = await self._network.serve(device)
            self._benches[name] = Bench(device)
            inventory += (
                f'[[device]]\nname = "{name}"\naddress = "127.0.0.1"\nport = {port}\nsite = "hefei-1"\n'
                'role = "server"\ncredentials = ["read"]\n'
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = _NETVIGIL.format(state=self.state, smtp=self.post.port, storm=self._storm)
        (self.folder / "netvigil.toml").write_text(settings, encoding="utf-8")
        (self.folder / "inventory.toml").write_text(inventory, encoding="utf-8")
        contract = (shipped() / "contract.toml").read_text(encoding="utf-8")
        hurried = re.sub(r'^respond = "[^"]+"', f'respond = "{RESPOND}s"', contract, flags=re.MULTILINE)
        (self.folder / "contract.toml").write_text(hurried, encoding="utf-8")

    async def close(self) -> None:
        """Take it all away; a process that is not waited for would be blamed on whatever test comes next."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self._network.close()
        self.post.close()

    def break_(self, part: tuple[str, str]) -> Break:
        """Let the part fail."""
        device, label = part
        self._benches[device].put(label, {f"{_DIMM_STATUS}.{label.removeprefix('DIMM.Socket.A')}": _CRITICAL})
        noted = Break(device=device, label=label, broke=time.time())
        self.record.breaks.append(noted)
        return noted

    def heal(self, noted: Break) -> None:
        """Let it be as it was."""
        self._benches[noted.device].take(noted.label)
        noted.healed = time.time()

    async def start(self, *, within: float | None = 60) -> None:
        """Start the daemon; `within` so many seconds it must watch, None to go on at once."""
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "monitor", "run", "--config", str(self.folder)),
                stdout=log,
                stderr=log,
                env={**os.environ, "TORTURE_COMMUNITY": "torture", **self.environ},
            )
        self.record.lives.append(Life(started=time.time()))
        if within is not None:
            await self.until(self.is_watching, within)

    def said(self) -> str:
        """The log of this life."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._log_from)
            return log.read().decode("utf-8", "replace")

    def is_watching(self) -> bool:
        """Whether it has begun to watch; when, is noted at the first time that this is asked."""
        life = self.record.lives[-1]
        if life.watching is None and "watching " in self.said():
            life.watching = time.time()
        return life.watching is not None

    async def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send the signal and wait for the end."""
        assert self.process is not None
        self.is_watching()
        self.record.lives[-1].ended = time.time()
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 30)

    async def until(self, true: Callable[[], bool], seconds: float = 90) -> None:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end or (self.process is not None and self.process.returncode not in {None, -9, 0}):
                raise TimeoutError(f"not so within {seconds} s; the daemon said:\n{self.said()[-3000:]}")
            await asyncio.sleep(0.1)
