"""Warranty: ends, phases, charges and the three guarantees, against dates written by hand and another calculation."""

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.desk.contract import Contract, ContractFile, contract
from alerts.desk.warranty import (
    NOT_YET,
    Dates,
    Day,
    Guarantee,
    PhaseName,
    charged,
    ends,
    maker_of,
    months_after,
    phase,
    three_guarantees,
)

CONTRACT: Contract = contract(
    ContractFile.model_validate(
        tomllib.loads((Path(__file__).parents[2] / "configs" / "contract.toml").read_text("utf-8"))
    )
)
DAYS = st.dates(date(1995, 1, 1), date(2090, 12, 31))
ACCEPTED = date(2025, 11, 22)


def by_walking(day: date, months: int) -> date:
    """The same day so many months later, found by walking day by day and counting the months that begin."""
    walked, begun = day, 0
    while begun < months:
        walked += timedelta(days=1)
        begun += walked.day == 1
    while walked.day < day.day and (walked + timedelta(days=1)).day != 1:
        walked += timedelta(days=1)
    return walked


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2025, 12, 31), 2, date(2026, 2, 28)),
        (date(2025, 11, 22), 12, date(2026, 11, 22)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
        (date(2025, 8, 31), 3, date(2025, 11, 30)),
    ],
)
def test_a_span_of_months_ends_on_the_same_day_or_the_last_of_its_month(day: date, months: int, end: date) -> None:
    assert months_after(day, months) == end


@given(DAYS, st.integers(1, 40))
def test_months_are_what_walking_day_by_day_finds(day: date, months: int) -> None:
    assert months_after(day, months) == by_walking(day, months)


@given(DAYS, st.integers(1, 120), st.integers(0, 40))
def test_a_later_beginning_never_ends_earlier(day: date, months: int, later: int) -> None:
    assert months_after(day, months) <= months_after(day + timedelta(days=later), months)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Huawei", "huawei"),
        ("华为", "huawei"),
        ("h3c", "h3c"),
        ("华三", "h3c"),
        ("DELL ", "dell"),
        ("ACME", ""),
        ("", ""),
    ],
)
def test_a_maker_is_known_by_its_name_and_by_its_titles(written: str, name: str) -> None:
    assert maker_of(written, CONTRACT) == name


def test_both_warranties_count_from_the_final_acceptance() -> None:
    dates = Dates(delivered=date(2025, 1, 1), first_acceptance=date(2025, 6, 1), final_acceptance=ACCEPTED)
    assert ends(dates, "huawei", CONTRACT).maker == date(2026, 11, 22)
    assert ends(dates, "dell", CONTRACT).maker == date(2028, 11, 22)
    assert ends(dates, "huawei", CONTRACT).engineering == date(2028, 11, 22)


def test_an_end_that_was_agreed_for_the_unit_stands_before_the_contract() -> None:
    dates = Dates(final_acceptance=ACCEPTED, maker_ends=date(2030, 1, 1))
    assert ends(dates, "huawei", CONTRACT).maker == date(2030, 1, 1)


def test_without_an_acceptance_nothing_of_the_warranty_is_known() -> None:
    for day in (None, NOT_YET):
        assert ends(Dates(final_acceptance=day), "huawei", CONTRACT).maker is None
    assert ends(Dates(final_acceptance=ACCEPTED), "ACME", CONTRACT).maker is None
    assert ends(Dates(final_acceptance=ACCEPTED), "ACME", CONTRACT).engineering == date(2028, 11, 22)


PAST, FUTURE = date(2025, 1, 1), date(2027, 1, 1)
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("first", "final", "is_in"),
    [
        (NOT_YET, None, PhaseName.IMPLEMENTATION),
        (FUTURE, None, PhaseName.IMPLEMENTATION),
        (NOT_YET, NOT_YET, PhaseName.IMPLEMENTATION),
        (PAST, NOT_YET, PhaseName.TRIAL_RUN),
        (PAST, FUTURE, PhaseName.TRIAL_RUN),
        (TODAY, NOT_YET, PhaseName.TRIAL_RUN),
        (None, PAST, PhaseName.WARRANTY),
        (PAST, TODAY, PhaseName.WARRANTY),
        (None, date(2023, 11, 23), PhaseName.WARRANTY),
        (None, date(2023, 11, 22), PhaseName.AFTER_WARRANTY),
        (None, None, None),
        (PAST, None, None),
        (None, NOT_YET, None),
    ],
)
def test_the_phase_follows_from_the_dates_and_is_unknown_without_them(
    first: Day, final: Day, is_in: PhaseName | None
) -> None:
    dates = Dates(first_acceptance=first, final_acceptance=final)
    assert phase(dates, "huawei", CONTRACT, TODAY) is is_in


