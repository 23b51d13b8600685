"""Whether a visit changed nothing that judgement asks for: a step of pipeline.py, before anything is written down.

Numbers that moved are compared all at once with the room that the limits of their parts leave them together; only where
they leave it, Observations are made of them and looked at one by one.
"""

from collections.abc import Sequence

from alerts.faults.judgement import room, still
from alerts.faults.rules import Policy
from collectors.visit import Told
from monitor.model import Observation

Rooms = dict[tuple[int, ...], tuple[tuple[Observation, ...], float, float]]
"""Which numbers these places have room for, and the Observations of which that is true."""


def stays(
    now: Told,
    last: Told,
    claims: Sequence[Observation],
    policy: Policy,
    rooms: Rooms,
    more: tuple[Sequence[Observation], Sequence[Observation]] = ((), ()),
) -> bool:
    """True where judgement would say of `now` what it said when it made `claims`, as it would of the visit `last`.

    `more` are the Observations that were made of several visits, now and last; in `claims` they follow the others.
    `rooms` is kept from one visit to the next for as long as the claims are.
    """
    size = len(now.base)
    if now.base is last.base and _have_room(now, last, claims, policy, rooms):
        return still(*more, claims[size:], policy)
    return still((*now.observations, *more[0]), (*last.observations, *more[1]), claims, policy)


def _have_room(now: Told, last: Told, claims: Sequence[Observation], policy: Policy, rooms: Rooms) -> bool:
    before = {*map(id, last.moved)}
    for one in now.moved:
        if id(one) in before:
            continue
        known = rooms.get(one.places)
        if known is None or known[0] is not now.base:
            if len(claims) < len(now.base):
                return False
            several = [now.base[place] for place in one.places]
            low, high = room(several, [claims[place] for place in one.places], policy)
            known = rooms[one.places] = now.base, low, high
        _, low, high = known
        first, second = min(one.raws) / one.divisor, max(one.raws) / one.divisor
        if not (low <= first <= high and low <= second <= high):
            return False
    return True
