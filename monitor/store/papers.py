"""The archive of papers: what left the house, version by version, with the facts it was made of. Only ever added to."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, Row, func, select
from sqlalchemy.dialects.sqlite import insert

from alerts.papers.as_json import paper_json, paper_of
from alerts.papers.paper import Paper
from monitor.model import Language
from monitor.store import tables

_paper, _form = tables.paper, tables.paper_form


class NoSuchPaperError(LookupError):
    """There is no such paper in the archive; the message says so and where to look."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class About:
    """What a paper is about; `site` is "" for all sites of the customer."""

    kind: str
    customer: str
    site: str
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One version of one paper in one language, without the paper itself.

    `why` says why it was made; `facts` is the SHA-256 of what it was made of, `forms` that of each file made of it.
    """

    id: int
    about: About
    language: Language
    version: int
    number: str
    made_at: datetime
    why: str
    facts: str
    forms: Mapping[str, str] = field(default_factory=dict)


_COLUMNS = [column for column in _paper.c if column.name not in {"body", "document"}]


def saved(disk: Connection, about: About, paper: Paper, why: str, document: bytes) -> Kept:
    """Archive a new version, with the canonical JSON of its facts (`document`)."""
    written = disk.execute(
        _paper.insert().values(
            kind=about.kind,
            customer=about.customer,
            site=about.site,
            period=about.period,
            language=paper.language.value,
            version=paper.version,
            number=paper.number,
            made_at=paper.made_at,
            why=why,
            facts=paper.facts,
            body=zlib.compress(paper_json(paper), 6),
            document=zlib.compress(document, 6),
        )
    )
    (number,) = written.inserted_primary_key or (0,)
    return found(disk, number)


def formed(disk: Connection, paper: int, form: str, content: bytes, at: datetime) -> str:
    """Write down that this file was made of a paper; the same file is written down once. Returns its SHA-256."""
    digest = sha256(content).hexdigest()
    row = {"paper": paper, "form": form, "sha256": digest, "size": len(content), "at": at}
    disk.execute(insert(_form).values(row).on_conflict_do_nothing())
    return digest


def versions(disk: Connection, about: About) -> tuple[Kept, ...]:
    """Every version in every language, the oldest first."""
    return _read(disk, *_about(about))


def newest(disk: Connection, about: About, language: Language) -> Kept | None:
    """The newest version in `language`."""
    return next((each for each in reversed(versions(disk, about)) if each.language is language), None)


def listed(
    disk: Connection, *, kind: str = "", customer: str = "", site: str = "", period: str = ""
) -> tuple[Kept, ...]:
    """All papers, or those of which these are so; the oldest first."""
    wanted = {"kind": kind, "customer": customer, "site": site, "period": period}
    return _read(disk, *(_paper.c[name] == value for name, value in wanted.items() if value))


def found(disk: Connection, number: int) -> Kept:
    """The paper with this number in the archive. Raises NoSuchPaperError."""
    rows = _read(disk, _paper.c.id == number)
    if not rows:
        raise NoSuchPaperError(f'there is no paper {number} in the archive; "netvigil report list" shows them')
    return rows[0]


def by_version(disk: Connection, number: str, version: int) -> tuple[Kept, ...]:
    """The papers with this number as printed, in this version: one for each language."""
    return _read(disk, _paper.c.number == number, _paper.c.version == version)


def paper(disk: Connection, number: int) -> Paper:
    """The Paper itself, as it was made. Raises NoSuchPaperError."""
    return paper_of(body(disk, number))


def body(disk: Connection, number: int) -> bytes:
    """The paper as JSON, as it was archived. Raises NoSuchPaperError."""
    packed = disk.execute(select(_paper.c.body).where(_paper.c.id == number)).scalar_one_or_none()
    if packed is None:
        raise NoSuchPaperError(f'there is no paper {number} in the archive; "netvigil report list" shows them')
    return zlib.decompress(packed)


def document(disk: Connection, number: int) -> bytes:
    """The facts of a paper as canonical JSON; their SHA-256 is `Kept.facts`."""
    body = disk.execute(select(_paper.c.document).where(_paper.c.id == number)).scalar_one_or_none()
    return zlib.decompress(body) if body else b""


def has(disk: Connection, about: About) -> bool:
    """True where there is any version of it."""
    question = select(func.count()).select_from(_paper).where(*_about(about))
    return bool(disk.execute(question).scalar())


def _about(about: About) -> tuple[ColumnElement[bool], ...]:
    return tuple(_paper.c[name] == getattr(about, name) for name in ("kind", "customer", "site", "period"))


def _read(disk: Connection, *wanted: ColumnElement[bool]) -> tuple[Kept, ...]:
    rows = disk.execute(select(*_COLUMNS).where(*wanted).order_by(_paper.c.id)).all()
    forms: dict[int, dict[str, str]] = {}
    told = select(_form).where(_form.c.paper.in_([row.id for row in rows])).order_by(_form.c.at)
    for row in disk.execute(told):
        forms.setdefault(row.paper, {})[row.form] = row.sha256
    return tuple(_kept(row, forms.get(row.id, {})) for row in rows)


def _kept(row: Row[tuple[object, ...]], forms: Mapping[str, str]) -> Kept:
    told = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    return Kept(
        id=told["id"],
        about=About(kind=told["kind"], customer=told["customer"], site=told["site"], period=told["period"]),
        language=Language(told["language"]),
        version=told["version"],
        number=told["number"],
        made_at=told["made_at"],
        why=told["why"],
        facts=told["facts"],
        forms=forms,
    )
