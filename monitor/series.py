"""After a visit, before the scrape: what was observed of a device becomes Prometheus text once, then is only joined.

Text format 0.0.4 wants all samples of a metric in one group below one HELP and TYPE. So the text of a device is kept
by family; a scrape writes each head once, then the bytes of all devices. Names: prometheus.io/docs/practices/naming.

A visit renders only the families in which something moved: observations and columns that are the same objects as at
the last visit say the same (collectors/changes.py). Interfaces are rendered in series_ports.py.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from collectors.ports import Ports
from collectors.snmp.reader import Silence
from monitor import series_ports
from monitor.exposition import Family, Page, escaped, labelled
from monitor.model import Condition, Device, Identity, Observation
from monitor.series_ports import COUNTED, SPEED

_CONDITIONS = {
    Condition.OK: 0,
    Condition.DEGRADED: 1,
    Condition.FAILED: 2,
    Condition.ABSENT: 3,
    Condition.UNKNOWN: 4,
}
_TOGETHER = 256  # devices joined into one chunk: about 1 MB for 48-port switches, so that others get a turn in between


UP = Family(name="netvigil_up", says="Whether the device answered its last visit: 1 yes, 0 no.")
SILENT = Family(name="netvigil_silent", says="Always 1; reason says why the device was silent at its last visit.")
INFO = Family(name="netvigil_device_info", says="Always 1; the labels say what the device is.")
VISIT = Family(name="netvigil_last_visit_timestamp_seconds", says="When the device was last visited.")
ANSWER = Family(name="netvigil_last_answer_timestamp_seconds", says="When the device last answered a visit.")
CONDITION = Family(
    name="netvigil_condition",
    says="What a part claims about itself: 0 ok, 1 degraded, 2 failed, 3 absent, 4 unknown.",
)

NUMBERS: Mapping[tuple[str, str], Family] = {
    ("temperature", "celsius"): Family(name="netvigil_temperature_celsius", says="Temperature."),
    ("voltage", "volts"): Family(name="netvigil_voltage_volts", says="Voltage."),
    ("current", "amperes"): Family(name="netvigil_current_amperes", says="Current drawn or given."),
    ("power", "watts"): Family(name="netvigil_power_watts", says="Electrical power."),
    ("speed", "rpm"): Family(name="netvigil_speed_rpm", says="Fan speed in revolutions per minute."),
    ("speed", "ratio"): Family(name="netvigil_speed_ratio", says="Fan speed as a share of full speed, 0 to 1."),
    ("usage", "ratio"): Family(name="netvigil_usage_ratio", says="Share in use (cpu, memory, disk), 0 to 1."),
    ("usage", "bytes"): Family(name="netvigil_usage_bytes", says="Amount in use."),
    ("rx_power", "dbm"): Family(name="netvigil_rx_power_dbm", says="Optical power received, in dBm."),
    ("tx_power", "dbm"): Family(name="netvigil_tx_power_dbm", says="Optical power sent, in dBm."),
    ("bias_current", "amperes"): Family(name="netvigil_bias_current_amperes", says="Bias current of a laser."),
    ("errors", ""): Family(name="netvigil_errors_total", says="Errors counted by the part.", type="counter"),
    ("endurance", "ratio"): Family(name="netvigil_endurance_ratio", says="Write endurance that is left, 0 to 1."),
    ("answer", "seconds"): Family(name="netvigil_answer_seconds", says="How long the device took to answer."),
}
"""Which aspect in which unit is which metric. A number that is not listed is no series; its condition still is."""

FAMILIES: tuple[Family, ...] = (
    UP, SILENT, INFO, VISIT, ANSWER, CONDITION, *NUMBERS.values(), *COUNTED.values(), SPEED,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The text of one device after one visit, and what it was made of."""

    device: Device
    identity: Identity
    observations: Sequence[Observation]
    ports: Ports | None
    names: tuple[str | None, ...]  # of the ports, as they stand between quotes
    silence: Silence | None
    page: Page


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
) -> Rendered:
    """The samples of one device after one visit; of what moved since the one `before`, where that is given.

    Of a silent device only what is known of the device as a whole stays: the values of its parts disappear.
    `answered_at` is when a silent device last answered. Of two observations of the same fact the first counts.
    """
    if silence is not None:
        observations, ports = (one for one in observations if one.component.kind == "device"), None
    observations = tuple(observations)
    if before is not None and (before.device != device or before.silence is not silence):
        before = None
    whole = labelled(target=device.name, customer=device.customer, site=device.site)
    page = dict(before.page) if before else {}
    page[UP.name] = f"{UP.name}{{{whole}}} {int(silence is None)}\n".encode()
    page[VISIT.name] = f"{VISIT.name}{{{whole}}} {at.timestamp()!r}\n".encode()
    if silence is not None:
        page[SILENT.name] = f"{SILENT.name}{{{whole},{labelled(reason=silence)}}} 1\n".encode()
    if last := at if silence is None else answered_at:
        page[ANSWER.name] = f"{ANSWER.name}{{{whole}}} {last.timestamp()!r}\n".encode()
    if before is None or before.identity != identity:
        known = identity != Identity()
        page[INFO.name] = f"{INFO.name}{{{whole},{_known(device, identity)}}} 1\n".encode() if known else b""
    touched = _touched(observations, before.observations) if before else None
    if touched is None or touched:
        page |= _facts(whole, observations, _OBSERVED if touched is None else touched)
    earlier = before.ports if before else None
    names = series_ports.named(ports, earlier, before.names if before else ())
    page |= series_ports.samples(whole, names, ports, earlier if before and before.names is names else None)
    return Rendered(
        device=device,
        identity=identity,
        observations=observations,
        ports=ports,
        names=names,
        silence=silence,
        page={name: text for name, text in page.items() if text},
    )


