"""What a monthly inspection report costs: `python -m benchmarks.reports [--devices 1000]`.

A site of simulated switches of 48 ports with a snapshot each; facts are gathered from a store on disk, papers made and
archived in both languages, and each form rendered. Seconds of the clock and of the processor, and the most memory of
the process (typst has one of its own).
"""

import argparse
import resource
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from alerts.papers.forms import Form, rendered_as
from monitor import archiving
from monitor.archiving import Wanted
from monitor.config import loaded
from monitor.model import Component, Condition, Identity, Language, Limits, Observation
from monitor.store import devices, papers
from monitor.store.database import Store

AT = datetime(2026, 10, 30, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 1, tzinfo=UTC)
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
            begun = since = _spent()
            wanted = Wanted(customer="school", site="east", month="2026-10")
            kept = archiving.made(store, settings, wanted, list(Language), NOW)
            since = _said("facts, papers, archive, both languages", since)
            for each in kept:
                with store.reading() as disk:
                    paper = papers.paper(disk, each.id)
                since = _said(f"{each.language.value}: read from the archive", since)
                for form in Form:
                    size = len(rendered_as(paper, form))
                    since = _said(f"{each.language.value}: {form.value} ({size / 1e6:.1f} MB)", since)
            _said("all of it", begun)
    for who, told in (
        ("this process", resource.RUSAGE_SELF),
        ("the greatest of its children", resource.RUSAGE_CHILDREN),
    ):
        print(f"{resource.getrusage(told).ru_maxrss / 1024:8.0f} MB  {who}")  # noqa: T201 - what it is for


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
