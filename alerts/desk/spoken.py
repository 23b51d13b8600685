"""An entry of a ticket in words: its title, and what it says besides. Pages and documents say it so."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from alerts.desk.contract import ClockName, Contract
from alerts.desk.times import span, wall
from alerts.locale import Words
from monitor.model import EventKind, Language, Level, ServiceClass, TicketEvent, duration

UNSAID = frozenset({"reason_zh_CN", "sha256", "size", "media_type", "name", "proposes", "condition", "took"})
"""Data of entries that are said elsewhere, or are not for reading."""
_WORDED = frozenset({"on_site", "spare_unit", "solved", "responsibility", "channel", "state", "how"})
_LEVELS = frozenset(str(int(each)) for each in Level)


def title(event: TicketEvent, contract: Contract, said: Words) -> str:
    """What happened, in a few words."""
    if event.kind is EventKind.OPENED:
        return str(said.table["page"]["say"]["opened"])
    level = event.data.get("level", "")
    return said.said(
        "subject",
        event.kind.value,
        level=said.said("level", level) if level in _LEVELS else level,
        clock=clock_title(event.data.get("clock", ""), contract, said),
        who=event.data.get("owner", event.by),
        condition="",
    )


def details(event: TicketEvent, contract: Contract, said: Words, zone: str = "") -> Iterator[tuple[str, str]]:
    """What the entry says besides, each with what it is called; moments on the wall clock of `zone`, if it is told."""
    data = dict(event.data)
    if said.language is Language.ZH_CN and data.get("reason_zh_CN"):
        data["reason"] = data["reason_zh_CN"]
    page = said.table["page"]
    for key, value in data.items():
        if key in UNSAID or not value or (event.kind is EventKind.CORRECTED and key == "seq"):
            continue
        told = _told(key, value, contract, said, zone)
        if key in _WORDED:
            told = str(page["word"].get(value, value.replace("_", " ")))
        yield str(page["data"].get(key, key.replace("_", " "))), told


def _told(key: str, value: str, contract: Contract, said: Words, zone: str) -> str:  # noqa: PLR0911 - one line a kind of word
    """A value in the words of the house, where it is one of them."""
    language = said.language
    match key:
        case "clock":
            return clock_title(value, contract, said)
        case "level" if value in _LEVELS:
            return said.said("level", value)
        case "tier":
            return next((each.title.said(language) for each in contract.tiers if each.name == value), value)
        case "class" if value in set(ServiceClass):
            return contract.classes[ServiceClass(value)].title.said(language)
        case "phase":
            return next((each.title.said(language) for each in contract.phases if each.name == value), value)
        case "promise":
            with suppress(ValueError):
                return span(duration(value), language)
        case "due" | "next_due" | "at" if zone:
            with suppress(ValueError):
                return wall(datetime.fromisoformat(value), zone, language)
    return value


def clock_title(name: str, contract: Contract, said: Words) -> str:
    """What a promise is called; a name that is none speaks for itself."""
    known = {each.value for each in ClockName}
    return contract.clocks[ClockName(name)].title.said(said.language) if name in known else name
