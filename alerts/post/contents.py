"""What stands in a letter, as plain rows for the templates. Called by `letters`, once per language and recipient.

It says of a fault only what was told: a part number that the device does not tell is said to be untold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from alerts.desk.clocks import Clock, ClockState, clocks, nearest
from alerts.desk.contract import Contract
from alerts.desk.terms import ClockName
from alerts.desk.tickets import level, owner, service_class, tier
from alerts.desk.times import span
from alerts.faults.explained import Context, in_letter
from alerts.locale import Words, wall
from alerts.runbooks import link
from alerts.templates import harmless
from monitor.model import REQUEST, SITE, Device, EventKind, Fault, Identity, Level, Site, Text, Ticket, TicketEvent

FULL = {
    EventKind.OPENED,
    EventKind.LEVEL_CHANGED,
    EventKind.RELAPSED,
    EventKind.HANDED_UP,
    EventKind.DISPATCHED,
    EventKind.CLOCK_WARNED,
    EventKind.CLOCK_MISSED,
}
"""After these somebody has to act, so the letter also says why it matters and what to check first."""

_OF_FAULT = {EventKind.OPENED, EventKind.LEVEL_CHANGED, EventKind.RECOVERED, EventKind.RELAPSED}
_WELL = {EventKind.RECOVERED, EventKind.RESTORED, EventKind.CLOSED}
# Behind the first line of a letter.
# White text on each has a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3); the words say the same without colour.
COLOURS = {Level.CRITICAL: "#991b1b", Level.MAJOR: "#b03a06", Level.MINOR: "#86580b", Level.WARNING: "#1d4f91"}
GREEN, _GREY = "#1b6b3a", "#4b5563"
_NAME = 80  # characters of a name in a first line or subject: room for what else must stand there


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """With which key links to acknowledge are signed, where they lead, and until when they are good."""

    key: bytes = field(repr=False)
    base: str
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a letter is about."""

    ticket: Ticket
    event: TicketEvent
    fault: Fault
    device: Device
    identity: Identity
    site: Site
    contract: Contract
    now: datetime
    runbooks: str = ""
    statement: tuple[Text, ...] = ()
    explanation: Context | None = None
    signing: Signing | None = None
    pages: str = ""

    @property
    def level(self) -> Level:
        """The level that the ticket has by now."""
        return level(self.ticket)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a section; `code` where the value is for comparing letter by letter."""

    name: str
    value: str
    code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow:
    """One clock: until when, and how it stands. `urgent` where it runs out first or has been missed."""

    name: str
    when: str
    mark: str
    urgent: bool


def content(matter: Matter, said: Words) -> dict[str, object]:
    """All that the templates of a letter need, but for its subject and footer."""
    event, fault = matter.event, matter.fault
    advice = said.advice(fault.key.kind, fault.key.aspect)
    part = tuple(_part(matter, said))
    known = clocks(matter.ticket, matter.contract, matter.now)
    return {
        "label": said.table["letter"],
        "lang": said.language.value.replace("_", "-"),
        "first": first_line(matter, said),
        "colour": _colour(matter),
        "full": event.kind in FULL,
        "before": _before(matter, said),
        "note": _note(event, said),
        "next": _next(known, matter, said),
        "reasons": [reason.text.said(said.language) for reason in fault.reasons]
        + [said.said("proposed", reason.proposes) for reason in fault.reasons if reason.proposes]
        + ([said.said("letter", "flapping")] if fault.flapping else []),
        "why": advice.why,
        "part": part,
        "untold": said.said("letter", "untold") if len(part) == 1 and fault.component.label else "",
        "unit": tuple(_unit(matter, said)),
        "statement": tuple(line.said(said.language) for line in matter.statement),
        "evidence": tuple(_evidence(matter, said)),
        "steps": advice.first,
        "runbook": link(matter.runbooks, said.language, fault.key.kind, fault.key.aspect),
        "clocks": tuple(_clock_rows(known, matter, said)),
        "clocks_title": _clocks_title(matter, said),
        "judged": tuple(_judged(matter, said)),
        "judged_title": said.said("letter", "judged", fault=str(fault.id)),
    }


def brief(matter: Matter, said: Words) -> dict[str, object]:
    """What the customer's contact is told: how the matter stands, of what, and until when; no reasons of our own."""
    site = matter.site
    known = {
        "ticket": matter.ticket.id,
        "device": called(matter.device) if matter.device.address else "",
        "site": site.title or site.name,
    }
    rows = [Row(name=said.said("customer", key), value=value) for key, value in known.items() if value]
    return {
        "label": said.table["letter"],
        "lang": said.language.value.replace("_", "-"),
        "first": first_line(matter, said),
        "colour": GREEN if matter.event.kind in _WELL else _GREY,
        "said": said.named("customer_event", matter.event.kind.value),
        "rows": tuple(rows),
        "clocks": tuple(
            row for clock in clocks(matter.ticket, matter.contract, matter.now) for row in _owed(clock, matter, said)
        ),
    }


