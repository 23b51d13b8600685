"""Drawings as pictures of dots, for forms that cannot hold SVG: typst draws them, as it does in the PDF."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from alerts.papers.fonts import shown
from alerts.papers.typesetting import Job, made

_MOST = 30  # drawings of one process
_DOTS = 220.0  # per inch


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, with its size in dots."""

    content: bytes
    wide: int
    high: int


def pictures(drawings: Sequence[str]) -> list[Picture]:
    """Each drawing (SVG) as a PNG. Raises FontsMissingError, TypesettingError."""
    found: list[Picture] = []
    for first in range(0, len(drawings), _MOST):
        some = drawings[first : first + _MOST]
        inputs = {str(at): shown(each) for at, each in enumerate(some)}
        job = Job(source="pictures.typ", inputs={**inputs, "count": str(len(some))}, form="png", dots_per_inch=_DOTS)
        found += [Picture(each, *struct.unpack(">II", each[16:24])) for each in made(job).documents]
    return found
