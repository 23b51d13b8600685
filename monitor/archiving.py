"""From the facts of a month to papers in the archive, and from there to files: who makes a report, makes it here.

What is made again from the same facts is the same version, taken from the archive; other facts make a new version,
never a change. All of it may take long and blocks: the daemon has it done in a process of its own (monitor/press.py).
"""

import gc
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.locale import words
from alerts.papers.apart import Order, attempts
from alerts.papers.as_json import paper_json
from alerts.papers.dress import PLAIN, Dress, dressed_words
from alerts.papers.forms import MEDIA_TYPES, Form, named
from alerts.papers.paper import Blank, Heading, Pairs, Paper, Table
from alerts.post.announced import announced
from alerts.reports import attainment
from alerts.reports import inspection as report
from alerts.reports.month import InspectionMonth, Outcome, Revision, facts
from alerts.reports.outcome import read
from monitor import attaining, foretold, reporting
from monitor.config import Settings
from monitor.model import Enclosure, Language, Site
from monitor.settings import Report
from monitor.store import devices, enclosures, letters, papers
from monitor.store.database import Store
from monitor.store.papers import About, Kept

log = logging.getLogger(__name__)
FILLED = "filled"
"""Under this name a Paper holds what people wrote into its blanks."""
IDENTITY = "paper"
"""The key of the blank that says which paper a workbook is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An inspection report that is wanted: of one site, or of all sites of a customer (`site` is "")."""

    customer: str
    site: str
    month: str

    @property
    def about(self) -> About:
        """Its name in the archive."""
        return About(kind=report.KIND, customer=self.customer, site=self.site, period=self.month)

    def sites(self, settings: Settings) -> tuple[Site, ...]:
        """The sites that it covers. Raises LookupError where the inventory has no such customer or site."""
        stock = settings.inventory
        if self.customer not in stock.customers:
            raise LookupError(f'no customer "{self.customer}" in the inventory; it has {", ".join(stock.customers)}')
        mine = tuple(site for site in stock.sites.values() if site.customer == self.customer)
        if not self.site:
            return mine
        found = tuple(site for site in mine if site.name == self.site)
        if not found:
            names = ", ".join(site.name for site in mine)
            raise LookupError(f'no site "{self.site}" of {self.customer} in the inventory; it has {names}')
        return found


def due(disk: Connection, settings: Settings, now: datetime) -> tuple[Wanted, ...]:
    """The reports that have to be made by now, and were not made in every language and form since their month ended.

    Nothing is made of a month before we began to watch: it would only say that nothing was checked.
    """
    first = devices.first_day(disk)
    if first is None:
        return ()
    return tuple(
        each
        for each in scheduled(settings, now)
        if first[: len(each.month)] <= each.month and not _is_made(disk, settings, each)
    )


def _is_made(disk: Connection, settings: Settings, wanted: Wanted) -> bool:
    own = settings.report.of(wanted.customer)
    archive = _of_whole_month(disk, settings, wanted)
    return all(
        any(each.language is language and set(own.forms) <= each.forms.keys() for each in archive)
        for language in own.languages
    )


def _of_whole_month(disk: Connection, settings: Settings, wanted: Wanted) -> tuple[Kept, ...]:
    """The versions that were made when the month was over; what was made before tells a part of it."""
    zone = next((site.zone for site in wanted.sites(settings)), reporting.ZONE)
    end = reporting.bounds(wanted.month, zone)[1]
    return tuple(each for each in papers.versions(disk, wanted.about) if each.made_at >= end)


def scheduled(settings: Settings, now: datetime) -> Iterator[Wanted]:
    """The reports whose day has come, made or not."""
    for name in settings.inventory.customers:
        own = settings.report.of(name)
        sites = [site for site in settings.inventory.sites.values() if site.customer == name]
        for site in sites if own.by_site else sites[:1]:
            month = reporting.month_due(now.astimezone(ZoneInfo(site.zone)), own)
            if month is not None:
                yield Wanted(customer=name, site=site.name if own.by_site else "", month=month)


