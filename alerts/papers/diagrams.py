"""A Diagram as an SVG drawing, 16 cm wide: boxes in rows from above, and the lines between them.

It must be read on a black-and-white print: the sign of a box tells its state, a dashed outline what is outside, a
dashed line what was declared and never seen. The boxes of a row are ordered so that few lines cross.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.papers.drawing import WIDTH, svg, text, wide
from alerts.papers.paper import Diagram, Link, Node, Tone
from alerts.papers.saying import plain

MOST_IN_ROW = 40
"""Boxes of one level: more would be too narrow for their names."""
_MARGIN, _SPACE = 4.0, 6.0
_SIZE = 9.0
_LOW = 22.0  # how high a box with its name across is
_NARROW = 26.0  # how wide a box with its name upwards is at most
_LONGEST = 150.0  # of a name
_PAD = 8.0
_GAP, _MOST_GAP = 44.0, 90.0  # between two rows; the more lines, the wider
_BOW = 16.0  # how far a line between two boxes of one row hangs down
_SWEEPS = 6
_Point = tuple[float, float]
_FILLS = {Tone.BAD: "#fae5e5", Tone.ATTENTION: "#fbf3dc", Tone.GOOD: "#eef6ee"}


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a node is drawn."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    turned: bool
    row: int

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


def drawn(diagram: Diagram) -> str:
    """The diagram as SVG. Links to nodes that it does not have are left out."""
    keys = {node.key for level in diagram.levels for node in level}
    links = [link for link in diagram.links if link.one in keys and link.other in keys and link.one != link.other]
    boxes, height = _placed(_ordered(diagram.levels, links), links)
    every = boxes.values()
    parts = [_line(link, boxes[link.one], boxes[link.other], every) for link in links]
    parts += [part for box in every for part in _box(box)]
    parts += [part for link in links for part in _count(link, boxes[link.one], boxes[link.other], every)]
    return svg(parts, diagram.title, height)


def _ordered(levels: Sequence[Sequence[Node]], links: Sequence[Link]) -> list[list[Node]]:
    """The levels that have nodes, each in an order in which few lines cross: a node stands amid its neighbours."""
    beside: dict[str, list[str]] = {}
    for link in links:
        beside.setdefault(link.one, []).append(link.other)
        beside.setdefault(link.other, []).append(link.one)
    rows = [list(level[:MOST_IN_ROW]) for level in levels if level]
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            places = {node.key: (at + 0.5) / len(each) for each in rows for at, node in enumerate(each)}
            row.sort(key=lambda node: _amid(node, places, beside))
    return rows


def _amid(node: Node, places: Mapping[str, float], beside: Mapping[str, Sequence[str]]) -> float:
    known = [places[key] for key in beside.get(node.key, ()) if key in places]
    return sum(known) / len(known) if known else places[node.key]


def _placed(rows: Sequence[Sequence[Node]], links: Sequence[Link]) -> tuple[dict[str, _Box], float]:
    """The boxes by the keys of their nodes, and how high the drawing is."""
    boxes: dict[str, _Box] = {}
    y = _MARGIN
    for number, row in enumerate(rows):
        room = (WIDTH - 2 * _MARGIN) / len(row) - _SPACE
        longest = min(max(wide(_said(node), _SIZE) for node in row) + _PAD, _LONGEST)
        turned = room < longest
        width, height = (min(room, _NARROW), longest) if turned else (longest, _LOW)
        step = (WIDTH - 2 * _MARGIN) / len(row)
        for at, node in enumerate(row):
            x = _MARGIN + step * (at + 0.5) - width / 2
            boxes[node.key] = _Box(node, x, y, width, height, turned, number)
        keys = {node.key for node in row}
        below = sum((link.one in keys) is not (link.other in keys) for link in links)
        bows = any(link.one in keys and link.other in keys for link in links)
        y += height
        if number + 1 < len(rows):
            y += min(_GAP + below / 2, _MOST_GAP)
        elif bows:
            y += _BOW + _PAD
    return boxes, y + _MARGIN


def _said(node: Node) -> str:
    return f"{node.sign} {plain(node.name)}".strip()


def _cut(words: str, room: float) -> str:
    """`words`, of which the middle is left out where there is no room for it: names differ at their ends."""
    if wide(words, _SIZE) <= room:
        return words
    kept = len(words)
    while kept > 2 and wide(words[: kept - kept // 2] + "…" + words[-(kept // 2) :], _SIZE) > room:  # noqa: PLR2004 - a letter at each end
        kept -= 1
    return words[: kept - kept // 2] + "…" + words[-(kept // 2) :]


def _box(box: _Box) -> Iterator[str]:
    dash = ' stroke-dasharray="4 3"' if box.node.outside else ""
    stroke = "#777" if box.node.outside else "#000"
    thick = 1.8 if box.node.tone is Tone.BAD else 1
    yield (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="3" '
        f'fill="{_FILLS.get(box.node.tone, "#fff")}" stroke="{stroke}" stroke-width="{thick}"{dash}/>'
    )
    words = _cut(_said(box.node), (box.height if box.turned else box.width) - _PAD / 2)
    if box.turned:
        yield text(box.middle + _SIZE * 0.36, box.y + box.height / 2, words, "middle", _SIZE, turned=True)
    else:
        yield text(box.middle, box.y + box.height / 2 + _SIZE * 0.36, words, "middle", _SIZE)


def _line(link: Link, one: _Box, other: _Box, boxes: Iterable[_Box]) -> str:
    (x, y), (to_x, to_y) = _ends(one, other, boxes)
    bow = f"C{x:.1f} {y + _BOW:.1f} {to_x:.1f} {y + _BOW:.1f} " if _is_bow(one, other, boxes) else "L"
    dash = ' stroke-dasharray="5 3"' if link.dashed else ""
    thick = 1.8 if link.count > 1 else 1
    path = f"M{x:.1f} {y:.1f}{bow}{to_x:.1f} {to_y:.1f}"
    return f'<path d="{path}" fill="none" stroke="#555" stroke-width="{thick}"{dash}/>'


def _ends(one: _Box, other: _Box, boxes: Iterable[_Box]) -> tuple[_Point, _Point]:
    """From where to where the line between two boxes goes."""
    if one.row == other.row:
        left, right = (one, other) if one.x <= other.x else (other, one)
        if not _is_bow(one, other, boxes):
            return (left.x + left.width, left.y + left.height / 2), (right.x, right.y + right.height / 2)
        return (left.middle, left.y + left.height), (right.middle, right.y + right.height)
    upper, lower = (one, other) if one.row < other.row else (other, one)
    return (upper.middle, upper.y + upper.height), (lower.middle, lower.y)


def _is_bow(one: _Box, other: _Box, boxes: Iterable[_Box]) -> bool:
    """Whether the line between two boxes of one row has to go around another one."""
    first, last = sorted((one.x, other.x))
    return one.row == other.row and any(box.row == one.row and first < box.x < last for box in boxes)


def _count(link: Link, one: _Box, other: _Box, boxes: Iterable[_Box]) -> Iterator[str]:
    if link.count > 1:
        (x, y), (to_x, to_y) = _ends(one, other, boxes)
        # of a level line it stands above it
        lower = _BOW * 0.75 + 3 if _is_bow(one, other, boxes) else -4.0 if one.row == other.row else 3.0
        yield text((x + to_x) / 2, (y + to_y) / 2 + lower, f"×{link.count}", "middle", 8, halo=True)
