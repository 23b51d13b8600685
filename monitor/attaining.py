"""From what was stored to the facts of a contract attainment report: a customer's tickets of a period, inspections."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.reports import inspection
from alerts.reports.attainment import AttainmentFacts, Inspected, measured
from monitor.config import Settings
from monitor.model import Site
from monitor.store import devices, papers, tickets

_ZONE = "Asia/Shanghai"


def gathered(
    disk: Connection, settings: Settings, customer: str, first: date, last: date, now: datetime
) -> AttainmentFacts:
    """The tickets of `customer` that were opened from `first` to `last`, both included. Raises ValueError."""
    if last < first:
        raise ValueError(f"{last} is before {first}")
    stock = settings.inventory
    sites = [site for site in stock.sites.values() if site.customer == customer]
    zone = sites[0].zone if sites else _ZONE
    start, end = (datetime.combine(day, time(), ZoneInfo(zone)) for day in (first, last + timedelta(days=1)))
    own = [each for each in tickets.between(disk, start, end) if each.customer == customer]
    return AttainmentFacts(
        customer=stock.customers[customer].title or customer,
        number=f"{customer}-{first}-{last}",
        period=f"{first} – {last}",
        zone=zone,
        start=start,
        end=end,
        generated_at=now,
        tool_version=version("netvigil"),
        contract=settings.contract,
        tickets=tuple(measured(each, settings.contract, now) for each in own if start <= each.events[0].at < end),
        inspections=tuple(_inspections(disk, settings, customer, sites, start, min(end, now))),
    )


def _inspections(
    disk: Connection, settings: Settings, customer: str, sites: list[Site], start: datetime, end: datetime
) -> Iterator[Inspected]:
    """For each month that is over, and in which we watched, whether its inspection report was made."""
    began = devices.first_day(disk)
    if began is None:
        return
    made = papers.listed(disk, kind=inspection.KIND, customer=customer)
    wanted = sites if settings.report.of(customer).by_site else sites[:1]
    month = start.replace(day=1)
    while (after := (month + timedelta(days=32)).replace(day=1)) <= end:
        name = f"{month:%Y-%m}"
        for site in wanted if began[: len(name)] <= name else ():
            place = site.name if settings.report.of(customer).by_site else ""
            first = min(
                (each.made_at for each in made if each.about.site in {place, ""} and each.about.period == name),
                default=None,
            )
            yield Inspected(month=name, site=(site.title or site.name) if place else customer, made_at=first)
        month = after
