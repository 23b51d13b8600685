"""From advisories on disk to letters: who is what, what that means, whom it concerns and who knows it already.

Verdicts, the entries of a notice's life and the letters are one transaction. All of it follows from what is stored,
so that a stop loses nothing: what was not told is told by the next turn.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from alerts.notices import life
from alerts.notices.exposure import QUIET, Exposure, Verdict, exposed
from alerts.notices.fleet import TOLD, Index, Unit, device_keys, held, understood
from alerts.notices.installed import Installed
from alerts.notices.life import Again, Happened, NoticeEvent, Standing
from alerts.notices.repairs import advice, repairs, workarounds
from alerts.notices.telling import Matter, SourceState, Telling, ToldUnit, ordered
from alerts.notices.versions import family
from alerts.post.notice import letter
from monitor.config import Settings
from monitor.model import Level, Recipient
from monitor.store import advisories as store
from monitor.store import devices, letters, notices, tables
from monitor.store.advisories import Hit, Known, Verdicts
from monitor.store.notices import Notice

ITSELF: Final = "netvigil"
HOLD: Final = timedelta(minutes=5)
"""So long a letter waits for its documents (monitor/enclosing.py)."""
OLD: Final = timedelta(days=8)
"""A source that was not read for so long is told of by itself."""
_HITTING = (Verdict.AFFECTED.value, Verdict.POSSIBLE.value)
_RANK = list(Verdict)
_FEW = 50  # units for which their own advisories are read, and not all
_REASONS = 3  # of each verdict that are kept; `notice match` gives all


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A letter that waits for its documents: what it tells, and to whom."""

    telling: Telling
    reader: Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a turn did. `parcels` are the letters that wait for their documents (monitor/enclosing.py)."""

    units: int = 0
    advisories: int = 0
    verdicts: int = 0
    parcels: tuple[Parcel, ...] = ()

    @property
    def letters(self) -> int:
        """How many letters were written."""
        return len(self.parcels)


def fleet(disk: Connection, settings: Settings) -> dict[tuple[str, str], Unit]:
    """What is installed, by device and component, as far as the order of its versions is known."""
    out: dict[tuple[str, str], Unit] = {}
    known = settings.inventory.devices
    for name, visited in devices.all_visited(disk).items():
        told = visited.identity
        if name in known and told.platform and family(told.platform):
            unit = Unit(
                platform=told.platform, model=told.model or "", version=told.version or "", patch=told.patch or ""
            )
            out[name, ""] = unit
    part = tables.part
    rows = disk.execute(
        select(part.c.device, part.c.label, part.c.slot, part.c.software_version).where(
            part.c.kind == "firmware", part.c.gone_at.is_(None), part.c.software_version != ""
        )
    )
    for row in rows:
        if (row.device, "") in out and "bios" in f"{row.label} {row.slot}".lower():
            model = out[row.device, ""].model
            out[row.device, "bios"] = Unit(platform="bios", model=model, version=row.software_version)
    return out


def computed(disk: Connection) -> Verdicts | None:
    """The verdicts that are missing: of units that are new, and of advisories that are new or say something else."""
    fresh, new = store.units(disk, unmatched=True), store.unmatched_advisories(disk)
    if not fresh and not new:
        return None
    rows: list[tuple[int, int, str, str]] = []
    counts: dict[int, int] = {}
    every = store.units(disk)
    rest = {number: each for number, each in every.items() if number not in fresh}
    counted = set(fresh)
    if new and rest:
        is_changed = not all(new.values())
        known = store.advisories(disk, None if is_changed else new)
        rows += _rows(known, rest, counts, set(new))
        counted |= set(rest) if is_changed else set()
    if fresh:
        wanted = {key for unit in fresh.values() for key in device_keys(understood(unit))}
        known = store.advisories(disk, None if len(fresh) > _FEW else store.under(disk, wanted))
        rows += _rows(known, fresh, counts, None)
    return Verdicts(rows=rows, units=list(fresh), advisories=list(new), not_listed=counts, counted=counted)


def _rows(
    known: Mapping[int, Known], units: Mapping[int, Unit], counts: dict[int, int], only: Collection[int] | None
) -> Iterable[tuple[int, int, str, str]]:
    listed = list(known.values())
    numbers = {unit: number for number, unit in units.items()}
    repaired: dict[tuple[int, str, str], tuple[list[str], list[str]]] = {}
    for each in held(Index.of([one.advisory for one in listed]), numbers):
        number = numbers[each.unit]
        counts[number] = counts.get(number, 0) + each.not_listed
        device = understood(each.unit)
        for place, found in each.told:
            one = listed[place]
            if only is not None and one.id not in only:
                continue
            key = (one.id, each.unit.platform, each.unit.model)
            if key not in repaired and found.verdict.value in _HITTING:
                repaired[key] = _repairs(one, device)
            yield number, one.id, found.verdict.value, _body(found, *repaired.get(key, ([], [])))


def _repairs(known: Known, device: Installed) -> tuple[list[str], list[str]]:
    found = repairs(known.advisory, device)
    return list(found.versions), list(found.patches)


def _body(found: Exposure, versions: Sequence[str], patches: Sequence[str]) -> str:
    evidence = [[each.verdict.value, each.source, each.words[:500], each.rule] for each in found.evidence[:_REASONS]]
    return json.dumps({"evidence": evidence, "versions": versions, "patches": patches}, ensure_ascii=False)


def followed(
    disk: Connection, settings: Settings, found: Verdicts | None, now: datetime, moved: Iterable[str] = ()
) -> Done:
    """Write down what was found, and tell whom it concerns, in one transaction; `moved` are devices that changed."""
    changed = dict.fromkeys((*moved, *store.placed(disk, fleet(disk, settings), now)))
    if found is None:
        return Done(parcels=told(disk, settings, now, list(changed)) if changed else ())
    store.judged(disk, found)
    of_units = _devices_of(disk, found.units)
    scope = None if found.advisories else [*changed, *of_units]
    return Done(
        units=len(found.units),
        advisories=len(found.advisories),
        verdicts=len(found.rows),
        parcels=told(disk, settings, now, scope),
    )


def caught_up(disk: Connection, settings: Settings, now: datetime) -> Done:
    """All of it, in the one transaction of `disk`: where nobody waits for it."""
    moved = store.placed(disk, fleet(disk, settings), now)
    return followed(disk, settings, computed(disk), now, moved)


def _devices_of(disk: Connection, units: Sequence[int]) -> list[str]:
    table = tables.device_unit
    wanted = set(units)
    return [row.device for row in disk.execute(select(table.c.device, table.c.unit)) if row.unit in wanted]


def told(disk: Connection, settings: Settings, now: datetime, scope: Sequence[str] | None = None) -> tuple[Parcel, ...]:
    """Tell customers what they do not know: of everything, or of what touches the devices in `scope`."""
    known = settings.inventory.devices
    of_customer: dict[str, list[str]] = {}
    for device in known.values():
        of_customer.setdefault(device.customer, []).append(device.name)
    changed = None if scope is None else set(scope)
    customers = {each.customer for each in known.values() if changed is None or each.name in changed}
    if changed is not None and changed - known.keys():
        customers = set(of_customer)
    exploited = store.exploited(disk)
    states = source_states(disk, now)
    return tuple(
        parcel
        for customer in sorted(customers)
        for parcel in _customer_told(disk, settings, customer, of_customer[customer], changed, exploited, states, now)
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be told of a subject, and why again."""

    subject: str
    hits: Sequence[Hit]
    standing: Standing
    again: tuple[Again, ...]
    events: Sequence[NoticeEvent]


