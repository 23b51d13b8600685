"""One Redfish document: bytes from outside to JSON that is safe to look at, and JSON pointers into it (RFC 6901).

All that a device may do to us with a document is bounded here (its size by the caller): its depth, its numbers, its
texts.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from math import isfinite
from typing import Any, NoReturn

from collectors.snmp.reader import Value
from collectors.text import CAP

Document = Mapping[str, Any]
ID = "@odata.id"
_LARGEST = 2**63


class NotADocumentError(ValueError):
    """The bytes are no JSON object, or one that no honest device would send."""


def parsed(raw: bytes) -> Document:
    """The JSON object in `raw`. Raises NotADocumentError; NaN and Infinity, which are no JSON, are refused too."""
    try:
        found = json.loads(raw, parse_constant=_refused)
    except (ValueError, RecursionError) as error:  # ValueError: also of text that is no UTF-8, and of endless digits
        raise NotADocumentError(str(error)[:100]) from None
    if not isinstance(found, dict):
        raise NotADocumentError("not an object")
    return found


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


@lru_cache(maxsize=4096)
def steps(pointer: str) -> tuple[str, ...]:
    """The steps of a JSON pointer such as "/Status/Health"."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def at(document: object, pointer: str) -> object:
    """What stands at `pointer` in `document`, None where nothing does."""
    found = document
    for step in steps(pointer):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list):
            found = found[int(step)] if step.isdecimal() and int(step) < len(found) else None
        else:
            return None
    return found


def value(found: object) -> Value:
    """A JSON value as a value of a column; None for null, and for what is neither a text nor a number.

    Booleans become "true" and "false": Python counts them among the numbers, and no device means that.
    """
    if isinstance(found, str):
        return found[:CAP]
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int):
        return found if -_LARGEST < found < _LARGEST else None
    if isinstance(found, float):
        return found if isfinite(found) else None
    return None


def path_of(link: object) -> str | None:
    """The path that a link leads to; None where it is no link, or one that leaves the service."""
    to = link.get(ID) if isinstance(link, dict) else None
    if not isinstance(to, str) or not to.startswith("/redfish/") or ".." in to or len(to) > CAP:
        return None
    return to.rstrip("/")


def is_bare(link: Document) -> bool:
    """True where an element only names a resource and does not hold it."""
    return all(name.startswith("@odata.") for name in link)
