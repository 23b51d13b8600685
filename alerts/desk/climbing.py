"""When a ticket that nobody has solved climbs to the next tier by itself, and what it says then (contract 4.9).

"Hand up if unsolved" is a promise that needs no person to keep it, so that nobody has to sit and wait for it: clocks.py
asks here, and the daemon's duties write it down.
"""

from datetime import datetime, timedelta

from alerts.desk.contract import Contract
from alerts.desk.runs import run
from alerts.desk.terms import ClockName, written
from alerts.desk.tickets import is_ended, is_well, last, since_report, tier
from alerts.desk.times import span
from monitor.model import EventKind, Language, Ticket, TicketKind

_AHEAD = timedelta(seconds=5)
_PART = 10


def ahead(promise: timedelta) -> timedelta:
    """How long before its time a promise is kept that the daemon itself keeps: whoever acts at the last moment is late.

    Five seconds, because the duties come by once a second; a tenth of what is shorter than a minute.
    """
    return min(_AHEAD, promise / _PART)


def climbs_on_at(ticket: Ticket, contract: Contract, now: datetime) -> tuple[datetime, timedelta] | None:
    """When a ticket that was handed up before climbs on by itself, and after how long in its tier.

    None where it stays until a person hands it on: it works again, is paused or ended, or its tier says so.
    """
    events = since_report(ticket)
    came = last(events, EventKind.HANDED_UP)
    if came is None or ticket.kind is not TicketKind.REPAIR or is_ended(ticket) or is_well(ticket):
        return None
    stays = tier(ticket, contract).hand_up_after
    if stays is None or tier(ticket, contract) == contract.tiers[-1]:
        return None
    pauses = contract.clocks[ClockName.HAND_UP].pauses
    ran, is_stopped = run(events, ClockName.HAND_UP, came.at, now, pauses=pauses)
    return None if is_stopped else (ran.reached(stays), stays)


def hand_up(promise: timedelta) -> dict[str, str]:
    """What the entry says: why it was handed up without anybody's doing."""
    return {
        "reason": f"not solved within {written(promise)}",
        "reason_zh_CN": f"{span(promise, Language.ZH_CN)}内未解决，自动提交",
    }
