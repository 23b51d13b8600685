"""From what was stored to the facts of a monthly inspection: one plain value, of a customer's site or of all its sites.

A few questions to the store, however many devices there are. Facts are as of the end of the month (or now, while it
lasts), so that a report made again later is made of the same facts, unless something was put right meanwhile.
`alerts.reports.inspection` writes the document of it; monitor/archiving.py keeps it.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.desk.assets import Asset
from alerts.desk.clocks import clocks
from alerts.desk.warranty import ends
from alerts.past import Series
from alerts.reports.month import (
    ConfigurationMonth,
    DeviceMonth,
    InspectionMonth,
    LinkMonth,
    LogMonth,
    SparesMonth,
    TicketMonth,
    WindowMonth,
)
from alerts.reports.trending import QUANTITIES, Trended, trended
from collectors.snmp.reader import Silence
from monitor import foretold, past, units
from monitor.config import Settings
from monitor.inventory import Customer
from monitor.model import (
    Component,
    Condition,
    Device,
    EventKind,
    Fault,
    FaultState,
    Happened,
    Identity,
    Observation,
    Site,
    Text,
    Ticket,
)
from monitor.settings import Report
from monitor.store import assets, devices, faults, links, maintenance, parts, spares, tickets
from monitor.store.configurations import Configurations
from monitor.store.devices import Visited

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
ZONE = "Asia/Shanghai"
"""Of a customer without sites."""
_MOST_WINDOWS = 100  # occurrences of one window that recurs
_TRENDED = past.Wanted(
    kinds={past.THERE.kind, *(kind for each in QUANTITIES for kind in each.kinds)},
    aspects={past.THERE.aspect, *(aspect for each in QUANTITIES for aspect in each.aspects)},
)


def month_due(local: datetime, report: Report) -> str | None:
    """The month whose report has to be written by `local` (the site's wall clock): the one before, once its day came.

    None before that day. It stays due for the whole month, so a daemon that was stopped catches up.
    """
    if (local.day, local.time()) < (report.day, report.time):
        return None
    return f"{local.replace(day=1) - timedelta(days=1):%Y-%m}"


def number_of(customer: str, site: str, month: str) -> str:
    """The number of a report as printed; `site` is "" for all sites of the customer."""
    return "-".join(filter(None, (customer, site, month)))


def bounds(month: str, zone: str) -> tuple[datetime, datetime]:
    """The first moment of the month and that of the next, on the wall clock of `zone`. Raises ValueError."""
    parts_of = _MONTH.fullmatch(month)
    if parts_of is None:
        raise ValueError(f'"{month}" is not a month; write year and month, such as "2026-11"')
    year, number = int(parts_of[1]), int(parts_of[2])
    start = datetime(year, number, 1, tzinfo=ZoneInfo(zone))
    return start, start.replace(year=year + number // 12, month=number % 12 + 1)


def gathered(
    disk: Connection, settings: Settings, customer: Customer, sites: Sequence[Site], month: str, now: datetime
) -> InspectionMonth:
    """The facts of `month` ("2026-11") at `sites` of `customer`. Raises ValueError where that is no month."""
    zone = sites[0].zone if sites else ZONE
    start, end = bounds(month, zone)
    as_of = min(now, end)
    names = {site.name for site in sites}
    mine = [device for device in settings.inventory.devices.values() if device.site in names]
    keys = [device.name for device in mine]
    trends, there = _past(disk, settings, keys, start, end)
    return InspectionMonth(
        customer=customer.title or customer.name,
        sites=tuple(sites),
        month=month,
        number=number_of(customer.name, sites[0].name if len(sites) == 1 else "", month),
        start=start,
        end=end,
        generated_at=now,
        tool_version=version("netvigil"),
        devices=tuple(_devices(disk, settings, mine, start, end, there)),
        items=settings.items,
        zone=zone,
        faults=tuple(_fault(each, as_of) for each in faults.between(disk, start, end, [*keys, *names])),
        tickets=tuple(
            _ticket(each, settings, as_of) for each in tickets.between(disk, start, end, names) if each.events
        ),
        events=tuple(each for each in parts.history(disk, keys, start, end, but=Happened.LOG_ENTRY)),
        windows=tuple(_windows(disk, settings, mine, start, end)),
        trends=trends,
        links=tuple(_links(disk, set(keys))),
        spares=_spares(disk, settings, start, end),
        notices=foretold.notices(disk, settings, keys, start, end, now),
    )


def _devices(
    disk: Connection,
    settings: Settings,
    mine: Sequence[Device],
    start: datetime,
    end: datetime,
    there: Mapping[str, tuple[float, float]],
) -> Iterator[DeviceMonth]:
    names = [device.name for device in mine]
    visited = devices.all_visited(disk)
    pictures = devices.newest_snapshots(disk, names, start.date().isoformat(), end.date().isoformat())
    filed: dict[str, list[Asset]] = {}
    every = assets.all_assets(disk)
    for each in every:
        filed.setdefault(each.device, []).append(each)
    told: dict[str, list[Text]] = {}
    for difference in units.differing(disk, settings) if every else ():
        told.setdefault(difference.device, []).append(difference.text)
    logs = _logs(disk, names, start, end)
    kept = _configurations(settings, mine, start, end)
    for device in mine:
        known, seen = visited.get(device.name), pictures.get(device.name)
        identity = known.identity if known else Identity()
        known_for, up_for = there.get(device.name, (0.0, 0.0))
        is_past = known is not None and known.visited_at < end  # what is known of a device since says nothing of then
        yield DeviceMonth(
            device=device,
            identity=identity,
            checks=seen.observations if seen else _silence(known) if is_past else (),
            reached=seen is not None,
            last_seen=seen.at if seen else _before(known.answered_at if known else None, end),
            reason=(known.silence or "") if known and is_past and seen is None else "",
            booted_at=_before(known.booted_at if known else None, end),
            warranty_ends=_warranty(filed.get(device.name, ()), identity, settings),
            differences=tuple(told.get(device.name, ())) if every else None,
            configuration=kept.get(device.name),
            log=logs.get(device.name),
            known_for=known_for,
            up_for=up_for,
        )


def _before(moment: datetime | None, end: datetime) -> datetime | None:
    return moment if moment is not None and moment < end else None


def _silence(known: Visited | None) -> tuple[Observation, ...]:
    """Of a device that told nothing all month, the silence itself is what was found."""
    if known is None or known.silence is None:
        return ()
    blind = known.silence not in {Silence.TIMEOUT, Silence.REFUSED, Silence.UNRESOLVED}
    return (
        Observation(
            component=Component(kind="device", label=""),
            aspect="access" if blind else "answer",
            condition=Condition.FAILED,
            at=known.visited_at,
            raw=known.silence,
        ),
    )


def _warranty(filed: Iterable[Asset], identity: Identity, settings: Settings) -> date | None:
    """When the maker's warranty ends: of the unit with the device's serial number, else of the first that does."""
    found = {each.serial: ends(each.dates, each.maker, settings.contract).maker for each in filed}
    own = found.get((identity.serial or "").upper())
    return own or min((day for day in found.values() if day is not None), default=None)


def _logs(disk: Connection, names: Sequence[str], start: datetime, end: datetime) -> dict[str, LogMonth]:
    found: dict[str, tuple[dict[str, int], list[tuple[str, int]]]] = {}
    for line in parts.log_lines(disk, names, start, end):
        counts, often = found.setdefault(line.device, ({}, []))
        counts[line.severity] = counts.get(line.severity, 0) + line.times
        if line.times > 1:
            often.append((line.text, line.times))
    return {
        device: LogMonth(
            counts=dict(sorted(counts.items())), repeated=tuple(sorted(often, key=lambda one: (-one[1], one[0]))[:5])
        )
        for device, (counts, often) in found.items()
    }


def _configurations(
    settings: Settings, mine: Sequence[Device], start: datetime, end: datetime
) -> dict[str, ConfigurationMonth]:
    """What was kept of each device's configuration by the end of the month."""
    stock = Configurations(settings.daemon.state)
    return {
        name: ConfigurationMonth(
            number=told.number, at=told.at, changes=told.changes, added=told.added, removed=told.removed
        )
        for name, told in stock.within(mine, start, end).items()
    }


def _fault(fault: Fault, as_of: datetime) -> Fault:
    """The fault as it was at that moment, without what changes at each visit while it stands."""
    is_over = fault.cleared_at is not None and fault.cleared_at <= as_of
    return replace(
        fault,
        state=FaultState.CLEARED if is_over else FaultState.OPEN,
        cleared_at=fault.cleared_at if is_over else None,
        evidence=replace(fault.evidence, at=min(fault.evidence.at, as_of)),
        last_seen=fault.first_seen,
        changed_at=fault.first_seen,
        bad=0,
        good=0,
        good_since=None,
        penalty=0.0,
        flapping=False,
    )


def _ticket(ticket: Ticket, settings: Settings, as_of: datetime) -> TicketMonth:
    """The ticket as it was at that moment, but with what was put right since."""
    then = [each for each in ticket.events if each.at <= as_of or each.kind is EventKind.CORRECTED]
    past_ticket = replace(ticket, events=tuple(then))
    own = tuple(replace(each, as_of=min(each.as_of, as_of)) for each in clocks(past_ticket, settings.contract, as_of))
    return TicketMonth(ticket=past_ticket, state=desk.state(past_ticket), clocks=own)


def _windows(
    disk: Connection, settings: Settings, mine: Sequence[Device], start: datetime, end: datetime
) -> Iterator[WindowMonth]:
    """The maintenance windows that covered any of the devices in the month."""
    zone = start.tzinfo.key if isinstance(start.tzinfo, ZoneInfo) else ZONE
    found: list[WindowMonth] = []
    for window in (*settings.inventory.windows, *maintenance.overlapping(disk, start, end)):
        if not any(window.scope.covers(device) for device in mine):
            continue
        at, last = start.astimezone(UTC), end.astimezone(UTC)
        begun = window.last_begun(at, zone)
        spans = [begun] if begun is not None and begun.ends > at else []
        for _ in range(_MOST_WINDOWS):
            begins = window.next_begins(at, zone)
            if begins is None or begins >= last:
                break
            span = window.last_begun(begins, zone)
            spans += [span] if span else []
            at = begins
        scope = window.scope
        what = "/".join(filter(None, (scope.site, scope.device, scope.kind, scope.label))) or window.name
        found += [
            WindowMonth(begins=each.begins, ends=each.ends, what=what, reason=window.reason, by=window.by)
            for each in spans
        ]
    yield from sorted(found, key=lambda each: (each.begins, each.what))


def _links(disk: Connection, names: Collection[str]) -> Iterator[LinkMonth]:
    for device, ports in sorted(links.all_links(disk).items()):
        if device in names:
            for port, there in sorted(ports.items()):
                yield LinkMonth(device=device, port=port, neighbour=there.name, neighbour_port=there.port)


def _spares(disk: Connection, settings: Settings, start: datetime, end: datetime) -> SparesMonth | None:
    every = {each.id: each for each in spares.spares(disk)}
    if not every:
        return None
    moved = [each for each in spares.book(disk) if start <= each.at < end and each.spare in every]
    return SparesMonth(
        levels=units.spare_levels(disk, settings), movements=tuple((every[each.spare], each) for each in moved)
    )


def _past(
    disk: Connection, settings: Settings, names: Sequence[str], start: datetime, end: datetime
) -> tuple[Trended, dict[str, tuple[float, float]]]:
    """How the month went, and of each device for how many seconds it is known whether it was there, and was."""
    there: dict[str, tuple[float, float]] = {}

    def passed(every: Iterable[Series]) -> Iterator[Series]:
        for one in every:
            if one.aspect == past.THERE.aspect and one.component.kind == past.THERE.kind:
                spans = [span for span in one.spans if start <= span.start < end]
                known = sum(span.seconds for span in spans)
                there[one.device] = (known, sum(span.seconds * (span.mean or 0.0) for span in spans))
            else:
                yield one

    told = trended(passed(past.days(disk, settings, names, start.date(), end.date(), _TRENDED)), start, end)
    return told, there
