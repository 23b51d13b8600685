"""Who is proposed to be sent, and with which spare."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from people_house import folk

from alerts.desk.contract import ContractFile, contract
from alerts.desk.dispatch import lines, proposed
from alerts.desk.entries import Request, recorded, requested
from alerts.desk.spares import Offer, Spare, Store
from monitor.model import EventKind, Site, Ticket, TicketKind

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
SITES = {
    name: Site(name=name, customer="cdc", region=region, prefecture=prefecture)
    for name, region, prefecture in (
        ("wuhu-1", "province", "wuhu"), ("wuhu-2", "province", "wuhu"), ("anqing-1", "province", "anqing"),
        ("hefei-1", "hefei", ""),
    )
}  # fmt: skip
CONTRACT = contract(ContractFile.model_validate(tomllib.loads(Path("configs/contract.toml").read_text("utf-8"))))
STORES = {
    "wuhu": Store(name="wuhu", title="芜湖库", site="wuhu-2"),
    "anqing": Store(name="anqing", site="anqing-1"),
    "hefei": Store(name="hefei", site="hefei-1"),
    "attic": Store(name="attic"),
}


def ticket(site: str = "wuhu-1") -> Ticket:
    request = Request(kind=TicketKind.REPAIR, text="dark", channel="phone", caller="Ms Wu")
    return requested("T1", request, SITES[site], CONTRACT, NOW, "centre")


def offer(number: int, store: str, *, is_same: bool = True) -> Offer:
    return Offer(spare=Spare(id=number, part_number=f"P{number}"), store=STORES[store], quantity=1, is_same=is_same)


def test_partner_goes_first_and_of_ours_who_is_on_duty_for_the_tier_that_goes_there() -> None:
    found = proposed(ticket(), folk(), CONTRACT, SITES["wuhu-1"], SITES, (), NOW)
    assert found is not None
    assert found.partner is not None
    assert found.partner.company.en == "Partner"
    assert (found.tier, [each.name for each in found.people]) == ("support_engineer", ["bo"])
    assert [each.en for each in lines(found, CONTRACT)] == [
        "Send first: Partner (contract 4.3)",
        "On duty: Bo Li (technical support engineer)",
    ]
    assert lines(found, CONTRACT)[1].zh_CN == "值班：李波（技术支持工程师）"


def test_site_of_no_prefecture_has_no_partner_and_nobody_on_duty_is_left_out() -> None:
    found = proposed(ticket("hefei-1"), folk(""), CONTRACT, SITES["hefei-1"], SITES, (), NOW)
    assert found is not None
    assert (found.partner, found.people, found.spare) == (None, (), None)
    assert lines(found, CONTRACT) == ()


@pytest.mark.parametrize(
    ("offers", "number", "near"),
    [
        ([offer(1, "attic"), offer(2, "hefei"), offer(3, "anqing"), offer(4, "wuhu")], 4, "in the same prefecture"),
        ([offer(1, "attic"), offer(2, "hefei"), offer(3, "anqing")], 3, "in the same region"),
        ([offer(1, "attic"), offer(2, "hefei")], 1, "elsewhere"),
        ([offer(1, "wuhu", is_same=False), offer(2, "wuhu")], 2, "in the same prefecture"),
        ([offer(1, "wuhu", is_same=False), offer(2, "hefei")], 1, "in the same prefecture"),
    ],
)
def test_nearest_spare_is_proposed_and_of_those_as_near_the_same_part(
    offers: list[Offer], number: int, near: str
) -> None:
    found = proposed(ticket(), folk(), CONTRACT, SITES["wuhu-1"], SITES, offers, NOW)
    assert found is not None
    assert found.spare is not None
    assert found.near is not None
    assert (found.spare.spare.id, found.near.en) == (number, near)


def test_nobody_is_sent_where_it_works_again() -> None:
    well = recorded(ticket(), EventKind.RESTORED, NOW, "li")
    assert proposed(well, folk(), CONTRACT, SITES["wuhu-1"], SITES, (), NOW) is None
    assert lines(None, CONTRACT) == ()
