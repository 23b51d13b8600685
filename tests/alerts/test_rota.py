"""Who is on duty: against a calculation of its own, over borders of years, clocks that are set, leave and holidays."""

import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.desk.calendars import Holidays, Year, china
from alerts.desk.people import Daily, Days, Leave, People, Place, Rota, Substitute, Weekly
from alerts.desk.rota import OnDuty, Why, gaps, on_duty, shifts, stand, stints
from monitor.people_file import PeopleFile
from monitor.people_read import people

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
NAMES = ("an", "bo", "cy", "di")
DAY = timedelta(days=1)
PERSONS = "".join(f'[[person]]\nname = "{name}"\n' for name in NAMES)
WEEKLY = """
[[rota]]
name = "centre"
tier = "first"
[rota.weekly]
people = ["an", "bo", "cy"]
begins = 2026-01-05
handover = "Mon 09:00"
"""


def read(text: str) -> People:
    written = PERSONS + text
    return people(PeopleFile.model_validate(tomllib.loads(written)), written)


def at(wall: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def names(told: Sequence[OnDuty]) -> list[str]:
    return [each.person for each in told]


def who(folk: People, wall: str, zone: str = SHANGHAI, place: Place | None = None) -> list[str]:
    return names(on_duty(folk, "first", place or Place(), at(wall, zone)))


def test_hands_over_at_the_weekday_and_time_of_the_wall_clock() -> None:
    folk = read(WEEKLY)
    walls = ("2026-01-05T08:59", "2026-01-05T09:00", "2026-01-12T08:59", "2026-01-12T09:00", "2026-01-26T09:00")
    assert [who(folk, each) for each in walls] == [[], ["an"], ["an"], ["bo"], ["an"]]


def test_weeks_go_on_over_the_end_of_a_year_also_one_of_53_weeks() -> None:
    folk = read(WEEKLY)
    # 2026 has 53 ISO weeks; Monday 28 December is 51 weeks after 5 January
    assert who(folk, "2026-12-28T09:00") == ["an"]
    assert who(folk, "2027-01-01T00:00") == ["an"]
    assert who(folk, "2027-01-04T09:00") == ["bo"]


@pytest.mark.parametrize(
    ("wall", "person"),
    [
        ("2026-03-29T01:59", "an"),  # the clock jumps from 02:00 to 03:00: what is due at 02:30 comes at 03:30
        ("2026-03-29T03:29", "an"),
        ("2026-03-29T03:30", "bo"),
        ("2026-10-25T02:29", "an"),  # 02:30 comes twice: the first time counts
        ("2026-10-25T02:30", "bo"),
        ("2026-10-25T03:00", "bo"),
    ],
)
def test_hands_over_once_in_the_nights_in_which_the_clock_is_set(wall: str, person: str) -> None:
    rota = (
        WEEKLY.replace("2026-01-05", "2026-03-22")
        .replace("Mon 09:00", "Sun 02:30")
        .replace("[rota.w", f'zone = "{BERLIN}"\n[rota.w')
    )
    assert who(read(rota), wall, BERLIN) == [person]


def test_the_second_half_past_two_is_after_the_handover() -> None:
    rota = (
        WEEKLY.replace("2026-01-05", "2026-03-22")
        .replace("Mon 09:00", "Sun 02:30")
        .replace("[rota.w", f'zone = "{BERLIN}"\n[rota.w')
    )
    moment = datetime(2026, 10, 25, 1, 29, tzinfo=UTC)  # 02:29 in Berlin, for the second time
    assert names(on_duty(read(rota), "first", Place(), moment)) == ["bo"]


def test_public_holidays_have_their_own_people_from_handover_to_handover() -> None:
    folk = read(WEEKLY + 'holidays = ["di", "cy"]')
    assert who(folk, "2026-10-01T08:59") == ["cy"]  # still the duty of 30 September
    told = [on_duty(folk, "first", Place(), at(f"2026-10-0{day}T12:00")) for day in (1, 2, 3)]
    assert [(each.person, each.why) for (each,) in told] == [
        ("cy", Why.HOLIDAY), ("di", Why.HOLIDAY), ("cy", Why.HOLIDAY),
    ]  # fmt: skip
    assert who(folk, "2026-10-08T08:59") == ["cy"]
    assert on_duty(folk, "first", Place(), at("2026-10-08T09:00"))[0].why is Why.REGULAR


OFFICE = """
[[rota]]
name = "office"
tier = "first"
[[rota.days]]
on = "workdays"
hours = "08:30-17:30"
people = ["an", "bo"]
[[rota.days]]
on = "days off"
hours = "20:00-08:00"
people = ["cy"]
"""


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-10-09T10:00", ["an"]),  # Friday after the holiday
        ("2026-10-10T10:00", ["an"]),  # Saturday that is worked for it
        ("2026-10-10T20:00", []),
        ("2026-10-11T10:00", []),  # Sunday
        ("2026-10-11T20:00", ["cy"]),
        ("2026-10-12T07:59", ["cy"]),  # the night of Sunday
        ("2026-10-12T08:00", []),
        ("2026-10-06T10:00", []),  # Tuesday that is off
        ("2026-10-06T21:00", ["cy"]),
        ("2026-10-12T17:30", []),
    ],
)
def test_hours_heed_holidays_and_the_weekends_that_are_worked_for_them(wall: str, expected: list[str]) -> None:
    assert who(read(OFFICE), wall) == expected


