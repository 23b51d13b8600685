"""What is usual for ports, over a real agent and a real disk: learned by the hour, kept over a restart, and bounded."""

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from alerts.faults.policy import PolicyFile, policy
from collectors.rates import Counts
from collectors.traffic import Traffic, Wanted
from house import Clock
from monitor.shipped import shipped
from monitor.store import tables
from monitor.store.database import Store
from monitor.usual import Usuals

PORT = ("Gi1", "packet_errors")
NOBODY: frozenset[tuple[str, str]] = frozenset()


class World:
    """A daemon that is told once an hour what the ports of one device did."""

    def __init__(self, store: Store) -> None:
        text = (shipped() / "policy.toml").read_text(encoding="utf-8")
        self.policy = policy(PolicyFile.model_validate(tomllib.loads(text)))
        self.store, self.usuals, self.clock = store, Usuals(), Clock()

    async def days(self, count: int, share: float = 0.0, asked: frozenset[tuple[str, str]] = NOBODY) -> Wanted:
        """So many days with that share of errors on one port; what is wanted of its traffic after them."""
        for _ in range(24 * count):
            self.clock.advance(hours=1)
            await self.wanted(asked)
            counts = Counts(labels=(), index=(), columns={}, at=self.clock())
            lost = {PORT: share} if share else {}
            flow = Traffic(counts=counts, fits=(), lost=lost, seconds=timedelta(hours=1).total_seconds())
            await self.usuals.counted("box", flow, self.policy, asked, self.store)
        return await self.wanted(asked)

    async def wanted(self, asked: frozenset[tuple[str, str]] = NOBODY) -> Wanted:
        """What is wanted of the traffic now."""
        return await self.usuals.wanted("box", self.policy, asked, self.clock(), self.store)

    async def rows(self) -> tuple[int, int]:
        """How many rows there are of days, and of worst hours."""

        def count(disk: Connection) -> tuple[int, int]:
            days, hours = (select(func.count()).select_from(one) for one in (tables.watched_day, tables.worst_hours))
            return disk.execute(days).scalar_one(), disk.execute(hours).scalar_one()

        return await self.store.ask(count)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Store(tmp_path / "state") as store:
        yield World(store)


async def test_for_a_week_the_limits_of_the_policy_hold_and_then_those_that_follow_from_the_past(world: World) -> None:
    wanted = await world.days(6, share=0.00004)
    assert not wanted.limits
    assert wanted.least["packet_errors"] == pytest.approx(0.00005)
    wanted = await world.days(2, share=0.00004)
    from_, limits = wanted.own[PORT]
    assert limits.high_warning == pytest.approx(0.0002)
    assert from_ == pytest.approx(0.0001)
    assert wanted.limits["packet_errors"].high_warning == pytest.approx(0.00003)
    assert wanted.limits["discards"].high_warning == pytest.approx(0.0005)


async def test_what_was_learned_outlives_a_restart(world: World) -> None:
    before = await world.days(9, share=0.00004)
    world.usuals = Usuals()
    assert await world.wanted() == before


async def test_errors_of_a_fault_are_not_learned_once_it_is_known_what_is_usual(world: World) -> None:
    await world.days(9)
    wanted = await world.days(40, share=0.0002, asked=frozenset({PORT}))
    assert PORT not in wanted.own


async def test_limits_stay_the_same_objects_between_visits_of_a_day(world: World) -> None:
    """Else no visit would be like the last one, and each would be judged (stillness.py)."""
    await world.days(9, share=0.00004)
    before = await world.wanted()
    world.clock.advance(seconds=30)
    assert await world.wanted() is before


async def test_the_disk_holds_a_row_a_day_for_as_many_days_as_count(world: World) -> None:
    await world.days(40, share=0.00004)
    assert await world.rows() == (15, 15)
    await world.days(20)
    assert await world.rows() == (15, 0)


async def test_a_device_whose_ports_are_clean_is_written_down_once_a_day(tmp_path: Path) -> None:
    written: list[timedelta] = []
    with Store(tmp_path / "state", committed=written.append) as store:
        world = World(store)
        await world.days(1)
        before = len(written)
        await world.days(1)
        assert len(written) == before + 1


async def test_half_an_hour_that_nobody_watched_is_no_hour(world: World) -> None:
    for _ in range(48):
        world.clock.advance(hours=1)
        await world.wanted()
        flow = Traffic(counts=Counts(labels=(), index=(), columns={}, at=world.clock()), fits=(), seconds=30.0)
        await world.usuals.counted("box", flow, world.policy, NOBODY, world.store)
    assert await world.rows() == (0, 0)