def _customer_told(
    disk: Connection,
    settings: Settings,
    customer: str,
    names: Sequence[str],
    changed: Collection[str] | None,
    exploited: Collection[str],
    states: Sequence[SourceState],
    now: datetime,
) -> list[Parcel]:
    known = {each.subject: each for each in notices.all_notices(disk, customer)}
    subjects = None if changed is None else _concerned(disk, names, changed, known)
    hits: dict[str, list[Hit]] = {}
    for hit in store.hits(disk, names, _HITTING, subjects):
        hits.setdefault(hit.subject, []).append(hit)
    zone = next((s.zone for s in settings.inventory.sites.values() if s.customer == customer), "UTC")
    today = now.astimezone(ZoneInfo(zone)).date()
    changes: list[_Change] = []
    for subject in sorted({*hits, *(each for each in known if subjects is None or each in subjects)}):
        standing = _standing(hits.get(subject, ()), subject in exploited)
        notice = known.get(subject)
        if notice is not None and _repaired(disk, settings, notice, standing, now):
            notice = notices.found(disk, notice.id)
        events = notice.events if notice else ()
        before = life.told(events)
        again = () if before is None else life.reasons(standing, before, lapsed=life.lapsed(events, today))
        if standing.devices and (before is None or again):
            changes.append(_Change(subject, hits[subject], standing, again, events))
    if not changes:
        return []
    return _written(disk, settings, customer, names, changes, zone, states, now)


