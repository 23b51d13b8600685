"""A fleet held against all advisories: each is looked at only for the models that it can touch, equal units once.

What is found is what `exposed` says of every pair.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from alerts.notices.exposure import Exposure, Verdict, exposed, spoken
from alerts.notices.installed import Installed, installed
from alerts.notices.products import EVERY, NAMELESS, keys
from alerts.notices.versions import parsed
from monitor.model import Advisory

TOLD = frozenset({Verdict.AFFECTED, Verdict.POSSIBLE, Verdict.UNDETERMINED})
"""The verdicts that are kept one by one. Where other versions are listed, it is counted."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Unit:
    """What counts of a device for a verdict: devices that are equal in it are matched once."""

    platform: str
    model: str
    version: str
    patch: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A unit, held against all advisories: what is told, by the place of the advisory, and how many do not list it."""

    unit: Unit
    told: Sequence[tuple[int, Exposure]]
    not_listed: int


@dataclass(frozen=True, slots=True)
class Index:
    """Advisories by the maker and name of what they can touch; the numbers are places in `advisories`."""

    advisories: Sequence[Advisory]
    places: Mapping[tuple[str, str], Sequence[int]] = field(repr=False)

    @classmethod
    def of(cls, advisories: Sequence[Advisory]) -> "Index":
        """The index of these advisories."""
        places: dict[tuple[str, str], list[int]] = {}
        for place, each in enumerate(advisories):
            for key in keys(each):
                places.setdefault(key, []).append(place)
        return cls(advisories, places)

    def candidates(self, device: Installed) -> Collection[int]:
        """The places of the advisories that can touch a device."""
        return sorted({place for key in device_keys(device) for place in self.places.get(key, ())})


def device_keys(device: Installed) -> tuple[tuple[str, str], ...]:
    """The keys under which advisories stand that can touch a device; none for one of which no order is known."""
    if not device.kind:
        return ()
    own = (device.name.base, device.series) if device.name else (NAMELESS,)
    return tuple((device.maker, key) for key in dict.fromkeys((EVERY, *own)) if key)


def understood(unit: Unit) -> Installed:
    """The unit as verdicts see it."""
    return installed(unit.platform, unit.model, unit.version, unit.patch)


def held(index: Index, units: Iterable[Unit]) -> Iterator[Held]:
    """Every unit, held against the advisories of `index`."""
    models: dict[tuple[str, str, str], list[tuple[Unit, Installed]]] = {}
    for unit in units:
        device = understood(unit)
        models.setdefault((unit.platform, device.kind, unit.model), []).append((unit, device))
    for alike in models.values():
        yield from _of_model(index, alike)


def _of_model(index: Index, alike: Sequence[tuple[Unit, Installed]]) -> Iterator[Held]:
    """Units of one model: what of each advisory is about the model is asked once for all of them."""
    first = alike[0][1]
    about = [(place, spoken(index.advisories[place], first)) for place in index.candidates(first)]
    for unit, device in alike:
        is_plain = not device.patch or parsed(device.kind, device.patch) is not None
        version = parsed(device.kind, device.version) if is_plain else None
        told, not_listed = [], 0
        for place, each in about:
            if each.passes_over(version):
                not_listed += 1
                continue
            found = exposed(index.advisories[place], device, each)
            if found.verdict in TOLD:
                told.append((place, found))
            elif found.verdict is Verdict.NOT_LISTED:
                not_listed += 1
        yield Held(unit, told, not_listed)
