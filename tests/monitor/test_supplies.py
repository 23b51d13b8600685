"""Letters about spare parts that are short and warranties that end, each once."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from alerts.desk.assets import Asset
from alerts.desk.spares import Level as Stock
from house import House
from monitor import supplies
from monitor.model import Level
from monitor.store import assets, letters
from monitor.store.assets import What

PART = Stock(part_number="PAC600", description="600 W", installed=40, minimum=2, free=1)


def told(house: House, *levels: Stock) -> dict[str, list[str]]:
    """What went into the outbox, by recipient, after the duties asked once."""
    with house.store.writing() as disk:
        supplies.told(disk, levels=levels, settings=house.settings, now=house.clock())
    found: dict[str, list[str]] = {}
    with house.store.reading() as disk:
        for each in letters.all_letters(disk):
            found.setdefault(each.letter.recipient, []).append(f"{each.letter.subject}\n{each.letter.text}")
    return found


def with_unit(house: House, ends: date) -> None:
    unit = Asset(serial="A1", model="S5735", maker="huawei", customer="cdc", site="hefei-1", maker_warranty_ends=ends)
    with house.store.writing() as disk:
        assets.saved(disk, None, unit, What.IMPORTED, "li", house.clock())


def test_shortage_is_told_once_in_each_language_and_again_when_it_changes(house: House) -> None:
    for _ in range(2):
        found = told(house, PART)
        assert {name: len(every) for name, every in found.items()} == {"duty@example.org": 1, "zhiban@example.org": 1}
    assert "PAC600 600 W: 1 missing; 1 free of 2 wanted for 40 installed" in found["duty@example.org"][0]
    assert "缺 1 件" in found["zhiban@example.org"][0]
    assert len(told(house, replace(PART, free=0))["duty@example.org"]) == 2
    assert len(told(house)["duty@example.org"]) == 2


@pytest.mark.parametrize(("days", "count"), [(91, 0), (90, 1), (61, 1), (7, 1), (0, 1), (-1, 0)])
def test_warranty_is_told_from_ninety_days_before(house: House, days: int, count: int) -> None:
    with_unit(house, date(2026, 11, 22) + timedelta(days=days))
    assert len(told(house).get("duty@example.org", [])) == count


def test_warranty_is_told_four_times_in_all(house: House) -> None:
    with_unit(house, date(2027, 3, 1))
    for _ in range(130):
        told(house)
        house.clock.advance(days=1)
    every = told(house)["duty@example.org"]
    assert len(every) == 4
    assert "maker's warranty of 1 units of 示例疾控中心 ends on 2027-03-01" in every[0]
    assert "S5735 A1 hefei-1" in every[0]


def test_only_who_is_told_of_level_4_hears_of_it(house: House) -> None:
    mail = house.settings.mail
    first, second = mail.recipients
    graver = replace(first, levels=(Level.CRITICAL,)), replace(second, customers=("other",))
    house.settings = replace(house.settings, mail=replace(mail, recipients=graver))
    with_unit(house, date(2026, 12, 1))
    assert told(house) == {}
