"""How full a flash is, out of `dir`: what the makers print, and what is none of it."""

import pytest

from collectors.cli.parse import UnreadableError, rows
from collectors.quirks.shares import in_use
from collectors.tables import Table

VRP = """Directory of flash:/

  Idx  Attr     Size(Byte)  Date        Time       FileName
    0  drw-              -  Nov 11 2025 20:16:35   $_checkpoint
    1  -rw-    572,847,476  Oct 21 2025 15:21:23   image.cc

2,994,228 KB total (801,664 KB free)
"""
COMWARE_7 = """Directory of flash: (EXT4)
   0 drw-           - Jan 01 2025 00:00:14   diagfile
   1 -rw-        1554 Jan 01 2025 00:00:30   ifindex.dat

251904 KB total (133072 KB free)
"""
COMWARE_5 = """Directory of flash:/

   0     drw-         -  Apr 26 2025 12:00:14   diagfile
   1(*)  -rw-  15240192  Apr 26 2025 12:12:30   image.bin
   2  (b) -rw-  15240192  Apr 26 2025 12:12:30   spare.bin

31496 KB total (1839 KB free)

(*) -with main attribute   (b) -with backup attribute
(*b) -with both main and backup attribute
"""


def share(text: str) -> dict[str, float]:
    _, found = rows("flash", text)
    table = Table(
        name="flash",
        oids={},
        index=tuple(row["NAME"] for row in found),
        columns={
            "size": tuple(row["TOTAL_SIZE"].encode() for row in found),
            "free": tuple(row["TOTAL_FREE"].encode() for row in found),
        },
    )
    values = zip(table.index, in_use(table, "size"), strict=True)
    return {name: round(value, 3) for name, value in values if value is not None}


@pytest.mark.parametrize(
    ("text", "used"),
    [(VRP, 0.732), (COMWARE_7, 0.472), (COMWARE_5, 0.942)],
    ids=["VRP", "Comware 7", "Comware 5"],
)
def test_thousands_that_are_set_apart_and_attributes_of_files_are_understood(text: str, used: float) -> None:
    assert share(text) == {"flash:": used}


@pytest.mark.parametrize(
    "text",
    [
        VRP.replace("801,664 KB free", "801 MB free"),
        COMWARE_7.replace("251904 KB total", "a lot"),
        "Directory of flash:\nsomething else\n\n10 KB total (5 KB free)\n",
    ],
    ids=["two units", "no size", "another text"],
)
def test_what_is_no_such_output_is_unreadable_and_not_healthy(text: str) -> None:
    with pytest.raises(UnreadableError):
        rows("flash", text)


def test_more_free_than_there_is_is_no_value() -> None:
    assert share(COMWARE_7.replace("133072", "251905")) == {}
