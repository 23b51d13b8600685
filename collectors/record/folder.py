"""The folder of a recording: what was walked, printed and copied, masked as it is written, for nobody else to read.

It is written beside its place and moved there when it is whole, so that what bears its name is never a half of one.
"""

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from collectors.plan import Platform
from collectors.record.commands import Printed, file_name
from collectors.record.copied import Copied, is_file_name
from collectors.record.masks import Mask
from collectors.record.walked import Walked, lines
from collectors.redfish.tree import ROOT

WALK: Final = "walk.snmprec"
COMMANDS: Final = "commands"
REDFISH: Final = "redfish"
SOURCE: Final = "SOURCE.json"
_OURS, _OURS_TO_ENTER = 0o600, 0o700


class NoPlaceError(Exception):
    """The folder cannot be made; the message says why."""


@contextmanager
def placed(folder: Path) -> Iterator[Path]:
    """A new folder, for its owner only, that bears the name of `folder` once all was written and nothing was raised.

    Raises NoPlaceError where `folder` holds something, or cannot be made.
    """
    folder = folder.absolute()
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise NoPlaceError(f"{folder} is there already, and is not an empty folder")
        within = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise NoPlaceError(f"{folder} cannot be made: {error.strerror or error}") from None
    try:
        yield within
        try:
            within.rename(folder)
        except OSError as error:
            raise NoPlaceError(f"{folder} cannot be made: {error.strerror or error}") from None
    finally:
        shutil.rmtree(within, ignore_errors=True)


def written_walk(within: Path, walked: Walked, mask: Mask, platform: Platform) -> dict[str, Any]:
    """Write the walk, and say what is in it."""
    content, counts = lines(walked.values, mask, platform)
    _write(within / WALK, content)
    return {
        "file": WALK,
        "values": content.count(b"\n"),
        "requests": walked.requests,
        "seconds": round(walked.seconds, 1),
        "ended": str(walked.ended) if walked.ended else None,
        "skipped": [{"behind": oid, "reason": why} for oid, why in walked.skipped],
        "left_out": list(walked.left_out),
        "left_out_for_their_index": counts["left_out"],
    }


def written_commands(within: Path, printed: Printed, mask: Mask) -> dict[str, Any]:
    """Write the outputs, and say what is in them."""
    (within / COMMANDS).mkdir(_OURS_TO_ENTER)
    for command, said in sorted(printed.outputs.items()):
        _write(within / COMMANDS / file_name(command), mask.output(said).encode("utf-8", "replace"))
    return {
        "folder": COMMANDS,
        "commands": len(printed.outputs),
        "seconds": round(printed.seconds, 1),
        "failed": dict(printed.failed),
    }


def written_tree(within: Path, copied: Copied, mask: Mask) -> dict[str, Any]:
    """Write the documents, and say what is in them."""
    failed: Counter[str] = Counter(copied.failed)
    count = 0
    for path, document in sorted(copied.documents.items()):
        place = within / REDFISH / path.removeprefix("/redfish/").strip("/")
        if not path.startswith(ROOT) or not is_file_name(path):
            failed["no_file_name"] += 1
            continue
        _folder(place, within)
        told = json.dumps(mask.document(document), ensure_ascii=False, indent=1)
        _write(place / "index.json", told.encode("utf-8", "replace"))
        count += 1
    return {
        "folder": REDFISH,
        "documents": count,
        "requests": copied.requests,
        "seconds": round(copied.seconds, 1),
        "ended": str(copied.ended) if copied.ended else None,
        "failed": dict(failed),
    }


def written_source(within: Path, told: Mapping[str, Any]) -> None:
    """Write what the recording is."""
    _write(within / SOURCE, (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode())


def source(folder: Path) -> Mapping[str, Any]:
    """What `netvigil record` wrote of the device; empty where the folder is not of ours, or nobody can read it."""
    try:
        told = json.loads((folder / SOURCE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    device = told.get("device") if isinstance(told, dict) and "netvigil" in told else None
    return device if isinstance(device, dict) else {}


def _folder(place: Path, within: Path) -> None:
    """Make `place` and what is above it below `within`, for its owner only."""
    for each in [*reversed(place.relative_to(within).parents), place.relative_to(within)]:
        (within / each).mkdir(_OURS_TO_ENTER, exist_ok=True)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OURS), "wb") as file:
        file.write(content)
