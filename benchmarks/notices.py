# ruff: noqa: PLR2004 - the shares of a made-up world
"""`python -m benchmarks.notices`: a fleet of 10,000 devices held against 10,000 advisories, and one that changes.

The fleet has the models, versions and hot patches of a province: `--units` different ones, 10,000 in the worst case.
The advisories are made like those of the makers: series with listed versions, hot patches, bounds of controllers,
BIOS of models, vague ones, and of other makers.
"""

import argparse
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from alerts.notices.fleet import Index, Unit, held
from monitor import noticing
from monitor.config import Settings, loaded
from monitor.model import Advisory, Identity, Said, Span, Statement
from monitor.store import advisories as advisories_
from monitor.store import devices
from monitor.store.database import Store

_NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)

_SERIES = [f"S{n}" for n in ("1700", "2700", "3700", "5700", "6700", "7700", "9300", "9700", "12700")]
_CLOUD = [f"CloudEngine {n}" for n in ("5800", "6800", "7800", "8800", "12800", "16800")]
_SWITCHES = ["S5735-S24T4X", "S5720-36C-EI", "S6730-H48X6C", "S7703", "S9303", "S12704", "CE6865-48S8CQ-EI"]
_COMWARE = ["S5130-28S-EI", "S5560X-30C-EI", "S6800-54QF", "S7506E", "S10508", "S12508"]
_NUMBERS = ("R640", "R740", "R740xd", "R650", "R750", "R760", "R730", "R630", "R840", "T640")
_SERVERS = [f"PowerEdge {n}" for n in _NUMBERS]


def fleet(devices: int, units: int, seed: int = 7) -> list[Unit]:
    """So many devices, of so many different units."""
    chance = random.Random(seed)  # noqa: S311 - made-up data that is the same each time
    different: dict[Unit, None] = {}
    while len(different) < units:
        different.setdefault(_unit(chance))
    known = list(different)
    return known + [chance.choice(known) for _ in range(devices - units)]


def _unit(chance: random.Random) -> Unit:
    what = chance.random()
    if what < 0.6:
        r = chance.choice((10, 11, 13, 19, 20, 21, 22, 23, 24))
        patch = f"V200R{r:03}SPH{chance.randrange(1, 40):03}" if chance.random() < 0.5 else ""
        version = f"V200R{r:03}C{chance.choice((0, 10)):02}SPC{chance.randrange(0, 10)}00"
        return Unit(platform="huawei_vrp", model=chance.choice(_SWITCHES), version=version, patch=patch)
    if what < 0.8:
        version = f"7.1.070, Release {chance.choice((6126, 6318, 6348, 2609, 7585))}P{chance.randrange(1, 60):02}"
        return Unit(platform="h3c_comware", model=chance.choice(_COMWARE), version=version)
    version = f"{chance.randrange(3, 8)}.{chance.randrange(0, 99):02}.{chance.randrange(0, 90):02}.00"
    return Unit(platform="dell_idrac", model=chance.choice(_SERVERS), version=version)


def advisories(count: int, seed: int = 8) -> list[Advisory]:
    """So many advisories."""
    chance = random.Random(seed)  # noqa: S311 - made-up data that is the same each time
    return [_advisory(chance, number) for number in range(count)]


def _advisory(chance: random.Random, number: int) -> Advisory:
    what = chance.random()
    name, text = f"CVE-{2015 + number % 11}-{10_000 + number}", "A vulnerability in some products. " * 20
    if what < 0.55:
        series = chance.sample(_SERIES + _CLOUD, chance.randrange(1, 5))
        statements = [_listed(chance, each) for each in series]
    elif what < 0.65:
        statements = [_said("H3C", chance.choice(_COMWARE), Span(high=f"R{chance.choice((6126, 6348, 2609))}P20"))]
    elif what < 0.85:
        bound = f"{chance.randrange(3, 8)}.{chance.randrange(0, 99):02}.00.00"
        statements = [_said("Dell", f"{chance.choice(_SERVERS)} BIOS", Span(high=f"2.{chance.randrange(30)}.1"))]
        if chance.random() < 0.3:
            statements = [_said("Dell", f"iDRAC{chance.choice((8, 9))}", Span(high=bound))]
    elif what < 0.86:
        statements = [_said("Huawei", "multiple products", Span(low="V200R019C00", high="V200R019C00"))]
    else:
        statements = [_said("Other", f"Thing {number}", Span(high="4.2"))]
    return Advisory(name=name, form="csaf_2.0", title=name, text=text, statements=tuple(statements))


