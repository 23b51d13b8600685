"""How many visits hints may bring: at once, once more, and never as many as somebody shouts."""

import asyncio

from monitor import hints
from monitor.hints import BURST, Hints


async def test_a_hint_is_a_visit_at_once_and_one_more_a_little_later() -> None:
    visits: list[str] = []
    one = Hints(visits.append)
    one.given("core-1")
    assert visits == ["core-1"]
    await asyncio.sleep(hints.AGAIN + 0.3)
    assert visits == ["core-1", "core-1"]
    one.close()


async def test_one_that_shouts_on_and_on_is_visited_now_and_then_and_harms_no_other() -> None:
    visits: list[str] = []
    one = Hints(visits.append)
    told = [one.given("noisy") for _ in range(1000)]
    assert told.count(True) == BURST == len(visits)
    assert one.given("other")
    one.close()


async def test_a_device_that_is_gone_is_visited_no_more() -> None:
    visits: list[str] = []
    one = Hints(visits.append)
    one.given("gone")
    one.only({"other"})
    await asyncio.sleep(hints.AGAIN + 0.3)
    assert visits == ["gone"]
