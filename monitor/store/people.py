"""Versions of people.toml on disk, none of which is ever deleted: who was on duty then is what the one of then says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import Connection, Row, select

from alerts.desk.calendars import Holidays, Year
from alerts.desk.people import People
from monitor.store import tables

_version = tables.people_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The people file ("" for none) that was in force from `since` on, and the holidays that were known then."""

    since: datetime
    sha256: str
    document: str
    holidays: Holidays


def kept(disk: Connection, people: People, now: datetime) -> None:
    """Keep `people` as those in force from `now` on, unless the newest version says the same."""
    holidays = _told(people.holidays)
    digest = sha256(f"{people.text}\0{holidays}".encode()).hexdigest()
    newest = disk.execute(select(_version.c.sha256).order_by(_version.c.id.desc()).limit(1)).scalar()
    if newest == digest or (newest is None and not people.text):
        return
    disk.execute(_version.insert().values(since=now, sha256=digest, document=people.text, holidays=holidays))


def in_force(disk: Connection, at: datetime) -> Version | None:
    """The version that was in force at `at`; None before the first."""
    wanted = select(_version).where(_version.c.since <= at).order_by(_version.c.id.desc()).limit(1)
    row = disk.execute(wanted).first()
    return _read(row) if row else None


def after(disk: Connection, begin: datetime, end: datetime) -> tuple[Version, ...]:
    """The versions that came into force after `begin` and before `end`, the oldest first."""
    wanted = select(_version).where(_version.c.since > begin, _version.c.since < end).order_by(_version.c.id)
    return tuple(map(_read, disk.execute(wanted)))


def _read(row: Row[tuple[object, ...]]) -> Version:
    return Version(since=row.since, sha256=row.sha256, document=row.document, holidays=_holidays(row.holidays))


def _told(holidays: Holidays) -> str:
    years = {
        str(year): {"off": _dates(told.holidays), "workdays": _dates(told.workdays)}
        for year, told in sorted(holidays.years.items())
    }
    return json.dumps(years, separators=(",", ":"))


def _dates(days: frozenset[date]) -> list[str]:
    return [day.isoformat() for day in sorted(days)]


def _holidays(text: str) -> Holidays:
    told: Mapping[str, Mapping[str, list[str]]] = json.loads(text)
    return Holidays(
        years={
            int(year): Year(
                holidays=frozenset(map(date.fromisoformat, each["off"])),
                workdays=frozenset(map(date.fromisoformat, each["workdays"])),
            )
            for year, each in told.items()
        }
    )
