"""The findings of an inspection in rows and sentences: conclusion, risks, gaps, devices, faults, tickets.

Between the facts (month.py, sheets.py) and the template; nothing here claims anything of what was not checked.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from alerts.desk.clocks import Clock, ClockState
from alerts.locale import Words, wall
from alerts.post.contents import called, is_settled
from alerts.reports.history import happened
from alerts.reports.month import DeviceMonth, TicketMonth
from alerts.reports.results import Result
from alerts.reports.sheets import MARKS, Sheet
from monitor.model import Component, DeviceEvent, Fault, FaultState

_SETTLED = "settled"
_RISKS = 5  # customary: 前五项隐患


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """One line of the foremost risks; the level is "" where no fault stands behind it."""

    device: str
    what: str
    level: str
    since: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that was not covered."""

    device: str
    what: str
    reason: str


def conclusion(counts: Counter[Result], unreached: int, said: Words) -> list[str]:
    """The conclusion in sentences. It claims nothing of what was not checked."""
    checked = sum(counts[result] for result in (Result.NORMAL, Result.ATTENTION, Result.ABNORMAL))
    if counts[Result.ABNORMAL]:
        sentences = [said.said("report", "conclusion_abnormal", count=str(counts[Result.ABNORMAL]))]
    elif counts[Result.ATTENTION]:
        sentences = [said.said("report", "conclusion_attention", count=str(counts[Result.ATTENTION]))]
    else:
        sentences = [said.said("report", "conclusion_normal" if checked else "conclusion_empty")]
    if counts[Result.NOT_CHECKED]:
        sentences.append(said.said("report", "conclusion_gap", count=str(counts[Result.NOT_CHECKED])))
    if unreached:
        sentences.append(said.said("report", "conclusion_unreached", count=str(unreached)))
    return sentences


def gaps(each: DeviceMonth, said: Words, zone: str) -> list[Gap]:
    """What of a device was not covered: all of it, or the tables that were not read to their end."""
    name, gaps = called(each.device), []
    if not each.reached:
        seen = said.said("report", "never_reached")
        if each.last_seen:
            seen = f"{said.said('report', 'last_reached')} {wall(each.last_seen, zone)}"
        gaps.append(Gap(device=name, what=seen, reason=said.raw(each.reason) or said.said("report", "no_reason")))
    elif not each.checks:
        gaps.append(Gap(device=name, what=said.said("report", "no_checks"), reason=said.said("report", "no_reason")))
    gaps += [
        Gap(device=name, what=check.component.label or said.aspect("walk"), reason=said.raw(check.raw))
        for check in each.checks
        if check.aspect == "walk" and each.reached
    ]
    return gaps


def risks(faults: list[Fault], sheets: list[Sheet], said: Words, zone: str) -> list[Risk]:
    """Open faults by level and age, then what is abnormal without being a fault; the first few."""
    roots = [fault for fault in faults if fault.state is FaultState.OPEN and fault.hidden_by is None]
    risks = [
        Risk(
            device=fault.key.device,
            what=said.what(fault.component, fault.key.aspect, fault.condition),
            level=said.said("level", str(fault.level.value)),
            since=wall(fault.opened_at or fault.first_seen, zone),
            reason=_reasons(fault, said),
        )
        for fault in roots
    ]
    known = {fault.key for fault in faults if fault.state is FaultState.OPEN}
    risks += [
        Risk(device=each.name, what=row.what, level="", since=row.at, reason=row.why)
        for result in (Result.ABNORMAL, Result.ATTENTION)
        for each in sheets
        for row in each.bad
        if row.result is result and row.key not in known
    ]
    return risks[:_RISKS]


def _reasons(fault: Fault, said: Words) -> str:
    return "; ".join(reason.text.said(said.language) for reason in fault.reasons)


def device_row(each: DeviceMonth, one: Sheet, said: Words, zone: str) -> dict[str, str]:
    """A line of the device list."""
    identity = each.identity
    return {
        "name": called(each.device),
        "role": said.said("role", each.device.role.value),
        "model": " ".join(filter(None, (identity.vendor, identity.model))),
        "serial": identity.serial or "",
        "version": " ".join(filter(None, (identity.version, identity.patch))),
        "address": each.device.address,
        "seen": wall(each.last_seen, zone) if each.last_seen else said.said("report", "never"),
        "worst": one.worst.value,
        "state": f"{MARKS[one.worst]} {said.said('report', one.worst.value)}",
    }


def event_row(event: DeviceEvent, devices: Sequence[DeviceMonth], said: Words, zone: str) -> dict[str, str]:
    """A line of what happened to the devices in the month."""
    names = {each.device.name: called(each.device) for each in devices}
    return {
        "device": names.get(event.device, event.device),
        "at": wall(event.at, zone),
        "what": happened(event, said, zone),
    }


def fault_row(fault: Fault, said: Words, zone: str) -> dict[str, str]:
    """A line of the faults of the month."""
    return {
        "device": fault.key.device,
        "what": said.what(fault.component, fault.key.aspect, fault.condition),
        "level": said.said("level", str(fault.level.value)),
        "why": _reasons(fault, said),
        "hidden": said.said("report", "hidden", root=fault.hidden_by.device) if fault.hidden_by else "",
        "opened": wall(fault.opened_at or fault.first_seen, zone),
        "cleared": wall(fault.cleared_at, zone) if fault.cleared_at else said.said("report", "still_open"),
    }


def ticket_row(each: TicketMonth, said: Words, zone: str) -> dict[str, object]:
    """A ticket with every clock that promises something."""
    key = each.ticket.fault
    part = said.part(Component(kind=key.kind, label=key.label))
    clocks = [
        {
            "name": clock.title.said(said.language),
            "started": wall(clock.started, zone),
            "due": wall(clock.due, zone),
            "done": wall(clock.met_at, zone) if clock.met_at else "",
            "state": said.said("clock_state", _state(clock)),
            "broken": clock.state in {ClockState.MISSED, ClockState.MET_LATE},
        }
        for clock in each.clocks
        if clock.due
    ]
    return {
        "id": each.ticket.id,
        "what": f"{key.device} – {part}",
        "state": said.said("ticket_state", each.state.value),
        "clocks": clocks,
    }


def clocks_total(tickets: Sequence[TicketMonth], said: Words) -> str:
    """How many clocks were kept and missed. What a recovery settled nobody kept, so it is counted apart."""
    states = Counter(_state(clock) for each in tickets for clock in each.clocks if clock.due)
    return said.said(
        "report",
        "clocks_total",
        kept=str(states[ClockState.MET]),
        settled=str(states[_SETTLED]),
        missed=str(states[ClockState.MISSED] + states[ClockState.MET_LATE]),
        running=str(states[ClockState.RUNNING] + states[ClockState.PAUSED]),
    )


def _state(clock: Clock) -> str:
    return _SETTLED if clock.state is ClockState.MET and is_settled(clock) else clock.state.value
