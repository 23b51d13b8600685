"""Holds what happened against what the scenario expects: every difference, with the line of the file it concerns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from alerts.desk import tickets as desk
from monitor.model import FaultKey, Language, Ticket
from monitor.rehearsal.account import Account, Mail, after, named
from monitor.rehearsal.chronicle import Life
from monitor.rehearsal.expected import FaultFile, KeyFile, LetterFile, NotFile, TicketFile

_EARLY = 0.001  # seconds; a moment of the disk and one of the loop differ in their last digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as expected. `kind` says what in one word: missing, unexpected, level, time and so on."""

    kind: str
    words: str
    line: int | None = None
    key: FaultKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An expected fault and what was taken for it."""

    expected: FaultFile
    number: int
    lives: tuple[Life, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was found: which fault was which expected one, and all differences."""

    matches: tuple[Match, ...]
    others: tuple[Life, ...]
    differences: tuple[Difference, ...]


def compared(account: Account) -> Comparison:
    """All differences of `account` from what its scenario expects."""
    scenario = account.stage.scenario
    expect = scenario.expect
    matches = _matched(account)
    taken = {id(life) for match in matches for life in match.lives}
    others = tuple(life for life in account.faults if id(life) not in taken)
    differences = [one for match in matches for one in _of_fault(account, match)]
    differences += map(_unexpected, others if expect.nothing_else else ())
    for number, ticket in enumerate(expect.ticket):
        differences += _of_ticket(account, number, ticket)
    for number, letter in enumerate(expect.letter):
        differences += _of_letter(account, number, letter)
    for number, never in enumerate(expect.nots):
        differences += _of_not(account, number, never)
    differences += _of_all(account)
    return Comparison(matches=tuple(matches), others=others, differences=tuple(differences))


def _unexpected(life: Life) -> Difference:
    reasons = "; ".join(reason.text.said(Language.EN) for reason in life.fault.reasons)
    levels = ", then ".join(map(str, _levels(life)))
    words = f"not expected: {named(life.fault.key)} was opened at {after(life.opened or 0)}, level {levels}: {reasons}"
    return Difference(kind="unexpected", words=words, key=life.fault.key)


def _of_all(account: Account) -> Iterator[Difference]:
    """Sums, and what went wrong with the rehearsal itself."""
    expect = account.stage.scenario.expect
    accepted = sum(mail.accepted is not None and not mail.in_digest for mail in account.mails)
    for word, wanted, found in (
        ("letters", expect.letters, accepted),
        ("tickets", expect.tickets, len(account.tickets)),
    ):
        if wanted is not None and wanted != found:
            line = _line(account, "expect", word)
            yield Difference(kind=word, words=f"{found} {word} instead of {wanted}", line=line)
    for done in account.done:
        if done.trouble:
            line = _line(account, "change", done.number)
            yield Difference(kind="change", words=f"could not be done: {done.trouble}", line=line)
    for at, words in account.crashes:
        yield Difference(kind="crash", words=f"Netvigil failed at {after(at)}: {words}")


def fits(key: KeyFile, found: FaultKey) -> bool:
    """Whether `found` is what `key` asks for."""
    pairs = ((key.device, found.device), (key.kind, found.kind), (key.label, found.label), (key.aspect, found.aspect))
    return all(wanted is None or wanted == told for wanted, told in pairs)


def _matched(account: Account) -> list[Match]:
    """For each expected fault what was opened of it, the most exact ones first."""
    expected = list(enumerate(account.stage.scenario.expect.fault))
    left = [*account.faults, *account.symptoms]
    found: dict[int, Match] = {}
    for number, one in sorted(expected, key=lambda each: -_exactness(each[1])):
        able = [life for life in left if fits(one, life.fault.key) and life.is_symptom <= (one.hidden_by is not None)]
        first = (one.opened or [timedelta(0)])[0].total_seconds()
        able.sort(key=lambda life: (life.opened is None, abs((life.opened or 0.0) - first) if one.opened else 0.0))
        lives = sorted(able[: one.times], key=lambda life: life.opened or 0.0)
        left = [life for life in left if all(life is not taken for taken in lives)]
        found[number] = Match(expected=one, number=number, lives=tuple(lives))
    return [found[number] for number, _ in expected]


def _exactness(one: FaultFile) -> int:
    return sum(word is not None for word in (one.device, one.kind, one.label, one.aspect, one.opened))


