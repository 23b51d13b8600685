"""The parts of a device as Prometheus text: which Observation is which sample, found out once for all of one model.

Asked by series.py at every visit; a family is rendered only where one of its numbers or conditions moved.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import isfinite
from operator import itemgetter

from monitor.exposition import Family, escaped, labelled
from monitor.model import Condition, Numbers, Observation
from monitor.packing import packed

_CONDITIONS: Mapping[Condition | None, int] = {
    Condition.OK: 0,
    Condition.DEGRADED: 1,
    Condition.FAILED: 2,
    Condition.ABSENT: 3,
    Condition.UNKNOWN: 4,
}

CONDITION = Family(
    name="netvigil_condition",
    says="What a part claims about itself: 0 ok, 1 degraded, 2 failed, 3 absent, 4 unknown.",
)

NUMBERS: Mapping[tuple[str, str], Family] = {
    ("temperature", "celsius"): Family(name="netvigil_temperature_celsius", says="Temperature."),
    ("voltage", "volts"): Family(name="netvigil_voltage_volts", says="Voltage."),
    ("current", "amperes"): Family(name="netvigil_current_amperes", says="Current drawn or given."),
    ("power", "watts"): Family(name="netvigil_power_watts", says="Electrical power."),
    ("speed", "rpm"): Family(name="netvigil_speed_rpm", says="Fan speed in revolutions per minute."),
    ("speed", "ratio"): Family(name="netvigil_speed_ratio", says="Fan speed as a share of full speed, 0 to 1."),
    ("usage", "ratio"): Family(name="netvigil_usage_ratio", says="Share in use (cpu, memory, disk), 0 to 1."),
    ("usage", "bytes"): Family(name="netvigil_usage_bytes", says="Amount in use."),
    ("rx_power", "dbm"): Family(name="netvigil_rx_power_dbm", says="Optical power received, in dBm."),
    ("tx_power", "dbm"): Family(name="netvigil_tx_power_dbm", says="Optical power sent, in dBm."),
    ("bias_current", "amperes"): Family(name="netvigil_bias_current_amperes", says="Bias current of a laser."),
    ("errors", ""): Family(name="netvigil_errors_total", says="Errors counted by the part.", type="counter"),
    ("endurance", "ratio"): Family(name="netvigil_endurance_ratio", says="Write endurance that is left, 0 to 1."),
    ("expires", "timestamp"): Family(
        name="netvigil_expires_timestamp_seconds", says="When a licence or certificate ends, in seconds since 1970."
    ),
    ("corrected_errors", ""): Family(
        name="netvigil_corrected_errors_total", says="Memory errors that were corrected.", type="counter"
    ),
    ("reallocated_sectors", ""): Family(
        name="netvigil_reallocated_sectors_total", says="Bad blocks of a disk that were replaced.", type="counter"
    ),
    ("uncorrectable_errors", ""): Family(
        name="netvigil_uncorrectable_errors_total", says="Reads of a disk that could not be mended.", type="counter"
    ),
    ("media_errors", ""): Family(
        name="netvigil_media_errors_total", says="Media errors that a controller counted of a disk.", type="counter"
    ),
    ("answer", "seconds"): Family(name="netvigil_answer_seconds", says="How long the device took to answer."),
}
"""Which aspect in which unit is which metric. A number that is not listed is no series; its condition still is."""

OBSERVED = frozenset({CONDITION.name, *(family.name for family in NUMBERS.values())})
"""The names of all families that are rendered here."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Which Observations are the samples of one family: their places, and its text.

    The `form` has a blank for the value of each, and a NUL where the labels of the device go. It is kept as octets,
    which are filled in three times as fast as text.
    """

    places: tuple[int, ...]
    form: bytes


Layout = Mapping[str, Samples]
"""Of each family its samples. Devices of one model whose parts have the same names share it."""
Seen = tuple[str, str, str, str, bool, bool]
"""What of an Observation decides about its samples: kind, label, aspect, unit, whether it has a condition, a number."""


def seen_of(numbers: Sequence[Observation], claims: Sequence[Observation]) -> tuple[Seen, ...]:
    """What of them decides about samples. `claims` are the same facts with their conditions, at the same places."""
    return tuple([_seen(number, claim) for number, claim in zip(numbers, claims, strict=False)])


def _seen(number: Observation, claim: Observation) -> Seen:
    component, value = number.component, number.value
    shown = value is not None and isfinite(value)
    return component.kind, component.label, number.aspect, number.unit, claim.condition is not None, shown


@lru_cache(maxsize=4096)
def layout(seen: tuple[Seen, ...]) -> Layout:
    """The samples of these Observations. Of two that would be the same sample the first counts."""
    found: dict[str, dict[str, int]] = {}
    for place, (kind, label, aspect, unit, claims, shown) in enumerate(seen):
        if claims:
            found.setdefault(CONDITION.name, {}).setdefault(_labels(kind, label, aspect), place)
        number = NUMBERS.get((aspect, unit)) if shown else None
        if number is not None:
            found.setdefault(number.name, {}).setdefault(_labels(kind, label, None), place)
    return {name: Samples(tuple(samples.values()), _form(name, samples)) for name, samples in found.items()}


def _form(name: str, labels: Iterable[str]) -> bytes:
    blank = "%d" if name == CONDITION.name else "%b"
    return "".join([f"{name}{{\0,{each}}} ".replace("%", "%%") + f"{blank}\n" for each in labels]).encode()


@lru_cache(maxsize=65_536)  # ports and sensors of all devices of one model have the same names
def _labels(kind: str, label: str, aspect: str | None) -> str:
    of_part = labelled(kind=kind, component=label)
    return f'{of_part},aspect="{escaped(aspect)}"' if aspect is not None else of_part


def moved(
    now: Sequence[Observation], before: Sequence[Observation], apart: Sequence[Numbers], other: Sequence[Numbers]
) -> set[str] | None:
    """The families in which a number is another one; None where one came or went.

    `apart` and `other` are the numbers that are told in place of those of the Observations, `now` and `before`.
    """
    if len(now) != len(before):
        return None
    same = now is before
    if same:  # then a number that is the same object says the same
        numbers = {
            (now[place].aspect, now[place].unit)
            for several, others in ((apart, {*map(id, other)}), (other, {*map(id, apart)}))
            for place in [each.places[0] for each in several if id(each) not in others]
        }
    else:
        numbers = {
            (told[each.places[0]].aspect, told[each.places[0]].unit)
            for several, told in ((apart, now), (other, before))
            for each in several
        }
    for one, last in [] if same else [pair for pair in zip(now, before, strict=True) if pair[0] is not pair[1]]:
        value, was = one.value, last.value
        if one.component is not last.component or one.aspect != last.aspect or one.unit != last.unit:
            if _seen(one, last) != _seen(last, last):
                return None
        elif value is None or was is None:
            if value is not was:
                return None
        elif not (isfinite(value) and isfinite(was)):
            return None
        if value != was:
            numbers.add((one.aspect, one.unit))
    return {NUMBERS[number].name for number in numbers & NUMBERS.keys()}


def changed(now: Sequence[Observation], before: Sequence[Observation]) -> set[str] | None:
    """The family of conditions where one is another one; None where one came or went."""
    if len(now) != len(before):
        return None
    conditions = [
        (one.condition, last.condition)
        for one, last in (() if now is before else zip(now, before, strict=True))
        if one.condition is not last.condition
    ]
    if any(one is None or last is None for one, last in conditions):
        return None
    return {CONDITION.name} if conditions else set()


def samples(
    whole: str,
    numbers: Sequence[Observation],
    apart: Sequence[Numbers],
    claims: Sequence[Observation],
    layout: Layout,
    wanted: Iterable[str],
) -> dict[str, bytes]:
    """The samples of the parts in the families that are `wanted`, packed; b"" where one has none.

    `apart` are the numbers that are told in place of those of `numbers`.
    """
    page: dict[str, bytes] = {}
    device = whole.encode()
    known = [*chain.from_iterable([map(_quotients(one.divisor).__getitem__, one.raws) for one in apart])]
    moved = tuple([one.places for one in apart])
    for name in wanted:
        of_family = layout.get(name)
        if of_family is None:
            page[name] = b""
        elif name == CONDITION.name:
            told = tuple([_CONDITIONS[claims[place].condition] for place in of_family.places])
            page[name] = packed((of_family.form % told).replace(b"\0", device))
        else:
            others, take = _sources(of_family.places, moved)
            texts = take((*known, *[_TEXTS[numbers[place].value] for place in others]))
            page[name] = packed((of_family.form % texts).replace(b"\0", device))
    return page


_Take = Callable[[tuple[bytes, ...]], tuple[bytes, ...]]


@lru_cache(maxsize=4096)  # devices of one model share it
def _sources(places: tuple[int, ...], moved: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], _Take]:
    """Which of `places` are of none of the numbers that `moved`; and what takes the text of each place.

    It takes them out of those of all numbers that moved, followed by those of the others.
    """
    at: dict[int, int] = {}
    at.update((place, n) for n, place in enumerate(chain.from_iterable(moved)))
    others = tuple([place for place in places if place not in at])
    at.update((place, n) for n, place in enumerate(others, sum(map(len, moved))))
    found = [at[place] for place in places]
    if len(found) > 1:
        return others, itemgetter(*found)
    return others, lambda texts: tuple([texts[n] for n in found])


_MOST_TEXTS = 65_536


class _Texts(dict[float | None, bytes]):
    """Numbers as they stand in a sample: most of them are told again and again, by all devices."""

    def __missing__(self, number: float | None) -> bytes:
        """That of `number`, kept from now on."""
        if len(self) >= _MOST_TEXTS:
            self.clear()
        text = self[number] = repr(number if number is None else number + 0.0).encode()  # 1 and 1.0, 0.0 and -0.0
        return text


_TEXTS = _Texts()


class _Quotients(dict[int, bytes]):
    """What a device told, divided, as it stands in a sample."""

    def __init__(self, divisor: float) -> None:
        super().__init__()
        self._divisor = divisor

    def __missing__(self, raw: int) -> bytes:
        """That of `raw`, kept from now on."""
        if len(self) >= _MOST_TEXTS:
            self.clear()
        text = self[raw] = _TEXTS[raw / self._divisor]
        return text


@lru_cache(maxsize=256)
def _quotients(divisor: float) -> _Quotients:
    return _Quotients(divisor)