def short(matter: Matter, said: Words, *, of_group: bool) -> dict[str, str]:
    """What a chat group or a telephone is told: what, where, until when, why; the link is not of here.

    Ticket and event stand first, so that a second copy is known as one.
    """
    reasons = [reason.text.said(said.language) for reason in matter.fault.reasons[:1]]
    return {
        "first": f"[{matter.ticket.id} #{matter.event.seq}] {first_line(matter, said)}",
        "place": matter.site.title or matter.site.name,
        "next": _next(clocks(matter.ticket, matter.contract, matter.now), matter, said),
        "why": " ".join(reasons) if of_group and matter.event.kind in FULL else "",
    }


def _owed(clock: Clock, matter: Matter, said: Words) -> Iterator[Row]:
    """The promises that a customer waits for: somebody on site, the service restored."""
    if clock.name in {ClockName.ON_SITE, ClockName.RESTORE} and clock.state is ClockState.RUNNING and clock.due:
        until = said.said("customer", "until", wall=wall(clock.due, matter.site.zone))
        yield Row(name=clock.title.said(said.language), value=until)


def first_line(matter: Matter, said: Words) -> str:
    """Level – device – what – since when, as this kind of event says it."""
    fault, zone = matter.fault, matter.site.zone
    return said.said(
        "event",
        matter.event.kind.value,
        **{
            "level": said.said("level", str(matter.level.value)),
            "device": called(matter.device),
            "what": harmless(said.what(fault.component, fault.key.aspect, fault.condition), _NAME * 2),
            "since": wall(fault.opened_at or fault.first_seen, zone),
            "at": wall(matter.event.at, zone),
            **names(matter, said),
        },
    )


def names(matter: Matter, said: Words) -> dict[str, str]:
    """What the event's data names: people, tier, clock, responsibility."""
    event, language = matter.event, said.language
    return {
        "by": harmless(event.by, _NAME),
        "who": harmless(event.data.get("owner") or owner(matter.ticket) or event.by, _NAME),
        "tier": tier(matter.ticket, matter.contract).title.said(language),
        "clock": _clock_title(matter, said),
        "due": wall(datetime.fromisoformat(due), matter.site.zone) if (due := event.data.get("due")) else "",
        "responsibility": said.named("responsibility", event.data.get("responsibility", "")),
    }


def called(device: Device) -> str:
    """A device by its name, and by what its people call it."""
    return harmless(f"{device.name} ({device.title})" if device.title else device.name, _NAME)


def _clock_title(matter: Matter, said: Words) -> str:
    """The name of the clock of which the event speaks, if it speaks of one."""
    name = matter.event.data.get("clock", "")
    return matter.contract.clocks[ClockName(name)].title.said(said.language) if name else ""


def _colour(matter: Matter) -> str:
    if matter.event.kind in _WELL:
        return GREEN
    return COLOURS[matter.level] if matter.event.kind in FULL else _GREY


def _before(matter: Matter, said: Words) -> str:
    """The level before a change of level."""
    if matter.event.kind is not EventKind.LEVEL_CHANGED:
        return ""
    past = (event for event in matter.ticket.events if event.seq < matter.event.seq)
    told = [event.data["level"] for event in past if event.kind in {EventKind.OPENED, EventKind.LEVEL_CHANGED}]
    return said.said("letter", "before", level=said.said("level", told[-1])) if told else ""


def _note(event: TicketEvent, said: Words) -> str:
    """What its author wrote, or the reason in the reader's language; the fault's own reasons have their own place."""
    reason = event.data.get(f"reason_{said.language.value}") or event.data.get("reason", "")
    told = event.data.get("text", "")
    if event.kind is EventKind.OPENED:  # what a person asked for is the reason and the evidence
        return ""
    return told if event.kind in _OF_FAULT else " – ".join(filter(None, (reason, told)))


def _part(matter: Matter, said: Words) -> Iterator[Row]:
    component = matter.fault.component
    if component.kind == REQUEST:  # what a person asked for is no part
        return
    yield Row(name=said.said("letter", "name"), value=said.part(component))
    if component.kind == SITE:
        yield Row(name=said.said("letter", "devices"), value=matter.fault.evidence.raw)
    for key, value in (
        ("slot", component.slot),
        ("model", component.model),
        ("part_number", component.part_number),
        ("serial", component.serial),
        ("leads", component.note),
    ):
        if value:
            yield Row(name=said.said("letter", key), value=value, code=key not in {"slot", "leads"})


