"""The talk with the mailbox (IMAP4rev1, RFC 3501) in a thread: what is unread, its bytes, that it is read.

The library is Python's own imaplib, which blocks; every wait of it ends within the timeout.
"""

import imaplib
import ssl
from collections.abc import Sequence
from contextlib import suppress

from alerts.post.mail import Security
from monitor.settings import Mailbox

MOST_BYTES = 10_000_000  # of one mail; a longer one loses its attachments, and nothing that was written in it


class MailboxError(Exception):
    """The mailbox cannot be read; says why."""


class Session:
    """One talk. Its methods block, and raise MailboxError where the server does not do as asked."""

    def __init__(self, settings: Mailbox) -> None:
        """Connect, log in and select the folder."""
        self._settings = settings
        try:
            self._client = _connected(settings)
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            raise MailboxError(f"{settings.server}:{settings.port}: {error}") from None
        try:
            self._done("login", self._client.login(settings.user, settings.password))
            if "ID" in self._client.capabilities:  # RFC 2971; some providers let nobody in who does not say it
                self._client.xatom("ID", '("name" "netvigil")')
            folder = settings.folder.replace("\\", "\\\\").replace('"', '\\"')
            self._done("select", self._client.select(f'"{folder}"'))
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            self.close()
            raise MailboxError(f"{settings.server}:{settings.port}: {error}") from None

    def unread(self, most: int) -> list[str]:
        """The UIDs of the oldest unread mails."""
        answer = self._asked("SEARCH", "UNSEEN")
        return [uid.decode() for line in answer if isinstance(line, bytes) for uid in line.split()][:most]

    def raw(self, uid: str) -> bytes:
        """The beginning of a mail, as it came; looking does not mark it."""
        for part in self._asked("FETCH", uid, f"(UID BODY.PEEK[]<0.{MOST_BYTES}>)"):
            if isinstance(part, tuple):
                return part[1]
        return b""

    def read(self, uid: str) -> None:
        """Mark a mail as read."""
        self._asked("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """End the talk."""
        with suppress(OSError, imaplib.IMAP4.error):
            self._client.logout()
        with suppress(OSError, imaplib.IMAP4.error):  # where the farewell failed the line is still open
            self._client.shutdown()

    def _asked(self, command: str, *words: str) -> list[bytes | tuple[bytes, bytes]]:
        try:
            return self._done(command, self._client.uid(command, *words))
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            raise MailboxError(f"{command}: {error}") from None

    @staticmethod
    def _done(command: str, answer: tuple[str, Sequence[object]]) -> list[bytes | tuple[bytes, bytes]]:
        status, told = answer
        if status != "OK":
            raise imaplib.IMAP4.error(f"{command} was answered with {status} {told}")
        return [each for each in told if isinstance(each, (bytes, tuple))]


def _connected(settings: Mailbox) -> imaplib.IMAP4:
    timeout = settings.timeout.total_seconds()
    if settings.security is Security.TLS:
        return imaplib.IMAP4_SSL(settings.server, settings.port, ssl_context=_context(settings), timeout=timeout)
    client = imaplib.IMAP4(settings.server, settings.port, timeout=timeout)
    if settings.security is Security.STARTTLS:
        try:
            client.starttls(_context(settings))
        except BaseException:
            client.shutdown()
            raise
    return client


def _context(settings: Mailbox) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.authority:
        context.load_verify_locations(cafile=settings.authority)
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
