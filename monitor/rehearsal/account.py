"""What happened in a rehearsal, put together from the chronicle and the disk: for people line by line, and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from alerts.desk import tickets as desk
from alerts.faults.explained import Context, explained
from monitor import explaining
from monitor.model import EventKind, FaultKey, Language, Ticket, TicketEvent
from monitor.rehearsal.chronicle import Chronicle, Life, Step
from monitor.rehearsal.stage import Stage
from monitor.store import letters as stored_letters
from monitor.store import tickets as stored_tickets
from monitor.store.database import Store
from monitor.store.letters import LetterState, Posted

if TYPE_CHECKING:
    from monitor.rehearsal.driver import Done

_LEFT = {LetterState.ACCEPTED, LetterState.DIGESTED}
_NEAR = 2.0  # seconds; an event is seen at the next tick at the latest
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One letter, and when it was accepted, by itself or within a digest; None while it was not.

    `event` is None where it tells of no one event, as a digest.
    """

    posted: Posted
    event: EventKind | None
    fault: FaultKey | None
    queued: float
    accepted: float | None
    in_digest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that happened, in seconds since the start."""

    stage: Stage
    lives: tuple[Life, ...]
    steps: tuple[Step, ...]
    tickets: tuple[Ticket, ...]
    mails: tuple[Mail, ...]
    done: tuple["Done", ...]
    crashes: tuple[tuple[float, str], ...]
    visits: int
    quiet: int
    contexts: Mapping[int, Context] = field(repr=False)
    written: Mapping[tuple[str, int], float] = field(repr=False)

    def seconds(self, ticket: Ticket, event: TicketEvent) -> float:
        """When the event was written; its own moment is by a clock that may have been set."""
        plain = (event.at - self.stage.scenario.start).total_seconds()
        seen = self.written.get((ticket.id, event.seq), plain)
        return plain if abs(seen - plain) < _NEAR else seen

    def explanation(self, life: Life, language: Language) -> str:
        """What `netvigil explain` said of a fault that was opened, when it stood last before it was over."""
        return explained(life.bad, language, self.contexts[life.fault.id])

    @property
    def faults(self) -> tuple[Life, ...]:
        """Those that were opened."""
        return tuple(life for life in self.lives if life.opened is not None)

    @property
    def symptoms(self) -> tuple[Life, ...]:
        """Those that were never more than a symptom."""
        return tuple(life for life in self.lives if life.is_symptom)


def accounted(
    stage: Stage, store: Store, chronicle: Chronicle, done: Sequence["Done"], accepted: Mapping[str, float]
) -> Account:
    """The account of a run that has ended; `accepted` says when the mail server took each letter."""
    lives = tuple(sorted(chronicle.lives.values(), key=lambda life: (life.suspected, life.fault.id)))
    with store.reading() as disk:
        found = stored_tickets.between(disk, _FIRST, _LAST)
        posted = stored_letters.all_letters(disk)
        contexts = {life.fault.id: _context(disk, life, lives, stage) for life in lives if life.opened is not None}
    account = Account(
        stage=stage,
        lives=lives,
        steps=tuple(chronicle.steps),
        tickets=found,
        mails=(),
        done=tuple(done),
        crashes=tuple(chronicle.crashes),
        visits=chronicle.visits,
        quiet=chronicle.quiet,
        contexts=contexts,
        written=chronicle.written,
    )
    by_id = {ticket.id: ticket for ticket in found}
    mails = [_mail(each, by_id.get(each.letter.ticket), account, accepted) for each in posted]
    mails.sort(key=lambda mail: (mail.queued, mail.posted.letter.ticket, mail.posted.letter.event))
    return replace(account, mails=tuple(mails))


def _context(disk: Connection, life: Life, lives: Sequence[Life], stage: Stage) -> Context:
    """What an explanation of the fault knows, of all the time that it stood."""
    beneath = [other.bad for other in lives if any(cause == life.fault.key for _, cause in other.hidden)]
    known = explaining.context(disk, life.bad, stage.settings, life.bad.last_seen)
    return replace(known, symptoms=beneath, more=0)


def _mail(posted: Posted, ticket: Ticket | None, account: Account, accepted: Mapping[str, float]) -> Mail:
    letter = posted.letter
    event = next((one for one in ticket.events if one.seq == letter.event), None) if ticket else None
    plain = (letter.created_at - account.stage.scenario.start).total_seconds()
    return Mail(
        posted=posted,
        event=event.kind if event else None,
        fault=ticket.fault if ticket else None,
        queued=account.seconds(ticket, event) if ticket and event else plain,
        accepted=accepted.get(posted.digest or letter.message_id) if posted.state in _LEFT else None,
        in_digest=posted.state is LetterState.DIGESTED,
    )


def named(key: FaultKey) -> str:
    """A fault's key as people read it."""
    part = f"{key.kind} {key.label}".strip()
    return f"{key.device}: {part}, {key.aspect}"


