"""`netvigil duty …`: who is on duty, now and at any other moment."""

import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import click

from alerts.desk.icalendar import calendar
from alerts.desk.people import People, Place, Rota, Weekly
from alerts.desk.recurring import Span
from alerts.desk.rota import OnDuty, Stint, merged, on_duty, rotas_of, stand, stints
from alerts.locale import words
from monitor.config import PEOPLE, Settings, loaded
from monitor.model import Language
from monitor.moment import now as this_moment
from monitor.people_past import people_at, timeline
from monitor.problem import near_word
from monitor.rota_gaps import holidays_unknown
from monitor.verbs import doors
from monitor.verbs.duty_rows import event, row, say

_FORESEEN = timedelta(days=31)  # how far it is looked for the beginning and the end of a duty
_LISTED = timedelta(days=14)
_CALENDAR = timedelta(days=56)
_LONGEST = timedelta(days=400)
P = ParamSpec("P")
R = TypeVar("R")


@click.group()
def duty() -> None:
    """Who is on duty, and when."""


def _where(command: Callable[P, R]) -> Callable[P, R]:
    """The options that say for whom somebody is on duty."""
    for option, what in (("--site", "Site."), ("--customer", "Customer."), ("--tier", "Tier of the contract.")):
        command = click.option(option, default="", help=what)(command)
    return command


@duty.command("now")
@_where
@doors.language(Language.EN)
@doors.config
@doors.as_json
def duty_now(tier: str, customer: str, site: str, language: str, directory: Path, *, as_json: bool) -> None:
    """Who is on duty now. Exit code 1 where nobody is."""
    settings = loaded(directory, os.environ, with_secrets=False)
    place = _place(settings, tier, customer, site)
    _tell(settings, settings.people, tier, place, this_moment(), Language(language), as_json=as_json)


@duty.command("at")
@click.argument("moment")
@_where
@doors.language(Language.EN)
@doors.config
@doors.as_json
def duty_at(moment: str, tier: str, customer: str, site: str, language: str, directory: Path, *, as_json: bool) -> None:
    """Who was on duty then, by the people file that was in force; or will be, by the one on disk."""
    settings = loaded(directory, os.environ, with_secrets=False)
    place = _place(settings, tier, customer, site)
    at, now = _moment(moment, _zones(settings, place), "MOMENT"), this_moment()
    with doors.reading(settings) as disk:
        people = people_at(disk, settings.people, at, now)
    if people is None:
        _unknown_past(at)
    _tell(settings, people, tier, place, at, Language(language), as_json=as_json)


@duty.command("list")
@_where
@click.option("--person", default="", help="Of one person only.")
@click.option("--from", "begins", default="", help='Such as "2026-11-22" or "2026-11-22T02:00"; else now.')
@click.option("--until", default="", help="The same; else two weeks later.")
@doors.language(Language.EN)
@doors.config
@doors.as_json
def duty_list(
    tier: str,
    customer: str,
    site: str,
    person: str,
    begins: str,
    until: str,
    language: str,
    directory: Path,
    *,
    as_json: bool,
) -> None:
    """Who is on duty from when until when; the past by the people files that were in force."""
    settings = loaded(directory, os.environ, with_secrets=False)
    place, now = _place(settings, tier, customer, site), this_moment()
    span = _span(begins, until, _LISTED, _zones(settings, place), now)
    with doors.reading(settings) as disk:
        parts = list(timeline(disk, settings.people, span.begins, span.ends, now))
    known = [(part, people) for part, people in parts if people is not None]
    if not known:
        _unknown_past(span.begins)
    for part, people in parts:
        if people is None:
            click.echo(f"warning: {_not_kept(part.ends)}", err=True)
    persons = {name: each for _, people in known for name, each in people.persons.items()}
    _check_person(person, persons)
    for part, people in known:
        _warn(people, tier, place, part)
    found = merged(each for part, people in known for each in _stints(people, tier, place, person, part))
    said = words(Language(language))
    doors.print_rows([row(persons, each, said) for each in found], as_json=as_json)


