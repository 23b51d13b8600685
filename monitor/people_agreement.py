"""Whether people.toml agrees with itself, the contract and the inventory: names, things said twice."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from alerts.post.channels import ChannelKind
from monitor.agreement import same, unknown
from monitor.document import Document
from monitor.draft import entries
from monitor.people_file import (
    ContactFile,
    PartnerFile,
    PeopleFile,
    PersonFile,
    RotaFile,
    SubstituteFile,
    TeamFile,
    YearFile,
)
from monitor.problem import Place, Problem, Within
from monitor.toml_lines import KeyPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What other files name; None where they could not be read. `sites` says whose each is."""

    tiers: Collection[str] | None
    prefectures: Collection[str] | None
    customers: Collection[str] | None
    sites: Mapping[str, str] | None
    channels: Mapping[str, ChannelKind] | None = None


def misnamed(source: Document, file: PeopleFile, known: Known) -> Iterator[Problem]:
    """What is wrong between parts that are each well formed; contacts that are missing as warnings."""
    yield from same(entries(source, ("person",), PersonFile), lambda each: each.name, "name", "name")
    yield from same(entries(source, ("team",), TeamFile), lambda each: each.name, "name", "name")
    yield from same(entries(source, ("rota",), RotaFile), lambda each: each.name, "name", "name")
    yield from same(
        entries(source, ("partner",), PartnerFile), lambda each: each.prefecture, "prefecture", "prefecture"
    )
    yield from same(entries(source, ("holidays", "year"), YearFile), lambda each: each.year, "year", "year")
    yield from _channels(source, file.person, known)
    persons = [each.name for each in file.person]
    for at, team in enumerate(file.team):
        place = Within(source, ("team", at))
        yield from _unknown(place, ("members",), team.members, "person", persons)
        yield from _unknown(place, ("tiers",), team.tiers, "tier of the contract", known.tiers)
    for at, rota in enumerate(file.rota):
        yield from _rota(Within(source, ("rota", at)), rota, file, known)
    for at, leave in enumerate(file.leave):
        yield from unknown(source, ("leave", at, "person"), leave.person, "person", persons)
    yield from _substitutes(source, file, persons)
    for at, partner in enumerate(file.partner):
        if known.prefectures is not None:
            what = "prefecture of the contract"
            yield from unknown(source, ("partner", at, "prefecture"), partner.prefecture, what, known.prefectures)
    yield from _contacts(source, file.contact, known)


def _channels(source: Document, persons: list[PersonFile], known: Known) -> Iterator[Problem]:
    if known.channels is None:
        return
    for at, person in enumerate(persons):
        place = Within(source, ("person", at))
        yield from _unknown(place, ("channels",), person.channels, "channel of netvigil.toml", known.channels)
        for number, name in enumerate(person.channels):
            if known.channels.get(name) is ChannelKind.SMS and not person.phone:
                yield place.problem(("channels", number), f'"{name}" needs a phone')


def _unknown(
    place: Place, path: KeyPath, names: Iterable[str], kind: str, known: Collection[str] | None
) -> Iterator[Problem]:
    for at, name in enumerate(names):
        if known is not None:
            yield from unknown(place, (*path, at), name, kind, known)


def _rota(place: Place, rota: RotaFile, file: PeopleFile, known: Known) -> Iterator[Problem]:
    persons = [each.name for each in file.person]
    if rota.team is not None:
        yield from unknown(place, ("team",), rota.team, "team", [each.name for each in file.team])
    if rota.tier is not None and known.tiers is not None:
        yield from unknown(place, ("tier",), rota.tier, "tier of the contract", known.tiers)
    yield from _unknown(place, ("customers",), rota.customers, "customer", known.customers)
    yield from _unknown(place, ("sites",), rota.sites, "site", known.sites)
    if rota.weekly is not None:
        yield from _unknown(place, ("weekly", "people"), rota.weekly.people, "person", persons)
        yield from _unknown(place, ("weekly", "holidays"), rota.weekly.holidays, "person", persons)
    for at, hours in enumerate(rota.days):
        yield from _unknown(place, ("days", at, "people"), hours.people, "person", persons)
        yield from _unknown(place, ("days", at, "holidays"), hours.holidays, "person", persons)


def _substitutes(source: Document, file: PeopleFile, persons: Collection[str]) -> Iterator[Problem]:
    before: list[tuple[int, SubstituteFile]] = []
    for at, each in enumerate(file.substitute):
        for key, name in (("person", each.person), ("instead_of", each.instead_of)):
            yield from unknown(source, ("substitute", at, key), name, "person", persons)
        begins, ends = each.span(file.zone)
        for other_at, other in before:
            other_begins, other_ends = other.span(file.zone)
            if other.instead_of == each.instead_of and begins < other_ends and other_begins < ends:
                there = source.problem(("substitute", other_at), "")
                reason = f'"{each.instead_of}" has another substitute at that time, at {there.file}:{there.line}'
                yield source.problem(("substitute", at, "instead_of"), reason)
        before.append((at, each))


def _contacts(source: Document, contacts: list[ContactFile], known: Known) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for at, contact in enumerate(contacts):
        place = Within(source, ("contact", at))
        if known.customers is not None:
            yield from unknown(place, ("customer",), contact.customer, "customer", known.customers)
        yield from _unknown(place, ("sites",), contact.sites, "site", known.sites)
        for number, site in enumerate(contact.sites):
            if known.sites is not None and (whose := known.sites.get(site, contact.customer)) != contact.customer:
                yield place.problem(("sites", number), f'site "{site}" is one of customer "{whose}"')
        if contact.project and first.setdefault(contact.customer, at) != at:
            there = source.problem(("contact", first[contact.customer]), "")
            reason = f'"{contact.customer}" has its one project contact at {there.file}:{there.line}'
            yield place.problem(("project",), reason)
    for customer in known.customers or ():
        if customer not in first:
            reason = f'customer "{customer}" has no [[contact]] with project = true: whom does the project name?'
            yield replace(source.problem((), reason), is_warning=True)
