"""The problems of a month: what is to be done, how urgently, and what became of those of the month before.

A problem has a natural key, under which the next report finds it again: of a fault and of a reading device, kind, label
and aspect. Part of the inspection report; says nothing yet in any language but what was told in both.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from alerts.desk.clocks import ClockName
from alerts.desk.tickets import is_ended, owner
from alerts.locale import words
from alerts.reports.month import InspectionMonth, KnownProblem, Outlook, TicketMonth
from alerts.reports.results import Result
from alerts.reports.sheets import BAD, Phrase, Sheet, checks_of
from monitor.model import Component, Condition, Fault, FaultKey, FaultState, Language, Level, Observation, Role, Text


class Urgency(StrEnum):
    """How soon something is to be done; the most urgent first (紧急/重要/一般)."""

    URGENT = "urgent"
    IMPORTANT = "important"
    GENERAL = "general"


class Standing(StrEnum):
    """What became of a problem since the report before."""

    NEW = "new"
    STILL = "still"
    GONE = "gone"


_OF_LEVEL = {Level.CRITICAL: Urgency.URGENT, Level.MAJOR: Urgency.IMPORTANT}
_OF_ROLE = {Role.CORE: 0, Role.DISTRIBUTION: 1, Role.SERVER: 2, Role.ACCESS: 3, Role.OTHER: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem. `level` is that of the fault behind it, None where there is none; `told` is the evidence.

    `kind` and `aspect` find the words on what it means and what to do; `note` is said beside that.
    """

    key: str
    device: str
    what: Text
    urgency: Urgency
    standing: Standing
    level: Level | None = None
    since: datetime | None = None
    reason: Text | None = None
    told: Observation | None = None
    kind: str = ""
    aspect: str = ""
    note: Phrase | None = None
    ticket: str = ""
    owner: str = ""
    due: datetime | None = None

    @property
    def mark(self) -> str:
        """A short name that stays the same over versions and languages: of blanks, and of this line."""
        return sha256(self.key.encode()).hexdigest()[:10]


def problems(month: InspectionMonth, sheets: Sequence[Sheet]) -> tuple[Problem, ...]:
    """What is to be done at the end of the month, the most urgent first.

    Open faults by level, then what is abnormal or wants attention without being a fault, then what is foreseen.
    """
    before = {each.key for each in month.before.problems} if month.before else set[str]()
    tickets = {one.ticket.fault: one for one in month.tickets if not is_ended(one.ticket)}
    roles = {one.device.name: one.device.role for one in month.devices}
    found = [
        *_faults(month.faults, tickets, before),
        *_checks(month.faults, sheets, before),
        *_lines(sheets, before),
        *_outlooks(month, before),
        *_exposures(month, before),
    ]
    every = list(Urgency)
    ranked = sorted(
        enumerate(found),
        key=lambda pair: (
            every.index(pair[1].urgency),
            pair[1].level or 9,
            _OF_ROLE[roles.get(pair[1].device, Role.OTHER)],
            pair[0],
        ),
    )
    return tuple(problem for _, problem in ranked)


def gone(month: InspectionMonth, now: Iterable[Problem]) -> tuple[KnownProblem, ...]:
    """The problems of the report before that are no more."""
    keys = {each.key for each in now}
    return tuple(each for each in (month.before.problems if month.before else ()) if each.key not in keys)


def _faults(faults: Iterable[Fault], tickets: Mapping[FaultKey, TicketMonth], before: set[str]) -> Iterator[Problem]:
    roots = [each for each in faults if each.state is FaultState.OPEN and each.hidden_by is None]
    for fault in sorted(roots, key=lambda each: (each.level, each.opened_at or each.first_seen, each.key)):
        key, one = _key(fault.key), tickets.get(fault.key)
        yield Problem(
            key=key,
            device=fault.key.device,
            what=_what(fault.component, fault.key.aspect, fault.condition),
            urgency=_OF_LEVEL.get(fault.level, Urgency.GENERAL),
            standing=_standing(key, before),
            level=fault.level,
            since=fault.opened_at or fault.first_seen,
            reason=_joined([reason.text for reason in fault.reasons]),
            told=fault.evidence,
            kind=fault.key.kind,
            aspect=fault.key.aspect,
            ticket=one.ticket.id if one else "",
            owner=owner(one.ticket) or "" if one else "",
            due=next((clock.due for clock in one.clocks if clock.name is ClockName.RESTORE), None) if one else None,
        )


