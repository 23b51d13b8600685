"""people.toml: who keeps the promises, as it is written; people_read.py makes plain values of it. It may be missing."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from alerts.desk.calendars import moment
from alerts.desk.people import (
    Days,
)
from alerts.desk.recurring import WEEKDAYS, weekdays_of
from collectors.text import cleaned
from monitor.fields import MailAddress, Name, Settled, Switch, Title, Whole, Zone
from monitor.model import Language, Text

_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
_HANDOVER = re.compile(r"([A-Za-z]{3}) (([01]\d|2[0-3]):[0-5]\d)")
_DAY = timedelta(days=1)


def _both(raw: object) -> object:
    """Text that is the same in all languages may be written once."""
    if isinstance(raw, str):
        return {"en": cleaned(raw), "zh_CN": cleaned(raw)}
    return {key: cleaned(value) for key, value in raw.items()} if isinstance(raw, dict) and _is_text(raw) else raw


def _is_text(raw: dict[object, object]) -> bool:
    return all(isinstance(value, str) for value in raw.values())


def _day(raw: object) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    raise ValueError("must be a date without quotes, such as 2027-01-04")


def _when(raw: object) -> date:
    if isinstance(raw, date):
        return raw
    raise ValueError("must be a day or a moment without quotes, such as 2027-01-04 or 2027-01-04T12:00:00")


def _days(raw: object) -> tuple[date, date]:
    if isinstance(raw, str) and len(parts := raw.split("/")) == 2:  # noqa: PLR2004 - first and last
        try:
            first, last = map(date.fromisoformat, parts)
        except ValueError:
            pass
        else:
            if first <= last:
                return first, last
    elif isinstance(raw, date) and not isinstance(raw, datetime):
        return raw, raw
    raise ValueError('must be a date such as 2027-10-01, or text "first/last" such as "2027-10-01/2027-10-07"')


def _hours(text: str) -> str:
    if not _HOURS.fullmatch(text):
        raise ValueError(
            f'"{cleaned(text, 40)}" is no hours; write such as "08:30-17:30", or "20:00-08:00" over a night'
        )
    return text


def _handover(text: str) -> str:
    told = _HANDOVER.fullmatch(text)
    if told is None or told[1].casefold() not in WEEKDAYS:
        raise ValueError(f'"{cleaned(text, 40)}" is no weekday with a time; write such as "Mon 09:00"')
    return text


def _on(text: str) -> str:
    if text not in set(Days):
        try:
            weekdays_of(text.casefold())
        except ValueError:
            raise ValueError(
                f'"{cleaned(text, 40)}" is no days; write "workdays", "days off", "holidays", or weekdays such as '
                '"Mon-Fri" or "Sat,Sun"'
            ) from None
    return text


def _instant(when: date, zone: str, more: timedelta) -> datetime:
    if not isinstance(when, datetime):
        return moment(when + more, time(), ZoneInfo(zone))
    return (when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def listed(spans: Sequence[tuple[date, date]]) -> frozenset[date]:
    """Every day of `spans`."""
    return frozenset(first + _DAY * n for first, last in spans for n in range((last - first).days + 1))


_TEXT = {"type": "object", "properties": {"en": {"type": "string"}, "zh_CN": {"type": "string"}}}
Words = Annotated[
    Text,
    BeforeValidator(_both),
    WithJsonSchema({"anyOf": [{"type": "string"}, {**_TEXT, "required": ["en", "zh_CN"]}]}),
]
"""Text in the languages of the house; or once, where it is the same in all."""
Day = Annotated[date, PlainValidator(_day), WithJsonSchema({"type": "string", "examples": ["2027-01-04"]})]
When = Annotated[
    date, PlainValidator(_when), WithJsonSchema({"type": "string", "examples": ["2027-01-04", "2027-01-04T12:00:00"]})
]
DaySpan = Annotated[
    tuple[date, date],
    PlainValidator(_days),
    WithJsonSchema({"type": "string", "examples": ["2027-10-01", "2027-10-01/2027-10-07"]}),
]
Hours = Annotated[str, AfterValidator(_hours)]
Handover = Annotated[str, AfterValidator(_handover)]
On = Annotated[str, AfterValidator(_on)]
Count = Annotated[Whole, Field(ge=1)]


class YearFile(Settled):
    """One [[holidays.year]]."""

    year: Whole = Field(
        description="The year, of which this is all that is known: it takes the place of the package's."
    )
    off: list[DaySpan] = Field(description="Days that are off.", min_length=1)
    workdays: list[DaySpan] = Field([], description="Saturdays and Sundays that are worked.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for key, spans in (("off", self.off), ("workdays", self.workdays)):
            for first, last in spans:
                if {first.year, last.year} != {self.year}:
                    raise ValueError(
                        f"{key} has {first if first.year != self.year else last}, which is not in {self.year}"
                    )
        both = listed(self.off) & listed(self.workdays)
        if both:
            raise ValueError(f"workdays has {min(both)}, which is off as well; remove it from one of them")
        return self


class HolidaysFile(Settled):
    """[holidays]."""

    source: Literal["china", "none"] = Field(
        "china", description="Whose public holidays are known: those of China, or none but the years below."
    )
    year: list[YearFile] = Field([], description="[[holidays.year]]: years that the package does not know.")


class PersonFile(Settled):
    """One [[person]]."""

    name: Name = Field(description="Short name, unique; used everywhere in this file and in commands.")
    title: Words | None = Field(None, description="Full name, as people read it; the short one if left out.")
    mail: MailAddress | None = Field(None, description="Mail address.")
    phone: Title = Field("", description="Telephone number.")
    language: Language = Field(Language.ZH_CN, description="Language in which they are written to.")
    channels: list[Name] = Field(
        [], description="Channels of netvigil.toml by which they are told as well; an sms goes to `phone`."
    )
    quiet: Hours | None = Field(
        None, description='Quiet hours on the clock of the file\'s zone, such as "22:00-07:00"; see letters.md.'
    )


class TeamFile(Settled):
    """One [[team]]."""

    name: Name = Field(description="Short name, unique.")
    title: Words | None = Field(None, description="Full name; the short one if left out.")
    members: list[Name] = Field(description="Names of [[person]].", min_length=1)
    tiers: list[Name] = Field(description="Tiers of contract.toml that the team serves.", min_length=1)


class WeeklyFile(Settled):
    """[rota.weekly]."""

    people: list[Name] = Field([], description="Who is on duty, in turn; the members of the team if left out.")
    begins: Day = Field(description="The day on which the first of them comes on.")
    handover: Handover = Field("Mon 09:00", description="Weekday and time of the handover, on the clock of the zone.")
    weeks: Count = Field(1, description="How many weeks each is on duty.")
    holidays: list[Name] = Field(
        [],
        description="Who is on duty on public holidays instead, a day each in turn, from handover to handover.",
    )

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        wanted = WEEKDAYS.index(self.handover[:3].casefold())
        if self.begins.weekday() != wanted:
            was = self.begins - timedelta(days=(self.begins.weekday() - wanted) % 7)
            raise ValueError(
                f"begins {self.begins} is a {WEEKDAYS[self.begins.weekday()].title()}, but the handover is on "
                f"{self.handover[:3].title()}; write {was}"
            )
        return self


class DailyFile(Settled):
    """One [[rota.days]]."""

    on: On = Field(description='"workdays", "days off", "holidays", or weekdays such as "Mon-Fri" or "Sat,Sun".')
    hours: Hours = Field(
        description='On the clock of the zone, such as "08:30-17:30"; hours over a night are those of the first day.'
    )
    people: list[Name] = Field(
        [], description="Who is on duty; those after the first at_once stand by. The members of the team if left out."
    )
    holidays: list[Name] = Field([], description="Who is on duty in these hours on public holidays instead.")


class RotaFile(Settled):
    """One [[rota]]."""

    name: Name = Field(description="Short name, unique.")
    team: Name | None = Field(None, description="The [[team]] whose tiers this is the rota of; this or tier.")
    tier: Name | None = Field(None, description="The tier of contract.toml, instead of a team.")
    customers: list[Name] = Field([], description="Customers that it is for; all if both this and sites are left out.")
    sites: list[Name] = Field([], description="Sites that it is for.")
    zone: Zone | None = Field(None, description="Time zone; that of the file if left out.")
    at_once: Count = Field(1, description="How many are on duty together.")
    partial: Switch = Field(default=False, description="Times outside its hours are no gap.")
    weekly: WeeklyFile | None = Field(None, description="[rota.weekly]: people take turns by weeks; this or days.")
    days: list[DailyFile] = Field([], description="[[rota.days]]: fixed hours of certain days.")

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if (self.team is None) == (self.tier is None):
            raise ValueError("says whose it is either with team or with tier, one of them")
        if (self.weekly is None) == (not self.days):
            raise ValueError("has either [rota.weekly] or [[rota.days]], one of them")
        for pattern in (self.weekly, *self.days):
            if pattern is None:
                continue
            if not pattern.people and self.team is None:
                raise ValueError("names nobody; write people, or team instead of tier")
            if 0 < len(pattern.people) < self.at_once:
                raise ValueError(f"at_once is {self.at_once}, but people has only {len(pattern.people)}")
        return self


class AwayFile(Settled):
    """What leave and substitutes share: a time."""

    begins: When = Field(alias="from", description="First day, or a moment on the clock of the file's zone.")
    ends: When = Field(alias="until", description="Last day, or the moment at which it is over.")

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        begins, ends = self.span("UTC")
        if begins >= ends:
            raise ValueError("until is not after from")
        return self

    def span(self, zone: str) -> tuple[datetime, datetime]:
        """From when until when, by the clock of `zone`: a day as last one is meant whole."""
        return _instant(self.begins, zone, timedelta(0)), _instant(self.ends, zone, _DAY)


class LeaveFile(AwayFile):
    """One [[leave]]."""

    person: Name = Field(description="Who is away.")


class SubstituteFile(AwayFile):
    """One [[substitute]]."""

    person: Name = Field(description="Who does the duty.")
    instead_of: Name = Field(description="Whose duty; they need not be on leave.")

    @model_validator(mode="after")
    def _is_another(self) -> Self:
        if self.person == self.instead_of:
            raise ValueError(f'person "{self.person}" cannot stand in for themselves')
        return self


class PartnerFile(Settled):
    """One [[partner]]."""

    prefecture: Name = Field(
        description="Prefecture of contract.toml; what is said here takes the place of its partner."
    )
    company: Words = Field(description="Name of the company.")
    people: list[Title] = Field([], description="Whom to ask for there.")
    phone: Title = Field("", description="Telephone number.")
    mail: MailAddress | None = Field(None, description="Mail address.")
    language: Language = Field(Language.ZH_CN, description="Language in which they are written to.")


class ContactFile(Settled):
    """One [[contact]]."""

    customer: Name = Field(description="Customer of inventory.toml.")
    sites: list[Name] = Field([], description="Sites of the customer that they are for; all if left out.")
    title: Words = Field(description="Name, as people read it.")
    mail: MailAddress | None = Field(None, description="Mail address.")
    phone: Title = Field("", description="Telephone number.")
    language: Language = Field(Language.ZH_CN, description="Language in which they are written to.")
    project: Switch = Field(default=False, description="The one named contact of the project.")


class PeopleFile(Settled):
    """The whole of people.toml."""

    zone: Zone = Field("Asia/Shanghai", description="Time zone of leave and substitutes, and of rotas that say none.")
    holidays: HolidaysFile = Field(HolidaysFile(), description="[holidays]: which days are off.")
    person: list[PersonFile] = Field([], description="[[person]]: who can be on duty.")
    team: list[TeamFile] = Field([], description="[[team]]: people who serve tiers together.")
    rota: list[RotaFile] = Field([], description="[[rota]]: who is on duty when.")
    leave: list[LeaveFile] = Field([], description="[[leave]]: who is away.")
    substitute: list[SubstituteFile] = Field([], description="[[substitute]]: who does whose duty.")
    partner: list[PartnerFile] = Field([], description="[[partner]]: who goes on site first in a prefecture.")
    contact: list[ContactFile] = Field([], description="[[contact]]: people of the customers.")
