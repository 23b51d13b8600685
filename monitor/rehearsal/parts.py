"""Which value makes a part tell what the scenario wants: found by asking the device on the stage, as a visit does.

So any part of any device can break, of a recording as well, in the words of its platform file.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import cast

from collectors.looks import Door, Login, Look, LookReader, looked
from collectors.plan import Platform
from collectors.simulate.trees import Tree, changed
from collectors.simulate.values import Told
from collectors.snmp.reader import Budget, Target
from collectors.tables import Eye
from collectors.visit import Visit, told, visited
from monitor.model import Device, Observation
from monitor.problem import near_word
from monitor.rehearsal.actor import COMMUNITY, Actor
from monitor.rehearsal.happenings import PartFile
from monitor.rehearsal.readers import CommandLooks, StageReader, TreeLooks

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_BITS = 32  # of a value of BITS
_BUDGET = Budget(seconds=600, rows=1_000_000, bytes=1_000_000_000)


class Finder:
    """Finds parts of the devices of one stage."""

    def __init__(self, platforms: Mapping[str, Platform], devices: Mapping[str, Device]) -> None:
        """`devices` are those of the inventory, by name."""
        self._platforms, self._devices = platforms, devices
        self._found: dict[tuple[str, str], dict[str, Told]] = {}

    def broken(self, actor: Actor, part: PartFile) -> dict[str, Told]:
        """What is to be set so that `part` tells what is wanted; it was sought before."""
        return self._found[actor.name, part.model_dump_json()]

    async def sought(self, actor: Actor, part: PartFile) -> None:
        """Seek it once, while the device is well. Raises ValueError that says why there is none."""
        key = actor.name, part.model_dump_json()
        if key not in self._found:
            self._found[key] = await self._seek(actor, part)

    async def observations(self, actor: Actor) -> tuple[Observation, ...]:
        """All that the device tells now."""
        return told(await self._visit(actor)).observations

    async def _seek(self, actor: Actor, part: PartFile) -> dict[str, Told]:
        seen = told(await self._visit(actor))
        found = _part(seen.observations, part)
        for value in _candidates(seen.visit.platform, part, found):
            if await self._tells(actor, part, found, value):
                return {found.source: value}
        wanted = part.condition.value if part.value is None else f"{part.value:g}"
        name = f"{part.kind} {found.component.label} {found.aspect}"
        raise ValueError(f"{name}: no value of {found.source} makes it tell {wanted}; use set, redfish or command")

    async def _tells(self, actor: Actor, part: PartFile, found: Observation, value: Told) -> bool:
        """Whether with `value` it tells what is wanted; the device is as before after that."""
        undo = altered(actor, found.source, value)
        if undo is None:
            return False
        now = told(await self._visit(actor)).observations
        undo()
        return any(
            one.component.kind == found.component.kind
            and one.component.label == found.component.label
            and one.aspect == found.aspect
            and (one.condition is part.condition if part.value is None else _near(one.value, part.value))
            for one in now
        )

    async def _visit(self, actor: Actor) -> Visit:
        device, here, luck = self._devices[actor.name], {actor.address: actor}, Random(0)  # noqa: S311 - a game
        looks: dict[Eye, Look] = {}
        platform = self._platforms.get(device.platform)
        readers: dict[Eye, LookReader] = {Eye.REDFISH: TreeLooks(here, luck), Eye.SSH: CommandLooks(here, luck)}
        for eye, reader in readers.items():
            origins = platform.others.get(eye, ()) if platform else ()
            if origins and (device.redfish if eye is Eye.REDFISH else device.ssh):
                door = Door(address=actor.address, port=443, login=Login(user="", password=""))
                looks[eye] = await looked(reader, door, eye, origins, _MOMENT, _BUDGET, None)
        targets = [Target(address=actor.address, credential=COMMUNITY)] if device.credentials else []
        return await visited(device, targets, StageReader(here, luck), self._platforms, _MOMENT, _BUDGET, looks=looks)


def altered(actor: Actor, place: str, value: object) -> Callable[[], None] | None:
    """Let the device tell `value` at an OID, or at "path#/pointer" of Redfish; how to undo it, None where it cannot be.

    Without a pointer a table is a whole document, and null takes the resource away.
    """
    if not place.startswith("/"):
        if not place.replace(".", "").isdecimal():
            return None
        before = actor.at_and_below(place)
        actor.set(place, cast("Told", value))

        def told_again() -> None:
            actor.remove(place)
            actor.put_back(before)

        return told_again
    tree = actor.eyes.tree
    path, _, pointer = place.partition("#")
    if tree is None or (pointer and path not in tree):
        return None
    known, kept = tree, cast("Tree", json.loads(json.dumps(tree)))
    if not pointer and isinstance(value, dict):
        tree[path] = value
    else:
        try:
            changed(tree, (path, pointer, value))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            return None
    actor.told_anew += 1

    def tree_again() -> None:
        known.clear()
        known.update(kept)
        actor.told_anew += 1

    return tree_again


def _part(seen: Sequence[Observation], part: PartFile) -> Observation:
    """What the device tells of the part. Raises ValueError with the nearest word where it tells nothing."""
    kinds = {one.component.kind for one in seen}
    if part.kind not in kinds:
        raise ValueError(_none("kind", part.kind, kinds))
    labels = {one.component.label for one in seen if one.component.kind == part.kind}
    label = next(iter(labels)) if not part.label and len(labels) == 1 else part.label
    if label not in labels:
        raise ValueError(_none(part.kind, part.label, labels))
    mine = [one for one in seen if one.component.kind == part.kind and one.component.label == label]
    aspects = [one.aspect for one in mine]
    numbers = [one.aspect for one in mine if one.value is not None]
    first = numbers if part.value is not None else ["state", "oper_status", *aspects]
    aspect = part.aspect or next((one for one in first if one in aspects), "")
    found = next((one for one in mine if one.aspect == aspect), None)
    if found is None:
        raise ValueError(_none(f"aspect of {part.kind} {label}", part.aspect, aspects))
    return found


def _candidates(platform: Platform | None, part: PartFile, found: Observation) -> Iterator[Told]:
    """Values that may mean what is wanted, by the words of the platform file."""
    facts = [
        fact
        for each in (platform.parts if platform else ())
        if each.kind == part.kind
        for fact in each.facts
        if fact.aspect == found.aspect
    ]
    if part.value is not None:
        # as the device itself scales what it tells now, where no divisor of the file says so
        scale = [float(found.raw) / found.value] if found.value and _NUMBER.fullmatch(found.raw) else []
        for divisor in dict.fromkeys((*(fact.number.divisor for fact in facts), *scale, 1.0)):
            yield round(part.value * divisor)
            yield f"{part.value * divisor:g}"
        return
    words = (word for fact in facts for word, (condition, _) in fact.states.items() if condition is part.condition)
    for word in dict.fromkeys(words):
        if not word.lstrip("-").isdecimal():
            yield word
            continue
        yield int(word)
        if word.isdecimal() and int(word) < _BITS:
            yield (1 << (_BITS - 1 - int(word))).to_bytes(_BITS // 8, "big")
            yield (1 << int(word)).to_bytes(_BITS // 8, "big")


def _near(told_: float | None, wanted: float) -> bool:
    return told_ is not None and abs(told_ - wanted) <= max(abs(wanted) * 0.01, 0.006)


def _none(what: str, word: str, known: Iterable[str]) -> str:
    words = sorted(known)
    near = near_word(word, words)
    some = ", ".join(f'"{one}"' for one in words[:12])
    return f'it has no {what} "{word}"; ' + (near or f"it has {some}{' …' if len(words) > 12 else ''}")  # noqa: PLR2004 - enough to see how they look
