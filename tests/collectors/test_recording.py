from pathlib import Path

import pytest

from collectors.recording import NotARecordingError, RecordingReader, recorded
from collectors.snmp.reader import Budget, Community, Request, Target, Value

TARGET = Target(address="192.0.2.1", credential=Community(community="x"))


def written(folder: Path, lines: bytes) -> Path:
    path = folder / "device.snmprec"
    path.write_bytes(lines)
    return path


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"1.3.6.1.9.0|2|-7", -7),
        (b"1.3.6.1.9.0|2x|ff", -1),
        (b"1.3.6.1.9.0|65|4294967295", 4294967295),
        (b"1.3.6.1.9.0|66|95", 95),
        (b"1.3.6.1.9.0|67|100", 100),
        (b"1.3.6.1.9.0|70|18446744073709551615", 18446744073709551615),
        (b"1.3.6.1.9.0|4|two words | and a bar", b"two words | and a bar"),
        (b"1.3.6.1.9.0|4|", b""),
        (b"1.3.6.1.9.0|4x|80ff", b"\x80\xff"),
        (b"1.3.6.1.9.0|4|\xbd\xbb\xbb\xbb", b"\xbd\xbb\xbb\xbb"),
        (b"1.3.6.1.9.0|5|", None),
        (b"1.3.6.1.9.0|6|.1.3.6.1.4.1.9", "1.3.6.1.4.1.9"),
        (b"1.3.6.1.9.0|64|192.0.2.7", "192.0.2.7"),
        (b"1.3.6.1.9.0|64x|c0000207", "192.0.2.7"),
        (b".1.3.6.1.9.0|2|3\r", 3),
    ],
)
def test_each_type_is_read_as_an_engine_would_give_it(tmp_path: Path, line: bytes, value: Value) -> None:
    reader = recorded(written(tmp_path, line))

    assert reader.values == {"1.3.6.1.9.0": value}
    assert reader.broken == 0


def test_broken_lines_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    lines = b"# a comment\n\n1.3.6.1.9.0|2|1\nno line at all\n1.3.6.1.9.1|2|one\n1.3.6.1.9.2|4x|0g\n1.3.6.1.9.3|99|1\n"

    reader = recorded(written(tmp_path, lines))

    assert reader.values == {"1.3.6.1.9.0": 1}
    assert reader.broken == 4


@pytest.mark.parametrize("content", [b"", b"{}\n", b"\x00\x01\x02", "名称,地址\n".encode("gb18030")])
def test_file_that_is_no_recording_says_so(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotARecordingError, match=r"device\.snmprec: not a recording"):
        recorded(written(tmp_path, content))


async def test_table_is_answered_in_order_of_its_index_whatever_the_order_of_lines(tmp_path: Path) -> None:
    lines = b"1.3.9.1.10|2|110\n1.3.9.1.2|2|102\n1.3.9.11.2|2|1\n1.3.9.2.7|2|207\n1.3.9.1.1.5|2|115\n"
    reader = recorded(written(tmp_path, lines))

    reading = await reader.read(TARGET, Request(tables=(("1.3.9.1", "1.3.9.2"),)), Budget())

    (rows,) = reading.tables
    assert rows.index == ("1.5", "2", "7", "10")
    assert rows.columns == {"1.3.9.1": (115, 102, None, 110), "1.3.9.2": (None, None, 207, None)}


async def test_what_was_not_recorded_has_no_value_and_no_rows() -> None:
    reader = RecordingReader({"1.3.6.1.2.1.1.5.0": b"sw"})

    reading = await reader.read(TARGET, Request(scalars=("1.3.6.1.2.1.1.1.0",), tables=(("1.3.9.1",),)), Budget())

    assert reading.silence is None
    assert reading.scalars == {"1.3.6.1.2.1.1.1.0": None}
    assert reading.tables[0].index == ()
    assert reading.tables[0].columns == {"1.3.9.1": ()}
    await reader.close()
