"""Runbooks: where the page of a fault is, and what such a page holds. Letters, explanations and alert rules link to it.

The pages are docs/runbooks/<language>/<kind>.md, with a section `## <aspect>` for each aspect that the policy judges.
"""

import re
from collections.abc import Iterator

from monitor.model import Language

INDEX = "index"
_HEADING = re.compile(r"^## (\w+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def link(base: str, language: Language, kind: str, aspect: str) -> str:
    """The address of the page of a fault, at the section of its aspect; "" where nobody serves pages."""
    return f"{base.rstrip('/')}/{language.value}/{kind}#{aspect}" if base else ""


def sections(page: str) -> tuple[str, ...]:
    """The sections of a page, in its order: those of aspects, and what to replace and to tell the vendor."""
    return tuple(_HEADING.findall(page))


def commands(page: str) -> Iterator[tuple[str, str]]:
    """The commands of a page in its order, each with where it is given, such as vrp or racadm."""
    for where, lines in _BLOCK.findall(page):
        for line in lines.splitlines():
            yield where, line
