"""The outputs of all commands that a platform file knows, as they were printed: the eye SSH, with a good memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from collectors.cli.asked import Said
from collectors.cli.output import lines
from collectors.cli.reader import SshReader
from collectors.cli.session import Session
from collectors.looks import Blind, Door
from collectors.plan import Origin
from collectors.snmp.reader import Budget


@dataclass(slots=True, kw_only=True)
class Printed:
    """What was printed, by command; why a command was cut, and why there was no session at all."""

    outputs: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    blind: Blind | None = None
    seconds: float = 0.0


class _Remembering(SshReader):
    """Keeps what each command printed."""

    def __init__(self, kept: Printed, heard: Callable[[int], None]) -> None:
        super().__init__(threads=1)
        self._kept, self._heard = kept, heard

    def _ask(self, at: Session, command: str, unknown: dict[str, float]) -> Said | None:
        said = super()._ask(at, command, unknown)
        if said is not None and said.ended is not None:
            self._kept.failed[command] = str(said.ended)
        elif said is not None:
            self._kept.outputs[command] = lines(said.raw, command, logs=True)
        self._heard(len(self._kept.outputs))
        return said


async def printed(
    door: Door, origins: Sequence[Origin], budget: Budget, heard: Callable[[int], None] = lambda _: None
) -> Printed:
    """What all commands of `origins` print, each asked once, in one session."""
    kept = Printed()
    reader = _Remembering(kept, heard)
    try:
        seen = await reader.read(door, origins, budget)
    finally:
        await reader.close()
    kept.blind, kept.seconds = seen.blind, seen.seconds
    if seen.blind is not None and seen.blind is not Blind.NO_RIGHTS:
        kept.outputs.clear()
    return kept


def file_name(command: str) -> str:
    """The name of the file of `command`, as collectors/cli/folder.py finds it."""
    return f"{command.replace('/', ' ').replace('|', ' ')}.txt"
