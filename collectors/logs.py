"""What a device wrote into its own logs since the last visit: events, which are no faults. Asked after a visit.

A line is known by what it says, not by its place: logs are emptied, and some count anew whenever a line comes.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b

from collectors.claims import CLAIMS
from collectors.plan import Log
from collectors.snmp.reader import Value
from collectors.tables import Table, text
from collectors.visit import Visit
from monitor.model import Condition, LogEntry

AT_FIRST = 20
"""The most lines that are taken of a log of which nothing is known yet; the newest."""
AT_ONCE = 200
"""The most that one log can bring at one visit: a device that writes more is told in part."""

_CIM = re.compile(r"(\d{14})\.[\d*]{6}([+-])(\d{3})")  # DateName of IDRAC-MIB-SMIv2: the end is minutes from UTC
_Line = tuple[str, str, str]  # its number, its time and its text, as they were told


def entries(visit: Visit, before: Visit | None) -> tuple[LogEntry, ...]:
    """The lines that `visit` read and `before` (the last visit that was answered) did not, the oldest first.

    What has been read by an earlier visit than `before` may come again, under the same `id`.
    """
    found: list[LogEntry] = []
    if visit.platform is not None:
        known = before.tables if before is not None and before.platform is visit.platform else {}
        for log in visit.platform.logs:
            table, last = visit.tables.get(log.table), known.get(log.table)
            if any(visit.tables[name].index for name in log.if_empty if name in visit.tables):
                continue  # another eye reads the same log
            if table is not None and table is not last:
                found += _fresh(log, table, last)
    return tuple(found)


def _fresh(log: Log, table: Table, last: Table | None) -> Iterator[LogEntry]:
    whole = last is not None and not last.ended
    known = Counter(_lines(log, last)) if last is not None else Counter[_Line]()
    rows: list[int] = []
    lines = list(_lines(log, table))
    for row, line in enumerate(lines):
        if known[line]:
            known[line] -= 1
        else:
            rows.append(row)
    moments = [_moment(time, utc=log.utc) for _, time, _ in lines]
    told = [moment.timestamp() for moment in moments if moment is not None]
    told = told or [float(number) for number, _, _ in lines if number.isdecimal()]
    if told and told[0] > told[-1]:  # the newest stands first
        rows.reverse()
    seen = Counter[_Line]()
    for row in rows[-(AT_ONCE if whole else AT_FIRST) :]:
        seen[lines[row]] += 1
        yield _entry(log, table, row, lines[row], moments[row], seen[lines[row]])


def _lines(log: Log, table: Table) -> Iterator[_Line]:
    columns = table.columns
    for row in range(len(table.index)):
        said = " ".join(word for name in log.text if (word := text(columns[name][row])))
        number, time = (text(columns[name][row]) if name else "" for name in (log.record, log.time))
        yield number, time, said


def _entry(log: Log, table: Table, row: int, line: _Line, at: datetime | None, often: int) -> LogEntry:
    number, time, said = line
    digest = blake2b("\n".join(line).encode("utf-8", "replace"), digest_size=8).hexdigest()
    words = [f"{log.name}/{number}" if number else log.name, digest, *([str(often)] if often > 1 else [])]
    return LogEntry(
        id="/".join(words),
        at=at,
        severity=_severity(log, table.columns[log.severity][row]) if log.severity else None,
        text=said if at is not None or not time.strip("0.+-*") else f"{time} {said}",
        source=table.source(log.text[-1], row),
    )


def _severity(log: Log, value: Value) -> Condition | None:
    claim = None if value in {None, b""} else CLAIMS["states"](value, log.states, frozenset())
    return claim[0] if claim else None


def _moment(told: str, *, utc: bool) -> datetime | None:
    """The moment that `told` says in one of the forms of devices; None where it is none, or its zone is not known."""
    try:
        if match := _CIM.fullmatch(told):
            zone = timezone(timedelta(minutes=int(match[2] + match[3])))
            return datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=zone).astimezone(UTC)
        moment = datetime.fromisoformat(told)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC) if utc else None
    return moment.astimezone(UTC)
