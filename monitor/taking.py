"""Advisories into the store: from bundles and documents, and typed by an engineer; each source remembers its state."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from collectors.feeds.bundle import Document, documents
from collectors.feeds.fields import NotAnAdvisoryError
from collectors.feeds.reader import advisories
from collectors.quirks.catalogues import SOURCES
from monitor.model import Advisory
from monitor.store import advisories as store
from monitor.store.database import Store

BULLETINS: Final = "bulletins"
_TOGETHER = 200  # documents in one transaction: the daemon writes between them
_BY_FORM = {
    "csaf_2.0": "csaf",
    "cve_v5": "cve",
    "nvd_1.1": "nvd",
    "nvd_2.0": "nvd",
    "kev": "kev",
    **SOURCES,
}


@dataclass(slots=True, kw_only=True)
class Taking:
    """What came of a bundle: documents, advisories that are new or say something else, and what was refused and why."""

    documents: int = 0
    advisories: int = 0
    changed: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)
    newest: dict[str, str] = field(default_factory=dict)


def imported(at: Store, path: Path, source: str, now: datetime, *, checked: bool = True) -> Taking:
    """Take in what is at `path`; `source` "" names each by its form. Raises BundleError: then nothing was taken in."""
    for _ in documents(path, checked=checked):
        pass  # to its end, before anything of it is taken
    return taken(at, documents(path, checked=checked), source, "file", now)


def taken(
    at: Store,
    found: Iterable[Document],
    source: str,
    what: str,
    now: datetime,
    memory: str = "{}",
    refused: Sequence[tuple[str, str]] = (),
) -> Taking:
    """Take in documents, so many in one transaction, and write down how far their sources are known.

    `refused` are those that did not even come here, with the reason.
    """
    out = Taking(refused=list(refused))
    for some in _parted(found, _TOGETHER):
        read = [(each, *_read(each)) for each in some]
        with at.writing() as disk:
            for each, known, reason in read:
                out.documents += 1
                if reason:
                    out.refused.append((each.name, reason))
                    continue
                name = source or _BY_FORM.get(known[0].form, known[0].form)
                out.changed += store.taken(disk, name, each.raw, known, now)
                out.advisories += len(known)
                out.sources[name] += len(known)
                newest = max((one.published for one in known), default="")
                out.newest[name] = max(newest, out.newest.get(name, ""))
    names = list(out.sources) or [source or "unknown"]
    with at.writing() as disk:
        for name in names:
            own = out.refused if name == names[0] else []
            store.source_good(disk, name, what, out.sources[name], own, out.newest.get(name, ""), now, memory)
    return out


def _read(each: Document) -> tuple[Sequence[Advisory], str]:
    try:
        found = advisories(each.raw)
    except NotAnAdvisoryError as error:
        return (), str(error)
    return [one for one in found if one.name], "" if any(one.name for one in found) else "it has no name"


def _parted(found: Iterable[Document], most: int) -> Iterator[list[Document]]:
    some: list[Document] = []
    for each in found:
        some.append(each)
        if len(some) == most:
            yield some
            some = []
    if some:
        yield some
