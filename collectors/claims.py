"""What a device's own value claims in the shared words: enumerations, BITS and sums of flags (a step of facts.py)."""

from collections.abc import Callable, Mapping, Sequence
from sys import intern

from collectors.snmp.reader import Value
from collectors.tables import bits, number, text
from monitor.model import Condition

WORSE = {Condition.FAILED: 2, Condition.DEGRADED: 1}
"""How bad a condition is; 0 for all that are not bad."""

ANY_OTHER = "*"
"""In place of a value: all that are not listed, where any text is as good as another, such as the name of a file."""

States = Mapping[str, tuple[Condition, str]]
Claim = tuple[Condition, str]


def _state(value: Value, states: States, skip: frozenset[str]) -> Claim | None:
    word = text(value)
    if word in skip:
        return None
    condition, said = states.get(word) or states.get(ANY_OTHER, (Condition.UNKNOWN, ""))
    return condition, intern(f"{said}({word})" if said else word)


def _bits(value: Value, states: States, skip: frozenset[str]) -> Claim | None:
    """The worst that the bits set in a BITS value claim; ok where none is set, None where one says to skip it."""
    found = bits(value)
    if found is None:
        return Condition.UNKNOWN, text(value)
    return _worst_of([str(bit) for bit in found], states, skip)


def _flags(value: Value, states: States, skip: frozenset[str]) -> Claim | None:
    """The worst that the flags summed up in an INTEGER claim; None where one of them, or the sum, is to be skipped."""
    found = number(value)
    if text(value) in skip:
        return None
    if found is None:
        return Condition.UNKNOWN, text(value)
    if found == 0 and "0" in states:
        return states["0"]
    return _worst_of([str(1 << n) for n in range(32) if int(found) >> n & 1], states, skip)


def _worst_of(words: Sequence[str], states: States, skip: frozenset[str]) -> Claim | None:
    if any(word in skip for word in words):
        return None
    claims = [(*states.get(word, (Condition.UNKNOWN, "")), word) for word in words]
    if not claims:
        return Condition.OK, "none"
    worst = max((condition for condition, _, _ in claims), key=lambda condition: WORSE.get(condition, 0))
    return worst, " ".join(f"{said}({word})" for _, said, word in claims)


CLAIMS: Mapping[str, Callable[[Value, States, frozenset[str]], Claim | None]] = {
    "states": _state,
    "bits": _bits,
    "flags": _flags,
}
"""For each word of the platform file how a value is read: condition and word, or None where it is to be skipped."""
