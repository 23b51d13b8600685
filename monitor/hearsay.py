"""What devices said of themselves lately, so that a fault which a visit then finds knows who told of it, and when.

Hints (hints.py) turn what was heard (hearing.py) into visits; here is kept for a short while that it was heard.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.heard import Heard
from monitor.model import Condition, Fault

FRESH = timedelta(seconds=15)
"""How long a shout may have led to what is found: until the second look (hints.py), and the visit itself takes time."""
_MOST = 64  # shouts of one device; one that says more within FRESH says the same again


@dataclass(frozen=True, slots=True, kw_only=True)
class Shouted:
    """That a device said something: when, and of which part; "" where nobody knows."""

    at: datetime
    kind: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one device said lately, oldest first."""

    shouts: tuple[Shouted, ...]

    def of(self, fault: Fault) -> datetime | None:
        """When the device told of `fault`, which was not there before; None where it did not.

        What it said of this part, else of this kind of part, else at all: the visit came of that. The oldest counts,
        because one that says a thing again has said it before.
        """
        key, fresh = fault.key, [one for one in self.shouts if fault.first_seen - FRESH <= one.at <= fault.first_seen]
        of_kind = [one for one in fresh if one.kind == key.kind]
        of_part = [one for one in of_kind if one.label == key.label]
        return next((one.at for one in (*of_part, *of_kind, *fresh)), None)


NOTHING_SAID = Said(shouts=())


class Hearsay:
    """What all devices said lately. Losing it costs nothing but the moment at which a fault was told."""

    def __init__(self) -> None:
        """Nobody has said anything."""
        self._said: dict[str, tuple[Shouted, ...]] = {}

    def heard(self, name: str, what: Heard | None, at: datetime) -> None:
        """The device `name` said that something is wrong; `what` is None where nobody knows what.

        That something is well again tells of no fault.
        """
        if what is not None and what.condition is Condition.OK:
            return
        shout = Shouted(at=at, kind=what.kind if what else "", label=what.label if what else "")
        fresh = tuple(one for one in self._said.get(name, ()) if at - FRESH <= one.at <= at)
        if len(fresh) < _MOST:
            self._said[name] = (*fresh, shout)

    def of(self, name: str) -> Said:
        """What the device `name` said."""
        said = self._said.get(name)
        return NOTHING_SAID if said is None else Said(shouts=said)

    def only(self, names: Collection[str]) -> None:
        """Forget every device that is not among `names`."""
        for name in self._said.keys() - set(names):
            del self._said[name]


Told = Callable[[str, Heard | None, datetime], None]
"""Takes what a device said, by its name, and when it was heard."""
