"""What surrounds each device: which others do not answer or have lost power, what hangs on what, who was looked at.

Kept in memory for the pipeline and derived from the disk alone: losing it costs one reading of it. It is used within
write transactions only, one after the other; `looked_at` and `forget` alone come from beside them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from alerts.faults.around import LINKED, Around, is_blind, is_cut, is_dark, is_down
from alerts.faults.topology import Topology, topology
from collectors.ports import Neighbour
from monitor.config import Settings
from monitor.model import SITE, Device, Fault, FaultKey, FaultState
from monitor.store import devices, faults, links, parts

_MOST = 64  # devices that are looked at because of one fault
_REST = timedelta(seconds=10)  # until the same device is looked at for others again
_KINDS = ("device", "psu", SITE)
_CAUSES = (*_KINDS, *sorted(LINKED))
_SET_BACK = timedelta(seconds=2)
_NOBODY: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Known:
    """What was read of the disk, and kept up since."""

    down: dict[str, Fault] = field(default_factory=dict)
    dark: dict[str, Fault] = field(default_factory=dict)
    blind: dict[str, Fault] = field(default_factory=dict)
    cut: dict[str, dict[tuple[str, str], Fault]] = field(default_factory=dict)
    of_site: dict[str, dict[str, Fault]] = field(default_factory=dict)
    ended: dict[FaultKey, datetime] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    links: dict[str, dict[str, Neighbour]] = field(default_factory=dict)


class Surroundings:
    """The surroundings of all devices."""

    def __init__(self) -> None:
        """Nothing is known yet; the first question reads the disk."""
        self._known: _Known | None = None
        self._is_stale = False
        self._settings: Settings | None = None
        self._sites: dict[str, frozenset[str]] = {}
        self._at: dict[str, list[str]] = {}
        self._topologies: dict[str, Topology] = {}
        self._ends: dict[str, dict[str, str]] = {}
        self._looked: dict[str, datetime] = {}
        self._hinted: dict[str, datetime] = {}
        self._met: dict[str, datetime] = {}
        self._now = datetime.min.replace(tzinfo=UTC) + _SET_BACK

    def looked_at(self, name: str, at: datetime) -> None:
        """A visit of this device began at that moment."""
        self._looked[name] = at

    def forget(self) -> None:
        """What is known may not be what is on disk: the next question reads it anew, within its own transaction."""
        self._is_stale = True

    def around(
        self, disk: Connection, device: Device, own: Iterable[Fault], within: Mapping[str, str], now: datetime,
        settings: Settings,
    ) -> Around:  # fmt: skip
        """What surrounds `device`, whose faults are `own` and whose interfaces are `within` these aggregates."""
        if now < self._now - _SET_BACK:
            for moments in (self._looked, self._hinted, self._met):
                moments.clear()  # they are of another time
        self._now = now
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
            blind=known.blind,
            of_site=known.of_site.get(device.site, {}),
            ended=known.ended,
            looked=self._looked,
            far=self._far(device, mine, within),
            ends=self._other_ends(device, mine, within, known),
            met=self._met.setdefault(device.name, now),
        )

    def told(self, device: str, own: Collection[Fault]) -> bool:
        """Take what is known of the faults of `device` now; True where that is news for its site."""
        known = self._known
        if known is None:
            return False
        down = next(iter(sorted(filter(is_down, own), key=lambda one: one.key)), None)
        dark = max(filter(is_dark, own), key=lambda one: one.changed_at, default=None)
        blind = max(filter(is_blind, own), key=lambda one: one.changed_at, default=None)
        both = ((down, known.down), (dark, known.dark), (blind, known.blind))
        news = any(found is not None or device in faults_ for found, faults_ in both)
        for found, faults_ in both:
            if found is not None:
                faults_[device] = found
            else:
                faults_.pop(device, None)
        if cut := {(one.key.kind, one.key.label): one for one in own if is_cut(one)}:
            known.cut[device] = cut
        else:
            known.cut.pop(device, None)
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
        moved = known.links.get(device, {}) != neighbours
        if moved or known.names.get(device, "") != name:
            known.links[device], known.names[device] = dict(neighbours), name
            self._topologies.clear()
        return moved

    def hidden_behind(self, causes: Collection[FaultKey]) -> frozenset[str]:
        """The devices that do not answer, have no power, tell nothing or have lost a link because of these."""
        known = self._known
        if known is None or not causes:
            return _NOBODY
        each = [*known.down.items(), *known.dark.items(), *known.blind.items()]
        each += [(name, fault) for name, cut in known.cut.items() for fault in cut.values()]
        return frozenset(name for name, fault in each if fault.hidden_by in causes)

    def to_look_at(self, names: Collection[str], now: datetime) -> tuple[str, ...]:
        """Those of `names` that are worth a visit now: not all of them at once, and none again and again."""
        rested = [name for name in sorted(names) if now - self._hinted.get(name, now - _REST) >= _REST][:_MOST]
        self._hinted.update(dict.fromkeys(rested, now))
        return tuple(rested)

    def _ended(self, fault: Fault) -> None:
        """Remember when a cause was cleared, or seen well though it may come back; mere suspicion was none."""
        if self._known is None or fault.key.kind not in _CAUSES:
            return
        if fault.cleared_at is not None and fault.opened_at is not None:
            self._known.ended[fault.key] = fault.cleared_at
        elif fault.opened_at is not None and fault.state is FaultState.OPEN and fault.good_since is not None:
            self._known.ended[fault.key] = fault.good_since
        else:
            self._known.ended.pop(fault.key, None)

    def _is_hit(self, site: frozenset[str]) -> bool:
        return self._known is not None and not site.isdisjoint(self._known.dark)

    def _read(self, disk: Connection, settings: Settings, now: datetime) -> _Known:
        if settings is not self._settings:
            self._settings = settings
            self._at = {}
            sites: dict[str, set[str]] = {}
            for name, device in settings.inventory.devices.items():
                sites.setdefault(device.site, set()).add(name)
                self._at.setdefault(device.address, []).append(name)
            self._sites = {site: frozenset(names) for site, names in sites.items()}
            self._is_stale = True
        if self._known is None or self._is_stale:
            self._is_stale = False
            self._topologies.clear()
            self._known = known = _Known()
            own: dict[tuple[bool, str], list[Fault]] = {}
            for fault in faults.since(disk, _CAUSES, now - settings.policy.elsewhere.linger):
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
                if (there := _only(called.get(said.name, ()), mine, device.site)) is not None and there != name
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
        for label, kind in labels.items():
            if kind in {"bgp_peer", "ospf_neighbour"}:
                peers = (name for name in self._at.get(label, ()) if self._is_of(name, device.customer))
                far.setdefault(label, set()).update(peers)
        return {label: frozenset(names) for label, names in far.items() if names}

    def _other_ends(
        self, device: Device, own: Iterable[Fault], within: Mapping[str, str], known: _Known
    ) -> dict[tuple[str, str], Fault]:
        """What is wrong with the other end of what has a fault, by kind and label."""
        if not known.cut.keys() - {device.name}:
            return {}
        lost = [fault.key for fault in own if is_cut(fault)]
        ends = ((key, self._other_end(device, key, within, known)) for key in lost)
        return {(key.kind, key.label): end for key, end in ends if end is not None}

    def _other_end(self, device: Device, key: FaultKey, within: Mapping[str, str], known: _Known) -> Fault | None:
        if key.kind == "interface":
            return self._other_port(device.name, key.label, known)
        if key.kind == "aggregate":
            for port in (port for port, whole in within.items() if whole == key.label):
                end = self._other_port(device.name, port, known)
                whole = end.hidden_by if end is not None else None
                if whole is not None and whole.kind == key.kind:
                    return known.cut.get(whole.device, {}).get((whole.kind, whole.label))
            return None
        # two routers name each other by their addresses
        found = (known.cut.get(name, {}).get((key.kind, device.address)) for name in self._at.get(key.label, ()))
        return next((one for one in found if one is not None), None)

    def _other_port(self, device: str, port: str, known: _Known) -> Fault | None:
        there = known.links.get(device, {}).get(port)
        far = known.cut.get(self._ends.get(device, {}).get(port, ""), {})
        return far.get(("interface", there.port)) if there is not None else None

    def _is_of(self, name: str, customer: str) -> bool:
        other = self._settings.inventory.devices.get(name) if self._settings is not None else None
        return other is not None and other.customer == customer


def _only(names: Collection[str], mine: Mapping[str, Device], site: str) -> str | None:
    """The one of `names` that is meant by a neighbour at `site`; None where that is not clear."""
    near = [name for name in names if mine[name].site == site] if len(names) > 1 else list(names)
    return near[0] if len(near) == 1 else None
