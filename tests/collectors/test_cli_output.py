import pytest

from collectors.cli.configuration import open_doors
from collectors.cli.output import Refusal, lines, refusal

VRP_MORE = b"one\r\n  ---- More ----\x1b[42D                                          \x1b[42Dtwo\r\n"
COMWARE_MORE = b"one\r\n---- More ----\r                              \rtwo\r\n"
COMWARE_MORE_WITH_ESCAPES = b"one\r\n ---- More ----\x1b[16D                \x1b[16Dtwo\r\n"
BACKSPACES = b"one\r\n---- More ----" + b"\x08" * 14 + b" " * 14 + b"\x08" * 14 + b"two\r\n"


@pytest.mark.parametrize("raw", [VRP_MORE, COMWARE_MORE, COMWARE_MORE_WITH_ESCAPES, BACKSPACES])
def test_remnants_of_paging_leave_the_lines_as_they_would_be_without_pages(raw: bytes) -> None:
    assert lines(raw) == "one\ntwo"


@pytest.mark.parametrize(
    "log",
    [
        "Nov 22 2026 18:00:00-08:00 SW1 %%01IFNET/4/IF_STATE(l)[1]:Interface GE0/0/1 has turned into DOWN state.",
        "#Nov 22 2026 18:00:00 SW1 ENTITYTRAP/3/OPTICALINVALID:OID 1.3.6.1 Optical Module is invalid.",
        "%Nov 22 18:00:00:123 2026 SW1 IFNET/3/PHY_UPDOWN: Physical state on the interface changed to down.",
        "2026-11-22 18:00:00.123+08:00 SW1 %%01SSH/5/SSH_USER_LOGIN(s):CID=0x80;The user logged in.",
        "2026-11-22 18:00:00.123+08:00",
    ],
)
def test_log_lines_and_timestamps_between_the_lines_of_an_answer_are_no_part_of_it(log: str) -> None:
    assert lines(f"one\n{log}\ntwo\n") == "one\ntwo"


def test_log_lines_stay_where_they_are_what_was_asked_for() -> None:
    log = "%Nov 22 18:00:00:123 2026 SW1 IFNET/3/PHY_UPDOWN: down."
    assert lines(f"{log}\n", logs=True) == log


@pytest.mark.parametrize(
    "prompt", ["<SW-1>", "[SW-1]", "HRP_M<FW-A>", "RBM_P<FW-B>", "[~CE-1]", "[*CE-1-10GE1/0/1]", "<核心>"]
)
def test_echo_and_prompt_are_taken_away_whatever_they_look_like(prompt: str) -> None:
    assert (
        lines(f"{prompt}display fan\n Fan 1 State: Normal\n{prompt}\n{prompt}", "display fan") == " Fan 1 State: Normal"
    )


def test_text_in_gb18030_and_in_utf8_is_read_line_by_line() -> None:
    raw = "二楼机房".encode("gb18030") + b"\r\n" + "三楼机房".encode() + b"\r\n"
    assert lines(raw) == "二楼机房\n三楼机房"


def test_escapes_that_colour_move_and_name_windows_leave_nothing_behind() -> None:
    assert lines(b"\x1b]0;title\x07\x1b[1;31mone\x1b[0m\x1b[K\r\n \x1b[1Dtwo\x07\x1bM\r\n") == "one\ntwo"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("            ^\nError: Unrecognized command found at '^' position.", Refusal.UNKNOWN),
        (" % Unrecognized command found at '^' position.", Refusal.UNKNOWN),
        (" ^\n % Too many parameters found at '^' position.", Refusal.UNKNOWN),
        ("Error: Incomplete command found at '^' position.", Refusal.UNKNOWN),
        ("Permission denied.", Refusal.NOT_ALLOWED),
        ("Error: You do not have permission to run the command or the command is incomplete.", Refusal.NOT_ALLOWED),
        ("Error: The system is busy. Please try again later.", Refusal.BUSY),
        (" Fan 1 State: Normal", None),
        ("\n".join(["description unrecognized command"] * 7), None),
    ],
)
def test_refusals_that_come_as_ordinary_output_are_known(said: str, why: Refusal | None) -> None:
    assert refusal(said) is why


@pytest.mark.parametrize(
    ("line", "doors"),
    [
        ("telnet server enable", "telnet"),
        (" telnet server enable", "telnet"),
        ("telnet ipv6 server enable", "telnet"),
        ("undo telnet server enable", "none"),
        ("snmp-agent community read public", "community"),
        (" snmp-agent community write simple Private", "community"),
        ("snmp-agent community read Ha7-long-and-odd", "none"),
        ("snmp-agent community read simple Ha7-x", "community"),
        ("snmp-agent community read cipher %^%#abc%^%#", "none"),
        ("snmp-agent community read %$%$abc%$%$ mib-view all", "none"),
        ("snmp-agent community read $c$3$abc==", "none"),
        (" snmp-agent community read cipher $c$3$abc==", "none"),
        ("description telnet server enable", "none"),
        ("telnet server enable\nsnmp-agent community read public", "telnet, community"),
    ],
)
def test_a_configuration_that_lets_people_in_too_easily_is_known_and_a_cipher_is_not_judged(
    line: str, doors: str
) -> None:
    assert open_doors(f"#\nsysname a\n#\n{line}\n#\nreturn\n") == doors
