"""Notices of the makers on disk: sources, documents by their SHA-256, what was read of them, and verdicts on units."""

import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from alerts.notices.fleet import Unit
from alerts.notices.products import keys
from alerts.notices.repairs import subject
from monitor.model import Advisory
from monitor.store import tables

_ADVISORY = TypeAdapter(Advisory)
_MANY = 5000  # values in one statement; SQLite takes 32,766
_REFUSALS = 1000  # that are named, of one source; all are counted
_advisory, _source, _unit = tables.advisory, tables.advisory_source, tables.unit
_NEW = (
    "INSERT INTO advisory (subject, form, title, published, score, known_exploited, document, body, changed_at, "
    "source, name, seen_at, is_matched) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) RETURNING id"
)
_CHANGED = (
    "UPDATE advisory SET subject = ?, form = ?, title = ?, published = ?, score = ?, known_exploited = ?, "
    "document = ?, body = ?, changed_at = ?, is_matched = 0 WHERE id = ?"
)
_exposure, _device_unit = tables.exposure, tables.device_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How far a source of notices is known. `refused` counts the records of the last time that could not be read."""

    name: str
    what: str
    last_good: datetime | None
    newest: str
    records: int
    refused: int
    failed_at: datetime | None
    failure: str
    memory: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An advisory with what we know of it: from where it is, and since when we have it."""

    id: int
    source: str
    subject: str
    seen_at: datetime
    advisory: Advisory


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What was found: rows of exposures (unit, advisory, verdict, body), of which units and advisories, all of them.

    `not_listed` is by unit how many advisories list other versions: of a unit in `counted` in all, of others further.
    """

    rows: Sequence[tuple[int, int, str, str]]
    units: Sequence[int]
    advisories: Sequence[int]
    not_listed: Mapping[int, int]
    counted: Collection[int]


def taken(disk: Connection, source: str, raw: bytes, found: Sequence[Advisory], now: datetime) -> int:
    """Keep a document and what was read of it; returns how many of its advisories are new or say something else."""
    digest = sha256(raw).hexdigest()
    row = {"sha256": digest, "size": len(raw), "body": zlib.compress(raw, 6), "seen_at": now}
    disk.execute(insert(tables.advisory_document).values(row).on_conflict_do_nothing())
    known: dict[str, tuple[int, str]] = {}
    names = [each.name for each in found]
    for begin in range(0, len(names), _MANY):
        question = select(_advisory.c.id, _advisory.c.name, _advisory.c.body).where(_advisory.c.source == source)
        rows = disk.execute(question.where(_advisory.c.name.in_(names[begin : begin + _MANY])))
        known |= {each.name: (each.id, each.body) for each in rows}
    under: list[tuple[str, str, int]] = []
    changed = 0
    at = tables.ticks(now)
    for each in found:
        body = _ADVISORY.dump_json(each).decode()
        number, before = known.get(each.name, (0, ""))
        if before == body:
            continue
        values = (
            subject(each), each.form, each.title, each.published, each.score, int(each.known_exploited), digest, body,
            at,
        )  # fmt: skip
        if number:
            disk.exec_driver_sql(_CHANGED, (*values, number))
            disk.execute(delete(tables.advisory_key).where(tables.advisory_key.c.advisory == number))
        else:
            number = disk.exec_driver_sql(_NEW, (*values, source, each.name, at)).scalar_one()
        known[each.name] = (number, body)
        under += [(maker, key, number) for maker, key in keys(each)]
        changed += 1
    if under:
        sql = "INSERT OR IGNORE INTO advisory_key (maker, key, advisory) VALUES (?, ?, ?)"
        disk.exec_driver_sql(sql, sorted(under))
    return changed


def source_good(
    disk: Connection, name: str, what: str, records: int, refusals: Sequence[tuple[str, str]], newest: str,
    now: datetime, memory: str = "{}",
) -> None:  # fmt: skip
    """Write down that a source was read, and which of its records could not be."""
    before = disk.execute(select(_source.c.newest).where(_source.c.name == name)).scalar()
    row = {
        "name": name, "what": what, "last_good": now, "newest": max(newest, before or ""), "records": records,
        "refused": len(refusals), "failed_at": None, "failure": "", "memory": memory,
    }  # fmt: skip
    disk.execute(insert(_source).values(row).on_conflict_do_update(index_elements=["name"], set_=row))
    refusal = tables.advisory_refusal
    disk.execute(delete(refusal).where(refusal.c.source == name))
    for each, reason in dict(refusals[:_REFUSALS]).items():
        row = {"source": name, "name": each, "reason": reason, "at": now}
        disk.execute(insert(refusal).values(row).on_conflict_do_nothing())


def source_failed(disk: Connection, name: str, what: str, failure: str, now: datetime) -> None:
    """Write down that a source could not be read, since when, and why; what is known of it stays."""
    row = {"name": name, "what": what, "failed_at": now, "failure": failure}
    again = {"failed_at": func.coalesce(_source.c.failed_at, now), "failure": failure}
    disk.execute(insert(_source).values(row).on_conflict_do_update(index_elements=["name"], set_=again))


def remembered(disk: Connection, source: str, memory: str) -> None:
    """Keep for a source what is to be known at its next reading, as JSON."""
    disk.execute(update(_source).where(_source.c.name == source).values(memory=memory))


def sources(disk: Connection) -> tuple[Source, ...]:
    """All sources."""
    return tuple(Source(**row._asdict()) for row in disk.execute(select(_source).order_by(_source.c.name)))


def refusals(disk: Connection, source: str) -> tuple[tuple[str, str], ...]:
    """The records of a source that could not be read, with the reason."""
    refusal = tables.advisory_refusal
    rows = disk.execute(select(refusal).where(refusal.c.source == source).order_by(refusal.c.name))
    return tuple((row.name, row.reason) for row in rows)


def document(disk: Connection, digest: str) -> bytes | None:
    """A document as it came."""
    table = tables.advisory_document
    packed = disk.execute(select(table.c.body).where(table.c.sha256 == digest)).scalar()
    return None if packed is None else zlib.decompress(packed)


def placed(disk: Connection, fleet: Mapping[tuple[str, str], Unit], now: datetime) -> dict[str, None]:
    """Write down which device is which unit, by device and component; returns the devices of which it is another."""
    known = {
        (row.platform, row.model, row.version, row.patch): row.id
        for row in disk.execute(select(_unit.c.id, _unit.c.platform, _unit.c.model, _unit.c.version, _unit.c.patch))
    }
    before = {(row.device, row.component): row.unit for row in disk.execute(select(_device_unit))}
    changed: dict[str, None] = {}
    for place, unit in fleet.items():
        key = (unit.platform, unit.model, unit.version, unit.patch)
        if key not in known:
            row = dict(zip(("platform", "model", "version", "patch"), key, strict=True))
            known[key] = disk.execute(insert(_unit).values(row).returning(_unit.c.id)).scalar_one()
        if before.get(place) != known[key]:
            changing = {"unit": known[key], "since": now}
            statement = insert(_device_unit).values({"device": place[0], "component": place[1], **changing})
            disk.execute(statement.on_conflict_do_update(index_elements=["device", "component"], set_=changing))
            changed.setdefault(place[0])
    for device, component in before.keys() - fleet.keys():
        disk.execute(delete(_device_unit).where(_device_unit.c.device == device, _device_unit.c.component == component))
        changed.setdefault(device)
    return changed


def units(disk: Connection, *, unmatched: bool = False) -> dict[int, Unit]:
    """The units that devices are, by their number; with `unmatched` those that were not held against anything yet."""
    question = select(_unit).where(_unit.c.id.in_(select(_device_unit.c.unit)))
    rows = disk.execute(question.where(_unit.c.is_matched == 0) if unmatched else question)
    return {row.id: Unit(platform=row.platform, model=row.model, version=row.version, patch=row.patch) for row in rows}


def is_moved(disk: Connection, fleet: Mapping[tuple[str, str], Unit]) -> bool:
    """Whether `placed` would write something."""
    rows = disk.execute(
        select(_device_unit.c.device, _device_unit.c.component, _unit).join(_unit, _unit.c.id == _device_unit.c.unit)
    )
    known = {
        (row.device, row.component): Unit(platform=row.platform, model=row.model, version=row.version, patch=row.patch)
        for row in rows
    }
    return known != fleet


def unmatched(disk: Connection) -> tuple[int, int, int, int]:
    """How many units and advisories were not held against the others yet; of these those that changed, and all."""
    of_units = disk.execute(
        select(func.count()).where(_unit.c.is_matched == 0, _unit.c.id.in_(select(_device_unit.c.unit)))
    ).scalar_one()
    new = unmatched_advisories(disk)
    every = disk.execute(select(func.count()).select_from(_advisory)).scalar_one()
    return of_units, len(new), sum(not each for each in new.values()), every


def unmatched_advisories(disk: Connection) -> dict[int, bool]:
    """The numbers of the advisories that were not held against the units yet, with whether each is wholly new."""
    rows = disk.execute(
        select(_advisory.c.id, _advisory.c.seen_at, _advisory.c.changed_at).where(_advisory.c.is_matched == 0)
    )
    return {row.id: row.seen_at == row.changed_at for row in rows}


def advisories(disk: Connection, numbers: Iterable[int] | None = None) -> dict[int, Known]:
    """The advisories with these numbers, or all; of the catalogue of exploited ones what stands nowhere else."""
    columns = _advisory.c
    question = select(columns.id, columns.source, columns.subject, columns.form, columns.seen_at, columns.body)
    if numbers is None:
        rows: Sequence[Any] = disk.execute(question.order_by(columns.id)).all()
    else:
        wanted = sorted(set(numbers))
        rows = [
            row
            for begin in range(0, len(wanted), _MANY)
            for row in disk.execute(question.where(columns.id.in_(wanted[begin : begin + _MANY])).order_by(columns.id))
        ]
    marks = {row.subject for row in rows if row.form == "kev"}
    spoken_of = set[str]()
    if marks:
        others = select(columns.subject).where(columns.form != "kev").distinct()
        spoken_of = marks & set(disk.execute(others).scalars())
    return {
        row.id: Known(
            id=row.id,
            source=row.source,
            subject=row.subject,
            seen_at=row.seen_at,
            advisory=_ADVISORY.validate_json(row.body),
        )
        for row in rows
        if row.form != "kev" or row.subject not in spoken_of
    }


def under(disk: Connection, wanted: Collection[tuple[str, str]]) -> set[int]:
    """The numbers of the advisories under these keys (alerts/notices/products.py)."""
    table = tables.advisory_key
    out: set[int] = set()
    for maker in {each for each, _ in wanted}:
        own = [key for each, key in wanted if each == maker]
        for begin in range(0, len(own), _MANY):
            some = own[begin : begin + _MANY]
            out |= set(
                disk.execute(select(table.c.advisory).where(table.c.maker == maker, table.c.key.in_(some))).scalars()
            )
    return out


def judged(disk: Connection, found: Verdicts) -> None:
    """Write down verdicts in place of those of before."""
    for begin in range(0, len(found.units), _MANY):
        disk.execute(delete(_exposure).where(_exposure.c.unit.in_(found.units[begin : begin + _MANY])))
        disk.execute(update(_unit).where(_unit.c.id.in_(found.units[begin : begin + _MANY])).values(is_matched=1))
    for begin in range(0, len(found.advisories), _MANY):
        some = found.advisories[begin : begin + _MANY]
        disk.execute(delete(_exposure).where(_exposure.c.advisory.in_(some)))
        disk.execute(update(_advisory).where(_advisory.c.id.in_(some)).values(is_matched=1))
    # what stands in the catalogue of exploited ones and elsewhere, too, is told by the other record
    disk.exec_driver_sql(
        "DELETE FROM exposure WHERE advisory IN (SELECT k.id FROM advisory k WHERE k.form = 'kev' AND EXISTS "
        "(SELECT 1 FROM advisory o WHERE o.subject = k.subject AND o.form != 'kev'))"
    )
    if found.rows:
        sql = "INSERT OR REPLACE INTO exposure (unit, advisory, verdict, body) VALUES (?, ?, ?, ?)"
        disk.exec_driver_sql(sql, list(found.rows))
    counts = [(count, number) for number, count in found.not_listed.items() if number in found.counted]
    if counts:
        disk.exec_driver_sql("UPDATE unit SET not_listed = ? WHERE id = ?", counts)
    further = [(count, number) for number, count in found.not_listed.items() if number not in found.counted and count]
    if further:
        disk.exec_driver_sql("UPDATE unit SET not_listed = not_listed + ? WHERE id = ?", further)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A device that an advisory affects, possibly affects, or of which it cannot be told."""

    device: str
    component: str
    unit: Unit
    advisory: int
    subject: str
    verdict: str
    body: Mapping[str, Any]


