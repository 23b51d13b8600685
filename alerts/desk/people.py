"""The people who keep the contract's promises, as plain values; read from configs/people.toml (monitor/people_file.py).

Who of them is on duty at a moment, rota.py says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from alerts.desk.calendars import Holidays, moment
from alerts.desk.terms import Prefecture
from monitor.model import Language, Recipient, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours of each day in which somebody is left alone; those that end no later than they begin end on the next."""

    begins: time
    ends: time
    zone: str

    def until(self, at: datetime) -> datetime | None:
        """When the quiet hours end in which `at` lies; None where it lies in none."""
        zone = ZoneInfo(self.zone)
        today = at.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            last = day if self.ends > self.begins else day + timedelta(days=1)
            if moment(day, self.begins, zone) <= at < (end := moment(last, self.ends, zone)):
                return end
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be on duty. `channels` names further ways to reach them, `ways` is where these lead."""

    name: str
    title: Text
    mail: str = ""
    phone: str = ""
    language: Language = Language.ZH_CN
    channels: tuple[str, ...] = ()
    quiet: Quiet | None = None
    ways: tuple[Recipient, ...] = ()

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Where letters to them go: mail first, then their channels."""
        title = self.title.said(self.language)
        mail = (Recipient(name=title, address=self.mail, language=self.language),) if self.mail else ()
        return (*mail, *self.ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """People who serve tiers of the contract together."""

    name: str
    title: Text
    members: tuple[str, ...]
    tiers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """For whom somebody is sought: a site, a customer, or ("" for both) nobody in particular."""

    customer: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """A rota that turns: from `begins` on, at `handover` of its weekday, the next of `people` comes on."""

    people: tuple[str, ...]
    begins: date
    handover: time
    weeks: int = 1
    holidays: tuple[str, ...] = ()


class Days(StrEnum):
    """Days that the calendar names, and not the week."""

    WORKDAYS = "workdays"
    DAYS_OFF = "days off"
    HOLIDAYS = "holidays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """Hours of certain days; those that end no later than they begin end on the next day."""

    on: Days | frozenset[int]
    begins: time
    ends: time
    people: tuple[str, ...]
    holidays: tuple[str, ...] = ()

    def names(self, day: date, holidays: Holidays) -> bool:
        """True where the hours begin on `day`."""
        match self.on:
            case Days.WORKDAYS:
                return holidays.is_workday(day)
            case Days.DAYS_OFF:
                return not holidays.is_workday(day)
            case Days.HOLIDAYS:
                return holidays.is_holiday(day)
            case weekdays:
                return day.weekday() in weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Who comes on when, for some tiers and customers. `at_once` people are on duty together."""

    name: str
    tiers: tuple[str, ...]
    zone: str
    pattern: Weekly | tuple[Daily, ...]
    team: str = ""
    customers: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    at_once: int = 1
    partial: bool = False

    @property
    def heeds_holidays(self) -> bool:
        """True where it is of weight which days are holidays."""
        if isinstance(self.pattern, Weekly):
            return bool(self.pattern.holidays)
        return any(isinstance(each.on, Days) or each.holidays for each in self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """From one moment (inclusive) to another (exclusive) somebody is away."""

    person: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """From one moment (inclusive) to another (exclusive) `person` does the duty of `instead_of`."""

    person: str
    instead_of: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """The company that goes on site first in a prefecture (4.3)."""

    prefecture: str
    company: Text
    people: tuple[str, ...] = ()
    phone: str = ""
    mail: str = ""
    language: Language = Language.ZH_CN


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody at the customer's; `is_project` marks the one named contact of the project."""

    customer: str
    title: Text
    sites: tuple[str, ...] = ()
    mail: str = ""
    phone: str = ""
    language: Language = Language.ZH_CN
    is_project: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """All of people.toml; empty where there is none. `text` is what it was read from."""

    text: str = ""
    persons: Mapping[str, Person] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    rotas: tuple[Rota, ...] = ()
    leaves: tuple[Leave, ...] = ()
    substitutes: tuple[Substitute, ...] = ()
    partners: Mapping[str, Partner] = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    holidays: Holidays = field(default_factory=Holidays)

    def partner_in(self, prefecture: str, prefectures: Mapping[str, Prefecture]) -> Partner | None:
        """Who goes on site first in a prefecture: as people.toml says, else as the contract does."""
        if prefecture in self.partners:
            return self.partners[prefecture]
        told = prefectures.get(prefecture)
        return Partner(prefecture=prefecture, company=told.partner, phone=told.phone) if told else None

    def contacts_at(self, place: Place) -> tuple[Contact, ...]:
        """The contacts for a place: the project's first, then those of the site, then the customer's other ones."""
        fitting = [
            each
            for each in self.contacts
            if each.customer == place.customer and (not each.sites or place.site in each.sites)
        ]
        return tuple(sorted(fitting, key=lambda each: (not each.is_project, not each.sites)))
