"""The drawing of a site, for the appendix: who hangs on whom, by the cables that devices told of and by declaration.

From above: what only the cores know and nobody watches (a carrier's router), cores, distribution, access, servers and
all else, other neighbours that are not watched. A server that hangs on no access switch stands beside these.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.papers.diagrams import MOST_IN_ROW
from alerts.papers.paper import Block, Diagram, Link, Node, Tone
from alerts.reports.book import TONES, Book
from alerts.reports.results import Result
from alerts.reports.sheets import MARKS, Sheet
from monitor.model import Role

Pair = tuple[str, str]
"""Two devices that hang together, in the order of their names."""
_ABOVE, _CORE, _DISTRIBUTION, _ACCESS, _REST, _STRANGERS = range(6)
_LEVELS: Mapping[Role, int] = {
    Role.CORE: _CORE,
    Role.DISTRIBUTION: _DISTRIBUTION,
    Role.ACCESS: _ACCESS,
    Role.SERVER: _REST,
    Role.OTHER: _REST,
}
_MOST_STRANGERS = 12
"""Neighbours that are not watched: of more, such as telephones, none is drawn."""


def pair(one: str, other: str) -> Pair:
    """Both in the order of their names."""
    return (one, other) if one <= other else (other, one)


def plans(cables: Iterable[Pair], book: Book) -> Iterator[Block]:
    """A drawing for each site of which any device hangs on another. `cables`: the two ends of each, once."""
    seen = Counter(cables)
    sheets = {each.of.device.name: each for each in book.sheets}
    declared = {pair(name, parent) for name, one in sheets.items() for parent in one.of.device.parents}
    links = [
        *(Link(one=one, other=other, count=count) for (one, other), count in sorted(seen.items())),
        *(Link(one=one, other=other, dashed=True) for one, other in sorted(declared - seen.keys())),
    ]
    links = [link for link in links if link.one != link.other]
    for site in book.month.sites:
        own = {name for name, one in sheets.items() if one.of.device.site == site.name}
        yield from _plan(site.name, site.title or site.name, _Ends(own, sheets), links, book)


@dataclass(frozen=True, slots=True)
class _Ends:
    """The devices of one site, and all of the report."""

    own: set[str]
    sheets: Mapping[str, Sheet]

    def touched(self, links: Iterable[Link]) -> list[Link]:
        return [link for link in links if link.one in self.own or link.other in self.own]

    def levels(self, names: Sequence[str], links: Sequence[Link]) -> list[list[str]]:
        """The names on each level."""
        known = {name: _LEVELS[self.sheets[name].of.device.role] for name in names if name in self.sheets}
        beside: dict[str, set[int]] = {}
        for link in links:
            for one, other in ((link.one, link.other), (link.other, link.one)):
                beside.setdefault(one, set()).add(known.get(other, _STRANGERS))
        found = [[name for name in names if known.get(name, _STRANGERS) == at] for at in range(_STRANGERS + 1)]
        found[_ABOVE] = [name for name in found[_STRANGERS] if beside[name] == {_CORE}]
        found[_STRANGERS] = [name for name in found[_STRANGERS] if beside[name] != {_CORE}]
        direct = [name for name in found[_REST] if beside[name] <= {_CORE, _DISTRIBUTION}]
        if len(found[_ACCESS]) + len(direct) <= MOST_IN_ROW:
            found[_ACCESS] += direct
            found[_REST] = [name for name in found[_REST] if name not in direct]
        return found


def _plan(site: str, title: str, ends: _Ends, links: Sequence[Link], book: Book) -> Iterator[Block]:
    touched = ends.touched(links)
    if not touched:
        return
    names = sorted({name for link in touched for name in (link.one, link.other)})
    strangers = [name for name in names if name not in ends.sheets]
    left_out = len(strangers) if len(strangers) > _MOST_STRANGERS else 0
    drawn = [name for name in names if name in ends.sheets] if left_out else names
    levels = tuple(tuple(_node(name, ends, book) for name in level) for level in ends.levels(drawn, touched))
    if max(map(len, levels)) > MOST_IN_ROW:
        yield book.pen.paragraph("plan_too_large", Tone.QUIET, site=title, most=str(MOST_IN_ROW))
        return
    if sum(map(len, levels)) < 2:  # noqa: PLR2004 - one box alone says nothing
        return
    alone = len(ends.own - set(names))
    notes = [
        book.pen.words("plan_means"),
        book.pen.words("plan_strangers", count=str(left_out)) if left_out else "",
        book.pen.words("plan_alone", count=str(alone)) if alone else "",
    ]
    yield Diagram(
        key=f"plan/{site}",
        title=book.pen.words("plan_of", site=title),
        levels=levels,
        links=tuple(touched),
        note=" ".join(filter(None, notes)),
    )


def _node(name: str, ends: _Ends, book: Book) -> Node:
    sheet = ends.sheets.get(name)
    if sheet is None:
        return Node(key=name, name=name, outside=True)
    result = sheet.worst
    tone = TONES[result] if result is not Result.NORMAL else Tone.PLAIN
    return Node(
        key=name,
        name=book.name(name),
        sign=MARKS[result] if result is not Result.NORMAL else "",
        tone=tone,
        outside=name not in ends.own,
    )
