"""Who is to be sent, and with which spare: a proposal for a ticket that is open. People decide; nothing is reserved.

Who: the alliance partner of the site's prefecture goes first (contract 4.3); of our own whoever is on duty for the tier
that goes there, which is the ticket's, but never the response centre. The spare is one that fits, is free, and lies
nearest: at the site, in its prefecture, in its region.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.desk.contract import Contract
from alerts.desk.people import Partner, People, Person, Place
from alerts.desk.rota import on_duty
from alerts.desk.spares import Offer, Store
from alerts.desk.tickets import is_ended, is_well, owner, tier
from monitor.model import Language, Site, Text, Ticket

_SITE, _PREFECTURE, _REGION, _ELSEWHERE = range(4)
_NEAR = {
    _SITE: Text(en="at the site", zh_CN="就在该站点"),
    _PREFECTURE: Text(en="in the same prefecture", zh_CN="同一地市"),
    _REGION: Text(en="in the same region", zh_CN="同一区域"),
    _ELSEWHERE: Text(en="elsewhere", zh_CN="其他地区"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Who goes and with what. `partner` goes before `people`; `near` says how far the store of the spare is."""

    partner: Partner | None = None
    people: tuple[Person, ...] = ()
    tier: str = ""
    spare: Offer | None = None
    near: Text | None = None


def proposed(
    ticket: Ticket,
    people: People,
    contract: Contract,
    site: Site,
    sites: Mapping[str, Site],
    offers: Sequence[Offer],
    now: datetime,
) -> Proposal | None:
    """The proposal for `ticket`; None where nobody is to be sent any more."""
    if is_ended(ticket) or is_well(ticket):
        return None
    ranked = sorted(((_distance(each.store, site, sites), not each.is_same, at) for at, each in enumerate(offers)))
    best = ranked[0] if ranked else None
    goes = _tier(ticket, contract)
    return Proposal(
        partner=people.partner_in(site.prefecture, contract.prefectures) if site.prefecture else None,
        people=tuple(_people(ticket, people, goes, now)),
        tier=goes,
        spare=offers[best[2]] if best else None,
        near=_NEAR[best[0]] if best else None,
    )


def lines(proposal: Proposal | None, contract: Contract) -> tuple[Text, ...]:
    """The proposal in a line each for who and for what; nothing where there is none."""
    if proposal is None:
        return ()
    return tuple(_lines(proposal, contract))


def _lines(proposal: Proposal, contract: Contract) -> Iterator[Text]:
    partner, people = proposal.partner, proposal.people
    if partner is not None:
        to = " ".join(filter(None, (", ".join(partner.people), partner.phone)))
        yield Text(
            en=f"Send first: {partner.company.en}" + (f" ({to})" if to else "") + " (contract 4.3)",
            zh_CN=f"先派：{partner.company.zh_CN}" + (f"（{to}）" if to else "") + "（合同 4.3）",
        )
    title = next((each.title for each in contract.tiers if each.name == proposal.tier), Text(en="", zh_CN=""))
    if people:
        en = ", ".join(f"{each.title.said(Language.EN)} {each.phone}".strip() for each in people)
        zh = "、".join(f"{each.title.said(Language.ZH_CN)} {each.phone}".strip() for each in people)
        yield Text(en=f"On duty: {en} ({title.en})", zh_CN=f"值班：{zh}（{title.zh_CN}）")
    spare = proposal.spare
    if spare is not None and proposal.near is not None:
        what = " ".join(filter(None, (spare.spare.name, spare.spare.part_number)))
        place = spare.store.title or spare.store.name
        yield Text(
            en=f"Take along: {what} from {place}, {proposal.near.en}",
            zh_CN=f"携带备件：{what}，取自 {place}（{proposal.near.zh_CN}）",
        )


def _tier(ticket: Ticket, contract: Contract) -> str:
    """The tier that goes there: the ticket's own, from the second on."""
    names = [each.name for each in contract.tiers]
    at = max(names.index(tier(ticket, contract).name), min(1, len(names) - 1))
    return names[at]


def _people(ticket: Ticket, people: People, goes: str, now: datetime) -> Iterator[Person]:
    """Whose ticket it is, if they are of that tier; then whoever is on duty for it."""
    place = Place(customer=ticket.customer, site=ticket.site)
    members = {name for team in people.teams.values() if goes in team.tiers for name in team.members}
    names = [name for name in (owner(ticket),) if name in members]
    names += [each.person for each in on_duty(people, goes, place, now)]
    for name in dict.fromkeys(names):
        if name in people.persons:
            yield people.persons[name]


def _distance(store: Store, site: Site, sites: Mapping[str, Site]) -> int:
    there = sites.get(store.site)
    if there is None:
        return _ELSEWHERE
    if there.name == site.name:
        return _SITE
    if site.prefecture and there.prefecture == site.prefecture:
        return _PREFECTURE
    return _REGION if there.region == site.region else _ELSEWHERE
