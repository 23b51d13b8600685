"""Days that are written down: the end of a warranty, a licence, a certificate, a version's or a model's service.

Devices tell of their licences and certificates as series of the aspect "expires", in seconds since 1970.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby

from alerts.notices.forecast import Forecast, Left, Signal, stage_of
from alerts.notices.forecast_trend import day_of
from alerts.past import Series
from monitor.model import Component

EXPIRES = "expires"
_DAY = 86_400
_NAMED = 3


class Ends(StrEnum):
    """What comes to its end."""

    MAKER_WARRANTY = "maker_warranty"
    ENGINEERING_WARRANTY = "engineering_warranty"
    LICENCE = "licence"
    CERTIFICATE = "certificate"
    SERVICE = "service"


WARRANTIES = frozenset({Ends.MAKER_WARRANTY.value, Ends.ENGINEERING_WARRANTY.value})
"""Told in letters of their own, by the maker's or our warranty with all units of a day; here they are lines alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Something of a device whose last day is known. `name` says which licence it is, "" for the unit."""

    device: str
    what: Ends
    on: date
    name: str = ""


def told_end(series: Series, today: date) -> Ending | None:
    """What a series of the aspect "expires" says ends; None where the device has not told of it for two days.

    What a device shows of itself as a whole is the certificate of its web server, all else are licences.
    """
    spans = [span for span in series.spans if day_of(span) <= today and span.last is not None]
    if not spans or spans[-1].last is None or day_of(spans[-1]) < today - timedelta(days=1):
        return None
    part = series.component
    day = datetime.fromtimestamp(0, UTC).date() + timedelta(days=int(spans[-1].last // _DAY))
    if part.kind == "device":
        return Ending(device=series.device, what=Ends.CERTIFICATE, on=day, name="HTTPS")
    return Ending(device=series.device, what=Ends.LICENCE, on=day, name=part.label.removeprefix("Licence").strip())


def together(several: Iterable[Ending]) -> Iterator[Ending]:
    """Licences of one device that end on one day as one: a file of licences may have a hundred."""

    def key(each: Ending) -> tuple[str, str, date]:
        return each.device, each.what.value, each.on

    for (device, what, day), same in groupby(sorted(several, key=lambda each: (key(each), each.name)), key):
        names = list(dict.fromkeys(each.name for each in same if each.name))
        more = f" … (+{len(names) - _NAMED})" if len(names) > _NAMED else ""
        yield Ending(device=device, what=Ends(what), on=day, name=", ".join(names[:_NAMED]) + more)


def ending(several: Iterable[Ending], days: tuple[int, ...], today: date) -> Iterator[Forecast]:
    """A forecast for each that has no more than the first of `days` left. One that is over is a state, no forecast."""
    for each in several:
        left = (each.on - today).days
        if not 0 <= left <= days[0]:
            continue
        yield Forecast(
            signal=Signal.DATE,
            subject=each.what.value,
            device=each.device,
            component=Component(kind="device", label=each.name),
            aspect="licence" if each.what is Ends.LICENCE else "state",
            unit="",
            found=today,
            stage=stage_of(left, days),
            left=Left(days=left, low=left, high=left),
            facts={"on": each.on.isoformat()},
        )
