"""What a monthly inspection report costs: `python -m benchmarks.reports [--devices 1000]`.

A site of simulated switches of 48 ports with a snapshot each, a month of rollups of 122 series each, and what was
foreseen of every twentieth; facts are gathered from a store on disk, papers made and archived in both languages, and
all files of both written, as `netvigil report inspection` does. Seconds of the clock and of the processor, and the most
memory of all processes together (what they share is counted once).
"""

import argparse
import math
import resource
import tempfile
from array import array
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

from sqlalchemy import insert, select

from alerts.notices.forecast import Forecast, Left, Signal
from alerts.notices.forecast_words import Beside
from alerts.papers.forms import Form
from benchmarks.papers import watched
from monitor import archiving
from monitor.archiving import Wanted
from monitor.config import loaded
from monitor.model import Component, Condition, Identity, Language, Limits, Observation
from monitor.rolling_parts import THERE
from monitor.store import devices, forecasts, rollups, tables
from monitor.store.database import Store
from monitor.store.rolled import Key, Layout, Part, part_packed, scale

AT = datetime(2026, 10, 30, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 1, tzinfo=UTC)
_MONTH = 30
_PORTS = [f"GigabitEthernet1/0/{n}" for n in range(1, 49)]
_NETVIGIL = '[daemon]\nstate = "state"\nlisten = "127.0.0.1:0"\n'


def _told(number: int) -> tuple[Observation, ...]:
    """What one switch told last; every fiftieth has a fan that failed."""

    def one(kind: str, label: str, aspect: str, value: float | None, unit: str, raw: str) -> Observation:
        is_bad = kind == "fan" and label == "Fan 1" and number % 50 == 0
        limits = Limits(high_warning=0.9) if unit == "ratio" else Limits(low_critical=-20.0) if unit == "dbm" else None
        return Observation(
            component=Component(kind=kind, label=label),
            aspect=aspect,
            condition=Condition.FAILED if is_bad else Condition.OK,
            at=AT,
            value=value,
            unit=unit,
            raw=raw,
            source="1.3.6.1.4.1.99999.1.1.18.1.6",
            limits=limits,
        )

    ports = [one("interface", f"GigabitEthernet1/0/{n}", "oper_status", None, "", "up(1)") for n in range(1, 49)]
    light = [one("optic", f"XGigabitEthernet1/0/{n}", "rx_power", -5.0 - n / 10, "dbm", "-50") for n in range(1, 5)]
    parts = [
        one(kind, f"{kind.upper()} {n}", "state", None, "", "normal(1)") for kind in ("psu", "board") for n in (1, 2)
    ]
    fans = [one("fan", f"Fan {n}", "state", None, "", "normal(1)") for n in (1, 2)]
    load = [one(kind, "Slot 1", "usage", 0.2 + number % 50 / 100, "ratio", "20") for kind in ("cpu", "memory")]
    warm = [one("temperature", f"Sensor {n}", "temperature", 30.0 + n, "celsius", "30") for n in range(4)]
    return (*ports, *light, *parts, *fans, *load, *warm)


def _house(folder: Path, count: int) -> None:
    (folder / "netvigil.toml").write_text(_NETVIGIL, encoding="utf-8")
    fleet = "".join(
        f'[[device]]\nname = "sw-{n}"\naddress = "10.{n >> 8}.{n & 255}.1"\nsite = "east"\nrole = "access"\n'
        'credentials = ["read"]\n'
        for n in range(count)
    )
    head = '[credentials.read]\nversion = "2c"\ncommunity = { env = "COMMUNITY" }\n[[customer]]\nname = "school"\n'
    site = '[[site]]\nname = "east"\ncustomer = "school"\nregion = "hefei"\n'
    (folder / "inventory.toml").write_text(head + site + fleet, encoding="utf-8")


def _keys() -> tuple[Key, ...]:
    """The series of one switch."""

    def one(kind: str, label: str, aspect: str, unit: str, high: float | None = None, low: float | None = None) -> Key:
        return Key(kind, label, aspect, unit, scale(aspect, unit), low, high)

    load = [one(kind, "Slot 1", "usage", "ratio", 0.9) for kind in ("cpu", "memory")]
    warm = [one("temperature", f"Sensor {n}", "temperature", "celsius", 65.0) for n in range(4)]
    light = [one("optic", f"XGigabitEthernet1/0/{n}", "rx_power", "dbm", low=-20.0) for n in range(1, 5)]
    use = [one("interface", port, way, "ratio", 0.8) for port in _PORTS for way in ("utilisation_in", "errors_in")]
    return (*load, *warm, *light, *use, *(one("fan", f"Fan {n}", "speed", "rpm") for n in range(1, 16)), THERE)


