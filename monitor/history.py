"""What happened to a device, kept for ever: parts that came, went or were swapped, other versions, restarts, its log.

A step of the pipeline, inside its transaction and before judgement, which is told of the parts that are gone. Nothing
is written at a visit that tells what is known. The first visit of a device writes its parts and no events.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.faults.policy import Policy
from collectors.identify import SYS_UP_TIME
from collectors.parts import Key, PartsSeen, parts_seen
from collectors.visit import Told, Visit
from monitor import ticketing
from monitor.config import Settings
from monitor.model import (
    Component,
    Condition,
    DeviceEvent,
    EventKind,
    Fault,
    FaultState,
    Happened,
    Identity,
    LogEntry,
    Observation,
)
from monitor.parts import CONFIRM, Compared, compared
from monitor.store import faults, parts, tickets
from monitor.store.devices import Visited
from monitor.store.parts import Known

SETTLED = timedelta(minutes=10)
"""How long after its start a device may not yet tell of all its parts."""
_SLACK = timedelta(minutes=1)
_ROUND = timedelta(seconds=2**32 / 100)  # sysUpTime begins anew after 497 days (TimeTicks, RFC 2578 section 7.1.8)
_GONE, _BACK = "gone", "back"
_STATE = "state"
State = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What the visit adds to the device's life. `identity` and `booted_at` are what is to be remembered of it.

    `gone` are parts that were there and are not, with the column that would tell of each. Not `is_settled`: the next
    visit has to be looked at even if it tells the same.
    """

    identity: Identity
    booted_at: datetime | None
    seen: PartsSeen
    is_restarted: bool = False
    gone: tuple[tuple[Known, str], ...] = ()
    look_again: datetime | None = None
    is_settled: bool = True


def lived(
    disk: Connection, found: Told, last: PartsSeen | None, before: Visited | None, settings: Settings, now: datetime
) -> Lived:
    """Write down what happened to the device since it was last heard, by what was `found` now.

    `last` are the parts that were told at a visit after which nothing was left to write; None where nobody remembers.
    """
    visit, name = found.visit, found.visit.device.name
    seen = parts_seen(found)
    boot = booted_at(visit)
    is_up = boot is None or visit.at - boot >= SETTLED
    identity = _remembered(before.identity if before else None, visit, is_whole=is_up)
    as_last = last is not None and (last.there, last.absent) == (seen.there, seen.absent)
    found_out: Compared | None = None
    known: Mapping[Key, Known] = {}
    if not as_last or parts.has_missing(disk, name):
        known = parts.known(disk, name)
    events = _of_device(before, identity, boot, visit, known.values())
    happened = {event.what for event in events}
    # Where it calls itself another platform than last time, that may be a slip: its parts wait until it says so again.
    is_same = before is None or before.identity.platform == identity.platform
    is_replaced = Happened.IDENTITY_CHANGED in happened
    is_compared = (known or not as_last) and (is_same or is_replaced)
    if is_compared:
        found_out = compared(known, seen, name, visit.at, is_up=is_up, is_replaced=is_replaced)
        for key in (*found_out.moved, *found_out.unknown):
            parts.dropped(disk, name, key)
        for key in found_out.moved:
            cleared(disk, name, *key, settings, now)
        parts.saved(disk, name, found_out.saved)
        events += found_out.events
    parts.happened(disk, events)
    return Lived(
        identity=identity,
        booted_at=_kept_boot(before, boot, visit),
        seen=seen,
        is_restarted=Happened.REBOOTED in happened,
        gone=found_out.gone if found_out else (),
        look_again=found_out.look_again if found_out else None,
        is_settled=found_out.is_settled if found_out else is_same,
    )


