"""An entry of a ticket in words: its title, and what it says besides. Pages and documents say it so."""

from collections.abc import Iterator

from alerts.desk.contract import ClockName, Contract
from alerts.locale import Words
from monitor.model import EventKind, Language, Level, TicketEvent

UNSAID = frozenset({"reason_zh_CN", "sha256", "size", "media_type", "name", "proposes", "condition", "took"})
"""Data of entries that are said elsewhere, or are not for reading."""
_WORDED = frozenset({"on_site", "spare_unit", "solved", "responsibility", "channel"})
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


def details(event: TicketEvent, contract: Contract, said: Words) -> Iterator[tuple[str, str]]:
    """What the entry says besides, each with what it is called."""
    data = dict(event.data)
    if said.language is Language.ZH_CN and data.get("reason_zh_CN"):
        data["reason"] = data["reason_zh_CN"]
    page = said.table["page"]
    for key, value in data.items():
        if key in UNSAID or not value or (event.kind is EventKind.CORRECTED and key == "seq"):
            continue
        told = clock_title(value, contract, said) if key == "clock" else value
        if key == "level" and value in _LEVELS:
            told = said.said("level", value)
        elif key in _WORDED:
            told = str(page["word"].get(value, value.replace("_", " ")))
        yield str(page["data"].get(key, key.replace("_", " "))), told


def clock_title(name: str, contract: Contract, said: Words) -> str:
    """What a promise is called; a name that is none speaks for itself."""
    known = {each.value for each in ClockName}
    return contract.clocks[ClockName(name)].title.said(said.language) if name in known else name
