"""Levels that somebody set in place of what the rules say: in the policy, for customers, sites, devices or parts.

Asked by `judgement.py` for every bad fault once its rule is known. A level that a person gave one fault goes before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from monitor.model import Device, FaultKey, Level, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One [[override]] of the policy: patterns ("*" and "?" stand for any), all of which must fit; "" fits all.

    `level` None: no fault at all. `why` says why the rules do not count here.
    """

    name: str
    level: Level | None
    why: Text
    customer: str = ""
    site: str = ""
    device: str = ""
    kind: str = ""
    label: str = ""
    aspect: str = ""
    rule: str = ""

    def fits(self, device: Device, key: FaultKey, rule: str) -> bool:
        """True where it speaks of this fault of `device`, to which `rule` gave its level."""
        asked = (
            (self.customer, device.customer),
            (self.site, device.site),
            (self.device, device.name),
            (self.kind, key.kind),
            (self.label, key.label),
            (self.aspect, key.aspect),
            (self.rule, rule),
        )
        return all(not pattern or fnmatchcase(said, pattern) for pattern, said in asked)


def overriding(overrides: Iterable[Override], device: Device, key: FaultKey, rule: str) -> Override | None:
    """The first of `overrides` that speaks of this fault."""
    return next((one for one in overrides if one.fits(device, key, rule)), None)