def missed(
    lived: Lived,
    told: Iterable[Observation],
    standing: Iterable[Fault],
    seen_ok: frozenset[State],
    policy: Policy,
    at: datetime,
) -> tuple[Observation, ...]:
    """What is to be said of parts that are gone: absent, where their kind is missed and they were once seen well.

    It is said once they are gone for sure, or at once where judgement itself takes its time to confirm. A part of which
    the device says itself that it is absent is among what was `told`, and needs nobody to say so. Of a part that is
    back and says nothing of its state, such as a member of a stack, that it is there ends the fault that is `standing`.
    """
    back = [
        fault.component
        for fault in standing
        if fault.evidence.raw == _GONE
        and fault.state is not FaultState.CLEARED
        and (fault.key.kind, fault.key.label) in lived.seen.there
    ]
    well = {(kind, label) for kind, label, _ in seen_ok}
    gone = [
        (row, source)
        for row, source in lived.gone
        if row.key[0] in policy.missed
        and row.key in well
        and (row.gone_at is not None or policy.watch(row.key[0], _STATE).confirm.time >= CONFIRM)
    ]
    if not gone and not back:
        return ()
    said = {(one.component.kind, one.component.label) for one in told if one.aspect == _STATE}

    def one(component: Component, condition: Condition, raw: str, source: str) -> Observation:
        return Observation(component=component, aspect=_STATE, condition=condition, raw=raw, source=source, at=at)

    return (
        *(one(row.component, Condition.ABSENT, _GONE, source) for row, source in gone if row.key not in said),
        *(one(part, Condition.OK, _BACK, "") for part in back if (part.kind, part.label) not in said),
    )


def cleared(disk: Connection, device: str, kind: str, label: str, settings: Settings, now: datetime) -> int:
    """Clear every fault of a part that is no longer expected, with its tickets; returns how many were open."""
    faults.forgotten_ok(disk, device, kind, label)
    living = [
        fault
        for key, fault in faults.known(disk, device, now).items()
        if (key.kind, key.label) == (kind, label) and fault.state is not FaultState.CLEARED
    ]
    for fault in living:
        ended = replace(fault, state=FaultState.CLEARED, bad=0, good_since=now, cleared_at=now, hidden_by=None)
        faults.saved(disk, ended)
        if fault.opened_at is not None:
            for ticket in tickets.unclosed(disk, fault.key):
                ticketing.followed_up(disk, ticket, EventKind.RECOVERED, ended, settings, now)
    return sum(fault.opened_at is not None for fault in living)


def logged(device: str, lines: Iterable[LogEntry], now: datetime) -> Iterator[DeviceEvent]:
    """New lines of a device's log as events of its history."""
    for line in lines:
        severity = {"severity": line.severity.value} if line.severity else {}
        yield DeviceEvent(
            device=device,
            at=line.at or now,
            what=Happened.LOG_ENTRY,
            data={"text": line.text, **severity},
            source=line.source,
            source_id=line.id,
        )


class StillThereError(ValueError):
    """The part is where it was; the message says so."""


def forgotten(disk: Connection, device: str, key: Key, by: str, why: str, settings: Settings, now: datetime) -> int:
    """Forget a part that was taken out on purpose; returns how many faults that cleared.

    Raises StillThereError where the device told of it at its last visit, and LookupError where nobody ever heard of it.
    """
    row = parts.known(disk, device).get(key)
    if row is not None and row.missing_since is None:
        raise StillThereError(f"{key[0]} {key[1]} of {device} is there: it was told of at the last visit")
    living = [one for one in faults.known(disk, device, now) if (one.kind, one.label) == key]
    was_well = any((kind, label) == key for kind, label, _ in faults.seen_ok(disk, device))
    if row is None and not living and not was_well:
        raise LookupError(
            f'nothing is known of a {key[0]} "{key[1]}" of {device}; "netvigil device parts {device}" shows its parts'
        )
    parts.dropped(disk, device, key)
    count = cleared(disk, device, *key, settings, now)
    data = {"by": by, **({"why": why} if why else {}), **({"serial": row.component.serial} if row else {})}
    event = DeviceEvent(
        device=device, at=now, what=Happened.PART_FORGOTTEN, kind=key[0], label=key[1], data=data, source=by
    )
    parts.happened(disk, [event])
    return count


# ---------------------------------------------------------------- the device as a whole


