"""The series of devices: read back with the parser of prometheus-client, which is not ours."""

import gzip
import math
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from collectors.ports import Ports
from collectors.snmp.reader import Silence
from monitor.exposition import LABEL_CAP
from monitor.model import Component, Condition, Device, Identity, Observation, Role
from monitor.packing import Stream, packed
from monitor.series import FAMILIES, Series

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CORE = Device(name="hf-core-1", address="192.0.2.1", customer="bureau", site="hefei", role=Role.CORE)
ACCESS = Device(name="hf-access-1", address="192.0.2.2", customer="bureau", site="hefei", role=Role.ACCESS)
KNOWN = Identity(platform="huawei_vrp", vendor="Huawei", model="S7706", version="V200R010", serial="2102X")


def seen(
    kind: str,
    label: str,
    aspect: str,
    condition: Condition | None = Condition.OK,
    value: float | None = None,
    unit: str = "",
) -> Observation:
    component = Component(kind=kind, label=label)
    return Observation(component=component, aspect=aspect, condition=condition, value=value, unit=unit, at=NOON)


def text(series: Series) -> str:
    return b"".join(series.joined()).decode()


def families(series: Series) -> dict[str, Metric]:
    return {metric.name: metric for metric in text_string_to_metric_families(text(series))}


def values(series: Series, name: str) -> dict[tuple[str, str], float]:
    """The samples of one metric by (target, component)."""
    return {
        (sample.labels["target"], sample.labels.get("component", "")): sample.value
        for metric in text_string_to_metric_families(text(series))
        for sample in metric.samples
        if sample.name == name
    }


def visited(device: Device, observations: Iterable[Observation]) -> Series:
    series = Series()
    series.visited(device, KNOWN, observations, None, NOON)
    return series


def test_fact_becomes_its_condition_and_its_number_under_the_names_of_the_guide() -> None:
    series = visited(CORE, [seen("temperature", "1/0 inlet", "temperature", Condition.DEGRADED, 61.5, "celsius")])
    assert text(series) == (
        "# HELP netvigil_up Whether the device answered its last visit: 1 yes, 0 no.\n"
        "# TYPE netvigil_up gauge\n"
        'netvigil_up{target="hf-core-1",customer="bureau",site="hefei"} 1\n'
        "# HELP netvigil_device_info Always 1; the labels say what the device is.\n"
        "# TYPE netvigil_device_info gauge\n"
        'netvigil_device_info{target="hf-core-1",customer="bureau",site="hefei",role="core",platform="huawei_vrp",'
        'vendor="Huawei",model="S7706",version="V200R010",patch="",serial="2102X",system_name=""} 1\n'
        "# HELP netvigil_last_visit_timestamp_seconds When the device was last visited.\n"
        "# TYPE netvigil_last_visit_timestamp_seconds gauge\n"
        'netvigil_last_visit_timestamp_seconds{target="hf-core-1",customer="bureau",site="hefei"} 1795348800.0\n'
        "# HELP netvigil_last_answer_timestamp_seconds When the device last answered a visit.\n"
        "# TYPE netvigil_last_answer_timestamp_seconds gauge\n"
        'netvigil_last_answer_timestamp_seconds{target="hf-core-1",customer="bureau",site="hefei"} 1795348800.0\n'
        "# HELP netvigil_condition What a part claims about itself: "
        "0 ok, 1 degraded, 2 failed, 3 absent, 4 unknown.\n"
        "# TYPE netvigil_condition gauge\n"
        'netvigil_condition{target="hf-core-1",customer="bureau",site="hefei",kind="temperature",'
        'component="1/0 inlet",aspect="temperature"} 1\n'
        "# HELP netvigil_temperature_celsius Temperature.\n"
        "# TYPE netvigil_temperature_celsius gauge\n"
        'netvigil_temperature_celsius{target="hf-core-1",customer="bureau",site="hefei",kind="temperature",'
        'component="1/0 inlet"} 61.5\n'
    )


@pytest.mark.parametrize(
    ("condition", "number"),
    [
        (Condition.OK, 0),
        (Condition.DEGRADED, 1),
        (Condition.FAILED, 2),
        (Condition.ABSENT, 3),
        (Condition.UNKNOWN, 4),
    ],
)
def test_conditions_are_the_numbers_that_the_documents_say(condition: Condition, number: int) -> None:
    series = visited(CORE, [seen("fan", "1", "state", condition)])
    assert values(series, "netvigil_condition") == {("hf-core-1", "1"): number}


