"""The past by the hour and the day, against a slow calculation that keeps every sample: gaps, restarts, clocks, DST."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from random import Random
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from moving import PLATFORMS, Moving
from moving import told as devices

from alerts.past import Series, Span
from collectors.ports import NO_CABLING
from collectors.reach import Reached, There
from collectors.recording import RecordingReader
from collectors.snmp.reader import Budget, Community, Silence, Target
from collectors.traffic import Wanted
from collectors.visit import visited
from monitor import past
from monitor.config import loaded
from monitor.memory import Facts, facts_of
from monitor.model import Condition, Device, Observation
from monitor.rolling_ports import ASPECTS
from monitor.rollups import Rollups
from monitor.settings import Settings
from monitor.store import rollups
from monitor.store.database import Store
from monitor.store.rolled import scale

TARGET = Target(address="192.0.2.1", credential=Community(community="x"))
ZONES = ("Asia/Shanghai", "Europe/Berlin", "Asia/Kolkata", "America/New_York")
# a quiet day, and the days on which clocks in Berlin and New York are set
BEGINS = (
    datetime(2026, 11, 22, 15, tzinfo=UTC),
    datetime(2026, 3, 28, 22, tzinfo=UTC),
    datetime(2026, 10, 24, 21, tzinfo=UTC),
    datetime(2026, 11, 1, 3, tzinfo=UTC),
)
PATIENCE = 300.0
NAMES = count()
Name = tuple[str, str, str, str]
Told = dict[Name, tuple[float | None, Condition | None]]
THERE: Name = ("device", "", "reachable", "ratio")


class World:
    """A daemon's memory of the past, and its disk."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings, self.store, self.rollups = settings, store, Rollups(settings)

    def device(self, zone: str) -> Device:
        """A device of a new name at a site with clocks of this zone."""
        name = f"sw-{next(NAMES)}"
        site = zone.replace("/", "-").lower().replace("_", "-")
        made = Device(name=name, address="192.0.2.1", customer="cdc", site=site)
        self.settings.inventory.devices[name] = made  # type: ignore[index]  # an inventory that grows while we test
        return made

    def tick(self, now: datetime) -> None:
        """What the daemon does each second."""
        asyncio.run(self.rollups.tick(now, self.store))

    def restart(self) -> None:
        """Stop, and start anew."""
        asyncio.run(self.rollups.close(self.store))
        self.rollups = Rollups(self.settings)

    def pack(self) -> None:
        """Pack all days, as is done when they are over."""
        with self.store.writing() as disk:
            for device, day in rollups.ended(disk, datetime(2099, 1, 1, tzinfo=UTC), 100_000):
                rollups.packed(disk, device, day)

    def read(self, device: Device, *, by_hour: bool = False) -> dict[Name, Series]:
        """All that is on disk."""
        read = past.hours if by_hour else past.days
        with self.store.reading() as disk:
            found = list(read(disk, self.settings, [device.name], date(2026, 1, 1), date(2027, 1, 1)))
        named = {(one.component.kind, one.component.label, one.aspect, one.unit): one for one in found}
        assert len(named) == len(found)
        return named


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("past")
    sites = "".join(
        f'[[site]]\nname = "{zone.replace("/", "-").lower().replace("_", "-")}"\ncustomer = "cdc"\n'
        f'region = "hefei"\nzone = "{zone}"\n'
        for zone in ZONES
    )
    (folder / "netvigil.toml").write_text('[daemon]\nstate = "state"\n')
    (folder / "inventory.toml").write_text(f'[[customer]]\nname = "cdc"\ntitle = "CDC"\n{sites}')
    settings = loaded(folder, {})
    with Store(settings.daemon.state) as store:
        yield World(settings, store)


@dataclass
class Sample:
    """What one visit told: nothing where it was silent."""

    at: float
    told: Told | None
    is_up: bool


