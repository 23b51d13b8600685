"""A rehearsal as one JSON document; docs/rehearse.md lists its keys."""

from datetime import timedelta
from typing import Any

from monitor.model import FaultKey, Language, Ticket
from monitor.rehearsal.account import Account, Mail, did, state
from monitor.rehearsal.chronicle import Life
from monitor.rehearsal.comparison import Comparison


def told(account: Account, comparison: Comparison) -> dict[str, Any]:
    """The document."""
    scenario = account.stage.scenario
    return {
        "title": scenario.title,
        "start": scenario.start.isoformat(),
        "seconds": scenario.duration.total_seconds(),
        "seed": scenario.seed,
        "as_expected": not comparison.differences,
        "visits": account.visits,
        "quiet_visits": account.quiet,
        "changes": [
            {
                "seconds": round(done.at, 3),
                "devices": list(done.devices),
                "did": did(done),
                "undone": done.undone,
                "trouble": done.trouble or None,
            }
            for done in account.done
        ],
        "faults": [_fault(account, life) for life in account.faults],
        "symptoms": [_fault(account, life) for life in account.symptoms],
        "tickets": [_ticket(account, ticket) for ticket in account.tickets],
        "letters": [_letter(account, mail) for mail in account.mails],
        "differences": [
            {"kind": one.kind, "line": one.line, "words": one.words, "fault": _key(one.key) if one.key else None}
            for one in comparison.differences
        ],
    }


def _key(key: FaultKey) -> dict[str, str]:
    return {"device": key.device, "kind": key.kind, "label": key.label, "aspect": key.aspect}


def _moment(account: Account, seconds: float | None) -> str | None:
    """A moment as an unset clock shows it."""
    if seconds is None:
        return None
    return (account.stage.scenario.start + timedelta(seconds=round(seconds, 3))).isoformat()


def _fault(account: Account, life: Life) -> dict[str, Any]:
    fault = life.fault
    causes = [cause for _, cause in life.hidden if cause is not None]
    return {
        **_key(fault.key),
        "condition": fault.condition.value,
        "level": int(fault.level),
        "levels": [{"seconds": round(at, 3), "level": int(level)} for at, level in life.levels],
        "suspected_seconds": round(life.suspected, 3),
        "opened_at": _moment(account, life.opened),
        "opened_seconds": None if life.opened is None else round(life.opened, 3),
        "cleared_at": _moment(account, life.cleared),
        "cleared_seconds": None if life.cleared is None else round(life.cleared, 3),
        "flapping": life.flapped,
        "hidden_by": _key(causes[-1]) if causes else None,
        "symptoms": [
            _key(other.fault.key) for other in account.lives if any(cause == fault.key for _, cause in other.hidden)
        ],
        "reasons": [{"rule": each.rule, "text": each.text.said(Language.EN)} for each in fault.reasons],
        "raw": fault.evidence.raw,
        "source": fault.evidence.source,
        "explanation": {
            each.value: account.explanation(life, each).splitlines() if life.opened is not None else []
            for each in Language
        },
    }


def _ticket(account: Account, ticket: Ticket) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "fault": _key(ticket.fault),
        "state": state(ticket),
        "events": [
            {
                "seconds": round(account.seconds(ticket, event), 3),
                "at": event.at.isoformat(),
                "kind": event.kind.value,
                "by": event.by,
                "data": dict(event.data),
            }
            for event in ticket.events
        ],
    }


def _letter(account: Account, mail: Mail) -> dict[str, Any]:
    letter = mail.posted.letter
    return {
        "recipient": letter.recipient,
        "ticket": letter.ticket or None,
        "event": mail.event.value if mail.event else None,
        "fault": _key(mail.fault) if mail.fault else None,
        "subject": letter.subject,
        "state": mail.posted.state.value,
        "in_digest": mail.in_digest,
        "queued_seconds": round(mail.queued, 3),
        "accepted_at": _moment(account, mail.accepted),
        "accepted_seconds": None if mail.accepted is None else round(mail.accepted, 3),
    }
