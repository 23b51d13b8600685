"""After a visit, before the scrape: what was observed of a device becomes Prometheus text once, then is only joined.

Text format 0.0.4 wants all samples of a metric in one group below one HELP and TYPE. So the text of a device is kept
by family; a scrape writes each head once, then the bytes of all devices. Names: prometheus.io/docs/practices/naming.
"""

import math
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from collectors.snmp.reader import Silence
from collectors.text import cleaned
from monitor.model import Condition, Device, Identity, Observation

LABEL_CAP = 200
"""The most characters of a label value; a longer one is cut and ends in a checksum, so that two parts stay two."""

_CONDITIONS = {
    Condition.OK: 0,
    Condition.DEGRADED: 1,
    Condition.FAILED: 2,
    Condition.ABSENT: 3,
    Condition.UNKNOWN: 4,
}
_TOGETHER = 256  # devices joined into one chunk: about 1 MB for 48-port switches, so that others get a turn in between


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric: what its HELP and TYPE lines say."""

    name: str
    says: str
    type: str = "gauge"

    @property
    def head(self) -> bytes:
        """The HELP and TYPE lines."""
        return f"# HELP {self.name} {self.says}\n# TYPE {self.name} {self.type}\n".encode()


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

FAMILIES: tuple[Family, ...] = (UP, SILENT, INFO, VISIT, ANSWER, CONDITION, *NUMBERS.values())

Page = Mapping[str, bytes]
"""The samples of one device, by the name of their family."""


def rendered(
    device: Device,
    identity: Identity,
    observations: Iterable[Observation],
    silence: Silence | None,
    at: datetime,
    *,
    answered_at: datetime | None = None,
) -> Page:
    """The samples of one device after one visit.

    Of a silent device only what is known of the device as a whole stays: the values of its parts disappear.
    `answered_at` is when a silent device last answered. Of two observations of the same fact the first counts.
    """
    whole = _labels(target=device.name, customer=device.customer, site=device.site)
    lines = {
        UP.name: {f"{{{whole}}}": str(int(silence is None))},
        VISIT.name: {f"{{{whole}}}": repr(at.timestamp())},
    }
    if silence is not None:
        lines[SILENT.name] = {f"{{{whole},{_labels(reason=silence)}}}": "1"}
    if last := at if silence is None else answered_at:
        lines[ANSWER.name] = {f"{{{whole}}}": repr(last.timestamp())}
    if identity != Identity():
        lines[INFO.name] = {f"{{{whole},{_known(device, identity)}}}": "1"}
    lines |= _facts(whole, (o for o in observations if silence is None or o.component.kind == "device"))
    return {
        name: "".join([f"{name}{labels} {value}\n" for labels, value in samples.items()]).encode()
        for name, samples in lines.items()
    }


class Series:
    """The text of all devices. One visit replaces the text of its device at once; a scrape sees the old or the new."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._answered: dict[str, datetime] = {}

    def visited(
        self,
        device: Device,
        identity: Identity,
        observations: Iterable[Observation],
        silence: Silence | None,
        at: datetime,
    ) -> None:
        """Render what this visit told, in place of what the last one did."""
        if silence is None:
            self._answered[device.name] = at
        self._pages[device.name] = rendered(
            device, identity, observations, silence, at, answered_at=self._answered.get(device.name)
        )

    def keep(self, names: Collection[str]) -> None:
        """Forget every device that is not among `names`, as after the inventory was read anew."""
        for name in self._pages.keys() - set(names):
            del self._pages[name]
            self._answered.pop(name, None)

    def joined(self) -> Iterator[bytes]:
        """The text of all devices as they are at this call, in chunks."""
        return _joined(tuple(self._pages.values()))

    def of(self, name: str) -> bytes | None:
        """The text of one device; None where it was not visited yet."""
        page = self._pages.get(name)
        return None if page is None else b"".join(_joined((page,)))


def _joined(pages: Collection[Page]) -> Iterator[bytes]:
    for family in FAMILIES:
        samples = [page[family.name] for page in pages if family.name in page]
        if samples:
            yield family.head
        for start in range(0, len(samples), _TOGETHER):
            yield b"".join(samples[start : start + _TOGETHER])


def _facts(whole: str, observations: Iterable[Observation]) -> dict[str, dict[str, str]]:
    """The samples of the parts, by family and by labels."""
    lines: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for seen in observations:
        part = f'{{{whole},kind="{_escaped(seen.component.kind)}",component="{_escaped(seen.component.label)}"'
        if seen.condition is not None:
            aspect = f'{part},aspect="{_escaped(seen.aspect)}"}}'
            lines[CONDITION.name].setdefault(aspect, str(_CONDITIONS[seen.condition]))
        if seen.value is not None and math.isfinite(seen.value) and (number := NUMBERS.get((seen.aspect, seen.unit))):
            lines[number.name].setdefault(part + "}", repr(seen.value))
    return dict(lines)


def _known(device: Device, identity: Identity) -> str:
    return _labels(
        role=device.role,
        platform=identity.platform or "",
        vendor=identity.vendor or "",
        model=identity.model or "",
        version=identity.version or "",
        patch=identity.patch or "",
        serial=identity.serial or "",
        system_name=identity.name or "",
    )


def _labels(**values: str) -> str:
    return ",".join([f'{name}="{_escaped(value)}"' for name, value in values.items()])


def _escaped(text: str) -> str:
    """`text` as it stands between the quotes of a label: one clean line, capped, backslash and quote escaped."""
    if len(text) > LABEL_CAP:
        text = f"{text[:LABEL_CAP]}…{zlib.crc32(text.encode(errors='surrogatepass')):08x}"
    if not (text.isascii() and text.isprintable()):
        text = cleaned(text)
    return text.replace("\\", "\\\\").replace('"', '\\"')
