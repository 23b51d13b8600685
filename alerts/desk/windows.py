"""Maintenance windows: which of them covers a fault at a moment. Asked by monitor/ticketing.py before it calls anyone.

A window names customers, sites, devices or parts by patterns (* and ?), and when it is: once, or recurring. What
happens under it is judged and kept as always; nobody is called for it until no window covers it any more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase

from alerts.desk.recurring import Every, Span
from monitor.model import Device, FaultKey, Site, place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a window covers: each pattern that is not "" must fit."""

    customer: str = ""
    site: str = ""
    device: str = ""
    kind: str = ""
    label: str = ""

    def covers(self, device: Device) -> bool:
        """True where parts of `device` may be covered."""
        pairs = ((self.customer, device.customer), (self.site, device.site), (self.device, device.name))
        return all(fits(pattern, name) for pattern, name in pairs)

    def covers_part(self, kind: str, label: str) -> bool:
        """True where this part of a covered device is covered."""
        return fits(self.kind, kind) and fits(self.label, label)

    @property
    def is_whole(self) -> bool:
        """True where devices are covered with all their parts."""
        return not self.kind and not self.label


def fits(pattern: str, name: str) -> bool:
    """True where `name` is what `pattern` says; "" fits all, capitals do not matter."""
    return not pattern or fnmatchcase(name.casefold(), pattern.casefold())


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window. `name` is how people call it; `when` a span, or the rule by which it recurs in the site's zone."""

    name: str
    scope: Scope
    when: Span | Every
    reason: str
    by: str = ""

    def last_begun(self, moment: datetime, zone: str) -> Span | None:
        """Its newest occurrence that had begun by `moment`."""
        if isinstance(self.when, Every):
            return self.when.last_begun(moment, zone)
        return self.when if self.when.begins <= moment else None

    def next_begins(self, moment: datetime, zone: str) -> datetime | None:
        """When it begins next after `moment`."""
        if isinstance(self.when, Every):
            return self.when.next_begins(moment, zone)
        return self.when.begins if self.when.begins > moment else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """That a window covers something: which one, and its occurrence."""

    window: Window
    span: Span

    @property
    def id(self) -> str:
        """The name of this occurrence, in the data of the ticket events that it brings."""
        return f"{self.window.name} {self.span.begins.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What is covered at one moment by some windows; each window is worked out once for each zone."""

    windows: tuple[Window, ...]
    devices: Mapping[str, Device]
    sites: Mapping[str, Site]
    now: datetime
    _begun: dict[str, tuple[Covered, ...]] = field(default_factory=dict)

    def of(self, key: FaultKey) -> Covered | None:
        """The window that covers a fault under `key` now; of several the one that ends last."""
        found = [each for each in self._for(key) if self.now in each.span]
        return max(found, key=lambda each: each.span.ends, default=None)

    def place(self, key: FaultKey) -> Device | None:
        """The device that a fault is of; of a fault of a whole site the site, as if it were one. None: it is gone."""
        return place_of(key, self.devices, self.sites)

    def over_since(self, key: FaultKey) -> datetime | None:
        """When the last of the windows over `key` ended, if they all have."""
        return max((each.span.ends for each in self._for(key) if each.span.ends <= self.now), default=None)

    def active(self) -> tuple[Covered, ...]:
        """Every occurrence that is on now in some site's zone, in the order of the windows."""
        zones = sorted({site.zone for site in self.sites.values()})
        found = (each for zone in zones for each in self._in(zone) if self.now in each.span)
        return tuple(dict.fromkeys(found))

    def next_change(self) -> datetime | None:
        """When a window begins or ends next, anywhere."""
        zones = {site.zone for site in self.sites.values()}
        begins = (window.next_begins(self.now, zone) for window in self.windows for zone in zones)
        return min((each for each in (*begins, *(on.span.ends for on in self.active())) if each), default=None)

    def whole(self) -> tuple[Device, ...]:
        """The devices that are covered now with all their parts."""
        return tuple(device for device in self.devices.values() if self._is_whole(device))

    def _is_whole(self, device: Device) -> bool:
        begun = self._in(self.sites[device.site].zone)
        return any(
            each.window.scope.is_whole and self.now in each.span and each.window.scope.covers(device) for each in begun
        )

    def _for(self, key: FaultKey) -> Iterable[Covered]:
        device = self.place(key)
        if device is None or not self.windows:
            return ()
        scoped = ((each, each.window.scope) for each in self._in(self.sites[device.site].zone))
        return [each for each, scope in scoped if scope.covers(device) and scope.covers_part(key.kind, key.label)]

    def _in(self, zone: str) -> tuple[Covered, ...]:
        if zone not in self._begun:
            pairs = ((window, window.last_begun(self.now, zone)) for window in self.windows)
            self._begun[zone] = tuple(Covered(window=window, span=span) for window, span in pairs if span)
        return self._begun[zone]
