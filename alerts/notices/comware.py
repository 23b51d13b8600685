"""Versions of Comware: "7.1.070, Release 6126P20H03"; ordered within one major and one family of releases only."""

import re
from dataclasses import dataclass

from alerts.notices.order import LONGEST, Order, ordered

_VERSION = re.compile(
    r"(?:(?:H3C )?Comware(?: Platform)?(?: Software)?,? ?)?(?:Version )?"
    r"(?P<core>[0-9]{1,2}\.[0-9]{1,3}(?:\.[0-9]{1,3})?)?(?:,? ?)"
    r"(?:(?P<kind>Release|ESS|Feature|Alpha|Beta|CMW[0-9]+-R|R|E|F|A|B) ?(?P<release>[0-9]{4})"
    r"(?:P(?P<p>[0-9]{2})(?P<sub>[0-9]{2})?)?(?:H(?P<h>[0-9]{1,2}))?)?",
    re.ASCII | re.IGNORECASE,
)
_FAMILY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Comware:
    """The core and the release, of which one may be unsaid; P has two digits and a sub-build of two."""

    core: tuple[int, ...] = ()
    kind: str = ""
    release: int = 0
    patch: tuple[int, int] = (-1, 0)
    hot: int = -1

    @property
    def trial(self) -> bool:
        """Alpha and beta builds."""
        return self.kind in {"A", "B"}

    @property
    def placeholder(self) -> bool:
        """A release of nothing but noughts."""
        return bool(self.kind) and not self.release

    def against(self, other: object, /) -> Order:
        """By release number, P, sub-build and H; a bare core only against another."""
        if not isinstance(other, Comware) or bool(self.kind) != bool(other.kind):
            return Order.INCOMPARABLE
        if self.core and other.core and self.core[0] != other.core[0]:
            return Order.INCOMPARABLE
        if not self.kind:
            return ordered(self.core, other.core)
        # the thousands of the number are the family as far as a text alone can tell: R6126 and R2609 are of two
        if self.release // _FAMILY != other.release // _FAMILY:
            return Order.INCOMPARABLE
        if self.kind != other.kind and self.release == other.release:
            return Order.INCOMPARABLE
        return ordered((self.release, *self.patch, self.hot), (other.release, *other.patch, other.hot))

    def branch_of(self, other: object, /) -> bool:
        """A bare core names all its releases."""
        return isinstance(other, Comware) and not self.kind and bool(other.kind) and self.core == other.core


def comware(text: str) -> Comware | None:
    """The version that a text names, or None."""
    text = text.strip()[:LONGEST]
    found = _VERSION.fullmatch(text)
    if found is None or not (found["core"] or found["kind"]):
        return None
    kind = (found["kind"] or "").upper()
    core = tuple(int(each) for each in found["core"].split(".")) if found["core"] else ()
    if not kind:
        return Comware(core=(*core, 0, 0)[:3])
    return Comware(
        core=(*core, 0, 0)[:3] if core else (),
        kind="R" if kind.startswith("CMW") else kind[0],
        release=int(found["release"]),
        patch=(int(found["p"]), int(found["sub"] or 0)) if found["p"] else (-1, 0),
        hot=int(found["h"]) if found["h"] else -1,
    )
