"""How the papers after a fault and on demand make their tables: columns by the words of [after] in a language."""

from collections.abc import Iterable, Sequence

from alerts.locale import Words
from alerts.papers.paper import Column, Row, Table


def table(
    said: Words,
    key: str,
    columns: Sequence[tuple[str, str, float]],
    rows: Iterable[Row],
    *,
    empty: str = "none",
    title: str = "",
    of: str = "",
) -> Table:
    """A table; of each column its key, its word and its share. `of` tells tables of one key apart."""
    return Table(
        key=f"{key}-{of}" if of else key,
        title=said.said("after", title) if title else "",
        columns=tuple(Column(key=name, title=said.said("after", word), share=share) for name, word, share in columns),
        rows=tuple(rows),
        empty=said.said("after", empty),
    )
