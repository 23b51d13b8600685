"""The parts of a device as Prometheus text: which Observation is which sample, found out once for all of one model.

Asked by series.py at every visit; a family is rendered only where one of its numbers or conditions moved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

from monitor.exposition import Family, escaped, labelled
from monitor.model import Condition, Observation
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
    """Which Observations are the samples of one family: their places, and the labels of the part of each."""

    places: tuple[int, ...]
    labels: tuple[str, ...]


Layout = Mapping[str, Samples]
"""Of each family its samples. Devices of one model whose parts have the same names share it."""
Seen = tuple[str, str, str, str, bool, bool]
"""What of an Observation decides about its samples: kind, label, aspect, unit, whether it has a condition, a number."""


def seen_of(one: Observation) -> Seen:
    """What of it decides about samples."""
    shown = one.value is not None and isfinite(one.value)
    return one.component.kind, one.component.label, one.aspect, one.unit, one.condition is not None, shown


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
    return {name: Samples(tuple(samples.values()), tuple(samples)) for name, samples in found.items()}


@lru_cache(maxsize=65_536)  # ports and sensors of all devices of one model have the same names
def _labels(kind: str, label: str, aspect: str | None) -> str:
    of_part = labelled(kind=kind, component=label)
    return f'{of_part},aspect="{escaped(aspect)}"' if aspect is not None else of_part


def touched(now: Sequence[Observation], before: Sequence[Observation]) -> set[str] | None:
    """The families in which a sample moved; None where one came or went."""
    if len(now) != len(before):
        return None
    moved: set[str] = set()
    if now is before:
        return moved
    numbers: set[tuple[str, str]] = set()
    for one, last in [(one, last) for one, last in zip(now, before, strict=True) if one is not last]:
        value, was = one.value, last.value
        plain = one.component is last.component and one.aspect == last.aspect and one.unit == last.unit
        if value is None or was is None or one.condition is not last.condition or not plain:
            if seen_of(one) != seen_of(last):
                return None
            if one.condition is not last.condition:
                moved.add(CONDITION.name)
        elif not (isfinite(value) and isfinite(was)):
            return None
        if value != was:
            numbers.add((one.aspect, one.unit))
    return moved | {NUMBERS[number].name for number in numbers & NUMBERS.keys()}


def samples(whole: str, observations: Sequence[Observation], layout: Layout, wanted: Iterable[str]) -> dict[str, bytes]:
    """The samples of the parts in the families that are `wanted`, packed; b"" where one has none."""
    page: dict[str, bytes] = {}
    for name in wanted:
        of_family = layout.get(name)
        if of_family is None:
            page[name] = b""
            continue
        start, pairs = f"{name}{{{whole},", zip(of_family.places, of_family.labels, strict=True)
        if name == CONDITION.name:
            lines = [f"{start}{labels}}} {_CONDITIONS[observations[place].condition]}\n" for place, labels in pairs]
        else:
            lines = [f"{start}{labels}}} {observations[place].value!r}\n" for place, labels in pairs]
        page[name] = packed("".join(lines).encode())
    return page
