"""What people read of a forecast."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from days import RULES, TODAY, days

from alerts.locale import words
from alerts.notices.forecast import Forecast, Left, Signal
from alerts.notices.forecast_dates import Ends
from alerts.notices.forecast_trend import drifting
from alerts.notices.forecast_words import Beside, drawn, told
from monitor.model import Component, Language

BOTH = pytest.mark.parametrize("language", list(Language))
DAY = "2026-11-20"
OPTIC = Component(kind="optic", label="XGE1/0/1")


def forecast(signal: Signal, subject: str, *, now: float = 2.0, usual: float = 1.0, **facts: float | str) -> Forecast:
    return Forecast(
        signal=signal, subject=subject, device="sw-1", component=OPTIC, aspect=subject, unit="", found=TODAY, stage=1,
        current=now, usual=usual, limit=3.0, slope=now - usual, left=Left(days=20, low=15, high=None),
        facts={"beyond": now - usual, "peers": 4, "peers_rose": 0.5, "on": DAY, "since": DAY, **facts},
    )  # fmt: skip


def every() -> Iterator[Forecast]:
    for trend in RULES.trends:
        for now in (0.5, 2.0):
            yield forecast(Signal.TREND, trend.name, now=now)
            yield forecast(Signal.STEP, trend.name, now=now)
    for name in (*(rate.name for rate in RULES.rates), "resets"):
        yield forecast(Signal.RATE, name)
    for rule in RULES.peers:
        for now in (0.5, 2.0):
            yield forecast(Signal.UNLIKE_PEERS, rule.aspect, now=now)
            yield forecast(Signal.UNLIKE_PEERS, rule.aspect, now=now, peers=0)
    yield forecast(Signal.MEMORY_ERRORS, "corrected")
    yield forecast(Signal.MEMORY_ERRORS, "uncorrected")
    yield forecast(Signal.PREDICTED, "predicted")
    for aspect in sorted(RULES.rising):
        yield forecast(Signal.RISING, aspect)
    for what in Ends:
        yield forecast(Signal.DATE, what.value)


@BOTH
@pytest.mark.parametrize("each", list(every()), ids=lambda each: f"{each.signal}-{each.subject}")
def test_every_forecast_is_said_in_full_in_both_languages(each: Forecast, language: Language) -> None:
    said = told(each, language)
    for text in (said.title, said.what, said.advice, said.evidence):
        assert text.strip()
        assert "{" not in text
        assert "None" not in text
    assert "sw-1" in said.title


@BOTH
@pytest.mark.parametrize(
    "subject", [*(trend.name for trend in RULES.trends), *(rate.name for rate in RULES.rates), *sorted(RULES.rising)]
)
def test_every_subject_of_the_shipped_rules_has_a_name(subject: str, language: Language) -> None:
    assert f"aspect_{subject}" in words(language).table["forecast"]


def creeping() -> Forecast:
    found = drifting(days([-8 - 0.1 * each for each in range(40)], low=-14.0), RULES.trends[0], TODAY)
    assert found is not None
    return found


def test_an_engineer_reads_what_drifts_by_how_much_when_it_gets_where_and_what_to_do() -> None:
    said = told(creeping(), Language.EN, Beside(spares=2, warranty=date(2026, 12, 1)))
    assert said.title == "Received optical power of optical module XGE1/0/1 on sw-1 is falling: limit in about 21 days"
    assert said.text == (
        "Received optical power fell by 3.9 dB within 40 days (3 dB in 30 days) to -11.9 dBm; the limit is -14 dBm. "
        "At this pace it gets there about 2026-12-13, between 2026-12-13 and 2026-12-13 (95 %). "
        "Clean the connectors at both ends, look for bends, then measure again; where the far end sends less, see its "
        "module. Spares in stock that fit: 2. The maker's warranty ends on 2026-12-01, before the limit is reached: "
        "report it now. "
    )


def test_the_same_in_chinese() -> None:
    said = told(creeping(), Language.ZH_CN, Beside(spares=0, warranty=date(2027, 12, 1)))
    assert said.title == "sw-1 光模块 XGE1/0/1 接收光功率持续下降：约 21 天后到达门限"
    assert said.text == (
        "接收光功率在 40 天内下降 3.9 dB（每 30 天 3 dB），现为 -11.9 dBm，门限为 -14 dBm。"
        "按此趋势约于 2026-12-13 到达门限，95 % 区间为 2026-12-13 至 2026-12-13。"
        "请清洁两端接头，检查光纤弯折后复测；若对端发送偏低，检查对端光模块。无适用备件库存。原厂保修至 2027-12-01。"
    )


def test_what_is_not_known_beside_it_is_not_spoken_of() -> None:
    assert told(creeping(), Language.EN).parts == ""


def test_an_interval_without_an_end_says_so() -> None:
    assert "how late at the latest is not certain" in told(forecast(Signal.TREND, "rx_power"), Language.EN).when


def test_a_share_changes_by_points() -> None:
    values = [0.5 + 0.005 * each for each in range(56)]
    found = drifting(days(values, aspect="usage", kind="memory", unit="ratio"), RULES.trends[4], TODAY)
    assert found is not None
    assert "rose by 27.5 percentage points within 56 days" in told(found, Language.EN).what


@BOTH
def test_the_picture_shows_measured_days_gaps_limit_and_the_way_ahead(language: Language) -> None:
    values: list[float | None] = [-8 - 0.1 * each for each in range(40)]
    values[10:13] = [None] * 3
    found = drifting(days(values, low=-14.0), RULES.trends[0], TODAY)
    assert found is not None
    chart = drawn(found, language)
    assert chart is not None
    measured, ahead = chart.lines
    assert sum(value is None for _, value in measured.points) == 1
    assert ahead.dashed
    assert ahead.points[-1][0].date() == TODAY + timedelta(days=21)
    assert ahead.points[-1][1] == pytest.approx(-14)
    assert [limit for _, limit in chart.limits] == [-14.0]
    assert all(low <= high for _, low, high in ahead.band)
    assert measured.name != ahead.name


def test_a_date_has_no_picture() -> None:
    assert drawn(forecast(Signal.DATE, "licence"), Language.EN) is None
