"""What `netvigil duty` tells of a duty: a row of a table, an entry of a calendar."""

from collections.abc import Mapping
from hashlib import sha256
from zoneinfo import ZoneInfo

from alerts.desk.icalendar import Event
from alerts.desk.people import Person
from alerts.desk.recurring import Span
from alerts.desk.rota import Stint
from alerts.locale import Words
from monitor.model import Language, Text


def row(persons: Mapping[str, Person], stint: Stint, said: Words, looked: Span | None = None) -> dict[str, object]:
    """A row of a table, or of a JSON array; times are those of the rota's zone.

    A duty that reaches to the edge of `looked`, where nobody looked further, has no time there.
    """
    zone = ZoneInfo(stint.rota.zone)
    who = persons.get(stint.who.person)
    begins, ends = (
        each.astimezone(zone).isoformat(timespec="minutes") for each in (stint.span.begins, stint.span.ends)
    )
    return {
        "tiers": ", ".join(stint.rota.tiers),
        "rota": stint.rota.name,
        "person": stint.who.person or None,
        "title": say(who.title, said.language) if who else None,
        "phone": (who.phone or None) if who else None,
        "mail": (who.mail or None) if who else None,
        "from": None if looked and stint.span.begins <= looked.begins else begins,
        "until": None if looked and stint.span.ends >= looked.ends else ends,
        "why": "nobody" if stint.nobody else stint.who.why.value,
        "instead_of": stint.who.instead_of or None,
        "reason": _reason(persons, stint, said),
        "customers": ", ".join(stint.rota.customers) or None,
        "sites": ", ".join(stint.rota.sites) or None,
    }


def _reason(persons: Mapping[str, Person], stint: Stint, said: Words) -> str:
    who = stint.who
    other = persons.get(who.instead_of)
    name = say(other.title, said.language) if other else who.instead_of
    if stint.nobody:
        return said.said("duty", "nobody" if who.instead_of else "no_rota", name=name)
    return said.said("duty", f"{who.why.value}_leave" if who.on_leave else who.why.value, name=name)


def event(persons: Mapping[str, Person], tiers: Mapping[str, Text], stint: Stint, said: Words) -> Event:
    """An entry of a calendar; `tiers` has the titles of the contract."""
    person = persons[stint.who.person]
    served = " · ".join(say(tiers[tier], said.language) if tier in tiers else tier for tier in stint.rota.tiers)
    digest = sha256(f"{stint.rota.name}\0{person.name}\0{stint.span.begins.isoformat()}".encode()).hexdigest()
    rota = said.said("duty", "rota", rota=stint.rota.name)
    return Event(
        uid=f"{digest[:32]}@netvigil",
        span=stint.span,
        summary=said.said("duty", "event", tier=served, person=say(person.title, said.language)),
        description=f"{rota}\n{_reason(persons, stint, said)}",
    )


def say(text: Text, language: Language) -> str:
    """`text` in one language."""
    return text.zh_CN if language is Language.ZH_CN else text.en
