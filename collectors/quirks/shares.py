"""What is in use of a size, where a device tells the size and what is free of it: on the wire, and on paper."""

from collectors.snmp.reader import Value
from collectors.tables import Table, number, text


def in_use(table: Table, column: str) -> tuple[float | None, ...]:
    """The share of `column` that is used; `free` of the same table, in the same unit, is the rest.

    Command lines set thousands apart ("2,994,228 KB"). A size of 0 or below is none: sizes in octets that are larger
    than their Integer32 wrap around.
    """
    pairs = zip(table.columns[column], table.columns["free"], strict=True)
    return tuple(_share(_amount(size), _amount(free)) for size, free in pairs)


def _amount(value: Value) -> float | None:
    return number(text(value).replace(",", "").encode()) if isinstance(value, bytes) else number(value)


def _share(size: float | None, free: float | None) -> float | None:
    return None if not size or size < 0 or free is None or not 0 <= free <= size else 1 - free / size
