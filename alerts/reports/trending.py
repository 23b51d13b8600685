"""How the month went, in few figures: of each device mean and worst of each quantity, and the series that are drawn.

Takes daily rollups (alerts/past.py) one after the other and keeps no more of them than the report shows: a thousand
devices have a hundred thousand series.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.past import Series, Span

LEAST_DAYS = 3  # a line needs so many points to say anything
LINES = 4  # in one picture: more cannot be told apart in black and white


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One thing whose course is shown: readings of these kinds and aspects. `low`: the lowest is the worst.

    `counted`: it is told as a rate and shown as so many in a day, because 0.0003 a second is not none.
    """

    key: str
    kinds: frozenset[str]
    aspects: frozenset[str]
    low: bool = False
    counted: bool = False

    def fits(self, one: Series) -> bool:
        """True where the series is of this quantity."""
        return one.component.kind in self.kinds and one.aspect in self.aspects


QUANTITIES = (
    Quantity(key="cpu", kinds=frozenset({"cpu"}), aspects=frozenset({"usage"})),
    Quantity(key="memory", kinds=frozenset({"memory"}), aspects=frozenset({"usage"})),
    Quantity(key="temperature", kinds=frozenset({"temperature"}), aspects=frozenset({"temperature"})),
    Quantity(key="light", kinds=frozenset({"optic", "lane"}), aspects=frozenset({"rx_power"}), low=True),
    Quantity(
        key="errors",
        kinds=frozenset({"interface"}),
        aspects=frozenset({"errors_in", "errors_out"}),
        counted=True,
    ),
    Quantity(
        key="use",
        kinds=frozenset({"interface"}),
        aspects=frozenset({"utilisation", "utilisation_in", "utilisation_out"}),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendFigure:
    """Of one device the part that had the worst reading of a quantity in the month: its mean, and that reading.

    Of what is counted it is the sum of the month, and the most in one day.
    """

    device: str
    quantity: str
    mean: float
    worst: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trended:
    """What is known of the month: the figures, the series that came nearest to their limits, and of how many each."""

    figures: tuple[TrendFigure, ...] = ()
    series: tuple[Series, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()


def trended(every: Iterable[Series], start: datetime, end: datetime) -> Trended:
    """The figures of the series from `start` to `end`. What has too few days has none."""
    figures: dict[tuple[str, str], TrendFigure] = {}
    nearest: dict[str, list[tuple[float, str, str, Series]]] = {each.key: [] for each in QUANTITIES}
    counts = dict.fromkeys(nearest, 0)
    for one, quantity in _wanted(every, start, end):
        counts[quantity.key] += 1
        worst = _worst(one.spans, quantity)
        mean = sum(_counts(one.spans)) if quantity.counted else _mean(one.spans)
        unit = "" if quantity.counted else one.unit
        own = TrendFigure(device=one.device, quantity=quantity.key, mean=mean, worst=worst, unit=unit)
        before = figures.get((one.device, quantity.key))
        if before is None or (worst < before.worst if quantity.low else worst > before.worst):
            figures[one.device, quantity.key] = own
        if not quantity.counted or worst:
            place = (-_nearness(one, worst, quantity), one.device, one.component.label, one)
            kept = nearest[quantity.key]
            if len(kept) == LINES and place[:3] >= kept[-1][:3]:
                continue
            kept.append(place)
            kept.sort(key=lambda each: each[:3])
            del kept[LINES:]
    return Trended(
        figures=tuple(figures.values()),
        series=tuple(
            _daily(place[3]) if each.counted else place[3] for each in QUANTITIES for place in nearest[each.key]
        ),
        counts=tuple(counts.items()),
    )


def _wanted(every: Iterable[Series], start: datetime, end: datetime) -> Iterator[tuple[Series, Quantity]]:
    """The series of the quantities that have days enough, with the days of the month alone."""
    for one in every:
        quantity = next((each for each in QUANTITIES if each.fits(one)), None)
        if quantity is None:
            continue
        if one.spans and not (start <= one.spans[0].start and one.spans[-1].start < end):
            within = tuple(span for span in one.spans if start <= span.start < end)
            one = replace(one, spans=within)  # noqa: PLW2901 - the same series
        if sum(span.mean is not None for span in one.spans) >= LEAST_DAYS:
            yield one, quantity


def _daily(one: Series) -> Series:
    """A rate a second as so many a day."""
    daily = (
        replace(span, low=None, high=None, mean=None if span.mean is None else span.mean * span.seconds)
        for span in one.spans
    )
    return replace(one, spans=tuple(daily), unit="")


def _counts(spans: Sequence[Span]) -> list[float]:
    """So many a day, of what is told as a rate a second."""
    return [span.mean * span.seconds for span in spans if span.mean is not None]


def _mean(spans: Sequence[Span]) -> float:
    """The mean of the month, each day weighing as long as it was known."""
    known = [(span.mean, span.seconds) for span in spans if span.mean is not None]
    seconds = sum(weight for _, weight in known)
    if not seconds:
        return sum(mean for mean, _ in known) / len(known)
    return sum(mean * weight for mean, weight in known) / seconds


def _worst(spans: Sequence[Span], quantity: Quantity) -> float:
    if quantity.counted:
        return max(_counts(spans))
    known = [span for span in spans if span.mean is not None]
    if quantity.low:
        return min(span.low if span.low is not None else span.mean or 0.0 for span in known)
    return max(span.high if span.high is not None else span.mean or 0.0 for span in known)


def _nearness(one: Series, worst: float, quantity: Quantity) -> float:
    """How near the worst of the month came to the part's own limit; those that have a limit come first."""
    if quantity.low:
        return one.limit_low - worst if one.limit_low is not None else -worst - 1e6
    return worst / one.limit_high if one.limit_high else worst / 1e6
