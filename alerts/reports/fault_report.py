"""After a fault (contract 4.10): the fault summary (故障总结报告) and the technical analysis report (技术分析报告).

Both are made of the same facts. The analysis has all that the summary has, and what an engineer wants to check: the
evidence, the way of the fault in time, what else happened to the device, and what was like it before.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from alerts.desk import tickets as desk
from alerts.desk.clocks import ClockState
from alerts.desk.effective import SEQ, VOID, YES, effective
from alerts.desk.spoken import details, title
from alerts.desk.times import span
from alerts.locale import Words, wall, words
from alerts.papers.paper import (
    Blank,
    Block,
    Cell,
    Evidence,
    Heading,
    Moment,
    Pairs,
    Paper,
    Paragraph,
    Row,
    Signatures,
    Tone,
)
from alerts.post.contents import called
from alerts.post.contents import is_settled as settled
from alerts.reports.after_table import table
from alerts.reports.fault_facts import FaultFacts
from alerts.reports.history import happened
from alerts.reports.month import fingerprint
from monitor.model import REQUEST, EventKind, Identity, Language, Ticket, TicketEvent

SUMMARY, ANALYSIS = "fault_summary", "fault_analysis"
_LATE = {ClockState.MISSED, ClockState.MET_LATE}
_SPARES = (EventKind.SPARE_RESERVED, EventKind.SPARE_USED, EventKind.SPARE_RETURNED)
_VENDOR = (EventKind.REPORTED_TO_VENDOR, EventKind.VENDOR_UPDATED, EventKind.VENDOR_CLOSED)


def fault_report(facts: FaultFacts, language: Language, *, analysis: bool = False, version: int = 1) -> Paper:
    """The summary of one fault, or the technical analysis, in `language`."""
    said = words(language)
    kind = ANALYSIS if analysis else SUMMARY
    return Paper(
        kind=kind,
        title=said.said("after", kind),
        subtitle=f"{facts.customer} – {facts.site.title or facts.site.name}",
        number=f"{'TA' if analysis else 'FS'}-{facts.ticket.id}",
        version=version,
        language=language,
        zone=facts.site.zone,
        made_at=facts.generated_at,
        tool_version=facts.tool_version,
        facts=fingerprint(facts),
        company=facts.company,
        customer=facts.customer,
        terms=(
            (said.said("after", "site"), facts.site.title or facts.site.name),
            (said.said("after", "ticket"), facts.ticket.id),
            (said.said("after", "device"), _device(facts)),
            (said.said("after", "opened"), Moment(at=facts.ticket.events[0].at)),
        ),
        blocks=tuple(_analysis(facts, said) if analysis else _summary(facts, said)),
    )


def _summary(facts: FaultFacts, said: Words) -> Iterator[Block]:
    yield from _overview(facts, said)
    yield from _seen(facts, said)
    yield from timeline(facts, said)
    yield from promises(facts, said)
    yield from _causes(facts, said)
    yield from _parts(facts, said)
    yield from call_back(facts, said)
    yield from signatures(said, "engineer", "reviewer", "customer_signs")


def _analysis(facts: FaultFacts, said: Words) -> Iterator[Block]:
    yield from _overview(facts, said)
    yield from _seen(facts, said)
    yield from _evidence(facts, said)
    yield from _way(facts, said)
    yield from timeline(facts, said)
    yield from _around(facts, said)
    yield from _causes(facts, said)
    yield from _similar(facts, said)
    yield from _parts(facts, said)
    yield from promises(facts, said)
    yield from call_back(facts, said)
    yield from signatures(said, "engineer", "expert", "customer_signs")


def _overview(facts: FaultFacts, said: Words) -> Iterator[Block]:
    ticket, end = facts.ticket, ended(facts)
    yield Heading(level=1, text=said.said("after", "overview"), key="overview")
    yield Pairs(
        key="overview",
        rows=(
            (said.said("after", "ticket"), ticket.id),
            (said.said("after", "device"), _device(facts)),
            (said.said("after", "what"), _what(facts, said)),
            (said.said("after", "level"), said.said("level", str(int(desk.level(ticket))))),
            (said.said("after", "responsible"), _responsible(facts, said)),
            (said.said("after", "opened"), Moment(at=ticket.events[0].at)),
            (said.said("after", "well"), Moment(at=well(facts))),
            (said.said("after", "lasted"), _lasted(facts, said)),
            (said.said("after", "closed"), Moment(at=end)),
            (said.said("after", "state"), said.said("ticket_state", facts.state.value)),
            (said.said("after", "owner"), desk.owner(ticket) or said.said("after", "nobody")),
        ),
    )
    if well(facts) is None:
        yield Paragraph(text=said.said("after", "not_over"), tone=Tone.ATTENTION)


def _seen(facts: FaultFacts, said: Words) -> Iterator[Block]:
    fault = facts.fault
    yield Heading(level=1, text=said.said("after", "seen"), key="seen")
    if fault.key.kind == REQUEST:
        yield Paragraph(text=facts.ticket.events[0].data.get("text", "") or said.said("after", "none"))
        return
    yield Paragraph(text=said.what(fault.component, fault.key.aspect, fault.condition))
    for reason in fault.reasons:
        yield Paragraph(text=reason.text.said(said.language))
    advice = said.advice(fault.key.kind, fault.key.aspect)
    yield Paragraph(text=advice.why)
    if facts.symptoms:
        yield table(
            said,
            "symptoms",
            (("device", "device", 1), ("what", "what", 2), ("since", "since", 1), ("until", "until", 1)),
            (
                Row(
                    cells=(
                        each.key.device,
                        said.what(each.component, each.key.aspect, each.condition),
                        Moment(at=each.first_seen),
                        Moment(at=each.cleared_at),
                    )
                )
                for each in facts.symptoms
            ),
            title="symptoms",
        )


def _evidence(facts: FaultFacts, said: Words) -> Iterator[Block]:
    fault, seen = facts.fault, facts.fault.evidence
    yield Heading(level=1, text=said.said("after", "evidence"), key="evidence")
    yield Pairs(key="identity", rows=tuple(_identity(facts.identity, said)))
    if fault.key.kind != REQUEST:
        rows: list[tuple[str, Cell]] = [
            (said.said("after", "read_at"), Moment(at=seen.at)),
            (said.said("after", "source"), seen.source or said.said("after", "not_told")),
            (said.said("after", "measured"), said.measured(seen.value, seen.unit) or said.said("after", "not_told")),
            (said.said("after", "limits"), said.limits(seen.limits, seen.unit) or said.said("after", "not_told")),
        ]
        yield Pairs(key="observation", rows=tuple(rows))
        if seen.raw:
            yield Evidence(title=said.said("after", "raw"), text=said.raw(seen.raw))
    kept = [event for event in facts.ticket.events if event.kind in {EventKind.ATTACHED, EventKind.DIAGNOSED}]
    yield table(
        said,
        "attachments",
        (("at", "at", 2), ("name", "file", 3), ("sha256", "sha256", 5)),
        (Row(cells=(Moment(at=each.at), each.data.get("name", ""), each.data.get("sha256", ""))) for each in kept),
        empty="no_attachments",
        title="attachments",
    )


def _identity(identity: Identity, said: Words) -> Iterator[tuple[str, Cell]]:
    for name in ("vendor", "model", "serial", "version", "patch", "platform"):
        yield said.said("after", name), getattr(identity, name) or said.said("after", "not_told")


def _way(facts: FaultFacts, said: Words) -> Iterator[Block]:
    yield Heading(level=1, text=said.said("after", "way"), key="way")
    first = facts.hops[0].at if facts.hops else None
    yield table(
        said,
        "way",
        (("at", "at", 2), ("after", "after", 1), ("what", "what", 3)),
        (
            Row(
                cells=(
                    wall(each.at, facts.site.zone, seconds=True),
                    span(each.at - first, said.language) if first else "",
                    said.said("after_hop", each.stop.value, what=each.what),
                )
            )
            for each in facts.hops
        ),
    )


def timeline(facts: FaultFacts, said: Words) -> Iterator[Block]:
    """What was done, entry by entry as it was written; what was put right stands beside it."""
    right: dict[str, list[TicketEvent]] = {}
    for event in facts.ticket.events:
        if event.kind is EventKind.CORRECTED:
            right.setdefault(event.data[SEQ], []).append(event)
    yield Heading(level=1, text=said.said("after", "timeline"), key="timeline")
    yield table(
        said,
        "timeline",
        (
            ("seq", "number", 0.5),
            ("at", "at", 1.6),
            ("what", "step", 1.7),
            ("by", "by", 1.2),
            ("details", "details", 4),
        ),
        (
            Row(
                cells=(
                    str(event.seq),
                    Moment(at=event.at),
                    title(event, facts.contract, said),
                    event.by,
                    _details(event, right.get(str(event.seq), []), facts, said),
                ),
                tone=Tone.BAD if event.kind is EventKind.CLOCK_MISSED else Tone.PLAIN,
            )
            for event in facts.ticket.events
        ),
    )


def _details(event: TicketEvent, right: list[TicketEvent], facts: FaultFacts, said: Words) -> str:
    colon = said.said("letter", "colon")
    told = [f"{name}{colon}{value}" for name, value in details(event, facts.contract, said)]
    if event.written_at:
        told.append(said.said("after", "written", at=wall(event.written_at, facts.site.zone)))
    for each in right:
        key = "withdrawn" if each.data.get(VOID) == YES else "corrected"
        what = [f"{name}{colon}{value}" for name, value in details(each, facts.contract, said)]
        told.append(said.said("after", key, by=each.by, said=said.said("after", "semicolon").join(what)))
    return said.said("after", "semicolon").join(told)


def promises(facts: FaultFacts, said: Words) -> Iterator[Block]:
    """Every promise of the contract about this ticket, and whether it was kept."""
    promised = [clock for clock in facts.clocks if clock.due is not None]
    late = sum(clock.state in _LATE for clock in promised)
    yield Heading(level=1, text=said.said("after", "promises"), key="promises")
    if promised:
        key = "promises_missed" if late else "promises_kept"
        told = said.said("after", key, count=str(late), all=str(len(promised)))
        yield Paragraph(text=told, tone=Tone.BAD if late else Tone.PLAIN)
    yield table(
        said,
        "promises",
        (
            ("promise", "promise", 2),
            ("promised", "promised", 1),
            ("started", "started", 1.4),
            ("due", "due", 1.4),
            ("done", "done", 1.4),
            ("state", "state", 1.2),
        ),
        (
            Row(
                cells=(
                    clock.title.said(said.language),
                    span(clock.promise, said.language) if clock.promise is not None else "",
                    Moment(at=clock.started),
                    Moment(at=clock.due),
                    Moment(at=clock.met_at),
                    said.said(
                        "clock_state",
                        "settled" if clock.state is ClockState.MET and settled(clock) else clock.state.value,
                    ),
                ),
                tone=Tone.BAD if clock.state in _LATE else Tone.PLAIN,
            )
            for clock in promised
        ),
        empty="no_promises",
    )


def _causes(facts: FaultFacts, said: Words) -> Iterator[Block]:
    """Cause, handling, prevention: as people wrote them down, or empty places to write them."""
    written = handled(facts.ticket)
    for name in ("cause", "handling", "prevention"):
        yield Heading(level=1, text=said.said("after", name), key=name)
        if told := written.get(name, ""):
            yield Paragraph(text=told)
        else:
            yield Pairs(key=name, rows=((said.said("after", "to_fill"), Blank(key=f"{facts.ticket.id}/{name}")),))


def _parts(facts: FaultFacts, said: Words) -> Iterator[Block]:
    moved = [event for event in effective(facts.ticket).events if event.kind in {*_SPARES, *_VENDOR}]
    if not facts.statement and not moved:
        return
    yield Heading(level=1, text=said.said("after", "parts"), key="parts")
    for line in facts.statement:
        yield Paragraph(text=line.said(said.language))
    if moved:
        yield table(
            said,
            "parts",
            (("at", "at", 1.4), ("what", "step", 1.6), ("details", "details", 4)),
            (
                Row(cells=(Moment(at=each.at), title(each, facts.contract, said), _details(each, [], facts, said)))
                for each in moved
            ),
            title="parts_moved",
        )


def _around(facts: FaultFacts, said: Words) -> Iterator[Block]:
    yield Heading(level=1, text=said.said("after", "around"), key="around")
    yield table(
        said,
        "around",
        (("at", "at", 1.4), ("what", "what", 5)),
        (Row(cells=(Moment(at=each.at), happened(each, said, facts.site.zone))) for each in facts.history),
        empty="nothing_around",
    )


def _similar(facts: FaultFacts, said: Words) -> Iterator[Block]:
    yield Heading(level=1, text=said.said("after", "similar"), key="similar")
    same = sum(each.is_same for each in facts.similar)
    if facts.similar:
        yield Paragraph(
            text=said.said("after", "similar_count", same=str(same), alike=str(len(facts.similar) - same)),
            tone=Tone.ATTENTION if same else Tone.PLAIN,
        )
    yield table(
        said,
        "similar",
        (
            ("ticket", "ticket", 1.3),
            ("device", "device", 1.5),
            ("part", "part", 1.5),
            ("opened", "opened", 1.4),
            ("ended", "closed", 1.4),
            ("cause", "cause", 2),
            ("handling", "handling", 2),
        ),
        (
            Row(
                cells=(
                    each.ticket,
                    each.device,
                    each.part,
                    Moment(at=each.opened),
                    Moment(at=each.ended),
                    each.cause or said.said("after", "not_written"),
                    each.handling or said.said("after", "not_written"),
                )
            )
            for each in facts.similar
        ),
        empty="no_similar",
    )


def call_back(facts: FaultFacts, said: Words) -> Iterator[Block]:
    """What the customer said when they were called back (2.11)."""
    called_back = desk.last(effective(facts.ticket).events, EventKind.CALLED_BACK)
    yield Heading(level=1, text=said.said("after", "call_back"), key="call_back")
    if called_back is None:
        yield Paragraph(text=said.said("after", "not_called_back"), tone=Tone.ATTENTION)
        return
    data, page = called_back.data, said.table["page"]
    yield Pairs(
        key="call_back",
        rows=(
            (said.said("after", "at"), Moment(at=called_back.at)),
            (said.said("after", "by"), called_back.by),
            (str(page["data"]["solved"]), str(page["word"].get(data.get("solved", YES), data.get("solved", "")))),
            (str(page["data"]["satisfaction"]), data.get("satisfaction", "") or said.said("after", "not_told")),
            (str(page["data"]["text"]), data.get("text", "") or said.said("after", "none")),
        ),
    )


def signatures(said: Words, *roles: str) -> Iterator[Block]:
    """Who signs."""
    yield Heading(level=1, text=said.said("after", "signatures"), key="signatures")
    yield Signatures(roles=tuple(said.said("after", role) for role in roles))


def handled(ticket: Ticket) -> Mapping[str, str]:
    """Cause, handling and prevention as they were written down last; nothing where they were not."""
    event = desk.last(effective(ticket).events, EventKind.HANDLED)
    return event.data if event else {}


def well(facts: FaultFacts) -> datetime | None:
    """When it worked again, by the device's or a person's word; None where it does not yet."""
    if not (desk.is_well(facts.ticket) or desk.is_ended(facts.ticket)):
        return None
    found = [event.at for event in desk.since_relapse(desk.since_report(facts.ticket)) if event.kind in desk.WELL]
    return min(found, default=None)


def ended(facts: FaultFacts) -> datetime | None:
    """When the ticket ended; None where it has not."""
    event = desk.last(desk.since_report(facts.ticket), *desk.ENDS)
    return event.at if event else None


def _lasted(facts: FaultFacts, said: Words) -> str:
    over = well(facts)
    begun = facts.fault.first_seen if facts.fault.key.kind != REQUEST else facts.ticket.events[0].at
    length = (over or facts.generated_at) - begun
    told = span(length, said.language)
    return told if over else said.said("after", "so_far", span=told)


def _responsible(facts: FaultFacts, said: Words) -> str:
    return said.said("responsibility", "ours" if desk.is_ours(facts.ticket) else "not_ours")


def _device(facts: FaultFacts) -> str:
    model = " ".join(filter(None, (facts.identity.vendor, facts.identity.model)))
    name = called(facts.device) if facts.device else facts.ticket.fault.device
    return f"{name} ({model})" if model else name


def _what(facts: FaultFacts, said: Words) -> str:
    fault = facts.fault
    if fault.key.kind == REQUEST:
        return facts.ticket.events[0].data.get("text", "")
    return said.what(fault.component, fault.key.aspect, fault.condition)
