"""Ranges of versions as people and machines write them ("vers:generic/>=1|<2", "prior to 2", "2 and earlier")."""

import re

from monitor.model import Span

_BOUND = re.compile(r"(?P<sign><=|>=|<|>|=)\s*(?P<version>[^\s<>=|,&]+(?: R[0-9]\S*)?)")
_BEFORE = re.compile(
    r"(?:all )?(?:versions? )?(?:prior to|before|earlier than|lower than)(?: version)? (\S+)", re.IGNORECASE
)
_UP_TO = re.compile(
    r"(?:versions? )?(\S+) (?:and|or) (?:prior|earlier|below|lower|older)(?: versions?)?\.?", re.IGNORECASE
)
_ALL = {"*", "all", "all versions", "all version", "vers:all/*"}
_NOTHING = {"", "-", "n/a", "na", "unspecified", "unknown", "0", "none"}
_LABELLED = re.compile(r"([A-Za-z][\w -]*?)\s*:\s*([^\s,;:]+)")


def nothing(text: str) -> bool:
    """Whether this stands where no version is named."""
    return text.strip().lower() in _NOTHING


def spans(text: str) -> tuple[Span, ...] | None:  # noqa: PLR0911 - one return for each way of writing
    """What a text of a range means; None where it cannot be read."""
    text = text.strip()
    if text.lower() in _ALL:
        return (Span(),)
    if nothing(text):
        return None
    if text.startswith("vers:"):
        return _vers(text.partition("/")[2])
    if found := _BEFORE.fullmatch(text):
        return (Span(high=found[1]),)
    if found := _UP_TO.fullmatch(text):
        return (Span(high=found[1], high_counts=True),)
    bounds = list(_BOUND.finditer(text))
    if bounds:
        rest = _BOUND.sub("", text).strip(" |,&")
        return _joined([(each["sign"], each["version"]) for each in bounds]) if not rest else None
    return (exactly(text),)


def exactly(version: str) -> Span:
    """One version and no other."""
    return Span(low=version, high=version, high_counts=True)


def labelled(text: str) -> list[tuple[str, str]]:
    """Say "A: 1.2, B: 3.4" as pairs; nothing where the text is not wholly made so."""
    found = _LABELLED.findall(text)
    return found if found and not _LABELLED.sub("", text).strip(" ,;") else []


def _vers(text: str) -> tuple[Span, ...] | None:
    out: list[Span] = []
    low: Span | None = None
    for part in (each.strip() for each in text.split("|")):
        if part == "*":
            return (Span(),)
        sign = next((each for each in (">=", "<=", "!=", ">", "<", "=") if part.startswith(each)), "")
        version = part[len(sign) :].strip()
        if not version or sign == "!=":
            return None
        if sign.startswith(">"):
            if low is not None:
                return None
            low = Span(low=version, low_counts=sign == ">=")
        elif sign.startswith("<"):
            begin = low or Span()
            out.append(Span(low=begin.low, low_counts=begin.low_counts, high=version, high_counts=sign == "<="))
            low = None
        else:
            out.append(exactly(version))
    return tuple([*out, low] if low else out) or None


def _joined(bounds: list[tuple[str, str]]) -> tuple[Span, ...] | None:
    lows = [each for each in bounds if each[0].startswith(">")]
    highs = [each for each in bounds if each[0].startswith("<")]
    same = [exactly(each[1]) for each in bounds if each[0] == "="]
    if same:
        return None if lows or highs else tuple(same)
    if len(lows) > 1 or len(highs) > 1:
        return None
    (low_sign, low), (high_sign, high) = (lows or [(">=", "")])[0], (highs or [("<", "")])[0]
    return (Span(low=low, low_counts=low_sign == ">=", high=high, high_counts=high_sign == "<="),)
