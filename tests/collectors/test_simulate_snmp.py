"""The simulated agent, asked by datagrams of our own codec and by PySNMP's own command generators."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysnmp.hlapi.v3arch.asyncio import (  # type: ignore[import-untyped]  # PySNMP has no types
    USM_AUTH_HMAC192_SHA256,
    USM_PRIV_CFB128_AES,
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    next_cmd,
)

from collectors.simulate.snmp import Network, SimulatedDevice
from collectors.simulate.values import Alternating, Growing
from collectors.snmp.codec import (
    Binding,
    ErrorStatus,
    Kind,
    MessageV2,
    Pdu,
    PduKind,
    decoded_message,
    encoded_message,
    oid_of,
)
from collectors.snmp.reader import AuthProtocol, Community, PrivProtocol, User

UNTIMED = settings(deadline=None)  # the machine may be busy
USER = User(
    user="tester",
    auth=AuthProtocol.SHA256,
    auth_key="authentication",
    priv=PrivProtocol.AES128,
    priv_key="privacy-key",
)
DESCR = "1.3.6.1.2.1.1.1.0"
COLUMN = "1.3.6.1.2.1.2.2.1"


def device(limit: int = 1500) -> SimulatedDevice:
    made = SimulatedDevice(
        {DESCR: "a box", "1.3.6.1.2.1.1.3.0": (Kind.TIME_TICKS, 500)},
        credentials=[Community(community="read"), USER],
        limit=limit,
    )
    for column in (2, 8):
        for row in range(1, 31):
            made.set(f"{COLUMN}.{column}.{row}", f"port {row}" if column == 2 else 1)
    return made


def asked(
    made: SimulatedDevice,
    kind: PduKind,
    oids: Sequence[str],
    numbers: tuple[int, int] = (0, 0),
    community: bytes = b"read",
) -> Pdu | None:
    bindings = tuple(Binding(oid_of(oid), Kind.NULL, None) for oid in oids)
    pdu = Pdu(kind=kind, request_id=99, first=numbers[0], second=numbers[1], bindings=bindings)
    reply = made.answer(encoded_message(MessageV2(community=community, pdu=pdu)), 10.0)
    if reply is None:
        return None
    assert len(reply) <= made.limit
    message = decoded_message(reply)
    assert isinstance(message, MessageV2)
    assert message.pdu.request_id == 99
    return message.pdu


def values(pdu: Pdu | None) -> list[object]:
    assert pdu is not None
    return [binding.value for binding in pdu.bindings]


def test_get_tells_values_and_what_is_not_there() -> None:
    pdu = asked(device(), PduKind.GET, [DESCR, f"{COLUMN}.2.99", "1.3.6.1.7.0"])

    assert values(pdu) == [b"a box", None, None]
    assert pdu is not None
    assert [binding.kind for binding in pdu.bindings] == [
        Kind.OCTET_STRING,
        Kind.NO_SUCH_INSTANCE,
        Kind.NO_SUCH_OBJECT,
    ]


def test_get_next_at_the_end_of_all_says_so() -> None:
    pdu = asked(device(), PduKind.GET_NEXT, [f"{COLUMN}.8.30"])

    assert pdu is not None
    assert pdu.bindings == (Binding(oid_of(f"{COLUMN}.8.30"), Kind.END_OF_MIB_VIEW, None),)


def test_get_bulk_repeats_columns_row_by_row() -> None:
    pdu = asked(device(), PduKind.GET_BULK, [DESCR, f"{COLUMN}.2", f"{COLUMN}.8"], (1, 2))

    assert values(pdu) == [500, b"port 1", 1, b"port 2", 1]


def test_get_bulk_is_cut_in_mid_row_at_the_packet_limit() -> None:
    pdu = asked(device(limit=484), PduKind.GET_BULK, [f"{COLUMN}.2", f"{COLUMN}.8"], (0, 30))

    assert pdu is not None
    assert pdu.first == ErrorStatus.NO_ERROR
    assert 0 < len(pdu.bindings) < 60


def test_value_beyond_the_packet_limit_is_too_big() -> None:
    made = device()
    made.set(DESCR, b"x" * 60_000)

    for kind in (PduKind.GET, PduKind.GET_BULK):
        pdu = asked(made, kind, ["1.3.6.1.2.1.1.1" if kind is PduKind.GET_BULK else DESCR], (0, 1))
        assert pdu is not None
        assert (pdu.first, pdu.bindings) == (ErrorStatus.TOO_BIG, ())


def test_wrong_community_is_not_answered() -> None:
    made = device()

    assert asked(made, PduKind.GET, [DESCR], community=b"write") is None
    assert (made.answered, made.refused) == (0, 1)


def test_set_is_refused() -> None:
    pdu = asked(device(), PduKind.SET, [DESCR])

    assert pdu is not None
    assert pdu.first == ErrorStatus.NOT_WRITABLE


def test_value_that_is_set_is_told_and_one_removed_is_gone() -> None:
    made = device()
    made.set(DESCR, "another")
    assert values(asked(made, PduKind.GET, [DESCR])) == [b"another"]

    made.remove(COLUMN)
    assert values(asked(made, PduKind.GET_NEXT, [COLUMN])) == [None]


def test_counter_grows_and_goes_around() -> None:
    made = device()
    made.set("1.3.6.1.9.1.0", Growing(kind=Kind.COUNTER32, start=2**32 - 10, per_second=2))
    made.set("1.3.6.1.9.2.0", Alternating(values=(2, 1), seconds=5))

    assert values(asked(made, PduKind.GET, ["1.3.6.1.9.1.0", "1.3.6.1.9.2.0"])) == [10, 2]


@UNTIMED
@given(data=st.binary(max_size=200))
def test_random_datagram_does_not_disturb_the_agent(data: bytes) -> None:
    made = device()

    assert made.answer(data, 1.0) is None
    assert values(asked(made, PduKind.GET, [DESCR])) == [b"a box"]


@UNTIMED
@given(cut=st.integers(0, 40), place=st.integers(0, 40), octet=st.integers(0, 255))
def test_broken_request_does_not_disturb_the_agent(cut: int, place: int, octet: int) -> None:
    made = device()
    bindings = (Binding(oid_of(DESCR), Kind.NULL, None),)
    wire = bytearray(
        encoded_message(MessageV2(community=b"read", pdu=Pdu(kind=PduKind.GET, request_id=1, bindings=bindings)))
    )
    wire[place % len(wire)] = octet
    made.answer(bytes(wire), 1.0)
    made.answer(bytes(wire[:cut]), 1.0)

    assert values(asked(made, PduKind.GET, [DESCR])) == [b"a box"]


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    made = Network()
    yield made
    made.close()
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    "auth",
    [
        CommunityData("read"),
        UsmUserData(
            "tester",
            "authentication",
            "privacy-key",
            authProtocol=USM_AUTH_HMAC192_SHA256,
            privProtocol=USM_PRIV_CFB128_AES,
        ),
    ],
    ids=["v2c", "v3"],
)
async def test_pysnmp_as_it_comes_reads_the_agent(network: Network, auth: object) -> None:
    port = await network.serve(device())
    engine = SnmpEngine()
    target = await UdpTransportTarget.create(("127.0.0.1", port), timeout=2, retries=1)
    common = (engine, auth, target, ContextData())
    try:
        error, status, _, got = await get_cmd(*common, ObjectType(ObjectIdentity(DESCR)), lookupMib=False)
        assert (error, int(status), bytes(got[0][1])) == (None, 0, b"a box")
        _, _, _, following = await next_cmd(*common, ObjectType(ObjectIdentity(f"{COLUMN}.2.3")), lookupMib=False)
        assert str(following[0][0]) == f"{COLUMN}.2.4"
        _, _, _, rows = await bulk_cmd(*common, 0, 5, ObjectType(ObjectIdentity(f"{COLUMN}.2")), lookupMib=False)
        assert [bytes(value) for _, value in rows] == [f"port {n}".encode() for n in range(1, 6)]
    finally:
        engine.close_dispatcher()
        await asyncio.sleep(0)


async def test_hundreds_of_devices_answer_in_one_process(network: Network) -> None:
    devices = [device() for _ in range(300)]
    ports = [await network.serve(made, f"127.1.{n // 200}.{n % 200 + 1}") for n, made in enumerate(devices)]

    assert len(ports) == 300
    assert all(made.answered == 0 for made in devices)
