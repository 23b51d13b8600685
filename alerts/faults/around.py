"""Causes outside a device: what it is reached through, what its cables lead to, the line and the mains of its site.

Asked by `judgement.py` for what is bad and not explained by the device itself; `sites.py` judges the site before.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import ceil

from alerts.faults.rules import Elsewhere
from alerts.faults.topology import Topology
from monitor.model import Condition, Device, Fault, FaultKey, FaultState, Role

LINE, MAINS, DOOR = "answer", "power", "access"
"""The aspects of a site: whether anything there answers, whether it has power, whether it lets the monitoring in."""
_SILENT = frozenset({"answer", "reach"})
_BLIND = frozenset({("answer", Condition.DEGRADED), ("access", Condition.DEGRADED), ("access", Condition.FAILED)})
LINKED = frozenset({"interface", "aggregate", "bgp_peer", "ospf_neighbour"})
"""The kinds of part that have another end."""
_OF_LINKS = frozenset({"oper_status", "redundancy", "state"})
_NEVER = datetime.min.replace(tzinfo=UTC)
_TIMEOUTS = timedelta(seconds=5)  # that a device is silent is known only so long after it was asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A cause may be there, but nobody has looked at these devices since; they are looked at now."""

    look: frozenset[str]


def is_down(fault: Fault) -> bool:
    """True for the fault of a device that does not answer, by the last that was heard of it."""
    key = fault.key
    return key.kind == "device" and key.aspect in _SILENT and _is_bad(fault)


def is_dark(fault: Fault) -> bool:
    """True for the fault of a power supply that gives nothing, by the last that was heard of it."""
    return fault.key.kind == "psu" and fault.key.aspect == "state" and _is_bad(fault)


def is_blind(fault: Fault) -> bool:
    """True for the fault of a device that is there and tells nothing, or does not let us in."""
    key = fault.key
    if key.kind != "device" or fault.state is FaultState.CLEARED or fault.good:
        return False
    return (key.aspect, fault.condition) in _BLIND


def is_cut(fault: Fault) -> bool:
    """True for the fault of a link, or of what runs over it, that has another end."""
    return fault.key.kind in LINKED and fault.key.aspect in _OF_LINKS and _is_standing(fault)


def _is_standing(fault: Fault) -> bool:
    return fault.condition.is_bad and fault.state is not FaultState.CLEARED and fault.good == 0


def _is_bad(fault: Fault) -> bool:
    return fault.condition is Condition.FAILED and fault.state is not FaultState.CLEARED and fault.good == 0


def needed(able: AbstractSet[str], elsewhere: Elsewhere) -> int:
    """How many of those of a site that can be hit must be hit at once, until it is the site that is."""
    return max(elsewhere.devices, ceil(len(able) * elsewhere.share))


