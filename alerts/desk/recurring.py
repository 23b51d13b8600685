"""When something that recurs takes place: "Sun 02:00" on the clock on the wall of a zone, for so long.

Read from inventory.toml; windows.py asks it which occurrence is the last. A length is real time: two hours are two
hours also in the night in which the clock is set. A time that the clock jumps over begins as much later as it jumps,
one that comes twice begins the first time (as PEP 495 reads them).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST = -1
LONGEST = timedelta(days=7)
_NTHS = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": LAST}
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_GREATEST_DAY = 31
_GAP = 62  # days, at most, between two days that any rule names: the 31st of July after that of May has one between
_EXAMPLES = '"day 02:00", "Sun 02:00", "Mon-Fri 22:00", "15 02:00", "last 02:00" (of the month) or "2nd Sun 02:00"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one moment (inclusive) to another (exclusive)."""

    begins: datetime
    ends: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.begins <= moment < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """A rule of days and a time of the day. Either `days` of the month count, or weekdays (`nths` of the month)."""

    text: str
    at: time
    length: timedelta
    weekdays: frozenset[int] = frozenset()
    nths: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()

    def names(self, day: date) -> bool:
        """True where an occurrence begins on `day`."""
        if self.days:
            return day.day in self.days or (LAST in self.days and _is_last_week(day, 1))
        if day.weekday() not in self.weekdays:
            return False
        nth = (day.day - 1) // 7 + 1
        return not self.nths or nth in self.nths or (LAST in self.nths and _is_last_week(day, 7))

    def next_begins(self, moment: datetime, zone: str) -> datetime | None:
        """When the first occurrence after `moment` begins."""
        local = ZoneInfo(zone)
        day = moment.astimezone(local).date() - timedelta(days=1)
        for _ in range(_GAP + 2):
            begins = datetime.combine(day, self.at, local).astimezone(UTC)
            if self.names(day) and begins > moment:
                return begins
            day += timedelta(days=1)
        return None

    def last_begun(self, moment: datetime, zone: str) -> Span | None:
        """The newest occurrence that had begun by `moment`. As all are equally long, it is also the last to end."""
        local = ZoneInfo(zone)
        day = moment.astimezone(local).date() + timedelta(days=1)
        for _ in range(_GAP + 2):
            if self.names(day):
                begins = datetime.combine(day, self.at, local).astimezone(UTC)
                if begins <= moment:
                    return Span(begins=begins, ends=begins + self.length)
            day -= timedelta(days=1)
        return None


def every(text: str, length: timedelta) -> Every:
    """The rule in `text`. Raises ValueError that says how rules are written."""
    *head, clock = text.split() or [""]
    told = _CLOCK.fullmatch(clock)
    wrong = ValueError(f'every is written as {_EXAMPLES}, not "{text}"')
    if told is None:
        raise wrong
    if not timedelta(0) < length <= LONGEST:
        raise ValueError("for is more than 0s and at most 7d")
    at = time(int(told[1]), int(told[2]))
    try:
        match [word.casefold() for word in head]:
            case [] | ["day"]:
                return Every(text=text, at=at, length=length, weekdays=frozenset(range(7)))
            case [days] if days == "last" or days[0].isdecimal():
                return Every(text=text, at=at, length=length, days=frozenset(map(_day, days.split(","))))
            case [weekdays]:
                return Every(text=text, at=at, length=length, weekdays=weekdays_of(weekdays))
            case [nths, weekdays]:
                chosen = frozenset(_NTHS[nth] for nth in nths.split(","))
                return Every(text=text, at=at, length=length, weekdays=weekdays_of(weekdays), nths=chosen)
    except (KeyError, ValueError):
        raise wrong from None
    raise wrong


def _day(word: str) -> int:
    day = LAST if word == "last" else int(word)
    if day != LAST and not 1 <= day <= _GREATEST_DAY:
        raise ValueError(word)
    return day


def weekdays_of(words: str) -> frozenset[int]:
    """The weekdays (0 is Monday) that "mon-fri" or "sat,sun" names. Raises ValueError."""
    found: set[int] = set()
    for word in words.split(","):
        first, _, last = word.partition("-")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found.update(day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
    return frozenset(found)


def _is_last_week(day: date, days: int) -> bool:
    """True where `day` is among the last `days` of its month."""
    return (day + timedelta(days=days)).month != day.month
