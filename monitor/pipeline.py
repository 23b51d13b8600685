"""The page: visit one device, do what follows, commit once.

The way of a fault, in order, each stop a function of one file:

1. `collectors.visit.visited` asks the device; its tables stay columns.
2. `collectors.visit.told` turns them into observations (words of `monitor.model`), `collectors.traffic` what the
   counters of interfaces did since the last visit, where it matters (`monitor.usual`). `monitor.history` writes down
   what happened to the device, and says which of its parts are gone.
3. `alerts.faults.judgement.judged` finds faults, levels and reasons, and where they have their cause; in other devices,
   too (`monitor.surroundings`), or in the line and the mains of the site, which `alerts.faults.sites` judges before.
4. `monitor.store.faults` keeps them.
5. `monitor.ticketing` opens or continues the ticket (`alerts.desk.tickets`) …
6. … and queues its letters (`alerts.post.letters`, `monitor.store.letters`).

Stops 3 to 6 are one transaction: a fault, its ticket's event and the letters are on disk together or not at all.
Where a device has no fault and nothing changed its condition, there is nothing to follow and no transaction (`_still`);
what the last visit told is kept in memory for that (`Memory`), and the disk alone says what faults there are.
From there `monitor.duties` posts the letters until the SMTP server has accepted them.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.faults.judgement import refreshed
from alerts.faults.rules import Policy
from collectors.logs import entries
from collectors.looks import UNREACHED
from collectors.parts import PartsSeen
from collectors.ports import NO_CABLING
from collectors.presence import NOT_THERE
from collectors.reach import Reached, There
from collectors.snmp.reader import Reader, Silence
from collectors.traffic import ASPECTS
from collectors.visit import Visit, visited
from monitor import history
from monitor.config import Settings
from monitor.hearsay import NOTHING_SAID, Hearsay, Said
from monitor.judging import Subject, judged_around, known_faults, ticketed
from monitor.memory import Facts, Memory, Remembered, facts_of
from monitor.model import (
    Change,
    Condition,
    Device,
    Fault,
    FaultState,
    LogEntry,
    Numbers,
    Observation,
)
from monitor.stillness import stays
from monitor.store import devices, faults, links
from monitor.store import parts as stored_parts
from monitor.store.database import Store
from monitor.surroundings import Surroundings
from monitor.usual import Usuals
from monitor.watching import Glances

SECOND_LOOK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a visit needs besides the device. `clock` is the daemon's one clock, read in `monitor.app`.

    `reach` says what is known of whether a device, by its name, is there at all, `ask` the same, once it was asked
    anew; `hearsay` what devices said of themselves lately.
    """

    settings: Settings
    reader: Reader
    store: Store
    clock: Callable[[], datetime]
    memory: Memory = field(default_factory=Memory)
    glances: Glances = field(default_factory=Glances)
    surroundings: Surroundings = field(default_factory=Surroundings)
    usuals: Usuals = field(default_factory=Usuals)
    reach: Callable[[str], Reached | None] = lambda _: None
    ask: Callable[[str], Awaitable[Reached | None]] | None = None
    hearsay: Hearsay = field(default_factory=Hearsay)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a visit. `look_again`: when another look could confirm or clear what is not sure yet.

    `look` names other devices that are to be visited now: they hold the cause, or have lost it.

    An observation keeps the moment at which it was first told for as long as it is told again unchanged. After a visit
    that `is_quiet`, `claims` are those of the visit that was judged last: the same conditions, and numbers of then.
    """

    facts: Facts
    claims: tuple[Observation, ...]
    is_quiet: bool = False
    changes: tuple[tuple[Fault, Change], ...]
    look_again: datetime | None
    silent_visits: int
    look: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[Observation, ...]:
        """What was observed now, at the same places as in `claims`; conditions that limits gave stand only there."""
        return self.facts.observations if self.is_quiet else self.claims

    @property
    def base(self) -> tuple[Observation, ...]:
        """The same, but for the numbers that `moved`."""
        return self.facts.base if self.is_quiet else self.claims

    @property
    def moved(self) -> tuple[Numbers, ...]:
        """The numbers that are told in place of those in `base`."""
        return self.facts.told.moved if self.is_quiet else ()

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What was observed now, with all conditions."""
        return refreshed(self.facts.observations, self.claims) if self.is_quiet else self.claims

    @property
    def visit(self) -> Visit:
        """What the device said."""
        return self.facts.told.visit

    @property
    def silence(self) -> Silence | None:
        """Why the device told nothing; None where it did."""
        return self.visit.silence


