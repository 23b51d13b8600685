"""What people change of a unit in the asset file on the pages: its dates, its project, a note.

The command line and a sheet may change more (monitor/verbs/assets.py); all of them write through the asset file's own
`saved`, with who it was, and are held against the same rules (monitor/asset_sheet.py).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from alerts.desk.assets import DATES, NOT_YET_DATES, Asset, disorder
from alerts.desk.refused import RefusedError, Word, refused
from alerts.desk.warranty import NOT_YET, Day
from monitor.asset_sheet import YEARS
from monitor.store import assets
from monitor.store.assets import What

TEXTS = ("project", "remarks")
OPEN = "open_"
"""Before the name of a date: it has not come yet."""


def changed(
    disk: Connection, serial: str, form: Mapping[str, str], by: str, now: datetime
) -> Mapping[str, tuple[str, str]]:
    """Write down what `form` says of the fields that stand in it; "" is unknown. Returns what changed.

    Raises NoSuchAssetError, and RefusedError that says why it cannot be.
    """
    was = assets.one(disk, serial)
    days = {name: _day(name, form) for name in DATES if name in form}
    texts = {name: form[name] for name in TEXTS if name in form}
    after: Asset = replace(was, **days, **texts)  # type: ignore[arg-type]  # each value is of its field's type
    if (reason := disorder(after)) is not None:
        raise RefusedError(reason)
    return assets.saved(disk, was, after, What.CHANGED, by, now)


def _day(name: str, form: Mapping[str, str]) -> Day:
    if name in NOT_YET_DATES and form.get(f"{OPEN}{name}"):
        return NOT_YET
    text = form[name].strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise RefusedError(refused("unit_day", field=Word(group="unit_field", key=name), said=text))
    return found
