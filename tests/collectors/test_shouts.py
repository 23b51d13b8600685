"""Log lines in every form that devices write, cut into frames, and bytes that are none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collectors.floods import Sieve
from collectors.shouts import LONGEST_LINE, Frames, Shout, line_said, trap_said
from collectors.snmp.codec import Binding, Kind, oid_of

LINES = {
    # what is on the wire: log, severity, text
    "<188>Apr 26 2026 12:00:00+08:00 HF-CORE-01 %%01BASETRAP/4/POWERFAIL(l)[12]:Power 1/2 failed.": (
        "BASETRAP/4/POWERFAIL", 4, "Power 1/2 failed.",
    ),
    "<189>Apr 26 2026 12:00:00 Quidway %%01IFNET/4/LINK_STATE(t):CID=0x80d3;The line protocol went down": (
        "IFNET/4/LINK_STATE", 4, "CID=0x80d3;The line protocol went down",
    ),
    "<188>Apr 26 12:00:00 2026 WH-DIST-01 %%10DEV/2/POWER_FAILED: -DevIP=192.0.2.9; Power 2 failed.": (
        "DEV/2/POWER_FAILED", 2, "-DevIP=192.0.2.9; Power 2 failed.",
    ),
    "<186>%Apr 26 12:00:00:000 2026 WH-DIST-01 DEV/2/FAN_FAILED: Fan 1 failed.": (
        "DEV/2/FAN_FAILED", 2, "Fan 1 failed.",
    ),
    "<189>%Apr 26 12:00:00:123 2026 H3C IFNET/3/PHY_UPDOWN: Physical state on GigabitEthernet1/0/1 changed to down.": (
        "IFNET/3/PHY_UPDOWN", 3, "Physical state on GigabitEthernet1/0/1 changed to down.",
    ),
    "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8": (
        "su", 2, "'su root' failed for lonvick on /dev/pts/8",
    ),
    "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!": ("", 5, "Use the BFG!"),
    "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
    '[exampleSDID@32473 iut="3" eventSource="A\\]b"][x@1 y="z"] An application event': (
        "evntslog", 5, "An application event",
    ),
    "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed": (
        "su", 2, "'su root' failed",
    ),
    "<27>1 2026-11-22T12:00:00.000000-06:00 idrac-ABC - - - - Severity: Critical, MessageID: PSU0003, Message: no": (
        "-", 3, "Severity: Critical, MessageID: PSU0003, Message: no",
    ),
    "<27>Nov 22 12:00:00 idrac-ABC Severity: Critical, Category: Storage, MessageID: PDR1016, Message: removed": (
        "Severity", 3, "Critical, Category: Storage, MessageID: PDR1016, Message: removed",
    ),
    "<14>no header at all": ("", 6, "no header at all"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "said"), LINES.items(), ids=lambda each: str(each)[:40])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_line_is_read_in_the_form_of_its_maker(line: str, said: tuple[str, int, str], encoding: str) -> None:
    shout = line_said("192.0.2.1", line.encode(encoding))
    assert shout is not None
    assert (shout.log, shout.severity, shout.text) == said


def test_a_line_in_gb18030_is_chinese() -> None:
    shout = line_said("192.0.2.1", "<188>Apr 26 2026 12:00:00 合肥核心 %%01DEV/4/POWER(l):电源1故障".encode("gb18030"))
    assert shout is not None
    assert shout.text == "电源1故障"


def test_who_is_meant_may_stand_in_the_line() -> None:
    shout = line_said("192.0.2.1", b"<188>x %%10DEV/2/POWER_FAILED: -DevIP=192.0.2.9; Power 2 failed.")
    assert shout is not None
    assert (shout.source, shout.about) == ("192.0.2.1", "192.0.2.9")


@pytest.mark.parametrize(
    "line", [b"", b"no priority", b"<192>too great", b"<1", b"<>x", b"<13>", b"\xff\xfe\x00", b"<13> \n"]
)
def test_what_is_no_line_is_none(line: bytes) -> None:
    assert line_said("192.0.2.1", line) is None


@given(st.binary(max_size=600))
@example(b"\x903\x810")  # GB18030 of a character that Unicode has not given out
def test_no_bytes_raise_and_what_comes_out_is_clean(junk: bytes) -> None:
    shout = line_said("192.0.2.1", b"<13>" + junk)
    if shout is not None:
        assert shout.text.isprintable()
        assert len(shout.text) <= LONGEST_LINE


@given(st.text(alphabet='<>%/:[]()="\\ -1A%%01,;', max_size=3000))
def test_no_line_takes_long_to_read(junk: str) -> None:
    line_said("192.0.2.1", f"<13>{junk}".encode())  # Hypothesis' deadline of 200 ms is the test


def test_lines_that_could_take_for_ever_do_not() -> None:
    for junk in ("%%01A/4/" * 900, "[a " * 2600, '[a b="' * 1300, "%Apr 26 " * 1000, "1 - - - - " * 800, "a" * 8100):
        line_said("192.0.2.1", f"<13>{junk}".encode())


@given(
    st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=60)), max_size=20),
    st.lists(st.integers(1, 50), min_size=1, max_size=10),
)
def test_frames_are_the_same_however_the_stream_is_cut(messages: list[tuple[bool, bytes]], cuts: list[int]) -> None:
    stream, wanted = b"", []
    for counted, body in messages:
        body = b"<13>" + body.replace(b"\n", b"").replace(b"\r", b"").replace(b"\0", b"").strip()  # noqa: PLW2901 - one line of it
        stream += b"%d %s" % (len(body), body) if counted else body + b"\n"
        wanted.append(body)
    frames, found, turn = Frames(), list[bytes](), 0
    while stream:
        size = cuts[turn % len(cuts)]
        found += frames.fed(stream[:size])
        stream, turn = stream[size:], turn + 1
    assert found == wanted


def test_a_line_without_end_is_cut_counted_and_the_next_is_read() -> None:
    frames = Frames()
    found = [line for _ in range(100) for line in frames.fed(b"<13>" + b"x" * 1000)]
    found += frames.fed(b"\n<13>next\n")
    assert [len(line) for line in found] == [LONGEST_LINE, 8]
    assert frames.broken == 1


@given(st.lists(st.binary(max_size=400), max_size=30))
def test_no_stream_raises_or_grows(chunks: list[bytes]) -> None:
    frames = Frames()
    for chunk in chunks:
        frames.fed(chunk)
        assert len(frames._buffer) <= LONGEST_LINE + 420  # noqa: SLF001 - that it is bounded is the promise


def test_a_trap_names_itself_its_values_and_whom_it_is_about() -> None:
    said = [
        ("1.3.6.1.2.1.1.3.0", Kind.TIME_TICKS, 5),
        ("1.3.6.1.6.3.1.1.4.1.0", Kind.OBJECT_IDENTIFIER, "1.3.6.1.6.3.1.1.5.3"),
        ("1.3.6.1.2.1.2.2.1.1.9", Kind.INTEGER, 9),
        ("1.3.6.1.2.1.2.2.1.2.9", Kind.OCTET_STRING, b"GE1/0/9\x00\x1b"),
        ("1.3.6.1.6.3.18.1.3.0", Kind.IP_ADDRESS, "192.0.2.9"),
    ]
    shout = trap_said("192.0.2.1", [Binding(oid_of(oid), kind, value) for oid, kind, value in said])  # type: ignore[arg-type]  # written by hand, of the right kinds
    assert shout == Shout(
        source="192.0.2.1",
        trap="1.3.6.1.6.3.1.1.5.3",
        text="9, GE1/0/9",
        about="192.0.2.9",
        values={"1.3.6.1.2.1.2.2.1.1.9": "9", "1.3.6.1.2.1.2.2.1.2.9": "GE1/0/9"},
    )
    assert trap_said("192.0.2.1", []) is None


def test_a_flood_is_limited_and_harms_no_other() -> None:
    sieve = Sieve(rate=10, burst=50)
    sieve.know(["192.0.2.1", "192.0.2.2"])
    heard = sum(sieve.passes("192.0.2.1", 100 + n / 5000) for n in range(25_000))
    assert heard == pytest.approx(50 + 5 * 10, abs=2)
    assert sieve.passes("192.0.2.2", 105)


def test_any_number_of_strangers_share_one_measure() -> None:
    sieve = Sieve(rate=10, burst=50)
    sieve.know(["192.0.2.1"])
    heard = sum(sieve.passes(f"198.51.{n // 250}.{n % 250}", 100) for n in range(10_000))
    assert heard == 50
    assert len(sieve._left) == 2  # noqa: SLF001 - that memory is bounded is the promise
