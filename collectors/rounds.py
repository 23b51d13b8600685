"""Which tables are due at a visit: most at each, those that hardly change every so often, absent ones seldom.

A step of visit.py, before anything is asked. What is not asked stays as it was told last. All of it is asked at the
first visit, after a silence and after a restart of the device (sysUpTime went back), because then all may be another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zlib import crc32

from collectors.plan import Origin, Platform
from collectors.snmp.reader import Ending, Request, Rows
from collectors.tables import Table

RARELY = 900.0
"""Seconds until a table is asked again that had no rows at the last two times, and never any before."""
_BARE = 2
_AGAIN = frozenset({Ending.TIMEOUT, Ending.WALL_TIME})  # it may go better the next time


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """What was asked when: by seconds between two times, when those tables were last asked.

    `bare` counts for each root of a table, by its position in the request, how often in a row it had no rows; a root
    that had rows once is not in it, and is never thought absent. `stand_ins` are the positions of the tables that are
    asked because the column for which they stand in says nothing.
    """

    asked: Mapping[float, datetime] = field(default_factory=dict)
    bare: Mapping[int, int] = field(default_factory=dict)
    stand_ins: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a visit asks, and which positions of the platform's request these tables have."""

    request: Request
    positions: Sequence[int]
    seconds: frozenset[float]


NOTHING_DUE = Due(request=Request(), positions=(), seconds=frozenset())


def due(platform: Platform, last: Rounds | None, at: datetime, name: str) -> Due:
    """What to ask of the device `name` now; everything where there is no `last` time."""
    everything = platform.request
    paces = platform.paces | {RARELY}
    if last is None or any(moment > at for moment in last.asked.values()):  # or by a clock that was set back since
        return _first(platform, paces)
    # devices that were first visited in one storm come apart, by up to a fifth of the time
    share = 0.8 + 0.4 * crc32(name.encode()) / 2**32
    asked, bare = last.asked, last.bare
    seconds = frozenset(
        [pace for pace in paces if pace not in asked or (at - asked[pace]).total_seconds() >= pace * share]
    )
    positions = [
        origin.position
        for origin in platform.tabular
        if (not origin.instead_of or origin.position in last.stand_ins)
        and (RARELY if bare.get(origin.position) == _BARE and not origin.may_fill else origin.every) in seconds
    ]
    request = Request(scalars=everything.scalars, tables=tuple([everything.tables[n] for n in positions]))
    return Due(request=request, positions=positions, seconds=seconds)


def _first(platform: Platform, paces: frozenset[float]) -> Due:
    """What to ask of a device of which nothing is known: all but what only stands in."""
    everything, spared = platform.request, {origin.position for origin in platform.stand_ins}
    if not spared:
        return Due(request=everything, positions=range(len(everything.tables)), seconds=paces)
    positions = [n for n in range(len(everything.tables)) if n not in spared]
    request = Request(scalars=everything.scalars, tables=tuple([everything.tables[n] for n in positions]))
    return Due(request=request, positions=positions, seconds=paces)


def overdue(platform: Platform, now: Due, answers: Mapping[int, Rows], told: Mapping[str, Table]) -> Due | None:
    """The tables that were left out `now` and are wanted after all, because other rows came or went; None for none.

    A part that was plugged in has its state here, and its name in a table that is seldom asked: both or neither.
    """
    tabular = platform.tabular
    if not any(_rearranged(one, answers, told) for one in tabular if one.position in answers and not one.instead_of):
        return None
    left = [one.position for one in tabular if one.every not in now.seconds and not one.instead_of]
    if not left:
        return None
    tables = platform.request.tables
    return Due(
        request=Request(tables=tuple([tables[n] for n in left])),
        positions=left,
        seconds=frozenset(origin.every for origin in platform.tabular),
    )


def _rearranged(origin: Origin, answers: Mapping[int, Rows], told: Mapping[str, Table]) -> bool:
    rows, last = answers.get(origin.position), told[origin.table]
    if rows is None or rows.ended is not None:
        return False
    if last.oids is not origin.oids and last.index:
        return False  # another root of this table is the one that counts
    return rows.index != last.index


def after(
    platform: Platform,
    last: Rounds | None,
    now: Due,
    answers: Mapping[int, Rows],
    at: datetime,
    tables: Mapping[str, Table],
    *,
    cut: bool,
) -> Rounds:
    """What to remember of a visit that brought `tables`, `answers` by position; `cut` where the device broke off."""
    if cut:
        return Rounds(asked={}, bare=last.bare if last else {})
    failed = {origin.every for origin in platform.tabular if _failed(answers.get(origin.position))}
    asked = {**(last.asked if last else {}), **dict.fromkeys(now.seconds, at)}
    return Rounds(
        asked={seconds: moment for seconds, moment in asked.items() if seconds not in failed},
        bare=_bare(last.bare if last else None, answers),
        stand_ins=frozenset([origin.position for origin in platform.stand_ins if wanted(origin, tables)]),
    )


def wanted(origin: Origin, tables: Mapping[str, Table]) -> bool:
    """Whether a table that stands in for a column is wanted: its rows are there, and none of them says anything."""
    if origin.instead_of is None:
        return True
    table, column = origin.instead_of
    told = tables[table]
    return bool(told.index) and all(value is None for value in told.columns[column])


def _failed(rows: Rows | None) -> bool:
    return rows is not None and rows.ended in _AGAIN


def _bare(last: Mapping[int, int] | None, answers: Mapping[int, Rows]) -> Mapping[int, int]:
    """How often in a row each root had no rows; the same object as last time where nothing changed."""
    if last is None:
        return _shared(tuple([(position, 1) for position, rows in answers.items() if _is_bare(rows)]))
    moved: Iterable[tuple[int, int]] = (
        (position, min(last[position] + 1, _BARE) if _is_bare(rows) else 0)
        for position, rows in answers.items()
        if position in last
    )
    news = {position: count for position, count in moved if count != last[position]}
    return _shared(tuple([each for each in {**last, **news}.items() if each[1]])) if news else last


@lru_cache(maxsize=4096)  # devices of one model lack the same tables
def _shared(bare: tuple[tuple[int, int], ...]) -> Mapping[int, int]:
    return dict(bare)


def _is_bare(rows: Rows) -> bool:
    return not rows.index and rows.ended is None
