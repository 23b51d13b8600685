"""The certificates by which Netvigil lives: seen in the handshake and in the file, told once for each step."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from own_certificate import identity, own_certificate

from alerts.post.certificate import mail_certificate_ends
from alerts.post.mail import MailSettings, Security
from house import INVENTORY, NETVIGIL, SECRETS, Sink
from monitor import own_certificates
from monitor.config import loaded
from monitor.settings import Settings
from monitor.store import letters
from monitor.store.database import Store

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None, *, at_once: bool = False) -> AsyncIterator[int]:
    """A real SMTP server, which speaks TLS after STARTTLS or at once; its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Sink(), hostname="localhost", tls_context=None if at_once else tls),
        "127.0.0.1",
        0,
        ssl=tls if at_once else None,
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def way(port: int, security: Security) -> MailSettings:
    return MailSettings(
        server="127.0.0.1",
        port=port,
        security=security,
        sender_address="netvigil@example.org",
        timeout=timedelta(seconds=5),
    )


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_the_end_of_the_mail_servers_certificate_is_seen_although_nobody_vouches_for_it(
    tmp_path: Path, security: Security
) -> None:
    tls = identity(own_certificate(tmp_path))
    async with serving(tls, at_once=security is Security.TLS) as port:
        found = await mail_certificate_ends(way(port, security))
    assert found is not None
    assert abs(found - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=1)


async def test_a_mail_server_without_a_certificate_or_that_is_gone_tells_no_end() -> None:
    async with serving(None) as port:
        assert await mail_certificate_ends(way(port, Security.STARTTLS)) is None
        assert await mail_certificate_ends(way(port, Security.NONE)) is None
    assert await mail_certificate_ends(way(port, Security.TLS)) is None


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    (tmp_path / "inventory.toml").write_text(INVENTORY)
    return loaded(tmp_path, SECRETS)


async def test_the_end_of_the_pages_certificate_is_read_from_its_file(tmp_path: Path, settings: Settings) -> None:
    own = replace(settings, web=replace(settings.web, certificate=own_certificate(tmp_path)))
    found = await own_certificates.ends(own)
    assert abs(found["pages"] - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=1)
    (tmp_path / "server.pem").write_text("no certificate")
    assert await own_certificates.ends(own) == {}
    (tmp_path / "server.pem").unlink()
    assert await own_certificates.ends(own) == {}


def test_an_end_is_told_once_for_each_step_and_when_it_is_over(settings: Settings) -> None:
    subjects = []
    with Store(settings.daemon.state) as store:
        for left in (31, 30, 29, 14, 1, 0, -1, -2):
            with store.writing() as disk:
                ends = NOW + timedelta(days=40)
                own_certificates.told(disk, {"mail": ends}, settings, ends - timedelta(days=left))
                told = [
                    each.letter for each in letters.all_letters(disk) if each.letter.recipient == "duty@example.org"
                ]
                subjects.append(len(told))
    assert subjects == [0, 1, 1, 2, 3, 3, 4, 4]
    assert told[0].subject == "Netvigil: the certificate of the mail server ends on 2027-01-01"
    assert told[-1].subject == "Netvigil: the certificate of the mail server ended on 2027-01-01"
