"""The way out for letters: one SMTP talk per letter, and what came of it. Comes after `letters`, before the inbox.

A letter is sent at least once: whoever calls keeps it until `posted` says accepted, and asks `next_try` when to ask
again. Nothing here raises for what a server does: every end of a talk is a `Receipt` with the server's own words.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import aiosmtplib

from alerts.templates import harmless
from monitor.model import Enclosure, Language, Letter

# RFC 5321, section 4.5.4.1: give up after 4 to 5 days. Its 30 minutes between tries are too long for a contract that
# wants an answer in 5; after an outage every letter leaves within `LONGEST_WAIT`.
GIVE_UP = timedelta(days=5)
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=5)
_FAREWELL = 2.0
_SLOWEST = 64 * 1024  # octets in a second: a file may take longer than a letter
_SEPARATORS = re.compile(r"[/\\\\:]+")
_farewells: set[asyncio.Task[None]] = set()  # the event loop holds tasks weakly
_IDS = {"message-id", "in-reply-to", "references"}


class Security(StrEnum):
    """How the talk is protected: upgraded (RFC 3207), from the first byte (RFC 8314), or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The server, and who we are to it.

    `authority` is a file of certificates to trust besides the system's, for a server with a private one; it is the
    better answer to a failed verification than turning `verify` off.
    """

    server: str
    port: int
    security: Security
    sender_address: str
    sender_name: str = "Netvigil"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: timedelta = timedelta(seconds=30)
    verify: bool = True
    authority: Path | None = None


class Verdict(StrEnum):
    """What came of a try."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of a try, in the server's words.

    `concerns_all` is set where no letter can leave (nobody answers, no trust, login refused): a sender with a long
    queue stops there and waits, instead of a timeout per letter. It is not set once a server has let us in, so that
    one letter on which a server chokes does not hold up the others.
    """

    verdict: Verdict
    words: str
    concerns_all: bool = False


class _Lines(EmailPolicy):
    """How headers become lines: as `email.policy.SMTP` does it, but an id stays as it is, however long.

    The library folds an id that is longer than a line into encoded words, which no reader knows again as an id
    (CPython issue 79728); RFC 5322 (2.1.1) allows 998 characters.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header `name` as sent."""
        if name.lower() in _IDS:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


# Text in any language travels as 7 bit: relays without 8BITMIME (RFC 6152) still stand in customers' networks.
_POLICY = _Lines(linesep="\r\n", cte_type="7bit")


def message(letter: Letter, settings: MailSettings, files: Mapping[str, bytes] = MappingProxyType({})) -> EmailMessage:
    """`letter` as it travels: text and HTML side by side, the headers that make a thread, and no answer machines.

    `files` are the octets of its enclosures, by their SHA-256.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(display_name=settings.sender_name, addr_spec=settings.sender_address)
    mail["To"] = Address(addr_spec=letter.recipient)
    mail["Subject"] = harmless(letter.subject)
    mail["Date"] = letter.created_at
    mail["Message-ID"] = letter.message_id
    if letter.in_reply_to:
        mail["In-Reply-To"] = letter.in_reply_to
    if letter.references:
        mail["References"] = " ".join(letter.references)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
    mail["X-Auto-Response-Suppress"] = "All"  # the same, in the word that Exchange listens to
    if letter.ticket:
        mail["X-Netvigil-Ticket"] = letter.ticket
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    for each in letter.enclosures:
        _enclose(mail, each, files.get(each.sha256))
    # After the content, which takes all Content-* headers into its first part.
    mail["Content-Language"] = "zh-CN" if letter.language is Language.ZH_CN else "en"
    # The library takes boundaries by chance; so a letter is the same to the octet each time. "=_" stands in no content
    # of 7 bits (RFC 2045, section 6.7).
    own = sha256(letter.message_id.encode()).hexdigest()[:32]
    for place, part in enumerate(each for each in mail.walk() if each.is_multipart()):
        part.set_boundary(f"=_{place}.{own}")
    return mail


