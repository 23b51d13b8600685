"""Remote support (contract, 4.11): the diagnosis of a device, taken once when a ticket about it opens, and attached.

It is taken in the background, after the ticket was committed and its letters queued. Whose turn it is follows from
what is stored: a ticket without the event `diagnosed`, so that a restart forgets and repeats nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from collectors.cli.reader import SshReader
from collectors.diagnosis import Section, Wanted, bundle, over_redfish, over_ssh, wanted
from collectors.looks import LookReader
from collectors.plan import Platform
from collectors.reach import Reached
from collectors.record.masks import Mask
from collectors.redfish.reader import RedfishReader
from collectors.snmp.reader import Budget
from collectors.tables import Eye
from monitor import ticketing
from monitor.model import Device, EventKind, Ticket
from monitor.settings import Settings
from monitor.store import attachments, devices, diagnoses, faults, pins, tickets
from monitor.store.database import Store
from monitor.told import known_of

log = logging.getLogger(__name__)
MEDIA_TYPE: Final = "text/plain; charset=utf-8"
_BYTES: Final = 16_000_000  # of all answers of one eye
_GLANCE: Final = timedelta(seconds=5)  # between two looks for tickets to diagnose
Ask = Callable[[str], Awaitable[Reached | None]]


async def taken(
    ticket: Ticket, store: Store, settings: Settings, readers: Mapping[Eye, LookReader], ask: Ask, now: datetime
) -> str:
    """The bundle for `ticket`: what the store knows, whether the device answers, and what it says itself."""
    device = settings.inventory.devices.get(ticket.fault.device)
    fault = await store.ask(lambda disk: faults.newest(disk, ticket.fault))
    sections = await store.ask(partial(known_of, ticket=ticket, fault=fault, settings=settings, now=now))
    if device is None:
        return _bundled(
            ticket, [*sections, Section(title="Device", text="not in the inventory any more")], settings, now
        )
    sections.insert(1, Section(title="Ping", text=_pinged(await ask(device.name))))
    platform = await store.ask(partial(_platform, device=device, settings=settings))
    if platform is None:
        sections.append(Section(title="Device", text="nobody knows yet what it is, so it was not asked"))
    else:
        asked = wanted(platform, fault.key.kind, fault.key.label, fault.component.slot)
        sections += await _asked(asked, device, store, settings, readers, settings.diagnosis.timeout)
    return _bundled(ticket, sections, settings, now)


def _bundled(ticket: Ticket, sections: list[Section], settings: Settings, now: datetime) -> str:
    head = (f"Diagnosis for ticket {ticket.id}, taken at {now.isoformat(timespec='seconds')}", "Secrets are masked.")
    return bundle(head, sections, settings.diagnosis.size)


def _pinged(found: Reached | None) -> str:
    if found is None:
        return "not asked: pings are switched off, or the device is not watched"
    told = f"{found.there} ({found.way})"
    if found.reason:
        told += f", {found.reason}"
    if found.seconds is not None:
        told += f", last round trip {found.seconds * 1000:.1f} ms"
    return told if found.loss is None else f"{told}, first tries lost in the last ten minutes: {found.loss:.0%}"


def _platform(disk: Connection, *, device: Device, settings: Settings) -> Platform | None:
    """What the inventory says that the device is, else what its last visit found out."""
    if (declared := settings.platforms.get(device.platform)) is not None:
        return declared
    visited = devices.by_name(disk, device.name)
    return settings.platforms.get((visited.identity.platform if visited else None) or "")


async def _asked(
    asked: Wanted,
    device: Device,
    store: Store,
    settings: Settings,
    readers: Mapping[Eye, LookReader],
    most: timedelta,
) -> list[Section]:
    """What the device itself says, by both eyes at once; each within its time, and none is waited for longer."""
    mask = Mask(settings.secrets(device))
    seconds = most.total_seconds()
    work: dict[str, asyncio.Task[list[Section]]] = {}
    ssh, redfish = readers.get(Eye.SSH), readers.get(Eye.REDFISH)
    budget = Budget(seconds=max(1.0, seconds - 1), bytes=_BYTES)
    if device.ssh and asked.commands and isinstance(ssh, SshReader):
        pin = await store.ask(lambda disk: pins.known(disk, device.name, Eye.SSH))
        door = settings.door(device, Eye.SSH, pin)
        work["SSH"] = asyncio.create_task(over_ssh(ssh, door, asked.commands, budget, mask))
    if device.redfish and (asked.resources or asked.entries) and isinstance(redfish, RedfishReader):
        pin = await store.ask(lambda disk: pins.known(disk, device.name, Eye.REDFISH))
        door = settings.door(device, Eye.REDFISH, pin)
        newest = settings.diagnosis.log
        work["Redfish"] = asyncio.create_task(over_redfish(redfish, door, asked, budget, mask, newest))
    if not work:
        return [Section(title="Device", text="the inventory names no login for SSH or Redfish, so it was not asked")]
    await asyncio.wait(work.values(), timeout=seconds)
    told: list[Section] = []
    for name, task in work.items():
        if task.done() and (error := task.exception()) is not None:
            log.error("diagnosing %s over %s", device.name, name, exc_info=error)
            told.append(Section(title=name, text="not taken: a defect of Netvigil; its log has the traceback"))
        elif task.done():
            told += task.result()
        else:
            task.cancel()
            told.append(Section(title=name, text="not answered: the time for a diagnosis was used up"))
    return told


def written(
    disk: Connection,
    *,
    ticket: Ticket,
    text: str,
    by: str,
    took: float,
    directory: Path,
    settings: Settings,
    now: datetime,
    is_asked: bool = False,
) -> attachments.Attachment | None:
    """Attach the bundle to the ticket; None where nobody asked for it and it was diagnosed meanwhile."""
    if not is_asked and diagnoses.is_diagnosed(disk, ticket.id):
        return None
    kept = attachments.kept(directory, disk, text.encode(), MEDIA_TYPE, settings.attachment, now)
    data = {
        "sha256": kept.sha256,
        "name": f"diagnosis-{ticket.id}-{now:%Y%m%dT%H%M%SZ}.txt",
        "size": str(kept.size),
        "media_type": kept.media_type,
        "took": f"{took:.1f}",
    }
    ticketing.acted(disk, ticket.id, EventKind.DIAGNOSED, by, data, settings, now, is_quiet=True)
    return kept


class Diagnosing:
    """The daemon's diagnoses: at most so many at a time, and so many an hour. `settings` may be replaced (reload)."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        readers: Mapping[Eye, LookReader],
        ask: Ask,
        clock: Callable[[], datetime],
    ) -> None:
        """Nothing is under way; `tick` begins what is due."""
        self.settings = settings
        self._store, self._readers, self._ask, self._clock = store, readers, ask, clock
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._given_up: set[str] = set()
        self._glanced_at: datetime | None = None

    async def tick(self) -> None:
        """Begin the diagnoses that are due, the gravest tickets first; never waits for one."""
        now, settings = self._clock(), self.settings
        if self._glanced_at is not None and timedelta(0) <= now - self._glanced_at < _GLANCE:
            return
        self._glanced_at = now
        room = settings.diagnosis.concurrent - len(self._under_way)
        if not settings.diagnosis.enabled or room <= 0:
            return
        try:
            due = await self._store.ask(partial(self._due, now=now))
        except Exception:  # a store that cannot be read: duties say so, and the next glance tries again
            log.exception("diagnoses could not be looked for")
            return
        for number in due[:room]:
            self._under_way[number] = task = asyncio.create_task(self._diagnosed(number))
            task.add_done_callback(partial(self._over, number))

    async def stop(self) -> None:
        """Break off what is under way: after a start it is taken anew."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _due(self, disk: Connection, *, now: datetime) -> list[str]:
        most = self.settings.diagnosis
        done = diagnoses.since(disk, now - timedelta(hours=1), ticketing.ITSELF)
        left = most.hourly - done - len(self._under_way)
        if left <= 0:
            return []
        skip = self._under_way.keys() | self._given_up
        found = diagnoses.waiting(disk, now - most.within, most.concurrent + len(skip))
        return [number for number in found if number not in skip][:left]

    async def _diagnosed(self, number: str) -> None:
        begun = self._clock()
        try:
            ticket = await self._store.ask(lambda disk: tickets.found(disk, number))
            text = await taken(ticket, self._store, self.settings, self._readers, self._ask, begun)
            now = self._clock()
            work = partial(
                written,
                ticket=ticket,
                text=text,
                by=ticketing.ITSELF,
                took=max(0.0, (now - begun).total_seconds()),
                directory=self._store.directory,
                settings=self.settings,
                now=now,
            )
            await self._store.do(work)
        except Exception:  # our own mistake, or a full disk: the ticket goes on without, and is not tried for ever
            self._given_up.add(number)
            log.exception("ticket %s could not be diagnosed", number)

    def _over(self, number: str, _: "asyncio.Task[None]") -> None:
        del self._under_way[number]