@duty.command("calendar")
@_where
@click.option("--person", default="", help="Of one person only.")
@click.option("--from", "begins", default="", help='Such as "2026-11-22"; else now.')
@click.option("--until", default="", help="The same; else eight weeks later.")
@doors.language(Language.ZH_CN)
@doors.config
@doors.as_json
def duty_calendar(
    tier: str,
    customer: str,
    site: str,
    person: str,
    begins: str,
    until: str,
    language: str,
    directory: Path,
    *,
    as_json: bool,
) -> None:
    """The rota as iCalendar (RFC 5545), by the people file on disk, for calendars to import."""
    settings = loaded(directory, os.environ, with_secrets=False)
    people, now = settings.people, this_moment()
    place = _place(settings, tier, customer, site)
    _check_person(person, people.persons)
    span = _span(begins, until, _CALENDAR, _zones(settings, place), now)
    # Whole duties, so that one has the same beginning whenever the calendar is made.
    weeks = max((rota.pattern.weeks for rota in people.rotas if isinstance(rota.pattern, Weekly)), default=1)
    wider = Span(begins=span.begins - timedelta(weeks=weeks + 1), ends=span.ends + timedelta(weeks=weeks + 1))
    found = [
        each
        for each in _stints(people, tier, place, person, wider)
        if each.span.ends > span.begins and each.span.begins < span.ends and not each.nobody
    ]
    _warn(people, tier, place, span)
    said = words(Language(language))
    if as_json:
        doors.print_rows([row(people.persons, each, said) for each in found], as_json=True)
        return
    tiers = {each.name: each.title for each in settings.contract.tiers}
    title = people.persons[person].title if person else tiers.get(tier)
    who = say(title, said.language) if title else said.said("duty", "everybody")
    events = (event(people.persons, tiers, each, said) for each in found)
    click.echo(calendar(said.said("duty", "calendar", who=who), events, now), nl=False)


def _tell(
    settings: Settings, people: People, tier: str, place: Place, at: datetime, language: Language, *, as_json: bool
) -> None:
    """Print who is on duty at `at`, one row for each person and rota; end with 1 where somebody is missing."""
    said = words(language)
    looked = Span(begins=at - _FORESEEN, ends=at + _FORESEEN)
    rows = [row(people.persons, each, said, looked) for each in _standing(settings, people, tier, place, at)]
    _warn(people, tier, place, Span(begins=at, ends=at))
    if not rows:
        reason = "no rota is for that" if people.rotas else f"there is no {PEOPLE} with a [[rota]]"
        click.echo(f"netvigil: nobody is on duty: {reason}", err=True)
    doors.print_rows(rows, as_json=as_json)
    if not rows or any(row["person"] is None for row in rows):
        sys.exit(doors.FINDINGS)


def _standing(settings: Settings, people: People, tier: str, place: Place, at: datetime) -> Iterator[Stint]:
    """Who is on duty, tier by tier where a place is named, else rota by rota; and what nobody does."""
    by_name = {rota.name: rota for rota in people.rotas}
    if place == Place():
        for rota in people.rotas:
            if not tier or tier in rota.tiers:
                here = stand(people, rota, at)
                nobody = (OnDuty(person="", rota=rota.name, instead_of=name) for name in here.missing)
                yield from _lasting(people, rota, (*here.on_duty, *nobody), at)
        return
    for each in settings.contract.tiers:
        rotas = rotas_of(people, each.name, place)
        if not rotas or (tier and each.name != tier):
            continue
        found = on_duty(people, each.name, place, at)
        for who in found:
            shown = replace(by_name[who.rota], tiers=(each.name,))
            yield from _lasting(people, shown, (who,), at)
        if not found:
            missed = next((name for rota in rotas for name in stand(people, rota, at).missing), "")
            shown = replace(rotas[0], tiers=(each.name,))
            yield from _lasting(people, shown, (OnDuty(person="", rota=rotas[0].name, instead_of=missed),), at)


def _lasting(people: People, rota: Rota, found: Iterable[OnDuty], at: datetime) -> Iterator[Stint]:
    """Each of `found` with the time that it lasts, as far as it is looked for."""
    around = stints(people, rota, at - _FORESEEN, at + _FORESEEN)
    for who in found:
        span = next((each.span for each in around if each.who == who and at in each.span), Span(begins=at, ends=at))
        yield Stint(rota=rota, span=span, who=who)


