"""The walk of one table: cut replies, disorder, loops and errors, without a network."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.snmp.codec import Oid, oid_of
from collectors.snmp.reader import Ending, Rows, Value
from collectors.snmp.walk import Walk

Table = dict[Oid, Value]
A, B = "1.3.6.1.9.1.1", "1.3.6.1.9.1.2"
UNTIMED = settings(deadline=None)  # the machine may be busy


def instance(column: str, *index: int) -> Oid:
    return (*oid_of(column), *index)


def reply(asked: tuple[Oid, ...], repetitions: int, table: Table, most: int) -> list[tuple[Oid, Value, bool]]:
    """What an agent answers that cuts after `most` bindings."""
    order = sorted(table)
    bindings: list[tuple[Oid, Value, bool]] = []
    at = list(asked)
    for _ in range(repetitions):
        for column, oid in enumerate(at):
            following = next((name for name in order if name > oid), None)
            bindings.append((oid, None, True) if following is None else (following, table[following], False))
            at[column] = following or oid
    return bindings[:most]


def walked(table: Table, columns: tuple[str, ...], most: int = 1000, rows: int = 100) -> Rows:
    walk = Walk(columns, rows)
    for _ in range(10_000):
        if walk.done:
            return walk.rows()
        walk.take(reply(walk.asked(), walk.repetitions, table, most))
    pytest.fail("the walk does not end")


@UNTIMED
@given(
    cells=st.dictionaries(st.tuples(st.sampled_from([A, B]), st.integers(0, 40)), st.integers(), max_size=60),
    most=st.integers(1, 90),
)
def test_rows_are_the_same_wherever_replies_are_cut(cells: dict[tuple[str, int], int], most: int) -> None:
    table: Table = {instance(column, row): value for (column, row), value in cells.items()}
    table[oid_of("1.3.6.1.9.2.0")] = 7

    rows = walked(table, (A, B), most)

    indexes = sorted({row for _, row in cells})
    assert rows.index == tuple(map(str, indexes))
    assert rows.columns == {column: tuple(cells.get((column, row)) for row in indexes) for column in (A, B)}
    assert rows.ended is None


def test_table_wider_than_one_request_is_joined() -> None:
    columns = tuple(f"1.3.6.1.9.1.{n}" for n in range(1, 31))
    table: Table = {instance(column, row): row for column in columns for row in range(1, 46)}

    rows = walked(table, columns)

    assert len(rows.index) == 45
    assert all(values == tuple(range(1, 46)) for values in rows.columns.values())


def test_row_that_comes_out_of_order_is_taken() -> None:
    walk = Walk((A,), 100)
    walk.take([(instance(A, 5), "five", False), (instance(A, 2), "two", False), (instance(A, 9), "nine", False)])
    walk.take([(instance(B, 1), "other column", False)])

    assert walk.done
    assert walk.rows() == Rows(index=("2", "5", "9"), columns={A: ("two", "five", "nine")}, ended=None)


def test_oid_seen_before_ends_the_walk_and_keeps_what_was_read() -> None:
    walk = Walk((A,), 100)
    walk.take([(instance(A, 1), 1, False), (instance(A, 2), 2, False), (instance(A, 1), 1, False)])

    assert walk.done
    assert walk.rows() == Rows(index=("1", "2"), columns={A: (1, 2)}, ended=Ending.REPEATED_OID)


def test_more_rows_than_the_budget_end_the_walk() -> None:
    rows = walked({instance(A, row): row for row in range(50)}, (A,), rows=10)

    assert rows.ended is Ending.ROWS
    assert rows.index == tuple(map(str, range(10)))


def test_value_too_big_to_travel_alone_ends_its_column_only() -> None:
    walk = Walk((A, B), 100)
    while walk.asked() and instance(A) in walk.asked():
        walk.narrow()
    while not walk.done:
        walk.take(reply(walk.asked(), walk.repetitions, {instance(B, 1): "here"}, 100))

    assert walk.rows() == Rows(index=("1",), columns={A: (None,), B: ("here",)}, ended=Ending.ERROR_STATUS)


def test_agent_that_answers_with_nothing_at_all_is_given_up() -> None:
    walk = Walk((A, B), 100)
    for _ in range(20):
        if not walk.done:
            walk.take([])

    assert walk.rows() == Rows(index=(), columns={A: (), B: ()}, ended=Ending.ERROR_STATUS)


def test_error_of_one_column_leaves_the_others() -> None:
    walk = Walk((A, B), 100)
    walk.skip(0)
    walk.take([(instance(B, 1), 1, False), (oid_of("1.3.6.1.9.2.0"), None, True)])

    assert walk.rows() == Rows(index=("1",), columns={A: (None,), B: (1,)}, ended=Ending.ERROR_STATUS)


def test_known_number_of_rows_is_asked_at_once_with_its_end() -> None:
    assert Walk((A,), 100, expected_rows=3).repetitions == 4
    assert Walk((A,), 100, expected_rows=500).repetitions == 20


@UNTIMED
@given(
    replies=st.lists(
        st.lists(
            st.tuples(st.lists(st.integers(0, 3), max_size=3).map(lambda i: instance(A, *i)), st.none(), st.booleans()),
            max_size=30,
        ),
        max_size=30,
    )
)
def test_hostile_replies_never_raise_and_never_pass_the_budget(
    replies: list[list[tuple[Oid, Value, bool]]],
) -> None:
    walk = Walk((A, B), 5)
    for bindings in replies:
        if not walk.done:
            walk.take(bindings)
    assert len(walk.rows().index) <= 5