async def visit(device: Device, means: Means) -> Outcome:
    """Visit `device` once and do all that follows. Raises only for what is wrong with the daemon, never the device."""
    settings, memory = means.settings, means.memory
    targets = settings.targets(device)
    known = memory.of(device, settings)
    last = known.facts if known else None
    cables = (
        last.cables
        if last
        else replace(NO_CABLING, neighbours=await means.store.ask(partial(links.of, device=device.name)))
    )
    before = last.told.visit if last else None
    budget, looks = settings.snmp.budget, means.glances.of(device.name)
    seen = await visited(
        device,
        targets,
        means.reader,
        settings.platforms,
        means.clock(),
        budget,
        before,
        looks,
    )
    # Whether it is there is asked when its answer, or its silence, has come: a visit may wait for ten seconds.
    reached = await _reached(seen, means)
    seen = seen if reached is None else replace(seen, reach=reached)
    means.surroundings.looked_at(device.name, seen.at)
    asked = known.asked if known else frozenset()
    wanted = await means.usuals.wanted(device.name, settings.policy, asked, seen.at, means.store)
    facts = facts_of(seen, last, cables, wanted, None if last else memory.like(seen))
    if facts.traffic is not None and not (last and facts.traffic is last.traffic):
        await means.usuals.counted(device.name, facts.traffic, settings.policy, asked, means.store)
    log = entries(seen, before) if seen.silence is None else ()
    quiet = _still(facts, known, means.clock()) if known and not log else None
    if known is not None and quiet is not None:
        memory.keep(device.name, replace(known, facts=facts))
        return quiet
    # Should the transaction end in any other way than by returning, nobody knows what is on disk: look at all of it.
    memory.forget(device.name)
    parts, around = known.parts if known else None, means.surroundings
    said = means.hearsay.of(device.name)
    try:
        outcome, now = await means.store.do(
            lambda disk: followed(disk, facts, parts, settings, means.clock(), log, around, said)
        )
    except BaseException:
        around.forget()
        raise
    if seen.silence is None:
        memory.keep(device.name, now)
    return outcome


async def _reached(seen: Visit, means: Means) -> Reached | None:
    """Whether the device is there at all; where it has fallen silent, asked anew.

    That it answered a ping ten seconds ago is no sign of life: a device that has just died would be told as blind.
    """
    is_silent = seen.silence in NOT_THERE or any(look.blind in UNREACHED for look in seen.looks.values())
    ask = means.ask if is_silent else None
    return await ask(seen.device.name) if ask is not None else means.reach(seen.device.name)


def _still(facts: Facts, known: Remembered, now: datetime) -> Outcome | None:
    """The outcome of a visit after which there is nothing to write down; None where there may be something.

    Only this daemon makes faults, and only below in `followed`: what had none then has none now.
    """
    seen, before = facts.told.visit, known.told.visit
    if not known.still or now >= known.due or seen.silence is not None or seen.identity != before.identity:
        return None
    if history.may_be_restarted(seen, before) or facts.cables.neighbours != known.facts.cables.neighbours:
        return None
    more, policy = (facts.more, known.facts.more), known.settings.policy
    if not stays(facts.told, known.told, known.observations, policy, known.rooms, more):
        return None
    return Outcome(facts=facts, claims=known.observations, is_quiet=True, changes=(), look_again=None, silent_visits=0)


