"""What the vocabulary cannot say of Huawei VRP: numbers whose unit differs from model to model.

Each function takes a table and a column and gives the numbers of the whole column in base units, None where there is
none; configs/platforms/huawei_vrp.toml names it as `quirk`.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator

from collectors.quirks.trap_variables import varbinds
from collectors.snmp.reader import Value
from collectors.tables import Table, number, text

_NO_VALUE = {2147483647.0, -255.0, -1.0, 0.0}
# one lane tells the same power as the module's own column, in dBm x 100 as text
_LANES = {"rx_power": "rx_lanes", "tx_power": "tx_lanes"}
_SAME = 0.5  # dB that two readings of one power may differ, being taken one after the other
_DARK = -40.0  # dBm: what a module shows that receives nothing; less than 1 uW is told as 0
_LASER = 1000  # uA: no laser lights below its threshold of some mA
_SEVERITY = "1.3.6.1.4.1.2011.5.25.180.1.25"  # hwAlarmSeverity
_SEVERITIES = ("critical", "major", "minor", "warning", "indeterminate", "cleared")
_SEVERITY_WORD = re.compile(rf"(?i)\b(?:severity|level)\W{{1,3}}({'|'.join(_SEVERITIES)})\b")
_POWERFUL = 45  # dBm: no module sends so much, and none tells so little


def optical_power(table: Table, column: str) -> tuple[float | None, ...]:
    """Optical power in dBm.

    HUAWEI-ENTITY-EXTENT-MIB documents hwEntityOpticalRxPower as dBm x 100. S-series V200R010 and R019 send microwatts
    (their thresholds are dBm x 100 all the same), NE8000 and AR send what is documented. A box does one or the other
    in all its rows, so the whole table decides, not the row. 0 uW is darkness where a laser is on, else no module.
    """
    if not _in_microwatts(table):
        return tuple(_converted(value, _dbm_of_hundredths) for value in table.columns[column])
    lit = (_above_zero(bias) for bias in table.columns["bias"])
    return tuple(
        _DARK if on and number(value) == 0 else _converted(value, _dbm_of_microwatts)
        for value, on in zip(table.columns[column], lit, strict=True)
    )


def bias_current(table: Table, column: str) -> tuple[float | None, ...]:
    """The current of a laser in amperes: documented in uA, but NE8000 sends mA."""
    return tuple(
        None if (found := number(value)) is None or found in {-255.0, -1.0, 2147483647.0} else _amperes(found)
        for value in table.columns[column]
    )


def lane_power(table: Table, column: str) -> tuple[float | None, ...]:
    """How many of a lane's units make one dBm: hundredths by the book, but some releases send "-2.35,-2.40" as it is.

    A box does one or the other in all its rows. No light is as strong or as weak as 45 dBm, so that anything beyond
    is hundredths; and hundredths that are all small and have decimals are dBm.
    """
    words = [word for lanes in _LANES.values() for value in table.columns[lanes] for word in _lane_words(value)]
    powers = [abs(power) for word in words if (power := number(word.encode())) is not None]
    plain = any("." in word for word in words) and all(power <= _POWERFUL for power in powers)
    return (1.0 if plain else 100.0,) * len(table.columns[column])


def active_alarms(table: Table) -> tuple[tuple[str, str], ...]:
    """Severity and text of each alarm in hwAlarmActiveTable, once, though it stands there for every trap target.

    HUAWEI-ALARM-MIB says of hwActiveAlarmPara no more than "the parameters": the variables of the trap, BER-encoded,
    or text. Where neither tells a severity it is "".
    """
    found: dict[str, tuple[str, str]] = {}
    for index, number_, told in zip(table.index, table.columns["id"], table.columns["parameters"], strict=True):
        variables = list(varbinds(told)) if isinstance(told, bytes) else []
        said = text(told) if not variables else " ".join(word for name, word in variables if word and name != _SEVERITY)
        severity = next((word for name, word in variables if name == _SEVERITY), "") or _severity_in(said)
        found.setdefault(index.rpartition(".")[2], (severity, said or f"alarm {text(number_)}"))
    return tuple(found.values())


def _severity_in(said: str) -> str:
    match = _SEVERITY_WORD.search(said)
    return str(_SEVERITIES.index(match[1].lower()) + 1) if match else ""


def board_voltage(table: Table, column: str) -> tuple[float | None, ...]:
    """The voltage of a board in volts: documented in mV, but AR and AC send volts. No board runs on 0.1 V."""
    return tuple(
        _converted(value, lambda found: found / 1000 if found >= 100 else found)  # noqa: PLR2004 - see above
        for value in table.columns[column]
    )


def _above_zero(value: Value) -> bool:
    found = number(value)
    return found is not None and 0 < found < 2**31 - 1  # the sentinel of the MIB


def _amperes(found: float) -> float:
    return found / 1000 if 0 < found < _LASER else found / 1_000_000


def _lane_words(value: Value) -> list[str]:
    return text(value).replace(",", " ").replace("|", " ").replace("/", " ").split()


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
    units = {column: lane_power(table, lanes) for column, lanes in _LANES.items()}
    for column, row, found in _powers(table):
        lane, unit = number(table.columns[_LANES[column]][row]), units[column][row]
        if lane is None or not unit or found <= 0:
            continue
        as_microwatts = abs(_dbm_of_microwatts(found) - lane / unit)
        as_hundredths = abs(_dbm_of_hundredths(found) - lane / unit)
        if min(as_microwatts, as_hundredths) < _SAME:
            yield as_microwatts < as_hundredths


def _by_sign(table: Table) -> Iterable[bool]:
    return [False] if any(found < 0 for _, _, found in _powers(table)) else []
