"""The door to typst, in a process of its own: `python -m alerts.papers.typesetting` reads a job.

A process of its own, because typst keeps what it has laid out for as long as its process lives (some 15 kB for each
cell of a table), because a daemon must not wait for it, and because it can be ended.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from alerts.papers.fonts import font_files

LONGEST = 600.0
"""Seconds for one job; one takes some seconds at most."""
_HEAD = 4
_MEMORY = "glibc.malloc.hugetlb=1"
"""Memory in pieces of 2 MB where the kernel has them: asked for by the page it took a sixth of all time."""


class TypesettingError(Exception):
    """typst could not do it; the message holds its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be set: a source of our own (the name of a file beside this one), and the data for it."""

    source: str
    inputs: dict[str, str] = field(default_factory=dict)
    form: str = "pdf"
    made_at: datetime | None = None
    dots_per_inch: float = 200.0
    query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The documents (a PDF, or a picture of each page), and what the query found."""

    documents: list[bytes]
    found: Any = None


def made(job: Job) -> Made:
    """What typst makes of `job`. Raises TypesettingError, FontsMissingError."""
    told = json.dumps(
        {
            "source": job.source,
            "inputs": job.inputs,
            "form": job.form,
            "made_at": None if job.made_at is None else int(job.made_at.timestamp()),
            "ppi": job.dots_per_inch,
            "query": job.query,
            "fonts": str(font_files()[0].parent),
        }
    )
    tunables = ":".join(filter(None, (os.environ.get("GLIBC_TUNABLES"), _MEMORY)))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "GLIBC_TUNABLES": tunables}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "alerts.papers.typesetting"],
            input=told.encode(),
            capture_output=True,
            timeout=LONGEST,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TypesettingError(f"no document after {LONGEST:.0f} s") from error
    if done.returncode:
        raise TypesettingError(done.stderr.decode(errors="replace").strip()[-2000:] or f"ended with {done.returncode}")
    return _unpacked(done.stdout)


def _unpacked(raw: bytes) -> Made:
    parts, at = [], 0
    while at < len(raw):
        size = int.from_bytes(raw[at : at + _HEAD], "big")
        parts.append(raw[at + _HEAD : at + _HEAD + size])
        at += _HEAD + size
    return Made(documents=parts[1:], found=json.loads(parts[0]))


def main() -> None:
    """Do the job that stands on standard input."""
    import typst  # noqa: PLC0415 - only this process needs it

    job = json.load(sys.stdin.buffer)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[job["fonts"]])
    try:
        compiler = typst.Compiler(Path(__file__).with_name(job["source"]), font_paths=fonts, sys_inputs=job["inputs"])
        # PDF/A-2b: to be kept for years, with its fonts in it; no tags, of which large tables would make ten times more
        standards = ["a-2b"] if job["form"] == "pdf" else []
        out, warnings = compiler.compile_with_warnings(
            format=job["form"],
            ppi=job["ppi"],
            pdf_standards=standards,  # type: ignore[arg-type]  # a list of one literal
            timestamp=job["made_at"],
            pdf_tags=False,
        )
        found = compiler.query(job["query"], field="value", one=True) if job["query"] else "null"
    except typst.TypstError as error:
        raise SystemExit(f"typst: {error.diagnostic or error.message}") from error
    for warning in warnings:
        if "font" in warning.message:  # typst would leave out all text without another word
            raise SystemExit(f"typst: {warning.message}")
    documents = out if isinstance(out, list) else [out or b""]
    for part in (found.encode(), *documents):
        sys.stdout.buffer.write(len(part).to_bytes(_HEAD, "big") + part)


if __name__ == "__main__":
    main()
