"""What is known of notices, for whoever asks: `netvigil notice show`, and the month of the inspection report."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from alerts.notices import life
from alerts.notices.exposure import Verdict, exposed
from alerts.notices.fleet import understood
from alerts.notices.life import Happened
from alerts.notices.repairs import repairs, workarounds
from alerts.notices.telling import SourceState
from monitor.config import Settings
from monitor.noticing import source_states
from monitor.store import advisories as store
from monitor.store import letters, notices
from monitor.store.letters import LetterState
from monitor.store.notices import Notice

_TELLING = {Happened.SENT, Happened.TOLD_AGAIN}
_TOLD = (Verdict.AFFECTED.value, Verdict.POSSIBLE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The times of a notice: published by the maker, seen by us, written, and accepted by a mail server.

    `in_time` is None while nothing was sent and there is still time.
    """

    published: str
    seen: datetime | None
    written: datetime | None
    sent: datetime | None
    in_time: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureOfMonth:
    """A notice that touches a device, as the report of a month tells it."""

    device: str
    advisory: str
    title: str
    verdict: str
    known_exploited: bool
    fixed: str
    workaround: str
    state: str
    seen: datetime | None
    sent: datetime | None
    in_time: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesOfMonth:
    """The notices of a month, with how far each source is known and how many devices something is not known of."""

    exposures: tuple[ExposureOfMonth, ...]
    sources: tuple[SourceState, ...]
    undetermined: int


def proof(disk: Connection, notice: Notice, settings: Settings, now: datetime) -> Proof:
    """The times that prove that a customer was told in time: within `[notices] within` of when we had it."""
    about = store.of_subjects(disk, [notice.subject]).get(notice.subject, [])
    told = next((each for each in notice.events if each.kind in _TELLING), None)
    new = next((each for each in notice.events if each.kind is Happened.NEW), None)
    # what a notice was about may be gone or changed; when we had it was written down with its first entry
    seen = datetime.fromisoformat(new.data["seen"]) if new else min((each.seen_at for each in about), default=None)
    sent: datetime | None = None
    if told is not None:
        ends = [letters.by_id(disk, each) for each in json.loads(told.data["letters"])]
        accepted = [e.ended_at for e in ends if e is not None and e.state is LetterState.ACCEPTED and e.ended_at]
        sent = min(accepted, default=None)
    in_time: bool | None = None
    if seen is not None:
        # the clock of a customer starts when the matter first touches a device of theirs
        start = max(seen, new.at) if new else seen
        in_time = (
            sent - start <= settings.notices.within
            if sent
            else False
            if now - start > settings.notices.within
            else None
        )
    return Proof(
        published=min((each.advisory.published for each in about if each.advisory.published), default=""),
        seen=seen,
        written=told.at if told else None,
        sent=sent,
        in_time=in_time,
    )


def shown(disk: Connection, settings: Settings, notice: Notice, now: datetime) -> dict[str, Any]:
    """All that is known of a notice, as plain values."""
    about = store.of_subjects(disk, [notice.subject]).get(notice.subject, [])
    names = [each.name for each in settings.inventory.devices.values() if each.customer == notice.customer]
    hits = store.hits(disk, names, (*_TOLD, Verdict.UNDETERMINED.value), [notice.subject])
    known, times = life.told(notice.events), proof(disk, notice, settings, now)
    gone = sorted(known.devices.keys() - {each.device for each in hits}) if known else []
    units = store.device_units(disk, gone)
    quiet = [
        _device(
            name,
            "",
            unit.model,
            unit.version,
            unit.patch,
            found.verdict.value,
            [[e.verdict.value, e.source, e.words, e.rule] for e in found.evidence[:3]],
        )
        for name in gone
        for unit in units.get(name, {}).values()
        for one in about
        if (found := exposed(one.advisory, understood(unit))).verdict is not Verdict.NOT_APPLICABLE
    ]
    planned = life.planned(notice.events)
    return {
        "notice": notice.id,
        "customer": notice.customer,
        "subject": notice.subject,
        "state": life.state(notice.events).value,
        "titles": list(dict.fromkeys(each.advisory.title for each in about if each.advisory.title)),
        "known_exploited": any(each.advisory.known_exploited for each in about),
        "score": max((each.advisory.score for each in about if each.advisory.score is not None), default=None),
        "planned": planned and planned.isoformat(),
        "times": {
            "published": times.published or None,
            "seen": _at(times.seen),
            "written": _at(times.written),
            "sent": _at(times.sent),
            "in_time": times.in_time,
        },
        "devices": [
            _device(e.device, e.component, e.unit.model, e.unit.version, e.unit.patch, e.verdict, e.body["evidence"])
            for e in hits
        ]
        + quiet,
        "advisories": [
            {"name": each.advisory.name, "source": each.source, "form": each.advisory.form, "seen": _at(each.seen_at)}
            for each in about
        ],
        "events": [
            {"at": _at(each.at), "kind": each.kind.value, "by": each.by, "data": dict(each.data)}
            for each in notice.events
        ],
    }  # fmt: skip


