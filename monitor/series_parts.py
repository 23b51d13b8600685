"""The parts of a device as Prometheus text: which Observation is which sample, found out once for all of one model.

Asked by series.py at every visit; a family is rendered only where one of its numbers or conditions moved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

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
    ("answer", "seconds"): Family(name="netvigil_answer_seconds", says="How long the device took to answer."),
}
"""Which aspect in which unit is which metric. A number that is not listed is no series; its condition still is."""

OBSERVED = frozenset({CONDITION.name, *(family.name for family in NUMBERS.values())})
"""The names of all families that are rendered here."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Which Observations are the samples of one family: their places, and its text.

    The `form` has a blank for the value of each, and a NUL where the labels of the device go.
    """

    places: tuple[int, ...]
    form: str


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


def _form(name: str, labels: Iterable[str]) -> str:
    blank = "%d" if name == CONDITION.name else "%r"
    return "".join([f"{name}{{\0,{each}}} ".replace("%", "%%") + f"{blank}\n" for each in labels])


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
    numbers = {
        (like.aspect, like.unit)
        for several, others, told in ((apart, other, now), (other, apart, before))
        for each in several
        if not (same and any(each is known for known in others))
        for like in (told[each.places[0]],)
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
    known: dict[int, float | None] = {}
    for one in apart:
        divisor = one.divisor
        known.update(zip(one.places, [raw / divisor for raw in one.raws], strict=True))
    for name in wanted:
        of_family = layout.get(name)
        if of_family is None:
            page[name] = b""
        elif name == CONDITION.name:
            told = tuple([_CONDITIONS[claims[place].condition] for place in of_family.places])
            page[name] = packed((of_family.form % told).replace("\0", whole).encode())
        else:
            values = tuple([known[place] if place in known else numbers[place].value for place in of_family.places])
            page[name] = packed((of_family.form % values).replace("\0", whole).encode())
    return page
