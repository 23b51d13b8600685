"""The daily look ahead over a year of three customers: what creeps is told once, in time and to whom it concerns."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from year import Year, furnished, lived_on, year

from alerts.desk.people import Person, Quiet
from alerts.notices.forecast import Forecast, Left, Signal
from alerts.notices.forecast_words import Beside
from alerts.notices.foretold_paper import paper
from alerts.papers.paper import Chart, Figure, Table
from alerts.reports.inspection import inspection
from alerts.reports.month import InspectionMonth
from monitor import enclosing, foreseeing
from monitor.foretelling import VERB, Foretelling, due, here
from monitor.foretold import outlooks
from monitor.metrics import Metrics
from monitor.model import Component, Language, Letter, Level, Recipient, Text
from monitor.press import Press, apart
from monitor.reporting import gathered
from monitor.settings import Settings
from monitor.store import devices, forecasts, tables
from monitor.store.database import Store
from monitor.store.documents import letter_read

CREEPS = "hospital-core/optic/XGigabitEthernet0/0/1/rx_power/trend"
# From -5 dBm it falls by 0.03 dB a day since 2026-04-01; the module's own limit is -14.4 dBm. What is measured on a day
# stands for its noon, and 313.3 days after noon is the evening of the 313th day.
TRUE_DAY = date(2026, 4, 1) + timedelta(days=math.floor((14.4 - 5.0) / 0.03))
ROUNDS = [datetime(2026, 12, day, 20, 30, tzinfo=UTC) for day in range(4, 14)]  # half past four of the next day there
MORNING = timedelta(hours=3, minutes=30)  # from then until eight


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Year:
    """The year and the weeks after it, with the daily looks ahead of these."""
    lived = year(tmp_path_factory.mktemp("year"))
    with Store(lived.settings.daemon.state) as store:
        with store.writing() as disk:
            for name in lived.settings.inventory.devices:
                lived_on(disk, name, ROUNDS[-1].date())
        for now in ROUNDS:
            foreseeing.rounded(store, lived.settings, now)
    return lived


def written(store: Store) -> list[tuple[Letter, datetime]]:
    """Every letter about forecasts, with the moment until which it is held, oldest first."""
    with store.reading() as disk:
        rows = disk.execute(select(tables.letter.c.body, tables.letter.c.next_try)).all()
    found = ((letter_read(row.body), row.next_try) for row in rows)
    return sorted(
        ((each, at) for each, at in found if each.message_id.startswith("<forecast.")), key=lambda pair: pair[1]
    )


def test_what_creeps_is_told_once_with_the_true_day_in_its_interval(lived: Year) -> None:
    with Store(lived.settings.daemon.state) as store:
        told = [(each, at) for each, at in written(store) if "接收光功率" in each.text]
        with store.reading() as disk:
            (kept,) = [each for each in forecasts.standing(disk) if each.forecast.signal is Signal.TREND]
    ((letter, leaves),) = told
    assert str(kept.forecast.key) == CREEPS
    assert (kept.told_first, kept.told_last, kept.seen) == (letter.created_at, letter.created_at, ROUNDS[-1])
    assert leaves == letter.created_at + MORNING
    assert letter.level is Level.WARNING
    assert "hospital-core" in letter.subject
    (line,) = [line for line in letter.text.splitlines() if "情况" in line]
    _, soonest, latest = (date.fromisoformat(each) for each in re.findall(r"20\d\d-\d\d-\d\d", line))
    assert soonest <= TRUE_DAY <= latest
    assert (latest - soonest).days < 21
    assert 50 <= (TRUE_DAY - letter.created_at.date()).days <= 70  # about the horizon of 60 days: not late
    assert "清洁" in letter.text
    assert "-14.4" in letter.text


def test_of_all_other_devices_nothing_is_foreseen_but_what_is_written_down(lived: Year) -> None:
    with Store(lived.settings.daemon.state) as store, store.reading() as disk:
        others = [each.forecast for each in forecasts.standing(disk) if str(each.forecast.key) != CREEPS]
    # acc-2 of each customer was accepted on 2023-12-20, with three years of warranty
    assert {(each.device.split("-", 1)[1], each.signal) for each in others} == {("acc-2", Signal.DATE)}


def test_the_end_of_a_warranty_is_a_line_of_the_report_and_no_letter_of_forecasts(lived: Year) -> None:
    with Store(lived.settings.daemon.state) as store:
        letters = [each for each, _ in written(store)]
        with store.reading() as disk:
            dates = [each for each in forecasts.standing(disk) if each.forecast.signal is Signal.DATE]
    assert letters
    assert not [each for each in letters if "acc-2" in each.text]
    assert dates
    assert {each.told_first for each in dates} == {None}


def reported(lived: Year, customer: str, month: str) -> InspectionMonth:
    """What a monthly report that is made on the day of the last look ahead is told of forecasts."""
    stock = lived.settings.inventory
    sites = [each for each in stock.sites.values() if each.customer == customer]
    names = [each.name for each in stock.devices.values() if each.customer == customer]
    now = ROUNDS[-1]
    with Store(lived.settings.daemon.state) as store, store.reading() as disk:
        of = gathered(disk, lived.settings, stock.customers[customer], sites, month, now)
        told = outlooks(disk, lived.settings, names, of.start, min(now, of.end))
        return replace(of, outlooks=tuple(told))


def test_the_monthly_report_tells_what_is_kept_with_the_days_to_the_limit(lived: Year) -> None:
    month = reported(lived, "hospital", "2026-12")
    (ahead,) = month.outlooks
    assert (ahead.device, ahead.aspect, ahead.limit) == ("hospital-core", "rx_power", -14.4)
    assert ahead.first is not None
    assert ahead.last is not None
    assert ahead.first <= TRUE_DAY <= ahead.last
    assert ahead.left is not None
    assert abs(ahead.left - (TRUE_DAY - date(2026, 12, 13)).days) <= 5
    paper = inspection(month, Language.EN)
    pictures = [each for each in paper.blocks if isinstance(each, Chart) and each.key.startswith("outlook/")]
    assert [len(each.lines) for each in pictures] == [2]
    of_table = {each.key: each for each in paper.blocks if isinstance(each, Table)}
    assert [str(row.cells[3]) for row in of_table["outlooks"].rows] == [str(ahead.left)]
    said = f"reaches its limit in {ahead.left} days, on {ahead.on}"
    assert len([row for row in of_table["problems"].rows if said in " ".join(map(str, row.cells))]) == 1


def test_months_and_customers_of_whom_nothing_was_foreseen_have_no_outlook(lived: Year) -> None:
    assert reported(lived, "hospital", "2026-11").outlooks == ()
    assert reported(lived, "cdc", "2026-12").outlooks == ()
    assert reported(lived, "blood", "2026-12").outlooks == ()


async def test_the_command_of_the_daemon_makes_it_in_a_process_of_its_own(lived: Year) -> None:
    press = apart(lived.folder, {"COMMUNITY": "year"}, *VERB)
    assert await press(lived.settings, ROUNDS[-1])
    with Store(lived.settings.daemon.state) as store, store.reading() as disk:
        last = forecasts.last_round(disk)
    assert last is not None
    assert abs(datetime.now(UTC) - last.at) < timedelta(minutes=10)


NOW = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)  # ten o'clock in Shanghai
DRIFTS = Forecast(
    signal=Signal.TREND,
    subject="rx_power",
    device="cdc-core",
    component=Component(kind="optic", label="XGE1"),
    aspect="rx_power",
    unit="dbm",
    found=date(2026, 11, 30),
    stage=1,
    current=-12.0,
    usual=-9.0,
    limit=-14.4,
    slope=-0.05,
    left=Left(days=48.0, low=40.0, high=60.0),
    days=56,
    samples=56,
    points=((date(2026, 11, 29), -11.9), (date(2026, 11, 30), -12.0)),
    line=((date(2026, 10, 6), -9.0), (date(2026, 11, 30), -12.0)),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return furnished(tmp_path)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store(settings.daemon.state) as opened:
        yield opened


def keep(store: Store, settings: Settings, now: datetime, *found: Forecast) -> foreseeing.Done:
    with store.writing() as disk:
        return foreseeing.kept(disk, settings, [(each, Beside()) for each in found], now)


def test_it_is_told_again_only_when_it_is_nearer(store: Store, settings: Settings) -> None:
    days = [NOW + timedelta(days=each) for each in range(4)]
    assert keep(store, settings, days[0], DRIFTS).told == 1
    assert keep(store, settings, days[1], DRIFTS).told == 0
    assert keep(store, settings, days[2], replace(DRIFTS, stage=2)).told == 1
    assert keep(store, settings, days[3], DRIFTS).told == 0  # further off again, and not as near as it was told
    with store.reading() as disk:
        (kept,) = forecasts.standing(disk)
    assert (kept.since, kept.told_first, kept.told_last, kept.told_stage) == (days[0], days[0], days[2], 2)
    assert kept.forecast == DRIFTS
    first, again = (each for each, _ in written(store))
    assert "此前已通知" not in first.text
    assert "此前已通知" in again.text


def test_the_letter_takes_the_picture_along_and_leaves_when_it_would_have(store: Store, settings: Settings) -> None:
    done = keep(store, settings, NOW, DRIFTS)
    ((_, held),) = written(store)
    assert held >= NOW + foreseeing.WAITS
    assert enclosing.foretold(store, done.parcels, settings) == 1
    ((letter, leaves),) = written(store)
    assert leaves == done.parcels[0].leaves
    number = done.parcels[0].telling.number
    assert [each.name for each in letter.enclosures] == [f"{number}-v1.zh_CN.{form}" for form in ("pdf", "docx")]
    assert letter.enclosures[0].name in letter.text
    own = paper(done.parcels[0].telling, Language.ZH_CN, "0.1.0")
    (chart,) = [block for block in own.blocks if isinstance(block, Chart)]
    assert chart.limits
    (overview,) = [block for block in own.blocks if isinstance(block, Table)]
    assert DRIFTS.left is not None
    assert overview.rows[0].cells[2] == Figure(value=round(DRIFTS.left.days))


def test_what_is_not_found_for_a_fortnight_ends_and_is_told_anew_when_it_comes_back(
    store: Store, settings: Settings
) -> None:
    keep(store, settings, NOW, DRIFTS)
    assert keep(store, settings, NOW + timedelta(days=13)).ended == 0
    assert keep(store, settings, NOW + timedelta(days=15)).ended == 1
    with store.reading() as disk:
        assert forecasts.standing(disk) == ()
    assert keep(store, settings, NOW + timedelta(days=16), DRIFTS).told == 1


def test_a_day_has_one_letter_for_each_customer_and_reader_whom_it_concerns(store: Store, settings: Settings) -> None:
    readers = (
        Recipient(name="all", address="all@example.org", language=Language.ZH_CN),
        Recipient(name="grave", address="grave@example.org", language=Language.ZH_CN, levels=(Level.CRITICAL,)),
        Recipient(name="cdc", address="cdc@example.org", language=Language.ZH_CN, customers=("cdc",)),
        Recipient(name="wuhu", address="wuhu@example.org", language=Language.ZH_CN, sites=("wuhu-1",)),
    )
    others = replace(settings, mail=replace(settings.mail, recipients=readers))
    found = (DRIFTS, replace(DRIFTS, device="cdc-acc-1"), replace(DRIFTS, device="hospital-core"))
    assert keep(store, others, NOW, *found) == foreseeing.Done(found=3, told=3, letters=4, ended=0)
    sent = sorted(each.recipient.split("@")[0] for each, _ in written(store))
    assert sent == ["all", "all", "cdc", "wuhu"]
    assert {at for _, at in written(store)} == {NOW + foreseeing.WAITS}  # for their documents
    (to_wuhu,) = [each for each, _ in written(store) if each.recipient == "wuhu@example.org"]
    assert "hospital-core" in to_wuhu.text
    assert "cdc-" not in to_wuhu.text


def test_what_a_month_foresaw_stays_whatever_the_next_one_finds(store: Store, settings: Settings) -> None:
    last, later = date(2026, 12, 31), date(2027, 1, 1)
    old = replace(DRIFTS, aspect="tx_power", found=date(2026, 12, 10))
    keep(store, settings, NOW + timedelta(days=10), old)
    keep(store, settings, NOW + timedelta(days=31), replace(DRIFTS, found=last))
    keep(store, settings, NOW + timedelta(days=32), replace(DRIFTS, found=later, current=-13.0, stage=2))
    with store.reading() as disk:
        kept = forecasts.of_month(disk, ["cdc-core"], "2026-12", last - timedelta(days=7))
        assert forecasts.of_month(disk, ["cdc-srv-1"], "2026-12", last - timedelta(days=7)) == ()
        start, end = (
            datetime(year_, month, 1, tzinfo=ZoneInfo("Asia/Shanghai")) for year_, month in ((2026, 12), (2027, 1))
        )
        (ahead,) = outlooks(disk, settings, ["cdc-core"], start, end)  # read, not reckoned anew: nothing was measured
        (now,) = (each.forecast.current for each in forecasts.standing(disk) if each.forecast.aspect == "rx_power")
    assert [(each.forecast.aspect, each.forecast.current) for each in kept] == [("rx_power", -12.0)]
    assert now == -13.0
    assert (ahead.aspect, ahead.left, ahead.on) == ("rx_power", 48, last + timedelta(days=48))


def test_whom_nobody_could_be_told_of_is_told_of_when_there_is_somebody(store: Store, settings: Settings) -> None:
    nobody = replace(settings, mail=replace(settings.mail, recipients=()))
    assert keep(store, nobody, NOW, DRIFTS).told == 0
    assert keep(store, settings, NOW + timedelta(days=1), DRIFTS).told == 1


def test_letters_wait_for_the_morning_and_for_the_end_of_quiet_hours(store: Store, settings: Settings) -> None:
    night = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)  # ten in the evening in Shanghai
    rests = Person(
        name="zhi", title=Text(en="Zhi", zh_CN="值"), mail="ZhiBan@example.org",
        quiet=Quiet(begins=time(22), ends=time(9, 30), zone="Asia/Shanghai"),
    )  # fmt: skip
    keep(store, settings, night, DRIFTS)
    quiet = replace(settings, people=replace(settings.people, persons={"zhi": rests}))
    keep(store, quiet, night + timedelta(hours=1), replace(DRIFTS, stage=2))
    assert [at for _, at in written(store)] == [
        datetime(2026, 12, 2, 0, 0, tzinfo=UTC),
        datetime(2026, 12, 2, 1, 30, tzinfo=UTC),
    ]


def test_it_is_due_once_a_day_from_four_in_the_morning_and_caught_up(store: Store, settings: Settings) -> None:
    def is_due(day: int, hour: int, minute: int = 0) -> bool:
        with store.reading() as disk:
            return due(disk, settings, datetime(2026, 12, day, hour, minute, tzinfo=UTC))

    assert not is_due(1, 2)  # nothing was ever seen
    with store.writing() as disk:
        devices.snapshot_saved(disk, "cdc-core", "2026-12-01", NOW, [])
    assert not is_due(1, 2)  # and no day is over
    assert not is_due(1, 19, 59)
    assert is_due(1, 20)
    keep(store, settings, datetime(2026, 12, 1, 20, tzinfo=UTC))
    assert not is_due(2, 15)
    assert not is_due(2, 19)
    assert is_due(2, 20)
    assert is_due(9, 11)


async def test_a_look_ahead_that_fails_is_tried_again_after_an_hour(store: Store, settings: Settings) -> None:
    with store.writing() as disk:
        devices.snapshot_saved(disk, "cdc-core", "2026-11-01", NOW, [])
    tries: list[datetime] = []
    metrics = Metrics("test")
    clock = NOW

    async def breaks(_settings: Settings, now: datetime) -> bool:
        tries.append(now)
        return False

    async def goes_on(press: Press, minutes: list[int]) -> None:
        nonlocal clock
        daily = Foretelling(settings, store, metrics, lambda: clock, press)
        for each in minutes:
            clock = NOW + timedelta(minutes=each)
            await daily.tick()
            await daily.finished()

    await goes_on(breaks, [0, 1, 30, 59, 60, 61])
    assert tries == [NOW, NOW + timedelta(minutes=60)]
    assert b"netvigil_forecast_last_round_timestamp_seconds 0.0" in metrics.text()
    await goes_on(here(store), [62, 63])
    with store.reading() as disk:
        last = forecasts.last_round(disk)
    assert last is not None
    assert (last.id, last.at) == (1, NOW + timedelta(minutes=62))
    (at,) = re.findall(rb"^netvigil_forecast_last_round_timestamp_seconds (.+)$", metrics.text(), re.MULTILINE)
    assert float(at) == last.at.timestamp()
    assert b'netvigil_forecasts{signal="trend"} 0.0' in metrics.text()
