"""Rows that a table had and has no more: a power supply that failed may vanish from the list of its server.

A step of looks.py. Only a whole answer misses rows, and one without any misses none: a controller that starts has not
counted its parts yet.
"""

from collections.abc import Mapping
from dataclasses import replace

from collectors.plan import Origin
from collectors.tables import Table, text


def is_whole(table: Table | None) -> bool:
    """Whether all rows of the table came, and there were any."""
    return table is not None and table.ended is None and bool(table.index)


def with_gone(table: Table, before: Table, origin: Origin) -> Table:
    """`table` with the rows that `before` had and it has no more, which say what `origin.gone` has them say."""
    if not is_whole(table):
        return table
    there, were = _names(table, origin), _names(before, origin)
    missed = {name: row for name, row in were.items() if name not in there}
    if not missed or (not there and origin.known_by):
        return table
    return replace(
        table,
        index=(*table.index, *(_index(before.index[row], name) for name, row in missed.items())),
        columns={
            name: (*column, *(origin.gone.get(name, before.columns[name][row]) for row in missed.values()))
            for name, column in table.columns.items()
        },
    )


def _names(table: Table, origin: Origin) -> Mapping[str, int]:
    """By what each row is known: its path, or what it says where it stands in an array and may move up.

    None is known where two rows say the same, because nobody can tell then which one is gone.
    """
    if not origin.known_by:
        return {index: row for index, row in table.rows.items() if "#/" not in index}  # an element of an array
    columns = [table.columns[name] for name in origin.known_by]
    said = [next((word for column in columns if (word := text(column[row]))), "") for row in range(len(table.index))]
    return {name: row for row, name in enumerate(said) if name} if len(set(said)) == len(said) else {}


def _index(index: str, name: str) -> str:
    """The index of a row that is gone, which another row may have now."""
    return f"{index.rpartition('/')[0]}/{name}" if "#/" in index else index
