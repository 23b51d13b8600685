"""Who is on duty: from the rotas, leaves and substitutes of `People` to names, for any moment; nothing is stored.

The most particular rotas count in which somebody is on duty: those that name the site, else those that name the
customer, else those for all. A rota is a list of people for each slot (a duty day of a weekly rota, hours of one day).
Its first `at_once` are regular. Whoever of them is away has a substitute, else the next of the list comes in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from alerts.desk.calendars import moment
from alerts.desk.people import Daily, Leave, People, Place, Rota, Substitute, Weekly
from alerts.desk.recurring import Span

_DAY = timedelta(days=1)


class Why(StrEnum):
    """Why somebody is on duty."""

    REGULAR = "regular"
    HOLIDAY = "holiday"
    SUBSTITUTE = "substitute"
    NEXT = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """Somebody on duty, by which rota, and in whose place; `on_leave` tells a leave from a mere swap."""

    person: str
    rota: str
    why: Why = Why.REGULAR
    instead_of: str = ""
    on_leave: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How a rota stands at a moment: who is on duty, and in whose place nobody is."""

    rota: str
    on_duty: tuple[OnDuty, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How long the stands of some rotas stay the same."""

    span: Span
    stands: tuple[Stand, ...]

    @property
    def on_duty(self) -> tuple[OnDuty, ...]:
        """All who are on duty in it."""
        return tuple(each for stand in self.stands for each in stand.on_duty)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    candidates: tuple[str, ...]
    why: Why


def on_duty(people: People, tier: str, place: Place, at: datetime) -> tuple[OnDuty, ...]:
    """Who is on duty for `tier` at `place`, in the order of the file; nobody where no rota says so."""
    for _, equal in groupby(rotas_of(people, tier, place), key=lambda rota: _rank(rota, place)):
        found = tuple(each for rota in equal for each in stand(people, rota, at).on_duty)
        if found:
            return found
    return ()


def rotas_of(people: People, tier: str, place: Place) -> tuple[Rota, ...]:
    """The rotas for `tier` ("" for any) that cover `place`, the most particular first."""
    fitting = [each for each in people.rotas if (not tier or tier in each.tiers) and _rank(each, place) is not None]
    return tuple(sorted(fitting, key=lambda rota: _rank(rota, place) or 0))


def stand(people: People, rota: Rota, at: datetime) -> Stand:
    """How one rota stands at `at`."""
    present: list[OnDuty] = []
    missing: list[str] = []
    for slot in _slots(people, rota, at):
        _filled(people, rota, slot, at, present, missing)
    return Stand(rota=rota.name, on_duty=tuple(present), missing=tuple(missing))


def shifts(people: People, rotas: Sequence[Rota], begin: datetime, end: datetime) -> Iterator[Shift]:
    """The stands of `rotas` from `begin` to `end`, each as long as it stays the same."""
    moments = sorted({begin, end, *(each for each in _changes(people, rotas, begin, end) if begin < each < end)})
    told = ((span, tuple(stand(people, rota, span[0]) for rota in rotas)) for span in pairwise(moments))
    for stands, spans in groupby(told, key=lambda each: each[1]):
        lasting = [span for span, _ in spans]
        yield Shift(span=Span(begins=lasting[0][0], ends=lasting[-1][1]), stands=stands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stint:
    """How long somebody is on duty by a rota, or (`nobody`) `instead_of` is missed."""

    rota: Rota
    span: Span
    who: OnDuty

    @property
    def nobody(self) -> bool:
        """True where the duty is somebody's and nobody does it."""
        return not self.who.person


def stints(people: People, rota: Rota, begin: datetime, end: datetime) -> list[Stint]:
    """The duties of one rota from `begin` to `end`, also those that nobody does, in the order of their beginnings."""
    return merged(
        Stint(rota=rota, span=shift.span, who=who)
        for shift in shifts(people, (rota,), begin, end)
        for each in shift.stands
        for who in (*each.on_duty, *(OnDuty(person="", rota=rota.name, instead_of=name) for name in each.missing))
    )


def merged(found: Iterable[Stint]) -> list[Stint]:
    """`found`, ordered by time, with those as one that say the same and follow one another."""
    last: dict[OnDuty, Stint] = {}
    whole: list[Stint] = []
    for each in found:
        before = last.get(each.who)
        if before is not None and before.span.ends == each.span.begins:
            whole.remove(before)
            each = replace(each, span=Span(begins=before.span.begins, ends=each.span.ends))  # noqa: PLW2901 - the longer one stands for both
        last[each.who] = each
        whole.append(each)
    return sorted(whole, key=lambda stint: stint.span.begins)


def gaps(
    people: People, customers: Mapping[str, str], begin: datetime, end: datetime
) -> Iterator[tuple[str, Place, Span]]:
    """Tier, place and time from `begin` to `end` in which nobody is on duty although somebody should be.

    `customers` says whose each site is.

    That is any time for tiers that have a rota, but for those whose rotas are all `partial`: there only the hours that
    a rota names.
    """
    for tier in dict.fromkeys(tier for rota in people.rotas for tier in rota.tiers):
        for place in _places(people, customers, tier):
            rotas = rotas_of(people, tier, place)
            is_partial = all(rota.partial for rota in rotas)
            last: Span | None = None
            for shift in shifts(people, rotas, begin, end):
                if shift.on_duty or (is_partial and not any(each.missing for each in shift.stands)):
                    continue
                if last is not None and last.ends == shift.span.begins:
                    last = Span(begins=last.begins, ends=shift.span.ends)
                    continue
                if last is not None:
                    yield tier, place, last
                last = shift.span
            if last is not None:
                yield tier, place, last


def _rank(rota: Rota, place: Place) -> int | None:
    """How particular `rota` is for `place`, 0 being most; None where it does not cover it."""
    if place.site and place.site in rota.sites:
        return 0
    if place.customer and place.customer in rota.customers:
        return 1
    return None if rota.sites or rota.customers else 2


def _places(people: People, customers: Mapping[str, str], tier: str) -> list[Place]:
    """The places that the rotas of a tier tell apart; what none of them names is one more where a rota is for all."""
    named = [rota for rota in people.rotas if tier in rota.tiers]
    places = [Place()] if any(not (rota.sites or rota.customers) for rota in named) else []
    places += [Place(customer=each) for rota in named for each in rota.customers]
    places += [Place(customer=customers.get(each, ""), site=each) for rota in named for each in rota.sites]
    return list(dict.fromkeys(places))


def _slots(people: People, rota: Rota, at: datetime) -> Iterator[_Slot]:
    zone = ZoneInfo(rota.zone)
    today = at.astimezone(zone).date()
    if isinstance(rota.pattern, Weekly):
        slot = _turn(people, rota.pattern, _duty_day(rota.pattern, today, zone, at))
        if slot is not None:
            yield slot
        return
    for hours in rota.pattern:
        for day in (today - _DAY, today):
            begins, ends = _hours(hours, day, zone)
            if hours.names(day, people.holidays) and begins <= at < ends:
                is_holiday = bool(hours.holidays) and people.holidays.is_holiday(day)
                candidates = hours.holidays if is_holiday else hours.people
                yield _Slot(candidates=candidates, why=Why.HOLIDAY if is_holiday else Why.REGULAR)


def _duty_day(weekly: Weekly, today: date, zone: ZoneInfo, at: datetime) -> date:
    """The day whose duty it is at `at`: duty days begin at the time of the handover."""
    for day in (today + _DAY, today):
        if moment(day, weekly.handover, zone) <= at:
            return day
    return today - _DAY


def _turn(people: People, weekly: Weekly, day: date) -> _Slot | None:
    gone = (day - weekly.begins).days
    if gone < 0:
        return None
    if weekly.holidays and people.holidays.is_holiday(day):
        return _Slot(candidates=_rotated(weekly.holidays, gone), why=Why.HOLIDAY)
    return _Slot(candidates=_rotated(weekly.people, gone // (7 * weekly.weeks)), why=Why.REGULAR)


def _rotated(names: tuple[str, ...], by: int) -> tuple[str, ...]:
    at = by % len(names)
    return names[at:] + names[:at]


def _hours(hours: Daily, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    last = day if hours.ends > hours.begins else day + _DAY
    return moment(day, hours.begins, zone), moment(last, hours.ends, zone)


def _filled(people: People, rota: Rota, slot: _Slot, at: datetime, present: list[OnDuty], missing: list[str]) -> None:
    """Put those into `present` who are on duty in one slot, and into `missing` for whom nobody is there."""
    regular = slot.candidates[: rota.at_once]
    away = [name for name in regular if _is_away(people, name, at)]
    taken = {each.person for each in present}
    for name in regular:
        if name not in away and name not in taken:
            present.append(OnDuty(person=name, rota=rota.name, why=slot.why))
            taken.add(name)
    for name in away:
        found = _stand_in(people, name, at)
        why = Why.SUBSTITUTE
        if found is None or found in taken:
            rest = (each for each in slot.candidates[rota.at_once :] if each not in taken)
            found, why = next((each for each in rest if not _is_away(people, each, at)), None), Why.NEXT
        if found is None:
            missing.append(name)
            continue
        taken.add(found)
        leave = _is_on_leave(people, name, at)
        present.append(OnDuty(person=found, rota=rota.name, why=why, instead_of=name, on_leave=leave))


def _is_on_leave(people: People, name: str, at: datetime) -> bool:
    return any(each.person == name and each.begins <= at < each.ends for each in people.leaves)


def _replacement(people: People, name: str, at: datetime) -> str | None:
    fitting = (each for each in people.substitutes if each.instead_of == name and each.begins <= at < each.ends)
    return next((each.person for each in fitting), None)


def _is_away(people: People, name: str, at: datetime) -> bool:
    """On leave, or with somebody else in their place, leave or not."""
    return _is_on_leave(people, name, at) or _replacement(people, name, at) is not None


def _stand_in(people: People, name: str, at: datetime) -> str | None:
    """Who stands in for `name`: the substitute, or theirs where they are away themselves."""
    met = {name}
    found = _replacement(people, name, at)
    while found is not None and found not in met and _is_away(people, found, at):
        met.add(found)
        found = _replacement(people, found, at)
    return None if found in met else found


def _changes(people: People, rotas: Sequence[Rota], begin: datetime, end: datetime) -> Iterator[datetime]:
    """Every moment at which a stand may change, and others."""
    away: tuple[Leave | Substitute, ...] = (*people.leaves, *people.substitutes)
    yield from (bound for each in away for bound in (each.begins, each.ends))
    for rota in rotas:
        zone = ZoneInfo(rota.zone)
        day, last = begin.astimezone(zone).date() - 2 * _DAY, end.astimezone(zone).date() + _DAY
        while day <= last:
            if isinstance(rota.pattern, Weekly):
                yield moment(day, rota.pattern.handover, zone)
            else:
                for hours in rota.pattern:
                    yield from _hours(hours, day, zone)
            day += _DAY
