"""Floods: so much of each source is heard, and what goes beyond is only counted. One who shouts never harms another."""

from collections.abc import Iterable

UNKNOWN = ""
"""All sources that are not in the inventory share one measure: there may be any number of them."""


class Sieve:
    """A token bucket for each known source, and one for all others together; its memory is that of the known ones."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left: dict[str, tuple[float, float]] = {UNKNOWN: (burst, 0.0)}

    def know(self, sources: Iterable[str]) -> None:
        """These and no others have a measure of their own."""
        before = self._left
        self._left = {source: before.get(source, (self._burst, 0.0)) for source in (UNKNOWN, *sources)}

    def passes(self, source: str, now: float) -> bool:
        """True where a message of `source` at `now` (seconds of any steady clock) is to be heard."""
        if source not in self._left:
            source = UNKNOWN
        left, last = self._left[source]
        left = min(self._burst, left + (now - last) * self._rate)
        heard = left >= 1
        self._left[source] = (left - heard, now)
        return heard
