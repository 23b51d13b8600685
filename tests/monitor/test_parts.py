"""What became of parts since they were last written down, in plain values."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from collectors.parts import PartSeen, PartsSeen, Sure
from monitor.model import Component, Happened
from monitor.parts import CONFIRM, Compared, compared
from monitor.store.parts import Key, Known

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FAN = ("fan", "fans")


def known(*labels: str, serial: str = "", missing: datetime | None = None) -> dict[Key, Known]:
    """Fans as they were told last."""
    return {
        ("fan", label): Known(
            component=Component(kind="fan", label=label, serial=serial and f"{serial}-{label}"),
            told_by="fans",
            first_seen=NOON - 9 * MINUTE,
            changed_at=NOON - 9 * MINUTE,
            missing_since=missing,
        )
        for label in labels
    }


def seen(*parts: Component, at: datetime = NOON, asked: Iterable[tuple[str, str]] = (FAN,)) -> PartsSeen:
    """Fans as they are told now, by a table that was asked at that moment."""
    there = {(one.kind, one.label): PartSeen(component=one, table="fans") for one in parts}
    return PartsSeen(there=there, asked=frozenset(asked), sure={FAN: Sure(at=at, source="1.2.3")})


def fan(label: str, serial: str = "") -> Component:
    """A fan."""
    return Component(kind="fan", label=label, serial=serial)


def what(result: Compared) -> list[tuple[Happened, str]]:
    """The events, each with the label that it is about."""
    return [(event.what, event.label) for event in result.events]


def test_parts_without_serial_that_are_all_called_otherwise_were_renamed_and_not_swapped_for_others() -> None:
    result = compared(known("Fan 1", "Fan 2"), seen(fan("FAN 1/1"), fan("FAN 1/2")), "sw1", NOON)
    assert what(result) == [(Happened.PART_MOVED, "FAN 1/1"), (Happened.PART_MOVED, "FAN 1/2")]
    assert (result.gone, sorted(result.moved)) == ((), [("fan", "Fan 1"), ("fan", "Fan 2")])


def test_part_that_is_new_is_added_while_another_is_missed() -> None:
    before = known("Fan 1", "Fan 2", "Fan 3", serial="SN", missing=NOON - MINUTE)
    result = compared(before, seen(fan("Fan 1", "SN-Fan 1"), fan("Fan 9", "OTHER")), "sw1", NOON)
    assert what(result) == [
        (Happened.PART_ADDED, "Fan 9"),
        (Happened.PART_REMOVED, "Fan 2"),
        (Happened.PART_REMOVED, "Fan 3"),
    ]
    assert [(row.key, source) for row, source in result.gone] == [
        (("fan", "Fan 2"), "1.2.3"),
        (("fan", "Fan 3"), "1.2.3"),
    ]


def test_one_answer_of_a_table_that_is_seldom_asked_is_not_counted_twice() -> None:
    asked = NOON - 5 * MINUTE
    before = known("Fan 1", "Fan 2", serial="SN")
    here = fan("Fan 1", "SN-Fan 1")
    first = compared(before, seen(here, at=asked), "sw1", asked)
    assert (first.look_again, first.is_settled) == (asked + CONFIRM, False)
    before |= {row.key: row for row in first.saved}
    later = compared(before, seen(here, at=asked), "sw1", NOON)
    assert (later.events, later.saved, later.look_again, later.is_settled) == ((), (), None, False)
    assert what(compared(before, seen(here, at=NOON), "sw1", NOON)) == [(Happened.PART_REMOVED, "Fan 2")]


def test_part_that_was_pulled_and_is_there_with_another_serial_number_was_swapped() -> None:
    before = known("Fan 1", "Fan 2", serial="SN", missing=NOON - MINUTE)
    gone = compared(before, seen(fan("Fan 1", "SN-Fan 1")), "sw1", NOON)
    before |= {row.key: row for row in gone.saved}
    after = compared(before, seen(fan("Fan 1", "SN-Fan 1"), fan("Fan 2", "NEW")), "sw1", NOON + MINUTE)
    (event,) = after.events
    assert (event.what, event.data["serial_from"], event.data["serial_to"]) == (
        Happened.PART_SWAPPED,
        "SN-Fan 2",
        "NEW",
    )
    assert all(row.gone_at is None and row.missing_since is None for row in after.saved)


def test_parts_of_a_table_that_the_platform_file_no_longer_has_are_let_go_without_a_word() -> None:
    result = compared(known("Fan 1"), seen(asked=[("fan", "blowers")]), "sw1", NOON)
    assert (result.unknown, result.events, result.gone, result.is_settled) == ((("fan", "Fan 1"),), (), (), True)


def test_first_parts_that_a_table_tells_of_are_no_news() -> None:
    disk = PartSeen(component=Component(kind="disk", label="Bay 1"), table="disks")
    now = PartsSeen(there={("fan", "Fan 1"): PartSeen(component=fan("Fan 1"), table="fans"), ("disk", "Bay 1"): disk})
    result = compared(known("Fan 1"), now, "sw1", NOON)
    assert ([row.key for row in result.saved], result.events) == ([("disk", "Bay 1")], ())
