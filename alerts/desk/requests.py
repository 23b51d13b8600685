"""What a person asked for, in the form of a fault: letters, pages and lists have one form for all that is to be done.

Nothing of it is stored: it is read off the ticket whenever somebody asks, and judgement never sees it.
"""

from alerts.desk.tickets import ENDS, WELL, level, since_relapse, since_report
from monitor.model import (
    Component,
    Condition,
    Fault,
    FaultState,
    Observation,
    Reason,
    Text,
    Ticket,
)


def asked(ticket: Ticket) -> Fault:
    """What the ticket that a person opened is about; its evidence is what they said."""
    first = ticket.events[0]
    said, caller = first.data.get("text", ""), first.data.get("caller", "")
    component = Component(kind=ticket.fault.kind, label="")
    over = [event.at for event in since_relapse(since_report(ticket)) if event.kind in WELL | ENDS]
    return Fault(
        key=ticket.fault,
        component=component,
        condition=Condition.UNKNOWN,
        level=level(ticket),
        reasons=(Reason(text=Text(en=f"{caller}: {said}", zh_CN=f"{caller}：{said}"), rule="request"),),
        evidence=Observation(
            component=component,
            aspect=ticket.fault.aspect,
            condition=Condition.UNKNOWN,
            raw=said,
            source=first.data.get("channel", ""),
            at=first.at,
        ),
        state=FaultState.CLEARED if over else FaultState.OPEN,
        first_seen=first.at,
        last_seen=first.at,
        changed_at=first.at,
        opened_at=first.at,
        cleared_at=min(over, default=None),
    )