def _hour(keys: tuple[Key, ...], at: int) -> Part:
    levels = {"usage": 0.3, "temperature": 40.0, "rx_power": -6.0, "speed": 5000.0, "errors_in": 0.0, "reachable": 1.0}
    means = [
        level if level in {0.0, 1.0} else level * (1 + math.sin(at + place) / 20)
        for place, level in enumerate(levels.get(key.aspect, 0.05) for key in keys)
    ]
    spread = [[mean * share for mean in means] for share in (0.9, 1.0, 1.0, 1.0)]
    return Part([array("d", each) for each in ([3600.0] * len(keys), [120.0] * len(keys), *spread)], end=3600.0)


def _past(store: Store, count: int) -> None:
    """A month of rollups, the same of every switch."""
    keys, layout = _keys(), Layout(_keys())
    first = AT.replace(day=1, hour=0) - timedelta(hours=8)  # midnight in Shanghai
    with store.writing() as disk:
        for day in range(_MONTH):
            start = first + timedelta(days=day)
            name = f"{date(2026, 10, 1) + timedelta(days=day)}"
            hours = [
                rollups.Hour("sw-0", start + timedelta(hours=n), name, start, layout, part_packed(_hour(keys, n + day)))
                for n in range(24)
            ]
            rollups.saved(disk, hours)
            rollups.packed(disk, "sw-0", name)
        rows = [row._asdict() for row in disk.execute(select(tables.rollup_day))]
        for n in range(1, count):
            disk.execute(insert(tables.rollup_day), [{**row, "device": f"sw-{n}"} for row in rows])


def _foreseen(store: Store, count: int) -> None:
    """A temperature that rises, of every twentieth switch, as the daily look ahead keeps it."""
    last = date(2026, 10, 31)
    points = tuple((last - timedelta(days=60 - n), 40 + n / 6) for n in range(60))
    line = ((points[0][0], 40.0), (last, 50.0))
    with store.writing() as disk:
        every = [
            Forecast(
                signal=Signal.TREND,
                subject="temperature",
                device=f"sw-{n}",
                component=Component(kind="temperature", label="Sensor 1"),
                aspect="temperature",
                unit="celsius",
                found=last,
                stage=1,
                current=50.0,
                limit=65.0,
                slope=1 / 6,
                left=Left(days=90.0, low=80.0, high=101.0),
                days=60,
                samples=60,
                points=points,
                line=line,
            )
            for n in range(0, count, 20)
        ]
        forecasts.found(disk, [(each, Beside()) for each in every], AT + timedelta(days=1))
        forecasts.rounded(disk, last + timedelta(days=1), AT + timedelta(days=1), len(every))


def main() -> None:
    """Measure, and print a line for each step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=1000)
    count = parser.parse_args().devices
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _house(folder, count)
        settings = loaded(folder, {"COMMUNITY": "x"})
        with Store(settings.daemon.state) as store:
            with store.writing() as disk:
                for n in range(count):
                    identity = Identity(platform="_standard", model="S48", version="1.0", serial=f"SN{n:05}")
                    devices.answered(disk, f"sw-{n}", identity, AT, booted_at=AT.replace(month=3))
                    devices.snapshot_saved(disk, f"sw-{n}", "2026-10-30", AT, _told(n))
            _past(store, count)
            _foreseen(store, count)
            done, highest = Event(), [0]
            watch = Thread(target=watched, args=(done, highest))
            watch.start()
            begun = since = _spent()
            try:
                wanted = Wanted(customer="school", site="east", month="2026-10")
                kept = archiving.made(store, settings, wanted, list(Language), NOW)
                since = _said("facts, papers, archive, both languages", since)
                every = archiving.written(store, kept, Form, folder / "files", NOW)
                _said("files of both languages in all forms, two at a time", since)
                _said("all of it", begun)
            finally:
                done.set()
                watch.join()
            for one in every:
                told = ", ".join(f"{form} {file.stat().st_size / 1e6:.1f} MB" for form, file in one.files)
                print(f"{one.kept.language}: {told}{one.failed or ''}")  # noqa: T201 - what it is for
    print(f"{highest[0] / 1e6:8.0f} MB  all processes together, at their highest")  # noqa: T201 - what it is for


def _spent() -> tuple[float, float]:
    """Seconds of the clock, and of processors: ours and those of children that ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return perf_counter(), sum(each.ru_utime + each.ru_stime for each in used)


def _said(what: str, since: tuple[float, float]) -> tuple[float, float]:
    now = _spent()
    print(f"{now[0] - since[0]:8.1f} s {now[1] - since[1]:8.1f} s CPU   {what}", flush=True)  # noqa: T201 - what it is for
    return now


if __name__ == "__main__":
    main()