def test_weekdays_are_those_of_the_week_and_holidays_may_have_other_people() -> None:
    folk = read(OFFICE.replace('"workdays"', '"Mon-Fri"').replace('["an", "bo"]', '["an", "bo"]\nholidays = ["di"]'))
    assert who(folk, "2026-10-06T10:00") == ["di"]
    assert who(folk, "2026-10-09T10:00") == ["an"]
    assert who(folk, "2026-10-10T10:00") == []  # a Saturday is no Friday


LEAVE = '[[leave]]\nperson = "an"\nfrom = 2026-01-06\nuntil = 2026-01-07\n'
SUBSTITUTE = '[[substitute]]\nperson = "di"\ninstead_of = "an"\nfrom = 2026-01-06T12:00:00\nuntil = 2026-01-07\n'


def test_who_is_on_leave_without_substitute_is_followed_by_the_next_of_the_rota() -> None:
    folk = read(WEEKLY + LEAVE)
    walls = ("2026-01-05T23:59", "2026-01-06T00:00", "2026-01-07T23:59", "2026-01-08T00:00")
    assert [who(folk, each) for each in walls] == [["an"], ["bo"], ["bo"], ["an"]]
    (told,) = on_duty(folk, "first", Place(), at("2026-01-06T00:00"))
    assert told == OnDuty(person="bo", rota="centre", why=Why.NEXT, instead_of="an", on_leave=True)


def test_a_substitute_stands_in_with_the_reason_and_only_for_so_long() -> None:
    folk = read(WEEKLY + LEAVE + SUBSTITUTE)
    walls = ("2026-01-06T11:59", "2026-01-06T12:00", "2026-01-07T23:59", "2026-01-08T00:00")
    assert [who(folk, each) for each in walls] == [["bo"], ["di"], ["di"], ["an"]]
    (told,) = on_duty(folk, "first", Place(), at("2026-01-06T12:00"))
    assert told == OnDuty(person="di", rota="centre", why=Why.SUBSTITUTE, instead_of="an", on_leave=True)


def test_a_substitute_needs_no_leave_and_has_a_substitute_of_their_own() -> None:
    chain = SUBSTITUTE + SUBSTITUTE.replace('"di"', '"cy"').replace('"an"', '"di"')
    (told,) = on_duty(read(WEEKLY + chain), "first", Place(), at("2026-01-06T12:00"))
    assert told == OnDuty(person="cy", rota="centre", why=Why.SUBSTITUTE, instead_of="an")


def test_two_who_stand_in_for_each_other_at_once_are_passed_over() -> None:
    circle = SUBSTITUTE + SUBSTITUTE.replace('"di"', '"x"').replace('"an"', '"di"').replace('"x"', '"an"')
    assert who(read(WEEKLY + circle), "2026-01-06T12:00") == ["bo"]


def test_where_all_are_on_leave_nobody_is_on_duty_and_that_is_a_gap() -> None:
    leave = "".join(LEAVE.replace('"an"', f'"{name}"') for name in NAMES)
    folk = read(WEEKLY + leave)
    assert who(folk, "2026-01-06T12:00") == []
    assert stand(folk, folk.rotas[0], at("2026-01-06T12:00")).missing == ("an",)
    (gap,) = gaps(folk, {}, at("2026-01-05T09:00"), at("2026-01-20T00:00"))
    assert gap[:2] == ("first", Place())
    assert (gap[2].begins, gap[2].ends) == (at("2026-01-06T00:00"), at("2026-01-08T00:00"))


def test_nights_are_gaps_unless_the_rota_is_partial() -> None:
    span = at("2026-01-05T08:30"), at("2026-01-07T08:30")
    folk = read(OFFICE)
    assert [(each.begins, each.ends) for _, _, each in gaps(folk, {}, *span)] == [
        (at("2026-01-05T17:30"), at("2026-01-06T08:30")),
        (at("2026-01-06T17:30"), at("2026-01-07T08:30")),
    ]
    partial = OFFICE.replace('tier = "first"', 'tier = "first"\npartial = true')
    assert list(gaps(read(partial), {}, *span)) == []
    away = "".join(LEAVE.replace('"an"', f'"{name}"') for name in NAMES)
    assert [each.begins for _, _, each in gaps(read(partial + away), {}, *span)] == [at("2026-01-06T08:30")]