def hits(
    disk: Connection, devices: Collection[str], verdicts: Collection[str], subjects: Collection[str] | None = None
) -> tuple[Hit, ...]:
    """What touches these devices, with these verdicts, of these subjects or of all."""
    out: list[Hit] = []
    names = sorted(devices)
    for begin in range(0, len(names), _MANY):
        question = (
            select(_device_unit.c.device, _device_unit.c.component, _unit, _exposure, _advisory.c.subject)
            .select_from(_device_unit)
            .join(_unit, _unit.c.id == _device_unit.c.unit)
            .join(_exposure, _exposure.c.unit == _unit.c.id)
            .join(_advisory, _advisory.c.id == _exposure.c.advisory)
            .where(_device_unit.c.device.in_(names[begin : begin + _MANY]), _exposure.c.verdict.in_(tuple(verdicts)))
            .order_by(_advisory.c.subject, _device_unit.c.device, _device_unit.c.component, _exposure.c.advisory)
        )
        if subjects is not None:
            question = question.where(_advisory.c.subject.in_(tuple(subjects)))
        bodies: dict[str, Mapping[str, Any]] = {}
        for row in disk.execute(question):
            if row.body not in bodies:
                bodies[row.body] = json.loads(row.body)
            unit = Unit(platform=row.platform, model=row.model, version=row.version, patch=row.patch)
            out.append(
                Hit(
                    device=row.device,
                    component=row.component,
                    unit=unit,
                    advisory=row.advisory,
                    subject=row.subject,
                    verdict=row.verdict,
                    body=bodies[row.body],
                )
            )
    return tuple(out)


