"""After a visit, before the scrape: what was observed of a device becomes Prometheus text once, then is only joined.

Text format 0.0.4 wants all samples of a metric in one group below one HELP and TYPE. So the text of a device is kept
by family; a scrape writes each head once, then the bytes of all devices. Names: prometheus.io/docs/practices/naming.

What is told of the parts is kept packed: the labels of a switch of 48 ports say the same hundreds of times, so that its
text takes a tenth of its 90 kB. A scraper that takes gzip, as Prometheus does, is sent the packed pieces as they are
(packing.py); for any other they are unpacked.

A visit renders only the families in which something moved: observations and columns that are the same objects as at
the last visit say the same (collectors/changes.py). Parts are rendered in series_parts.py, the counters of
interfaces in series_ports.py.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from collectors.ports import Ports
from collectors.snmp.reader import Silence
from monitor import series_parts, series_ports, series_reach
from monitor.exposition import Family, Page, labelled
from monitor.model import Device, Identity, Numbers, Observation
from monitor.packing import Stream, packed, unpacked
from monitor.series_parts import CONDITION, NUMBERS, OBSERVED, Layout
from monitor.series_ports import COUNTED, INTERFACE, SPEED
from monitor.series_reach import ReachSeries

_TOGETHER = 256  # devices joined into one chunk: about 1 MB for 48-port switches, so that others get a turn in between
_TOGETHER_ZIPPED = 8192  # some 30 ms of work; with less at a time, visits in between make a scrape last seconds


UP = Family(name="netvigil_up", says="Whether the device answered its last visit: 1 yes, 0 no.")
SILENT = Family(name="netvigil_silent", says="Always 1; reason says why the device was silent at its last visit.")
INFO = Family(name="netvigil_device_info", says="Always 1; the labels say what the device is.")
VISIT = Family(name="netvigil_last_visit_timestamp_seconds", says="When the device was last visited.")
ANSWER = Family(name="netvigil_last_answer_timestamp_seconds", says="When the device last answered a visit.")
_OF_THE_WHOLE = (UP, SILENT, INFO, VISIT, ANSWER)
FAMILIES: tuple[Family, ...] = (
    *_OF_THE_WHOLE, CONDITION, *NUMBERS.values(), *COUNTED.values(), SPEED, INTERFACE, *series_reach.FAMILIES,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The text of one device after one visit, and what it was made of.

    In the `page` the families of the parts are packed, those of the device as a whole are plain.
    """

    device: Device
    whole: str  # its labels, between the braces of every sample
    identity: Identity
    observations: Sequence[Observation]
    moved: Sequence[Numbers]
    claims: Sequence[Observation]
    ports: Ports | None
    names: tuple[str | None, ...]  # of the ports, as they stand between quotes
    silence: Silence | None
    page: Page
    layout: Layout


def rendered(
    device: Device,
    identity: Identity,
    observations: Iterable[Observation],
    silence: Silence | None,
    at: datetime,
    *,
    answered_at: datetime | None = None,
    ports: Ports | None = None,
    before: Rendered | None = None,
    claims: Sequence[Observation] | None = None,
    moved: Sequence[Numbers] = (),
) -> Rendered:
    """The samples of one device after one visit; of what moved since the one `before`, where that is given.

    Of a silent device only what is known of the device as a whole stays: the values of its parts disappear.
    `answered_at` is when a silent device last answered. Of two observations of the same fact the first counts.
    `claims` are the same facts at the same places with their conditions, where these were judged at an earlier visit
    and still hold: their numbers may be old. `moved` are the numbers that are told in place of those of `observations`.
    """
    if silence is not None:
        observations, ports = (one for one in observations if one.component.kind == "device"), None
        moved = ()
    observations = tuple(observations)
    if before is not None and (before.silence is not silence or not _same(before.device, device)):
        before = None
    whole = before.whole if before else labelled(target=device.name, customer=device.customer, site=device.site)
    page = dict(before.page) if before else {}
    page[UP.name] = f"{UP.name}{{{whole}}} {int(silence is None)}\n".encode()
    moment = repr(at.timestamp())
    page[VISIT.name] = f"{VISIT.name}{{{whole}}} {moment}\n".encode()
    if silence is not None:
        page[SILENT.name] = f"{SILENT.name}{{{whole},{labelled(reason=silence)}}} 1\n".encode()
    if silence is None:
        page[ANSWER.name] = f"{ANSWER.name}{{{whole}}} {moment}\n".encode()
    elif answered_at is not None:
        page[ANSWER.name] = f"{ANSWER.name}{{{whole}}} {answered_at.timestamp()!r}\n".encode()
    if before is None or (before.identity is not identity and before.identity != identity):
        told = identity != Identity()
        page[INFO.name] = f"{INFO.name}{{{whole},{_known(device, identity)}}} 1\n".encode() if told else b""
    claims = observations if claims is None or silence is not None else tuple(claims)
    numbers = series_parts.moved(observations, before.observations, moved, before.moved) if before else None
    conditions = series_parts.changed(claims, before.claims) if before else None
    if before is not None and numbers is not None and conditions is not None:
        layout, wanted = before.layout, numbers | conditions
    else:
        layout, wanted = series_parts.layout(series_parts.seen_of(observations, claims)), set(OBSERVED)
    page |= series_parts.samples(whole, observations, moved, claims, layout, wanted)
    earlier = before.ports if before else None
    names = series_ports.named(ports, earlier, before.names if before else ())
    page |= series_ports.samples(whole, names, ports, earlier if before and before.names is names else None)
    return Rendered(
        device=device,
        whole=whole,
        identity=identity,
        observations=observations,
        moved=moved,
        claims=claims,
        ports=ports,
        names=names,
        silence=silence,
        page={name: text for name, text in page.items() if text},
        layout=layout,
    )