def after(seconds: float) -> str:
    """A moment of the rehearsal, such as "1d 02:03:04.5"."""
    whole = timedelta(seconds=round(seconds, 1))
    days, rest = whole.days, whole.seconds
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.{whole.microseconds // 100_000}"
    return f"{days}d {clock}" if days else clock


def lines(account: Account) -> list[str]:
    """The account for people."""
    entries = sorted(_entries(account), key=lambda entry: (round(entry[0], 1), entry[1]))
    return [f"{after(at)}  {words}" for at, _, words in entries]


def _entries(account: Account) -> Iterator[tuple[float, int, str]]:
    for done in account.done:
        words = did(done)
        yield done.at, 0, f"{', '.join(done.devices) or 'all'}: {'again as before: ' if done.undone else ''}{words}"
        if done.trouble:
            yield done.at, 0, f"  which could not be done: {done.trouble}"
    for step in account.steps:
        yield step.at, 1, _stepped(step)
    for ticket in account.tickets:
        for event in ticket.events:
            data = ", ".join(
                f"{key} {value}" for key, value in event.data.items() if key in {"level", "clock", "promise"}
            )
            words = f"ticket {ticket.id}: {event.kind.value}{f' ({data})' if data else ''} by {event.by}"
            yield account.seconds(ticket, event), 2, words
    for mail in account.mails:
        letter = mail.posted.letter
        if mail.accepted is not None:
            way = " (within a digest)" if mail.in_digest else ""
            yield mail.accepted, 3, f"letter to {letter.recipient}{way}: {letter.subject}"
        else:
            words = f"letter to {letter.recipient}, {mail.posted.state.value}: {letter.subject}"
            yield mail.queued, 3, words
    for at, words in account.crashes:
        yield at, 4, f"Netvigil failed: {words}"


def _stepped(step: Step) -> str:
    fault = step.fault
    words = f"{step.what}: {named(fault.key)}"
    if step.what in {"opened", "level", "stands up"}:
        reasons = "; ".join(reason.text.said(Language.EN) for reason in fault.reasons)
        words += f", {fault.condition.value}, level {int(fault.level)}: {reasons}"
    elif step.what == "suspected":
        words += f", {fault.condition.value}"
    elif step.what == "hidden" and fault.hidden_by is not None:
        words += f", a symptom of {named(fault.hidden_by)}"
    return words


def did(done: "Done") -> str:
    """What a change did, in the words of the scenario."""
    written = done.change.model_dump(
        by_alias=True,
        exclude_defaults=True,
        exclude={"at", "every", "times", "during", "device", "site", "cause"},
        mode="json",
    )
    note = written.pop("note", "")
    words = "; ".join(f"{name} {_said(value)}" for name, value in written.items())
    return f"{note} ({words})" if note else words


def _said(value: Any) -> str:
    if isinstance(value, dict):
        if value.keys() <= {"kind", "label", "aspect", "condition", "value"}:
            return " ".join(str(one) for one in value.values())
        return ", ".join(f"{key} = {_said(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    text = str(value)
    return text if len(text) < 60 else f"{text[:57]}…"  # noqa: PLR2004 - a line for people


def state(ticket: Ticket) -> str:
    """Where the ticket stands at the end."""
    return desk.state(ticket).value
