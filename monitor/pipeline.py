"""The page: visit one device, do what follows, commit once.

The way of a fault, in order, each stop a function of one file:

1. `collectors.visit.visited` asks the device; its tables stay columns.
2. `collectors.visit.observed` turns them into observations (words of `monitor.model`).
3. `alerts.faults.judgement.judged` finds faults, levels and reasons.
4. `monitor.store.faults` keeps them.
5. `monitor.ticketing` opens or continues the ticket (`alerts.desk.tickets`) …
6. … and queues its letters (`alerts.post.letters`, `monitor.store.letters`).

Stops 3 to 6 are one transaction: a fault, its ticket's event and the letters are on disk together or not at all.
From there `monitor.duties` posts the letters until the SMTP server has accepted them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.faults.judgement import judged
from alerts.faults.rules import Policy
from collectors.snmp.reader import Reader, Silence
from collectors.visit import Visit, observed, visited
from monitor import ticketing
from monitor.config import Settings
from monitor.model import Change, Device, EventKind, Fault, FaultState, Observation
from monitor.store import devices, faults, tickets
from monitor.store.database import Store

SECOND_LOOK = timedelta(seconds=2)
MEMORY = timedelta(hours=6)  # a flap penalty of 6 hours ago has decayed to nothing under any sensible half-life


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a visit needs besides the device. `clock` is the daemon's one clock, read in `monitor.app`."""

    settings: Settings
    reader: Reader
    store: Store
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a visit. `look_again`: when another look could confirm or clear what is not sure yet."""

    visit: Visit
    observations: tuple[Observation, ...]
    changes: tuple[tuple[Fault, Change], ...]
    look_again: datetime | None
    silent_visits: int

    @property
    def silence(self) -> Silence | None:
        """Why the device told nothing; None where it did."""
        return self.visit.silence


async def visit(device: Device, means: Means) -> Outcome:
    """Visit `device` once and do all that follows. Raises only for what is wrong with the daemon, never the device."""
    settings = means.settings
    targets = settings.targets(device)
    seen = await visited(device, targets, means.reader, settings.platforms, means.clock(), settings.snmp.budget)
    facts = observed(seen)
    return await means.store.do(lambda disk: followed(disk, seen, facts, settings, means.clock()))


def followed(
    disk: Connection, seen: Visit, facts: tuple[Observation, ...], settings: Settings, now: datetime
) -> Outcome:
    """All that follows from what was seen, inside one transaction."""
    device = seen.device
    known = faults.known(disk, device.name, now - MEMORY)
    verdict = judged(facts, device, known, faults.seen_ok(disk, device.name), settings.policy, now)
    silent_visits = _remembered(disk, seen, now, settings.snapshot_interval)
    living = dict(known)
    changes: list[tuple[Fault, Change]] = []
    for step in verdict.steps:
        fault = faults.saved(disk, step.fault)
        living[fault.key] = fault
        if step.change is not None:
            changes.append((fault, step.change))
            _ticketed(disk, fault, step.change, settings, now)
    faults.remembered_ok(disk, device.name, verdict.newly_ok)
    if seen.silence is None:
        _pictured(disk, seen, verdict.observations, settings, now, changed=bool(changes))
    return Outcome(
        visit=seen,
        observations=verdict.observations,
        changes=tuple(changes),
        look_again=_look_again(living.values(), settings.policy, now),
        silent_visits=silent_visits,
    )


def _ticketed(disk: Connection, fault: Fault, change: Change, settings: Settings, now: datetime) -> None:
    """A symptom is recorded with its fault and has no ticket: its cause has one."""
    if change is Change.OPENED:
        if fault.hidden_by is None:
            ticketing.opened(disk, fault, settings, now)
        return
    kind = EventKind.RECOVERED if change is Change.CLEARED else EventKind.LEVEL_CHANGED
    for ticket in tickets.unclosed(disk, fault.key):
        ticketing.followed_up(disk, ticket, kind, fault, settings, now)


def _remembered(disk: Connection, seen: Visit, now: datetime, at_least_every: timedelta) -> int:
    """Write down how the visit went where that is news (or old): an unchanged device costs no write at each visit."""
    if seen.silence is not None:
        return devices.silent(disk, seen.device.name, seen.silence.value, now)
    before = devices.by_name(disk, seen.device.name)
    stale = before is None or before.silence is not None or before.identity != seen.identity
    if stale or before is None or now - before.visited_at >= at_least_every:
        devices.answered(disk, seen.device.name, seen.identity, now)
    return 0


def _pictured(
    disk: Connection,
    seen: Visit,
    observations: tuple[Observation, ...],
    settings: Settings,
    now: datetime,
    *,
    changed: bool,
) -> None:
    """Keep what was seen for the reports: at once when a fault changed, else at the set interval."""
    zone = ZoneInfo(settings.inventory.sites[seen.device.site].zone)
    day = now.astimezone(zone).date().isoformat()
    last = devices.snapshot_at(disk, seen.device.name, day)
    if changed or last is None or now - last >= settings.snapshot_interval:
        devices.snapshot_saved(disk, seen.device.name, day, now, observations)


def _look_again(living: Iterable[Fault], policy: Policy, now: datetime) -> datetime | None:
    """When a second look could settle what is not sure yet: a suspicion, or a part that seems to have recovered."""
    moments = []
    for fault in living:
        watch = policy.watch(fault.key.kind, fault.key.aspect)
        if fault.state is FaultState.SUSPECTED and fault.bad > 0 and fault.hidden_by is None:
            moments.append(fault.changed_at + watch.confirm.time)
        elif fault.state is FaultState.OPEN and fault.good_since is not None and not fault.flapping:
            moments.append(fault.good_since + watch.clear.time)
    return max(min(moments), now + SECOND_LOOK) if moments else None
