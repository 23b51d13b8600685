"""One device on the stage: what it tells each eye, and how it misbehaves. It knows nothing of networks.

What it tells over SNMP is kept in columns as it was answered last, so that a device on which nothing happens answers
with the same objects, and the visit takes its quiet way.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from collectors.simulate.boxes import Box
from collectors.simulate.renumbered import renumbered
from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.trees import Tree
from collectors.simulate.values import Alternating, Growing, Live, Told
from collectors.snmp.codec import Kind
from collectors.snmp.reader import Community, Request, Rows, Value

COMMUNITY = Community(community="rehearsal")
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
_TICKS = 100  # a second (RFC 3418)


@dataclass(frozen=True, slots=True)
class _Columns:
    """One table as it was answered: `live` are the columns with values that change by themselves."""

    rows: Rows
    live: Mapping[str, tuple[Value | Live, ...]]


@dataclass(slots=True, kw_only=True)
class Eyes:
    """What the device tells beside SNMP: documents by path, and the outputs of commands. None where it does not."""

    tree: Tree | None = None
    commands: dict[str, bytes] | None = None


class Actor(SimulatedDevice):
    """A device on the stage. What it tells is set as of any simulated device; boxes and breakages fill it.

    `unreachable` answers nothing at all, `blind` pings and no SNMP; `denied` is why nobody is let in; `garbage` and
    `loss` are shares of answers.
    """

    def __init__(self, name: str, address: str) -> None:
        """A device that tells nothing yet."""
        self._said: dict[str, Value | Live] = {}
        self._sorted_oids: list[str] | None = None
        self._tables: dict[tuple[str, ...], _Columns] = {}
        super().__init__(credentials=(COMMUNITY,))
        self.name, self.address = name, address
        self.eyes = Eyes()
        self.box: Box | None = None
        self.speaks_snmp = False
        self.unreachable = self.blind = self.refused = False
        self.denied = ""
        self.loss = self.garbage = 0.0
        self.stirred: Callable[[], None] = lambda: None
        self.told_anew = 0

    def set(self, oid: str, value: Told) -> None:
        """Tell `value` for the instance `oid` from now on."""
        plain = _plain(value)
        oid = oid.strip(".")
        if oid not in self._said:
            self._sorted_oids = None
        self._said[oid] = plain
        self._changed()

    def remove(self, oid: str) -> None:
        """Know nothing of `oid` from now on, nor of what stands below it."""
        oid = oid.strip(".")
        below = f"{oid}."
        for name in [name for name in self._said if name == oid or name.startswith(below)]:
            del self._said[name]
        self._sorted_oids = None
        self._changed()

    def told(self, oid: str) -> Told | None:
        """What was last set for `oid`, None where the device knows nothing of it."""
        value = self._said.get(oid.strip("."))
        return value if value is None or isinstance(value, Growing | Alternating | int | str | bytes) else None

    def at_and_below(self, oid: str) -> dict[str, Value | Live]:
        """All that was set at `oid` and below it."""
        oid = oid.strip(".")
        return {name: value for name, value in self._said.items() if name == oid or name.startswith(f"{oid}.")}

    def put_back(self, values: Mapping[str, Value | Live]) -> None:
        """Tell what was told before (see `at_and_below`)."""
        self._said |= values
        self._sorted_oids = None
        self._changed()

    def began(self, now: float) -> None:
        """Let sysUpTime grow from what was set."""
        ticks = self._said.get(SYS_UP_TIME)
        if isinstance(ticks, int):
            self.set(SYS_UP_TIME, Growing(kind=Kind.TIME_TICKS, start=ticks, per_second=_TICKS, since=now))

    def restarted(self, now: float) -> None:
        """Start anew: uptime and counters begin at 0."""
        self.reboot(now)
        for oid, value in list(self._said.items()):
            if oid == SYS_UP_TIME:
                self._said[oid] = Growing(kind=Kind.TIME_TICKS, per_second=_TICKS, since=now)
            elif isinstance(value, Growing):
                self._said[oid] = Growing(kind=value.kind, per_second=value.per_second, since=now)
        self._changed()

    def reshuffled(self) -> None:
        """Give all interfaces other numbers, as a box does that counts them anew at its start."""
        self._said = renumbered(self._said)
        self._sorted_oids = None
        self._changed()

    def scalars(self, request: Request, now: float) -> dict[str, Value]:
        """The instances of `request` at the moment `now`."""
        return {oid: _at(self._said.get(oid), now) for oid in request.scalars}

    def rows(self, columns: tuple[str, ...], now: float) -> Rows:
        """A table at the moment `now`."""
        known = self._tables.get(columns)
        if known is None:
            known = self._tables[columns] = self._table(columns)
        if not known.live:
            return known.rows
        moved = {name: tuple([_at(value, now) for value in values]) for name, values in known.live.items()}
        return Rows(index=known.rows.index, columns={**known.rows.columns, **moved})

    def _table(self, columns: Sequence[str]) -> _Columns:
        found = {column: self._column(f"{column}.") for column in columns}
        index = sorted({i for column in found.values() for i in column}, key=lambda i: [int(n) for n in i.split(".")])
        whole = {column: tuple([values.get(i) for i in index]) for column, values in found.items()}
        live = {name: values for name, values in whole.items() if any(isinstance(one, Live) for one in values)}
        rows = Rows(
            index=tuple(index),
            columns={name: tuple([_at(one, 0) for one in values]) for name, values in whole.items()},
        )
        return _Columns(rows, live)

    def _column(self, prefix: str) -> dict[str, Value | Live]:
        if self._sorted_oids is None:
            self._sorted_oids = sorted(self._said)
        first = bisect_left(self._sorted_oids, prefix)
        after = bisect_left(self._sorted_oids, f"{prefix}:", first)  # ":" follows "9"
        return {oid[len(prefix) :]: self._said[oid] for oid in self._sorted_oids[first:after]}

    def _changed(self) -> None:
        self._tables.clear()
        self.told_anew += 1


def _plain(value: Told) -> Value | Live:
    match value:
        case tuple():
            return value[1]
        case str():
            return value.encode()
        case _:
            return value


def _at(value: Value | Live, now: float) -> Value:
    return value.at(now)[1] if isinstance(value, Growing | Alternating) else value