def test_many_devices_are_joined_into_one_group_per_metric() -> None:
    series = Series()
    for number in range(600):
        device = Device(name=f"sw-{number}", address="192.0.2.9", customer="bureau", site="hefei")
        parts = [seen("fan", "1", "speed", value=4200.0, unit="rpm")]
        series.visited(device, KNOWN, parts, Silence.TIMEOUT if number % 7 == 0 else None, NOON)
    lines = text(series).splitlines()
    heads = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    groups = [line.split("{")[0] for line in lines if not line.startswith("#")]
    changes = [name for name, before in zip(groups, ["", *groups], strict=False) if name != before]
    assert heads == changes == list(dict.fromkeys(groups))
    assert groups.count("netvigil_up") == 600
    assert groups.count("netvigil_speed_rpm") == 514


@pytest.mark.parametrize("count", [0, 1, 3, 1500])
def test_gzip_stream_says_what_the_text_says_in_one_member(count: int) -> None:
    series = Series()
    for number in range(count):
        device = Device(name=f"sw-{number}", address="192.0.2.9", customer="局", site="hefei" * (number % 9))
        parts = [seen("fan", str(n), "speed", value=4200.0 * n, unit="rpm") for n in range(number * number % 40)]
        series.visited(device, KNOWN, parts, Silence.TIMEOUT if number % 7 == 0 else None, NOON)
    own = b"# HELP own Of the daemon.\n" * 5000
    reading = zlib.decompressobj(31)  # zlib's word for gzip; it refuses a wrong checksum or length
    assert reading.decompress(b"".join(series.zipped(own))) == own + b"".join(series.joined())
    assert reading.eof
    assert not reading.unused_data


def test_number_without_claim_is_a_series_and_claim_without_number_too() -> None:
    series = visited(CORE, [seen("cpu", "1", "usage", None, 0.25, "ratio"), seen("psu", "1", "state")])
    assert values(series, "netvigil_usage_ratio") == {("hf-core-1", "1"): 0.25}
    assert values(series, "netvigil_condition") == {("hf-core-1", "1"): 0}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_value_that_is_no_number_is_no_series(value: float) -> None:
    series = visited(CORE, [seen("optic", "1", "rx_power", Condition.OK, value, "dbm")])
    assert "netvigil_rx_power_dbm" not in families(series)


def test_number_in_unknown_unit_is_no_series_but_its_condition_is() -> None:
    series = visited(CORE, [seen("fan", "1", "speed", Condition.OK, 3.0, "furlongs")])
    assert values(series, "netvigil_condition") == {("hf-core-1", "1"): 0}
    assert "furlongs" not in text(series)


def test_same_fact_told_twice_is_one_series() -> None:
    series = visited(CORE, [seen("fan", "1", "state", Condition.FAILED), seen("fan", "1", "state", Condition.OK)])
    assert text(series).count("netvigil_condition{") == 1
    assert values(series, "netvigil_condition") == {("hf-core-1", "1"): 2}


def test_device_that_went_silent_keeps_only_what_is_known_of_the_whole() -> None:
    series = Series()
    series.visited(CORE, KNOWN, [seen("fan", "1", "speed", Condition.OK, 4200.0, "rpm")], None, NOON)
    later = NOON + timedelta(minutes=5)
    silent = [seen("device", "", "answer", Condition.FAILED), seen("fan", "1", "state", Condition.FAILED)]
    series.visited(CORE, Identity(), silent, Silence.TIMEOUT, later)
    assert values(series, "netvigil_up") == {("hf-core-1", ""): 0}
    assert values(series, "netvigil_condition") == {("hf-core-1", ""): 2}
    assert values(series, "netvigil_last_visit_timestamp_seconds") == {("hf-core-1", ""): later.timestamp()}
    assert values(series, "netvigil_last_answer_timestamp_seconds") == {("hf-core-1", ""): NOON.timestamp()}
    assert [s.labels["reason"] for s in families(series)["netvigil_silent"].samples] == ["timeout"]
    assert not families(series).keys() & {"netvigil_speed_rpm", "netvigil_device_info"}


def test_device_that_never_answered_has_no_last_answer() -> None:
    series = Series()
    series.visited(CORE, Identity(), [], Silence.WRONG_KEY, NOON)
    assert families(series).keys() == {"netvigil_up", "netvigil_silent", "netvigil_last_visit_timestamp_seconds"}


def test_device_that_answers_again_is_no_longer_silent() -> None:
    series = Series()
    series.visited(CORE, Identity(), [], Silence.TIMEOUT, NOON)
    series.visited(CORE, KNOWN, [], None, NOON)
    assert values(series, "netvigil_up") == {("hf-core-1", ""): 1}
    assert "netvigil_silent" not in families(series)


def test_device_that_left_the_inventory_is_forgotten() -> None:
    series = visited(CORE, [])
    series.visited(ACCESS, KNOWN, [], None, NOON)
    series.keep({"hf-access-1"})
    assert values(series, "netvigil_up") == {("hf-access-1", ""): 1}
    assert series.of("hf-core-1") is None


