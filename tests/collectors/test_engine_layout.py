"""What the engine learned of a reply, beside our strict codec: whatever the bytes, both say the same or nothing."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.snmp.codec import Binding, CodecError, Kind, PduKind, decoded_pdu, encoded_binding, encoded_pdu
from collectors.snmp.community import CommunityWay, identifier
from collectors.snmp.layout import Asked, Exchange, Shapes, names
from collectors.snmp.reader import Community, Value

UNTIMED = settings(deadline=None)  # the machine may be busy
UNSIGNED = st.tuples(st.sampled_from([Kind.COUNTER32, Kind.GAUGE32, Kind.TIME_TICKS]), st.integers(0, 2**32 - 1))
VALUES = st.one_of(
    st.tuples(st.just(Kind.INTEGER), st.integers(-(2**31), 2**31 - 1)),
    UNSIGNED,
    st.tuples(st.just(Kind.COUNTER64), st.integers(0, 2**64 - 1)),
    st.tuples(st.sampled_from([Kind.OCTET_STRING, Kind.OPAQUE]), st.binary(max_size=200)),
    st.just((Kind.IP_ADDRESS, "192.0.2.1")),
    st.just((Kind.OBJECT_IDENTIFIER, "1.3.6.1.4.1.32473")),
    st.just((Kind.NO_SUCH_INSTANCE, None)),
)
REPLIES = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=20)


def reply(values: list[tuple[Kind, Value]], id_: int = 0x01020304) -> bytes:
    names = ((1, 3, 6, 1, 2, 1, 2, 2, 1, 1, row) for row in range(1, len(values) + 1))
    bindings = b"".join(
        encoded_binding(Binding(name, kind, value)) for name, (kind, value) in zip(names, values, strict=True)
    )
    return encoded_pdu(PduKind.RESPONSE, id_, 0, 0, bindings)


def known(first: bytes, shapes: Shapes) -> Exchange:
    return Exchange(Asked(b"", b"", names(decoded_pdu(first))), shapes.of(first), first)


@UNTIMED
@given(pairs=REPLIES)
def test_second_reply_is_read_as_the_codec_reads_it(pairs: list[tuple[tuple[Kind, Value], tuple[Kind, Value]]]) -> None:
    shapes = Shapes()
    exchange = known(reply([first for first, _ in pairs]), shapes)
    assert list(exchange.told()) == [value for (_, value), _ in pairs]

    taken = exchange.take(reply([second for _, second in pairs], 0x01020305), shapes)

    assert taken is not None
    assert list(exchange.told()) == [value for _, (_, value) in pairs]


@UNTIMED
@given(values=st.lists(VALUES, min_size=1, max_size=10), data=st.data())
def test_reply_with_changed_bytes_is_read_as_the_codec_reads_it_or_refused(
    values: list[tuple[Kind, Value]], data: st.DataObject
) -> None:
    shapes = Shapes()
    first = reply(values)
    exchange = known(first, shapes)
    wire = bytearray(first)
    for place in data.draw(st.lists(st.integers(10, len(wire) - 1), min_size=1, max_size=4)):
        wire[place] = data.draw(st.integers(0, 255))
    try:
        taken = exchange.take(bytes(wire), shapes)
    except CodecError:
        return
    if taken is not None:
        assert list(exchange.told()) == [binding.value for binding in decoded_pdu(bytes(wire)).bindings]


@UNTIMED
@given(told=st.lists(st.integers(0, 3), min_size=1, max_size=80), width=st.sampled_from([1, 3, 5, 8]))
def test_replies_that_move_and_stay_by_turns_are_read_as_they_came(told: list[int], width: int) -> None:
    shapes = Shapes()
    least = 1 << 8 * width - 2
    several = [reply([(Kind.COUNTER64, least + step), (Kind.COUNTER64, least)]) for step in range(4)]
    exchange, last = known(several[0], shapes), 0
    exchange.told()

    for step in told:
        moved = exchange.take(several[step], shapes)
        assert moved or step == last
        assert list(exchange.told()) == [least + step, least]
        last = step


def test_reply_that_moved_each_time_is_found_to_stay_once_it_stays() -> None:
    shapes = Shapes()
    moving = [reply([(Kind.GAUGE32, 1000 + step)]) for step in range(100)]
    exchange = known(moving[0], shapes)
    assert all(exchange.take(each, shapes) for each in moving[1:])

    found = [exchange.take(moving[-1], shapes) for _ in range(33)]

    assert found[-16:] == [False] * 16


def test_name_behind_the_end_of_a_table_is_looked_at_where_the_table_stayed() -> None:
    """A new row stands where the last reply told of another table: of no value, but no longer of no use."""
    shapes = Shapes()
    first, grown = reply([(Kind.INTEGER, 1), (Kind.INTEGER, 2)]), bytearray(reply([(Kind.INTEGER, 1)] * 2))
    name = encoded_binding(Binding((1, 3, 6, 1, 2, 1, 2, 2, 1, 1, 2), Kind.INTEGER, 1))
    assert grown.count(name[2:]) == 1
    grown[grown.index(name[2:]) + len(name) - 2 - 4] = 77
    asked = Asked(b"", b"", names(decoded_pdu(first)), used=1)
    exchange = Exchange(asked, shapes.of(first), first)

    assert exchange.take(reply([(Kind.INTEGER, 1), (Kind.INTEGER, 9)]), shapes) is False
    assert exchange.take(bytes(grown), shapes) is None


@UNTIMED
@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused_with_the_errors_that_are_caught(data: bytes) -> None:
    with suppress(CodecError, IndexError):
        identifier(data)
    with suppress(CodecError, IndexError):
        CommunityWay(Community(community="c")).opened(data, 0.0)
