"""From what was stored to the monthly inspection report of one site, and into the archive.

Gathers the month's facts from the store as one plain value; `alerts.reports.inspection` writes the document of it.
"""

import re
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.desk.clocks import clocks
from alerts.reports.inspection import DeviceMonth, InspectionMonth, TicketMonth, inspection
from collectors.snmp.reader import Silence
from monitor.config import Settings
from monitor.model import Component, Condition, Device, Happened, Identity, Language, Observation, Site
from monitor.settings import Report
from monitor.store import devices, faults, parts, tickets
from monitor.store.devices import Visited

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month_due(local: datetime, report: Report) -> str | None:
    """The month whose report has to be written by `local` (the site's wall clock): the one before, once its day came.

    None before that day. It stays due for the whole month, so a daemon that was stopped catches up.
    """
    if (local.day, local.time()) < (report.day, report.time):
        return None
    return f"{local.replace(day=1) - timedelta(days=1):%Y-%m}"


def archived(disk: Connection, settings: Settings, site: Site, month: str, now: datetime) -> list[Path]:
    """Write the reports of one month into the report folder, where they are not there yet; returns the new files.

    Nothing is written of a month before we began to watch: it would only say that nothing was checked.
    """
    written: list[Path] = []
    first = devices.first_day(disk)
    if first is None or first[: len(month)] > month:
        return written
    for language in settings.report.languages:
        file = settings.report.directory / site.name / f"inspection-{site.name}-{month}.{language.value}.html"
        if file.exists():
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        html = inspection_report(disk, settings, site, month, language, now)
        draft = file.with_suffix(".part")  # a report that was cut off half-way is not mistaken for one
        draft.write_text(html, encoding="utf-8")
        draft.replace(file)
        written.append(file)
    return written


def inspection_report(
    disk: Connection, settings: Settings, site: Site, month: str, language: Language, now: datetime
) -> str:
    """The report of `month` ("2026-11") as HTML. Raises ValueError where that is no month."""
    start, end = _bounds(month, site.zone)
    customer = settings.inventory.customers[site.customer]
    at_site = [device for device in settings.inventory.devices.values() if device.site == site.name]
    return inspection(
        InspectionMonth(
            customer=customer.title or customer.name,
            site=site,
            month=month,
            generated_at=now,
            tool_version=version("netvigil"),
            devices=_device_months(disk, at_site, start, end),
            faults=faults.between(disk, start, end, [device.name for device in at_site]),
            tickets=tuple(
                TicketMonth(ticket=each, state=desk.state(each), clocks=clocks(each, settings.contract, now))
                for each in tickets.between(disk, start, end, [site.name])
            ),
            events=tuple(
                event
                for event in parts.history(disk, [device.name for device in at_site], start, end)
                if event.what is not Happened.LOG_ENTRY
            ),
        ),
        language,
    )


def _device_months(disk: Connection, at_site: list[Device], start: datetime, end: datetime) -> tuple[DeviceMonth, ...]:
    visited = devices.all_visited(disk)
    pictures = devices.newest_snapshots(
        disk, [device.name for device in at_site], start.date().isoformat(), end.date().isoformat()
    )
    months = []
    for device in at_site:
        known, seen = visited.get(device.name), pictures.get(device.name)
        months.append(
            DeviceMonth(
                device=device,
                identity=known.identity if known else Identity(),
                checks=seen.observations if seen else _silence(known),
                reached=seen is not None,
                last_seen=known.answered_at if known else None,
                reason=(known.silence or "") if known else "",
            )
        )
    return tuple(months)


def _silence(known: Visited | None) -> tuple[Observation, ...]:
    """Of a device that told nothing all month, the silence itself is what was found."""
    if known is None or known.silence is None:
        return ()
    blind = known.silence not in {Silence.TIMEOUT, Silence.REFUSED, Silence.UNRESOLVED}
    return (
        Observation(
            component=Component(kind="device", label=""),
            aspect="access" if blind else "answer",
            condition=Condition.FAILED,
            at=known.visited_at,
            raw=known.silence,
        ),
    )


def _bounds(month: str, zone: str) -> tuple[datetime, datetime]:
    """The first moment of the month and that of the next, on the wall clock of `zone`."""
    parts = _MONTH.fullmatch(month)
    if parts is None:
        raise ValueError(f'"{month}" is not a month; write year and month, such as "2026-11"')
    year, number = int(parts[1]), int(parts[2])
    start = datetime(year, number, 1, tzinfo=ZoneInfo(zone))
    return start, start.replace(year=year + number // 12, month=number % 12 + 1)
