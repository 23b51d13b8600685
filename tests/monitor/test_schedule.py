"""Who is visited when, with real visits: the silent hold up nobody, nobody is visited twice at once, reloads take."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from house import House, until
from monitor.metrics import Metrics
from monitor.model import Device
from monitor.pipeline import Outcome, visit
from monitor.progress import Progress
from monitor.rehearsal.waking import VirtualWaker
from monitor.schedule import Schedule, hash_share
from monitor.settings import Settings

LIVING = "hf-acc-03"


class Watched:
    """A schedule over the house's devices, and a count of what it did."""

    def __init__(self, house: House) -> None:
        self.visits: Counter[str] = Counter()
        self.begun: dict[str, list[datetime]] = {}
        self.under_way: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()
        self.means = replace(house.means, clock=lambda: datetime.now(UTC))
        self.metrics = Metrics("test")
        self.schedule = Schedule(self.visit, self.metrics, Progress({}, self.means.clock()), self.means.clock)

    async def visit(self, device: Device) -> Outcome:
        self.begun.setdefault(device.name, []).append(self.means.clock())
        self.under_way[device.name] += 1
        self.most_at_once[device.name] = max(self.most_at_once[device.name], self.under_way[device.name])
        try:
            return await visit(device, self.means)
        finally:
            self.under_way[device.name] -= 1
            self.visits[device.name] += 1


def with_dead(house: House, dead: int) -> Settings:
    """Settings with one living device and so many that are silent, one visit at a time for the whole site."""
    for each in house.simulated.values():
        each.device.silent = each.name != LIVING
    living = house.settings.inventory.devices[LIVING]
    silent = {f"dead-{n}": replace(house.device("hf-core-01"), name=f"dead-{n}") for n in range(dead)}
    devices = {
        name: replace(each, interval=timedelta(seconds=0.5)) for name, each in {LIVING: living, **silent}.items()
    }
    return replace(
        house.settings,
        inventory=replace(house.settings.inventory, devices=devices),
        visits=replace(house.settings.visits, per_site=1, back_off=timedelta(seconds=30)),
    )


async def test_dead_devices_delay_no_living_one(house: House) -> None:
    settings = with_dead(house, 10)
    watched = Watched(house)
    watched.means = replace(watched.means, settings=settings)
    watched.schedule.load(settings.inventory.devices, settings.visits)
    watched.schedule.start()
    dead = [name for name in settings.inventory.devices if name != LIVING]
    await until(lambda: all(watched.visits[name] >= 1 for name in dead))  # by now it is known who is silent
    before = Counter(watched.visits)
    await until(lambda: watched.visits[LIVING] >= before[LIVING] + 8)
    await watched.schedule.stop(5)
    waits = sum(watched.visits[name] - before[name] for name in dead)
    assert waits < 8 * 5  # in one lane with the dead, each of its visits would wait for one of all ten


async def test_a_device_that_stays_silent_is_asked_ever_more_seldom(house: House) -> None:
    settings = with_dead(house, 1)
    watched = Watched(house)
    watched.means = replace(watched.means, settings=settings)
    watched.schedule.load(settings.inventory.devices, settings.visits)
    watched.schedule.start()
    await until(lambda: watched.visits["dead-0"] >= 7)
    await watched.schedule.stop(5)
    sixth, seventh = watched.begun["dead-0"][5:7]
    assert (seventh - sixth).total_seconds() > 3  # eight intervals of half a second, where two would do


async def test_a_device_is_never_visited_twice_at_once_and_a_full_site_waits(house: House) -> None:
    watched = Watched(house)
    watched.schedule.load(house.settings.inventory.devices, house.settings.visits)
    watched.schedule.start()
    for _ in range(40):  # hints come in the middle of visits too
        for name in house.settings.inventory.devices:
            watched.schedule.hint(name)
        await asyncio.sleep(0.03)
    await until(lambda: all(watched.visits[name] >= 3 for name in house.settings.inventory.devices))
    await watched.schedule.stop(5)
    assert set(watched.most_at_once.values()) == {1}


