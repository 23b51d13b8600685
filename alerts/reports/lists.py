"""The lists of an inspection report: devices, check sheets, versions, notices, configurations, spares, site items."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from alerts.papers.paper import Block, Cell, Figure, Heading, Mark, Moment, Row, Tone
from alerts.reports.availability import availability
from alerts.reports.book import NONE, TONES, Book
from alerts.reports.month import DeviceMonth
from alerts.reports.results import Result
from alerts.reports.sheets import BAD, Check, Line, Sheet
from monitor.model import Condition, Observation

_SINGLE = (*BAD, Result.NOT_CHECKED)
"""Readings that stand on a line of their own; the others are counted."""
_NEARLY = 0.98  # of the month: short gaps are those of restarts
_WORDS_SHOWN = 3  # different words of a device in the evidence of many readings


def devices(book: Book) -> Iterator[Block]:
    """The device list."""
    pen = book.pen
    yield pen.heading(1, "devices")
    yield pen.table(
        "devices",
        [
            ("device", 1.4), ("place", 1.0), ("model", 1.3), ("serial", 1.3), ("address", 1.1), ("version", 1.3),
            ("uptime", 1.0), ("warranty", 1.1), ("available", 1.0), ("state", 1.2),
        ],
        (_device(one, book) for one in book.sheets),
    )  # fmt: skip
    yield pen.paragraph("devices_mean", Tone.QUIET)
    yield pen.heading(2, "outages")
    yield from availability(book)


def _device(one: Sheet, book: Book) -> Row:
    of, pen = one.of, book.pen
    identity = of.identity
    sites = {site.name: site.title or site.name for site in book.month.sites}
    days = (book.month.end - of.booted_at).days if of.booted_at and of.booted_at < book.month.end else None
    return Row(
        cells=(
            book.name(of.device.name),
            sites.get(of.device.site, of.device.site),
            " ".join(filter(None, (identity.vendor, identity.model))) or NONE,
            identity.serial or NONE,
            of.device.address,
            " ".join(filter(None, (identity.version, identity.patch))) or NONE,
            pen.words("days", days=str(days)) if days is not None and of.reached else NONE,
            pen.day(of.warranty_ends),
            _availability(of, book),
            pen.mark(one.worst),
        ),
        tone=TONES[one.worst] if one.worst in BAD else Tone.PLAIN,
    )


def _availability(of: DeviceMonth, book: Book) -> Cell:
    """The share, and for how long it is known where that is not nearly all of the month."""
    if not of.known_for:
        return book.pen.words("insufficient")
    share = Figure(value=of.up_for / of.known_for, unit="ratio")
    lasted = (min(book.month.end, book.month.generated_at) - book.month.start).total_seconds()
    if of.known_for >= lasted * _NEARLY:
        return share
    told = book.pen.said.measured(share.value, share.unit)
    return book.pen.words("available_partly", share=told, days=f"{of.known_for / 86_400:.1f}")


def check_sheets(book: Book) -> Iterator[Block]:
    """The check sheet of each device, and how its results are to be read."""
    pen = book.pen
    yield pen.heading(1, "sheets")
    yield pen.paragraph("sheets_mean", Tone.QUIET)
    for one in book.sheets:
        name = book.name(one.of.device.name)
        yield Heading(level=2, text=name, key=f"sheet/{one.of.device.name}")
        if not one.of.reached and one.of.last_seen:
            yield pen.paragraph("last_known", Tone.ATTENTION, at=pen.at(one.of.last_seen))
        elif not one.of.reached or not one.of.checks:
            yield pen.paragraph("no_checks", Tone.ATTENTION)
        yield pen.table(
            "sheet",
            [("item", 1.8), ("command", 1.8), ("standard", 1.6), ("measured", 1.6), ("result", 1.2), ("evidence", 1.7)],
            (row for line in one.lines for row in _line(line, one, book)),
            of=one.of.device.name,
            title=pen.words("table_sheet", device=name),
        )


def _line(line: Line, one: Sheet, book: Book) -> Iterator[Row]:
    """A line for the item, and one more for each of its readings that wants work or could not be made."""
    pen, language = book.pen, book.pen.said.language
    asked = line.item.asked(one.of.identity.platform or "")
    title, standard = line.item.title.said(language), line.item.standard.said(language)
    if line.result is None:
        key = f"device/{one.of.device.name}/{line.item.name}"
        cells: tuple[Cell, ...] = (title, pen.words("by_hand"), standard, book.blank(f"{key}/measured"))
        yield Row(cells=(*cells, book.blank(f"{key}/result"), book.blank(f"{key}/remark")))
        return
    told = pen.words("semicolon").join(pen.phrase(each) for each in line.told)
    if len(line.checks) == 1 and not told:
        yield _reading(line.checks[0], title, asked, book)
        return
    single = [check for check in line.checks if check.result in _SINGLE]
    first = (single or line.checks or (None,))[0]
    yield Row(
        cells=(
            title,
            pen.comma((asked, first.told.source if first else "")) or NONE,
            standard,
            pen.words("semicolon").join(filter(None, (told, _measured(line.checks, book)))) or NONE,
            pen.mark(line.result),
            _evidence(line.checks, book) or NONE,
        ),
        tone=TONES.get(line.result, Tone.PLAIN),
    )
    for check in single:
        yield _reading(check, "", "", book)


def _reading(check: Check, title: str, asked: str, book: Book) -> Row:
    """One reading: which part, measured against which standard, with the device's word and where it was read."""
    pen, told = book.pen, check.told
    said = pen.said
    part = f"{said.part(told.component)} – {said.aspect(told.aspect)}"
    condition = said.condition(told.aspect, told.condition) if told.condition else ""
    return Row(
        cells=(
            f"{title}{said.said('letter', 'colon')}{part}" if title else f"└ {part}",
            pen.comma((asked, told.source)) or NONE,
            _standard(told, book),
            said.measured(told.value, told.unit) or condition or NONE,
            _mark(check, book),
            pen.evidence(told),
        ),
        tone=TONES.get(check.result, Tone.PLAIN),
    )


