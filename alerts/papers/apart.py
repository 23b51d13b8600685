"""Papers made into files in processes of their own, so that a daemon goes on meanwhile and gets its memory back.

`python -m alerts.papers.apart` is the other side: a Paper comes in as JSON, its forms go out. Two processes at once
are what a machine of two cores can bear; each stays below 500 MB for the inspection of 1,000 devices.
"""

import gc
import json
import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
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
_BEHIND = 5  # how far behind the daemon it stands where both want the processor
Failure = FontsMissingError | TypesettingError
_FAILURES = (None, FontsMissingError, TypesettingError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A paper, as it is or as the archive has it (JSON), and the forms that are wanted of it."""

    paper: Paper | bytes
    forms: Collection[Form]
    dress: Dress = PLAIN


def rendered_apart(orders: Sequence[Order]) -> list[dict[Form, bytes]]:
    """The files of each order, in their order. Raises FontsMissingError, TypesettingError.

    It waits for them: ask a thread for it where others must go on.
    """
    return [dict(_raised(each)) for each in attempts(orders)]


def attempts(orders: Sequence[Order]) -> list[dict[Form, bytes | Failure]]:
    """Of each order each form, or why it could not be made: without fonts there is no PDF, but there is HTML.

    A PDF takes longer than all other forms together, so they are made beside it, of all orders at once.
    """
    papers = [order.paper if isinstance(order.paper, bytes) else paper_json(order.paper) for order in orders]
    found: list[dict[Form, bytes | Failure]] = [
        {Form.JSON: raw} if Form.JSON in order.forms else {} for order, raw in zip(orders, papers, strict=True)
    ]
    halves = [
        (place, sorted(some))
        for place, order in enumerate(orders)
        for some in ({*order.forms} & {Form.PDF}, {*order.forms} - {Form.PDF, Form.JSON})
        if some
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        making = [pool.submit(_made, papers[place], orders[place].dress, forms) for place, forms in halves]
        for (place, _), made in zip(halves, making, strict=True):
            found[place].update(made.result())
    return found


def _raised(attempted: Mapping[Form, bytes | Failure]) -> Iterator[tuple[Form, bytes]]:
    for form, made in attempted.items():
        if isinstance(made, Exception):
            raise made
        yield form, made


def _made(paper: bytes, dress: Dress, forms: Sequence[Form]) -> dict[Form, bytes | Failure]:
    told = json.dumps({"forms": forms, "dress": _told(dress)}).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "alerts.papers.apart"],
            input=len(told).to_bytes(_HEAD, "big") + told + paper,
            capture_output=True,
            timeout=LONGEST,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return dict.fromkeys(forms, TypesettingError(f"no documents after {LONGEST:.0f} s"))
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()[-2000:] or f"ended with {done.returncode}"
        return dict.fromkeys(forms, TypesettingError(words))
    found: dict[Form, bytes | Failure] = {}
    at = 0
    for form in forms:
        failure = _FAILURES[done.stdout[at]]
        size = int.from_bytes(done.stdout[at + 1 : at + 1 + _HEAD], "big")
        content = done.stdout[at + 1 + _HEAD : at + 1 + _HEAD + size]
        found[form] = failure(content.decode()) if failure else content
        at += 1 + _HEAD + size
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
    os.nice(_BEHIND)
    gc.disable()  # a paper has no circles, and looking for them takes a third of the time of reading it
    size = int.from_bytes(sys.stdin.buffer.read(_HEAD), "big")
    told = json.loads(sys.stdin.buffer.read(size))
    paper, dress = paper_of(sys.stdin.buffer.read()), _dress(told["dress"])
    for form in told["forms"]:
        try:
            failed, content = 0, rendered_as(paper, Form(form), dress)
        except (FontsMissingError, TypesettingError) as error:
            failed, content = _FAILURES.index(type(error)), str(error).encode()
        sys.stdout.buffer.write(bytes([failed]) + len(content).to_bytes(_HEAD, "big"))
        sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main()