def followed(
    disk: Connection,
    facts: Facts,
    parts: PartsSeen | None,
    settings: Settings,
    now: datetime,
    log: Sequence[LogEntry] = (),
    surroundings: Surroundings | None = None,
    said: Said = NOTHING_SAID,
) -> tuple[Outcome, Remembered]:
    """All that follows from what was told, inside one transaction; and what to remember of it.

    `parts` are those on disk; None: look at them. `log` are the new lines of the device's own log, `said` is what it
    shouted lately.
    """
    surroundings = surroundings or Surroundings()
    seen, device, policy = facts.told.visit, facts.told.visit.device, settings.policy
    before = devices.by_name(disk, device.name)
    lived = history.lived(disk, facts.told, parts, before, settings, now) if seen.silence is None else None
    stored_parts.happened(disk, history.logged(device.name, log, seen.at))
    known = known_faults(disk, device.name, now, of_site=False)
    dated = tuple(_dated(one, seen.at) for one in facts.observations)
    seen_ok = faults.seen_ok(disk, device.name)
    if lived is not None and (lived.gone or known):
        missed = history.missed(lived, dated, known.values(), seen_ok, policy, seen.at)
        seen_ok |= {(one.component.kind, one.component.label, one.aspect) for one in missed}
        dated += missed
    subject = Subject(device=device, facts=facts, dated=dated, known=known, seen_ok=seen_ok, settings=settings, now=now)
    verdict, of_site, around = judged_around(disk, subject, surroundings)
    if seen.silence is None and surroundings.met(device.name, seen.identity.name or "", facts.cables.neighbours):
        links.saved(disk, device.name, facts.cables.neighbours)
    silent_visits, due = _remembered(disk, seen, before, lived, now, settings.snapshot_interval)
    living = dict(known)
    changes: list[tuple[Fault, Change]] = list(of_site)
    for step in verdict.steps:
        fault = step.fault if step.before is not None else replace(step.fault, told_at=said.of(step.fault))
        fault = faults.saved(disk, fault)
        living[fault.key] = fault
        if step.change is not None:
            changes.append((fault, step.change))
            ticketed(disk, fault, step.change, settings, now)
    faults.remembered_ok(disk, device.name, verdict.newly_ok)
    if seen.silence is None:
        due = min(due, _pictured(disk, seen, verdict.observations, settings, now, changed=bool(changes)))
    surroundings.told(device.name, [*living.values()])
    freed = surroundings.hidden_behind([fault.key for fault, change in changes if change is Change.CLEARED])
    felt = [around.felt_until(fault) for fault in living.values() if fault.state is not FaultState.CLEARED]
    later = [moment for moment in (lived.look_again if lived else None, *felt) if moment is not None]
    outcome = Outcome(
        facts=facts,
        claims=verdict.observations,
        changes=tuple(changes),
        look_again=_look_again(living.values(), policy, now, later),
        silent_visits=min(silent_visits, 1) if _is_there(seen) else silent_visits,
        look=surroundings.to_look_at(verdict.look | freed, now),
    )
    standing = [fault.key for fault in living.values() if fault.state is not FaultState.CLEARED]
    is_settled = lived is not None and lived.is_settled
    remembered = Remembered(
        settings=settings,
        facts=facts,
        asked=frozenset(
            (key.label, key.aspect) for key in standing if key.kind == "interface" and key.aspect in ASPECTS
        ),
        observations=outcome.claims,
        parts=lived.seen if lived is not None and is_settled else None,
        still=is_settled and not (verdict.steps or verdict.newly_ok or standing),
        due=due,
    )
    return outcome, remembered


def _is_there(seen: Visit) -> bool:
    """True for a device that answers pings: it is asked as often as ever, for nobody else says when it talks again."""
    return seen.reach is not None and seen.reach.there is There.UP


def _dated(observation: Observation, at: datetime) -> Observation:
    """`observation` as of this visit, where it may become the evidence of a fault.

    That is what is bad, a number to be judged, and what is absent: a part that was there may be missed.
    """
    return observation if observation.condition in {Condition.OK, Condition.UNKNOWN} else observation.as_of(at)


def _remembered(
    disk: Connection,
    seen: Visit,
    before: devices.Visited | None,
    lived: history.Lived | None,
    now: datetime,
    at_least_every: timedelta,
) -> tuple[int, datetime]:
    """Write down how the visit went where that is news (or old): an unchanged device costs no write at each visit.

    The number of silent visits in a row, and when the next visit is to be written down even if it brings no news.
    """
    if lived is None:
        return devices.silent(disk, seen.device.name, str(seen.silence), now, before), now
    stale = before is None or before.silence is not None or before.identity != lived.identity or lived.is_restarted
    if stale or before is None or now - before.visited_at >= at_least_every:
        devices.answered(disk, seen.device.name, lived.identity, now, lived.booted_at)
        return 0, now + at_least_every
    return 0, before.visited_at + at_least_every


def _pictured(
    disk: Connection,
    seen: Visit,
    observations: tuple[Observation, ...],
    settings: Settings,
    now: datetime,
    *,
    changed: bool,
) -> datetime:
    """Keep what was seen for the reports: at once when a fault changed, else at the set interval. When the next is due.

    Each day has a picture of its own, so that the next is due at midnight of the site at the latest.
    """
    zone = ZoneInfo(settings.inventory.sites[seen.device.site].zone)
    today = now.astimezone(zone).date()
    last = devices.snapshot_at(disk, seen.device.name, today.isoformat())
    if changed or last is None or now - last >= settings.snapshot_interval:
        dated = tuple([one.as_of(seen.at) for one in observations])
        devices.snapshot_saved(disk, seen.device.name, today.isoformat(), now, dated)
        last = now
    midnight = datetime.combine(today + timedelta(days=1), time(), zone)
    return min(last + settings.snapshot_interval, midnight.astimezone(UTC))


def _look_again(living: Iterable[Fault], policy: Policy, now: datetime, later: Iterable[datetime]) -> datetime | None:
    """When a second look could settle what is not sure yet: a suspicion, a part that seems to be well again or gone."""
    moments = list(later)
    for fault in living:
        watch = policy.watch(fault.key.kind, fault.key.aspect)
        if fault.state is FaultState.SUSPECTED and fault.bad > 0 and fault.hidden_by is None:
            moments.append(fault.changed_at + watch.confirms(fault.condition).time)
        elif fault.state is FaultState.OPEN and fault.good_since is not None and not fault.flapping:
            moments.append(fault.good_since + watch.clear.time)
    return max(min(moments), now + SECOND_LOOK) if moments else None
