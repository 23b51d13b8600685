"""What a line of a device's own log says of the errors of a memory module: asked by the look ahead, not at visits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from collectors.plan import MemoryErrorRule, Platform

_BLANKS = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryLine:
    """Errors of the module `label` ("" where the line names none); `address` is where in it, "" where it is not told.

    `tells`: one that was corrected, that the device itself finds those too many, or one that could not be corrected.
    """

    label: str
    tells: Literal["corrected", "too_often", "uncorrected"]
    address: str = ""


def memory_line(text: str, platform: Platform) -> MemoryLine | None:
    """What `text` says of a memory module, by the first rule of the platform that fits; None where it says nothing."""
    for rule in platform.memory_errors:
        if found := rule.log.search(text):
            named = {name: said or "" for name, said in found.groupdict().items()}
            return MemoryLine(label=_label(rule, named), tells=rule.tells, address=named.get("address", ""))
    return None


def _label(rule: MemoryErrorRule, named: Mapping[str, str]) -> str:
    """The first of the rule's templates all of whose blanks are filled."""
    for template in rule.label:
        if all(named[name] for name in _BLANKS.findall(template)):
            return _BLANKS.sub(lambda blank: named[blank[1]], template)
    return ""
