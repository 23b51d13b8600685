"""The walk over all that a device tells, for a recording: a job of engine.py, one question at a time, types kept.

An agent that goes round, fails or falls silent in one place must not cost the rest: the sweep climbs out of that place
and goes on behind it, a bounded number of times. Rows out of order (H3C WX6103) are taken; only an OID that this sweep
has seen before is a step back. Pure: no socket and no clock.
"""

from collections.abc import Callable, Sequence
from typing import Final

from collectors.snmp.codec import Binding, ErrorStatus, Kind, Oid, PduKind
from collectors.snmp.jobs import Question, question
from collectors.snmp.layout import response
from collectors.snmp.reader import Ending

_REPETITIONS: Final = 20
_STUMBLES: Final = 40
_HIGHEST: Final = 2**32 - 1
_EXCEPTIONS: Final = frozenset({Kind.NO_SUCH_OBJECT, Kind.NO_SUCH_INSTANCE})


class Sweep:
    """A walk of the subtrees `roots`, without those of `without`, of at most so many values.

    `found` is what was told, `skipped` where the sweep climbed out and why, `hidden` the subtrees of `without` that are
    there, `ended` why it is not whole; `heard` is called with the number of values as they come.
    """

    def __init__(
        self,
        roots: Sequence[Oid],
        without: Sequence[Oid],
        most: int,
        heard: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Nothing is asked yet."""
        self.found: dict[Oid, Binding] = {}
        self.skipped: list[tuple[Oid, Ending]] = []
        self.hidden: set[Oid] = set()
        self.ended: Ending | None = None
        self._roots, self._without, self._most, self._heard = list(roots), frozenset(without), most, heard
        self._lengths = sorted({len(oid) for oid in self._without})
        self._at = self._roots[0] if self._roots else ()
        self._climbed: Oid | None = None
        self._repetitions = _REPETITIONS
        self._waiting = False

    @property
    def done(self) -> bool:
        """True where nothing is left to ask and no reply awaited."""
        return not self._roots

    def next(self) -> Question | None:
        """The next question; None while one is in flight: never more than one."""
        if self._waiting or not self._roots:
            return None
        self._waiting = True
        return question(self, PduKind.GET_BULK, [self._at], self._repetitions)

    def take(self, question: Question, pdu: bytes) -> None:  # noqa: ARG002 - there is only one
        """Take the reply. Raises CodecError where it is none."""
        told = response(pdu)
        self._waiting = False
        if not self._roots:
            return
        self.ended = None if self.ended is Ending.TIMEOUT else self.ended
        if told.first or not told.bindings:
            if self._repetitions > 1:  # too big, or one value of several that it cannot tell: come closer
                self._repetitions = max(1, self._repetitions // 4) if told.first == ErrorStatus.TOO_BIG else 1
            else:
                self._climb(Ending.ERROR_STATUS)
            return
        for binding in told.bindings:
            if not self._took(binding):
                break
        else:
            self._repetitions = min(_REPETITIONS, self._repetitions + 1)
        self._heard(len(self.found))

    def end(self, why: Ending) -> None:
        """A question was lost, which is climbed over; or the time or the bytes are spent."""
        self._waiting = False
        self.ended = why
        if why is Ending.TIMEOUT and self._roots:
            self._repetitions = max(1, self._repetitions // 4)
            self._climb(why)
            self.ended = why
        else:
            self._roots.clear()

    def _took(self, binding: Binding) -> bool:
        """Take one value; False where what follows it in the reply is of no use."""
        oid, kind, _ = binding
        if kind is Kind.END_OF_MIB_VIEW or oid[: len(self._roots[0])] != self._roots[0]:
            self._next_root()
            return False
        hidden = next((oid[:n] for n in self._lengths if oid[:n] in self._without), None)
        if oid in self.found or kind in _EXCEPTIONS or hidden in self.hidden:
            self._climb(Ending.REPEATED_OID)
            return False
        if hidden is not None:
            self.hidden.add(hidden)
            self._at, self._climbed = _beside(hidden), None
            return False
        if len(self.found) >= self._most:
            self.end(Ending.ROWS)
            return False
        self.found[oid] = binding
        self._at, self._climbed = oid, None
        return True

    def _next_root(self) -> None:
        del self._roots[0]
        if self._roots:
            self._at, self._climbed = self._roots[0], None

    def _climb(self, why: Ending) -> None:
        """Go on behind the place that holds us; each time that does not help, behind a larger one."""
        place = (self._climbed or self._at)[:-1]
        while place and place[-1] == _HIGHEST:
            place = place[:-1]
        self.skipped.append((place, why))
        if len(self.skipped) > _STUMBLES:
            self.ended = why
            self._roots.clear()
        elif len(place) <= len(self._roots[0]):
            self._next_root()
        else:
            self._climbed, self._at = place, _beside(place)


def _beside(place: Oid) -> Oid:
    """What follows all that is below `place`, and holds no value itself."""
    return (*place[:-1], place[-1] + 1)
