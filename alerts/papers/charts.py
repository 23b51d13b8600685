"""A Chart as an SVG drawing, 16 cm wide and 5 cm high: the same picture in HTML, PDF and Word.

It must be read on a black-and-white print: lines differ by their markers and widths, forecasts are dashed, limits
carry their names, and a time of which nothing is known is a gap in the line.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

from alerts.papers.drawing import WIDTH, svg, text, wide
from alerts.papers.paper import Chart, Figure, Line
from alerts.papers.saying import Saying, plain

HEIGHT = 200  # units of 0.25 mm
MOST_LINES = 8
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 10, 22, 22
_COLOURS = ("#000000", "#0a5aa5", "#b3430d", "#00684a", "#7a2f7a", "#5b4a00", "#444444", "#8a0030")
_MOST_POINTS = 1200
_NAME = 40
_ROW = 14  # how high a row of names is
_EMPTY = 40  # how high a picture of nothing is
_STEPS = (1, 2, 2.5, 5, 10)
_DAYS = (1, 2, 5, 7, 14, 31, 61, 92, 183, 366, 731, 1827, 3653)
_HOURS = (1, 2, 3, 6, 12)
_TICKS = 8
_FAR = 6
_BINARY = 1024.0


@dataclass(frozen=True, slots=True)
class _Field:
    """Where moments and values lie in the drawing."""

    first: float
    last: float
    low: float
    high: float

    def x(self, at: datetime) -> float:
        return _LEFT + (at.timestamp() - self.first) / (self.last - self.first) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (value - self.low) / (self.high - self.low) * (HEIGHT - _TOP - _BOTTOM)


def drawn(chart: Chart, said: Saying) -> str:
    """The chart as SVG; where it has nothing to show, the words that say so."""
    lines = chart.lines[:MOST_LINES]
    moments = [at.timestamp() for line in lines for at, value in line.points if _is_number(value)]
    values = [value for line in lines for value in _values(line)]
    if not moments or not values:
        return svg([text(WIDTH / 2, _EMPTY / 2 + 4, said.frame("no_data"), "middle", 12)], chart.title, _EMPTY)
    near, far = _limits(chart, min(values), max(values))
    ticks = _ticks(min([*values, *(value for _, value in near)]), max([*values, *(value for _, value in near)]), chart)
    field = _Field(*_room(min(moments), max(moments)), ticks[0], ticks[-1])
    names, more = _legend(lines, far, chart.unit, said)
    drawing = [
        *_grid(field, ticks, chart.unit, said),
        *(part for line in lines for part in _band(line, field)),
        *_limit_lines(near, field, chart.unit, said),
        *(part for place, line in enumerate(lines) for part in _line(line, place, field)),
    ]
    if more:  # the drawing makes room for further rows of names
        drawing = [f'<g transform="translate(0 {more * _ROW})">', *drawing, "</g>"]
    return svg([*drawing, *names], chart.title, HEIGHT + more * _ROW)


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _values(line: Line) -> Iterator[float]:
    for _, value in line.points:
        if value is not None and math.isfinite(value):
            yield value
    for _, low, high in line.band:
        if math.isfinite(low) and math.isfinite(high):
            yield from (low, high)


def _room(first: float, last: float) -> tuple[float, float]:
    return (first, last) if last > first else (first - 43_200, last + 43_200)


def _limits(chart: Chart, low: float, high: float) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """The limits that are drawn, and those so far away that the lines would be flat beside them."""
    room = max(high - low, abs(high) * 0.2, 1e-9) * _FAR
    known = [(plain(name, _NAME), value) for name, value in chart.limits if math.isfinite(value)]
    near = [(name, value) for name, value in known if low - room <= value <= high + room]
    return near, [each for each in known if each not in near]


def _ticks(low: float, high: float, chart: Chart) -> list[float]:
    """Round values from below `low` to above `high`, round in the scale in which the unit is said."""
    scale = _scale(max(abs(low), abs(high)), chart.unit)
    low, high = low / scale, high / scale
    if high - low <= abs(high) * 1e-9:
        low, high = low - max(abs(low) * 0.1, 1.0), high + max(abs(high) * 0.1, 1.0)
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in _STEPS if each * power >= rough * (1 - 1e-9))
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [at * step * scale for at in range(first, max(last, first + 1) + 1)]


def _scale(most: float, unit: str) -> float:
    if unit == "ratio":
        return 0.01
    if unit == "amperes" and most < 1:
        return 0.001
    if unit == "bytes" and most >= 1:
        return _BINARY ** min(math.floor(math.log(most, _BINARY) + 1e-9), 5)
    return 1.0


def _grid(field: _Field, ticks: Sequence[float], unit: str, said: Saying) -> Iterator[str]:
    for tick in ticks:
        y = field.y(tick)
        yield f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#c8c8c8" stroke-width=".6"/>'
        yield text(_LEFT - 5, y + 3.5, said.figure(Figure(value=tick, unit=unit)), "end")
    for at, name in _dates(field, said.zone):
        x = field.x(at)
        yield f'<path d="M{x:.1f} {HEIGHT - _BOTTOM}v4" stroke="#000" stroke-width=".8"/>'
        yield text(x, HEIGHT - _BOTTOM + 15, name, "middle")
    yield f'<path d="M{_LEFT} {_TOP}V{HEIGHT - _BOTTOM}H{WIDTH - _RIGHT}" fill="none" stroke="#000" stroke-width=".8"/>'


def _dates(field: _Field, zone: str) -> Iterator[tuple[datetime, str]]:
    """The moments below the drawing, at midnights of the zone, or at hours where it shows less than two days."""
    clock = _zone(zone)
    first, last = (datetime.fromtimestamp(each, clock) for each in (field.first, field.last))
    hours = (field.last - field.first) / 3600
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    if hours < 48:  # noqa: PLR2004 - two days
        step = next((each for each in _HOURS if hours / each <= _TICKS), _HOURS[-1])
        moments = [midnight + timedelta(hours=at) for at in range(0, 96, step)]
        shape = "%m-%d %H:%M" if step >= 6 else "%H:%M"  # noqa: PLR2004 - room for dates
    else:
        step = next((each for each in _DAYS if hours / 24 / each <= _TICKS), round(hours / 24 / _TICKS) or 1)
        moments = [midnight + timedelta(days=at * step) for at in range(_TICKS + 3)]
        shape = "%m-%d" if hours < 24 * 300 else "%Y-%m-%d"
    for at in moments:
        if first <= at <= last and field.x(at) <= WIDTH - _RIGHT - 12:
            yield at, at.strftime(shape)


def _zone(zone: str) -> tzinfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # as alerts.locale.wall: another clock is better than no paper
        return UTC


def _limit_lines(limits: Iterable[tuple[str, float]], field: _Field, unit: str, said: Saying) -> Iterator[str]:
    for name, value in limits:
        y = field.y(value)
        yield (
            f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#000" stroke-width="1.2" '
            f'stroke-dasharray="1 2.5" stroke-linecap="round"/>'
        )
        words = f"{name} {said.figure(Figure(value=value, unit=unit))}".strip()
        yield text(WIDTH - _RIGHT - 2, y - 3.5 if y > _TOP + 12 else y + 10, words, "end", halo=True)


def _band(line: Line, field: _Field) -> Iterator[str]:
    gaps = [at for at, value in line.points if not _is_number(value)]
    for run in _runs(line.band, gaps):
        inside = [each for each in run if field.first <= each[0].timestamp() <= field.last]
        inside = inside if len(inside) <= _MOST_POINTS else inside[:: len(inside) // _MOST_POINTS + 1]
        above = [f"{field.x(at):.1f} {field.y(high):.1f}" for at, _, high in inside]
        below = [f"{field.x(at):.1f} {field.y(low):.1f}" for at, low, _ in reversed(inside)]
        if len(inside) > 1:
            shade = "#cdcdcd" if line.dashed else "#d9d9d9"
            yield f'<path d="M{"L".join([*above, *below])}Z" fill="{shade}" fill-opacity=".75"/>'


def _runs(
    band: Sequence[tuple[datetime, float, float]], gaps: Sequence[datetime]
) -> Iterator[list[tuple[datetime, float, float]]]:
    """The band in pieces, none of which spans a gap of its line."""
    run: list[tuple[datetime, float, float]] = []
    at = 0
    for each in band:
        if not (math.isfinite(each[1]) and math.isfinite(each[2])):
            continue
        while at < len(gaps) and gaps[at] < each[0]:
            at += 1
            if run and run[-1][0] <= gaps[at - 1]:
                yield run
                run = []
        run.append(each)
    yield run


def _line(line: Line, place: int, field: _Field) -> Iterator[str]:
    colour = _COLOURS[place]
    runs = list(_pieces(line, field))
    strokes = [run for run in runs if len(run) > 1]
    dash = ' stroke-dasharray="5 3"' if line.dashed else ""
    width = 1.8 if place == 0 else 1.2
    if strokes:
        path = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run) for run in strokes)
        yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dash} stroke-linejoin="round"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.8" fill="{colour}"/>' for ((x, y),) in _alone(runs))
    if place and not line.dashed:
        yield from (_marker(x, y, place) for x, y in _sparse(strokes, place))


def _pieces(line: Line, field: _Field) -> Iterator[list[tuple[float, float]]]:
    """The line between its gaps, as points of the drawing; of very many, the lowest and highest of each column."""
    run: list[tuple[float, float]] = []
    for at, value in line.points:
        if value is not None and math.isfinite(value):
            run.append((field.x(at), field.y(value)))
        elif run:
            yield _fewer(run)
            run = []
    if run:
        yield _fewer(run)


def _fewer(run: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(run) <= _MOST_POINTS:
        return run
    columns: dict[int, list[tuple[float, float]]] = {}
    for point in run:
        columns.setdefault(round(point[0]), []).append(point)
    kept = [(min(each, key=_height), max(each, key=_height)) for each in columns.values()]
    return [run[0], *(point for both in kept for point in sorted(set(both))), run[-1]]


def _height(point: tuple[float, float]) -> float:
    return point[1]


def _alone(runs: Iterable[list[tuple[float, float]]]) -> Iterator[list[tuple[float, float]]]:
    return (run for run in runs if len(run) == 1)


def _sparse(runs: Sequence[list[tuple[float, float]]], place: int) -> Iterator[tuple[float, float]]:
    """Where the markers of a line stand: some 50 units apart, those of two lines not above each other."""
    due = _LEFT + 14.0 * place
    for run in runs:
        for before, (x, y) in pairwise([run[0], *run]):
            if x >= due:
                yield x, y
                due = x + 50
            elif before[0] > due:
                due = x


def _marker(x: float, y: float, place: int) -> str:
    colour = _COLOURS[place]
    shapes = (
        f"M{x - 2.6:.1f} {y - 2.6:.1f}h5.2v5.2h-5.2Z",
        f"M{x:.1f} {y - 3.4:.1f}l3.2 5.6h-6.4Z",
        f"M{x:.1f} {y - 3.6:.1f}l3.4 3.6l-3.4 3.6l-3.4 -3.6Z",
        f"M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6",
        f"M{x - 3.4:.1f} {y:.1f}h6.8m-3.4 -3.4v6.8",
        f"M{x:.1f} {y + 3.4:.1f}l3.2 -5.6h-6.4Z",
        f"M{x - 3.2:.1f} {y - 2:.1f}h6.4v4h-6.4Z",
    )
    fill = colour if place % 2 == 0 else "#fff"
    return f'<path d="{shapes[(place - 1) % len(shapes)]}" fill="{fill}" stroke="{colour}" stroke-width="1"/>'


def _legend(lines: Sequence[Line], far: Sequence[tuple[str, float]], unit: str, said: Saying) -> tuple[list[str], int]:
    """The names of the lines and of far limits, in as many rows as they need; how many beyond the first."""
    parts: list[str] = []
    x, row = float(_LEFT), 0

    def begun(width: float) -> float:
        """Where a name of this width begins: on a further row where it would not end within the drawing."""
        nonlocal x, row
        if x > _LEFT and x + width > WIDTH - _RIGHT:
            x, row = float(_LEFT), row + 1
        at, x = x, x + width + 14
        return at

    for place, line in enumerate(lines):
        name = plain(line.name, _NAME)
        at, y = begun(26 + wide(name)), row * _ROW
        dash = ' stroke-dasharray="5 3"' if line.dashed else ""
        width = 1.8 if place == 0 else 1.2
        parts.append(f'<path d="M{at:.1f} {y + 9}h22" stroke="{_COLOURS[place]}" stroke-width="{width}"{dash}/>')
        if place and not line.dashed:
            parts.append(_marker(at + 11, y + 9, place))
        parts.append(text(at + 26, y + 12.5, name))
    for name, value in far:
        words = f"{name} {said.figure(Figure(value=value, unit=unit))}"
        at = begun(wide(words))
        parts.append(text(at, row * _ROW + 12.5, words))
    return parts, row
