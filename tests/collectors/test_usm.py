"""Our side of SNMPv3 beside an agent whose ciphers are made anew for each message: what stays in ours must not show."""

from itertools import product

import pytest

from collectors.simulate.snmp import SimulatedDevice
from collectors.snmp.codec import Binding, ErrorStatus, Kind, PduKind, decoded_pdu, oid_of
from collectors.snmp.jobs import question
from collectors.snmp.reader import AuthProtocol, PrivProtocol, User
from collectors.snmp.usm import UsmWay

ROOT = "1.3.6.1.4.1.32473.1"


@pytest.mark.parametrize(
    ("auth", "priv"),
    [*product(AuthProtocol, [PrivProtocol.AES128, None]), *product([AuthProtocol.SHA256], PrivProtocol)],
)
def test_questions_and_answers_of_every_length_are_understood_one_after_the_other(
    auth: AuthProtocol, priv: PrivProtocol | None
) -> None:
    user = User(user="u", auth=auth, auth_key="authentication", priv=priv, priv_key="privacy-key" if priv else "")
    device = SimulatedDevice({f"{ROOT}.{n}": b"x" * n for n in range(1, 60)}, credentials=[user])
    way = UsmWay(user)
    for number, asked in enumerate([[1]] * 3 + [list(range(1, n)) for n in range(2, 30)] + [[n] for n in range(1, 60)]):
        now, id_ = number * 0.4, (0x01000000 + number).to_bytes(4, "big")
        one = question(None, PduKind.GET, [oid_of(f"{ROOT}.{n}") for n in asked], number=-1)  # type: ignore[arg-type]  # no job waits
        reply = device.answer(way.sealed(id_, one.head, one.tail, now), now)
        assert reply is not None
        pdu = way.opened(reply, now)
        if number < 2:  # who the device is, and what its time is
            continue
        assert isinstance(pdu, bytes)
        told = decoded_pdu(pdu)
        assert (told.first, told.request_id) == (ErrorStatus.NO_ERROR, 0x01000000 + number)
        expected = [Binding(oid_of(f"{ROOT}.{n}"), Kind.OCTET_STRING, b"x" * n) for n in asked]
        assert list(told.bindings) == expected
