"""The stores of spare parts: nothing appears or vanishes without a line in the book, and what is short is told."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.desk.spares import (
    Installed,
    Moved,
    Movement,
    Needs,
    Place,
    Rule,
    Spare,
    State,
    Store,
    count_due,
    counted,
    held,
    levels,
    moved,
    offers,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PIECES = Spare(id=1, part_number="02310PYX", kind="psu", models=("S6730*",))
PIECE = Spare(id=2, part_number="02310PYX", serial="P1", kind="psu")


def step(spare: Spare, book: list[Movement], what: Moved, **words: object) -> None:
    said = {"store": "hf", **words}
    book.append(moved(spare, held(book).get(spare.id, {}), what, NOW, "wang", **said))  # type: ignore[arg-type]  # words of moved


def there(spare: Spare, book: list[Movement]) -> dict[str, int]:
    places = held(book).get(spare.id, {})
    return {" ".join(filter(None, (place.state.value, place.store, place.ticket))): n for place, n in places.items()}


def test_a_spare_is_reserved_used_and_comes_back_faulty_and_from_the_maker() -> None:
    book: list[Movement] = []
    step(PIECE, book, Moved.ADDED)
    step(PIECE, book, Moved.RESERVED, ticket="T1")
    assert there(PIECE, book) == {"reserved hf T1": 1}
    step(PIECE, book, Moved.USED, ticket="T1", unit="2102")
    assert there(PIECE, book) == {"used T1": 1}
    step(PIECE, book, Moved.RETURNED)
    assert there(PIECE, book) == {"faulty hf": 1}
    step(PIECE, book, Moved.SENT)
    assert there(PIECE, book) == {"at_maker hf": 1}
    step(PIECE, book, Moved.CAME_BACK, to="bb")
    assert there(PIECE, book) == {"in_stock bb": 1}


def test_what_is_reserved_for_one_ticket_is_not_there_for_another() -> None:
    book: list[Movement] = []
    step(PIECES, book, Moved.ADDED, quantity=2)
    step(PIECES, book, Moved.RESERVED, ticket="T1", quantity=2)
    for what in (Moved.RESERVED, Moved.USED, Moved.RELEASED):
        with pytest.raises(ValueError, match="1 wanted, 0"):
            step(PIECES, book, what, ticket="T2")
    step(PIECES, book, Moved.RELEASED, ticket="T1")
    step(PIECES, book, Moved.USED, ticket="T2")
    assert there(PIECES, book) == {"reserved hf T1": 1, "used T2": 1}


@pytest.mark.parametrize("what", [Moved.ADDED, Moved.RETURNED])
def test_a_piece_with_a_serial_number_is_there_once(what: Moved) -> None:
    book: list[Movement] = []
    step(PIECE, book, Moved.ADDED)
    with pytest.raises(ValueError, match="in the book already"):
        step(PIECE, book, what)


def test_a_piece_cannot_be_moved_to_where_it_is_nor_none_of_it() -> None:
    book: list[Movement] = []
    step(PIECES, book, Moved.ADDED)
    with pytest.raises(ValueError, match="already"):
        step(PIECES, book, Moved.MOVED, to="hf")
    with pytest.raises(ValueError, match="0 pieces"):
        step(PIECES, book, Moved.ADDED, quantity=0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Moved), st.integers(1, 4), st.sampled_from(["hf", "bb"]), st.sampled_from(["T1", "T2"])
        ),
        max_size=40,
    )
)
def test_whatever_is_tried_no_place_ever_holds_less_than_nothing_and_nothing_is_lost(
    tries: list[tuple[Moved, int, str, str]],
) -> None:
    book: list[Movement] = []
    came = 0
    for what, quantity, store, ticket in tries:
        before = held(book).get(PIECES.id, {})
        try:
            if what is Moved.COUNTED:
                book.append(counted(PIECES, before, quantity, NOW, "wang", store=store))
                came += quantity - before.get(Place(store=store, state=State.IN_STOCK), 0)
            else:
                to = "bb" if what is Moved.MOVED else ""
                step(PIECES, book, what, store=store, quantity=quantity, ticket=ticket, to=to)
                came += quantity if what in {Moved.ADDED, Moved.RETURNED} else 0
        except ValueError:
            assert held(book).get(PIECES.id, {}) == before
        after = held(book).get(PIECES.id, {})
        assert all(count > 0 for count in after.values())
        assert sum(after.values()) == came


def test_a_count_sets_the_stock_and_is_in_the_book_even_where_nothing_differs() -> None:
    book: list[Movement] = []
    step(PIECES, book, Moved.ADDED, quantity=3)
    for found, difference in ((3, 0), (1, 2), (4, 3), (0, 4)):
        line = counted(PIECES, held(book)[PIECES.id], found, NOW, "wang", store="hf")
        assert line.quantity == difference
        book.append(line)
        assert there(PIECES, book) == ({"in_stock hf": found} if found else {})


def test_a_piece_with_a_serial_number_is_not_counted_where_it_is_not() -> None:
    book: list[Movement] = []
    step(PIECE, book, Moved.ADDED)
    with pytest.raises(ValueError, match="elsewhere"):
        counted(PIECE, held(book)[PIECE.id], 1, NOW, "wang", store="bb")
    with pytest.raises(ValueError, match="2 times"):
        counted(PIECE, held(book)[PIECE.id], 2, NOW, "wang", store="hf")


def switches(count: int, model: str = "S6730-H24X6C") -> list[Installed]:
    return [Installed(key=f"U{n}", model=model, part_number="") for n in range(count)]


@pytest.mark.parametrize(("installed", "minimum"), [(0, 0), (1, 1), (20, 1), (21, 2), (40, 2), (41, 3)])
def test_there_is_to_be_one_for_every_twenty_that_are_installed(installed: int, minimum: int) -> None:
    (level,) = levels([PIECES], {}, switches(installed), Needs())
    assert (level.installed, level.minimum, level.short) == (installed, minimum, minimum)


def test_a_part_number_may_have_figures_of_its_own_also_where_no_spare_was_ever_there() -> None:
    rule = Rule(part_number="02310PYX", installed_per_spare=5, at_least=2)
    needs = Needs(rules={"02310pyx": rule, "fan": Rule(part_number="FAN", installed_per_spare=1, at_least=1)})
    book: list[Movement] = []
    step(PIECES, book, Moved.ADDED, quantity=2)
    step(PIECES, book, Moved.RESERVED, ticket="T1")
    supplies, fans = levels([PIECES, PIECE], held(book), switches(11), needs)
    assert (supplies.minimum, supplies.free, supplies.short) == (3, 1, 2)
    assert (fans.part_number, fans.installed, fans.short) == ("FAN", 0, 1)


def test_what_file_and_collectors_both_tell_counts_once_and_other_models_do_not() -> None:
    told = [*switches(3), *switches(3), *switches(5, "S5735-L48T4X-A")]
    (level,) = levels([PIECES], {}, [*told[:6], Installed(key="X", model="S5735-L48T4X-A", part_number="")], Needs())
    assert level.installed == 3
    (level,) = levels([PIECES], {}, [Installed(key="P", model="", part_number="02310pyx")], Needs())
    assert level.installed == 1


def test_the_same_part_number_is_offered_first_and_another_kind_of_part_never() -> None:
    other = Spare(id=3, part_number="OTHER", kind="psu", models=("S6730*",))
    fan = Spare(id=4, part_number="FAN", kind="fan", models=("S6730*",))
    stock = {n: {Place(store="hf", state=State.IN_STOCK): 1} for n in (1, 2, 3, 4)}
    stock[2] = {Place(store="hf", state=State.RESERVED, ticket="T1"): 1}
    found = offers(
        [other, fan, PIECE, PIECES],
        stock,
        {"hf": Store(name="hf")},
        part_number="02310PYX",
        kind="psu",
        model="S6730-H24X6C",
    )
    assert [(each.spare.id, each.is_same) for each in found] == [(1, True), (3, False)]
    assert offers([other], stock, {}, part_number="", kind="psu", model="") == ()


def test_a_store_is_to_be_counted_every_so_many_months() -> None:
    assert count_due(None, 1, date(2026, 11, 23))
    assert not count_due(date(2026, 10, 31), 1, date(2026, 11, 30))
    assert count_due(date(2026, 10, 22), 1, date(2026, 11, 23))
