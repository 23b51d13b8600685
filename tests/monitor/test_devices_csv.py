"""Devices out of spreadsheets: what Excel and people make of CSV is read, and complaints name line and heading."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.devices_csv import HEADINGS, rows
from monitor.inventory import ImportFile
from monitor.model import Role
from monitor.problem import Problem, check_lines
from monitor.toml_lines import KeyPath

PLAIN = "name,address,site,role,credentials\nsw-1,192.0.2.1,centre,core,campus\n"
ROW = {"name": "sw-1", "address": "192.0.2.1", "site": "centre", "role": "core", "credentials": ["campus"]}


@dataclass
class Import:
    """The [[import]] that asked for the file, which it is about wherever a cell was not."""

    said: list[Problem] = field(default_factory=list)

    def problem(self, path: KeyPath, reason: str, hint: str = "") -> Problem:
        return Problem(file="inventory.toml", line=1, key=f"import[1].{path[0]}", reason=reason, hint=hint)


def read(text: str | bytes, **asked: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """The values of each row, and what was complained of."""
    problems: list[Problem] = []
    raw = text.encode() if isinstance(text, str) else text
    found = rows(raw, "devices.csv", ImportFile(file="devices.csv", **asked), Import(), problems)
    return [row.values for row in found], check_lines(problems)


GOOD: dict[str, bytes] = {
    "plain": PLAIN.encode(),
    "UTF-8 with byte order mark, as Excel saves it": b"\xef\xbb\xbf" + PLAIN.encode(),
    "Windows line ends": PLAIN.replace("\n", "\r\n").encode(),
    "old Macintosh line ends": PLAIN.replace("\n", "\r").encode(),
    "semicolons, as Excel in German saves it": PLAIN.replace(",", ";").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "UTF-16 with tabs, Excel's Unicode text": PLAIN.replace(",", "\t").encode("utf-16"),
    "Excel's line that names the delimiter": b"sep=;\r\n" + PLAIN.replace(",", ";").encode(),
    "headings in Chinese, GB18030": PLAIN.replace(
        "name,address,site,role,credentials", "设备名称,IP地址,站点,角色,凭据"
    )
    .replace("core", "核心")
    .encode("gb18030"),
    "headings in capitals with blanks": PLAIN.replace("name,address", "Device Name, IP Address").encode(),
    "heading of full width": PLAIN.replace("address", "ＩＰ 地址").encode(),
    "every cell quoted": "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in PLAIN.splitlines()
    ).encode(),
    "trailing empty lines and columns": (PLAIN.replace("\n", ",,\n") + ",,,,,,\n\n,\n").encode(),
    "empty lines before the headings": b"\n,,,\n" + PLAIN.encode(),
    "NUL bytes": PLAIN.replace("sw-1", "s\0w-1\0").encode(),
    "blanks of every width": PLAIN.replace("sw-1", " \u3000sw-1\u00a0\u200b").encode(),
    "letters and digits of full width": PLAIN.replace("sw-1,192.0.2.1", "ｓｗ－１,１９２.０.２.１").encode(),
    "text formulas": PLAIN.replace("192.0.2.1", '="192.0.2.1"').encode(),
    "quoted text formulas": PLAIN.replace("192.0.2.1", '"=""192.0.2.1"""').encode(),
    "apostrophe of a text cell": PLAIN.replace("192.0.2.1", "'192.0.2.1").encode(),
}


@pytest.mark.parametrize("raw", GOOD.values(), ids=GOOD.keys())
def test_file_of_a_spreadsheet_is_read(raw: bytes) -> None:
    assert read(raw) == ([ROW], [])


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("核心", "core"),
        ("汇聚", "distribution"),
        ("接入", "access"),
        ("服务器", "server"),
        ("其他", "other"),
        ("Core", "core"),
    ],
)
def test_role_may_be_said_in_chinese(cell: str, said: str) -> None:
    [row], complaints = read(PLAIN.replace("core", cell))
    assert (row["role"], complaints) == (said, [])


def test_optional_columns_are_read_in_their_types() -> None:
    text = (
        "名称,地址,端口,轮询间隔,平台,必须在线接口,说明\n"
        'sw-1,192.0.2.1,161.0,30s,huawei_vrp,"Eth1/0/1, Eth1/0/2；Eth1/0/3","说明，（全角）"\n'
    )
    assert read(text) == (
        [
            {
                "name": "sw-1",
                "address": "192.0.2.1",
                "port": 161,
                "interval": "30s",
                "platform": "huawei_vrp",
                "expect_up": ["Eth1/0/1", "Eth1/0/2", "Eth1/0/3"],
                "title": "说明，（全角）",
            }
        ],
        [],
    )


