"""`netvigil backup …`: a copy of all that the daemon knows, made beside it; whether it is whole; and back again."""

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from monitor import safekeeping
from monitor.config import loaded
from monitor.moment import now as this_moment
from monitor.safekeeping import BackupError, Copy
from monitor.verbs import doors


class _MakeByDefault(click.Group):
    """`netvigil backup PATH` makes one: what is no verb is where it goes."""

    def resolve_command(
        self, context: click.Context, words: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that is meant, and its words."""
        if words and self.get_command(context, words[0]) is None:
            words = ["make", *words]
        return super().resolve_command(context, words)


@click.group(cls=_MakeByDefault)
def backup() -> None:
    """Copies of the state directory and the configuration, made while the daemon runs.

    `netvigil backup PATH` is `netvigil backup make PATH`.
    """


@backup.command("make")
@click.argument("target", metavar="PATH", type=click.Path(path_type=Path))
@doors.config
@doors.as_json
def backup_make(target: Path, directory: Path, *, as_json: bool) -> None:
    """Copy everything into the new file PATH, or into a new file in the folder PATH, and check it."""
    settings = loaded(directory, os.environ, with_secrets=False)
    try:
        copy = safekeeping.made(settings.daemon.state, directory, target, this_moment())
    except BackupError as error:
        _refused(error)
    _told(*safekeeping.checked(copy.file), as_json=as_json)


@backup.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@doors.as_json
def backup_check(file: Path, *, as_json: bool) -> None:
    """Whether FILE is a backup that can be put back; exit code 1 where it is not whole."""
    try:
        copy, problems = safekeeping.checked(file)
    except BackupError as error:
        _refused(error)
    _told(copy, problems, as_json=as_json)


@backup.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@doors.config
def backup_restore(file: Path, directory: Path) -> None:
    """Put FILE back into the state directory of the configuration, which is new or empty."""
    state = loaded(directory, os.environ, with_secrets=False).daemon.state
    try:
        copy = safekeeping.restored(file, state)
    except BackupError as error:
        _refused(error)
    click.echo(f"{state}: as of {copy.at.isoformat(timespec='seconds')}, {copy.files} files")


def _told(copy: Copy, problems: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        doors.print_json(
            {
                "file": str(copy.file),
                "at": copy.at.isoformat(),
                "netvigil": copy.netvigil,
                "files": copy.files,
                "octets": copy.octets,
                "problems": list(problems),
            }
        )
    else:
        at = copy.at.isoformat(timespec="seconds")
        click.echo(f"{copy.file}: {copy.files} files, {copy.octets} octets, of {at} (Netvigil {copy.netvigil})")
        for problem in problems:
            click.echo(f"netvigil: {copy.file}: {problem}", err=True)
        if not problems:
            click.echo("whole: database, chain of ticket entries, attachments")
    sys.exit(doors.FINDINGS if problems else doors.FINE)


def _refused(error: BackupError) -> NoReturn:
    click.echo(f"netvigil: {error}", err=True)
    sys.exit(doors.BAD_USAGE)
