"""What a customer is to be told of what is foreseen on one day: a plain value, from which a letter is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.notices.forecast import Forecast
from alerts.notices.forecast_words import Beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One forecast with what is known beside it, and where; `again` is one that was told before and is nearer now."""

    forecast: Forecast
    beside: Beside
    site: str
    site_title: str
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretelling:
    """All that one customer is told on one day, what is nearest first."""

    number: str
    customer: str
    zone: str
    at: datetime
    foreseen: tuple[Foreseen, ...]

    def within(self, sites: Sequence[str]) -> "Foretelling":
        """The same for somebody who is told of these sites only; empty means all."""
        if not sites:
            return self
        return replace(self, foreseen=tuple(each for each in self.foreseen if each.site in sites))
