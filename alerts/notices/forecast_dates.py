"""Days that are written down: the end of a warranty, a licence, a certificate, a version's or a model's service."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from alerts.notices.forecast import Forecast, Left, Signal, stage_of
from monitor.model import Component


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
