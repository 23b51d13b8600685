"""A small mailbox on loopback that speaks enough IMAP4rev1 (RFC 3501) for a reader: real sockets, real literals."""

import asyncio
import re
import ssl
from dataclasses import dataclass, field

_UID = re.compile(rb"(?i)UID (SEARCH|FETCH|STORE) ?(\S+)?")


@dataclass
class ImapServer:
    """A mailbox: its `mails` by UID, which of them are `seen`. `cut` ends a talk at such a command, as a kill does."""

    password: str = "open sesame"
    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    cut: bytes = b""
    said: list[bytes] = field(default_factory=list)
    server: asyncio.Server | None = None
    context: ssl.SSLContext | None = None
    port: int = 0

    async def open(self) -> None:
        """Listen."""
        self.server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, ssl=self.context)
        self.port = self.server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop to listen."""
        if self.server is not None:
            self.server.close()

    def arrive(self, raw: bytes) -> int:
        """A mail comes in."""
        uid = len(self.mails) + 101
        self.mails[uid] = raw
        return uid

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        try:
            while line := await reader.readline():
                tag, _, command = line.strip().partition(b" ")
                self.said.append(command)
                if self.cut and command.upper().startswith(self.cut):
                    return
                writer.write(self._answer(command) + b"\r\n" if self._answer(command) else b"")
                refused = command.upper().startswith(b"LOGIN") and self.password.encode() not in command
                writer.write(tag + (b" NO not you\r\n" if refused else b" OK done\r\n"))
                await writer.drain()
        finally:
            writer.close()

    def _answer(self, command: bytes) -> bytes:
        told = _UID.match(command)
        if told is None:
            words = {
                b"CAPABILITY": b"* CAPABILITY IMAP4rev1 ID",
                b"SELECT": b"* %d EXISTS\r\n* OK [UIDVALIDITY 1] valid" % len(self.mails),
                b"LOGOUT": b"* BYE",
            }
            return words.get(command.upper().split(b" ")[0], b"")
        if told[1].upper() == b"SEARCH":
            return b"* SEARCH " + b" ".join(b"%d" % uid for uid in self.mails if uid not in self.seen)
        uid = int(told[2])
        if told[1].upper() == b"STORE":
            self.seen.add(uid)
            return b""
        raw = self.mails[uid]
        return b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)" % (uid, len(raw), raw)