def test_one_device_is_told_alone() -> None:
    series = visited(CORE, [])
    series.visited(ACCESS, KNOWN, [], None, NOON)
    page = series.of("hf-access-1")
    assert page is not None
    assert b"hf-access-1" in page
    assert b"hf-core-1" not in page
    assert series.of("nobody") is None


def test_scrape_under_way_shows_what_was_there_when_it_began() -> None:
    series = visited(CORE, [])
    chunks = series.joined()
    next(chunks)
    series.visited(CORE, KNOWN, [seen("fan", "1", "speed", value=1.0, unit="rpm")], None, NOON)
    assert b"rpm" not in b"".join(chunks)


HOSTILE = [
    'fan "1"',
    "C:\\fans\\",
    "two\nlines",
    "carriage\rreturn",
    "nul\x00",
    "right to left \u202eoverride",
    "line separator\u2028here",
    "lone surrogate \udcff",
    "风扇 1",
    "x" * 65536,
    '"} 1\nnetvigil_up{target="forged',
]


@pytest.mark.parametrize("label", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_label_stays_one_harmless_label(label: str) -> None:
    series = visited(CORE, [seen("fan", label, "state")])
    (sample,) = families(series)["netvigil_condition"].samples
    told = sample.labels["component"]
    assert len(told) <= LABEL_CAP + 9
    assert told.isprintable()
    assert len(text(series).splitlines()) == text(series).count("\n") == 15
    assert values(series, "netvigil_up") == {("hf-core-1", ""): 1}


def test_quotes_and_backslashes_come_back_as_they_were() -> None:
    series = visited(CORE, [seen("fan", 'C:\\new "one"', "state")])
    (sample,) = families(series)["netvigil_condition"].samples
    assert sample.labels["component"] == 'C:\\new "one"'


def test_two_parts_with_endless_labels_stay_two() -> None:
    series = visited(CORE, [seen("fan", "x" * 70000 + end, "state") for end in "ab"])
    assert len(families(series)["netvigil_condition"].samples) == 2


@given(st.lists(st.tuples(st.text(), st.text(), st.floats() | st.none()), max_size=5), st.text(), st.text())
def test_whatever_a_device_says_the_text_can_be_read(
    parts: list[tuple[str, str, float | None]], name: str, model: str
) -> None:
    device = Device(name=name, address="192.0.2.1", customer=name, site=name)
    series = Series()
    told = [seen(kind, label, "voltage", Condition.OK, value, "volts") for kind, label, value in parts]
    series.visited(device, Identity(model=model), told, None, NOON)
    read = families(series)
    keys = [(s.name, tuple(sorted(s.labels.items()))) for metric in read.values() for s in metric.samples]
    assert len(keys) == len(set(keys))
    assert len(read["netvigil_up"].samples) == 1
    assert len(text(series).splitlines()) == text(series).count("\n")


def test_no_two_families_share_a_name() -> None:
    names = [family.name for family in FAMILIES]
    assert len(names) == len(set(names))


def test_interfaces_go_from_column_to_text_as_they_are() -> None:
    ports = Ports(
        labels=("GE1/0/1", None, 'GE1/0/"3"', "GE1/0/1"),
        columns={
            "in_octets": (2**64 - 1, 5, None, 7),
            "oper": (1, 1, 2, 1),
            "speed": (2**32 - 1, 0, 10_000_000, 0),
            "high_speed": (10_000, 0, 0, 0),
        },
    )
    series = Series()
    series.visited(CORE, KNOWN, [], None, NOON, ports)
    text = (series.of(CORE.name) or b"").decode()
    told = [line.rpartition(",")[2] for line in text.splitlines() if line.startswith("netvigil_interface_")]
    assert told == [
        'interface="GE1/0/1"} 18446744073709551615',
        'interface="GE1/0/1"} 1',
        'interface="GE1/0/\\"3\\""} 2',
        'interface="GE1/0/1"} 1250000000.0',
        'interface="GE1/0/\\"3\\""} 1250000.0',
    ]
    series.visited(CORE, KNOWN, [], Silence.TIMEOUT, NOON)
    assert b"netvigil_interface_" not in (series.of(CORE.name) or b"")


def test_pieces_of_more_lengths_than_are_kept_are_one_stream_and_empty_ones_do_not_matter() -> None:
    texts = [b"", *(b"x" * length for length in range(1, 2_300)), b"", bytes(range(256)) * 300]
    stream = Stream()
    whole = stream.begin() + stream.add([packed(each) for each in texts]) + stream.add([]) + stream.end()
    assert gzip.decompress(whole) == b"".join(texts)
