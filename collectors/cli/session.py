"""One session on the command line of a switch: in, each command once, out again. It blocks; reader.py has threads.

Anchored on purpose. An answer counts only from the echo of its command to the very prompt that stood there at the
start; without both it is unknown. Plain reading until something that looks like a prompt gave stale output in 8 of 8
sessions at 0.4 s of latency (netmiko #3012, #3287, #3677).
"""

import logging
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import paramiko  # type: ignore[import-untyped]  # ships no types
from netmiko import BaseConnection

from collectors.cli.asked import Said
from collectors.cli.output import MORE, PROMPT, Refusal, lines, refusal
from collectors.looks import Blind, Door
from collectors.snmp.reader import Ending

# what a hostile device does would stand there with a traceback; we say it in a word of our own
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

log = logging.getLogger(__name__)

LOGIN_BYTES = 256_000
COMMAND_BYTES = 8_000_000
_TAIL = 400
_SOON = 1 / 12
"""Of the patience: 2 s of 25, which is longer than any line takes to bring an answer. What is beyond is silence."""
_SLOWEST = 500
"""Bytes a second: who prints more slowly is as good as silent for the rest of the time. Half of 9,600 baud."""
_PAGES = ("screen-length 0 temporary", "screen-length disable")
_QUIET = "undo terminal monitor"
_LAST = re.compile(rf"(?:^|\n)\s*({PROMPT})\s*$")
_MORE = re.compile(rf"{MORE}\s*$")
# VRP: The initial password poses security risks. Do you want to change it? [Y/N]
_QUESTION = re.compile(r"\[ ?[Yy](?:es)?/[Nn](?:o)? ?\]\s*:?\s*$")
_FORCED = re.compile(r"(?:old|new|current) password\s*:\s*$|enter (?:the |your )?new password", re.IGNORECASE)
_GO_ON = re.compile(r"press (?:y or )?enter to continue|press any key", re.IGNORECASE)
_FULL = re.compile(
    r"user[ -]interfaces? (?:are|is) (?:all )?(?:used|full|busy)|(?:too many|maximum|max) (?:number of )?(?:\w+ )?"
    r"(?:users|sessions|connections)|no (?:idle|free) (?:vty|user)|reached the (?:max|upper limit)",
    re.IGNORECASE,
)
_QUESTIONS = 6


class ShutOutError(Exception):
    """The session did not come about; `blind` says why."""

    def __init__(self, blind: Blind, pin: str = "") -> None:
        super().__init__(str(blind))
        self.blind, self.pin = blind, pin


class _CutError(Exception):
    """The session is over before its end: no time left, hung up, or too much said."""

    def __init__(self, ended: Ending, *, closed: bool = False) -> None:
        super().__init__(str(ended))
        self.ended, self.closed = ended, closed


class Line:
    """The socket of a session, which another thread may cut: whoever waits on it then wakes up."""

    def __init__(self, seconds: float, patience: float) -> None:
        """Give it so many seconds from now, and of these `patience` until we are in."""
        self._end = time.monotonic() + seconds
        self.until = min(self._end, time.monotonic() + patience)
        self._inside = False
        self._socket: socket.socket | None = None
        self._cut = False

    @property
    def left(self) -> float:
        """The seconds that are left, never 0."""
        return max(0.05, self.until - time.monotonic())

    def connect(self, address: str, port: int, patience: float) -> socket.socket:
        """A connected socket. Raises ShutOutError."""
        try:
            found = socket.create_connection((address, port), timeout=min(patience, self.left))
        except socket.gaierror:
            raise ShutOutError(Blind.UNRESOLVED) from None
        except ConnectionRefusedError:
            raise ShutOutError(Blind.REFUSED) from None
        except (OSError, UnicodeError):  # an address that cannot be one is a UnicodeError
            raise ShutOutError(Blind.TIMEOUT) from None
        self._socket = found
        if self._cut:
            self.cut()
        return found

    def enter(self) -> None:
        """We are in: from now on all of the time counts."""
        self._inside, self.until = True, self._end

    def cut_outside(self) -> None:
        """Hang up if we are not in yet."""
        if not self._inside:
            self.cut()

    def cut(self) -> None:
        """Hang up, at once and for good; from any thread."""
        self._cut = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):
                self._socket.close()


class _OnlyThisKey(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # its base has no types
    """A key of a kind that is not the pinned one's: it is not the pinned one."""

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 - its words
        hostname: str,
        key: paramiko.PKey,
    ) -> None:
        raise paramiko.BadHostKeyException(hostname, key, key)


