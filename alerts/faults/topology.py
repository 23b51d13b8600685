"""What hangs on what: which devices are reached only through others. Asked where a device does not answer.

A way is declared (`parents` in the inventory) or seen (neighbours told by LLDP). What was declared counts alone. Seen
ways have no direction; the nearer to a root, the further up. The roots of what hangs together are its core switches,
where it has none its distribution switches, else what others name as a parent. Where none of these is there, nothing
is concluded.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from monitor.model import Role

_RANK = {Role.CORE: 0, Role.DISTRIBUTION: 1}
_PARENT, _NO_ROOT = 2, 3
_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The ways between devices, by their names. `depth` counts steps from the nearest root, where there is one."""

    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: Mapping[str, frozenset[str]] = field(default_factory=dict)
    depth: Mapping[str, int] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)

    def above(self, name: str) -> frozenset[str]:
        """The devices through which `name` is reached."""
        declared = self.parents.get(name)
        if declared:
            return frozenset(declared)
        own = self.depth.get(name)
        if not own:  # unknown, or itself a root
            return _NOBODY
        return frozenset(one for one in self.links.get(name, _NOBODY) if self.depth[one] < own)

    def cutting_off(self, name: str, down: AbstractSet[str]) -> frozenset[str]:
        """Those of `down` that cut `name` off; nobody, where one way to it is left.

        A neighbour that answers is a way, whatever its depth: it has one of its own. Only what hangs on nobody but
        `name` is none.
        """
        above = self.above(name)
        ways = (
            above
            if name in self.parents
            else [one for one in self.links.get(name, _NOBODY) if self.above(one) != {name}]
        )
        return above if above and all(way in down for way in ways) else _NOBODY

    def below(self, name: str) -> frozenset[str]:
        """All that would be cut off if `name` alone were down."""
        return frozenset(self.cut_off_with({name}))

    def cut_off_with(self, down: AbstractSet[str]) -> tuple[str, ...]:
        """All that is cut off where these are down, themselves left out."""
        lost = set().union(*(self._under(name) for name in down)) - down
        while kept := {one for one in lost if not self.cutting_off(one, lost | down)}:
            lost -= kept
        return tuple(sorted(lost))

    def _under(self, name: str) -> set[str]:
        """All that is reached through `name`, whatever other ways there are."""
        under: set[str] = set()
        asked = [name]
        while asked:
            one = asked.pop()
            more = [far for far in self.links.get(one, _NOBODY) if far not in under and one in self.above(far)]
            under.update(more)
            asked += more
        return under - {name}


def topology(
    roles: Mapping[str, Role], parents: Mapping[str, tuple[str, ...]], seen: Iterable[tuple[str, str]]
) -> Topology:
    """The topology of the devices in `roles`, with the parents declared for some and the pairs of neighbours `seen`."""
    links: dict[str, set[str]] = {}
    declared = {name: kept for name, above in parents.items() if name in roles and (kept := _known(above, roles, name))}
    pairs = [(name, above) for name, several in declared.items() for above in several]
    pairs += [(a, b) for a, b in seen if a in roles and b in roles and a != b]
    for a, b in pairs:
        links.setdefault(a, set()).add(b)
        links.setdefault(b, set()).add(a)
    fixed = {name: frozenset(several) for name, several in links.items()}
    return Topology(parents=declared, links=fixed, depth=_depths(fixed, roles, declared), roles=roles)


def _known(above: Iterable[str], roles: Mapping[str, Role], name: str) -> tuple[str, ...]:
    return tuple(one for one in above if one in roles and one != name)


def _depths(
    links: Mapping[str, frozenset[str]], roles: Mapping[str, Role], parents: Mapping[str, tuple[str, ...]]
) -> dict[str, int]:
    named = {one for several in parents.values() for one in several}

    def rank(name: str) -> int:
        if name in parents:
            return _NO_ROOT
        return _RANK.get(roles[name], _PARENT if name in named else _NO_ROOT)

    depth: dict[str, int] = {}
    done: set[str] = set()
    for start in links:
        if start in done:
            continue
        whole = _reached((start,), links)
        done |= whole.keys()
        best = min(map(rank, whole))
        # Where nothing says what is up, all are roots: nobody hangs on anybody.
        depth |= _reached([name for name in whole if best == _NO_ROOT or rank(name) == best], links)
    return depth


def _reached(starts: Iterable[str], links: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """How many steps it takes from the nearest of `starts` to each device."""
    steps = dict.fromkeys(starts, 0)
    asked = deque(steps)
    while asked:
        name = asked.popleft()
        for one in links.get(name, _NOBODY):
            if one not in steps:
                steps[one] = steps[name] + 1
                asked.append(one)
    return steps
