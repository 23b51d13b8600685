"""The hour under way of one device's parts: numbers weighted by time, and how long each part was in which condition.

Asked by rollups.py after each visit. Only columns that moved are touched: what they told is put into a journal, and
folded into least, greatest and area dozens of readings at a time. What did not move, and the conditions, are reckoned
by the time that went by when the hour ends. A value holds from the moment it was read until the next answer.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import mul
from typing import Final

from monitor.memory import Facts
from monitor.model import Limits, Numbers, Observation
from monitor.store.rolled import CODE, NONE, Key, Layout, Part, scale

THERE: Final = Key("device", "", "reachable", "ratio", 1000.0)
"""The series of whether a device is there: 1 while it is, 0 while it is not. Its mean is the availability."""
_JOURNAL: Final = 192  # numbers in a journal until it is folded: 1.5 kB of a device

Seen = tuple[str, str, str, str, bool, Limits | None]
"""What of an Observation says which series it is: kind, label, aspect, unit, whether it has a number, its limits."""


class Shape:
    """Which Observations of a visit are which series. Devices of one model whose parts have the same names share it.

    `slots[place]` is the series of the Observation at that place, -1 where one before it is the same series. `numbers`
    are the places of numbers. The last series is `THERE`, which is of no Observation.
    """

    def __init__(self, seen: tuple[Seen, ...]) -> None:
        """Of these Observations."""
        known: dict[tuple[str, str, str, str], int] = {}
        keys: list[Key] = []
        slots: list[int] = []
        places: list[int] = []
        for place, (kind, label, aspect, unit, has_number, limits) in enumerate(seen):
            if (kind, label, aspect, unit) in known:
                slots.append(-1)
                continue
            known[kind, label, aspect, unit] = len(keys)
            slots.append(len(keys))
            places.append(place)
            low, high = _bounds(limits)
            keys.append(Key(kind, label, aspect, unit, scale(aspect, unit) if has_number else 0.0, low, high))
        self.layout = Layout((*keys, THERE))
        self.slots = tuple(slots)
        self.places = tuple(places)
        self.numbers = tuple(place for place in places if seen[place][4])
        self.size = len(keys)


def _bounds(limits: Limits | None) -> tuple[float | None, float | None]:
    """The limits to which a number can drift: those that warn, else those that are critical."""
    if limits is None or limits.usual is not None:
        return None, None
    low = limits.low_warning if limits.low_warning is not None else limits.low_critical
    return low, limits.high_warning if limits.high_warning is not None else limits.high_critical


@lru_cache(maxsize=4096)
def _shape(seen: tuple[Seen, ...]) -> Shape:
    return Shape(seen)


@lru_cache(maxsize=8192)  # devices of one model share it
def _columns(shape: Shape, places: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(shape.slots[place] for place in places)


_EMPTY: Final = _shape(())


def _seen(one: Observation) -> Seen:
    part = one.component
    return part.kind, part.label, one.aspect, one.unit, one.value is not None, one.limits


class Parts:
    """What is known of the hour under way. Moments are seconds since 1970.

    `subjects` are the Observations of the last answer, without those of traffic; `at` is when that was, None where what
    it told no longer holds. `mark` is how many of the `seconds` were in the condition before the present one.
    """

    __slots__ = (
        "area", "at", "base", "claims", "columns", "high", "journal", "last", "low", "mark", "moved", "samples",
        "seconds", "shape", "since", "states", "subjects", "vector",
    )  # fmt: skip

    def __init__(self) -> None:
        """Nothing was told yet."""
        self.base: Sequence[Observation] = ()
        self.claims: Sequence[Observation] = ()
        self.moved: Sequence[Numbers] = ()
        self.at: float | None = None
        self.subjects: Sequence[Observation] = ()
        self.reshape(_EMPTY)

    def reshape(self, shape: Shape) -> None:
        """Begin anew with other series."""
        self.shape = shape
        self.last, self.since = array("d", bytes(8 * shape.size)), array("d", bytes(8 * shape.size))
        self.journal = array("d")
        self.columns: list[tuple[tuple[int, ...], tuple[int, ...], float]] = []
        self.vector = b""
        self.subjects = ()
        if self.at is not None:
            self.at = None  # the values of the new series are read before any time goes by
        self.begin()

    def begin(self) -> None:
        """Begin an hour with the values that hold."""
        # what is written is no wider either: a device that tells 200 numbers takes 1.6 kB less
        self.low, self.high = array("f", self.last), array("f", self.last)
        self.area = array("d", bytes(8 * len(self.last)))
        self.seconds = self.mark = 0.0
        self.samples = 0
        self.states: dict[bytes, float] = {}

    def until(self, moment: float) -> None:
        """What was told last has held until this moment."""
        if self.at is not None:
            self.seconds += moment - self.at
            self.at = moment

    def broken(self) -> None:
        """From the last answer on nothing is known, as after a silence."""
        if self.at is not None:
            self._settle(self.at)
            self.at = None

    def shape_of(self, facts: Facts, claims: Sequence[Observation]) -> Shape:
        """Which series this answer tells of: the same shape as before where they are the same."""
        if facts.told.base is self.base and claims is self.claims and self.subjects:
            return self.shape
        subjects, _ = _subjects(facts, claims)
        known = self.subjects
        if len(subjects) == len(known) and all(
            _seen(one) == _seen(other) for one, other in zip(subjects, known, strict=True) if one is not other
        ):
            return self.shape
        return _shape(tuple([_seen(one) for one in subjects]))

    def told(self, facts: Facts, claims: Sequence[Observation], at: float) -> None:
        """Take in an answer that tells of the series of this shape; the time until `at` was counted before."""
        told = facts.told
        if self.at is None:
            self.at = at
            self.since = array("d", [at]) * self.shape.size
            self._all(facts, claims, at)
        elif told.base is not self.base:
            self._fold()
            self._all(facts, claims, at, self.subjects)
        elif told.moved is not self.moved:
            known = set(map(id, self.moved))  # held by self.moved, so that no other has their place
            self._note([one for one in told.moved if id(one) not in known], at)
        if not self.samples and self.seconds <= 0:  # the hour begins with this answer: what held before is not of it
            self._fold()
            self.low, self.high = array("f", self.last), array("f", self.last)
        if claims is not self.claims or not self.vector:
            self._conditions(_subjects(facts, claims)[1])
        self.base, self.claims, self.moved = told.base, claims, told.moved
        self.samples += 1

    def _all(self, facts: Facts, claims: Sequence[Observation], at: float, known: Sequence[Observation] = ()) -> None:
        """Read every number, because any of them may be another one: but for Observations that were `known`."""
        subjects, _ = _subjects(facts, claims)
        numbers = self.shape.numbers
        if known:
            numbers = tuple([place for place in numbers if subjects[place] is not known[place]])
        values = {place: subjects[place].value for place in numbers}
        for one in facts.told.moved:
            values.update(zip(one.places, [raw / one.divisor for raw in one.raws], strict=True))
        last, since, area, low, high, slots = self.last, self.since, self.area, self.low, self.high, self.shape.slots
        for place, value in values.items():
            slot = slots[place]
            if value is None or value == last[slot]:
                continue
            area[slot] += last[slot] * (at - since[slot])
            since[slot], last[slot] = at, value
            low[slot] = min(low[slot], value)
            high[slot] = max(high[slot], value)
        self.subjects = subjects

    def _note(self, several: Sequence[Numbers], at: float) -> None:
        """Write down what these columns told."""
        journal = self.journal
        for one in several:
            journal.append(self._column(one))
            journal.append(at)
            journal.extend(one.raws)
        if len(journal) > _JOURNAL:
            self._fold()

    def _column(self, one: Numbers) -> int:
        for number, (places, _, divisor) in enumerate(self.columns):
            if places is one.places and divisor == one.divisor:
                return number
        self.columns.append((one.places, _columns(self.shape, one.places), one.divisor))
        return len(self.columns) - 1

    def _fold(self) -> None:
        """Put what is in the journal into least, greatest and area."""
        journal, place = self.journal, 0
        if not journal:
            return
        told: dict[int, tuple[list[float], list[array[float]]]] = {}
        while place < len(journal):
            number = int(journal[place])
            times, several = told.setdefault(number, ([], []))
            end = place + 2 + len(self.columns[number][1])
            times.append(journal[place + 1])
            several.append(journal[place + 2 : end])
            place = end
        last, since, area, low, high = self.last, self.since, self.area, self.low, self.high
        for number, (times, several) in told.items():
            _, slots, divisor = self.columns[number]
            first, until = times[0], times[-1]
            held = [after - before for before, after in pairwise(times)]
            for slot, raws in zip(slots, zip(*several, strict=True), strict=True):
                if slot < 0:
                    continue
                area[slot] += last[slot] * (first - since[slot]) + sum(map(mul, raws, held)) / divisor
                since[slot], last[slot] = until, raws[-1] / divisor
                if (least := min(raws) / divisor) < low[slot]:
                    low[slot] = least
                if (most := max(raws) / divisor) > high[slot]:
                    high[slot] = most
        self.journal = array("d")

    def _conditions(self, claims: Sequence[Observation]) -> None:
        vector = bytes([CODE[claims[place].condition] for place in self.shape.places])
        if vector != self.vector:
            self._stretch()
            self.vector = vector

    def _stretch(self) -> None:
        if self.seconds > self.mark:
            self.states[self.vector] = self.states.get(self.vector, 0.0) + self.seconds - self.mark
        self.mark = self.seconds

    def _settle(self, moment: float) -> None:
        self._fold()
        pairs = zip(self.area, self.last, self.since, strict=True)
        self.area = array("d", [area + last * (moment - since) for area, last, since in pairs])
        self.since = array("d", [moment]) * self.shape.size

    def ended(self, there: "There", end: float) -> Part | None:
        """What is known of the hour; None where that is nothing. `there` is told with it; both were read at `end`."""
        if self.at is not None:
            self._settle(self.at)
        self._stretch()
        if not self.samples and not there.samples and self.seconds <= 0 and there.seconds <= 0:
            return None
        seconds = self.seconds
        size = self.shape.size
        means = self.last.tolist()
        if seconds > 0:
            spans = zip(self.area, self.low, self.high, strict=True)
            means = [min(most, max(least, area / seconds)) for area, least, most in spans]
        share = there.up / there.seconds if there.seconds else 0.0
        columns = (
            [seconds] * size + [there.seconds],
            [float(self.samples)] * size + [float(there.samples)],
            [*self.low, float(there.low)],
            [*means, share],
            [*self.high, float(there.high)],
            [*self.last, float(there.is_up)],
        )
        none = bytes([NONE])
        states = tuple((vector + none, length) for vector, length in self.states.items())
        return Part([array("f", column) for column in columns], states, end)


@dataclass(slots=True)
class There:
    """For how long it was known whether a device is there, and for how long it was."""

    seconds: float = 0.0
    up: float = 0.0
    samples: int = 0
    is_up: bool = False
    low: bool = True
    high: bool = False

    def begin(self) -> None:
        """Begin an hour."""
        self.seconds = self.up = 0.0
        self.samples = 0
        self.low, self.high = True, False

    def read(self, *, is_up: bool) -> None:
        """It was there just now, or was not."""
        self.samples += 1
        self.is_up = is_up
        self.low, self.high = self.low and is_up, self.high or is_up

    def held(self, seconds: float) -> None:
        """What was known last has held for so long."""
        if seconds > 0:
            self.seconds += seconds
            self.low, self.high = self.low and self.is_up, self.high or self.is_up
            self.up += seconds if self.is_up else 0.0


def _subjects(facts: Facts, claims: Sequence[Observation]) -> tuple[Sequence[Observation], Sequence[Observation]]:
    """What becomes a series, and its conditions at the same places: all but the traffic of ports (rolling_ports.py).

    After what the device told come aggregates, traffic, and parts that are missed, of which only the claims know.
    """
    base, aggregates = facts.told.base, facts.aggregates.observations
    size, end = len(base) + len(aggregates), len(base) + len(facts.more)
    if len(claims) == size == len(base):
        return base, claims
    missed = claims[end:]
    own = claims[:size]
    if len(own) < size:
        own = (*own, *base[len(own) :], *aggregates)[:size]
    return (*base, *aggregates, *missed), (*own, *missed)
