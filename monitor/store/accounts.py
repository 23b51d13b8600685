"""Accounts and sessions on disk. Passwords are here only as what argon2id made of them, cookies only as a digest."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Row, select

from monitor.model import Language
from monitor.store import tables

_account, _session = tables.account, tables.session
_SEEN_EVERY = timedelta(minutes=5)  # a visit of a page is no reason for a write


class NoSuchAccountError(LookupError):
    """There is no account of that name."""


class AccountRole(StrEnum):
    """What somebody may do: look, act on tickets, or that and whatever is added for administrators."""

    ADMIN = "admin"
    ENGINEER = "engineer"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person who may use the pages. `person` is how tickets name them; `language` None follows the browser."""

    name: str
    person: str
    hash: str
    role: AccountRole
    created: datetime
    language: Language | None = None
    disabled: bool = False
    must_change: bool = False

    @property
    def signs(self) -> str:
        """The name under which the account writes into tickets."""
        return self.person or self.name

    @property
    def may_act(self) -> bool:
        """False for who may only look."""
        return self.role is not AccountRole.VIEWER


def every(disk: Connection) -> tuple[Account, ...]:
    """All accounts, by name."""
    return tuple(map(_read, disk.execute(select(_account).order_by(_account.c.name))))


def found(disk: Connection, name: str) -> Account:
    """The account of that name. Raises NoSuchAccountError."""
    account = named(disk, name)
    if account is None:
        raise NoSuchAccountError(f'no account "{name}"; "netvigil account list" shows them all')
    return account


def named(disk: Connection, name: str) -> Account | None:
    """The account of that name, if there is one."""
    row = disk.execute(select(_account).where(_account.c.name == name)).first()
    return None if row is None else _read(row)


def added(disk: Connection, account: Account) -> None:
    """Write a new account down. Raises ValueError where there is one of that name."""
    if named(disk, account.name) is not None:
        raise ValueError(f'there is an account "{account.name}" already; choose another name')
    disk.execute(
        _account.insert().values(
            name=account.name, person=account.person, hash=account.hash, role=account.role.value,
            language=account.language.value if account.language else "", disabled=int(account.disabled),
            must_change=int(account.must_change), created=account.created,
        )
    )  # fmt: skip


def password_set(disk: Connection, name: str, hashed: str, *, must_change: bool) -> None:
    """Give the account another password; whoever is logged in with the old one is not any more."""
    found(disk, name)
    disk.execute(_account.update().where(_account.c.name == name).values(hash=hashed, must_change=int(must_change)))
    logged_out(disk, name)


def disabled(disk: Connection, name: str, *, disabled: bool) -> None:
    """Shut the account, or open it again; whoever is logged in with it is not any more."""
    found(disk, name)
    disk.execute(_account.update().where(_account.c.name == name).values(disabled=int(disabled)))
    logged_out(disk, name)


def began(disk: Connection, digest: str, account: str, now: datetime, expires: datetime) -> None:
    """Write down that somebody logged in, and forget sessions that are over."""
    disk.execute(_session.delete().where(_session.c.expires <= now))
    disk.execute(_session.insert().values(digest=digest, account=account, created=now, expires=expires, last_seen=now))


def of_session(disk: Connection, digest: str, now: datetime) -> tuple[Account, bool] | None:
    """Whose session that is, and whether `touched` should be called; None where there is none that counts."""
    row = disk.execute(select(_session).where(_session.c.digest == digest, _session.c.expires > now)).first()
    if row is None:
        return None
    account = named(disk, row.account)
    if account is None or account.disabled:
        return None
    return account, now - row.last_seen > _SEEN_EVERY


def touched(disk: Connection, digest: str, now: datetime) -> None:
    """Write down that somebody is still there."""
    disk.execute(_session.update().where(_session.c.digest == digest).values(last_seen=now))


def ended(disk: Connection, digest: str) -> None:
    """Somebody logged out."""
    disk.execute(_session.delete().where(_session.c.digest == digest))


def logged_out(disk: Connection, name: str) -> None:
    """End all sessions of an account."""
    disk.execute(_session.delete().where(_session.c.account == name))


def _read(row: Row[tuple[object, ...]]) -> Account:
    return Account(
        name=row.name,
        person=row.person,
        hash=row.hash,
        role=AccountRole(row.role),
        language=Language(row.language) if row.language else None,
        disabled=bool(row.disabled),
        must_change=bool(row.must_change),
        created=row.created,
    )
