"""Versions of VRP: V R [C] [SPC] [B] [SPH | HP | CP] [PWE | T | S], the hot patch being an axis of its own.

The first character of SPC and SPH counts to 36: SPC900 is before SPCa00. V is a lineage: two of them are in no order.
"""

import re
from dataclasses import dataclass

from alerts.notices.order import LONGEST, Order, ordered

_VERSION = re.compile(
    r"V(?P<v>[0-9]{3}|[0-9])R(?P<r>[0-9]{1,3})(?:C(?P<c>[0-9]{1,2}))?"
    r"(?:SPC(?P<spc>[0-9A-Z][0-9]{2}))?(?:B(?P<beta>[0-9]{3}))?"
    r"(?:(?P<kind>SPH)(?P<sph>[0-9A-Z][0-9]{2})|(?P<other>HP|CP)(?P<number>[0-9]{4}))?(?P<end>PWE|T|S)?",
    re.ASCII | re.IGNORECASE,
)
# What a device says of itself: "VRP (R) software, Version 5.170 (S5735 V200R019C00SPC500)"; 5.170 is the kernel.
_TOLD = re.compile(r"[0-9]+\.[0-9]+ ?\((?:[^()\s]+ )?(?P<version>V[0-9]\S*)\)", re.ASCII | re.IGNORECASE)
_RELEASED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Vrp:
    """One version or hot patch; what is not said is None."""

    lineage: int
    release: int
    customisation: int | None = None
    service_pack: int | None = None
    beta: int | None = None
    patch: tuple[str, int] | None = None
    trial: bool = False

    @property
    def alone(self) -> bool:
        """Whether this is the name of a hot patch, and not of a version with one loaded."""
        return self.patch is not None and self.service_pack is None

    @property
    def placeholder(self) -> bool:
        """V200R000C00SPC000 stands where the version was not known; there is no R000."""
        return not self.release

    @property
    def base(self) -> tuple[int, ...]:
        """The numbers of the version without its patch; what is not said is the lowest."""
        # a beta comes before what it is the beta of
        beta = _RELEASED if self.beta is None else self.beta
        pack = -1 if self.service_pack is None else self.service_pack
        return self.release, -1 if self.customisation is None else self.customisation, pack, beta

    def against(self, other: object, /) -> Order:
        """By version and, within one V and R, by hot patch; newer on one axis and older on the other is in no order."""
        if not isinstance(other, Vrp) or self.lineage != other.lineage or self.alone != other.alone:
            return Order.INCOMPARABLE
        if self.placeholder or other.placeholder:
            return Order.SAME if self == other else Order.INCOMPARABLE
        base = ordered(self.base, other.base)
        if not self.alone and self.release != other.release:
            return base
        patch = self._patch_against(other)
        if self.alone:
            return patch
        if Order.SAME in {base, patch}:
            return patch if base is Order.SAME else base
        return base if base is patch else Order.INCOMPARABLE

    def _patch_against(self, other: "Vrp") -> Order:
        if self.patch is None or other.patch is None:
            return ordered((self.patch is not None,), (other.patch is not None,))
        stated = {self.customisation, other.customisation} - {None}
        same_line = self.release == other.release and (len(stated) < 2 or not self.alone)  # noqa: PLR2004 - two C
        if not same_line or self.patch[0] != other.patch[0]:
            return Order.INCOMPARABLE
        return ordered((self.patch[1],), (other.patch[1],))

    def branch_of(self, other: object, /) -> bool:
        """V200R010C00 names the branch of V200R010C00SPC600."""
        return (
            isinstance(other, Vrp)
            and self.service_pack is None
            and self.patch is None
            and self.beta is None
            and (other.service_pack is not None or other.beta is not None or self.customisation is None)
            and (self.lineage, self.release) == (other.lineage, other.release)
            and self.customisation in {None, other.customisation}
        )


def vrp(text: str) -> Vrp | None:
    """The version that a text names; None for a kernel, a typing error and anything else."""
    text = text.strip()[:LONGEST]
    if told := _TOLD.search(text):
        text = told["version"]
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    lineage = int(found["v"]) * (100 if len(found["v"]) == 1 else 1)
    patch = None
    if found["sph"]:
        patch = ("SPH", _base36(found["sph"]))
    elif found["other"]:
        patch = (found["other"].upper(), int(found["number"]))
    return Vrp(
        lineage=lineage,
        release=int(found["r"]),
        customisation=int(found["c"]) if found["c"] else None,
        service_pack=_base36(found["spc"]) if found["spc"] else None,
        beta=int(found["beta"]) if found["beta"] else None,
        patch=patch,
        trial=found["beta"] is not None or (found["end"] or "").upper() == "T",
    )


def _base36(text: str) -> int:
    return int(text[0], 36) * 100 + int(text[1:])
