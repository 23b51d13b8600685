"""The life of a notice to a customer, read off its events: new, sent, acknowledged, planned, fixed, accepted until.

A customer is told again only where the verdict on a unit worsens, the matter becomes known to be exploited, a fix
appears, or a new unit is affected; and when an acceptance ends whose date the customer set.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from alerts.notices.exposure import Verdict


class Happened(StrEnum):
    """What can happen to a notice."""

    NEW = "new"
    SENT = "sent"
    TOLD_AGAIN = "told_again"
    ACKNOWLEDGED = "acknowledged"
    PLANNED = "planned"
    ACCEPTED = "accepted"
    FIXED = "fixed"


class Again(StrEnum):
    """Why a customer is told again."""

    WORSE = "worse"
    EXPLOITED = "exploited"
    FIX = "fix"
    NEW_UNIT = "new_unit"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEvent:
    """One entry of a notice's life."""

    kind: Happened
    at: datetime
    by: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a matter stands for a customer: the verdict on each device, and what else counts for telling it again."""

    devices: Mapping[str, Verdict]
    known_exploited: bool = False
    has_fix: bool = False

    def document(self) -> dict[str, str]:
        """As the data of an event has it."""
        return {
            "devices": json.dumps({name: each.value for name, each in sorted(self.devices.items())}),
            "known_exploited": "yes" if self.known_exploited else "",
            "has_fix": "yes" if self.has_fix else "",
        }

    @classmethod
    def read(cls, data: Mapping[str, str]) -> "Standing":
        """What `document` wrote."""
        return cls(
            devices={name: Verdict(each) for name, each in json.loads(data["devices"]).items()},
            known_exploited=bool(data["known_exploited"]),
            has_fix=bool(data["has_fix"]),
        )


_TELLING = {Happened.SENT, Happened.TOLD_AGAIN}
_RANK = list(Verdict)


def told(events: Sequence[NoticeEvent]) -> Standing | None:
    """What the customer knows: as it was told last, without the devices that were repaired since; None for nothing."""
    last = next((place for place in reversed(range(len(events))) if events[place].kind in _TELLING), None)
    if last is None:
        return None
    standing = Standing.read(events[last].data)
    repaired = {name for each in events[last + 1 :] if each.kind is Happened.FIXED for name in repaired_by(each)}
    return Standing(
        devices={name: each for name, each in standing.devices.items() if name not in repaired},
        known_exploited=standing.known_exploited,
        has_fix=standing.has_fix,
    )


def repaired_by(event: NoticeEvent) -> list[str]:
    """The devices that an event says are repaired."""
    return [str(each) for each in json.loads(event.data["devices"])]


def reasons(now: Standing, known: Standing, *, lapsed: bool = False) -> tuple[Again, ...]:
    """Why the customer is to be told again; nothing where what they know still holds."""
    if not now.devices:
        return ()
    both = now.devices.keys() & known.devices.keys()
    found = {
        Again.WORSE: any(_RANK.index(now.devices[each]) < _RANK.index(known.devices[each]) for each in both),
        Again.EXPLOITED: now.known_exploited and not known.known_exploited,
        Again.FIX: now.has_fix and not known.has_fix,
        Again.NEW_UNIT: bool(now.devices.keys() - known.devices.keys()),
        Again.LAPSED: lapsed,
    }
    return tuple(each for each, holds in found.items() if holds)


def state(events: Sequence[NoticeEvent]) -> Happened:
    """Where a notice stands; what a person said of it holds until it is told again or repaired."""
    current = Happened.NEW
    for each in events:
        match each.kind:
            case Happened.TOLD_AGAIN:
                current = Happened.SENT
            case Happened.FIXED if each.data.get("left") != "0":
                continue
            case _:
                current = each.kind
    return current


def planned(events: Sequence[NoticeEvent]) -> date | None:
    """For when the repair is planned, as was said last."""
    days = [each.data["date"] for each in events if each.kind is Happened.PLANNED]
    return date.fromisoformat(days[-1]) if days else None


def lapsed(events: Sequence[NoticeEvent], today: date) -> bool:
    """Whether the matter was accepted until a date that is over, and nothing was said since."""
    last = events[-1] if events else None
    return last is not None and last.kind is Happened.ACCEPTED and date.fromisoformat(last.data["until"]) < today
