"""`netvigil run` and `netvigil demo`: the daemon itself."""

import sys
from pathlib import Path

import click

from monitor import app
from monitor.model import Language
from monitor.verbs import doors


@click.command()
@doors.config
def run(directory: Path) -> None:
    """Run the daemon until SIGTERM; SIGHUP reads the configuration anew."""
    app.run(directory)


@click.command()
@click.option("--for", "seconds", type=click.IntRange(min=10), help="End after so many seconds.")
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), help="Keep state here and go on from it.")
@doors.language(Language.EN)
@click.option("--picture", "picture_to", type=click.Path(dir_okay=False, path_type=Path), hidden=True)
@doors.as_json
def demo(seconds: int | None, state: Path | None, language: str, picture_to: Path | None, *, as_json: bool) -> None:
    """Run the daemon over a simulated fleet that breaks and heals, with a real SMTP server for the mail."""
    from monitor.demo.show import demo as shown  # noqa: PLC0415 - the daemon itself needs no simulator

    sys.exit(shown(seconds=seconds, state=state, language=Language(language), as_json=as_json, picture_to=picture_to))