class Series:
    """The text of all devices. One visit replaces the text of its device at once; a scrape sees the old or the new."""

    def __init__(self) -> None:
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
        )

    def keep(self, names: Collection[str]) -> None:
        """Forget every device that is not among `names`, as after the inventory was read anew."""
        for name in self._devices.keys() - set(names):
            del self._devices[name]
            self._answered.pop(name, None)

    def joined(self) -> Iterator[bytes]:
        """The text of all devices as they are at this call, in chunks."""
        return _joined([one.page for one in self._devices.values()])

    def of(self, name: str) -> bytes | None:
        """The text of one device; None where it was not visited yet."""
        known = self._devices.get(name)
        return None if known is None else b"".join(_joined((known.page,)))


def _joined(pages: Collection[Page]) -> Iterator[bytes]:
    for family in FAMILIES:
        samples = [page[family.name] for page in pages if family.name in page]
        if samples:
            yield family.head
        for start in range(0, len(samples), _TOGETHER):
            yield b"".join(samples[start : start + _TOGETHER])


_OBSERVED = frozenset({CONDITION.name, *(family.name for family in NUMBERS.values())})


def _touched(now: Sequence[Observation], before: Sequence[Observation]) -> set[str] | None:
    """The families in which a sample came, went or moved; None for all."""
    if len(now) != len(before):
        return None
    touched: set[str] = set()
    if now is before:
        return touched
    for one, last in zip(now, before, strict=True):
        if one is last:
            continue
        touched.update(
            family.name for seen in (one, last) if (family := NUMBERS.get((seen.aspect, seen.unit))) is not None
        )
        if (one.condition, one.aspect, one.component) != (last.condition, last.aspect, last.component):
            touched.add(CONDITION.name)
    return touched


def _facts(whole: str, observations: Iterable[Observation], wanted: Collection[str]) -> dict[str, bytes]:
    """The samples of the parts in the families that are `wanted`, b"" where one has none."""
    lines: dict[str, dict[str, str]] = {name: {} for name in wanted}
    conditions = lines.get(CONDITION.name)
    for seen in observations:
        number = NUMBERS.get((seen.aspect, seen.unit)) if seen.value is not None else None
        values = lines.get(number.name) if number else None
        if conditions is None and values is None:
            continue
        part = f'{{{whole},kind="{escaped(seen.component.kind)}",component="{escaped(seen.component.label)}"'
        if conditions is not None and seen.condition is not None:
            aspect = f'{part},aspect="{escaped(seen.aspect)}"}}'
            conditions.setdefault(aspect, str(_CONDITIONS[seen.condition]))
        if values is not None and seen.value is not None and math.isfinite(seen.value):
            values.setdefault(part + "}", repr(seen.value))
    return {
        name: "".join([f"{name}{labels} {value}\n" for labels, value in samples.items()]).encode()
        for name, samples in lines.items()
    }


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