def test_empty_cells_are_filled_by_the_import() -> None:
    text = "name,address,site,credentials\nsw-1,192.0.2.1,,\nsw-2,192.0.2.2,other,own\n"
    found, complaints = read(text, site="centre", role=Role.ACCESS, credentials=["campus"])
    assert [(row["site"], row["role"], row["credentials"]) for row in found] == [
        ("centre", "access", ["campus"]),
        ("other", "access", ["own"]),
    ]
    assert complaints == []


def test_columns_that_are_not_for_us_are_named() -> None:
    text = PLAIN.replace("credentials\n", "credentials,序列号\n").replace("campus\n", "campus,X\n")
    assert read(text, ignore=["序列号"]) == ([ROW], [])
    assert read(text) == (
        [ROW],
        ["devices.csv:1: 序列号: unknown heading; a column that is not for us is named in ignore of its [[import]]"],
    )


def test_row_over_several_lines_counts_from_its_first() -> None:
    problems: list[Problem] = []
    text = 'name,address,title\nsw-1,192.0.2.1,"one\ntwo"\nsw-2,192.0.2.2,"three\nfour"\n'
    found = rows(text.encode(), "devices.csv", ImportFile(file="devices.csv"), Import(), problems)
    assert [(row.line, row.values["title"]) for row in found] == [(2, "one two"), (4, "three four")]


def test_problem_of_a_cell_names_its_heading_and_one_of_a_gap_the_import() -> None:
    problems: list[Problem] = []
    asked = ImportFile(file="devices.csv", site="nowhere")
    [row] = rows("名称,IP\nsw-1,192.0.2.1\n".encode(), "devices.csv", asked, Import(), problems)
    assert str(row.problem(("address",), "bad")) == "devices.csv:2: IP: bad"
    assert str(row.problem(("site",), "bad")) == "inventory.toml:1: import[1].site: bad"
    assert str(row.problem(("credentials",), "bad")) == "devices.csv:2: credentials: bad"


WRONG: dict[str, tuple[str | bytes, list[str]]] = {
    "no heading for the name": (
        "address,site\n192.0.2.1,centre\n",
        ["devices.csv:1: name: there is no such column; its heading is one of " + ", ".join(HEADINGS["name"])],
    ),
    "misspelt heading": (
        PLAIN.replace("role", "roel"),
        ['devices.csv:1: roel: unknown heading; did you mean "role"?'],
    ),
    "misspelt heading in Chinese": (
        PLAIN.replace("name", "设备名程"),
        [
            'devices.csv:1: 设备名程: unknown heading; did you mean "设备名"?',
            "devices.csv:1: name: there is no such column; its heading is one of " + ", ".join(HEADINGS["name"]),
        ],
    ),
    "the same heading twice": (
        PLAIN.replace("site", "IP"),
        ['devices.csv:1: IP: says the same as the column "address"'],
    ),
    "a formula": (
        PLAIN.replace("192.0.2.1", "=A1&B1"),
        ["devices.csv:2: address: a formula or an error of the spreadsheet; write the value itself"],
    ),
    "an error of the spreadsheet": (
        PLAIN.replace("centre", "#N/A"),
        ["devices.csv:2: site: a formula or an error of the spreadsheet; write the value itself"],
    ),
    "a value without a heading": (
        PLAIN.replace("campus\n", "campus,more\n"),
        ["devices.csv:2: column 6: a value without a heading; quote values that hold commas"],
    ),
    "a port in words": (
        "name,address,端口\nsw-1,192.0.2.1,snmp\n",
        ["devices.csv:2: 端口: must be a whole number"],
    ),
    "a quote that is not closed": (
        PLAIN + 'sw-2,"192.0.2.2\nsw-3,192.0.2.3\n',
        ["devices.csv:3: not CSV: unexpected end of data; look for a quote that is not closed"],
    ),
    "no text at all": (b"\x00\xff\xff\x80", ["devices.csv: neither UTF-8 nor GB18030; save it as CSV UTF-8"]),
    "nothing": ("", ["devices.csv: there is nothing in it"]),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_mistake_names_its_line_and_heading(text: str | bytes, said: list[str]) -> None:
    assert read(text)[1] == said


CELLS = st.text(alphabet=st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8).filter(
    lambda text: text[0] not in "=@#'" and '"' not in text
)


@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_titles_come_back_as_they_were_written(
    cells: list[tuple[str, str]], delimiter: str, encoding: str, end: str
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
    writer.writerows([("名称", "地址", "站点", "说明"), *(("x", "y", site, title) for site, title in cells)])
    found, complaints = read(file.getvalue().encode(encoding))
    assert [(row["site"], row["title"]) for row in found] == cells
    assert complaints == []


@given(st.binary(max_size=200))
def test_no_bytes_end_in_a_crash(raw: bytes) -> None:
    read(raw)
    read(b"name,address,site\n" + raw)
