import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from own_certificate import identity, own_certificate

from alerts.post.mail import MailSettings, Receipt, Security, Verdict, is_given_up, message, next_try, posted
from monitor.model import Enclosure, Language, Letter

T0 = datetime(2026, 11, 22, 7, 4, tzinfo=UTC)
LETTER = Letter(
    ticket="T20261122-0001",
    event=3,
    recipient="lee@example.com",
    subject="[T20261122-0001] core-1 – 电源 PSU 2 – 已恢复",
    text="已恢复 – core-1\n.\n第二行\n",
    html="<p>已恢复 – core-1</p>\n",
    message_id="<T20261122-0001.3.0123456789@example.com>",
    in_reply_to="<T20261122-0001.1.0123456789@example.com>",
    references=("<T20261122-0001.1.0123456789@example.com>",),
    language=Language.ZH_CN,
    created_at=T0,
)
PDF = bytes(range(256)) * 40
PARCEL = replace(
    LETTER,
    enclosures=(
        Enclosure(name="预警通知-10月.pdf", media_type="application/pdf", sha256="a" * 64, size=len(PDF)),
        Enclosure(name="Bcc: evil\r\n../\\ x.html", media_type="text/html", sha256="b" * 64, size=8),
    ),
)
FILES = {"a" * 64: PDF, "b" * 64: b"<p>\xff</p>"}
SETTINGS = MailSettings(
    server="127.0.0.1",
    port=0,
    security=Security.NONE,
    sender_address="netvigil@example.com",
    sender_name="网络值守",
    timeout=timedelta(seconds=5),
)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Box:
    """A server's inbox; `rcpt` and `data` are the answers to come, 250 once they are used up."""

    def __init__(self, rcpt: tuple[str, ...] = (), data: tuple[str, ...] = ()) -> None:
        self.rcpt, self.data = list(rcpt), list(data)
        self.received: list[EmailMessage] = []
        self.protected: list[bool] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names hooks after commands
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.rcpt.pop(0) if self.rcpt else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        answer = self.data.pop(0) if self.data else "250 OK queued as 4711"
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            found = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(found, EmailMessage)
            self.received.append(found)
            self.protected.append(session.ssl is not None)
        return answer


@asynccontextmanager
async def serving(box: Box, *, implicit: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[MailSettings]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop, **options), "127.0.0.1", 0, ssl=implicit)
    async with server:
        yield replace(SETTINGS, port=server.sockets[0].getsockname()[1])


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[MailSettings]:
    """A server that says exactly what `talk` says."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    async with server:
        yield replace(SETTINGS, port=server.sockets[0].getsockname()[1])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of a server at 127.0.0.1, signed by itself, in one file."""
    return own_certificate(tmp_path_factory.mktemp("certificate"))


def test_a_letter_travels_with_the_headers_that_make_a_thread() -> None:
    mail = message(LETTER, SETTINGS)
    assert mail["To"] == "lee@example.com"
    assert mail["From"] == "网络值守 <netvigil@example.com>"
    assert mail["Subject"] == LETTER.subject
    assert mail["Date"] == "Sun, 22 Nov 2026 07:04:00 +0000"
    assert mail["Message-ID"] == LETTER.message_id
    assert mail["In-Reply-To"] == mail["References"] == "<T20261122-0001.1.0123456789@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Netvigil-Ticket"] == "T20261122-0001"
    assert mail["Content-Language"] == "zh-CN"
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_a_letter_travels_in_seven_bits_with_short_header_lines() -> None:
    raw = message(replace(LETTER, subject="电源" * 100), SETTINGS).as_bytes()
    assert raw.isascii()
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(len(line) for line in head.split(b"\r\n")) <= 78
    assert b"\r\nSubject: =?utf-8?" in raw


def test_the_opening_letter_answers_nothing() -> None:
    mail = message(replace(LETTER, in_reply_to="", references=()), SETTINGS)
    assert mail["In-Reply-To"] is None
    assert mail["References"] is None


def test_ids_of_a_long_domain_reach_the_reader_unharmed() -> None:
    long = f"<T20261122-0001.3.0123456789@{'a' * 60}.{'b' * 60}.example.com>"
    raw = message(replace(LETTER, message_id=long, in_reply_to=long, references=(long,)), SETTINGS).as_bytes()
    unfolded = raw.replace(b"\r\n ", b" ")
    for header in (b"Message-ID", b"In-Reply-To", b"References"):
        assert [line.split(b":", 1)[1].strip() for line in unfolded.split(b"\r\n") if line.startswith(header)] == [
            long.encode()
        ]


def test_a_password_is_never_shown() -> None:
    assert "geheim" not in repr(replace(SETTINGS, password="geheim"))


async def test_a_letter_is_accepted_with_the_servers_words() -> None:
    box = Box()
    async with serving(box) as settings:
        receipt = await posted(LETTER, settings)
    assert receipt == Receipt(verdict=Verdict.ACCEPTED, words="OK queued as 4711")
    (mail,) = box.received
    assert mail["Subject"] == LETTER.subject
    body, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert body is not None
    assert html is not None
    assert body.get_content().replace("\r\n", "\n") == LETTER.text
    assert html.get_content().replace("\r\n", "\n") == LETTER.html


