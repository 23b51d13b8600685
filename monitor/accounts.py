"""Who may use the desk's pages: passwords, the first account, tries that are too many. Called by pages and commands."""

import os
import re
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from monitor.model import Language
from monitor.store import accounts
from monitor.store.accounts import Account, AccountRole

FIRST: Final = "admin"
FIRST_PASSWORD_FILE: Final = "first-password"  # noqa: S105 - the name of a file
"""Below the state directory, for its owner alone; gone when the password was changed."""
SHORTEST, LONGEST = 12, 200
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
# RFC 9106, section 4, second recommendation: 64 MiB, three passes, four lanes; the library's own defaults may move.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for one another when read off a screen


def made(
    disk: Connection, name: str, person: str, role: AccountRole, language: Language | None, now: datetime
) -> tuple[Account, str]:
    """A new account and its one-time password, which must be changed at the first login.

    Raises ValueError where the name cannot be, or is taken.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f'"{name}" is no name for an account: a-z, 0-9, ".", "_" and "-", at most 64')
    password = one_time()
    account = Account(
        name=name, person=person, hash=hashed(password), role=role, language=language, must_change=True, created=now
    )
    accounts.added(disk, account)
    return account, password


def first_made(disk: Connection, state: Path, now: datetime) -> Path | None:
    """Where there is no account yet, make `admin`; the file that holds its one-time password, else None."""
    if accounts.every(disk):
        return None
    _, password = made(disk, FIRST, "", AccountRole.ADMIN, None, now)
    path = state / FIRST_PASSWORD_FILE
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{password}\n")
    return path


def one_time() -> str:
    """A password that a person can read off and type: 98 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def hashed(password: str) -> str:
    """What is kept of a password. Takes some 50 ms and 64 MiB: not for the event loop."""
    return _HASHER.hash(password)


def is_right(account: Account | None, password: str) -> bool:
    """Whether that is the account's password. It takes as long where there is no such account, or it is shut."""
    try:
        _HASHER.verify(account.hash if account else _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return account is not None and not account.disabled


@cache
def _nobody() -> str:
    return hashed(secrets.token_hex())


def refusal(new: str, again: str, old: str) -> str:
    """Which words say why `new` cannot be the password, "" where it can; keys of [page] of the locale."""
    if new != again:
        return "password_differs"
    if not SHORTEST <= len(new) <= LONGEST:
        return "password_length"
    return "password_same" if new == old else ""


def digest(token: str) -> str:
    """What is kept of a session's cookie."""
    return sha256(token.encode()).hexdigest()


def form_token(token: str) -> str:
    """What the forms of a session carry: follows from the cookie, and tells nothing of it."""
    return sha256(f"form {token}".encode()).hexdigest()


@dataclass(slots=True)
class Throttle:
    """Counts failed logins of the last while: by account and address, by address, by account.

    An account alone may have many, or anybody could shut out its owner by trying. Kept in memory, and not for ever.
    """

    within: timedelta = timedelta(minutes=15)
    most: Mapping[str, int] = field(default_factory=lambda: {"both": 5, "address": 30, "account": 100})
    remembered: int = 10_000
    _failed: dict[tuple[str, str], deque[datetime]] = field(default_factory=dict)

    def is_shut(self, name: str, address: str, now: datetime) -> bool:
        """True where no further try is heard for now."""
        return any(len(self._recent(key, now)) >= self.most[key[0]] for key in _keys(name, address))

    def failed(self, name: str, address: str, now: datetime) -> None:
        """One more that failed."""
        for key in _keys(name, address):
            recent = self._recent(key, now)
            recent.append(now)
            self._failed.pop(key, None)
            self._failed[key] = recent  # the newest last
        while len(self._failed) > self.remembered:
            del self._failed[next(iter(self._failed))]

    def succeeded(self, name: str, address: str) -> None:
        """The right person was there: what they mistyped is forgotten, and the last try did not fail."""
        both, *others = _keys(name, address)
        self._failed.pop(both, None)
        for key in others:
            if times := self._failed.get(key):
                times.pop()

    def _recent(self, key: tuple[str, str], now: datetime) -> deque[datetime]:
        times = self._failed.get(key, deque())
        while times and now - times[0] > self.within:
            times.popleft()
        return times


def _keys(name: str, address: str) -> tuple[tuple[str, str], ...]:
    return ("both", f"{name} {address}"), ("address", address), ("account", name)