def _of_fault(account: Account, match: Match) -> Iterator[Difference]:
    one, line = match.expected, _line(account, "expect", "fault", match.number)
    if len(match.lives) < one.times:
        often = f" {one.times} times" if one.times > 1 else ""
        words = (
            f"expected{often}, and {'opened ' + str(len(match.lives)) + ' times' if match.lives else 'never opened'}: "
        )
        yield Difference(kind="missing", words=f"{words}{_said(one)}{_hint(account, one)}", line=line)
    for life in match.lives:
        for kind, words in _of_life(account, one, life):
            yield Difference(kind=kind, words=f"{named(life.fault.key)}: {words}", line=line, key=life.fault.key)


def _of_life(account: Account, one: FaultFile, life: Life) -> Iterator[tuple[str, str]]:
    within = account.stage.scenario.expect.within
    levels = _levels(life)
    if one.level and levels != [int(level) for level in one.level] and not life.is_symptom:
        wanted = ", then ".join(map(str, one.level))
        yield "level", f"level {', then '.join(map(str, levels))} instead of {wanted}"
    if one.condition is not None and life.fault.condition is not one.condition:
        yield "condition", f"{life.fault.condition.value} instead of {one.condition.value}"
    yield from _of_times(one, life, within)
    if one.flapping is not None and life.flapped is not one.flapping:
        yield "flapping", "not seen to flap" if one.flapping else "taken for flapping"
    yield from _of_words(one, life)
    yield from _of_causes(account, one, life)


def _of_times(one: FaultFile, life: Life, within: timedelta) -> Iterator[tuple[str, str]]:
    if one.opened and (late := _outside(one.opened, life.opened, within)):
        yield "time", f"opened {late}"
    if one.cleared is True and life.cleared is None:
        yield "time", "never cleared"
    elif one.cleared is False and life.cleared is not None:
        yield "time", f"cleared at {after(life.cleared)}, which it must not be"
    elif isinstance(one.cleared, list) and (late := _outside(one.cleared, life.cleared, within)):
        yield "time", f"cleared {late}"


def _of_causes(account: Account, one: FaultFile, life: Life) -> Iterator[tuple[str, str]]:
    causes = [cause for _, cause in life.hidden if cause is not None]
    if one.hidden_by is not None and not any(fits(one.hidden_by, cause) for cause in causes):
        told = f"hidden by {named(causes[-1])}" if causes else "not hidden"
        yield "split", f"{told} instead of hidden by {_said(one.hidden_by)}"
    for symptom in one.symptoms:
        if not any(fits(symptom, other.fault.key) and _is_beneath(other, life) for other in account.lives):
            yield "split", f"{_said(symptom)} was not hidden beneath it"


def _of_words(one: FaultFile, life: Life) -> Iterator[tuple[str, str]]:
    rules = [reason.rule for reason in life.fault.reasons]
    if one.rule and not any(one.rule in rule for rule in rules):
        yield "rule", f'by the rule "{", ".join(rules)}" instead of "{one.rule}"'
    reasons = "; ".join(reason.text.said(Language.EN) for reason in life.fault.reasons)
    if one.says and one.says not in reasons:
        yield "words", f'its reasons do not say "{one.says}": {reasons}'


def _is_beneath(symptom: Life, cause: Life) -> bool:
    return any(key == cause.fault.key for _, key in symptom.hidden)


def _outside(wanted: Sequence[timedelta], at: float | None, within: timedelta) -> str:
    """How `at` lies outside of what was wanted, "" where it does not."""
    first = wanted[0].total_seconds()
    last = wanted[1].total_seconds() if len(wanted) > 1 else first + within.total_seconds()
    if at is not None and first - _EARLY <= at <= last + _EARLY:
        return ""
    told = "never" if at is None else f"at {after(at)}"
    return f"{told} instead of between {after(first)} and {after(last)}"


def _levels(life: Life) -> list[int]:
    return [int(level) for _, level in life.levels] or [int(life.fault.level)]


def _said(key: KeyFile) -> str:
    part = " ".join(word for word in (key.kind, key.label) if word) or "any part"
    return f"{f'{key.device}: ' if key.device else ''}{part}{f', {key.aspect}' if key.aspect else ''}"


