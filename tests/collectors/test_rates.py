"""The arithmetic of counters: what is told of an interval is what happened in it, or nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.rates import FEWEST_PACKETS, Counts, Interval, Lost, bits_per_second, interval, seconds_between
from collectors.snmp.reader import Value

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ETHERNET, VLAN, GIGABIT = 6, 136, 10**9
NAMES = ("GE1/0/1", "GE1/0/2", "GE1/0/3")


def counts(  # what a test says of the first interface; the others say the same
    seconds: float = 0.0,
    labels: Sequence[str | None] = NAMES,
    index: Sequence[str] = ("1", "2", "3"),
    up_time: int | None = None,
    told: Mapping[str, Value] = MappingProxyType({}),
    **columns: Value,
) -> Counts:
    columns = {"type": ETHERNET, "high_speed": 1000, "speed": GIGABIT, **told, **columns}
    return Counts(
        labels=tuple(labels),
        index=tuple(index),
        columns={name: (value,) * len(labels) for name, value in columns.items()},
        at=NOON + timedelta(seconds=seconds),
        up_time=up_time,
    )


def between(before: Counts, now: Counts) -> Interval:
    found = interval(now, before)
    assert found is not None
    return found


COUNTER = st.integers(0, 2**64 - 1)
SECONDS = st.floats(1, 86_400)


@given(start=COUNTER, octets=st.integers(0, 10**15), seconds=SECONDS, mega=st.integers(10, 400_000))
def test_rate_is_what_was_counted_and_never_more_than_fits(start: int, octets: int, seconds: float, mega: int) -> None:
    before = counts(high_speed=mega, in_octets=start, out_octets=0)
    since = between(before, counts(seconds, high_speed=mega, in_octets=min(start + octets, 2**64 - 1), out_octets=0))
    told, share = since.receive(0), since.utilisation(0)
    octets = min(octets, 2**64 - 1 - start)
    if octets > mega * 1e6 / 8 * since.seconds * 1.25:
        assert told is None
        assert share is None  # nothing is known of this direction, whatever the other one says
    else:
        assert told == pytest.approx(octets * 8 / since.seconds)
        assert share == pytest.approx(min(1.0, octets * 8 / since.seconds / (mega * 1e6)))


@given(start=st.integers(1, 2**64 - 1), data=st.data(), seconds=SECONDS)
def test_counter_that_went_back_has_no_rate(start: int, data: st.DataObject, seconds: float) -> None:
    now = data.draw(st.integers(0, start - 1))
    since = between(counts(in_octets=start, out_octets=start), counts(seconds, in_octets=now, out_octets=now))
    assert (since.receive(0), since.transmit(0), since.utilisation(0), since.busy(0.5)) == (None, None, None, [])


@given(start=st.integers(0, 2**32 - 1), octets=st.integers(0, 2**32 - 1), seconds=SECONDS, mega=st.integers(1, 10_000))
def test_short_counter_is_followed_around_its_end_once_and_unknown_where_it_could_be_twice(
    start: int, octets: int, seconds: float, mega: int
) -> None:
    before = counts(high_speed=mega, in_octets_32=start)
    since = between(before, counts(seconds, high_speed=mega, in_octets_32=(start + octets) % 2**32))
    most = mega * 1e6 / 8 * since.seconds * 1.25
    if most >= 2**32 or octets > most:
        assert since.receive(0) is None
    else:
        assert since.receive(0) == pytest.approx(octets * 8 / since.seconds)


def test_short_counter_of_a_port_of_unknown_speed_tells_nothing() -> None:
    since = between(
        counts(high_speed=None, speed=None, in_octets_32=1), counts(60, high_speed=None, speed=None, in_octets_32=9)
    )
    assert since.receive(0) is None


def test_long_counter_is_taken_where_there_are_both() -> None:
    since = between(counts(in_octets=0, in_octets_32=0), counts(8, in_octets=1000, in_octets_32=7))
    assert since.receive(0) == 1000.0


@given(
    bits=st.integers(0, 2**63),
    mega=st.one_of(st.none(), st.integers(-1, 0)),
    plain=st.sampled_from([None, 0, -1, 2**32 - 1, b"fast"]),
)
def test_speed_that_is_not_told_gives_no_utilisation(bits: int, mega: Value, plain: Value) -> None:
    assert bits_per_second(mega, plain) is None
    told: dict[str, Value] = {"high_speed": mega, "speed": plain}
    since = between(counts(told=told, in_octets=0, out_octets=0), counts(60, told=told, in_octets=bits, out_octets=1))
    assert since.utilisation(0) is None
    assert since.busy(0.01) == []


@pytest.mark.parametrize(("mega", "plain", "bits"), [(1000, 0, 1e9), (0, 64_000, 64e3), (100_000, 2**32 - 1, 1e11)])
def test_speed_is_taken_from_the_column_that_tells_it(mega: int, plain: int, bits: float) -> None:
    assert bits_per_second(mega, plain) == bits


def test_speed_of_a_vlan_interface_is_no_measure() -> None:
    since = between(
        counts(type=VLAN, in_octets=0, out_octets=0), counts(60, type=VLAN, in_octets=7_400_000_000, out_octets=9)
    )
    assert since.receive(0) == pytest.approx(7.4e9 * 8 / 60)
    assert since.utilisation(0) is None


def test_port_through_which_nothing_went_is_idle_whatever_its_speed() -> None:
    since = between(
        counts(high_speed=0, speed=0, in_octets=5, out_octets=6),
        counts(60, high_speed=0, speed=0, in_octets=5, out_octets=6),
    )
    assert since.utilisation(0) == 0.0


@given(
    lost=st.tuples(*[st.integers(0, 10**6)] * 4),
    packets=st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)),
    octets=st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)),
)
def test_errors_are_a_share_of_what_could_have_had_one(
    lost: tuple[int, int, int, int], packets: tuple[int, int], octets: tuple[int, int]
) -> None:
    names = ("in_errors", "out_errors", "in_discards", "out_discards")
    told = dict(zip(names, lost, strict=True))
    told |= {"in_packets": packets[0], "out_packets": packets[1], "in_octets": octets[0], "out_octets": octets[1]}
    since = between(counts(told=dict.fromkeys(told, 0)), counts(60, told=told))
    errors, discards = since.errors(0), since.discards(0)
    assert errors is not None
    assert discards is not None
    seen = [max(packets[way], octets[way] // 1518) for way in (0, 1)]
    assert errors == (
        Lost(count=0, packets=0) if not sum(lost[:2]) else Lost(count=sum(lost[:2]), packets=sum(seen) + sum(lost[:2]))
    )
    assert discards.count == lost[3]
    assert 0 <= errors.ratio <= 1
    assert 0 <= discards.ratio <= 1
    assert since.moved(("in_errors", "out_errors")) == ([0, 1, 2] if any(lost[:2]) else [])


def test_one_error_in_ten_packets_is_one_error() -> None:
    since = between(
        counts(in_errors=0, in_packets=0, in_octets=0, out_octets=0),
        counts(60, in_errors=1, in_packets=9, in_octets=900, out_octets=0),
    )
    assert since.errors(0) == Lost(count=1, packets=10)
    assert Lost(count=1, packets=10).ratio == 1 / FEWEST_PACKETS


def test_multicast_that_nobody_counts_is_seen_by_its_octets() -> None:
    since = between(
        counts(in_errors=0, in_packets=0, in_octets=0, out_octets=0),
        counts(60, in_errors=20, in_packets=50, in_octets=1_518_000_000, out_octets=0),
    )
    assert since.errors(0) == Lost(count=20, packets=1_000_020)


def test_error_counter_that_was_cleared_tells_nothing() -> None:
    since = between(counts(in_errors=5000, in_octets=1), counts(60, in_errors=3, in_octets=900_000))
    assert since.errors(0) is None


def test_errors_of_a_port_whose_traffic_is_not_to_be_believed_tell_nothing() -> None:
    zero = dict.fromkeys(("in_octets", "out_octets"), 0)
    more_than_fits = {"in_octets": 10**13, "out_octets": 0}
    since = between(counts(told=zero, in_errors=0), counts(60, told=more_than_fits, in_errors=3))
    assert since.errors(0) is None


def test_errors_of_one_direction_suffice_where_the_other_is_not_told() -> None:
    zero = dict.fromkeys(("in_octets", "out_octets", "in_packets"), 0)
    since = between(counts(told=zero, in_errors=0), counts(60, told=zero, in_errors=3, in_packets=900_000))
    assert since.errors(0) == Lost(count=3, packets=900_003)
    assert since.discards(0) is None


@pytest.mark.parametrize(
    ("by_us", "before", "now", "seconds"),
    [
        (60, None, None, 60),
        (60, 1_000_000, 1_006_100, 61),  # by the device's clock, which stood beside the counters
        (60, 1_000_000, 500, None),  # started anew
        (3600, 1_000, 200_000, None),  # started anew, and up for longer than it was when last seen
        (60, 2**32 - 100, 5_900, None),  # 497 days are over
        (60, 1_000_000, 1_000_000, 60),  # its clock stands still
        (60, 1_000_000, 1_600_000, None),  # one of the clocks was set
        (-5, 1_000_000, 1_006_000, None),
        (0, 1_000_000, 1_006_000, None),
    ],
)
def test_interval_is_as_long_as_the_device_says_or_not_believed(
    by_us: float, before: int | None, now: int | None, seconds: float | None
) -> None:
    assert seconds_between(counts(by_us, up_time=now), counts(up_time=before)) == seconds


def test_rows_are_joined_by_name_and_a_new_one_has_no_rate() -> None:
    before = counts(labels=NAMES[:2], index=("1", "2"), in_octets=0)
    since = between(before, counts(8, in_octets=1000))
    assert [since.receive(row) for row in range(3)] == [1000.0, 1000.0, None]
    assert (
        between(counts(in_octets=0), counts(8, labels=NAMES[1:], index=("2", "3"), in_octets=1000)).receive(0) == 1000.0
    )


@pytest.mark.parametrize(
    ("labels", "index"),
    [
        (NAMES, ("1", "3", "2")),
        (NAMES, ("1", "2", "9")),
        (("GE1/0/2", "GE1/0/1", "GE1/0/3"), ("1", "2", "3")),
        (("GE1/0/1", "GE1/0/2", "GE2/0/3"), ("1", "2", "3")),
        (("GE1/0/1", "GE1/0/2 #2", "GE1/0/2 #3"), ("1", "2", "3")),
    ],
)
def test_interfaces_that_were_renumbered_have_no_rate(labels: Sequence[str], index: Sequence[str]) -> None:
    assert interval(counts(60, labels=labels, index=index, in_octets=9), counts(in_octets=0)) is None


@given(
    st.lists(
        st.tuples(
            *[st.one_of(st.none(), st.integers(0, 2 * 10**10), st.sampled_from([0, 10**9]))] * 2,
            st.sampled_from([0, 100, 1000, 10_000]),
        ),
        max_size=8,
    ),
    st.floats(0.01, 1),
)
def test_what_is_found_for_all_rows_at_once_is_what_each_row_says(
    rows: list[tuple[int | None, int | None, int]], least: float
) -> None:
    labels = tuple(f"port {n}" for n in range(len(rows)))

    def told(seconds: float, octets: Sequence[tuple[Value, Value]]) -> Counts:
        return Counts(
            labels=labels,
            index=labels,
            columns={
                "type": (ETHERNET,) * len(rows),
                "high_speed": tuple(row[2] for row in rows),
                "in_octets": tuple(one for one, _ in octets),
                "out_octets": tuple(other for _, other in octets),
            },
            at=NOON + timedelta(seconds=seconds),
        )

    before = told(0, [(None if one is None else 0, None if other is None else 0) for one, other, _ in rows])
    since = between(before, told(60, [(one, other) for one, other, _ in rows]))
    each = [row for row in range(len(rows)) if (since.utilisation(row) or 0.0) >= least]
    found = since.busy(least)
    assert set(each) <= set(found)
    assert all(since.utilisation(row) is None or row in each for row in found)
