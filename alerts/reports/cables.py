"""What hangs on what, for the appendix: neighbours as devices told them by LLDP, and the parents people declared."""

from collections.abc import Iterator, Mapping

from alerts.papers.paper import Block, Mark, Row, Tone
from alerts.reports.book import NONE, Book
from alerts.reports.plans import pair, plans

End = tuple[str, str]
"""A device and its port."""


def cables(book: Book) -> Iterator[Block]:
    """A drawing of each site, then both lists, each cable once."""
    pen = book.pen
    yield pen.heading(2, "topology")
    seen = dict(_cables(book))
    yield from plans((pair(one, other) for (one, _), (other, _) in seen), book)
    yield pen.table(
        "cables",
        [("device", 1.5), ("port", 1.3), ("neighbour", 1.5), ("neighbour_port", 1.3), ("told_by", 1.0)],
        (
            Row(cells=(book.name(one), port or NONE, book.name(other), far or NONE, pen.words(how)))
            for ((one, port), (other, far)), how in seen.items()
        ),
    )
    linked = {frozenset((one, other)) for (one, _), (other, _) in seen}
    yield pen.table(
        "parents",
        [("device", 1.5), ("parent", 1.5), ("by_cable", 1.5)],
        (
            Row(cells=(book.name(name), book.name(parent), _mark(frozenset((name, parent)) in linked, book)))
            for name, parents in ((each.of.device.name, each.of.device.parents) for each in book.sheets)
            for parent in parents
        ),
    )
    yield pen.paragraph("topology_means", Tone.QUIET)


def _mark(is_seen: bool, book: Book) -> Mark:  # noqa: FBT001 - a question and its answer
    word = book.pen.words("cable_seen" if is_seen else "cable_unseen")
    return Mark(sign="√" if is_seen else "○", text=word, tone=Tone.GOOD if is_seen else Tone.QUIET)


def _cables(book: Book) -> Iterator[tuple[tuple[End, End], str]]:
    """Each cable between two ends, and whether one end told of it or both."""
    known = _names(book)
    told = {
        ((each.device, each.port), (known.get(each.neighbour.casefold(), each.neighbour), each.neighbour_port))
        for each in book.month.links
    }
    for here, there in sorted(told):
        if (there, here) in told:
            if here < there:
                yield (here, there), "told_by_both"
        else:
            yield (here, there), "told_by_one"


def _names(book: Book) -> Mapping[str, str]:
    """Our devices by what they call themselves; what two have in common names neither."""
    found: dict[str, str] = {}
    for each in book.sheets:
        own = each.of.device.name
        for name in {own.casefold(), (each.of.identity.name or own).casefold()}:
            found[name] = own if name not in found else ""
    return {name: own for name, own in found.items() if own}