@dataclass
class Slow:
    """The same, kept sample by sample: hours are summed up from all of them, days from hours."""

    zone: ZoneInfo
    samples: list[Sample] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)

    def hour(self, at: float) -> float:
        """When the hour on the wall began."""
        wall = datetime.fromtimestamp(at, self.zone)
        return at - (wall.minute * 60 + wall.second + wall.microsecond / 1e6)

    def cut(self, begin: float, end: float) -> Iterator[tuple[float, float]]:
        """The hours that lie between, and how much of each."""
        while begin < end:
            hour = self.hour(begin)
            stop = min(end, hour + 3600)
            yield hour, stop - begin
            begin = stop

    def hours(self) -> dict[Name, dict[float, list[tuple[str, float, float | None, Condition | None]]]]:
        """By series and hour all that was held or read, in order: ("held", seconds) or ("read", 0)."""
        found: dict[Name, dict[float, list[tuple[str, float, float | None, Condition | None]]]] = {}

        def put(told: Told, at: float, end: float | None = None) -> None:
            for hour, seconds in [(self.hour(at), 0.0)] if end is None else self.cut(at, end):
                for name, (value, condition) in told.items():
                    one = ("read" if end is None else "held", seconds, value, condition)
                    found.setdefault(name, {}).setdefault(hour, []).append(one)

        for n, one in enumerate(self.samples):
            there: Told = {THERE: (float(one.is_up), None)}
            put(one.told or {}, one.at)
            put(there, one.at)
            if n + 1 == len(self.samples) or n + 1 in self.broken:
                continue
            after = self.samples[n + 1]
            passed = after.at - one.at
            if one.told is not None and after.told is not None and 0 <= passed <= PATIENCE:
                put(one.told, one.at, after.at)
            if 0 <= passed <= 900:
                put(there, one.at, after.at)
        return found

    def days(self) -> dict[Name, dict[datetime, Span]]:
        """What days there are."""
        found: dict[Name, dict[datetime, Span]] = {}
        for name, hours in self.hours().items():
            by_day: dict[datetime, list[Span]] = {}
            for hour, told in sorted(hours.items()):
                day = datetime.fromtimestamp(hour, self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
                by_day.setdefault(day.replace(fold=0).astimezone(UTC), []).append(summed(hour, told))
            days = {day: day_of(day, spans) for day, spans in by_day.items()}
            found[name] = {day: span for day, span in days.items() if span.seconds}
        return found


def summed(hour: float, told: list[tuple[str, float, float | None, Condition | None]]) -> Span:
    """One hour out of all that was held and read."""
    seconds = sum(each[1] for each in told)
    values = [value for _, _, value, _ in told if value is not None]
    reads = [each for each in told if each[0] == "read"]
    conditions: dict[Condition, float] = {}
    for _, length, _, condition in told:
        if condition is not None and length:
            conditions[condition] = conditions.get(condition, 0.0) + length
    area = sum(length * value for _, length, value, _ in told if value is not None)
    last = (reads or told)[-1][2]
    return Span(
        start=datetime.fromtimestamp(hour, UTC),
        seconds=seconds,
        samples=len(reads),
        low=min(values) if values else None,
        mean=area / seconds if values and seconds else None,
        high=max(values) if values else None,
        last=last,
        conditions=conditions,
    )


def day_of(day: datetime, spans: list[Span]) -> Span:
    """One day out of its hours."""
    seconds = sum(span.seconds for span in spans)
    lows, means, highs = ([getattr(span, what) for span in spans] for what in ("low", "mean", "high"))
    conditions: dict[Condition, float] = {}
    for span in spans:
        for condition, length in span.conditions.items():
            conditions[condition] = conditions.get(condition, 0.0) + length
    if lows[0] is None:
        return Span(
            start=day, seconds=seconds, samples=sum(span.samples for span in spans), conditions=conditions
        )  # fmt: skip
    return Span(
        start=day,
        seconds=seconds,
        samples=sum(span.samples for span in spans),
        low=min(lows),
        mean=sum(span.seconds * (span.mean or 0.0) for span in spans) / seconds if seconds else None,
        high=max(highs),
        last=spans[-1].last,
        median=median([mean for mean in means if mean is not None] or [0.0]),
        conditions=conditions,
    )


def said(observations: tuple[Observation, ...]) -> Told:
    """What a visit told, of traffic nothing."""
    found: Told = {}
    for one in observations:
        found.setdefault((one.component.kind, one.component.label, one.aspect, one.unit), (one.value, one.condition))
    return found


@dataclass
class Visits:
    """Visits of one device that moves, told to the daemon's memory and to the slow one."""

    world: World
    device: Device
    moving: Moving
    slow: Slow
    facts: Facts | None = None
    claims: tuple[Observation, ...] = ()

    def visit(self, at: datetime, *, is_silent: bool, is_pinged: bool) -> None:
        """One visit."""
        silence = Silence.TIMEOUT if is_silent else None
        reader = Moody(self.moving.values, silence)
        before = self.facts.told.visit if self.facts else None
        seen = asyncio.run(visited(self.device, [TARGET], reader, PLATFORMS, at, Budget(), before))
        if is_silent:
            seen = replace(seen, reach=Reached(there=There.UP if is_pinged else There.DOWN))
        facts = facts_of(seen, self.facts, NO_CABLING, Wanted(least={}))
        if not is_silent:
            last = {id(one): one.condition for one in self.claims}
            same = self.facts is not None and [one.condition for one in facts.observations] == list(last.values())
            if not same:
                self.claims = facts.observations
            self.facts = facts
        self.world.rollups.visited(seen, facts, self.claims)
        told = None if is_silent else said(facts.observations)
        self.slow.samples.append(Sample(at.timestamp(), told, not is_silent or is_pinged))

    def restart(self) -> None:
        """The daemon is stopped, and started anew."""
        self.world.restart()
        self.slow.broken.add(len(self.slow.samples))
        self.facts, self.claims = None, ()


class Moody(RecordingReader):
    """Keeps silent where it is told to."""

    def __init__(self, values: object, silence: Silence | None) -> None:
        super().__init__(values)  # type: ignore[arg-type]  # what a moving device tells
        self.silence = silence

    async def read(self, target: Target, request: object, budget: Budget) -> object:  # type: ignore[override]  # passed on
        reading = await super().read(target, request, budget)  # type: ignore[arg-type]  # passed on
        return replace(reading, silence=self.silence) if self.silence else reading


def agrees(name: Name, told: Span, slow: Span, *, was_set: bool) -> None:
    """Both say the same, but for the rounding; what came last nobody knows where the clock was set back."""
    # where parts came or went, pieces of the day are weighted by their seconds as they are kept, which are whole ones
    step = 1.01 / scale(name[2], name[3]) + 2 * ((slow.high or 0) - (slow.low or 0)) / slow.seconds
    about = f"{name} {told} {slow}"
    assert told.seconds == pytest.approx(slow.seconds, abs=13), about  # each hour is rounded to seconds
    assert told.samples == slow.samples, about
    most = 2**31 / scale(name[2], name[3]) - step
    numbers = [(getattr(told, what), getattr(slow, what)) for what in ("low", "mean", "high", "median")]
    if max(abs(slow.low or 0), abs(slow.high or 0)) >= most:
        del numbers[1]  # the mean of what is kept, which is less than was told
    if name == THERE:  # its median is that of a part of the day, where parts came or went
        del numbers[-1]
    if not was_set:
        numbers.append((told.last, slow.last))
    for one, other in numbers:
        assert (one is None) == (other is None), about
        # what is more than can be kept is kept as the most that can
        if one is not None and other is not None and abs(other) < most:
            assert one == pytest.approx(other, abs=step, rel=1e-6), about
    assert told.conditions.keys() == {one for one, length in slow.conditions.items()}, about
    for condition, length in told.conditions.items():
        assert length == pytest.approx(slow.conditions[condition], abs=13), about


@given(
    which=st.integers(0, len(devices()) - 1),
    seed=st.integers(0, 2**64),
    zone=st.sampled_from(ZONES),
    begin=st.sampled_from(BEGINS),
)
@example(which=6, seed=230, zone="Asia/Shanghai", begin=BEGINS[2])  # hours that waited while the clock was set back
# numbers beyond what can be kept
@example(which=min(29, len(devices()) - 1), seed=1424977, zone="America/New_York", begin=BEGINS[0])
@hypothesis(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_days_are_what_every_sample_says(world: World, which: int, seed: int, zone: str, begin: datetime) -> None:
    random = Random(seed)  # noqa: S311 - moves simulated devices
    device = world.device(zone)
    visits = Visits(world, device, Moving(devices()[which], random), Slow(ZoneInfo(zone)))
    at = begin
    for _ in range(60):
        step = random.choice((20.0, 30.0, 31.5, 120.0, 250.0, 290.0, 700.0, 1500.0, 4000.0, 20_000.0))
        if random.random() < 0.05:
            step = -random.choice((10.0, 3000.0, 8000.0))  # somebody set the clock
        at += timedelta(seconds=step)
        if random.random() < 0.05:
            visits.restart()
        for _ in range(random.randrange(4)):
            visits.moving.move()
        world.tick(at)
        visits.visit(at, is_silent=random.random() < 0.1, is_pinged=random.random() < 0.5)
    world.restart()
    slow = visits.slow.days()
    was_set = any(one.at > other.at for one, other in pairwise(visits.slow.samples))
    for is_packed in (False, True):
        if is_packed:
            world.pack()
        told = world.read(device)
        series = {name: one for name, one in told.items() if name[2] not in ASPECTS}
        assert {name for name, days in slow.items() if days} == series.keys()
        for name, one in series.items():
            assert [span.start for span in one.spans] == sorted(slow[name])
            assert [span.start for span in one.spans] == sorted({span.start for span in one.spans})
            for span in one.spans:
                agrees(name, span, slow[name][span.start], was_set=was_set)
        assert all(one.start < other.start for name in told for one, other in pairwise(told[name].spans))
