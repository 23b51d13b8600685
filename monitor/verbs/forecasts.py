"""`netvigil notice forecast`: what is going to happen to parts, by what the daemon has measured."""

import os
import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import click

from alerts.notices.forecast import Forecast, as_data
from alerts.notices.forecast_words import Beside, told
from monitor import forecasting
from monitor.app import now as this_moment
from monitor.config import loaded
from monitor.model import Language
from monitor.verbs import doors


@click.command("forecast")
@doors.config
@click.option("--device", "names", multiple=True, help="Only this device; may be given several times.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="As of this day, the last that counts; else yesterday.")
@doors.language(Language.EN)
@doors.as_json
def forecast(directory: Path, names: tuple[str, ...], on: datetime | None, language: str, *, as_json: bool) -> None:
    """Say which parts drift to which limit, and when they reach it; exit code 1 where there are any."""
    settings = loaded(directory, os.environ, with_secrets=False)
    for name in names:
        if name not in settings.inventory.devices:
            raise LookupError(f'there is no device "{name}"')
    # noon of the day after, in UTC, is the day after in every zone from UTC-12 to UTC+11
    now = datetime.combine(on.date() + timedelta(days=1), time(12), UTC) if on else this_moment()
    spoken = Language(language)
    with doors.reading(settings) as disk:
        found = forecasting.forecasts(disk, settings, now, names or None)
        beside = [forecasting.joined(disk, settings, each) for each in found]
    if as_json:
        doors.print_json([_row(*each, spoken) for each in zip(found, beside, strict=True)])
    else:
        for each, known in zip(found, beside, strict=True):
            said = told(each, spoken, known)
            click.echo(said.title)
            click.echo(f"  {said.text.strip()}")
            click.echo(f"  [{said.evidence}]")
        if not found:
            click.echo("none")
    sys.exit(doors.FINDINGS if found else doors.FINE)


def _row(each: Forecast, beside: Beside, language: Language) -> dict[str, object]:
    said = told(each, language, beside)
    return {
        **as_data(each),
        "title": said.title,
        "text": said.text.strip(),
        "evidence": said.evidence,
        "spares": beside.spares,
        "warranty_ends": beside.warranty,
    }
