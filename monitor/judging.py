"""The judgement of a device among its surroundings, and of its whole site; and what is kept of it.

`monitor.pipeline` calls it inside the transaction of a visit. Judgement itself is in `alerts.faults`; here it meets the
disk: the faults that are known of a device or a site, and the tickets of those that changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.faults.around import Around
from alerts.faults.judgement import Judged, judged
from alerts.faults.lifecycle import not_later
from alerts.faults.sites import of_site
from monitor import ticketing
from monitor.config import Settings
from monitor.memory import Facts
from monitor.model import SITE, Change, Device, EventKind, Fault, FaultKey, FaultState, Observation, as_device
from monitor.store import faults, tickets
from monitor.surroundings import Surroundings

MEMORY = timedelta(hours=6)  # a flap penalty of 6 hours ago has decayed to nothing under any sensible half-life


def known_faults(disk: Connection, name: str, now: datetime, *, of_site: bool) -> dict[FaultKey, Fault]:
    """What is known of the device or the site `name`: faults that stand, and those that cleared lately.

    A device and a site may have one name, so that their faults are told apart by what they are of.
    """
    found = faults.known(disk, name, now - MEMORY)
    return {key: not_later(one, now) for key, one in found.items() if (key.kind == SITE) == of_site}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is judged: a device, what it told, and what was known of it."""

    device: Device
    facts: Facts
    dated: tuple[Observation, ...]
    known: Mapping[FaultKey, Fault]
    seen_ok: frozenset[tuple[str, str, str]]
    settings: Settings
    now: datetime

    def judged(self, around: Around) -> Judged:
        """The judgement of it among its surroundings."""
        return judged(
            self.dated,
            self.device,
            self.known,
            self.seen_ok,
            self.settings.policy,
            self.now,
            notes=self.facts.cables.notes,
            within=self.facts.aggregates.of,
            around=around,
        )

    def after(self, verdict: Judged) -> list[Fault]:
        """Its faults as they stand after `verdict`."""
        return list({**self.known, **{step.fault.key: step.fault for step in verdict.steps}}.values())


def judged_around(
    disk: Connection, subject: Subject, surroundings: Surroundings
) -> tuple[Judged, list[tuple[Fault, Change]], Around]:
    """The judgement of a device, and before it, where it may concern it, of its whole site: what changed of that.

    And what surrounded it.
    """
    device, settings, now = subject.device, subject.settings, subject.now
    within = subject.facts.aggregates.of
    around = surroundings.around(disk, device, subject.known.values(), within, now, settings)
    verdict = subject.judged(around)
    own = subject.after(verdict)
    if not surroundings.told(device.name, own) and not around.of_site:
        return verdict, [], around
    around = surroundings.around(disk, device, own, within, now, settings)
    changes = _site_judged(disk, around, settings, now)
    surroundings.site_told(device.site, [fault for fault, _ in changes])
    around = surroundings.around(disk, device, own, within, now, settings)
    return subject.judged(around), [(fault, change) for fault, change in changes if change is not None], around


def _site_judged(
    disk: Connection, around: Around, settings: Settings, now: datetime
) -> list[tuple[Fault, Change | None]]:
    """Judge the site of the device as a whole, and follow that up."""
    told = of_site(around)
    if not told and not around.of_site:
        return []
    known = known_faults(disk, around.device.site, now, of_site=True)
    place = as_device(settings.inventory.sites[around.device.site])
    verdict = judged(told, place, known, frozenset(), settings.policy, now)
    found: list[tuple[Fault, Change | None]] = [
        (one, None) for one in known.values() if one.state is not FaultState.CLEARED
    ]
    for step in verdict.steps:
        fault = faults.saved(disk, step.fault)
        found = [(one, change) for one, change in found if one.key != fault.key] + [(fault, step.change)]
        if step.change is not None:
            ticketed(disk, fault, step.change, settings, now)
    return found


def ticketed(disk: Connection, fault: Fault, change: Change, settings: Settings, now: datetime) -> None:
    """Judgement says nothing of a symptom while its cause stands, so a symptom has no ticket: its cause has one."""
    if change is Change.OPENED:
        ticketing.opened(disk, fault, settings, now)
        return
    kind = EventKind.RECOVERED if change is Change.CLEARED else EventKind.LEVEL_CHANGED
    for ticket in tickets.unclosed(disk, fault.key):
        ticketing.followed_up(disk, ticket, kind, fault, settings, now)
