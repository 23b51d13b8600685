"""How often the link of each port went down, by the day: counted in memory, written down once a minute, for forecasts.

Visits see a port that is down at the next look; a trap or log line tells of one that was up again before it. Of a day
the greater of the two counts is taken, because both tell of the same failures.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from collectors.heard import Heard
from collectors.ports import TABLE, Ports
from collectors.snmp.reader import Value
from collectors.visit import Visit
from monitor.settings import Settings
from monitor.store import flaps as stored
from monitor.store.database import Store

UP: Final = 1
"""ifOperStatus and ifAdminStatus (IF-MIB)."""
_DOWN: Final = frozenset({2, 7})  # down, lowerLayerDown: all else is no failure of the link
_PACE: Final = timedelta(minutes=1)
_ECHO: Final = timedelta(seconds=1)  # a trap and a log line of the same failure
_SAYS_DOWN: Final = re.compile(r"\bdown\b", re.IGNORECASE)
_INTERFACE: Final = "interface"


class _Last(NamedTuple):
    """What the ports of a device told last: columns of its visit, which are kept by it anyway."""

    labels: tuple[str | None, ...]
    rows: tuple[str, ...]
    oper: tuple[Value, ...]


class Flaps:
    """The counts that are not written yet. Losing them (a daemon that is killed) costs a minute of them."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        """Nothing is known of any port yet."""
        self.settings = settings
        self._clock = clock
        self._last: dict[str, _Last] = {}
        self._told: dict[tuple[str, str], datetime] = {}
        self._counts: dict[stored.Place, list[int]] = {}
        self._written_at = clock()

    def visited(self, seen: Visit, found: Ports | None) -> None:
        """Count the ports that were up at the last visit, and are down now although nobody shut them."""
        if found is None or seen.silence is not None or "oper" not in found.columns:
            return
        name, oper = seen.device.name, found.columns["oper"]
        last = self._last.get(name)
        if last is not None and last.oper is oper:
            return
        self._last[name] = _Last(found.labels, seen.tables[TABLE].index, oper)
        if last is None or last.labels != found.labels:
            return
        admin = found.columns.get("admin", ())
        for row, (was, now) in enumerate(zip(last.oper, oper, strict=False)):
            label = found.labels[row]
            if was == UP and now in _DOWN and label is not None and (row >= len(admin) or admin[row] == UP):
                self._counted(name, label, heard=False)

    def heard(self, name: str, what: Heard | None, at: datetime) -> None:
        """Count what the device `name` says of a port that went down; of ports that no visit knows nothing counts."""
        last = self._last.get(name)
        if what is None or last is None or what.kind != _INTERFACE:
            return
        if not what.condition.is_bad and not (what.shout.log and _SAYS_DOWN.search(what.shout.text)):
            return
        label = _port(last, what.label)
        if label is None:
            return
        told = self._told.get((name, label))
        if told is not None and timedelta(0) <= at - told < _ECHO:
            return
        self._told[name, label] = at
        self._counted(name, label, heard=True)

    def only(self, names: Collection[str]) -> None:
        """Forget every device that is not among `names`."""
        for name in self._last.keys() - set(names):
            del self._last[name]
        self._told = {key: at for key, at in self._told.items() if key[0] in names}

    async def tick(self, now: datetime, store: Store) -> None:
        """Write down what was counted, once a minute."""
        if self._counts and not timedelta(0) <= now - self._written_at < _PACE:
            await self.written(now, store)

    async def written(self, now: datetime, store: Store) -> None:
        """Write down what was counted; on a full disk it waits."""
        self._written_at = now
        counts, self._counts = self._counts, {}
        self._told = {key: at for key, at in self._told.items() if now - at < _PACE}
        try:
            await store.do(partial(stored.added, counts=_pairs(counts)))
        except SQLAlchemyError:
            for place, (seen, heard) in counts.items():
                known = self._counts.setdefault(place, [0, 0])
                known[0], known[1] = known[0] + seen, known[1] + heard

    def _counted(self, name: str, label: str, *, heard: bool) -> None:
        device = self.settings.inventory.devices.get(name)
        if device is not None:
            place = stored.Place(name, label, self._today(device.site))
            self._counts.setdefault(place, [0, 0])[heard] += 1

    def _today(self, site: str) -> date:
        return self._clock().astimezone(ZoneInfo(self.settings.inventory.zone(site))).date()


def _port(last: _Last, said: str) -> str | None:
    """The label of the port that a shout calls `said`: by its name, or by its index where the shout had no more."""
    if said in last.labels:
        return said
    return last.labels[last.rows.index(said)] if said in last.rows else None


def _pairs(counts: Mapping[stored.Place, list[int]]) -> Mapping[stored.Place, tuple[int, int]]:
    return {place: (seen, heard) for place, (seen, heard) in counts.items()}