async def test_a_hint_during_a_visit_is_followed_by_another_visit(house: House) -> None:
    """What was asked before the trap came does not show what it tells of."""
    begun: list[float] = []
    loop = asyncio.get_running_loop()

    async def slow(_: Device) -> None:
        begun.append(loop.time())
        await asyncio.sleep(0.4)

    def clock() -> datetime:
        return datetime.now(UTC)

    schedule = Schedule(slow, Metrics("test"), Progress({}, clock()), clock)
    device = replace(house.settings.inventory.devices[LIVING], interval=timedelta(hours=1))
    schedule.load({LIVING: device}, replace(house.settings.visits, first_spread=timedelta(0)))
    schedule.start()
    await asyncio.sleep(1)  # the first visit
    for share in (0.1, 0.5, 0.95):  # of the time of the visit
        before = len(begun)
        schedule.hint(LIVING)
        await asyncio.sleep(0.4 * share)
        schedule.hint(LIVING)
        await asyncio.sleep(1)
        assert len(begun) >= before + 2, share
        assert begun[-1] - begun[-2] < 0.7
    await schedule.stop(5)


async def test_a_reload_takes_new_devices_and_forgets_those_that_are_gone(house: House) -> None:
    watched = Watched(house)
    watched.schedule.load(house.settings.inventory.devices, house.settings.visits)
    watched.schedule.start()
    await until(lambda: watched.visits["hf-srv-02"] >= 1)
    devices = dict(house.settings.inventory.devices)
    devices["newcomer"] = replace(devices[LIVING], name="newcomer")
    del devices["hf-srv-02"]
    settings = replace(house.settings, inventory=replace(house.settings.inventory, devices=devices))
    watched.means = replace(watched.means, settings=settings)
    watched.schedule.load(settings.inventory.devices, settings.visits)
    await until(lambda: watched.visits["newcomer"] >= 1 and watched.under_way["hf-srv-02"] == 0)
    before = watched.visits["hf-srv-02"]
    await until(lambda: watched.visits["newcomer"] >= 3)
    await watched.schedule.stop(5)
    assert watched.visits["hf-srv-02"] == before


async def test_a_visit_that_cannot_be_kept_is_counted_and_tried_again(house: House) -> None:
    watched = Watched(house)
    one = {LIVING: house.settings.inventory.devices[LIVING]}
    settings = replace(house.settings, inventory=replace(house.settings.inventory, devices=one))
    watched.means = replace(watched.means, settings=settings)
    with house.store.writing() as disk:
        disk.exec_driver_sql("ALTER TABLE device RENAME TO lost")
    watched.schedule.load(settings.inventory.devices, settings.visits)
    watched.schedule.start()
    await until(lambda: watched.visits[LIVING] >= 2)
    with house.store.writing() as disk:
        disk.exec_driver_sql("ALTER TABLE lost RENAME TO device")
    await until(lambda: b'netvigil_visits_total{result="answered"} 0.0' not in watched.metrics.text())
    await watched.schedule.stop(5)
    assert b'netvigil_visits_total{result="crashed"} 0.0' not in watched.metrics.text()


async def test_a_clock_set_ahead_stops_no_device_that_is_visited_before_it_is_noticed(house: House) -> None:
    ahead = timedelta(0)

    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    watched = Watched(house)
    watched.means = replace(watched.means, clock=clock)
    schedule = Schedule(watched.visit, watched.metrics, Progress({}, clock()), clock, waker=VirtualWaker(clock))
    one = {LIVING: replace(house.device(LIVING), interval=timedelta(seconds=0.3))}
    schedule.load(one, house.settings.visits)
    schedule.clock_looked_at()
    schedule.start()
    await until(lambda: watched.visits[LIVING] >= 2)
    ahead = timedelta(hours=3)
    before = watched.visits[LIVING]
    await until(lambda: watched.visits[LIVING] >= before + 2)  # by the new clock, and nobody has looked at it
    schedule.clock_looked_at()
    before = watched.visits[LIVING]
    await until(lambda: watched.visits[LIVING] >= before + 3, 10)
    await schedule.stop(5)


def test_first_visits_are_spread_evenly_and_the_same_at_every_start() -> None:
    shares = [hash_share(f"switch-{number}") for number in range(1000)]
    assert shares == [hash_share(f"switch-{number}") for number in range(1000)]
    tenths = Counter(int(share * 10) for share in shares)
    assert all(60 <= tenths[tenth] <= 140 for tenth in range(10))