def made(
    store: Store,
    settings: Settings,
    wanted: Wanted,
    languages: Iterable[Language],
    now: datetime,
    *,
    why: str = "",
    filled: Mapping[str, str] | None = None,
) -> tuple[Kept, ...]:
    """The report in these languages, from the archive where it was made of the same facts, else as a new version.

    `why` is the reason for a new version; `filled` adds to what people wrote into the blanks. Raises ValueError where
    the month is none, LookupError where there is no such customer or site.
    """
    with _uncollected(), store.reading() as disk:
        month = _facts(disk, settings, wanted, now, filled or {})

    document = facts(month)
    digest = sha256(document).hexdigest()

    def paper(language: Language, version: int, revisions: Sequence[Revision]) -> Paper:
        own = replace(month, generated_at=revisions[-1].made_at, revisions=tuple(revisions))
        return _paper(own, language, version, digest, settings.dress(wanted.customer))

    return archived(store, wanted.about, document, languages, now, why, paper)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for circles among millions of values that have none: a fifth of the time of a large report."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def archived(
    store: Store,
    about: About,
    document: bytes,
    languages: Iterable[Language],
    now: datetime,
    why: str,
    paper: Callable[[Language, int, Sequence[Revision]], Paper],
) -> tuple[Kept, ...]:
    """The papers about something, made of the facts in `document`, from the archive or as the next version.

    `paper` makes one in a language, with its version and the record of revisions, whose last line is its own.
    """
    with store.reading() as disk:
        archive = papers.versions(disk, about)
    newest = max(archive, key=lambda each: each.version, default=None)
    is_same = newest is not None and newest.facts == sha256(document).hexdigest()
    version = newest.version if newest and is_same else newest.version + 1 if newest else 1
    revisions = tuple(_revisions(archive, version, newest if is_same else None, why, now))
    kept = {each.language: each for each in archive if each.version == version}
    found = []
    for language in dict.fromkeys(languages):
        if language not in kept:
            made_now = paper(language, version, revisions)
            with store.writing() as disk:
                kept[language] = papers.saved(disk, about, made_now, revisions[-1].why, document)
        found.append(kept[language])
    return tuple(found)


def attained(
    store: Store,
    settings: Settings,
    customer: str,
    first: date,
    last: date,
    languages: Iterable[Language],
    now: datetime,
) -> tuple[Kept, ...]:
    """The contract attainment report of a customer from `first` to `last`, both included. Raises LookupError."""
    Wanted(customer=customer, site="", month="").sites(settings)
    with store.reading() as disk:
        told = attaining.gathered(disk, settings, customer, first, last, now)
    about = About(kind=attainment.KIND, customer=customer, site="", period=told.period)

    def paper(language: Language, version: int, revisions: Sequence[Revision]) -> Paper:
        said = dressed_words(words(language), settings.dress(customer))
        return attainment.attainment(replace(told, generated_at=revisions[-1].made_at), language, version, said)

    return archived(store, about, facts(told), languages, now, "", paper)


def _facts(
    disk: Connection, settings: Settings, wanted: Wanted, now: datetime, filled: Mapping[str, str]
) -> InspectionMonth:
    """The facts of the month, with what the month before said and what people filled in."""
    customer_sites = wanted.sites(settings)
    month = reporting.gathered(
        disk, settings, settings.inventory.customers[wanted.customer], customer_sites, wanted.month, now
    )
    names, as_of = [each.device.name for each in month.devices], min(now, month.end)
    month = replace(
        month,
        outlooks=tuple(foretold.outlooks(disk, settings, names, month.start, as_of)),
    )
    if not wanted.site:
        month = replace(month, number=reporting.number_of(wanted.customer, "", wanted.month))
    archive = papers.versions(disk, wanted.about)
    newest = max(archive, key=lambda each: each.version, default=None)
    before = json.loads(papers.paper(disk, newest.id).data.get(FILLED, "{}")) if newest else {}
    every = {key: value for key, value in {**before, **filled}.items() if value and key != IDENTITY}
    return replace(month, before=_before(disk, wanted, month), filled=dict(sorted(every.items())))


