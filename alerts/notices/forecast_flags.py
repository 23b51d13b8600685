"""What a device foretells itself: its predictive flags, counts of disks that rise, errors of memory modules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from alerts.notices.forecast import Forecast, Signal
from alerts.notices.forecast_rules import MemoryErrors
from alerts.notices.forecast_trend import Day, dated, day_of, known_days
from alerts.past import Series
from monitor.model import Component

CORRECTED = "corrected_errors"
"""The aspect under which a memory module tells how many errors it has corrected so far."""
_SURE = 3
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleError:
    """One error of a memory module as a log told it, or so many as the module counted.

    `address` is as it was told, "" where it was not. `too_often`: the device itself finds that they are too many.
    """

    device: str
    component: Component
    at: datetime
    address: str = ""
    corrected: bool = True
    too_often: bool = False
    count: int = 1


def predicted(series: Series, today: date) -> Forecast | None:
    """The forecast of a part that says itself that it is going to fail, of the last day that is known."""
    spans = [span for span in series.spans if day_of(span) <= today and span.conditions]
    if not spans or day_of(spans[-1]) < today - timedelta(days=1):
        return None
    if not any(seconds > 0 and condition.is_bad for condition, seconds in spans[-1].conditions.items()):
        return None
    first = day_of(spans[-1])
    for span in reversed(spans):
        if not any(seconds > 0 and condition.is_bad for condition, seconds in span.conditions.items()):
            break
        first = day_of(span)
    return Forecast(
        signal=Signal.PREDICTED,
        subject="predicted",
        device=series.device,
        component=series.component,
        aspect=series.aspect,
        unit=series.unit,
        found=today,
        stage=_SURE,
        days=(today - first).days + 1,
        samples=len(spans),
        facts={"since": first.isoformat()},
    )


def rising(series: Series, today: date) -> Forecast | None:
    """The forecast of a disk of which a count rose within a week that must not rise (SMART 5, 187, 188, 197, 198).

    Such counts never fall in one disk: one that did is another disk's, and all before it counts no more.
    """
    days = known_days(series, today, 4 * _WEEK)
    for place in range(len(days) - 1, 0, -1):
        if days[place].value < days[place - 1].value:
            days = days[place:]
            break
    if len(days) < 2 or days[-1].day < -1:  # noqa: PLR2004 - one day has not risen
        return None
    before = [each for each in days if each.day <= days[-1].day - _WEEK] or days[:1]
    rose = days[-1].value - before[-1].value
    if rose <= 0:
        return None
    return Forecast(
        signal=Signal.RISING,
        subject=series.aspect,
        device=series.device,
        component=series.component,
        aspect=series.aspect,
        unit=series.unit,
        found=today,
        stage=_often(days),
        current=days[-1].value,
        usual=before[-1].value,
        days=days[-1].day - before[-1].day,
        samples=len(days),
        points=dated(days, today),
    )


def memory_errors(
    errors: Iterable[ModuleError], rules: MemoryErrors, now: datetime, today: date | None = None
) -> Iterator[Forecast]:
    """The forecasts of memory modules by what was told of the last 24 hours; `today` is the day of the forecast."""
    found: dict[tuple[str, str], list[ModuleError]] = {}
    for each in errors:
        if now - timedelta(hours=24) < each.at <= now:
            found.setdefault((each.device, each.component.label), []).append(each)
    for several in found.values():
        lost = sum(each.count for each in several if not each.corrected)
        count = sum(each.count for each in several if each.corrected)
        addresses = len({each.address for each in several if each.address and each.corrected})
        too_often = any(each.too_often for each in several)
        if not lost and not too_often and addresses < rules.addresses and count < rules.count:
            continue
        corrected = "too_often" if too_often else "corrected" if addresses else "counted"
        yield Forecast(
            signal=Signal.MEMORY_ERRORS,
            subject="uncorrected" if lost else corrected,
            device=several[-1].device,
            component=several[-1].component,
            aspect="errors",
            unit="",
            found=today or now.date(),
            stage=_SURE if lost else 1 + (too_often or addresses >= rules.addresses),
            current=float(lost or count),
            days=1,
            samples=len(several),
            facts={"addresses": addresses, "lost": lost, "count": count},
        )


def corrected(series: Series, today: date, at: datetime) -> ModuleError | None:
    """The errors that a module corrected on `today`, by its own count; None where that is not known or none."""
    days = known_days(series, today, _WEEK)
    if not days or days[-1].day:
        return None
    spans = [span for span in series.spans if day_of(span) <= today and span.last is not None]
    before = spans[-2].last if len(spans) > 1 else spans[-1].low
    rose = (spans[-1].last or 0.0) - (before or 0.0)
    if rose < 1 or (len(spans) > 1 and day_of(spans[-2]) < today - timedelta(days=1)):
        return None
    return ModuleError(device=series.device, component=series.component, at=at, count=round(rose))


def _often(days: list[Day]) -> int:
    """On how many days it rose, up to three: a disk that goes on is nearer to its end than one that stumbled."""
    return min(3, sum(after.value > before.value for before, after in pairwise(days)))
