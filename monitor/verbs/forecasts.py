"""`netvigil notice forecast|foretell`: what is going to happen to parts, by what the daemon has measured."""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import click

from alerts.notices.forecast import Forecast, as_data
from alerts.notices.forecast_words import Beside, told
from monitor import foreseeing, press
from monitor.config import Settings, loaded
from monitor.forecasting import forecasts, joined
from monitor.model import Language
from monitor.moment import now as this_moment
from monitor.store import forecasts as store
from monitor.store.database import Store
from monitor.store.forecasts import Kept
from monitor.verbs import doors

_Row = tuple[Forecast, Beside, Kept | None]


@click.command("forecast")
@doors.config
@click.option("--device", "names", multiple=True, help="Only this device; may be given several times.")
@click.option("--anew", is_flag=True, help="Look ahead now; nothing is kept and nobody is told.")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), help="As --anew, as of this day, the last that counts; else yesterday."
)
@doors.language(Language.EN)
@doors.as_json
def forecast(
    directory: Path, names: tuple[str, ...], on: datetime | None, language: str, *, anew: bool, as_json: bool
) -> None:
    """Say which parts drift to which limit, and when they reach it; exit code 1 where there are any."""
    settings = loaded(directory, os.environ, with_secrets=False)
    for name in names:
        if name not in settings.inventory.devices:
            raise LookupError(f'there is no device "{name}"')
    spoken = Language(language)
    rows = _anew(settings, names, on) if anew or on else _kept(settings, names)
    if as_json:
        doors.print_json([_row(each, spoken) for each in rows])
    else:
        for each, beside, kept in rows:
            said = told(each, spoken, beside)
            click.echo(said.title)
            click.echo(f"  {said.text.strip()}")
            click.echo(f"  [{said.evidence}]")
            if kept is not None:
                since = f"found first {kept.since:%Y-%m-%d %H:%M}Z"
                click.echo(f"  [{since}, told {f'{kept.told_first:%Y-%m-%d %H:%M}Z' if kept.told_first else 'nobody'}]")
        if not rows:
            click.echo("none")
    sys.exit(doors.FINDINGS if rows else doors.FINE)


@click.command("foretell")
@doors.config
@doors.as_json
def foretell(directory: Path, *, as_json: bool) -> None:
    """Look ahead, keep what is found, and write letters about what is new or nearer. The daemon does it each day."""
    press.modest()
    settings = loaded(directory, os.environ, with_secrets=False)
    with Store(settings.daemon.state) as disk:
        done = foreseeing.rounded(disk, settings, this_moment())
    if as_json:
        doors.print_json({"found": done.found, "told": done.told, "letters": done.letters, "ended": done.ended})
    else:
        click.echo(f"{done.found} foreseen, {done.told} told in {done.letters} letters, {done.ended} ended")


def _anew(settings: Settings, names: Sequence[str], on: datetime | None) -> list[_Row]:
    # noon of the day after, in UTC, is the day after in every zone from UTC-12 to UTC+11
    now = datetime.combine(on.date() + timedelta(days=1), time(12), UTC) if on else this_moment()
    with doors.reading(settings) as disk:
        found = forecasts(disk, settings, now, names or None)
        return [(each, joined(disk, settings, each), None) for each in found]


def _kept(settings: Settings, names: Sequence[str]) -> list[_Row]:
    with doors.reading(settings) as disk:
        known = store.standing(disk)
    return [(each.forecast, each.beside, each) for each in known if not names or each.forecast.device in names]


def _row(row: _Row, language: Language) -> dict[str, object]:
    each, beside, kept = row
    said = told(each, language, beside)
    return {
        **as_data(each),
        "title": said.title,
        "text": said.text.strip(),
        "evidence": said.evidence,
        "spares": beside.spares,
        "warranty_ends": beside.warranty,
        "since": _at(kept.since if kept else None),
        "told_first": _at(kept.told_first if kept else None),
        "told_last": _at(kept.told_last if kept else None),
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