def _before(disk: Connection, wanted: Wanted, month: InspectionMonth) -> Outcome | None:
    """What the report of the month before said, in its newest version."""
    last = f"{month.start - timedelta(days=1):%Y-%m}"
    archive = papers.versions(disk, replace(wanted.about, period=last))
    if not archive:
        return None
    newest = max(archive, key=lambda each: (each.version, each.id))
    told = papers.paper(disk, newest.id).data.get(report.OUTCOME)
    return read(told) if told else None


def _revisions(archive: Sequence[Kept], version: int, same: Kept | None, why: str, now: datetime) -> Iterator[Revision]:
    told = {each.version: each for each in archive}
    for each in sorted(told.values(), key=lambda one: one.version):
        yield Revision(version=each.version, made_at=each.made_at, why=each.why)
    if same is None:
        yield Revision(version=version, made_at=now, why=why or ("data" if archive else "first"))


def _paper(month: InspectionMonth, language: Language, version: int, digest: str, dress: Dress) -> Paper:
    said = dressed_words(words(language), dress)
    return identified(report.inspection(month, language, version, digest, said), month.filled)


def identified(paper: Paper, filled: Mapping[str, str]) -> Paper:
    """The paper with a line before its signatures by which a workbook that comes back is known, and what it holds."""
    said = words(paper.language).said("inspection", "this_paper")
    name = f"{paper.number} V{paper.version} {paper.language.value}"
    identity = Pairs(key="this_paper", rows=((said, Blank(key=IDENTITY, filled=name)),))
    data = {**paper.data, FILLED: json.dumps(dict(filled), ensure_ascii=False, sort_keys=True)}
    place = next(
        at for at, block in enumerate(paper.blocks) if isinstance(block, Heading) and block.key == "signatures"
    )
    return replace(paper, blocks=(*paper.blocks[:place], identity, *paper.blocks[place:]), data=data)


def blanks(paper: Paper) -> Mapping[str, str]:
    """Every blank of a paper by its key, with what it holds."""
    cells = (
        cell
        for block in paper.blocks
        for cell in (
            [cell for row in block.rows for cell in row.cells]
            if isinstance(block, Table)
            else [cell for _, cell in block.rows]
            if isinstance(block, Pairs)
            else []
        )
    )
    return {cell.key: cell.filled for cell in (*cells, *(cell for _, cell in paper.terms)) if isinstance(cell, Blank)}


def as_document(paper: Paper) -> object:
    """A paper as `report show --json` tells it."""
    return json.loads(paper_json(paper))


def of_workbook(disk: Connection, filled: Mapping[str, str]) -> Kept:
    """The paper that a workbook says it is of. Raises NoSuchPaperError."""
    told = filled.get(IDENTITY, "")
    number, _, rest = told.rpartition(" V")
    version, _, language = rest.partition(" ")
    found = [
        each
        for each in papers.by_version(disk, number, int(version) if version.isdecimal() else 0)
        if each.language.value == language
    ]
    if not found:
        raise papers.NoSuchPaperError(
            f'the workbook says that it is of "{told}", which is not in the archive; name the paper with --paper'
        )
    return found[0]


