"""What the daemon tells of the weeks to come and of its door: hours without anybody on duty, logins."""

from datetime import UTC, datetime, timedelta

import pytest
from people_house import PEOPLE, folk, peopled

from house import House
from monitor.duties import Duties
from monitor.metrics import Metrics
from monitor.model import Site
from monitor.progress import Progress
from monitor.rota_gaps import uncovered

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
SITES = {"hefei-1": Site(name="hefei-1", customer="cdc", region="hefei")}
LEAVE = '[[leave]]\nperson = "an"\nfrom = 2026-11-24T00:00:00\nuntil = 2026-11-24T06:00:00\n'


@pytest.mark.parametrize(("more", "hours"), [("", 0), (LEAVE, 6)])
def test_leave_without_a_substitute_leaves_hours_uncovered(more: str, hours: int) -> None:
    found = uncovered(folk(PEOPLE + more), SITES, NOW)
    assert found[("response_centre", "", "")] == timedelta(hours=hours).total_seconds()
    assert found[("support_engineer", "", "")] == 0


async def test_duties_tell_uncovered_hours_to_prometheus(house: House) -> None:
    metrics = Metrics("test")
    duties = Duties(peopled(house).settings, house.store, metrics, Progress({}, house.clock()), house.clock)
    await duties.tick()
    await duties.finished()
    assert b'netvigil_rota_gap_seconds{customer="",site="",tier="response_centre"} 0.0' in metrics.text()


def test_logins_are_there_before_the_first() -> None:
    metrics = Metrics("test")
    metrics.logged_in("locked")
    text = metrics.text()
    assert b'netvigil_logins_total{result="ok"} 0.0' in text
    assert b'netvigil_logins_total{result="locked"} 1.0' in text
