"""The people of any moment: those of the store for the past, those of the configuration from now on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts.desk.people import People
from alerts.desk.recurring import Span
from monitor.document import Document, checked
from monitor.people_file import PeopleFile
from monitor.people_read import people
from monitor.problem import ConfigError, Problem
from monitor.store import people as stored
from monitor.store.people import Version


def people_at(disk: Connection, current: People, at: datetime, now: datetime) -> People | None:
    """The people in force at `at`; None where the daemon had kept none by then."""
    if at >= now:
        return current
    version = stored.in_force(disk, at)
    return _people(version) if version else None


def timeline(
    disk: Connection, current: People, begin: datetime, end: datetime, now: datetime
) -> Iterator[tuple[Span, People | None]]:
    """The people of each part of the time from `begin` to `end`; None for what is not known."""
    past = min(end, now)
    at, known = begin, people_at(disk, current, begin, now)
    for version in stored.after(disk, begin, past):
        yield Span(begins=at, ends=version.since), known
        at, known = version.since, _people(version)
    if at < past:
        yield Span(begins=at, ends=past), known
        at = past
    if at < end:
        yield Span(begins=at, ends=end), current


def _people(version: Version) -> People:
    """The people that a version says. Raises ConfigError where this release reads such files no longer."""
    if not version.document:
        return People(holidays=version.holidays)
    source = Document(f"people.toml of {version.since.isoformat(timespec='seconds')}", version.document)
    problems: list[Problem] = []
    file = checked(source.data, PeopleFile, source, problems)
    if file is None:
        raise ConfigError(problems)
    return replace(people(file, version.document), holidays=version.holidays)
