"""Papers made into files in processes of their own, so that a daemon goes on meanwhile and gets its memory back.

`python -m alerts.papers.apart` is the other side: a Paper comes in as JSON, its forms go out. Two processes at once
are what a machine of two cores can bear; each stays below 500 MB for the inspection of 1,000 devices.
"""

import json
import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from alerts.papers.as_json import paper_json, paper_of
from alerts.papers.dress import PLAIN, Dress, Logo
from alerts.papers.fonts import FontsMissingError
from alerts.papers.forms import Form, rendered_as
from alerts.papers.paper import Paper
from alerts.papers.typesetting import TypesettingError
from monitor.model import Language

AT_ONCE = 2
LONGEST = 900.0
"""Seconds for all forms of a paper."""
_HEAD = 8
_NO_FONTS = 3  # exit code


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A paper, and the forms that are wanted of it."""

    paper: Paper
    forms: Collection[Form]
    dress: Dress = PLAIN


def rendered_apart(orders: Sequence[Order]) -> list[dict[Form, bytes]]:
    """The files of each order, in their order. Raises FontsMissingError, TypesettingError.

    It waits for them: ask a thread for it where others must go on.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(_rendered, orders))


def _rendered(order: Order) -> dict[Form, bytes]:
    forms = sorted(set(order.forms))
    paper = paper_json(order.paper)
    told = json.dumps({"forms": forms, "dress": _told(order.dress)}).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "alerts.papers.apart"],
            input=len(told).to_bytes(_HEAD, "big") + told + paper,
            capture_output=True,
            timeout=LONGEST,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TypesettingError(f"no documents after {LONGEST:.0f} s") from error
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()[-2000:] or f"ended with {done.returncode}"
        raise FontsMissingError(words) if done.returncode == _NO_FONTS else TypesettingError(words)
    found, at = {}, 0
    for form in forms:
        size = int.from_bytes(done.stdout[at : at + _HEAD], "big")
        found[form] = done.stdout[at + _HEAD : at + _HEAD + size]
        at += _HEAD + size
    return found


def _told(dress: Dress) -> dict[str, Any]:
    logo = dress.logo and {"kind": dress.logo.kind, "content": b64encode(dress.logo.content).decode()}
    return {
        "company": dress.company,
        "address": dress.address,
        "footer": dress.footer,
        "accent": dress.accent,
        "logo": logo,
        "wording": {language.value: dict(words) for language, words in dress.wording.items()},
        "intro": {language.value: text for language, text in dress.intro.items()},
    }


def _dress(told: dict[str, Any]) -> Dress:
    logo = told["logo"]
    return Dress(
        company=told["company"],
        address=told["address"],
        footer=told["footer"],
        accent=told["accent"],
        logo=Logo(kind=logo["kind"], content=b64decode(logo["content"])) if logo else None,
        wording={Language(name): words for name, words in told["wording"].items()},
        intro={Language(name): text for name, text in told["intro"].items()},
    )


def main() -> None:
    """Make the forms of the paper that stands on standard input."""
    size = int.from_bytes(sys.stdin.buffer.read(_HEAD), "big")
    told = json.loads(sys.stdin.buffer.read(size))
    paper, dress = paper_of(sys.stdin.buffer.read()), _dress(told["dress"])
    try:
        for form in told["forms"]:
            made = rendered_as(paper, Form(form), dress)
            sys.stdout.buffer.write(len(made).to_bytes(_HEAD, "big"))
            sys.stdout.buffer.write(made)
    except FontsMissingError as error:
        sys.stderr.write(str(error))
        raise SystemExit(_NO_FONTS) from error


if __name__ == "__main__":
    main()
