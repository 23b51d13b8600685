"""Of which part a shout tells, as the device's platform file has it. A hint, never the truth: the truth is asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.plan import Platform, ShoutRule
from collectors.shouts import Shout
from collectors.text import cleaned
from monitor.model import Condition

_PIECES = re.compile(r"\{([^{}]*)\}")
_LONGEST_LABEL = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a shout is about. Where `is_event` is set it cannot be polled, and stands as it was said."""

    kind: str
    label: str
    condition: Condition
    is_event: bool
    shout: Shout


def heard(shout: Shout, platform: Platform) -> Heard | None:
    """What `shout` is about on a device of `platform`; None where its file does not know it."""
    said = f"{shout.log}: {shout.text}"
    for rule in platform.shouts:
        found = _fits(rule, shout, said)
        if found is not None:
            return Heard(
                kind=rule.kind,
                label=_label(rule, found),
                condition=rule.condition,
                is_event=rule.event,
                shout=shout,
            )
    return None


def _fits(rule: ShoutRule, shout: Shout, said: str) -> Mapping[str, str] | None:
    """The values for the label, None where the rule does not speak of this shout."""
    if shout.trap:
        names = (f"{shout.trap}.", f"{shout.either}.") if shout.either else (f"{shout.trap}.",)
        if not any(name.startswith(f"{oid}.") for name in names for oid in rule.traps):
            return None
        return {
            name: next((value for oid, value in shout.values.items() if f"{oid}.".startswith(f"{column}.")), "")
            for name, column in rule.values.items()
        }
    match = rule.log.search(said) if rule.log else None
    return None if match is None else {name: value or "" for name, value in match.groupdict().items()}


def _label(rule: ShoutRule, values: Mapping[str, str]) -> str:
    for template in rule.label:
        wanted = _PIECES.findall(template)
        if all(values.get(name) for name in wanted):
            return cleaned(_PIECES.sub(lambda match: values[match[1]], template), _LONGEST_LABEL)
    return ""
