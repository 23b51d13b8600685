"""What became of faults during a rehearsal, step by step: read off the disk after whatever may have changed it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from monitor.model import Fault, FaultKey, FaultState, Level
from monitor.pipeline import Outcome
from monitor.store import faults, tickets
from monitor.store.database import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A fault as it stood after it had changed."""

    at: float
    what: str
    fault: Fault


@dataclass(slots=True, kw_only=True)
class Life:
    """All that became of one fault: levels and causes one after the other, with the seconds since the start.

    `hidden` names the fault that hides it, and None from when it stands for itself again; `bad` is how it stood last
    before it was over.
    """

    fault: Fault
    bad: Fault
    suspected: float
    opened: float | None = None
    cleared: float | None = None
    levels: list[tuple[float, Level]] = field(default_factory=list)
    hidden: list[tuple[float, FaultKey | None]] = field(default_factory=list)
    flapped: bool = False

    @property
    def is_symptom(self) -> bool:
        """Whether it was never more than a symptom of another one."""
        return self.opened is None and any(cause is not None for _, cause in self.hidden)


class Chronicle:
    """Faults by their number on disk, and every step in order."""

    def __init__(self, store: Store, seconds: Callable[[], float]) -> None:
        """Nothing has happened yet. `seconds` says how many have gone by since the start."""
        self._store, self._seconds = store, seconds
        self._documents: dict[int, str] = {}
        self.lives: dict[int, Life] = {}
        self.steps: list[Step] = []
        self.crashes: list[tuple[float, str]] = []
        self.visits = self.quiet = 0
        self.written: dict[tuple[str, int], float] = {}
        """When each event of a ticket was seen first: its own moment is by a clock that may be set."""

    def visited(self, outcome: Outcome) -> None:
        """A visit has ended."""
        self.visits += 1
        self.quiet += outcome.is_quiet
        if not outcome.is_quiet:
            self.looked(outcome.visit.device.name)
            self.looked(outcome.visit.device.site)

    def crashed(self, words: str) -> None:
        """Something of ours has failed: a visit, or a duty."""
        self.crashes.append((self._seconds(), words))

    def filed(self) -> None:
        """See what was written into tickets."""
        with self._store.reading() as disk:
            for ticket, last in tickets.heads(disk).items():
                for seq in range(last, 0, -1):
                    if (ticket, seq) in self.written:
                        break
                    self.written[ticket, seq] = self._seconds()

    def looked(self, device: str | None = None) -> None:
        """See what has changed on disk; of one device, where no other can have changed."""
        with self._store.reading() as disk:
            now = faults.documents(disk, device)
            ended = [
                number
                for number in self._documents.keys() - now.keys()
                if device is None or self.lives[number].fault.key.device == device
            ]
            changed = [number for number, body in now.items() if self._documents.get(number) != body]
            self._documents |= {number: now[number] for number in changed}
            for number in sorted((*changed, *ended)):
                try:
                    fault = faults.found(disk, number)
                except faults.NoSuchFaultError:  # a suspicion that came to nothing, and was swept
                    continue
                self._told(self._seconds(), fault)
            for number in ended:
                del self._documents[number]

    def _told(self, now: float, fault: Fault) -> None:
        life = self.lives.get(fault.id)
        if life is None:
            life = self.lives[fault.id] = Life(fault=fault, bad=fault, suspected=now)
            if fault.state is FaultState.SUSPECTED:
                self._step(now, "suspected", fault)
        life.fault = fault
        if fault.state is not FaultState.CLEARED and fault.good == 0:
            life.bad = fault
        before = life.hidden[-1][1] if life.hidden else None
        if fault.state is not FaultState.CLEARED and fault.hidden_by != before:
            life.hidden.append((now, fault.hidden_by))
            self._step(now, "hidden" if fault.hidden_by is not None else "stands up", fault)
        if fault.opened_at is not None and life.opened is None:
            life.opened = now
            life.levels.append((now, fault.level))
            self._step(now, "opened", fault)
        elif life.levels and life.levels[-1][1] is not fault.level:
            life.levels.append((now, fault.level))
            self._step(now, "level", fault)
        if fault.flapping and not life.flapped:
            life.flapped = True
            self._step(now, "flapping", fault)
        if fault.state is FaultState.CLEARED and life.cleared is None:
            life.cleared = now
            self._step(now, "came to nothing" if life.opened is None else "cleared", fault)

    def _step(self, at: float, what: str, fault: Fault) -> None:
        self.steps.append(Step(at=at, what=what, fault=fault))


class Mishaps(logging.Handler):
    """Hears what the daemon logs of its own failures: schedule and duties let none of them out."""

    def __init__(self, chronicle: Chronicle) -> None:
        """Tell `chronicle` of them."""
        super().__init__(logging.ERROR)
        self._chronicle = chronicle

    def emit(self, record: logging.LogRecord) -> None:
        """Take an exception that was logged."""
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            self._chronicle.crashed(f"{record.getMessage()}: {type(error).__name__}: {error}")

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)
