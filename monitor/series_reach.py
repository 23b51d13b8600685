"""Beside series.py: whether devices are there, as Prometheus text. Written when asked: it changes every ten seconds."""

from collections.abc import Iterator, Mapping, Sequence

from collectors.reach import Reach, Reached, There
from monitor.exposition import Family, labelled
from monitor.model import Device

REACHABLE = Family(name="netvigil_reachable", says="Whether anything answers at the address: 1 yes, 0 no.")
UNASKED = Family(name="netvigil_reach_unknown", says="Always 1; reason says why it is not known whether it is there.")
ROUND_TRIP = Family(name="netvigil_round_trip_seconds", says="How long the last answer to an echo took.")
LOSS = Family(name="netvigil_packet_loss_ratio", says="Share of checks of ten minutes whose first try had no answer.")
FAMILIES = (REACHABLE, UNASKED, ROUND_TRIP, LOSS)
_TOGETHER = 1024  # devices in one chunk


class ReachSeries:
    """The text of what `reach` knows of the devices that were loaded last."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._whole: dict[str, str] = {}

    def load(self, devices: Mapping[str, Device]) -> None:
        """Tell of these devices from now on."""
        self._whole = {
            name: labelled(target=name, customer=device.customer, site=device.site) for name, device in devices.items()
        }

    def joined(self) -> Iterator[bytes]:
        """The text of all devices as they are at this call, in chunks."""
        return _joined([(self._whole[name], said) for name, said in self._reach.all().items() if name in self._whole])

    def of(self, name: str) -> bytes:
        """The text of one device, b"" where nothing is known of it."""
        said = self._reach.of(name)
        if said is None or name not in self._whole:
            return b""
        samples = [(family, _sample(family, self._whole[name], said)) for family in FAMILIES]
        return b"".join(family.head + sample.encode() for family, sample in samples if sample)


def _joined(known: Sequence[tuple[str, Reached]]) -> Iterator[bytes]:
    for family in FAMILIES:
        head = family.head
        for start in range(0, len(known), _TOGETHER):
            lines = "".join([_sample(family, *one) for one in known[start : start + _TOGETHER]]).encode()
            if lines:
                yield head + lines
                head = b""


def _sample(family: Family, whole: str, said: Reached) -> str:
    if family is REACHABLE:
        known = said.there is not There.UNKNOWN
        return f'{family.name}{{{whole},way="{said.way}"}} {int(said.there is There.UP)}\n' if known else ""
    if family is UNASKED:
        return f"{family.name}{{{whole},{labelled(reason=said.reason)}}} 1\n" if said.there is There.UNKNOWN else ""
    value = said.seconds if family is ROUND_TRIP else said.loss
    return "" if value is None else f"{family.name}{{{whole}}} {value!r}\n"
