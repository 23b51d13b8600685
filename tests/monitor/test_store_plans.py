"""What a storm asks of the disk is found by an index: years of faults, and ten thousand letters, cost it nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from monitor.model import FaultKey
from monitor.store import devices, faults, letters, links, tickets
from monitor.store.database import Store

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
KEY = FaultKey(device="sw1", kind="fan", label="Fan 1", aspect="state")
LONG = {"fault", "ticket", "letter", "device", "link"}
QUESTIONS: dict[str, Callable[[Connection], object]] = {
    "the faults of a device": lambda disk: faults.known(disk, "sw1", NOW),
    "what lies beneath a fault": lambda disk: faults.hidden_by(disk, KEY, 3),
    "what was seen well of it": lambda disk: faults.seen_ok(disk, "sw1"),
    "the tickets about a fault": lambda disk: tickets.unclosed(disk, KEY),
    "the ticket that ended last": lambda disk: tickets.ended_since(disk, KEY, NOW),
    "the next number of a ticket": lambda disk: tickets.next_id(disk, NOW, "Asia/Shanghai"),
    "where its cables lead": lambda disk: links.of(disk, "sw1"),
    "what it is": lambda disk: devices.by_name(disk, "sw1"),
    "the first letters of a ticket": lambda disk: letters.roots(disk, "T1"),
    "the letters of a storm": lambda disk: letters.waiting(disk, NOW),
    "who is in a storm": lambda disk: letters.crowded(disk, ["duty@example.org"], 10, NOW),
    "what was written of late": lambda disk: letters.written(disk, "duty@example.org", NOW),
    "the last mail": lambda disk: letters.last_mail(disk, "duty@example.org"),
    "the last grave mail": lambda disk: letters.last_mail(disk, "duty@example.org", grave=True),
    "the letters that are due": lambda disk: letters.due(disk, NOW, 20, held=["duty@example.org"]),
    "the parcel that is due": lambda disk: letters.parcel_due(disk, NOW),
    "when a letter is due": lambda disk: letters.next_try(disk, NOW),
    "how many letters there are": letters.counted,
}
BODILESS = {
    "the letters of a storm",
    "who is in a storm",
    "the last mail",
    "the last grave mail",
    "the letters that are due",
    "the parcel that is due",
    "when a letter is due",
    "how many letters there are",
}
"""What is asked at every tick must not read over the bodies of letters, which lie on pages of their own."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as store:
        yield store


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_of_a_storm_reads_a_table_from_end_to_end(name: str, store: Store) -> None:
    asked: list[tuple[str, Any]] = []
    with store.reading() as disk:

        def heard(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
            asked.append((statement, values))

        event.listen(disk, "before_cursor_execute", heard)
        QUESTIONS[name](disk)
        event.remove(disk, "before_cursor_execute", heard)
        assert asked
        for statement, values in asked:
            plan = [row[3] for row in disk.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            read_whole = [step for step in plan if step.startswith("SCAN ") and "COVERING INDEX" not in step]
            assert not [step for step in read_whole if step.split()[1] in LONG], (statement, plan)
            by_body = [step for step in plan if " letter " in step and "COVERING INDEX" not in step]
            assert name not in BODILESS or not by_body, (statement, plan)


def test_after_9999_tickets_of_a_day_the_next_has_five_digits(store: Store) -> None:
    def numbered(disk: Connection, number: int) -> None:
        disk.exec_driver_sql(
            "INSERT INTO ticket (id, what, device, kind, label, aspect, customer, site, region, opened_at)"
            " VALUES (?, 'repair', 'sw1', 'fan', '', 'state', 'c', 's', 'r', 0)",
            (f"T20261122-{number:04d}",),
        )

    found = []
    with store.writing() as disk:
        for number in (9998, 9999, 10000, 10001):
            numbered(disk, number)
            found.append(tickets.next_id(disk, NOW, "Asia/Shanghai"))
        assert tickets.next_id(disk, NOW + timedelta(days=1), "Asia/Shanghai") == "T20261123-0001"
    assert found == ["T20261122-9999", "T20261122-10000", "T20261122-10001", "T20261122-10002"]
