"""What the vocabulary cannot say of Huawei VRP: numbers whose unit differs from model to model.

Each function takes a table and a column and gives the numbers of the whole column in base units, None where there is
none; configs/platforms/huawei_vrp.toml names it as `quirk`.
"""

import math
from collections.abc import Callable, Iterable, Iterator

from collectors.snmp.reader import Value
from collectors.tables import Table, number

_NO_VALUE = {2147483647.0, -255.0, -1.0, 0.0}
# one lane tells the same power as the module's own column, in dBm x 100 as text
_LANES = {"rx_power": "rx_lanes", "tx_power": "tx_lanes"}
_SAME = 0.5  # dB that two readings of one power may differ, being taken one after the other


def optical_power(table: Table, column: str) -> tuple[float | None, ...]:
    """Optical power in dBm.

    HUAWEI-ENTITY-EXTENT-MIB documents hwEntityOpticalRxPower as dBm x 100. S-series V200R010 and R019 send microwatts
    (their thresholds are dBm x 100 all the same), NE8000 and AR send what is documented. A box does one or the other
    in all its rows, so the whole table decides, not the row.
    """
    convert = _dbm_of_microwatts if _in_microwatts(table) else _dbm_of_hundredths
    return tuple(_converted(value, convert) for value in table.columns[column])


def board_voltage(table: Table, column: str) -> tuple[float | None, ...]:
    """The voltage of a board in volts: documented in mV, but AR and AC send volts. No board runs on 0.1 V."""
    return tuple(
        _converted(value, lambda found: found / 1000 if found >= 100 else found)  # noqa: PLR2004 - see above
        for value in table.columns[column]
    )


def _converted(value: Value, convert: Callable[[float], float]) -> float | None:
    found = number(value)
    return None if found is None or found in _NO_VALUE else convert(found)


def _dbm_of_hundredths(found: float) -> float:
    return found / 100


def _dbm_of_microwatts(found: float) -> float:
    # a negative power is no power in microwatts; boxes that mix both mean dBm x 100 by it
    return 10 * math.log10(found / 1000) if found > 0 else found / 100


def _in_microwatts(table: Table) -> bool:
    """Whether the powers of `table` are in microwatts: asked of its lanes, else of its signs.

    Where both are silent it is: light that comes in with more than 1 mW is rare, so a positive number is no dBm.
    """
    for witnesses in (_by_lane, _by_sign):
        votes = list(witnesses(table))
        if votes:
            return 2 * sum(votes) > len(votes)
    return True


def _powers(table: Table) -> Iterator[tuple[str, int, float]]:
    for column in _LANES:
        for row, value in enumerate(table.columns[column]):
            found = number(value)
            if found is not None and found not in _NO_VALUE:
                yield column, row, found


def _by_lane(table: Table) -> Iterator[bool]:
    for column, row, found in _powers(table):
        lane = number(table.columns[_LANES[column]][row])
        if lane is None or found <= 0:
            continue
        as_microwatts = abs(_dbm_of_microwatts(found) - lane / 100)
        as_hundredths = abs(_dbm_of_hundredths(found) - lane / 100)
        if min(as_microwatts, as_hundredths) < _SAME:
            yield as_microwatts < as_hundredths


def _by_sign(table: Table) -> Iterable[bool]:
    return [False] if any(found < 0 for _, _, found in _powers(table)) else []
