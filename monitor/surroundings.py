"""What surrounds each device: which others do not answer or have lost power, what hangs on what, who was looked at.

Kept in memory for the pipeline and derived from the disk alone: losing it costs one reading of it. It is used within
write transactions only, one after the other; `looked_at` alone comes from beside them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.faults.around import Around, is_dark, is_down
from alerts.faults.topology import Topology, topology
from collectors.ports import Neighbour
from monitor.config import Settings
from monitor.model import SITE, Device, Fault, FaultKey, FaultState
from monitor.store import devices, faults, links, parts

_MOST = 64  # devices that are looked at because of one fault
_REST = timedelta(seconds=10)  # until the same device is looked at for others again
_KINDS = ("device", "psu", SITE)
_NOBODY: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Known:
    """What was read of the disk, and kept up since."""

    down: dict[str, Fault] = field(default_factory=dict)
    dark: dict[str, Fault] = field(default_factory=dict)
    of_site: dict[str, dict[str, Fault]] = field(default_factory=dict)
    ended: dict[FaultKey, datetime] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    links: dict[str, dict[str, str]] = field(default_factory=dict)


class Surroundings:
    """The surroundings of all devices."""

    def __init__(self) -> None:
        """Nothing is known yet; the first question reads the disk."""
        self._known: _Known | None = None
        self._settings: Settings | None = None
        self._sites: dict[str, frozenset[str]] = {}
        self._topologies: dict[str, Topology] = {}
        self._ends: dict[str, dict[str, str]] = {}
        self._looked: dict[str, datetime] = {}
        self._hinted: dict[str, datetime] = {}

    def looked_at(self, name: str, at: datetime) -> None:
        """A visit of this device began at that moment."""
        self._looked[name] = at

    def forget(self) -> None:
        """What is known may not be what is on disk: read it anew."""
        self._known = None
        self._topologies.clear()

    def around(
        self, disk: Connection, device: Device, own: Iterable[Fault], within: Mapping[str, str], now: datetime,
        settings: Settings,
    ) -> Around:  # fmt: skip
        """What surrounds `device`, whose faults are `own` and whose interfaces are `within` these aggregates."""
        known = self._read(disk, settings, now)
        mine = tuple(own)
        site = self._sites.get(device.site, _NOBODY)
        powered = parts.having(disk, "psu", site) if any(map(is_dark, mine)) or self._is_hit(site) else _NOBODY
        return Around(
            device=device,
            now=now,
            elsewhere=settings.policy.elsewhere,
            topology=self._topology(device.customer) if known.down or any(map(is_down, mine)) else Topology(),
            site=site,
            powered=powered,
            down=known.down,
            dark=known.dark,
            of_site=known.of_site.get(device.site, {}),
            ended=known.ended,
            looked=self._looked,
            far=self._far(device, mine, within),
        )

    def told(self, device: str, own: Collection[Fault]) -> bool:
        """Take what is known of the faults of `device` now; True where that is news for its site."""
        known = self._known
        if known is None:
            return False
        down = next(iter(sorted(filter(is_down, own), key=lambda one: one.key)), None)
        dark = max(filter(is_dark, own), key=lambda one: one.changed_at, default=None)
        news = device in known.down or device in known.dark or down is not None or dark is not None
        for found, faults_ in ((down, known.down), (dark, known.dark)):
            if found is not None:
                faults_[device] = found
            else:
                faults_.pop(device, None)
        for fault in own:
            self._ended(fault)
        return news

    def site_told(self, site: str, own: Iterable[Fault]) -> None:
        """Take what is known of the faults of the site itself."""
        if self._known is not None:
            standing = {one.key.aspect: one for one in own if one.state is not FaultState.CLEARED}
            self._known.of_site[site] = standing
            for fault in own:
                self._ended(fault)

    def met(self, device: str, name: str, neighbours: Mapping[str, Neighbour]) -> bool:
        """Take what `device` calls itself, and where its cables lead; True where the cables lead elsewhere now."""
        known = self._known
        if known is None:
            return True
        far = {port: there.name for port, there in neighbours.items()}
        moved = known.links.get(device, {}) != far
        if moved or known.names.get(device, "") != name:
            known.links[device], known.names[device] = far, name
            self._topologies.clear()
        return moved

    def hidden_behind(self, causes: Collection[FaultKey]) -> frozenset[str]:
        """The devices that do not answer or have no power because of these."""
        known = self._known
        if known is None or not causes:
            return _NOBODY
        both = (*known.down.items(), *known.dark.items())
        return frozenset(name for name, fault in both if fault.hidden_by in causes)

    def to_look_at(self, names: Collection[str], now: datetime) -> tuple[str, ...]:
        """Those of `names` that are worth a visit now: not all of them at once, and none again and again."""
        rested = [name for name in sorted(names) if now - self._hinted.get(name, now - _REST) >= _REST][:_MOST]
        self._hinted.update(dict.fromkeys(rested, now))
        return tuple(rested)

    def _ended(self, fault: Fault) -> None:
        """Remember when a cause was cleared; a suspicion that came to nothing was none."""
        if self._known is None or fault.key.kind not in _KINDS:
            return
        if fault.cleared_at is not None and fault.opened_at is not None:
            self._known.ended[fault.key] = fault.cleared_at
        else:
            self._known.ended.pop(fault.key, None)

    def _is_hit(self, site: frozenset[str]) -> bool:
        return self._known is not None and not site.isdisjoint(self._known.dark)

    def _read(self, disk: Connection, settings: Settings, now: datetime) -> _Known:
        if settings is not self._settings:
            self._settings = settings
            self._topologies.clear()
            sites: dict[str, set[str]] = {}
            for name, device in settings.inventory.devices.items():
                sites.setdefault(device.site, set()).add(name)
            self._sites = {site: frozenset(names) for site, names in sites.items()}
            self._known = None
        if self._known is None:
            self._known = known = _Known()
            own: dict[tuple[bool, str], list[Fault]] = {}
            for fault in faults.since(disk, _KINDS, now - settings.policy.elsewhere.linger):
                if settings.place(fault.key) is not None:
                    own.setdefault((fault.key.kind == SITE, fault.key.device), []).append(fault)
            for (is_site, name), several in own.items():
                if is_site:
                    self.site_told(name, several)
                else:
                    self.told(name, several)
            known.links = links.all_links(disk)
            known.names = {name: seen.identity.name or "" for name, seen in devices.all_visited(disk).items()}
        return self._known

    def _topology(self, customer: str) -> Topology:
        if customer not in self._topologies and self._settings is not None:
            stock = self._settings.inventory.devices
            mine = {name: device for name, device in stock.items() if device.customer == customer}
            self._ends |= self._resolved(mine)
            seen = [(name, far) for name in mine for far in self._ends.get(name, {}).values()]
            self._topologies[customer] = topology(
                {name: device.role for name, device in mine.items()},
                {name: device.parents for name, device in mine.items() if device.parents},
                seen,
            )
        return self._topologies.get(customer, Topology())

    def _resolved(self, mine: Mapping[str, Device]) -> dict[str, dict[str, str]]:
        """Which device of the inventory each port leads to, as far as the name that it was told is the name of one."""
        known = self._known or _Known()
        called: dict[str, list[str]] = {}
        for name in mine:
            for said in {name, known.names.get(name) or name}:
                called.setdefault(said, []).append(name)
        return {
            name: {
                port: there
                for port, said in known.links.get(name, {}).items()
                if (there := _only(called.get(said, ()), mine, device.site)) is not None and there != name
            }
            for name, device in mine.items()
        }

    def _far(self, device: Device, own: Iterable[Fault], within: Mapping[str, str]) -> dict[str, frozenset[str]]:
        """Which devices are at the other end of what has a fault."""
        labels = {fault.key.label: fault.key.kind for fault in own if fault.key.kind not in _KINDS}
        if not labels or self._settings is None:
            return {}
        self._topology(device.customer)
        ends = self._ends.get(device.name, {})
        far: dict[str, set[str]] = {}
        for port, there in ends.items():
            for label in {port, within.get(port, port)} & labels.keys():
                far.setdefault(label, set()).add(there)
        peers = {label for label, kind in labels.items() if kind in {"bgp_peer", "ospf_neighbour"}}
        if peers:
            for name, other in self._settings.inventory.devices.items():
                if other.customer == device.customer and other.address in peers:
                    far.setdefault(other.address, set()).add(name)
        return {label: frozenset(names) for label, names in far.items()}


def _only(names: Collection[str], mine: Mapping[str, Device], site: str) -> str | None:
    """The one of `names` that is meant by a neighbour at `site`; None where that is not clear."""
    near = [name for name in names if mine[name].site == site] if len(names) > 1 else list(names)
    return near[0] if len(near) == 1 else None