@dataclass(frozen=True, kw_only=True)
class Around:
    """What is known of all that surrounds `device` at one moment.

    `site` names all devices of its site, itself among them, `powered` those of them with power supplies. `down`, `dark`
    and `blind` give, by device, the fault that says that it does not answer, has lost a power supply, or is there and
    tells nothing. `of_site` are the site's own faults by aspect, `ended` says when causes were cleared that may still
    be felt. `looked` says when a device was visited last, `met` when this one was asked for here first. `far` says
    which devices are at the other end of a port, an aggregate or a peering, `ends` what is wrong with that end.
    """

    device: Device
    now: datetime
    elsewhere: Elsewhere
    topology: Topology = field(default_factory=Topology)
    site: frozenset[str] = frozenset()
    powered: frozenset[str] = frozenset()
    down: Mapping[str, Fault] = field(default_factory=dict)
    dark: Mapping[str, Fault] = field(default_factory=dict)
    blind: Mapping[str, Fault] = field(default_factory=dict)
    of_site: Mapping[str, Fault] = field(default_factory=dict)
    ended: Mapping[FaultKey, datetime] = field(default_factory=dict)
    looked: Mapping[str, datetime] = field(default_factory=dict)
    far: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ends: Mapping[tuple[str, str], Fault] = field(default_factory=dict)
    met: datetime = _NEVER

    @cached_property
    def below(self) -> tuple[str, ...]:
        """The devices that are cut off where this one is down."""
        return tuple(sorted(self.topology.below(self.device.name)))

    @property
    def roles_below(self) -> frozenset[Role]:
        """Their roles."""
        return frozenset(self.topology.roles[name] for name in self.below)

    def explains(self, fault: Fault) -> FaultKey | Wait | None:
        """The cause of `fault` outside the device; None where there is none."""
        found = self._found(fault)
        if found is None and fault.hidden_by is not None and self._is_felt(fault.hidden_by):
            return fault.hidden_by
        return found

    def felt_until(self, fault: Fault) -> datetime | None:
        """Until when a cause that is over still explains `fault`; None where it does not any more."""
        ended = self.ended.get(fault.hidden_by) if fault.hidden_by else None
        until = ended + self.elsewhere.linger if ended else None
        return until if until is not None and until > self.now else None

    def _is_felt(self, cause: FaultKey) -> bool:
        ended = self.ended.get(cause)
        # an end that is still to come is one of a clock that was set back since
        return ended is not None and ended <= self.now < ended + self.elsewhere.linger

    def _found(self, fault: Fault) -> FaultKey | Wait | None:
        if is_down(fault):
            return self._of_silence(fault)
        if is_dark(fault):
            return self._of_many(fault, MAINS, self.powered, self.dark)
        if is_blind(fault):
            return self._of_many(fault, DOOR, self.site, self.blind)
        if fault.key.kind in LINKED and self.far:
            return self._of_link(fault)
        return None

    def _of_silence(self, fault: Fault) -> FaultKey | Wait | None:
        if line := self.of_site.get(LINE):
            return line.key
        name = self.device.name
        if cutting := self.topology.cutting_off(name, self.down.keys()):  # no way to it leads over itself
            return self._root(cutting)
        since = fault.changed_at - _TIMEOUTS
        others = self.site - {name}
        # what it is reached through answers for it; to look at the whole site as well would only keep that waiting
        together = self.topology.above(name) or others
        open_ = self._unlooked(together, since)
        look = open_ if self._all_down(together, open_) else set()  # nobody there is known to answer
        return self._wait(look, fault)

    def _of_many(
        self, fault: Fault, aspect: str, able: frozenset[str], hit: Mapping[str, Fault]
    ) -> FaultKey | Wait | None:
        """What befalls many devices of a site at once, of those that are `able` to be hit."""
        if whole := self.of_site.get(aspect):
            return whole.key
        others = able - {self.device.name}
        together = {one for one in others if one in hit and self._is_together(hit[one], fault)}
        look = self._unlooked(others - together, fault.changed_at)
        enough = 1 + len(together) + len(look) >= needed(able, self.elsewhere)
        return self._wait(look, fault) if enough else None

    def _is_together(self, one: Fault, other: Fault) -> bool:
        return abs(one.changed_at - other.changed_at) <= self.elsewhere.together

    def _of_link(self, fault: Fault) -> FaultKey | Wait | None:
        far = self.far.get(fault.key.label, frozenset())
        if not far:
            return None
        if far <= self.down.keys():
            return self._root(far)
        end = self.ends.get((fault.key.kind, fault.key.label))
        if end is not None and end.hidden_by != fault.key and _precedence(end) < _precedence(fault):
            return end.hidden_by or end.key
        look = self._unlooked(far, fault.changed_at)
        return self._wait(look, fault) if self._all_down(far, look) else None

    def _all_down(self, names: AbstractSet[str], more: AbstractSet[str]) -> bool:
        """Whether all `names` are down or among `more`. Name by name: in a storm thousands are down."""
        return all(name in more or name in self.down for name in names)

    def _unlooked(self, names: Iterable[str], since: datetime) -> set[str]:
        return {one for one in names if one not in self.down and self.looked.get(one, _NEVER) < since}

    def _wait(self, look: AbstractSet[str], fault: Fault) -> Wait | None:
        doubtful = look and self.now < max(fault.changed_at, self.met) + self.elsewhere.doubt
        return Wait(look=frozenset(look)) if doubtful else None

    def _root(self, names: Iterable[str]) -> FaultKey:
        cause = min((self.down[name] for name in names), key=lambda one: (one.level, one.first_seen, one.key))
        return cause.hidden_by or cause.key


def _precedence(fault: Fault) -> tuple[bool, int, FaultKey]:
    """Which of the two ends of a link is told: the one that was told already, then the graver."""
    return fault.opened_at is None, int(fault.level), fault.key
