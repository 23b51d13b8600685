"""Tables too long to be walked, such as the logs of servers: only their ends are asked, once their length is known.

The second question of a visit (visit.py). Which end is the new one no MIB says, so that both are asked.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import chain

from collectors.plan import Origin
from collectors.snmp.reader import Request, Value
from collectors.tables import Table, number

OLDEST, NEWEST = 10, 20
LONGEST = 10_000_000  # more rows than any log holds: a length beyond that is none


def due(
    long: Iterable[Origin], scalars: Mapping[str, Value], last: Mapping[str, Value] | None, paces: Container[float]
) -> tuple[Origin, ...]:
    """Which of the `long` tables are to be asked: those that grew or shrank since `last`, or whose pace has come.

    A log that is full keeps its length while lines come and go.
    """
    return tuple(
        origin
        for origin in long
        if _length(origin, scalars)
        and (last is None or origin.every in paces or scalars.get(origin.count) != last.get(origin.count))
    )


def ends(long: Iterable[Origin], scalars: Mapping[str, Value]) -> Request:
    """What is to be asked of the `long` tables."""
    return Request(
        scalars=tuple(
            f"{column}.{index}"
            for origin in long
            for index in _indexes(origin, scalars)
            for column in origin.oids.values()
        )
    )


def table(origin: Origin, scalars: Mapping[str, Value]) -> Table:
    """The rows of a long table that were answered."""
    asked = (
        (index, [scalars.get(f"{oid}.{index}") for oid in origin.oids.values()]) for index in _indexes(origin, scalars)
    )
    rows = [(index, values) for index, values in asked if any(value is not None for value in values)]
    columns = zip(*(values for _, values in rows), strict=True) if rows else ((),) * len(origin.oids)
    return Table(
        name=origin.table,
        index=tuple(index for index, _ in rows),
        columns=dict(zip(origin.oids, columns, strict=True)),
        oids=origin.oids,
    )


def _length(origin: Origin, scalars: Mapping[str, Value]) -> int:
    told = number(scalars.get(origin.count))
    return int(told) if told is not None and 0 < told <= LONGEST else 0


def _indexes(origin: Origin, scalars: Mapping[str, Value]) -> Iterator[str]:
    rows = _length(origin, scalars)
    first = min(OLDEST, rows)
    for row in chain(range(1, first + 1), range(max(first, rows - NEWEST) + 1, rows + 1)):
        yield origin.row.replace("{row}", str(row))
