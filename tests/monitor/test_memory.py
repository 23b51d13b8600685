"""What a daemon does that remembers the last visit is what one does that looks at everything each time."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from moving import Moving, told
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from collectors.ports import ports
from collectors.recording import RecordingReader
from collectors.snmp.reader import Budget, Reading, Request, Rows, Silence, Target, Value
from collectors.visit import told as told_of
from house import INVENTORY, NETVIGIL, SECRETS, Clock
from monitor.config import loaded
from monitor.model import Device
from monitor.pipeline import Means, Outcome, visit
from monitor.series import Rendered, rendered
from monitor.store import devices, tables
from monitor.store.database import Store

BOX = '[[device]]\nname = "box"\naddress = "192.0.2.1"\nsite = "hefei-1"\nrole = "core"\ncredentials = ["v2c"]\n'
_KEPT = (tables.fault, tables.seen_ok, tables.part, tables.device_event)
OPER, IN_OCTETS = "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.6"


class Changing(RecordingReader):
    """A device that tells what it is given, or nothing."""

    silence: Silence | None = None

    def __init__(self) -> None:
        super().__init__({})

    def tell(self, values: dict[str, Value]) -> None:
        """Answer with these values from now on."""
        super().__init__(values)

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        if self.silence is None:
            return await super().read(target, request, budget)
        nothing = tuple(Rows(index=(), columns=dict.fromkeys(columns, ())) for columns in request.tables)
        return Reading(scalars={}, tables=nothing, silence=self.silence)


@dataclass
class World:
    """One daemon that watches one device."""

    means: Means
    reader: Changing
    forgetful: bool
    text: Rendered | None = None
    answered: datetime | None = None

    @property
    def device(self) -> Device:
        """The device."""
        return self.means.settings.inventory.devices["box"]

    async def visit(self) -> Outcome:
        """Visit the device once."""
        device = self.device
        if self.forgetful:
            self._forget()
        elif known := self.means.memory.of(device, self.means.settings):
            # both ask everything each time: what is left out until it is due is the business of test_rounds.py
            told = known.facts.told
            asks_all = replace(known.facts, told=replace(told, visit=replace(told.visit, rounds=None)))
            self.means.memory.keep("box", replace(known, facts=asks_all))
        outcome = await visit(device, self.means)
        seen = outcome.visit
        self.answered = seen.at if seen.silence is None else self.answered
        self.text = rendered(
            device,
            seen.identity,
            outcome.base,
            seen.silence,
            seen.at,
            answered_at=self.answered,
            ports=ports(outcome.facts.told, outcome.facts.cables),
            before=self.text,
            claims=outcome.claims,
            moved=outcome.moved,
        )
        return outcome

    def _forget(self) -> None:
        """Look at everything at the next visit; what was counted and where cables led is kept."""
        known = self.means.memory.of(self.device, self.means.settings)
        if known is not None:
            anew = told_of(replace(known.facts.told.visit, rounds=None))
            self.means.memory.keep("box", replace(known, facts=replace(known.facts, told=anew), still=False))
        self.text = None

    def disk(self) -> list[object]:
        """All that is on disk of the device, pictures unpacked."""
        with self.means.store.reading() as disk:
            found: list[object] = [disk.execute(select(table)).all() for table in _KEPT]
            pictures = devices.newest_snapshots(disk, ["box"], "0000", "9999").values()
            return [*found, list(pictures), devices.all_visited(disk)]


def worlds(clock: Clock, stack: ExitStack, written: Callable[[timedelta], None] | None = None) -> Iterator[World]:
    """One daemon that remembers, and one that does not."""
    for forgetful in (False, True):
        folder = Path(stack.enter_context(TemporaryDirectory()))
        (folder / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
        (folder / "inventory.toml").write_text(INVENTORY + BOX)
        configured = loaded(folder, SECRETS)
        store = stack.enter_context(Store(configured.daemon.state, committed=written))
        reader = Changing()
        means = Means(settings=configured, reader=reader, store=store, clock=clock)
        yield World(means=means, reader=reader, forgetful=forgetful)


async def alike(remembering: World, forgetful: World, clock: Clock) -> Outcome:
    """Both worlds visit once, and see the same: what the one saw that remembers."""
    one, other = await remembering.visit(), await forgetful.visit()
    assert one.changes == other.changes
    assert (one.look_again, one.silent_visits) == (other.look_again, other.silent_visits)
    assert [replace(o, at=clock()) for o in one.observations] == [replace(o, at=clock()) for o in other.observations]
    assert remembering.disk() == forgetful.disk()
    assert remembering.text is not None
    assert forgetful.text is not None
    assert remembering.text.page == forgetful.text.page
    return one


async def lived(which: int, random: Random, visits: int) -> int:
    """Let both worlds see the same history; returns how many visits had no transaction."""
    clock, quiet = Clock(), 0
    with ExitStack() as stack:
        remembering, forgetful = both = tuple(worlds(clock, stack))
        device = Moving(told()[which], random)
        for _ in range(visits):
            clock.advance(seconds=random.choice((2, 30, 60, 60, 900, 7200)))
            for world in both:
                world.reader.tell(dict(device.values))
            hush = Silence.TIMEOUT if random.random() < 0.05 else None
            for world in both:
                world.reader.silence = hush
            known = remembering.means.memory.of(remembering.device, remembering.means.settings)
            await alike(remembering, forgetful, clock)
            quiet += known is not None and known.still
            for _ in range(random.choice((0, 0, 1, 1, 3))):
                device.move()
    return quiet


@given(which=st.integers(0, len(told()) - 1), seed=st.integers(0, 2**64))
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_daemon_that_remembers_does_what_one_does_that_looks_at_everything(which: int, seed: int) -> None:
    asyncio.run(lived(which, Random(seed), visits=14))  # noqa: S311 - moves simulated devices


DEGREES = "1.3.6.1.4.1.2011.5.25.31.1.1.1.1.11"  # hwEntityTemperature


@pytest.mark.parametrize(
    ("history", "changed", "apart"),
    [
        pytest.param([1, 2, 3, 0, 0, 5], False, True, id="within its limits"),
        pytest.param([1, 200, 200, 200, 2, 2, 2], True, False, id="beyond its limits and back"),
        pytest.param([1, None, None, 3, 4], False, True, id="no number, and one again"),
    ],
)
async def test_number_that_moves_alone_is_told_and_judged(
    history: list[int | None], *, changed: bool, apart: bool
) -> None:
    values = dict(next(values for values in told() if any(oid.startswith(f"{DEGREES}.") for oid in values)))
    warm = {o: v for o, v in values.items() if o.startswith(f"{DEGREES}.") and isinstance(v, int) and 0 < v < 100}
    clock, seen = Clock(), list[Outcome]()
    with ExitStack() as stack:
        remembering, forgetful = both = tuple(worlds(clock, stack))
        for step in [0, 0, 0, *history]:
            clock.advance(seconds=300)
            for world in both:
                world.reader.tell({**values, **{o: None if step is None else v + step for o, v in warm.items()}})
            seen.append(await alike(remembering, forgetful, clock))
    assert warm
    assert any(outcome.changes for outcome in seen) is changed
    assert bool(seen[-1].moved) is apart


def switch() -> dict[str, Value]:
    """What a switch of the fleet tells."""
    return dict(next(values for values in told() if f"{OPER}.1" in values or f"{IN_OCTETS}.1" in values))


async def test_visit_that_brings_no_news_has_no_transaction_until_a_picture_is_due() -> None:
    clock, written = Clock(), list[timedelta]()
    with ExitStack() as stack:
        world = next(worlds(clock, stack, written.append))
        world.reader.tell(switch())
        for _ in range(3):
            clock.advance(seconds=60)
            await world.visit()
        before = len(written)
        counted = {o: v + 9 if o.startswith(IN_OCTETS) and isinstance(v, int) else v for o, v in switch().items()}
        world.reader.tell(counted)
        clock.advance(seconds=60)
        outcome = await world.visit()
        assert (len(written), outcome.changes, bool(outcome.observations)) == (before, (), True)
        clock.advance(hours=25)
        await world.visit()
        assert len(written) == before + 1


async def test_transaction_that_fails_is_made_up_for_though_the_device_tells_the_same_again() -> None:
    clock = Clock()
    with ExitStack() as stack:
        world = next(worlds(clock, stack))
        world.reader.tell(switch())
        for _ in range(3):
            clock.advance(seconds=60)
            await world.visit()
        world.reader.tell({**switch(), "1.3.6.1.2.1.1.5.0": b"renamed"})
        with world.means.store.writing() as disk:
            disk.execute(text("CREATE TRIGGER full BEFORE UPDATE ON device BEGIN SELECT RAISE(ABORT, 'full'); END"))
        clock.advance(seconds=60)
        with pytest.raises(IntegrityError, match="full"):
            await world.visit()
        with world.means.store.writing() as disk:
            disk.execute(text("DROP TRIGGER full"))
        clock.advance(seconds=60)
        await world.visit()
        assert (await world.means.store.ask(devices.all_visited))["box"].identity.name == "renamed"


async def test_a_device_says_what_another_of_its_model_said_in_the_same_observations(tmp_path: Path) -> None:
    clock = Clock()
    other = BOX.replace('"box"', '"twin"').replace("192.0.2.1", "192.0.2.2")
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    (tmp_path / "inventory.toml").write_text(INVENTORY + BOX + other)
    configured = loaded(tmp_path, SECRETS)
    switch = next(values for values in told() if any(oid.startswith(f"{DEGREES}.") for oid in values))
    reader = Changing()
    with Store(configured.daemon.state) as store:
        means = Means(settings=configured, reader=reader, store=store, clock=clock)
        reader.tell(dict(switch))
        first = await visit(configured.inventory.devices["box"], means)
        clock.advance(seconds=30)
        warmer = next(oid for oid in switch if oid.startswith(f"{DEGREES}.") and switch[oid] not in {0, None})
        reader.tell({**switch, warmer: 33})
        second = await visit(configured.inventory.devices["twin"], means)
    shared = sum(one is two for one, two in zip(first.facts.told.base, second.facts.told.base, strict=True))
    assert shared > 0.9 * len(first.facts.told.base)
    values = [(one.component.label, one.value) for one in second.observations if one.aspect == "temperature"]
    before = [(one.component.label, one.value) for one in first.observations if one.aspect == "temperature"]
    assert 33 in {value for _, value in values}
    assert sum(one != two for one, two in zip(before, values, strict=True)) == 1
    assert second.silent_visits == 0