def test_after_the_engineering_warranty_a_maker_that_nobody_knows_leaves_the_phase_unknown() -> None:
    dates = Dates(final_acceptance=date(2020, 1, 1))
    assert phase(dates, "ACME", CONTRACT, TODAY) is None
    assert phase(dates, "ACME", CONTRACT, date(2022, 1, 1)) is PhaseName.WARRANTY


@pytest.mark.parametrize(
    ("maker", "today", "parts", "labour"),
    [
        ("huawei", date(2026, 11, 22), False, False),
        ("huawei", date(2026, 11, 23), True, False),
        ("dell", date(2028, 11, 22), False, False),
        ("dell", date(2028, 11, 23), True, False),
        ("huawei", date(2035, 1, 1), True, False),
        ("ACME", date(2026, 1, 1), None, None),
        ("", date(2026, 1, 1), None, None),
        ("huawei", date(2025, 11, 21), False, False),
    ],
)
def test_after_the_makers_warranty_parts_are_charged_and_labour_is_free(
    maker: str, today: date, *, parts: bool | None, labour: bool | None
) -> None:
    found = charged(Dates(final_acceptance=ACCEPTED), maker, CONTRACT, today)
    assert (found.parts, found.labour) == (parts, labour)
    assert found.reason.en
    assert found.reason.zh_CN
    assert bool(found.section) is (parts is not None)


def test_what_nobody_wrote_down_is_neither_free_nor_charged() -> None:
    found = charged(Dates(delivered=ACCEPTED), "huawei", CONTRACT, TODAY)
    assert (found.parts, found.labour) == (None, None)
    assert "final acceptance" in found.reason.en


def test_what_is_charged_is_what_the_contract_says() -> None:
    other = replace(CONTRACT, warranty=replace(CONTRACT.warranty, charged_after=("parts", "labour")))
    found = charged(Dates(final_acceptance=date(2020, 1, 1)), "huawei", other, TODAY)
    assert (found.parts, found.labour) == (True, True)


@given(DAYS, st.integers(-30, 30), st.lists(st.integers(-900, 60), max_size=5))
def test_the_three_guarantees_are_what_counting_days_and_repairs_finds(
    delivered: date, after: int, repaired: list[int]
) -> None:
    today = delivered + timedelta(days=after)
    repairs = [today + timedelta(days=each) for each in repaired]
    granted = {each.guarantee for each in three_guarantees(delivered, repairs, CONTRACT.three_guarantees, today)}
    wanted = set()
    if after in range(8):
        wanted.add(Guarantee.REFUND)
    if after in range(8, 16):
        wanted.add(Guarantee.EXCHANGE)
    if sum(day <= today <= by_walking(day, 12) for day in repairs) >= 2:
        wanted.add(Guarantee.REPLACEMENT)
    assert granted == wanted


@pytest.mark.parametrize(
    ("after", "granted"),
    [
        (-1, []),
        (0, [Guarantee.REFUND]),
        (7, [Guarantee.REFUND]),
        (8, [Guarantee.EXCHANGE]),
        (15, [Guarantee.EXCHANGE]),
        (16, []),
    ],
)
def test_refund_ends_with_the_seventh_day_and_exchange_with_the_fifteenth(after: int, granted: list[Guarantee]) -> None:
    found = three_guarantees(TODAY, [], CONTRACT.three_guarantees, TODAY + timedelta(days=after))
    assert [each.guarantee for each in found] == granted


def test_without_a_delivery_only_repairs_are_known() -> None:
    rules = CONTRACT.three_guarantees
    assert three_guarantees(None, [], rules, TODAY) == ()
    assert three_guarantees(NOT_YET, [TODAY], rules, TODAY) == ()
    (granted,) = three_guarantees(None, [TODAY, date(2025, 11, 23)], rules, TODAY)
    assert granted.guarantee is Guarantee.REPLACEMENT
    assert "2025-11-23" in granted.reason.en
    assert three_guarantees(None, [TODAY, date(2025, 11, 22)], rules, TODAY) == ()
