"""One read of one device as a state machine of callbacks: questions out, replies in, until every job is done.

It stands between `engine.Engine`, which has the sockets, and the jobs, which know what to ask. No task and no future
per question: one timer and one future per read, at most two questions in flight.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Final, Protocol

from collectors.snmp.codec import CodecError, decoded_message
from collectors.snmp.community import ID_OCTETS
from collectors.snmp.jobs import Job, Question
from collectors.snmp.reader import Budget, Ending, Silence, Target

IN_FLIGHT: Final = 2
_BACK_OFF: Final = 1.5
_JITTER: Final = 0.1
_DOUBTS: Final = 8
_LONG: Final = 0x80  # a length of so much or more is written in several octets
_SOON: Final = 0.001  # seconds; what is due so soon is due now

Address = tuple[str, int] | tuple[str, int, int, int]


class Way(Protocol):
    """How to speak to one device: with a community, or as a user of SNMPv3."""

    def sealed(self, id_: bytes, head: bytes, tail: bytes, now: float) -> bytes:
        """The datagram that asks."""

    def opened(self, data: bytes, now: float) -> "bytes | Refusal":
        """The PDU in a datagram, or what the device has against ours. Raises CodecError where there is neither."""


class Refusal:
    """A report of SNMPv3. Where `again` is set the question is worth asking anew, for the way was set right by it."""

    __slots__ = ("again", "silence")

    def __init__(self, silence: Silence, *, again: bool) -> None:
        self.silence, self.again = silence, again


class Line(Protocol):
    """A socket."""

    def send(self, talk: "Talk", question: Question, datagram: bytes) -> None:
        """Send, and hand the reply to `talk`."""

    def forget(self, question: Question) -> None:
        """No reply is awaited any more."""

    def new_id(self) -> bytes:
        """An id that nobody waits for."""


class Talk:
    """One read."""

    def __init__(
        self, line: Line, address: Address, way: Way, target: Target, jobs: Sequence[Job], budget: Budget
    ) -> None:
        self._line, self.address, self._way, self._target, self._jobs = line, address, way, target, jobs
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time
        self.started = self._time()
        self._deadline = self.started + budget.seconds
        self._budget = budget
        self._open = list(jobs)
        self._flying: list[Question] = []
        self._timer: asyncio.TimerHandle | None = None
        self._resyncs = 4  # discovery, its time window, and both once more for a device that just booted
        self._timeouts = 0
        self._answered = False
        self._noise = False
        self._doubts = _DOUBTS
        self.finished: asyncio.Future[None] = self._loop.create_future()
        self.silence: Silence | None = None
        self.requests = self.bytes = 0
        self.patience = target.timeout
        """Seconds until a question is put again: longer than `timeout` where the device is seen to need longer."""

    def start(self) -> None:
        """Ask the first question."""
        self._fill(self.started)
        if not self.finished.done():
            self._wind()

    def close(self) -> None:
        """Wait for nothing any more."""
        for question in self._flying:
            self._line.forget(question)
        self._flying.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.finished.done():
            self.finished.set_result(None)

    def cut(self) -> None:
        """End here, because the daemon stops: what was read is kept."""
        self._end(Ending.TIMEOUT)

    def _fill(self, now: float) -> None:
        """Keep as many questions in flight as are allowed: two where the device answers, one where it does not."""
        if self._answered and self.bytes >= self._budget.bytes:
            self._end(Ending.BYTES)
            return
        most = IN_FLIGHT if self._answered and not self._timeouts else 1
        flying, open_ = self._flying, self._open
        at = 0
        while len(flying) < most and at < len(open_):
            job = open_[at]
            question = job.next()
            if question is not None:
                question.patience = self.patience
                question.tries = self._target.retries + 1
                question.id = self._line.new_id()
                flying.append(question)
                self._put(question, now)
                if self.finished.done():
                    return
            elif job.done:
                del open_[at]
            else:
                at += 1
        if not flying and not open_:
            self.close()

    def _put(self, question: Question, now: float) -> None:
        question.put = now
        question.tries -= 1
        question.due = now + question.patience * (1 + random.random() * _JITTER)  # noqa: S311 - spreads repeats only
        question.patience *= _BACK_OFF
        if self._timer is not None and question.due < self._timer.when():
            self._timer.cancel()  # it was wound for a question put with more patience
            self._wind()
        self.requests += 1
        self._line.send(self, question, self._way.sealed(question.id, question.head, question.tail, now))

    def _learn(self, question: Question, now: float) -> None:
        """Learn from an answer how long to wait for the next: a device that is slow need not be asked twice.

        After a repeat nobody knows which try was answered: as patient as that try until one says more (Karn; RFC 6298).
        """
        target = self._target
        timeout, once = target.timeout, question.tries == target.retries
        found = (now - question.put) * _BACK_OFF if once else question.patience / _BACK_OFF
        self.patience = timeout if found <= timeout else min(found, timeout * _BACK_OFF**target.retries)

    def heard(self, question: Question, datagram: bytes) -> None:
        """A datagram came in reply to `question`. Raises CodecError where it is none."""
        self.bytes += len(datagram)
        now = self._time()
        pdu = self._way.opened(datagram, now)
        if not isinstance(pdu, bytes):
            self._refused(question, pdu, now)
            return
        first = pdu[1]
        id_at = 4 if first < _LONG else first - _LONG + 4
        if pdu[id_at : id_at + ID_OCTETS] != question.id:
            raise CodecError("a reply to another question")
        question.job.take(question, pdu)
        self._line.forget(question)
        self._flying.remove(question)
        target = self._target
        if question.tries == target.retries and (now - question.put) * _BACK_OFF <= target.timeout:
            self.patience = target.timeout  # as nearly always
        else:
            self._learn(question, now)
        self._answered = True
        self._timeouts = 0
        self._fill(now)

    def strange(self, datagram: bytes) -> None:
        """Something came from the device that is no reply. Whether it is SNMP at all says why the device is silent."""
        self.bytes += len(datagram)
        if self._answered:
            if self.bytes >= self._budget.bytes:
                self._end(Ending.BYTES)
        elif self._doubts and not self._noise:
            self._doubts -= 1  # only so many are looked at: a large one takes its time
            try:
                decoded_message(datagram)
            except CodecError:
                self._noise = True

    def icmp(self) -> None:
        """The port is closed, or the host cannot be reached."""
        if not self._answered:
            self._silent(Silence.REFUSED)

    def _refused(self, question: Question, refusal: Refusal, now: float) -> None:
        if refusal.again and self._resyncs:
            self._resyncs -= 1
            question.patience = self.patience
            question.tries = self._target.retries + 1
            self._line.forget(question)
            question.id = self._line.new_id()
            self._put(question, now)
        elif self._answered:
            self._lose(question)
            self._fill(now)
        else:
            self._silent(refusal.silence)

    def _silent(self, why: Silence) -> None:
        self.silence = why
        self.close()

    def _end(self, why: Ending) -> None:
        for job in self._jobs:
            job.end(why)
        self.close()

    def _wind(self) -> None:
        due = min((question.due for question in self._flying), default=self._deadline)
        self._timer = self._loop.call_at(min(due, self._deadline), self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._time()
        soon = now + _SOON
        if soon >= self._deadline:
            if self._answered:
                self._end(Ending.WALL_TIME)
            else:
                self._silent(Silence.TIMEOUT)
            return
        for question in [question for question in self._flying if question.due <= soon]:
            if question not in self._flying:
                continue  # lost a moment ago, together with another of its table
            if question.tries > 0:
                self._put(question, now)
            else:
                self._lose(question)
            if self.finished.done():
                return
        self._fill(now)
        if not self.finished.done():
            self._wind()

    def _lose(self, question: Question) -> None:
        """Nobody answers `question`: two in a row, and the device is gone."""
        self._line.forget(question)
        self._flying.remove(question)
        if not self._answered:
            self._silent(Silence.BAD_ANSWER if self._noise else Silence.TIMEOUT)
            return
        self._timeouts += 1
        question.job.end(Ending.TIMEOUT)
        for other in [each for each in self._flying if each.job is question.job]:
            self._line.forget(other)
            self._flying.remove(other)
        if self._timeouts > 1:
            self._end(Ending.TIMEOUT)
