"""`netvigil account …`: who may use the desk's pages."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Connection

from monitor import accounts
from monitor.config import loaded
from monitor.model import Language
from monitor.moment import now as this_moment
from monitor.store import accounts as kept
from monitor.store.accounts import AccountRole
from monitor.store.database import Store
from monitor.verbs import doors

_ROLES = click.Choice([each.value for each in AccountRole])


@click.group()
def account() -> None:
    """Who may use the desk's pages."""


@contextmanager
def _writing(directory: Path) -> Iterator[Connection]:
    """One transaction; what cannot be ends the command with its words and code 1."""
    settings = loaded(directory, os.environ, with_secrets=False)
    try:
        with Store(settings.daemon.state) as store, store.writing() as disk:
            yield disk
    except ValueError as error:
        click.echo(f"netvigil: {error}", err=True)
        sys.exit(doors.FINDINGS)


@account.command("add")
@click.argument("name")
@click.option("--person", default="", help="How tickets name them; best as people.toml does.")
@click.option("--role", type=_ROLES, default=AccountRole.ENGINEER.value, show_default=True, help="What they may do.")
@click.option("--language", type=click.Choice([each.value for each in Language]), help="Else that of the browser.")
@doors.config
def account_add(name: str, person: str, role: str, language: str | None, directory: Path) -> None:
    """Make an account. Prints its one-time password, which is kept nowhere and must be changed at the first login."""
    spoken = Language(language) if language else None
    with _writing(directory) as disk:
        _, password = accounts.made(disk, name, person, AccountRole(role), spoken, this_moment())
    click.echo(password)


@account.command("list")
@doors.config
@doors.as_json
def account_list(directory: Path, *, as_json: bool) -> None:
    """All accounts."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        every = kept.every(disk)
    rows = [
        {
            "name": each.name,
            "person": each.person,
            "role": each.role.value,
            "language": each.language.value if each.language else None,
            "disabled": each.disabled,
            "must_change": each.must_change,
            "created": each.created.isoformat(timespec="seconds"),
        }
        for each in every
    ]
    doors.print_rows(rows, as_json=as_json)


@account.command("password")
@click.argument("name")
@doors.config
def account_password(name: str, directory: Path) -> None:
    """Give an account a new one-time password, and print it. Whoever is logged in with it is not any more."""
    password = accounts.one_time()
    with _writing(directory) as disk:
        kept.password_set(disk, name, accounts.hashed(password), must_change=True)
    click.echo(password)


@account.command("disable")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Open it again.")
@doors.config
def account_disable(name: str, directory: Path, *, undo: bool) -> None:
    """Shut an account at once, or open it again. What it wrote into tickets stays."""
    with _writing(directory) as disk:
        kept.disabled(disk, name, disabled=not undo)
    click.echo(f"{name}: {'open' if undo else 'disabled'}")
