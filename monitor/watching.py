"""Beside the visits: looks at devices by the eyes that are not SNMP, each on its own beat (collectors/looks.py).

A look judges nothing. What it saw waits in `Glances` for the next visit of the device, which takes it in; where it saw
something new, that visit is now. So one page (pipeline.py) stays the only way of a fault.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from collectors.looks import ANOTHER, PASSING, Blind, Look, LookReader, Looks, looked, unneeded
from collectors.plan import Platform
from collectors.snmp.reader import Budget
from collectors.tables import Eye, Table
from monitor.backup import stored
from monitor.model import Device, DeviceEvent, Happened
from monitor.settings import Settings
from monitor.store import parts, pins
from monitor.store.configurations import Configurations
from monitor.store.database import Store

CLOSER = 3600.0
"""Seconds: what is asked more seldom (versions, licences, the configuration) is no news that a device shouts."""
_AGAIN, _SOON = timedelta(seconds=5), 6
"""So soon, and so often in a row, is looked again at what may see again at once: visits confirm what looks saw."""
BYTES = 64_000_000  # of all answers of one look: a full lifecycle log is a few megabytes


class Glances:
    """The latest looks at each device. Losing them costs one look each and nothing else."""

    def __init__(self) -> None:
        """Nobody has looked yet."""
        self._devices: dict[str, dict[Eye, Look]] = {}

    def of(self, name: str) -> Looks:
        """What was seen last, by eye."""
        return dict(self._devices.get(name, {}))

    def keep(self, name: str, look: Look) -> None:
        """Remember this look until the next of the same eye."""
        self._devices.setdefault(name, {})[look.eye] = look

    def only(self, seen: Mapping[Eye, Collection[str]]) -> None:
        """Forget what no eye looks at any more, as after the inventory was read anew."""
        for name, looks in list(self._devices.items()):
            left = {eye: look for eye, look in looks.items() if name in seen.get(eye, ())}
            if left:
                self._devices[name] = left
            else:
                del self._devices[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """What a look needs besides the device.

    `platform` says what the device is, as far as anybody knows, and `tables` what its last visit brought; `pinged`
    whether it answers pings.
    """

    settings: Settings
    readers: Mapping[Eye, LookReader]
    store: Store
    configurations: Configurations
    clock: Callable[[], datetime]
    platform: Callable[[Device], Platform | None]
    tables: Callable[[Device], Mapping[str, Table]] = lambda _: {}
    glances: Glances = field(default_factory=Glances)
    pinged: Callable[[str], bool] = lambda _: False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of a look. `is_news`: it saw something else than the one before."""

    look: Look
    silent_visits: int
    is_news: bool
    look_again: datetime | None = None

    @property
    def silence(self) -> Blind | None:
        """Why the look saw nothing; None where it did."""
        return self.look.blind


async def look(device: Device, eye: Eye, watcher: Watcher, blind_before: int, *, closer: bool = False) -> Looked | None:
    """Look at `device` once; None where nobody knows yet what it is, or there is nothing to see for this eye.

    `closer`: at all that is asked once an hour or more often, whether it is due or not.
    """
    settings = watcher.settings
    platform = watcher.platform(device)
    origins = platform.others.get(eye, ()) if platform else ()
    if not origins:
        return None
    pin = await watcher.store.ask(lambda disk: pins.known(disk, device.name, eye))
    door = settings.door(device, eye, pin)
    last = watcher.glances.of(device.name).get(eye)
    if closer and last is not None:
        last = replace(last, asked={pace: moment for pace, moment in last.asked.items() if pace > CLOSER})
    budget = Budget(seconds=settings.looking[eye].timeout.total_seconds() * 4, bytes=BYTES)
    skip = unneeded(platform, eye, watcher.tables(device)) if platform else frozenset[str]()
    now = await looked(watcher.readers[eye], door, eye, origins, watcher.clock(), budget, last, skip)
    now = await asyncio.to_thread(stored, now, device, watcher.configurations, watcher.clock(), last)
    if now.pin and not pin and not door.login.authority and now.blind is None:
        await watcher.store.do(lambda disk: pins.pinned(disk, device.name, eye, now.pin, watcher.clock()))
    if now.blind in ANOTHER and (last is None or last.blind is not now.blind or last.pin != now.pin):
        event = stranger(device.name, eye, pin, now)
        await watcher.store.do(lambda disk: parts.happened(disk, [event]))
    if now.pinged is not (pinged := watcher.pinged(device.name)):  # a look that brought nothing stays the same object
        now = replace(now, pinged=pinged)
    watcher.glances.keep(device.name, now)
    is_soon = now.blind in PASSING and blind_before < _SOON
    return Looked(
        look=now,
        silent_visits=blind_before + 1 if now.blind else 0,
        look_again=watcher.clock() + _AGAIN if is_soon else None,
        is_news=last is None or last.blind is not now.blind or _differs(now, last),
    )


def stranger(name: str, eye: Eye, known: str, now: Look) -> DeviceEvent:
    """That a device showed another key or certificate: once a day for each that it shows, over restarts, too."""
    shown = fingerprint(now.pin) if now.pin else ""
    return DeviceEvent(
        device=name,
        at=now.at,
        what=Happened.KEY_CHANGED,
        data={"eye": eye.value, "known": fingerprint(known), "shown": shown},
        source=f"{eye.value}://",
        source_id=f"key/{eye.value}/{now.at.date().isoformat()}/{fingerprint(known)}/{shown}",
    )


def fingerprint(pin: str) -> str:
    """A pin as people compare it: a host key as OpenSSH shows it, a certificate by its SHA-256; "" for none."""
    kind, _, key = pin.partition(" ")
    if not key:
        return f"SHA-256 {pin}" if pin else ""
    try:
        digest = sha256(b64decode(key, validate=True)).digest()
    except ValueError:
        return kind
    return f"{kind} SHA256:{b64encode(digest).decode().rstrip('=')}"


def _differs(now: Look, last: Look) -> bool:
    return now.tables.keys() != last.tables.keys() or any(
        table is not last.tables[name] for name, table in now.tables.items()
    )
