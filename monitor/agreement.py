"""Whether what the inventory says agrees with itself and with the other files; before it becomes an `Inventory`."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from alerts.desk.windows import fits
from collectors.text import cleaned
from monitor.draft import Draft, Entry, Written
from monitor.fields import said_duration
from monitor.inventory import AUTO, DeviceFile, MaintenanceFile, SiteFile
from monitor.problem import Place, Problem, Speller, near_word
from monitor.toml_lines import KeyPath

SHORTEST = timedelta(seconds=5)  # a visit of a large chassis takes seconds; asking more often only loads it

Near = Callable[[str, Collection[str]], str]
"""What suggests the near word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What other files say that the inventory must agree with; None where they could not be read.

    `prefectures` maps each to its region.
    """

    regions: Collection[str] | None = None
    prefectures: Mapping[str, str] | None = None
    platforms: Collection[str] | None = None
    kinds: Collection[str] | None = None
    shortest: timedelta = SHORTEST


def disagreements(draft: Draft, around: Surroundings) -> Iterator[Problem]:
    """What is wrong between parts that are each well formed: names that lead nowhere, things that are there twice."""
    near = Speller().near_word
    yield from same(draft.customers, lambda customer: customer.name, "name", "name")
    yield from same(draft.sites, lambda site: site.name, "name", "name")
    for site in draft.sites:
        yield from unknown(site.place, ("customer",), site.written.customer, "customer", draft.customer_names, near)
        yield from _misplaced(site, around, near)
    # Names become file names and addresses of pages, where not everyone tells upper from lower case.
    yield from same(draft.devices, lambda device: device.name.casefold(), "name", "name")
    yield from same(draft.devices, lambda device: (device.address, device.port), "address", "address and port")
    for device in draft.devices:
        yield from _misled(device, draft, around, near)
    yield from _circles(draft.devices)
    for window in draft.windows:
        yield from _unfitting(window, draft, around, near)


def unknown(
    place: Place, path: KeyPath, name: str, kind: str, known: Collection[str], near: Near = near_word
) -> Iterator[Problem]:
    """A problem where `name` is not among the `known` ones."""
    if name not in known:
        yield place.problem(path, f'there is no {kind} "{name}"', near(name, known))


def _misplaced(site: Entry[SiteFile], around: Surroundings, near: Near) -> Iterator[Problem]:
    written, place = site.written, site.place
    if around.regions is not None:
        yield from unknown(place, ("region",), written.region, "region of the contract", around.regions, near)
    if around.prefectures is None or not written.prefecture:
        return
    yield from unknown(
        place, ("prefecture",), written.prefecture, "prefecture of the contract", around.prefectures, near
    )
    region = around.prefectures.get(written.prefecture, written.region)
    if region != written.region:
        reason = f'the contract has prefecture "{written.prefecture}" in region "{region}", not "{written.region}"'
        yield place.problem(("prefecture",), reason)


def _misled(entry: Entry[DeviceFile], draft: Draft, around: Surroundings, near: Near) -> Iterator[Problem]:
    device, place = entry.written, entry.place
    yield from unknown(place, ("site",), device.site, "site", draft.site_names, near)
    for at, name in enumerate(device.credentials):
        yield from unknown(place, ("credentials", at), name, "credential", draft.credential_names, near)
    for key, login in (("redfish", device.redfish), ("ssh", device.ssh)):
        if login is not None:
            yield from unknown(place, (key,), login, "login", draft.login_names, near)
    if not device.credentials and not device.redfish and not device.ssh:
        yield place.problem((), "there is no way in: write credentials (SNMP), redfish or ssh")
    elif not device.credentials and device.platform == AUTO:
        reason = "without SNMP nobody says what it is"
        yield place.problem(("platform",), reason, "write the name of a file in platforms/")
    for at, name in enumerate(device.parents):
        yield from unknown(place, ("parents", at), name, "device", draft.device_names, near)
    if around.platforms is not None and device.platform != AUTO:
        yield from unknown(place, ("platform",), device.platform, "platform", around.platforms, near)
    if device.interval is not None and device.interval < around.shortest:
        yield place.problem(("interval",), f"must be at least {said_duration(around.shortest)}")


def _circles(devices: Iterable[Entry[DeviceFile]]) -> Iterator[Problem]:
    """Devices that are reached only through themselves."""
    above = {device.written.name: device.written.parents for device in devices}
    for device in devices:
        name, way = device.written.name, list(device.written.parents)
        met: set[str] = set()
        while way and name not in met:
            one = way.pop()
            if one not in met:
                met.add(one)
                way += above.get(one, ())
        if name in met:
            yield device.place.problem(
                ("parents",), f'"{name}" is reached only through itself: parents lead in a circle'
            )


def _unfitting(entry: Entry[MaintenanceFile], draft: Draft, around: Surroundings, near: Near) -> Iterator[Problem]:
    """Patterns of a maintenance window that fit nothing: it would cover less than was meant, and people are called."""
    written, place = entry.written, entry.place
    names = (
        ("customer", written.customer, draft.customer_names),
        ("site", written.site, draft.site_names),
        ("device", written.device, {device.written.name for device in draft.devices}),
        ("kind", written.kind, around.kinds),
    )
    for key, pattern, known in names:
        if pattern and known is not None and not any(fits(pattern, name) for name in known):
            what = "kind of part" if key == "kind" else key
            yield place.problem((key,), f'there is no {what} "{cleaned(pattern, 60)}"', near(pattern, known))


def same(
    entries: Iterable[Entry[Written]], trait: Callable[[Written], Hashable], key: str, what: str
) -> Iterator[Problem]:
    """A problem for each of `entries` that has a `trait` which one before it has."""
    first: dict[Hashable, Entry[Written]] = {}
    for entry in entries:
        other = first.setdefault(trait(entry.written), entry)
        if other is not entry:
            there = other.place.problem((key,), "")
            yield entry.place.problem((key,), f"the same {what} as at {there.file}:{there.line}")
