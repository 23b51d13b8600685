"""The first chapters of an inspection report: approval and revisions, scope and gaps, conclusion, state and advice.

Nothing here claims anything of what was not checked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alerts.papers.paper import Block, Cell, Figure, Mark, Moment, PageBreak, Row, Tone
from alerts.reports.book import NONE, Book
from alerts.reports.health import PartScore
from alerts.reports.month import DeviceMonth
from alerts.reports.problems import Problem, Standing, Urgency, gone
from alerts.reports.results import Result
from alerts.reports.tally import by_items, by_readings
from monitor.model import FaultState

_RISKS = 5  # customary: 前五项隐患
_APPROVAL = ("prepared", "checked", "reviewed", "issued")
_SHOWN = (
    Result.NORMAL,
    Result.ATTENTION,
    Result.ABNORMAL,
    Result.NOT_CHECKED,
    Result.RECORDED,
    Result.NOT_APPLICABLE,
)
_SIGNS = {Urgency.URGENT: "‼", Urgency.IMPORTANT: "!", Urgency.GENERAL: "·"}
_TONES = {Urgency.URGENT: Tone.BAD, Urgency.IMPORTANT: Tone.ATTENTION, Urgency.GENERAL: Tone.PLAIN}


def approval(book: Book) -> Iterator[Block]:
    """Approval sheet and record of revisions."""
    pen = book.pen
    yield pen.heading(1, "approval")
    yield pen.table(
        "approval",
        [("role", 1.2), ("name", 1.4), ("date", 1.0), ("remark", 2.0)],
        (
            Row(
                cells=(
                    pen.words(f"approval_{role}"),
                    *(book.blank(f"approval/{role}/{what}") for what in ("name", "date", "remark")),
                )
            )
            for role in _APPROVAL
        ),
    )
    yield pen.table(
        "distribution",
        [("what", 1.0), ("told", 3.0)],
        (
            Row(cells=(pen.words("secrecy"), book.month.confidential or book.blank("approval/secrecy"))),
            Row(cells=(pen.words("receiver"), book.month.customer)),
            Row(cells=(pen.words("sender"), book.month.company or book.blank("approval/sender"))),
        ),
    )
    yield pen.table(
        "revisions",
        [("version", 0.6), ("made", 1.2), ("why", 3.0)],
        (
            Row(cells=(f"V{each.version}", Moment(at=each.made_at), _why(each.why, book)))
            for each in book.month.revisions
        ),
    )
    yield PageBreak()


def _why(why: str, book: Book) -> str:
    """Why a version was made: in our words, or in those of who asked for it."""
    key = f"why_{why}"
    return book.pen.words(key) if key in book.pen.said.table[book.pen.group] else why


def scope(book: Book) -> Iterator[Block]:
    """What was inspected, when and how, and what was not covered."""
    pen, month = book.pen, book.month
    reached = sum(each.reached for each in month.devices)
    yield pen.heading(1, "scope")
    yield pen.paragraph("scope_what")
    yield pen.paragraph("scope_when", start=pen.at(month.start), end=pen.at(month.end), zone=month.zone)
    yield pen.paragraph("scope_how")
    yield pen.paragraph(
        "scope_said",
        devices=str(len(month.devices)),
        reached=str(reached),
        unreached=str(len(month.devices) - reached),
    )
    yield pen.heading(2, "not_covered")
    yield pen.table(
        "not_covered",
        [("device", 1.2), ("gap", 1.6), ("reason", 2.0)],
        (
            Row(cells=(gap.device, gap.what, gap.reason), tone=Tone.QUIET)
            for each in sorted(month.devices, key=lambda one: one.device.name)
            for gap in _gaps(each, book)
        ),
    )
    unread = [one.title.said(pen.said.language) for one in month.items.every if one.unread is not None]
    if unread:
        yield pen.paragraph("scope_unread", Tone.QUIET, items=pen.listed(unread))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """One thing that was not covered."""

    device: str
    what: str
    reason: str


def _gaps(each: DeviceMonth, book: Book) -> list[_Gap]:
    """What of a device was not covered: all of it, or the tables that were not read to their end."""
    pen, name, gaps = book.pen, book.name(each.device.name), []
    if not each.reached:
        seen = pen.words("never_reached")
        if each.last_seen:
            seen = pen.words("last_reached", at=pen.at(each.last_seen))
        gaps.append(_Gap(device=name, what=seen, reason=pen.said.raw(each.reason) or pen.words("no_reason")))
    elif not each.checks:
        gaps.append(_Gap(device=name, what=pen.words("no_checks"), reason=pen.words("no_reason")))
    gaps += [
        _Gap(device=name, what=check.component.label or pen.said.aspect("walk"), reason=pen.said.raw(check.raw))
        for check in each.checks
        if check.aspect == "walk" and each.reached
    ]
    return gaps


def conclusion(book: Book) -> Iterator[Block]:
    """Conclusion, health with its parts, results in numbers, comparison with the month before, foremost risks."""
    pen = book.pen
    yield pen.heading(1, "conclusion")
    for sentence in _sentences(book):
        yield pen.paragraph(*sentence[:1], **dict(sentence[1]))
    yield from _health(book)
    yield from _numbers(book)
    yield from _compared(book)
    yield pen.heading(2, "risks")
    yield pen.table(
        "risks",
        [
            ("number", 0.6),
            ("urgency", 0.8),
            ("device", 1.2),
            ("problem", 2.2),
            ("level", 1.0),
            ("since", 1.1),
            ("reason", 2.2),
        ],
        (_risk(number, one, book) for number, one in enumerate(foremost(book.problems), start=1)),
    )


def foremost(problems: Sequence[Problem]) -> Sequence[Problem]:
    """The problems that are told first."""
    return problems[:_RISKS]


def urgency(one: Problem, book: Book) -> Mark:
    """How urgent a problem is, told apart in black and white."""
    return Mark(sign=_SIGNS[one.urgency], text=book.pen.words(f"urgency_{one.urgency.value}"), tone=_TONES[one.urgency])


def because(one: Problem, book: Book) -> str:
    """Why it is a problem: the reasons of the fault, what is said of it, or what the device said."""
    pen = book.pen
    told = [pen.phrase(each) for each in (one.reason, one.note) if each is not None]
    if one.told is not None and not one.reason:
        number = pen.said.measured(one.told.value, one.told.unit)
        limits = pen.said.limits(one.told.limits, one.told.unit)
        told.append(" – ".join(filter(None, (number, limits))) or pen.said.raw(one.told.raw))
    return pen.words("semicolon").join(filter(None, told))


def _risk(number: int, one: Problem, book: Book) -> Row:
    return Row(
        cells=(
            str(number),
            urgency(one, book),
            book.name(one.device),
            one.what.said(book.pen.said.language),
            book.pen.level(one.level),
            Moment(at=one.since) if one.since else NONE,
            because(one, book),
        ),
        tone=_TONES[one.urgency],
    )


def _sentences(book: Book) -> list[tuple[str, dict[str, str]]]:
    """The conclusion in sentences. It claims nothing of what was not checked."""
    counts = by_items(book.sheets)
    checked = sum(counts[result] for result in (Result.NORMAL, Result.ATTENTION, Result.ABNORMAL))
    unreached = sum(not each.reached for each in book.month.devices)
    if counts[Result.ABNORMAL]:
        sentences = [("conclusion_abnormal", {"count": str(counts[Result.ABNORMAL])})]
    elif counts[Result.ATTENTION]:
        sentences = [("conclusion_attention", {"count": str(counts[Result.ATTENTION])})]
    else:
        sentences = [("conclusion_normal" if checked else "conclusion_empty", {})]
    if counts[Result.NOT_CHECKED]:
        sentences.append(("conclusion_gap", {"count": str(counts[Result.NOT_CHECKED])}))
    if unreached:
        sentences.append(("conclusion_unreached", {"count": str(unreached)}))
    if standing := sum(fault.state is FaultState.OPEN for fault in book.month.faults):
        sentences.append(("conclusion_standing", {"count": str(standing)}))
    return sentences


def _health(book: Book) -> Iterator[Block]:
    pen, found = book.pen, book.health
    yield pen.heading(2, "health")
    if found.score is None:
        yield pen.paragraph("health_none")
    else:
        yield pen.paragraph("health_said", score=f"{found.score:g}", weight=f"{found.weight:g}")
    yield pen.table(
        "health",
        [("part", 1.4), ("score", 0.8), ("devices", 0.9), ("wanting", 1.0), ("set_by", 2.2)],
        (_score_row(each, book) for each in found.parts),
    )
    yield pen.paragraph("health_means", Tone.QUIET)


def _score_row(each: PartScore, book: Book) -> Row:
    pen = book.pen
    if each.score is None:
        cells: tuple[Cell, ...] = (pen.words(each.part.value), pen.words("insufficient"), "0", NONE, NONE)
        return Row(cells=cells, tone=Tone.QUIET)
    cap = pen.words("capped", level=pen.level(each.capped_by)) if each.capped_by else pen.words("mean_of_devices")
    return Row(
        cells=(
            pen.words(each.part.value),
            Figure(value=each.score),
            Figure(value=each.devices),
            Figure(value=each.wanting),
            cap,
        )
    )


def _numbers(book: Book) -> Iterator[Block]:
    pen = book.pen
    items, readings = by_items(book.sheets), by_readings(book.sheets)
    yield pen.table(
        "counts",
        [("result", 1.4), ("items", 1.0), ("readings", 1.0)],
        (
            Row(cells=(pen.mark(result), Figure(value=items[result]), Figure(value=readings[result])))
            for result in _SHOWN
        ),
    )
    yield pen.paragraph("counts_mean", Tone.QUIET)


def _compared(book: Book) -> Iterator[Block]:
    pen, before = book.pen, book.month.before
    yield pen.heading(2, "compared")
    if before is None:
        yield pen.paragraph("compared_none")
        return
    yield pen.paragraph("compared_with", month=before.month, number=before.number)
    counts = by_items(book.sheets)
    standing = [each.standing for each in book.problems]
    rows: list[tuple[str, float | None, float | None]] = [(pen.words("score"), before.score, book.health.score)]
    rows += [(pen.words(part.part.value), before.parts.get(part.part.value), part.score) for part in book.health.parts]
    rows += [
        (pen.words(result.value), _number(before.counts.get(result.value)), float(counts[result]))
        for result in _SHOWN[:4]
    ]
    yield pen.table(
        "compared",
        [("what", 2.0), ("before", 1.0), ("now", 1.0), ("difference", 1.0)],
        (Row(cells=(name, _known(was, book), _known(now, book), _change(was, now))) for name, was, now in rows),
    )
    yield pen.paragraph(
        "compared_problems",
        new=str(standing.count(Standing.NEW)),
        still=str(standing.count(Standing.STILL)),
        gone=str(len(gone(book.month, book.problems))),
    )


def _number(count: int | None) -> float | None:
    return None if count is None else float(count)


def _known(value: float | None, book: Book) -> Cell:
    return book.pen.words("insufficient") if value is None else Figure(value=value)


def _change(was: float | None, now: float | None) -> str:
    if was is None or now is None:
        return NONE
    return f"{round(now - was, 1):+g}" if now != was else "0"


def advice(book: Book) -> Iterator[Block]:
    """The customary three: what there is, what that means, what to do."""
    pen = book.pen
    every = book.problems
    counts = {each: sum(one.urgency is each for one in every) for each in Urgency}
    yield pen.heading(1, "advice")
    yield pen.heading(2, "state")
    tally = by_items(book.sheets)
    yield pen.paragraph(
        "state_said",
        devices=str(len(book.month.devices)),
        abnormal=str(sum(one.worst is Result.ABNORMAL for one in book.sheets)),
        attention=str(sum(one.worst is Result.ATTENTION for one in book.sheets)),
        normal=str(sum(one.worst is Result.NORMAL for one in book.sheets)),
        unknown=str(sum(one.worst is Result.NOT_CHECKED for one in book.sheets)),
        items=str(sum(tally.values())),
    )
    yield pen.heading(2, "analysis")
    if not every:
        yield pen.paragraph("analysis_none")
    else:
        yield pen.paragraph("analysis_said", **{each.value: str(count) for each, count in counts.items()})
    for one in _kinds_first(every):
        told = pen.said.advice(one.kind, one.aspect)
        yield pen.paragraph("analysis_kind", kind=pen.said.kind(one.kind), why=told.why)
    yield pen.heading(2, "recommended")
    if not every:
        yield pen.paragraph("recommended_none")
    for one in _kinds_first(every):
        told = pen.said.advice(one.kind, one.aspect)
        places = pen.listed(sorted({book.name(each.device) for each in every if each.kind == one.kind})[:_RISKS])
        yield pen.paragraph(
            "recommended_kind", kind=pen.said.kind(one.kind), devices=places, first=_plain(told.first[0])
        )
    bare: dict[str, set[str]] = {}
    for one in every:
        if not one.kind:
            bare.setdefault(one.what.said(pen.said.language), set()).add(book.name(one.device))
    for what, where in list(bare.items())[:_RISKS]:
        yield pen.paragraph("recommended_other", what=what, devices=pen.listed(sorted(where)[:_RISKS]))


def _kinds_first(problems: Sequence[Problem]) -> Sequence[Problem]:
    """The first problem of each kind of part, so that what is said of a kind is said once."""
    found: dict[str, Problem] = {}
    for one in problems:
        if one.kind:
            found.setdefault(one.kind, one)
    return tuple(found.values())[:_RISKS]


def _plain(step: str) -> str:
    """A step of advice without the marks of its commands."""
    return step.replace("`", "")
