"""What the command line says to all tables that are asked: each command once, whoever carries it out.

Between the ways in (session.py over SSH, folder.py from files) and the rows that a look is made of.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from collectors.cli.configuration import SAVED, is_whole, masked, open_doors, same
from collectors.cli.output import Refusal, lines, refusal
from collectors.cli.parse import CONFIGURATION, filled, no_rows, table
from collectors.plan import Origin
from collectors.snmp.reader import Budget, Ending, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of one command: all that was printed until the next prompt, or why that is not known."""

    raw: bytes = b""
    ended: Ending | None = None


Ask = Callable[[str], Said | None]
"""Carries out one command; None where there is nothing to know of it."""


@dataclass(slots=True, kw_only=True)
class Answers:
    """The rows of all tables, in the order asked, and the texts that are kept whole."""

    rows: list[Rows] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)
    forbidden: int = 0
    commands: int = 0
    bytes: int = 0


def answers(origins: Iterable[Origin], ask: Ask, budget: Budget) -> Answers:
    """Rows of `origins`, each command asked once."""
    found = Answers()
    known: dict[str, Said | None] = {}

    def once(command: str) -> Said | None:
        if command not in known:
            known[command] = said = ask(command)
            found.commands += 1
            found.bytes += len(said.raw) if said else 0
        return known[command]

    for origin in origins:
        said = once(origin.where)
        if said is None or said.ended is not None:
            found.rows.append(no_rows(origin, said.ended if said else None))
            continue
        rows = _configuration(origin, said, once, found) if origin.template == CONFIGURATION else table(
            origin, said.raw, budget
        )  # fmt: skip
        found.forbidden += rows.ended is Ending.NOT_ALLOWED
        found.rows.append(rows)
    return found


def _configuration(origin: Origin, said: Said, ask: Ask, found: Answers) -> Rows:
    """One row: whether what runs is saved. The text, without its secrets, is one of the documents."""
    text = lines(said.raw, origin.where)
    if (why := refusal(text)) is not None:
        return no_rows(origin, None if why is Refusal.UNKNOWN else Ending.NOT_ALLOWED)
    if not is_whole(text):
        return no_rows(origin, Ending.UNREADABLE)
    running = masked(text)
    found.documents[CONFIGURATION] = running
    saved = ask(SAVED)
    kept = lines(saved.raw, SAVED) if saved is not None and saved.ended is None else ""
    told = "" if not is_whole(kept) else "saved" if same(running, masked(kept)) else "unsaved"
    row = {"SAVED": told, "LINES": str(running.count("\n")), "DOORS": open_doors(text)}
    return filled(origin, ("1",), [row])
