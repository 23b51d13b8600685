"""A month of tickets, and every clock of them beside a calculation that shares nothing with clocks.py.

The calculation knows CONTRACT.md and docs/contract.md only: it goes through each ticket minute by minute and counts the
minutes in which a promise ran. People act at random, as they do: late, twice, in the wrong order, with pauses.
"""

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.desk.clocks import ClockName, ClockState, clocks
from alerts.desk.contract import ContractFile, contract
from alerts.desk.entries import recorded
from monitor.model import EventKind as Kind
from monitor.model import FaultKey, Level, Ticket, TicketEvent

T0 = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
_PATH = Path(__file__).parents[2] / "configs" / "contract.toml"
HOUSE = contract(ContractFile.model_validate(tomllib.loads(_PATH.read_text(encoding="utf-8"))))
KINDS: tuple[tuple[Kind, dict[str, str]], ...] = (
    (Kind.RESPONDED, {}),
    (Kind.RESPONDED, {"on_site": "not_needed"}),
    (Kind.HANDED_UP, {}),
    (Kind.DISPATCHED, {}),
    (Kind.ARRIVED, {}),
    (Kind.LOANER, {}),
    (Kind.RESTORED, {}),
    (Kind.RECOVERED, {}),
    (Kind.RELAPSED, {}),
    (Kind.REPORTED_TO_VENDOR, {}),
    (Kind.CALLED_BACK, {"solved": "yes"}),
    (Kind.CALLED_BACK, {"solved": "no"}),
    (Kind.PAUSED, {}),
    (Kind.RESUMED, {}),
    (Kind.LEVEL_CHANGED, {"level": "2"}),
    (Kind.LEVEL_CHANGED, {"level": "3"}),
    (Kind.LEVEL_CHANGED, {"level": "4"}),
    (Kind.RESPONSIBILITY, {"responsibility": "not_ours"}),
    (Kind.RESPONSIBILITY, {"responsibility": "ours"}),
    (Kind.COMMENT, {}),
)
# CONTRACT.md, section 1, in minutes: respond, hand up, restore, on site by region; section 2: repair by region.
MAJOR = (10, 30, 240, {"hefei": 60, "province": 360})
GENERAL = (10, 60, 240, {"hefei": 60, "province": 480})
NOT_OURS = (10, 60, None, {"hefei": 120, "province": 600})
REPAIR = {"hefei": 120, "province": 240}
VENDOR = {2: 24 * 60, 3: 48 * 60, 4: 96 * 60}


def ticket(rng: random.Random, number: int) -> Ticket:
    level, region = rng.choice("234"), rng.choice(("hefei", "province"))
    first = TicketEvent(seq=1, kind=Kind.OPENED, at=T0, by="netvigil", data={"level": level, "maker": "huawei"})
    key = FaultKey(device="core-1", kind="psu", label="Power 1", aspect="state")
    made = Ticket(id=f"T{number}", fault=key, customer="c", site="s", region=region, events=(first,))
    minute = 0
    for _ in range(rng.randrange(14)):
        minute += rng.choice((1, 3, 9, 10, 11, 20, 40, 60, 90, 180, 300, 900))
        kind, data = rng.choice(KINDS)
        try:
            made = recorded(made, kind, T0 + minute * MINUTE, "li", data)
        except ValueError:
            continue  # what the desk refuses nobody can have done
    return made


@dataclass
class Counted:
    """One promise, minute by minute."""

    ran: int = 0
    met_after: int | None = None
    dropped_after: int | None = None
    was_dropped: bool = False
    figure: int | None = None
    started: bool = True


