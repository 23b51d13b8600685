"""What a simulated device may be set to tell: typed values, plain ones, and such as change by themselves."""

from dataclasses import dataclass

from collectors.snmp.codec import Kind
from collectors.snmp.reader import Value

Typed = tuple[Kind, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growing:
    """A counter that grows by itself: `start`, plus `per_second` since `since`, around its end as counters go."""

    kind: Kind = Kind.COUNTER64
    start: int = 0
    per_second: float = 1.0
    since: float = 0.0

    def at(self, now: float) -> Typed:
        """The counter at the moment `now`."""
        bits = 64 if self.kind is Kind.COUNTER64 else 32
        return self.kind, (self.start + int(max(0.0, now - self.since) * self.per_second)) % 2**bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternating:
    """A value that changes to and fro: each of `values` for so many `seconds`."""

    values: tuple[Value, ...]
    seconds: float
    kind: Kind = Kind.INTEGER

    def at(self, now: float) -> Typed:
        """The value at the moment `now`."""
        return self.kind, self.values[int(now // self.seconds) % len(self.values)]


Live = Growing | Alternating
Told = Typed | Live | int | bytes | str
"""What may be set: a typed value, one that changes by itself, or a plain one (INTEGER; OCTET STRING in UTF-8)."""


def typed(value: Typed | int | bytes | str) -> Typed:
    """`value` with its kind."""
    match value:
        case int():
            return Kind.INTEGER, value
        case str():
            return Kind.OCTET_STRING, value.encode()
        case bytes():
            return Kind.OCTET_STRING, value
        case _:
            return value
