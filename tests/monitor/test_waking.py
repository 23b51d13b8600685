"""Who is woken when: the daemon's waker over APScheduler and the wall clock, and what both wakers keep."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.waking import Moments, Punctual

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Woken:
    """Keeps who was woken, and when."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.moments: list[datetime] = []
        self._news = asyncio.Condition()

    async def begin(self, name: str) -> None:
        self.names.append(name)
        self.moments.append(datetime.now(UTC))
        async with self._news:
            self._news.notify_all()
        if name == "broken":
            raise RuntimeError("cannot be begun")

    async def times(self, count: int) -> None:
        async with asyncio.timeout(10):
            async with self._news:
                await self._news.wait_for(lambda: len(self.names) >= count)


@pytest.fixture
async def punctual() -> AsyncIterator[Punctual]:
    waker = Punctual()
    yield waker
    waker.stop()


async def test_each_is_called_once_in_order_and_not_before_the_moment(punctual: Punctual) -> None:
    woken, now = Woken(), datetime.now(UTC)
    moments = {"c": now + timedelta(seconds=0.5), "a": now - timedelta(hours=1), "b": now + timedelta(seconds=0.2)}
    for name, moment in moments.items():
        punctual.wake(name, moment, woken.begin)
    punctual.start()
    await woken.times(3)
    await asyncio.sleep(0.2)
    assert woken.names == ["a", "b", "c"]
    for name, at in zip(woken.names, woken.moments, strict=True):
        assert at >= moments[name]


async def test_what_was_said_last_counts_and_who_is_forgotten_is_not_called(punctual: Punctual) -> None:
    woken, now = Woken(), datetime.now(UTC)
    punctual.start()
    for name, seconds in (("later", 0.1), ("sooner", 300.0), ("gone", 0.1), ("later", 0.6), ("sooner", 0.3)):
        punctual.wake(name, now + timedelta(seconds=seconds), woken.begin)
    punctual.forget("gone")
    await woken.times(2)
    assert woken.names == ["sooner", "later"]
    assert woken.moments[1] >= now + timedelta(seconds=0.6)


async def test_one_who_cannot_be_called_keeps_nobody_asleep(
    punctual: Punctual, caplog: pytest.LogCaptureFixture
) -> None:
    woken, now = Woken(), datetime.now(UTC)
    caplog.set_level(logging.ERROR)
    for name in ("broken", "next", "last"):
        punctual.wake(name, now, woken.begin)
    punctual.start()
    await woken.times(3)
    assert woken.names == ["broken", "next", "last"]
    assert "broken could not be woken" in caplog.text


async def test_who_asks_while_others_are_called_is_called(punctual: Punctual) -> None:
    woken = Woken()

    async def again(name: str) -> None:
        await woken.begin(name)
        if len(woken.names) < 5:
            punctual.wake(name, datetime.now(UTC), again)

    punctual.wake("eager", datetime.now(UTC), again)
    punctual.start()
    await woken.times(5)
    punctual.wake("eager", datetime.now(UTC), again)
    await woken.times(6)


async def test_whoever_is_hinted_at_again_and_again_is_called_each_time(punctual: Punctual) -> None:
    woken, loop = Woken(), asyncio.get_running_loop()
    punctual.start()
    for number in range(1, 101):
        loop.call_soon(punctual.wake, "hinted", datetime.now(UTC), woken.begin)
        await woken.times(number)


async def test_whoever_comes_due_while_others_are_called_at_length_is_called(punctual: Punctual) -> None:
    woken, now = Woken(), datetime.now(UTC)

    async def slow(name: str) -> None:
        until = time.monotonic() + 0.2
        while time.monotonic() < until:  # as a start with many devices does: the loop is held up
            pass
        await woken.begin(name)

    punctual.wake("slow", now, slow)
    punctual.wake("next", now + timedelta(seconds=0.1), woken.begin)
    punctual.start()
    await woken.times(2)
    assert woken.names == ["slow", "next"]


async def test_an_earlier_moment_is_not_slept_through(punctual: Punctual) -> None:
    woken, now = Woken(), datetime.now(UTC)
    punctual.start()
    punctual.wake("tomorrow", now + timedelta(days=1), woken.begin)
    await asyncio.sleep(0.05)
    punctual.wake("now", now, woken.begin)
    await woken.times(1)
    assert woken.names == ["now"]


async def _nothing(_: str) -> None:
    """Called for nobody."""


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 50), st.booleans()), max_size=60))
def test_what_is_due_is_what_was_said_last_of_each(said: list[tuple[str, int, bool]]) -> None:
    moments, wanted = Moments(), dict[str, int]()
    for name, second, is_dropped in said:
        if is_dropped:
            moments.drop(name)
            wanted.pop(name, None)
        else:
            moments.put(name, NOON + timedelta(seconds=second), _nothing)
            wanted[name] = second
    for second in range(51):
        found = sorted(name for name, _ in moments.due(NOON + timedelta(seconds=second)))
        assert found == sorted(name for name, due in wanted.items() if due == second)


def test_moments_that_are_said_anew_again_and_again_do_not_pile_up() -> None:
    moments = Moments()
    for number in range(20_000):
        moments.put("restless", NOON + timedelta(seconds=20_000 - number), _nothing)
    assert moments.waiting < 2_000
    assert [name for name, _ in moments.due(NOON + timedelta(days=1))] == ["restless"]
