"""The health score of an inspection: four parts, and a sum in which the worst part is not averaged away.

S = (S1 + S2 + S3 + S4) / 4 × W, the formula of the health check of Huawei USG; W follows from the lowest
part. S1 hardware, S2 links, S3 capacity, S4 service and versions. A part is the mean, over the devices of which
something was checked in it, of the device's worst check (normal 100, attention 60, abnormal 0); and no more than the
gravest open fault in it leaves (level 1: 59, 2: 79, 3: 89, 4: 99), so that one dead core does not drown in a hundred
sound access switches. A part of which nothing was checked has no score, and is no 100.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerts.reports.items import HealthPart, Items
from alerts.reports.results import Result
from alerts.reports.sheets import Sheet
from monitor.model import SITE, Fault, FaultKey, FaultState, Level

_WORTH = {Result.NORMAL: 100, Result.ATTENTION: 60, Result.ABNORMAL: 0}
_LEAVES = {Level.CRITICAL: 59, Level.MAJOR: 79, Level.MINOR: 89, Level.WARNING: 99}
_WEIGHTS = ((100, 1.0), (80, 0.9), (60, 0.8), (0, 0.7))
"""W by the lowest part, at least so many points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScore:
    """One part: its score (None: nothing was checked), of how many devices, and how many of them wanted work.

    `capped_by` is the level of the gravest open fault in it, where that set the score.
    """

    part: HealthPart
    score: float | None
    devices: int
    wanting: int
    capped_by: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The score with its parts beside it; `weight` is W."""

    score: float | None
    weight: float
    parts: tuple[PartScore, ...]


def health(sheets: Sequence[Sheet], faults: Iterable[Fault], items: Items) -> Health:
    """The health of the devices of `sheets`."""
    roots = [each for each in faults if each.state is FaultState.OPEN and each.hidden_by is None]
    gravest: dict[HealthPart, Level] = {}
    platforms = {one.of.device.name: one.of.identity.platform or "" for one in sheets}
    for fault in roots:
        part = part_of(fault.key, platforms.get(fault.key.device, ""), items)
        gravest[part] = min(fault.level, gravest.get(part, fault.level))
    parts = tuple(_part(part, sheets, gravest.get(part)) for part in HealthPart)
    known = [part.score for part in parts if part.score is not None]
    if not known:
        return Health(score=None, weight=1.0, parts=parts)
    weight = next(weight for least, weight in _WEIGHTS if min(known) >= least)
    return Health(score=_cut(sum(known) / len(known) * weight), weight=weight, parts=parts)


def part_of(key: FaultKey, platform: str, items: Items) -> HealthPart:
    """The part of the score that a fault counts for."""
    if key.kind == SITE:
        return HealthPart.SERVICE
    for item in items.of(platform):
        if any(kind in {"*", key.kind} and aspect in {"*", key.aspect} for kind, aspect in item.facts):
            return item.part
    return HealthPart.HARDWARE


def _part(part: HealthPart, sheets: Sequence[Sheet], gravest: Level | None) -> PartScore:
    worths = []
    for one in sheets:
        counted = [_WORTH[line.result] for line in one.lines if line.item.part is part and line.result in _WORTH]
        if counted:
            worths.append(min(counted))
    wanting = sum(worth < _WORTH[Result.NORMAL] for worth in worths)
    mean = _cut(sum(worths) / len(worths)) if worths else None
    most = float(_LEAVES[gravest]) if gravest is not None else None
    if most is not None and (mean is None or mean > most):
        return PartScore(part=part, score=most, devices=len(worths), wanting=wanting, capped_by=gravest)
    return PartScore(part=part, score=mean, devices=len(worths), wanting=wanting)


def _cut(score: float) -> float:
    """One decimal, cut and not rounded: 99.97 is not 100."""
    return math.floor(round(score * 10, 6)) / 10
