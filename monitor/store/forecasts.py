"""What is foreseen, as the last look ahead left it: since when, told when and how near, and how it looked by month."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Row, Select, func, select
from sqlalchemy.dialects.sqlite import insert

from alerts.notices.forecast import Forecast, Signal, as_data, from_data, urgency
from alerts.notices.forecast_words import Beside
from monitor.store import tables

_forecast, _month, _round = tables.forecast, tables.forecast_month, tables.forecast_round


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A forecast that is kept, as it was found last, with what was known beside it.

    `since` is when it was found first, `seen` when last; `told_first` and `told_last` are None where nobody was told.
    """

    id: int
    forecast: Forecast
    beside: Beside
    since: datetime
    seen: datetime
    told_first: datetime | None = None
    told_last: datetime | None = None
    told_stage: int = 0
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A look ahead that was made to its end: its number, its day on the wall clock, and when it ended."""

    id: int
    day: str
    at: datetime


def standing(disk: Connection) -> tuple[Kept, ...]:
    """All that is foreseen, what is nearest first."""
    newest = select(_month.c.forecast, func.max(_month.c.month).label("month")).group_by(_month.c.forecast).subquery()
    question = (
        _whole()
        .join(newest, (newest.c.forecast == _forecast.c.id) & (newest.c.month == _month.c.month))
        .where(_forecast.c.ended_at.is_(None))
    )
    return _read(disk.execute(question).all())


def of_month(disk: Connection, names: Collection[str], month: str, first: date) -> tuple[Kept, ...]:
    """What was foreseen of these devices in a month ("2026-11") and found on `first` or later, as it looked last."""
    rows = disk.execute(_whole().where(_month.c.month == month, _month.c.found >= first.isoformat())).all()
    return _read([row for row in rows if row.device in names])


def _whole() -> Select[tuple[int]]:
    return select(_forecast, _month.c.body).join(_month, _month.c.forecast == _forecast.c.id)


def _read(rows: Iterable[Row[tuple[int]]]) -> tuple[Kept, ...]:
    found = []
    for row in rows:
        body = json.loads(row.body)
        until = body["warranty_ends"]
        found.append(
            Kept(
                id=row.id,
                forecast=from_data(body["forecast"]),
                beside=Beside(spares=body["spares"], warranty=until and date.fromisoformat(until)),
                since=row.since,
                seen=row.seen,
                told_first=row.told_first,
                told_last=row.told_last,
                told_stage=row.told_stage,
                ended_at=row.ended_at,
            )
        )
    return tuple(sorted(found, key=lambda each: urgency(each.forecast)))


def found(disk: Connection, foreseen: Iterable[tuple[Forecast, Beside]], now: datetime) -> None:
    """Write down what a look ahead found; what stood under the same key stands on."""
    for forecast, beside in foreseen:
        key = str(forecast.key)
        row = {"key": key, "device": forecast.device, "signal": forecast.signal.value, "since": now, "seen": now}
        put = insert(_forecast).values(row)
        disk.execute(
            put.on_conflict_do_update(
                index_elements=["key"], index_where=_forecast.c.ended_at.is_(None), set_={"seen": now}
            )
        )
        number = disk.execute(
            select(_forecast.c.id).where(_forecast.c.key == key, _forecast.c.ended_at.is_(None))
        ).scalar_one()
        body = json.dumps(
            {
                "forecast": as_data(forecast),
                "spares": beside.spares,
                "warranty_ends": beside.warranty and beside.warranty.isoformat(),
            },
            ensure_ascii=False,
        )
        day = forecast.found.isoformat()
        values = {"found": day, "body": body}
        of_month_ = insert(_month).values({"forecast": number, "month": day[:7], **values})
        disk.execute(of_month_.on_conflict_do_update(index_elements=["forecast", "month"], set_=values))


def ended(disk: Connection, before: datetime, now: datetime) -> int:
    """End what was not found since `before`; how many. Found again it begins anew."""
    gone = _forecast.update().where(_forecast.c.ended_at.is_(None), _forecast.c.seen < before).values(ended_at=now)
    return disk.execute(gone).rowcount


def told(disk: Connection, stages: Mapping[int, int], now: datetime) -> None:
    """Write down that these (by their numbers) were told, and how near they were."""
    first = func.coalesce(_forecast.c.told_first, tables.ticks(now))
    for number, stage in stages.items():
        disk.execute(
            _forecast.update().where(_forecast.c.id == number).values(told_stage=stage, told_last=now, told_first=first)
        )


def rounded(disk: Connection, day: date, now: datetime, count: int) -> int:
    """Write down that the look ahead of this day was made; returns its number."""
    done = disk.execute(insert(_round).values(day=day.isoformat(), at=now, found=count))
    (number,) = done.inserted_primary_key or (0,)
    return int(number)


def last_round(disk: Connection) -> Round | None:
    """The last look ahead that was made to its end."""
    row = disk.execute(select(_round).order_by(_round.c.id.desc()).limit(1)).first()
    return None if row is None else Round(id=row.id, day=row.day, at=row.at)


def looked(disk: Connection, first: date, last: date) -> bool:
    """Whether a look ahead was made whose last day that counts is one of these: it is made on the day after."""
    days = [(each + timedelta(days=1)).isoformat() for each in (first, last)]
    question = select(_round.c.id).where(_round.c.day >= days[0], _round.c.day <= days[1]).limit(1)
    return disk.execute(question).first() is not None


def counted(disk: Connection) -> dict[str, int]:
    """How many forecasts stand, by their signal; 0 of a signal of which none does."""
    counts = select(_forecast.c.signal, func.count().label("times")).where(_forecast.c.ended_at.is_(None))
    known = {row.signal: row.times for row in disk.execute(counts.group_by(_forecast.c.signal))}
    return {each.value: known.get(each.value, 0) for each in Signal}
