"""The daemon as it is installed: a process that is started, told to reload, stopped, and killed."""

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from collectors.simulate.breakage import Breakage
from collectors.simulate.fleet import fleet
from collectors.simulate.snmp import Network
from desk_browser import Browser
from house import INVENTORY, NETVIGIL, SECRETS, Sink, until
from monitor.model import EventKind, Ticket
from monitor.store import letters, people, tickets
from monitor.store.database import Store

SERVER = "hf-srv-01"
BREAKAGE = "server-fan"


def _beside_diagnosis(ticket: Ticket) -> list[EventKind]:
    """What happened to the ticket; its diagnosis comes when it comes."""
    return [each.kind for each in ticket.events if each.kind is not EventKind.DIAGNOSED]


class Daemon:
    """One `netvigil run`, and the world around it."""

    def __init__(self, folder: Path, sink: Sink, breakage: Breakage) -> None:
        self.folder = folder
        self.sink = sink
        self.breakage = breakage
        self.log = folder / "daemon.log"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it watches."""
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "monitor", "run", "--config", str(self.folder)),
                stdout=log,
                stderr=log,
                env={**os.environ, **SECRETS},
            )
        await until(lambda: "watching" in self.said or self.ended)
        assert "watching" in self.said, self.said

    @property
    def said(self) -> str:
        """Its log."""
        return self.log.read_text()

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.process is not None and self.process.returncode is not None

    @property
    def url(self) -> str:
        """Where its window is."""
        return self.said.split("metrics at ")[1].split("/metrics")[0]

    async def fetch(self, path: str) -> str:
        """What its window answers."""

        def get() -> str:
            with urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - http, to our own daemon
                return str(answer.read().decode())

        return await asyncio.to_thread(get)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    async def end(self) -> int:
        """Wait for its end; returns the exit code."""
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), 10)


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    told = fleet()
    simulated = next(each for each in told.devices if each.name == SERVER)
    breakage = next(each for each in told.breakages if each.name == BREAKAGE)
    network, sink = Network(), Sink()
    await sink.open()
    port = await network.serve(simulated.device)
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=sink.port))
    device = f'[[device]]\nname = "{SERVER}"\naddress = "127.0.0.1"\nport = {port}\nsite = "hefei-1"\nrole = "server"\n'
    (tmp_path / "inventory.toml").write_text(f'{INVENTORY}{device}credentials = ["v3"]\n')
    one = Daemon(tmp_path, sink, breakage)
    yield one
    if one.process is not None and not one.ended:
        one.process.kill()
        await one.process.wait()
    network.close()
    sink.close()


async def test_a_fan_that_fails_is_in_two_inboxes_and_in_the_metrics(daemon: Daemon) -> None:
    await daemon.start()
    daemon.breakage.break_()
    await until(lambda: len(daemon.sink.mails) >= 2)
    metrics = await daemon.fetch("/metrics")
    assert 'netvigil_faults{level="2"} 1.0' in metrics
    assert f'netvigil_up{{target="{SERVER}",customer="cdc",site="hefei-1"}} 1' in metrics
    assert 'component="System Board Fan3",aspect="state"} 2' in await daemon.fetch(f"/probe?target={SERVER}")
    assert await daemon.fetch("/healthz") == "ok\n"
    daemon.signal(signal.SIGTERM)
    assert await daemon.end() == 0
    assert "Traceback" not in daemon.said


async def test_kill_9_between_fault_and_mail_loses_nothing_and_doubles_nothing(daemon: Daemon) -> None:
    daemon.sink.close()  # letters wait
    await daemon.start()
    daemon.breakage.break_()
    await until(lambda: _letters(daemon) == 2)
    daemon.signal(signal.SIGKILL)
    await daemon.end()
    await daemon.sink.open()
    await daemon.start()
    await until(lambda: len(daemon.sink.mails) >= 2)
    await asyncio.sleep(1.5)  # time to send one twice, or to open the ticket again
    assert len(daemon.sink.mails) == 2
    assert len({mail["Message-ID"] for mail in daemon.sink.mails}) == 2
    with Store(daemon.folder / "state") as store, store.reading() as disk:
        (ticket,) = tickets.unclosed(disk)
    assert _beside_diagnosis(ticket) == [EventKind.OPENED]


async def test_what_healed_while_the_daemon_was_stopped_is_told_after_the_start(daemon: Daemon) -> None:
    await daemon.start()
    daemon.breakage.break_()
    await until(lambda: len(daemon.sink.mails) >= 2)
    daemon.signal(signal.SIGTERM)
    await daemon.end()
    daemon.breakage.heal()
    await daemon.start()
    await until(lambda: len(daemon.sink.mails) >= 4)
    with Store(daemon.folder / "state") as store, store.reading() as disk:
        (ticket,) = tickets.unclosed(disk)
    assert _beside_diagnosis(ticket) == [EventKind.OPENED, EventKind.RECOVERED]


async def test_sighup_takes_a_good_configuration_and_refuses_a_broken_one(daemon: Daemon) -> None:
    await daemon.start()
    inventory = daemon.folder / "inventory.toml"
    good = inventory.read_text()
    inventory.write_text(good.replace('role = "server"', 'rolle = "server"'))
    daemon.signal(signal.SIGHUP)
    await until(lambda: "was refused" in daemon.said)
    assert 'rolle: unknown key; did you mean "role"?' in daemon.said
    assert "netvigil_config_last_reload_successful 0.0" in await daemon.fetch("/metrics")
    assert SERVER in await daemon.fetch("/sd")
    second = good[good.index("[[device]]") :].replace(SERVER, "another").replace("127.0.0.1", "127.0.0.2")
    inventory.write_text(good + second)
    daemon.signal(signal.SIGHUP)
    await until(lambda: "configuration reloaded" in daemon.said)
    assert "another" in await daemon.fetch("/sd")
    assert "netvigil_config_last_reload_successful 1.0" in await daemon.fetch("/metrics")


async def test_a_second_daemon_on_the_same_state_leaves_at_once_and_says_why(daemon: Daemon) -> None:
    await daemon.start()
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor", "run", "--config", str(daemon.folder)),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **SECRETS},
    )
    _, said = await asyncio.wait_for(second.communicate(), 60)
    assert second.returncode == 2
    assert "another netvigil daemon is running on this state directory" in said.decode()


def _letters(daemon: Daemon) -> int:
    with Store(daemon.folder / "state") as store, store.reading() as disk:
        return len(letters.all_letters(disk))


PEOPLE = """
[[person]]
name = "an"
[[rota]]
name = "centre"
tier = "response_centre"
weekly = { people = ["an"], begins = 2026-01-05 }
"""


async def test_each_people_file_that_the_daemon_runs_with_is_kept(daemon: Daemon) -> None:
    file = daemon.folder / "people.toml"
    file.write_text(PEOPLE)
    await daemon.start()
    file.write_text(PEOPLE.replace('"an"', '"bo"'))
    daemon.signal(signal.SIGHUP)
    await until(lambda: "configuration reloaded" in daemon.said)
    daemon.signal(signal.SIGTERM)
    assert await daemon.end() == 0
    with Store(daemon.folder / "state") as store, store.reading() as disk:
        kept = people.after(disk, datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC))
    assert [each.document for each in kept] == [PEOPLE, PEOPLE.replace('"an"', '"bo"')]


async def test_a_ticket_is_diagnosed_in_the_background_and_once_over_a_kill(daemon: Daemon) -> None:
    def diagnoses() -> list[str]:
        with Store(daemon.folder / "state") as store, store.reading() as disk:
            events = [event for ticket in tickets.unclosed(disk) for event in ticket.events]
        return [event.data["sha256"] for event in events if event.kind is EventKind.DIAGNOSED]

    await daemon.start()
    daemon.breakage.break_()
    await until(lambda: bool(diagnoses()))
    assert '<h2 id="state">' in await daemon.fetch("/runbooks/en/fan")
    daemon.signal(signal.SIGKILL)
    await daemon.end()
    await daemon.start()
    await asyncio.sleep(8)  # two of its glances for tickets to diagnose
    (digest,) = diagnoses()
    text = (daemon.folder / "state" / "attachments" / digest[:2] / digest).read_text(encoding="utf-8")
    assert "fan System Board Fan3 state failed" in text
    assert "names no login for SSH or Redfish" in text
    assert SECRETS["AUTH"] not in text


def _certified(folder: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 in `folder`; what a client needs to trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "desk.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "desk.key").write_bytes(plain)
    return ssl.create_default_context(cafile=str(folder / "desk.pem"))


async def test_first_start_opens_the_desk_over_tls_for_an_admin_with_a_one_time_password(daemon: Daemon) -> None:
    trusted = _certified(daemon.folder)
    config = daemon.folder / "netvigil.toml"
    web = '[web]\nlisten = "127.0.0.1:0"\ncertificate = "desk.pem"\nkey = "desk.key"\n'
    config.write_text(config.read_text() + web)
    await daemon.start()
    url = daemon.said.split("desk at ")[1].split()[0]
    first = daemon.folder / "state" / "first-password"
    password = first.read_text().strip()
    assert url.startswith("https://")
    assert str(first) in daemon.said
    assert password not in daemon.said
    assert password not in await daemon.fetch("/metrics")
    async with httpx.AsyncClient(base_url=url, verify=trusted) as client:
        browser = Browser(client)
        assert (await browser.get("/")).headers["location"] == "/login"
        assert (await browser.log_in("admin", password)).status_code == 303
        assert (await browser.get("/")).headers["location"] == "/password"
        form = {"old": password, "new": "my own password", "again": "my own password"}
        assert (await browser.post("/password", form, on="/password")).status_code == 303
        assert (await browser.get("/")).status_code == 200
        assert not first.exists()
        cookies = [each for each in client.cookies.jar if each.name == "__Host-netvigil"]
        assert [each.secure for each in cookies] == [True]
    daemon.signal(signal.SIGTERM)
    assert await daemon.end() == 0
