"""What is usual for a port by its own past, and what of it is never learned."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.faults.baseline import Hours, learned, limits, usual, with_hour
from alerts.faults.limits import assessed
from alerts.faults.rules import Baseline, Watch
from alerts.faults.wording import evidence
from monitor.model import Component, Condition, Limits, Observation

BASELINE = Baseline(at_least=0.00003, at_most=0.001, factor=5, days=14, after=7)
WATCH = Watch(limits=Limits(high_warning=0.0001), hysteresis=0.00005, baseline=BASELINE)
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


class Port:
    """A port over many days: what its hours come to, and what is learned of them."""

    def __init__(self) -> None:
        self.days: list[str] = []
        self.told: dict[str, Hours] = {}

    @property
    def known(self) -> list[str]:
        return self.days[-BASELINE.days :]

    @property
    def limit(self) -> float:
        """Above which it is a fault now."""
        if len(self.known) < BASELINE.after:
            return 0.0001
        return limits(WATCH, BASELINE, usual(self.known, self.told), len(self.known)).high_warning or 0.0

    def day(self, hour: float, bad_hours: int = 24) -> bool:
        """A day of which so many hours come to that, and the others to nothing; whether it was a fault."""
        day, known, limit = str(BEGIN + timedelta(days=len(self.days))), self.known, self.limit
        before, hours = usual(known, self.told), (0.0, 0.0)
        for _ in range(bad_hours):
            told = learned(hour, before, is_settled=len(known) >= BASELINE.after, is_faulty=hour > limit)
            hours = with_hour(hours, told)
        self.days.append(day)
        if any(hours):
            self.told[day] = hours
        return hour > limit


def test_errors_that_were_there_from_the_start_are_a_fault_for_a_week_and_then_usual() -> None:
    port = Port()
    assert [port.day(0.0002) for _ in range(30)] == [True] * 7 + [False] * 23


def test_a_clean_port_that_begins_to_err_is_a_fault_for_as_long_as_it_does() -> None:
    port = Port()
    assert not any(port.day(0.0) for _ in range(8))
    assert all(port.day(0.0002) for _ in range(100))
    assert not port.day(0.0)
    assert port.day(0.00005), "a port that was clean warns earlier than one that nobody knows"


def test_a_fault_does_not_take_away_what_was_usual_before() -> None:
    port = Port()
    for _ in range(14):
        port.day(0.0002)
    assert all(port.day(0.002) for _ in range(30))
    assert not port.day(0.0002)


def test_one_bad_hour_a_day_teaches_nothing() -> None:
    port = Port()
    for _ in range(20):
        port.day(0.0001, bad_hours=1)
    assert port.limit == BASELINE.at_least


def test_errors_of_working_hours_are_usual_although_nights_and_week_ends_are_clean() -> None:
    port = Port()
    for day in range(28):
        port.day(0.0001 if day % 7 < 5 else 0.0, bad_hours=8)
    assert port.limit == pytest.approx(0.0005)


@settings(deadline=None, max_examples=50)
@given(growth=st.floats(1.02, 5.0))
def test_what_grows_is_a_fault_at_the_latest_where_the_policy_says_never(growth: float) -> None:
    port, share = Port(), 0.000002
    for _ in range(14):
        port.day(share)
    while share <= BASELINE.at_most:
        port.day(share)
        share *= growth
    assert port.day(share)


def observation(value: float, usual: float) -> Observation:
    return Observation(
        component=Component(kind="interface", label="Gi1"),
        aspect="packet_errors",
        condition=None,
        value=value,
        unit="ratio",
        at=BEGIN,
        limits=limits(WATCH, BASELINE, usual, 14),
    )


@pytest.mark.parametrize(
    ("value", "usual", "condition", "words"),
    [
        (0.00002, 0.0, Condition.OK, ""),
        (0.00004, 0.0, Condition.DEGRADED, "0.004 % is above the limit of 0.003 % (usual for this port: 0 %"),
        (0.0009, 0.0002, Condition.OK, ""),
        (0.0011, 0.0002, Condition.DEGRADED, "0.11 % is above the limit of 0.1 % (usual for this port: 0.02 %"),
        (0.0011, 0.5, Condition.DEGRADED, "0.11 % is above the limit of 0.1 % (usual for this port: 50 %"),
    ],
)  # fmt: skip
def test_the_words_of_a_fault_say_what_is_usual(value: float, usual: float, condition: Condition, words: str) -> None:
    told, spoke = assessed(observation(value, usual), WATCH.limits, WATCH.hysteresis, None)
    assert told.condition is condition
    assert (evidence(told, spoke).en if spoke else "") == (f"{words}, over 14 days)" if words else "")
