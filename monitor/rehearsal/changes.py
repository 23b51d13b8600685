"""What a [[change]] does to the stage, and how it is undone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from collectors.cli.folder import named
from collectors.simulate.played import TREE_TROUBLES
from collectors.simulate.values import Alternating, Growing, Told
from collectors.snmp.codec import Kind
from monitor.rehearsal.actor import Actor
from monitor.rehearsal.happenings import ChangeFile, PartFile
from monitor.rehearsal.parts import Finder, altered
from monitor.rehearsal.troubles import trouble
from monitor.rehearsal.words import Hex, Turns, Typed, Value

Undo = Callable[[], None]
_KINDS = {
    "integer": Kind.INTEGER,
    "counter32": Kind.COUNTER32,
    "counter64": Kind.COUNTER64,
    "gauge32": Kind.GAUGE32,
    "timeticks": Kind.TIME_TICKS,
    "oid": Kind.OBJECT_IDENTIFIER,
}


def value_told(value: Value, now: float) -> Told:
    """A value of the scenario as a device tells it from the moment `now` on."""
    match value:
        case Hex():
            return bytes.fromhex(value.hex)
        case Turns():
            return Alternating(values=tuple(value.turns), seconds=value.each.total_seconds())
        case Typed(per_second=float() as pace, value=int() as start):
            return Growing(kind=_KINDS[value.kind], start=start, per_second=pace, since=now)
        case Typed():
            return _KINDS[value.kind], value.value
        case _:
            return value


@dataclass(frozen=True, eq=False)
class _Layer:
    """What one change made of a state; the newest that is not undone counts."""

    value: object


class Effects:
    """What happened to one device and can be undone or healed by its name."""

    def __init__(self, actor: Actor, finder: Finder) -> None:
        """Nothing has happened yet."""
        self._actor, self._finder = actor, finder
        self._stack: list[tuple[str, str, object, Undo]] = []
        self._layers: dict[str, list[_Layer]] = {}

    def made(self, change: ChangeFile, now: float) -> list[Undo]:
        """Do to the device what the change says; how to undo it, the last first."""
        undos = list(self._made(change, now))
        return undos[::-1]

    def _made(self, change: ChangeFile, now: float) -> Iterator[Undo]:
        actor = self._actor
        for part in change.heal:
            self._healed(said(part))
        for oid in change.remove:
            yield self._kept(oid)
            actor.remove(oid)
        for oid, value in change.set.items():
            yield self._kept(oid)
            actor.set(oid, value_told(value, now))
        for place, value in change.redfish.items():
            yield self._altered(place, value)
        for command, text in change.command.items():
            yield self._command(command, text)
        for part in change.breaks:
            name = said(part)
            self._stack += [(name, place, value, self._altered(place, value)) for place, value in self._of(part, now)]
            yield partial(self._healed, name)
        yield from self._states(change)
        if change.restart:
            actor.restarted(now)
            if change.restart == "reshuffle":
                actor.reshuffled()

    def _states(self, change: ChangeFile) -> Iterator[Undo]:
        wanted: dict[str, Any] = {
            "unreachable": change.unreachable if change.unreachable is not None else change.silent,
            "blind": change.blind,
            "refused": change.refused,
            "denied": "" if change.denied == "none" else change.denied,
            "loss": None if change.loss is None else float(change.loss),
            "garbage": None if change.garbage is None else float(change.garbage),
            "delay": None if change.delay is None else change.delay.total_seconds(),
        }
        for name, value in wanted.items():
            if value is not None:
                layers = self._layers.setdefault(name, [_Layer(getattr(self._actor, name))])
                layers.append(_Layer(value))
                setattr(self._actor, name, value)
                yield partial(self._taken_off, name, layers[-1])

    def _taken_off(self, name: str, layer: _Layer) -> None:
        """Undo one change of a state: what another did meanwhile stays, whichever ends first."""
        layers = self._layers[name]
        layers.remove(layer)
        setattr(self._actor, name, layers[-1].value)

    def _kept(self, oid: str) -> Undo:
        before = self._actor.at_and_below(oid)

        def back() -> None:
            self._actor.remove(oid)
            self._actor.put_back(before)

        return back

    def _command(self, command: str, text: str) -> Undo:
        commands = self._actor.eyes.commands
        if commands is None:
            commands = self._actor.eyes.commands = {}
        name, known = named(command), commands
        before = known.get(name)
        known[name] = text.encode()
        self._actor.told_anew += 1

        def back() -> None:
            if before is None:
                known.pop(name, None)
            else:
                known[name] = before
            self._actor.told_anew += 1

        return back

    def _of(self, what: str | PartFile, now: float) -> Iterator[tuple[str, object]]:
        """What is told where something breaks."""
        actor = self._actor
        if isinstance(what, PartFile):
            yield from self._finder.broken(actor, what).items()
        elif actor.eyes.tree is not None and what in TREE_TROUBLES:
            for path, pointer, value in TREE_TROUBLES[what]:
                yield f"{path}#{pointer}" if pointer else path, value
        else:
            for oid, told in trouble(actor.box, what).items():
                yield oid, replace(told, since=now) if isinstance(told, Growing) else told

    def _altered(self, place: str, value: object) -> Undo:
        undo = altered(self._actor, place, value)
        if undo is None:
            raise ValueError(f"{self._actor.name} tells nothing at {place}")
        return undo

    def _healed(self, name: str) -> None:
        """Heal one thing, or all; what else is broken may share values with it, such as a roll-up."""
        broken, self._stack = self._stack, []
        for _, _, _, undo in reversed(broken):
            undo()
        for other, place, value, _ in broken:
            if name not in {other, "all"}:
                self._stack.append((other, place, value, self._altered(place, value)))


def said(what: str | PartFile) -> str:
    """What breaks, as people and `heal` name it."""
    return what if isinstance(what, str) else f"{what.kind} {what.label}".strip()
