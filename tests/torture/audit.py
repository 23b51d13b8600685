"""The audit after a torture: what the daemon stored, and what the mail server counted, held against the record.

`python tests/torture/audit.py FOLDER` goes through a folder that `torture.py` left. It knows of the daemon only what is
on its disk, and of the world only the record; each sentence in `problems` is something lost, doubled or invented.
"""

import json
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Container, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from alerts.post.letters import SENT
from monitor.model import EventKind
from monitor.store import chain
from monitor.store.database import FILE_NAME, Store
from world import RECIPIENTS, Break, Life, Record

MOST_AGAIN = 10
_EARLY, _LATE = 0.5, 10.0  # seconds: two clocks of one machine; a visit that was under way when the part healed
_SURELY = 2.0  # seconds: whoever watches begins with a visit of every device, and goes on every other second
_MILLION = 1_000_000


@dataclass
class Account:
    """What was found."""

    problems: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def audited(folder: Path, state: Path | None = None, *, most_again: int = MOST_AGAIN) -> Account:
    """Hold the database below `folder` against `record.json` there."""
    record = Record.read(folder / "record.json")
    state = state or folder / "state"
    account = Account()
    with closing(sqlite3.connect(state / FILE_NAME)) as disk:
        disk.row_factory = sqlite3.Row
        checks = [
            _whole(disk, state),
            _faults(disk, record, account),
            _tickets(disk),
            _letters(disk),
            _posted(disk, record, account, most_again),
        ]
        account.problems = [problem for check in checks for problem in check]
        count = {
            "tickets": "ticket", "ticket events": "ticket_event", "letters": "letter WHERE ticket != ''",
            "digests": "letter WHERE ticket = ''",
        }  # fmt: skip
        for name, table in count.items():
            (account.counts[name],) = disk.execute(f"SELECT count(*) FROM {table}").fetchone()
    account.counts |= {
        "kills": sum(life.ended is not None for life in record.lives),
        "kills before it watched": sum(life.ended is not None and life.watching is None for life in record.lives),
        "parts that broke": len(record.breaks),
        "most in a second": max(Counter(int(each.broke) for each in record.breaks).values(), default=0),
    }
    return account


def _whole(disk: sqlite3.Connection, state: Path) -> Iterator[str]:
    said = [row[0] for row in disk.execute("PRAGMA integrity_check")]
    if said != ["ok"]:
        yield f"integrity_check: {said[:3]}"
    for row in disk.execute("PRAGMA foreign_key_check"):
        yield f"foreign_key_check: {tuple(row)}"
    with Store(state) as store, store.reading() as reading:
        for broken in chain.verified(reading).breaks:
            yield f"the chain is broken at entry {broken.entry} ({broken.ticket}, {broken.seq}): {broken.says}"


def _faults(disk: sqlite3.Connection, record: Record, account: Account) -> Iterator[str]:
    """Every part that stood broken long enough has one fault; none was invented, and all are over that healed."""
    rows = defaultdict(list)
    for row in disk.execute("SELECT * FROM fault WHERE opened_at IS NOT NULL ORDER BY id"):
        if row["kind"] == "dimm":
            rows[row["device"], row["label"]].append(row)
        else:
            yield f"a fault that nobody caused: {row['device']} {row['kind']} {row['label']}"
    unseen = 0
    for each in record.breaks:
        waiting = rows[each.device, each.label]
        mine = [row for row in waiting if _is_of(row["opened_at"] / _MILLION, each)]
        rows[each.device, each.label] = [row for row in waiting if row not in mine]
        if len(mine) > 1:
            yield f"{len(mine)} faults of one break: {each}"
        elif not mine and any(_saw(life, each) for life in record.lives):
            yield f"no fault of a break that was there to be seen: {each}"
        unseen += not mine
        for row in mine:
            if (row["state"] == "cleared") != (each.healed is not None):
                yield f"the fault is {row['state']}: {each}"
    for left in rows.values():
        for row in left:
            yield f"a fault that nobody caused: {row['device']} {row['label']} at {row['opened_at'] / _MILLION:.1f}"
    account.counts["broke and healed unseen (nobody watched long enough)"] = unseen
    (account.counts["faults"],) = disk.execute("SELECT count(*) FROM fault WHERE opened_at IS NOT NULL").fetchone()


def _is_of(opened: float, each: Break) -> bool:
    return each.broke - _EARLY <= opened and (each.healed is None or opened <= each.healed + _LATE)


def _saw(life: Life, each: Break) -> bool:
    """Whether the daemon watched long enough in this life, while the part was broken."""
    if life.watching is None:
        return False
    begin = max(life.watching, each.broke)
    ends = [moment for moment in (life.ended, each.healed) if moment is not None]
    # A machine on which a start takes ten seconds instead of two makes a visit wait as well.
    surely = max(_SURELY, life.watching - life.started) + (2.0 if begin == each.broke else 0.0)
    return not ends or min(ends) - begin >= surely


