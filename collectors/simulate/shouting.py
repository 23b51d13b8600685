"""The shouting side: traps, informs and log lines of simulated devices, as datagrams that somebody else sends."""

from collections.abc import Mapping
from itertools import count

from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.usm import Engine
from collectors.simulate.values import Typed, typed
from collectors.snmp.codec import (
    Binding,
    Kind,
    MessageV2,
    MessageV3,
    Pdu,
    PduKind,
    ScopedPdu,
    Security,
    encoded_message,
    encoded_scoped_pdu,
    oid_of,
)
from collectors.snmp.reader import Community, Credential, User
from collectors.snmp.trap_v1 import encoded_trap_v1

_UP_TIME, _TRAP = oid_of("1.3.6.1.2.1.1.3.0"), oid_of("1.3.6.1.6.3.1.1.4.1.0")
_ids = count(1)


def trap(
    device: SimulatedDevice,
    credential: Credential,
    oid: str,
    values: Mapping[str, Typed | int | bytes | str],
    now: float,
    *,
    inform: bool = False,
) -> bytes:
    """The trap `oid` of `device` with its bindings, at the moment `now` of the device's clock (as `answer` takes it).

    Informs are made for SNMPv2c alone: over SNMPv3 they need an engine that was asked first.
    """
    number = next(_ids)
    head = (
        Binding(_UP_TIME, Kind.TIME_TICKS, int(max(0.0, now - device.booted) * 100)),
        Binding(_TRAP, Kind.OBJECT_IDENTIFIER, oid),
    )
    bindings = (*head, *(Binding(oid_of(name), *typed(value)) for name, value in values.items()))
    pdu = Pdu(kind=PduKind.INFORM if inform else PduKind.TRAP, request_id=number, bindings=bindings)
    if not isinstance(credential, User):
        return encoded_message(MessageV2(community=credential.community.encode(), pdu=pdu))
    name = credential.user.encode()
    engine = Engine(id=device.engine_id, boots=device.boots, time=int(now - device.booted), users=device.users)
    asked = MessageV3(id=number, max_size=65507, flags=0, security=Security(user=name), data=b"")
    data = encoded_scoped_pdu(ScopedPdu(engine_id=device.engine_id, context=credential.context.encode(), pdu=pdu))
    return engine.sealed(device.users[name], asked, data, salt=number)


def trap_v1(
    community: Community,
    enterprise: str,
    number: int,
    values: Mapping[str, Typed | int | bytes | str],
    *,
    generic: int = 6,
    agent: str = "0.0.0.0",  # noqa: S104 - as a device writes that does not say who it is
) -> bytes:
    """A trap of SNMPv1: `number` of the maker's own below `enterprise`, or one of the six of `generic`."""
    bindings = tuple(Binding(oid_of(name), *typed(value)) for name, value in values.items())
    return encoded_trap_v1(community.community.encode(), enterprise, (generic, number), 8_640_000, agent, bindings)


def line(priority: int, text: str, encoding: str = "utf-8") -> bytes:
    """A syslog datagram: the priority, and what stands behind it as the device writes it."""
    return f"<{priority}>{text}".encode(encoding)
