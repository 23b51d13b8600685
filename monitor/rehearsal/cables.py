"""Cables between devices on the stage: each end tells of the other over LLDP (IEEE 802.1AB, LLDP-MIB)."""

from collections.abc import Mapping

from collectors.simulate.boxes import row
from collectors.simulate.values import Told
from collectors.text import cleaned
from monitor.rehearsal.actor import Actor
from monitor.rehearsal.cast import EndFile, LinkFile

_REMOTE = "1.0.8802.1.1.2.1.4.1.1"  # lldpRemEntry
_LOCAL = "1.0.8802.1.1.2.1.3.7.1"  # lldpLocPortEntry
_IF, _IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"  # ifEntry, ifXEntry
_SYS_NAME = "1.3.6.1.2.1.1.5.0"
_INTERFACE_NAME, _MAC = 5, 4  # LldpPortIdSubtype, LldpChassisIdSubtype
_FIRST = 9001  # local port numbers of our own, beside those that a recording may have


def cabled(actors: Mapping[str, Actor], link: LinkFile) -> None:
    """Let both ends of `link` tell of each other; an end that does not speak SNMP tells nothing."""
    for near, far in ((link.a, link.b), (link.b, link.a)):
        if actors[near.device].speaks_snmp:
            _tell(actors[near.device], near, far, actors[far.device])


def ports(actor: Actor) -> dict[str, int]:
    """The ifIndex of each interface, by its names."""
    found: dict[str, int] = {}
    for entry in (f"{_IF}.2", f"{_IFX}.1"):
        for oid, name in actor.at_and_below(entry).items():
            if isinstance(name, bytes):
                found[cleaned(name)] = int(oid.rpartition(".")[2])
    return found


def _tell(actor: Actor, near: EndFile, far: EndFile, there: Actor) -> None:
    number = _FIRST + sum(oid.startswith(f"{_LOCAL}.4.9") for oid in actor.at_and_below(_LOCAL))
    row(actor, _LOCAL, number, {2: _INTERFACE_NAME, 3: near.port, 4: near.port})
    name = there.told(_SYS_NAME)
    said = name if isinstance(name, bytes) else far.device
    chassis = b"\x02\x00\x5e" + number.to_bytes(3, "big")
    columns: Mapping[int, Told] = {4: _MAC, 5: chassis, 6: _INTERFACE_NAME, 7: far.port, 8: far.port, 9: said}
    row(actor, _REMOTE, f"0.{number}.1", columns)
