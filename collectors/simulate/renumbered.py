"""A box that counts its interfaces anew at its start: what it tells under an ifIndex, it tells under another one."""

from collections.abc import Mapping

from collectors.simulate.values import Live
from collectors.snmp.reader import Value

_IF_ENTRY = "1.3.6.1.2.1.2.2.1"
_IF_INDEX = f"{_IF_ENTRY}.1"
_BY_INTERFACE = (
    _IF_ENTRY,
    "1.3.6.1.2.1.31.1.1.1",  # ifXEntry
    "1.3.6.1.2.1.10.7.2.1",  # dot3StatsEntry
    "1.3.6.1.4.1.25506.2.70.1.1.1",  # hh3cTransceiverInfoEntry
    "1.3.6.1.4.1.2011.10.2.70.1.1.1",  # the same at the old root
)
"""Entries whose first index is ifIndex."""


def renumbered(told: Mapping[str, Value | Live]) -> dict[str, Value | Live]:
    """The same values, each interface with the number of the next one."""
    numbers = sorted(int(oid.rpartition(".")[2]) for oid in told if oid.startswith(f"{_IF_INDEX}."))
    other = dict(zip(numbers, (*numbers[1:], *numbers[:1]), strict=True))
    moved: dict[str, Value | Live] = {}
    for oid, value in told.items():
        entry = next((one for one in _BY_INTERFACE if oid.startswith(f"{one}.")), None)
        if entry is None:
            moved[oid] = value
            continue
        column, _, index = oid[len(entry) + 1 :].partition(".")
        first, _, rest = index.partition(".")
        new = other.get(int(first), int(first))
        is_number = entry == _IF_ENTRY and column == "1"
        moved[f"{entry}.{column}.{new}{f'.{rest}' if rest else ''}"] = new if is_number else value
    return moved
