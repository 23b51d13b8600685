"""A database of an edition before is brought up to date with what is in it, tickets and their chain above all."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import monitor.store
from alerts.desk import tickets as desk
from alerts.desk.tickets import TicketState
from monitor.model import Component, Condition, EventKind, Fault, FaultKey, FaultState, Level, Observation
from monitor.store import chain, faults, tickets
from monitor.store.database import FILE_NAME, Store
from monitor.store.documents import fault_document

MINUTE = 60_000_000
SEEN = Observation(
    component=Component(kind="device", label=""),
    aspect="answer",
    condition=Condition.FAILED,
    at=datetime(2026, 11, 1, tzinfo=UTC),
)
T0 = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * 1_000_000


def edition(state: Path, revision: str) -> Path:
    """The database as the edition with this revision left it."""
    state.mkdir()
    config = Config()
    config.set_main_option("script_location", str(Path(monitor.store.__file__).parent / "migrations"))
    with create_engine(f"sqlite:///{state / FILE_NAME}").connect() as connection:
        config.attributes["connection"] = connection
        with connection.begin():
            command.upgrade(config, revision)
    return state / FILE_NAME


def test_tickets_of_before_the_chain_are_all_there_and_chained(tmp_path: Path) -> None:
    file = edition(tmp_path / "state", "0006")
    with sqlite3.connect(file) as old:
        old.execute(
            "INSERT INTO fault VALUES (1, 'sw', 'psu', 'P1', 'state', 'cleared', 2, ?, ?, '{}')", (T0, T0 + MINUTE)
        )
        for number in ("T1", "T2"):
            old.execute(
                "INSERT INTO ticket VALUES (?, 1, 'sw', 'psu', 'P1', 'state', 'cdc', 'hefei-1', 'hefei', ?)",
                (number, T0),
            )
        for number, seq, kind, minute, data in (
            ("T1", 1, "opened", 0, '{"level": "2"}'),
            ("T2", 1, "opened", 1, '{"level": "3"}'),
            ("T1", 2, "responded", 2, '{"text": "在路上"}'),
            ("T1", 3, "closed", 9, "{}"),
        ):
            old.execute(
                "INSERT INTO ticket_event VALUES (?, ?, ?, ?, 'li', ?)", (number, seq, kind, T0 + minute * MINUTE, data)
            )
    old.close()

    with Store(tmp_path / "state") as store, store.reading() as disk:
        verified = chain.verified(disk)
        first, second = tickets.found(disk, "T1"), tickets.found(disk, "T2")
        unclosed = tickets.unclosed(disk, FaultKey(device="sw", kind="psu", label="P1", aspect="state"))

    assert (verified.entries, verified.breaks) == (4, ())
    assert [each.kind for each in first.events] == [EventKind.OPENED, EventKind.RESPONDED, EventKind.CLOSED]
    assert (first.events[1].data["text"], first.events[1].written_at) == ("在路上", None)
    assert desk.state(first) is TicketState.CLOSED
    assert unclosed == (second,)


def test_symptoms_of_before_are_found_beneath_their_cause(tmp_path: Path) -> None:
    file = edition(tmp_path / "state", "0020")
    cause = FaultKey(device='core "1"', kind="device", label="", aspect="answer")
    symptom = Fault(
        key=replace(cause, device="交换机"), component=Component(kind="device", label=""), condition=Condition.FAILED,
        level=Level.MINOR, reasons=(), evidence=SEEN, state=FaultState.SUSPECTED, first_seen=SEEN.at, last_seen=SEEN.at,
        changed_at=SEEN.at, hidden_by=cause,
    )  # fmt: skip
    over = replace(symptom, state=FaultState.CLEARED, cleared_at=SEEN.at)
    alone = replace(symptom, key=replace(symptom.key, device="alone"), hidden_by=None)
    with sqlite3.connect(file) as old:
        for number, one in enumerate((symptom, over, alone), 1):
            old.execute(
                "INSERT INTO fault VALUES (?, ?, 'device', '', 'answer', ?, 3, NULL, NULL, ?)",
                (number, one.key.device, one.state.value, fault_document(one)),
            )
    old.close()
    with Store(tmp_path / "state") as store, store.reading() as disk:
        assert faults.hidden_by(disk, cause, 9) == ((replace(symptom, id=1),), 1)
