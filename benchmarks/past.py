"""What remembering costs: `python -m benchmarks.past`.

A simulated switch of 48 copper and 4 optical ports and a simulated server tell noisy values for some days, every 30 s:
octets of a working day, load, temperatures, optics and fans that never say the same twice. Told are what the daemon's
memory adds to a visit, what a device takes on disk in a year and in memory, and how long a month of 1,000 devices is
read. Processor time of one core.
"""

import asyncio
import gc
import math
import statistics
import time
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from sqlalchemy import func, insert, select, text

from benchmarks.visit import BIG, TARGET, Canned, canned
from collectors.plan import Platform
from collectors.ports import NO_CABLING
from collectors.snmp.reader import Budget, Rows, Value
from collectors.traffic import Wanted
from collectors.visit import visited
from monitor import past
from monitor.config import knowledge, loaded
from monitor.memory import Facts, facts_of
from monitor.model import Device, Observation
from monitor.rollups import Rollups
from monitor.settings import Settings
from monitor.store import tables
from monitor.store.database import FILE_NAME, Store

NOON = datetime(2026, 10, 31, 16, tzinfo=UTC)
_DAYS = 5
_EVERY = 30
_DEVICES = 1000
_MONTH = 30
_NOTHING = frozenset({0, 65535, 2**31 - 1, -(2**31)})
_OCTETS = {"1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.10"}


class Noisy:
    """Answers of one device that move as those of a real one: by the hour of the day, and by noise."""

    def __init__(self, like: Canned, platform: Platform, seed: int = 1) -> None:
        """A device that tells what `like` does, but for what moves."""
        self._random = Random(seed)  # noqa: S311 - noise, guards no secret
        self._like = like
        self._numbers = _numbers(platform)
        self._octets: dict[tuple[str, int], int] = {}
        self._share: dict[tuple[str, int], float] = {}
        self._at = 0

    def asked(self, at: int) -> Canned:
        """What it tells so many seconds after midnight."""
        seconds, self._at = at - self._at, at
        busy = 0.15 + max(0.0, math.sin((at % 86_400 / 3600 - 7) / 12 * math.pi))
        return Canned(
            self._like.who,
            replace(self._like.what, tables=tuple(self._moved(rows, busy, seconds) for rows in self._like.what.tables)),
        )

    def _moved(self, rows: Rows, busy: float, seconds: int) -> Rows:
        return Rows(
            index=rows.index,
            columns={oid: self._column(oid, values, busy, seconds) for oid, values in rows.columns.items()},
        )

    def _column(self, oid: str, values: tuple[Value, ...], busy: float, seconds: int) -> tuple[Value, ...]:
        if oid in _OCTETS:
            return tuple(self._counted(oid, row, value, busy, seconds) for row, value in enumerate(values))
        if oid not in self._numbers:
            return values
        noise = self._random.gauss
        return tuple(
            value + round(noise(0, max(0.6, abs(value) * 0.004)))
            if isinstance(value, int) and value not in _NOTHING
            else value
            for value in values
        )

    def _counted(self, oid: str, row: int, value: Value, busy: float, seconds: int) -> Value:
        if not isinstance(value, int) or not value:
            return value
        place = oid, row
        # two ports of three are a desk with a mouse, one works, the last four carry what all of them do
        share = self._share.setdefault(place, self._random.choice((0.0002, 0.0004, 0.02)))
        share = 0.2 if row % 52 >= 48 else share  # noqa: PLR2004 - the uplinks
        octets = 125_000_000 * share * busy * self._random.lognormvariate(0, 0.8) * seconds
        self._octets[place] = self._octets.get(place, value) + round(min(octets, 120_000_000 * seconds))
        return self._octets[place]


def _numbers(platform: Platform) -> frozenset[str]:
    """The columns that tell numbers, by OID."""
    return frozenset(
        origin.oids[column]
        for part in platform.parts
        for origin in platform.origins
        if origin.table == part.table
        for column in part.needs.alone
        if column in origin.oids
    )


