"""What an advisory says against the matter: versions and hot patches that repair it, workarounds, and the rest."""

import re
from dataclasses import dataclass

from alerts.notices.exposure import spoken
from alerts.notices.installed import Installed
from alerts.notices.versions import parsed
from alerts.notices.vrp import Vrp
from monitor.model import Advisory, Said, Span

_MOST = 20
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_WORKAROUNDS = ("workaround", "mitigation")
_SILENT = ("none_available", "no_fix_planned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """What repairs a unit: versions (these or later ones) and hot patches."""

    versions: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()


def repairs(advisory: Advisory, device: Installed) -> Repairs:
    """What the statements about the device name as its repair: fixes, and bounds that are not affected themselves."""
    versions: dict[str, None] = {}
    patches: dict[str, None] = {}
    for statement in spoken(advisory, device).statements:
        for span in statement.spans:
            word = _repairing(span, statement.said)
            for one in word.split("+") if word else ():
                version = parsed(device.kind, one)
                (patches if isinstance(version, Vrp) and version.alone else versions).setdefault(one)
    return Repairs(versions=tuple(versions)[:_MOST], patches=tuple(patches)[:_MOST])


def _repairing(span: Span, said: Said) -> str:
    if said is Said.FIXED:
        return span.low or span.high
    return span.high if said is Said.AFFECTED and span.high and span.low != span.high and not span.high_counts else ""


def workarounds(advisory: Advisory) -> tuple[str, ...]:
    """What can be done until it is repaired, in the maker's words."""
    return _of(advisory, _WORKAROUNDS, inside=True)


def advice(advisory: Advisory) -> tuple[str, ...]:
    """What else the maker says to do."""
    return _of(advisory, (*_WORKAROUNDS, *_SILENT), inside=False)


def _of(advisory: Advisory, categories: tuple[str, ...], *, inside: bool) -> tuple[str, ...]:
    out: dict[str, None] = {}
    for each in advisory.remedies:
        category, colon, words = each.partition(": ")
        if (colon and category in categories) is inside and (words or category):
            out.setdefault(words if colon and category.replace("_", "").isalpha() else each)
    return tuple(out)[:_MOST]


def subject(advisory: Advisory) -> str:
    """What several sources speak of alike: the CVE that is named last, else the advisory itself."""
    found = _CVE.findall(advisory.name.upper())
    return found[-1] if found else advisory.name
