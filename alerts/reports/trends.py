"""How the month went: figures of each device and pictures of what came nearest to its limits, with what is foreseen.

What has too few days has no figure and no line: "insufficient data".
"""

from collections.abc import Iterator, Sequence

from alerts.papers.paper import Block, Cell, Chart, Figure, Line, Row, Tone
from alerts.past import Series
from alerts.reports.book import NONE, Book
from alerts.reports.month import Outlook
from alerts.reports.trending import LEAST_DAYS, QUANTITIES, Quantity, TrendFigure
from monitor.model import Component

_OUTLOOKS = 10


def trends(book: Book) -> Iterator[Block]:
    """Figures of each device, a picture for each quantity, and one for each limit that is going to be reached."""
    pen, month = book.pen, book.month
    known = month.trends
    yield pen.heading(1, "trends")
    yield pen.paragraph("trends_mean", Tone.QUIET, days=str(LEAST_DAYS))
    yield _figures(book)
    counts = dict(known.counts)
    for each in QUANTITIES:
        picture = _picture(each, [one for one in known.series if each.fits(one)], counts.get(each.key, 0), book)
        if picture is not None:
            yield picture
        else:
            yield pen.paragraph("trend_none", Tone.QUIET, what=pen.words(f"trend_{each.key}"))
    yield pen.heading(2, "outlooks")
    yield pen.table(
        "outlooks",
        [
            ("device", 1.2), ("part", 1.8), ("limit", 0.8), ("left", 0.6), ("reached", 1.0), ("earliest", 1.0),
            ("latest", 1.0), ("reason", 2.2),
        ],
        (_outlook(one, book) for one in month.outlooks),
    )  # fmt: skip
    for one in month.outlooks[:_OUTLOOKS]:
        if one.points:
            yield _foreseen(one, book)


def _figures(book: Book) -> Block:
    """The table: of each device mean and worst of each quantity."""
    found = {(each.device, each.quantity): each for each in book.month.trends.figures}
    columns = [("device", 1.4), *((f"trend_{each.key}", 1.0) for each in QUANTITIES)]
    return book.pen.table(
        "trends",
        columns,
        (
            Row(cells=(book.name(name), *(_figure(found.get((name, each.key)), book) for each in QUANTITIES)))
            for name in (sheet.of.device.name for sheet in book.sheets)
        ),
    )


def _figure(told: TrendFigure | None, book: Book) -> Cell:
    if told is None:
        return book.pen.words("insufficient")
    said = book.pen.said
    mean, worst = said.measured(told.mean, told.unit), said.measured(told.worst, told.unit)
    is_counted = next(each.counted for each in QUANTITIES if each.key == told.quantity)
    return book.pen.words("sum_and_worst" if is_counted else "mean_and_worst", mean=mean, worst=worst)


def _picture(quantity: Quantity, chosen: Sequence[Series], count: int, book: Book) -> Chart | None:
    pen = book.pen
    alike = [one for one in chosen if one.unit == chosen[0].unit]
    if not alike:
        return None
    limits = {(one.limit_low if quantity.low else one.limit_high) for one in alike}
    limit = limits.pop() if len(limits) == 1 else None
    name = pen.words("limit_low" if quantity.low else "limit_high")
    return Chart(
        key=f"trend/{quantity.key}",
        title=pen.words(f"trend_{quantity.key}"),
        unit=alike[0].unit,
        lines=tuple(_line(one, book, with_band=len(alike) == 1) for one in alike),
        limits=((name, limit),) if limit is not None else (),
        note=pen.words("trend_chosen", shown=str(len(alike)), count=str(count)),
    )


def _line(one: Series, book: Book, *, with_band: bool) -> Line:
    band = tuple(
        (each.start, each.low, each.high) for each in one.spans if each.low is not None and each.high is not None
    )
    return Line(
        name=f"{one.device} {one.component.label}{_way(one, book)}",
        points=tuple((each.start, each.mean) for each in one.spans),
        band=band if with_band else (),
    )


def _way(one: Series, book: Book) -> str:
    """Which way the traffic went, where a series is of one."""
    way = one.aspect.rpartition("_")[2]
    return f" ({book.pen.words(f'way_{way}')})" if way in {"in", "out"} else ""


def _outlook(one: Outlook, book: Book) -> Row:
    pen = book.pen
    return Row(
        cells=(
            book.name(one.device),
            _part(one.component, one.aspect, book),
            Figure(value=one.limit, unit=one.unit) if one.limit is not None else NONE,
            str(one.left) if one.left is not None else NONE,
            pen.day(one.on),
            pen.day(one.first),
            pen.day(one.last),
            one.says.said(pen.said.language) if one.says else NONE,
        ),
        tone=Tone.ATTENTION if one.on or one.says else Tone.PLAIN,
    )


def _foreseen(one: Outlook, book: Book) -> Chart:
    """The days that were measured, and the forecast to the limit behind them."""
    pen = book.pen
    lines = [Line(name=pen.words("measured"), points=one.points)]
    if one.line:
        lines.append(Line(name=pen.words("forecast"), points=one.line, band=one.band, dashed=True))
    way = f"/{one.signal}" if one.signal else ""
    return Chart(
        key=f"outlook/{one.device}/{one.component.kind}/{one.component.label}/{one.aspect}{way}",
        title=f"{book.name(one.device)} {_part(one.component, one.aspect, book)}",
        unit=one.unit,
        lines=tuple(lines),
        limits=((pen.words("limit"), one.limit),) if one.limit is not None else (),
    )


def _part(component: Component, aspect: str, book: Book) -> str:
    return f"{book.pen.said.part(component)} – {book.pen.said.aspect(aspect)}"
