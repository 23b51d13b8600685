"""A small house for the daemon's tests: simulated devices, a real SMTP server, real files, a real disk."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from collectors.simulate.breakage import Breakage
from collectors.simulate.fleet import FleetDevice, fleet
from collectors.simulate.snmp import Network
from collectors.snmp.engine import EngineReader
from monitor.config import Settings, loaded
from monitor.model import Device
from monitor.pipeline import Means, Outcome, visit
from monitor.store.database import Store

SECRETS = {"AUTH": "demo-authentication", "PRIV": "demo-privacy", "COMMUNITY": "demo-read"}

NETVIGIL = """
[daemon]
state = "state"
listen = "127.0.0.1:0"
demo = true
[visits]
interval = "1s"
first_spread = "0s"
[snmp]
timeout = "300ms"
retries = 1
[mail]
server = "127.0.0.1"
port = {smtp}
security = "none"
sender = "netvigil@example.org"
timeout = "5s"
[report]
forms = ["json", "html"]
mail_to = ["archive@example.org"]
[[mail.recipient]]
name = "Duty"
address = "duty@example.org"
language = "en"
[[mail.recipient]]
name = "值班"
address = "zhiban@example.org"
language = "zh_CN"
"""

INVENTORY = """
[credentials.v3]
version = "3"
user = "netvigil"
auth = "sha256"
auth_key = { env = "AUTH" }
priv = "aes128"
priv_key = { env = "PRIV" }
[credentials.v2c]
version = "2c"
community = { env = "COMMUNITY" }
[[customer]]
name = "cdc"
title = "示例疾控中心"
[[site]]
name = "hefei-1"
customer = "cdc"
region = "hefei"
"""


@dataclass
class Sink:
    """A real SMTP server on loopback. `says` gives the answer to a message, by recipient and how often it was sent."""

    says: Callable[[str, int], str] = lambda _to, _times: "250 kept"
    mails: list[EmailMessage] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)
    server: asyncio.Server | None = None
    port: int = 0

    async def open(self) -> None:
        """Listen, on the same port as before if there was one."""
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: SMTP(self, hostname="localhost"), "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop to listen."""
        if self.server is not None:
            self.server.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        content = cast("bytes", envelope.original_content)
        (to,) = envelope.rcpt_tos
        message = message_from_bytes(content, policy=default)
        key = f"{to} {message['Message-ID']}"
        self.tries[key] = self.tries.get(key, 0) + 1
        answer = self.says(to, self.tries[key])
        if answer.startswith("250"):
            self.mails.append(message)
        return answer


async def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so; long enough for a busy machine, since nothing is measured here."""
    for _ in range(int(seconds * 10)):
        if await asyncio.to_thread(true):
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"not so within {seconds} s")


@dataclass
class Clock:
    """A clock that stands until it is told to go on."""

    moment: datetime = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **span: float) -> datetime:
        """Go on by so much."""
        self.moment += timedelta(**span)
        return self.moment


@dataclass
class House:
    """Everything a daemon needs, with a switch and a server that can be broken."""

    folder: Path
    settings: Settings
    store: Store
    clock: Clock
    sink: Sink
    means: Means
    simulated: dict[str, FleetDevice]
    breakages: dict[str, Breakage]

    def device(self, name: str) -> Device:
        """The device of the inventory."""
        return self.settings.inventory.devices[name]

    async def visit(self, name: str, times: int = 1, seconds: float = 5) -> Outcome:
        """Visit so many times, letting the clock go on before each; and at once who else is to be looked at."""
        for _ in range(times):
            self.clock.advance(seconds=seconds)
            outcome = await visit(self.device(name), self.means)
            for other in outcome.look:
                await visit(self.device(other), self.means)
        return outcome


@asynccontextmanager
async def housed(tmp_path: Path) -> AsyncIterator[House]:
    """A core stack (hf-core-01), an access switch (hf-acc-03) and a server (hf-srv-02), all sound."""
    told = fleet()
    simulated = {each.name: each for each in told.devices if each.name in {"hf-core-01", "hf-acc-03", "hf-srv-02"}}
    network, sink, clock = Network(), Sink(), Clock()
    await sink.open()
    inventory = INVENTORY
    for each in simulated.values():
        port = await network.serve(each.device)
        secret = "v3" if each.role.value != "access" else "v2c"
        inventory += (
            f'[[device]]\nname = "{each.name}"\naddress = "127.0.0.1"\nport = {port}\nsite = "hefei-1"\n'
            f'role = "{each.role.value}"\ncredentials = ["{secret}"]\n'
        )
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=sink.port))
    (tmp_path / "inventory.toml").write_text(inventory)
    settings = loaded(tmp_path, SECRETS)
    reader = EngineReader()
    with Store(settings.daemon.state) as store:
        means = Means(settings=settings, reader=reader, store=store, clock=clock)
        breakages = {each.name: each for each in told.breakages}
        yield House(tmp_path, settings, store, clock, sink, means, simulated, breakages)
    await reader.close()
    network.close()
    sink.close()
