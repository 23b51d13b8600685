"""From what was stored to the papers after a fault: its facts, gathered for alerts/reports (fault_report and its like).

Also the asset file and the sheet of the quarterly visit, which a person asks for. Nothing here is written anywhere.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.desk.assets import Asset
from alerts.desk.clocks import ClockState, clocks
from alerts.desk.effective import effective
from alerts.desk.hops import Hop
from alerts.desk.warranty import ends
from alerts.locale import Words, words
from alerts.post.contents import is_settled
from alerts.reports.fault_facts import FaultFacts, Similar, Told
from alerts.reports.fault_report import handled
from alerts.reports.history import happened
from alerts.reports.unit_file import SOON, AssetFacts, Line, UnitFacts
from alerts.reports.visit_sheet import OpenMatter, VisitFacts
from monitor import asset_history, hops, ticketing, units
from monitor.config import Settings
from monitor.model import (
    REQUEST,
    Component,
    EventKind,
    Fault,
    Identity,
    Language,
    Level,
    Site,
    Ticket,
    place_of,
)
from monitor.store import assets, devices, faults, letters, parts, tickets
from monitor.store.devices import Visited

_AROUND = timedelta(days=1)
"""So long before a fault began other things that happened to the device may have to do with it."""
_MOST_AROUND, _MOST_SIMILAR = 200, 50
_MOST_BENEATH = 1000  # symptoms by name: no paper is read that far
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])")
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def of_fault(disk: Connection, number: str, settings: Settings, now: datetime, company: str = "") -> FaultFacts:
    """All that is known of a ticket and its fault. Raises NoSuchTicketError (monitor.store.tickets)."""
    ticket = tickets.found(disk, number)
    fault = ticketing.subject(disk, ticket)
    stock = settings.inventory
    site = stock.sites.get(ticket.site) or Site(name=ticket.site, customer=ticket.customer, region=ticket.region)
    visited = devices.all_visited(disk)
    identity = visited[fault.key.device].identity if fault.key.device in visited else Identity()
    end = fault.cleared_at or now
    customer = stock.customers.get(ticket.customer)
    around = parts.history(disk, [fault.key.device], fault.first_seen - _AROUND, end + timedelta(seconds=1))
    return FaultFacts(
        ticket=ticket,
        state=desk.state(ticket),
        # what is left changes with every moment, and is no reason for another version of a paper
        clocks=tuple(replace(each, as_of=each.started) for each in clocks(ticket, settings.contract, now)),
        contract=settings.contract,
        fault=fault,
        device=place_of(ticket.fault, stock.devices, stock.sites),
        identity=identity,
        site=site,
        customer=(customer.title or customer.name) if customer else ticket.customer,
        generated_at=now,
        tool_version=version("netvigil"),
        symptoms=faults.all_beneath(disk, fault, _MOST_BENEATH) if fault.key.kind != REQUEST else (),
        similar=tuple(_similar(disk, ticket, identity, visited)),
        history=around[-_MOST_AROUND:],
        hops=_hops(disk, fault),
        letters=tuple(_told(disk, number)),
        statement=units.of_ticket(disk, ticket, fault, settings, now),
        company=company,
    )


def _hops(disk: Connection, fault: Fault) -> tuple[Hop, ...]:
    return hops.of(disk, fault).all if fault.key.kind != REQUEST else ()


def _told(disk: Connection, number: str) -> Iterator[Told]:
    for each in letters.all_letters(disk, number):
        yield Told(to=each.letter.recipient, at=each.letter.created_at, state=each.state.value, ended_at=each.ended_at)


def _similar(disk: Connection, ticket: Ticket, own: Identity, visited: Mapping[str, Visited]) -> Iterator[Similar]:
    """Earlier tickets about the same part, and about the same kind of part in devices of this model; newest first."""
    key, opened = ticket.fault, ticket.events[0].at
    if key.kind == REQUEST:
        return
    alike = {name for name, each in visited.items() if own.model and each.identity.model == own.model}
    found = [
        each
        for each in tickets.alike(disk, key, alike | {key.device})
        if each.id != ticket.id and each.events[0].at <= opened
    ]
    for each in found[:_MOST_SIMILAR]:
        event, told = desk.last(each.events, *desk.ENDS), handled(each)
        yield Similar(
            ticket=each.id,
            device=each.fault.device,
            part=f"{each.fault.kind} {each.fault.label}".strip(),
            opened=each.events[0].at,
            ended=event.at if event else None,
            cause=told.get("cause", ""),
            handling=told.get("handling", ""),
            is_same=each.fault == key,
        )


def of_assets(
    disk: Connection, customer: str, settings: Settings, now: datetime, language: Language, company: str = ""
) -> AssetFacts:
    """The asset file of one customer. Raises LookupError where the inventory has none of this name."""
    title, number = _customer(customer, settings)
    said = words(language)
    mine = [each for each in assets.all_assets(disk) if _owner(each, settings) == customer]
    sites = {name: site for name, site in settings.inventory.sites.items() if site.customer == customer}
    zone = _zone(sites.values())
    visited, known = devices.all_visited(disk), parts.all_known(disk)
    return AssetFacts(
        customer=title,
        number=number,
        zone=zone,
        sites=sites,
        units=tuple(
            UnitFacts(
                asset=each,
                version=_version(visited.get(each.device)),
                parts=tuple(_parts(one.component for one in known.get(each.device, ()) if one.gone_at is None)),
                lines=tuple(_lines(disk, each, settings, said)),
                repairs=len(units.repairs(assets.history(disk, each.serial), each.serial, zone)),
            )
            for each in sorted(mine, key=lambda each: (each.site, each.device, each.serial))
        ),
        contract=settings.contract,
        today=now.astimezone(ZoneInfo(zone)).date(),
        generated_at=now,
        tool_version=version("netvigil"),
        company=company,
    )


def _parts(every: Iterable[Component]) -> Iterator[Component]:
    """Those that say more of themselves than that they are there."""
    return (each for each in every if each.serial or each.part_number)


def _version(visited: Visited | None) -> str:
    return " ".join(filter(None, (visited.identity.version, visited.identity.patch))) if visited else ""


def _lines(disk: Connection, unit: Asset, settings: Settings, said: Words) -> Iterator[Line]:
    zone = settings.inventory.zone(unit.site)
    found: list[Line] = []
    if unit.device:
        found += [
            Line(at=each.first_seen, what="fault", text=said.what(each.component, each.key.aspect, each.condition))
            for each in faults.of_device(disk, unit.device)
        ]
        found += [
            Line(
                at=each.events[0].at,
                what="ticket",
                text=f"{each.id} – {said.said('ticket_state', desk.state(each).value)}"
                + "".join(f" – {told}" for told in (handled(each).get("cause", ""),) if told),
            )
            for each in tickets.of_device(disk, unit.device)
        ]
        for each in parts.history(disk, [unit.device], _EVER):
            if each.what in asset_history.VERSIONS:
                found.append(Line(at=each.at, what="version", text=happened(each, said, zone)))
            elif each.what in asset_history.PARTS:
                found.append(Line(at=each.at, what="part", text=happened(each, said, zone)))
    found += [
        Line(at=each.at, what="file", text=asset_history.written(each, said))
        for each in assets.history(disk, unit.serial)
    ]
    return iter(sorted(found, key=lambda each: each.at))


def of_quarter(
    disk: Connection, customer: str, quarter: str, settings: Settings, now: datetime, company: str = ""
) -> VisitFacts:
    """The figures of one customer's quarter ("2026-Q4"). Raises LookupError and ValueError."""
    title, number = _customer(customer, settings)
    sites = [site for site in settings.inventory.sites.values() if site.customer == customer]
    zone = _zone(sites)
    start, end = bounds(quarter, zone)
    names = [site.name for site in sites]
    of_quarter = [each for each in tickets.between(disk, start, end, names) if start <= each.events[0].at < end]
    states = Counter(_states(of_quarter, settings, now))
    back = [event for each in of_quarter if (event := desk.last(effective(each).events, EventKind.CALLED_BACK))]
    return VisitFacts(
        customer=title,
        number=number,
        quarter=quarter,
        start=start,
        end=end - timedelta(days=1),
        zone=zone,
        devices=sum(each.customer == customer for each in settings.inventory.devices.values()),
        tickets={level: sum(desk.level(each) is level for each in of_quarter) for level in Level},
        kept=states[ClockState.MET],
        settled=states["settled"],
        missed=states[ClockState.MISSED] + states[ClockState.MET_LATE],
        called_back=len(back),
        uncalled=sum(desk.wants_call_back(each, settings.contract) for each in of_quarter),
        satisfaction=tuple(int(mark) for event in back if (mark := event.data.get("satisfaction", "")).isdecimal()),
        open=tuple(_open(disk, tickets.unclosed(disk), set(names))),
        ending=tuple(_ending(disk, customer, settings, now, zone)),
        generated_at=now,
        tool_version=version("netvigil"),
        company=company,
    )


