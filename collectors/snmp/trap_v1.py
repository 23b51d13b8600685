"""SNMPv1 traps (RFC 1157 section 4.1.6), read as the notifications that they are in SNMPv2 (RFC 3584 section 3.1)."""

from collections.abc import Iterable
from dataclasses import dataclass

from collectors.snmp.codec import (
    Binding,
    Bytes,
    CodecError,
    Kind,
    bindings_of,
    element,
    encoded_binding,
    encoded_value,
    int_element,
    oid_of,
    oid_text,
)

_SEQUENCE, _TRAP = 0x30, 0xA4
_V1 = 0
_TRAPS = "1.3.6.1.6.3.1.1.5"  # snmpTraps, SNMPv2-MIB: coldStart is its 1 and generic-trap 0
_SPECIFIC = 6  # enterpriseSpecific
_UP_TIME, _TRAP_OID = oid_of("1.3.6.1.2.1.1.3.0"), oid_of("1.3.6.1.6.3.1.1.4.1.0")
_TRAP_ADDRESS = oid_of("1.3.6.1.6.3.18.1.3.0")
_IPV4 = 4  # octets
_NOBODY = "0.0.0.0"  # noqa: S104 - an agent that does not tell its address (RFC 3584), nothing is listened to


@dataclass(frozen=True, slots=True, kw_only=True)
class TrapV1:
    """A trap of version 1. `bindings` are those of SNMPv2: sysUpTime, snmpTrapOID, its own, and snmpTrapAddress.

    `either` is the other name that the trap may have: whether a maker's own name has a 0 before its last number, which
    RFC 3584 puts there, is not told in version 1.
    """

    community: bytes
    bindings: tuple[Binding, ...]
    either: str = ""


def is_v1(datagram: bytes) -> bool:
    """Whether `datagram` begins as an SNMPv1 message does."""
    try:
        return Bytes(datagram, 0, len(datagram)).part(_SEQUENCE).integer(_V1, 3) == _V1
    except CodecError:
        return False


def decoded_trap_v1(datagram: bytes) -> TrapV1:
    """The trap that `datagram` is, whole. Raises CodecError where it is none."""
    outer = Bytes(datagram, 0, len(datagram))
    message = outer.part(_SEQUENCE)
    outer.done()
    message.integer(_V1, _V1)
    community = message.octets()
    pdu = message.part(_TRAP)
    message.done()
    enterprise = oid_text(_content(pdu, Kind.OBJECT_IDENTIFIER))
    octets = _content(pdu, Kind.IP_ADDRESS)
    if len(octets) != _IPV4:
        raise CodecError("the address of the agent is not of four octets")
    address = ".".join(map(str, octets))
    generic, specific = pdu.integer(0, _SPECIFIC), pdu.integer(0, 2**31 - 1)
    ticks = int.from_bytes(_content(pdu, Kind.TIME_TICKS), "big")
    told = bindings_of(pdu)
    pdu.done()
    trap = f"{enterprise}.0.{specific}" if generic == _SPECIFIC else f"{_TRAPS}.{generic + 1}"
    head = (Binding(_UP_TIME, Kind.TIME_TICKS, ticks), Binding(_TRAP_OID, Kind.OBJECT_IDENTIFIER, trap))
    is_named = address == _NOBODY or any(binding.oid == _TRAP_ADDRESS for binding in told)
    return TrapV1(
        community=community,
        bindings=(*head, *told, *(() if is_named else (Binding(_TRAP_ADDRESS, Kind.IP_ADDRESS, address),))),
        either=f"{enterprise}.{specific}" if generic == _SPECIFIC else "",
    )


def _content(part: Bytes, kind: Kind) -> bytes:
    found = part.part(kind)
    return found.data[found.at : found.end]


def encoded_trap_v1(
    community: bytes, enterprise: str, numbers: tuple[int, int], ticks: int, agent: str, bindings: Iterable[Binding]
) -> bytes:
    """A trap of version 1 as a datagram; `numbers` are generic-trap and specific-trap. Raises CodecError."""
    content = b"".join(
        (
            encoded_value(Kind.OBJECT_IDENTIFIER, enterprise),
            encoded_value(Kind.IP_ADDRESS, agent),
            *(int_element(Kind.INTEGER, number) for number in numbers),
            encoded_value(Kind.TIME_TICKS, ticks),
            element(_SEQUENCE, b"".join(map(encoded_binding, bindings))),
        )
    )
    return element(
        _SEQUENCE, int_element(Kind.INTEGER, _V1) + element(Kind.OCTET_STRING, community) + element(_TRAP, content)
    )