@dataclass
class Reckoning:
    """A ticket as somebody with a stopwatch for each promise sees it."""

    region: str
    level: int
    is_ours: bool = True
    paused: bool = False
    well: bool = False
    for_good: set[str] = field(default_factory=set)
    """What a relapse does not undo."""
    stopwatches: dict[str, Counted] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ("respond", "hand_up", "restore", "on_site", "repair", "vendor_report", "call_back")
        self.stopwatches = {name: Counted(started=name not in {"repair", "call_back"}) for name in names}
        self.judge()

    def judge(self) -> None:
        """Give every promise that is not met the figure of now."""
        acts = NOT_OURS if not self.is_ours else MAJOR if self.level == Level.MAJOR else GENERAL
        respond, hand_up, restore, on_site = acts
        figures: dict[str, int | None] = {
            "respond": respond, "hand_up": hand_up, "restore": restore, "on_site": on_site[self.region],
            "repair": REPAIR[self.region] if self.is_ours else None,
            "vendor_report": VENDOR[self.level] if self.is_ours else None, "call_back": 24 * 60,
        }  # fmt: skip
        for name, figure in figures.items():
            if self.stopwatches[name].met_after is None:
                self.stopwatches[name].figure = figure

    def meet(self, *names: str) -> None:
        for name in names:
            watch = self.stopwatches[name]
            if watch.met_after is None:
                watch.met_after, watch.was_dropped = watch.ran, watch.dropped_after is not None

    def goes_there(self) -> None:
        self.stopwatches["repair"].started = True
        for name in ("on_site", "repair"):
            self.stopwatches[name].dropped_after, self.stopwatches[name].was_dropped = None, False

    def happens(self, event: TicketEvent) -> None:
        kind = event.kind
        if "level" in event.data:
            self.level = int(event.data["level"])
        if kind is Kind.RESPONSIBILITY:
            self.is_ours = event.data["responsibility"] == "ours"
        if kind in {Kind.DISPATCHED, Kind.ARRIVED}:
            self.goes_there()
        elif event.data.get("on_site") == "not_needed":
            for name in ("on_site", "repair"):
                watch = self.stopwatches[name]
                if watch.dropped_after is None:
                    watch.dropped_after = watch.ran
        self.judge()
        self.met_by(event)
        if kind is Kind.PAUSED:
            self.paused = True
        if kind is Kind.RESUMED:
            self.paused = False

    def met_by(self, event: TicketEvent) -> None:
        kind = event.kind
        if kind in {Kind.RESPONDED, Kind.DISPATCHED, Kind.ARRIVED, Kind.LOANER, Kind.RESTORED}:
            self.meet("respond")
        for word, name in (
            (Kind.HANDED_UP, "hand_up"),
            (Kind.ARRIVED, "on_site"),
            (Kind.LOANER, "repair"),
            (Kind.REPORTED_TO_VENDOR, "vendor_report"),
        ):
            if kind is word:
                self.meet(name)
                self.for_good.add(name)
        if kind in {Kind.RECOVERED, Kind.RESTORED} and not self.well:
            self.well = True
            self.meet("hand_up", "restore", "on_site", "repair")
            self.stopwatches["call_back"] = Counted(figure=24 * 60)
        if kind is Kind.CALLED_BACK and event.data["solved"] == "yes" and self.well:
            self.meet("call_back")
        if kind is Kind.RELAPSED or (kind is Kind.CALLED_BACK and event.data["solved"] == "no"):
            self.well = False
            self.stopwatches["call_back"] = Counted(started=False)
            for name in {"hand_up", "restore", "on_site", "repair"} - self.for_good:
                self.stopwatches[name].met_after = None
            self.judge()

    def minute(self) -> None:
        for name, watch in self.stopwatches.items():
            stands = name in {"hand_up", "restore", "on_site", "repair"} and (self.paused or self.well)
            if not stands and (watch.started or name == "repair"):
                watch.ran += 1

    def said(self) -> Iterator[tuple[str, str]]:
        for name, watch in self.stopwatches.items():
            if watch.started:
                state = self.stands(name, watch)
                if state != "not_applicable" or name not in {"repair", "call_back"}:
                    yield name, state

    def stands(self, name: str, watch: Counted) -> str:
        if watch.figure is None:
            return "not_applicable"
        if watch.met_after is not None and not watch.was_dropped:
            return "met" if watch.met_after <= watch.figure else "met_late"
        if watch.dropped_after is not None:
            return "not_applicable" if watch.dropped_after <= watch.figure else "missed"
        if watch.ran > watch.figure:
            return "missed"
        is_paused = self.paused and name in {"hand_up", "restore", "on_site", "repair"}
        return "paused" if is_paused else "running"


def reckoned(of: Ticket, minutes: int) -> dict[str, str]:
    events: dict[int, list[TicketEvent]] = {}
    for event in of.events[1:]:
        events.setdefault((event.at - T0) // MINUTE, []).append(event)
    reckoning = Reckoning(region=of.region, level=int(of.events[0].data["level"]))
    for minute in range(minutes):
        for event in events.get(minute, ()):
            reckoning.happens(event)
        reckoning.minute()
    for event in events.get(minutes, ()):
        reckoning.happens(event)
    return dict(reckoning.said())


@pytest.mark.parametrize("day", range(30))
def test_every_clock_of_a_month_is_what_a_stopwatch_says(day: int) -> None:
    rng = random.Random(day)  # noqa: S311 - the same month each time
    for number in range(8):
        made = ticket(rng, day * 100 + number)
        minutes = (made.events[-1].at - T0) // MINUTE + rng.choice((0, 1, 5, 60, 240, 1500, 6000))
        shown = {each.name.value: each.state.value for each in clocks(made, HOUSE, T0 + minutes * MINUTE)}
        steps = [((e.at - T0) // MINUTE, e.kind.value, dict(e.data)) for e in made.events]
        assert shown == reckoned(made, minutes), (made.region, steps, minutes)


def test_the_month_has_seen_every_state_of_every_clock() -> None:
    seen: set[tuple[ClockName, ClockState]] = set()
    for day in range(30):
        rng = random.Random(day)  # noqa: S311 - the same month each time
        for number in range(8):
            made = ticket(rng, day * 100 + number)
            minutes = (made.events[-1].at - T0) // MINUTE + rng.choice((0, 1, 5, 60, 240, 1500, 6000))
            seen |= {(each.name, each.state) for each in clocks(made, HOUSE, T0 + minutes * MINUTE)}
    for name in (ClockName.HAND_UP, ClockName.RESTORE, ClockName.ON_SITE, ClockName.REPAIR):
        assert {state for clock, state in seen if clock is name} >= set(ClockState) - {ClockState.NOT_APPLICABLE}
    for name in (ClockName.RESPOND, ClockName.VENDOR_REPORT, ClockName.CALL_BACK):
        assert {ClockState.MET, ClockState.MISSED} <= {state for clock, state in seen if clock is name}
