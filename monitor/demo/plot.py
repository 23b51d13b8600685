"""What breaks when in the demo, and what was seen of it: the injected faults held against store and inbox."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from collectors.simulate.breakage import Breakage
from monitor.demo.sink import Mail
from monitor.model import Fault
from monitor.store import faults, tickets

_GRACE = timedelta(seconds=2)  # clocks of two processes on one machine, and a visit that was under way


@dataclass(slots=True, kw_only=True)
class Act:
    """One breakage of the plot: when it is to break and heal (seconds after the curtain), and what came of it."""

    breakage: Breakage
    breaks_after: float
    heals_after: float
    broken_at: datetime | None = None
    healed_at: datetime | None = None
    fault: Fault | None = None
    ticket: str | None = None
    mailed_at: datetime | None = None

    def document(self) -> dict[str, object]:
        """The entry of the demo's JSON document."""
        fault = self.fault
        return {
            "device": self.breakage.device,
            "component": {"kind": self.breakage.kind, "label": fault.component.label if fault else self.breakage.label},
            "condition": fault.condition.value if fault else None,
            "level": int(fault.level) if fault else None,
            "reason": "; ".join(reason.text.en for reason in fault.reasons) if fault else None,
            "ticket": self.ticket,
            "seconds_to_seen": self._seconds(fault.first_seen if fault else None),
            "seconds_to_mail": self._seconds(self.mailed_at),
        }

    def _seconds(self, moment: datetime | None) -> float | None:
        if moment is None or self.broken_at is None:
            return None
        return round(max(0.0, (moment - self.broken_at).total_seconds()), 2)


@dataclass(slots=True, kw_only=True)
class Plot:
    """All acts of one performance, in the order in which they begin."""

    acts: list[Act] = field(default_factory=list)

    def noted(self, disk: Connection, mails: Sequence[Mail]) -> None:
        """Look into store and inbox, and note for each act what was seen of it."""
        living = faults.all_opened(disk)
        ticket_of = tickets.by_fault(disk)
        for act in self.acts:
            if act.broken_at is None:
                continue
            act.fault = _match(act, living) or act.fault
            if act.fault is not None and act.ticket is None:
                act.ticket = ticket_of.get(act.fault.key)
            if act.ticket is not None and act.mailed_at is None:
                # A demo that goes on may have told of this ticket before: only what came after the break counts.
                times = [mail.at for mail in mails if mail.ticket == act.ticket and mail.at >= act.broken_at]
                act.mailed_at = min(times, default=None)


def plotted(breakages: Sequence[Breakage], seconds: float) -> Plot:
    """Spread `breakages` over a performance of `seconds`, each broken long enough to be seen, told and healed in it."""
    lasting = seconds * 0.4
    step = seconds * 0.3 / max(1, len(breakages))
    return Plot(
        acts=[
            Act(breakage=breakage, breaks_after=place * step, heals_after=place * step + lasting)
            for place, breakage in enumerate(breakages)
        ]
    )


def _match(act: Act, found: Sequence[Fault]) -> Fault | None:
    """The fault that this act caused: same device and kind of part, first seen once it broke; same label if several."""
    if act.broken_at is None:
        return None
    since = act.broken_at - _GRACE
    alike = [
        fault
        for fault in found
        if fault.key.device == act.breakage.device
        and fault.key.kind == act.breakage.kind
        and fault.last_seen >= since
        and fault.hidden_by is None
    ]
    exact = [fault for fault in alike if fault.key.label == act.breakage.label]
    return next(iter(exact or alike), None)