def _checks(faults: Iterable[Fault], sheets: Sequence[Sheet], before: set[str]) -> Iterator[Problem]:
    known = {fault.key for fault in faults if fault.state is FaultState.OPEN}
    for result in BAD:
        for _, _, check in checks_of(sheets):
            if check.result is result and check.key not in known:
                key, told = _key(check.key), check.told
                bad = told.condition if told.condition is not None and told.condition.is_bad else None
                yield Problem(
                    key=key,
                    device=check.key.device,
                    what=_what(told.component, told.aspect, bad),
                    urgency=Urgency.IMPORTANT if result is Result.ABNORMAL else Urgency.GENERAL,
                    standing=_standing(key, before),
                    since=told.at,
                    told=told,
                    kind=check.key.kind,
                    aspect=check.key.aspect,
                    note=Phrase(key="near_limit") if bad is None else None,
                )


def _lines(sheets: Sequence[Sheet], before: set[str]) -> Iterator[Problem]:
    """What wants attention of the device as a whole: warranty, differences from the asset file, its log."""
    for one in sheets:
        for line in one.lines:
            if line.result in BAD and line.told and not line.bad:
                key = f"{one.of.device.name}//{line.item.name}"
                yield Problem(
                    key=key,
                    device=one.of.device.name,
                    what=line.item.title,
                    urgency=Urgency.GENERAL,
                    standing=_standing(key, before),
                    note=line.told[0] if isinstance(line.told[0], Phrase) else None,
                    reason=line.told[0] if isinstance(line.told[0], Text) else None,
                )


def _outlooks(month: InspectionMonth, before: set[str]) -> Iterator[Problem]:
    for one in month.outlooks:
        if one.on is not None or one.says is not None:
            part = one.component
            key = f"{one.device}/{part.kind}/{part.label}/{one.aspect}/{one.signal or 'outlook'}"
            yield Problem(
                key=key,
                device=one.device,
                what=_what(one.component, one.aspect, None),
                urgency=Urgency.GENERAL,
                standing=_standing(key, before),
                reason=one.says,
                kind=one.component.kind,
                aspect=one.aspect,
                note=_reached(one),
            )


def _reached(one: Outlook) -> Phrase | None:
    if one.on is None:
        return None
    if one.left is None:
        return Phrase(key="reaches_limit", values={"day": one.on})
    return Phrase(key="reaches_limit_in", values={"day": one.on, "days": str(one.left)})


def _exposures(month: InspectionMonth, before: set[str]) -> Iterator[Problem]:
    for one in month.notices.exposures if month.notices else ():
        if one.verdict == "affected":
            key = f"{one.device}//{one.advisory}"
            yield Problem(
                key=key,
                device=one.device,
                what=Text(en=f"{one.advisory} {one.title}".strip(), zh_CN=f"{one.advisory} {one.title}".strip()),
                urgency=Urgency.IMPORTANT if one.known_exploited else Urgency.GENERAL,
                standing=_standing(key, before),
                note=Phrase(key="fixed_in", values={"version": one.fixed}) if one.fixed else None,
            )


def _standing(key: str, before: set[str]) -> Standing:
    return Standing.STILL if key in before else Standing.NEW


def _key(key: FaultKey) -> str:
    return f"{key.device}/{key.kind}/{key.label}/{key.aspect}"


def _what(component: Component, aspect: str, condition: Condition | None) -> Text:
    en, zh = (words(language) for language in (Language.EN, Language.ZH_CN))
    if condition is not None:
        return Text(en=en.what(component, aspect, condition), zh_CN=zh.what(component, aspect, condition))
    return Text(en=f"{en.part(component)} – {en.aspect(aspect)}", zh_CN=f"{zh.part(component)} – {zh.aspect(aspect)}")


def _joined(texts: Sequence[Text]) -> Text:
    return Text(en="; ".join(each.en for each in texts), zh_CN="；".join(each.zh_CN for each in texts))
