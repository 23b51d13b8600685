"""One device, now: ask who it is, ask what its platform file says, and keep the answer in columns.

`visited` never raises: silence, refusal and endless answers are values. `told` makes Observations of a visit when they
are asked for, anew only where it differs from the last; what only compares or renders columns takes `Visit.tables`.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import accumulate, chain

from collectors import alarms, longtables
from collectors.agreement import as_one
from collectors.changes import PartsTold, kept, parts_told
from collectors.identify import (
    SYS_DESCR,
    SYS_OBJECT_ID,
    SYS_UP_TIME,
    SYSTEM,
    identified,
    identified_by_redfish,
    identity_said,
)
from collectors.looks import Looks
from collectors.plan import Origin, Platform
from collectors.presence import NOT_THERE, Presence
from collectors.reach import Reached
from collectors.rounds import NOTHING_DUE, Due, Rounds, after, due, overdue, wanted
from collectors.snmp.reader import Budget, Ending, Reader, Reading, Request, Rows, Silence, Target, Value
from collectors.tables import Eye, Table
from monitor.model import Device, Identity, Numbers, Observation, with_numbers

log = logging.getLogger(__name__)

WHO = Request(scalars=SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What one device said at one moment. `platform` is None and all else empty where it was silent.

    `target` is the number of the target that talked, so that it can be tried first the next time. `rounds` says what
    was asked when; None: at the next visit all is due.
    """

    device: Device
    at: datetime
    platform: Platform | None = None
    identity: Identity
    silence: Silence | None = None
    target: int | None = None
    scalars: Mapping[str, Value]
    tables: Mapping[str, Table]
    rounds: Rounds | None = None
    looks: Looks = field(default_factory=dict)
    reach: Reached | None = None
    seconds: float = 0.0
    requests: int = 0
    bytes: int = 0

    @property
    def presence(self) -> Presence:
        """How the visit went."""
        return Presence(
            device=self.device,
            at=self.at,
            asked=self.target is not None or self.silence is not None,
            silence=self.silence,
            tables=self.tables,
            looks=self.looks,
            reach=self.reach,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What came of the tables that were due, by their position in the platform's request.

    `ends` names the long tables whose ends were read.
    """

    due: Due
    scalars: Mapping[str, Value]
    rows: Mapping[int, Rows]
    ends: frozenset[str]
    silence: Silence | None
    spent: Reading


async def visited(
    device: Device,
    targets: Sequence[Target],
    reader: Reader,
    platforms: Mapping[str, Platform],
    at: datetime,
    budget: Budget,
    before: Visit | None = None,
    looks: Looks | None = None,
    reach: Reached | None = None,
) -> Visit:
    """A visit to `device` by the first of `targets` (its credentials, in order) that it talks to.

    The one that talked at the visit `before` is tried first. What is answered as then is kept as the same objects, and
    so is what is not due again yet (rounds.py). What other eyes saw last (`looks`) is taken in; a device that has no
    targets is seen by them alone. `reach` is what is known of whether it is there.
    """
    seen = await _seen(device, targets, reader, platforms, at, budget, before, looks or {})
    return replace(seen, reach=reach) if reach is not None else seen


async def _seen(
    device: Device,
    targets: Sequence[Target],
    reader: Reader,
    platforms: Mapping[str, Platform],
    at: datetime,
    budget: Budget,
    before: Visit | None,
    looks: Looks,
) -> Visit:
    if not targets:
        return _unasked(device, platforms, at, before, looks)
    silence = Silence.TIMEOUT
    spent = Reading(scalars={}, tables=())
    talked = before.target if before is not None else None
    order = sorted(enumerate(targets), key=lambda each: each[0] != talked)
    for number, target in order:
        # who it is and what it tells are one question, where we know what it was a moment ago
        known = before.platform if before is not None and number == talked else None
        now = due(known, before.rounds, at, device.name) if known is not None and before is not None else None
        who = await _read(reader, target, now.request if now else WHO, budget)
        spent = _sum(spent, who) if spent.requests else who
        budget = Budget(seconds=max(0.0, budget.seconds - who.seconds), rows=budget.rows, bytes=budget.bytes)
        if who.silence is None:
            platform = platforms.get(device.platform) or _identified(who, platforms, before)
            before = None if before is None or _restarted(who, platform, before) else before
            if now is None or before is None:  # the answer told no more than that, or was to questions of another time
                now = due(platform, before.rounds if before else None, at, device.name)
                first = await _read(reader, target, now.request, budget)
                spent = _sum(spent, first)
                budget = replace(budget, seconds=max(0.0, budget.seconds - first.seconds))
            else:
                first = who
            what = await _asked(reader, target, platform, now, first, budget, before)
            return _visit(device, at, platform, who, what, _sum(spent, what.spent), number, before, looks)
        # that a door is locked tells more than that nobody came to another one
        silence = who.silence if number == order[0][0] or silence in NOT_THERE else silence
    return Visit(
        device=device,
        at=at,
        identity=Identity(),
        silence=silence,
        scalars={},
        tables={},
        looks=looks,
        seconds=spent.seconds,
        requests=spent.requests,
        bytes=spent.bytes,
    )


def _unasked(
    device: Device, platforms: Mapping[str, Platform], at: datetime, before: Visit | None, looks: Looks
) -> Visit:
    """A visit of a device that is not asked over SNMP: what the looks at it brought."""
    seen = looks.get(Eye.REDFISH)
    platform = platforms.get(device.platform) or identified_by_redfish(seen.tables if seen else {}, platforms)
    nobody = Rows(index=(), columns={})
    rows = {origin.position: nobody for origin in platform.tabular}
    spent = Reading(scalars={}, tables=())
    what = _Asked(due=NOTHING_DUE, scalars={}, rows=rows, ends=frozenset(), silence=None, spent=spent)
    if before is not None and before.platform is not platform:
        before = None
    return _visit(device, at, platform, what.spent, what, what.spent, None, before, looks)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a visit said, as Observations; kept until the next visit of the device, which is compared with it.

    `base` are the Observations as they were made, by an earlier visit perhaps; `moved` the numbers that are told in
    place of theirs now. Not slotted, because `observations` is computed at its first use and kept.
    """

    visit: Visit
    parts: PartsTold | None
    whole: tuple[Observation, ...]
    base: tuple[Observation, ...]
    moved: tuple[Numbers, ...] = ()

    @cached_property
    def observations(self) -> tuple[Observation, ...]:
        """All that the visit said. Hardly a visit needs it: what moved within its limits goes from column to series."""
        return with_numbers(self.base, self.moved) if self.moved else self.base


def observed(visit: Visit) -> tuple[Observation, ...]:
    """All that `visit` says, as Observations."""
    return told(visit).observations


def told(visit: Visit, before: Told | None = None, like: Told | None = None) -> Told:
    """All that `visit` says. What the visit `before` said the same way stays the same Observation.

    Where there is none, what another device of the model, most `like` this one, said of its parts does for it: devices
    of a model share what they say alike, and only the rest has to be made.
    """
    if before is not None and before.visit.platform is not visit.platform:
        before = None
    parts = None
    if visit.platform is not None:
        known = before or (like if like is not None and like.visit.platform is visit.platform else None)
        parts = parts_told(visit.platform.parts, visit.tables, visit.at, known.parts if known else None)
        if visit.looks:
            parts = parts.exact()  # of each aspect the one eye that counts is chosen among Observations
    same = before is not None and visit.presence.same(before.visit.presence)
    if before is not None and same and _alarm_tables(visit) == _alarm_tables(before.visit):
        whole = before.whole
        if _same(parts, before.parts):
            moved = _moved(parts, before.parts, len(whole), before.moved)
            return Told(visit=visit, parts=parts, whole=whole, base=before.base, moved=moved)
    else:
        whole = kept(chain(visit.presence.observations(), _alarms(visit)), before.whole if before else ())
    of_parts = _of_parts(visit, parts, before.observations if before and visit.looks else ()) if parts else ()
    moved = _moved(parts, None, len(whole), ())
    return Told(visit=visit, parts=parts, whole=whole, base=(*whole, *of_parts), moved=moved)


def _moved(
    parts: PartsTold | None, before: PartsTold | None, begin: int, last: Sequence[Numbers]
) -> tuple[Numbers, ...]:
    """The numbers of all parts that moved, by their places among all Observations, of which `begin` are of no part."""
    if parts is None or not parts.moved:
        return ()
    known = dict(zip(before.moved, last, strict=True)) if before else {}
    starts = list(accumulate((len(part.observations) for part in parts.parts), initial=begin))
    return tuple(
        [
            known[place]
            if before and before.moved.get(place) is numbers
            else Numbers(
                places=_behind(numbers.places, starts[place[0]]),
                raws=numbers.raws,
                divisor=numbers.divisor,
                at=numbers.at,
            )
            for place, numbers in parts.moved.items()
        ]
    )


@lru_cache(maxsize=8192)  # devices of one model share it
def _behind(places: tuple[int, ...], start: int) -> tuple[int, ...]:
    return tuple(start + place for place in places)


def _of_parts(visit: Visit, parts: PartsTold, before: Iterable[Observation]) -> Iterable[Observation]:
    if not visit.looks or visit.platform is None:
        return chain.from_iterable(part.observations for part in parts.parts)
    eyes = [visit.tables[part.table].eye for part in visit.platform.parts]
    return as_one(list(zip(eyes, parts.parts, strict=True)), visit.at, before)


def _same(parts: PartsTold | None, before: PartsTold | None) -> bool:
    return parts is before if parts is None or before is None else parts.parts is before.parts


def _alarm_tables(visit: Visit) -> list[Table]:
    """What the Observations of the device's own lists of alarms are made of."""
    plans = visit.platform.alarms if visit.platform else ()
    return [visit.tables[name] for plan in plans for name in (plan.table, plan.kept_by)]


def _alarms(visit: Visit) -> Iterator[Observation]:
    for plan in visit.platform.alarms if visit.platform else ():
        if (found := alarms.listed(plan, visit.tables, visit.at)) is not None:
            yield found


async def _asked(
    reader: Reader, target: Target, platform: Platform, now: Due, what: Reading, budget: Budget, before: Visit | None
) -> _Asked:
    """What was due `now` and came, and what that shows to be wanted, too."""
    rows, silence = dict(zip(now.positions, what.tables, strict=True)), what.silence
    spent = Reading(scalars={}, tables=())
    more = overdue(platform, now, rows, before.tables) if before is not None and silence is None else None
    if more is not None:
        rest = await _read(reader, target, more.request, budget)
        rows |= zip(more.positions, rest.tables, strict=True)
        now = replace(now, seconds=now.seconds | more.seconds)
        silence, spent = rest.silence, _sum(spent, rest)
    scalars, last = what.scalars, before.scalars if before is not None else None
    long = longtables.due(platform.long, scalars, last, now.seconds) if silence is None else ()
    if long:
        budget = replace(budget, seconds=max(0.0, budget.seconds - spent.seconds))
        ends = await _read(reader, target, longtables.ends(long, scalars), budget)
        scalars, spent = {**scalars, **ends.scalars}, _sum(spent, ends)
        long = () if ends.silence else long
    names = frozenset(origin.table for origin in long)
    return _Asked(due=now, scalars=scalars, rows=rows, ends=names, silence=silence, spent=spent)


async def _read(reader: Reader, target: Target, request: Request, budget: Budget) -> Reading:
    try:
        return await reader.read(target, request, budget)
    except Exception:  # a device's failure is a fact, not a crash; the reader's promise is not enough
        log.exception("reading %s port %s", target.address, target.port)
        nothing = tuple(Rows(index=(), columns=dict.fromkeys(columns, ())) for columns in request.tables)
        return Reading(scalars={}, tables=nothing, silence=Silence.BAD_ANSWER)


def _sum(spent: Reading, more: Reading) -> Reading:
    return Reading(
        scalars={},
        tables=(),
        seconds=spent.seconds + more.seconds,
        requests=spent.requests + more.requests,
        bytes=spent.bytes + more.bytes,
    )


def _visit(
    device: Device,
    at: datetime,
    platform: Platform,
    who: Reading,
    what: _Asked,
    spent: Reading,
    target: int | None,
    before: Visit | None,
    looks: Looks,
) -> Visit:
    scalars = {oid: value for oid, value in {**who.scalars, **what.scalars}.items() if value is not None}
    # it answered a moment ago: what it now keeps to itself is a walk that was cut, not a device that is gone
    cut = Ending.TIMEOUT if what.silence else None
    tables: dict[str, Table] = {}
    known_tables = before.tables if before is not None else {}
    for origin in platform.origins:
        known = tables.get(origin.table)
        if known is None or not known.index:
            last = known_tables.get(origin.table)
            if last is not None and last.oids is origin.oids and origin.position not in what.rows and origin.is_plain:
                found = last  # not asked, as most are
            else:
                found = _table(origin, scalars, what.rows, last, what.ends, cut)
            tables[origin.table] = found if known is None or found.index or found.ended else known
    for origin in platform.stand_ins:  # what is not asked any more says nothing any more
        if tables[origin.table].index and not wanted(origin, tables):
            tables[origin.table] = origin.told_nothing
    for eye, origins in platform.others.items():
        look = looks.get(eye)
        whole = look is not None and look.tables.keys() >= {origin.table for origin in origins}
        seen = look.tables if look is not None and whole else platform.unseen[eye]
        tables |= {name: _like(table, known_tables.get(name)) for name, table in seen.items()}
    return Visit(
        device=device,
        at=at,
        platform=platform,
        identity=identity_said(
            platform, scalars, tables, (before.identity, before.scalars, before.tables) if before else None
        ),
        target=target,
        scalars=scalars,
        tables=tables,
        looks=looks,
        rounds=after(platform, before.rounds if before else None, what.due, what.rows, at, tables, cut=cut is not None),
        seconds=spent.seconds,
        requests=spent.requests,
        bytes=spent.bytes,
    )


def _identified(who: Reading, platforms: Mapping[str, Platform], before: Visit | None) -> Platform:
    """The platform of the device: that of the visit `before` where it says of itself what it said then."""
    last = before.platform if before is not None else None
    if before is not None and last is not None and platforms.get(last.name) is last:
        said, told = who.scalars, before.scalars
        if all(said.get(oid) == told.get(oid) for oid in (SYS_OBJECT_ID, SYS_DESCR)):
            return last
    return identified(who.scalars, platforms)


def _restarted(who: Reading, platform: Platform, before: Visit) -> bool:
    """True where the device may be another than `before`: it was started anew, or says that it is another platform.

    sysUpTime also goes back after 497 days, when it begins anew at 0: then everything is asked once more.
    """
    if platform is not before.platform:
        return True
    now, last = who.scalars.get(SYS_UP_TIME), before.scalars.get(SYS_UP_TIME)
    return isinstance(now, int) and isinstance(last, int) and now < last


def _table(
    origin: Origin,
    scalars: Mapping[str, Value],
    answers: Mapping[int, Rows],
    last: Table | None,
    ends: frozenset[str],
    cut: Ending | None,
) -> Table:
    if origin.position < 0:
        return _of_scalars(origin, scalars, last, ends, cut)
    rows = answers.get(origin.position)
    if rows is None:  # not asked, so there is a visit before
        if last is not None and last.oids is origin.oids:
            return last
        rows = Rows(index=(), columns={})
    if not rows.index:
        return _nothing(origin, rows.ended or cut, last)
    told = {name: rows.columns.get(oid, ()) for name, oid in origin.oids.items()}
    ended = rows.ended or cut
    if last is not None and last.oids is origin.oids and last.index == rows.index:
        return last.again(told, ended)
    return Table(name=origin.table, index=rows.index, columns=told, oids=origin.oids, ended=ended)


def _of_scalars(
    origin: Origin, scalars: Mapping[str, Value], last: Table | None, ends: frozenset[str], cut: Ending | None
) -> Table:
    if origin.count:
        return _like(longtables.table(origin, scalars), last) if origin.table in ends or last is None else last
    columns = {name: (scalars.get(f"{oid}.0"),) for name, oid in origin.oids.items()}
    if all(value is None for (value,) in columns.values()):
        return _nothing(origin, cut, last)
    return _like(Table(name=origin.table, index=("0",), columns=columns, oids=origin.oids, ended=cut), last)


def _nothing(origin: Origin, ended: Ending | None, last: Table | None) -> Table:
    return origin.told_nothing if ended is None else _like(replace(origin.told_nothing, ended=ended), last)


def _like(table: Table, last: Table | None) -> Table:
    return table if last is None else table.like(last)