def _same(one: Device, other: Device) -> bool:
    return one is other or one == other


class Series:
    """The text of all devices. One visit replaces the text of its device at once; a scrape sees the old or the new."""

    def __init__(self, reach: ReachSeries | None = None) -> None:
        self._reach = reach
        self._devices: dict[str, Rendered] = {}
        self._answered: dict[str, datetime] = {}

    def visited(
        self,
        device: Device,
        identity: Identity,
        observations: Iterable[Observation],
        silence: Silence | None,
        at: datetime,
        ports: Ports | None = None,
        claims: Sequence[Observation] | None = None,
        moved: Sequence[Numbers] = (),
    ) -> None:
        """Render what this visit told, in place of what the last one did."""
        if silence is None:
            self._answered[device.name] = at
        self._devices[device.name] = rendered(
            device,
            identity,
            observations,
            silence,
            at,
            answered_at=self._answered.get(device.name),
            ports=ports,
            before=self._devices.get(device.name),
            claims=claims,
            moved=moved,
        )

    def keep(self, names: Collection[str]) -> None:
        """Forget every device that is not among `names`, as after the inventory was read anew."""
        for name in self._devices.keys() - set(names):
            del self._devices[name]
            self._answered.pop(name, None)

    def joined(self) -> Iterator[bytes]:
        """The text of all devices as they are at this call, in chunks."""
        pages = _joined([one.page for one in self._devices.values()])
        return chain(pages, self._reach.joined()) if self._reach else pages

    def zipped(self, first: bytes) -> Iterator[bytes]:
        """The text `first` and that of all devices as they are at this call, in chunks of one gzip stream."""
        beside = self._reach.joined() if self._reach else ()
        return _zipped(first, [one.page for one in self._devices.values()], beside)

    def of(self, name: str) -> bytes | None:
        """The text of one device; None where it was not visited yet."""
        known = self._devices.get(name)
        there = self._reach.of(name) if self._reach else b""
        return None if known is None and not there else b"".join(_joined((known.page,) if known else ())) + there


def _groups(pages: Iterable[Page]) -> Iterator[tuple[Family, list[bytes]]]:
    """The samples of each family that has some."""
    found: dict[str, list[bytes]] = {family.name: [] for family in FAMILIES}
    for page in pages:  # each once: of ten thousand devices no page is in the processor's cache when it is met again
        for name, samples in page.items():
            found[name].append(samples)
    for family in FAMILIES:
        if samples_of := found[family.name]:
            yield family, samples_of


def _joined(pages: Collection[Page]) -> Iterator[bytes]:
    for family, samples in _groups(pages):
        yield family.head
        for start in range(0, len(samples), _TOGETHER):
            some = samples[start : start + _TOGETHER]
            yield b"".join(some if family in _OF_THE_WHOLE else map(unpacked, some))


def _zipped(first: bytes, pages: Collection[Page], beside: Iterable[bytes]) -> Iterator[bytes]:
    stream = Stream()
    yield stream.begin() + stream.add((packed(first),))
    for family, samples in _groups(pages):
        pieces = (packed(b"".join(samples)),) if family in _OF_THE_WHOLE else samples
        for start in range(0, len(pieces), _TOGETHER_ZIPPED):
            head = () if start else (packed(family.head),)
            yield stream.add((*head, *pieces[start : start + _TOGETHER_ZIPPED]))
    for chunk in beside:
        yield stream.add((packed(chunk),))
    yield stream.end()


def _known(device: Device, identity: Identity) -> str:
    return labelled(
        role=device.role,
        platform=identity.platform or "",
        vendor=identity.vendor or "",
        model=identity.model or "",
        version=identity.version or "",
        patch=identity.patch or "",
        serial=identity.serial or "",
        system_name=identity.name or "",
    )
