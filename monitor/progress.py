"""Beside the way of a fault: does the daemon get on? Asked by /healthz, and before systemd's watchdog is fed.

Work that must not stand still has a name and a patience. Each piece done is told here; a name that stays silent for
longer than its patience is trouble. A timer that merely ticks proves nothing, so none feeds the watchdog.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from alerts.locale import words
from monitor.model import Language


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

    def trouble(self, now: datetime, language: Language = Language.EN) -> str | None:
        """What stands still, in words; None where all work gets on."""
        said = words(language)
        late = [
            said.said(
                "standstill",
                "says",
                work=said.named("standstill", work),
                gone=f"{(now - last).total_seconds():.0f}",
                allowed=f"{patience.total_seconds():.0f}",
            )
            for work, patience in self._patience.items()
            if now - (last := self._last[work]) > patience
        ]
        return "; ".join(late) or None