async def test_a_letter_put_off_is_accepted_by_the_next_try_under_the_same_id() -> None:
    box = Box(rcpt=("451 4.7.1 greylisted, try again",), data=("452 4.2.2 no room",))
    async with serving(box) as settings:
        first, second, third = [await posted(LETTER, settings) for _ in range(3)]
    assert first == Receipt(verdict=Verdict.RETRY, words="451 4.7.1 greylisted, try again")
    assert second == Receipt(verdict=Verdict.RETRY, words="452 4.2.2 no room")
    assert third.verdict is Verdict.ACCEPTED
    assert [mail["Message-ID"] for mail in box.received] == [LETTER.message_id]


@pytest.mark.parametrize("box", [Box(rcpt=("550 5.1.1 no such user",)), Box(data=("550 5.1.1 no such user",))])
async def test_a_refused_recipient_is_refused_with_the_servers_words_and_holds_up_nobody(box: Box) -> None:
    async with serving(box) as settings:
        refused = await posted(LETTER, settings)
        other = await posted(replace(LETTER, recipient="wang@example.com"), settings)
    assert refused == Receipt(verdict=Verdict.REFUSED, words="550 5.1.1 no such user", concerns_all=False)
    assert other.verdict is Verdict.ACCEPTED
    assert [mail["To"] for mail in box.received] == ["wang@example.com"]


@pytest.mark.parametrize("address", ["", "lee", "lee@", "lee@example.com\r\nBcc: all@example.net", "a b@example.com"])
async def test_an_address_that_is_none_is_refused_without_asking_a_server(address: str) -> None:
    receipt = await posted(replace(LETTER, recipient=address), SETTINGS)
    assert receipt.verdict is Verdict.REFUSED
    assert "no mail address" in receipt.words


async def test_a_server_that_is_not_there_means_try_again_and_concerns_all() -> None:
    async with serving(Box()) as settings:
        pass
    receipt = await posted(LETTER, settings)
    assert (receipt.verdict, receipt.concerns_all) == (Verdict.RETRY, True)
    assert f"127.0.0.1:{settings.port}" in receipt.words


async def test_a_server_that_says_nothing_is_left_when_the_time_is_up() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with talking(silent) as settings:
        receipt = await posted(LETTER, replace(settings, timeout=timedelta(seconds=0.2)))
    assert receipt == Receipt(
        verdict=Verdict.RETRY, words=f"127.0.0.1:{settings.port}: no answer within 0.2 s", concerns_all=True
    )


async def test_a_server_that_is_slow_at_every_step_cannot_stretch_the_talk() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            await asyncio.sleep(0.3)
            if line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250 OK\r\n")

    async with talking(slow) as settings:
        receipt = await posted(LETTER, replace(settings, timeout=timedelta(seconds=0.7)))
    assert receipt == Receipt(verdict=Verdict.RETRY, words=f"127.0.0.1:{settings.port}: no answer within 0.7 s")


async def test_a_server_that_goes_away_after_the_letter_means_try_again_for_this_letter_only() -> None:
    async def dropping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                return
            writer.write(b"250 OK\r\n")

    async with talking(dropping) as settings:
        receipt = await posted(LETTER, settings)
    assert (receipt.verdict, receipt.concerns_all) == (Verdict.RETRY, False)
    assert receipt.words


async def test_a_letter_stays_accepted_where_the_server_does_not_say_farewell() -> None:
    async def curt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 got it\r\n")
                return
            writer.write(b"250 OK\r\n")

    async with talking(curt) as settings:
        receipt = await posted(LETTER, settings)
    assert receipt == Receipt(verdict=Verdict.ACCEPTED, words="got it")