def _hint(account: Account, one: FaultFile) -> str:
    """What was seen that comes near."""
    for life in account.lives:
        if fits(one, life.fault.key):
            if life.is_symptom:
                cause = next(cause for _, cause in life.hidden if cause is not None)
                return f"; it was hidden by {named(cause)}"
            if life.opened is None:
                return f"; it was only suspected, from {after(life.suspected)}"
    near = [life for life in account.faults if one.kind in {None, life.fault.key.kind}]
    return f"; of that kind were opened: {', '.join(named(life.fault.key) for life in near[:3])}" if near else ""


def _of_ticket(account: Account, number: int, one: TicketFile) -> Iterator[Difference]:
    line = _line(account, "expect", "ticket", number)
    found = [ticket for ticket in account.tickets if fits(one, ticket.fault)]
    if len(found) != one.count:
        words = f"{len(found)} tickets instead of {one.count}: {_said(one)}"
        yield Difference(kind="ticket", words=words, line=line)
    for ticket in found:
        for words in _of_one(one, ticket):
            yield Difference(kind="ticket", words=f"ticket {ticket.id}: {words}", line=line, key=ticket.fault)


def _of_one(one: TicketFile, ticket: Ticket) -> Iterator[str]:
    state, level = desk.state(ticket).value, int(desk.level(ticket))
    if one.state and state != one.state:
        yield f"{state} instead of {one.state}"
    if one.level is not None and level != one.level:
        yield f"level {level} instead of {one.level}"
    whose = "ours" if desk.is_ours(ticket) else "not_ours"
    if one.responsibility and whose != one.responsibility:
        yield f"{whose} instead of {one.responsibility}"
    kinds = iter(event.kind for event in ticket.events)
    if not all(wanted in kinds for wanted in one.events):  # one iterator: in this order
        told = ", ".join(event.kind.value for event in ticket.events)
        yield f"its events are {told}, and not in this order {', '.join(one.events)}"


def _of_letter(account: Account, number: int, one: LetterFile) -> Iterator[Difference]:
    line = _line(account, "expect", "letter", number)
    found = [mail for mail in account.mails if mail.accepted is not None and _is_such(account, mail, one, one.says)]
    about = " ".join(word for word in (_said(one), f"({one.event.value})" if one.event else "", one.recipient) if word)
    alone = [mail for mail in found if not mail.in_digest]
    if one.count is not None and len(alone) != one.count:
        yield Difference(kind="letter", words=f"{len(alone)} letters instead of {one.count}: {about}", line=line)
    elif not found and one.count is None:
        yield Difference(kind="letter", words=f"no such letter was accepted: {about}", line=line)
    if one.between and one.count is None and found:
        times = [_outside(one.between, mail.accepted, account.stage.scenario.expect.within) for mail in found]
        if all(times):
            yield Difference(kind="letter", words=f"the letter was accepted {times[0]}: {about}", line=line)


def _is_such(account: Account, mail: Mail, one: LetterFile | NotFile, says: str = "") -> bool:
    letter = mail.posted.letter
    names = {each.address: each.name for each in account.stage.settings.mail.recipients}
    anything = (one.device, one.kind, one.label, one.aspect) == (None,) * 4
    return (
        (anything or (mail.fault is not None and fits(one, mail.fault)))
        and one.recipient in {"", letter.recipient, names.get(letter.recipient, "")}
        and one.event in {None, mail.event}
        and says in f"{letter.subject}\n{letter.text}"
    )


def _of_not(account: Account, number: int, one: NotFile) -> Iterator[Difference]:
    line = _line(account, "expect", "not", number)
    for key, at, words in _such(account, one):
        if at is not None and (not one.between or not _outside(one.between, at, timedelta(0))):
            yield Difference(kind="forbidden", words=f"must not be: {words} at {after(at)}", line=line, key=key)


def _such(account: Account, one: NotFile) -> Iterable[tuple[FaultKey | None, float | None, str]]:
    match one.what:
        case "fault":
            for life in account.faults:
                if fits(one, life.fault.key) and one.level in {None, *_levels(life)}:
                    yield life.fault.key, life.opened, named(life.fault.key)
        case "ticket":
            for ticket in account.tickets:
                if fits(one, ticket.fault) and one.level in {None, int(desk.level(ticket))}:
                    yield ticket.fault, account.seconds(ticket, ticket.events[0]), f"ticket {ticket.id}"
        case "letter":
            for mail in account.mails:
                if _is_such(account, mail, one):
                    letter = mail.posted.letter
                    yield mail.fault, mail.accepted, f"letter to {letter.recipient}: {letter.subject}"


def _line(account: Account, *path: str | int) -> int | None:
    return account.stage.place.problem(path, "").line