def _enclose(mail: EmailMessage, enclosure: Enclosure, body: bytes | None) -> None:
    """Put a file into `mail`; where its octets are gone, a line in its place says so."""
    name = _SEPARATORS.sub("-", harmless(enclosure.name))
    if body is None:
        mail.add_attachment(f"{name}\nSHA-256 {enclosure.sha256}\n", filename=f"{name}.missing.txt")
        return
    main, _, sub = enclosure.media_type.partition("/")
    mail.add_attachment(body, maintype=main, subtype=sub, filename=name)


async def posted(letter: Letter, settings: MailSettings, files: Mapping[str, bytes] = MappingProxyType({})) -> Receipt:
    """One try: the whole talk ends within `settings.timeout` and what `files` need, whatever the server does."""
    timeout = settings.timeout.total_seconds() + sum(map(len, files.values())) / _SLOWEST
    try:
        if files:
            content = await asyncio.to_thread(lambda: message(letter, settings, files).as_bytes())
        else:
            content = message(letter, settings).as_bytes()
    except (ValueError, IndexError, MessageError) as error:
        return Receipt(verdict=Verdict.REFUSED, words=f"{letter.recipient} is no mail address: {error}")
    client = aiosmtplib.SMTP(
        hostname=settings.server,
        port=settings.port,
        username=settings.user or None,
        password=settings.password or None,
        local_hostname=settings.sender_address.rpartition("@")[2],
        timeout=timeout,
    )
    connected = False
    try:
        async with asyncio.timeout(timeout):
            await client.connect(
                use_tls=settings.security is Security.TLS,
                start_tls=settings.security is Security.STARTTLS,
                tls_context=_context(settings),
            )
            connected = True
            _, answer = await client.sendmail(settings.sender_address, [letter.recipient], content)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        client.close()
        return _failure(error, settings, timeout, concerns_all=not connected)
    except BaseException:
        client.close()
        raise
    # Whoever dies between the server's yes and having written it down sends the letter again: no farewell in between.
    farewell = asyncio.get_running_loop().create_task(_left(client))
    _farewells.add(farewell)
    farewell.add_done_callback(_farewells.discard)
    return Receipt(verdict=Verdict.ACCEPTED, words=harmless(answer))


def next_try(attempts: int, first: timedelta = FIRST_WAIT, most: timedelta = LONGEST_WAIT) -> timedelta:
    """How long to wait after `attempts` tries that were answered with retry: `first`, doubling, at most `most`."""
    return min(first * 2.0 ** min(max(attempts, 1) - 1, 16), most)


def is_given_up(created_at: datetime, now: datetime, after: timedelta = GIVE_UP) -> bool:
    """True where a letter has been tried for so long that it is put aside, visibly."""
    return now - created_at >= after


def _context(settings: MailSettings) -> ssl.SSLContext | None:
    if settings.security is Security.NONE:
        return None
    context = ssl.create_default_context()
    if settings.authority:
        context.load_verify_locations(cafile=settings.authority)
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def _left(client: aiosmtplib.SMTP) -> None:
    """Say farewell; what the server makes of it changes nothing about the letter."""
    try:
        with suppress(aiosmtplib.SMTPException, OSError):
            async with asyncio.timeout(_FAREWELL):
                await client.quit()
    finally:
        client.close()


def _failure(error: Exception, settings: MailSettings, timeout: float, *, concerns_all: bool) -> Receipt:
    """The receipt for a talk that failed.

    Only what a server says for good of this recipient or this letter is a refusal. A refused login or sender, even
    for good (5xx), is a fault of the settings: letters wait until it is mended.
    """
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            return _answered(first.code, first.message)
        case aiosmtplib.SMTPDataError():
            return _answered(error.code, error.message)
        case aiosmtplib.SMTPResponseException():
            words = f"{error.code} {error.message}"
        case TimeoutError():  # our own bound and aiosmtplib's timeouts, which are TimeoutErrors too
            words = f"no answer within {timeout:.4g} s"
        case _:
            words = str(error) or type(error).__name__
    where = f"{settings.server}:{settings.port}"
    return Receipt(verdict=Verdict.RETRY, words=harmless(f"{where}: {words}"), concerns_all=concerns_all)


def _answered(code: int, text: str) -> Receipt:
    permanent = 500 <= code < 600  # noqa: PLR2004 - RFC 5321, section 4.2.1: permanent negative completion
    return Receipt(verdict=Verdict.REFUSED if permanent else Verdict.RETRY, words=harmless(f"{code} {text}"))
