"""What the store knows of a device, for a diagnosis: also of one that does not answer, and what its neighbours say."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from alerts.locale import words
from alerts.reports.history import happened
from collectors.diagnosis import Section
from collectors.text import cleaned
from monitor.model import Fault, FaultKey, FaultState, Language, Ticket
from monitor.settings import Settings
from monitor.store import devices, faults, links, parts

_MOST: Final = 50  # lines of one section
_NEIGHBOURS: Final = 12
_LINK: Final = "oper_status"


def known_of(disk: Connection, *, ticket: Ticket, fault: Fault, settings: Settings, now: datetime) -> list[Section]:
    """Fault and device, the neighbours' view, the device's other faults, and what happened to it lately."""
    name, since = ticket.fault.device, now - settings.diagnosis.log
    events = parts.history(disk, [name], since)[-_MOST:]
    device = settings.inventory.devices.get(name)
    zone = settings.inventory.sites[device.site].zone if device else "UTC"
    of_device = faults.known(disk, name, now).values()
    others = [each for each in of_device if each.state is FaultState.OPEN and each.key != fault.key]
    said = words(Language.EN)
    return [
        Section(title="Fault and device", text="\n".join(_facts(disk, fault, settings))),
        Section(title="What the neighbours see", text="\n".join(_neighbours(disk, name, settings, now))),
        Section(
            title="Other open faults of the device", text="\n".join(_fault(each) for each in others[:_MOST]) or "none"
        ),
        Section(
            title=f"What happened to the device since {since.isoformat(timespec='minutes')}",
            text="\n".join(f"{each.at.isoformat(timespec='seconds')} {happened(each, said, zone)}" for each in events)
            or "nothing was told",
        ),
    ]


def _facts(disk: Connection, fault: Fault, settings: Settings) -> Iterator[str]:
    yield _fault(fault)
    for reason in fault.reasons:
        yield f"  {reason.text.en}"
    seen, part = fault.evidence, fault.component
    yield f"evidence: {seen.raw or '-'} {'' if seen.value is None else seen.value} {seen.unit}, {seen.source or '-'}"
    yield f"seen: {seen.at.isoformat(timespec='seconds')}"
    fru = (("slot", part.slot), ("model", part.model), ("part number", part.part_number), ("serial", part.serial))
    yield "part: " + (", ".join(f"{word} {value}" for word, value in fru if value) or "the device tells nothing of it")
    device = settings.inventory.devices.get(fault.key.device)
    visited = devices.by_name(disk, fault.key.device)
    if device is not None:
        yield f"device: {device.name}, {device.address}, {device.role.value}, {device.customer}, {device.site}"
    if visited is None:
        yield "it was never visited"
        return
    told = visited.identity
    versions = filter(None, (told.vendor, told.model, told.version, told.patch))
    yield f"identity: {' '.join(versions) or 'unknown'}, serial {told.serial or 'unknown'}"
    answered = visited.answered_at.isoformat(timespec="seconds") if visited.answered_at else "never"
    yield f"last answer: {answered}; last visit: {visited.visited_at.isoformat(timespec='seconds')}"
    if visited.silence:
        yield f"silent: {visited.silence}, visits in a row: {visited.silent_visits}"
    if visited.booted_at:
        yield f"started: {visited.booted_at.isoformat(timespec='seconds')}"


def _fault(fault: Fault) -> str:
    key, since = fault.key, (fault.opened_at or fault.first_seen).isoformat(timespec="seconds")
    what = " ".join(filter(None, (key.kind, key.label, key.aspect, fault.condition.value)))
    return f"level {int(fault.level)}: {what} since {since}"


def _neighbours(disk: Connection, name: str, settings: Settings, now: datetime) -> Iterator[str]:
    """Of each device that has a cable to this one: does it answer, and is its port up?"""
    visited = devices.by_name(disk, name)
    called = {name, (visited.identity.name if visited else None) or name}
    towards = links.towards(disk, called)[:_NEIGHBOURS]
    for there, port in towards:
        last = devices.by_name(disk, there)
        answer = "not in the inventory" if there not in settings.inventory.devices else _answer(last)
        yield f"{there} {cleaned(port, 80)}: {_port(disk, there, port, now)}; {there} {answer}"
    known = {there for there, _ in towards}
    for own, other in sorted(links.of(disk, name).items())[:_NEIGHBOURS]:
        if other.name not in known:
            yield f"its own {own} led to {other.name} {other.port}"
    if not towards:
        yield "no other device told of a cable to it (LLDP)"


def _answer(last: devices.Visited | None) -> str:
    if last is None or last.answered_at is None:
        return "never answered"
    if last.silence:
        return f"is silent itself ({last.silence})"
    return f"answered at {last.answered_at.isoformat(timespec='seconds')}"


def _port(disk: Connection, device: str, port: str, now: datetime) -> str:
    """Whether the port is up, by an open fault or the newest snapshot."""
    down = faults.known(disk, device, now).get(FaultKey(device=device, kind="interface", label=port, aspect=_LINK))
    if down is not None and down.cleared_at is None:
        return f"{down.condition.value} since {down.first_seen.isoformat(timespec='seconds')}"
    first, end = (f"{now + timedelta(days=days):%Y-%m-%d}" for days in (-2, 2))
    newest = devices.newest_snapshots(disk, [device], first, end).get(device)
    for each in newest.observations if newest else ():
        if (each.component.kind, each.component.label, each.aspect) == ("interface", port, _LINK):
            return f"{each.raw or each.condition or 'not told'} as of {each.at.isoformat(timespec='seconds')}"
    return "its state is not known"