PARTICULAR = WEEKLY + (
    '[[rota]]\nname = "hospital"\ntier = "first"\ncustomers = ["hospital"]\n'
    '[[rota.days]]\non = "Mon-Sun"\nhours = "08:00-20:00"\npeople = ["di"]\n'
    '[[rota]]\nname = "ward"\ntier = "first"\nsites = ["ward-1"]\n'
    '[[rota.days]]\non = "Mon-Sun"\nhours = "08:00-12:00"\npeople = ["cy"]\n'
)


@pytest.mark.parametrize(
    ("place", "wall", "expected"),
    [
        (Place(), "2026-01-06T10:00", "an"),
        (Place(customer="school"), "2026-01-06T10:00", "an"),
        (Place(customer="hospital"), "2026-01-06T10:00", "di"),
        (Place(customer="hospital"), "2026-01-06T22:00", "an"),
        (Place(customer="hospital", site="ward-1"), "2026-01-06T10:00", "cy"),
        (Place(customer="hospital", site="ward-1"), "2026-01-06T13:00", "di"),
        (Place(customer="hospital", site="ward-1"), "2026-01-06T22:00", "an"),
    ],
)
def test_the_most_particular_rota_counts_in_which_somebody_is_on_duty(place: Place, wall: str, expected: str) -> None:
    assert who(read(PARTICULAR), wall, place=place) == [expected]


def test_a_rota_of_the_customer_leaves_no_gap_at_its_sites() -> None:
    folk = read(PARTICULAR)
    assert list(gaps(folk, {"ward-1": "hospital"}, at("2026-01-05T09:00"), at("2026-02-01T00:00"))) == []


def test_several_are_on_duty_at_once_and_nobody_twice() -> None:
    folk = read(
        WEEKLY.replace('tier = "first"', 'tier = "first"\nat_once = 2') + LEAVE + SUBSTITUTE.replace('"di"', '"bo"')
    )
    assert who(folk, "2026-01-05T10:00") == ["an", "bo"]
    assert who(folk, "2026-01-06T13:00") == ["bo", "cy"]  # bo stands in for an, but is on duty anyway


def test_duties_are_whole_also_where_somebody_elses_changes() -> None:
    folk = read(WEEKLY.replace('tier = "first"', 'tier = "first"\nat_once = 2') + LEAVE)
    told = [
        (each.who.person, each.span.begins)
        for each in stints(folk, folk.rotas[0], at("2026-01-05T09:00"), at("2026-01-12T09:00"))
    ]
    assert told == [
        ("an", at("2026-01-05T09:00")),
        ("bo", at("2026-01-05T09:00")),
        ("cy", at("2026-01-06T00:00")),
        ("an", at("2026-01-08T00:00")),
    ]


# ── Against a calculation of its own: it walks from slot to slot with the wall clock, and asks nothing of rota.py ─────
ZONES = st.sampled_from([SHANGHAI, BERLIN, "UTC", "America/St_Johns"])
PEOPLE = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True).map(tuple)
CLOCKS = st.sampled_from([time(0), time(2, 30), time(9), time(23, 45)])
BEGIN = date(2026, 1, 5)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants bounds without zone
NEAR_DST = st.datetimes(datetime(2026, 10, 24), datetime(2026, 10, 27), timezones=st.just(UTC))  # noqa: DTZ001 - as above
YEARS = Holidays(years={2026: china().years[2026], 2027: Year(holidays=frozenset({date(2027, 1, 1)}))})


@st.composite
def weekly_rotas(draw: st.DrawFn) -> Rota:
    pattern = Weekly(
        people=draw(PEOPLE),
        begins=BEGIN + draw(st.integers(0, 30)) * DAY,
        handover=draw(CLOCKS),
        weeks=draw(st.integers(1, 3)),
        holidays=draw(st.just(()) | PEOPLE),
    )
    return Rota(name="r", tiers=("first",), zone=draw(ZONES), pattern=pattern, at_once=draw(st.integers(1, 2)))


@st.composite
def daily_rotas(draw: st.DrawFn) -> Rota:
    hours = Daily(
        on=draw(st.sampled_from([*Days, frozenset({0, 1, 2, 3, 4}), frozenset({5, 6})])),
        begins=draw(CLOCKS),
        ends=draw(CLOCKS),
        people=draw(PEOPLE),
        holidays=draw(st.just(()) | PEOPLE),
    )
    return Rota(name="r", tiers=("first",), zone=draw(ZONES), pattern=(hours,), at_once=draw(st.integers(1, 2)))