class Watched:
    """One device, and what is kept of it between visits."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.facts: Facts | None = None
        self.claims: tuple[Observation, ...] = ()

    def visit(
        self,
        reader: Canned,
        platforms: Mapping[str, Platform],
        at: datetime,
        into: Rollups,
        loop: asyncio.AbstractEventLoop,
    ) -> float:
        """Visit it once; the processor time of remembering it."""
        before = self.facts.told.visit if self.facts else None
        seen = loop.run_until_complete(visited(self.device, [TARGET], reader, platforms, at, Budget(), before))
        facts = facts_of(seen, self.facts, NO_CABLING, Wanted(least={}))
        if [one.condition for one in self.claims] != [one.condition for one in facts.told.base]:
            self.claims = facts.observations  # as after a visit that was judged
        self.facts = facts
        begun = time.process_time()
        into.visited(seen, facts, self.claims)
        return time.process_time() - begun


def _house(folder: Path) -> Settings:
    (folder / "netvigil.toml").write_text('[daemon]\nstate = "state"\n')
    (folder / "inventory.toml").write_text(
        '[credentials.c]\nversion = "2c"\ncommunity = { env = "C" }\n[[customer]]\nname = "cdc"\ntitle = "CDC"\n'
        '[[site]]\nname = "hefei"\ncustomer = "cdc"\nregion = "hefei"\n'
        + "".join(
            f'[[device]]\nname = "sw-{n}"\naddress = "10.0.{n // 250}.{n % 250 + 1}"\nsite = "hefei"\n'
            'credentials = ["c"]\n'
            for n in range(_DEVICES)
        )
    )
    return loaded(folder, {"C": "x"})


def main() -> None:
    """Measure and print."""
    platforms, _ = knowledge()
    with TemporaryDirectory() as folder:
        settings = _house(Path(folder))
        with Store(settings.daemon.state) as store:
            _remembered(canned(BIG, platforms["huawei_vrp"]), platforms, settings, store)
            _read(settings, store)
        _held(canned(BIG, platforms["huawei_vrp"]), platforms, settings)


def _remembered(like: Canned, platforms: Mapping[str, Platform], settings: Settings, store: Store) -> None:
    loop = asyncio.new_event_loop()
    rollups, costs = Rollups(settings), list[float]()
    device = settings.inventory.devices["sw-0"]
    noisy, one = Noisy(like, platforms["huawei_vrp"]), Watched(device)
    written = 0.0
    for seconds in range(0, _DAYS * 86_400, _EVERY):
        at = NOON + timedelta(seconds=seconds)
        costs.append(one.visit(noisy.asked(seconds), platforms, at, rollups, loop))
        if seconds % 600 == 0:
            begun = time.process_time()
            loop.run_until_complete(rollups.tick(at, store))
            written += time.process_time() - begun
    loop.run_until_complete(rollups.close(store))
    begun = time.process_time()
    loop.run_until_complete(rollups.tick(at + timedelta(days=2), store))
    written += time.process_time() - begun
    with store.reading() as disk:
        day = tables.rollup_day
        sizes = disk.execute(select(func.length(day.c.summary), func.length(day.c.hours)).order_by(day.c.day)).all()
        series = list(past.days(disk, settings, ["sw-0"], date(2026, 11, 1), date(2026, 12, 1)))
    each = sum(sum(row) for row in sizes) / _DAYS
    print(f"{len(series)} series; {each:.0f} octets a day, {each * 365 / 1e6:.2f} MB a year")  # noqa: T201 - its purpose
    visits = len(costs)
    print(  # noqa: T201 - its purpose
        f"visit: {statistics.median(costs) * 1e6:.1f} us median, {statistics.mean(costs) * 1e6:.1f} us mean with ends "
        f"of hours; writing and packing {written / visits * 1e6:.1f} us a visit ({written / _DAYS * 1e3:.0f} ms a day)"
    )


def _read(settings: Settings, store: Store) -> None:
    """A month of a thousand devices, which is that of one a thousand times."""
    with store.writing() as disk:
        rows = disk.execute(select(tables.rollup_day).where(tables.rollup_day.c.day < "2026-11-07")).all()
        disk.execute(text("DELETE FROM rollup_day"))
        for name in settings.inventory.devices:
            many = []
            for n in range(_MONTH):
                row = rows[1 + n % (len(rows) - 2)]._asdict()
                other = [each for each in rows if each.day == row["day"]]
                day = date(2026, 11, 1) + timedelta(days=n)
                many += [
                    {**each._asdict(), "device": name, "day": day.isoformat(), "start": NOON + timedelta(days=n)}
                    for each in other
                ]
            disk.execute(insert(tables.rollup_day), many)
    size = (settings.daemon.state / FILE_NAME).stat().st_size
    print(f"a month of {_DEVICES} devices: {size / 1e6:.0f} MB on disk")  # noqa: T201 - its purpose
    names = list(settings.inventory.devices)
    few = past.Wanted(aspects={"temperature", "usage", "rx_power", "tx_power", "power"})
    there = past.Wanted(aspects={past.THERE.aspect})
    ports = past.Wanted(aspects={"utilisation_in", "utilisation_out"})
    for what, wanted in (("there", there), ("parts", few), ("ports", ports), ("all", past.EVERYTHING)):
        begun, spans = time.process_time(), 0
        with store.reading() as disk:
            for series in past.days(disk, settings, names, date(2026, 11, 1), date(2026, 12, 1), wanted):
                spans += len(series.spans)
        print(f"days of {what}: {spans} spans in {time.process_time() - begun:.1f} s")  # noqa: T201 - its purpose
    begun, spans = time.process_time(), 0
    with store.reading() as disk:
        for series in past.hours(disk, settings, names[:10], date(2026, 11, 1), date(2026, 12, 1)):
            spans += len(series.spans)
    print(f"all hours of 10 devices: {spans} spans in {time.process_time() - begun:.1f} s")  # noqa: T201 - its purpose


def _held(like: Canned, platforms: Mapping[str, Platform], settings: Settings) -> None:
    """What the hour under way of one more device takes in memory."""
    loop, count = asyncio.new_event_loop(), 50
    rollups = Rollups(settings)
    noisy = Noisy(like, platforms["huawei_vrp"])
    told: list[list[tuple[Facts, tuple[Observation, ...]]]] = []
    watched = [Watched(settings.inventory.devices[f"sw-{n}"]) for n in range(count)]
    answers = [noisy.asked(n * _EVERY) for n in range(100)]
    nowhere = Rollups(settings)
    for each in watched:
        several = []
        for n, answer in enumerate(answers):
            each.visit(answer, platforms, NOON + timedelta(seconds=n * _EVERY), nowhere, loop)
            if each.facts:
                several.append((each.facts, each.claims))
        told.append(several)
    del nowhere
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for several in told:
        for facts, claims in several:
            rollups.visited(facts.told.visit, facts, claims)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    print(f"memory: {held / count / 1000:.1f} kB a device")  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
