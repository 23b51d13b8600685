"""The last chapters of an inspection report: problems with who sees to them until when, raw evidence, signatures."""

from collections.abc import Iterator

from alerts.papers.paper import Block, Cell, Evidence, Mark, Moment, Row, Signatures, Tone
from alerts.reports.book import NONE, Book
from alerts.reports.cables import cables
from alerts.reports.opening import because, urgency
from alerts.reports.problems import Problem, Standing, gone
from monitor.model import Observation

_SIGNS = {Standing.NEW: "+", Standing.STILL: "=", Standing.GONE: "−"}
_MOST = 200  # of raw evidence in the appendix; the archive keeps all facts
_ROLES = ("engineer", "review", "customer")


def problems(book: Book) -> Iterator[Block]:
    """The list of problems, and what became of those of the month before."""
    pen = book.pen
    yield pen.heading(1, "problems")
    yield pen.table(
        "problems",
        [
            ("number", 0.7), ("urgency", 1.0), ("device", 1.2), ("problem", 1.8), ("evidence", 1.8), ("effect", 1.8),
            ("advice", 2.0), ("owner", 0.9), ("until", 1.0), ("standing", 1.0),
        ],
        (_problem(number, one, book) for number, one in enumerate(book.problems, start=1)),
    )  # fmt: skip
    yield pen.heading(2, "followed")
    if book.month.before is None:
        yield pen.paragraph("compared_none")
        return
    still = {each.key: each for each in book.problems}
    over = {each.key for each in gone(book.month, book.problems)}
    yield pen.table(
        "followed",
        [("problem", 3.0), ("device", 1.4), ("urgency", 1.0), ("standing", 1.0)],
        (
            Row(
                cells=(
                    each.what.said(pen.said.language),
                    book.name(each.key.partition("/")[0]),
                    pen.said.named("inspection", f"urgency_{each.level}"),
                    _standing(Standing.GONE if each.key in over else Standing.STILL, book),
                ),
                tone=Tone.ATTENTION if each.key in still else Tone.PLAIN,
            )
            for each in book.month.before.problems
        ),
    )


def _problem(number: int, one: Problem, book: Book) -> Row:
    pen = book.pen
    advice = pen.said.advice(one.kind, one.aspect) if one.kind else None
    filled = book.month.filled
    who, until = f"problem/{one.mark}/owner", f"problem/{one.mark}/until"
    owner: Cell = one.owner if one.owner and who not in filled else book.blank(who)
    due: Cell = Moment(at=one.due) if one.due and until not in filled else book.blank(until)
    return Row(
        cells=(
            f"{number:03d}",
            urgency(one, book),
            book.name(one.device),
            one.what.said(pen.said.language),
            pen.comma((because(one, book), pen.evidence(one.told) if one.told else "", one.ticket)) or NONE,
            advice.why if advice else NONE,
            advice.first[0].replace("`", "") if advice else pen.words("advice_plan"),
            owner,
            due,
            _standing(one.standing, book),
        )
    )


def _standing(standing: Standing, book: Book) -> Mark:
    return Mark(
        sign=_SIGNS[standing],
        text=book.pen.words(f"standing_{standing.value}"),
        tone=Tone.GOOD if standing is Standing.GONE else Tone.PLAIN,
    )


def appendix(book: Book) -> Iterator[Block]:
    """Raw words of the devices behind the problems, where each was read, and what the report was made of."""
    pen = book.pen
    yield pen.heading(1, "appendix")
    told = [(one, one.told) for one in book.problems if one.told is not None]
    if not told:
        yield pen.paragraph("appendix_none")
    for one, seen in told[:_MOST]:
        title = pen.comma((book.name(one.device), one.what.said(pen.said.language)))
        yield Evidence(title=title, text=_raw(seen, book))
    if len(told) > _MOST:
        yield pen.paragraph("appendix_more", Tone.QUIET, count=str(len(told) - _MOST))
    yield from cables(book)
    yield pen.paragraph("facts_said", Tone.QUIET)


def _raw(seen: Observation, book: Book) -> str:
    """Source, moment and the device's own word, a line each."""
    lines = (seen.source, book.pen.at(seen.at), seen.raw, book.pen.said.measured(seen.value, seen.unit))
    return "\n".join(filter(None, lines))


def signatures(book: Book) -> Iterator[Block]:
    """Who signs."""
    yield book.pen.heading(1, "signatures")
    yield Signatures(roles=tuple(book.pen.words(f"sign_{role}") for role in _ROLES))