def _mark(check: Check, book: Book) -> Mark:
    """The result; of a port that is down without being a fault with the words that it is not in use."""
    mark, told = book.pen.mark(check.result), check.told
    if check.result is Result.NOT_APPLICABLE and told.condition is not None and told.condition.is_bad:
        return replace(mark, text=book.pen.words("unused", result=mark.text))
    return mark


def _standard(told: Observation, book: Book) -> str:
    said = book.pen.said
    if limits := said.limits(told.limits, told.unit):
        return limits
    if told.aspect == "oper_status":
        return book.pen.words("standard_up")
    return NONE if told.value is not None else book.pen.words("standard_ok")


def _measured(checks: Sequence[Check], book: Book) -> str:
    """How many readings had which result, and between which figures they lie, by aspect."""
    if not checks:
        return ""
    pen, said = book.pen, book.pen.said
    counts = [(result, sum(check.result is result for check in checks)) for result in Result]
    tally = pen.comma(
        pen.words("so_many", count=str(count), result=pen.words(result.value)) for result, count in counts if count
    )
    ranges = []
    ordered = sorted(checks, key=lambda check: (check.told.component.kind, check.told.aspect, check.told.unit))
    for (kind, aspect, unit), same in groupby(
        ordered, key=lambda check: (check.told.component.kind, check.told.aspect, check.told.unit)
    ):
        values = sorted(
            check.told.value
            for check in same
            if check.told.value is not None and check.told.condition is not Condition.ABSENT
        )
        if values:
            low, high = said.measured(values[0], unit), said.measured(values[-1], unit)
            figure = low if low == high else pen.words("range", low=low, high=high)
            ranges.append(f"{said.kind(kind)} {said.aspect(aspect)} {figure}")
    return pen.words("semicolon").join((tally, *ranges))


def _evidence(checks: Sequence[Check], book: Book) -> str:
    """When the readings were made, and the device's own words with how often each was told."""
    if not checks:
        return ""
    words: dict[str, int] = {}
    for check in checks:
        if check.told.value is None and check.told.raw:
            words[check.told.raw] = words.get(check.told.raw, 0) + 1
    first = sorted(words.items(), key=lambda pair: -pair[1])
    shown = [f"{book.pen.said.raw(raw)} ×{count}" for raw, count in first[:_WORDS_SHOWN]]
    return " · ".join((book.pen.at(max(check.told.at for check in checks)), *shown))


