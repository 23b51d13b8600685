"""The answering side of SSH: switches that print what they are told to, page, refuse, run full, and misbehave.

For tests and measurements. `Shell` is one switch, `serving` puts it on a port; `hostile` puts worse there.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncssh

_WIPE = {"vrp": b"\x1b[42D" + b" " * 42 + b"\x1b[42D", "comware": b"\r" + b" " * 14 + b"\r"}
_UNKNOWN = {
    "vrp": "           ^\nError: Unrecognized command found at '^' position.",
    "comware": "           ^\n % Unrecognized command found at '^' position.",
}
_PAGES_OFF = {"vrp": "screen-length 0 temporary", "comware": "screen-length disable"}


@dataclass(kw_only=True)
class Shell:
    """One switch: what it prints for which command, and how it behaves while it does. `open` counts its sessions."""

    name: str = "SW-1"
    maker: str = "vrp"
    outputs: Mapping[str, bytes] = field(default_factory=dict)
    prompt: str = "<{name}>"
    greeting: str = ""
    latency: float = 0.0
    page: int = 24
    lines_at_once: int = 5
    refuses: frozenset[str] = frozenset()
    log_lines: bool = False
    question: str = ""
    forced: bool = False
    encoding: str = "utf-8"
    user: str = "netvigil"
    password: str = "secret"  # noqa: S105 - of a switch that lives as long as one test
    misbehaves: str = ""
    slow_login: float = 0.0
    drips: float = 0.0
    open: int = 0
    most: int = 0
    asked: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def session(self, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        """Talk on one line (VTY), if there is one left."""
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            if self.open > self.lines_at_once:
                process.stdout.write(b"\r\nAll user interfaces are used, please try later!\r\n")
            else:
                await _Talk(self, process).until_quit()
        except (asyncssh.Error, OSError, EOFError):
            pass
        finally:
            self.open -= 1
            with suppress(OSError):
                process.exit(0)


class _Talk:
    """One session: reads what is typed, echoes it, prints."""

    def __init__(self, shell: Shell, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        self.shell, self.process = shell, process
        self.page = shell.page
        self.prompt = shell.prompt.format(name=shell.name).encode(shell.encoding)

    def write(self, said: bytes) -> None:
        self.process.stdout.write(said)

    async def typed(self) -> str:
        """One line; what is typed ahead waits."""
        found = bytearray()
        while True:
            octet = await self.process.stdin.read(1)
            if not octet:
                raise EOFError
            if octet in b"\r\n":
                return found.decode("utf-8", "replace")
            found += octet

    async def until_quit(self) -> None:
        """The whole talk."""
        shell = self.shell
        if shell.misbehaves:
            await self.misbehave()
            return
        await asyncio.sleep(shell.latency)
        self.write(shell.greeting.replace("\n", "\r\n").encode(shell.encoding))
        if shell.question:
            self.write(shell.question.encode())
            answer = await self.typed()
            shell.answers.append(answer)
            self.write(answer.encode() + b"\r\n")
        if shell.forced:
            self.write(b"First login or password reset. You need to change your password.\r\nold password:")
            await self.typed()
            return
        self.write(b"\r\n" + self.prompt)
        while (command := (await self.typed()).strip()) != "quit":
            await asyncio.sleep(shell.latency)
            if shell.log_lines and command:
                self.write(b"\r\n" + self.log_line() + b"\r\n" + self.prompt)
            self.write(command.encode() + b"\r\n")
            if command:
                shell.asked.append(command)
                await self.answer(command)
            self.write(self.prompt)

    async def answer(self, command: str) -> None:
        shell = self.shell
        if command in shell.refuses:
            self.write(b"Error: You do not have permission to run the command.\r\n")
        elif command == _PAGES_OFF[shell.maker]:
            self.page = 0
        elif command == "undo terminal monitor":
            self.write(b"Info: Current terminal monitor is off.\r\n")
        elif command in shell.outputs:
            await self.print(shell.outputs[command])
        else:
            self.write(_UNKNOWN[shell.maker].replace("\n", "\r\n").encode() + b"\r\n")

    async def print(self, said: bytes) -> None:
        """A page at a time, until a blank asks for more."""
        rows = said.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
        middle = len(rows) // 2
        for n, row in enumerate(rows, 1):
            self.write(row + b"\r\n")
            if self.shell.log_lines and n == middle:
                self.write(self.log_line() + b"\r\n")
            if self.page and n % self.page == 0 and n < len(rows):
                self.write(b"  ---- More ----")
                while await self.process.stdin.read(1) not in {b" ", b""}:
                    pass
                await asyncio.sleep(self.shell.latency)
                self.write(_WIPE[self.shell.maker])

    def log_line(self) -> bytes:
        now = datetime.now(UTC)
        if self.shell.maker == "vrp":
            return (
                now.strftime("%b %d %Y %H:%M:%S+00:00").encode() + b" SW-1 %%01IFNET/4/IF_STATE(l)[1]:GE0/0/1 is down."
            )
        return now.strftime("%%%b %d %H:%M:%S:123 %Y").encode() + b" SW-1 IFNET/3/PHY_UPDOWN: GE1/0/1 changed to down."

    async def come_to_a_command(self) -> None:
        self.write(b"\r\n" + self.prompt)
        await self.typed()
        self.write(b"\r\n" + self.prompt)
        self.write((await self.typed()).encode() + b"\r\n")

    async def drip(self, seconds: float = 3600) -> None:
        """A letter at a time, never long silent."""
        for _ in range(int(seconds * 10)):
            self.write(b"x")
            await self.process.stdout.drain()
            await asyncio.sleep(0.1)

    async def misbehave(self) -> None:
        """Never come to a prompt; or, behind one, never to an end."""
        how = self.shell.misbehaves
        if how == "never prompts":
            await self.process.stdin.read()
        elif how == "hangs in a command":
            await self.come_to_a_command()
            await self.process.stdin.read()
        elif how == "drips":
            await self.drip(self.shell.drips)
            await self.come_to_a_command()
            await self.drip()
        elif how == "prints for ever in a command":
            await self.come_to_a_command()
        while how.removesuffix(" in a command") in {"prints for ever", "escapes for ever"}:
            self.write(
                b"\x1b[2J\x1b[1;1H\x1b]0;you\x07" * 50 if how == "escapes for ever" else b"all is well\r\n" * 100
            )
            await self.process.stdout.drain()
            await asyncio.sleep(0.005)


class _Server(asyncssh.SSHServer):
    def __init__(self, shell: Shell, talks: "set[asyncssh.SSHServerConnection]") -> None:
        self.shell, self.talks = shell, talks

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.talks.add(conn)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's words
        return True

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        if self.shell.misbehaves == "hangs in authentication":
            await asyncio.sleep(3600)
        await asyncio.sleep(self.shell.slow_login)
        return (username, password) == (self.shell.user, self.shell.password)


@asynccontextmanager
async def serving(
    shell: Shell, *, key: asyncssh.SSHKey | None = None, port: int = 0, kex: str = ""
) -> AsyncIterator[int]:
    """`shell` on a port of 127.0.0.1, which is given. `kex` names the only key exchange that it knows."""
    talks = set[asyncssh.SSHServerConnection]()
    server = await asyncssh.create_server(
        lambda: _Server(shell, talks),
        "127.0.0.1",
        port,
        server_host_keys=[key or host_key()],
        process_factory=shell.session,
        encoding=None,
        line_editor=False,
        **({"kex_algs": [kex]} if kex else {}),
    )
    try:
        yield server.get_port()
    finally:
        server.close()
        for talk in talks:
            talk.abort()
            await talk.wait_closed()
        await asyncio.sleep(0.01)  # the transport of one that broke off closes in the next turn of the loop


def host_key() -> asyncssh.SSHKey:
    """A new host key."""
    return asyncssh.generate_private_key("ssh-ed25519")


@asynccontextmanager
async def hostile(how: str) -> AsyncIterator[int]:
    """A port of 127.0.0.1 that accepts and then is "silent", "drips" its greeting, or "hangs up"."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            while how == "drips":
                writer.write(b"S")
                await writer.drain()
                await asyncio.sleep(0.2)
            if how == "silent":
                await reader.read()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.sleep(0.3)
