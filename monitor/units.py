"""What is known of units, put together: what collectors see of them, what the asset file and the stores say.

Read by the doors for people and, for the lines of a hardware ticket, by whoever writes letters (`statement_of`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.desk import ladder
from alerts.desk.assets import UNIT_KINDS, Asset, Difference, SeenUnit, Swapped, differences, is_unit
from alerts.desk.dispatch import Proposal, lines, proposed
from alerts.desk.spares import Installed, Level, Offer, levels, offers
from alerts.desk.statement import statement
from alerts.desk.warranty import maker_of
from monitor.config import Settings
from monitor.model import REQUEST, SITE, Component, Fault, Happened, Identity, Text, Ticket
from monitor.store import assets, devices, parts, spares
from monitor.store.assets import AssetEvent, What

_DEVICE = "device"
NO_HARDWARE = frozenset(
    {SITE, REQUEST, "interface", "aggregate", "bgp_peer", "ospf_neighbour", "firmware", "cpu", "memory", "stack_port"}
)
"""Faults of these are of no part that is replaced: of links, sessions, load, or of what only people have told."""
_OF_MEMBER = re.compile(r"(\d+)/\d+")
_LAST_NUMBER = re.compile(r"\d+")


def seen(disk: Connection, settings: Settings) -> tuple[SeenUnit, ...]:
    """Every serial number that collectors see in the devices of the inventory."""
    return tuple(_seen(disk, settings))


def _seen(disk: Connection, settings: Settings) -> Iterator[SeenUnit]:
    visited = devices.all_visited(disk)
    of_devices = parts.all_known(disk)
    for name in settings.inventory.devices:
        identity = visited[name].identity if name in visited else None
        vendor = (identity.vendor if identity else None) or ""
        maker = maker_of(vendor, settings.contract) or vendor
        whole = (identity.serial if identity else None) or ""
        model = (identity.model if identity else None) or ""
        if whole:
            same = (
                each.component for each in of_devices.get(name, ()) if each.component.serial.upper() == whole.upper()
            )
            number = next((each.part_number for each in same if each.part_number), "")
            yield SeenUnit(device=name, serial=whole, model=model, maker=maker, part_number=number)
        for part in of_devices.get(name, ()):
            one = part.component
            if one.serial and part.gone_at is None and one.serial.upper() != whole.upper():
                yield SeenUnit(
                    device=name,
                    serial=one.serial,
                    model=one.model,
                    maker=maker,
                    part_number=one.part_number,
                    is_unit=is_unit(one, model),
                )


def differing(disk: Connection, settings: Settings, since: datetime | None = None) -> tuple[Difference, ...]:
    """In what the asset file and what collectors see differ.

    Parts that were swapped are told `since` then; without it, since something was last written about a unit there.
    """
    every = assets.all_assets(disk)
    return differences(every, seen(disk, settings), settings.inventory.devices, _swaps(disk, every, since))


def _swaps(disk: Connection, every: Sequence[Asset], since: datetime | None) -> list[Swapped]:
    written = assets.written_at(disk)
    last: dict[str, datetime] = {}
    for asset in every:
        if asset.device:
            last[asset.device] = max(written[asset.serial], last.get(asset.device, written[asset.serial]))
    if not last:
        return []
    found = parts.history(disk, sorted(last), since or min(last.values()), what=Happened.PART_SWAPPED)
    return [
        Swapped(
            device=each.device,
            at=each.at,
            part=f"{each.kind} {each.label}".strip(),
            old=each.data.get("serial_from", ""),
            new=each.data.get("serial_to", ""),
        )
        for each in found
        if since or each.at > last[each.device]
    ]


def unit_of(
    every: Sequence[Asset], known: Sequence[Component], component: Component, whole: str, model: str
) -> Asset | None:
    """Which of the units `every` of one device holds the part that failed; None where nobody can say.

    `known` are the parts of the device, `whole` and `model` what it tells of itself. A part that was delivered as a
    unit of its own is one; else it is in the member of the stack that its name tells, else in the device.
    """
    by_serial = {each.serial: each for each in every}
    if component.serial.upper() in by_serial:
        return by_serial[component.serial.upper()]
    members = [each for each in known if each.serial and (each.serial.upper() in by_serial or is_unit(each, model))]
    if len({each.serial.upper() for each in members}) > 1:
        serials = {each.serial.upper() for each in members if _is_within(component, each)}
        return by_serial.get(serials.pop()) if len(serials) == 1 else None
    if whole.upper() in by_serial:
        return by_serial[whole.upper()]
    return every[0] if len(every) == 1 else None


def _is_within(component: Component, member: Component) -> bool:
    """True where a part is named after the member of the stack: "1/2" is in the member 1.

    A slot of one number is that of a member only where members tell theirs; elsewhere it counts fans.
    """
    told = _OF_MEMBER.search(component.slot) or _OF_MEMBER.search(component.label)
    number = told[1] if told else component.slot if member.slot else ""
    own = member.slot or (_LAST_NUMBER.findall(member.label) or [""])[-1]
    return bool(number) and number == own


def repairs(history: Iterable[AssetEvent], serial: str, zone: str, but: str = "") -> list[date]:
    """The days of the repairs of the unit under its serial number, one for each ticket; none of the ticket `but`."""
    found: dict[str, date] = {}
    for each in history:
        if each.what is What.REPAIRED and each.serial == serial and not (but and each.ticket == but):
            told = each.data.get("on")
            day = date.fromisoformat(told) if told else each.at.astimezone(ZoneInfo(zone)).date()
            found.setdefault(each.ticket or each.at.isoformat(), day)
    return sorted(found.values())


def holding(disk: Connection, device: str, component: Component) -> Asset | None:
    """The unit of the asset file that holds a part of `device`; None where nobody can say which it is."""
    visited = devices.by_name(disk, device)
    identity = visited.identity if visited else Identity()
    whole = identity.serial or ""
    known = [each.component for each in parts.known(disk, device).values()]
    every = {each.serial: each for each in assets.of_device(disk, device)}
    serials = [component.serial, whole, *(each.serial for each in known)]
    every |= {each.serial: each for each in assets.by_serials(disk, filter(None, serials)).values() if not each.device}
    return unit_of(tuple(every.values()), known, component, whole, identity.model or "")


def statement_of(
    disk: Connection, device: str, component: Component, settings: Settings, now: datetime, ticket: str = ""
) -> tuple[Text, ...]:
    """What a hardware ticket about a part of `device` says of part, unit, warranty, charges and spare."""
    asset = holding(disk, device, component)
    place = settings.inventory.devices.get(device)
    zone = settings.inventory.zone(place.site if place else "")
    done = repairs(assets.history(disk, asset.serial), asset.serial, zone, ticket) if asset else ()
    found = offers_for(disk, device, component, asset)
    return statement(asset, (component,), found, settings.contract, now.astimezone(ZoneInfo(zone)).date(), done)


def offers_for(disk: Connection, device: str, component: Component, asset: Asset | None) -> tuple[Offer, ...]:
    """The free spares that fit a part of `device`, which is of the unit `asset`."""
    visited = devices.by_name(disk, device)
    model = (asset.model if asset else "") or (visited.identity.model if visited else None) or ""
    is_whole = component.kind in UNIT_KINDS or component.kind == _DEVICE
    part_number = component.part_number or (asset.part_number if asset and is_whole else "")
    return offers(
        spares.spares(disk),
        spares.stock(disk),
        spares.stores(disk),
        part_number=part_number,
        kind="" if is_whole else component.kind,
        model=model,
    )


def of_ticket(disk: Connection, ticket: Ticket, fault: Fault, settings: Settings, now: datetime) -> tuple[Text, ...]:
    """The same for a ticket; nothing where it is not about hardware, or neither asset file nor stores are kept."""
    if fault.key.kind in NO_HARDWARE or not assets.is_kept(disk):
        return ()
    return statement_of(disk, fault.key.device, fault.component, settings, now, ticket.id)


def sending(disk: Connection, ticket: Ticket, fault: Fault, settings: Settings, now: datetime) -> tuple[Text, ...]:
    """Who is to be sent and with what, and whom to press at the vendor's, in lines."""
    contract = settings.contract
    return (
        *lines(sent(disk, ticket, fault, settings, now), contract),
        *ladder.said(ladder.case(ticket, contract, now)),
    )