def booted_at(visit: Visit) -> datetime | None:
    """When the device was started, as it says; None where it says nothing of it."""
    ticks = visit.scalars.get(SYS_UP_TIME)
    return visit.at - timedelta(milliseconds=10 * ticks) if isinstance(ticks, int) and ticks >= 0 else None


def is_restarted(boot: datetime | None, at: datetime, before: datetime | None, before_at: datetime) -> bool:
    """True where a device that was started at `boot`, as it says `at`, was not yet up `before_at`.

    A clock that stands still or goes wrong is no start, nor is a counter that begins anew after 497 days.
    """
    if boot is None or before is None:
        return False
    later = boot - before
    if later <= _SLACK or boot <= before_at - _SLACK or at - boot == before_at - before:
        return False
    return not (later >= _ROUND - _SLACK and abs(later - round(later / _ROUND) * _ROUND) <= _SLACK * 60)


def may_be_restarted(visit: Visit, before: Visit) -> bool:
    """True where the device may have been started anew since `before`: asked at each visit, so it costs little."""
    now, last = visit.scalars.get(SYS_UP_TIME), before.scalars.get(SYS_UP_TIME)
    if not isinstance(now, int) or not isinstance(last, int) or now == last:
        return False
    behind = (visit.at - before.at).total_seconds() - (now - last) / 100
    return now < last or behind > _SLACK.total_seconds()


def _kept_boot(before: Visited | None, boot: datetime | None, visit: Visit) -> datetime | None:
    """The moment to remember: of a device that has not been started since, the one known, if its counter went round."""
    if before is None or before.booted_at is None or boot is None:
        return boot
    went_round = boot - before.booted_at >= _ROUND - _SLACK
    if went_round and not is_restarted(boot, visit.at, before.booted_at, before.answered_at or before.visited_at):
        return before.booted_at
    return boot


def _remembered(before: Identity | None, visit: Visit, *, is_whole: bool) -> Identity:
    """What the device is: its words of now, and where it tells none, those that it told last.

    That a patch is told no more means that it was taken out, unless the device did not tell everything.
    """
    now = visit.identity
    if before is None or before.platform != now.platform:
        return now
    words = ("model", "version", "serial", "name")
    kept = {word: getattr(before, word) for word in words if getattr(now, word) is None}
    if now.patch is None and not (is_whole and not any(table.ended for table in visit.tables.values())):
        kept["patch"] = before.patch
    return replace(now, **kept) if any(kept.values()) else now


def _of_device(
    before: Visited | None, identity: Identity, boot: datetime | None, visit: Visit, known: Iterable[Known]
) -> list[DeviceEvent]:
    """What happened to the device as a whole since it was last heard."""
    if before is None or before.answered_at is None:
        return []
    name, at, old = visit.device.name, visit.at, before.identity
    found: list[DeviceEvent] = []

    def happened(what: Happened, source: str = "", **data: str | None) -> None:
        told = {key: value or "" for key, value in data.items()}
        found.append(DeviceEvent(device=name, at=at, what=what, data=told, source=source))

    # the head of a stack changes with its members: the serial number is another one, the devices are the same
    is_other = old.serial and identity.serial and old.serial != identity.serial
    if is_other and all(row.component.serial != identity.serial for row in known):
        happened(
            Happened.IDENTITY_CHANGED,
            serial_from=old.serial,
            serial_to=identity.serial,
            model_from=old.model,
            model_to=identity.model,
        )
    if old.version and identity.version and old.version != identity.version:
        happened(Happened.VERSION_CHANGED, software_version_from=old.version, software_version_to=identity.version)
    if old.patch != identity.patch and old.platform == identity.platform:
        happened(Happened.PATCH_CHANGED, patch_from=old.patch, patch_to=identity.patch)
    if boot is not None and is_restarted(boot, at, before.booted_at, before.answered_at):
        happened(Happened.REBOOTED, source=SYS_UP_TIME, booted_at=boot.isoformat(timespec="seconds"))
    return found
