"""What the vocabulary cannot say of H3C Comware: limits of optical power in another unit than the power itself."""

import math

from collectors.tables import Table, number


def dbm_of_tenths_of_microwatts(table: Table, column: str) -> tuple[float | None, ...]:
    """A threshold of HH3C-TRANSCEIVER-INFO-MIB in dBm: 10000 there is 1 mW, 0 is no threshold."""
    found = (number(value) for value in table.columns[column])
    return tuple(
        10 * math.log10(limit / 10_000) if limit and 0 < limit < 2**31 - 1 else None  # the sentinel of the MIB
        for limit in found
    )


def rest_of_hundred(table: Table, column: str) -> tuple[float | None, ...]:
    """What is used, as a ratio, where the command line tells how many per cent are free."""
    found = (number(value) for value in table.columns[column])
    return tuple(1 - free / 100 if free is not None and 0 <= free <= 100 else None for free in found)  # noqa: PLR2004 - per cent