@st.composite
def folks(draw: st.DrawFn) -> People:
    def away() -> tuple[datetime, datetime]:
        begins = draw(MOMENTS | NEAR_DST)
        return begins, begins + timedelta(hours=draw(st.integers(1, 24 * 200)))

    spans = [away() for _ in range(draw(st.integers(0, 4)))]
    swaps = [away() for _ in range(draw(st.integers(0, 3)))]
    pairs = [draw(st.permutations(NAMES)) for _ in swaps]
    return People(
        rotas=(draw(weekly_rotas() | daily_rotas()),),
        leaves=tuple(Leave(person=draw(st.sampled_from(NAMES)), begins=a, ends=b) for a, b in spans),
        substitutes=tuple(
            Substitute(person=p, instead_of=q, begins=a, ends=b)
            for (p, q, *_), (a, b) in zip(pairs, swaps, strict=True)
        ),
        holidays=YEARS,
    )


def regular_list(folk: People, rota: Rota, moment: datetime) -> tuple[str, ...]:
    """Whose turn it is, in order; found by going through the slots one by one."""
    zone, holidays = ZoneInfo(rota.zone), folk.holidays

    def instant(day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, zone).astimezone(UTC)

    if isinstance(rota.pattern, Weekly):
        weekly, turn, day = rota.pattern, 0, rota.pattern.begins
        people_, counted = weekly.people, 0
        if instant(day, weekly.handover) > moment:
            return ()
        while instant(day + DAY, weekly.handover) <= moment:
            day, counted = day + DAY, counted + 1
            if counted % (7 * weekly.weeks) == 0:
                turn += 1
        is_off = day in (holidays.years[day.year].holidays if day.year in holidays.years else ())
        if weekly.holidays and is_off:
            people_, turn = weekly.holidays, counted
        return tuple(people_[(turn + n) % len(people_)] for n in range(len(people_)))
    (hours,) = rota.pattern
    day = moment.astimezone(zone).date() - 3 * DAY
    for _ in range(6):
        year = holidays.years.get(day.year, Year())
        is_off = day in year.holidays or (day.weekday() > 4 and day not in year.workdays)
        fits = {
            Days.WORKDAYS: not is_off,
            Days.DAYS_OFF: is_off,
            Days.HOLIDAYS: day in year.holidays,
        }.get(hours.on, False) if isinstance(hours.on, Days) else day.weekday() in hours.on  # fmt: skip
        last = day if hours.ends > hours.begins else day + DAY
        if fits and instant(day, hours.begins) <= moment < instant(last, hours.ends):
            return hours.holidays if hours.holidays and day in year.holidays else hours.people
        day += DAY
    return ()


def expected(folk: People, rota: Rota, moment: datetime) -> set[str]:
    """The people who are on duty, by the words of docs/people.md."""
    turn = regular_list(folk, rota, moment)
    swaps = {}
    for each in reversed(folk.substitutes):  # of two for one person the first counts
        if each.begins <= moment < each.ends:
            swaps[each.instead_of] = each.person
    away = {each.person for each in folk.leaves if each.begins <= moment < each.ends} | swaps.keys()
    regular, others = turn[: rota.at_once], list(turn[rota.at_once :])
    there = {name for name in regular if name not in away}
    for name in (each for each in regular if each in away):
        stands_in, met = swaps.get(name), {name}
        while stands_in in away and stands_in not in met:
            met.add(stands_in)
            stands_in = swaps.get(stands_in)
        if stands_in is None or stands_in in away or stands_in in there:
            stands_in = next((each for each in others if each not in away and each not in there), None)
        if stands_in is not None:
            there.add(stands_in)
    return there


@given(folks(), MOMENTS | NEAR_DST)
@settings(max_examples=400, deadline=None)
def test_at_any_moment_exactly_those_are_on_duty_whom_another_calculation_finds(folk: People, moment: datetime) -> None:
    told = on_duty(folk, "first", Place(), moment)
    assert set(names(told)) == expected(folk, folk.rotas[0], moment)
    assert len(told) == len(set(names(told)))


@given(folks(), MOMENTS | NEAR_DST, st.integers(1, 40 * 24 * 60), st.floats(0, 0.999))
@settings(max_examples=150, deadline=None)
def test_shifts_leave_nothing_out_and_say_what_is_so_at_each_moment_in_them(
    folk: People, begin: datetime, minutes: int, share: float
) -> None:
    end = begin + timedelta(minutes=minutes)
    told = list(shifts(folk, folk.rotas, begin, end))
    assert (told[0].span.begins, told[-1].span.ends) == (begin, end)
    assert all(a.span.ends == b.span.begins for a, b in pairwise(told))
    assert all(a.stands != b.stands for a, b in pairwise(told))
    moment = begin + (end - begin) * share
    (shift,) = (each for each in told if moment in each.span)
    assert shift.stands == tuple(stand(folk, rota, moment) for rota in folk.rotas)
