"""The order of versions for every platform whose order is known; no library does this, so it is done here.

A platform is named by its file in `configs/platforms`, or by the component alone ("vrp", "bios").
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from alerts.notices.comware import comware
from alerts.notices.dotted import bios, idrac
from alerts.notices.order import Order, Version
from alerts.notices.vrp import vrp

FAMILIES: Mapping[str, Callable[[str], Version | None]] = MappingProxyType(
    {
        "vrp": vrp,
        "comware": comware,
        "idrac": idrac,
        "bios": bios,
    }
)
NAMES: Mapping[str, str] = MappingProxyType(
    {
        **{each: each for each in FAMILIES},
        "huawei_vrp": "vrp",
        "h3c_comware": "comware",
        "dell_idrac": "idrac",
        "idrac7": "idrac",
        "idrac8": "idrac",
        "idrac9": "idrac",
        "idrac10": "idrac",
        "dell_bios": "bios",
    }
)


def family(platform: str) -> str | None:
    """The family of versions of a platform or component, or None where no order is known."""
    return NAMES.get(platform.strip().lower())


@lru_cache(maxsize=32768)
def parsed(platform: str, text: str) -> Version | None:
    """The version that a text names on a platform; None for what is none, and for a platform without an order."""
    name = family(platform)
    return FAMILIES[name](text) if name else None


def compared(platform: str, one: str, other: str) -> Order:
    """How one version stands to another on a platform."""
    first, second = parsed(platform, one), parsed(platform, other)
    if first is None or second is None:
        return Order.INVALID
    return first.against(second)
