"""The service tracking card (服务跟踪卡, contract 4.1 and 4.5): one per ticket, from acceptance to the result."""

from collections.abc import Iterator

from alerts.desk import tickets as desk
from alerts.locale import Words, words
from alerts.papers.paper import Blank, Block, Heading, Moment, Pairs, Paper
from alerts.post.contents import called
from alerts.reports.fault_facts import FaultFacts
from alerts.reports.fault_report import call_back, ended, handled, promises, signatures, timeline, well
from alerts.reports.month import fingerprint
from monitor.model import REQUEST, Language

KIND = "tracking_card"


def tracking_card(facts: FaultFacts, language: Language, *, version: int = 1) -> Paper:
    """The card of one ticket, in `language`."""
    said = words(language)
    return Paper(
        kind=KIND,
        title=said.said("after", KIND),
        subtitle=f"{facts.customer} – {facts.site.title or facts.site.name}",
        number=f"TC-{facts.ticket.id}",
        version=version,
        language=language,
        zone=facts.site.zone,
        is_short=True,
        made_at=facts.generated_at,
        tool_version=facts.tool_version,
        facts=fingerprint(facts),
        company=facts.company,
        customer=facts.customer,
        terms=(
            (said.said("after", "site"), facts.site.title or facts.site.name),
            (said.said("after", "ticket"), facts.ticket.id),
        ),
        blocks=tuple(_blocks(facts, said)),
    )


def _blocks(facts: FaultFacts, said: Words) -> Iterator[Block]:
    ticket, fault, page = facts.ticket, facts.fault, said.table["page"]
    opened = ticket.events[0]
    written = handled(ticket)
    is_request = fault.key.kind == REQUEST
    channel = opened.data.get("channel", "")
    yield Heading(level=1, text=said.said("after", "accepted"), key="accepted")
    yield Pairs(
        key="accepted",
        rows=(
            (said.said("after", "ticket"), ticket.id),
            (said.said("after", "kind"), str(page["kind"][ticket.kind.value])),
            (said.said("after", "opened"), Moment(at=opened.at)),
            (
                said.said("after", "came"),
                str(page["word"].get(channel, channel)) if channel else said.said("after", "by_monitor"),
            ),
            (str(page["data"]["caller"]), opened.data.get("caller", "") or said.said("after", "none")),
            (str(page["data"]["phone"]), opened.data.get("phone", "") or said.said("after", "none")),
            (said.said("after", "device"), called(facts.device) if facts.device else ticket.fault.device),
            (said.said("after", "model"), facts.identity.model or said.said("after", "not_told")),
            (said.said("after", "serial"), facts.identity.serial or said.said("after", "not_told")),
            (
                said.said("after", "what"),
                opened.data.get("text", "")
                if is_request
                else said.what(fault.component, fault.key.aspect, fault.condition),
            ),
            (said.said("after", "level"), said.said("level", str(int(desk.level(ticket))))),
            (said.said("after", "owner"), desk.owner(ticket) or said.said("after", "nobody")),
        ),
    )
    yield from timeline(facts, said)
    yield Heading(level=1, text=said.said("after", "result"), key="result")
    yield Pairs(
        key="result",
        rows=(
            (said.said("after", "state"), said.said("ticket_state", facts.state.value)),
            (said.said("after", "well"), Moment(at=well(facts))),
            (said.said("after", "closed"), Moment(at=ended(facts))),
            *(
                (said.said("after", name), told or Blank(key=f"{ticket.id}/{name}"))
                for name in ("cause", "handling")
                for told in (written.get(name, ""),)
            ),
        ),
    )
    yield from promises(facts, said)
    yield from call_back(facts, said)
    yield from signatures(said, "engineer", "customer_signs")
