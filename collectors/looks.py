"""What the eyes beside SNMP see of a device: a look by one of them, taken on its own beat and kept until the next.

A visit (visit.py) takes the tables of the latest looks in with its own, so that judgement sees one device. Readers of
Redfish and SSH stand behind `LookReader`, as the engines of SNMP stand behind `Reader`, and never raise either.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from collectors.gone import is_whole, with_gone
from collectors.identify import MAKER, REDFISH, STANDARD, identified_by_redfish
from collectors.plan import Origin, Platform
from collectors.snmp.reader import Budget, Ending, Rows
from collectors.tables import Eye, Table


class Blind(StrEnum):
    """Why a look saw nothing at all."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNRESOLVED = "unresolved"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a reason, not a password
    WRONG_CERTIFICATE = "wrong_certificate"
    WRONG_HOST_KEY = "wrong_host_key"
    NO_COMMON_ALGORITHM = "no_common_algorithm"
    NO_SESSION_LEFT = "no_session_left"
    NO_RIGHTS = "no_rights"
    STARTING = "starting"
    PASSWORD_EXPIRED = "password_expired"  # noqa: S105 - a reason, not a password
    BAD_ANSWER = "bad_answer"


DETAIL = 900.0
"""Seconds: what is asked at least so often is asked at once where the summary of a device changed."""
UNREACHED = frozenset({Blind.TIMEOUT, Blind.REFUSED, Blind.UNRESOLVED})
"""The device was not reached at all; every other reason is an answer that keeps us out."""
ANOTHER = frozenset({Blind.WRONG_HOST_KEY, Blind.WRONG_CERTIFICATE})
"""It does not show what it showed at first: somebody else may answer in its place."""
PASSING = UNREACHED | {Blind.STARTING, Blind.BAD_ANSWER, Blind.NO_SESSION_LEFT}
"""As of a management controller that starts anew: it may be over by itself, and no wrong password is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user of the device's management (Redfish, SSH). `password` is a secret and never shown.

    `authority` is the path of a file of certificates to trust: then a device is known by these, and has no pin.
    """

    user: str
    password: str = field(repr=False)
    authority: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a look goes in, and whom it trusts there.

    `pin` is what the device showed when it was first seen: the SHA-256 of its certificate (hex), or its host key in the
    form of known_hosts; "" on first contact. It does not count where the login has an authority.
    """

    address: str
    port: int
    login: Login
    pin: str = ""
    timeout: float = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a reader brought: rows in the order asked, and what the device showed of itself (see `Door.pin`).

    Where it showed another key or certificate than the pinned one, `pin` is what it showed, if that is known.

    `remark` is what an operator should hear although the look went well. `ends` is until when the certificate is valid
    that the device showed (seconds since 1970), where it showed one that can be read. `documents` are texts that are
    kept whole, by the name of their template: the configuration, without its secrets.
    """

    rows: tuple[Rows, ...]
    blind: Blind | None = None
    pin: str = ""
    remark: str = ""
    ends: float | None = None
    documents: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    requests: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one eye saw at one moment: the tables asked now, and those not due again as they were seen last.

    `documents` are those that came now; whoever stores them drops them, they are not kept from look to look. `whole`
    are tables as they last came whole, also where nothing was seen since: what is missing in the next is gone.
    """

    eye: Eye
    at: datetime
    tables: Mapping[str, Table]
    blind: Blind | None = None
    pin: str = ""
    remark: str = ""
    ends: float | None = None
    documents: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    requests: int = 0
    bytes: int = 0
    asked: Mapping[float, datetime] = field(default_factory=dict)
    pinged: bool = False
    """Whether the device answered pings when it was looked at."""
    whole: Mapping[str, Table] = field(default_factory=dict)


Looks = Mapping[Eye, Look]


class LookReader(Protocol):
    """Redfish or SSH. `read` returns within the budget, and never raises for what a device does."""

    async def read(self, door: Door, origins: Sequence[Origin], budget: Budget) -> Seen:
        """The rows of `origins`; each column of the answer is keyed by what `Origin.oids` holds for it."""

    async def close(self) -> None:
        """Give back sessions and what else is held."""


def unneeded(platform: Platform, eye: Eye, tables: Mapping[str, Table]) -> frozenset[str]:
    """The tables of `eye` of which nothing would be told, because others among `tables` have rows (`if_empty`)."""
    told = {name for name, table in tables.items() if table.index and table.eye is not eye}
    silent = {part.table for part in platform.parts if told.intersection(part.when.if_empty)}
    spoken = {part.table for part in platform.parts if not told.intersection(part.when.if_empty)}
    return frozenset(origin.table for origin in platform.others.get(eye, ()) if origin.table in silent - spoken)


async def looked(
    reader: LookReader,
    door: Door,
    eye: Eye,
    origins: Sequence[Origin],
    at: datetime,
    budget: Budget,
    last: Look | None,
    skip: frozenset[str] = frozenset(),
) -> Look:
    """One look at the tables of `origins` that are due; what is not due stays as it was.

    What the look before had no time for is due, too: a slow device is asked on from where it was left. The tables named
    in `skip` (see `unneeded`) are not asked, and have no rows.
    """
    whole = dict(last.whole) if last else {}
    last = None if last is None or last.blind is not None else last
    paces = {origin.every for origin in origins}
    asked = last.asked if last else {}
    if any(moment > at for moment in asked.values()):
        asked = {}  # by a clock that was set back since
    now = {pace for pace in paces if pace not in asked or (at - asked[pace]).total_seconds() >= pace}
    late = {name for name, table in last.tables.items() if table.ended is Ending.WALL_TIME} if last else set[str]()
    due = [o for o in origins if (o.every in now or o.table in late) and o.table not in skip]
    if last is not None and not due:
        return last
    seen = await reader.read(door, due, budget)
    if seen.blind is not None:
        return Look(eye=eye, at=at, tables={}, blind=seen.blind, pin=seen.pin, seconds=seen.seconds, whole=whole)
    fresh = _fresh(due, seen, whole)
    if last is not None and (more := _detail(origins, fresh, last, now, skip)):
        # in what is left of the time of this look; where that is too little, at the next
        closer = await reader.read(
            replace(door, timeout=max(0.0, door.timeout - seen.seconds)),
            more,
            replace(budget, seconds=max(0.0, budget.seconds - seen.seconds)),
        )
        if closer.blind is not None:
            asked = {pace: moment for pace, moment in asked.items() if pace not in {o.every for o in more}}
        else:
            fresh |= _fresh(more, closer, whole)
            now |= {origin.every for origin in more}
            seen = replace(
                seen,
                seconds=seen.seconds + closer.seconds,
                requests=seen.requests + closer.requests,
                bytes=seen.bytes + closer.bytes,
            )
    nothing = Rows(index=(), columns={})
    fresh |= {origin.table: _table(origin, nothing) for origin in origins if origin.table in skip}
    tables = {name: table.like(last.tables[name]) for name, table in fresh.items()} if last else fresh
    return Look(
        eye=eye,
        at=at,
        tables={origin.table: tables.get(origin.table) or last.tables[origin.table] for origin in origins}
        if last
        else tables,
        pin=seen.pin,
        remark=seen.remark,
        ends=seen.ends,
        documents=seen.documents,
        seconds=seen.seconds,
        requests=seen.requests,
        bytes=seen.bytes,
        asked={**asked, **dict.fromkeys(now, at)},
        whole=whole | {o.table: fresh[o.table] for o in origins if o.gone and is_whole(fresh.get(o.table))},
    )


def _fresh(asked: Sequence[Origin], seen: Seen, whole: Mapping[str, Table]) -> dict[str, Table]:
    """The tables of `asked` as they were seen now, with the rows that they have no more."""
    fresh = {origin.table: _table(origin, rows) for origin, rows in zip(asked, seen.rows, strict=True)}
    return fresh | {o.table: with_gone(fresh[o.table], whole[o.table], o) for o in asked if o.gone and o.table in whole}


def _detail(
    origins: Sequence[Origin], fresh: Mapping[str, Table], last: Look, now: Collection[float], skip: Collection[str]
) -> list[Origin]:
    """The tables to be asked before their time, because what is asked at each look says something else than it did.

    A server sums its parts up in one resource: as that changes, the part that it means is in the detail.
    """
    if all(
        fresh[o.table].like(last.tables[o.table]) is last.tables[o.table]
        for o in origins
        if o.table in fresh and not o.every
    ):
        return []
    return [
        o
        for o in origins
        if 0 < o.every <= DETAIL and o.every not in now and o.table not in fresh and o.table not in skip
    ]


async def recognised(reader: LookReader, door: Door, platforms: Mapping[str, Platform], budget: Budget) -> Platform:
    """The platform of a device of which nothing is known but a Redfish service: one look at what names its maker."""
    known = platforms.get(REDFISH) or platforms[STANDARD]
    origins = [origin for origin in known.others.get(Eye.REDFISH, ()) if origin.table in MAKER]
    seen = await reader.read(door, origins, budget)
    rows = zip(origins, seen.rows, strict=False)
    return identified_by_redfish({origin.table: _table(origin, of_table) for origin, of_table in rows}, platforms)


def _table(origin: Origin, rows: Rows) -> Table:
    return Table(
        name=origin.table,
        index=rows.index,
        columns={name: rows.columns.get(oid, (None,) * len(rows.index)) for name, oid in origin.oids.items()},
        oids=origin.oids,
        ended=rows.ended,
        eye=origin.eye,
    )