def of_subjects(disk: Connection, subjects: Collection[str]) -> dict[str, list[Known]]:
    """The advisories that speak of each subject."""
    wanted = sorted(subjects)
    out: dict[str, list[Known]] = {}
    for begin in range(0, len(wanted), _MANY):
        question = select(_advisory.c.id).where(_advisory.c.subject.in_(wanted[begin : begin + _MANY]))
        for each in advisories(disk, disk.execute(question).scalars()).values():
            out.setdefault(each.subject, []).append(each)
    return out


def exploited(disk: Connection, subjects: Collection[str] | None = None) -> set[str]:
    """The subjects that some source says are known to be exploited."""
    rows = disk.execute(select(_advisory.c.subject).where(_advisory.c.known_exploited == 1).distinct()).scalars()
    return set(rows) if subjects is None else set(rows) & set(subjects)


def device_units(disk: Connection, devices: Collection[str]) -> dict[str, dict[str, Unit]]:
    """Of each device its units, by component."""
    names = sorted(devices)
    out: dict[str, dict[str, Unit]] = {}
    for begin in range(0, len(names), _MANY):
        rows = disk.execute(
            select(_device_unit.c.device, _device_unit.c.component, _unit)
            .join(_unit, _unit.c.id == _device_unit.c.unit)
            .where(_device_unit.c.device.in_(names[begin : begin + _MANY]))
        )
        for row in rows:
            unit = Unit(platform=row.platform, model=row.model, version=row.version, patch=row.patch)
            out.setdefault(row.device, {})[row.component] = unit
    return out


def counted(disk: Connection) -> dict[str, dict[str, int]]:
    """By source, how many devices have each verdict of it that is kept."""
    rows = disk.execute(
        select(_advisory.c.source, _exposure.c.verdict, func.count(_device_unit.c.device.distinct()))
        .select_from(_exposure)
        .join(_advisory, _advisory.c.id == _exposure.c.advisory)
        .join(_device_unit, _device_unit.c.unit == _exposure.c.unit)
        .group_by(_advisory.c.source, _exposure.c.verdict)
    )
    out: dict[str, dict[str, int]] = {}
    for source, verdict, count in rows:
        out.setdefault(source, {})[verdict] = count
    return out