def sent(disk: Connection, ticket: Ticket, fault: Fault, settings: Settings, now: datetime) -> Proposal | None:
    """Who is to be sent, and with which spare; None where there are no people, or nobody is to go any more."""
    site = settings.inventory.sites.get(ticket.site)
    if site is None or not settings.people.text:
        return None
    is_hardware = fault.key.kind not in NO_HARDWARE and assets.is_kept(disk)
    unit = holding(disk, fault.key.device, fault.component) if is_hardware else None
    found = offers_for(disk, fault.key.device, fault.component, unit) if is_hardware else ()
    return proposed(ticket, settings.people, settings.contract, site, settings.inventory.sites, found, now)


def installed(disk: Connection, settings: Settings) -> tuple[Installed, ...]:
    """Every unit and part that is in use, as the asset file and collectors tell it; each has one key."""
    found = {
        each.serial: Installed(key=each.serial, model=each.model, part_number=each.part_number)
        for each in assets.all_assets(disk)
    }
    models: dict[str, str] = {}
    for name, visited in devices.all_visited(disk).items():
        told = visited.identity
        models[name] = told.model or ""
        if told.model and name in settings.inventory.devices:
            key = (told.serial or name).upper()
            found.setdefault(key, Installed(key=key, model=told.model, part_number=""))
    for one in parts.marked(disk):
        if one.device not in settings.inventory.devices:
            continue
        key = one.serial.upper() or f"{one.device}/{one.kind}/{one.label}"
        before = found.get(key)
        if before is None:
            # A spare fits models of units: that of a part says nothing, nor does a member told a second time.
            part = Component(kind=one.kind, label=one.label, model=one.model)
            model = one.model if one.serial and is_unit(part, models.get(one.device, "")) else ""
            found[key] = Installed(key=key, model=model, part_number=one.part_number)
        elif not before.part_number:  # the device as a whole tells no part number, its chassis does
            found[key] = replace(before, part_number=one.part_number)
    return tuple(found.values())


def spare_levels(disk: Connection, settings: Settings) -> tuple[Level, ...]:
    """What is to be in the stores by what is installed, and what is there."""
    every, needs = spares.spares(disk), settings.spares.but(spares.minimums(disk))
    if not every and not needs.rules:
        return ()
    return levels(every, spares.stock(disk), installed(disk, settings), needs)