def _concerned(
    disk: Connection, names: Sequence[str], changed: Collection[str], known: Mapping[str, Notice]
) -> set[str]:
    own = [each for each in names if each in changed]
    out = {hit.subject for hit in store.hits(disk, own, _HITTING)} if own else set()
    for subject, notice in known.items():
        before = life.told(notice.events)
        if before is not None and before.devices.keys() & set(changed):
            out.add(subject)
    return out


def _standing(hits: Sequence[Hit], is_exploited: bool) -> Standing:  # noqa: FBT001 - one of two facts
    worst: dict[str, Verdict] = {}
    for hit in hits:
        verdict = Verdict(hit.verdict)
        if hit.device not in worst or _RANK.index(verdict) < _RANK.index(worst[hit.device]):
            worst[hit.device] = verdict
    has_fix = any(hit.body["versions"] or hit.body["patches"] for hit in hits)
    return Standing(devices=worst, known_exploited=is_exploited, has_fix=has_fix)


def _repaired(disk: Connection, settings: Settings, notice: Notice, standing: Standing, now: datetime) -> bool:
    """Write down the devices that the customer was told of and that are quiet now, or no more there."""
    before = life.told(notice.events)
    missing = before.devices.keys() - standing.devices.keys() if before else set()
    if before is None or not missing:
        return False
    about = store.of_subjects(disk, [notice.subject]).get(notice.subject, [])
    units = store.device_units(disk, missing)
    quiet = [
        name
        for name in sorted(missing)
        if name not in settings.inventory.devices
        or (
            name in units
            and all(
                exposed(one.advisory, understood(unit)).verdict in QUIET
                for one in about
                for unit in units[name].values()
            )
        )
    ]
    if quiet:
        versions = {name: " ".join(u.version for u in units.get(name, {}).values()) for name in quiet}
        data = {
            "devices": json.dumps(quiet),
            "versions": json.dumps(versions),
            "left": str(len(before.devices) - len(quiet)),
        }
        notices.happened(disk, notice.id, Happened.FIXED, ITSELF, now, data)
    return bool(quiet)


def _written(
    disk: Connection,
    settings: Settings,
    customer: str,
    names: Sequence[str],
    changes: Sequence[_Change],
    zone: str,
    states: Sequence[SourceState],
    now: datetime,
) -> list[Parcel]:
    about = store.of_subjects(disk, [each.subject for each in changes])
    numbers = notices.opened(disk, customer, [each.subject for each in changes])
    before = sum(len(each.events) for each in changes)
    units = store.device_units(disk, names)
    undetermined = {hit.device for hit in store.hits(disk, names, [Verdict.UNDETERMINED.value])}
    telling = Telling(
        # unique: a notice is told again only after something has happened to one of these
        number=f"N{now.astimezone(ZoneInfo(zone)):%Y%m%d}-{min(numbers[each.subject] for each in changes)}.{before}",
        customer=settings.inventory.customers[customer].title or customer,
        zone=zone,
        at=now,
        matters=ordered([_matter(each, about.get(each.subject, []), settings) for each in changes]),
        devices=len(names),
        undetermined=len(undetermined),
        unknown=len(set(names) - units.keys()),
        sources=tuple(states),
    )
    parcels = _parcels(telling, customer, settings)
    written = [letter(each.telling, each.reader, settings.mail.domain) for each in parcels]
    ids = json.dumps([each.message_id for each in written])
    entries: list[tuple[int, Happened, Mapping[str, str]]] = []
    for change in changes:
        number = numbers[change.subject]
        if not change.events:
            seen = min((each.seen_at for each in about.get(change.subject, [])), default=now)
            entries.append((number, Happened.NEW, {"seen": seen.isoformat()}))
        if written:
            kind = Happened.TOLD_AGAIN if change.again else Happened.SENT
            why = " ".join(each.value for each in change.again)
            entries.append((number, kind, {**change.standing.document(), "letters": ids, "why": why}))
    notices.entered(disk, entries, ITSELF, now)
    letters.queued(disk, written, {each.recipient: now + HOLD for each in written})
    return parcels


