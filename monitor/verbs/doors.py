"""What all commands share: where the configuration is, what ends with which exit code, rows and JSON.

Exit codes: 0 fine, 1 findings (a fault, a refusal), 2 usage or bad configuration, 3 unreachable. One JSON document
goes to standard output; logs and complaints go to standard error.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from sqlalchemy import Connection

from monitor.config import ConfigError, Settings
from monitor.model import Language
from monitor.problem import AddressTakenError, Problem, check_lines
from monitor.store.database import StateDirectoryError, Store

FINE, FINDINGS, BAD_USAGE, UNREACHABLE = 0, 1, 2, 3
_ONE_LINE = 400
SYSTEM_CONFIG = Path("/etc/netvigil")
P = ParamSpec("P")
R = TypeVar("R")

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def language(default: Language) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The option that says in which language."""
    names = [each.value for each in Language]
    return click.option("--language", type=click.Choice(names), default=default.value, show_default=True)


def config(command: Callable[P, R]) -> Callable[P, R]:
    """The option that says where the configuration is; what is wrong with it ends the command with words and code 2."""

    @click.option(
        "--config",
        "directory",
        envvar="NETVIGIL_CONFIG",
        type=click.Path(file_okay=False, path_type=Path),
        default=SYSTEM_CONFIG,
        show_default=True,
        help="The folder of the configuration.",
    )
    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ConfigError as error:
            for line in check_lines(error.problems):
                click.echo(line, err=True)
            directory = kwargs.get("directory")
            if isinstance(directory, Path) and not directory.is_dir():
                hint = "say where the configuration is with --config DIR, or set NETVIGIL_CONFIG"
                click.echo(f"netvigil: there is no folder {directory}; {hint}", err=True)
        except (StateDirectoryError, AddressTakenError) as error:
            click.echo(f"netvigil: {error}", err=True)
        except LookupError as error:
            click.echo(f"netvigil: {error.args[0]}", err=True)
        sys.exit(BAD_USAGE)

    return guarded


@contextmanager
def reading(settings: Settings) -> Iterator[Connection]:
    """The store of the daemon, to look at."""
    with Store(settings.daemon.state) as store, store.reading() as disk:
        yield disk


def print_rows(rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """Print rows of equal keys as a table, or as one JSON array."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("none")
        return
    from rich.console import Console  # noqa: PLC0415 - a command that prints JSON does without
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    console = Console(markup=False)
    # Into a file or a pipe a row is one line: nobody sees an edge there that it would have to be folded at.
    (console if console.is_terminal else Console(markup=False, width=_ONE_LINE)).print(table)


def problem_told(problem: Problem) -> dict[str, object]:
    """A problem of a file as JSON tells it."""
    return {name: getattr(problem, name) for name in ("file", "line", "key", "reason", "hint")}


def print_json(told: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(told, ensure_ascii=False, indent=1, default=str))
