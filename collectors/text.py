"""The one door for strings from outside: every text that a device sends passes `cleaned` on its way in."""

import unicodedata

CAP = 4096
# Cc: control; Cf: format (bidi overrides, zero width); Cs: lone surrogates; Co: private use; Cn: nothing, as what was
# read in a wrong encoding may be; Zl, Zp: line separators
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def cleaned(raw: bytes | str, cap: int = CAP) -> str:
    """`raw` as text that is safe to store: UTF-8, then GB18030, else Latin-1; no control, bidi or surrogate characters.

    White space of any kind becomes one blank, so that a text of several lines stays readable on one. The result has
    at most `cap` characters.
    """
    text = raw if isinstance(raw, str) else decoded(raw[: cap * 4])
    spaced = " ".join(text.replace("\x00", " ").split())
    if spaced.isascii() and spaced.isprintable():
        return spaced[:cap]
    return "".join(c for c in spaced if unicodedata.category(c) not in _DROPPED)[:cap].strip()


def paragraphs(text: str, cap: int) -> str:
    """What a person typed, in its lines: each line `cleaned`, one empty line in a row at most, `cap` characters."""
    lines = [cleaned(line, cap) for line in text[: cap * 4].splitlines()]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).strip()[:cap]


def decoded(raw: bytes) -> str:
    """`raw` as text, whatever it is: UTF-8, then GB18030, else Latin-1."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
