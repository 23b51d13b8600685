"""What may be written into a ticket: opened by a fault or by a person, and every entry after that.

The daemon, the command line and the web pages write through `monitor.ticketing`, which calls this. What cannot be is
refused (refusals.py). Nothing here looks at a clock: the moments are given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from alerts.desk.contract import Contract
from alerts.desk.refusals import refusal
from alerts.desk.refused import RefusedError, Word, refused
from alerts.desk.tickets import (
    MONITOR,
)
from monitor.model import (
    REQUEST,
    Device,
    EventKind,
    Fault,
    FaultKey,
    Level,
    Site,
    Ticket,
    TicketEvent,
    TicketKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asked for, as the response centre wrote it down.

    `device` is "" where they spoke of none, or of something that is not watched. `level` is that of a repair; a
    question or complaint has none of its own, and counts as the lightest.
    """

    kind: TicketKind
    text: str
    channel: str
    caller: str
    device: str = ""
    level: Level = Level.MINOR
    phone: str = ""
    mail: str = ""
    maker: str = ""
    phase: str = ""


def opened(
    ticket_id: str,
    fault: Fault,
    device: Device,
    site: Site,
    contract: Contract,
    at: datetime,
    *,
    maker: str = "",
    phase: str = "",
) -> Ticket:
    """The ticket for `fault`, with its first event.

    `maker` is the vendor's name as far as known: it decides whether the vendor wants a report (contract, [makers]).
    `phase` is that of the project (contract, [[phases]]), "" where nobody wrote it down.
    """
    if device.name != fault.key.device or device.site != site.name:
        raise ValueError(
            f'fault of "{fault.key.device}", device "{device.name}" at "{device.site}" and site "{site.name}" do not '
            "belong together; give the fault's own device and the device's own site"
        )
    _promised(site, contract)
    data = {
        "level": str(fault.level.value),
        "condition": fault.condition.value,
        "reason": "; ".join(reason.text.en for reason in fault.reasons),
        "reason_zh_CN": "；".join(reason.text.zh_CN for reason in fault.reasons),
        "maker": maker,
        "phase": phase,
        "proposes": next((reason.proposes for reason in fault.reasons if reason.proposes), ""),
    }
    return _first(ticket_id, fault.key, TicketKind.REPAIR, site, at, MONITOR, data)


def requested(
    ticket_id: str, request: Request, site: Site, contract: Contract, at: datetime, by: str, *, within: str = ""
) -> Ticket:
    """The ticket for what a person asked for at `at`, written down by `by`; `within`: split off this ticket.

    Raises ValueError that says why where it is no request.
    """
    _promised(site, contract)
    if not by:
        raise RefusedError(refused("no_taker"))
    if not request.text.strip():
        raise RefusedError(refused("request_empty"))
    if not request.caller.strip():
        raise RefusedError(refused("no_caller"))
    if request.channel not in contract.promises.channels and not within:
        known = ", ".join(contract.promises.channels)
        raise RefusedError(refused("no_channel", channel=request.channel, channels=known))
    level = request.level if request.kind is TicketKind.REPAIR else Level.WARNING
    key = FaultKey(device=request.device or site.name, kind=REQUEST, label=ticket_id, aspect=request.kind.value)
    data = {
        "level": str(level.value),
        "channel": request.channel,
        "caller": request.caller,
        "phone": request.phone,
        "mail": request.mail,
        "text": request.text,
        "maker": request.maker,
        "phase": request.phase,
        "ticket": within,
    }
    return _first(ticket_id, key, request.kind, site, at, by, data)


def _promised(site: Site, contract: Contract) -> None:
    if site.region not in contract.regions:
        known = ", ".join(sorted(contract.regions))
        raise RefusedError(refused("no_region", site=site.name, region=site.region, regions=known))


def _first(
    ticket_id: str, key: FaultKey, kind: TicketKind, site: Site, at: datetime, by: str, data: Mapping[str, str]
) -> Ticket:
    said = {name: value for name, value in data.items() if value}
    event = TicketEvent(seq=1, kind=EventKind.OPENED, at=_moment(at), by=by, data=said)
    return Ticket(
        id=ticket_id,
        kind=kind,
        fault=key,
        customer=site.customer,
        site=site.name,
        region=site.region,
        events=(event,),
    )


def recorded(
    ticket: Ticket,
    kind: EventKind,
    at: datetime,
    by: str,
    data: Mapping[str, str] | None = None,
    *,
    contract: Contract | None = None,
    written: datetime | None = None,
) -> Ticket:
    """`ticket` with one event more, that happened at `at`. Raises ValueError that says why where it is impossible.

    `written` is when it is written down, where that is later. With `contract` what it demands is asked for, too.
    """
    given, moment = dict(data or {}), _moment(at)
    wrote = None if written is None or _moment(written) == moment else _moment(written)
    event = TicketEvent(seq=ticket.events[-1].seq + 1, kind=kind, at=moment, by=by, data=given, written_at=wrote)
    if why := refusal(ticket, event, contract):
        raise RefusedError(refused("entry", ticket=ticket.id, kind=Word(group="entry", key=kind.value), why=why))
    return replace(ticket, events=(*ticket.events, event))


def _moment(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no zone; moments are aware (UTC)")
    return at.astimezone(UTC)
