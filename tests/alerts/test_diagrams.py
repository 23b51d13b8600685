"""Diagrams of papers: boxes that stay apart and within the page, in an order in which few lines cross."""

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest

from alerts.papers.diagrams import MOST_IN_ROW, drawn
from alerts.papers.drawing import WIDTH
from alerts.papers.paper import Diagram, Link, Node, Tone
from sample_paper import HOSTILE

_SVG = "{http://www.w3.org/2000/svg}"


def diagram(levels: list[list[str]], links: list[tuple[str, str]]) -> Diagram:
    return Diagram(
        key="plan/a",
        title="Plan",
        levels=tuple(tuple(Node(key=each, name=each) for each in level) for level in levels),
        links=tuple(Link(one=one, other=other) for one, other in links),
    )


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each box."""
    found = []
    for each in ET.fromstring(svg).iter(f"{_SVG}rect"):  # noqa: S314 - as above
        x, y, width, height = (float(each.attrib[name]) for name in ("x", "y", "width", "height"))
        found.append((x, y, x + width, y + height))
    return found


def words(svg: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(svg).iter(f"{_SVG}text")]  # noqa: S314 - as above


@pytest.mark.parametrize("count", [1, 2, 5, 9, MOST_IN_ROW])
@pytest.mark.parametrize(
    "name", ["a{}", "hefei-cdc-building-3-floor-2-access-{}", "合肥疾控中心三号楼二层接入交换机{}"]
)
def test_boxes_stay_apart_and_within_the_page(count: int, name: str) -> None:
    row = [name.format(at) for at in range(count)]
    svg = drawn(diagram([["core"], row], [("core", each) for each in row]))
    found = boxes(svg)
    assert len(found) == count + 1
    high = float(ET.fromstring(svg).attrib["viewBox"].split()[3])  # noqa: S314 - as above
    assert all(0 <= left < right <= WIDTH and 0 <= top < bottom <= high for left, top, right, bottom in found)
    assert not [
        (one, other)
        for one, other in combinations(found, 2)
        if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    ]


def test_boxes_stand_below_what_they_hang_on() -> None:
    """Given in an order in which every line would cross another, none does."""
    svg = drawn(diagram([["a", "b", "c"], ["under-c", "under-b", "under-a"]], [(x, f"under-{x}") for x in "abc"]))
    paths = re.findall(r'd="M([\d.]+) [\d.]+L([\d.]+) ', svg)
    lines = sorted((float(x), float(to_x)) for x, to_x in paths)
    assert len(lines) == 3
    assert all(one[1] < other[1] for one, other in pairwise(lines))


def test_name_without_room_loses_its_middle_for_names_differ_at_their_ends() -> None:
    row = [f"hefei-centre-for-disease-control-access-{at:02d}" for at in range(30)]
    svg = drawn(diagram([["core"], row], []))
    shown = {each for each in words(svg) if "…" in each}
    assert len(shown) == 30
    assert all(each.startswith("hefei") and each[-2:].isdigit() for each in shown)


def test_words_of_devices_are_text_and_nothing_else() -> None:
    svg = drawn(diagram([["core"], list(HOSTILE)], [("core", each) for each in HOSTILE]))
    root = ET.fromstring(svg)  # noqa: S314 - as above
    assert {each.tag for each in root.iter()} == {f"{_SVG}{name}" for name in ("svg", "path", "rect", "text")}


def test_several_cables_are_one_line_with_their_number_and_declared_ones_are_dashed() -> None:
    of = diagram([["a", "b", "c"]], [])
    links = (Link(one="a", other="b", count=2), Link(one="b", other="c", dashed=True), Link(one="a", other="nobody"))
    svg = drawn(Diagram(key=of.key, title=of.title, levels=of.levels, links=links))
    assert words(svg).count("×2") == 1
    assert svg.count("<path") == 2
    assert svg.count("stroke-dasharray") == 1


def test_line_of_a_row_goes_around_what_stands_between() -> None:
    three = diagram([["x", "y", "z"], ["a", "b", "c"]], [("x", "a"), ("y", "b"), ("z", "c"), ("a", "c")])
    two = diagram([["a", "b"]], [("a", "b")])
    bows = [sum("C" in path for path in re.findall(r' d="([^"]*)"', drawn(each))) for each in (three, two)]
    assert bows == [1, 0]


def test_state_of_a_box_is_told_without_colour() -> None:
    bad = Node(key="a", name="acc-1", sign="×", tone=Tone.BAD)
    outside = Node(key="b", name="router", outside=True)
    svg = drawn(Diagram(key="k", title="t", levels=((bad, outside),), links=()))
    assert "× acc-1" in words(svg)
    assert svg.count("stroke-dasharray") == 1
