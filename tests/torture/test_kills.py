"""kill -9 again and again: the short form of `make torture`, and an audit that sees every kind of loss."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copytree

from audit import audited
from monitor.store.database import FILE_NAME
from torture import Plan, tortured

SHORT = Plan(kills=4, longest=4.0, early=0.25, gap=1.0, stands=(25.0, 40.0), rests=60.0, servers=3, dimms=24, seed=1)
Wrong = Callable[[Path], None]


def _sql(*statements: str) -> Wrong:
    def done(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "state" / FILE_NAME)) as disk:
            for (name,) in disk.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                disk.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                assert disk.execute(statement).rowcount != 0, statement
            disk.commit()

    return done


def _record(change: Callable[[dict[str, list[dict[str, object]]]], object]) -> Wrong:
    def done(folder: Path) -> None:
        file = folder / "record.json"
        record = json.loads(file.read_text())
        change(record)
        file.write_text(json.dumps(record))

    return done


_ONE_LETTER = "(SELECT min(message_id) FROM letter)"
_ONE_FAULT = "(SELECT min(id) FROM fault WHERE opened_at IS NOT NULL)"
WRONG: dict[str, tuple[Wrong, str]] = {
    "a letter lost": (_sql(f"DELETE FROM letter WHERE message_id = {_ONE_LETTER}"), "no letter about"),
    "a letter that stays": (
        _sql(f"UPDATE letter SET state = 'queued' WHERE message_id = {_ONE_LETTER}"),
        "is queued",
    ),
    "a fault lost": (
        _sql("UPDATE ticket SET fault_id = NULL", f"DELETE FROM fault WHERE id = {_ONE_FAULT}"),
        " faults",  # for 0, or for 1 where a busy machine let the part fail twice
    ),
    "a fault that never ends": (_sql(f"UPDATE fault SET state = 'open' WHERE id = {_ONE_FAULT}"), "the fault is open"),
    "a fault of another time": (_sql(f"UPDATE fault SET opened_at = 5 WHERE id = {_ONE_FAULT}"), "nobody caused"),
    "an event lost": (_sql("DELETE FROM ticket_event WHERE entry = 3"), "are gone"),
    "an event changed": (_sql("UPDATE ticket_event SET by = 'nobody' WHERE entry = 2"), "the chain is broken"),
    "a promise broken twice": (
        _sql("UPDATE ticket_event SET kind = 'clock_missed', data = (SELECT data FROM ticket_event "
             "WHERE kind = 'clock_missed' LIMIT 1) WHERE kind IN ('clock_warned', 'clock_missed')"),
        "2 times clock_missed",
    ),
    "a ticket without its fault": (_sql("UPDATE ticket SET fault_id = 99999 WHERE rowid = 1"), "foreign_key_check"),
    "a mail that never came": (_record(lambda record: record["mails"].pop()), "never came"),
    "a mail that nobody wrote": (
        _record(lambda record: record["mails"].append({**record["mails"][0], "message_id": "<x@y>"})),
        "nothing is known of it",
    ),
    "a mail to another": (
        _record(lambda record: record["mails"][0].update(to="x@example.org")),
        "another than it was meant for",
    ),
    "many mails twice": (
        _record(lambda record: record["mails"].extend(record["mails"][:1] * 11)),
        "retransmissions; 10 were allowed",
    ),
}  # fmt: skip


async def test_nothing_is_lost_or_doubled_over_kills_and_the_audit_sees_it_where_it_is(tmp_path: Path) -> None:
    account = await tortured(tmp_path / "sound", SHORT)
    assert account.problems == []
    assert account.counts["kills"] == SHORT.kills
    assert account.counts["faults"] >= 10
    assert account.counts["retransmissions"] <= SHORT.kills
    for name, (wrong, says) in WRONG.items():
        folder = tmp_path / name.replace(" ", "-")
        copytree(tmp_path / "sound", folder)
        wrong(folder)
        problems = audited(folder).problems
        assert any(says in each for each in problems), (name, problems)
