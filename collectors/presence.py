"""Whether a device answers each eye, whether it lets us in, and which tables it did not tell to their end.

A step of visit.py: the Observations of the device as a whole, beside those of its parts (facts.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from collectors.identify import SYS_OBJECT_ID
from collectors.looks import ANOTHER, PASSING, UNREACHED, Look, Looks
from collectors.reach import Reached, There
from collectors.snmp.reader import Silence
from collectors.tables import Table
from monitor.model import Component, Condition, Device, Observation

NOT_THERE = frozenset({Silence.TIMEOUT, Silence.REFUSED, Silence.UNRESOLVED})
"""The device does not answer SNMP; every other silence is an answer that keeps us out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """How a visit went. `asked`: whether the device is asked over SNMP at all."""

    device: Device
    at: datetime
    asked: bool
    silence: Silence | None
    tables: Mapping[str, Table]
    looks: Looks
    reach: Reached | None = None

    def same(self, before: "Presence") -> bool:
        """True where it says what `before` said."""
        return self.said == before.said

    @property
    def said(self) -> tuple[object, ...]:
        """All that the observations are made of."""
        ended = [(table.name, table.ended, table.oids) for table in self.tables.values() if table.ended]
        blind = [(e, look.blind, look.remark, look.ends, bool(look.pin), look.pinged) for e, look in self.looks.items()]
        return self.silence, self.asked, self.device.address, self.device.port, ended, blind, self._reach

    def observations(self) -> Iterator[Observation]:
        """What is to be said of the device as a whole."""
        if self.asked:
            yield from self._of_snmp()
        for look in self.looks.values():
            yield from self._of_look(look)
        if self.reach is not None:
            yield self._of_reach(self.reach)
        for table in self.tables.values():
            if table.ended:
                source = next(iter(table.oids.values()))
                yield self._one("walk", Condition.UNKNOWN, str(table.ended), source, table.name)

    def _of_snmp(self) -> Iterator[Observation]:
        silence = self.silence
        answers = silence not in NOT_THERE
        seen = any(look.blind not in UNREACHED for look in self.looks.values())
        there = seen or self._pings
        source = f"udp://{self.device.address}:{self.device.port}" if silence else SYS_OBJECT_ID
        # it answers pings or another eye, and no SNMP: not down, but we are blind
        claim = Condition.OK if answers else Condition.DEGRADED if there else Condition.FAILED
        yield self._one("answer", claim, "" if answers else str(silence), source)
        if silence is None:
            yield self._one("access", Condition.OK, "", source)
        else:
            yield self._one("access", Condition.FAILED if answers else Condition.UNKNOWN, str(silence), source)

    def _of_look(self, look: Look) -> Iterator[Observation]:
        """Whether another eye reaches the device, and whether it is let in."""
        raw, source = str(look.blind or look.remark), f"{look.eye}://{self.device.address}"
        talks = self.asked and self.silence not in NOT_THERE
        if look.blind in UNREACHED and not talks:
            # What answers pings, then and now, is not down: a management controller whose web server starts anew. Of
            # one that was down and answers pings again nothing is known until it is looked at.
            is_there = look.pinged and self._pings
            yield self._one("answer", Condition.DEGRADED if is_there else Condition.FAILED, raw, source, look.eye)
            yield self._one("access", Condition.UNKNOWN, raw, source, look.eye)
        else:  # a device that talks SNMP is not down because its web server or its terminal lines are
            yield self._one("answer", Condition.OK, "", source, look.eye)
            blind = Condition.DEGRADED if look.blind in PASSING else Condition.FAILED
            yield self._one("access", blind if look.blind else Condition.OK, raw, source, look.eye)
        if look.blind in ANOTHER:
            yield self._one("identity", Condition.FAILED, raw, source, look.eye)
        elif look.blind is None and look.pin:
            yield self._one("identity", Condition.OK, "", source, look.eye)
        if look.ends is not None:  # of the certificate; a number, of which the look ahead tells in time
            yield Observation(
                component=Component(kind="device", label=look.eye),
                aspect="expires",
                condition=None,
                value=look.ends,
                unit="timestamp",
                raw=f"{look.ends:.0f}",
                source=source,
                at=self.at,
            )

    @property
    def _pings(self) -> bool:
        return self.reach is not None and self.reach.there is There.UP and not self.reach.doubted

    @property
    def _reach(self) -> tuple[object, ...]:
        if self.reach is None:
            return ()
        is_silent = self.silence is not None or any(look.blind in UNREACHED for look in self.looks.values())
        return self.reach.there, self.reach.reason, is_silent and self.reach.doubted

    def _of_reach(self, reach: Reached) -> Observation:
        """Whether anything answers at the address. Where something else asks as well, that tells who is down."""
        asked_otherwise = self.asked or bool(self.looks)
        claims = {
            There.UP: Condition.OK,
            There.DOWN: Condition.UNKNOWN if asked_otherwise else Condition.FAILED,
            There.UNKNOWN: Condition.UNKNOWN,
        }
        raw = "" if reach.there is There.UP else reach.reason or "no_answer"
        return self._one("reach", claims[reach.there], raw, f"{reach.way}://{self.device.address}")

    def _one(self, aspect: str, condition: Condition, raw: str, source: str, label: str = "") -> Observation:
        component = Component(kind="device", label=label)
        return Observation(component=component, aspect=aspect, condition=condition, raw=raw, source=source, at=self.at)