def _device(
    device: str, component: str, model: str, version: str, patch: str, verdict: str, evidence: list[list[str]]
) -> dict[str, Any]:
    names = ("verdict", "source", "words", "rule")
    return {
        "device": device, "component": component, "model": model, "version": version, "patch": patch,
        "verdict": verdict, "evidence": [dict(zip(names, each, strict=True)) for each in evidence],
    }  # fmt: skip


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def month(
    disk: Connection, settings: Settings, devices: Collection[str], start: datetime, end: datetime, now: datetime
) -> NoticesOfMonth:
    """What touches `devices` and was known before `end`: open matters, and those that were repaired since `start`."""
    exploited = store.exploited(disk)
    sides = {settings.inventory.devices[each].customer for each in devices if each in settings.inventory.devices}
    known = {
        (customer, each.subject): each for customer in sorted(sides) for each in notices.all_notices(disk, customer)
    }
    hits: dict[tuple[str, str], list[store.Hit]] = {}
    for hit in store.hits(disk, devices, _TOLD):
        hits.setdefault((hit.device, hit.subject), []).append(hit)
    about = store.of_subjects(disk, {subject for _, subject in hits} | {subject for _, subject in known})
    out: dict[tuple[str, str], ExposureOfMonth] = {}

    def add(device: str, subject: str, notice: Notice | None, verdict: Verdict, state: Happened) -> None:
        some = hits.get((device, subject), ())
        fixes = [str(each) for hit in some for each in (*hit.body["versions"], *hit.body["patches"])]
        fixes = fixes or _fixes(disk, device, about.get(subject, []))
        times = proof(disk, notice, settings, min(now, end)) if notice else None
        out[device, subject] = _row(
            device, subject, about, subject in exploited, times, verdict.value, fixes, state.value
        )

    for (_, subject), notice in known.items():
        # as it stood at the end of the month, so that the report of a month that is over stays as it was
        events = [each for each in notice.events if each.at < end]
        standing = life.told(events)
        for event in (each for each in events if each.kind is Happened.FIXED and each.at >= start):
            for device in (each for each in life.repaired_by(event) if each in devices):
                add(device, subject, notice, Verdict.NOT_AFFECTED, Happened.FIXED)
        for device, verdict in (standing.devices if standing else {}).items():
            if device in devices:
                add(device, subject, notice, verdict, life.state(events))
    for (device, subject), some in hits.items():
        key = (settings.inventory.devices[device].customer, subject)
        is_told = key in known and life.told(known[key].events) is not None
        if not is_told and any(each.seen_at < end for each in about.get(subject, [])):
            worst = min((Verdict(each.verdict) for each in some), key=list(Verdict).index)
            add(device, subject, known.get(key), worst, Happened.NEW)
    undetermined = {hit.device for hit in store.hits(disk, devices, [Verdict.UNDETERMINED.value])}
    rows = tuple(each for _, each in sorted(out.items()))
    states = tuple(
        replace(each, last_good=min(each.last_good, end)) if each.last_good else each
        for each in source_states(disk, min(now, end))
    )
    return NoticesOfMonth(exposures=rows, sources=states, undetermined=len(undetermined))


def _fixes(disk: Connection, device: str, about: Collection[store.Known]) -> list[str]:
    units = store.device_units(disk, [device]).get(device, {})
    found = [repairs(one.advisory, understood(unit)) for one in about for unit in units.values()]
    return list(dict.fromkeys(word for each in found for word in (*each.versions, *each.patches)))


def _row(
    device: str,
    subject: str,
    about: Mapping[str, Collection[store.Known]],
    is_exploited: bool,  # noqa: FBT001 - one of the facts of a row
    times: Proof | None,
    verdict: str,
    fixes: Collection[str],
    state: str,
) -> ExposureOfMonth:
    listed = about.get(subject, [])
    return ExposureOfMonth(
        device=device,
        advisory=subject,
        title=next((each.advisory.title for each in listed if each.advisory.title), ""),
        verdict=verdict,
        known_exploited=is_exploited,
        fixed=", ".join(dict.fromkeys(fixes)),
        workaround="; ".join(dict.fromkeys(word for each in listed for word in workarounds(each.advisory))),
        state=state,
        seen=times.seen if times else None,
        sent=times.sent if times else None,
        in_time=times.in_time if times else None,
    )