def _listed(chance: random.Random, series: str) -> Statement:
    listed = [f"V200R{r:03}C{c:02}SPC{s}00" for r in (10, 13, 19, 21) for c in (0, 10) for s in (2, 5)]
    spans = tuple(Span(low=each, high=each, high_counts=True) for each in chance.sample(listed, 6))
    return Statement(said=Said.AFFECTED, products=(series,), spans=spans, vendor="Huawei", source="a")


def _said(vendor: str, product: str, span: Span) -> Statement:
    return Statement(said=Said.AFFECTED, products=(product,), spans=(span,), vendor=vendor, source="a")


def main() -> None:
    """Measure and print."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--devices", type=int, default=10_000)
    ask.add_argument("--advisories", type=int, default=10_000)
    ask.add_argument("--units", type=int, default=2_000)
    ask.add_argument("--store", action="store_true", help="With the database, the life of notices and letters.")
    told = ask.parse_args()
    every, known = fleet(told.devices, told.units), advisories(told.advisories)
    begun = time.perf_counter()
    index = Index.of(known)
    indexed = time.perf_counter()
    found = sum(len(each.told) for each in held(index, dict.fromkeys(every)))
    matched = time.perf_counter()
    one = Unit(platform="huawei_vrp", model="S5735-S24T4X", version="V200R019C00SPC500", patch="V200R019SPH099")
    again = sum(len(each.told) for each in held(index, [one]))
    changed = time.perf_counter()
    lines = (
        f"{len(every)} devices ({told.units} different units) x {len(known)} advisories",
        f"indexed in {indexed - begun:.2f} s, matched in {matched - indexed:.2f} s: {found} verdicts of units",
        f"one device that changes: {changed - matched:.3f} s, {again} verdicts",
    )
    print("\n".join(lines))  # noqa: T201 - its purpose
    if told.store:
        with TemporaryDirectory() as folder:
            for line in _stored(Path(folder), every, known):
                print(line, flush=True)  # noqa: T201 - as above


def _stored(folder: Path, fleet_: list[Unit], known: list[Advisory]) -> Iterator[str]:
    """The same on disk, with the life of notices and the letters to 20 customers."""
    settings = _settings(folder, len(fleet_))
    with Store(folder) as store:
        with store.writing() as disk:
            for number, unit in enumerate(fleet_):
                told = Identity(
                    platform=unit.platform, model=unit.model, version=unit.version, patch=unit.patch or None
                )
                devices.answered(disk, f"d{number}", told, _NOW)
        begun = time.perf_counter()
        with store.writing() as disk:
            advisories_.taken(disk, "made", b"{}", known, _NOW)
        yield f"on disk: advisories taken in within {time.perf_counter() - begun:.1f} s"
        yield f"all matched, written and told: {_turn(store, settings)}"
        changed = Identity(platform="huawei_vrp", model="S7703", version="V200R013C00SPC200", patch="V200R013SPH077")
        with store.writing() as disk:
            devices.answered(disk, "d1", changed, _NOW)
        yield f"one device that changes: {_turn(store, settings)}"


def _turn(store: Store, settings: Settings) -> str:
    begun = time.perf_counter()
    with store.reading() as disk:
        where = noticing.fleet(disk, settings)
    with store.writing() as disk:
        moved = advisories_.placed(disk, where, _NOW)
    with store.reading() as disk:
        found = noticing.computed(disk)
    reckoned = time.perf_counter()
    with store.writing() as disk:
        done = noticing.followed(disk, settings, found, _NOW, moved)
    ended = time.perf_counter()
    took = f"{ended - begun:.2f} s, of it {ended - reckoned:.2f} s writing"
    return f"{took}; {done.verdicts} verdicts, {done.letters} letters"


def _settings(folder: Path, count: int) -> Settings:
    (folder / "netvigil.toml").write_text(
        f'[daemon]\nstate = "{folder}"\n[mail]\nserver = "127.0.0.1"\nsecurity = "none"\nsender = "a@example.org"\n'
        '[[mail.recipient]]\nname = "D"\naddress = "d@example.org"\n'
    )
    parts = ['[credentials.c]\nversion = "2c"\ncommunity = { env = "C" }\n']
    for number in range(20):
        parts.append(f'[[customer]]\nname = "c{number}"\n[[site]]\nname = "s{number}"\n')
        parts.append(f'customer = "c{number}"\nregion = "hefei"\n')
    for number in range(count):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        parts.append(f'[[device]]\nname = "d{number}"\naddress = "{address}"\nsite = "s{number % 20}"\n')
        parts.append('credentials = ["c"]\n')
    (folder / "inventory.toml").write_text("".join(parts))
    return loaded(folder, {}, with_secrets=False)


if __name__ == "__main__":
    main()
