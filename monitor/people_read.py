"""From people.toml as written to the words of alerts/desk/people.py."""

from collections.abc import Mapping
from datetime import time

from alerts.desk.calendars import Holidays, Year, china, clock_times
from alerts.desk.people import (
    Contact,
    Daily,
    Days,
    Leave,
    Partner,
    People,
    Person,
    Quiet,
    Rota,
    Substitute,
    Team,
    Weekly,
)
from alerts.desk.recurring import weekdays_of
from monitor.model import Text
from monitor.people_file import (
    ContactFile,
    DailyFile,
    LeaveFile,
    PartnerFile,
    PeopleFile,
    PersonFile,
    RotaFile,
    SubstituteFile,
    listed,
)


def people(file: PeopleFile, text: str) -> People:
    """The people that `file` states, which was read from `text`."""
    known = china() if file.holidays.source == "china" else Holidays()
    told = {each.year: Year(holidays=listed(each.off), workdays=listed(each.workdays)) for each in file.holidays.year}
    teams = {
        each.name: Team(
            name=each.name,
            title=_titled(each.title, each.name),
            members=tuple(each.members),
            tiers=tuple(each.tiers),
        )
        for each in file.team
    }
    return People(
        text=text,
        persons={each.name: _person(each, file.zone) for each in file.person},
        teams=teams,
        rotas=tuple(_rota(each, teams, file.zone) for each in file.rota),
        leaves=tuple(_leave(each, file.zone) for each in file.leave),
        substitutes=tuple(_substitute(each, file.zone) for each in file.substitute),
        partners={each.prefecture: _partner(each) for each in file.partner},
        contacts=tuple(_contact(each) for each in file.contact),
        holidays=known.replaced(told),
    )


def _titled(title: Text | None, name: str) -> Text:
    return title or Text(en=name, zh_CN=name)


def _person(file: PersonFile, zone: str) -> Person:
    begins, ends = clock_times(file.quiet) if file.quiet else (time(), time())
    return Person(
        name=file.name,
        title=_titled(file.title, file.name),
        mail=file.mail or "",
        phone=file.phone,
        language=file.language,
        channels=tuple(file.channels),
        quiet=Quiet(begins=begins, ends=ends, zone=zone) if file.quiet else None,
    )


def _rota(file: RotaFile, teams: Mapping[str, Team], zone: str) -> Rota:
    team = teams[file.team] if file.team else None
    members = team.members if team else ()
    tiers = team.tiers if team else (file.tier or "",)
    weekly = file.weekly
    pattern: Weekly | tuple[Daily, ...] = tuple(_daily(each, members) for each in file.days)
    if weekly is not None:
        pattern = Weekly(
            people=tuple(weekly.people) or members,
            begins=weekly.begins,
            handover=time.fromisoformat(weekly.handover[4:]),
            weeks=weekly.weeks,
            holidays=tuple(weekly.holidays),
        )
    return Rota(
        name=file.name,
        tiers=tiers,
        zone=file.zone or zone,
        pattern=pattern,
        team=file.team or "",
        customers=tuple(file.customers),
        sites=tuple(file.sites),
        at_once=file.at_once,
        partial=file.partial,
    )


def _daily(file: DailyFile, members: tuple[str, ...]) -> Daily:
    begins, ends = clock_times(file.hours)
    on = Days(file.on) if file.on in set(Days) else weekdays_of(file.on.casefold())
    holidays = tuple(file.holidays)
    return Daily(on=on, begins=begins, ends=ends, people=tuple(file.people) or members, holidays=holidays)


def _leave(file: LeaveFile, zone: str) -> Leave:
    begins, ends = file.span(zone)
    return Leave(person=file.person, begins=begins, ends=ends)


def _substitute(file: SubstituteFile, zone: str) -> Substitute:
    begins, ends = file.span(zone)
    return Substitute(person=file.person, instead_of=file.instead_of, begins=begins, ends=ends)


def _partner(file: PartnerFile) -> Partner:
    return Partner(
        prefecture=file.prefecture,
        company=file.company,
        people=tuple(file.people),
        phone=file.phone,
        mail=file.mail or "",
        language=file.language,
    )


def _contact(file: ContactFile) -> Contact:
    return Contact(
        customer=file.customer,
        title=file.title,
        sites=tuple(file.sites),
        mail=file.mail or "",
        phone=file.phone,
        language=file.language,
        is_project=file.project,
    )
