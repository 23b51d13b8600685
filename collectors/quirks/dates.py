"""Days that devices write down, such as the end of a licence: a column of texts as seconds since 1970.

Nothing of it is one maker's; any platform file may name it (`quirk = "dates.seconds"`).
"""

import re
from datetime import UTC, datetime

from collectors.tables import Table, text

_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_LAST = 2100  # what ends later ends never: 2106 and 9999 are written for that


def seconds(table: Table, column: str) -> tuple[float | None, ...]:
    """The first moment of the day that each text of the column begins with; None for "permanent", null and the like."""
    return tuple(_seconds(text(each)) for each in table.columns[column])


def _seconds(said: str) -> float | None:
    found = _DAY.match(said.strip())
    if found is None:
        return None
    try:
        day = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
    except ValueError:
        return None
    return day.timestamp() if day.year <= _LAST else None