def strangers(store: Store, kept: Kept, filled: Mapping[str, str]) -> list[str]:
    """Blanks that are filled in and that the paper does not have: another paper's workbook."""
    with store.reading() as disk:
        known = blanks(papers.paper(disk, kept.id))
    return sorted(key for key, value in filled.items() if value and key not in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What came of one paper: the files that were written, and which forms could not be made, with the reason."""

    kept: Kept
    files: tuple[tuple[Form, Path], ...]
    failed: tuple[tuple[Form, str], ...] = ()


def written(
    store: Store, kept: Sequence[Kept], wanted: Iterable[Form], directory: Path, now: datetime, dress: Dress = PLAIN
) -> tuple[Written, ...]:
    """Files of papers in `directory`; one that lies there already, as it should be, stays.

    Where one form cannot be made, such as a PDF without its fonts, the others are. They are made in processes of
    their own, all languages at once: it takes seconds of the processor and hundreds of megabytes where a customer has
    1,000 devices.
    """
    forms = tuple(wanted)
    with store.reading() as disk:
        orders = [Order(paper=papers.body(disk, each.id), forms=forms, dress=dress) for each in kept]
    made = attempts(orders)
    return tuple(_written(store, each, own, directory, now) for each, own in zip(kept, made, strict=True))


def _written(
    store: Store, kept: Kept, made: Mapping[Form, bytes | Exception], directory: Path, now: datetime
) -> Written:
    directory.mkdir(parents=True, exist_ok=True)
    files, failed = [], []
    for form, content in made.items():
        if isinstance(content, Exception):
            failed.append((form, str(content)))
            continue
        name = named(kept.number, kept.version, kept.language, kept.about.kind, form)
        file = directory / f"{kept.about.kind}-{name}"
        if not file.exists() or file.read_bytes() != content:
            draft = file.with_suffix(f"{file.suffix}.part")  # one that was cut off half-way is not mistaken for it
            draft.write_bytes(content)
            draft.replace(file)
        with store.writing() as disk:
            papers.formed(disk, kept.id, form.value, content, now)
        files.append((form, file))
    with store.reading() as disk:
        return Written(kept=papers.found(disk, kept.id), files=tuple(files), failed=tuple(failed))


def caught_up(store: Store, settings: Settings, now: datetime) -> tuple[Written, ...]:
    """Make what is due: archive it, write its files, and queue the letters that take them along.

    What was cut off half-way goes on where it was; a letter leaves once, and waits for a PDF that cannot be made yet.
    """
    with store.reading() as disk:
        wanted = due(disk, settings, now)
    found = []
    for each in wanted:
        own = settings.report.of(each.customer)
        with store.reading() as disk:
            there = {kept.language: kept for kept in _of_whole_month(disk, settings, each)}
        missing = [language for language in own.languages if language not in there]
        new = made(store, settings, each, missing, now) if missing else ()
        every = (*(there[language] for language in own.languages if language in there), *new)
        target, dress = folder(settings.report, each), settings.dress(each.customer)
        for one in written(store, every, own.forms, target, now, dress):
            if Form.PDF not in dict(one.failed):
                mailed(store, settings, one, now)
            found.append(one)
    return tuple(found)


def mailed(store: Store, settings: Settings, one: Written, now: datetime) -> int:
    """Queue the letters that take the PDF of a paper to those who are to get it; returns how many."""
    to = settings.report.of(one.kept.about.customer).mail_to
    file = dict(one.files).get(Form.PDF)
    if not to:
        return 0
    with store.writing() as disk:
        enclosed: tuple[Enclosure, ...] = ()
        if file is not None:
            try:
                enclosed = (enclosures.kept(disk, file.name, MEDIA_TYPES[Form.PDF], file.read_bytes()),)
            except enclosures.TooMuchEnclosedError as error:
                log.warning("%s: the letter goes without it", error)
        paper = papers.paper(disk, one.kept.id)
        for address in to:
            event, domain = letters.free_event(disk), settings.mail.domain
            letters.queued(disk, [announced(paper, address, enclosed, domain=domain, event=event, now=now)])
    return len(to)


def folder(report_settings: Report, wanted: Wanted) -> Path:
    """Where the files of a report lie."""
    return report_settings.directory / wanted.customer / wanted.month
