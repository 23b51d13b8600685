# ruff: noqa: PLR2004 - the shares of a made-up world
"""`python -m benchmarks.notices`: a fleet of 10,000 devices held against 10,000 advisories, and one that changes.

The fleet has the models, versions and hot patches of a province: `--units` different ones, 10,000 in the worst case.
The advisories are made like those of the makers: series with listed versions, hot patches, bounds of controllers,
BIOS of models, vague ones, and of other makers.
"""

import argparse
import random
import time

from alerts.notices.fleet import Index, Unit, held
from monitor.model import Advisory, Said, Span, Statement

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
    told = ask.parse_args()
    devices, known = fleet(told.devices, told.units), advisories(told.advisories)
    begun = time.perf_counter()
    index = Index.of(known)
    indexed = time.perf_counter()
    found = sum(len(each.told) for each in held(index, dict.fromkeys(devices)))
    matched = time.perf_counter()
    one = Unit(platform="huawei_vrp", model="S5735-S24T4X", version="V200R019C00SPC500", patch="V200R019SPH099")
    again = sum(len(each.told) for each in held(index, [one]))
    changed = time.perf_counter()
    lines = (
        f"{len(devices)} devices ({told.units} different units) x {len(known)} advisories",
        f"indexed in {indexed - begun:.2f} s, matched in {matched - indexed:.2f} s: {found} verdicts of units",
        f"one device that changes: {changed - matched:.3f} s, {again} verdicts",
    )
    print("\n".join(lines))  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
