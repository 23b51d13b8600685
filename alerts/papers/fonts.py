"""The fonts that papers are set in, taken from the distribution, and which characters they can show.

A character that the font lacks would be an empty box, or with PDF/A an error that stops the paper. So it is replaced
beforehand by its name in Unicode, "[U+1F4A9]": visible, and still telling which it was.
"""

import struct
from functools import cache
from pathlib import Path

SANS = "Noto Sans CJK SC"
MONO = "Noto Sans Mono CJK SC"
FOLDERS = (
    Path("/usr/share/fonts/opentype/noto"),  # Debian, Ubuntu: fonts-noto-cjk
    Path("/usr/share/fonts/noto-cjk"),  # Arch, openEuler
    Path("/usr/share/fonts/google-noto-cjk"),  # RHEL, Rocky, Anolis: google-noto-cjk-fonts
    Path("/usr/share/fonts/google-noto-sans-cjk-fonts"),  # Fedora
)
FILES = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc")
_FORMAT_GROUPS = 12
_MOST_SHOWN = 100
_ALIKE = str.maketrans("☐☑☒✓✔✗✘", "□√×√√××")
"""Signs for which the fonts have another one that says the same."""


class FontsMissingError(Exception):
    """The fonts are not installed; the message names the package."""


@cache
def font_files() -> tuple[Path, ...]:
    """The files of the fonts. Raises FontsMissingError."""
    for folder in FOLDERS:
        found = tuple(folder / name for name in FILES)
        if all(path.is_file() for path in found):
            return found
    raise FontsMissingError(
        f"the fonts {SANS} are not installed ({', '.join(FILES)}); on Debian: apt-get install fonts-noto-cjk"
    )


@cache
def covered() -> frozenset[str]:
    """The characters that both fonts can show, in text and in fixed pitch."""
    raw = font_files()[0].read_bytes()
    return frozenset(map(chr, _characters(raw, SANS) & _characters(raw, MONO)))


def shown(text: str) -> str:
    """`text`, with what the fonts cannot show replaced by its name."""
    if text.isascii() or covered().issuperset(text):
        return text
    text = text.translate(_ALIKE)
    parts = [each if each in covered() or each in "\n\u200b" else f"[U+{ord(each):04X}]" for each in text]
    if sum(len(part) > 1 for part in parts) > _MOST_SHOWN:  # not a page of names for a text in a script of its own
        return "".join(part if len(part) == 1 else "\u25a1" for part in parts)
    return "".join(parts)


def _characters(raw: bytes, family: str) -> frozenset[int]:
    """The code points of the font `family` in a collection (OpenType, "cmap" and "name")."""
    count = struct.unpack_from(">I", raw, 8)[0]
    for start in struct.unpack_from(f">{count}I", raw, 12):
        tables = {
            raw[at : at + 4]: struct.unpack_from(">II", raw, at + 8)
            for at in range(start + 12, start + 12 + 16 * struct.unpack_from(">H", raw, start + 4)[0], 16)
        }
        if family in _names(raw, tables[b"name"][0]):
            return _mapped(raw, tables[b"cmap"][0])
    raise FontsMissingError(f"{FILES[0]} has no font {family}")


def _names(raw: bytes, table: int) -> set[str]:
    count, strings = struct.unpack_from(">HH", raw, table + 2)
    names = set()
    for at in range(table + 6, table + 6 + 12 * count, 12):
        platform, _, _, name, length, offset = struct.unpack_from(">6H", raw, at)
        if platform == 3 and name in {1, 16}:  # noqa: PLR2004 - Windows; family, typographic family
            begin = table + strings + offset
            names.add(raw[begin : begin + length].decode("utf-16-be", "replace"))
    return names


def _mapped(raw: bytes, table: int) -> frozenset[int]:
    count = struct.unpack_from(">H", raw, table + 2)[0]
    found: set[int] = set()
    for at in range(table + 4, table + 4 + 8 * count, 8):
        start = table + struct.unpack_from(">I", raw, at + 4)[0]
        if struct.unpack_from(">H", raw, start)[0] == _FORMAT_GROUPS:
            groups = struct.unpack_from(">I", raw, start + 12)[0]
            for group in range(groups):
                first, last, glyph = struct.unpack_from(">III", raw, start + 16 + 12 * group)
                found.update(range(first, last + 1) if glyph else range(first + 1, last + 1))
    if not found:
        raise FontsMissingError(f"{FILES[0]} has no table of characters that can be read")
    return frozenset(found)
