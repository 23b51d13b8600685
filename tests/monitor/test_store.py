"""The disk: one living fault per key, append-only events, an outbox that forgets nothing, migrations that fit."""

import asyncio
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError

from monitor.model import (
    Component,
    Condition,
    DeviceEvent,
    EventKind,
    Fault,
    FaultKey,
    FaultState,
    Happened,
    Identity,
    Language,
    Letter,
    Level,
    Observation,
    Reason,
    Text,
    Ticket,
    TicketEvent,
)
from monitor.store import devices, enclosures, faults, letters, migrations, parts, tickets
from monitor.store.database import FILE_NAME, StateDirectoryError, Store
from monitor.store.enclosures import TooMuchEnclosedError
from monitor.store.letters import LetterState
from monitor.store.tables import metadata

NOW = datetime(2026, 11, 22, 7, 30, 0, 123456, tzinfo=UTC)
FAN = Component(kind="fan", label="Fan 1", slot="1", serial="2102351234")
EVIDENCE = Observation(
    component=FAN,
    aspect="state",
    condition=Condition.FAILED,
    at=NOW,
    value=0.0,
    unit="rpm",
    raw="abnormal",
    source="1.3",
)
FAULT = Fault(
    key=FaultKey(device="sw1", kind="fan", label="Fan 1", aspect="state"),
    component=FAN,
    condition=Condition.FAILED,
    level=Level.MAJOR,
    reasons=(Reason(rule="fan", text=Text(en="one of two", zh_CN="两个坏一个")),),
    evidence=EVIDENCE,
    state=FaultState.OPEN,
    first_seen=NOW,
    last_seen=NOW,
    changed_at=NOW,
    opened_at=NOW,
    hidden_by=FaultKey(device="sw1", kind="device", label="", aspect="answer"),
)
LETTER = Letter(
    ticket="T20261122-0001",
    event=1,
    recipient="duty@example.org",
    subject="[T20261122-0001] 风扇",
    text="text",
    html="<p>html</p>",
    message_id="<T20261122-0001.1.aa@example.org>",
    references=("<a@b>", "<c@d>"),
    language=Language.ZH_CN,
    created_at=NOW,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        yield opened


def test_files_of_letters_are_kept_once_and_told_from_what_was_changed(store: Store) -> None:
    with store.writing() as disk:
        one, other = (enclosures.kept(disk, name, "text/csv", b"a,b\n" * 5000) for name in ("a.csv", "b.csv"))
        letters.queued(disk, [replace(LETTER, enclosures=(one, other))])
    with store.reading() as disk:
        assert (one.sha256, one.size) == (other.sha256, 20_000)
        assert enclosures.read(disk, [one]) == {one.sha256: b"a,b\n" * 5000}
        size = disk.exec_driver_sql("SELECT count(*), sum(length(body)) FROM enclosure").one()
        assert size[0] == 1
        assert size[1] < 200
        (posted,) = letters.all_letters(disk)
        assert posted.letter.enclosures == (one, other)
        assert letters.due(disk, NOW, 10) == ()
        assert letters.parcel_due(disk, NOW) == posted
    for body in (zlib.compress(b"other" * 4000), b"no zlib", zlib.compress(b"a,b\n" * 50_000)):
        with store.writing() as disk:
            disk.exec_driver_sql("UPDATE enclosure SET body = ?", (body,))
        with store.reading() as disk:
            assert enclosures.read(disk, [one]) == {}


def test_more_than_a_mail_server_takes_is_refused_before_it_is_written_down(store: Store) -> None:
    with pytest.raises(TooMuchEnclosedError), store.writing() as disk:
        enclosures.kept(disk, "x.pdf", "application/pdf", bytes(enclosures.MOST + 1))
    with store.writing() as disk:
        halves = tuple(enclosures.kept(disk, f"{n}", "x/y", bytes(enclosures.MOST // 2 + n)) for n in (0, 1))
    with pytest.raises(TooMuchEnclosedError), store.writing() as disk:
        letters.queued(disk, [replace(LETTER, enclosures=halves)])


def test_a_letter_about_no_ticket_has_an_event_of_its_own(store: Store) -> None:
    with store.writing() as disk:
        assert letters.free_event(disk) == -1
        letters.queued(disk, [replace(LETTER, ticket="", event=3, message_id="<digest@x>")])
        letters.queued(disk, [replace(LETTER, ticket="", event=letters.free_event(disk), message_id="<a@x>")])
        assert letters.free_event(disk) == -2


def test_a_letter_that_waits_for_its_files_is_completed_once(store: Store) -> None:
    later = NOW + timedelta(minutes=5)
    with store.writing() as disk:
        letters.queued(disk, [LETTER], {LETTER.recipient: later})
        assert letters.due(disk, NOW, 10) == ()
        file = enclosures.kept(disk, "a.pdf", "application/pdf", b"a")
        assert letters.completed(disk, replace(LETTER, enclosures=(file,)), NOW)
        posted = letters.parcel_due(disk, NOW)
        assert posted is not None
        assert posted.letter.enclosures == (file,)
        letters.ended(disk, LETTER.message_id, LetterState.ACCEPTED, NOW, "250")
        assert not letters.completed(disk, LETTER, NOW)


def test_a_fault_comes_back_from_disk_as_it_was(store: Store) -> None:
    with store.writing() as disk:
        saved = faults.saved(disk, FAULT)
    with store.reading() as disk:
        assert faults.known(disk, "sw1", NOW) == {FAULT.key: saved}
        assert faults.found(disk, saved.id) == saved
    assert replace(saved, id=0) == FAULT


def test_the_database_itself_refuses_a_second_living_fault_under_one_key(store: Store) -> None:
    with store.writing() as disk:
        first = faults.saved(disk, FAULT)
    with pytest.raises(IntegrityError), store.writing() as disk:
        faults.saved(disk, FAULT)
    with store.writing() as disk:
        faults.saved(disk, replace(first, state=FaultState.CLEARED, cleared_at=NOW))
        assert faults.saved(disk, FAULT).id != first.id


def test_only_a_suspicion_that_was_never_confirmed_is_swept_away(store: Store) -> None:
    hour = timedelta(hours=1)
    with store.writing() as disk:
        for label, opened in (("opened", NOW), ("suspected", None)):
            key = replace(FAULT.key, label=label)
            cleared = replace(FAULT, key=key, state=FaultState.CLEARED, opened_at=opened, cleared_at=NOW)
            faults.saved(disk, cleared)
        faults.swept(disk, NOW)
        assert {key.label for key in faults.known(disk, "sw1", NOW - hour)} == {"opened", "suspected"}
        faults.swept(disk, NOW + hour)
        assert {key.label for key in faults.known(disk, "sw1", NOW - hour)} == {"opened"}


def test_known_faults_are_the_living_ones_and_the_newest_that_cleared_lately(store: Store) -> None:
    hour = timedelta(hours=1)
    with store.writing() as disk:
        old = faults.saved(disk, replace(FAULT, state=FaultState.CLEARED, cleared_at=NOW - 3 * hour))
        late = faults.saved(disk, replace(FAULT, state=FaultState.CLEARED, cleared_at=NOW - hour))
        assert faults.known(disk, "sw1", NOW - 2 * hour) == {FAULT.key: late}
        living = faults.saved(disk, FAULT)
        assert faults.known(disk, "sw1", NOW - 9 * hour) == {FAULT.key: living}
        assert old.id < late.id < living.id


def test_faults_of_a_month_are_those_that_were_open_in_it(store: Store) -> None:
    start, end = NOW, NOW + timedelta(days=30)
    day = timedelta(days=1)
    with store.writing() as disk:
        for label, opened, cleared in (
            ("before", start - 2 * day, start - day),
            ("into", start - day, start + day),
            ("within", start + day, start + 2 * day),
            ("still", start + day, None),
            ("after", end, None),
        ):
            state = FaultState.OPEN if cleared is None else FaultState.CLEARED
            key = replace(FAULT.key, label=label)
            faults.saved(disk, replace(FAULT, key=key, opened_at=opened, cleared_at=cleared, state=state))
        assert [each.key.label for each in faults.between(disk, start, end)] == ["into", "within", "still"]
        assert faults.counted(disk) == {Level.MAJOR: 2}


def test_a_transaction_that_fails_leaves_nothing_behind(store: Store) -> None:
    class PowerCutError(Exception):
        pass

    def cut_short() -> None:
        with store.writing() as disk:
            saved = faults.saved(disk, FAULT)
            tickets.created(disk, _ticket(), saved.id)
            letters.queued(disk, [LETTER])
            raise PowerCutError

    with pytest.raises(PowerCutError):
        cut_short()
    with store.reading() as disk:
        assert not faults.open_faults(disk)
        assert not tickets.unclosed(disk)
        assert not letters.all_letters(disk)


def test_ticket_numbers_count_within_the_day_of_the_site(store: Store) -> None:
    late = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # already the 23rd in Hefei
    with store.writing() as disk:
        fault = faults.saved(disk, FAULT)
        assert tickets.next_id(disk, NOW, "Asia/Shanghai") == "T20261122-0001"
        tickets.created(disk, _ticket(), fault.id)
        assert tickets.next_id(disk, NOW, "Asia/Shanghai") == "T20261122-0002"
        assert tickets.next_id(disk, late, "Asia/Shanghai") == "T20261123-0001"


def test_events_are_appended_and_never_overwritten(store: Store) -> None:
    answered = TicketEvent(seq=2, kind=EventKind.RESPONDED, at=NOW, by="wang", data={"说": "好"})
    with store.writing() as disk:
        tickets.created(disk, _ticket(), faults.saved(disk, FAULT).id)
        tickets.appended(disk, "T20261122-0001", answered)
    with pytest.raises(IntegrityError), store.writing() as disk:
        tickets.appended(disk, "T20261122-0001", replace(answered, by="li"))
    with store.reading() as disk:
        found = tickets.found(disk, "T20261122-0001")
        assert [event.by for event in found.events] == ["netvigil", "wang"]
        assert found.events[1] == answered
        assert tickets.heads(disk) == {"T20261122-0001": 2}


def test_a_closed_ticket_is_no_longer_among_the_unclosed(store: Store) -> None:
    closed = TicketEvent(seq=2, kind=EventKind.CLOSED, at=NOW + timedelta(hours=1), by="wang")
    with store.writing() as disk:
        tickets.created(disk, _ticket(), faults.saved(disk, FAULT).id)
        assert [each.id for each in tickets.unclosed(disk, FAULT.key)] == ["T20261122-0001"]
        tickets.appended(disk, "T20261122-0001", closed)
        assert not tickets.unclosed(disk, FAULT.key)
        assert not tickets.heads(disk)
        assert tickets.between(disk, NOW, NOW + timedelta(days=1))
        assert not tickets.between(disk, NOW + timedelta(hours=2), NOW + timedelta(days=1))


def test_a_letter_is_queued_once_per_ticket_event_and_recipient(store: Store) -> None:
    with store.writing() as disk:
        letters.queued(disk, [LETTER])
        letters.queued(disk, [replace(LETTER, message_id="<another@example.org>")])
        (posted,) = letters.all_letters(disk)
    assert posted.letter == LETTER
    assert posted.state is LetterState.QUEUED


def test_a_letter_waits_for_its_next_try_and_then_is_due_again(store: Store) -> None:
    later = NOW + timedelta(minutes=5)
    with store.writing() as disk:
        letters.queued(disk, [LETTER])
        assert [each.attempts for each in letters.due(disk, NOW, 10)] == [0]
        letters.put_off(disk, LETTER.message_id, later, "450 busy")
        assert not letters.due(disk, later - timedelta(seconds=1), 10)
        (again,) = letters.due(disk, later, 10)
        assert (again.attempts, again.response) == (1, "450 busy")
        assert letters.oldest_undelivered(disk) == {"queued": NOW}
        letters.ended(disk, LETTER.message_id, LetterState.ACCEPTED, later, "250 ok")
        assert not letters.due(disk, later, 10)
        assert letters.oldest_undelivered(disk) == {}
        assert letters.counted(disk) == {"accepted": 1}


def test_silence_is_counted_and_keeps_what_was_known(store: Store) -> None:
    identity = Identity(model="S5735", serial="2102")
    with store.writing() as disk:
        devices.answered(disk, "sw1", identity, NOW)
        later = [NOW + timedelta(minutes=n) for n in (1, 2)]
        assert [devices.silent(disk, "sw1", "timeout", at, devices.by_name(disk, "sw1")) for at in later] == [1, 2]
        visited = devices.by_name(disk, "sw1")
        assert visited is not None
        assert (visited.identity, visited.answered_at, visited.silence) == (identity, NOW, "timeout")
        devices.answered(disk, "sw1", identity, NOW + timedelta(minutes=3))
        assert devices.all_visited(disk)["sw1"].silent_visits == 0


def test_a_day_keeps_its_last_snapshot_and_a_month_its_newest(store: Store) -> None:
    with store.writing() as disk:
        devices.snapshot_saved(disk, "sw1", "2026-11-21", NOW, [])
        devices.snapshot_saved(disk, "sw1", "2026-11-22", NOW, [])
        devices.snapshot_saved(disk, "sw1", "2026-11-22", NOW + timedelta(hours=1), [EVIDENCE])
        devices.snapshot_saved(disk, "sw1", "2026-12-01", NOW, [])
        assert devices.snapshot_at(disk, "sw1", "2026-11-22") == NOW + timedelta(hours=1)
        newest = devices.newest_snapshots(disk, ["sw1", "sw2"], "2026-11-01", "2026-12-01")
    assert {name: each.day for name, each in newest.items()} == {"sw1": "2026-11-22"}
    assert newest["sw1"].observations == (EVIDENCE,)


def test_what_was_seen_well_is_remembered_once(store: Store) -> None:
    port = ("interface", "GE0/0/1", "oper_status")
    with store.writing() as disk:
        faults.remembered_ok(disk, "sw1", [port])
        faults.remembered_ok(disk, "sw1", [port])
        assert faults.seen_ok(disk, "sw1") == {port}
        assert faults.seen_ok(disk, "sw2") == frozenset()


def test_a_second_daemon_on_the_same_state_is_turned_away_with_words(tmp_path: Path) -> None:
    with Store(tmp_path, exclusive=True):
        with pytest.raises(StateDirectoryError, match="another netvigil daemon is running"):
            Store(tmp_path, exclusive=True)
        with Store(tmp_path) as beside, beside.reading() as disk:  # the command line may look and write
            assert not tickets.unclosed(disk)
    with Store(tmp_path, exclusive=True):
        pass


def test_a_state_directory_that_cannot_be_made_is_said_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateDirectoryError, match=r"file/state: cannot be created"):
        Store(tmp_path / "file" / "state")


def test_what_was_committed_is_synced_to_the_disk(store: Store) -> None:
    with store.reading() as disk:
        assert disk.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert disk.execute(text("PRAGMA synchronous")).scalar_one() == 2  # FULL


def test_migrations_make_exactly_the_tables_that_the_code_expects(tmp_path: Path) -> None:
    Store(tmp_path).close()
    engine = create_engine(f"sqlite:///{tmp_path / FILE_NAME}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_database_of_the_first_edition_is_upgraded_and_loses_nothing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / FILE_NAME}")
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO device (name, identity, visited_at, answered_at, silent_visits)"
                " VALUES ('sw1', '{\"model\": \"S5735\"}', 1000, 1000, 2)"
            )
        )
        connection.execute(text("INSERT INTO seen_ok VALUES ('sw1', 'psu', 'PSU 1', 'state')"))
    engine.dispose()
    with Store(tmp_path) as store, store.reading() as disk:
        visited = devices.by_name(disk, "sw1")
        assert visited is not None
        assert (visited.identity.model, visited.silent_visits, visited.booted_at) == ("S5735", 2, None)
        assert faults.seen_ok(disk, "sw1") == {("psu", "PSU 1", "state")}
        assert parts.known(disk, "sw1") == {}
        assert parts.history(disk, ["sw1"], NOW) == ()


def test_an_entry_of_a_devices_log_is_kept_once_however_often_it_is_read(store: Store) -> None:
    entry = DeviceEvent(device="sw1", at=NOW, what=Happened.LOG_ENTRY, data={"text": "x"}, source_id="17")
    with store.writing() as disk:
        parts.happened(disk, [entry])
        parts.happened(disk, [replace(entry, at=NOW + timedelta(hours=1)), replace(entry, device="sw2")])
        parts.happened(disk, [replace(entry, source_id=""), replace(entry, source_id="")])
        assert parts.history(disk, ["sw1"], NOW) == (entry, *[replace(entry, source_id="")] * 2)
        assert len(parts.history(disk, ["sw2"], NOW)) == 1


def _ticket() -> Ticket:
    return Ticket(
        id="T20261122-0001",
        fault=FAULT.key,
        customer="cdc",
        site="hefei-1",
        region="hefei",
        events=(TicketEvent(seq=1, kind=EventKind.OPENED, at=NOW, by="netvigil", data={"level": "2"}),),
    )


async def test_what_waits_together_is_committed_together_and_who_raises_undoes_nothing_of_the_others(
    tmp_path: Path,
) -> None:
    commits: list[timedelta] = []

    def saves(number: int) -> Callable[[Connection], int]:
        def work(disk: Connection) -> int:
            key = replace(FAULT.key, label=str(number))
            faults.saved(disk, replace(FAULT, key=key, hidden_by=None))
            if number % 10 == 3:
                raise LookupError(number)
            return number

        return work

    with Store(tmp_path, committed=commits.append) as opened:
        done = await asyncio.gather(*(opened.do(saves(number)) for number in range(50)), return_exceptions=True)
        assert [each for each in done if isinstance(each, int)] == [n for n in range(50) if n % 10 != 3]
        assert [str(each) for each in done if isinstance(each, LookupError)] == ["3", "13", "23", "33", "43"]
        assert len(await opened.ask(faults.open_faults)) == 45
        assert len(commits) < 25


async def test_a_work_that_nobody_waits_for_any_more_is_not_done(tmp_path: Path) -> None:
    with Store(tmp_path) as opened:
        begun, go_on = threading.Event(), threading.Event()

        def slow(disk: Connection) -> bool:
            del disk
            begun.set()
            return go_on.wait(10)

        first = asyncio.create_task(opened.do(slow))
        await asyncio.to_thread(begun.wait, 10)
        second = asyncio.create_task(opened.do(lambda disk: faults.saved(disk, FAULT)))
        third = asyncio.create_task(opened.do(lambda _: "done"))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        go_on.set()
        assert (await first, await third) == (True, "done")
        assert await opened.ask(faults.open_faults) == ()


async def test_what_is_to_be_written_soon_goes_before_what_waits(tmp_path: Path) -> None:
    order: list[str] = []
    with Store(tmp_path) as store:
        begun, may_end = threading.Event(), threading.Event()

        def first(_: Connection) -> None:
            begun.set()
            may_end.wait(10)

        def noted(word: str, _: Connection) -> None:
            order.append(word)

        works = [asyncio.create_task(store.do(first))]
        await asyncio.to_thread(begun.wait, 10)
        works += [asyncio.create_task(store.do(partial(noted, f"waits {n}"))) for n in range(3)]
        works.append(asyncio.create_task(store.do(partial(noted, "soon"), soon=True)))
        await asyncio.sleep(0)
        may_end.set()
        await asyncio.gather(*works)
    assert order == ["soon", "waits 0", "waits 1", "waits 2"]


def test_a_letter_of_a_clock_that_was_set_back_since_does_not_wait_for_that_moment(store: Store) -> None:
    with store.writing() as disk:
        letters.queued(disk, [LETTER], {})
        before = LETTER.created_at - timedelta(hours=3)
        assert [each.letter for each in letters.due(disk, before, 20)] == [LETTER]
        assert letters.next_try(disk, before) == before
        assert [each.ticket for each in letters.waiting(disk, before)[LETTER.recipient]] == [LETTER.ticket]


def test_a_letter_that_quiet_hours_hold_back_waits_for_their_end(store: Store) -> None:
    with store.writing() as disk:
        morning = LETTER.created_at + timedelta(hours=8)
        letters.queued(disk, [LETTER], {LETTER.recipient: morning})
        assert not letters.due(disk, LETTER.created_at + timedelta(hours=1), 20)
        assert letters.next_try(disk, LETTER.created_at + timedelta(hours=1)) == morning


def test_symptoms_of_a_cause_are_kept_up_to_a_bound_and_forgotten_after_years(tmp_path: Path) -> None:
    assert FAULT.hidden_by is not None
    cause = replace(FAULT, key=FAULT.hidden_by, hidden_by=None)
    with Store(tmp_path) as opened:
        with opened.writing() as disk:
            for number in range(faults.MOST + 20):
                faults.saved(disk, replace(FAULT, key=replace(FAULT.key, label=f"{number:04}")))
        with opened.reading() as disk:
            assert len(faults.beneath(disk, cause)) == faults.MOST
        with opened.writing() as disk:
            kept = faults.beneath(disk, cause)[0]
            faults.saved(disk, replace(kept, last_seen=NOW + timedelta(hours=1)))  # one that is kept is written anew
            faults.saved(disk, replace(kept, hidden_by=None))  # by now it stands by itself
            assert len(faults.beneath(disk, cause)) == faults.MOST - 1
            faults.swept(disk, NOW + timedelta(days=3 * 366 - 1))
            assert faults.beneath(disk, cause)
            faults.swept(disk, NOW + timedelta(days=3 * 366 + 1))
            assert faults.beneath(disk, cause) == ()