async def test_a_server_that_turns_us_away_at_the_door_means_try_again_even_if_it_says_never() -> None:
    async def closed(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 5.7.1 no service for you\r\n")
        await writer.drain()

    async with talking(closed) as settings:
        receipt = await posted(LETTER, settings)
    assert (receipt.verdict, receipt.concerns_all) == (Verdict.RETRY, True)
    assert "554 5.7.1 no service for you" in receipt.words


async def test_starttls_protects_the_letter_where_the_certificate_is_trusted(certificate: Path) -> None:
    box = Box()
    async with serving(box, tls_context=identity(certificate), require_starttls=True) as settings:
        receipt = await posted(LETTER, replace(settings, security=Security.STARTTLS, authority=certificate))
    assert receipt.verdict is Verdict.ACCEPTED
    assert box.protected == [True]


async def test_tls_from_the_first_byte_protects_the_letter(certificate: Path) -> None:
    box = Box()
    async with serving(box, implicit=identity(certificate)) as settings:
        receipt = await posted(LETTER, replace(settings, security=Security.TLS, authority=certificate))
    assert receipt.verdict is Verdict.ACCEPTED
    assert len(box.received) == 1


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_certificate_that_nobody_vouches_for_means_no_letter(certificate: Path, security: Security) -> None:
    box = Box()
    context = identity(certificate)
    options: dict[str, Any] = {"implicit": context} if security is Security.TLS else {"tls_context": context}
    async with serving(box, **options) as settings:
        receipt = await posted(LETTER, replace(settings, security=security))
        unverified = await posted(LETTER, replace(settings, security=security, verify=False))
    assert (receipt.verdict, receipt.concerns_all) == (Verdict.RETRY, True)
    assert "CERTIFICATE_VERIFY_FAILED" in receipt.words
    assert unverified.verdict is Verdict.ACCEPTED
    assert len(box.received) == 1


async def test_a_server_without_starttls_gets_no_letter_in_the_clear() -> None:
    box = Box()
    async with serving(box) as settings:
        receipt = await posted(LETTER, replace(settings, security=Security.STARTTLS))
    assert (receipt.verdict, receipt.concerns_all) == (Verdict.RETRY, True)
    assert "STARTTLS" in receipt.words
    assert box.received == []


async def test_a_missing_authority_file_is_said_and_the_letter_waits(tmp_path: Path) -> None:
    async with serving(Box()) as settings:
        receipt = await posted(
            LETTER, replace(settings, security=Security.STARTTLS, authority=tmp_path / "missing.pem")
        )
    assert receipt.verdict is Verdict.RETRY
    assert "No such file" in receipt.words


async def test_login_lets_the_right_password_in_and_waits_with_the_wrong_one(certificate: Path) -> None:
    def known(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"netvigil", b"right")
        return AuthResult(success=right, handled=False)

    box = Box()
    async with serving(box, tls_context=identity(certificate), auth_required=True, authenticator=known) as settings:
        ours = replace(settings, security=Security.STARTTLS, authority=certificate, user="netvigil", password="right")
        accepted = await posted(LETTER, ours)
        turned_away = await posted(LETTER, replace(ours, password="wrong"))
    assert accepted.verdict is Verdict.ACCEPTED
    assert (turned_away.verdict, turned_away.concerns_all) == (Verdict.RETRY, True)
    assert "535" in turned_away.words
    assert "wrong" not in turned_away.words


def test_a_letter_with_files_is_the_same_to_the_octet_each_time() -> None:
    raw = [message(PARCEL, SETTINGS, FILES).as_bytes() for _ in range(2)]
    assert raw[0] == raw[1]
    assert raw[0].isascii()
    other = message(replace(PARCEL, message_id="<other@example.com>"), SETTINGS, FILES).as_bytes()
    assert str(message(PARCEL, SETTINGS, FILES).get_boundary()) not in other.decode()


async def test_files_arrive_beside_text_and_html_as_they_were() -> None:
    box = Box()
    async with serving(box) as settings:
        receipt = await posted(PARCEL, settings, FILES)
    assert receipt.verdict is Verdict.ACCEPTED
    (mail,) = box.received
    assert mail.get_content_type() == "multipart/mixed"
    body, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert body is not None
    assert html is not None
    assert "第二行" in body.get_content()
    assert [(each.get_filename(), each.get_content_type()) for each in mail.iter_attachments()] == [
        ("预警通知-10月.pdf", "application/pdf"),
        ("Bcc- evil ..- x.html", "text/html"),
    ]
    pdf, page = mail.iter_attachments()
    assert pdf.get_payload(decode=True) == PDF
    assert page.get_payload(decode=True) == b"<p>\xff</p>"
    assert mail["Bcc"] is None
    assert mail["Content-Language"] == "zh-CN"


def test_a_file_that_is_gone_is_said_in_its_place() -> None:
    mail = message(PARCEL, SETTINGS, {})
    names = [each.get_filename() for each in mail.iter_attachments()]
    assert names == ["预警通知-10月.pdf.missing.txt", "Bcc- evil ..- x.html.missing.txt"]
    assert PARCEL.enclosures[0].sha256 in next(iter(mail.iter_attachments())).get_content()


async def test_a_large_file_is_given_the_time_it_needs() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                while await reader.readline() not in {b".\r\n", b""}:
                    pass
                await asyncio.sleep(0.8)
            writer.write(b"250 OK\r\n")

    large = {PARCEL.enclosures[0].sha256: b"x" * 200_000}
    async with talking(slow) as settings:
        hurried = replace(settings, timeout=timedelta(seconds=0.5))
        assert (await posted(LETTER, hurried)).verdict is Verdict.RETRY
        assert (await posted(PARCEL, hurried, large)).verdict is Verdict.ACCEPTED


def test_tries_come_at_growing_intervals_with_a_cap() -> None:
    seconds = [next_try(attempts).total_seconds() for attempts in (0, 1, 2, 3, 4, 5, 6, 7, 5000)]
    assert seconds == [15, 15, 30, 60, 120, 240, 300, 300, 300]
    assert next_try(3, timedelta(seconds=1), timedelta(seconds=3)) == timedelta(seconds=3)


def test_a_letter_is_given_up_after_five_days() -> None:
    assert not is_given_up(T0, T0 + timedelta(days=5, seconds=-1))
    assert is_given_up(T0, T0 + timedelta(days=5))
    assert is_given_up(T0, T0 + timedelta(hours=1), timedelta(hours=1))