def _stints(people: People, tier: str, place: Place, person: str, span: Span) -> list[Stint]:
    rotas = [rota for rota in people.rotas if not tier or tier in rota.tiers]
    if place != Place():
        covering = {rota.name for rota in rotas_of(people, tier, place)}
        rotas = [rota for rota in rotas if rota.name in covering]
    return [
        each
        for rota in rotas
        for each in stints(people, rota, span.begins, span.ends)
        if not person or each.who.person == person
    ]


def _place(settings: Settings, tier: str, customer: str, site: str) -> Place:
    """The place that was asked for. Raises LookupError for names that lead nowhere."""
    inventory = settings.inventory
    known: tuple[tuple[str, str, Collection[str]], ...] = (
        ("tier", tier, [each.name for each in settings.contract.tiers]),
        ("customer", customer, list(inventory.customers)),
        ("site", site, list(inventory.sites)),
    )
    for what, name, names in known:
        if name and name not in names:
            hint = near_word(name, names)
            raise LookupError("; ".join(filter(None, (f'no {what} "{name}" in the configuration', hint))))
    whose = inventory.sites[site].customer if site else customer
    if customer and whose != customer:
        raise LookupError(f'site "{site}" is one of customer "{whose}", not of "{customer}"')
    return Place(customer=whose, site=site)


def _check_person(person: str, known: Collection[str]) -> None:
    if person and person not in known:
        hint = near_word(person, known)
        raise LookupError("; ".join(filter(None, (f'no person "{person}" in {PEOPLE}', hint))))


def _zones(settings: Settings, place: Place) -> set[str]:
    """In which zones a moment without offset may be meant: those of the sites, else those of the rotas."""
    sites = settings.inventory.sites
    if place.site:
        return {sites[place.site].zone}
    of_customer = {site.zone for site in sites.values() if site.customer == place.customer}
    return (
        of_customer
        or {rota.zone for rota in settings.people.rotas}
        or {site.zone for site in sites.values()}
        or {"UTC"}
    )


def _moment(text: str, zones: set[str], option: str) -> datetime:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f'"{text}" is no moment; write "2026-11-22T02:00"', param_hint=option) from None
    if told.tzinfo is None:
        if len(zones) > 1:
            reason = f"there are several zones ({', '.join(sorted(zones))}); write the offset: {text}+08:00"
            raise click.BadParameter(reason, param_hint=option)
        told = told.replace(tzinfo=ZoneInfo(next(iter(zones))))
    return told.astimezone(UTC)  # moments of one zone are compared and added by the wall clock


def _span(begins: str, until: str, length: timedelta, zones: set[str], now: datetime) -> Span:
    begin = _moment(begins, zones, "--from") if begins else now
    end = _moment(until, zones, "--until") if until else begin + length
    if not begin < end <= begin + _LONGEST:
        raise click.UsageError(f"--until must be after --from, and at most {_LONGEST.days} days later")
    return Span(begins=begin, ends=end)


def _warn(people: People, tier: str, place: Place, span: Span) -> None:
    """Say on standard error where the answer rests on holidays that nobody knows."""
    rotas = people.rotas if place == Place() else rotas_of(people, tier, place)
    zones = {ZoneInfo(rota.zone) for rota in rotas if rota.heeds_holidays and (not tier or tier in rota.tiers)}
    years = {
        year
        for zone in zones
        for year in people.holidays.unknown(span.begins.astimezone(zone).date(), span.ends.astimezone(zone).date())
    }
    if years:
        click.echo(f"warning: {holidays_unknown(tuple(sorted(years)))}", err=True)


def _unknown_past(at: datetime) -> NoReturn:
    click.echo(f"netvigil: {_not_kept(at)}", err=True)
    sys.exit(doors.FINDINGS)


def _not_kept(at: datetime) -> str:
    when = at.isoformat(timespec="seconds")
    return f"the daemon had kept no {PEOPLE} before {when}; who was on duty until then is not known"