def readers(customer: str, settings: Settings) -> tuple[Recipient, ...]:
    """Who reads what a customer is told unasked: their project contacts, and the listed who want level 4."""
    found: dict[str, Recipient] = {}
    for contact in settings.people.contacts:
        if contact.customer == customer and contact.is_project and contact.mail:
            who = Recipient(
                name=contact.title.said(contact.language),
                address=contact.mail,
                language=contact.language,
                sites=contact.sites,
            )
            found.setdefault(contact.mail.casefold(), who)
    for each in settings.mail.recipients:
        wants = not each.levels or Level.WARNING in each.levels
        if wants and (not each.customers or customer in each.customers):
            found.setdefault(each.address.casefold(), each)
    return tuple(found.values())


def _parcels(telling: Telling, customer: str, settings: Settings) -> list[Parcel]:
    """One for each reader whom something of it concerns."""
    every = (Parcel(telling=telling.within(each.sites), reader=each) for each in readers(customer, settings))
    return [each for each in every if each.telling.matters]


def _matter(change: _Change, about: Sequence[Known], settings: Settings) -> Matter:
    first = [each.advisory for each in sorted(about, key=lambda each: (each.advisory.form != "csaf_2.0", each.id))]
    planned = life.planned(change.events)
    return Matter(
        subject=change.subject,
        names=tuple(dict.fromkeys(each.name for each in first)),
        sources=tuple(dict.fromkeys(each.source for each in about)),
        title=next((each.title for each in first if each.title), ""),
        text=next((each.text for each in first if each.text), ""),
        published=min((each.published for each in first if each.published), default=""),
        seen=min(each.seen_at for each in about),
        score=max((each.score for each in first if each.score is not None), default=None),
        known_exploited=change.standing.known_exploited,
        again=change.again,
        units=tuple(_told_units(change.hits, settings)),
        versions=_joined(change.hits, "versions"),
        patches=_joined(change.hits, "patches"),
        workarounds=tuple(dict.fromkeys(word for each in first for word in workarounds(each))),
        advice=tuple(dict.fromkeys(word for each in first for word in advice(each))),
        planned=planned,
    )


def _joined(hits: Sequence[Hit], key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(word) for hit in hits for word in hit.body[key]))


def _told_units(hits: Sequence[Hit], settings: Settings) -> Iterable[ToldUnit]:
    loudest: dict[tuple[str, str], Hit] = {}
    for hit in hits:
        place = (hit.device, hit.component)
        if place not in loudest or _rank(hit) < _rank(loudest[place]):
            loudest[place] = hit
    for hit in sorted(loudest.values(), key=lambda each: (_rank(each), each.device, each.component)):
        device = settings.inventory.devices[hit.device]
        site = settings.inventory.sites[device.site]
        evidence = hit.body["evidence"]
        yield ToldUnit(
            device=device.name,
            title=device.title,
            site=site.name,
            site_title=site.title or site.name,
            component=hit.component,
            model=hit.unit.model,
            version=hit.unit.version,
            patch=hit.unit.patch,
            verdict=Verdict(hit.verdict),
            rule=str(evidence[0][3]) if evidence else "",
        )


def _rank(hit: Hit) -> int:
    return _RANK.index(Verdict(hit.verdict))


def source_states(disk: Connection, now: datetime) -> tuple[SourceState, ...]:
    """How far each source is known."""
    counts = store.counted(disk)
    return tuple(
        SourceState(
            name=each.name,
            last_good=each.last_good,
            newest=each.newest,
            refused=each.refused,
            undetermined=counts.get(each.name, {}).get(Verdict.UNDETERMINED.value, 0),
            is_old=each.last_good is None or now - each.last_good > OLD,
        )
        for each in store.sources(disk)
    )


__all__ = ["ITSELF", "OLD", "TOLD", "Done", "caught_up", "computed", "fleet", "followed", "source_states", "told"]
