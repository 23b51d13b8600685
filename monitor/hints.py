"""From a hint to a visit: at once, a second time a little later, and never so often that one device takes all turns.

A device may shout before its own tables have followed, so that the first visit sees what was: it is looked at again.
"""

import asyncio
from collections.abc import Callable

AGAIN = 4.0
"""Seconds until the second look."""
BURST, EVERY = 5, 10.0
"""So many hints lead to a visit at once; one that shouts on and on is visited every so many seconds."""


class Hints:
    """Turns hints into visits. `visit` asks for one now; several asked before it has begun are one."""

    def __init__(self, visit: Callable[[str], None]) -> None:
        self._visit = visit
        self._left: dict[str, tuple[float, float]] = {}
        self._later: dict[str, asyncio.TimerHandle] = {}

    def given(self, name: str) -> bool:
        """A hint at the device `name`. True where it is visited now, False where a little later."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        left, last = self._left.get(name, (BURST, now))
        left = min(BURST, left + (now - last) / EVERY)
        at_once = left >= 1
        self._left[name] = (left - at_once, now)
        if at_once:
            self._visit(name)
        if name not in self._later:
            wait = AGAIN if at_once else EVERY * (1 - left)
            self._later[name] = loop.call_later(wait, self._once_more, name)
        return at_once

    def only(self, names: set[str]) -> None:
        """Forget every device that is not among `names`."""
        for name in self._left.keys() - names:
            del self._left[name]
        for name in self._later.keys() - names:
            self._later.pop(name).cancel()

    def close(self) -> None:
        """Ask for no more visits."""
        self.only(set())

    def _once_more(self, name: str) -> None:
        del self._later[name]
        self._visit(name)