def notices(book: Book) -> Iterator[Block]:
    """Versions, and what the makers' notices mean for them."""
    pen, found = book.pen, book.month.notices
    yield pen.heading(1, "notices")
    versions: dict[tuple[str, str, str], list[str]] = {}
    for one in book.sheets:
        told = one.of.identity
        key = (" ".join(filter(None, (told.vendor, told.model))), told.version or "", told.patch or "")
        versions.setdefault(key, []).append(one.of.device.name)
    yield pen.table(
        "versions",
        [("model", 2.0), ("version", 1.8), ("patch", 1.4), ("number_of", 0.8)],
        (
            Row(cells=(model or NONE, version or NONE, patch or NONE, Figure(value=len(names))))
            for (model, version, patch), names in sorted(versions.items())
        ),
    )
    if found is None:
        yield pen.paragraph("notices_unwatched", Tone.ATTENTION)
        return
    for name, at in found.sources:
        yield pen.paragraph("notices_source", Tone.QUIET, source=name, at=pen.at(at) if at else pen.words("never"))
    if found.undetermined:
        yield pen.paragraph("notices_undetermined", Tone.ATTENTION, count=str(found.undetermined))
    yield pen.table(
        "notices",
        [("device", 1.2), ("notice", 2.4), ("verdict", 1.0), ("fixed", 1.2), ("workaround", 1.8), ("standing", 0.9)],
        (
            Row(
                cells=(
                    book.name(each.device),
                    pen.comma((each.advisory, each.title, pen.words("exploited") if each.known_exploited else "")),
                    pen.said.named("inspection", f"verdict_{each.verdict}"),
                    each.fixed or NONE,
                    each.workaround or NONE,
                    pen.said.named("notice_state", each.state) if each.state else NONE,
                )
            )
            for each in found.exposures
        ),
    )


def configurations(book: Book) -> Iterator[Block]:
    """Backups of configurations, and whether what runs is saved."""
    pen = book.pen
    yield pen.heading(1, "configurations")
    yield pen.table(
        "configurations",
        [("device", 1.4), ("number_of", 0.8), ("kept_at", 1.2), ("changes", 0.8), ("lines", 1.2), ("saved", 1.0)],
        (_configuration(one, book) for one in book.sheets),
    )


def _configuration(one: Sheet, book: Book) -> Row:
    pen, kept = book.pen, one.of.configuration
    saved = [check for line in one.lines for check in line.checks if check.told.aspect == "configuration"]
    mark: Cell = pen.mark(saved[0].result) if saved else pen.mark(Result.NOT_CHECKED)
    name = book.name(one.of.device.name)
    if kept is None:
        return Row(cells=(name, NONE, pen.words("no_backup"), NONE, NONE, mark), tone=Tone.QUIET)
    lines = pen.words("lines_changed", added=str(kept.added), removed=str(kept.removed)) if kept.changes else NONE
    cells: tuple[Cell, ...] = (name, Figure(value=kept.number), Moment(at=kept.at), Figure(value=kept.changes), lines)
    return Row(cells=(*cells, mark))


def spares(book: Book) -> Iterator[Block]:
    """The stores of spare parts: what is short, and what was moved."""
    pen, found = book.pen, book.month.spares
    yield pen.heading(1, "spares")
    if found is None:
        yield pen.paragraph("spares_none")
        return
    yield pen.table(
        "spares",
        [
            ("part_number", 1.4),
            ("description", 2.0),
            ("installed", 0.8),
            ("minimum", 0.8),
            ("free", 0.8),
            ("short", 0.8),
        ],
        (
            Row(
                cells=(
                    each.part_number,
                    each.description or NONE,
                    Figure(value=each.installed),
                    Figure(value=each.minimum),
                    Figure(value=each.free),
                    Figure(value=each.short),
                ),
                tone=Tone.ATTENTION if each.short else Tone.PLAIN,
            )
            for each in found.levels
        ),
    )
    yield pen.table(
        "movements",
        [
            ("when", 1.2),
            ("part_number", 1.3),
            ("moved", 1.0),
            ("quantity", 0.6),
            ("from", 1.2),
            ("to", 1.2),
            ("why", 1.4),
        ],
        (
            Row(
                cells=(
                    Moment(at=each.at),
                    pen.comma((spare.part_number, spare.serial)),
                    pen.words(f"moved_{each.what.value}"),
                    Figure(value=each.quantity),
                    pen.comma((each.source.store, each.source.ticket)) or NONE,
                    pen.comma((each.target.store, each.target.ticket)) or NONE,
                    each.why or NONE,
                )
            )
            for spare, each in found.movements
        ),
    )


def on_site(book: Book) -> Iterator[Block]:
    """What a person looks at once at each site; blank until somebody has."""
    pen, language = book.pen, book.pen.said.language
    items = book.month.items.of_sites()
    yield pen.heading(1, "on_site")
    yield pen.paragraph("on_site_said")
    yield pen.table(
        "on_site",
        [("place", 1.2), ("item", 1.8), ("standard", 1.8), ("measured", 1.2), ("result", 1.0), ("remark", 1.4)],
        (
            Row(
                cells=(
                    site.title or site.name,
                    item.title.said(language),
                    item.standard.said(language),
                    *(book.blank(f"site/{site.name}/{item.name}/{what}") for what in ("measured", "result", "remark")),
                )
            )
            for site in book.month.sites
            for item in items
        ),
    )
