"""`netvigil device trend`: what was measured of a device, day by day."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from alerts.past import Series, Span
from monitor import past
from monitor.config import loaded
from monitor.moment import now as this_moment
from monitor.verbs import doors


@click.command("trend")
@click.argument("name", metavar="DEVICE")
@click.option("--part", help="A part, by its kind or its label.")
@click.option("--aspect", multiple=True, help='Such as "temperature" or "utilisation_in"; may be given several times.')
@click.option("--days", "count", type=click.IntRange(1, 1100), default=7, show_default=True, help="How far back.")
@click.option("--hours", "by_hour", is_flag=True, help="Hour by hour.")
@doors.config
@doors.as_json
def device_trend(
    name: str, part: str | None, aspect: tuple[str, ...], count: int, directory: Path, *, by_hour: bool, as_json: bool
) -> None:
    """What was measured of a device, day by day, and for how long its parts were in which condition."""
    settings = loaded(directory, os.environ)
    device = settings.inventory.devices.get(name)
    if device is None:
        raise LookupError(f'no device "{name}" in the inventory; "netvigil device list" shows them all')
    if why := past.trouble(settings):
        click.echo(f"netvigil: the past cannot be read: {why}", err=True)
        sys.exit(doors.UNREACHABLE)
    zone = ZoneInfo(settings.inventory.sites[device.site].zone)
    end = this_moment().astimezone(zone).date() + timedelta(days=1)
    wanted = past.Wanted(aspects=frozenset(aspect) or None)
    read = past.hours if by_hour else past.days
    with doors.reading(settings) as disk:
        found = [
            series
            for series in read(disk, settings, [name], end - timedelta(days=count), end, wanted)
            if part is None or part in {series.component.kind, series.component.label}
        ]
    if as_json:
        doors.print_json([_document(series) for series in found])
        return
    rows = [_row(series, span, zone, by_hour=by_hour) for series in found for span in series.spans]
    doors.print_rows(rows, as_json=False)


def _row(series: Series, span: Span, zone: ZoneInfo, *, by_hour: bool) -> dict[str, Any]:
    start = span.start.astimezone(zone)
    return {
        "part": f"{series.component.kind} {series.component.label}".strip(),
        "aspect": f"{series.aspect} {series.unit}".strip(),
        "start": f"{start:%Y-%m-%d %H:%M}" if by_hour else f"{start:%Y-%m-%d}",
        "low": _short(span.low),
        "mean": _short(span.mean),
        "high": _short(span.high),
        "last": _short(span.last),
        "known": f"{span.seconds / 3600:.1f} h",
        "conditions": ", ".join(f"{one.value} {length / 3600:.1f} h" for one, length in span.conditions.items()),
    }


def _short(number: float | None) -> str:
    return "" if number is None else f"{number:.6g}"


def _document(series: Series) -> dict[str, Any]:
    return {
        "component": {"kind": series.component.kind, "label": series.component.label},
        "aspect": series.aspect,
        "unit": series.unit or None,
        "limits": {"low": series.limit_low, "high": series.limit_high},
        "spans": [
            {
                "start": span.start.isoformat(timespec="seconds"),
                "seconds": span.seconds,
                "samples": span.samples,
                "low": span.low,
                "mean": span.mean,
                "high": span.high,
                "last": span.last,
                "median": span.median,
                "conditions": {one.value: length for one, length in span.conditions.items()},
            }
            for span in series.spans
        ],
    }
