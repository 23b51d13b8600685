"""Kill the daemon again and again while its fleet breaks and heals, then audit: `make torture`.

Prints what was counted as JSON, then every problem on a line of its own; exit code 1 where there is one.
"""

import argparse
import asyncio
import json
import random
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from audit import Account, audited
from monitor.store.database import FILE_NAME
from world import RESPOND, Break, World


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how hard: lives of up to `longest` seconds, a burst of breaks every `gap` seconds on average.

    A life is counted from when the daemon watches, so that a busy machine kills no less of what it does; but for a
    share `early` of the lives, that end while it still starts.
    """

    kills: int = 200
    longest: float = 5.0
    early: float = 0.2
    seconds: float = 7200.0  # no further kill after so long
    gap: float = 4.0
    burst: int = 10  # parts at most, within a second
    stands: tuple[float, float] = (40.0, 90.0)  # seconds for which a part is broken …
    rests: float = 60.0  # … and sound before it breaks again
    times: int = 2  # three times within minutes would be flapping, which is one fault
    servers: int = 12
    dimms: int = 48
    seed: int = 0
    storm: int = 100_000


async def tortured(folder: Path, plan: Plan) -> Account:
    """Kill the daemon so many times, let all heal, wait until nothing is due any more, and audit."""
    chance = random.Random(plan.seed)  # noqa: S311 - what happens when, not a secret
    world = World(folder, servers=plan.servers, dimms=plan.dimms, storm=plan.storm)
    await world.open()
    begun = time.monotonic()
    breaking = asyncio.create_task(_breaking(world, plan, chance))
    try:
        for _ in range(plan.kills):
            if time.monotonic() - begun > plan.seconds:
                break
            await world.start(within=None)
            if chance.random() < plan.early:
                await asyncio.sleep(chance.uniform(0.0, 2.0))
            else:
                await world.until(world.is_watching)
                await asyncio.sleep(chance.uniform(0.0, plan.longest) * _pace(world))
            await world.end()
        breaking.cancel()
        with suppress(asyncio.CancelledError):
            await breaking
        await world.start()
        await asyncio.sleep(5 * _pace(world))  # what broke last is seen
        for each in world.record.breaks:
            if each.healed is None:
                world.heal(each)
        await asyncio.sleep(RESPOND + 5)  # every promise has been broken by then
        await world.until(lambda: not _waits(world), 300)
        assert world.process is not None
        world.process.terminate()
        await asyncio.wait_for(world.process.wait(), 30)
    finally:
        breaking.cancel()
        await world.close()
        world.record.save(folder / "record.json")
    account = await asyncio.to_thread(audited, folder)
    account.counts["seconds"] = round(time.monotonic() - begun)
    return account


def _pace(world: World) -> float:
    """How much slower than a quiet machine this one is now, by how long the daemon took to start."""
    life = world.record.lives[-1]
    return max(1.0, ((life.watching or life.started) - life.started) / 2.5)


async def _breaking(world: World, plan: Plan, chance: random.Random) -> None:
    """Break and heal, however the daemon fares."""
    times: Counter[tuple[str, str]] = Counter()
    ready: dict[tuple[str, str], float] = {}
    broken: list[tuple[float, Break]] = []
    burst = time.monotonic()
    while True:
        now = time.monotonic()
        for until, noted in [each for each in broken if each[0] <= now]:
            world.heal(noted)
            ready[noted.device, noted.label] = now + plan.rests
            broken.remove((until, noted))
        if now >= burst:
            burst = now + chance.expovariate(1 / plan.gap)
            parts = [each for each in world.parts if ready.get(each, 0.0) <= now and times[each] < plan.times]
            for part in chance.sample(parts, min(len(parts), chance.randint(1, plan.burst))):
                times[part] += 1
                ready[part] = float("inf")
                broken.append((now + chance.uniform(*plan.stands), world.break_(part)))
        await asyncio.sleep(0.1)


def _waits(world: World) -> bool:
    """Whether anything is not over yet."""
    questions = (
        "SELECT count(*) FROM letter WHERE state = 'queued'",
        "SELECT count(*) FROM fault WHERE opened_at IS NOT NULL AND state != 'cleared'",
    )
    with closing(sqlite3.connect(world.state / FILE_NAME)) as disk:
        return any(disk.execute(question).fetchone()[0] for question in questions)


def main() -> None:
    """Torture and tell."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--kills", type=int, default=Plan.kills)
    words.add_argument("--longest", type=float, default=Plan.longest, help="seconds that one life lasts at most")
    words.add_argument("--seconds", type=float, default=Plan.seconds, help="no further kill after so long")
    words.add_argument("--storm", type=int, default=Plan.storm, help="letters a minute beyond which a digest goes")
    words.add_argument("--gap", type=float, default=Plan.gap, help="seconds between two bursts, on average")
    words.add_argument("--seed", type=int, default=Plan.seed)
    words.add_argument("--folder", type=Path, help="where to work; a new one if left out, which stays")
    said = words.parse_args()
    folder = said.folder or Path(mkdtemp(prefix="torture-"))
    plan = Plan(
        kills=said.kills, longest=said.longest, seconds=said.seconds, storm=said.storm, gap=said.gap, seed=said.seed
    )
    account = asyncio.run(tortured(folder, plan))
    sys.stdout.write(json.dumps({"folder": str(folder), **account.counts}, indent=1) + "\n")
    sys.stdout.write("".join(f"{each}\n" for each in account.problems))
    sys.exit(bool(account.problems))


if __name__ == "__main__":
    main()
