"""The look ahead over a real store: what the rollups hold is read, and what is told is told with what stands beside."""

import json
from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from alerts.desk.assets import Asset
from alerts.notices.forecast import Signal
from house import INVENTORY, NETVIGIL
from monitor import forecasting
from monitor.cli import netvigil
from monitor.config import loaded
from monitor.model import DeviceEvent, Happened, Identity
from monitor.settings import Settings
from monitor.store import assets, devices, parts, rollups
from monitor.store.database import Store
from monitor.store.rolled import Key, Layout, Part, part_packed, scale

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # 9 o'clock in Hefei
RX = Key("optic", "XGE1/0/1", "rx_power", "dbm", scale("rx_power", "dbm"), -14.0, 1.0)
DEVICES = "".join(
    f'[[device]]\nname = "{name}"\naddress = "192.0.2.{place}"\nsite = "hefei-1"\ncredentials = ["v2c"]\n'
    for place, name in enumerate(("core-1", "core-2"), 1)
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    (tmp_path / "inventory.toml").write_text(INVENTORY + DEVICES)
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> Settings:
    return loaded(folder, {}, with_secrets=False)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    settings.daemon.state.mkdir(parents=True, exist_ok=True)
    with Store(settings.daemon.state) as opened:
        yield opened


def measured(store: Store, device: str, key: Key, values: Sequence[float], until: date = TODAY) -> None:
    """One hour of each day, packed when it was over; days are those of Hefei."""
    layout = Layout((key,))
    with store.writing() as disk:
        for place, value in enumerate(values):
            day = until - timedelta(days=len(values) - 1 - place)
            start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
            columns = [array("f", [each]) for each in (3600.0, 120.0, value, value, value, value)]
            rollups.saved(
                disk, [rollups.Hour(device, start, day.isoformat(), start, layout, part_packed(Part(columns)))]
            )
            rollups.packed(disk, device, day.isoformat())


def falling(count: int = 40) -> list[float]:
    return [-8 - 0.1 * day for day in range(count)]


def test_what_creeps_in_the_store_is_foreseen(store: Store, settings: Settings) -> None:
    measured(store, "core-1", RX, falling())
    measured(store, "core-2", RX, [-8.0, -8.1] * 20)
    with store.reading() as disk:
        (found,) = forecasting.forecasts(disk, settings, NOW)
    assert (found.device, found.aspect, found.found, found.limit) == ("core-1", "rx_power", TODAY, -14.0)
    assert found.left is not None
    assert found.left.days == pytest.approx(21, abs=1)


def test_the_day_under_way_does_not_count(store: Store, settings: Settings) -> None:
    measured(store, "core-1", RX, [*falling(), -1.0], until=TODAY + timedelta(days=1))
    with store.reading() as disk:
        (found,) = forecasting.forecasts(disk, settings, NOW)
    assert found.signal is Signal.TREND


def test_a_module_that_was_swapped_has_no_past(store: Store, settings: Settings) -> None:
    measured(store, "core-1", RX, falling())
    swap = DeviceEvent(
        device="core-1", at=NOW - timedelta(days=9), what=Happened.PART_SWAPPED, kind="optic", label="XGE1/0/1"
    )
    with store.writing() as disk:
        parts.happened(disk, [swap])
    with store.reading() as disk:
        assert forecasting.forecasts(disk, settings, NOW) == []


def test_a_device_that_restarts_more_than_it_did_is_told(store: Store, settings: Settings) -> None:
    with store.writing() as disk:
        devices.snapshot_saved(disk, "core-1", "2026-10-01", NOW - timedelta(days=50), [])
        parts.happened(
            disk,
            [
                DeviceEvent(device="core-1", at=NOW - timedelta(hours=each + 2), what=Happened.REBOOTED)
                for each in range(6)
            ],
        )
    with store.reading() as disk:
        (found,) = forecasting.forecasts(disk, settings, NOW)
    assert (found.signal, found.subject, found.current) == (Signal.RATE, "restarts", 6.0)


def test_a_warranty_that_ends_is_told_and_stands_beside_what_drifts(store: Store, settings: Settings) -> None:
    measured(store, "core-1", RX, falling())
    with store.writing() as disk:
        devices.answered(disk, "core-1", Identity(model="S6730", serial="SN1"), NOW)
        asset = Asset(serial="SN1", device="core-1", model="S6730", maker_warranty_ends=date(2026, 12, 1))
        assets.saved(disk, None, asset, assets.What.ENTERED, "wang", NOW)
    with store.reading() as disk:
        found = forecasting.forecasts(disk, settings, NOW)
        assert [each.signal for each in found] == [Signal.DATE, Signal.TREND]
        beside = [forecasting.joined(disk, settings, each) for each in found]
    assert [(each.spares, each.warranty) for each in beside] == [(None, None), (0, date(2026, 12, 1))]


def test_the_command_says_it_in_words_and_as_json(store: Store, folder: Path) -> None:
    measured(store, "core-1", RX, falling())
    words = ["notice", "forecast", "--config", str(folder), "--on", "2026-11-21"]
    done = CliRunner().invoke(netvigil, words)
    assert done.exit_code == 1, done.output
    assert "Received optical power of optical module XGE1/0/1 on core-1 is falling" in done.stdout
    (told,) = json.loads(CliRunner().invoke(netvigil, [*words, "--json", "--language", "zh_CN"]).stdout)
    assert told["key"] == "core-1/optic/XGE1/0/1/rx_power/trend"
    assert told["days_left"]["expected"] == pytest.approx(21, abs=1)
    assert "接收光功率" in told["title"]
    other = CliRunner().invoke(netvigil, [*words, "--device", "core-2"])
    assert (other.exit_code, other.stdout) == (0, "none\n")
    assert CliRunner().invoke(netvigil, [*words, "--device", "nobody"]).exit_code == 2


def test_an_empty_store_foresees_nothing(store: Store, settings: Settings) -> None:
    with store.reading() as disk:
        assert forecasting.forecasts(disk, settings, NOW) == []