class _Terminal(BaseConnection):
    """netmiko's connection, without its own way of getting ready.

    Its drivers for both makers read with a fixed patience; that for VRP even answers "Y" to the question whether to
    save a configuration.
    """

    def __init__(self, pin: str, **words: Any) -> None:
        self.pin = pin
        super().__init__(**words)

    def _build_ssh_client(self) -> paramiko.SSHClient:
        client = super()._build_ssh_client()
        if self.pin:
            with suppress(Exception):  # a pin that is none fits no key: the policy below refuses them all
                entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{self._name} {self.pin}")
                client.get_host_keys().add(self._name, entry.key.get_name(), entry.key)
            client.set_missing_host_key_policy(_OnlyThisKey())
        return client

    @property
    def _name(self) -> str:
        """How paramiko looks a key up."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"  # noqa: PLR2004 - SSH's own port

    def special_login_handler(self, delay_factor: float = 1.0) -> None:
        """Nothing: `Session` does it."""

    def _try_session_preparation(self, force_data: bool = True) -> None:  # noqa: FBT001, FBT002 - netmiko's words
        """Nothing, least of all the blind Enter that netmiko sends here: it may answer a question."""

    def _modify_connection_params(self) -> None:
        """Ask for a key on first contact, and keep it; never take one from the files of the user who runs us."""
        self.system_host_keys = self.alt_host_keys = False


@dataclass(slots=True, kw_only=True)
class Session:
    """A session that stands, at its prompt.

    `patience` bounds each command. `silence` is how long the device may keep us waiting in all from now on, beside the
    short waits that distance explains (`free`): who hung at the login and hangs again has not twice the time, nor who
    drips.
    """

    channel: paramiko.Channel
    line: Line
    most: int
    patience: float
    silence: float
    prompt: str = ""
    pin: str = ""
    remark: str = ""
    over: Ending | None = None
    received: int = 0
    free: float = 0.0

    def __post_init__(self) -> None:
        """The greeting may come as late as any answer."""
        self.free = self.patience * _SOON

    def said(self, command: str) -> Said:
        """All that the device printed for `command`. Never raises; after a cut nothing is asked any more."""
        if self.over is not None:
            return Said(ended=Ending.WALL_TIME)
        try:
            return Said(raw=self._run(command))
        except _CutError as error:
            self.over = error.ended
        except (OSError, paramiko.SSHException, EOFError):
            self.over = Ending.TIMEOUT
        return Said(ended=self.over)

    def get_ready(self, pages: str) -> str:
        """Get to the prompt, without log lines and pages; the command that switched pages off. Raises ShutOutError."""
        self.prompt = self._prompt(self.line.until)
        self.line.enter()
        self.said(_QUIET)
        for command in sorted(_PAGES, key=lambda each: each != pages):
            said = self.said(command)
            if said.ended is None and refusal(lines(said.raw, command)) is None:
                return command
            if said.ended is None and refusal(lines(said.raw, command)) is Refusal.NOT_ALLOWED:
                break
        return ""

    def leave(self) -> None:
        """Log out, so that the line is free at once."""
        with suppress(Exception):
            if self.over is None:
                self.channel.settimeout(1)
                self.channel.sendall(b"quit\n")

    # ------------------------------------------------------------------ reading

    def _prompt(self, until: float) -> str:
        """The prompt, found twice: once after what is said at the login, and once more after an empty line."""
        said, first, questions = bytearray(), "", 0
        try:
            while True:
                said += self._more(until)
                tail = lines_of_tail(said)
                answer = self._answer(tail)
                found = _LAST.search(tail) if answer is None else None
                if found and first == found[1]:
                    return first
                if found:
                    first, answer = found[1], b"\n"
                if answer is not None:
                    said.clear()
                    questions += 1
                    self._send(answer, until)
                if len(said) > LOGIN_BYTES or questions > _QUESTIONS:
                    raise ShutOutError(Blind.BAD_ANSWER)
        except _CutError as error:
            full = error.closed or _FULL.search(lines_of_tail(said))
            raise ShutOutError(Blind.NO_SESSION_LEFT if full else Blind.BAD_ANSWER) from None

    def _answer(self, tail: str) -> bytes | None:
        """What to say to a question at the login; None where `tail` is none. Raises ShutOutError."""
        if _FORCED.search(tail):
            raise ShutOutError(Blind.PASSWORD_EXPIRED)
        if _QUESTION.search(tail):
            if "password" in tail.lower():
                self.remark = "asks to change the password"
            return b"N\n"
        return b"\n" if _GO_ON.search(tail) and not _LAST.search(tail) else None

    def _run(self, command: str) -> bytes:
        """What comes of one command, from its echo to the next prompt. Raises _CutError."""
        until = min(self.line.until, time.monotonic() + self.patience)
        while self.channel.recv_ready():  # what came unasked: a log line, and the prompt after it
            self._more(until)
        self._send(command.encode() + b"\n", until)
        said, echo = bytearray(), command.encode()
        begun = -1
        while True:
            said += self._more(until)
            if len(said) > COMMAND_BYTES:
                raise _CutError(Ending.BYTES)
            if begun < 0 and (begun := said.find(echo)) < 0:
                continue
            tail = lines_of_tail(said[max(begun + len(echo), len(said) - _TAIL) :])
            if _MORE.search(tail):
                self._send(b" ", until)
            elif "\n" in tail and tail.rpartition("\n")[2].strip() == self.prompt:
                return bytes(said[begun:])

    def _send(self, words: bytes, until: float) -> None:
        self.channel.settimeout(max(0.05, until - time.monotonic()))
        self.free = self.patience * _SOON
        try:
            self.channel.sendall(words)
        except TimeoutError:
            raise _CutError(Ending.WALL_TIME) from None
        except OSError:
            raise _CutError(Ending.TIMEOUT, closed=True) from None

    def _more(self, until: float) -> bytes:
        """The next bytes, at least one. Raises _CutError."""
        begun = time.monotonic()
        left = min(until - begun, self.silence + self.free)
        if left <= 0:
            raise _CutError(Ending.WALL_TIME)
        self.channel.settimeout(left)
        try:
            found: bytes = self.channel.recv(65536)
        except TimeoutError:
            raise _CutError(Ending.WALL_TIME) from None
        waited = time.monotonic() - begun
        self.silence -= max(0.0, waited - self.free)
        self.free = min(max(0.0, self.free - waited) + len(found) / _SLOWEST, self.patience * _SOON)
        if not found:
            raise _CutError(Ending.TIMEOUT, closed=self.line.left > 0.1)  # noqa: PLR2004 - our own cut looks the same
        self.received += len(found)
        if self.received > self.most:
            raise _CutError(Ending.BYTES)
        return found


def lines_of_tail(said: bytes | bytearray) -> str:
    """The end of what was said, without escapes, its last line kept even where it is a prompt."""
    tail = bytes(said[-_TAIL:]).decode("utf-8", "replace") if _utf8(said[-_TAIL:]) else bytes(said[-_TAIL:]).decode(
        "gb18030", "replace"
    )  # fmt: skip
    plain = re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x07\x0f]", "", tail)
    return re.sub(r"\r+(?=\n|$)", "", plain).replace("\r", "\n")


def _utf8(octets: bytes | bytearray) -> bool:
    """True where `octets` are UTF-8, perhaps cut within the first character."""
    return any(_decodes(octets[n:]) for n in range(4))


def _decodes(octets: bytes | bytearray) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def session(door: Door, line: Line, most: int) -> Iterator[Session]:
    """A session behind `door`, closed whatever happens. Raises ShutOutError."""
    begun = time.monotonic()
    link = line.connect(door.address, door.port, door.timeout)
    terminal: _Terminal | None = None
    try:
        terminal = _opened(door, line, link)
        channel: Any = terminal.remote_conn
        key = channel.get_transport().get_remote_server_key()
        waited = max(0.0, time.monotonic() - begun - door.timeout * _SOON)
        found = Session(
            channel=channel,
            line=line,
            most=most,
            patience=door.timeout,
            silence=max(0.0, door.timeout - waited),
            pin=f"{key.get_name()} {key.get_base64()}",
        )
        yield found
        found.leave()
    finally:
        if terminal is not None:
            with suppress(Exception):
                terminal.disconnect()
        line.cut()


def _opened(door: Door, line: Line, link: socket.socket) -> _Terminal:
    patience = min(door.timeout, line.left)
    try:
        return _Terminal(
            door.pin,
            host=door.address,
            port=door.port,
            username=door.login.user,
            password=door.login.password,
            sock=link,
            conn_timeout=patience,
            auth_timeout=patience,
            banner_timeout=patience,
            blocking_timeout=patience,
        )
    except Exception as error:  # noqa: BLE001 - whatever a device makes paramiko raise is a reason, never a crash
        raise ShutOutError(_reason(error, line, f"{door.address} port {door.port}"), _stranger(error)) from None


def _stranger(error: BaseException | None) -> str:
    """The host key that was shown in place of the pinned one, in the form of known_hosts; "" where none was."""
    while error is not None:
        if isinstance(error, paramiko.BadHostKeyException):
            return f"{error.key.get_name()} {error.key.get_base64()}"
        error = error.__context__
    return ""


def _reason(error: BaseException, line: Line, where: str) -> Blind:
    """Why a connection did not come about: netmiko says "timeout" to nearly all of it, and keeps what paramiko said."""
    chain = [error]
    while (before := chain[-1].__context__) is not None:
        chain.append(before)
    said = " ".join(str(each) for each in chain).lower()
    if any(isinstance(each, paramiko.BadHostKeyException) for each in chain):
        log.warning("security: the host key of %s is not the one that it had: not logged in", where)
        return Blind.WRONG_HOST_KEY
    if any(isinstance(each, paramiko.ssh_exception.IncompatiblePeer) for each in chain):
        return Blind.NO_COMMON_ALGORITHM
    if any(isinstance(each, paramiko.AuthenticationException) for each in chain) and not re.search(
        "timeout|saw eof", said
    ):
        return Blind.WRONG_PASSWORD
    if any(isinstance(each, paramiko.ChannelException) for each in chain):
        return Blind.NO_SESSION_LEFT
    # none came, or one letter at a time; the second is what paramiko says where its wait for that ended with ours
    if re.search("protocol (?:banner|version)|no existing session", said):
        return Blind.TIMEOUT if line.left < 1 or "timed out" in said else Blind.BAD_ANSWER
    return Blind.BAD_ANSWER
