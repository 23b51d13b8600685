"""A real SMTP server on loopback that accepts all mail of the demo and keeps each message as a file."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from monitor.moment import now


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One accepted message: when, to whom, about which ticket."""

    at: datetime
    to: str
    subject: str
    ticket: str
    message_id: str
    file: Path


class Sink:
    """Accepts mail on a free port of 127.0.0.1. `mails` holds each message once, however often it was sent."""

    def __init__(self, folder: Path) -> None:
        """Keep messages below `folder`, where those of an earlier run may lie already."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.mails: dict[str, Mail] = {}
        self.deliveries = 0
        self.earlier = len(list(folder.glob("*.eml")))
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """Begin to listen; returns the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="localhost"), "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    @property
    def count(self) -> int:
        """How many different messages lie in the folder, those of an earlier run included."""
        return len(list(self._folder.glob("*.eml")))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Called by aiosmtpd for each message."""
        del server, session
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=default)
        number = str(message["Message-ID"])
        file = self._folder / f"{sha256(number.encode()).hexdigest()[:16]}.eml"
        file.write_bytes(content)
        self.deliveries += 1
        self.mails.setdefault(
            number,
            Mail(
                at=now(),
                to=", ".join(envelope.rcpt_tos),
                subject=str(message["Subject"]),
                ticket=str(message.get("X-Netvigil-Ticket", "")),
                message_id=number,
                file=file,
            ),
        )
        return "250 kept"
