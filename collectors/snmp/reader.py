"""The one interface to SNMP: whole tables of columns in, rows out. Engines stand behind it, visits before it.

It speaks of tables and columns, never of single requests, so that an engine is free to ask for all columns of a table
at once, to resume a reply that was cut in mid-row, and to keep what it learned of a device's layout between two reads.
An engine never raises for what a device does: silence, refusal and endless answers are values (`Silence`, `Ending`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

Value = int | float | bytes | str | None
"""INTEGER, counters, gauges and TimeTicks are int; OCTET STRING, Opaque and BITS are bytes as sent; OBJECT IDENTIFIER
and IpAddress are dotted text; None is NULL, noSuchObject, noSuchInstance or endOfMibView. Only Redfish knows float."""


class AuthProtocol(StrEnum):
    """USM authentication (RFC 3414, RFC 7860)."""

    SHA1 = "sha1"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"
    MD5 = "md5"


class PrivProtocol(StrEnum):
    """USM privacy (RFC 3826; the longer keys by Blumenthal, `_reeder` by Reeder as some devices do)."""

    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"
    AES192_REEDER = "aes192_reeder"
    AES256_REEDER = "aes256_reeder"
    DES = "des"


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """SNMPv2c. The community is a secret: it is never shown."""

    community: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """SNMPv3 USM. Without an authentication protocol it is noAuthNoPriv, without a privacy protocol authNoPriv."""

    user: str
    auth: AuthProtocol | None = None
    auth_key: str = field(default="", repr=False)
    priv: PrivProtocol | None = None
    priv_key: str = field(default="", repr=False)
    context: str = ""


Credential = Community | User


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to ask and how patiently: seconds until the first repeat, and how many repeats."""

    address: str
    credential: Credential
    port: int = 161
    timeout: float = 2.0
    retries: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask: instances ("1.3.6.1.2.1.1.1.0"), and tables as tuples of column OIDs that share one index."""

    scalars: tuple[str, ...] = ()
    tables: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that one read may cost: seconds of wall time, rows of one table, bytes of all answers."""

    seconds: float = 30.0
    rows: int = 20_000
    bytes: int = 16_000_000


class Silence(StrEnum):
    """Why a device told nothing at all."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNRESOLVED = "unresolved"
    WRONG_USER = "wrong_user"
    WRONG_KEY = "wrong_key"
    WRONG_LEVEL = "wrong_level"
    TIME_WINDOW = "time_window"
    UNKNOWN_ENGINE = "unknown_engine"
    BAD_ANSWER = "bad_answer"


class Ending(StrEnum):
    """Why a table ended before its end. What was read until then is kept."""

    TIMEOUT = "timeout"
    WALL_TIME = "wall_time"
    ROWS = "rows"
    BYTES = "bytes"
    REPEATED_OID = "repeated_oid"
    ERROR_STATUS = "error_status"
    NOT_ALLOWED = "not_allowed"
    """A command, or a resource, that our user may not see."""
    UNREADABLE = "unreadable"
    """An answer came, and nothing that we know takes it apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The answer to one table: `columns[oid][i]` is the value of the instance `oid.index[i]`, None where there is none.

    Every column asked for is a key. `ended` is None where the table was read to its end.
    """

    index: tuple[str, ...]
    columns: Mapping[str, tuple[Value, ...]]
    ended: Ending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The answer to a `Request`: scalars by OID, tables in the order asked.

    Where `silence` is set nothing was read: the scalars are empty and each table is without rows.
    """

    scalars: Mapping[str, Value]
    tables: tuple[Rows, ...]
    silence: Silence | None = None
    seconds: float = 0.0
    requests: int = 0
    bytes: int = 0


class Reader(Protocol):
    """An engine. `read` returns within the budget, and never raises for what a device does."""

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        """All that `request` asks of `target`."""

    async def close(self) -> None:
        """Give back sockets and what else is held."""
