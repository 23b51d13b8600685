"""A vendor's case that lasts climbs the maker's ladder."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.desk.contract import ContractFile, contract
from alerts.desk.entries import Request, recorded, requested
from alerts.desk.ladder import case, said
from monitor.model import EventKind, Site, Ticket, TicketKind

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
CONTRACT = contract(ContractFile.model_validate(tomllib.loads(Path("configs/contract.toml").read_text("utf-8"))))
SITE = Site(name="hefei-1", customer="cdc", region="hefei")


def reported(maker: str = "Huawei") -> Ticket:
    request = Request(kind=TicketKind.REPAIR, text="dark", channel="phone", caller="Ms Wu", maker=maker)
    ticket = requested("T1", request, SITE, CONTRACT, NOW, "centre")
    data = {"case": "C-7", "next_due": "2026-11-22T18:00+08:00"}
    return recorded(ticket, EventKind.REPORTED_TO_VENDOR, NOW, "li", data)


@pytest.mark.parametrize(
    ("hours", "rung", "next_hours"),
    [
        (3.9, None, 4),
        (4, "the engineer in charge of the case", 24),
        (30, "the service manager of the local office", None),
    ],
)
def test_case_climbs_by_its_age(hours: float, rung: str | None, next_hours: int | None) -> None:
    found = case(reported(), CONTRACT, NOW + timedelta(hours=hours))
    assert found is not None
    assert (found.rung.title.en if found.rung else None) == rung
    assert found.next_rung_at == (NOW + timedelta(hours=next_hours) if next_hours else None)
    assert (found.number, found.next_due) == ("C-7", "2026-11-22T18:00+08:00")
    assert [(rung or "") in each.en and "C-7" in each.zh_CN for each in said(found)] == [True] * (rung is not None)


def test_case_that_is_closed_or_solved_wants_nobody() -> None:
    late = NOW + timedelta(days=2)
    assert case(recorded(reported(), EventKind.VENDOR_CLOSED, NOW, "li"), CONTRACT, late) is None
    assert case(recorded(reported(), EventKind.RESTORED, NOW, "li"), CONTRACT, late) is None
    assert case(replace(reported(), events=reported().events[:1]), CONTRACT, late) is None


def test_maker_without_a_ladder_has_a_case_and_no_rung() -> None:
    found = case(reported("Dell"), CONTRACT, NOW + timedelta(days=2))
    assert found is not None
    assert (found.rung, found.next_rung_at, said(found)) == (None, None, ())
