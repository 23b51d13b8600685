"""Beside the way of a fault: does the daemon get on? Asked by /healthz, and before systemd's watchdog is fed.

Work that must not stand still has a name and a patience. Each piece done is told here; a name that stays silent for
longer than its patience is trouble. A timer that merely ticks proves nothing, so none feeds the watchdog.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta


class Progress:
    """When each kind of work last got on."""

    def __init__(self, patience: Mapping[str, timedelta], since: datetime) -> None:
        self._patience = dict(patience)
        self._last = dict.fromkeys(patience, since)

    def expect(self, patience: Mapping[str, timedelta], since: datetime) -> None:
        """Expect this work from now on; what is newly expected has until then to begin."""
        self._patience = dict(patience)
        self._last = {work: self._last.get(work, since) for work in patience}

    def made(self, work: str, at: datetime) -> None:
        """A piece of `work` was done."""
        self._last[work] = at

    def trouble(self, now: datetime) -> str | None:
        """What stands still, in words; None where all work gets on."""
        late = [
            f"{work}: nothing done for {(now - last).total_seconds():.0f} s, {patience.total_seconds():.0f} s allowed"
            for work, patience in self._patience.items()
            if now - (last := self._last[work]) > patience
        ]
        return "; ".join(late) or None
