"""Make a maintenance window for the pages: what people typed, checked against the inventory. As `maintenance add` does.

Raises RefusedError in words that the reader's language has.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.desk.recurring import Span
from alerts.desk.refused import RefusedError, refused
from alerts.desk.windows import Scope
from collectors.text import cleaned
from monitor.config import Settings
from monitor.store import maintenance

LONGEST = timedelta(days=366)
_CAP = 500


def made(
    disk: Connection, scope: Scope, begins: datetime, ends: datetime, reason: str, by: str, settings: Settings,
    now: datetime,
) -> str:  # fmt: skip
    """Write the window down; its name."""
    why = cleaned(reason, _CAP)
    if not why:
        raise RefusedError(refused("window_reason"))
    if not (scope.customer or scope.site or scope.device):
        raise RefusedError(refused("window_where"))
    if not any(scope.covers(device) for device in settings.inventory.devices.values()):
        raise RefusedError(refused("window_nothing"))
    if not begins < ends <= begins + LONGEST or ends <= now:
        raise RefusedError(refused("window_when"))
    return maintenance.added(disk, scope, Span(begins=begins, ends=ends), why, by, now)


def ended(disk: Connection, name: str, by: str, now: datetime) -> None:
    """End a window now, or before it has begun."""
    try:
        maintenance.ended(disk, name, by, now)
    except maintenance.NoSuchWindowError:
        raise RefusedError(refused("window_none", window=name)) from None
    except ValueError:
        raise RefusedError(refused("window_over", window=name)) from None