def _tickets(disk: sqlite3.Connection) -> Iterator[str]:
    """One ticket for each part that was ever at fault, in which each fault begins and ends once, as each clock does."""
    faults = Counter(
        (row["device"], row["label"]) for row in disk.execute("SELECT * FROM fault WHERE opened_at IS NOT NULL")
    )
    cleared = Counter(
        (row["device"], row["label"])
        for row in disk.execute("SELECT * FROM fault WHERE opened_at IS NOT NULL AND state = 'cleared'")
    )
    tickets = {row["id"]: (row["device"], row["label"]) for row in disk.execute("SELECT * FROM ticket")}
    for part, count in Counter(tickets.values()).items():
        if count > 1:
            yield f"{count} tickets of {part}"
    for part in faults.keys() - set(tickets.values()):
        yield f"no ticket of {part}"
    events = defaultdict(list)
    for row in disk.execute("SELECT * FROM ticket_event ORDER BY entry"):
        events[row["ticket"]].append(row)
    for number, part in tickets.items():
        kinds = Counter(row["kind"] for row in events[number])
        begun = kinds[EventKind.OPENED] + kinds[EventKind.RELAPSED]
        if (kinds[EventKind.OPENED], begun, kinds[EventKind.RECOVERED]) != (1, faults[part], cleared[part]):
            yield f"{number} of {part}: {dict(kinds)} for {faults[part]} faults"
        if [row["seq"] for row in events[number]] != list(range(1, len(events[number]) + 1)):
            yield f"{number}: its events are not numbered from 1"
        clocks = Counter(
            (row["kind"], row["data"])
            for row in events[number]
            if row["kind"] in {EventKind.CLOCK_WARNED, EventKind.CLOCK_MISSED, EventKind.HANDED_UP}
        )
        yield from (f"{number}: {count} times {kind} {data}" for (kind, data), count in clocks.items() if count > 1)
        if not any(kind == EventKind.CLOCK_MISSED and "respond" in data for kind, data in clocks):
            yield f"{number}: nobody responded, and no event says so"


def _is_said_by_the_hand_up(row: sqlite3.Row, climbed: Container[tuple[str, int]]) -> bool:
    """A hand-up that was missed has no letter of its own where the daemon made it at that moment."""
    is_missed = row["kind"] == EventKind.CLOCK_MISSED and json.loads(row["data"])["clock"] == "hand_up"
    return is_missed and (row["ticket"], row["written_at"]) in climbed


def _letters(disk: sqlite3.Connection) -> Iterator[str]:
    """Each event that is told was told to each recipient in one letter, under one Message-ID, that left."""
    letters = defaultdict(list)
    for row in disk.execute("SELECT * FROM letter"):
        letters[row["ticket"], row["event"], row["recipient"]].append(row)
    digests = {row["message_id"]: row["state"] for (ticket, *_), rows in letters.items() if not ticket for row in rows}
    told = {kind.value for kind in SENT}
    events = disk.execute("SELECT * FROM ticket_event").fetchall()
    climbed = {(row["ticket"], row["written_at"]) for row in events if row["kind"] == EventKind.HANDED_UP}
    expected = {
        (row["ticket"], row["seq"], recipient)
        for row in events
        for recipient in RECIPIENTS
        if row["kind"] in told and not _is_said_by_the_hand_up(row, climbed)
    }
    found = {key for key in letters if key[0]}
    yield from (f"no letter about {key}" for key in sorted(expected - found))
    yield from (f"a letter about what is not told: {key}" for key in sorted(found - expected))
    for key, rows in letters.items():
        if len(rows) > 1:
            yield f"{len(rows)} Message-IDs for {key}"
        for row in rows:
            state = digests.get(row["digest"]) if row["state"] == "digested" else row["state"]
            if state != "accepted":
                yield f"the letter about {key} is {row['state']}"


def _posted(disk: sqlite3.Connection, record: Record, account: Account, most_again: int) -> Iterator[str]:
    """What the server took is what the daemon says that it took; and hardly anything came twice."""
    taken = Counter(mail.message_id for mail in record.mails)
    said = {row["message_id"]: row for row in disk.execute("SELECT * FROM letter WHERE state = 'accepted'")}
    yield from (f"said to have been accepted, and never came: {number}" for number in said.keys() - taken.keys())
    yield from (f"came, and nothing is known of it: {number}" for number in taken.keys() - _all(disk))
    for mail in record.mails:
        row = said.get(mail.message_id)
        if row is not None and (row["recipient"], row["ticket"]) != (mail.to, mail.ticket):
            yield f"went to another than it was meant for: {mail}"
    account.counts["mails"] = len(record.mails)
    account.counts["retransmissions"] = again = len(record.mails) - len(taken)
    if again > most_again:
        yield f"{again} retransmissions; {most_again} were allowed"


def _all(disk: sqlite3.Connection) -> set[str]:
    return {row["message_id"] for row in disk.execute("SELECT message_id FROM letter")}


if __name__ == "__main__":
    found = audited(Path(sys.argv[1]))
    sys.stdout.write(json.dumps(found.counts, indent=1) + "\n" + "".join(f"{each}\n" for each in found.problems))
    sys.exit(bool(found.problems))