def bounds(quarter: str, zone: str) -> tuple[datetime, datetime]:
    """The first moment of the quarter and of the next, on the wall clock of `zone`. Raises ValueError."""
    told = _QUARTER.fullmatch(quarter)
    if told is None:
        raise ValueError(f'"{quarter}" is not a quarter; write year and quarter, such as "2026-Q4"')
    year, month = int(told[1]), int(told[2]) * 3 - 2
    start = datetime(year, month, 1, tzinfo=ZoneInfo(zone))
    return start, start.replace(year=year + (month + 2) // 12, month=(month + 2) % 12 + 1)


def _states(found: Iterable[Ticket], settings: Settings, now: datetime) -> Iterator[str]:
    for each in found:
        for clock in clocks(each, settings.contract, now):
            if clock.due is not None:
                yield "settled" if clock.state is ClockState.MET and is_settled(clock) else clock.state.value


def _open(disk: Connection, found: Iterable[Ticket], sites: set[str]) -> Iterator[OpenMatter]:
    for each in found:
        if each.site in sites:
            yield OpenMatter(
                ticket=each.id,
                fault=ticketing.subject(disk, each),
                text=each.events[0].data.get("text", "") if each.fault.kind == REQUEST else "",
                level=desk.level(each),
                opened=each.events[0].at,
                state=desk.state(each).value,
            )


def _ending(
    disk: Connection, customer: str, settings: Settings, now: datetime, zone: str
) -> Iterator[tuple[str, str, str]]:
    today = now.astimezone(ZoneInfo(zone)).date()
    for each in assets.all_assets(disk):
        if _owner(each, settings) != customer:
            continue
        until = ends(each.dates, each.maker, settings.contract)
        for day in filter(None, (until.maker, until.engineering)):
            if 0 <= (day - today).days <= SOON:
                yield each.serial, each.model, day.isoformat()


def _owner(asset: Asset, settings: Settings) -> str:
    """Whose unit it is: as the asset file says, else by its site or device."""
    if asset.customer:
        return asset.customer
    device, site = settings.inventory.devices.get(asset.device), settings.inventory.sites.get(asset.site)
    return device.customer if device else site.customer if site else ""


def _customer(name: str, settings: Settings) -> tuple[str, str]:
    found = settings.inventory.customers.get(name)
    if found is None:
        known = ", ".join(settings.inventory.customers)
        raise LookupError(f'no customer "{name}" in the inventory; it has {known}')
    return found.title or found.name, found.name


def _zone(sites: Iterable[Site]) -> str:
    return next((site.zone for site in sites), "Asia/Shanghai")