def _unit(matter: Matter, said: Words) -> Iterator[Row]:
    device, identity, site = matter.device, matter.identity, matter.site
    region = (
        matter.contract.regions[site.region].title.said(said.language) if site.region in matter.contract.regions else ""
    )
    prefecture = matter.contract.prefectures.get(site.prefecture)
    where = (site.title or site.name, prefecture.title.said(said.language) if prefecture else region)
    for key, value in (
        ("device", called(device) if device.address else ""),
        ("model", " ".join(filter(None, (identity.vendor, identity.model)))),
        ("serial", identity.serial),
        ("version", " ".join(filter(None, (identity.version, identity.patch)))),
        ("address", device.address),
        ("site", " – ".join(filter(None, (*where, site.address)))),
    ):
        if value:
            yield Row(name=said.said("letter", key), value=value, code=key in {"serial", "address"})


def _evidence(matter: Matter, said: Words) -> Iterator[Row]:
    seen = matter.fault.evidence
    if matter.fault.key.kind == SITE:  # made of the faults of its devices, which are named as its parts
        yield Row(name=said.said("letter", "seen"), value=wall(seen.at, matter.site.zone, seconds=True))
        return
    if matter.fault.key.kind == REQUEST:  # a person said it, no device
        first = matter.ticket.events[0]
        caller = " – ".join(filter(None, (first.data.get(key, "") for key in ("caller", "phone", "mail"))))
        for key, value in (
            ("caller", harmless(caller, _NAME * 2)),
            ("channel", said.named("channel", seen.source)),
            ("asked", seen.raw),
            ("reported", wall(seen.at, matter.site.zone, seconds=True)),
        ):
            if value:
                yield Row(name=said.said("letter", key), value=value)
        return
    for key, value in (
        ("value", said.measured(seen.value, seen.unit)),
        ("limit", said.limits(seen.limits, seen.unit)),
        ("said", said.raw(seen.raw)),
        ("source", seen.source),
        ("seen", wall(seen.at, matter.site.zone, seconds=True)),
    ):
        if value:
            yield Row(name=said.said("letter", key), value=value, code=key in {"said", "source"})


def _judged(matter: Matter, said: Words) -> Iterator[Row]:
    """What `netvigil explain` says of how it was judged, to be checked on the device."""
    if matter.explanation is not None:
        for name, text in in_letter(matter.fault, said.language, matter.explanation):
            yield Row(name=name, value=text)


def _next(known: tuple[Clock, ...], matter: Matter, said: Words) -> str:
    """The clock that runs out first; nothing once the ticket is closed or none runs."""
    first = nearest(known)
    if first is None or first.due is None:
        return ""
    left = said.said("letter", "left", span=span(first.due - matter.now, said.language))
    title, due = first.title.said(said.language), wall(first.due, matter.site.zone)
    return said.said("letter", "next", clock=title, due=due, left=left)


def _clocks_title(matter: Matter, said: Words) -> str:
    acts = matter.contract.classes[service_class(matter.ticket, matter.contract)].title.said(said.language)
    return said.said("letter", "clocks", name=acts, at=wall(matter.now, matter.site.zone))


def _clock_rows(known: tuple[Clock, ...], matter: Matter, said: Words) -> Iterator[ClockRow]:
    first = nearest(known)
    for clock in known:
        if clock.due is not None and clock.state is not ClockState.NOT_APPLICABLE:
            yield ClockRow(
                name=clock.title.said(said.language),
                when=wall(clock.due, matter.site.zone),
                mark=_mark(clock, clock.due, matter, said),
                urgent=clock == first or clock.state is ClockState.MISSED,
            )


def _mark(clock: Clock, due: datetime, matter: Matter, said: Words) -> str:
    done = wall(clock.met_at, matter.site.zone) if clock.met_at else ""
    match clock.state:
        case ClockState.RUNNING:
            return said.said("letter", "left", span=span(due - matter.now, said.language))
        case ClockState.MISSED:
            return said.said("letter", "over", span=span(clock.overdue, said.language))
        case ClockState.MET | ClockState.MET_LATE:
            key = "settled" if is_settled(clock) else "done"
            mark = said.said("letter", key, wall=done)
            return mark if clock.state is ClockState.MET else said.said("letter", "late", mark=mark)
        case _:
            return said.said("clock_state", clock.state.value)


def is_settled(clock: Clock) -> bool:
    """True where nobody did what was promised because the fault went away before: no engineer came, none was needed."""
    return clock.name is not ClockName.RESTORE and clock.met_by in _WELL
