"""How good forecasts are, and what they cost: `python -m benchmarks.forecasts [--quick] [--nab FOLDER]`.

False warnings for each series and month of courses that lead nowhere; how long before the limit a creeping optic is
told; how often the true day lies in the interval of 95 %; the time of a daily round of 10,000 devices. With `--nab`, a
folder of the Numenta Anomaly Benchmark (github.com/numenta/NAB): false warnings on series that nobody of us made up.
"""

import csv
import json
import statistics
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from alerts.notices.forecast import Forecast, Signal
from alerts.notices.forecast_round import foreseen
from alerts.notices.forecast_rules import ForecastsFile, Rules, Trend, rules
from alerts.notices.forecast_slopes import line
from alerts.notices.forecast_trend import drifting
from alerts.past import Series
from benchmarks.drifts import FIRST, HARMLESS, LOW, creeping, lean, series
from monitor.model import Component
from monitor.shipped import shipped

_MONTH = 30
_WARM = 20  # days before the first on which anything could be told
_DAYS = 150
_PER_DEVICE = 50
_DEVICES = 10_000


def main() -> None:
    """Measure all, and print it."""
    quick = "--quick" in sys.argv
    known = rules(ForecastsFile.model_validate(tomllib.loads((shipped() / "forecasts.toml").read_text("utf-8"))))
    trend = next(each for each in known.trends if each.name == "rx_power")
    several = 10 if quick else 100
    _print("false warnings: series, months, lines told, a series and month; jumps told")
    for name in HARMLESS:
        _print(f"  {name:10} {_false(name, trend, several)}")
    _print("lead: days before the limit on which a creeping optic is told first; least, median, none")
    for slope, margin, calm in ((0.03, 3, 60), (0.05, 6, 60), (0.1, 6, 60), (0.1, 4, 60), (0.1, 6, 0), (0.2, 6, 60),
                                (0.3, 8, 60), (0.4, 6, 60)):  # fmt: skip
        for size in (0.05, 0.15):
            told = _lead(slope, margin, calm, size, trend, max(5, several // 4))
            _print(f"  {slope} dB a day, {margin} dB to go, {calm} days calm before, noise {size}: {told}")
    _print("coverage of the interval of 95 %: days, lean of a day on the one before, share of true days in it")
    for count in (14, 28, 56):
        found = [_coverage(count, near, 5 * several) for near in (0.0, 0.3, 0.6, 0.8)]
        _print(f"  {count} days  " + "  ".join(found))
    if "--nab" in sys.argv:
        _print("NAB, an hour as a day: series, months, lines told, a series and month; jumps told")
        _print(f"  {_nab(Path(sys.argv[sys.argv.index('--nab') + 1]), known)}")
    devices = _DEVICES // 10 if quick else _DEVICES
    took, found_all = _round(devices, known)
    _print(
        f"daily round of {devices} devices with {_PER_DEVICE} series of 60 days each: {took:.0f} s, {found_all} told"
    )


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _days(whole: Series, rule: Trend, first: int, last: int) -> Iterator[Forecast | None]:
    """What is told on each day from `first` to `last` (counted from `FIRST`), with what was known then."""
    for day in range(first, last):
        today = FIRST.date() + timedelta(days=day)
        known = tuple(span for span in whole.spans if span.start.date() <= today)
        yield drifting(replace(whole, spans=known[-70:]), rule, today)


def _false(name: str, rule: Trend, several: int) -> str:
    random = np.random.default_rng(7)
    told = jumps = 0
    for _ in range(several):
        whole = series(HARMLESS[name](_DAYS, random))
        stage = 0
        found = [each for each in _days(whole, rule, _WARM, _DAYS) if each is not None]
        jumps += len({each.facts["on"] for each in found if each.signal is Signal.STEP})
        for each in found:
            if each.signal is Signal.TREND and each.stage > stage:  # as it is told to people: again when it is worse
                told, stage = told + 1, each.stage
    months = several * (_DAYS - _WARM) / _MONTH
    return f"{several:4} {months:6.0f} {told:4} {told / months:8.4f} {jumps:4}"


def _lead(slope: float, margin: float, calm: int, size: float, rule: Trend, several: int) -> str:
    random = np.random.default_rng(11)
    leads, none = [], 0
    for _ in range(several):
        levels = creeping(slope, margin, calm, random, size)
        told = _days(series(levels), rule, _WARM - 6, len(levels))
        first = next((day for day, each in enumerate(told, _WARM - 6) if each and each.signal is Signal.TREND), None)
        if first is None:
            none += 1
        else:
            leads.append(len(levels) - 1 - first)
    return f"{min(leads, default=0)}, {statistics.median(leads or [0]):.0f}, {none} of {several}"


def _coverage(count: int, near: float, several: int) -> str:
    random = np.random.default_rng(13)
    places, ahead, slope = np.arange(1.0 - count, 1.0), 30, -0.05
    inside = 0
    for _ in range(several):
        values = LOW - slope * ahead + slope * places + lean(count, random, 0.1, near)
        low, high = line(places, values).interval(LOW)
        inside += low <= ahead <= high
    return f"{near}: {inside / several:.3f}"


def _nab(folder: Path, known: Rules) -> str:
    """Load and traffic of machines; the limit is a quarter above all but the highest hundredth of each series."""
    link = next(each for each in known.trends if each.name == "link_use")
    rule = replace(link, busy=False, windows=(84, 56))
    windows = json.loads((folder / "labels" / "combined_windows.json").read_text("utf-8"))
    told = jumps = count = 0
    months = 0.0
    for path in sorted((folder / "data").glob("*/*.csv")):
        hours = _hours(path)
        marked = windows.get(f"{path.parent.name}/{path.name}", [])
        bad = [tuple(map(datetime.fromisoformat, each)) for each in marked]
        top = float(np.quantile(list(hours.values()), 0.99)) or 1.0
        begin = min(hours)
        levels = np.full(int((max(hours) - begin).total_seconds() // 3600) + 1, np.nan)
        for hour, value in hours.items():
            levels[int((hour - begin).total_seconds() // 3600)] = value / top
        whole = replace(series(levels), limit_low=None, limit_high=1.25)
        count += 1
        months += len(levels) / _MONTH
        stage, seen = 0, set()
        for day, each in enumerate(_days(whole, rule, _WARM, len(levels)), _WARM):
            hour = begin + timedelta(hours=day)
            if each is None or any(first <= hour <= last for first, last in bad):
                continue
            if each.signal is Signal.STEP:
                seen.add(each.facts["on"])
            elif each.stage > stage:
                told, stage = told + 1, each.stage
        jumps += len(seen)
    return f"{count} {months:.0f} {told} {told / months:.4f} {jumps}"


def _hours(path: Path) -> dict[datetime, float]:
    found: dict[datetime, list[float]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["timestamp"])
            found.setdefault(at.replace(minute=0, second=0, microsecond=0), []).append(float(row["value"]))
    return {hour: statistics.median(values) for hour, values in found.items()}


def _round(devices: int, known: Rules) -> tuple[float, int]:
    random = np.random.default_rng(17)
    last = date(2026, 6, 1)
    shapes = [_like(series(_course(random, place), last), place) for place in range(40 * _PER_DEVICE)]
    start = time.process_time()
    found = foreseen(_fleet(shapes, devices), known, last)
    return time.process_time() - start, len(found)


def _fleet(shapes: list[Series], devices: int) -> Iterator[Series]:
    count = len(shapes)
    for device in range(devices):
        name = f"sw-{device}"
        first = device * _PER_DEVICE % count
        for shape in shapes[first : first + _PER_DEVICE]:
            yield replace(shape, device=name)


def _course(random: np.random.Generator, place: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Of a hundred optics one is noisy, one seasonal; of a thousand one creeps."""
    if place % 1000 == 0:
        return creeping(0.1, 6, 30, random, 0.05)[:60]
    names = {1: "noisy", 2: "seasonal", 3: "gaps"}
    return HARMLESS[names.get(place % 100, "flat")](60, random)


def _like(shape: Series, place: int) -> Series:
    """24 values of optics, 6 temperatures, 2 fans, 2 memories, 16 ports' use and errors: fifty of a device."""
    of = place % _PER_DEVICE
    if of < 24:  # noqa: PLR2004 - as the docstring says
        aspect = ("rx_power", "tx_power", "bias_current")[of % 3]
        return replace(shape, aspect=aspect, component=Component(kind="optic", label=f"XGE1/0/{of // 3}"))
    kinds = [("temperature", "temperature", "celsius", 50.0)] * 6 + [("fan", "speed", "rpm", 5000.0)] * 2
    kinds += [("memory", "usage", "ratio", 0.9)] * 2
    kinds += [("interface", "utilisation_in", "ratio", 0.8), ("interface", "errors_in", "per_second", 0.0)] * 8
    kind, aspect, unit, scale = kinds[of - 24]
    spans = tuple(
        replace(span, median=scale * (1 + (span.median or 0) / 20), mean=scale * (1 + (span.median or 0) / 20))
        for span in shape.spans
    )
    part = Component(kind=kind, label=f"{kind} {of}")
    return replace(shape, aspect=aspect, unit=unit, component=part, spans=spans, limit_low=None, limit_high=None)


if __name__ == "__main__":
    main()
