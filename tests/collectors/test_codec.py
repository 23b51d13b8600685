"""The codec: what is written reads back, what is broken is refused with one kind of error."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.snmp.codec import (
    Binding,
    CodecError,
    Kind,
    MessageV2,
    MessageV3,
    Pdu,
    PduKind,
    ScopedPdu,
    Security,
    decoded_message,
    decoded_scoped,
    encoded_binding,
    encoded_message,
    encoded_scoped_pdu,
    oid_of,
)

INT32 = st.integers(-(2**31), 2**31 - 1)
NUMBER = st.integers(0, 2**31 - 1)
OIDS = st.tuples(st.integers(0, 2), st.integers(0, 39)).flatmap(
    lambda root: st.lists(st.integers(0, 2**32 - 1), max_size=20).map(lambda rest: (*root, *rest))
)
TEXT_OIDS = OIDS.map(lambda oid: ".".join(map(str, oid)))
ADDRESSES = st.lists(st.integers(0, 255), min_size=4, max_size=4).map(lambda octets: ".".join(map(str, octets)))
UINT32 = st.integers(0, 2**32 - 1)
VALUES = st.one_of(
    st.tuples(st.just(Kind.INTEGER), INT32),
    st.tuples(st.sampled_from([Kind.COUNTER32, Kind.GAUGE32, Kind.TIME_TICKS]), UINT32),
    st.tuples(st.just(Kind.COUNTER64), st.integers(0, 2**64 - 1)),
    st.tuples(st.sampled_from([Kind.OCTET_STRING, Kind.OPAQUE]), st.binary(max_size=300)),
    st.tuples(st.just(Kind.OBJECT_IDENTIFIER), TEXT_OIDS),
    st.tuples(st.just(Kind.IP_ADDRESS), ADDRESSES),
    st.tuples(
        st.sampled_from([Kind.NULL, Kind.NO_SUCH_OBJECT, Kind.NO_SUCH_INSTANCE, Kind.END_OF_MIB_VIEW]), st.none()
    ),
)
BINDINGS = st.builds(lambda oid, value: Binding(oid, *value), OIDS, VALUES)
PDUS = st.builds(
    Pdu,
    kind=st.sampled_from(PduKind),
    request_id=INT32,
    first=NUMBER,
    second=NUMBER,
    bindings=st.lists(BINDINGS, max_size=8).map(tuple),
)
MESSAGES = st.builds(MessageV2, community=st.binary(max_size=40), pdu=PDUS)
SECURITY = st.builds(
    Security,
    engine_id=st.binary(max_size=32),
    boots=NUMBER,
    time=NUMBER,
    user=st.binary(max_size=32),
    auth=st.binary(max_size=48),
    priv=st.binary(max_size=8),
)

UNTIMED = settings(deadline=None)  # the machine may be busy
GET = bytes.fromhex(
    "302902010104067075626c6963a01c0204123456780201000201 00300e300c06082b060102010101000500".replace(" ", "")
)


@UNTIMED
@given(message=MESSAGES)
def test_v2c_message_that_is_written_reads_back(message: MessageV2) -> None:
    assert decoded_message(encoded_message(message)) == message


@UNTIMED
@given(pdu=PDUS, security=SECURITY, context=st.binary(max_size=32), number=NUMBER)
def test_v3_message_that_is_written_reads_back(pdu: Pdu, security: Security, context: bytes, number: int) -> None:
    scoped = ScopedPdu(engine_id=security.engine_id, context=context, pdu=pdu)
    data = encoded_scoped_pdu(scoped)
    written = encoded_message(MessageV3(id=number, max_size=65507, flags=4, security=security, data=data))

    read = decoded_message(written)

    assert isinstance(read, MessageV3)
    assert decoded_scoped(read.data) == scoped
    assert (read.id, read.security.user, read.security.boots) == (number, security.user, security.boots)
    at = read.security.auth_at
    assert written[at : at + len(security.auth)] == security.auth


@UNTIMED
@given(data=st.binary(max_size=400))
def test_random_bytes_are_refused_with_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(CodecError):
        decoded_message(data)


@UNTIMED
@given(message=MESSAGES, data=st.data())
def test_message_with_changed_bytes_is_read_or_refused_and_nothing_else(
    message: MessageV2, data: st.DataObject
) -> None:
    wire = bytearray(encoded_message(message))
    for place in data.draw(st.lists(st.integers(0, len(wire) - 1), min_size=1, max_size=4)):
        wire[place] = data.draw(st.integers(0, 255))
    try:
        decoded_message(bytes(wire))
    except CodecError:
        return


@UNTIMED
@given(message=MESSAGES, data=st.data())
def test_message_that_is_cut_is_refused(message: MessageV2, data: st.DataObject) -> None:
    wire = encoded_message(message)
    with pytest.raises(CodecError):
        decoded_message(wire[: data.draw(st.integers(0, len(wire) - 1))])


def test_get_request_of_other_agents_is_read() -> None:
    read = decoded_message(GET)

    assert isinstance(read, MessageV2)
    assert read.community == b"public"
    assert read.pdu == Pdu(
        kind=PduKind.GET, request_id=0x12345678, bindings=(Binding((1, 3, 6, 1, 2, 1, 1, 1, 0), Kind.NULL, None),)
    )


def test_length_in_a_longer_form_than_needed_is_read() -> None:
    longer = b"\x30\x82\x00\x29" + GET[2:]

    assert decoded_message(longer) == decoded_message(GET)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"\x30",
        b"\x30\x80" + GET[2:] + b"\x00\x00",
        b"\x30\x84\xff\xff\xff\xff" + GET[2:],
        b"\x30\x85\x00\x00\x00\x00\x29" + GET[2:],
        GET + b"\x00",
        GET.replace(b"\x01\x00\x05\x00", b"\x01\x81\x05\x00"),
        GET.replace(b"\x2b\x06", b"\x2b\x80"),
        GET[:-2] + b"\x04\x05",
        GET.replace(b"public", b"publi"),
        GET.replace(b"\x02\x01\x01\x04", b"\x02\x01\x00\x04"),
        b"\x30" * 200_000,
    ],
    ids=[
        "nothing",
        "a tag",
        "indefinite",
        "false length",
        "five octets of length",
        "more behind",
        "cut OID",
        "padded OID",
        "value beyond the end",
        "a byte too few",
        "v1",
        "deep nesting",
    ],
)
def test_malformed_message_is_refused(wire: bytes) -> None:
    with pytest.raises(CodecError):
        decoded_message(wire)


def test_counter_without_its_leading_zero_is_read_unsigned() -> None:
    written = encoded_message(
        MessageV2(
            community=b"c",
            pdu=Pdu(
                kind=PduKind.RESPONSE,
                request_id=1,
                bindings=(Binding((1, 3, 6, 1), Kind.COUNTER64, 0x7F00000000000001),),
            ),
        )
    )
    read = decoded_message(written.replace(b"\x7f\x00\x00\x00\x00\x00\x00\x01", b"\xff\x00\x00\x00\x00\x00\x00\x01"))

    assert isinstance(read, MessageV2)
    assert read.pdu.bindings[0].value == 0xFF00000000000001


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INTEGER, 2**31),
        (Kind.COUNTER32, -1),
        (Kind.COUNTER64, 2**64),
        (Kind.OCTET_STRING, 5),
        (Kind.IP_ADDRESS, "300.1.1.1"),
        (Kind.OBJECT_IDENTIFIER, "3.1"),
        (Kind.NULL, 0),
    ],
)
def test_value_that_is_not_of_its_kind_is_not_written(kind: Kind, value: int | str) -> None:
    with pytest.raises(CodecError):
        encoded_binding(Binding((1, 3, 6, 1), kind, value))


def test_text_that_is_no_oid_is_refused() -> None:
    with pytest.raises(CodecError):
        oid_of("1.3.x")
